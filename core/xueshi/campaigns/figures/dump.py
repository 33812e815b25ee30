"""The canonical dump: everything a campaign decided, without row ids and real instants.

Two runs of the same campaign, one with crashes and one without, in other processes and other folders, must give the
same dump.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.documents import repository as papers
from xueshi.register.rows import unit_rows
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.seals import ledger_values

ENGINE = Scope.everything()


def canonical_dump(session: Session, campaign_id: UUID) -> dict[str, Any]:
    """Return results, ledgers, filings and issued papers of a campaign as plain values in a fixed order."""
    campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
    # A unit that moved in mid-campaign stands in another area by now.
    codes = {unit.id: unit.credit_code for unit in unit_rows.units(session, ENGINE)}
    sealed = seal_rows.sealed_results(session, campaign_id)
    ledgers = results.ledgers(session, [result.id for _, result in sealed])
    return {
        "campaign": [campaign.public_id, campaign.stage, campaign.pack_digest, campaign.deadline.isoformat()],
        "filings": [
            [filing.position, codes[filing.unit_id], filing.stage, filing.version, filing.people]
            for filing in filing_rows.filings(session, ENGINE, campaign_id)
        ],
        "results": [
            [
                seal.position,
                codes[seal.unit_id],
                seal.digest,
                result.verdict,
                result.totals,
                result.shortfalls,
                [ledger_values(line) for line in ledgers[result.id]],
            ]
            for seal, result in sealed
        ],
        "papers": sorted(
            [paper.paper, paper.number, paper.content_digest, paper.bytes_digest, paper.pages, paper.file]
            for paper in papers.issued(session, campaign_id)
        ),
    }
