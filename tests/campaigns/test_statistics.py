"""The figures of a closed campaign rest on what was sealed, whatever the register says later."""

from __future__ import annotations

from datetime import date

import pytest
from campaign_rig import BUREAU, CampaignRig
from sqlmodel import select

from xueshi.campaigns.figures.papers import papers_of
from xueshi.campaigns.figures.statistics import YearStudy, study_of_campaign, who_stands_behind
from xueshi.campaigns.judging import sealing
from xueshi.documents.figures import figure_list, recount
from xueshi.documents.statistics import table_groups
from xueshi.register.tables import Employment, StudyRecord, Title
from xueshi.results.rows import seal_rows
from xueshi.storage import reading, transaction


def study(rig: CampaignRig) -> YearStudy:
    with reading(rig.engine) as session:
        campaign = rig.fresh()
        (paper,) = [one for one in papers_of(session, campaign).values() if one.data == "year_table"]
        found = study_of_campaign(session, campaign, paper)
        session.expunge_all()
        return found


@pytest.fixture
def sealed(rig: CampaignRig) -> CampaignRig:
    for unit in rig.units[:-1]:
        rig.approve(unit)
    rig.hand_in(rig.units[-1])
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    return rig


def test_every_figure_of_a_closed_campaign_opens_to_its_people(sealed: CampaignRig) -> None:
    found = study(sealed)
    table, groups = found.table(), table_groups(found.paper)
    with reading(sealed.engine) as session:
        scope = sealed.place.actor(session, BUREAU).scope
        names, _ = who_stands_behind(session, scope, sealed.place.keys, found)
    assert found.sealed
    assert table.totals["people"] == sum(len(unit.sample.people) for unit in sealed.units)
    rows = [*zip([key for key, _ in groups], table.rows, strict=True), (None, table.totals)]
    for key, row in rows:
        for column in table.columns[1:]:
            listed = figure_list(table, column.key, key, found.people, found.funds, names)
            assert recount(listed) == row[column.key], (column.key, key)
            assert all(cell for line in listed.lines for cell in line.cells)


def test_hours_verdicts_and_levels_stay_as_they_were_sealed(sealed: CampaignRig) -> None:
    before = study(sealed).table()
    first = sealed.units[0]
    with transaction(sealed.engine) as session:
        person = seal_rows.sealed_of_unit(session, sealed.campaign.id, first.id)[0].person_id
        for record in session.exec(select(StudyRecord).where(StudyRecord.person_id == person)):
            session.delete(record)
        session.add(
            Title(person_id=person, name="高级", level="senior", since=date(sealed.notice.year, 1, 2))
        )
        for employment in session.exec(select(Employment).where(Employment.person_id == person)):
            employment.until = date(sealed.notice.year, 1, 3)
            session.add(employment)
    after = study(sealed).table()
    assert after.rows[0]["people"] == before.rows[0]["people"]
    assert after.totals["people"] == before.totals["people"]
    for key in (column.key for column in before.columns):
        if key.startswith("hours.") or key in ("met", "not_met", "undecided"):
            assert [row[key] for row in after.rows] == [row[key] for row in before.rows], key
    with reading(sealed.engine) as session:
        count = len(seal_rows.sealed_results(session, sealed.campaign.id))
        assert count == sum(len(unit.sample.people) for unit in sealed.units[:-1])


def test_before_the_seal_nobody_is_listed_and_the_table_says_how_many_units_are_out(rig: CampaignRig) -> None:
    for unit in rig.units:
        rig.hand_in(unit)
    rig.approve(rig.units[0])
    found = study(rig)
    assert not found.sealed
    assert (found.people, found.units) == ((), ())
    table = found.table()
    assert table.notes[0] == f"{len(rig.units)}家单位尚未封存，其人员不在本表之内。", "approved is not sealed"
    assert table.totals["people"] == table.totals["took_part"] == 0
    assert table.totals["rate"] is None
    assert {value for key, value in table.totals.items() if key.startswith(("hours", "people."))} == {0}


def test_while_it_is_closed_only_what_is_sealed_already_counts(rig: CampaignRig) -> None:
    for unit in rig.units[:2]:
        rig.approve(unit)
    rig.hand_in(rig.units[-1])
    rig.close()
    first, second, last = rig.units
    with transaction(rig.engine) as session:
        sealing.seal_filing(session, rig.fresh(), rig.filing(first))
    found = study(rig)
    assert {one.unit for one in found.people} == {str(first.id)} == {str(unit.id) for unit in found.units}
    assert len(found.people) == len(first.sample.people)
    assert found.notes[:2] == ("2家单位尚未封存，其人员不在本表之内。", "1家单位逾期未申报。")
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    after = study(rig)
    assert {one.unit for one in after.people} == {str(unit.id) for unit in (first, second, last)}
    assert after.notes[0] == "1家单位逾期未申报。", (
        "what did not file counts by its register once all is sealed"
    )
