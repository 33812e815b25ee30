"""`campaign advance` over a standing campaign of many units: seconds, peak memory, SQL statements, by unit and day.

`.venv/bin/python benchmarks/advance_clock.py [UNITS] [DAYS]` — two campaigns in folders of their own: `filing` passes the
deadline of units of which nobody filed; `deciding` passes the days of a level at which every unit waits (a bureau set
them), so that from then on every one is overdue. The acts are carried out in the process, as a rehearsal does it, without
a server: what is measured is the engine's part. Each step runs in a process of its own, so that its peak of memory is
its own; one line per step. Made-up people, one to a unit, seed 7.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event, func
from sqlmodel import col, select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.commanding.in_process import InProcessPort
from xueshi.campaigns.rows import campaign_rows, clock_rows, filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.flows.flow_overlay import FlowOverlay, LevelSetting
from xueshi.jurisdictions import YearSpan
from xueshi.messages.tables import OutgoingMessage
from xueshi.register.rows import roster_rows, unit_rows
from xueshi.register.rows.roster_rows import RosterOwner
from xueshi.register.tables import ImportBatch
from xueshi.storage import reading, transaction
from xueshi_cli.acting import flow_of, opened_by_notice
from xueshi_cli.demo_cast import sampled_region
from xueshi_cli.samples import make_units, read_samples
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
BUREAU = "bureau"
SEED = 7
DAYS_OF_LEVEL = 5


class Bench:
    """A folder with one standing campaign."""

    def __init__(self, folder: Path) -> None:
        self.place = Workplace(folder)
        self.port = InProcessPort(self.place.engine)

    def open(self, units: int, *, submitted: bool) -> dict[str, Any]:
        """Enter units with a clerk and two signers each, open the campaign; where asked, every unit hands in and signs."""
        region, files = sampled_region(self.place.registry)
        samples = read_samples(files, region)
        notice = next(
            one for one in self.place.registry.ask(region).notices(samples.year) if one.id == samples.notice
        )
        window = self.place.registry.pack_for(notice.area, notice.year).year_window(notice.year)
        flow = flow_of(self.place.registry, notice)
        made = make_units(samples, area=notice.area, window=window, units=units, people=units, seed=SEED)
        roles = [signer.role for signer in flow.levels[0].signers]
        with transaction(self.place.engine) as session:
            ids = unit_rows.add_units(session, ENGINE, [one.unit for one in made])
            accounts = [NewAccount(BUREAU, notice.issuer, "bureau", notice.area)]
            accounts += [
                NewAccount(signer.role, signer.name, signer.role, notice.area)
                for level in flow.levels
                if level.body == "area"
                for signer in level.signers
            ]
            for number, one in enumerate(made):
                unit_id = ids[one.unit.credit_code]
                accounts += [
                    NewAccount(f"{role}.{number}", role, role, notice.area, None, unit_id)
                    for role in ("unit_clerk", *roles)
                ]
                if submitted:
                    self._registered(session, unit_id, notice.area, notice.year, one.people)
            access.add_accounts(session, ENGINE, accounts)
        overlay = FlowOverlay(
            flow.id, "示例市人社局", "示例〔2021〕1号", date(2021, 9, 1), YearSpan(notice.year, notice.year),
            {flow.levels[-1].id: LevelSetting(days=DAYS_OF_LEVEL)},
        )  # fmt: skip
        opened_by_notice(
            self.place, BUREAU, notice, standing=True, starts_at=start_of(notice.issued), flow_overlay=overlay
        )
        if submitted:
            asyncio.run(self._sign_all(roles))
        return {"units": units}

    def _registered(self, session: Any, unit_id: UUID, area: str, year: int, people: Any) -> None:
        batch = ImportBatch(
            unit_id=unit_id, area=area, year=year, file_name="x", file_digest=str(unit_id), state="promoted",
            maker="account:x", handed_in_at=start_of(date(year, 9, 1)),
        )  # fmt: skip
        session.add(batch)
        session.flush()
        settled = [replace(one, records=tuple(record for record in one.records if record.kind == "public_course")) for one in people]  # fmt: skip
        owner = RosterOwner(unit_id, area, year, batch.id, "account:x")
        roster_rows.enter_roster(session, self.place.keys, owner, settled)

    async def _sign_all(self, roles: list[str]) -> None:
        for number, filing_id in enumerate(self._filings()):
            for role in roles:
                with transaction(self.place.engine) as session:
                    filing = filing_rows.filing(session, ENGINE, filing_id)
                    asked = CommandRequest(
                        self.place.request_id(), "approve", filing.id, filing.version, {"level": filing.level}
                    )
                    row = commands.submit(session, self.place.actor(session, f"{role}.{number}"), asked)
                row = await commands.deliver(self.place.engine, self.port, row.id)
                if row.state != "done":
                    raise SystemExit(f"{row.kind}: {row.state} {row.reason}")

    def _filings(self) -> list[UUID]:
        """Return the filings in the order of the units' numbers."""
        with reading(self.place.engine) as session:
            found = filing_rows.filings(session, ENGINE, self._campaign(session).id)
            return [one.id for one in sorted(found, key=lambda one: one.position)]

    def _campaign(self, session: Any) -> Campaign:
        return campaign_rows.campaigns(session, ENGINE)[0]

    def advance(self, days: int) -> dict[str, Any]:
        """Advance to `days` after the deadline, then let the units look; processor's seconds and statements of each part."""
        asked: list[str] = []
        event.listen(self.place.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        with reading(self.place.engine) as session:
            campaign = self._campaign(session)
            campaign_id, version = campaign.id, campaign.version
            begun = clock_rows.last_anchor(session, campaign_id).campaign
            to = campaign.deadline + timedelta(days=days)
        asked.clear()
        began = time.process_time()
        asyncio.run(self._step(campaign_id, version, to))
        stepped, of_step = time.process_time() - began, len(asked)
        asked.clear()
        began = time.process_time()
        self.port.tell_units(campaign_id)
        looked, of_look = time.process_time() - began, len(asked)
        with reading(self.place.engine) as session:
            units = len(filing_rows.filings(session, ENGINE, campaign_id))
            stages = dict(session.exec(select(Filing.stage, func.count()).group_by(col(Filing.stage))).all())
            digests = session.exec(select(func.count()).where(col(OutgoingMessage.id).is_not(None))).one()
        return {
            "days": (to - begun).days,
            "stages": stages,
            "step_processor": stepped,
            "step_statements_per_unit": of_step / units,
            "look_processor": looked,
            "look_statements_per_unit": of_look / units,
            "messages": digests,
        }

    async def _step(self, campaign_id: UUID, version: int, to: datetime) -> None:
        with transaction(self.place.engine) as session:
            asked = CommandRequest(
                self.place.request_id(), "advance", campaign_id, version, {"to": to.isoformat()}
            )
            row = commands.submit(session, self.place.actor(session, BUREAU), asked)
        row = await commands.deliver(self.place.engine, self.port, row.id)
        if row.state != "done":
            raise SystemExit(f"{row.kind}: {row.state} {row.reason}")


STEPS: dict[str, Callable[[Bench, int, int], dict[str, Any]]] = {
    "open-filing": lambda bench, units, _: bench.open(units, submitted=False),
    "advance-filing": lambda bench, _, days: bench.advance(days),
    "open-deciding": lambda bench, units, _: bench.open(units, submitted=True),
    "advance-deciding": lambda bench, _, days: bench.advance(days),
}


def main() -> None:
    """Run all steps, or one."""
    if len(sys.argv) > 3 and sys.argv[1] == "--step":
        step(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
        return
    numbers = [int(word) for word in sys.argv[1:]]
    units, days = (*numbers, *(1_000, 60)[len(numbers) :])
    with tempfile.TemporaryDirectory() as folder:
        for name in STEPS:
            data = Path(folder) / name.partition("-")[2]
            data.mkdir(exist_ok=True)
            command = [sys.executable, __file__, "--step", name, str(data), str(units), str(days)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
            print(done.stdout.strip(), flush=True)


def step(name: str, folder: Path, units: int, days: int) -> None:
    """Run one step and print its figures."""
    bench = Bench(folder)
    began, worked = time.perf_counter(), time.process_time()
    found = STEPS[name](bench, units, days)
    line = {
        "step": name,
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - worked,
        **found,
    }
    line["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {key: round(value, 2) if isinstance(value, float) else value for key, value in line.items()}
        )
    )


if __name__ == "__main__":
    main()
