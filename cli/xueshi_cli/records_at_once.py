"""Verbs of `xueshi records` for many records at once: an organiser's roster, the import from another system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.errors import InputError
from xueshi.records.incoming import CheckedIncoming, read_incoming
from xueshi.records.roster import CheckedRoster, read_roster, write_roster
from xueshi.register.sheets import Limits
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import new_id, reading
from xueshi_cli.output import AsJson, AsOfficer
from xueshi_cli.record_answers import refuse_file, tell_batch
from xueshi_cli.recording import LawInForce, give, import_payload, law_in_force, roster_payload
from xueshi_cli.workplace import Workplace

ChannelName = Annotated[str, typer.Option(help="登记途径；缺省为条款规定的途径")]
Commit = Annotated[bool, typer.Option("--commit", help="写入；不加只检查")]
ValidOnly = Annotated[bool, typer.Option("--valid-only", help="只登记正确的行，其余略过（留有审计）")]
Area = Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为经办人所在地区")]


def roster_template(
    year: Annotated[int, typer.Option(help="统计年度")],
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到哪个文件")] = None,
) -> None:
    """写出一份空的班次名单，由主办单位填写。"""
    place = Workplace.here()
    vocabulary = IntakeVocabulary.from_pack(place.registry.pack_for(area, year), year)
    target = output or Path(f"班次名单-{vocabulary.pack.id}-{year}.xlsx")
    if target.exists():
        raise InputError(f"{target} 已存在；请换一个文件名，或先移走它")
    write_roster(target, vocabulary)
    typer.echo(f"已写出 {target}（{vocabulary.pack.title}，{year}年度）")


def roster(
    path: Annotated[Path, typer.Argument(help="填好的班次名单")],
    officer: AsOfficer,
    year: Annotated[int, typer.Option(help="统计年度")],
    channel: ChannelName = "",
    area: Area = "",
    commit: Commit = False,
    valid_only: ValidOnly = False,
    makeup: Annotated[
        bool, typer.Option("--makeup", help="作 --year 所指年度的补训；学习日期须在补训期间内")
    ] = False,
    json: AsJson = False,
) -> None:
    """检查（缺省）或登记一个班次的名单：一份文件，学时记到每个学员；再报一次没有变化。"""
    place = Workplace.here()
    law = _law_of_officer(place, officer, area, year)
    checked = read_roster(path, IntakeVocabulary.from_pack(law.pack, year), _limits(place))
    if not checked.class_is_right:
        refuse_file(checked.problems, as_json=json)

    def payload(session: Session, actor: Actor) -> dict[str, Any]:
        said = {"channel": channel, **({"makeup": True} if makeup else {})}
        return {**said, **roster_payload(place, session, actor, checked, valid_only=valid_only)}

    _hand_in(place, officer, law, "report_roster", payload, checked, HandIn(commit, valid_only, json))


def import_(
    path: Annotated[Path, typer.Argument(help="CSV 或 JSON 文件")],
    officer: AsOfficer,
    source: Annotated[str, typer.Option(help="来源系统的名称；同一来源、同一编号即同一记录")],
    year: Annotated[int, typer.Option(help="统计年度")],
    channel: ChannelName = "",
    area: Area = "",
    commit: Commit = False,
    valid_only: ValidOnly = False,
    json: AsJson = False,
) -> None:
    """检查（缺省）或导入其他系统的学时：同样的再来没有变化，内容变了的按更正办理。"""
    place = Workplace.here()
    law = _law_of_officer(place, officer, area, year)
    checked = read_incoming(path, IntakeVocabulary.from_pack(law.pack, year), _limits(place))
    if checked.unreadable:
        refuse_file(checked.problems, as_json=json)

    def payload(session: Session, actor: Actor) -> dict[str, Any]:  # noqa: ARG001 - as `_hand_in` asks
        said = import_payload(place, session, checked, source, valid_only=valid_only)
        return {"channel": channel, **said}

    _hand_in(place, officer, law, "import_records", payload, checked, HandIn(commit, valid_only, json))


@dataclass(frozen=True)
class HandIn:
    """How a file is handed in: written or only checked, its right rows alone or all, answered as JSON or not."""

    commit: bool
    valid_only: bool
    as_json: bool


def _hand_in(
    place: Workplace,
    officer: str,
    law: LawInForce,
    kind: str,
    payload: Callable[[Session, Actor], dict[str, Any]],
    checked: CheckedRoster | CheckedIncoming,
    how: HandIn,
) -> None:
    """Give a checked file as one command and say what became of it; wrong rows refuse it unless they are to be left out."""

    def made(session: Session, actor: Actor) -> CommandRequest:
        said = payload(session, actor)
        if checked.problems and not how.valid_only:
            refuse_file(checked.problems, as_json=how.as_json)
        return CommandRequest(place.request_id(), kind, new_id(), None, {**law.stored(session), **said})

    row, said = give(place, officer, made, commit=how.commit)
    tell_batch(row, said, checked.problems, commit=how.commit, as_json=how.as_json)


def _law_of_officer(place: Workplace, officer: str, area: str, year: int) -> LawInForce:
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("record.file")
        return law_in_force(session, place.registry, area or actor.area, None, year)


def _limits(place: Workplace) -> Limits:
    return Limits(place.settings.upload_megabytes, place.settings.upload_rows)
