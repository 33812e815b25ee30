"""Sealing: when a campaign is closed, the result that counts is written once for every person of an approved unit.

A later round (a correction after closing) writes new seals that supersede the earlier ones; nothing sealed is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.judging.assessing import pack_of, people_of
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.real_clock import real_now
from xueshi.results import repository as results
from xueshi.results.seals import seal_digest
from xueshi.results.tables import SealedResult
from xueshi.storage import new_id, transaction

ENGINE = Scope.everything()


def seal_page(
    engine: Engine, campaign_id: UUID, after: int, size: int, heartbeat: Callable[..., None]
) -> tuple[int, int | None]:
    """Seal the approved units of one page, one transaction a unit; returns how many, and where the next page begins."""
    with transaction(engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
        page = [
            (filing.id, filing.position, filing.stage)
            for filing in filing_rows.filings(session, ENGINE, campaign_id, after=after, limit=size)
        ]
    for done, (filing_id, _, stage) in enumerate(page, start=1):
        if stage == "approved":
            with transaction(engine) as session:
                seal_filing(session, campaign, filing_rows.filing(session, ENGINE, filing_id))
        heartbeat(done)
    if len(page) == size:
        return len(page), page[-1][1]
    with transaction(engine) as session:
        campaign_acts.reach(session, campaign_id, "sealed")
    return len(page), None


def seal_later_round(engine: Engine, filing_id: UUID) -> int:
    """Seal what a later round of a unit changed, if it was approved; returns how many seals. A repeat changes nothing."""
    with transaction(engine) as session:
        filing = filing_rows.filing(session, ENGINE, filing_id)
        if filing.stage != "approved":
            return 0
        # Two units reopened at once take their numbers one after the other.
        campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id, lock=True)
        sealed = seal_filing(session, campaign, filing)
        if sealed:
            audit.append(
                session,
                actor="engine",
                verb="sealed_anew",
                target=f"filing:{filing.id}",
                body={"round": filing.round, "seals": sealed},
            )
        return sealed


def seal_filing(session: Session, campaign: Campaign, filing: Filing) -> int:
    """Seal one unit in one round; returns how many seals were written. A repeat changes nothing.

    Positions run on in the order of units and of people in a unit. A later round seals who has a new result.
    """
    held = {seal.person_id: seal for seal in results.sealed_of_unit(session, campaign.id, filing.unit_id)}
    latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    ledgers = results.ledgers(session, [result.id for result in latest.values()])
    now = campaign_now(session, campaign, real_now())
    position = results.last_position(session, campaign.id)
    rows = []
    for person in people_of(session, campaign, filing, pack_of(session, campaign)):
        if filing.only_person not in (None, person.person_id):
            continue
        result, before = latest[person.person_id], held.get(person.person_id)
        if before is not None and (before.round >= filing.round or before.result_id == result.id):
            continue
        position += 1
        rows.append(
            SealedResult(
                id=new_id(),
                campaign_id=campaign.id,
                unit_id=filing.unit_id,
                person_id=person.person_id,
                round=filing.round,
                supersedes=None if before is None else before.id,
                result_id=result.id,
                position=position,
                digest=seal_digest(result, ledgers[result.id]),
                sealed_at=now,
            )
        )
    results.seal(session, rows)
    return len(rows)
