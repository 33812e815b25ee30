"""The Temporal development server on a file in the data folder: started, found again after a kill, stopped.

It runs in a session of its own, so that Ctrl-C reaches the command first, which then stops it in order. Its pid and
start time stand in `temporal.json` of the data folder: a command that died leaves a server behind, and the next
one adopts it, or ends it when it no longer serves. Measured settings: WAL, `GOGC=400`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import psutil

from xueshi.errors import InputError, ServiceMissingError
from xueshi_cli import temporal_binary

DATABASE = "temporal.db"
RECORD = "temporal.json"
LOG = "temporal.log"
RETENTION = timedelta(days=400)  # a campaign of a year, its make-up, and time to look back
START_SECONDS = 60.0
STOP_SECONDS = 15.0
LISTEN_SECONDS = 5.0
TRIES = 3  # a port that was free a moment ago may be taken by now

NO_LIMITS: Mapping[str, int] = MappingProxyType({})

T = TypeVar("T")


def find_temporal() -> Path:
    """Return the Temporal program (PATH, then our cache). Raises ServiceMissingError with the ways to get it."""
    found = temporal_binary.find()
    if found is None:
        raise ServiceMissingError(f"没有找到 Temporal 服务程序。{temporal_binary.ways(chinese=True)}")
    return found


@dataclass(frozen=True)
class ServerRecord:
    """What `temporal.json` says: the server's process, its ports, and the command that owns it."""

    pid: int
    started: float
    """Start time of the process in seconds since the epoch, as the system tells it: pids are used again."""
    port: int
    ui_port: int | None
    owner: int
    owner_started: float


@dataclass
class TemporalServer:
    """A running development server; `start` gives one, `stop` or `kill` ends it."""

    folder: Path
    record: ServerRecord
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def start(
        cls, folder: Path, *, ui: bool = False, limits: Mapping[str, int] = NO_LIMITS
    ) -> TemporalServer:
        """Start the server of a data folder, or adopt the one that a killed command left behind; waits until it serves.

        Ports are free loopback ports; a folder keeps its ports as long as they are free, so that whoever waits for
        the server finds it again. `limits` are the server's own dynamic settings, by which a test makes it strict. Raises
        ServiceMissingError when the program is missing or does not come up, and
        InputError when another running command owns the server of this folder.
        """
        folder.mkdir(parents=True, exist_ok=True)
        left = read_record(folder)
        if left is not None and is_running(left.pid, left.started):
            if left.owner != os.getpid() and is_running(left.owner, left.owner_started):
                raise InputError(
                    f"数据文件夹 {folder} 正由另一个 xueshi 进程（进程号 {left.owner}）使用；"
                    "请先结束它，或用 XUESHI_DATA 另选一个文件夹。"
                )
            adopted = cls(folder, replace(left, **_ownership()))
            if serves(adopted.address):
                _write_record(folder, adopted.record)
                return adopted
            adopted.kill()
        program = find_temporal()
        for attempt in range(1, TRIES + 1):
            port = free_port(left.port if left and attempt == 1 else None)
            ui_port = free_port(left.ui_port if left and attempt == 1 else None, avoid=port) if ui else None
            server = cls._launch(program, folder, port, ui_port, limits)
            if server is not None:
                return server
        raise ServiceMissingError(
            f"Temporal 服务没有启动成功：{_log_tail(folder)}\n日志全文：{folder / LOG}。"
            "请检查磁盘空间和文件夹权限后重试；也可以设置 "
            f"{temporal_binary.ADDRESS_VARIABLE} 使用已有的服务。"
        )

    @classmethod
    def _launch(
        cls, program: Path, folder: Path, port: int, ui_port: int | None, limits: Mapping[str, int]
    ) -> TemporalServer | None:
        command = [str(program), "server", "start-dev", "--db-filename", str(folder / DATABASE)]
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            command += ["--sqlite-pragma", pragma]
        command += ["--ip", "127.0.0.1", "--port", str(port), "--log-level", "warn", "--log-format", "json"]
        command += ["--headless"] if ui_port is None else ["--ui-port", str(ui_port)]
        for name, value in limits.items():
            command += ["--dynamic-config-value", f"{name}={value}"]
        with (folder / LOG).open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, "GOGC": "400"},
                start_new_session=True,
            )
        try:
            started = psutil.Process(child.pid).create_time()
            server = cls(folder, ServerRecord(child.pid, started, port, ui_port, **_ownership()), child)
            _write_record(folder, server.record)
            limit = time.monotonic() + START_SECONDS
            while not serves(server.address):
                if child.poll() is not None or time.monotonic() > limit:
                    server.kill()
                    return None
                time.sleep(0.1)
            keep_history(server.address)
        except BaseException:
            child.kill()
            child.wait()
            raise
        return server

    @property
    def address(self) -> str:
        """Return `host:port` for Temporal clients."""
        return f"127.0.0.1:{self.record.port}"

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        return self.record.pid

    @property
    def started(self) -> float:
        """Return the start time of the server's process, seconds since the epoch."""
        return self.record.started

    @property
    def ui_address(self) -> str | None:
        """Return the address of Temporal's own pages, for operators; None without them."""
        return f"http://127.0.0.1:{self.record.ui_port}" if self.record.ui_port else None

    def stop(self) -> None:
        """End the server in order; kills it when it does not end by itself. A second call does nothing."""
        self._end(psutil.Process.terminate)

    def kill(self) -> None:
        """Kill the server (SIGKILL), as a power cut would; the data folder can be started again."""
        self._end(psutil.Process.kill)

    def _end(self, how: Callable[[psutil.Process], None]) -> None:
        if is_running(self.pid, self.started):
            process = psutil.Process(self.pid)
            how(process)
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait()
        if self._child is not None:
            self._child.wait()

    def __enter__(self) -> TemporalServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def temporal_address(folder: Path, configured: str | None, *, ui: bool = False) -> Iterator[str]:
    """Give the address of Temporal while a command runs: the configured one, else our own server on the folder."""
    if configured:
        if not serves(configured):
            raise ServiceMissingError(
                f"{temporal_binary.ADDRESS_VARIABLE}={configured} 没有应答；请检查地址、防火墙和该服务是否已启动，"
                "或取消该设置以使用内嵌服务。"
            )
        yield configured
        return
    with TemporalServer.start(folder, ui=ui) as server:
        yield server.address


def serves(address: str) -> bool:
    """Tell whether a Temporal server answers at an address and says that it serves (its port opens earlier).

    Where nothing listens the answer is known at once, without loading Temporal's client.
    """
    if not _listens(address):
        return False
    from temporalio.client import Client  # noqa: PLC0415 - loaded where there is a server to ask
    from temporalio.service import RPCError  # noqa: PLC0415 - same

    async def ask() -> bool:
        client = await Client.connect(address, lazy=True)
        return await client.service_client.check_health(timeout=timedelta(seconds=5))

    try:
        return _wait_for(ask())
    except (RPCError, RuntimeError):
        return False


def _listens(address: str) -> bool:
    """Tell whether anything takes connections at `host:port`; an address of another form is left to Temporal."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        return True
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=LISTEN_SECONDS).close()
    except (OSError, OverflowError):
        return False
    return True


def keep_history(address: str, namespace: str = "default") -> None:
    """Keep closed workflows for `RETENTION` instead of the development server's one day."""
    from google.protobuf.duration_pb2 import Duration  # noqa: PLC0415 - loaded where a server is started
    from temporalio.api.namespace.v1 import NamespaceConfig  # noqa: PLC0415 - same
    from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest  # noqa: PLC0415 - same
    from temporalio.client import Client  # noqa: PLC0415 - same

    async def tell() -> None:
        client = await Client.connect(address)
        kept = Duration()
        kept.FromTimedelta(RETENTION)
        config = NamespaceConfig(workflow_execution_retention_ttl=kept)
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(namespace=namespace, config=config), retry=True
        )

    _wait_for(tell())


def read_record(folder: Path) -> ServerRecord | None:
    """Return what the data folder says about its server; None when it says nothing, or nothing readable."""
    try:
        return ServerRecord(**json.loads((folder / RECORD).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_running(pid: int, started: float) -> bool:
    """Tell whether the very process that started at that time still runs."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port(wish: int | None = None, avoid: int | None = None) -> int:
    """Return a free loopback port: the wished one when it is free."""
    for candidate in (wish, 0):
        if candidate is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if found != avoid:
            return found
    return free_port(avoid=avoid)


def _ownership() -> dict[str, Any]:
    return {"owner": os.getpid(), "owner_started": psutil.Process().create_time()}


def _write_record(folder: Path, record: ServerRecord) -> None:
    fresh = folder / f".{RECORD}.{os.getpid()}"
    fresh.write_text(json.dumps(asdict(record)))
    fresh.replace(folder / RECORD)


def _log_tail(folder: Path) -> str:
    try:
        return (folder / LOG).read_text(errors="replace")[-1500:].strip() or "没有输出"
    except OSError:
        return "没有日志"


def _wait_for(question: Coroutine[Any, Any, T]) -> T:
    # In a thread of its own: the caller may itself stand in an event loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, question).result()
