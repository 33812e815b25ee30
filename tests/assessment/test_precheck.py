"""What a planned activity is told to bring is what it brings when it is declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_years import INSTRUMENTS, QUICK, pack_of, requests

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.precheck import precheck
from xueshi.assessment.program import program
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.errors import RuleError
from xueshi.regulations.pack import RulePack


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_the_answer_beforehand_is_the_later_award(instrument: str) -> None:
    pack = pack_of(instrument)

    @QUICK
    @given(requests(instrument), st.randoms(use_true_random=False))
    def holds(request: PersonYearRequest, chance: object) -> None:
        planned, *others = request.records
        before = precheck(pack, request._replace(records=tuple(others)), planned)
        later = list(request.records)
        chance.shuffle(later)  # type: ignore[attr-defined]
        result = evaluate(
            RulePack.from_bytes(pack.to_bytes(), pack.functions),
            request._replace(records=tuple(later)),
            trace=False,
        )
        assert before.award == result.entry(planned.id)
        assert before.verdict_after == result.verdict
        lost = sum(then.hours - one.hours for one, then in before.others)
        assert before.gain == before.award.hours + lost
        assert before.explanation.hours == before.award.hours
        assert before.counts == (before.award.hours > 0)

    holds()


@pytest.fixture
def year() -> PersonYearRequest:
    return PersonYearRequest("990100", 2021, {}, (RecordFacts("a", "training", {"declared_hours": "8"}),))


RULES = "1: {clause: 一, name: 培训, for: training, hours: stated, at_most: {year: 10}}"


def test_the_year_s_limit_is_seen_beforehand(law: Callable[..., RulePack], year: PersonYearRequest) -> None:
    found = precheck(law(RULES), year, RecordFacts("plan", "training", {"declared_hours": "6"}))
    assert (found.award.hours, found.award.code) == (200, "cap_year")
    assert (found.counts, found.gain) == (True, 200)
    assert (found.verdict_before, found.verdict_after) == ("not_met", "met")


def test_a_plan_that_takes_hours_from_another_record_says_so(
    law: Callable[..., RulePack], year: PersonYearRequest
) -> None:
    dated = year._replace(
        records=(year.records[0]._replace(facts={"declared_hours": "8", "end": "2021-09-01"}),)
    )
    found = precheck(
        law(RULES), dated, RecordFacts("plan", "training", {"declared_hours": "6", "end": "2021-03-01"})
    )
    assert (found.award.hours, found.gain) == (600, 200)
    [(before, after)] = found.others
    assert (before.record, before.hours, after.hours) == ("a", 800, 400)


def test_a_plan_without_a_needed_fact_is_asked_for_it(
    law: Callable[..., RulePack], year: PersonYearRequest
) -> None:
    found = precheck(law(RULES), year, RecordFacts("plan", "training", {}))
    assert not found.counts
    assert found.explanation.verdict == "needs_fact"
    assert found.explanation.missing == ("载明学时数",)


def test_a_plan_with_the_id_of_a_record_or_a_year_without_law_is_refused(
    law: Callable[..., RulePack], year: PersonYearRequest
) -> None:
    pack = law(RULES)
    with pytest.raises(RuleError, match="编号“a”与已有记录相同"):
        precheck(pack, year, RecordFacts("a", "training", {}))
    with pytest.raises(RuleError, match="2020"):
        precheck(pack, year._replace(year=2012), RecordFacts("plan", "training", {}))


def by_days(pack: RulePack, kind: str) -> bool:
    """Tell whether some row that takes a kind reckons by days or half-days."""

    def rates(form: object) -> bool:
        if isinstance(form, list):
            return (bool(form) and form[0] == "rate" and form[2] in ("day", "half_day")) or any(
                map(rates, form)
            )
        return isinstance(form, dict) and any(map(rates, form.values()))

    rows = [row for item in program(pack).items.get(kind, ()) for row in item.rows]
    return any(rates(row.hours_form) for row in rows)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_hours_are_asked_for_only_where_no_rule_reckons_by_the_days_given(instrument: str) -> None:
    pack = pack_of(instrument)
    for info in pack.kinds_with_rules():
        if not by_days(pack, info.kind):
            continue
        for facts in ({"days": 3}, {"half_days": 6}):
            request = PersonYearRequest(pack.area, pack.data["instrument"]["years"][0], {}, ())
            found = precheck(pack, request, RecordFacts("r", info.kind, facts))
            assert pack.facts["hours"].label not in found.explanation.missing, info.kind
