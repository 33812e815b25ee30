"""The comparison of the encoded laws shows the figures of the texts, and each text against the floor."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from xueshi.errors import InputError
from xueshi_cli.regions import app


def compared(*arguments: str) -> Any:
    return json.loads(CliRunner().invoke(app, ["compare", "--json", *arguments]).output)


@pytest.fixture(scope="module")
def everything() -> Any:
    return compared()


def of(everything: Any, instrument: str) -> dict[str, Any]:
    (found,) = [one for one in everything["columns"] if one["instrument"] == instrument]
    return dict(found)


@pytest.mark.parametrize(
    ("instrument", "total", "public", "professional"),
    [
        ("CZ2011", "72（", "24（附件2第十条）", "48（附件2第十条）"),
        ("JS2023", "90（四）", "", "60（四）"),
        ("CZ2024", "90（四）", "30（四）", "60（四）"),
        ("SZ2013", "高级、中级72，初级42（二(四)）", "高级、中级24，初级14（二(四)）", "高级、中级48，初级28（二(四)）"),
        ("WZ2017", "90（第六条）", "18（第六条）", "60（第三条、第六条）"),
        ("CQ2007", "80（第七条）", "20（第七条）", ""),
    ],
)  # fmt: skip
def test_minimums(everything: Any, instrument: str, total: str, public: str, professional: str) -> None:
    topics = of(everything, instrument)["topics"]
    assert topics["每年合计"].startswith(total)
    assert topics["公需（公共）最低"] == public
    assert topics["专业最低"] == professional


def test_year_level_and_windows(everything: Any) -> None:
    topics = {one["instrument"]: one["topics"] for one in everything["columns"]}
    assert topics["CQ2007"]["统计年度"] == "上年11月1日起"
    assert topics["WZ2017"]["统计年度"] == "公历年"
    assert topics["SZ2013"]["层级差别"] == "要求R1"
    assert topics["WZ2017"]["层级差别"] == ""
    assert "聘期" in topics["CZ2011"]["平均、周期"]
    assert "5年周期" in topics["SZ2013"]["平均、周期"]
    assert topics["JS2023"]["平均、周期"] == ""
    assert topics["WZ2017"]["类别"] == "专业科目、行业公需科目、一般公需科目"
    assert "每天最多8学时，每年最多30学时（四(十二)）" in topics["JS2023"]["单项上限"]
    assert topics["CZ2011"]["单项上限"] == ""
    assert "只计最高一项" in topics["SZ2013"]["同一成果"]


@pytest.mark.parametrize(
    ("instrument", "kind", "rule", "hours", "shape"),
    [
        ("CZ2011", "patent", "CZ2011-3.9a", "30学时", "定额"),
        ("CZ2011", "teaching", "CZ2011-3.12", "每课时2学时", "按量"),
        ("CZ2011", "base_training", "CZ2011-3.3", "按“载明学时数”", "载明"),
        ("SZ2013", "book", "SZ2013-2.4.3", "20至25学时之间", "幅度"),
        ("SZ2013", "patent", "SZ2013-2.4.7", "学时数由主管部门决定", "决定"),
        ("CZ2024", "public_course", "CZ2024-3", "每门30学时", "按量"),
        ("WZ2017", "other", "WZ2017-8.10", "填写了途径的参数“行业部门规定的其他途径”", "参数"),
    ],
)
def test_hours_by_kind(
    everything: Any, instrument: str, kind: str, rule: str, hours: str, shape: str
) -> None:
    lines = [line for line in of(everything, instrument)["kinds"][kind] if line["rule"] == rule]
    assert lines[0]["hours"].startswith(hours)
    assert lines[0]["shape"] == shape


def test_a_row_that_a_reading_switches_off_is_not_shown(everything: Any) -> None:
    rules = [line["rule"] for line in of(everything, "CZ2011")["kinds"]["conference"]]
    assert "CZ2011-3.7a" in rules
    assert "CZ2011-3.7l" not in rules


@pytest.mark.parametrize(
    ("instrument", "subject", "verdict", "clauses"),
    [
        ("CZ2011", "total", "looser", True),
        ("SZ2013", "total", "looser", True),
        ("CQ2007", "total", "looser", True),
        ("JS2023", "total", "equal", True),
        ("WZ2017", "total", "equal", True),
        ("CQ2007", "professional", "silent", False),
        ("SZ2013", "professional", "equal", True),
        ("CZ2024", "public", "own", False),
    ],
)
def test_against_the_floor(
    everything: Any, instrument: str, subject: str, verdict: str, clauses: bool
) -> None:
    assert everything["floor"] == "NA2015"
    (found,) = [
        one for one in everything["differences"] if (one["instrument"], one["of"]) == (instrument, subject)
    ]
    assert found["verdict"] == verdict
    assert bool(found["local_clause"] and found["superior_clause"]) is clauses
    assert found["guide"] is (subject == "professional")


def test_the_floor_may_be_another_text() -> None:
    data = compared("CZ2024", "suzhou", "--floor", "JS2023")
    assert [one["instrument"] for one in data["columns"]] == ["CZ2024", "SZ2013"]
    verdicts = {(one["instrument"], one["of"]): one["verdict"] for one in data["differences"]}
    assert verdicts == {
        ("CZ2024", "total"): "equal",
        ("CZ2024", "professional"): "equal",
        ("CZ2024", "public"): "own",
        ("SZ2013", "total"): "looser",
        ("SZ2013", "professional"): "looser",
        ("SZ2013", "public"): "own",
    }


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    answer = CliRunner().invoke(app, ["compare", "nowhere"])
    assert isinstance(answer.exception, InputError)
    assert "CZ2024" in str(answer.exception)


def test_the_table_for_people_has_a_column_for_each_text() -> None:
    said = CliRunner().invoke(app, ["compare", "WZ2017", "CQ2007"], env={"COLUMNS": "200"}).output
    assert "90（第六条）" in said
    assert "80（第七条）" in said
    assert "宽于" in said


def test_conditions_of_recognition_and_who_is_meant_are_said(everything: Any) -> None:
    kinds = {one["instrument"]: one["kinds"] for one in everything["columns"]}
    conference = next(one for one in kinds["CZ2011"]["conference"] if one["rule"] == "CZ2011-3.7a")
    assert conference["needs"] == "须报告论文"
    assert all("须排名不超过3" in one["needs"] for one in kinds["CZ2011"]["paper"])
    whens = [one["when"] for one in kinds["CZ2024"]["public_course"]]
    assert len(set(whens)) == len(whens) == 2, "recorded by this city, or by another"
    assert all("外市" in when for when in whens)


def test_sectors_ways_in_and_what_a_person_decides_have_a_row(everything: Any) -> None:
    topics = {one["instrument"]: one["topics"] for one in everything["columns"]}
    assert "只在没有行业细则时适用（第八条）" in topics["WZ2017"]["行业规定"]
    assert "可由行业设定" in topics["SZ2013"]["行业规定"]
    assert "不低于45分钟" in topics["JS2023"]["由人决定"]
    assert "个人申报" in topics["CZ2024"]["由谁登记"]
