"""`xueshi up`: the embedded default. Temporal on a file, SQLite, one worker with the relay; Ctrl-C ends all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console

from xueshi_cli.demo import play_to_the_middle
from xueshi_cli.demo_officers import Officers
from xueshi_cli.server import is_running, temporal_address
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace, new_demo_folder

WORKER_RECORD = "worker.json"
LOOK_EVERY_SECONDS = 1.0
console = Console()


def up(
    demo: Annotated[bool, typer.Option("--demo", help="新建演示文件夹，打开办到一半的年度验证")] = False,
) -> None:
    """启动内嵌服务：Temporal、数据库、工作进程；按 Ctrl-C 全部结束。"""
    place = Workplace(new_demo_folder()) if demo else Workplace.here()
    place.keys  # noqa: B018 - made on first use, before the worker needs them
    place.engine.dispose()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with temporal_address(place.folder, place.settings.temporal_address, ui=True) as address:
        end_orphan(place.folder)
        worker = start_worker(place.folder)
        try:
            if demo:
                show_the_middle(asyncio.run(play_to_the_middle(place)))
            console.print(
                f"已启动。数据文件夹 {place.folder}；Temporal {address}；按 Ctrl-C 结束", soft_wrap=True
            )
            while not stop.wait(LOOK_EVERY_SECONDS):
                if not worker.running():
                    console.print("工作进程意外结束，正在重新启动（日志：logs/worker.log）")
                    worker = start_worker(place.folder)
        finally:
            worker.stop()
            (place.folder / WORKER_RECORD).unlink(missing_ok=True)
    console.print("已全部结束，未办结的事项下次启动后继续")


def show_the_middle(officers: Officers) -> None:
    """Say who may act in the demo folder, and how."""
    cast = officers.cast
    console.print(f"演示：{officers.campaign.title}，已办到一半。请在另一个终端办理：", soft_wrap=True)
    console.print(f"  export XUESHI_DATA={officers.place.folder}", soft_wrap=True, highlight=False)
    for officer, what in (
        (cast.verifier, "tasks list"),
        (cast.bureau, f"campaign show {officers.campaign.public_id}"),
        (cast.filers[-2].signers[0], "tasks list"),
    ):
        console.print(f"  xueshi {what} --as {officer}", soft_wrap=True, highlight=False)
    console.print(f"单位工作簿：{officers.place.folder / 'workbooks'}", soft_wrap=True, highlight=False)


def start_worker(folder: Path) -> WorkerProcess:
    """Start a worker and record it, so that the next `up` finds it after a kill."""
    worker = WorkerProcess(folder)
    record = {"pid": worker.pid, "started": psutil.Process(worker.pid).create_time(), "owner": os.getpid()}
    (folder / WORKER_RECORD).write_text(json.dumps(record), encoding="utf-8")
    return worker


def end_orphan(folder: Path) -> None:
    """End the worker that a killed `up` left behind; one that is gone or not ours is left alone."""
    try:
        record = json.loads((folder / WORKER_RECORD).read_text(encoding="utf-8"))
        pid, started = int(record["pid"]), float(record["started"])
    except (OSError, ValueError, KeyError):
        return
    if is_running(pid, started):
        orphan = psutil.Process(pid)
        orphan.terminate()
        try:
            orphan.wait(20)
        except psutil.TimeoutExpired:
            orphan.kill()
