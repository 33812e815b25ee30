"""L3: everything beside the straight way, in one small campaign on the real server with a worker of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from acts_play import ENGINE, ActsPlay

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.documents import repository as issued_papers
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_cli import histories
from xueshi_cli.workplace import Workplace

UNIT_BUDGET, CAMPAIGN_BUDGET, SIDE_BUDGET = 325, 2000, 200


class WatchedPlay(ActsPlay):
    """The play, with what only the server knows read before it ends."""

    async def finish(self) -> None:
        async with asyncio.timeout(60):
            while await self.unfinished(self.client):
                await asyncio.sleep(0.2)
        self.events = {
            name: await histories.longest_run(self.client, workflow)
            for name, workflow in self.workflows.items()
        }
        self.runs = {
            name: len(await histories.runs(self.client, workflow))
            for name, workflow in self.workflows.items()
        }
        later = self.workflows["unit-later-round"]
        described = await self.client.get_workflow_handle(later).describe()
        self.attributes = {key: value[0] for key, value in described.search_attributes.items()}


@pytest.mark.temporal
@pytest.mark.fonts
def test_every_act_beside_the_straight_way(tmp_path: Path) -> None:
    play = WatchedPlay(Workplace(tmp_path / "data"))
    asyncio.run(play.run())
    assert play.paused == "paused"
    assert len(play.refused_in_bulk) == 1, "the unit that had not filed"
    with reading(play.place.engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, play.campaign.id)
        filings = filing_rows.filings(session, ENGINE, campaign.id)
        sealed = seal_rows.sealed_results(session, campaign.id)
        papers = issued_papers.issued(session, campaign.id)
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None
        assert reconcile(session).pending == 0
    assert campaign.stage == "archived"
    stages = [(filing.round, filing.stage) for filing in filings]
    assert stages == [(1, "approved")] * 3 + [(1, "dissolved")] + [(1, "approved")] * 2 + [(2, "approved")]
    assert {seal.round for seal, _ in sealed} == {1, 2}
    assert len(sealed) == sum(filing.people for filing in filings if filing.round == 1 and filing.people)
    assert issued_papers.replaced(papers), "what was corrected is noted as replaced"
    for name, events in play.events.items():
        budget = UNIT_BUDGET if name.startswith("unit") else CAMPAIGN_BUDGET
        assert events <= (budget if not name.startswith(("appeal", "bulk", "reassess")) else SIDE_BUDGET), (
            name
        )
    assert play.runs["bulk-continued"] == 3, (
        "two pages of one row a run, four rows, and the look past the end"
    )
    assert play.runs["campaign-acts"] == 4, "opening, running, closing, finished"
    assert play.attributes["Stage"] == "approved"
    assert play.attributes["Round"] == "2"
    play.place.engine.dispose()
