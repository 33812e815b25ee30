"""Direct commands: settled in one SQL transaction, never sent to a workflow (campaigns.md, section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts import (
    appeal_acts,
    bulk_acts,
    folder_acts,
    leaving_acts,
    person_acts,
    staff_acts,
    unit_moves,
)
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.acts.filing_state import void_signatures
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.judging import assessing
from xueshi.campaigns.rows import filing_rows, task_rows
from xueshi.campaigns.tables import Campaign, Command, Determination, Filing, Task
from xueshi.campaigns.year_round import record_acts, record_batches
from xueshi.errors import XueshiError
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.results import repository as results
from xueshi.storage import new_id

ENGINE = Scope.everything()
Act = Callable[[Session, Command], Refused | None]


def register_act(kind: str, act: Act) -> None:
    """Name who carries out a kind of command whose room lies above campaigns; the same again changes nothing.

    Called by whoever puts the program together (command line, worker, tests), before the first such command. Raises
    ValueError for a kind that somebody else carries out.
    """
    if _ACTS.setdefault(kind, act) is not act:
        raise ValueError(f"{kind} is carried out by {_ACTS[kind].__module__} already")


def carry_out(session: Session, row: Command) -> None:
    """Carry out a pending direct command and write its fate: done with effect and audit, or refused with the reason.

    The caller has locked the row: one that is pending then has no effect yet.
    """
    act = _ACTS.get(row.kind)
    if act is None:
        # A process put together without that room, or an older one: whoever knows the kind carries it out.
        row.reason = "本进程不办理此种事项，由其他进程接办；如一直未办，请升级并重新启动服务"
        session.add(row)
        return
    try:
        with session.begin_nested():
            refused = act(session, row)
    except XueshiError as error:
        # Something that it names is not there any more: told to whoever asked, not tried for ever.
        refused = Refused("not_possible", str(error))
    except (KeyError, ValueError):
        refused = Refused("unreadable", "办理内容无法读取；请按页面或命令的说明重新提交")
    if refused is not None:
        row.state, row.code, row.reason = "refused", refused.code, refused.reason
        session.add(row)


def _hand_in(session: Session, row: Command) -> Refused | None:
    """Note that a unit's register was imported anew: by whom, and that a new input is there to sign.

    A signature stands for the register that its signer saw: those given so far are void.
    """
    filing, campaign = filing_rows.filing_in_campaign(session, ENGINE, row.target_id, lock=True)
    if filing.stage != "filing":
        return Refused("not_at_unit", _not_at_unit(campaign))
    if campaign.paused_at is not None:
        return Refused("paused", "该年度验证已暂停，期间不办理；恢复后期限顺延，请届时再导入")
    now = campaign_now(session, campaign, real_now())
    filing.input_version += 1
    filing.maker = str(row.account_id)
    filing.people = int(row.payload.get("people", 0))
    void = [signature.role for signature in void_signatures(session, campaign, filing, now)]
    voided = {"void": void} if void else {}
    complete(
        session,
        row,
        campaign.id,
        "handed_in",
        filing.version,
        now,
        input_version=filing.input_version,
        **voided,
    )
    return None


def _not_at_unit(campaign: Campaign) -> str:
    if campaign.stage == "open":
        return "该单位已提交或已办结，登记不能再改；如需更正，请由审核单位退回"
    return "该年度已关闭，登记不能再改；如需更正，请由业务负责人重新开启（xueshi campaign reopen）"


def _determine(session: Session, row: Command) -> Refused | None:
    """Store the verifier's value for one fact of one record and judge the person again."""
    task = task_rows.task(session, ENGINE, UUID(str(row.payload["task"])))
    opened = _open_record_task(session, row, task)
    if isinstance(opened, Refused):
        return opened
    campaign, filing = opened
    fact = str(row.payload["fact"])
    if fact not in task.body.get("facts", []):
        return Refused("other_fact", f"该待办需要的是：{'、'.join(task.body.get('facts', []))}；不是 {fact}")
    now = campaign_now(session, campaign, real_now())
    pack = assessing.pack_of(session, campaign)
    person = next(
        one for one in assessing.people_of(session, campaign, filing, pack) if one.person_id == task.person_id
    )
    values = filing_rows.determinations(session, filing)
    values.setdefault(row.target_id, {})[fact] = row.payload["value"]
    judged = assessing.YearLaw.read(session, pack, filing.area, campaign.year, [person]).judge(person, values)
    refused = _outside(judged, row.target_id)
    if refused is not None:
        return refused
    session.add(
        Determination(
            id=new_id(),
            record_id=row.target_id,
            filing_id=filing.id,
            fact=fact,
            value=row.payload["value"],
            reason=str(row.payload.get("reason", "")),
            command_id=row.id,
        )
    )
    under = assessing.judged_under(campaign, filing, now)
    results.save(session, under, [judged.judgement])
    still = [
        one for one in judged.judgement.open_records if judged.record_ids.get(one["record"]) == row.target_id
    ]
    if still:
        task.body = {**task.body, "facts": still[0]["facts"]}
    else:
        task.closed_at, task.closed_by, task.outcome = now, row.id, "determined"
    session.add(task)
    complete(session, row, campaign.id, "determined", filing.version, now, fact=fact)
    return None


def _leave_open(session: Session, row: Command) -> Refused | None:
    """Close a record task without a value: the person stays undecided (counted in neither column)."""
    task = task_rows.task(session, ENGINE, row.target_id)
    opened = _open_record_task(session, row, task)
    if isinstance(opened, Refused):
        return opened
    campaign, filing = opened
    if not str(row.payload.get("reason", "")).strip():
        return Refused("no_reason", "存疑留待补正须写明原因")
    now = campaign_now(session, campaign, real_now())
    task.closed_at, task.closed_by, task.outcome = now, row.id, "left_open"
    session.add(task)
    complete(session, row, campaign.id, "left_open", filing.version, now)
    return None


def _open_record_task(session: Session, row: Command, task: Task) -> tuple[Campaign, Filing] | Refused:
    """Return the campaign and filing of an open record task, or why this actor cannot settle it now."""
    if task.filing_id is None:
        return Refused("no_filing", "该待办是学时记录的认定，不属于单位申报；请通过、退回或不予认定")
    filing, campaign = filing_rows.filing_in_campaign(session, ENGINE, task.filing_id, lock=True)
    if task.closed_at is not None:
        return Refused("task_closed", "该待办已由他人办结；请刷新")
    if campaign.paused_at is not None:
        return Refused("paused", "该年度验证已暂停，期间不办理；请恢复后再办")
    if task.assignee is not None and str(task.assignee) not in (
        str(row.account_id),
        row.payload.get("principal"),
    ):
        return Refused("handed_over", "该待办已移交他人办理；请由接办人办理")
    if filing.stage != "deciding" or filing.level != task.level:
        return Refused("wrong_level", "该单位已不在本环节，不能再认定")
    if row.expected_version is not None and row.expected_version != filing.version:
        return Refused(
            "stale",
            f"该单位的申报已有变动：您看到的是第 {row.expected_version} 版，现在是第 {filing.version} 版；请重新查看后再办",
        )
    if task.role != row.payload["role"]:
        return Refused("wrong_officer", "该待办由其他岗位办理")
    if filing.maker in (str(row.account_id), row.payload.get("principal")):
        return Refused("four_eyes", "登记由您（或委托您的人）经手，须由他人认定（经办、审核分离）")
    return campaign, filing


def _outside(judged: Any, record_id: UUID) -> Refused | None:
    """Refuse a value that the clause does not allow, in the words of the ledger."""
    if judged.trouble:
        return Refused("bad_value", judged.trouble)
    for line in judged.judgement.ledger:
        if line.record_id == record_id and line.verdict == "refused":
            return Refused(line.code, line.text)
    return None


_ACTS: dict[str, Act] = {
    "hand_in": _hand_in,
    "determine": _determine,
    "leave_open": _leave_open,
    **record_acts.ACTS,
    **record_batches.ACTS,
    **person_acts.ACTS,
    **leaving_acts.ACTS,
    **folder_acts.ACTS,
    "appeal": appeal_acts.file_appeal,
    "bulk_decide": bulk_acts.order,
    "move_unit": unit_moves.move_unit,
    "delegate": staff_acts.delegate,
    "end_delegation": staff_acts.end_delegation,
    "hand_over": staff_acts.hand_over,
}
