"""Numbers that a text says in words are those of the rule: 五分之一 is 20%, 一半 half, 前两个年度 three with the year itself."""

from __future__ import annotations

import pytest

from xueshi.regulations.check import check
from xueshi.regulations.sources import RegulationSource

RULES = """\
xueshi: 1
regulation: {{id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}}
clauses: {{一: {{encoded: 示例}}, 二: {{encoded: 示例}}, 三: {{encoded: 示例}}}}
readings: {{Q1: {{ask: 乡镇的, clause: 一, options: {{none: 不另设, rest: 另设}}, default: none}}}}
categories: {{professional: 专业科目}}
year: {{clause: 一, starts: 01-01, person_as_of: end}}
defaults: {{category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}}
rules:
  1: {{clause: 二, name: 论文, for: paper, hours: 30, share: {{rank: {{1: 100%, otherwise: {share}}}}}}}
{more}requirements:
  R0: {{clause: 一, of: total, at_least: any, effect: warn, key: other, when: {{Q1: rest}}}}
  R1: {{clause: 一, of: total, at_least: 30}}
  R2: {{clause: 三, of: total, over: {{last: {years}}}, average_of: R1}}
"""
OFF = "  {0}: {{clause: 二, name: 项目, for: project, {1}}}\n"


def found(text: str, *, share: str = "100%", years: int = 3, more: str = "") -> list[str]:
    rules = RULES.format(share=share, years=years, more=more)
    findings = check("EX", lambda _: RegulationSource("ex.yaml", rules), texts={"EX": text})
    assert not [one for one in findings if one.severity == "E" and one.code != "E206"], findings
    return [f"{one.code} {one.clause}".strip() for one in findings if one.code in ("E206", "W207")]


def notice(share: str = "计入", years: str = "三年", beside: str = "") -> str:
    return f"一、每年30学时，用于1人。\n二、论文30学时，第1作者全额，其他作者{share}。\n三、连同{years}平均计算。\n四、其他{beside}。"


@pytest.mark.parametrize(
    ("share", "says"),
    [
        ("20%", "五分之一"),
        ("20%", "百分之二十"),
        ("50%", "二分之一"),
        ("50%", "一半"),
        ("50%", "减半"),
        ("75%", "四分之三"),
        ("12.5%", "8分之1"),
        ("37.5%", "八分之三"),
        ("50% of 50%", "一半的一半"),
    ],
)
def test_parts_in_words_are_percentages(share: str, says: str) -> None:
    assert found(notice(says), share=share) == []
    assert found(notice("计入", beside=says), share=share) == ["W207 二"]
    assert found(notice("九成九"), share=share)[0] == "E206"


def test_a_part_in_words_is_no_number_of_hours() -> None:
    assert found(notice("五分之一"), more=OFF.format(2, "hours: 20")) == ["E206"]
    assert found(notice("三分之一"), share="33%") == ["E206"]


@pytest.mark.parametrize(
    ("years", "says"), [(3, "前两个年度"), (3, "前两年"), (4, "前3个年度"), (3, "近三年")]
)
def test_the_years_before_are_counted_with_the_year_itself(years: int, says: str) -> None:
    assert found(notice(years=says), years=years) == []
    assert found(notice(years=says), years=6) == ["E206"]


def test_the_years_before_are_no_number_of_anything_else() -> None:
    assert found(notice(years="前八个年度、三年"), more=OFF.format(2, "hours: 9")) == ["E206"]


def test_numbers_of_an_option_that_was_not_chosen_are_not_compared() -> None:
    off = OFF.format(2, "rows: {2a: {when: {Q1: rest, level: national}, hours: 48}, 2b: {hours: 30}}")
    asked = "  R3: {clause: 一, of: professional, at_least: 48, when: {Q1: rest}}\n"
    text = notice()
    assert found(text, more=off) == []
    rules = RULES.format(share="100%", years=3, more="") + asked
    for chosen, lacking in (("none", []), ("rest", ["48"])):
        under = rules.replace("default: none", f"default: {chosen}")
        findings = check("EX", lambda _, body=under: RegulationSource("ex.yaml", body), texts={"EX": text})  # type: ignore[misc]
        assert [one.message.split()[3] for one in findings if one.code == "E206"] == lacking
