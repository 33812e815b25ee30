"""`xueshi tasks`: what waits for whom, and deciding it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.filing_state import RECORD_TASKS
from xueshi.campaigns.clocks.clock import end_of
from xueshi.campaigns.clocks.office_calendar import show_due
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.reminders.digests import TASK_KINDS
from xueshi.campaigns.reminders.escalation import ESCALATION
from xueshi.campaigns.rows import campaign_rows, filing_rows, side_work_rows, task_rows
from xueshi.campaigns.rows.paper_rows import PAPER
from xueshi.campaigns.rows.pinned_rows import flow_of, pack_by
from xueshi.campaigns.tables import Task
from xueshi.campaigns.year_round.record_flags import flags_of_record
from xueshi.errors import InputError
from xueshi.hours import show_hours
from xueshi.messages import repository as messages
from xueshi.plugin_check import overdue_laws
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.records.rows import evidence_rows
from xueshi.register.rows import people_rows, unit_rows
from xueshi.storage import reading
from xueshi_cli import task_help, verdicts
from xueshi_cli.acting import act
from xueshi_cli.bulk import BulkOrder, decide_many, read_codes, show_fates
from xueshi_cli.facts_given import given_facts, value_of
from xueshi_cli.filing_heads import filing_heads
from xueshi_cli.messages import backlog_words
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_fate, show_record, show_table
from xueshi_cli.record_answers import flag_lines, year_words
from xueshi_cli.verdicts import RECORD_VERBS
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()

app = Noun("待办：查看、办理、批量办理")
app.command("export")(verdicts.export)
app.command("import")(verdicts.import_)

KINDS = TASK_KINDS


@app.command("list")
def list_(
    officer: AsOfficer,
    everyone: Annotated[bool, typer.Option("--everyone", help="连同已移交他人的")] = False,
    json: AsJson = False,
    csv: ToCsv = None,
    xlsx: ToXlsx = None,
) -> None:
    """列出等您办理的事项。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        rows = []
        mine = None if everyone else actor.holder
        found = task_rows.open_tasks(session, actor.scope, role=actor.role, for_account=mine)
        # The tasks lie in the scope; a unit may belong to another area since.
        units = unit_rows.unit_names(session, ENGINE, (task.unit_id for task in found))
        years = task_rows.years_of(session, found)
        for task in found:
            rows.append(
                {
                    "待办": str(task.id),
                    "事项": KINDS[task.kind],
                    "单位": units[task.unit_id],
                    "年度": years.get(task.id, ""),
                    "环节": _level_name(session, task),
                    "依据": task.body.get("clause", ""),
                    "期限": show_due(task),
                }
            )
        left = messages.backlog(session, actor.scope) if actor.may("accounts.manage") else None
        stale = _to_look_at_again(place) if actor.may("rules.publish") and not json else []
    show_table("待办", rows, as_json=json, csv=csv, xlsx=xlsx, empty="没有等您办理的事项")
    if not json and left is not None and left.tried:
        typer.echo(f"注意：{backlog_words(left)}")
    for said in stale:
        typer.echo(f"注意：{said}；复核后更新规则文件的verified")


def _to_look_at_again(place: Workplace) -> list[str]:
    """Say which rule files were to be compared with their texts again by now: a task of whoever publishes law."""
    today = real_now().astimezone().date()
    return [said for code in place.registry.codes() for said in overdue_laws(place.registry, code, today)]


@app.command("show")
def show(task_id: UUID, officer: AsOfficer, json: AsJson = False) -> None:
    """查看一件待办。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        task = task_rows.task(session, actor.scope, task_id)
        unit = unit_rows.unit(session, ENGINE, task.unit_id)
        record: dict[str, Any] = {
            "待办": str(task.id),
            "事项": KINDS[task.kind],
            "单位": unit.name,
            "年度验证": _campaign_words(session, task),
            "版本": _version(session, actor.scope, task),
            "环节": _level_name(session, task),
            "期限": show_due(task),
            **_about(session, ENGINE, task),
            "需要": "、".join(task_help.needed(session, task)),
            "办理": task_help.how(session, task, officer),
            "依据": task.body.get("clause", ""),
            "说明": task.body.get("text", "") or task.body.get("trouble", ""),
        }
        if task.filing_id is not None and task.kind == "unit":
            filing = filing_rows.filing(session, actor.scope, task.filing_id)
            record |= filing_heads(session, filing, as_json=json)
        if task.record_id is not None and task.filing_id is None:
            record |= _filed(session, actor.scope, task.record_id)
            record["说明"] = "超过规定的上报期限" if task.body.get("late") else ""
    show_record("待办", record, as_json=json)


def _campaign_words(session: Session, task: Task) -> str:
    """Name the campaign that a task belongs to; two years may be under way at one unit."""
    if task.campaign_id is None:
        return ""
    campaign = campaign_rows.campaign(session, ENGINE, task.campaign_id)
    return f"{campaign.title}（{campaign.public_id}）"


def _version(session: Session, scope: Scope, task: Task) -> int:
    """Return the version that a decision is made on: the filing's, or the record's where no campaign runs."""
    if task.filing_id is not None:
        return filing_rows.filing(session, scope, task.filing_id).version
    assert task.record_id is not None  # a task is on a filing or on a record
    return records.record(session, ENGINE, task.record_id).version


def _filed(session: Session, scope: Scope, record_id: UUID) -> dict[str, Any]:
    """Say of a record filed in the year what its verifier must see: claim, facts, proofs, and what looks odd."""
    record = records.record(session, ENGINE, record_id)
    return {
        "记录": str(record.id),
        "年度": year_words(record),
        "申报学时": "" if record.claimed is None else show_hours(record.claimed),
        "情况": record.facts,
        **task_help.choice_lines(session, record),
        "证明材料": "、".join(
            f"{proof.id}（{file.type}）"
            for proof, file in evidence_rows.evidence_of(session, [record.id]).get(record.id, [])
        ),
        "更正": "" if record.replaces is None else f"代替 {record.replaces}",
        "疑点（仅供核对）": flag_lines(flags_of_record(session, scope, record)),
    }


def _level_name(session: Session, task: Task) -> str:
    """Return a level as the flow calls it."""
    if task.campaign_id is None or task.filing_id is None:
        return str(task.body.get("name", task.level))
    campaign = campaign_rows.campaign(session, ENGINE, task.campaign_id)
    filing = filing_rows.filing(session, ENGINE, task.filing_id)
    return flow_of(session, campaign, filing).level(task.level).name


def _about(session: Session, scope: Scope, task: Task) -> dict[str, str]:
    """Say whose record it is and what was recorded."""
    about: dict[str, str] = {}
    if task.record_id is not None and task.filing_id is None:
        # The task lies in the scope; a class's attendee may work at another unit than its organiser.
        filed = records.record(session, ENGINE, task.record_id)
        return {
            "人员": people_rows.person_name(session, ENGINE, filed.unit_id, filed.person_id),
            "学习内容": filed.content,
            "起迄": "—".join(str(day) for day in (filed.start, filed.end) if day),
        }
    if task.person_id is not None:
        about["人员"] = people_rows.person_name(session, scope, task.unit_id, task.person_id)
    if task.record_id is not None:
        record = people_rows.study_record(session, scope, task.record_id)
        about["学习内容"] = record.content
        about["起迄"] = "—".join(str(day) for day in (record.start, record.end) if day)
    return about


def _record_request(
    place: Workplace,
    session: Session,
    task: Task,
    asked: str,
    reason: str,
    return_to: str,
    given: Sequence[str],
    version: int | None,
) -> CommandRequest:
    """Return the command that decides a record filed in the year."""
    assert task.record_id is not None  # a task is on a filing or on a record
    if task.kind == "returned":
        raise InputError(
            f"该记录退回补正：请用 xueshi records resubmit {task.record_id} 补正后重新提交，或 withdraw 撤回"
        )
    if not asked:
        raise InputError("该待办是学时认定；请用 --approve（可加 --fact）、--return 或 --refuse")
    record = records.record(session, ENGINE, task.record_id)
    payload: dict[str, Any] = {"reason": reason, "return_to": return_to}
    if given:
        pack = pack_by(session, record.pack_digest or "")
        payload["facts"] = given_facts(given, pack, record.kind)
    seen = record.version if version is None else version
    return CommandRequest(place.request_id(), RECORD_VERBS[asked], record.id, seen, payload)


@app.command("decide")
def decide(
    officer: AsOfficer,
    task_id: Annotated[UUID | None, typer.Argument(help="待办编号；批量办理时不填")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="通过（签署）")] = False,
    return_: Annotated[bool, typer.Option("--return", help="退回补正")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="不予通过")] = False,
    value: Annotated[str, typer.Option(help="认定的数值（裁量认定、记录待补）；有几项的用 --fact")] = "",
    fact: Annotated[
        list[str] | None,
        typer.Option(
            "--fact",
            help="认定学时记录时一并填写的事实，名称=值，可重复；如 --fact 认定学时=12。记录待补的，一次填一项",
        ),
    ] = None,
    return_to: Annotated[str, typer.Option(help="退回到哪一环节（学时记录）；缺省退回申报人")] = "",
    leave_open: Annotated[bool, typer.Option("--leave-open", help="存疑，留待补正")] = False,
    reason: Annotated[str, typer.Option(help="原因")] = "",
    until: Annotated[
        datetime | None, typer.Option(help="退回后的补正期限（当日24时）；截止之后退回须写明")
    ] = None,
    version: Annotated[int | None, typer.Option(help="您所见的版本；缺省为当前版本")] = None,
    all_: Annotated[bool, typer.Option("--all", help="批量：等您办理的全部单位")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="批量：名单文件，每行一个统一社会信用代码")
    ] = None,
    campaign: Annotated[str, typer.Option(help="批量：年度验证编号")] = "",
    commit: Annotated[bool, typer.Option("--commit", help="批量：办理；缺省只试算")] = False,
    json: AsJson = False,
) -> None:
    """办理一件待办；加 --all 或 --file 批量办理（先试算，再加 --commit）。"""
    named = fact if fact and not (approve or return_ or refuse or leave_open) else []
    given = [*([value] if value else []), *(named or [])]
    if [approve, return_, refuse, bool(given), leave_open].count(True) != 1:
        raise InputError("请指明一种办理：--approve、--return、--refuse、--value 或 --leave-open")
    place = Workplace.here()
    kind = "approve" if approve else "return" if return_ else "refuse"
    to = None if until is None else end_of(until.date())
    if all_ or file is not None:
        if task_id is not None or given or leave_open or not campaign:
            raise InputError(
                "批量办理须以 --campaign 指明年度验证，只能 --approve、--return、--refuse，不填待办编号"
            )
        order = BulkOrder(campaign, officer, kind, reason, to)
        decide_many(place, order, None if file is None else read_codes(file), commit=commit, as_json=json)
        return
    if task_id is None:
        raise InputError("请填写待办编号（见 xueshi tasks list），或用 --all、--file 批量办理")
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        task = task_rows.task(session, actor.scope, task_id)
        if task.filing_id is None:
            asked = "approve" if approve else "return" if return_ else "refuse" if refuse else ""
            request = _record_request(place, session, task, asked, reason, return_to, fact or (), version)
            filing = None
        else:
            filing = filing_rows.filing(session, actor.scope, task.filing_id)
    if filing is None:
        show_fate(act(place, officer, request))
        return
    request = _filing_request(
        place,
        officer,
        task,
        filing.version if version is None else version,
        Asked(kind, given, leave_open, reason, None if to is None else to.isoformat()),
    )
    show_fate(act(place, officer, request))


@dataclass(frozen=True)
class Asked:
    """What an officer asks of a task on a unit's filing: a decision, an answer, or to leave it open."""

    decision: str
    given: Sequence[str]
    leave_open: bool
    reason: str
    until: str | None


def _filing_request(place: Workplace, officer: str, task: Task, version: int, asked: Asked) -> CommandRequest:
    """Return the command that settles a task on a unit's filing, or on one of its records. Raises InputError."""
    if task.kind == ESCALATION:
        raise InputError("超期督办不须办理：请督促该环节的经办人；该单位离开本环节后本事项自动办结")
    if task.kind == PAPER:
        raise InputError("未能打印的表卡不须审批：按待办的说明补齐后，用 xueshi forms issue 打印")
    if task.kind == "appeal":
        raise InputError("申诉请用 xueshi appeals decide 决定")
    of_record = task.kind in RECORD_TASKS
    assert task.filing_id is not None  # asked before
    request_id = place.request_id()
    if not (asked.given or asked.leave_open):
        if of_record and asked.decision == "approve":
            with reading(place.engine) as session:
                way = task_help.how(session, task, officer)
            raise InputError(
                f"该待办是一条记录的“{KINDS[task.kind]}”，不是整个单位的审验，不用 --approve。办理：{way}；"
                "该单位的记录都办结后，再通过其“单位审验”待办"
            )
        payload: dict[str, Any] = {"level": task.level, "reason": asked.reason, "until": asked.until}
        return CommandRequest(request_id, asked.decision, task.filing_id, version, payload)
    if not of_record:
        raise InputError(
            f"该待办是“{KINDS[task.kind]}”，对整个单位作决定，没有要填的数值；请用 --approve、--return 或 --refuse"
        )
    payload = {"filing": str(task.filing_id), "task": str(task.id), "reason": asked.reason}
    if asked.leave_open:
        return CommandRequest(request_id, "leave_open", task.id, version, payload)
    with reading(place.engine) as session:
        fact, answer = task_help.fact_answered(session, task, asked.given)
    assert task.record_id is not None  # a task that waits for a fact is on a record
    answered = {"fact": fact.name, "value": value_of(fact, answer)}
    return CommandRequest(request_id, "determine", task.record_id, version, payload | answered)


@app.command("bulk")
def bulk(
    batch: Annotated[UUID, typer.Argument(help="批量办理编号")], officer: AsOfficer, json: AsJson = False
) -> None:
    """查看一次批量办理中每个单位的结果；有未办成的退出码为 1。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        ordered = side_work_rows.bulk_batch(session, batch)
        campaign_rows.campaign(session, actor.scope, ordered.campaign_id)
    show_fates(place, batch, as_json=json)
