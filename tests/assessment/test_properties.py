"""What holds for every law and every record: hours add up, every hour has a clause, no adverse verdict on a blank cell."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xueshi.assessment.case_file import Case, read_case_file
from xueshi.assessment.cases import request_of
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.errors import RuleFileError
from xueshi.jurisdictions import Instrument
from xueshi.registry import load
from xueshi.regulations.pack import FactInfo, RulePack
from xueshi.regulations.sources import RegulationSource

REGISTRY = load(strict=False)


@cache
def pack_of(instrument: str) -> RulePack:
    return REGISTRY.pack_of(instrument)


def judges(instrument: Instrument) -> bool:
    """Whether an instrument gives hours at all; one that does not load is listed, so that its tests fail."""
    try:
        return instrument.file is not None and bool(pack_of(instrument.id).kinds_with_rules())
    except RuleFileError:
        return True


INSTRUMENTS = [
    instrument.id
    for code in REGISTRY.codes()
    for instrument in REGISTRY.ask(code).jurisdiction().instruments
    if judges(instrument)
]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def values(fact: FactInfo, year: int) -> st.SearchStrategy[Any]:
    """Values as a cell may hold them; None is `无`."""
    quantity = st.integers(0, 40_00).map(lambda hundredths: f"{hundredths / 100:.2f}")
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "yes_no": st.booleans(),
        "count": st.sampled_from([0, 1, 2, 3, 4, 5, 6, 999, 1000, 1999, 2000, 2001, 100_000]),
        "number": quantity,
        "date": st.dates().map(
            lambda day: f"{year - 1 + day.year % 3}-{day.month:02d}-{min(day.day, 28):02d}"
        ),
        "id": st.sampled_from(["W1", "W2"]),
        "list": st.lists(st.integers(0, 12), min_size=1, max_size=4),
        "word": st.sampled_from(sorted(fact.values) or ["x"]),
        "years": st.just([year, year + 2]),
    }
    return by_type[fact.type]


@st.composite
def requests(draw: st.DrawFn, instrument: str) -> PersonYearRequest:
    pack = pack_of(instrument)
    first, last = pack.data["instrument"]["years"]
    year = draw(st.integers(first + 1, (last or first + 6)))
    kinds = pack.kinds_with_rules()
    records = []
    for place in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from(kinds))
        stated: dict[str, Any] = {}
        for fact in kind.facts:
            held = draw(st.integers(0, 9))
            if held > 1:
                stated[fact.name] = draw(values(fact, year))
            elif held == 1:
                stated[fact.name] = None
        records.append(RecordFacts(f"r{place}", kind.kind, stated))
    person = draw(st.sampled_from([{}, {"level": "senior"}, {"level": "junior"}]))
    return PersonYearRequest(pack.area, year, person, tuple(records))


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_hours_add_up_and_every_hour_has_rule_and_clause(instrument: str) -> None:
    pack = pack_of(instrument)

    @QUICK
    @given(requests(instrument))
    def holds(request: PersonYearRequest) -> None:
        result = evaluate(pack, request)
        assert [entry.record for entry in result.ledger] == [record.id for record in request.records]
        assert result.totals["total"] == sum(entry.hours for entry in result.ledger)
        for entry in result.ledger:
            assert entry.hours >= 0
            if entry.hours:
                assert entry.rules
                assert entry.clause
                assert entry.category
            else:
                assert entry.code
            assert entry.text
        assert all(node.clause for node in result.trace if node.code != "no_rule")
        json.dumps(result.to_json())

    holds()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_with_or_without_trace_and_in_any_order_the_answer_is_the_same(instrument: str) -> None:
    pack = pack_of(instrument)

    @QUICK
    @given(requests(instrument))
    def holds(request: PersonYearRequest) -> None:
        result = evaluate(pack, request)
        quiet = evaluate(pack, request, trace=False)
        assert replace(result, trace=()) == quiet
        turned = evaluate(pack, replace(request, records=request.records[::-1]), trace=False)
        assert set(turned.ledger) == set(quiet.ledger)
        assert (turned.totals, turned.verdict) == (quiet.totals, quiet.verdict)
        again = evaluate(RulePack.from_bytes(pack.to_bytes(), pack.functions), request, trace=False)
        assert again == quiet

    holds()


def met_cases(instrument: str) -> list[Case]:
    """The worked examples of an instrument that end well, under its default readings."""
    plugin: Any = REGISTRY.ask(REGISTRY.owner_of(instrument)).plugin
    files = [read_case_file(RegulationSource(name, text)) for name, text in plugin.case_files.items()]
    return [
        case
        for file in files
        if file.instrument == instrument
        for case in file.cases
        if case.met and not (case.config or case.term or case.sector_file)
    ]


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_no_adverse_verdict_rests_on_a_blank_cell(instrument: str) -> None:
    """Blank each cell of each example that ends well, one at a time: it still ends well, or the cell is asked for."""
    pack = pack_of(instrument)
    has_a_value = absent_is_a_value(pack)
    blanked = 0
    for case in met_cases(instrument):
        request = request_of(case, pack)
        assert evaluate(pack, request).verdict == "met"
        for place, record in enumerate(request.records):
            for name in record.facts.keys() - has_a_value:
                left = {key: value for key, value in record.facts.items() if key != name}
                records = list(request.records)
                records[place] = replace(record, facts=left)
                result = evaluate(pack, replace(request, records=tuple(records)))
                assert result.verdict in ("met", "needs_fact"), f"{case.id}: {name} of {record.id} left blank"
                blanked += 1
        for name in request.person:
            person = {key: value for key, value in request.person.items() if key != name}
            assert evaluate(pack, replace(request, person=person)).verdict in ("met", "needs_fact"), case.id
    assert blanked


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_an_open_record_never_ends_in_an_adverse_verdict(instrument: str) -> None:
    pack = pack_of(instrument)

    @QUICK
    @given(requests(instrument))
    def holds(request: PersonYearRequest) -> None:
        result = evaluate(pack, request, trace=False)
        if result.open:
            assert result.verdict in ("met", "needs_fact")

    holds()


def absent_is_a_value(pack: RulePack) -> set[str]:
    """Facts for which some rule says what holds when they are not stated."""
    found: set[str] = set()

    def walk(form: Any) -> None:
        if isinstance(form, dict):
            for value in form.values():
                walk(value)
        elif isinstance(form, list):
            named = (form[:1] == ["test"] and isinstance(form[2], dict) and form[2].get("not_stated")) or (
                form[:1] == ["lookup"] and form[3] is not None
            )
            if named:
                found.add(form[1])
            elif form[:1] == ["range"] and form[3] in ("lower", "higher"):
                found.add("granted")  # a reading says what holds when nobody chose
            for part in form:
                walk(part)

    walk(pack.data["items"])
    return found
