"""The architecture, as far as import-linter cannot say it: plugins, words of regions, names and places."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from xueshi.jurisdictions import Jurisdiction
from xueshi.testing import may_import

PROJECT = Path(__file__).resolve().parent.parent
REGIONS = sorted(
    folder.name for folder in (PROJECT / "plugins").iterdir() if (folder / "pyproject.toml").is_file()
)
ENGINE_FOLDERS = [
    folder for folder in ("core", "templates", "workflows", "console", "cli") if (PROJECT / folder).is_dir()
]
# Files that must work for any set of regions: they take plugins/* as they find it.
REGION_FREE_FILES = [
    "Makefile",
    "pyproject.toml",
    ".ci/run",
    "setup",
    "tests/conftest.py",
    "tests/test_architecture.py",
]
EMPTY_NAMES = {"utils", "util", "helpers", "common", "manager", "base", "misc"}


@cache
def jurisdiction(region: str) -> Jurisdiction:
    answer: Jurisdiction = import_module(f"xueshi_{region}").jurisdiction.jurisdiction()
    return answer


@cache
def closed_words() -> frozenset[str]:
    """The engine's own words; a plugin may be named with one of them (the floor of the whole country is)."""
    text = (PROJECT / "core" / "xueshi" / "regulations" / "vocabulary.yaml").read_text()

    def walk(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                yield str(key)
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)
        else:
            yield str(node)

    return frozenset(word for text in walk(YAML(typ="safe").load(text)) for word in text.split())


def region_words(region: str) -> set[str]:
    """Every word by which a region could be named: code, names with and without 市 or 区, area codes, instruments."""
    its = jurisdiction(region)
    words = {region, its.code}
    for name in (its.name, *(area.name for area in its.areas)):
        bare = re.sub(r"(特别行政区|自治区|自治州|自治县|新区|省|市|区|县)$", "", name)
        words |= {name, bare if len(bare) > 1 else name}
    words |= {area.code for area in its.areas if not area.code.startswith("0000")}
    words |= {
        word for instrument in its.instruments for word in (instrument.id, instrument.number) if len(word) > 4
    }
    return words - closed_words()


def text_files(*places: str) -> Iterator[Path]:
    for place in places:
        path = PROJECT / place
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (
            file
            for file in found
            if file.is_file() and "__pycache__" not in file.parts and file.suffix not in {".png", ".pdf"}
        )


def python_files(*places: str) -> Iterator[Path]:
    return (file for file in text_files(*places) if file.suffix == ".py")


def imports_of(file: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, wherever it stands in a file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


@pytest.mark.parametrize("region", REGIONS)
def test_the_engine_holds_no_word_of_a_region(region: str) -> None:
    found = []
    words = sorted(region_words(region), key=len, reverse=True)
    # A latin word or number counts when it stands alone; Chinese has no spaces.
    pattern = re.compile(
        "|".join(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])" for word in words), re.IGNORECASE
    )
    for file in text_files(*ENGINE_FOLDERS, *REGION_FREE_FILES):
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            found += [
                f"{file.relative_to(PROJECT)}:{number}: {hit.group()}" for hit in pattern.finditer(line)
            ]
    assert not found, f"words of {region}:\n" + "\n".join(found)


def test_the_words_of_a_region_are_really_looked_for() -> None:
    for region in REGIONS:
        its = jurisdiction(region)
        assert its.instruments, f"{region} lists no instrument: then its ids are not looked for"
        assert {its.instruments[0].id} <= region_words(region)


@pytest.mark.parametrize("region", REGIONS)
def test_a_plugin_enters_by_the_front_door_and_is_pure(region: str) -> None:
    package = f"xueshi_{region}"
    wrong = []
    for file in python_files(f"plugins/{region}/{package}"):
        for line, name in imports_of(file):
            if not (name.startswith(".") or may_import(name, package)):
                wrong.append(f"{file.relative_to(PROJECT)}:{line}: {name}")
    assert not wrong, (
        "a plugin may import `xueshi` itself, its own package and pure standard modules:\n" + "\n".join(wrong)
    )


@pytest.mark.parametrize("region", REGIONS)
def test_a_plugin_is_packed_like_every_other(region: str) -> None:
    folder = PROJECT / "plugins" / region
    settings = tomllib.loads((folder / "pyproject.toml").read_text())
    project = settings["project"]
    assert project["name"] == f"xueshi-{region}"
    assert project["dependencies"] == ["xueshi>=1,<2"]
    assert project["entry-points"] == {"xueshi.jurisdictions": {region: f"xueshi_{region}:jurisdiction"}}
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [f"xueshi_{region}"]
    assert len((folder / "README.md").read_text().splitlines()) > 1, (
        "the README says which instruments, years, clauses"
    )
    assert jurisdiction(region).code == region


def test_nothing_outside_the_plugins_imports_a_region() -> None:
    packages = {f"xueshi_{region}" for region in REGIONS}
    wrong = [
        f"{file.relative_to(PROJECT)}:{line}: {name}"
        for file in python_files(*ENGINE_FOLDERS, "setup")
        for line, name in imports_of(file)
        if name.split(".")[0] in packages
    ]
    assert not wrong


def test_the_contracts_cover_every_package_that_is_shipped() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    shipped = {Path(package).name for package in settings["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert set(settings["importlinter"]["root_packages"]) == shipped


def test_the_front_door_opens_without_sql_or_temporal() -> None:
    script = "import sys, xueshi; print(*sorted({'sqlmodel', 'sqlalchemy', 'temporalio'} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded == []


def test_campaigns_can_be_entered_without_sql() -> None:
    """A room's front holds a sentence and no import: a workflow takes its machines and notices without SQL."""
    for room in ("campaigns", "campaigns/opening", "campaigns/clocks", "machines", "flows"):
        body = ast.parse((PROJECT / "core" / "xueshi" / room / "__init__.py").read_text()).body
        assert len(body) == 1, room
        assert isinstance(body[0], ast.Expr), room


def test_rules_read_no_clock_and_know_no_floating_point() -> None:
    wrong = []
    for file in (
        *python_files("core/xueshi/regulations", "core/xueshi/assessment"),
        PROJECT / "core/xueshi/hours.py",
    ):
        tree = ast.parse(file.read_text())
        # How alike two words are (difflib's cutoff) is a number that no hour ever meets.
        alike = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and node.arg == "cutoff"
        }
        for node in ast.walk(tree):
            clock = isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
            number = (
                isinstance(node, ast.Constant) and isinstance(node.value, float) and id(node) not in alike
            )
            conversion = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
            )
            if clock or number or conversion:
                wrong.append(f"{file.relative_to(PROJECT)}:{node.lineno}")  # type: ignore[attr-defined]
    assert not wrong


def test_queries_stand_in_repositories_only() -> None:
    wrong = [
        f"{file.relative_to(PROJECT)}:{node.lineno}"
        for file in python_files(*ENGINE_FOLDERS)
        if file.name != "repository.py" and not {"rows", "migrations"} & set(file.parts)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").split(".")[0] in {"sqlmodel", "sqlalchemy"}
        and {name.name for name in node.names} & {"select", "insert", "update", "delete", "text"}
    ]
    assert not wrong


def test_files_are_named_by_the_noun_they_hold() -> None:
    assert [
        file for file in python_files(*ENGINE_FOLDERS, "plugins", "setup") if file.stem in EMPTY_NAMES
    ] == []


def test_every_silenced_check_says_why() -> None:
    silenced = re.compile(r"#\s*noqa(?P<rest>.*)$")
    wrong = []
    for file in python_files(*ENGINE_FOLDERS, "plugins", "setup"):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = silenced.search(line)
            if found and not re.match(r": [A-Z]+\d+(, [A-Z]+\d+)* - \S", found["rest"]):
                wrong.append(f"{file.relative_to(PROJECT)}:{number}: {line.strip()}")
    assert not wrong, "write `# noqa: CODE - the reason`:\n" + "\n".join(wrong)


def test_pins_name_hashes_and_no_address() -> None:
    text = (PROJECT / "requirements.lock").read_text()
    assert "://" not in text
    assert "--index" not in text
    pins = re.findall(r"^[a-z0-9][^\s=]*==\S+(?: ;[^\\]*)? \\$", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)), "a pin without a hash"


def test_one_place_asks_the_machine_what_time_it_is() -> None:
    """Campaign dates pass through the campaign clock, and the tests of a whole quarter hold the clock in their hands."""
    asking = [
        str(file.relative_to(PROJECT))
        for folder in ENGINE_FOLDERS
        for file in sorted((PROJECT / folder).rglob("*.py"))
        if "datetime.now(UTC)" in file.read_text() or "datetime.utcnow" in file.read_text()
    ]
    assert asking == [], "call xueshi.real_clock.real_now() there"
