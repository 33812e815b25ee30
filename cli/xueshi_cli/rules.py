"""`xueshi rules`: the law in force in a region, as a table and read aloud in Chinese."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from xueshi.errors import InputError, NotEncodedError, RuleFileError
from xueshi.registry import Registry
from xueshi.regulations.difference import differences, title_of
from xueshi.regulations.pack import RulePack
from xueshi.regulations.published_text import PublishedText
from xueshi.regulations.reading import LawReading, other_options, read_law, with_other_options
from xueshi_cli import rule_drafts, schemas
from xueshi_cli.attached import attach
from xueshi_cli.law_here import law_here
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, show_table

app = Noun("规定：现行条目、读本、原文、异同，本级口径的起草、测算、发布")
app.command("draft")(rule_drafts.draft)
app.command("impact")(rule_drafts.impact)
app.command("publish")(rule_drafts.publish)
app.command("rollback")(rule_drafts.rollback)
app.command("drafts")(rule_drafts.drafts)
app.command("schema")(schemas.schema)

Law = Annotated[str, typer.Argument(help="地区代码或文件编号，见 xueshi regions list")]
Year = Annotated[int | None, typer.Option(help="统计年度；缺省为该地区的全部文件")]
Area = Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为整个地区")]
KINDS = {
    "added": "新增",
    "removed": "没有了",
    "changed": "改动",
    "moved": "换了条款",
    "logic": "读法相同，逻辑不同",
}
SHOWN = ("rules", "groups", "refuse", "requirements", "deemed", "manual")


@app.command("read")
def read(
    law: Law,
    year: Year = None,
    area: Area = "",
    options: Annotated[bool, typer.Option("--options", help="加上另一种口径下的读法")] = False,
    json: AsJson = False,
) -> None:
    """把整份文件读成中文：每条认定标准、限制、要求、口径和由人决定的事项。"""
    registry = law_here(strict=False)
    readings = []
    for instrument in instruments(registry, law, year, area):
        pack = registry.pack_of(instrument, area, year=year)
        under = _Under(registry, instrument, area, year)
        reading = with_other_options(read_law(pack), pack, under)
        if options:
            more = other_options(pack, under)
            reading = LawReading(reading.id, reading.head, (*reading.sections, more))
        readings.append(reading)
    if json:
        typer.echo(json_.dumps([one.to_json() for one in readings], ensure_ascii=False))
        return
    typer.echo("\n\n".join("\n".join(one.lines()) for one in readings))


@app.command("show")
def show(law: Law, year: Year = None, area: Area = "", json: AsJson = False) -> None:
    """列出现行条目：编号、条款、读法。"""
    registry = law_here(strict=False)
    rows = []
    heads = []
    for instrument in instruments(registry, law, year, area):
        reading = read_law(registry.pack_of(instrument, area, year=year))
        heads.append(reading.head[0])
        rows += [
            {"文件": reading.id, "部分": section.title, "条目": one.id, "条款": one.clause, "读法": one.text}
            for section in reading.sections
            if section.name in SHOWN
            for one in section.sentences
        ]
    show_table("；".join(heads), rows, as_json=json, empty="没有条目")


@app.command("attach")
def attach_(
    law: Law,
    file: Annotated[Path, typer.Argument(help="公布的原文（.txt 或 .docx）")],
    officer: Annotated[str, typer.Option("--as", help="以哪个账号办理；不填则记为本机用户")] = "",
) -> None:
    """附上公布的原文：存入数据文件夹；以后说明中引用原句，检查时逐个核对数字（E206）。"""
    registry = law_here(strict=False)
    found = instruments(registry, law, None)
    if len(found) > 1:
        raise InputError(f"{law} 有几份文件，请写明其中一份：{'、'.join(found)}")
    [instrument] = found
    held = attach(registry.source_of(instrument), instrument, file, officer)
    stored = f"{instrument} 已附原文 {held.file}（第{held.number}份，sha256 {held.sha256}）"
    try:
        pack = registry.pack_of(instrument)
        text = PublishedText(held.text, registry.printed_numbers(instrument))
    except RuleFileError as error:
        # The text is stored whatever the rule file is like: it is compared with it while that is being written.
        typer.echo(f"{stored}；规则文件还有错误，改正以后才能引用原句（xueshi regions check 逐条核对）：")
        typer.echo(str(error))
        return
    numbers = list(pack.data["clauses"][instrument])
    lacking = [one for one in numbers if not text.quote(one)]
    typer.echo(f"{stored}：{len(numbers)}条中可引用原句{len(numbers) - len(lacking)}条")
    if lacking:
        typer.echo(f"在原文的编号中没有找到（说明中仍用大意）：{'、'.join(lacking)}")


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="文件编号，例如 EX2020")],
    after: Annotated[str, typer.Argument(help="与之比较的文件编号，例如 EX2024")],
    area: Area = "",
    json: AsJson = False,
) -> None:
    """两份文件的异同：条款、条目、要求（数字在句中），以及读法相同而逻辑不同的条目。"""
    registry = law_here(strict=False)
    packs = [registry.pack_of(one, area) for one in (before, after)]
    found = differences(*packs)
    if json:
        typer.echo(json_.dumps([asdict(one) for one in found], ensure_ascii=False))
        return
    typer.echo(f"{before} → {after}：{len(found)}处不同")
    part = ""
    for one in found:
        if one.part != part:
            part = one.part
            typer.echo(f"\n【{title_of(part)}】")
        place = " → ".join(
            dict.fromkeys(clause for clause in (one.clause_before, one.clause_after) if clause)
        )
        typer.echo(f"{KINDS[one.kind]} {one.id}" + (f"（{place}）" if place and place != one.id else ""))
        for sign, text in (("－", one.before), ("＋", one.after)):
            if text and not (one.kind in ("moved", "logic") and sign == "＋"):
                typer.echo(f"  {sign} {text}")


def instruments(registry: Registry, law: str, year: int | None, area: str = "") -> list[str]:
    """Return the instruments that a region (or the id of one instrument) and a year name.

    Raises NotEncodedError when nothing covers the year, naming the nearest; InputError for an unknown name.
    """
    owners = {
        one.id: code for code in registry.codes() for one in registry.ask(code).jurisdiction().instruments
    }
    if law in owners:
        span = next(
            one.years for one in registry.ask(owners[law]).jurisdiction().instruments if one.id == law
        )
        if year is not None and year not in span:
            raise NotEncodedError(f"{law}适用于{span}年度，不适用于{year}年度；请改用其中的年度")
        return [law]
    who = registry.ask(law).jurisdiction()
    if area and year is not None:
        return [registry.line_for(area, year).use]
    spans = [(line.use, line.years) for line in who.applies] or [
        (one.id, one.years) for one in who.instruments
    ]
    found = list(dict.fromkeys(use for use, span in spans if year is None or year in span))
    if not found:
        nearest = min(spans, key=lambda pair: _distance(pair[1].first, pair[1].last, year or 0))
        raise NotEncodedError(
            f"{who.name}的{year}年度没有已编码的文件；最近的是 {nearest[0]}（{nearest[1]} 年度）"
        )
    return found


def _distance(first: int, last: int | None, year: int) -> int:
    return first - year if year < first else year - (last or year)


class _Under:
    """Resolves one instrument with one reading set to one option."""

    def __init__(self, registry: Registry, instrument: str, area: str, year: int | None) -> None:
        self.registry, self.instrument, self.area, self.year = registry, instrument, area, year

    def __call__(self, reading: str, option: str) -> RulePack:
        return self.registry.pack_of(self.instrument, self.area, {reading: option}, self.year)
