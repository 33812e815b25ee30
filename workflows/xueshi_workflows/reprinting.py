"""Printing sealed papers again, from what the campaign is pinned to: nothing is written, the bytes are those of the first time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.figures import papers
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.tables import Campaign
from xueshi.errors import RenderError
from xueshi.real_clock import real_now
from xueshi.register.identity import KeyRing
from xueshi.storage import reading
from xueshi_workflows.print_files import PrintFile, compose
from xueshi_workflows.sheets import Sheet, lay_out

ENGINE = Scope.everything()


def reprint_unit(
    engine: Engine, campaign_id: UUID, unit_id: UUID, keys: KeyRing | None = None
) -> list[PrintFile]:
    """Print the papers of one sealed unit that count again, from what the campaign is pinned to; nothing is written.

    Raises RenderError naming all papers that cannot be set, and why.
    """
    campaign, now, sheets = _standinglay_out(engine, campaign_id, unit_id, keys)
    return _whole(compose(campaign, sheets, unit_id, now, lambda *_: None))


def reprint_person(
    engine: Engine, campaign_id: UUID, unit_id: UUID, person_id: UUID, keys: KeyRing | None = None
) -> list[PrintFile]:
    """Print one person's papers of a sealed unit again, each as a file of its own with the bytes as issued."""
    campaign, now, sheets = _standinglay_out(engine, campaign_id, unit_id, keys)
    own = [
        replace(sheet, file=f"{sheet.paper.id}-{sheet.subject.data.number}.pdf")
        for sheet in sheets
        if sheet.subject.subject_id == person_id
    ]
    return _whole(compose(campaign, own, unit_id, now, lambda *_: None))


def _whole(files: Iterator[PrintFile]) -> list[PrintFile]:
    """Return files to hand out to whoever asked for them, and may read whose paper it is that cannot be set."""
    made = list(files)
    troubles = [str(error) for one in made for _, error in one.left_out]
    if troubles:
        raise RenderError("\n".join(troubles))
    return made


def _standinglay_out(
    engine: Engine, campaign_id: UUID, unit_id: UUID, keys: KeyRing | None
) -> tuple[Campaign, datetime, list[Sheet]]:
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
        [sheet for place, subjects in by_place for sheet in lay_out(templates, subjects, place)],
    )
