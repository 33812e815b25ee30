"""Run a command beside a private PostgreSQL server: `setup/with_postgres.py make test`.

The server lives in a temporary folder on a free loopback port, trusts local users, and ends with the command. The
command sees its address in `XUESHI_TEST_POSTGRES`. As root the server runs as the user `postgres`, because
PostgreSQL refuses root. Needs the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60


def programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`: on PATH, else Debian's newest version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server in an empty folder; gives its SQLAlchemy address; ends it in the end.

    Raises RuntimeError with the end of its log when it does not come up.
    """
    binaries = programs()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed (no initdb found): apt-get install postgresql")
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data, log, port = folder / "data", folder / "postgres.log", free_port()
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "xueshi", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        **identity,
    )
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        # Nobody needs this data after a crash of the machine.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,  # Ctrl-C ends the command; the server ends after it
            **identity,
        )
    try:
        _wait(process, binaries, port, log)
        yield f"postgresql+psycopg://xueshi@127.0.0.1:{port}/postgres"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], binaries: Path, port: int, log: Path) -> None:
    ready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    limit = time.monotonic() + START_SECONDS
    while subprocess.run(ready, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def main(command: list[str]) -> int:
    """Run the command beside the server; returns its exit code."""
    if not command:
        print("usage: with_postgres.py COMMAND ...", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="xueshi-postgres-", ignore_cleanup_errors=True) as folder:
        try:
            with server(Path(folder)) as address:
                return subprocess.run(
                    command, env={**os.environ, "XUESHI_TEST_POSTGRES": address}, check=False
                ).returncode
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
