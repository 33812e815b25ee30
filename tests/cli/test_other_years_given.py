"""`xueshi assess` takes what other years came to, with the minimum of a year before the law, and says what it lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from xueshi.errors import InputError
from xueshi_cli.main import build

TRAINING = {
    "id": "1",
    "kind": "training",
    "facts": {"days": 12, "passed": True, "end": "2014-06-03", "content": "public"},
}
MORE = {**TRAINING, "id": "2", "facts": {**TRAINING["facts"], "content": "professional"}}  # type: ignore[dict-item]
MINIMUM = {"total": 72, "public": 24, "专业知识": 48}
FULL = {"public": 30, "professional": 60}
SHAPE = (
    '提示：跨年度要求还不能判定：请在文件中补充 "years": {"2010": {"total": "学时数", "public": "学时数", '
    '"professional": "学时数", "minimum": {"total": "学时数", "public": "学时数", "professional": "学时数"}}}'
    "；2010年度没有已编入的规定，minimum写当年规定的最低学时"
)


def assess(folder: Path, years: dict[str, Any], *words: str) -> str:
    """Judge 2014 with a cycle of 2010 to 2014; the law of the region begins in 2013."""
    body = {"person": {"level": "senior", "cycle": [2010, 2014]}, "records": [TRAINING, MORE], "years": years}
    file = folder / "person.json"
    file.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return answer(file, 2014, *words)


def answer(file: Path, year: int, *words: str) -> str:
    """Return what is printed, or the sentence of the refusal."""
    asked = ("assess", "--region", "suzhou", "--year", str(year), "--file", str(file), *words)
    result = CliRunner().invoke(build(), list(asked))
    return str(result.exception) if isinstance(result.exception, InputError) else result.output


def of_years(**more: dict[str, Any]) -> dict[str, Any]:
    before = {year: {**FULL, "minimum": MINIMUM} for year in ("2010", "2011", "2012")}
    return {**before, "2013": FULL, **more}


def test_a_year_before_the_law_counts_with_its_own_minimum(tmp_path: Path) -> None:
    said = assess(tmp_path, of_years())
    # 4×90＋144＝504 of 5×72＝360
    assert "合计各年之和应有360学时，已有504学时" in said
    assert "并且每年都须达到；达到" in said
    assert "跨年度要求还不能判定" not in said
    short = assess(tmp_path, {**of_years(), "2011": {**FULL, "public": 23, "minimum": MINIMUM}})
    assert "并且每年都须达到；未达到" in short, "83 hours, but of the public kind only 23 of 24"


def test_the_minimum_that_is_missing_is_asked_for_with_the_words_of_the_file(tmp_path: Path) -> None:
    said = assess(tmp_path, {**of_years(), "2010": FULL})
    assert (
        "还需要2010年度合计的最低要求、2010年度公共知识的最低要求、2010年度专业知识的最低要求，才能判定"
        in said
    )
    assert SHAPE in said
    absent = {year: held for year, held in of_years().items() if year != "2010"}
    assert "暂不能判定（缺2010年度的结果）" in assess(tmp_path, absent)
    assert SHAPE in assess(tmp_path, absent, "--explain")
    assert json.loads(assess(tmp_path, absent, "--json"))["notices"] == [SHAPE.removeprefix("提示：")]


def test_a_category_that_is_not_told_is_not_0(tmp_path: Path) -> None:
    said = assess(tmp_path, {**of_years(), "2013": {"total": 90}})
    assert "还需要2013年度公共知识的学时、2013年度专业知识的学时，才能判定" in said
    assert '"2013": {"total": "学时数", "public": "学时数", "professional": "学时数"}}' in said


@pytest.mark.parametrize(
    ("year", "held", "says"),
    [
        (
            "2013",
            {**FULL, "minimum": {"total": 60}},
            "2013年度合计的最低要求，SZ2013规定为72学时，不是60学时",
        ),
        ("2012", {**FULL, "minimum": {"publik": 60}}, "没有类别“publik”，是不是“public”？"),
        ("2012", {**FULL, "最低要求": {"public": "若干"}}, "public“若干”不是学时数"),
    ],
)
def test_what_contradicts_or_cannot_be_read_is_refused(
    tmp_path: Path, year: str, held: dict[str, Any], says: str
) -> None:
    assert says in assess(tmp_path, {**of_years(), year: held})


@pytest.mark.parametrize(
    ("year", "row"),
    [(2013, "补训，计入2013年度"), (2014, "属于2013年度，不计入2014年度")],
)
def test_make_up_is_tried_by_hand(tmp_path: Path, year: int, row: str) -> None:
    body = {"person": {"level": "senior"}, "records": [{**TRAINING, "makeup_for": 2013}]}
    file = tmp_path / "person.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    assert row in answer(file, year, "--explain")


def test_make_up_names_one_year(tmp_path: Path) -> None:
    body = {"records": [{**TRAINING, "makeup_for": 2013, "year": 2014}]}
    file = tmp_path / "person.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    assert "makeup_for应为补训所属的年度" in answer(file, 2013)
