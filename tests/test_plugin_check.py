"""What is wrong beside the rules is found with file and line: applies, flows, notices, papers; the contract says the same."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from importlib import invalidate_caches
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from xueshi.errors import PluginError
from xueshi.plugin_check import check_files, overdue_laws
from xueshi.registry import GROUP, Registry, load
from xueshi.regulations.diagnostics import Diagnostic
from xueshi.testing import JurisdictionContract

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "notice-example" / "plugin" / "xueshi_yunze"
Installed = Callable[..., Registry]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """Install a copy of the example's plugin, with one text of one of its files replaced."""

    def call(file: str = "", old: str = "", new: str = "") -> Registry:
        package = tmp_path / "xueshi_yunze"
        shutil.copytree(EXAMPLE, package, ignore=shutil.ignore_patterns("__pycache__"))
        if file:
            text = (package / file).read_text(encoding="utf-8")
            assert text.count(old) >= 1, old
            (package / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        invalidate_caches()
        return load(found=[EntryPoint("yunze", "xueshi_yunze:jurisdiction", GROUP)])

    yield call
    sys.modules.pop("xueshi_yunze", None)


@pytest.mark.parametrize("given", ["{professional: YUNZE2013}", "{}", "professional"])
def test_single_categories_of_another_instrument_stop_the_load(installed: Installed, given: str) -> None:
    """A key that did nothing would leave a person judged by the wrong law."""
    with pytest.raises(PluginError) as stopped:
        installed("jurisdiction.yaml", "use: YUNZE2031", f"use: YUNZE2031, categories: {given}")
    said = str(stopped.value)
    assert "jurisdiction.yaml:6: applies.0.categories: one line names one instrument for a whole year" in said
    assert (
        "Repair: delete categories, and carry the rules of those categories over in a difference file" in said
    )


def test_the_example_has_no_finding(installed: Installed) -> None:
    assert check_files(installed(), "yunze") == []


def test_a_rule_file_whose_next_look_is_overdue_is_named_from_the_day_after(installed: Installed) -> None:
    registry = installed(
        "regulations/yunze2031.yaml",
        "\nclauses:",
        "\n  verified: {on: 2031-05-01, by: 张三, review: 2032-05-01}\nclauses:",
    )
    assert overdue_laws(registry, "yunze", date(2032, 5, 1)) == []
    assert overdue_laws(registry, "yunze", date(2032, 5, 2)) == [
        "规则YUNZE2031由张三于2031-05-01核对，应在2032-05-01前复核，已过期"
    ]


def test_a_rule_file_that_names_no_next_look_is_never_overdue(installed: Installed) -> None:
    assert overdue_laws(installed(), "yunze", date(2099, 1, 1)) == []


FAULTS = [
    ("regulations/yunze2031.yaml", "issuer: 云泽市人力资源和社会保障局", "issuer: 待填", "N102", "is the scaffold's", 7),
    ("jurisdiction.yaml", "clause: YUNZE2031 三(三)", "clause: NONSENSE 九", "E202", "begins with no instrument", 6),
    ("jurisdiction.yaml", "clause: YUNZE2031 三(三)", "clause: YUNZE2031 九", "E202", '"九", which is no clause of YUNZE2031', 6),
    ("jurisdiction.yaml", "clause: YUNZE2031 三(三)", "clause: YUNZE2031", "E202", "without a clause (todo)", 6),
    ("jurisdiction.yaml", "years: 2032 to open", "years: 2031 to open", "E407", "is applied to 2031 to open, its file says it serves 2032 to open", 6),
    ("jurisdiction.yaml", "use: YUNZE2031", "use: YUNZE2013", "E504", 'did you mean "YUNZE2031"?', 6),
    ("flows/yearly.yaml", "  body: unit", "  body: unit\n  dayz: 3", "N101", 'unknown key "dayz"; did you mean "days"?', 13),
    ("notices/yz2032.yaml", "place: 所在县区人社局", "plaza: 所在县区人社局", "N101", 'unknown key "plaza"; did you mean "place"?', 12),
    ("notices/yz2032.yaml", "flow: YUNZE2031-yearly", "flow: YUNZE2031-year", "N202", 'did you mean "YUNZE2031-yearly"?', 13),
    ("notices/yz2032.yaml", "flow: YUNZE2031-yearly", "flow: YUNZE2031-records", "N202", "no flow of a campaign in 2032", 13),
    ("notices/yz2032.yaml", "papers: []", "papers: [card]", "N203", 'no paper of 2032 is called "card"', 14),
    ("notices/yz2032.yaml", "area: '990200'", "area: '990300'", "N201", '"990300" is no area', 3),
    ("notices/yz2032.yaml", "closes: 2032-12-31", "closes: 2032-11-30", "N101", "早于开始日期", 10),
    ("notices/yz2032.yaml", "closes: 2032-12-31", "closes: 2032-11-31", "N101", "没有2032-11-31这一天", 10),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "code", "says", "line"), FAULTS)
def test_a_fault_is_found_with_file_and_line(
    installed: Installed, file: str, old: str, new: str, code: str, says: str, line: int
) -> None:
    found: list[Diagnostic] = check_files(installed(file, old, new), "yunze")
    assert [one.code for one in found] == [code], "\n".join(map(str, found))
    assert says in found[0].message
    assert (found[0].file, found[0].line) == (f"xueshi_yunze/{file}", line)
    assert found[0].repair


def test_the_contract_says_the_same_of_an_unknown_key(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = installed("notices/yz2032.yaml", "place:", "plaza:")
    monkeypatch.setattr("xueshi.testing._registry", lambda: registry)
    contract = type("Contract", (JurisdictionContract,), {"code": "yunze"})()
    with pytest.raises(
        AssertionError, match=r'yz2032\.yaml:12: N101 unknown key "plaza"; did you mean "place"'
    ):
        contract.test_files_beside_the_rules_have_no_error()
