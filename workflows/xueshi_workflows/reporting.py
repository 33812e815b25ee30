"""Building the package for the superior authority: core counts and signs, templates make the workbooks.

Counting and rendering happen outside any write transaction; the same figures give the same bytes, so that building
again without a change finds the package that is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.figures.statistics import Heading, YearStudy, who_stands_behind
from xueshi.canonical import canonical_json
from xueshi.documents.statistics import table_columns, table_groups
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import InputError
from xueshi.register.identity import KeyRing
from xueshi.register.rows.people_rows import ShownPerson
from xueshi.reports import report_machine, repository
from xueshi.reports.contents import TableContent, shown_table, table_content
from xueshi.reports.desk import ReportDesk
from xueshi.reports.manifest import MissingArea, ReportHead
from xueshi.reports.package import write_package
from xueshi.reports.parts import PERSONS, PartReport, named_parts, require_counted_once
from xueshi.reports.sending_acts import ReportOrder, require_area
from xueshi.reports.signing import Signer
from xueshi.reports.summary import AreaFigures, combined, notes_of_parts, table_for, without_report
from xueshi.reports.tables import Report
from xueshi.storage import reading
from xueshi_templates.render import render

ENGINE = Scope.everything()
OUTGOING = "outgoing"


@dataclass(frozen=True)
class Below:
    """What an area's report takes in from below: the accepted reports that count, and the areas without one."""

    counted: tuple[PartReport, ...] = ()
    missing: tuple[MissingArea, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """What one report is built from: the area's own figures of each table (if any), the order, what comes from below."""

    studies: Sequence[YearStudy]
    order: ReportOrder
    heading: Heading
    papers: Sequence[DocumentTemplate]
    """The tables of the report; one for each of the studies where there are some."""
    below: Below = Below()


ActorOf = Callable[[Session], Actor]
GatheredBy = Callable[[Session, Actor], Gathered]


def build_report(
    engine: Engine, keys: KeyRing, actor_of: ActorOf, gathered_by: GatheredBy, persons: str
) -> tuple[Report, bool]:
    """Build an area's report as a new revision, or find the one that says the same; returns it and whether it is new.

    `persons` is `none` (counts by unit only), `masked` (identity numbers masked) or `indexed` (a pseudonym for each
    person, the same within one report). Raises InputError where nothing can be reported or a receipt is awaited.
    """
    with reading(engine) as session:
        actor = actor_of(session)
        gathered = gathered_by(session, actor)
        heading = gathered.heading
        require_area(actor, heading.area)
        newest = repository.newest_report(session, ENGINE, heading.region, heading.area, heading.year)
        shown: dict[str, ShownPerson] = {}
        if persons != "none":
            for study in gathered.studies:
                shown |= who_stands_behind(session, actor.scope, keys, study)[1]
        session.expunge_all()
    signer = Signer(keys.signing_seed)
    if newest is not None and newest.state != "rejected":
        again = _package(gathered, newest.revision, newest.made_on, persons, shown, signer)[1]
        if hashlib.sha256(again).hexdigest() == newest.digest:
            return newest, False
    known = None if newest is None else (newest.revision, newest.state)
    revision = report_machine.next_revision(known)  # type: ignore[arg-type]  # the column holds the machine's words
    made_on = max((heading.made_on, *(one.head.made_on for one in gathered.below.counted)))
    head, body = _package(gathered, revision, made_on, persons, shown, signer)
    return ReportDesk(engine, actor_of).build(gathered.order, head, body), True


def _package(
    gathered: Gathered,
    revision: int,
    made_on: date,
    persons: str,
    shown: Mapping[str, ShownPerson],
    signer: Signer,
) -> tuple[ReportHead, bytes]:
    dated = [replace(study, heading=replace(study.heading, made_on=made_on)) for study in gathered.studies]
    heading, counted = gathered.heading, gathered.below.counted
    names = [paper.id for paper in gathered.papers]
    if len(set(names)) != len(names):
        raise InputError(
            f"地区 {heading.area} 有两张同名的统计表（{names[0]}）；请在 papers/ 中改用不同的 id"
        )
    own = dated[:1]
    head = ReportHead(
        region=heading.region,
        area=heading.area,
        area_name=heading.area_name,
        year=heading.year,
        revision=revision,
        body=heading.reporting_body,
        period_start=min((heading.period_start, *(one.head.period_start for one in counted))),
        period_end=max((heading.period_end, *(one.head.period_end for one in counted))),
        made_on=made_on,
        sealed=all(study.sealed for study in dated) and all(one.head.sealed for one in counted),
        persons=persons,
        counts={
            "units": sum(len(one.units) for one in own)
            + sum(one.head.counts.get("units", 0) for one in counted),
            "people": sum(len(one.people) for one in own)
            + sum(one.head.counts.get("people", 0) for one in counted),
        },
        rules=tuple(
            sorted(
                {digest for study in dated for digest in study.rules}
                | {digest for one in counted for digest in one.head.rules}
            )
        ),
        tables=tuple(names),
        key_id=signer.key_id,
        sample=heading.sample or any(one.head.sample for one in counted),
        parts=named_parts(counted),
        missing=gathered.below.missing,
    )
    files: dict[str, bytes] = {}
    for paper in gathered.papers:
        files |= _files(paper, head, next((one for one in dated if one.paper.id == paper.id), None), gathered)
    if persons != "none":
        files[PERSONS] = _persons(own, persons, shown, head, counted)
    return head, write_package(head, files, signer)


def _files(
    paper: DocumentTemplate, head: ReportHead, study: YearStudy | None, gathered: Gathered
) -> dict[str, bytes]:
    """Return the files of one table: exact figures, the same for people to read, and the workbook for the seal."""
    below, name = gathered.below, paper.id
    heading = table_columns(paper)[0]
    content = None if study is None else _content(study)
    table = None if study is None else study.table()
    if content is None or table is None or below.counted or below.missing:
        content = _with_parts(paper, content, below, only=len(gathered.papers) == 1)
        table = shown_table(content, head, heading)
    return {
        f"data/{name}.json": content.to_bytes(),
        f"data/{name}.csv": content.to_csv(content.rows, heading.label),
        f"data/{name}-units.csv": content.to_csv(content.units, "单位"),
        f"tables/{name}.xlsx": render(paper, table, "xlsx"),
    }


def _content(study: YearStudy) -> TableContent:
    codes = [unit.credit_code for unit in study.units]
    groups = table_groups(study.paper)
    return table_content(study.table(), groups, study.rest(), study.by_unit(), codes, study.paper.id)


def _with_parts(
    paper: DocumentTemplate, own: TableContent | None, below: Below, *, only: bool
) -> TableContent:
    """Return a table with the parts added to the area's own figures. Raises InputError where a part cannot be added."""
    parts: list[AreaFigures] = []
    for one in below.counted:
        content = table_for(paper.id, one.tables, only=only)
        if content is None:
            there = "、".join(f"《{table.title}》（{key}）" for key, table in one.tables.items()) or "无"
            raise InputError(
                f"{one.head.area_name}的报告没有《{paper.title}》（{paper.id}），只有：{there}，不能计入。"
                "请退回由其按本级的统计表编制，或在本级插件的 papers/ 中为该表改用相同的 id"
            )
        parts.append(AreaFigures(one.head, content))
    members = [*([("本级", own)] if own is not None else [])]
    members += [(one.head.area_name, one.content) for one in parts]
    require_counted_once(members)
    notes = [] if own is None else [f"含本级登记的{len(own.units)}家单位。", *own.notes]
    here = [one for one in below.missing if not one.inside]
    if parts:
        notes += notes_of_parts(paper, parts, [], here, with_own=own is not None)
    elif here:
        notes.append(without_report(here))
    return combined(paper, [content for _, content in members], notes)


def _persons(
    own: Sequence[YearStudy],
    persons: str,
    shown: Mapping[str, ShownPerson],
    head: ReportHead,
    counted: Sequence[PartReport],
) -> bytes:
    """Return one line for each person: unit, level, verdict, hours; no name, no birthday, no identity number.

    Raises InputError where a part has no such lines: a list with gaps would be taken for the whole.
    """
    lines = [line for study in own for line in _lines(study, persons, shown, head)]
    for one in counted:
        if one.persons is None or one.head.persons != persons:
            raise InputError(
                f"{one.head.area_name}的报告没有所要的人员明细（--persons {persons}），不能编制；"
                "请退回由其附人员明细另报一次，或不附人员明细（--persons none）"
            )
        lines += json.loads(one.persons)["lines"]
    return (canonical_json({"persons": persons, "lines": lines}) + "\n").encode()


def _lines(
    study: YearStudy, persons: str, shown: Mapping[str, ShownPerson], head: ReportHead
) -> list[dict[str, object]]:
    codes = {str(unit.id): unit.credit_code for unit in study.units}
    lines: list[dict[str, object]] = []
    for person in study.people:
        one = shown.get(person.who)
        mark = "" if one is None else one.identity if persons == "masked" else _pseudonym(one, head)
        lines.append(
            {
                "person": mark,
                "unit": codes[person.unit],
                "level": person.group,
                "verdict": person.verdict,
                "hours": dict(person.hours),
                "total": person.total,
            }
        )
    return lines


def _pseudonym(person: ShownPerson, head: ReportHead) -> str:
    """Return a mark by which a person is recognised within one area's reports of a year, and nowhere else."""
    return hashlib.sha256(f"{head.area}:{head.year}:{person.index}".encode()).hexdigest()[:32]


def write_outgoing(folder: Path, name: str, body: bytes) -> Path:
    """Write a package where the transport takes it from, whole or not at all; the same again changes nothing."""
    path = folder / OUTGOING / file_name(name)
    if path.is_file() and path.read_bytes() == body:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_bytes(body)
    os.replace(partial, path)  # noqa: PTH105 - atomic on one file system
    return path


def file_name(name: str) -> str:
    """Return the file name of a report known as `report:{region}:{area}:{year}:{revision}`."""
    return f"{name.replace(':', '-')}.zip"
