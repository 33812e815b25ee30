"""`xueshi rules draft`, `impact`, `publish`, `rollback`, `drafts`: a bureau's own values, by two persons."""

from __future__ import annotations

import json as json_
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress
from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.scope import Scope
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.acts import STATES
from xueshi.bureau_rules.desk import RuleDesk, Weighed
from xueshi.bureau_rules.impact import KINDS, Impact, Outcome, PersonChange
from xueshi.bureau_rules.review import Review
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.errors import InputError
from xueshi.hours import show_hours
from xueshi.jurisdictions import YearSpan
from xueshi.register.rows import people_rows
from xueshi.register.rows.people_rows import ShownPerson
from xueshi.register.workbook import LEVELS
from xueshi.regulations.difference import title_of
from xueshi.regulations.reading import STATUS_WORDS
from xueshi.regulations.sources import RegulationSource
from xueshi.storage import reading
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, console, show_fate, show_table
from xueshi_cli.region_findings import finding_lines
from xueshi_cli.workplace import Workplace

Draft = Annotated[str, typer.Argument(help="草案编号（摘要的前几位即可），见 xueshi rules drafts")]
OwnArea = Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为经办人所在地区")]
Why = Annotated[str, typer.Option("--reason", help="原因")]
SHORT = 12
"""Characters of a digest that are shown."""
FILE_LIMIT = 256 * 1024
VERDICT_WORDS = {"met": "达到", "not_met": "未达到", "needs_fact": "待补充", "not_judged": "未核算"}
LEVEL_WORDS = {code: word for word, code in LEVELS.items()}


def draft(
    region: Annotated[str, typer.Argument(help="地区插件代码，见 xueshi regions list")],
    file: Annotated[Path, typer.Argument(help="本级口径的文件（YAML）：overlay 和 set 两部分")],
    officer: AsOfficer,
    area: OwnArea = "",
    json: AsJson = False,
) -> None:
    """起草本级口径：检查文件，列出变动的条文和案例，存为草案，由另一人发布。有错误的不存，退出码为 1。"""
    place = Workplace.here()
    found, row = _desk(place, officer).draft(region, area, _source(file))
    if json:
        typer.echo(json_.dumps(_review_data(found, row), ensure_ascii=False))
    else:
        typer.echo("\n".join(_review_lines(found)))
        if row is not None:
            short = row.digest[:SHORT]
            typer.echo(f"已存为草案 {short}：{row.document}，{_span(row)}，地区 {row.area}")
            typer.echo(
                f"下一步：xueshi rules impact {short} 测算影响，再由另一人 xueshi rules publish {short}"
            )
    if row is None:
        if not json:
            typer.echo(f"有 {len(found.errors)} 处错误，没有存为草案")
        raise typer.Exit(1)


def impact(
    draft: Draft,
    officer: AsOfficer,
    year: Annotated[int | None, typer.Option(help="只测算一个统计年度；发布须测算全部年度")] = None,
    json: AsJson = False,
    csv: ToCsv = None,
    xlsx: ToXlsx = None,
) -> None:
    """测算草案的影响：本地区及下级各人未封存、已封存的年度，按现行规定和草案各核算一遍；不改动任何结果。"""
    place = Workplace.here()
    with Progress(console=console, transient=True, disable=json) as progress:
        bar = progress.add_task("测算（单位·年度）", total=None)
        weighed = _desk(place, officer).weigh(
            draft, year, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        shown = people_rows.shown_people(
            session, actor.scope, place.keys, {one.person_id for one in weighed.impact.changes}
        )
    rows = [_person_row(one, shown) for one in weighed.impact.changes]
    if json:
        typer.echo(json_.dumps({**_impact_data(weighed), "people": rows}, ensure_ascii=False, default=str))
        if csv or xlsx:
            _list_people(rows, csv=csv, xlsx=xlsx, aside=True)
        return
    typer.echo("\n".join(_impact_lines(weighed, year)))
    _list_people(rows, csv=csv, xlsx=xlsx, aside=False)


def publish(
    draft: Draft,
    officer: AsOfficer,
    reason: Why = "",
    accept: Annotated[str, typer.Option(help="逐项接受的提示，以逗号分开，如 W206,W602")] = "",
) -> None:
    """发布草案：由起草人以外的人办理；此后新开启的年度验证、当场核算和说明都按它。恢复原口径的草案同样发布。"""
    place = Workplace.here()
    row, command = _desk(place, officer).publish(draft, accept.replace("，", ",").split(","), reason)
    show_fate(command)
    said = "已恢复以前的口径" if row.takes_back is not None else "已发布"
    typer.echo(f"{said}：{row.document}，{_span(row)}，地区 {row.area}")
    typer.echo("已开启的年度验证仍按开启时的规则；要改用的，逐次办理 xueshi campaign migrate")


def rollback(
    region: Annotated[str, typer.Argument(help="地区插件代码，见 xueshi regions list")],
    officer: AsOfficer,
    reason: Why,
    area: OwnArea = "",
) -> None:
    """恢复原口径：把本地区最近发布的一份起草为不再执行；同样须测算影响，由另一人发布。"""
    place = Workplace.here()
    command = _desk(place, officer).roll_back(region, area, reason)
    show_fate(command)
    with reading(place.engine) as session:
        row = repository.draft(session, Scope.everything(), command.target_id)
        short = row.digest[:SHORT]
        typer.echo(f"已起草：不再执行“{row.document}”，草案 {short}")
    typer.echo(f"下一步：xueshi rules impact {short} 测算影响，再由另一人 xueshi rules publish {short}")


def drafts(
    officer: AsOfficer, region: Annotated[str, typer.Option(help="地区插件代码")] = "", json: AsJson = False
) -> None:
    """列出本级口径的草案和已发布的：内容、年度、状态、起草人、发布人、日期、摘要。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("rules.draft")
        listed = repository.drafts(session, actor.scope, region=region)
        names = access.account_names(
            session, {who for one in listed for who in (one.maker, one.publisher) if who is not None}
        )
        rows = [_draft_row(session, one, names) for one in listed]
    show_table("本级口径", rows, as_json=json, empty="没有草案；用 xueshi rules draft 起草")


def _desk(place: Workplace, officer: str) -> RuleDesk:
    return RuleDesk(place.engine, place.registry, lambda session: place.actor(session, officer))


def _source(file: Path) -> RegulationSource:
    """Read the file of an overlay. Raises InputError for one that is not there, too large, or no text."""
    if not file.is_file():
        raise InputError(f"找不到本级口径的文件 {file}；请核对路径")
    if file.stat().st_size > FILE_LIMIT:
        raise InputError(f"{file} 超过 {FILE_LIMIT // 1024} KB，不是本级口径的文件；请核对")
    try:
        return RegulationSource(file.name, file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{file}：不是UTF-8文本（{error.reason}）。请另存为UTF-8后再起草") from error


def _span(row: RuleDraft) -> str:
    """Say the years: `2021年度起`, `2021–2023年度`."""
    if row.last_year is None:
        return f"{row.first_year}年度起"
    return (
        f"{YearSpan(row.first_year, row.last_year)}年度"
        if row.last_year > row.first_year
        else f"{row.first_year}年度"
    )


# ------------------------------------------------------------ a review


def _review_lines(found: Review) -> list[str]:
    lines = finding_lines(found.findings)
    if found.errors:
        return lines
    if found.codes:
        lines += ["", f"以上提示须在发布时逐项接受：--accept {','.join(found.codes)}"]
    for law, changed in found.sentences():
        lines += ["", f"【{law.instrument}，地区 {law.area}，{law.span}年度】变动{len(changed)}处"]
        for one in changed:
            clause = one.clause_after or one.clause_before
            lines.append(f"{title_of(one.part)} {one.id}" + (f"（{clause}）" if clause else ""))
            lines += [f"  － {one.before}"] if one.before else []
            lines += [f"  ＋ {one.after}"] if one.after else []
    return [*lines, "", *_case_lines(found), *_clause_lines(found), ""]


def _case_lines(found: Review) -> list[str]:
    cases = found.cases
    same = cases.total - len(cases.changed) - len(cases.failed)
    lines = [
        f"案例{cases.total}个：不受影响{same}个，结果改变{len(cases.changed)}个，本身未通过{len(cases.failed)}个"
    ]
    for word, some in (("未通过", cases.failed), ("改变", cases.changed)):
        for one in some:
            lines.append(f"  {word} {one.id}（{one.title}，{one.file}）")
            lines += [f"    {'；'.join(text.splitlines())}" for text in one.differences]
    return lines


def _clause_lines(found: Review) -> list[str]:
    return [
        f"条款 {instrument}：{sum(counts.values())}条，"
        + "、".join(f"{STATUS_WORDS.get(status, status)}{count}" for status, count in counts.items())
        for instrument, counts in found.clauses().items()
    ]


def _review_data(found: Review, row: RuleDraft | None) -> dict[str, Any]:
    return {
        "draft": None if row is None else row.digest,
        "findings": [vars(one) for one in found.findings],
        "accept": found.codes,
        "changes": [
            {
                "instrument": law.instrument,
                "area": law.area,
                "years": list(law.years),
                "sentences": [vars(one) for one in changed],
            }
            for law, changed in found.sentences()
        ],
        "cases": {
            "total": found.cases.total,
            "failed": [vars(one) for one in found.cases.failed],
            "changed": [vars(one) for one in found.cases.changed],
        },
        "clauses": {name: dict(counts) for name, counts in found.clauses().items()},
    }


# ------------------------------------------------------------ an impact


def _impact_lines(weighed: Weighed, year: int | None) -> list[str]:
    impact, row = weighed.impact, weighed.draft
    what = f"不再执行“{row.document}”" if row.takes_back is not None else row.document
    years = "、".join(map(str, impact.years)) or "无"
    lines = [
        f"草案 {row.digest[:SHORT]}：{what}，地区 {row.area}",
        f"核算 {impact.judged} 人·年度（其中已封存 {impact.sealed}），年度：{years}；结果会改变的 {len(impact.changes)}",
    ]
    if impact.without_law:
        lines.append(f"另有 {impact.without_law} 个单位·年度没有已编码的规则，未核算")
    if impact.not_compared:
        lines.append(
            f"另有 {impact.not_compared} 个单位·年度的现行规定读不出来（插件与已发布的口径不符），无从比较"
        )
    lines += [f"  {words}：{impact.counts()[kind]}" for kind, words in KINDS.items() if impact.counts()[kind]]
    lines += _by("单位", impact, lambda one: one.unit)
    lines += _by("层级", impact, lambda one: LEVEL_WORDS.get(one.level or "", one.level or "不分级别"))
    lines.append("已封存的结果不改变；这里只说明按草案会怎样。没有写入任何结果，只记下本次测算的数字")
    lines += _running_lines(impact)
    if year is not None and row.first_year != row.last_year:
        lines.append("只测算了一个年度；发布之前还须测算全部年度（不写 --year）")
    return lines


def _by(title: str, impact: Impact, of: Any) -> list[str]:
    counted: dict[str, Counter[str]] = {}
    for one in impact.changes:
        counted.setdefault(of(one), Counter())[one.kind] += 1
    if not counted:
        return []
    return [f"按{title}："] + [
        f"  {name}：" + "，".join(f"{KINDS[kind]}{counts[kind]}" for kind in KINDS if counts[kind])
        for name, counts in sorted(counted.items())
    ]


def _running_lines(impact: Impact) -> list[str]:
    if not impact.running:
        return []
    return [
        "正在办理的年度验证仍按开启时的规则；发布之后要改用的，逐次办理：",
        *(f"  xueshi campaign migrate {one.public_id}" for one in impact.running),
    ]


def _impact_data(weighed: Weighed) -> dict[str, Any]:
    impact = weighed.impact
    units: dict[str, Counter[str]] = {}
    levels: dict[str, Counter[str]] = {}
    for one in impact.changes:
        units.setdefault(one.unit, Counter())[one.kind] += 1
        levels.setdefault(one.level or "", Counter())[one.kind] += 1
    return {
        "draft": weighed.draft.digest,
        "impact": str(weighed.impact_id),
        "years": list(impact.years),
        "judged": impact.judged,
        "sealed": impact.sealed,
        "without_law": impact.without_law,
        "not_compared": impact.not_compared,
        "counts": impact.counts(),
        "units": units,
        "levels": levels,
        "campaigns": [one.public_id for one in impact.running],
    }


def _person_row(one: PersonChange, shown: Mapping[UUID, ShownPerson]) -> dict[str, Any]:
    who = shown.get(one.person_id)
    return {
        "变化": KINDS[one.kind],
        "年度": one.year,
        "单位": one.unit,
        "姓名": who.name if who else "",
        "证件号": who.identity if who else "",
        "层级": LEVEL_WORDS.get(one.level or "", one.level or ""),
        "封存": "是" if one.sealed else "否",
        "结论": _turn(VERDICT_WORDS[one.before.verdict], VERDICT_WORDS[one.after.verdict]),
        "学时": _turn(show_hours(one.before.hours), show_hours(one.after.hours)),
        "差额": _turn(_short(one.before), _short(one.after)),
    }


def _turn(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _short(one: Outcome) -> str:
    return "、".join(f"{label}{show_hours(hours)}" for label, hours in one.shortfalls.items()) or "无"


def _list_people(
    rows: Sequence[Mapping[str, Any]], *, csv: Path | None, xlsx: Path | None, aside: bool
) -> None:
    show_table(
        "结果会改变的人员",
        rows,
        as_json=aside and not (csv or xlsx),
        csv=csv,
        xlsx=xlsx,
        empty="没有人的结果会改变",
    )


# ------------------------------------------------------------ the list


def _draft_row(session: Session, one: RuleDraft, names: Mapping[UUID, str]) -> dict[str, Any]:
    weighed = repository.newest_impact(session, one.id)
    state = STATES[one.state]
    if one.state == "taken_back" and one.taken_back_at is not None:
        state += f"（{civil_date(one.taken_back_at)}）"
    return {
        "草案": one.digest[:SHORT],
        "种类": "恢复原口径" if one.takes_back is not None else "本级口径",
        "发文": one.document,
        "文件": one.instrument,
        "地区": one.area,
        "年度": _span(one),
        "状态": state,
        "起草": f"{names.get(one.maker, '')} {civil_date(one.made_at)}",
        "测算": "" if weighed is None else f"{civil_date(weighed.computed_at)} {weighed.judged}人·年度",
        "发布": ""
        if one.publisher is None or one.published_at is None
        else f"{names.get(one.publisher, '')} {civil_date(one.published_at)}",
        "原因": one.publish_reason or one.reason,
    }
