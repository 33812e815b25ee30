"""Records under a lent role: a delegate verifies for whoever lent it, and is never a way round the second pair of eyes."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from campaign_rig import WorkflowInMemory
from records_rig import AREA, ENGINE, RecordsRig
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.clocks.campaign_clock import folder_now, set_folder_clock
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.tables import Command
from xueshi.errors import NotAllowedError
from xueshi.real_clock import real_now
from xueshi.storage import reading, transaction

LENDER = "unit_personnel.a"
LENT = f"deputy:unit_personnel@{LENDER}"


def lend(rig: RecordsRig, officer: str, to: str, *, first: int = 0, days: int = 10) -> UUID:
    """Lend a role from so many days after the folder's day on; returns the delegation."""
    with reading(rig.engine) as session:
        today = civil_date(folder_now(session, real_now()))
        grant = rig.place.actor(session, officer).grant_id
    since, until = today + timedelta(days=first), today + timedelta(days=first + days)
    row, _ = rig.give(
        officer, "delegate", grant, None, to=to, since=str(since), until=str(until), reason="休假"
    )
    assert row.state == "done", row.reason
    with reading(rig.engine) as session:
        return access.delegations(session, ENGINE)[0][0].id


@pytest.fixture
def deputy(rig: RecordsRig) -> str:
    """A second clerk of unit A."""
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("deputy", "代办", "unit_clerk", AREA, None, rig.a)])
    return "deputy"


def who(rig: RecordsRig, login: str) -> str:
    with reading(rig.engine) as session:
        return str(access.account_by_login(session, login).id)


def refused(row: Command) -> tuple[str, str]:
    return row.state, row.code


def test_a_delegate_verifies_in_the_lenders_role_and_the_audit_names_the_delegation(
    rig: RecordsRig, deputy: str
) -> None:
    lent = lend(rig, LENDER, deputy)
    record = rig.file(1)
    assert [task.record_id for task in rig.tasks(LENT)] == [record]
    row = rig.decide(LENT, record)
    assert (row.state, rig.record(record).stage) == ("done", "verified"), row.reason
    assert rig.tasks(LENT) == []
    with reading(rig.engine) as session:
        lines = session.exec(select(AuditEntry).where(AuditEntry.command_id == row.id)).all()
        assert [line.body["delegation"] for line in lines] == [str(lent)]
        assert reconcile(session).difference == 0


@pytest.mark.parametrize(("kind", "stage"), [("return_record", "returned"), ("refuse_record", "refused")])
def test_a_delegate_returns_and_refuses(rig: RecordsRig, deputy: str, kind: str, stage: str) -> None:
    lend(rig, LENDER, deputy)
    record = rig.file(1)
    row = rig.decide(LENT, record, kind, reason="证明不清")
    assert (row.state, rig.record(record).stage) == ("done", stage), row.reason


def test_neither_who_filed_nor_who_lent_him_the_role_verifies(rig: RecordsRig, deputy: str) -> None:
    lend(rig, LENDER, deputy)
    own = rig.file(1, deputy, for_person=True)
    assert refused(rig.decide(LENT, own)) == ("refused", "four_eyes"), "he filed it himself"
    assert rig.decide(LENDER, own).state == "done", "the lender did not"


def test_who_lent_the_clerks_role_verifies_nothing_that_was_filed_in_it(rig: RecordsRig) -> None:
    lend(rig, "unit_clerk.a", LENDER)
    record = rig.file(1, f"{LENDER}:unit_clerk@unit_clerk.a", for_person=True)
    assert sorted(rig.record(record).state["makers"]) == sorted((who(rig, LENDER), who(rig, "unit_clerk.a")))
    assert refused(rig.decide(LENDER, record)) == ("refused", "four_eyes")
    assert rig.decide("second.a", record).state == "done"


def test_outside_its_days_or_once_ended_a_delegation_serves_no_longer(rig: RecordsRig, deputy: str) -> None:
    lend(rig, LENDER, deputy, first=1)
    record = rig.file(1)
    with pytest.raises(NotAllowedError, match="期限为"):
        rig.decide(LENT, record)
    assert rig.record(record).stage == "deciding"


def test_after_its_last_day_a_delegation_serves_no_longer(rig: RecordsRig, deputy: str) -> None:
    lend(rig, LENDER, deputy, days=5)
    record = rig.file(1)
    with transaction(rig.engine) as session:
        set_folder_clock(session, start_of(date(2024, 3, 31)), datetime.now().astimezone())
    with pytest.raises(NotAllowedError, match="2024-03-31 不在其内；请由授权人本人办理"):
        rig.decide(LENT, record)


def test_an_act_whose_delegation_is_ended_meanwhile_is_not_carried_out(rig: RecordsRig, deputy: str) -> None:
    lent = lend(rig, LENDER, deputy)
    record = rig.file(1)
    with transaction(rig.engine) as session:
        given = CommandRequest(rig.place.request_id(), "verify_record", record, rig.record(record).version)
        waiting = commands.submit(session, rig.place.actor(session, LENT), given).id
    row, _ = rig.give(LENDER, "end_delegation", lent)
    assert row.state == "done", row.reason
    row = asyncio.run(commands.deliver(rig.engine, WorkflowInMemory(rig.engine), waiting))
    assert row.state == "refused"
    assert "委托已终止" in row.reason
    assert rig.record(record).stage == "deciding"
