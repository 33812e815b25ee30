"""`xueshi explain PERSON --year Y`: why each hour of a judged year counted or not, what is missing, what would cure it."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.assessment.explanation_text import text_lines
from xueshi.audit import repository as audit
from xueshi.campaigns.judging.explaining import ExplainedResult, explain_result
from xueshi.documents.explained_year import explained_year
from xueshi.errors import InputError, NotFoundError
from xueshi.registry import load
from xueshi.regulations.published_text import quotes_of
from xueshi.results import repository as results
from xueshi.results.tables import YearResult
from xueshi.storage import reading
from xueshi_cli.output import AsJson, AsOfficer
from xueshi_cli.steering import person_id_of
from xueshi_cli.workplace import Workplace
from xueshi_templates.explanation import explanation_pdf


def explain(
    person: Annotated[str, typer.Argument(help="人员编号或身份证号")],
    year: Annotated[int, typer.Option(help="年度")],
    officer: AsOfficer,
    campaign: Annotated[str, typer.Option(help="年度验证编号；同一年度有几次的须指明")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写成可打印的PDF文件")] = None,
    json: AsJson = False,
) -> None:
    """学时认定说明：每条记录计多少学时、依据哪一条、还差多少、还可以怎样补足。"""
    place = Workplace.here()
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        texts = quotes_of(audit.attached_texts(session), load(strict=False).printed_numbers)
        found = [
            explain_result(session, actor.scope, result, texts)
            for result in _results(place, session, actor, person, year)
        ]
    if campaign:
        found = [one for one in found if one.campaign == campaign]
        if not found:
            raise NotFoundError(
                f"年度验证 {campaign} 中没有此人{year}年度的核算结果；见 xueshi campaign list"
            )
    if output is not None:
        _print_page(found, output)
        return
    if json:
        typer.echo(json_.dumps([_as_data(one) for one in found], ensure_ascii=False))
    else:
        typer.echo("\n\n".join("\n".join(_lines(one)) for one in found))
    if all(one.explanation.verdict == "not_judged" for one in found):
        raise typer.Exit(1)


def _results(place: Workplace, session: Session, actor: Actor, person: str, year: int) -> list[YearResult]:
    """Find the results of a person in the officer's scope; whether a person exists elsewhere is not told."""
    judged = results.years_of_person(session, actor.scope, person_id_of(place, session, person))
    if not judged:
        raise NotFoundError(
            "没有此人的核算结果，或不在您的管理范围；请核对人员编号或身份证号，并确认单位已申报"
        )
    found = [one for one in judged if one.year == year]
    if not found:
        years = "、".join(str(one) for one in sorted({one.year for one in judged}))
        raise NotFoundError(f"此人没有{year}年度的核算结果；有结果的年度：{years}")
    return found


def _lines(one: ExplainedResult) -> list[str]:
    return [
        f"{one.person}　{one.unit}　（{one.campaign}，第{one.revision}次核算）",
        *text_lines(one.explanation),
    ]


def _as_data(one: ExplainedResult) -> dict[str, Any]:
    return {
        "person": one.person,
        "unit": one.unit,
        "campaign": one.campaign,
        "revision": one.revision,
        **one.explanation.to_json(),
    }


def _print_page(found: list[ExplainedResult], output: Path) -> None:
    if len(found) > 1:
        raise InputError(
            f"同一年度有几次年度验证，请用 --campaign 指明：{'、'.join(one.campaign for one in found)}"
        )
    if output.exists():
        raise InputError(f"{output} 已存在；请换一个文件名，或先移走它")
    one = found[0]
    data = explained_year(
        one.explanation, person=one.person, unit=one.unit, made_on=one.judged_on, sample=one.sample
    )
    output.write_bytes(explanation_pdf(data))
    typer.echo(f"已写出 {output}")
