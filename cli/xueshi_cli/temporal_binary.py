"""Where the Temporal server's program is found, and how it is got: the one place that knows the order.

1. `XUESHI_TEMPORAL_ADDRESS`: a running server or cluster; then no program is needed
2. `temporal` on PATH
3. our cache folder (`XUESHI_CACHE`, else the platform's user cache, folder `xueshi`)
4. the SDK's own download, given up when nothing arrives within a few seconds
5. `go install` of a pinned version, where Go is there

Set-up runs this file before any package is installed, so it imports the standard library only; the SDK's part (4)
runs in a child process with the project's own Python.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ADDRESS_VARIABLE = "XUESHI_TEMPORAL_ADDRESS"
GO_MODULE = "github.com/temporalio/cli/cmd/temporal"
GO_VERSION = "v1.5.1"  # the newest that a plain `go install` accepts; its server part is 1.29.1
PROGRAM = "temporal.exe" if os.name == "nt" else "temporal"
SDK_PATIENCE_SECONDS = 8.0
SDK_LIMIT_SECONDS = 300.0

_WAYS = f"""Ways to get it, any one is enough:
  - a running server or cluster: set {ADDRESS_VARIABLE}=host:port
  - the program `temporal` (Temporal CLI) on PATH, from your system's packages or the Temporal project's releases
  - its file put into the cache folder: {{cached}}
  - access to the Temporal project's downloads, then run `make setup` again: the Python SDK fetches it
  - Go (1.24 or newer) with a module proxy that answers, then run `make setup` again: it is built, 3 to 5 minutes"""
_WAYS_IN_CHINESE = f"""解决办法（任选其一）：
  - 已有 Temporal 服务或集群：设置 {ADDRESS_VARIABLE}=主机:端口
  - 安装 Temporal CLI，使 PATH 中有 temporal
  - 把该程序放到缓存文件夹：{{cached}}
  - 能访问 Temporal 项目的下载站时，重新运行 make setup，由 Python SDK 下载
  - 装有 Go（1.24 以上）且模块代理可用时，重新运行 make setup，现场编译（约 3 至 5 分钟）"""


def cache_folder() -> Path:
    """Return the folder for everything fetched or built at set-up; the same that `xueshi.settings` names."""
    chosen = os.environ.get("XUESHI_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "xueshi"
    if os.name == "nt":
        local = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(local) / "xueshi" / "xueshi" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xueshi"


def cached_program() -> Path:
    """Return where set-up keeps the program, whether it is there or not."""
    return cache_folder() / "bin" / PROGRAM


def ways(*, chinese: bool = False) -> str:
    """Return the ways to get Temporal, one per line: English for whoever runs make, Chinese for the rest."""
    return (_WAYS_IN_CHINESE if chinese else _WAYS).format(cached=cached_program())


def find() -> Path | None:
    """Return the program from PATH or from our cache; None when there is neither."""
    on_path = shutil.which("temporal")
    if on_path:
        return Path(on_path)
    cached = cached_program()
    return cached if os.access(cached, os.X_OK) else None


def go_command() -> list[str] | None:
    """Return the command that builds the pinned version; None without Go."""
    go = shutil.which("go")
    return [go, "install", "-v", "-ldflags", "-s -w", f"{GO_MODULE}@{GO_VERSION}"] if go else None


def go_folder() -> Path:
    """Return where Go works: modules, build cache and the fresh binary; removed after a successful build."""
    return cache_folder() / "go"


def go_environment() -> dict[str, str]:
    """Return the environment of the build: every folder Go writes to lies in our cache.

    The user's own Go settings (a module proxy, say) are still read: Go is told where they stand.
    """
    work = go_folder()
    environment = dict(os.environ)
    go = shutil.which("go")
    if go and "GOENV" not in environment:
        asked = subprocess.run([go, "env", "GOENV"], capture_output=True, text=True, check=False)
        environment["GOENV"] = asked.stdout.strip() or "off"
    (work / "tmp").mkdir(parents=True, exist_ok=True)
    environment.update(
        GOPATH=str(work),
        GOMODCACHE=str(work / "mod"),
        GOCACHE=str(work / "build"),
        GOBIN=str(work / "bin"),
        GOTMPDIR=str(work / "tmp"),
        XDG_CONFIG_HOME=str(work / "config"),  # Go's telemetry counters
        # Without -modcacherw the module cache is read-only and cannot be removed afterwards.
        GOFLAGS=" ".join([*environment.get("GOFLAGS", "").split(), "-modcacherw"]),
        CGO_ENABLED="0",
    )
    return environment


def keep(built: Path) -> Path:
    """Put a fetched or built program into the cache in one step; return where it is."""
    target = cached_program()
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(built, fresh)
    fresh.chmod(0o755)
    os.replace(fresh, target)  # noqa: PTH105 - this file also runs where only os.replace is atomic on Windows
    return target


def keep_built() -> Path:
    """Keep what `go install` built and remove Go's folders (some GiB). Raises FileNotFoundError without a build."""
    target = keep(go_folder() / "bin" / PROGRAM)
    shutil.rmtree(go_folder(), ignore_errors=True)
    return target


def download_with_sdk(python: Path) -> Path | None:
    """Let the Temporal SDK of `python` download its server; None when it cannot be had.

    Given up when no byte arrives within a few seconds: a closed network must not hold up the set-up.
    """
    folder = cache_folder() / "sdk-download"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    child = subprocess.Popen(
        [str(python), "-c", _SDK_SCRIPT, str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = moved = time.monotonic()
    size = 0
    try:
        while child.poll() is None:
            time.sleep(0.2)
            now = time.monotonic()
            arrived = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
            if arrived != size:
                size, moved = arrived, now
            if now - moved > SDK_PATIENCE_SECONDS or now - started > SDK_LIMIT_SECONDS:
                return None
        if child.returncode != 0:
            return None
        whole = [path for path in folder.iterdir() if path.suffix != ".downloading" and path.is_file()]
        return keep(whole[0]) if len(whole) == 1 else None
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        shutil.rmtree(folder, ignore_errors=True)


_SDK_SCRIPT = """
import asyncio, sys
from temporalio.testing import WorkflowEnvironment
async def main():
    environment = await WorkflowEnvironment.start_local(download_dest_dir=sys.argv[1], dev_server_log_level="error")
    await environment.shutdown()
asyncio.run(main())
"""
