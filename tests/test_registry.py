"""The plugin host: one jurisdiction is asked, a broken one is loud, the longest area wins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from xueshi import AppliesLine, Area, Instrument, Jurisdiction, YearSpan, hookimpl
from xueshi.errors import InputError, NotEncodedError, PluginError
from xueshi.registry import GROUP, load

FAKES = """
from xueshi import AppliesLine, Area, Instrument, Jurisdiction, YearSpan, hookimpl

class Fake:
    def __init__(self, code, area):
        self.code, self.area = code, area
    @hookimpl
    def jurisdiction(self):
        return Jurisdiction(self.code, self.code, (Area(self.area, self.code),),
            (Instrument("X" + self.code, "示例", "无文号", YearSpan(2020, 2022)),),
            (AppliesLine(self.area, YearSpan(2020, 2022), "X" + self.code, "第一条"),))
    @hookimpl
    def approval_flows(self, year):
        raise AssertionError(self.code + " was asked")

province, city, rival = Fake("province", "990000"), Fake("city", "990100"), Fake("rival", "990100")

class Liar(Fake):
    @hookimpl
    def jurisdiction(self):
        return "me"

class Typo(Fake):
    @hookimpl
    def approval_flow(self, year):
        return ()

liar, typo = Liar("liar", "990200"), Typo("typo", "990300")
"""


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "fake_jurisdictions.py").write_text(FAKES)
    (tmp_path / "exploding_jurisdiction.py").write_text("raise SystemExit('no licence')")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "fake_jurisdictions"
    sys.modules.pop("fake_jurisdictions", None)


def found(*names: str, module: str = "fake_jurisdictions") -> list[EntryPoint]:
    return [EntryPoint(name, f"{module}:{name}", GROUP) for name in names]


def test_one_jurisdiction_is_asked_and_no_other(fakes: str) -> None:
    registry = load(found=found("province", "city"))
    assert registry.ask("city").jurisdiction().code == "city"
    with pytest.raises(AssertionError, match="city was asked"):
        registry.ask("city").approval_flows(2020)


def test_the_longest_matching_area_decides(fakes: str) -> None:
    registry = load(found=found("province", "city"))
    assert registry.region_for("990102") == "city"
    assert registry.region_for("990300") == "province"


def test_two_plugins_for_one_area_stop_whoever_asks(fakes: str) -> None:
    registry = load(found=found("rival", "city"))
    with pytest.raises(PluginError, match="city、rival"):
        registry.region_for("990102")


def test_a_year_that_is_not_covered_names_the_nearest(fakes: str) -> None:
    with pytest.raises(NotEncodedError, match="Xcity（2020–2022 年度）"):
        load(found=found("city")).line_for("990101", 2031)


def test_an_unknown_jurisdiction_names_the_known_ones(fakes: str) -> None:
    with pytest.raises(InputError, match="city、province"):
        load(found=found("province", "city")).ask("nowhere")


@pytest.mark.parametrize(
    ("name", "module", "cause"),
    [
        ("liar", "fake_jurisdictions", "not a Jurisdiction"),
        ("typo", "fake_jurisdictions", "unknown hook 'approval_flow'"),
        ("gone", "fake_jurisdictions", "has no attribute 'gone'"),
        ("absent", "no_such_module", "No module named 'no_such_module'"),
        ("exploding", "exploding_jurisdiction", "no licence"),
    ],
)
def test_a_broken_plugin_stops_the_start_and_says_why(fakes: str, name: str, module: str, cause: str) -> None:
    with pytest.raises(PluginError) as stopped:
        load(found=[*found("city"), *found(name, module=module)])
    for part in (f"{name} = {module}:{name}", cause, "pip uninstall"):
        assert part in str(stopped.value)


def test_the_health_report_sees_the_broken_plugin_and_keeps_the_others(fakes: str) -> None:
    registry = load(strict=False, found=[*found("city", "typo")])
    assert registry.codes() == ["city"]
    assert [problem.entry_point for problem in registry.problems] == ["typo = fake_jurisdictions:typo"]


def test_every_hook_call_can_be_printed(
    fakes: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XUESHI_TRACE_HOOKS", "1")
    load(found=found("city")).ask("city").jurisdiction()
    assert "hook jurisdiction() -> city" in capsys.readouterr().err


def test_the_front_door_holds_what_a_plugin_needs() -> None:
    assert all((Area, AppliesLine, Instrument, Jurisdiction, YearSpan, hookimpl))
