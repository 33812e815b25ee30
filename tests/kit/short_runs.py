"""A campaign on a server that asks for continue-as-new after a few events: what otherwise takes thousands of acts."""

from __future__ import annotations

import asyncio

from acts_play import REASON, ActsPlay

from xueshi.campaigns.commanding import commands
from xueshi.campaigns.ports import Envelope
from xueshi.campaigns.rows import command_rows
from xueshi.storage import reading
from xueshi_cli import histories
from xueshi_cli.demo_cast import prepare
from xueshi_cli.demo_officers import Officers
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_workflows.connecting import connect
from xueshi_workflows.sender import TemporalSender

LIMITS = {"limit.historyCount.suggestContinueAsNew": 25}


class ShortRuns(ActsPlay):
    """One unit returned twice and approved; its first command is given again when its run is long over."""

    async def run(self) -> None:
        """Play it; the server and the worker end with it."""
        cast = await asyncio.to_thread(prepare, self.place, 6, 12, 2021)
        self.officers = Officers(self.place, cast)
        self.bureau, self.verifier, filer = cast.bureau, cast.verifier, cast.filers[0]
        with TemporalServer.start(self.place.folder, limits=LIMITS):
            worker = WorkerProcess(self.place.folder, options=self.options)
            try:
                await self.officers.open()
                self.campaign = self.officers.campaign
                self.workflows["unit-continued"] = self._workflow(filer)
                self.client = await connect(
                    str(self.place.temporal_address()), self.place.namespace, self.place.payload_key
                )
                await self._file(filer, filer.workbook)
                first = await self._give(self.verifier, "return", filer, reason=REASON)
                await self._file(filer, filer.corrected or filer.workbook)
                await self._give(self.verifier, "return", filer, reason=REASON)
                await self._file(filer, filer.workbook)
                await self._give(self.verifier, "approve", filer)
                self.repeated = await self._again(first.id)
                await self.finish()
            finally:
                worker.stop()

    async def finish(self) -> None:
        """Count the unit's runs."""
        self.runs = len(await histories.runs(self.client, self.workflows["unit-continued"]))

    async def _again(self, command_id: object) -> str:
        """Send a command that was carried out in an earlier run once more; returns its fate."""
        with reading(self.place.engine) as session:
            row = command_rows.command(session, command_id)  # type: ignore[arg-type]
            envelope = Envelope(row.id, row.workflow_id, "filing", commands._payload(row))
        return (await TemporalSender(self.client, self.place.engine).send(envelope)).fate
