"""What every test can use: a fresh database per test, parts that may be missing, and the closing line.

A *part* is something a machine may lack (PostgreSQL, Temporal, the fonts, …). A test names the parts it needs by
marker; without the part it is skipped, and the summary says once per part how to get it. `XUESHI_REQUIRE=postgres,…`
turns such skips into failures.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sequence_count
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

settings.register_profile(
    "many", max_examples=sequence_count.MANY, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
PROJECT = Path(__file__).resolve().parent.parent
POSTGRES = "XUESHI_TEST_POSTGRES"


def _has_temporal() -> bool:
    from xueshi_cli import temporal_binary

    return bool(os.environ.get(temporal_binary.ADDRESS_VARIABLE)) or temporal_binary.find() is not None


def _has_java() -> bool:
    return shutil.which("java") is not None and time_skipping_server().is_file()


def time_skipping_server() -> Path:
    """The wrapper of Temporal's time-skipping test server, where it was fetched."""
    from xueshi_cli import temporal_binary

    return temporal_binary.cache_folder() / "bin" / "temporal-test-server"


def _has_golden() -> bool:
    # The one path outside the repository that a test may know: golden cases are copied into the plugins.
    return any(_golden().glob("*.yaml"))


def _golden() -> Path:
    return Path(os.environ.get("XUESHI_SHARED") or PROJECT.parent / "shared" / "domain" / "golden")


@pytest.fixture
def golden() -> Path:
    """The folder of the domain's golden cases; mark the test `golden`."""
    return _golden()


def _has_fonts() -> bool:
    from xueshi_templates.fonts import fonts_available

    return fonts_available()


@dataclass(frozen=True)
class Part:
    """Something that may be missing on a machine: how to see it, and the command that gets it."""

    there: Callable[[], bool]
    cure: str


PARTS = {
    "postgres": Part(
        lambda: bool(os.environ.get(POSTGRES)),
        "apt-get install postgresql, then .venv/bin/python setup/with_postgres.py make test",
    ),
    "temporal": Part(_has_temporal, "make setup"),
    "java": Part(_has_java, "make time-skipping"),
    "fonts": Part(_has_fonts, "make setup"),
    "golden": Part(_has_golden, "name the folder of the golden cases in XUESHI_SHARED"),
}
_there: dict[str, bool] = {}
_skipped: Counter[str] = Counter()


def _is_there(name: str) -> bool:
    if name not in _there:
        _there[name] = PARTS[name].there()
    return _there[name]


def _required() -> set[str]:
    named = {name.strip() for name in os.environ.get("XUESHI_REQUIRE", "").split(",") if name.strip()}
    # `chromium` is named by set-ups ahead of the tests that will need it.
    unknown = named - PARTS.keys() - {"chromium"}
    if unknown:
        raise pytest.UsageError(
            f"XUESHI_REQUIRE names unknown parts {sorted(unknown)}; known: {sorted(PARTS)}"
        )
    return named


def _parts_of(item: pytest.Item) -> list[str]:
    return [name for name in PARTS if item.get_closest_marker(name)]


def pytest_configure(config: pytest.Config) -> None:
    _required()
    # A developer's own settings must not reach the tests; what names a part may.
    for name in [name for name in os.environ if name.startswith("XUESHI_")]:
        if name not in (
            POSTGRES,
            "XUESHI_REQUIRE",
            "XUESHI_CACHE",
            "XUESHI_TEMPORAL_ADDRESS",
            "XUESHI_SHARED",
        ):
            del os.environ[name]
    config.addinivalue_line("markers", "fonts: needs the fonts that set-up fetches")
    config.addinivalue_line("markers", "golden: needs the folder of the domain's golden cases")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in _parts_of(item):
        if not _is_there(name):
            pytest.skip(f"{name} is not here: {PARTS[name].cure}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment,misc]
    if report.skipped and not hasattr(report, "wasxfail"):
        parts = _parts_of(item)
        missing = [name for name in parts if not _is_there(name)]
        required = sorted(_required() & set(parts))
        if required:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped, but XUESHI_REQUIRE names {', '.join(required)}"
        else:
            _skipped.update(missing[:1])
    return report  # type: ignore[return-value]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in sequence_count.lines():
        terminalreporter.write_line(line)
    for name, count in sorted(_skipped.items()):
        terminalreporter.write_line(f"skipped: {count} tests need {name}. To run them: {PARTS[name].cure}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return

    def count(*kinds: str) -> int:
        return sum(
            len([one for one in reporter.stats.get(kind, ()) if getattr(one, "count_towards_summary", True)])
            for kind in kinds
        )

    reporter.write_line(
        f"{count('passed', 'xpassed')} passed, {count('failed', 'error')} failed, {count('skipped', 'xfailed')} skipped"
    )


@pytest.fixture(scope="session", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test works in the data folder of the checkout."""
    os.environ["XUESHI_DATA"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database: a new SQLite file, or a new schema of the PostgreSQL server."""
    from xueshi.storage import open_database

    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'xueshi.db'}")
        yield database
        database.dispose()
        return
    with fresh_schema() as url:
        database = open_database(url)
        yield database
        database.dispose()


@pytest.fixture
def engine(empty_database: Engine) -> Engine:
    """An empty database with all tables (test_migrations.py holds that the migrations make the same)."""
    from sqlmodel import SQLModel

    for tables in sorted((PROJECT / "core" / "xueshi").glob("*/tables.py")):
        import_module(f"xueshi.{tables.parent.name}.tables")
    SQLModel.metadata.create_all(empty_database)
    return empty_database


class fresh_schema:
    """A new schema of the PostgreSQL server in `XUESHI_TEST_POSTGRES`, as an address; dropped at the end."""

    def __enter__(self) -> str:
        from sqlalchemy import make_url

        from xueshi.storage import open_database

        self.name = f"t_{uuid.uuid4().hex}"
        server = os.environ[POSTGRES]
        self._admin = open_database(server)
        with self._admin.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {self.name}")
        url = make_url(server).update_query_dict({"options": f"-csearch_path={self.name}"})
        return url.render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        with self._admin.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {self.name} CASCADE")
        self._admin.dispose()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The address of a new, empty PostgreSQL schema; mark the test `postgres`."""
    with fresh_schema() as url:
        yield url
