"""What holds for every law and every record: hours add up, every hour has a clause, no adverse verdict on a blank cell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from random_years import INSTRUMENTS, QUICK, REGISTRY, pack_of, requests

from xueshi.assessment.case_file import Case, read_case_file
from xueshi.assessment.cases import request_of
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource


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
        assert result._replace(trace=()) == quiet
        turned = evaluate(pack, request._replace(records=request.records[::-1]), trace=False)
        assert set(turned.ledger) == set(quiet.ledger)
        assert (turned.totals, turned.verdict) == (quiet.totals, quiet.verdict)
        again = evaluate(RulePack.from_bytes(pack.to_bytes(), pack.functions), request, trace=False)
        assert again == quiet

    holds()


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_what_is_made_up_counts_in_no_year_but_the_one_it_makes_up(instrument: str) -> None:
    pack = pack_of(instrument)

    @QUICK
    @given(requests(instrument))
    def holds(request: PersonYearRequest) -> None:
        made_up = tuple(one._replace(year=request.year, makeup=True) for one in request.records)
        in_year = evaluate(pack, request._replace(records=made_up), trace=False)
        assert all(entry.code != "other_year" for entry in in_year.ledger)
        following = request._replace(year=request.year + 1, records=made_up)
        for entry in evaluate(pack, following, trace=False).ledger:
            assert not entry.hours or entry.part > 1, "only a part of a spread falls into the year after"

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
                records[place] = record._replace(facts=left)
                result = evaluate(pack, request._replace(records=tuple(records)))
                assert result.verdict in ("met", "needs_fact"), f"{case.id}: {name} of {record.id} left blank"
                blanked += 1
        for name in request.person:
            person = {key: value for key, value in request.person.items() if key != name}
            assert evaluate(pack, request._replace(person=person)).verdict in ("met", "needs_fact"), case.id
    assert blanked


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_an_open_record_never_ends_in_an_adverse_verdict(instrument: str) -> None:
    pack = pack_of(instrument)

    @QUICK
    @given(requests(instrument))
    def holds(request: PersonYearRequest) -> None:
        result = evaluate(pack, request, trace=False)
        # A value outside its bounds is stated, not missing: it is refused, and named so that it is put right.
        if any(one.code != "outside_range" for one in result.open):
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
