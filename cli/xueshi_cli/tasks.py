"""`xueshi tasks`: what waits for whom, and deciding it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns import repository
from xueshi.campaigns.assessing import pack_of
from xueshi.campaigns.commands import CommandRequest
from xueshi.campaigns.stored_state import load_flow
from xueshi.campaigns.tables import Task
from xueshi.errors import InputError
from xueshi.register import repository as register
from xueshi.regulations.vocabulary import Fact
from xueshi.storage import reading
from xueshi_cli import verdicts
from xueshi_cli.acting import act
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, show_fate, show_record, show_table
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()

app = typer.Typer(help="待办：查看、办理", no_args_is_help=True)
app.command("export")(verdicts.export)
app.command("import")(verdicts.import_)

KINDS = {"unit": "单位审验", "record": "记录待补", "discretion": "裁量认定", "attention": "需人工处理"}


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False, csv: ToCsv = None, xlsx: ToXlsx = None) -> None:
    """列出等您办理的事项。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        rows = []
        for task in repository.open_tasks(session, actor.scope, role=actor.role):
            unit = register.unit(session, actor.scope, task.unit_id)
            rows.append(
                {
                    "待办": str(task.id),
                    "事项": KINDS[task.kind],
                    "单位": unit.name,
                    "环节": _level_name(session, task),
                    "依据": task.body.get("clause", ""),
                    "期限": task.due_at.date().isoformat() if task.due_at else "",
                }
            )
    show_table("待办", rows, as_json=json, csv=csv, xlsx=xlsx, empty="没有等您办理的事项")


@app.command("show")
def show(task_id: UUID, officer: AsOfficer, json: AsJson = False) -> None:
    """查看一件待办。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        task = repository.task(session, actor.scope, task_id)
        filing = repository.filing(session, actor.scope, task.filing_id)
        unit = register.unit(session, actor.scope, task.unit_id)
        record: dict[str, Any] = {
            "待办": str(task.id),
            "事项": KINDS[task.kind],
            "单位": unit.name,
            "版本": filing.version,
            "环节": _level_name(session, task),
            **_about(session, actor.scope, task),
            "需要": "、".join(_needed(session, task)),
            "依据": task.body.get("clause", ""),
            "说明": task.body.get("text", "") or task.body.get("trouble", ""),
        }
    show_record("待办", record, as_json=json)


def _level_name(session: Session, task: Task) -> str:
    """Return a level as the flow calls it."""
    campaign = repository.campaign(session, ENGINE, task.campaign_id)
    return load_flow(audit.load_artifact(session, campaign.flow_digest)).level(task.level).name


def _about(session: Session, scope: Scope, task: Task) -> dict[str, str]:
    """Say whose record it is and what was recorded."""
    about: dict[str, str] = {}
    if task.person_id is not None:
        about["人员"] = register.person_name(session, scope, task.unit_id, task.person_id)
    if task.record_id is not None:
        record = register.study_record(session, scope, task.record_id)
        about["学习内容"] = record.content
        about["起迄"] = "—".join(str(day) for day in (record.start, record.end) if day)
    return about


def _needed(session: Session, task: Task) -> list[str]:
    """Say which facts are missing, with what may be answered: `合格（是、否）`, `级别（国家级…）`."""
    facts = pack_of(session, repository.campaign(session, ENGINE, task.campaign_id)).facts
    return [_asked(facts[name]) if name in facts else name for name in task.body.get("facts", [])]


def _asked(fact: Fact) -> str:
    if fact.type == "yes_no":
        return f"{fact.label}（yes 是、no 否）"
    if fact.type == "word":
        return f"{fact.label}（{'、'.join(f'{code} {label}' for code, label in fact.values.items())}）"
    return f"{fact.label}（{fact.unit}）" if fact.unit else fact.label


@app.command("decide")
def decide(
    task_id: UUID,
    officer: AsOfficer,
    approve: Annotated[bool, typer.Option("--approve", help="通过（签署）")] = False,
    return_: Annotated[bool, typer.Option("--return", help="退回补正")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="不予通过")] = False,
    value: Annotated[str, typer.Option(help="认定的数值（裁量、补正事项）")] = "",
    leave_open: Annotated[bool, typer.Option("--leave-open", help="存疑，留待补正")] = False,
    reason: Annotated[str, typer.Option(help="原因")] = "",
    version: Annotated[int | None, typer.Option(help="您所见的版本；缺省为当前版本")] = None,
) -> None:
    """办理一件待办。"""
    if [approve, return_, refuse, bool(value), leave_open].count(True) != 1:
        raise InputError("请指明一种办理：--approve、--return、--refuse、--value 或 --leave-open")
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        task = repository.task(session, actor.scope, task_id)
        filing = repository.filing(session, actor.scope, task.filing_id)
    if value or leave_open:
        if task.record_id is None:
            raise InputError("该待办不是记录事项；请用 --approve、--return 或 --refuse")
        payload: dict[str, Any] = {"filing": str(filing.id), "task": str(task.id), "reason": reason}
        if value:
            payload |= {"fact": task.body["facts"][0], "value": value}
        kind, target = ("determine", task.record_id) if value else ("leave_open", task.id)
    else:
        kind = "approve" if approve else "return" if return_ else "refuse"
        payload, target = {"level": task.level, "reason": reason}, filing.id
    row = act(
        place,
        officer,
        CommandRequest(
            request_id=place.request_id(),
            kind=kind,
            target_id=target,
            expected_version=filing.version if version is None else version,
            payload=payload,
        ),
    )
    show_fate(row)
