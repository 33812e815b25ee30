"""Printing a campaign's papers: core gathers, templates render, here the files are written and noted as issued.

Rendering happens outside any transaction. A unit's files and rows come last and together, so that a killed worker
leaves either a printed unit or none; printing again gives the same bytes and the same rows. A paper that cannot be
set is left out, and a task says which and why: it holds up no other, and `issue_left_out` prints it once it can be.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pikepdf
from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.figures import papers
from xueshi.campaigns.figures.statistics import year_table_of
from xueshi.campaigns.rows import campaign_rows, filing_rows, paper_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.documents import repository as issued_papers
from xueshi.documents.numbering import number_pattern, paper_number
from xueshi.documents.proofs import content_digest, template_digest
from xueshi.documents.tables import IssuedPaper
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, UnitFiling, YearTable
from xueshi.errors import RenderError
from xueshi.real_clock import real_now
from xueshi.register.identity import KeyRing
from xueshi.storage import new_id, reading, transaction
from xueshi_templates.fonts import installed_fonts
from xueshi_templates.render import NotRendered, render, render_many

ENGINE = Scope.everything()
PEOPLE_PER_FILE = 50


@dataclass(frozen=True)
class _Sheet:
    """One paper to print: whose, which, and the file it will stand in."""

    paper: DocumentTemplate
    subject: papers.PaperSubject
    file: str


def print_page(
    engine: Engine,
    folder: Path,
    campaign_id: UUID,
    after: int,
    size: int,
    heartbeat: Callable[..., None],
    keys: KeyRing | None = None,
) -> tuple[int, int | None]:
    """Print the papers of one page of units; returns how many units, and where the next page begins.

    `keys` read the words that were sealed with the results.
    """
    with reading(engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
        templates = papers.papers_of(session, campaign)
        page = filing_rows.filings(session, ENGINE, campaign_id, after=after, limit=size)
        now = campaign_now(session, campaign, real_now())
        session.expunge_all()
    for done, filing in enumerate(page, start=1):
        if filing.stage == "approved":
            _print_filing(engine, folder, campaign, filing, _Printing(templates, now, heartbeat, keys))
        heartbeat(done)
    if len(page) == size:
        return len(page), page[-1].position
    with transaction(engine) as session:
        campaign_acts.reach(session, campaign_id, "printed")
    return len(page), None


def print_later_round(
    engine: Engine,
    folder: Path,
    filing_id: UUID,
    heartbeat: Callable[..., None],
    keys: KeyRing | None = None,
) -> None:
    """Issue the papers of a unit's later round: its application and the cards of whom it sealed anew (更正)."""
    with reading(engine) as session:
        filing = filing_rows.filing(session, ENGINE, filing_id)
        campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
        templates = papers.papers_of(session, campaign)
        now = campaign_now(session, campaign, real_now())
        session.expunge_all()
    _print_filing(engine, folder, campaign, filing, _Printing(templates, now, heartbeat, keys))


@dataclass(frozen=True)
class _Printing:
    """What the papers of one run have in common."""

    templates: dict[str, DocumentTemplate]
    now: datetime
    heartbeat: Callable[..., None]
    keys: KeyRing | None


def _print_filing(engine: Engine, folder: Path, campaign: Campaign, filing: Filing, run: _Printing) -> None:
    """Print one filing's papers, unless they were: files first, then all rows together, and what was left out."""
    place = _place(filing)
    with reading(engine) as session:
        issued = issued_papers.issued_of_unit(session, campaign.id, filing.unit_id)
        if any(paper.file.startswith(f"{place}/") for paper in issued):
            return
        if paper_rows.left_out(session, ENGINE, campaign.id, filing_id=filing.id):
            return
        sheets = _sheets_of(session, campaign, filing, run)
    rows, left = _print(folder, campaign, sheets, filing.unit_id, run)
    with transaction(engine) as session:
        issued_papers.issue(session, rows)
        for sheet, error in left:
            paper_rows.note_left_out(
                session,
                filing,
                paper=sheet.paper.id,
                subject_id=sheet.subject.subject_id,
                trouble=_trouble(sheet, error),
                now=run.now,
            )


def issue_left_out(
    engine: Engine, folder: Path, campaign_id: UUID, actor: Actor, keys: KeyRing | None = None
) -> tuple[list[str], list[str]]:
    """Print what could not be printed before and can be now (a font or a photo was put in), each as a file of its own.

    Returns the files, and what still cannot be printed with its reason. A paper that a later round took the place of is
    passed over, and its task ends. Raises NotAllowedError without the right to steer the campaign.
    """
    actor.require("campaign.steer")
    with reading(engine) as session:
        campaign = campaign_rows.campaign(session, actor.scope, campaign_id)
        waiting = paper_rows.left_out(session, actor.scope, campaign_id)
        run = _Printing(
            papers.papers_of(session, campaign),
            campaign_now(session, campaign, real_now()),
            lambda *_: None,
            keys,
        )
        session.expunge_all()
    files: list[str] = []
    still: list[str] = []
    for filing_id in dict.fromkeys(task.filing_id for task in waiting if task.filing_id is not None):
        wanted = {paper_rows.whose(task): task.id for task in waiting if task.filing_id == filing_id}
        with reading(engine) as session:
            filing = filing_rows.filing(session, ENGINE, filing_id)
            sheets = [
                replace(sheet, file=f"{_place(filing)}/{sheet.paper.id}-{sheet.subject.data.number}.pdf")
                for sheet in _sheets_of(session, campaign, filing, run)
                if (sheet.paper.id, sheet.subject.subject_id) in wanted
            ]
            session.expunge_all()
        rows, left = _print(folder, campaign, sheets, filing.unit_id, run)
        waits_on = {(sheet.paper.id, sheet.subject.subject_id) for sheet, _ in left}
        with transaction(engine) as session:
            issued_papers.issue(session, rows)
            settled = {task_id for whose, task_id in wanted.items() if whose not in waits_on}
            paper_rows.note_settled(
                session,
                campaign_id,
                settled,
                [row.id for row in rows],
                actor=f"account:{actor.account_id}",
                now=run.now,
            )
        files += [row.file for row in rows]
        still += [_trouble(sheet, error) for sheet, error in left]
    return files, still


def _print(
    folder: Path, campaign: Campaign, sheets: Sequence[_Sheet], unit_id: UUID, run: _Printing
) -> tuple[list[IssuedPaper], list[tuple[_Sheet, RenderError]]]:
    """Write the files of some sheets; returns the rows of what was printed, and the sheets that could not be set."""
    rows: list[IssuedPaper] = []
    left: list[tuple[_Sheet, RenderError]] = []
    for printed in _compose(campaign, sheets, unit_id, run.now, run.heartbeat):
        if printed.papers:
            _write(folder / str(campaign.id) / printed.name, printed.body)
        rows += printed.papers
        left += printed.left_out
    return rows, left


def _place(filing: Filing) -> str:
    """Return the folder of a filing's print files inside its campaign's."""
    return f"{filing.position:05d}"


def _sheets_of(session: Session, campaign: Campaign, filing: Filing, run: _Printing) -> list[_Sheet]:
    cards = papers.cards(session, campaign, filing, run.keys)
    return _sheets(run.templates, [papers.unit_filing(session, campaign, filing), *cards], _place(filing))


def _trouble(sheet: _Sheet, error: RenderError) -> str:
    """Say which paper could not be set and why, without a word of it: it stands in tasks, not only on a screen."""
    return f"《{sheet.paper.title}》{sheet.subject.data.number} 号：{error.reason}"


def print_year_table(engine: Engine, folder: Path, campaign_id: UUID) -> None:
    """Count the year, print its table and finish the campaign."""
    with reading(engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
        tables = [
            paper for paper in papers.papers_of(session, campaign).values() if paper.data == "year_table"
        ]
        now = campaign_now(session, campaign, real_now())
        filled = [(paper, year_table_of(session, campaign, paper)) for paper in tables]
        issued = issued_papers.papers_of_subject(session, campaign_id, campaign_id)
        session.expunge_all()
    rows = []
    for paper, counted in filled:
        before = [one for one in issued if one.paper == paper.id]
        if before and before[-1].content_digest == _digest(
            paper, _numbered(campaign, counted, before[:-1])[1]
        ):
            continue  # counted again, it is the same
        number, data = _numbered(campaign, counted, before)
        body = render(paper, data, "xlsx")
        file = f"{paper.id}-{number}.xlsx"
        _write(folder / str(campaign_id) / file, body)
        rows.append(_issued(campaign, paper, campaign_id, None, number, data, body, 1, file, now))
    with transaction(engine) as session:
        issued_papers.issue(session, rows)
        campaign_acts.reach(session, campaign_id, "finished")


def _numbered(campaign: Campaign, counted: YearTable, before: Sequence[IssuedPaper]) -> tuple[str, YearTable]:
    """Return a yearly table's number and what it says: one counted again names the table whose place it takes."""
    if not before:
        return str(campaign.year), counted
    note = f"更正：本表代替 {before[-1].number} 号表。"
    return f"{campaign.year}-{len(before) + 1}", replace(counted, notes=(*counted.notes, note))


def _sheets(
    templates: dict[str, DocumentTemplate], subjects: Sequence[papers.PaperSubject], unit: str
) -> list[_Sheet]:
    """Lay out which papers a unit gets and in which files: its application, then its people's cards by the fifty."""
    sheets = []
    for paper in templates.values():
        kind = {"unit_filing": "UnitFiling", "person_year": "PersonYear"}.get(paper.data)
        own = [subject for subject in subjects if type(subject.data).__name__ == kind]
        for index, subject in enumerate(own):
            corrects = "" if subject.corrects is None else _number(paper, subject, subject.corrects)
            numbered = replace(subject.data, number=_number(paper, subject), corrects=corrects)
            part = f"-{index // PEOPLE_PER_FILE + 1:03d}" if paper.data == "person_year" else ""
            sheets.append(_Sheet(paper, replace(subject, data=numbered), f"{unit}/{paper.id}{part}.pdf"))
    return sheets


def _number(paper: DocumentTemplate, subject: papers.PaperSubject, position: int | None = None) -> str:
    """Return the number that a paper bears; one whose form has none is known by its place in the campaign.

    `position` asks for the number of a paper about the same subject at another place: the one that was replaced.
    """
    pattern = number_pattern(paper)
    data = subject.data
    counter = subject.position if position is None else position
    if pattern is None:
        return str(counter)
    return paper_number(pattern, region=data.region, area=data.area, year=data.year, counter=counter)


@dataclass(frozen=True)
class PrintFile:
    """One file to hand out: its name inside the campaign's folder, its bytes, and the papers in it.

    `left_out` are the papers that should stand in it and could not be set; with no other in it there are no bytes.
    """

    name: str
    body: bytes
    papers: Sequence[IssuedPaper]
    left_out: Sequence[tuple[_Sheet, RenderError]] = ()


def reprint_unit(
    engine: Engine, campaign_id: UUID, unit_id: UUID, keys: KeyRing | None = None
) -> list[PrintFile]:
    """Print the papers of one sealed unit that count again, from what the campaign is pinned to; nothing is written.

    Raises RenderError naming all papers that cannot be set, and why.
    """
    campaign, now, sheets = _standing_sheets(engine, campaign_id, unit_id, keys)
    return _whole(_compose(campaign, sheets, unit_id, now, lambda *_: None))


def reprint_person(
    engine: Engine, campaign_id: UUID, unit_id: UUID, person_id: UUID, keys: KeyRing | None = None
) -> list[PrintFile]:
    """Print one person's papers of a sealed unit again, each as a file of its own with the bytes as issued."""
    campaign, now, sheets = _standing_sheets(engine, campaign_id, unit_id, keys)
    own = [
        replace(sheet, file=f"{sheet.paper.id}-{sheet.subject.data.number}.pdf")
        for sheet in sheets
        if sheet.subject.subject_id == person_id
    ]
    return _whole(_compose(campaign, own, unit_id, now, lambda *_: None))


def _whole(files: Iterator[PrintFile]) -> list[PrintFile]:
    """Return files to hand out to whoever asked for them, and may read whose paper it is that cannot be set."""
    made = list(files)
    troubles = [str(error) for one in made for _, error in one.left_out]
    if troubles:
        raise RenderError("\n".join(troubles))
    return made


def _standing_sheets(
    engine: Engine, campaign_id: UUID, unit_id: UUID, keys: KeyRing | None
) -> tuple[Campaign, datetime, list[_Sheet]]:
    """Lay out the papers of a sealed unit that count, with the campaign and its instant."""
    with reading(engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
        templates = papers.papers_of(session, campaign)
        standing = [
            one
            for one in filing_rows.rounds_of_unit(session, ENGINE, campaign_id, unit_id)
            if one.stage == "approved"
        ]
        now = campaign_now(session, campaign, real_now())
        by_place = []
        for filing in standing:
            subjects = papers.cards(session, campaign, filing, keys)
            if filing is standing[-1]:
                subjects = [papers.unit_filing(session, campaign, filing), *subjects]
            by_place.append((f"{filing.position:05d}", subjects))
        session.expunge_all()
    return (
        campaign,
        now,
        [sheet for place, subjects in by_place for sheet in _sheets(templates, subjects, place)],
    )


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
        left: list[tuple[_Sheet, RenderError]] = []
        for sheet, body in zip(
            part, render_many(part[0].paper, [sheet.subject.data for sheet in part]), strict=True
        ):
            if isinstance(body, NotRendered):
                left.append((sheet, body.error))
                heartbeat(file, len(bodies) + len(left))
                continue
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
            heartbeat(file, len(bodies) + len(left))
        whole = join_pdfs(bodies)
        for row in rows:
            row.file_digest = hashlib.sha256(whole).hexdigest()
        yield PrintFile(file, whole, rows, left)


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
        content_digest=_digest(paper, data),
        bytes_digest=hashlib.sha256(body).hexdigest(),
        file_digest=hashlib.sha256(body).hexdigest(),
        pages=pages,
        file=file,
        issued_at=now,
    )


def _digest(paper: DocumentTemplate, data: PersonYear | UnitFiling | YearTable) -> str:
    return content_digest(data, template_digest(paper), installed_fonts().digest)


def join_pdfs(bodies: Sequence[bytes]) -> bytes:
    """Join papers into one print file; the same papers give the same bytes, none gives none."""
    if len(bodies) < 2:
        return b"".join(bodies)
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
