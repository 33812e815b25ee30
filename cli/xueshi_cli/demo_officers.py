"""Officers as scripts: what clerks, departments, the verifying body and the bureau of a demo do, through commands only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.ports import CommandPort
from xueshi.campaigns.rows import campaign_rows, command_rows, task_rows
from xueshi.campaigns.tables import Campaign, Command, Filing, Task
from xueshi.errors import XueshiError
from xueshi.storage import reading
from xueshi_cli.acting import act_async, opened_by_notice, port_of
from xueshi_cli.demo_cast import Cast, Filer
from xueshi_cli.output import console
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
AT_ONCE = 8
RETURN_REASON = "登记内容与所附证明不符，请核对后重新申报"
LEFT_OPEN_REASON = "证明材料未齐，留待补正"


@dataclass
class Tally:
    """What the officers met on the way."""

    refused_workbooks: int = 0
    returned: int = 0
    late: int = 0


class Officers:
    """Everybody who acts in a demo campaign, in one data folder where a server and a worker run."""

    def __init__(self, place: Workplace, cast: Cast) -> None:
        self.place = place
        self.cast = cast
        self.tally = Tally()
        self.campaign: Campaign
        self.port: CommandPort

    async def open(self) -> None:
        """Open the campaign of the notice on a standing clock and wait until its workflow runs."""
        self.campaign = await asyncio.to_thread(
            opened_by_notice,
            self.place,
            self.cast.bureau,
            self.cast.notice,
            standing=True,
            starts_at=start_of(self.cast.notice.issued),
        )
        self.port = await port_of(self.place)
        await self._until(
            lambda session: campaign_rows.campaign(session, ENGINE, self.campaign.id).workflow_started
        )

    async def file(self, filer: Filer) -> None:
        """Import the first workbook; one with mistakes is refused and its corrected twin imported. Then both sign."""
        if filer.mistaken is not None:
            problems = await asyncio.to_thread(self.cast.hand_in, self.place, filer, filer.mistaken)
            if not problems:
                raise XueshiError(f"示例工作簿 {filer.mistaken.name} 本应被拒绝，却导入成功；请报告此缺陷")
            self.tally.refused_workbooks += 1
        await self._hand_in_and_sign(filer, filer.workbook)

    async def file_again(self, filer: Filer) -> None:
        """Hand in the corrected workbook after a return, and sign again."""
        self.tally.returned += 1
        await self._hand_in_and_sign(filer, filer.corrected or filer.workbook)

    async def _hand_in_and_sign(self, filer: Filer, workbook: Path) -> None:
        problems = await asyncio.to_thread(self.cast.hand_in, self.place, filer, workbook)
        if problems:
            raise XueshiError(f"示例工作簿 {workbook.name} 未能导入：{problems[0]}")
        for officer in filer.signers:
            await self._decide(officer, self._filing(filer), "approve", {})
        await self._until(lambda session: self._stage(session, filer) == "deciding", patience=120)

    async def verify(self, filer: Filer) -> None:
        """The area's body: settle what the text leaves to a person, then return or approve."""
        officer = self.cast.verifier
        filing = self._filing(filer)
        if filer.returned and filing.state["returns"] == 0:
            await self._decide(officer, filing, "return", {"reason": RETURN_REASON})
            return
        with reading(self.place.engine) as session:
            tasks = task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=("record", "discretion"))
        for task in tasks:
            await self._settle(officer, filing, task)
        await self._decide(officer, self._filing(filer), "approve", {})

    async def _settle(self, officer: str, filing: Filing, task: Task) -> None:
        if task.kind == "discretion" and task.record_id is not None:
            fact = task.body["facts"][0]
            payload = {
                "filing": str(filing.id),
                "task": str(task.id),
                "fact": fact,
                "value": self.cast.chosen_hours,
            }
            await self._command(officer, "determine", task.record_id, None, payload)
        else:
            await self._command(officer, "leave_open", task.id, None, {"reason": LEFT_OPEN_REASON})

    async def pass_deadline(self) -> None:
        """Advance the clock past the window; who has not filed by then is late."""
        with reading(self.place.engine) as session:
            deadline = campaign_rows.campaign(session, ENGINE, self.campaign.id).deadline
        await self._steer("advance", (deadline + timedelta(days=1)).isoformat())
        late = [filer for filer in self.cast.filers if filer.late]
        for filer in late:
            row = await self._decide(filer.signers[0], self._filing(filer), "approve", {}, must=False)
            self.tally.late += row.state in ("late", "refused")
            await self._until(lambda session, filer=filer: self._stage(session, filer) == "not_filed")  # type: ignore[misc]

    async def close(self) -> None:
        """Close the campaign and wait until everything is sealed, printed and counted."""
        await self._steer("close")
        await self._until(
            lambda session: campaign_rows.campaign(session, ENGINE, self.campaign.id).stage == "finished",
            patience=600,
        )

    async def _steer(self, kind: str, to: str | None = None) -> None:
        with reading(self.place.engine) as session:
            version = campaign_rows.campaign(session, ENGINE, self.campaign.id).version
        await self._command(self.cast.bureau, kind, self.campaign.id, version, {"to": to})

    async def _decide(
        self, officer: str, filing: Filing, kind: str, payload: dict[str, Any], *, must: bool = True
    ) -> Command:
        payload = {"level": filing.level, **payload}
        return await self._command(officer, kind, filing.id, filing.version, payload, must=must)

    async def _command(
        self,
        officer: str,
        kind: str,
        target: UUID,
        version: int | None,
        payload: dict[str, Any],
        *,
        must: bool = True,
    ) -> Command:
        """Give a command and wait for its fate, as long as it takes: a killed worker only delays it."""
        request = CommandRequest(self.place.request_id(), kind, target, version, payload)
        row = await act_async(self.place, officer, request, self.port)
        while row.state == "pending":
            await asyncio.sleep(0.2)
            with reading(self.place.engine) as session:
                row = command_rows.command(session, row.id)
        if must and row.state != "done":
            raise XueshiError(f"演示中“{kind}”未办成：{row.reason}；请报告此缺陷（{self.place.folder}）")
        return row

    # ------------------------------------------------------------ what is looked at

    def _filing(self, filer: Filer) -> Filing:
        with reading(self.place.engine) as session:
            return self._find(session, filer)

    def _stage(self, session: Any, filer: Filer) -> str:
        return self._find(session, filer).stage

    def _find(self, session: Any, filer: Filer) -> Filing:
        found = campaign_rows.campaign_of_unit(session, ENGINE, filer.unit_id, self.campaign.year)
        if found is None:
            raise XueshiError(f"单位 {filer.unit_id} 不在本次年度验证中")
        return found[1]

    async def _until(self, holds: Callable[[Any], bool], patience: float = 60) -> None:
        """Wait until the database says so; give up with the folder's path after `patience` seconds."""
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            with reading(self.place.engine) as session:
                if holds(session):
                    return
            await asyncio.sleep(0.1)
        raise XueshiError(f"等待超过 {patience:.0f} 秒；请查看 {self.place.folder}/logs")


def progress_bars() -> Progress:
    """Return the bars of a demo."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


async def each(
    progress: Progress, label: str, filers: Iterable[Filer], act: Callable[[Filer], Awaitable[None]]
) -> None:
    """Let units or officers act, some at a time, with a bar."""
    everyone = list(filers)
    bar: TaskID = progress.add_task(label, total=len(everyone))
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(filer: Filer) -> None:
        async with gate:
            await act(filer)
        progress.advance(bar)

    try:
        async with asyncio.TaskGroup() as group:
            for filer in everyone:
                group.create_task(one(filer))
    except* XueshiError as several:
        # One message is enough for whoever runs the demo; the others are of the same kind.
        raise _first(several) from several


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
