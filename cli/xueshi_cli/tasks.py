"""`xueshi tasks`: what waits for whom, and deciding it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts.filing_acts import flow_of
from xueshi.campaigns.clocks.clock import end_of
from xueshi.campaigns.clocks.office_calendar import show_due
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.judging.assessing import load_pack, pack_of
from xueshi.campaigns.reminders.digests import TASK_KINDS
from xueshi.campaigns.reminders.escalation import ESCALATION
from xueshi.campaigns.rows import campaign_rows, filing_rows, side_work_rows, task_rows
from xueshi.campaigns.tables import Task
from xueshi.campaigns.year_round.record_flags import flags_of_record
from xueshi.errors import InputError
from xueshi.hours import show_hours
from xueshi.messages import repository as messages
from xueshi.records import repository as records
from xueshi.register.rows import people_rows, unit_rows
from xueshi.regulations.vocabulary import Fact
from xueshi.storage import reading
from xueshi_cli import verdicts
from xueshi_cli.acting import act
from xueshi_cli.bulk import BulkOrder, decide_many, read_codes, show_fates
from xueshi_cli.facts_given import given_facts
from xueshi_cli.filing_heads import filing_heads
from xueshi_cli.messages import backlog_words
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_fate, show_record, show_table
from xueshi_cli.record_answers import flag_lines
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
        own = actor.account_id if actor.lent is None else actor.lent.lender
        mine = None if everyone else own
        for task in task_rows.open_tasks(session, actor.scope, role=actor.role, for_account=mine):
            # The task lies in the scope; its unit may belong to another area since.
            unit = unit_rows.unit(session, ENGINE, task.unit_id)
            rows.append(
                {
                    "待办": str(task.id),
                    "事项": KINDS[task.kind],
                    "单位": unit.name,
                    "环节": _level_name(session, task),
                    "依据": task.body.get("clause", ""),
                    "期限": show_due(task),
                }
            )
        left = messages.backlog(session, actor.scope) if actor.may("accounts.manage") else None
    show_table("待办", rows, as_json=json, csv=csv, xlsx=xlsx, empty="没有等您办理的事项")
    if not json and left is not None and left.tried:
        typer.echo(f"注意：{backlog_words(left)}")


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
            "版本": _version(session, actor.scope, task),
            "环节": _level_name(session, task),
            "期限": show_due(task),
            **_about(session, ENGINE, task),
            "需要": "、".join(_needed(session, task)),
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
        "申报学时": "" if record.claimed is None else show_hours(record.claimed),
        "情况": record.facts,
        "证明材料": "、".join(
            f"{proof.id}（{file.type}）"
            for proof, file in records.evidence_of(session, [record.id]).get(record.id, [])
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


def _needed(session: Session, task: Task) -> list[str]:
    """Say which facts are missing, with what may be answered: `合格（是、否）`, `级别（国家级…）`."""
    if task.campaign_id is None:
        return []
    facts = pack_of(session, campaign_rows.campaign(session, ENGINE, task.campaign_id)).facts
    return [_asked(facts[name]) if name in facts else name for name in task.body.get("facts", [])]


def _asked(fact: Fact) -> str:
    if fact.type == "yes_no":
        return f"{fact.label}（yes 是、no 否）"
    if fact.type == "word":
        return f"{fact.label}（{'、'.join(f'{code} {label}' for code, label in fact.values.items())}）"
    return f"{fact.label}（{fact.unit}）" if fact.unit else fact.label


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
        pack = load_pack(audit.load_artifact(session, record.pack_digest or ""))
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
    value: Annotated[str, typer.Option(help="认定的数值（裁量、补正事项）")] = "",
    fact: Annotated[
        list[str] | None,
        typer.Option("--fact", help="认定学时记录时一并填写的事实，名称=值，可重复；如 --fact 认定学时=12"),
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
    if [approve, return_, refuse, bool(value), leave_open].count(True) != 1:
        raise InputError("请指明一种办理：--approve、--return、--refuse、--value 或 --leave-open")
    place = Workplace.here()
    kind = "approve" if approve else "return" if return_ else "refuse"
    to = None if until is None else end_of(until.date())
    if all_ or file is not None:
        if task_id is not None or value or leave_open or not campaign:
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
    if task.kind == ESCALATION:
        raise InputError("超期督办不须办理：请督促该环节的经办人；该单位离开本环节后本事项自动办结")
    if value or leave_open:
        if task.kind not in ("record", "discretion", "attention") or (value and task.record_id is None):
            raise InputError("该待办不是记录事项；请用 --approve、--return 或 --refuse")
        payload: dict[str, Any] = {"filing": str(filing.id), "task": str(task.id), "reason": reason}
        if value:
            payload |= {"fact": task.body["facts"][0], "value": value}
        act_kind, target = ("determine", task.record_id) if value else ("leave_open", task.id)
    elif task.kind == "appeal":
        raise InputError("申诉请用 xueshi appeals decide 决定")
    else:
        payload = {"level": task.level, "reason": reason, "until": None if to is None else to.isoformat()}
        act_kind, target = kind, filing.id
    row = act(
        place,
        officer,
        CommandRequest(
            request_id=place.request_id(),
            kind=act_kind,
            target_id=target or task.id,
            expected_version=filing.version if version is None else version,
            payload=payload,
        ),
    )
    show_fate(row)


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
