"""Acting for somebody else: roles lent for a time, tasks handed over, and never a way round the second pair of eyes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.acts import bulk_acts
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import clock_rows
from xueshi.campaigns.tables import Command
from xueshi.errors import NotAllowedError
from xueshi.storage import reading, transaction

REASON = "休假"


def grant_of(rig: CampaignRig, officer: str) -> UUID:
    with reading(rig.engine) as session:
        return rig.place.actor(session, officer).grant_id


def today(rig: CampaignRig) -> date:
    with reading(rig.engine) as session:
        return civil_date(clock_rows.last_anchor(session, rig.campaign.id).campaign)


def lend(
    rig: CampaignRig, officer: str, to: str, *, by: str | None = None, first: int = 0, days: int = 10
) -> Command:
    since = today(rig) + timedelta(days=first)
    until = since + timedelta(days=days)
    payload = {"to": to, "since": str(since), "until": str(until), "reason": REASON}
    return rig.give(by or officer, "delegate", grant_of(rig, officer), None, payload)


def deputy_of_unit(rig: CampaignRig, role: str = "unit_clerk", login: str = "deputy") -> str:
    with transaction(rig.engine) as session:
        access.add_accounts(
            session, ENGINE, [NewAccount(login, "代办", role, rig.notice.area, None, rig.units[0].id)]
        )
    return login


def test_a_delegate_signs_in_the_lenders_role_and_everybody_sees_it(rig: CampaignRig) -> None:
    unit = rig.units[0]
    lender = unit.signers[0]
    deputy_of_unit(rig)
    made = lend(rig, lender, "deputy")
    assert made.state == "done", made.reason
    rig.hand_in(unit)
    role = rig.flow.levels[0].signers[0].role
    row = rig.decide(f"deputy:{role}@{lender}", unit)
    assert row.state == "done", row.reason
    with reading(rig.engine) as session:
        signature = rig.filing(unit).state["signatures"][0]
        named = access.account_by_login(session, lender).id
        assert signature["principal"] == str(named)
        assert row.grant_id == grant_of(rig, lender), "the command carries the grant that was lent"
        lines = session.exec(select(AuditEntry).where(AuditEntry.command_id == row.id)).all()
        (lent, *_), *_ = access.delegations(session, ENGINE)
        assert [line.body["delegation"] for line in lines] == [str(lent.id)]
        own = session.exec(select(AuditEntry).where(AuditEntry.command_id == made.id)).one()
        assert own.verb == "delegate"
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_neither_lender_nor_delegate_signs_a_second_time(rig: CampaignRig) -> None:
    unit = rig.units[0]
    first, second = unit.signers[:2]
    roles = [signer.role for signer in rig.flow.levels[0].signers]
    assert lend(rig, first, second).state == "done"
    rig.hand_in(unit)
    assert rig.decide(f"{second}:{roles[0]}@{first}", unit).state == "done"
    row = rig.decide(second, unit)
    assert (row.state, row.code) == ("refused", "four_eyes"), "one person is not two departments"


def test_the_maker_of_a_register_signs_it_under_no_delegation(rig: CampaignRig) -> None:
    unit = rig.units[0]
    lender = unit.signers[0]
    assert lend(rig, lender, unit.clerk).state == "done"
    rig.hand_in(unit)
    row = rig.decide(f"{unit.clerk}:{rig.flow.levels[0].signers[0].role}@{lender}", unit)
    assert (row.state, row.code) == ("refused", "four_eyes")


def test_a_delegation_holds_on_its_days_only_by_the_campaigns_clock(rig: CampaignRig) -> None:
    unit = rig.units[0]
    lender = unit.signers[0]
    deputy_of_unit(rig)
    lend(rig, lender, "deputy", first=2, days=1)
    rig.hand_in(unit)
    officer = f"deputy:{rig.flow.levels[0].signers[0].role}"
    with pytest.raises(NotAllowedError, match="期限为"):
        rig.decide(officer, unit)
    rig.pass_time(datetime.combine(today(rig) + timedelta(days=2), datetime.min.time(), UTC))
    assert rig.decide(officer, unit).state == "done"
    rig.pass_time(datetime.combine(today(rig) + timedelta(days=2), datetime.min.time(), UTC))
    with pytest.raises(NotAllowedError, match="不在其内"):
        rig.decide(officer, unit)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"until": "2000-01-01"}, "not_later"),
        ({"reason": " "}, "no_reason"),
        ({"to": "SELF"}, "to_oneself"),
        ({"to": "clerk.2"}, "other_house"),
    ],
)
def test_what_cannot_be_lent(rig: CampaignRig, change: dict[str, str], code: str) -> None:
    lender = rig.units[0].signers[0]
    payload = {
        "to": rig.units[0].clerk,
        "since": str(today(rig)),
        "until": str(today(rig)),
        "reason": REASON,
        **change,
    }
    payload["to"] = lender if payload["to"] == "SELF" else payload["to"]
    row = rig.give(lender, "delegate", grant_of(rig, lender), None, payload)
    assert (row.state, row.code) == ("refused", code)


def test_only_the_holder_or_the_bureau_lends_a_role_and_a_delegate_lends_nothing_on(rig: CampaignRig) -> None:
    unit = rig.units[0]
    first, second = unit.signers[:2]
    deputy_of_unit(rig)
    assert lend(rig, first, "deputy", by=second).code == "not_yours"
    assert lend(rig, first, "deputy", by=BUREAU).state == "done"
    role = rig.flow.levels[0].signers[0].role
    assert lend(rig, first, second, by=f"deputy:{role}@{first}").code == "lent"


def test_an_ended_delegation_serves_no_more(rig: CampaignRig) -> None:
    unit = rig.units[0]
    lender = unit.signers[0]
    deputy_of_unit(rig)
    lend(rig, lender, "deputy")
    with reading(rig.engine) as session:
        (lent, *_), *_ = access.delegations(session, ENGINE)
    assert rig.give(lender, "end_delegation", lent.id).state == "done"
    rig.hand_in(unit)
    with pytest.raises(NotAllowedError):
        rig.decide(f"deputy:{rig.flow.levels[0].signers[0].role}@{lender}", unit)
    assert rig.give(lender, "end_delegation", lent.id).code == "ended"


# ---------------------------------------------------------------- hand-over


def second_verifier(rig: CampaignRig) -> str:
    with transaction(rig.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount("second", "乙", rig.verifier, rig.notice.area)])
    return "second"


def waiting(rig: CampaignRig, officer: str) -> int:
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, officer)
        return len(bulk_acts.waiting_filings(session, actor, rig.campaign))


def test_the_tasks_of_an_officer_on_leave_go_to_a_colleague(rig: CampaignRig) -> None:
    for unit in rig.units[:2]:
        rig.hand_in(unit)
        rig.sign(unit)
        rig.settle(unit)
    second = second_verifier(rig)
    grant = grant_of(rig, rig.verifier)
    assert rig.give(BUREAU, "hand_over", grant, None, {"to": second, "reason": ""}).code == "no_reason"
    row = rig.give(BUREAU, "hand_over", grant, None, {"to": second, "reason": REASON})
    assert row.state == "done", row.reason
    assert (waiting(rig, rig.verifier), waiting(rig, second)) == (0, 2)
    refused = rig.decide(rig.verifier, rig.units[0])
    assert (refused.state, refused.code) == ("refused", "handed_over")
    assert rig.decide(second, rig.units[0]).state == "done"
    rig.hand_in(rig.units[2])
    rig.sign(rig.units[2])
    rig.settle(rig.units[2])
    assert rig.decide(rig.verifier, rig.units[2]).state == "done", "what comes later is the role's again"
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0


def test_what_was_handed_over_is_new_to_whoever_has_it_now(rig: CampaignRig) -> None:
    """Opened long ago and told to the first officer then: the second reads of it on the next working day."""
    from xueshi.campaigns.clocks.clock import start_of
    from xueshi.messages import repository as messages

    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    second = second_verifier(rig)
    opened = today(rig)
    told_on = opened + timedelta(days=7)
    assert rig.steer("advance", to=start_of(told_on).isoformat()).state == "done"

    def digests(login: str) -> list[tuple[date | None, str]]:
        with reading(rig.engine) as session:
            account = access.account_by_login(session, login).id
            found = [one for one in messages.listed(session, ENGINE) if one.account_id == account]
            return [(one.day, str(one.body)) for one in reversed(found)]

    before = {login: len(digests(login)) for login in (rig.verifier, second)}
    assert before == {rig.verifier: 1, second: 1}, "while it is the role's, both are told"
    row = rig.give(BUREAU, "hand_over", grant_of(rig, rig.verifier), None, {"to": second, "reason": REASON})
    assert row.state == "done", row.reason
    assert rig.steer("advance", to=start_of(told_on + timedelta(days=4)).isoformat()).state == "done"
    assert len(digests(rig.verifier)) == 1, "the first has nothing to do with it any more"
    _, (day, body) = digests(second)
    assert day is not None
    assert told_on < day
    assert "新到：1 件" in body


def test_tasks_go_to_the_same_role_only(rig: CampaignRig) -> None:
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    grant = grant_of(rig, rig.verifier)
    row = rig.give(BUREAU, "hand_over", grant, None, {"to": BUREAU, "reason": REASON})
    assert (row.state, row.code) == ("refused", "wrong_role")


def test_whoever_stands_in_is_told_on_the_days_of_the_delegation(rig: CampaignRig) -> None:
    from xueshi.campaigns.clocks.clock import start_of
    from xueshi.messages import repository as messages
    from xueshi.messages.outbox import _recipients
    from xueshi.messages.tables import OutgoingMessage

    unit = rig.units[0]
    deputy_of_unit(rig)
    assert lend(rig, unit.signers[0], "deputy", days=3).state == "done"
    before = today(rig)
    assert rig.steer("advance", to=start_of(before + timedelta(days=2)).isoformat()).state == "done"
    with reading(rig.engine) as session:
        account = access.account_by_login(session, "deputy").id
        (told,) = [one for one in messages.listed(session, ENGINE) if one.account_id == account]
        assert "单位审验 1 件" in str(told.body), "the lender's task, beside the clerk's own news"
        signers = {"to_role": unit.signers[0].split(".")[0], "to_unit": unit.id, "area": rig.notice.area}
        urgent = OutgoingMessage(
            **signers, subject="退回补正", body={}, standing=True, written_at=start_of(before)
        )
        assert {one.login for one in _recipients(session, urgent)} == {unit.signers[0], "deputy"}
        urgent.written_at = start_of(before + timedelta(days=9))
        assert {one.login for one in _recipients(session, urgent)} == {unit.signers[0]}
