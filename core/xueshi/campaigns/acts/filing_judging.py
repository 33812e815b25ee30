"""Whether an act on a filing may be: what the pure machine says, and what only SQL can tell."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.filing_state import RECORD_TASKS
from xueshi.campaigns.clocks.clock import civil_date, show_deadline
from xueshi.campaigns.rows import (
    filing_rows,
    task_rows,
)
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.filing_machine import (
    NO_MAKEUP,
    Accepted,
    FilingCommand,
    Refused,
    decide,
)
from xueshi.machines.stored_state import load_state
from xueshi.records import repository as records
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.seals import seal_digest

ENGINE = Scope.everything()
MAKES_UP = frozenset({"not_met", "needs_fact", "not_judged"})
"""Verdicts of people who may make up."""


def judge(
    session: Session, campaign: Campaign, filing: Filing, command: FilingCommand, now: datetime
) -> Accepted | Refused:
    """Judge a command on a stored filing, all that only SQL can tell included; nothing is written."""
    flow = flow_of(session, campaign, filing)
    judged = campaign_forbids(campaign, filing) or decide(
        load_state(filing.state, filing.maker), flow, command, now
    )
    if isinstance(judged, Accepted):
        judged = _only_sql_can_tell(session, campaign, filing, flow, command) or judged
    return judged


def campaign_forbids(campaign: Campaign, filing: Filing) -> Refused | None:
    """Say why the campaign lets nothing happen to a filing now, whatever the filing's own state."""
    if campaign.stage != ("open" if filing.round == 1 else "finished"):
        return Refused(
            "closed", "该年度验证已关闭，该单位本轮不能再办理；确需更正的，由业务负责人重新开启（reopen）"
        )
    if campaign.paused_at is not None:
        return Refused(
            "paused",
            f"该年度验证自{civil_date(campaign.paused_at)}起暂停，期间不办理；恢复后各项期限顺延，请届时再办",
        )
    return None


def _only_sql_can_tell(
    session: Session, campaign: Campaign, filing: Filing, flow: ApprovalFlow, command: FilingCommand
) -> Refused | None:
    if command.verb == "makeup":
        return _makeup_not_due(session, campaign, filing, command)
    if command.verb in ("approve", "return", "refuse"):
        refused = _handed_over(session, filing, command)
        if refused is not None:
            return refused
    if command.verb != "approve":
        return None
    if filing.input_version == 0 and not records.has_filed(session, filing.unit_id, campaign.year):
        return Refused(
            "nothing_handed_in",
            "本单位本年度还没有登记：既没有导入工作簿，也没有申报学时记录；请先登记再签署",
        )
    if command.level != flow.levels[0].id:
        left = len(task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=RECORD_TASKS))
        if left:
            return Refused(
                "record_tasks_open",
                f"该单位的申报中还有 {left} 件记录事项没有办结（记录待补、裁量认定、需人工处理），单位暂不能通过；"
                "请先逐件办理（xueshi tasks show 写明怎样办），或存疑留待补正，再通过该单位",
            )
    if command.level == flow.levels[-1].id and filing.only_person is not None:
        return _others_changed(session, campaign, filing)
    return None


def _handed_over(session: Session, filing: Filing, command: FilingCommand) -> Refused | None:
    """Refuse whoever holds the role but handed this filing over, or is not the one to whom it was handed."""
    tasks = task_rows.open_tasks(session, ENGINE, filing_id=filing.id, role=command.role, kinds=("unit",))
    owners = {str(task.assignee) for task in tasks if task.assignee is not None}
    if owners and not owners & {command.account, command.principal}:
        return Refused(
            "handed_over",
            "该待办已移交他人办理；请由接办人办理，或由业务负责人重新移交（accounts hand-over）",
        )
    return None


def _makeup_not_due(
    session: Session, campaign: Campaign, filing: Filing, command: FilingCommand
) -> Refused | None:
    if campaign.makeup_until is None:
        return Refused("no_makeup", NO_MAKEUP)
    if command.until is None or command.until > campaign.makeup_until:
        return Refused(
            "beyond_makeup", f"补训须在{show_deadline(campaign.makeup_until)}以前；单位的期限不能更晚"
        )
    judged = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id).values()
    if not any(result.verdict in MAKES_UP for result in judged):
        return Refused("nobody_to_make_up", "该单位没有未达到学习要求的人员，不需要补训")
    return None


def _others_changed(session: Session, campaign: Campaign, filing: Filing) -> Refused | None:
    """A round for one person must leave every other sealed result as it is, and nobody else may be taken out."""
    sealed = {
        seal.person_id: seal.digest for seal in seal_rows.sealed_of_unit(session, campaign.id, filing.unit_id)
    }
    latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    ledgers = results.ledgers(session, [result.id for result in latest.values()])
    judged = filing_rows.judged_people(session, filing.id)
    # A filing that an older engine judged does not say whom.
    gone = set(sealed).difference(judged) if judged else set()
    others = [
        person
        for person, result in latest.items()
        if person != filing.only_person
        and person in sealed
        and (person in gone or seal_digest(result, ledgers[result.id]) != sealed[person])
    ]
    if not others:
        return None
    return Refused(
        "others_changed",
        f"本轮只更正一人，而登记中另有 {len(others)} 人的结果也变了；请退回单位只改该人，或以整个单位重新开启",
    )
