"""A small campaign in which everything happens that is not the straight way, on a real server with a real worker.

The test of the acts plays it, and `record_histories.py` writes its histories out.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import select
from temporalio.client import Client

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.commanding import bulk_running
from xueshi.campaigns.commanding.commands import filing_workflow_id
from xueshi.campaigns.rows import (
    appeal_rows,
    campaign_rows,
    command_rows,
    filing_rows,
    side_work_rows,
    task_rows,
)
from xueshi.campaigns.tables import BulkBatch, Command, Filing
from xueshi.canonical import canonical_json
from xueshi.documents import repository as issued_papers
from xueshi.storage import reading, transaction
from xueshi_cli import histories
from xueshi_cli.demo_cast import Filer, prepare
from xueshi_cli.demo_officers import Officers
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace
from xueshi_workflows.connecting import connect
from xueshi_workflows.messages import BatchStart
from xueshi_workflows.sender import TASK_QUEUE

ENGINE = Scope.everything()
REASON = "依上级通知办理"
DAY = timedelta(days=1)
PATIENCE = 120.0


class ActsPlay:
    """Six units: decided in bulk, returned and appealed, made up, dissolved, decided in bulk, let in after the deadline."""

    def __init__(self, place: Workplace, options: tuple[str, ...] = ()) -> None:
        self.place = place
        self.options = options
        self.batches: list[UUID] = []
        self.workflows: dict[str, str] = {}
        """What was played → id of its workflow."""
        self.paused = ""
        self.refused_in_bulk: list[str] = []

    async def run(self) -> None:
        """Play it; the server and the worker end with it."""
        cast = await asyncio.to_thread(prepare, self.place, 6, 36, 2021)
        self.officers = Officers(self.place, cast)
        self.bureau, self.verifier = cast.bureau, cast.verifier
        with TemporalServer.start(self.place.folder):
            worker = WorkerProcess(self.place.folder, options=self.options)
            try:
                await self.officers.open()
                self.campaign = self.officers.campaign
                await self._play(cast.filers)
                self.client = await connect(
                    str(self.place.temporal_address()), self.place.namespace, self.place.payload_key
                )
                await self._continue_a_bulk_as_new()
                await self.finish()
            finally:
                worker.stop()

    async def finish(self) -> None:
        """What is looked at while the server still runs."""

    async def _play(self, filers: tuple[Filer, ...]) -> None:
        straight, appealed, made_up, dissolved, in_bulk, late = filers
        self.workflows["campaign-acts"] = self.campaign.public_id
        for name, filer in (("appealed", appealed), ("makeup", made_up), ("dissolved", dissolved)):
            self.workflows[f"unit-{name}"] = self._workflow(filer)
        self.workflows["unit-extended"] = self._workflow(late)
        await self._pause(straight)
        for filer in (straight, appealed, made_up, in_bulk):
            await self._file(filer, filer.workbook)
        await self._return_and_appeal(appealed)
        await self._bulk([straight, made_up, in_bulk, late])
        await self._give(self.bureau, "dissolve", dissolved, reason=REASON)
        await self._steer("advance", to=(self._deadline() + DAY).isoformat())
        await self._until(lambda: self._filing(late).stage == "not_filed")
        await self._steer("extend", to=(self._deadline() + 10 * DAY).isoformat(), reason=REASON)
        await self._file(late, late.workbook)
        await self._newer_pack()
        await self._bulk([filer for filer in filers if self._filing(filer).stage == "deciding"])
        await self._make_up(made_up)
        await self._steer("close", reason=REASON)
        await self._until(lambda: self._stage() == "finished", patience=300)
        await self._reopen(appealed)
        await self._steer("archive")

    async def _pause(self, filer: Filer) -> None:
        await self._steer("pause", reason=REASON)
        filing = self._filing(filer)
        row = await self.officers._decide(filer.signers[0], filing, "approve", {}, must=False)
        self.paused = row.code
        await self._steer("resume")

    async def _file(self, filer: Filer, workbook: Path) -> None:
        await self.officers._hand_in_and_sign(filer, workbook)
        await self._settle(filer)

    async def _settle(self, filer: Filer) -> None:
        filing = self._filing(filer)
        with reading(self.place.engine) as session:
            kinds = ("record", "discretion", "attention")
            tasks = task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=kinds)
        for task in tasks:
            await self.officers._settle(self.verifier, filing, task)

    async def _return_and_appeal(self, filer: Filer) -> None:
        await self._give(self.verifier, "return", filer, reason=REASON)
        row = await self._give(filer.clerk, "appeal", filer, reason=REASON)
        with reading(self.place.engine) as session:
            made = command_rows.effect(session, row.id)
            assert made is not None
            appeal = appeal_rows.appeal(session, ENGINE, UUID(made.body["appeal"]))
        self.workflows["appeal"] = f"{self.campaign.public_id}:appeal:{appeal.id}"
        await self.officers._command(self.bureau, "grant_appeal", appeal.id, 0, {"reason": REASON})
        await self._give(self.verifier, "approve", filer)

    async def _bulk(self, filers: list[Filer]) -> None:
        rows = [[str(one.id), one.version, one.level] for one in map(self._filing, filers)]
        for filer in filers:
            await self._settle(filer)
        payload = {"decision": "approve", "rows": rows}
        row = await self.officers._command(self.verifier, "bulk_decide", self.campaign.id, None, payload)
        self.batches.append(row.id)
        self.workflows[f"bulk-{len(self.batches)}"] = f"bulk:{row.id}"

        def settled() -> bool:
            fates = bulk_running.fates(self.place.engine, row.id)
            return all(one.state not in ("waiting", "pending") for one in fates)

        await self._until(settled)
        self.refused_in_bulk += [
            one.reason for one in bulk_running.fates(self.place.engine, row.id) if one.state == "refused"
        ]

    async def _continue_a_bulk_as_new(self) -> None:
        """Give a bulk decision again in pages of one: everything was given, so nothing happens but the pages."""
        start = BatchStart(str(self.batches[0]), size=1, pages_a_run=2)
        again = f"bulk:{self.batches[0]}:again"
        handle = await self.client.start_workflow("BulkDecision", start, id=again, task_queue=TASK_QUEUE)
        await handle.result()
        self.workflows["bulk-continued"] = again

    async def _newer_pack(self) -> None:
        """A pack that asks for more hours: whoever was met on less is not, and is decided again."""
        with transaction(self.place.engine) as session:
            body = json.loads(audit.load_artifact(session, self.campaign.pack_digest))
            for line in body["requirements"]:
                if line["of"] == "total" and line["effect"] == "minimum":
                    line["at_least"] = ["fixed", "300"]
            digest = audit.store_artifact(session, "rule_pack", canonical_json(body).encode())
        row = await self._steer("migrate", pack=digest, reason=REASON)
        self.workflows["reassess"] = f"assess:{row.id}"

        def finished() -> bool:
            with reading(self.place.engine) as session:
                return side_work_rows.reassessment(session, row.id).finished

        await self._until(finished)

    async def _make_up(self, filer: Filer) -> None:
        until = (self._deadline() + 30 * DAY).isoformat()
        await self._steer("makeup", to=until, reason=REASON)
        await self._give(filer.clerk, "makeup_filing", filer, until=until)
        for officer in filer.signers:
            await self._give(officer, "approve", filer)
        await self._until(lambda: self._filing(filer).stage == "deciding")
        await self._settle(filer)
        await self._give(self.verifier, "approve", filer)

    async def _reopen(self, filer: Filer) -> None:
        until = (self._deadline() + 90 * DAY).isoformat()
        await self._steer("reopen", unit=str(filer.unit_id), to=until, reason=REASON)
        self.workflows["unit-later-round"] = self._workflow(filer)
        await self._file(filer, filer.corrected or filer.workbook)
        await self._give(self.verifier, "approve", filer)
        await self._until(lambda: self._printed_again(filer))

    def _printed_again(self, filer: Filer) -> bool:
        place = f"{self._filing(filer).position:05d}/"
        with reading(self.place.engine) as session:
            papers = issued_papers.issued_of_unit(session, self.campaign.id, filer.unit_id)
        return any(paper.file.startswith(place) for paper in papers)

    # ------------------------------------------------------------ acts and looks

    async def _give(self, officer: str, kind: str, filer: Filer, **payload: Any) -> Command:
        return await self.officers._decide(officer, self._filing(filer), kind, payload)

    async def _steer(self, kind: str, **payload: Any) -> Command:
        with reading(self.place.engine) as session:
            version = campaign_rows.campaign(session, ENGINE, self.campaign.id).version
        return await self.officers._command(self.bureau, kind, self.campaign.id, version, payload)

    def _filing(self, filer: Filer) -> Filing:
        with reading(self.place.engine) as session:
            return filing_rows.rounds_of_unit(session, ENGINE, self.campaign.id, filer.unit_id)[-1]

    def _workflow(self, filer: Filer) -> str:
        return filing_workflow_id(self.campaign, self._filing(filer))

    def _deadline(self) -> Any:
        with reading(self.place.engine) as session:
            return campaign_rows.campaign(session, ENGINE, self.campaign.id).deadline

    def _stage(self) -> str:
        with reading(self.place.engine) as session:
            return campaign_rows.campaign(session, ENGINE, self.campaign.id).stage

    async def _until(self, holds: Any, patience: float = PATIENCE) -> None:
        async with asyncio.timeout(patience):
            while not holds():
                await asyncio.sleep(0.1)

    def started(self) -> bool:
        """Tell whether everything stored beside the campaign was started."""
        with reading(self.place.engine) as session:
            return not side_work_rows.unstarted(session) and bool(session.exec(select(BulkBatch.id)).first())

    async def unfinished(self, client: Client) -> list[str]:
        """Return the workflows that have not ended in good order."""
        return [
            name
            for name, workflow in self.workflows.items()
            if not await histories.is_finished(client, workflow)
        ]
