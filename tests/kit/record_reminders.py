"""Records the histories of the scheduled workflows: `.venv/bin/python tests/kit/record_reminders.py`.

Run it when they get a new path (behind `workflow.patched`), never to make a failing replay pass. Payloads are plain.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from record_histories import FOLDER, write_history
from reminding_rig import real_rig, triggered

from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_workflows.connecting import connect


async def record(folder: Path) -> None:
    rig = real_rig(folder)
    with TemporalServer.start(folder):
        worker = WorkerProcess(folder, options=["--plain"])
        try:
            client = await connect(str(rig.place.temporal_address()), rig.place.namespace, None)
            for schedule in ("reminders", "openings"):
                workflow, run = await triggered(client, schedule)
                await write_history(client, workflow, run, FOLDER / "scheduled" / f"{schedule}.json")
        finally:
            worker.stop()
    rig.engine.dispose()


if __name__ == "__main__":
    (FOLDER / "scheduled").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(record(Path(made) / "data"))
