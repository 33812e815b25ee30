"""A year of every region on the campaign clock, January to the report: each event against what the script expects of it.

On SQLite, and on PostgreSQL where that is there.

The scripts are data (`*.yaml`); their figures were computed by hand from the law, with the clause beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from year_looks import YearLooks
from year_player import YearPlayer
from year_script import read_script

from xueshi.storage import open_database
from xueshi_cli import workplace

SCRIPTS = sorted(Path(__file__).parent.glob("*.yaml"))
NOTHING_WRONG = {"difference": 0, "pending": 0, "broken_at": None}


@pytest.fixture
def kept_engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Engine]]:
    """Every database that commands open, closed when the test ends, however it ends: a process would end with each."""
    with keeping_engines(monkeypatch) as opened:
        yield opened


@contextmanager
def keeping_engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Engine]]:
    """Note every database that commands open meanwhile, and close them all at the end."""
    opened: list[Engine] = []

    def opening(url: str) -> Engine:
        opened.append(open_database(url))
        return opened[-1]

    monkeypatch.setattr(workplace, "open_database", opening)
    try:
        yield opened
    finally:
        for engine in opened:
            engine.dispose()


@pytest.mark.years
@pytest.mark.fonts
@pytest.mark.usefixtures("kept_engines")
@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_a_year_comes_out_as_the_law_says(
    file: Path,
    empty_database: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    script = read_script(file)
    address = empty_database.url.render_as_string(hide_password=False)
    player = YearPlayer(script, tmp_path / "below", address)

    def use(folder: Path) -> None:
        """Let the command work in a folder: the year's own with its database, the bureau above on SQLite."""
        monkeypatch.setenv("XUESHI_DATA", str(folder))
        if folder == player.folder:
            monkeypatch.setenv("XUESHI_DATABASE_URL", address)
        else:
            monkeypatch.delenv("XUESHI_DATABASE_URL", raising=False)

    looks = YearLooks(player, use)
    for month, events in script.months():
        player.play(events)
        if request.config.option.verbose > 0:
            with capsys.disabled():
                sys.stdout.write(f"  {script.name} {month}: {len(events)} events\n")
    assert not player.differences, "\n".join(player.differences)
    assert looks.proof() == {**NOTHING_WRONG, "waiting": dict(script.left_open)}


def test_a_year_that_fails_closes_its_databases_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Engine] = []

    def failing_year() -> None:
        with keeping_engines(monkeypatch):
            for name in ("below.db", "above.db"):
                opened = workplace.open_database(f"sqlite:///{tmp_path / name}")
                event.listen(opened, "engine_disposed", closed.append)
            raise AssertionError("a difference")

    with pytest.raises(AssertionError, match="a difference"):
        failing_year()
    assert len(closed) == 2


def test_there_is_a_year_of_every_region_that_has_a_law() -> None:
    from xueshi.registry import load

    registry = load()
    played = {registry.region_for(read_script(file).area) for file in SCRIPTS}
    assert played == {code for code in registry.codes() if registry.ask(code).jurisdiction().applies}


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_every_event_of_a_script_expects_something(file: Path) -> None:
    script = read_script(file)
    assert [str(event) for event in script.events if not event.expect] == []
