"""`xueshi cases`: a line per difference with both values, the closing count, honest exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xueshi.registry import load
from xueshi_cli.main import run

Ask = Callable[..., tuple[int, str, str]]
CASES = Path(__file__).resolve().parents[2] / "plugins/chongqing/xueshi_chongqing/cases/chongqing-2007.yaml"


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run the real entry point: exit codes of deliberate errors are made there."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["xueshi", "cases", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            run()
        told = capfd.readouterr()
        return int(left.value.code or 0), told.out, told.err

    return call


def test_all_cases_of_a_plugin_pass(ask: Ask) -> None:
    code, out, _ = ask(CASES)
    assert code == 0
    assert out.splitlines()[-1].endswith(" passed, 0 failed")
    assert not out.splitlines()[-1].startswith("0 ")


def test_a_folder_means_every_case_file_in_it(ask: Ask) -> None:
    assert ask(CASES.parent)[0] == 0


def test_a_wrong_expectation_is_one_line_with_both_values(ask: Ask, tmp_path: Path) -> None:
    text = CASES.read_text(encoding="utf-8")
    assert "rank: 2, work: W2}, hours: 48" in text
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        text.replace("rank: 2, work: W2}, hours: 48", "rank: 2, work: W2}, hours: 47"), encoding="utf-8"
    )
    code, out, _ = ask(wrong)
    assert code == 1
    failures = [line for line in out.splitlines() if "学时应为" in line]
    assert len(failures) == 1
    assert "CQ2007-G07" in failures[0]
    assert "r3" in failures[0]
    assert "47" in failures[0]
    assert "48" in failures[0]
    assert out.splitlines()[-1].endswith(", 1 failed")


def test_json_tells_the_same(ask: Ask, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        CASES.read_text(encoding="utf-8").replace("met: true", "met: false", 1), encoding="utf-8"
    )
    code, out, _ = ask(wrong, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["failed"] == 1
    [failed] = [case for case in told["files"][0]["cases"] if not case["passed"]]
    assert failed["id"] == "CQ2007-G01"
    assert failed["differences"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("- just a list\n", "没有案例"),
        ("document: CQ2007\ncases: [\n", "no YAML"),
        ("document: CQ2007\ncasez: []\n", "cases"),
    ],
)
def test_an_unreadable_file_is_bad_input(ask: Ask, tmp_path: Path, written: str, told: str) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(written, encoding="utf-8")
    code, _, err = ask(bad)
    assert code == 2
    assert told in err
    assert "bad.yaml" in err.replace("\n", "")


def test_a_file_that_is_not_there_is_bad_input(ask: Ask, tmp_path: Path) -> None:
    code, _, err = ask(tmp_path / "nowhere.yaml")
    assert code == 2
    assert "nowhere.yaml" in err.replace("\n", "")


def test_an_instrument_nobody_has_is_a_negative_answer(ask: Ask, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        CASES.read_text(encoding="utf-8").replace("document: CQ2007", "document: XX1999"), encoding="utf-8"
    )
    code, _, err = ask(other)
    assert code == 1
    assert "XX1999" in err


def test_mutants_name_what_no_case_holds(ask: Ask) -> None:
    code, out, _ = ask(CASES, "--mutants")
    lines = out.splitlines()
    assert code == 0
    assert any(
        "W603 S4a：没有案例会因这一改动而不通过：6 改为 7。改法：补一个能守住它的案例" in line
        for line in lines
    )
    assert any("cq2007.yaml:" in line for line in lines)
    assert lines[-1].endswith(" passed, 0 failed")


def test_all_cases_of_the_pilot_region_together_hold_every_number(ask: Ask) -> None:
    code, out, _ = ask(CASES.parent, "--mutants", "--json")
    [report] = json.loads(out)["mutants"]
    assert code == 0
    assert report["unnoticed"] == []
    assert report["changes"] == report["noticed"] > 80


def test_boundaries_propose_the_edges_without_the_answers(ask: Ask) -> None:
    _, out, _ = ask(CASES, "--boundaries", "--json")
    proposed = json.loads(out)["boundaries"]
    edges = {(one["rule"], one["fact"]): one["values"] for one in proposed}
    assert edges["CQ2007-S4b", "characters"] == ["1999", "2000", "2001"]
    assert edges["CQ2007-S8", "granted"] == ["5.99", "6", "12", "12.01"]
    assert edges["CQ2007-R2", "public"] == ["19.99", "20", "21"]
    assert edges["CQ2007", "end"] == ["2020-10-31", "2020-11-01", "2021-10-31", "2021-11-01"]
    assert ["exam", "person"] in edges.values()


def test_every_case_file_of_every_plugin_passes(ask: Ask) -> None:
    registry = load()
    folders = [Path(registry.ask(code).plugin.root) / "cases" for code in registry.codes()]
    files = [file for folder in folders if folder.is_dir() for file in sorted(folder.glob("*.yaml"))]
    assert files
    code, out, err = ask(*files)
    assert code == 0, out + err
