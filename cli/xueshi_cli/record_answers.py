"""How the commands of records answer: what became of an act or a file, and what looks odd, for people and for scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import typer
from sqlmodel import Session

from xueshi.campaigns.rows.pinned_rows import flow_by
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round.record_flags import ShownFlag
from xueshi.flows.flow_words import way_sentences
from xueshi.records.flags import LABELS
from xueshi.register.checking import rows_of
from xueshi.register.sheets import Problem
from xueshi.register.tables import StudyRecord
from xueshi_cli.output import console, show_fate, show_record, show_table


def flag_lines(found: Sequence[ShownFlag]) -> list[str]:
    """Say each flag in a line, with every record it rests on."""
    return [
        f"{LABELS[one.flag.kind]}：{one.flag.text}（"
        + "；".join(
            f"{place.unit} {place.person} {place.record.content} {period(place.record)}"
            for place in one.places
        )
        + "）"
        for one in found
    ]


def period(record: StudyRecord) -> str:
    """Return first and last day of a record, as far as they are stated."""
    return "—".join(day.isoformat() for day in (record.start, record.end) if day is not None)


def year_words(record: StudyRecord) -> int | str:
    """Return the year under which a record counts, saying so where it makes up for an earlier one."""
    return f"{record.year}（补训，计入{record.year}年度）" if record.makeup else record.year


def way_words(session: Session, record: StudyRecord) -> dict[str, object]:
    """Return by which way a record came in and the levels it passes: those of the flow under which it was filed."""
    if record.flow_digest is None:
        return {"登记途径": record.channel}
    flow = flow_by(session, record.flow_digest)
    channel = flow.channel(record.channel)
    return {
        "登记途径": f"{channel.name}（{channel.id}）",
        "流程": f"{flow.title}（{flow.id}）",
        "环节": way_sentences(flow, channel.id),
    }


def refuse_file(problems: Sequence[Problem], *, as_json: bool) -> NoReturn:
    """Print what is wrong with a file and end with exit code 2."""
    headings = ("文件", "工作表", "位置", "问题", "改法")
    show_table(
        "问题",
        [dict(zip(headings, row, strict=True)) for row in rows_of(problems)],
        as_json=as_json,
        empty="",
    )
    raise typer.Exit(2)


def tell(row: Command, said: Mapping[str, Any], *, as_json: bool) -> None:
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
    for line in entailed_lines(said):
        typer.echo(line)


def entailed_lines(said: Mapping[str, Any]) -> list[str]:
    """Say what a change of a person entails: records that go along or stay, signatures that are void."""
    along, anew = len(said.get("records", ())), len(said.get("begun_anew", ()))
    lines = [f"{along} 条未办结的学时记录随人转去"] if along else []
    if anew:
        lines.append(f"其中 {anew} 条原单位只有部分部门签署，签署作废，由新单位从头认定")
    if said.get("stay"):
        lines.append(f"另有 {said['stay']} 条已过原单位的环节，仍由原审核部门办理，认定后计入此人学时")
    signers = sum(len(roles) for roles in said.get("void", {}).values())
    if signers:
        lines.append(
            f"登记有变动，有关单位本年度验证已有的 {signers} 个签署作废，已告知签署人，须看过变动后重新签署"
        )
    return lines


BATCH_WORDS = {
    "entered": "登记",
    "there": "此前已登记",
    "corrected": "按更正办理",
    "unchanged": "没有变化",
    "left_out": "略过",
}


def tell_batch(
    row: Command, said: Mapping[str, Any], problems: Sequence[Problem], *, commit: bool, as_json: bool
) -> None:
    """Print what became of a whole file, with the rows that were left out; a refused one ends with exit code 2."""
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
