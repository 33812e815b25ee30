"""`xueshi register`: the empty workbook, importing filled ones, what is registered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from xueshi.campaigns.year_round.record_flags import flags_of_year
from xueshi.errors import InputError, NotAllowedError
from xueshi.records.flags import LABELS
from xueshi.register.checking import rows_of
from xueshi.register.intake import Mode
from xueshi.register.marking import mark_workbook
from xueshi.register.rows import unit_rows
from xueshi.register.sheets import Problem
from xueshi.register.workbook import IntakeVocabulary, write_registers, write_workbook
from xueshi.registry import Registry
from xueshi.storage import reading
from xueshi_cli import importing, transfer, units
from xueshi_cli.adding_units import hint_after_import
from xueshi_cli.intake_words import SeveralPacksError, words_for_area, words_for_file
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, ToCsv, ToXlsx, console, show_table
from xueshi_cli.workplace import Workplace

app = Noun("登记：模板、导入、在册单位")
app.add_typer(units.app, name="unit")
SHOWN = 200
"""Problems printed on a terminal; the marked workbook holds all."""
Year = Annotated[int | None, typer.Option(help="统计年度；缺省为该地区最近的通知所属年度")]
Area = Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为该地区插件的第一个地区")]


@app.command("template")
def template(
    region: str,
    year: Year = None,
    area: Area = "",
    several: Annotated[
        bool, typer.Option("--several", help="几个单位合报的汇总工作簿：人员和记录写明所属单位")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写到哪个文件")] = None,
) -> None:
    """写出一份空的登记工作簿，栏目由该地区的规则文件决定。"""
    place = Workplace.here()
    vocabulary, code = _vocabulary(place.registry, region, year, area)
    vocabulary = words_for_area(place, vocabulary, code)
    target = output or Path(f"继续教育登记表-{vocabulary.pack.id}-{vocabulary.year}.xlsx")
    if target.exists():
        raise InputError(f"{target} 已存在；请换一个文件名，或先移走它")
    if several:
        write_registers(target, vocabulary, ())
    else:
        write_workbook(target, vocabulary)
    typer.echo(
        f"已写出 {target}（{vocabulary.pack.title}，{vocabulary.year}年度，{len(vocabulary.kinds)} 种类别）"
    )


@app.command("import")
def import_(
    files: list[Path],
    officer: AsOfficer,
    region: Annotated[str, typer.Option(help="地区插件；缺省由地区代码得出")] = "",
    year: Year = None,
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为经办人所在地区")] = "",
    commit: Annotated[bool, typer.Option("--commit", help="写入登记；不加只检查")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="代替该单位本年度已导入的工作簿")] = False,
    add: Annotated[bool, typer.Option("--add", help="补交：加到该单位本年度已导入的登记")] = False,
    valid_only: Annotated[
        bool, typer.Option("--valid-only", help="只收全部正确的人员，其余标注后退回；记入审计")
    ] = False,
    marked: Annotated[Path | None, typer.Option(help="有问题的工作簿标注后写到此文件夹")] = None,
    json: AsJson = False,
) -> None:
    """检查（缺省）或导入单位的登记工作簿：每份全部正确才写入，否则该份一个字也不写。"""
    if replace and add:
        raise InputError("--replace 与 --add 只能用一个：整体更换，或补交")
    if valid_only and commit and marked is None:
        raise InputError("--valid-only 须以 --marked 指明文件夹，未收的人员写在那里的工作簿中退回")
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.import")
    if not region:
        area = area or actor.area
        region = place.registry.region_for(area)
    vocabulary, code = _vocabulary(place.registry, region, year, area)
    mode: Mode = "replace" if replace else "add" if add else "first"
    take = importing.import_workbook if commit else importing.rehearse_workbook
    problems: list[Problem] = []
    lines: list[dict[str, object]] = []
    notes: list[str] = []
    with Progress(console=console, transient=True, disable=json) as progress:
        for path in progress.track(files, description="工作簿"):
            words = vocabulary
            try:
                words = words_for_file(place, vocabulary, path, importing.limits_of(place))
                done = take(
                    place, officer, path, year=words.year, area=code, vocabulary=words, mode=mode,
                    valid_only=valid_only, watch=_bar(progress),
                )  # fmt: skip
            except (NotAllowedError, SeveralPacksError) as error:
                # One unit of somebody else's must not hide what became of the other files.
                done = importing.forbidden(path, error)
            problems += done.problems
            lines.append(_line(path, done, valid_only=valid_only))
            notes += [f"{path.name}：{note}" for note in done.checked.notes]
            if commit:
                hints = _outside_of_campaigns(place, done, vocabulary.year)
                notes += hints
                lines[-1] |= {"提示": "；".join(hints)} if hints and json else {}
            if done.problems and marked is not None:
                marked.mkdir(parents=True, exist_ok=True)
                returned = valid_only and not done.checked.blocked and bool(done.checked.rejected)
                mark_workbook(
                    path,
                    done.problems,
                    marked / _marked_name(path, files, "未收" if returned else "已标注"),
                    words,
                    only=done.checked.rejected if returned else None,
                    limits=importing.limits_of(place),
                )
    title = "导入" if commit else "检查（未写入；加 --commit 写入）"
    if problems:
        if not json and (len(files) > 1 or valid_only):
            show_table(title, lines, as_json=False, empty="")
        headings = ("文件", "工作表", "单元格", "问题", "改法")
        rows = [dict(zip(headings, row, strict=True)) for row in rows_of(problems)]
        show_table("问题", rows if json else rows[:SHOWN], as_json=json, empty="")
        if len(rows) > SHOWN and not json:
            where = f"全部见 {marked} 中的工作簿" if marked else "加 --marked 文件夹 写出标注的工作簿"
            console.print(f"另有 {len(rows) - SHOWN} 处未列出；{where}")
        _show_notes(notes, hidden=json)
        raise typer.Exit(2)
    show_table(title, lines, as_json=json, empty="")
    _show_notes(notes, hidden=json)


@app.command("flags")
def flags(
    officer: AsOfficer,
    year: Annotated[int, typer.Option(help="统计年度")],
    unit: Annotated[str, typer.Option(help="单位的统一社会信用代码；缺省为管理范围内全部")] = "",
    json: AsJson = False,
) -> None:
    """列出学时记录的疑点：同一证明、时间重叠、一日学时过多、没有开始日期、同一课程；只供核对，不影响学时。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        found = None if not unit else unit_rows.unit_by_code(session, actor.scope, unit)
        if unit and found is None:
            raise InputError(f"单位 {unit} 不存在或不在管理范围；见 xueshi register list")
        rows = [
            {
                "疑点": LABELS[one.flag.kind],
                "说明": one.flag.text,
                "各处": "；".join(
                    f"{place_.unit} {place_.person} {place_.record.content}（{place_.record.id}）"
                    for place_ in one.places
                ),
            }
            for one in flags_of_year(session, actor.scope, year, unit_id=found.id if found else None)
        ]
    show_table("疑点", rows, as_json=json, empty="没有疑点")


@app.command("list")
def list_(officer: AsOfficer, json: AsJson = False, csv: ToCsv = None, xlsx: ToXlsx = None) -> None:
    """列出管理范围内的在册单位。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        rows = [
            {
                "统一社会信用代码": unit.credit_code,
                "单位": unit.name,
                "地区": unit.area,
                "行业": unit.sector or "",
            }
            for unit in unit_rows.units(session, actor.scope)
        ]
    show_table(
        "在册单位", rows, as_json=json, csv=csv, xlsx=xlsx, empty="还没有单位；用 xueshi register import 导入"
    )


app.command("export")(transfer.export)
app.command("import-export")(transfer.import_export)


def _outside_of_campaigns(place: Workplace, done: importing.ImportOutcome, year: int) -> list[str]:
    """Say which of the imported units the year's open campaign does not know."""
    with reading(place.engine) as session:
        hints = [hint_after_import(place, session, one.unit_id, year) for one in done.results]
    return [hint for hint in hints if hint]


def _bar(progress: Progress) -> importing.Watch:
    """Return what shows a workbook's steps as bars, each from the moment it begins."""
    bars: dict[str, TaskID] = {}

    def watch(step: str, done: int, of: int) -> None:
        if step not in bars:
            bars[step] = progress.add_task(step, total=of)
        progress.update(bars[step], completed=done)

    return watch


def _show_notes(notes: Sequence[str], *, hidden: bool) -> None:
    for note in () if hidden else notes:
        console.print(f"提示：{note}", highlight=False)


def _marked_name(path: Path, files: Sequence[Path], what: str) -> str:
    """Return the name of a marked copy; files of one name from several folders are numbered."""
    twins = [one for one in files if one.stem == path.stem]
    number = f"-{twins.index(path) + 1}" if len(twins) > 1 else ""
    return f"{path.stem}-{what}{number}.xlsx"


def _line(path: Path, done: importing.ImportOutcome, *, valid_only: bool) -> dict[str, object]:
    words = {"promoted": "已入库", "unchanged": "此前已导入，没有变化"}
    checked = done.checked
    partly = valid_only and bool(done.problems)
    people = [
        one for register in checked.registers for one in (register.sound if partly else register.people)
    ]
    names = [register.unit.name for register in checked.registers]
    line: dict[str, object] = {
        "文件": path.name,
        "单位": names[0] if len(names) == 1 else f"{len(names)} 个单位" if names else "",
        "人员": len(people),
        "学习记录": sum(len(person.records) for person in people),
        "结果": words[done.result.outcome] if done.result else "有问题" if done.problems else "没有问题",
    }
    return {**line, "退回人员": checked.rejected_people} if partly else line


def _vocabulary(registry: Registry, region: str, year: int | None, area: str) -> tuple[IntakeVocabulary, str]:
    """Return the words of a region's workbook and the area it is for."""
    asked = registry.ask(region)
    jurisdiction = asked.jurisdiction()
    if not jurisdiction.areas:
        raise InputError(f"{region} 没有所辖地区，不受理登记")
    code = area or jurisdiction.areas[0].code
    chosen = year if year is not None else _latest_year(registry, region)
    return IntakeVocabulary.from_pack(registry.pack_for(code, chosen), chosen), code


def _latest_year(registry: Registry, region: str) -> int:
    """Return the latest year for which the region's plugin brings a notice, else the last year it encodes."""
    asked = registry.ask(region)
    instruments = asked.jurisdiction().instruments
    years = [
        year
        for one in instruments
        for year in range(one.years.first, (one.years.last or one.years.first + 40) + 1)
    ]
    noticed = [year for year in sorted(set(years)) if asked.notices(year)]
    if noticed:
        return noticed[-1]
    last = max((one.years.last or one.years.first for one in instruments), default=0)
    if not last:
        raise InputError(f"{region} 没有编码任何文件；请用 --year 指明年度")
    return last
