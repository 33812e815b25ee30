"""Two campaigns at once: over nested areas of one year, and of two years at one unit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig

from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.rows import campaign_rows, filing_rows, task_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.errors import InputError
from xueshi.messages import repository as messages
from xueshi.storage import reading, transaction
from xueshi_cli.acting import opened_by_notice


def opened(rig: CampaignRig, year: int = 0) -> Campaign:
    notice = replace(rig.notice, year=year or rig.notice.year)
    return opened_by_notice(rig.place, BUREAU, notice, standing=True, starts_at=start_of(rig.notice.issued))


def filings(rig: CampaignRig, campaign: Campaign) -> list[Filing]:
    with reading(rig.engine) as session:
        return filing_rows.filings(session, ENGINE, campaign.id)


def test_a_unit_that_files_in_a_wider_area_is_not_opened_in_its_own(rig: CampaignRig) -> None:
    """Opening keeps the rule of adding a unit: one unit, one year, one place."""
    with transaction(rig.engine) as session:
        wider = campaign_rows.campaign(session, ENGINE, rig.campaign.id)
        wider.area = f"{rig.notice.area[:2]}0000"
        wider.public_id = wider.public_id.replace(rig.notice.area, wider.area)
        session.add(wider)
    with pytest.raises(InputError, match=f"3 家单位都正在.*{rig.campaign.region}:{wider.area}:"):
        opened(rig)
    late = rig.newcomer()
    beside = opened(rig)
    assert [one.unit_id for one in filings(rig, beside)] == [late.id]
    rig.proved()


def test_a_unit_dissolved_in_one_year_is_named_where_it_waits_in_the_next(rig: CampaignRig) -> None:
    unit = rig.units[0]
    following = opened(rig, rig.notice.year + 1)
    filing = rig.filing(unit)
    row = rig.give(BUREAU, "dissolve", filing.id, filing.version, {"reason": "区编办〔2021〕3号"})
    assert row.state == "done", row.reason
    notes = {one.unit_id: one.note for one in filings(rig, following)}
    assert notes.pop(unit.id).startswith(f"已在{rig.notice.year}年度验证中撤并")
    assert set(notes.values()) == {""}
    with reading(rig.engine) as session:
        told = [
            (one.to_role, one.to_unit, one.campaign_id)
            for one in messages.listed(session, ENGINE)
            if one.subject.startswith(f"{unit.sample.unit.name}已撤并")
        ]
    assert told == [(BUREAU, None, following.id)]
    filing = rig.filing(unit)
    until = rig.fresh().deadline.replace(month=12, day=20).isoformat()
    back = rig.give(BUREAU, "extend_filing", filing.id, filing.version, {"until": until, "reason": "误办"})
    assert back.state == "done", back.reason
    assert {one.note for one in filings(rig, following)} == {""}
    rig.proved()


def test_the_tasks_of_two_years_are_told_apart(rig: CampaignRig) -> None:
    following = opened(rig, rig.notice.year + 1)
    with reading(rig.engine) as session:
        tasks = [one for one in task_rows.open_tasks(session, ENGINE) if one.unit_id == rig.units[0].id]
        years = task_rows.years_of(session, tasks)
        expected = {rig.campaign.id: rig.notice.year, following.id: following.year}
        assert {one.id: expected[one.campaign_id] for one in tasks if one.campaign_id} == years
    assert set(years.values()) == {rig.notice.year, rig.notice.year + 1}
