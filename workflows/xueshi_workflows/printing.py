"""Printing a campaign's papers: core gathers, templates render, here the files are written and noted as issued.

Rendering happens outside any transaction. A unit's files and rows come last and together, so that a killed worker
leaves either a printed unit or none; printing again gives the same bytes and the same rows.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pikepdf
from sqlalchemy import Engine

from xueshi.access.scope import Scope
from xueshi.campaigns import campaign_acts, papers, repository
from xueshi.campaigns.campaign_clock import campaign_now
from xueshi.campaigns.statistics import year_table_of
from xueshi.campaigns.tables import Campaign
from xueshi.documents import repository as issued_papers
from xueshi.documents.numbering import number_pattern, paper_number
from xueshi.documents.proofs import content_digest, template_digest
from xueshi.documents.tables import IssuedPaper
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, UnitFiling, YearTable
from xueshi.errors import RenderError
from xueshi.storage import new_id, reading, transaction
from xueshi_templates.fonts import installed_fonts
from xueshi_templates.render import NotRendered, Rendered, render, render_many

ENGINE = Scope.everything()
PEOPLE_PER_FILE = 50


@dataclass(frozen=True)
class _Sheet:
    """One paper to print: whose, which, and the file it will stand in."""

    paper: DocumentTemplate
    subject: papers.PaperSubject
    file: str


def print_page(
    engine: Engine, folder: Path, campaign_id: UUID, after: int, size: int, heartbeat: Callable[..., None]
) -> tuple[int, int | None]:
    """Print the papers of one page of units; returns how many units, and where the next page begins."""
    with reading(engine) as session:
        campaign = repository.campaign(session, ENGINE, campaign_id)
        templates = papers.papers_of(session, campaign)
        page = repository.filings(session, ENGINE, campaign_id, after=after, limit=size)
        now = campaign_now(session, campaign, datetime.now(UTC))
        session.expunge_all()
    for done, filing in enumerate(page, start=1):
        if filing.stage == "approved":
            with reading(engine) as session:
                printed = bool(issued_papers.issued_of_unit(session, campaign_id, filing.unit_id))
                subjects = [] if printed else [papers.unit_filing(session, campaign, filing)]
                subjects += [] if printed else papers.cards(session, campaign, filing)
            sheets = list(_sheets(templates, subjects, f"{filing.position:05d}"))
            rows: list[IssuedPaper] = []
            for printed_file in _compose(campaign, sheets, filing.unit_id, now, heartbeat):
                _write(folder / str(campaign_id) / printed_file.name, printed_file.body)
                rows += printed_file.papers
            with transaction(engine) as session:
                issued_papers.issue(session, rows)
        heartbeat(done)
    if len(page) == size:
        return len(page), page[-1].position
    with transaction(engine) as session:
        campaign_acts.reach(session, campaign_id, "printed")
    return len(page), None


def print_year_table(engine: Engine, folder: Path, campaign_id: UUID) -> None:
    """Count the year, print its table and finish the campaign."""
    with reading(engine) as session:
        campaign = repository.campaign(session, ENGINE, campaign_id)
        tables = [
            paper for paper in papers.papers_of(session, campaign).values() if paper.data == "year_table"
        ]
        now = campaign_now(session, campaign, datetime.now(UTC))
        filled = [(paper, year_table_of(session, campaign, paper)) for paper in tables]
        session.expunge_all()
    rows = []
    for paper, data in filled:
        body = render(paper, data, "xlsx")
        file = f"{paper.id}-{campaign.year}.xlsx"
        _write(folder / str(campaign_id) / file, body)
        rows.append(_issued(campaign, paper, campaign_id, None, str(campaign.year), data, body, 1, file, now))
    with transaction(engine) as session:
        issued_papers.issue(session, rows)
        campaign_acts.reach(session, campaign_id, "finished")


def _sheets(
    templates: dict[str, DocumentTemplate], subjects: Sequence[papers.PaperSubject], unit: str
) -> list[_Sheet]:
    """Lay out which papers a unit gets and in which files: its application, then its people's cards by the fifty."""
    sheets = []
    for paper in templates.values():
        kind = {"unit_filing": "UnitFiling", "person_year": "PersonYear"}.get(paper.data)
        own = [subject for subject in subjects if type(subject.data).__name__ == kind]
        for index, subject in enumerate(own):
            numbered = replace(subject.data, number=_number(paper, subject))
            part = f"-{index // PEOPLE_PER_FILE + 1:03d}" if paper.data == "person_year" else ""
            sheets.append(_Sheet(paper, replace(subject, data=numbered), f"{unit}/{paper.id}{part}.pdf"))
    return sheets


def _number(paper: DocumentTemplate, subject: papers.PaperSubject) -> str:
    """Return the number that a paper bears; one whose form has none is known by its place in the campaign."""
    pattern = number_pattern(paper)
    data = subject.data
    if pattern is None:
        return str(subject.position)
    return paper_number(pattern, region=data.region, area=data.area, year=data.year, counter=subject.position)


@dataclass(frozen=True)
class PrintFile:
    """One file to hand out: its name inside the campaign's folder, its bytes, and the papers in it."""

    name: str
    body: bytes
    papers: Sequence[IssuedPaper]


def reprint_unit(engine: Engine, campaign_id: UUID, unit_id: UUID) -> list[PrintFile]:
    """Print the papers of one sealed unit again from what the campaign is pinned to; nothing is written."""
    with reading(engine) as session:
        campaign = repository.campaign(session, ENGINE, campaign_id)
        templates = papers.papers_of(session, campaign)
        filing = next(
            one for one in repository.filings(session, ENGINE, campaign_id) if one.unit_id == unit_id
        )
        now = campaign_now(session, campaign, datetime.now(UTC))
        subjects = [
            papers.unit_filing(session, campaign, filing),
            *papers.cards(session, campaign, filing),
        ]
        session.expunge_all()
    sheets = list(_sheets(templates, subjects, f"{filing.position:05d}"))
    return list(_compose(campaign, sheets, unit_id, now, lambda *_: None))


def _compose(
    campaign: Campaign,
    sheets: Sequence[_Sheet],
    unit_id: UUID,
    now: datetime,
    heartbeat: Callable[..., None],
) -> Iterator[PrintFile]:
    for file in dict.fromkeys(sheet.file for sheet in sheets):
        part = [sheet for sheet in sheets if sheet.file == file]
        bodies: list[bytes] = []
        rows: list[IssuedPaper] = []
        for sheet, printed in zip(
            part, render_many(part[0].paper, [sheet.subject.data for sheet in part]), strict=True
        ):
            body = _body(sheet, printed)
            bodies.append(body.bytes)
            rows.append(
                _issued(
                    campaign,
                    sheet.paper,
                    sheet.subject.subject_id,
                    unit_id,
                    sheet.subject.data.number,
                    sheet.subject.data,
                    body.bytes,
                    body.pages,
                    file,
                    now,
                )
            )
            heartbeat(file, len(bodies))
        whole = join_pdfs(bodies)
        for row in rows:
            row.file_digest = hashlib.sha256(whole).hexdigest()
        yield PrintFile(file, whole, rows)


def _body(sheet: _Sheet, printed: Rendered | NotRendered) -> Rendered:
    if isinstance(printed, NotRendered):
        raise RenderError(f"《{sheet.paper.title}》{sheet.subject.data.number}：{printed.error}")
    return printed


def _issued(
    campaign: Campaign,
    paper: DocumentTemplate,
    subject_id: UUID,
    unit_id: UUID | None,
    number: str,
    data: PersonYear | UnitFiling | YearTable,
    body: bytes,
    pages: int,
    file: str,
    now: datetime,
) -> IssuedPaper:
    return IssuedPaper(
        id=new_id(),
        campaign_id=campaign.id,
        paper=paper.id,
        subject_id=subject_id,
        unit_id=unit_id,
        number=number,
        content_digest=content_digest(data, template_digest(paper), installed_fonts().digest),
        bytes_digest=hashlib.sha256(body).hexdigest(),
        file_digest=hashlib.sha256(body).hexdigest(),
        pages=pages,
        file=file,
        issued_at=now,
    )


def join_pdfs(bodies: Sequence[bytes]) -> bytes:
    """Join papers into one print file; the same papers give the same bytes."""
    if len(bodies) == 1:
        return bodies[0]
    out = io.BytesIO()
    # The first paper gives the file its archive metadata and colour profile; all papers carry the same.
    with pikepdf.Pdf.open(io.BytesIO(bodies[0])) as joined:
        for body in bodies[1:]:
            with pikepdf.Pdf.open(io.BytesIO(body)) as single:
                joined.pages.extend(single.pages)
        joined.save(out, deterministic_id=True)
    return out.getvalue()


def _write(path: Path, body: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_bytes(body)
    os.replace(partial, path)  # noqa: PTH105 - atomic on one file system
