"""Sealing: when a campaign is closed, the result that counts is written once for every person of an approved unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns import campaign_acts, repository
from xueshi.campaigns.assessing import pack_of, people_of
from xueshi.campaigns.campaign_clock import campaign_now
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.canonical import digest_of_json
from xueshi.results import repository as results
from xueshi.results.tables import LedgerRow, SealedResult, YearResult
from xueshi.storage import new_id, transaction

ENGINE = Scope.everything()


def seal_page(
    engine: Engine, campaign_id: UUID, after: int, size: int, heartbeat: Callable[..., None]
) -> tuple[int, int | None]:
    """Seal the approved units of one page, one transaction a unit; returns how many, and where the next page begins."""
    with transaction(engine) as session:
        campaign = repository.campaign(session, ENGINE, campaign_id)
        page = [
            (filing.id, filing.position, filing.stage)
            for filing in repository.filings(session, ENGINE, campaign_id, after=after, limit=size)
        ]
    for done, (filing_id, _, stage) in enumerate(page, start=1):
        if stage == "approved":
            with transaction(engine) as session:
                seal_filing(session, campaign, repository.filing(session, ENGINE, filing_id))
        heartbeat(done)
    if len(page) == size:
        return len(page), page[-1][1]
    with transaction(engine) as session:
        campaign_acts.reach(session, campaign_id, "sealed")
    return len(page), None


def seal_filing(session: Session, campaign: Campaign, filing: Filing) -> None:
    """Seal one unit; a repeat changes nothing. Positions run on in the order of units and of people in a unit."""
    if results.sealed_of_unit(session, campaign.id, filing.unit_id):
        return
    latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    ledgers = results.ledgers(session, [result.id for result in latest.values()])
    now = campaign_now(session, campaign, datetime.now(UTC))
    position = results.last_position(session, campaign.id)
    rows = []
    for person in people_of(session, campaign, filing, pack_of(session, campaign)):
        result = latest[person.person_id]
        position += 1
        rows.append(
            SealedResult(
                id=new_id(),
                campaign_id=campaign.id,
                unit_id=filing.unit_id,
                person_id=person.person_id,
                result_id=result.id,
                position=position,
                digest=seal_digest(result, ledgers[result.id]),
                sealed_at=now,
            )
        )
    results.seal(session, rows)


def seal_digest(result: YearResult, ledger: Sequence[LedgerRow]) -> str:
    """Return the digest of a result: facts, pack, verdict, totals and every ledger line; no row's own id."""
    return digest_of_json(
        {
            "request": result.request,
            "pack": result.pack_digest,
            "verdict": result.verdict,
            "totals": result.totals,
            "shortfalls": result.shortfalls,
            "ledger": [ledger_values(line) for line in ledger],
        }
    )


def ledger_values(line: LedgerRow) -> list[object]:
    """Return what a ledger line says, without ids of rows."""
    return [
        line.seq,
        line.year,
        line.part,
        line.rules,
        line.regulation,
        line.clause,
        line.category,
        line.hours,
        line.claimed,
        line.verdict,
        line.code,
        line.text,
        line.inputs_hash,
    ]
