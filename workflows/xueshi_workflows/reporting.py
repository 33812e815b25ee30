"""Building the package for the superior authority: core counts and signs, templates make the workbooks.

Counting and rendering happen outside any write transaction; the same figures give the same bytes, so that building
again without a change finds the package that is there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.figures.statistics import YearStudy, who_stands_behind
from xueshi.canonical import canonical_json
from xueshi.documents.statistics import table_groups
from xueshi.errors import InputError
from xueshi.register.identity import KeyRing
from xueshi.register.rows.people_rows import ShownPerson
from xueshi.reports import acts, report_machine, repository
from xueshi.reports.acts import ReportOrder
from xueshi.reports.contents import table_content
from xueshi.reports.manifest import ReportHead
from xueshi.reports.package import write_package
from xueshi.reports.signing import Signer
from xueshi.reports.tables import Report
from xueshi.storage import reading, transaction
from xueshi_templates.render import render

ENGINE = Scope.everything()
OUTGOING = "outgoing"


@dataclass(frozen=True)
class Gathered:
    """What one report is built from: the figures of each table of one area, and the order."""

    studies: Sequence[YearStudy]
    order: ReportOrder


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
        heading = gathered.studies[0].heading
        acts.require_area(actor, heading.area)
        newest = repository.newest_report(session, ENGINE, heading.region, heading.area, heading.year)
        shown: dict[str, ShownPerson] = {}
        if persons != "none":
            for study in gathered.studies:
                shown |= who_stands_behind(session, actor.scope, keys, study)[1]
        session.expunge_all()
    signer = Signer(keys.signing_seed)
    if newest is not None and newest.state != "rejected":
        again = _package(gathered.studies, newest.revision, newest.made_on, persons, shown, signer)[1]
        if hashlib.sha256(again).hexdigest() == newest.digest:
            return newest, False
    known = None if newest is None else (newest.revision, newest.state)
    revision = report_machine.next_revision(known)  # type: ignore[arg-type]  # the column holds the machine's words
    head, body = _package(gathered.studies, revision, heading.made_on, persons, shown, signer)
    with transaction(engine) as session:
        return acts.store_built(session, actor_of(session), gathered.order, head, body), True


def _package(
    studies: Sequence[YearStudy],
    revision: int,
    made_on: date,
    persons: str,
    shown: Mapping[str, ShownPerson],
    signer: Signer,
) -> tuple[ReportHead, bytes]:
    dated = [replace(study, heading=replace(study.heading, made_on=made_on)) for study in studies]
    first = dated[0]
    heading = first.heading
    names = [study.paper.id for study in dated]
    if len(set(names)) != len(names):
        raise InputError(
            f"地区 {heading.area} 有两张同名的统计表（{names[0]}）；请在 papers/ 中改用不同的 id"
        )
    head = ReportHead(
        region=heading.region,
        area=heading.area,
        area_name=heading.area_name,
        year=heading.year,
        revision=revision,
        body=heading.reporting_body,
        period_start=heading.period_start,
        period_end=heading.period_end,
        made_on=made_on,
        sealed=all(study.sealed for study in dated),
        persons=persons,
        counts={"units": len(first.units), "people": len(first.people)},
        rules=tuple(sorted({digest for study in dated for digest in study.rules})),
        tables=tuple(names),
        key_id=signer.key_id,
        sample=heading.sample,
    )
    files: dict[str, bytes] = {}
    for study in dated:
        files |= _files(study)
    if persons != "none":
        files["data/persons.json"] = _persons(first, persons, shown, head)
    return head, write_package(head, files, signer)


def _files(study: YearStudy) -> dict[str, bytes]:
    """Return the files of one table: exact figures, the same for people to read, and the workbook for the seal."""
    table, paper = study.table(), study.paper.id
    content = table_content(
        table,
        table_groups(study.paper),
        study.rest(),
        study.by_unit(),
        [unit.credit_code for unit in study.units],
        paper,
    )
    return {
        f"data/{paper}.json": content.to_bytes(),
        f"data/{paper}.csv": content.to_csv(content.rows, table.columns[0].label),
        f"data/{paper}-units.csv": content.to_csv(content.units, "单位"),
        f"tables/{paper}.xlsx": render(study.paper, table, "xlsx"),
    }


def _persons(study: YearStudy, persons: str, shown: Mapping[str, ShownPerson], head: ReportHead) -> bytes:
    """Return one line for each person: unit, level, verdict, hours; no name, no birthday, no identity number."""
    codes = {str(unit.id): unit.credit_code for unit in study.units}
    lines = []
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
    return (canonical_json({"persons": persons, "lines": lines}) + "\n").encode()


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


def name_of(row: Report) -> str:
    """Return the name of a stored report: also the id of its workflow."""
    return f"report:{row.region}:{row.area}:{row.year}:{row.revision}"
