"""Decisions per second, latency at a steady ten a second, and recovery after SIGKILL: ours beside DBOS, taking turns.

`.venv/bin/python benchmarks/durable/rounds.py decisions` and `… recovery [--units 1000] [--postgres]`. DBOS runs in the
environment of `make bench-setup` (`.venv-bench`). PostgreSQL is a private server (setup/with_postgres.py). Only loopback,
bounded, ends by itself. A round in which another machine stole more than 5 % of the processors is thrown away and said so.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
PEER = PROJECT / ".venv-bench" / "bin" / "python"
MOST_STEAL = 5.0


class Seat:
    """A player's process, spoken to in JSON lines."""

    def __init__(self, name: str, python: Path | str, script: str, units: int, database: str) -> None:
        self.name = name
        command = [str(python), str(HERE / script), "--units", str(units), "--database", database]
        # A worker that starts anew reads what the one before it compiled, as on a machine in use.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE, env=env
        )

    def tell(self, **told: Any) -> dict[str, Any]:
        """Tell it something and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"{self.name} ended: exit code {self._process.wait()}")

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(RuntimeError, BrokenPipeError):
            self.tell(do="close")
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()


@contextlib.contextmanager
def databases(postgres: bool) -> Iterator[tuple[str, str]]:
    """Give the addresses of two databases: empty words for files of each player's own."""
    if not postgres:
        yield "", ""
        return
    sys.path.insert(0, str(PROJECT / "setup"))
    import with_postgres

    with tempfile.TemporaryDirectory() as folder, with_postgres.server(Path(folder)) as address:
        import psycopg

        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CREATE DATABASE ours")
            connection.execute("CREATE DATABASE peer")
        base = address.rsplit("/", 1)[0]
        yield f"{base}/ours", f"{base}/peer"


@contextlib.contextmanager
def seats(units: int, postgres: bool) -> Iterator[list[Seat]]:
    """Open both players, whatever happens end them."""
    with databases(postgres) as (ours, peer):
        sitting = [
            Seat("Xueshi", sys.executable, "xueshi_player.py", units, ours),
            Seat("DBOS", PEER, "dbos_player.py", units, peer),
        ]
        try:
            for seat in sitting:
                print(
                    f"{seat.name}: {units} units wait after {seat.tell(do='open')['opened_seconds']:.1f} s",
                    flush=True,
                )
            yield sitting
        finally:
            for seat in sitting:
                seat.close()


def steal() -> float:
    """Return the seconds that other machines took from this one so far."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def clean(turn: Any) -> Any:
    """Take a turn; take it again (three times at most) when too much was stolen meanwhile."""
    for _ in range(3):
        before, wall = steal(), sum(psutil.cpu_times())
        answer = turn()
        share = 100 * (steal() - before) / max(1e-9, sum(psutil.cpu_times()) - wall)
        if share <= MOST_STEAL:
            return answer
        print(f"  thrown away: {share:.1f} % steal", flush=True)
    print("  kept in spite of steal", flush=True)
    return answer


def decisions(units: int, rounds: int, postgres: bool) -> None:
    """Print decisions per second and p95 at ten a second."""
    took: dict[str, list[float]] = {}
    with seats(units, postgres) as sitting:
        turns = [("durable", seat, {}) for seat in sitting] + [("direct", sitting[0], {"direct": True})]
        for _ in range(rounds):
            for kind, seat, how in turns:
                answer = clean(lambda seat=seat, how=how: seat.tell(do="rate", n=400, at_once=50, **how))
                took.setdefault(f"{seat.name} {kind} decisions/s", []).append(400 / answer["seconds"])
        for kind, seat, how in turns:
            answer = clean(
                lambda seat=seat, how=how: seat.tell(do="steady", per_second=10, seconds=20, **how)
            )
            ordered = sorted(answer["milliseconds"])
            took[f"{seat.name} {kind} ms median at 10/s"] = [statistics.median(ordered)]
            took[f"{seat.name} {kind} ms p95 at 10/s"] = [ordered[int(len(ordered) * 0.95)]]
        print("histories:", sitting[0].tell(do="sizes"))
    for name, figures in took.items():
        print(f"{name}: {statistics.median(figures):.1f}  ({', '.join(f'{one:.1f}' for one in figures)})")


def recovery(units: int, rounds: int, postgres: bool) -> None:
    """Print seconds after SIGKILL until a random unit answers, and until the last of 200."""
    took: dict[str, list[tuple[float, float]]] = {}
    with seats(units, postgres) as sitting:
        for _ in range(rounds):
            for seat in sitting:
                answer = clean(lambda seat=seat: seat.tell(do="recover", sample=200))
                took.setdefault(seat.name, []).append((answer["first"], answer["last"]))
    for name, figures in took.items():
        print(
            f"{name}: first {statistics.median(first for first, _ in figures):.1f} s, "
            f"last of 200 {statistics.median(last for _, last in figures):.1f} s  ({figures})"
        )


def main() -> None:
    """Run one benchmark."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the players are ended too
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("decisions", "recovery"))
    parser.add_argument("--units", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"temporalio {version('temporalio')}, database {'PostgreSQL' if given.postgres else 'SQLite'}"
    )
    units = given.units or {"decisions": 200, "recovery": 2000 if given.postgres else 1000}[given.what]
    (decisions if given.what == "decisions" else recovery)(units, given.rounds, given.postgres)


if __name__ == "__main__":
    main()
