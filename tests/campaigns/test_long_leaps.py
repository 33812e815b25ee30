"""A long leap of a standing clock: the same digests and escalations as day by day, and no work for each unit on each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from campaign_rig import ENGINE, CampaignRig
from sqlmodel import select
from statement_count import statements_of

from xueshi.access.tables import Account
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.rows import task_rows
from xueshi.flows.flow import Escalation
from xueshi.messages import repository as messages
from xueshi.storage import reading

ESCALATE = Escalation(after_days=2, to_role="bureau", clause="示例 第九条")
LAST = date(2021, 11, 26)


def opened(folder: Path, units: int = 3) -> CampaignRig:
    """A campaign in which the first unit, the second on another day, wait at a level of two working days."""
    folder.mkdir()
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=units, people=units * 2)
    rig.pin_flow(days=2, escalate=ESCALATE)
    return rig


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[tuple[CampaignRig, CampaignRig]]:
    rigs = (opened(tmp_path / "leap"), opened(tmp_path / "days"))
    yield rigs
    for rig in rigs:
        rig.engine.dispose()


def to(rig: CampaignRig, day: date) -> None:
    row = rig.steer("advance", to=start_of(day).isoformat())
    assert row.state == "done", row.reason


def told(rig: CampaignRig) -> list[tuple[Any, ...]]:
    """Who was told what on which day; and which escalations stand since when."""
    with reading(rig.engine) as session:
        logins = dict(session.exec(select(Account.id, Account.login)).all())
        found: list[tuple[Any, ...]] = [
            (row.day.isoformat(), logins[row.account_id], row.body)
            for row in messages.listed(session, ENGINE)
            if row.day is not None and row.account_id is not None
        ]
        raised = task_rows.open_tasks(session, ENGINE, kinds=("escalation",))
        found += [(one.opened_at.isoformat(), one.level, one.body) for one in raised]
    return sorted(found, key=str)


def test_a_leap_tells_the_same_as_one_day_after_another(twins: tuple[CampaignRig, CampaignRig]) -> None:
    leap, days = twins
    for rig in twins:
        rig.hand_in(rig.units[0])
        rig.sign(rig.units[0])
        to(rig, date(2021, 10, 28))
        rig.hand_in(rig.units[1])
        rig.sign(rig.units[1])
    to(leap, LAST)
    day = date(2021, 10, 29)
    while day <= LAST:
        to(days, day)
        day += timedelta(days=1)
    assert told(leap) == told(days)
    assert sum(len(one[0]) > 10 for one in told(leap)) == 2, "each unit's escalation, on its own day"
    assert len(told(leap)) > 20, "something overdue is told on every working day"


def asked_by_leap(folder: Path, units: int, days: int) -> int:
    """Return how many statements a leap asks over a campaign in which every unit is overdue."""
    rig = opened(folder, units)
    for unit in rig.units:
        rig.hand_in(unit)
        rig.sign(unit)
    to(rig, date(2021, 10, 25))
    with statements_of(rig.engine) as asked:
        to(rig, date(2021, 10, 25) + timedelta(days=days))
    rig.engine.dispose()
    return len(asked)


def test_more_units_on_more_days_are_not_asked_for_one_by_one(tmp_path: Path) -> None:
    few_short, few_long = (asked_by_leap(tmp_path / f"few{days}", 2, days) for days in (5, 30))
    many_short, many_long = (asked_by_leap(tmp_path / f"many{days}", 8, days) for days in (5, 30))
    assert many_long - few_long <= (many_short - few_short) + 10, (few_short, few_long, many_short, many_long)


def test_a_rehearsal_asks_only_units_whose_window_is_over(tmp_path: Path) -> None:
    rig = opened(tmp_path / "rehearsal", 8)
    to(rig, date(2021, 10, 25))
    with statements_of(rig.engine) as asked:
        rig.port.tell_units(rig.campaign.id)
    assert len(asked) < len(rig.units), "nobody's window is over"
    rig.pass_deadline()
    assert {rig.filing(unit).stage for unit in rig.units} == {"not_filed"}
    rig.engine.dispose()
