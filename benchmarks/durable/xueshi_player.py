"""Xueshi as a player of the durable benchmarks: a real server, a real worker, units that wait, decisions on them.

Run by `durable/rounds.py` in the project's environment; speaks JSON lines (see there).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from players import Player, serve
from sqlalchemy import Engine

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.rows import command_rows, filing_rows
from xueshi.campaigns.tables import Command, Filing
from xueshi.register.rows import unit_rows
from xueshi.storage import reading, transaction
from xueshi_cli import histories
from xueshi_cli.acting import act_async, opened_by_notice, port_of
from xueshi_cli.demo_cast import sampled_region
from xueshi_cli.samples import make_units, read_samples
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace
from xueshi_workflows.connecting import connect

ENGINE = Scope.everything()
BUREAU = "bureau"


class XueshiPlayer(Player):
    """One campaign with `units` units, one worker process."""

    def __init__(self, units: int, database: str, seed: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="xueshi-bench-")
        if database:
            os.environ["XUESHI_DATABASE_URL"] = database  # the worker process reads it too
        self.place = Workplace(Path(self._folder.name))
        self.units, self.random = units, random.Random(seed)
        self.filings: list[Filing] = []

    async def open(self) -> dict[str, Any]:
        """Enter the units, open the campaign, wait until every unit's workflow waits."""
        began = time.perf_counter()
        region, folder = sampled_region(self.place.registry)
        samples = read_samples(folder, region)
        notice = next(
            one for one in self.place.registry.ask(region).notices(samples.year) if one.id == samples.notice
        )
        window = self.place.registry.pack_for(notice.area, notice.year).year_window(notice.year)
        made = make_units(
            samples, area=notice.area, window=window, units=self.units, people=self.units, seed=1
        )
        with transaction(self.place.engine) as session:
            unit_rows.add_units(session, ENGINE, [sample.unit for sample in made])
            access.add_accounts(session, ENGINE, [NewAccount(BUREAU, notice.issuer, "bureau", notice.area)])
        self.server = TemporalServer.start(self.place.folder)
        self.worker = self._new_worker()
        self.campaign = opened_by_notice(
            self.place, BUREAU, notice, standing=True, starts_at=start_of(notice.issued)
        )
        self.port = await port_of(self.place)
        await self._until_started()
        with reading(self.place.engine) as session:
            self.filings = filing_rows.filings(session, ENGINE, self.campaign.id)
            session.expunge_all()
        return {"opened_seconds": time.perf_counter() - began}

    def _new_worker(self) -> WorkerProcess:
        return WorkerProcess(self.place.folder)

    async def _until_started(self) -> None:
        engine: Engine = self.place.engine
        while True:
            with reading(engine) as session:
                rows = filing_rows.filings(session, ENGINE, self.campaign.id)
                if rows and all(row.started for row in rows):
                    return
            await asyncio.sleep(0.2)

    async def decide(self, number: int) -> None:
        """One durable act on one unit, until its effect is written: an extension by the bureau."""
        filing_id = self.filings[number % self.units].id
        with reading(self.place.engine) as session:
            filing = filing_rows.filing(session, ENGINE, filing_id)
            version = filing.version
            until = self.campaign.deadline + timedelta(days=version + 1)
        row = await act_async(
            self.place,
            BUREAU,
            CommandRequest(
                self.place.request_id(),
                "extend_filing",
                filing_id,
                version,
                {"until": until.isoformat(), "reason": "基准"},
            ),
            self.port,
        )
        await self._settled(row)

    async def decide_direct(self, number: int) -> None:
        """One direct act on one unit: note that its register was handed in."""
        row = await act_async(
            self.place,
            BUREAU,
            CommandRequest(
                self.place.request_id(), "hand_in", self.filings[number % self.units].id, None, {"people": 1}
            ),
            self.port,
        )
        await self._settled(row)

    async def _settled(self, row: Command) -> None:
        while row.state == "pending":
            await asyncio.sleep(0.05)
            with reading(self.place.engine) as session:
                row = command_rows.command(session, row.id)
        if row.state != "done":
            raise RuntimeError(f"{row.kind}: {row.state} {row.reason}")

    async def kill(self) -> None:
        """SIGKILL the worker and start the next at once, as `xueshi up` does."""
        self.worker.kill()
        self.worker = self._new_worker()

    async def sizes(self) -> dict[str, Any]:
        """Events and bytes of the longest unit history and of the campaign's."""
        client = await connect(
            str(self.place.temporal_address()), self.place.namespace, self.place.payload_key
        )
        found: dict[str, Any] = {
            "campaign_events": await histories.longest_run(client, self.campaign.public_id)
        }
        sample = self.random.sample(self.filings, min(20, len(self.filings)))
        told = [
            await client.get_workflow_handle(
                f"{self.campaign.public_id}:unit:{filing.unit_id}:r{filing.round}"
            ).describe()
            for filing in sample
        ]
        found["unit_events"] = max(one.history_length for one in told)
        found["unit_bytes"] = max(
            one.raw_description.workflow_execution_info.history_size_bytes for one in told
        )
        return found

    async def close(self) -> None:
        """End the worker and the server, remove the folder."""
        self.worker.stop()
        self.server.stop()
        self.place.engine.dispose()
        self._folder.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(serve(XueshiPlayer(given.units, given.database, given.seed)))
