"""`xueshi records`: records filed all year, with and without a campaign: file, list, show, correct, rosters, imports, proofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns import record_acts
from xueshi.campaigns.campaign_clock import folder_now
from xueshi.campaigns.clock import civil_date
from xueshi.campaigns.commands import CommandRequest
from xueshi.campaigns.record_flags import ShownFlag, flags_of_record
from xueshi.campaigns.record_machine import STAGE_WORDS
from xueshi.campaigns.tables import Command
from xueshi.errors import InputError
from xueshi.hours import parse_hours, show_hours
from xueshi.records import repository as records
from xueshi.records.flags import LABELS
from xueshi.records.incoming import read_incoming
from xueshi.records.repository import ListedRecord
from xueshi.records.roster import read_roster, write_roster
from xueshi.register import repository as register
from xueshi.register.checking import rows_of
from xueshi.register.sheets import Limits, Problem
from xueshi.register.tables import StudyRecord, Unit
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import new_id, reading
from xueshi_cli.facts_given import given_facts, kind_named
from xueshi_cli.output import AsJson, AsOfficer, console, show_fate, show_record, show_table
from xueshi_cli.recording import (
    LawInForce,
    body_of_stored,
    give,
    import_payload,
    law_in_force,
    person_id,
    record_body,
    roster_payload,
    store_of,
    stored_evidence,
    unit_of,
    view_evidence,
    year_of,
)
from xueshi_cli.workplace import Workplace

app = typer.Typer(help="学时记录：常年申报、更正、班次名单、导入、证明材料、人员变动", no_args_is_help=True)
evidence = typer.Typer(help="证明材料：补充、查看、清理", no_args_is_help=True)
app.add_typer(evidence, name="evidence")

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
Year = Annotated[int | None, typer.Option(help="统计年度；缺省由结束日期得出")]
Commit = Annotated[bool, typer.Option("--commit", help="写入；不加只检查")]
ValidOnly = Annotated[bool, typer.Option("--valid-only", help="只登记正确的行，其余略过（留有审计）")]
Area = Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为经办人所在地区")]


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
    json: AsJson = False,
) -> None:
    """申报一条学时记录；附证明材料；由条款规定的途径逐级认定。"""
    place = Workplace.here()
    evidence_given = stored_evidence(place, officer, proofs or ())

    def made(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        unit = unit_of(session, actor, whose)
        law = _law(place, session, unit, _day(end), year)
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
            },
        )

    _tell(*give(place, officer, made), as_json=json)


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
            "单位": register.unit(session, actor.scope.of_engine(), record.unit_id).name,
            "年度": record.year,
            "登记途径": record.channel,
            "学习内容": record.content,
            "起迄": _period(record),
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
                for proof, stored in records.evidence_of(session, [record.id]).get(record.id, [])
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
        return _on_record(
            place,
            "resubmit_record",
            record,
            {
                "record": changed,
                "evidence": evidence_given,
            },
        )

    _tell(*give(place, officer, made), as_json=json)


@app.command("withdraw")
def withdraw(record_id: UUID, officer: AsOfficer, json: AsJson = False) -> None:
    """撤回一条尚未开始认定的记录。"""
    place = Workplace.here()

    def made(session: Session, actor: Actor) -> CommandRequest:
        record = record_acts.record_for(session, actor, record_id)
        return _on_record(place, "withdraw_record", record, {})

    _tell(*give(place, officer, made), as_json=json)


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
    json: AsJson = False,
) -> None:
    """另报一条更正，代替原记录；原记录保留。没有指明的各项照原记录。"""
    place = Workplace.here()
    evidence_given = stored_evidence(place, officer, proofs or ())

    def made(session: Session, actor: Actor) -> CommandRequest:
        record = record_acts.record_for(session, actor, record_id)
        law = _law_of_record(place, session, record)
        changed = _changed(
            law, record, kind, content, start, end, fact, claimed, result=result, certificate=certificate
        )
        payload = {
            **law.stored(session),
            "record": changed,
            "reason": reason,
            "channel": channel,
            "evidence": evidence_given,
        }
        return _on_record(place, "correct_record", record, payload)

    _tell(*give(place, officer, made), as_json=json)


@app.command("roster-template")
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


@app.command("roster")
def roster(
    path: Annotated[Path, typer.Argument(help="填好的班次名单")],
    officer: AsOfficer,
    year: Annotated[int, typer.Option(help="统计年度")],
    channel: ChannelName = "",
    area: Area = "",
    commit: Commit = False,
    valid_only: ValidOnly = False,
    json: AsJson = False,
) -> None:
    """检查（缺省）或登记一个班次的名单：一份文件，学时记到每个学员；再报一次没有变化。"""
    place = Workplace.here()
    law = _law_of_officer(place, officer, area, year)
    checked = read_roster(path, IntakeVocabulary.from_pack(law.pack, year), _limits(place))
    if not checked.class_is_right:
        _refuse(checked.problems, as_json=json)

    def made(session: Session, actor: Actor) -> CommandRequest:
        payload = roster_payload(place, session, actor, checked, valid_only=valid_only)
        if checked.problems and not valid_only:
            _refuse(checked.problems, as_json=json)
        return CommandRequest(
            place.request_id(),
            "report_roster",
            new_id(),
            None,
            {**law.stored(session), "channel": channel, **payload},
        )

    row, said = give(place, officer, made, commit=commit)
    _tell_batch(row, said, checked.problems, commit=commit, as_json=json)


@app.command("import")
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
        _refuse(checked.problems, as_json=json)

    def made(session: Session, actor: Actor) -> CommandRequest:  # noqa: ARG001 - what `give` calls
        payload = import_payload(place, session, checked, source, valid_only=valid_only)
        if checked.problems and not valid_only:
            _refuse(checked.problems, as_json=json)
        return CommandRequest(
            place.request_id(),
            "import_records",
            new_id(),
            None,
            {**law.stored(session), "channel": channel, **payload},
        )

    row, said = give(place, officer, made, commit=commit)
    _tell_batch(row, said, checked.problems, commit=commit, as_json=json)


@app.command("transfer")
def transfer(
    person: Annotated[str, typer.Argument(help="人员编号或身份证号")],
    officer: AsOfficer,
    to: Annotated[str, typer.Option(help="新单位的统一社会信用代码")],
    on: Annotated[datetime, typer.Option(help="转入日期")],
    post: Annotated[str, typer.Option(help="在新单位的工作岗位")] = "",
    json: AsJson = False,
) -> None:
    """人员转单位：转出前原单位须办结其学时记录；已认定的学时随人转移。"""
    place = Workplace.here()

    def made(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        old = unit_of(session, actor, whose)
        new = register.unit_by_code(session, actor.scope.of_engine(), to)
        if new is None:
            raise InputError(f"新单位 {to} 不在册；请核对统一社会信用代码，或请该单位先登记")
        payload = {"from": str(old.id), "to": str(new.id), "day": on.date().isoformat(), "post": post}
        return CommandRequest(place.request_id(), "transfer_person", whose, None, payload)

    _tell(*give(place, officer, made), as_json=json)


@app.command("level")
def level_(
    person: Annotated[str, typer.Argument(help="人员编号或身份证号")],
    officer: AsOfficer,
    title: Annotated[str, typer.Option(help="所取得的职称")],
    since: Annotated[datetime, typer.Option(help="取得日期")],
    level: Annotated[str, typer.Option(help="级别：高级、中级、初级；没有级别的不填")] = "",
    json: AsJson = False,
) -> None:
    """登记新取得的职称；年度内变动按条款规定的日子读取。"""
    place = Workplace.here()
    code = LEVEL_CODES.get(level, level) or None

    def made(session: Session, actor: Actor) -> CommandRequest:
        whose = person_id(place, session, actor, person)
        payload = {"title": title, "level": code, "since": since.date().isoformat()}
        return CommandRequest(place.request_id(), "set_level", whose, None, payload)

    _tell(*give(place, officer, made), as_json=json)


LEVEL_CODES = {"高级": "senior", "中级": "intermediate", "初级": "junior"}


@evidence.command("add")
def add_evidence(record_id: UUID, files: list[Path], officer: AsOfficer, json: AsJson = False) -> None:
    """给一条未办结的记录补充证明材料（PDF、PNG、JPEG）。"""
    place = Workplace.here()
    evidence_given = stored_evidence(place, officer, files)

    def made(session: Session, actor: Actor) -> CommandRequest:
        record = record_acts.record_for(session, actor, record_id)
        return _on_record(place, "attach_evidence", record, {"evidence": evidence_given})

    _tell(*give(place, officer, made), as_json=json)


@evidence.command("show")
def show_evidence(
    evidence_id: UUID,
    officer: AsOfficer,
    output: Annotated[Path, typer.Option("--output", "-o", help="写到哪个文件")],
) -> None:
    """取出一份证明材料；查看留有审计。"""
    if output.exists():
        raise InputError(f"{output} 已存在；请换一个文件名，或先移走它")
    body, name, kind = view_evidence(Workplace.here(), officer, evidence_id)
    output.touch(mode=0o600)
    output.write_bytes(body)
    typer.echo(f"已写出 {output}（原文件名 {name}，{kind}）；查看已记入审计")


@evidence.command("sweep")
def sweep_evidence(officer: AsOfficer) -> None:
    """清理没有归属的证明文件（申报未成或进程中断所留）。"""
    place = Workplace.here()
    with Session(place.engine) as session, session.begin():
        place.actor(session, officer).require("register.import")
        gone = store_of(place).sweep(session, datetime.now(UTC))
    typer.echo(f"已清理 {gone} 个文件")


def flag_lines(found: Sequence[ShownFlag]) -> list[str]:
    """Say each flag in a line, with every record it rests on."""
    return [
        f"{LABELS[one.flag.kind]}：{one.flag.text}（"
        + "；".join(
            f"{place.unit} {place.person} {place.record.content} {_period(place.record)}"
            for place in one.places
        )
        + "）"
        for one in found
    ]


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
    before = body_of_stored(record)
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
    today = civil_date(folder_now(session, datetime.now(UTC)))
    return law_in_force(
        place.registry, unit.area, unit.sector, year_of(place.registry, unit, end, year, today)
    )


def _law_of_record(place: Workplace, session: Session, record: StudyRecord) -> LawInForce:
    return law_in_force(place.registry, record.area, records.sector_of(session, record.unit_id), record.year)


def _law_of_officer(place: Workplace, officer: str, area: str, year: int) -> LawInForce:
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("record.file")
    return law_in_force(place.registry, area or actor.area, None, year)


def _on_record(place: Workplace, kind: str, record: StudyRecord, payload: dict[str, Any]) -> CommandRequest:
    return CommandRequest(place.request_id(), kind, record.id, record.version, payload)


def _unit(session: Session, actor: Actor, code: str) -> Unit:
    found = register.unit_by_code(session, actor.scope, code)
    if found is None:
        raise InputError(f"单位 {code} 不存在或不在管理范围；见 xueshi register list")
    return found


def _line(one: ListedRecord) -> dict[str, object]:
    record = one.record
    return {
        "记录": str(record.id),
        "单位": one.unit,
        "人员": one.person,
        "年度": record.year,
        "学习内容": record.content,
        "起迄": _period(record),
        "申报学时": "" if record.claimed is None else show_hours(record.claimed),
        "状态": STAGE_WORDS[record.stage],
    }


def _period(record: StudyRecord) -> str:
    return "—".join(day.isoformat() for day in (record.start, record.end) if day is not None)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _hours(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(parse_hours(text))
    except (ValueError, ArithmeticError) as error:
        raise InputError(f"--claimed “{text}”不是学时数；请填数字，最多两位小数，如 9.5") from error


def _limits(place: Workplace) -> Limits:
    return Limits(place.settings.upload_megabytes, place.settings.upload_rows)


def _refuse(problems: Sequence[Problem], *, as_json: bool) -> None:
    headings = ("文件", "工作表", "位置", "问题", "改法")
    show_table(
        "问题",
        [dict(zip(headings, row, strict=True)) for row in rows_of(problems)],
        as_json=as_json,
        empty="",
    )
    raise typer.Exit(2)


def _tell(row: Command, said: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what became of a command, with the record that it made."""
    if as_json:
        show_record("", {"state": row.state, "code": row.code, "reason": row.reason, **said}, as_json=True)
        if row.state != "done":
            raise typer.Exit(1)
        return
    if "record" in said:
        late = "；超过规定的上报期限，已注明" if said.get("late") else ""
        console.print(f"记录 {said['record']}{late}", soft_wrap=True)
    show_fate(row)


BATCH_WORDS = {
    "entered": "登记",
    "there": "此前已登记",
    "corrected": "按更正办理",
    "unchanged": "没有变化",
    "left_out": "略过",
}


def _tell_batch(
    row: Command, said: Mapping[str, Any], problems: Sequence[Problem], *, commit: bool, as_json: bool
) -> None:
    title = "已写入" if commit else "检查（未写入；加 --commit 写入）"
    if as_json:
        body = {"state": row.state, "code": row.code, "reason": row.reason, "committed": commit, **said}
        show_record("", body, as_json=True)
    elif row.state == "done":
        counts = {word: said[name] for name, word in BATCH_WORDS.items() if name in said}
        show_record(
            title, {**counts, **({"上报": "超过规定期限"} if said.get("late") else {})}, as_json=False
        )
        if problems:
            _show_left_out(problems)
    else:
        typer.echo(f"未办理：{row.reason}")
    if row.state != "done":
        raise typer.Exit(2)


def _show_left_out(problems: Sequence[Problem]) -> None:
    headings = ("文件", "工作表", "位置", "问题", "改法")
    show_table(
        "略过的行",
        [dict(zip(headings, row, strict=True)) for row in rows_of(problems)],
        as_json=False,
        empty="",
    )
