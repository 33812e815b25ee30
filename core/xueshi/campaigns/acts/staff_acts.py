"""Who acts for whom: lending a role for a time, ending that, handing tasks over. Direct commands."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.roles import PERSON
from xueshi.access.scope import Scope
from xueshi.access.tables import Delegation, Grant
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import campaign_now, folder_now
from xueshi.campaigns.rows import campaign_rows, filing_rows, task_rows
from xueshi.campaigns.tables import Command, Task
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.storage import new_id

ENGINE = Scope.everything()


def delegate(session: Session, row: Command) -> Refused | None:
    """Lend a grant to another account from one civil day to another (`to`, `since`, `until`, `reason`)."""
    held = access.grant(session, ENGINE, row.target_id)
    refused = _not_over(session, row, held)
    if refused is not None:
        return refused
    since, until = date.fromisoformat(row.payload["since"]), date.fromisoformat(row.payload["until"])
    if until < since:
        return Refused("not_later", f"委托截止日 {until} 早于起始日 {since}；请核对后再办")
    if not str(row.payload.get("reason", "")).strip():
        return Refused("no_reason", "委托须写明原因")
    to = access.account_by_login(session, str(row.payload["to"]))
    if to.id == held.account_id:
        return Refused("to_oneself", "不能委托给本人；请指明其他账号")
    # Who works in another unit or area would see people who are none of theirs.
    if not any(
        (one.unit_id, one.area) == (held.unit_id, held.area) for one in access.grants_of(session, to.id)
    ):
        return Refused(
            "other_house",
            f"账号 {to.login} 不属于同一单位（或同一地区的机构），不能受托；请先授予本单位的岗位",
        )
    lent = Delegation(
        id=new_id(),
        grant_id=held.id,
        account_id=to.id,
        since=since,
        until=until,
        reason=row.payload["reason"],
        maker=row.account_id,
    )
    session.add(lent)
    body = {"delegation": str(lent.id), "to": str(to.id), "since": str(since), "until": str(until)}
    complete(session, row, None, "delegated", 0, real_now(), **body)
    return None


def end_delegation(session: Session, row: Command) -> Refused | None:
    """Take a lent role back before its time: by the lender or whoever manages accounts."""
    lent = access.delegation(session, row.target_id)
    refused = _not_over(session, row, access.grant(session, ENGINE, lent.grant_id))
    if refused is not None:
        return refused
    if lent.ended_at is not None:
        return Refused("ended", "该委托已终止")
    lent.ended_at = real_now()
    session.add(lent)
    complete(session, row, None, "delegation_ended", 0, lent.ended_at, delegation=str(lent.id))
    return None


def hand_over(session: Session, row: Command) -> Refused | None:
    """Give the open tasks of a grant to another account of the same role (`to`, `reason`); new tasks stay the role's.

    They are news to whoever has them now, each by its own clock. Tasks on what the other account made itself are left where they are: nobody decides his own.
    """
    held = access.grant(session, ENGINE, row.target_id)
    refused = _not_over(session, row, held)
    if refused is not None:
        return refused
    if not str(row.payload.get("reason", "")).strip():
        return Refused("no_reason", "移交须写明原因")
    to = access.account_by_login(session, str(row.payload["to"]))
    same = [one for one in access.grants_of(session, to.id) if one.role == held.role]
    if not same or to.id == held.account_id:
        return Refused(
            "wrong_role", f"账号 {to.login} 没有“{held.role}”岗位，不能接办；请先授权，或改用委托（delegate）"
        )
    scopes = [access.scope_of(one) for one in same]
    handed = left = 0
    clocks: dict[UUID | None, datetime] = {}
    for task in task_rows.open_tasks(session, access.scope_of(held), role=held.role):
        if task.assignee not in (None, held.account_id):
            continue
        if not any(
            scope.allows(task.area, task.sector, task.unit_id, task.person_id) for scope in scopes
        ) or _made_by(session, task, to.id):
            left += 1
            continue
        task.assignee, task.came_at = to.id, _now_of(session, task, clocks)
        session.add(task)
        handed += 1
    if not handed:
        return Refused("nothing", "没有可以移交的待办；本人经手登记的单位不能移交给其经手人")
    complete(session, row, None, "handed_over", 0, real_now(), to=str(to.id), tasks=handed, left=left)
    return None


def _not_over(session: Session, row: Command, held: Grant) -> Refused | None:
    """Only the holder of a grant or whoever manages accounts in its area disposes of it; a delegate lends nothing on."""
    if row.payload.get("delegation"):
        return Refused("lent", "受托的岗位不能再转委托、不能移交；请由授权人本人办理")
    if held.role == PERSON:
        return Refused("own_account", "本人账号只由本人使用，不能委托、不能移交；可由单位经办人代为申报")
    if held.account_id == row.account_id:
        return None
    actor = access.actor_by_grant(session, row.account_id, row.grant_id)
    if actor.may("accounts.manage"):
        return None
    return Refused("not_yours", "只能委托、移交本人的岗位；他人的由本级业务负责人办理")


def _now_of(session: Session, task: Task, clocks: dict[UUID | None, datetime]) -> datetime:
    """Return what time it is for a task: by its campaign's clock or, without one, by the folder's. `clocks` keeps them."""
    if task.campaign_id not in clocks:
        if task.campaign_id is None:
            clocks[None] = folder_now(session, real_now())
        else:
            campaign = campaign_rows.campaign(session, ENGINE, task.campaign_id)
            clocks[task.campaign_id] = campaign_now(session, campaign, real_now())
    return clocks[task.campaign_id]


def _made_by(session: Session, task: Task, account: UUID) -> bool:
    if task.filing_id is not None:
        return filing_rows.filing(session, ENGINE, task.filing_id).maker == str(account)
    if task.record_id is None:
        return False
    return records.record(session, ENGINE, task.record_id).maker == f"account:{account}"
