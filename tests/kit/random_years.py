"""Random years of random people under the real laws: what a property test judges."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from xueshi.assessment.facts import LARGEST
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.errors import RuleFileError
from xueshi.jurisdictions import Instrument
from xueshi.registry import load
from xueshi.regulations.pack import RulePack
from xueshi.regulations.vocabulary import Fact

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


def values(fact: Fact, year: int) -> st.SearchStrategy[Any]:
    """Values as a cell may hold them; None is `无`."""
    least, most = fact.range or (0, LARGEST)
    quantity = st.integers(0, 40_00).map(lambda hundredths: f"{hundredths / 100:.2f}")
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "yes_no": st.booleans(),
        "count": st.sampled_from(
            [
                number
                for number in (0, 1, 2, 3, 4, 5, 6, 999, 1000, 1999, 2000, 2001, 100_000)
                if least <= number <= most
            ]
        ),
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
                stated[fact.name] = draw(values(pack.facts[fact.name], year))
            elif held == 1:
                stated[fact.name] = None
        if stated.get("start") and stated.get("end") and stated["end"] < stated["start"]:
            stated["start"], stated["end"] = stated["end"], stated["start"]
        records.append(RecordFacts(f"r{place}", kind.kind, stated))
    person = draw(st.sampled_from([{}, {"level": "senior"}, {"level": "junior"}]))
    return PersonYearRequest(pack.area, year, person, tuple(records))
