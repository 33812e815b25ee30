"""The plugin with Python of its own: it is imported, judged, pinned, and held to what a plugin may import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module, invalidate_caches
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from xueshi import testing
from xueshi.assessment.cases import run_file
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.plugin_check import check_files
from xueshi.registry import GROUP, Registry, load
from xueshi.regulations.hook_functions import found_by
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import Reason, RegulationSource
from xueshi.testing import JurisdictionContract

PLUGIN = Path(__file__).resolve().parents[2] / "examples" / "python-plugin"
BOOK = RecordFacts("r1", "book", {"characters": 30000, "authors": 3, "rank": 2}, 2021)


class Contract(JurisdictionContract):
    """The contract on the example; pytest does not collect it, since the plugin is not installed."""

    code = "example"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.syspath_prepend(str(PLUGIN))
    invalidate_caches()
    registry = load(found=[EntryPoint("example", "xueshi_example:jurisdiction", GROUP)])
    monkeypatch.setattr(testing, "_registry", lambda: registry)
    yield registry
    for name in [one for one in sys.modules if one.split(".")[0] == "xueshi_example"]:
        del sys.modules[name]


@pytest.fixture
def rules(registry: Registry) -> ModuleType:
    assert registry.codes() == ["example"]
    return import_module("xueshi_example.rules")


@pytest.mark.parametrize(
    ("characters", "authors", "rank", "hundredths"),
    [(12000, 1, 1, 960), (30000, 3, 1, 1200), (30000, 3, 3, 600), (10000, 4, 2, 133), (0, 2, 1, 0)],
)
def test_the_function_runs(
    rules: ModuleType, characters: int, authors: int, rank: int, hundredths: int
) -> None:
    given = rules.joint_work({"characters": characters, "authors": authors, "rank": rank})
    assert given == hundredths


def test_it_gives_a_reason_for_a_rank_that_cannot_be(rules: ModuleType) -> None:
    assert isinstance(rules.joint_work({"characters": 9000, "authors": 2, "rank": 3}), Reason)


def test_its_cases_hold_and_its_files_have_no_error(registry: Registry) -> None:
    [(name, text)] = registry.ask("example").plugin.case_files.items()
    functions = registry.ask("example").hour_functions("EX2020")
    result = run_file(RegulationSource(name, text), registry.source_of, functions=functions)
    assert [(case.id, case.failures) for case in result.results] == [("EX2020-01", ()), ("EX2020-02", ())]
    assert [str(one) for one in check_files(registry, "example") if one.severity == "E"] == []


def test_it_passes_the_contract(registry: Registry) -> None:
    assert registry.codes() == ["example"]
    tests = [name for name in dir(Contract) if name.startswith("test_")]
    assert len(tests) >= 10
    for name in tests:
        getattr(Contract(), name)()


def test_a_pinned_law_finds_the_function_by_its_source_and_no_other(registry: Registry) -> None:
    pack = registry.pack_of("EX2020")
    request = PersonYearRequest("990100", 2021, {}, (BOOK,))
    assert evaluate(pack, request).totals["total"] == 600
    gone = RulePack.from_bytes(pack.to_bytes())
    assert gone.functions == {}
    before = found_by(registry.hour_functions)
    try:
        pinned = RulePack.from_bytes(pack.to_bytes())
        assert set(pinned.functions) == {"joint_work"}
        assert evaluate(pinned, request).totals["total"] == 600
        found_by(lambda: [lambda facts: 0 * facts["rank"]])
        assert RulePack.from_bytes(pack.to_bytes()).functions == {}, "another function is not the pinned one"
    finally:
        found_by(before)


@pytest.mark.parametrize(
    ("module", "may"),
    [
        ("xueshi", True),
        ("xueshi_example.rules", True),
        ("collections.abc", True),
        ("fractions", True),
        ("xueshi.testing", False),
        ("xueshi.campaigns.opening.notice", False),
        ("datetime", False),
        ("pathlib", False),
        ("collectionsx", False),
    ],
)
def test_what_a_plugin_may_import(module: str, may: bool) -> None:
    assert testing.may_import(module, "xueshi_example") is may


def test_the_contract_refuses_what_it_may_not(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert registry.codes() == ["example"]
    (tmp_path / "clock.py").write_text("from datetime import date\n", encoding="utf-8")
    monkeypatch.setattr(testing, "files", lambda _: tmp_path)
    with pytest.raises(
        AssertionError, match=r"clock\.py imports datetime; a plugin may import from `xueshi` only"
    ):
        Contract().test_it_enters_by_the_front_door()
