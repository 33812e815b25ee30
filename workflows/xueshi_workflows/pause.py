"""Named points at which a worker stands still to be killed: loaded by the demo and the tests only.

Each point works once per data folder: reaching it leaves a file, and a worker that finds the file passes by.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

Moment = Literal["heartbeat", "after"]


@dataclass(frozen=True)
class PausePoint:
    """Pause in an activity: at its first heartbeat, or when it is done and the server does not know yet."""

    activity: str
    moment: Moment

    @property
    def name(self) -> str:
        """File name of the point's mark."""
        return f"{self.activity}.{self.moment}"


POINTS = {
    point.name: point
    for point in (
        PausePoint("assess_unit", "heartbeat"),
        PausePoint("apply_decision", "after"),
        PausePoint("render_forms", "heartbeat"),
    )
}


class PauseInterceptor(Interceptor):
    """Stands still at the armed points that have no mark in `folder` yet."""

    def __init__(self, folder: Path, armed: list[str]) -> None:
        self._folder = folder
        self._armed = [POINTS[name] for name in armed]

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap every activity."""
        return _Inbound(next, self)

    def reach(self, name: str, moment: Moment) -> bool:
        """Tell whether an armed point is reached now for the first time, and mark it."""
        for point in self._armed:
            mark = self._folder / point.name
            if (point.activity, point.moment) == (name, moment) and not mark.exists():
                mark.write_text(activity.info().workflow_id or "", encoding="utf-8")
                return True
        return False


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, pause: PauseInterceptor) -> None:
        super().__init__(following)
        self._pause = pause

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, self._pause))

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        result = await super().execute_activity(input)
        if self._pause.reach(activity.info().activity_type, "after"):
            await asyncio.Event().wait()
        return result


class _Outbound(ActivityOutboundInterceptor):
    def __init__(self, following: ActivityOutboundInterceptor, pause: PauseInterceptor) -> None:
        super().__init__(following)
        self._pause = pause

    def heartbeat(self, *details: Any) -> None:
        super().heartbeat(*details)
        if self._pause.reach(activity.info().activity_type, "heartbeat"):
            while True:
                time.sleep(60)
