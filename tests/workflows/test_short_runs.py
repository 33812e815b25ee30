"""L3: a unit that continues as new again and again keeps its place and knows every command it ever carried out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from short_runs import ShortRuns

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.storage import reading
from xueshi_cli.workplace import Workplace


@pytest.mark.temporal
def test_a_unit_that_continues_as_new_knows_the_commands_of_its_earlier_runs(tmp_path: Path) -> None:
    play = ShortRuns(Workplace(tmp_path / "data"))
    asyncio.run(play.run())
    assert play.runs > 2
    assert play.repeated == "done", "not refused as stale, not done twice"
    with reading(play.place.engine) as session:
        proof = reconcile(session)
        assert (proof.difference, proof.pending) == (0, 0)
        assert audit.verify(session).broken_at is None
    play.place.engine.dispose()
