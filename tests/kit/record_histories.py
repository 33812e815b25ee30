"""Records the histories that replay tests read: `.venv/bin/python tests/kit/record_histories.py [PART …]`.

Run it when a workflow gets a new path (behind `workflow.patched`), never to make a failing replay pass. Payloads are
plain, people are made up.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from acts_play import ActsPlay
from quarter_rig import DAY, Quarter, pass_a_quarter
from short_runs import ShortRuns
from temporalio.client import Client

from xueshi.access.scope import Scope
from xueshi.campaigns.rows import filing_rows
from xueshi.storage import reading
from xueshi_cli import histories
from xueshi_cli.demo import Demo
from xueshi_cli.workplace import Workplace
from xueshi_workflows.connecting import connect

FOLDER = Path(__file__).parent.parent / "histories"


class PlainWorkplace(Workplace):
    """A data folder whose workflow payloads are not encrypted."""

    @property
    def payload_key(self) -> bytes:
        return None  # type: ignore[return-value]


class RecordedDemo(Demo):
    """A small demo whose histories are written out at the end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 6, 48, 2021, kill=False, worker_options=["--plain"])
        self.place = PlainWorkplace(folder)

    async def _prove(self) -> None:
        address = str(self.place.temporal_address())
        client = await connect(address, self.place.namespace, None)
        for name, workflow in self._chosen():
            for number, run in enumerate(await histories.runs(client, workflow), start=1):
                await write_history(client, workflow, run, FOLDER / f"{name}-run{number}.json")

    def _chosen(self) -> Iterator[tuple[str, str]]:
        """The campaign; a unit that went straight, one returned, one late."""
        yield "campaign", self.campaign.public_id
        with reading(self.place.engine) as session:
            filings = filing_rows.filings(session, Scope.everything(), self.campaign.id)
        for name, filing in (("straight", filings[0]), ("returned", filings[1]), ("late", filings[-1])):
            yield f"unit-{name}", f"{self.campaign.public_id}:unit:{filing.unit_id}:r1"


async def write_history(client: Client, workflow: str, run: str, file: Path) -> None:
    """Write one run's history, without the names of machines."""
    history = await client.get_workflow_handle(workflow, run_id=run).fetch_history()
    body = json.loads(history.to_json())
    for event in body["events"]:
        for attributes in event.values():
            if isinstance(attributes, dict) and "identity" in attributes:
                attributes["identity"] = "recorded"
    file.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n")


class RecordedActs(ActsPlay):
    """Everything beside the straight way; its histories are written out at the end."""

    RECORDED = (
        "campaign-acts",
        "unit-appealed",
        "unit-makeup",
        "unit-dissolved",
        "unit-extended",
        "unit-later-round",
        "appeal",
        "bulk-1",
        "bulk-continued",
        "reassess",
    )

    async def finish(self) -> None:
        for name in self.RECORDED:
            workflow = self.workflows[name]
            for number, run in enumerate(await histories.runs(self.client, workflow), start=1):
                await write_history(self.client, workflow, run, FOLDER / f"{name}-run{number}.json")


class RecordedShortRuns(ShortRuns):
    """The unit's runs are written out at the end."""

    async def finish(self) -> None:
        await super().finish()
        workflow = self.workflows["unit-continued"]
        for number, run in enumerate(await histories.runs(self.client, workflow), start=1):
            await write_history(self.client, workflow, run, FOLDER / f"unit-continued-run{number}.json")


def by_the_clock(quarter: Quarter) -> None:
    """A unit on the real clock: its deadline is moved, then falls due by the timer; it comes back and is late again."""
    rig, unit = quarter.rig, quarter.rig.units[0]
    quarter.opened()
    deadline = rig.fresh().deadline
    quarter.leap(deadline - 10 * DAY)
    rig.steer("extend", to=(deadline + 10 * DAY).isoformat(), reason="延期")
    quarter.leap(deadline + 11 * DAY)
    quarter.until(lambda: quarter.stage(unit) == "not_filed")
    rig.steer("extend", to=(deadline + 20 * DAY).isoformat(), reason="延期")
    quarter.leap(deadline + 21 * DAY)
    quarter.until(lambda: quarter.stage(unit) == "not_filed")
    workflow = quarter.workflow(unit)
    (run,) = quarter.there(histories.runs(quarter.client, workflow))
    quarter.there(write_history(quarter.client, workflow, run, FOLDER / "unit-by-the-clock-run1.json"))


PARTS: dict[str, Callable[[Path], Coroutine[Any, Any, Any]]] = {
    "straight": lambda folder: RecordedDemo(folder).run(),
    "acts": lambda folder: RecordedActs(PlainWorkplace(folder), ("--plain",)).run(),
    "continued": lambda folder: RecordedShortRuns(PlainWorkplace(folder), ("--plain",)).run(),
    "clock": lambda folder: pass_a_quarter(folder, by_the_clock, plain=True),
}


def main(parts: list[str]) -> None:
    """Record the named parts; without names everything, and what is no longer recorded goes."""
    FOLDER.mkdir(exist_ok=True)
    if not parts:
        for old in FOLDER.glob("*.json"):
            old.unlink()
    for part in parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(PARTS[part](Path(folder) / "data"))


if __name__ == "__main__":
    main(sys.argv[1:])
