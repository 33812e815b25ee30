"""`xueshi tasks export` and `import`: an officer's open tasks as a workbook, and the filled one as so many commands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.acts import direct_acts
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.figures.verdict_sheet import (
    DECISIONS,
    LEAVE_OPEN,
    Answer,
    Question,
    read_answers,
    value_of,
    write_questions,
)
from xueshi.campaigns.judging.assessing import pack_of
from xueshi.campaigns.reminders.digests import TASK_KINDS
from xueshi.campaigns.rows import campaign_rows, command_rows, filing_rows, task_rows
from xueshi.campaigns.tables import Command, Task
from xueshi.errors import InputError, XueshiError
from xueshi.records import repository as records
from xueshi.register import intake
from xueshi.register.rows import people_rows, unit_rows
from xueshi.regulations.vocabulary import Fact
from xueshi.storage import reading
from xueshi_cli import acting
from xueshi_cli.importing import limits_of
from xueshi_cli.output import FATES, AsJson, AsOfficer, console, show_table
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
RECORD_VERBS = {"approve": "verify_record", "return": "return_record", "refuse": "refuse_record"}
"""What deciding a record filed in the year is called among commands."""
KINDS = ("unit", "record", "discretion", "verify")
"""Kinds of task that a row can answer; one that needs a hand at the rules (`attention`) cannot be."""


def export(
    officer: AsOfficer,
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件（.xlsx）")],
) -> None:
    """把等您办理的事项写成工作簿：每个问题一行，填“认定”和“原因”后用 xueshi tasks import 导入。"""
    if output.exists():
        raise InputError(f"{output} 已存在；请换一个文件名，或先移走它")
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        questions = list(_questions(session, actor))
    if not questions:
        typer.echo("没有等您办理的事项")
        return
    write_questions(output, questions)
    typer.echo(f"已写出 {output}（{len(questions)} 行）")


def import_(
    file: Annotated[Path, typer.Argument(help="填好的工作簿")],
    officer: AsOfficer,
    commit: Annotated[bool, typer.Option("--commit", help="办理；不加只检查")] = False,
    json: AsJson = False,
) -> None:
    """检查（缺省）或办理填好的待办工作簿：每行单独办理，不能办的逐行说明原因；同一文件再次导入没有变化。"""
    place = Workplace.here()
    checked, answers = read_answers(file, limits_of(place))
    rows: list[dict[str, object]] = [
        {"行": one.row or "", "结果": "未办理", "说明": f"{one.cause}。{one.repair}"}
        for one in checked.problems
    ]
    failed = bool(rows)
    if answers:
        digest = intake.file_digest(file)
        found = (_carry_out if commit else _rehearse)(place, officer, digest, answers)
        failed = failed or any(not one.good for one in found)
        rows += [{"行": one.row, "结果": one.outcome, "说明": one.why} for one in found]
    rows.sort(key=lambda one: one["行"] if isinstance(one["行"], int) else 0)
    title = "办理" if commit else "检查（未办理；加 --commit 办理）"
    show_table(title, rows, as_json=json, empty="没有填写认定的行")
    if failed:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Fate:
    row: int
    outcome: str
    why: str = ""
    good: bool = True


def _questions(session: Session, actor: Actor) -> Iterator[Question]:
    @cache
    def facts(campaign_id: Any) -> Any:
        return pack_of(session, campaign_rows.campaign(session, ENGINE, campaign_id)).facts

    names = {unit.id: unit.name for unit in unit_rows.units(session, actor.scope)}
    waiting = task_rows.open_tasks(
        session, actor.scope, role=actor.role, kinds=list(KINDS), for_account=actor.holder
    )
    for task in waiting:
        version = _version(session, task)
        person = content = span = ""
        if task.person_id is not None:
            person = people_rows.person_name(session, actor.scope, task.unit_id, task.person_id)
        if task.record_id is not None:
            record = records.record(session, ENGINE, task.record_id)
            content = record.content
            span = " 至 ".join(day.isoformat() for day in (record.start, record.end) if day)
        known = {} if task.campaign_id is None else facts(task.campaign_id)
        asked: list[Fact | None] = [known[name] for name in task.body.get("facts", []) if name in known]
        for fact in asked or [None]:
            yield Question(
                task=task.id,
                version=version,
                matter=TASK_KINDS[task.kind],
                unit=names.get(task.unit_id, ""),
                person=person,
                content=content,
                span=span,
                clause=task.body.get("clause", ""),
                text=task.body.get("text", ""),
                fact=fact,
            )


def _request(session: Session, actor: Actor, digest: str, answer: Answer) -> CommandRequest:
    """Return the command that a row asks for; the same row of the same file is always the same request."""
    task = task_rows.task(session, actor.scope, answer.task)
    request_id = f"verdict:{digest}:{answer.row}"
    if task.kind in ("unit", "verify"):
        if answer.verdict not in DECISIONS:
            raise InputError(f"“{answer.verdict}”不在可填的值中；可填：{'、'.join(DECISIONS)}")
        decision = DECISIONS[answer.verdict]
        if task.filing_id is None:
            return CommandRequest(
                request_id,
                RECORD_VERBS[decision],
                _record_of(task),
                answer.version,
                {"reason": answer.reason},
            )
        payload = {"level": task.level, "reason": answer.reason}
        return CommandRequest(request_id, decision, task.filing_id, answer.version, payload)
    payload = {"filing": str(task.filing_id), "task": str(task.id), "reason": answer.reason}
    if answer.verdict == LEAVE_OPEN:
        return CommandRequest(request_id, "leave_open", task.id, answer.version, payload)
    value = value_of(answer, _fact(session, task, answer.fact))
    if task.record_id is None:
        raise InputError("该待办不是记录事项，不能填认定值；请用 xueshi tasks show 查看")
    determined = {**payload, "fact": answer.fact, "value": value}
    return CommandRequest(request_id, "determine", task.record_id, answer.version, determined)


def _version(session: Session, task: Task) -> int:
    """Return the version that a decision is made on: the filing's, or the record's where no campaign runs."""
    if task.filing_id is not None:
        return filing_rows.filing(session, ENGINE, task.filing_id).version
    return records.record(session, ENGINE, _record_of(task)).version


def _record_of(task: Task) -> UUID:
    assert task.record_id is not None  # a task is on a filing or on a record
    return task.record_id


def _fact(session: Session, task: Task, name: str) -> Fact:
    known = (
        {}
        if task.campaign_id is None
        else pack_of(session, campaign_rows.campaign(session, ENGINE, task.campaign_id)).facts
    )
    if name not in known:
        raise InputError("项目一栏被改动；请用 xueshi tasks export 重新导出后填写")
    return known[name]


def _rehearse(place: Workplace, officer: str, digest: str, answers: list[Answer]) -> list[_Fate]:
    """Carry out each row in a session that is never committed: what is refused is said, nothing is done."""
    fates = []
    for answer in answers:
        with Session(place.engine) as session:
            try:
                actor = place.actor(session, officer)
                before = command_rows.command_by_request(session, f"verdict:{digest}:{answer.row}")
                if before is not None:
                    fates.append(
                        _Fate(
                            answer.row, "此前已导入", _said(before), before.state not in ("refused", "late")
                        )
                    )
                    continue
                row = commands.submit(session, actor, _request(session, actor, digest, answer))
                if row.executor == "direct":
                    direct_acts.carry_out(session, row)
                elif (stale := _stale(session, actor, answer)) is not None:
                    fates.append(_Fate(answer.row, "不能办理", stale, good=False))
                    continue
                good = row.state != "refused"
                fates.append(_Fate(answer.row, "可以办理" if good else "不能办理", row.reason, good))
            except XueshiError as error:
                fates.append(_Fate(answer.row, "不能办理", str(error), good=False))
    return fates


def _stale(session: Session, actor: Actor, answer: Answer) -> str | None:
    """Say what the workflow would refuse a durable command for, as far as its row shows: closed, or changed meanwhile."""
    task = task_rows.task(session, actor.scope, answer.task)
    now = _version(session, task)
    if task.closed_at is not None:
        return "该待办已办结"
    return None if now == answer.version else f"申报已有变动：表中是第 {answer.version} 版，现在是第 {now} 版"


def _carry_out(place: Workplace, officer: str, digest: str, answers: list[Answer]) -> list[_Fate]:
    return asyncio.run(_carry_out_async(place, officer, digest, answers))


async def _carry_out_async(place: Workplace, officer: str, digest: str, answers: list[Answer]) -> list[_Fate]:
    port = await acting.port_of(place)
    fates = []
    with Progress(console=console, transient=True) as progress:
        for answer in progress.track(answers, description="办理"):
            try:
                with reading(place.engine) as session:
                    actor = place.actor(session, officer)
                    before = command_rows.command_by_request(session, f"verdict:{digest}:{answer.row}")
                    request = None if before else _request(session, actor, digest, answer)
                if before is not None:
                    good = before.state not in ("refused", "late")
                    fates.append(_Fate(answer.row, "此前已导入", _said(before), good))
                elif request is not None:
                    row = await acting.act_async(place, officer, request, port)
                    good = row.state not in ("refused", "late")
                    fates.append(_Fate(answer.row, FATES[row.state], row.reason, good))
            except XueshiError as error:
                fates.append(_Fate(answer.row, "未办理", str(error), good=False))
    return fates


def _said(row: Command) -> str:
    return f"{FATES[row.state]}{f'：{row.reason}' if row.reason else ''}"
