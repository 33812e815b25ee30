"""A year whose verdict rests on other years: the sealed ones at hand are taken, stored, and judged again with it."""

from __future__ import annotations

import json
from datetime import date
from uuid import UUID

from records_rig import ENGINE, YEAR, RecordsRig

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, YearFigures
from xueshi.campaigns.judging.assessing import judge, years_of
from xueshi.campaigns.judging.record_questions import OTHER_YEARS, questions
from xueshi.campaigns.judging.stored_request import request_as_json, request_from_json
from xueshi.register.rows import people_rows
from xueshi.register.rows.people_rows import PersonForAssessment, RecordForAssessment
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource
from xueshi.storage import reading

TEXT = """\
xueshi: 1
regulation: {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules: {1: {clause: 一, name: 论文, for: paper, hours: stated}}
requirements:
  R1: {clause: 一, of: total, at_least: 30}
  R2: {clause: 一, name: 两年平均, over: {last: 2}, average_of: R1}
  R3: {clause: 一, name: 总学时, any_of: [R1, R2]}
"""


def law(text: str = TEXT) -> RulePack:
    return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", text))


def someone(hours: str) -> PersonForAssessment:
    record = RecordForAssessment(
        UUID(int=2), "paper", YEAR + 1, {"declared_hours": hours}, None, "", "", "", "", None, None
    )
    return PersonForAssessment(UUID(int=1), "示例", "", None, "", None, "", "", None, (record,))


def test_the_figures_of_other_years_are_part_of_what_was_judged() -> None:
    years = {YEAR: YearFigures({"total": 3400}, {"total": 3000}, {"total": True})}
    judged = judge(law(), "990100", YEAR + 1, someone("26"), {}, (), years)
    assert judged.judgement.verdict == "met"
    stored = json.loads(json.dumps(judged.judgement.request))
    assert stored["years"] == {str(YEAR): years[YEAR].to_json()}
    again = evaluate(law(), request_from_json(stored))
    assert (again.verdict, again.requirements[0].by) == ("met", "EX-R2")
    alone = judge(law(), "990100", YEAR + 1, someone("26"), {})
    assert alone.judgement.verdict == "needs_fact", "nobody falls short by a year that is not at hand"
    assert alone.judgement.open_records == [{"record": "", "facts": []}]
    assert "years" not in request_as_json(PersonYearRequest("990100", YEAR, {}, ()))


ALONE = TEXT.partition("requirements:")[0] + (
    "requirements:\n  R1: {clause: 一, name: 两年合计, over: {last: 2}, of: total, at_least: 60, decides: year}\n"
)


def test_several_years_alone_decide_a_year_and_their_shortfall_is_stored() -> None:
    years = {YEAR: YearFigures({"total": 3000}, {}, {})}
    met = judge(law(ALONE), "990100", YEAR + 1, someone("30"), {}, (), years).judgement
    assert (met.verdict, met.shortfalls) == ("met", {})
    short = judge(law(ALONE), "990100", YEAR + 1, someone("26"), {}, (), years).judgement
    assert (short.verdict, short.shortfalls) == ("not_met", {"total": 400}), "60－(30＋26)"
    again = evaluate(law(ALONE), request_from_json(json.loads(json.dumps(short.request))))
    assert (again.verdict, again.shortfall) == ("not_met", {"total": 400})


def test_the_task_says_which_years_are_missing_and_where_they_come_from() -> None:
    missing = judge(law(ALONE), "990100", YEAR + 1, someone("26"), {})
    [one] = questions([missing])
    assert (one.kind, one.record_id, one.body["facts"]) == ("record", None, [])
    assert one.body["text"] == f"两年合计：还需要{YEAR}年度的结果，才能判定；{OTHER_YEARS}"
    untold = judge(law(ALONE), "990100", YEAR + 1, someone("26"), {}, (), {YEAR: YearFigures({}, {}, {})})
    assert [one.body["text"] for one in questions([untold])] == [
        f"两年合计：还需要{YEAR}年度合计的学时，才能判定；{OTHER_YEARS}"
    ]


def test_sealed_years_are_read_only_where_the_law_looks_at_them(rig: RecordsRig) -> None:
    rig.verified(1)
    rig.open_campaign()
    assert rig.act_on_filing("second.a", rig.a).state == "done"
    assert rig.act_on_filing("department", rig.a).state == "done"
    rig.close_and_seal()
    total = rig.results(rig.a)[rig.people[1]].totals["total"]
    assert total
    with reading(rig.engine) as session:
        people = people_rows.people_for_assessment(session, ENGINE, rig.a, YEAR + 1, as_of=date(2025, 12, 31))
        found = years_of(session, law(), YEAR + 1, people)
        assert found[rig.people[1]][YEAR].totals["total"] == total
        assert found[rig.people[1]][YEAR].minimums["total"], "under that year's own law"
        beside = law(TEXT.replace("  R3: {clause: 一, name: 总学时, any_of: [R1, R2]}\n", ""))
        assert years_of(session, beside, YEAR + 1, people) == {}
        assert years_of(session, law(ALONE), YEAR + 1, people)[rig.people[1]][YEAR].totals["total"] == total
