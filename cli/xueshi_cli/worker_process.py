"""The worker as a process of its own: `python -m xueshi_cli.worker_process FOLDER [--pause POINT …]`.

`xueshi up`, the demo and the tests start it; pause points are for the last two only.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from xueshi.errors import ServiceMissingError
from xueshi.logs import configure_logs
from xueshi_cli.acting import opened_by_notice
from xueshi_cli.process_end import end_process_after
from xueshi_cli.workplace import Workplace
from xueshi_workflows.pause import POINTS, PauseInterceptor
from xueshi_workflows.worker import WorkerSetting, run_worker


def main() -> None:
    """Run a worker on a data folder until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="xueshi worker")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pause", action="append", default=[], choices=sorted(POINTS))
    parser.add_argument(
        "--cached", type=int, default=3000, help="workflows kept in memory; 0 replays every time"
    )
    parser.add_argument(
        "--plain", action="store_true", help="no payload encryption: only to record histories"
    )
    given = parser.parse_args()
    place = Workplace(given.folder)
    configure_logs(place.settings.environment, place.settings.log_level)
    asyncio.run(work(place, given.pause, given.cached, plain=given.plain))


async def work(place: Workplace, pause: Sequence[str], cached: int, *, plain: bool = False) -> None:
    """Run a worker in this process until it is told to stop."""
    address = place.temporal_address()
    if address is None:
        raise ServiceMissingError(f"数据文件夹 {place.folder} 没有登记 Temporal 服务；用 xueshi up 启动")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    setting = WorkerSetting(
        address=address,
        namespace=place.namespace,
        papers=place.papers,
        key=None if plain else place.payload_key,
        max_cached_workflows=cached,
        office=place.post_office,
        opener=lambda officer, notice: opened_by_notice(place, officer, notice, standing=False),
        keys=place.keys,
    )
    interceptors = [PauseInterceptor(place.marks, list(pause))] if pause else []
    await run_worker(place.engine, setting, stop, interceptors)


class WorkerProcess:
    """A worker started as a child process, so that it can be killed like a real one."""

    def __init__(self, folder: Path, pause: Sequence[str] = (), options: Sequence[str] = ()) -> None:
        log = folder / "logs"
        log.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "xueshi_cli.worker_process", str(folder), *options]
        for point in pause:
            command += ["--pause", point]
        with (log / "worker.log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def running(self) -> bool:
        """Tell whether the process lives."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; one that does not end within 20 s is killed."""
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()


if __name__ == "__main__":
    end_process_after(main)
