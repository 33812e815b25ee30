"""A campaign on the real clock beside Temporal's time-skipping server: a quarter of it passes in seconds.

The play is a plain function in a thread of its own; the worker, its activities and the relay run in this process, and
all of them read the server's virtual clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from campaign_rig import BUREAU, CampaignRig, RigUnit
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from xueshi import real_clock
from xueshi.campaigns.acts import calendar_entry
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.ports import Envelope, SendResult
from xueshi.campaigns.tables import Campaign
from xueshi.storage import transaction
from xueshi_cli import temporal_binary
from xueshi_cli.acting import opened_by_notice
from xueshi_workflows.connecting import connect
from xueshi_workflows.reminders import RemindersStart
from xueshi_workflows.sender import TASK_QUEUE, TemporalSender
from xueshi_workflows.worker import WorkerSetting, run_worker

DAY = timedelta(days=1)
PATIENCE = 60.0
WINDOW = 60
"""Days from the opening to the deadline."""
T = TypeVar("T")


class VirtualClock(Interceptor):
    """The server's clock as this process knows it: read anew before every activity and after every leap."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the virtual instant."""
        return datetime.now(UTC) + self._ahead

    async def read(self) -> None:
        """Ask the server."""
        self._ahead = await self._environment.get_current_time() - datetime.now(UTC)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Let every activity see the instant at which the server runs it."""
        return _AtItsInstant(next, self)


class _AtItsInstant(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, clock: VirtualClock) -> None:
        super().__init__(following)
        self._clock = clock

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        await self._clock.read()
        return await super().execute_activity(input)


class QuarterRig(CampaignRig):
    """The rig's campaign, opened today for sixty days, by the real clock."""

    def _opened(self) -> Campaign:
        today = civil_date(real_clock.real_now())
        self.notice = replace(
            self.notice, issued=today, opens=today, closes=today + WINDOW * DAY, makeup_until=None
        )
        return opened_by_notice(self.place, BUREAU, self.notice, standing=False)


class Quarter:
    """What the play may do; every call comes from the play's thread."""

    def __init__(
        self,
        rig: QuarterRig,
        environment: WorkflowEnvironment,
        clock: VirtualClock,
        client: Client,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.rig, self.client = rig, client
        self._environment, self._clock, self._loop = environment, clock, loop
        self._sender = TemporalSender(client, rig.engine)
        rig.port = self  # type: ignore[assignment]  # the rig's acts go through the server

    async def send(self, envelope: Envelope) -> SendResult:
        """Carry a command to the server from the play's own short loops."""
        sent = asyncio.run_coroutine_threadsafe(self._sender.send(envelope), self._loop)
        return await asyncio.wrap_future(sent)

    def leap(self, to: datetime) -> None:
        """Let the server's time pass until an instant: timers fall due on the way."""
        self.there(self._leap(to))

    async def _leap(self, to: datetime) -> None:
        await self._environment.sleep(to - await self._environment.get_current_time())
        await self._clock.read()

    def there(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop of the server's client."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for the worker, not for a date."""
        limit = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > limit:
                raise AssertionError("the worker did not come to it")
            time.sleep(0.05)

    def opened(self) -> None:
        """Wait until every unit's workflow runs."""
        self.until(lambda: all(self.rig.filing(unit).started for unit in self.rig.units))

    def stage(self, unit: RigUnit) -> str:
        return self.rig.filing(unit).stage

    def workflow(self, unit: RigUnit) -> str:
        filing = self.rig.filing(unit)
        return f"{self.rig.campaign.public_id}:unit:{unit.id}:r{filing.round}"

    def reminders(self, day: datetime) -> int:
        """Run the day's reminders, as the schedule does at 7:30; the day counts as a working day."""
        self.leap(start_of(civil_date(day)) + timedelta(hours=7, minutes=30))
        with transaction(self.rig.engine) as session:
            actor = self.rig.place.actor(session, BUREAU)
            calendar_entry.enter_day(session, actor, actor.area, civil_date(day), "work", "试验")
        name = f"reminders-{civil_date(day)}"
        written: int = self.there(
            self.client.execute_workflow("Reminders", RemindersStart(), id=name, task_queue=TASK_QUEUE)
        )
        return written


async def pass_a_quarter(folder: Path, play: Callable[[Quarter], None], *, plain: bool = False) -> None:
    """Start the server, open the campaign, let the play run beside a worker, end them all."""
    server = temporal_binary.cache_folder() / "bin" / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(server)) as made:
        clock = VirtualClock(made)
        await clock.read()
        with real_clock.replaced(clock.now):
            rig = await asyncio.to_thread(QuarterRig, folder, f"sqlite:///{folder / 'xueshi.db'}")
            address = made.client.service_client.config.target_host
            key = None if plain else rig.place.payload_key
            client = await connect(address, made.client.namespace, key)
            stop = asyncio.Event()
            setting = WorkerSetting(address, made.client.namespace, rig.place.papers, key)
            worker = asyncio.create_task(run_worker(rig.engine, setting, stop, [clock]))
            quarter = Quarter(rig, made, clock, client, asyncio.get_running_loop())
            played = asyncio.create_task(asyncio.to_thread(play, quarter))
            await asyncio.wait({worker, played}, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await worker
            await played
            rig.engine.dispose()
