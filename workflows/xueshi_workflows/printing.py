"""Printing a campaign's papers: core gathers, templates render, here the files are written and noted as issued.

Rendering happens outside any transaction. A unit's files and rows come last and together, so that a killed worker
leaves either a printed unit or none; printing again gives the same bytes and the same rows. A paper that cannot be
set is left out, and a task says which and why: it holds up no other, and `issue_left_out` prints it once it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

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
from xueshi.documents.tables import IssuedPaper
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import YearTable
from xueshi.errors import RenderError
from xueshi.real_clock import real_now
from xueshi.register.identity import KeyRing
from xueshi.storage import reading, transaction
from xueshi_templates.render import render
from xueshi_workflows.print_files import compose, issued_row, paper_digest, trouble_of, write_whole
from xueshi_workflows.sheets import Sheet, lay_out

ENGINE = Scope.everything()


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
                trouble=trouble_of(sheet, error),
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
        still += [trouble_of(sheet, error) for sheet, error in left]
    return files, still


def _print(
    folder: Path, campaign: Campaign, sheets: Sequence[Sheet], unit_id: UUID, run: _Printing
) -> tuple[list[IssuedPaper], list[tuple[Sheet, RenderError]]]:
    """Write the files of some sheets; returns the rows of what was printed, and the sheets that could not be set."""
    rows: list[IssuedPaper] = []
    left: list[tuple[Sheet, RenderError]] = []
    for printed in compose(campaign, sheets, unit_id, run.now, run.heartbeat):
        if printed.papers:
            write_whole(folder / str(campaign.id) / printed.name, printed.body)
        rows += printed.papers
        left += printed.left_out
    return rows, left


def _place(filing: Filing) -> str:
    """Return the folder of a filing's print files inside its campaign's."""
    return f"{filing.position:05d}"


def _sheets_of(session: Session, campaign: Campaign, filing: Filing, run: _Printing) -> list[Sheet]:
    cards = papers.cards(session, campaign, filing, run.keys)
    return lay_out(run.templates, [papers.unit_filing(session, campaign, filing), *cards], _place(filing))


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
        if before and before[-1].content_digest == paper_digest(
            paper, _numbered(campaign, counted, before[:-1])[1]
        ):
            continue  # counted again, it is the same
        number, data = _numbered(campaign, counted, before)
        body = render(paper, data, "xlsx")
        file = f"{paper.id}-{number}.xlsx"
        write_whole(folder / str(campaign_id) / file, body)
        rows.append(issued_row(campaign, paper, campaign_id, None, number, data, body, 1, file, now))
    with transaction(engine) as session:
        issued_papers.issue(session, rows)
        campaign_acts.reach(session, campaign_id, "finished")


def _numbered(campaign: Campaign, counted: YearTable, before: Sequence[IssuedPaper]) -> tuple[str, YearTable]:
    """Return a yearly table's number and what it says: one counted again names the table whose place it takes."""
    if not before:
        return str(campaign.year), counted
    note = f"更正：本表代替 {before[-1].number} 号表。"
    return f"{campaign.year}-{len(before) + 1}", replace(counted, notes=(*counted.notes, note))
