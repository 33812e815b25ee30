"""`xueshi regions`: which jurisdictions are there, what they hold, whether their files are sound."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from xueshi.errors import InputError
from xueshi.flows.flow_words import flow_sentences
from xueshi.plugin_check import check_files, looser_findings
from xueshi.real_clock import real_now
from xueshi.registry import Registry, load
from xueshi.regulations.check import check as check_instrument
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.finding_words import in_chinese
from xueshi.regulations.instrument import Clause, read_rule_file
from xueshi.regulations.outline import outline
from xueshi_cli.attached import attached_texts
from xueshi_cli.comparing import show_comparison
from xueshi_cli.listing_words import show_words
from xueshi_cli.notice_text import notice_text
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, console, show_record, show_table
from xueshi_cli.region_findings import WORDS, finding_lines
from xueshi_cli.region_kit import EMPTY, NewRegion, check_new, scaffold, write_new
from xueshi_cli.schemas import schema

app = Noun("地区：列表、详情、检查、条款覆盖")
app.command("schema")(schema)

STATUSES = {
    "encoded": "已编码",
    "procedural": "程序性",
    "discretionary": "裁量",
    "out_of_scope": "范围外",
    "same": "与上位文同",
}


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="地区代码，小写拉丁字母，例如 example")],
    area: Annotated[str, typer.Option(help="行政区划代码（GB/T 2260），六位数字")],
    title: Annotated[str, typer.Option(help="文件标题；有 --from 时从文中取")] = "",
    place: Annotated[str, typer.Option(help="地区的中文名称")] = "",
    instrument: Annotated[str, typer.Option(help="文件编号，例如 EX2024；不写则由代码和印发年度组成")] = "",
    parent: Annotated[str, typer.Option(help="上位文件的编号：只写不同之处")] = "",
    from_: Annotated[Path | None, typer.Option("--from", help="通知全文（.txt 或 .docx），取其编号")] = None,
    folder: Annotated[
        Path | None, typer.Option("-o", help="写到哪个文件夹；不写则为 ./xueshi-<代码>")
    ] = None,
) -> None:
    """新建一个地区插件：由通知的编号列出全部条款，其余照着填写。"""
    read = outline(notice_text(from_)) if from_ is not None else EMPTY
    registry = load(strict=False)
    region = NewRegion(name, area, place, title, instrument, parent, read)
    check_new(region, registry.codes(), {one: registry.owner_of(one) for one in registry.instruments()})
    target = folder if folder is not None else Path(f"xueshi-{name.replace('_', '-')}")
    written = scaffold(region)
    write_new(written, target)
    for path in written:
        typer.echo(str(target / path))
    if from_ is not None:
        typer.echo(
            f"条款 {len(read.clauses)} 条，状态都是 todo：逐条改为 encoded、procedural、discretionary 或 out_of_scope"
        )
        if not read.clauses:
            typer.echo("文中没有认出编号（一、（一）1. 第一条）：请检查是否每段一行，或手工列出条款")
        for number in read.repeated:
            typer.echo(
                f"编号 {number} 在文中出现不止一次，只列了第一次；请核对，必要时另取名（例如加“末”或附件号）"
            )
    typer.echo(
        "先核对脚手架所猜：title、effective、years（规则文件、流程、applies）、year.starts 和 named_by、conventions.minimum，并补上流程和applies的条款"
    )
    typer.echo(f"然后：pip install --no-deps --no-build-isolation -e {target}；xueshi regions check {name}")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """列出已安装的地区插件。"""
    registry = load(strict=False)
    rows = []
    for code in registry.codes():
        who = registry.ask(code).jurisdiction()
        encoded = [one.id for one in who.instruments if one.file is not None]
        rows.append(
            {
                "代码": code,
                "名称": who.name,
                "文件": "、".join(f"{one.id}（{one.years}）" for one in who.instruments),
                "已编码": f"{len(encoded)} / {len(who.instruments)}",
                "地区": len(who.areas),
            }
        )
    show_table(
        "地区插件", rows, as_json=json, empty="没有安装任何地区插件；安装一个，例如 pip install xueshi-<地区>"
    )
    for problem in registry.problems:
        console.print(f"[red]{problem}[/red]")
    if registry.problems:
        raise typer.Exit(1)


@app.command("show")
def show(region: str, json: AsJson = False) -> None:
    """查看一个地区：文件、适用、通知、表卡，以及每个流程的环节（谁填报、谁审核、期限、依据）。"""
    asked = load().ask(region)
    who = asked.jurisdiction()
    years = sorted(
        {year for one in who.instruments for year in _sample_years(one.years.first, one.years.last)}
    )
    flows = [placed.flow for placed in asked.placed_flows()]
    notices = {notice.id: notice.number for year in years for notice in asked.notices(year)}
    papers = {paper.id: paper.title for year in years for paper in asked.document_templates(year)}
    record: dict[str, Any] = {
        "代码": who.code,
        "名称": who.name,
        "上级模板": who.parent or "",
        "地区": "、".join(f"{area.code} {area.name}" for area in who.areas),
        "文件": "；".join(f"{one.id} {one.title}（{one.number}，{one.years}）" for one in who.instruments),
        "适用": "；".join(f"{line.area} {line.years} 用 {line.use}（{line.clause}）" for line in who.applies),
        "流程": "、".join(flow.title for flow in flows),
        "通知": "、".join(notices.values()),
        "表卡": "、".join(papers.values()),
    }
    sentences = {flow.id: flow_sentences(flow) for flow in flows}
    show_record(who.name, {**record, "环节": sentences} if json else record, as_json=json)
    if not json:
        for lines in sentences.values():
            typer.echo("\n".join(("", *lines)))


@app.command("words")
def words(
    word: Annotated[
        str, typer.Argument(help="事实、种类（代码或中文名称）、文件编号或地区代码；不写则为全部")
    ] = "",
    json: AsJson = False,
) -> None:
    """列出规则文件可用的词：种类、事实，及其中文名称、类型、取值和写法。"""
    show_words(load(strict=False), word, as_json=json)


@app.command("check")
def check(
    region: str,
    lang: Annotated[str, typer.Option(help="zh：中文；en：英文")] = "zh",
    json: AsJson = False,
) -> None:
    """静态检查一个地区的全部文件（规则、适用、流程、通知、表卡）；有错误（E）时退出码为 1。"""
    if lang not in WORDS:
        raise InputError(f"--lang 只有 zh 和 en，没有“{lang}”")
    registry = load()
    asked = registry.ask(region)
    who = asked.jurisdiction()
    texts = attached_texts()
    found = check_files(registry, region)
    for one in who.instruments:
        if one.file is not None:
            found += check_instrument(
                one.id,
                registry.source_of,
                overlays=asked.overlays(one.id, ""),
                functions=asked.hour_functions(one.id),
                texts=texts,
                today=real_now().astimezone().date().isoformat(),
            )
    found += looser_findings(registry, region)
    # A flow file that cannot be read is a finding already; what it holds cannot be judged then.
    if not any(finding.code == "N101" and "/flows/" in finding.file for finding in found):
        found += registry.flow_findings(region)
    rows = [
        {
            "级别": finding.severity,
            "编号": finding.code,
            "位置": f"{finding.file}:{finding.line}",
            "条款": finding.clause,
            "问题": finding.message,
            "改法": finding.repair,
            "message_zh": said.message,
            "repair_zh": said.repair,
        }
        for finding in found
        for said in [in_chinese(finding)]
    ]
    listed = [one.id for one in who.instruments if one.file is None]
    errors = sum(row["级别"] == "E" for row in rows)
    if json:
        show_table("", rows, as_json=True, empty="")
    else:
        typer.echo(f"{who.name}：{'检查结果' if rows else '没有发现问题'}")
        for line in finding_lines(found, lang):
            typer.echo(line)
        for one in who.instruments:
            if one.file is not None:
                console.print(f"条款覆盖 {one.id}：{_covered(_clauses(registry, one.id))}")
        if listed:
            console.print(f"尚未编码、拒绝核算：{'、'.join(listed)}")
        console.print(f"错误 {errors}，提示 {len(rows) - errors}")
    if errors:
        raise typer.Exit(1)


@app.command("coverage")
def coverage(region: str, json: AsJson = False) -> None:
    """按状态统计条款覆盖，并列出范围外的条款和理由。"""
    registry = load()
    rows = []
    left_out = []
    for one in registry.ask(region).jurisdiction().instruments:
        if one.file is None:
            rows.append({"文件": one.id, "条款": 0, "说明": "尚未编码"})
            continue
        clauses = _clauses(registry, one.id)
        counts = Counter(clause.status for clause in clauses)
        encoded = sum(_status(registry, one.id, clause) == "encoded" for clause in clauses)
        rows.append(
            {
                "文件": one.id,
                "条款": len(clauses),
                **{label: counts.get(status, 0) for status, label in STATUSES.items()},
                "编码率": f"{encoded} / {len(clauses)}",
            }
        )
        left_out += [
            f"{one.id} {clause.number}：{clause.gist}"
            for clause in clauses
            if clause.status == "out_of_scope"
        ]
    show_table("条款覆盖", rows, as_json=json, empty="该地区没有文件")
    if not json:
        for line in left_out:
            console.print(f"范围外：{line}")


@app.command("compare")
def compare(
    laws: Annotated[list[str] | None, typer.Argument(help="地区代码或文件编号；不写则为全部")] = None,
    floor: Annotated[str, typer.Option(help="与哪份上位文件比较；不写则取不直接适用于任何人的那份")] = "",
    year: Annotated[int | None, typer.Option(help="按哪一年度的数字；不写则为各文件的最近年度")] = None,
    json: AsJson = False,
) -> None:
    """各地规则并列比较，并逐项与国家规定比较：严于、相同、宽于、未规定。"""
    registry = load(strict=False)
    show_comparison(registry, laws or [], floor, year, as_json=json)


def _covered(clauses: list[Any]) -> str:
    """Say how many clauses have which status: `34条，已编码13、程序性15、裁量2、范围外4`."""
    counts = Counter(clause.status for clause in clauses)
    told = "、".join(f"{label}{counts[status]}" for status, label in STATUSES.items() if counts[status])
    without = len(clauses) - sum(counts[status] for status in STATUSES)
    return "，".join(
        part for part in (f"{len(clauses)}条", told, f"没有状态{without}" if without else "") if part
    )


def _clauses(registry: Registry, instrument: str) -> list[Clause]:
    return list(read_rule_file(registry.source_of(instrument), Findings()).clauses.values())


def _status(registry: Registry, instrument: str, clause: Clause) -> str:
    """Return the status of a clause; what is the same as in the superior text has the status that it has there."""
    parent = read_rule_file(registry.source_of(instrument), Findings()).header.parent
    if clause.status != "same" or parent is None:
        return clause.status
    above = next((one for one in _clauses(registry, parent) if one.number == clause.number), None)
    return _status(registry, parent, above) if above is not None else clause.status


def _sample_years(first: int, last: int | None) -> range:
    """The years in which something of an instrument may differ: its own, or twenty from its first on."""
    return range(first, (last if last is not None else first + 20) + 1)
