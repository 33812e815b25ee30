"""What sealed years hand on counts in tables and papers as of a day as it counts in a campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from records_rig import AREA, ENGINE, YEAR, RecordsRig
from sqlmodel import select

from xueshi.campaigns.acts.folder_acts import FOLDER
from xueshi.campaigns.figures.papers import PaperPlace, year_papers
from xueshi.campaigns.figures.statistics import Heading, YearStudy, study_of_register
from xueshi.campaigns.judging.assessing import YearLaw, judge
from xueshi.campaigns.judging.year_to_date import years_to_date
from xueshi.documents.statistics import PersonStudy
from xueshi.register.rows import people_rows, unit_rows
from xueshi.register.tables import Employment, StudyRecord
from xueshi.registry import load
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.repository import JudgedUnder
from xueshi.results.rows import seal_rows
from xueshi.results.tables import SealedResult
from xueshi.storage import new_id, reading, transaction

OF_DEGREES = "320400"
"""An area whose law spreads the hours of a degree over two years."""
PLACE = PaperPlace("jiangsu", "示例市")


def pack_of(year: int) -> RulePack:
    return load().pack_for(OF_DEGREES, year)


def degree_of(rig: RecordsRig, year: int = 2012) -> StudyRecord:
    """A degree that a sealed year counted; its second part falls into the next year."""
    campaign = rig.open_campaign()
    now = datetime(2024, 3, 1, tzinfo=UTC)
    record = StudyRecord(
        person_id=rig.people[1], unit_id=rig.a, area=AREA, year=year, position=1, kind="degree",
        facts={"graduated": f"{year}-07-01"}, content="本科", maker="account:x", end=date(year, 7, 1),
    )  # fmt: skip
    with transaction(rig.engine) as session:
        session.add(record)
        for employment in session.exec(select(Employment)):
            employment.since = date(year - 2, 1, 1)
            session.add(employment)
        session.flush()
        people = people_rows.people_for_assessment(session, ENGINE, rig.a, year, as_of=date(year, 12, 31))
        person = next(one for one in people if one.person_id == rig.people[1])
        judged = judge(pack_of(year), OF_DEGREES, year, person, {}).judgement
        under = JudgedUnder(campaign.id, rig.a, AREA, year, campaign.pack_digest, now)
        results.save(session, under, [judged])
        (result,) = results.latest_of_unit(session, ENGINE, campaign.id, rig.a).values()
        seal = SealedResult(
            id=new_id(), campaign_id=campaign.id, unit_id=rig.a, person_id=rig.people[1], round=1,
            result_id=result.id, position=1, digest="x", sealed_at=now,
        )  # fmt: skip
        seal_rows.seal(session, [seal])
        session.expunge_all()
    return record


def table(rig: RecordsRig, pack: RulePack, year: int, day: date) -> YearStudy:
    (paper,) = [one for one in load().ask("changzhou").document_templates(year) if one.data == "year_table"]
    first, last = pack.year_window(year)
    heading = Heading("changzhou", AREA, "示例市", year, first, last, "局", day)
    with reading(rig.engine) as session:
        return study_of_register(session, ENGINE, paper, heading, lambda *_: pack)


def of_person(rig: RecordsRig, found: YearStudy) -> PersonStudy:
    return next(one for one in found.people if one.who.endswith(str(rig.people[1])))


def test_the_second_half_of_a_degree_stands_in_table_and_paper_as_of_a_day(rig: RecordsRig) -> None:
    record, pack, day = degree_of(rig), pack_of(2013), date(2013, 11, 30)
    with reading(rig.engine) as session:
        unit = unit_rows.unit(session, ENGINE, rig.a)
        (year, other) = years_to_date(session, ENGINE, unit, pack, 2013, day)
        papers = year_papers(session, ENGINE, unit, pack, 2013, day, PLACE)
        people = people_rows.people_for_assessment(session, ENGINE, rig.a, 2013, as_of=date(2013, 12, 31))
        campaign = YearLaw.read(session, pack, unit.area, 2013, people).judge(people[0], {}).judgement
    assert year.judgement.totals["total"] == campaign.totals["total"] == 5000
    assert [one.id for one in year.person.records] == [record.id]
    assert (other.judgement.totals.get("total", 0), other.person.records) == (0, ())
    one = of_person(rig, table(rig, pack, 2013, day))
    assert (one.total, one.took_part) == (5000, True)
    assert [(entry.content, entry.hours) for entry in papers[0].entries] == [("本科", 5000)]
    assert papers[0].totals["total"] == 5000
    assert papers[1].entries == ()


def test_a_year_after_the_last_part_has_nothing_of_it(rig: RecordsRig) -> None:
    degree_of(rig)
    one = of_person(rig, table(rig, pack_of(2014), 2014, date(2014, 11, 30)))
    assert (one.total, one.took_part) == (0, False)


def test_a_work_that_had_its_hours_gets_none_again_in_a_table_as_of_a_day(rig: RecordsRig) -> None:
    paper = {
        "kind": "paper",
        "facts": {"cn": True, "own_field": True, "role": "sole", "work": "w-1"},
        "content": "论文",
        "claimed": 3000,
    }
    rig.verified(1, record=rig.body(**paper))
    rig.open_campaign()
    assert rig.act_on_filing("second.a", rig.a).state == "done"
    assert rig.act_on_filing("department", rig.a).state == "done"
    rig.close_and_seal()
    assert rig.give("bureau", "advance_folder", FOLDER, to="2025-03-01T00:00:00+08:00")[0].state == "done"
    rig.law = replace(rig.law, year=YEAR + 1)
    again = rig.verified(1, record=rig.body(**paper, start=date(2025, 2, 1), end=date(2025, 2, 2)))
    found = of_person(rig, table(rig, rig.law.pack, YEAR + 1, date(2025, 3, 1)))
    assert (found.total, found.took_part) == (0, True), "the record stands in the register, its hours are had"
    with reading(rig.engine) as session:
        unit = unit_rows.unit(session, ENGINE, rig.a)
        year = years_to_date(session, ENGINE, unit, rig.law.pack, YEAR + 1, date(2025, 3, 1))[0]
        (paper_of, *_) = year_papers(session, ENGINE, unit, rig.law.pack, YEAR + 1, date(2025, 3, 1), PLACE)
    assert [one.id for one in year.person.records] == [again]
    assert paper_of.entries == ()


def test_a_paper_as_of_a_day_lists_what_had_ended_by_then(rig: RecordsRig) -> None:
    rig.verified(1)
    waiting = rig.file(1, record=rig.body(content="后一项", start=date(2024, 2, 20), end=date(2024, 2, 21)))
    assert rig.record(waiting).stage == "deciding"
    with reading(rig.engine) as session:
        unit = unit_rows.unit(session, ENGINE, rig.a)
        early = years_to_date(session, ENGINE, unit, rig.law.pack, YEAR, date(2024, 1, 31))[0]
        late = years_to_date(session, ENGINE, unit, rig.law.pack, YEAR, date(2024, 2, 2))[0]
        papers = year_papers(session, ENGINE, unit, rig.law.pack, YEAR, date(2024, 1, 31), PLACE)
    assert (early.judgement.totals.get("total", 0), early.person.records, early.person.pending) == (0, (), ())
    assert late.judgement.totals["total"] == 1600
    assert late.person.pending == ()
    assert papers[0].entries == ()
