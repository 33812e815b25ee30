"""`xueshi assess` and `xueshi precheck`: one person's year, and a planned activity, judged without a campaign."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated, Any

import typer

from xueshi.assessment.evaluate import evaluate, not_judged
from xueshi.assessment.explanation import explain
from xueshi.assessment.explanation_text import record_lines, requirement_line, text_lines, window_line
from xueshi.assessment.precheck import Precheck, precheck
from xueshi.assessment.program import program
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.assessment.unread import unread_phrases
from xueshi.assessment.windows import figures_of_earlier, with_windows
from xueshi.errors import InputError, NotEncodedError, RuleError
from xueshi.hours import show_hours
from xueshi.registry import Registry
from xueshi.regulations.pack import RulePack
from xueshi.regulations.published_text import quotes_of
from xueshi_cli.attached import attached_texts
from xueshi_cli.facts_given import (
    given_facts,
    kind_named,
    person_facts,
    read_minimums,
    read_request,
    read_years,
    years_wanted,
)
from xueshi_cli.law_here import law_here
from xueshi_cli.output import AsJson, show_table

Region = Annotated[str, typer.Option(help="地区插件代码，见 xueshi regions list")]
Area = Annotated[str, typer.Option(help="地区代码（GB/T 2260）；缺省为该地区插件的第一个地区")]
Year = Annotated[int, typer.Option(help="统计年度")]
Sector = Annotated[str, typer.Option(help="行业；有行业规定的地区按行业规定核算")]
PLAN = "计划"


def assess(
    region: Region,
    year: Year,
    file: Annotated[Path, typer.Option(help="一个人一年的记录（JSON）")],
    area: Area = "",
    sector: Sector = "",
    explained: Annotated[bool, typer.Option("--explain", help="逐条说明原因，并列出还可以怎样补足")] = False,
    json: AsJson = False,
) -> None:
    """核算一个人的一个年度：结论、各类学时、逐条台账。"""
    registry = law_here()
    code = area_of(registry, region, area)
    try:
        pack = registry.pack_for(code, year, sector or None)
    except NotEncodedError as error:
        _no_law(PersonYearRequest(code, year, {}, ()), str(error), as_json=json)
        return
    request = read_request(file, pack, code, year)
    others, asked_then = read_years(file, pack), read_minimums(file, pack)
    packs = _Packs(registry, code, sector or None)
    try:
        result = evaluate(pack, request)
        figures = figures_of_earlier(packs, request, others, asked_then)
        result = with_windows(pack, request, result, figures)
    except RuleError as error:
        raise InputError(f"{file}：{error}") from error
    texts = quotes_of(attached_texts(), registry.printed_numbers)
    laws = {
        name: registry.pack_of(name)
        for name in {entry.regulation for entry in request.earlier} & set(registry.instruments())
    }
    notices = (*notices_of(pack, request), *years_wanted(pack, result, packs))
    if json:
        body = {**result.to_json(), "notices": list(notices)}
        if explained:
            body["explanation"] = explain(pack, request, result, texts, laws).to_json()
        typer.echo(json_.dumps(body, ensure_ascii=False))
    elif explained or result.verdict == "not_judged":
        typer.echo("\n".join(text_lines(explain(pack, request, result, texts, laws))))
    else:
        _show(pack, request, result)
    if not json:
        for notice in notices:
            typer.echo(f"提示：{notice}")
    if result.verdict == "not_judged":
        raise typer.Exit(1)


def precheck_(
    region: Region,
    year: Year,
    kind: Annotated[str, typer.Option(help="活动种类：代码或中文名称")],
    fact: Annotated[
        list[str] | None, typer.Option(help="事实，名称=值，可重复；如 --fact days=3 或 --fact 天数=3")
    ] = None,
    person: Annotated[
        str, typer.Option(help="职称层级：senior、intermediate、junior 或 高级、中级、初级")
    ] = "",
    area: Area = "",
    sector: Sector = "",
    file: Annotated[Path | None, typer.Option(help="本年已有的记录（JSON，同 xueshi assess）")] = None,
    json: AsJson = False,
) -> None:
    """计划中的活动算不算：结合本年已有的记录，说明可计多少学时、依据哪一条；不计的退出码为 1。"""
    registry = law_here()
    code = area_of(registry, region, area)
    try:
        pack = registry.pack_for(code, year, sector or None)
    except NotEncodedError as error:
        _no_law(PersonYearRequest(code, year, {}, ()), str(error), as_json=json)
        return
    request = read_request(file, pack, code, year) if file else PersonYearRequest(code, year, {}, ())
    if person:
        level = person_facts({"level": person}, pack, "--person")
        request = request._replace(person={**request.person, **level})
    chosen = kind_named(kind, pack)
    planned = RecordFacts(
        _free_id(request), chosen, given_facts(fact or (), pack, chosen), name=pack.kinds[chosen]
    )
    try:
        if file and program(pack).rests_on_years:
            packs = _Packs(registry, code, sector or None)
            others = figures_of_earlier(packs, request, read_years(file, pack), read_minimums(file, pack))
            request = request._replace(years=others)
        found = precheck(pack, request, planned)
    except RuleError as error:
        raise InputError(str(error)) from error
    # What nothing reads of the plan itself its explanation says.
    told = notices_of(pack, request) if request.records else ()
    if json:
        notices = notices_of(pack, request._replace(records=(*request.records, planned)))
        typer.echo(json_.dumps({**found.to_json(), "notices": list(notices)}, ensure_ascii=False))
    else:
        typer.echo("\n".join([*_answer(found), *(f"提示：{notice}" for notice in told)]))
    if not found.counts:
        raise typer.Exit(1)


def area_of(registry: Registry, region: str, area: str) -> str:
    """Return the area asked for, or the first of the region. Raises InputError when the region does not govern it."""
    areas = registry.ask(region).jurisdiction().areas
    if not area:
        if not areas:
            raise InputError(f"{region} 没有所辖地区，请用 --area 指明地区代码")
        return areas[0].code
    if len(area) != 6 or not area.isdigit():
        raise InputError(
            f"--area “{area}”不是地区代码；应为六位数字（GB/T 2260），如 {areas[0].code if areas else '…'}"
        )
    owner = registry.region_for(area)
    if owner != region:
        raise InputError(f"地区 {area} 由 {owner} 管辖，不由 {region} 管辖；请改用 --region {owner}")
    return area


def notices_of(pack: RulePack, request: PersonYearRequest) -> tuple[str, ...]:
    """Say what was handed in and is weighed by nothing: facts that no rule for the kind reads; no record at all."""
    if not request.records:
        return ("文件中没有记录（records），按没有学习核算",)
    return tuple(
        f"记录{one.id}所填的{'、'.join(phrases)}没有条款使用，不影响学时；确有影响的，请另行处理"
        for one in request.records
        if (phrases := unread_phrases(pack, one))
    )


class _Packs:
    """The law of other years in the same area and sector; None where none is encoded."""

    def __init__(self, registry: Registry, area: str, sector: str | None) -> None:
        self.registry, self.area, self.sector = registry, area, sector

    def __call__(self, year: int) -> RulePack | None:
        try:
            return self.registry.pack_for(self.area, year, self.sector)
        except NotEncodedError:
            return None


def _free_id(request: PersonYearRequest) -> str:
    taken = {one.id for one in request.records}
    return next(name for name in (PLAN, *(f"{PLAN}{n}" for n in range(len(taken) + 1))) if name not in taken)


def _no_law(request: PersonYearRequest, text: str, *, as_json: bool) -> None:
    """Answer for a year without law: not judged, with the nearest years; exit 1."""
    if as_json:
        typer.echo(json_.dumps(not_judged(request, text).to_json(), ensure_ascii=False))
    else:
        typer.echo(f"未核算：{text}")
    raise typer.Exit(1)


def _show(pack: RulePack, request: PersonYearRequest, result: YearAssessment) -> None:
    explained = explain(pack, request, result)
    typer.echo(
        f"{result.year}年度：{explained.verdict_text}（《{pack.title}》{explained.number}，{pack.id}）"
    )
    typer.echo("学时：" + "，".join(f"{label}{show_hours(hours)}" for label, hours in explained.totals))
    for one in explained.requirements:
        typer.echo(requirement_line(one))
    for window in explained.windows:
        typer.echo(window_line(window))
    for warning in explained.warnings:
        typer.echo(f"提示：{warning}")
    rows: list[dict[str, Any]] = [
        {
            "记录": one.record,
            "种类": one.kind,
            "认定": one.verdict_text,
            "学时": "" if one.verdict in ("needs_fact", "manual") else show_hours(one.hours),
            "类别": one.category,
            "条款": one.clause,
            "条目": "＋".join(one.rules),
            "说明": entry.text,
        }
        for one, entry in zip(explained.records, result.ledger, strict=True)
    ]
    show_table("台账", rows, as_json=False, empty="没有记录")


def _answer(found: Precheck) -> list[str]:
    award, gain = show_hours(found.award.hours), show_hours(found.gain)
    head = f"算：可计{award}学时" if found.counts else f"不算：{found.explanation.verdict_text}"
    if found.explanation.verdict in ("needs_fact", "manual"):
        head = f"还不能判断：{found.explanation.why}"
    lines = [head, *record_lines(found.explanation)[1:]]
    if found.others:
        lines.append(f"对本年其他记录的影响（合计增加{gain}学时）：")
        lines += [
            f"  记录{before.record}：{show_hours(before.hours)} → {show_hours(after.hours)}学时"
            for before, after in found.others
            if before.hours != after.hours
        ]
    lines += [requirement_line(one) for one in found.requirements]
    return lines
