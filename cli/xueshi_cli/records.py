"""`xueshi records`: records filed all year, with and without a campaign: file, list, show, correct, rosters, imports, proofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.year_round import record_acts
from xueshi.campaigns.year_round.record_flags import flags_of_record
from xueshi.errors import InputError
from xueshi.hours import parse_hours, show_hours
from xueshi.machines.record_machine import STAGE_WORDS
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.records.repository import ListedRecord
from xueshi.records.rows import evidence_rows
from xueshi.register.rows import unit_rows
from xueshi.register.tables import StudyRecord, Unit
from xueshi.storage import reading
from xueshi_cli import people_in_year, records_at_once, records_evidence
from xueshi_cli.facts_given import given_facts, kind_named
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_record, show_table
from xueshi_cli.record_answers import flag_lines, period, tell, way_words, year_words
from xueshi_cli.recording import (
    LawInForce,
    give,
    law_in_force,
    on_record,
    payload_of,
    person_id,
    record_body,
    stored_evidence,
    unit_of,
    year_of,
)
from xueshi_cli.workplace import Workplace

app = Noun("学时记录：常年申报、更正、班次名单、导入、证明材料、人员变动")
app.add_typer(records_evidence.app, name="evidence")
app.command("roster-template")(records_at_once.roster_template)
app.command("roster")(records_at_once.roster)
app.command("import")(records_at_once.import_)
app.command("transfer")(people_in_year.transfer)
app.command("leave")(people_in_year.leave)
app.command("level")(people_in_year.level)

Kind = Annotated[str, typer.Option(help="活动种类：代码或中文名称")]
Facts = Annotated[list[str] | None, typer.Option("--fact", help="事实，名称=值，可重复；如 --fact 天数=3")]
Content = Annotated[str, typer.Option(help="学习内容")]
Start = Annotated[datetime | None, typer.Option(help="开始日期")]
End = Annotated[datetime | None, typer.Option(help="结束日期；决定学时计入哪个年度")]
Claimed = Annotated[str, typer.Option(help="申报学时")]
Form = Annotated[str, typer.Option(help="学习形式")]
Result = Annotated[str, typer.Option(help="学习成绩")]
Certificate = Annotated[str, typer.Option(help="证书编号")]
ChannelName = Annotated[str, typer.Option(help="登记途径；缺省为条款规定的途径")]
Proofs = Annotated[list[Path] | None, typer.Option("--evidence", help="证明材料的文件，可重复")]
MakeupFor = Annotated[
    int | None, typer.Option("--makeup-for", help="作哪一年度的补训；学习日期须在该年度的补训期间内")
]
Year = Annotated[int | None, typer.Option(help="统计年度；缺省由结束日期得出")]


@app.command("file")
def file_(
    person: Annotated[str, typer.Argument(help="人员编号或身份证号")],
    officer: AsOfficer,
    kind: Kind,
    content: Content,
    end: End = None,
    start: Start = None,
    fact: Facts = None,
    claimed: Claimed = "",
    form: Form = "",
    result: Result = "",
    certificate: Certificate = "",
    channel: ChannelName = "",
    proofs: Proofs = None,
    year: Year = None,
    makeup_for: MakeupFor = None,
    json: AsJson = False,
) -> None:
    """申报一条学时记录；附证明材料；由条款规定的途径逐级认定。"""
    if year is not None and makeup_for is not None:
        raise InputError("--year 与 --makeup-for 只能填一个：补训的年度写在 --makeup-for")
    place = Workplace.here()
    evidence_given = stored_evidence(place, officer, proofs or ())

    def made(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        unit = unit_of(session, actor, whose)
        law = _law(place, session, unit, _day(end), year if makeup_for is None else makeup_for)
        code = kind_named(kind, law.pack)
        body = record_body(
            law.pack,
            kind=code,
            facts=given_facts(fact or (), law.pack, code),
            content=content,
            claimed=_hours(claimed),
            form=form,
            result=result,
            certificate=certificate,
            start=_day(start),
            end=_day(end),
        )
        return CommandRequest(
            place.request_id(),
            "file_record",
            whose,
            None,
            {
                **law.stored(session),
                "record": body,
                "channel": channel,
                "evidence": evidence_given,
                **({} if makeup_for is None else {"makeup": True}),
            },
        )

    tell(*give(place, officer, made), as_json=json)


@app.command("list")
def list_(
    officer: AsOfficer,
    year: Annotated[int | None, typer.Option(help="统计年度")] = None,
    stage: Annotated[str, typer.Option(help=f"状态：{'、'.join(STAGE_WORDS)}")] = "",
    person: Annotated[str, typer.Option(help="人员编号或身份证号")] = "",
    unit: Annotated[str, typer.Option(help="单位的统一社会信用代码")] = "",
    json: AsJson = False,
) -> None:
    """列出管理范围内的学时记录。"""
    if stage and stage not in STAGE_WORDS:
        raise InputError(f"没有“{stage}”这一状态；可用：{'、'.join(STAGE_WORDS)}")
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        found = records.records(
            session,
            actor.scope,
            year=year,
            person_id=person_id(place, session, actor, person) if person else None,
            unit_id=_unit(session, actor, unit).id if unit else None,
            stages=(stage,) if stage else None,
        )
        rows = [_line(one) for one in found]
    show_table("学时记录", rows, as_json=json, empty="没有学时记录；用 xueshi records file 申报")


@app.command("show")
def show(record_id: UUID, officer: AsOfficer, json: AsJson = False) -> None:
    """查看一条学时记录：内容、证明材料、疑点、更正。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        record = record_acts.record_for(session, actor, record_id)
        shown = {
            "记录": str(record.id),
            "状态": STAGE_WORDS[record.stage],
            "版本": record.version,
            "单位": unit_rows.unit(session, actor.scope.of_engine(), record.unit_id).name,
            "年度": year_words(record),
            **way_words(session, record),
            "学习内容": record.content,
            "起迄": period(record),
            "申报学时": "" if record.claimed is None else show_hours(record.claimed),
            "情况": record.facts,
            "认定的情况": record.determined or {},
            "申报日期": "" if record.filed_at is None else civil_date(record.filed_at).isoformat(),
            "更正": "" if record.replaces is None else f"代替 {record.replaces}",
            "被更正": "、".join(
                f"{one.id}（{STAGE_WORDS[one.stage]}）" for one in records.entries_for(session, record.id)
            ),
            "证明材料": [
                {"编号": str(proof.id), "类型": stored.type, "字节": stored.size}
                for proof, stored in evidence_rows.evidence_of(session, [record.id]).get(record.id, [])
            ],
            "疑点": flag_lines(flags_of_record(session, actor.scope, record)),
        }
    show_record("学时记录", shown, as_json=json)


@app.command("resubmit")
def resubmit(
    record_id: UUID,
    officer: AsOfficer,
    kind: Kind = "",
    content: Content = "",
    end: End = None,
    start: Start = None,
    fact: Facts = None,
    claimed: Claimed = "",
    result: Result = "",
    certificate: Certificate = "",
    proofs: Proofs = None,
    json: AsJson = False,
) -> None:
    """补正后重新提交一条被退回的记录；没有指明的各项不变。"""
    place = Workplace.here()
    evidence_given = stored_evidence(place, officer, proofs or ())

    def made(session: Session, actor: Actor) -> CommandRequest:
        record = record_acts.record_for(session, actor, record_id)
        law = _law_of_record(place, session, record)
        changed = _changed(
            law, record, kind, content, start, end, fact, claimed, result=result, certificate=certificate
        )
        return on_record(
            place,
            "resubmit_record",
            record,
            {
                "record": changed,
                "evidence": evidence_given,
            },
        )

    tell(*give(place, officer, made), as_json=json)


@app.command("withdraw")
def withdraw(record_id: UUID, officer: AsOfficer, json: AsJson = False) -> None:
    """撤回一条尚未开始认定的记录。"""
    place = Workplace.here()

    def made(session: Session, actor: Actor) -> CommandRequest:
        record = record_acts.record_for(session, actor, record_id)
        return on_record(place, "withdraw_record", record, {})

    tell(*give(place, officer, made), as_json=json)


@app.command("correct")
def correct(
    record_id: UUID,
    officer: AsOfficer,
    reason: Annotated[str, typer.Option(help="更正的原因")],
    kind: Kind = "",
    content: Content = "",
    end: End = None,
    start: Start = None,
    fact: Facts = None,
    claimed: Claimed = "",
    result: Result = "",
    certificate: Certificate = "",
    channel: ChannelName = "",
    proofs: Proofs = None,
    makeup_for: MakeupFor = None,
    json: AsJson = False,
) -> None:
    """另报一条更正，代替原记录；原记录保留。没有指明的各项照原记录。"""
    place = Workplace.here()
    evidence_given = stored_evidence(place, officer, proofs or ())

    def made(session: Session, actor: Actor) -> CommandRequest:
        record = record_acts.record_for(session, actor, record_id)
        law = _law_of_record(place, session, record, makeup_for)
        changed = _changed(
            law, record, kind, content, start, end, fact, claimed, result=result, certificate=certificate
        )
        payload = {
            **law.stored(session),
            "record": changed,
            "reason": reason,
            "channel": channel,
            "evidence": evidence_given,
            **({} if makeup_for is None else {"makeup": True}),
        }
        return on_record(place, "correct_record", record, payload)

    row, said = give(place, officer, made)
    tell(row, said, as_json=json)
    if not json:
        typer.echo(
            f"新记录代替 {record_id}；现在的情况用 xueshi records show {said.get('record', record_id)} 查看"
        )


def _changed(
    law: LawInForce,
    record: StudyRecord,
    kind: str,
    content: str,
    start: datetime | None,
    end: datetime | None,
    fact: Sequence[str] | None,
    claimed: str,
    **words: str,
) -> dict[str, Any]:
    """Return a stored record with what was named laid over it; facts of another kind are not carried along."""
    before = payload_of(record)
    code = kind_named(kind, law.pack) if kind else record.kind
    held: Mapping[str, Any] = before["facts"] if code == record.kind else {}
    return record_body(
        law.pack,
        kind=code,
        facts={**held, **given_facts(fact or (), law.pack, code)},
        content=content or record.content,
        claimed=_hours(claimed) if claimed else record.claimed,
        form=record.form,
        result=words["result"] or record.result,
        certificate=words["certificate"] or record.certificate,
        start=_day(start) or record.start,
        end=_day(end) or record.end,
    )


def _law(place: Workplace, session: Session, unit: Unit, end: date | None, year: int | None) -> LawInForce:
    today = civil_date(folder_now(session, real_now()))
    return law_in_force(
        session, place.registry, unit.area, unit.sector, year_of(place.registry, unit, end, year, today)
    )


def _law_of_record(
    place: Workplace, session: Session, record: StudyRecord, year: int | None = None
) -> LawInForce:
    sector = records.sector_of(session, record.unit_id)
    return law_in_force(session, place.registry, record.area, sector, record.year if year is None else year)


def _unit(session: Session, actor: Actor, code: str) -> Unit:
    found = unit_rows.unit_by_code(session, actor.scope, code)
    if found is None:
        raise InputError(f"单位 {code} 不存在或不在管理范围；见 xueshi register list")
    return found


def _line(one: ListedRecord) -> dict[str, object]:
    record = one.record
    return {
        "记录": str(record.id),
        "单位": one.unit,
        "人员": one.person,
        "年度": year_words(record),
        "学习内容": record.content,
        "起迄": period(record),
        "申报学时": "" if record.claimed is None else show_hours(record.claimed),
        "状态": STAGE_WORDS[record.stage],
    }


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _hours(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(parse_hours(text))
    except (ValueError, ArithmeticError) as error:
        raise InputError(f"--claimed “{text}”不是学时数；请填数字，最多两位小数，如 9.5") from error
