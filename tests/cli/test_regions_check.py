"""`xueshi regions check` and `coverage`: findings, the clause coverage, honest exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from xueshi.registry import load
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.instrument import read_rule_file
from xueshi_cli.main import build


def test_check_tells_how_many_clauses_have_which_status() -> None:
    result = CliRunner().invoke(build(), ["regions", "check", "chongqing"])
    assert result.exit_code == 0
    assert "条款覆盖 CQ2007：34条，已编码14、程序性14、裁量2、范围外4" in result.stdout.replace("\n", "")
    assert "错误 0" in result.stdout


def test_every_finding_names_its_place_and_a_repair() -> None:
    result = CliRunner().invoke(build(), ["regions", "check", "chongqing", "--json"])
    found = json.loads(result.stdout)
    assert all(one["级别"] == "W" for one in found)
    assert all(one["位置"] and one["改法"] for one in found)


def test_coverage_counts_every_clause_of_the_text() -> None:
    result = CliRunner().invoke(build(), ["regions", "coverage", "chongqing", "--json"])
    [row] = json.loads(result.stdout)
    assert row["条款"] == sum(row[label] for label in ("已编码", "程序性", "裁量", "范围外", "与上位文同"))


def test_what_is_the_same_as_above_counts_by_its_status_there() -> None:
    def clauses(instrument: str) -> dict[str, str]:
        file = read_rule_file(load(strict=False).source_of(instrument), Findings())
        return {number: clause.status for number, clause in file.clauses.items()}

    own, above = clauses("CZ2024"), clauses("JS2023")
    same = [number for number, status in own.items() if status == "same"]
    encoded = sum(status == "encoded" for status in own.values()) + sum(
        above[one] == "encoded" for one in same
    )
    assert any(above[one] == "procedural" for one in same)
    rows = json.loads(CliRunner().invoke(build(), ["regions", "coverage", "changzhou", "--json"]).stdout)
    assert next(one["编码率"] for one in rows if one["文件"] == "CZ2024") == f"{encoded} / {len(own)}"


@pytest.mark.parametrize(
    ("region", "says"),
    [
        ("suzhou", ["合计", "高级、中级72，初级42", "looser than NA2015: 90"]),
        ("chongqing", ["合计", "80", "looser than NA2015: 90"]),
        ("jiangsu", []),
        ("national", []),
    ],
)
def test_what_is_looser_than_the_superior_text_is_shown(region: str, says: list[str]) -> None:
    result = CliRunner().invoke(build(), ["regions", "check", region, "--json"])
    assert result.exit_code == 0, "a notice is no error"
    found = [
        one for one in json.loads(result.stdout) if one["编号"] == "N301" and one["问题"].startswith("合计")
    ]
    assert bool(found) is bool(says)
    for one in found:
        assert all(word in one["问题"] for word in says), one
        assert one["条款"]
        assert not one["位置"].endswith(":1"), "the line of the requirement"


def test_the_notice_has_a_chinese_title() -> None:
    result = CliRunner().invoke(build(), ["regions", "check", "suzhou"])
    assert "N301 宽于上位规定" in result.stdout.replace("\n", "")
