"""Everything a fresh machine needs, in one command (`make setup`): packages, fonts, the Temporal server.

Runs on a bare Python >= 3.11 with the standard library only. Writes to the project folder (`.venv`) and to the cache
folder (`XUESHI_CACHE`, else the platform's user cache) and nowhere else. Parts that are in place are not done again.
The slowest part, building the Temporal server with Go, runs beside the others.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

try:
    import tomllib
except ImportError:  # Python < 3.11: main() says so
    tomllib = None  # type: ignore[assignment]
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"
STAMP = VENV / "xueshi-setup"
LOCK = PROJECT / "requirements.lock"
OLDEST = (3, 11)
REFRESH_SECONDS = (
    15  # how often a line says that a long part is still running, where output is not a terminal
)


class PartFailedError(Exception):
    """One part of the set-up cannot be had: which, why, and the ways out."""

    def __init__(self, part: str, cause: str, ways: str) -> None:
        super().__init__(f"set-up failed: {part}\n  cause: {cause}\n  {ways}")


def load_temporal_binary() -> Any:
    """Load the one place that knows how Temporal is found, by path: no package is installed yet."""
    path = PROJECT / "cli" / "xueshi_cli" / "temporal_binary.py"
    spec = importlib.util.spec_from_file_location("temporal_binary", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


temporal_binary = load_temporal_binary()
CACHE: Path = temporal_binary.cache_folder()


class Board:
    """Says what runs and for how long: one line that is rewritten on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[float, Path | None]] = {}
        self._lock = threading.Lock()
        self._terminal = sys.stdout.isatty()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()

    def start(self, part: str, log: Path | None = None) -> None:
        """Show a part as running; `log` is the file whose last line tells how far it is."""
        with self._lock:
            self._running[part] = (time.monotonic(), log)
            if not self._terminal:
                print(f"  ... {part}", flush=True)

    def done(self, part: str, note: str = "") -> None:
        """Show a part as done, with its time."""
        self._end(part, "ok ", note)

    def failed(self, part: str, note: str = "") -> None:
        """Show a part as not to be had."""
        self._end(part, "-- ", note)

    def close(self) -> None:
        """End the display."""
        self._stop.set()
        self._thread.join()

    def _end(self, part: str, sign: str, note: str) -> None:
        with self._lock:
            began, _ = self._running.pop(part, (time.monotonic(), None))
            self._wipe()
            print(
                f"  {sign} {part}{': ' + note if note else ''} ({time.monotonic() - began:.0f} s)", flush=True
            )

    def _wipe(self) -> None:
        if self._terminal:
            sys.stdout.write("\r\x1b[K")

    def _tick(self) -> None:
        beats = 0
        while not self._stop.wait(0.5 if self._terminal else REFRESH_SECONDS):
            beats += 1
            with self._lock:
                if not self._running:
                    continue
                now = time.monotonic()
                texts = [
                    f"{part} {now - began:.0f} s{hint(log, len(self._running))}"
                    for part, (began, log) in self._running.items()
                ]
                if self._terminal:
                    width = shutil.get_terminal_size().columns - 1
                    self._wipe()
                    sys.stdout.write(
                        f"  {'|/-' + chr(92)}"[2 + beats % 4] + " " + "; ".join(texts)[: width - 2]
                    )
                    sys.stdout.flush()
                else:
                    print(f"  ... {'; '.join(texts)}", flush=True)


def hint(log: Path | None, parts: int) -> str:
    """Return the last line of a log, short, to tell how far a part is."""
    line = tail(log, 1).strip() if log else ""
    return f" ({line[-100 // parts :]})" if line else ""


def tail(log: Path, lines: int) -> str:
    """Return the last lines of a log file."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 8000))
            return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


class Job:
    """One child process of the set-up: output goes to a log file; ended with its children when set-up ends."""

    everyone: list[Job] = []  # noqa: RUF012 - the register of what must not outlive us

    def __init__(self, part: str, command: list[str], environment: dict[str, str]) -> None:
        self.part = part
        self.log = CACHE / "logs" / f"{part.replace(' ', '-')}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as stream:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=PROJECT,
                start_new_session=True,
            )
        Job.everyone.append(self)

    def stop(self) -> None:
        """End the process and all it started; nothing happens when it has ended by itself."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def environment() -> dict[str, str]:
    """Return the environment of all children: every cache and temporary file below our cache folder."""
    temporary = CACHE / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    result = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    result.update(
        XUESHI_CACHE=str(CACHE),
        PIP_CACHE_DIR=str(CACHE / "pip"),
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_CONFIG_FILE=os.environ.get("PIP_CONFIG_FILE", ""),
        npm_config_cache=str(CACHE / "npm"),
        npm_config_update_notifier="false",
        TMPDIR=str(temporary),
    )
    if not result["PIP_CONFIG_FILE"]:
        del result["PIP_CONFIG_FILE"]
    return result


def run(board: Board, part: str, command: list[str], ways: str) -> None:
    """Run one part to its end. Raises PartFailedError with the end of its output as the cause."""
    job = Job(part, command, environment())
    board.start(part, job.log)
    code = job.process.wait()
    if code != 0:
        board.failed(part)
        text = tail(job.log, 12).strip().replace("\n", "\n    ") or f"exit code {code} without a word"
        raise PartFailedError(part, f"{text}\n    (whole output: {job.log})", ways)
    board.done(part)


def distributions() -> list[Path]:
    """Return the folders of our own distributions: the engine, the console where it exists, every plugin."""
    candidates = [PROJECT, PROJECT / "console", *sorted((PROJECT / "plugins").iterdir())]
    return [folder for folder in candidates if (folder / "pyproject.toml").is_file()]


def wanted_stamp() -> str:
    """Return what an installed environment must say: the digest of pins, project files, Python and place."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {PROJECT}".encode())
    digest.update(LOCK.read_bytes())
    for folder in distributions():
        said = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        # The settings of linters and tests stand in the same file and install nothing.
        parts = [said.get("build-system"), said.get("project"), said.get("tool", {}).get("hatch")]
        digest.update(json.dumps([str(folder), parts], sort_keys=True).encode())
    return digest.hexdigest()


def runs(python: Path) -> bool:
    """Tell whether an environment's Python is there, is of our version and has pip."""
    script = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        return subprocess.run([str(python), "-c", script], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def installed() -> bool:
    """Tell whether the virtual environment holds what the project's files ask for."""
    return PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == wanted_stamp()


def install_packages(board: Board) -> None:
    """Make the virtual environment and install the pinned packages, then our own distributions."""
    if installed():
        board.done("packages", "in place")
        return
    STAMP.unlink(missing_ok=True)
    if importlib.util.find_spec("ensurepip") is None:
        raise PartFailedError(
            "virtual environment",
            "this Python has no ensurepip",
            "on Debian or Ubuntu: apt-get install python3-venv",
        )
    # Only an environment of another Python is thrown away; otherwise pip changes what differs.
    clear = [] if runs(PYTHON) else ["--clear"]
    run(
        board,
        "virtual environment",
        [sys.executable, "-m", "venv", *clear, str(VENV)],
        "check that the project folder is writable and that the disk has room, then run `make setup` again",
    )
    pip = [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off"]
    network = (
        "check the network and pip's index or proxy settings (`pip config list`), then run `make setup` again"
    )
    run(board, "packages", [*pip, "--require-hashes", "-r", str(LOCK)], network)
    ours = [part for folder in distributions() for part in ("-e", str(folder))]
    run(
        board,
        "our own distributions",
        [*pip, "--no-deps", "--no-build-isolation", *ours],
        "a pyproject.toml named above is wrong; correct it, then run `make setup` again",
    )
    STAMP.write_text(wanted_stamp())


def install_fonts(board: Board) -> None:
    """Fetch the fonts of the papers into the cache folder."""
    run(
        board,
        "fonts",
        [str(PYTHON), "-m", "xueshi_templates.fonts", "fetch"],
        "check the network and npm's registry or proxy settings; or put the TTF files of Noto Serif SC and "
        "Noto Sans SC into a folder and name it in XUESHI_FONTS",
    )


class Temporal:
    """The Temporal server: looked for at once, built beside the other parts when it must be built."""

    part = "Temporal server"

    def __init__(self, board: Board) -> None:
        self.board = board
        self.job: Job | None = None
        self.there = self._look()
        if self.there:
            return
        command = temporal_binary.go_command()
        if command:
            self.job = Job(self.part, command, {**environment(), **temporal_binary.go_environment()})
            board.start(self.part, self.job.log)

    def _look(self) -> bool:
        address = os.environ.get(temporal_binary.ADDRESS_VARIABLE)
        if address:
            self.board.done(self.part, f"{address}, as {temporal_binary.ADDRESS_VARIABLE} says")
            return True
        found = temporal_binary.find()
        if found:
            self.board.done(self.part, str(found))
        return found is not None

    def try_download(self) -> None:
        """Let the SDK fetch its server; the build goes on beside it and is ended when the download was faster."""
        if self.there:
            return
        part = "Temporal download by the SDK"
        self.board.start(part)
        found = temporal_binary.download_with_sdk(PYTHON)
        if found is None:
            self.board.failed(
                part, "not to be had here, building instead" if self.job else "not to be had here"
            )
            return
        self.board.done(part)
        self.there = True
        if self.job:
            self.job.stop()
            self.board.done(self.part, "build no longer needed")
            shutil.rmtree(temporal_binary.go_folder(), ignore_errors=True)

    def finish(self) -> None:
        """Wait for the build. Raises PartFailedError that lists all ways to get Temporal."""
        if self.there:
            return
        if self.job is None:
            raise PartFailedError(
                self.part, "not on PATH, not in the cache, no download, no Go", temporal_binary.ways()
            )
        code = self.job.process.wait()
        if code == 0:
            kept = temporal_binary.keep_built()
            self.board.done(self.part, f"built, {kept}")
            return
        self.board.failed(self.part)
        text = tail(self.job.log, 12).strip().replace("\n", "\n    ")
        raise PartFailedError(
            self.part, f"go install: {text}\n    (whole output: {self.job.log})", temporal_binary.ways()
        )


def only_one(work: Callable[[], None]) -> None:
    """Run `work` while no other set-up with the same cache folder runs."""
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        work()
        return
    with (CACHE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("  ... another set-up is running, waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        work()


def prepare() -> None:
    """Do all parts, the slow one beside the others."""
    board = Board()
    try:
        temporal = Temporal(board)
        install_packages(board)
        temporal.try_download()
        install_fonts(board)
        temporal.finish()
    finally:
        for job in Job.everyone:
            job.stop()
        board.close()
        shutil.rmtree(CACHE / "tmp", ignore_errors=True)


def newer_python() -> str | None:
    """Return another Python on PATH that is new enough."""
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def interrupted(*_: object) -> None:
    """Turn SIGTERM into an ordinary end, so that children are ended too."""
    sys.exit(143)


def make_beside(make: Callable[[Board], None]) -> int:
    """Make an environment of its own beside the project's; returns the exit code (3: it cannot be had)."""
    board = Board()
    try:
        only_one(lambda: make(board))
    except PartFailedError as error:
        print(error, file=sys.stderr)
        return 3
    finally:
        for job in Job.everyone:
            job.stop()
        board.close()
    return 0


def main() -> int:
    """Set everything up; returns the exit code (3: a part cannot be had)."""
    if sys.version_info < OLDEST:
        other = newer_python()
        if other is None:
            print(
                f"set-up failed: Python {sys.version.split()[0]} is too old, 3.11 or newer is needed.",
                file=sys.stderr,
            )
            return 3
        os.execv(other, [other, *sys.argv])
    signal.signal(signal.SIGTERM, interrupted)
    began = time.monotonic()
    print("Xueshi set-up", flush=True)
    try:
        only_one(prepare)
    except PartFailedError as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("\nset-up was interrupted; run `make setup` again to go on", file=sys.stderr)
        return 130
    print(f"  set-up complete ({time.monotonic() - began:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
