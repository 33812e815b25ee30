"""A condition that rests on a reading: what is reckoned and what is read aloud are the same under every option."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.types import YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
RULE = "1: {clause: 一, name: 服务, for: field_service, each_year: yes, hours: none}"
SINCE = "2019-03-01"
MORE = """\
readings: {{Q4: {{ask: 视同哪一年, clause: 一, options: {{each: 每个年度, ended: 结束的年度}}, default: {default}}}}}
requirements: {{R1: {{clause: 一, name: 每年, of: total, at_least: 10}}}}
deemed: {{D1: {{clause: 一, name: 驻村, if_record: {if_record}, meets: [R1]}}}}
"""
EITHER = "{kind: field_service, any: [{Q4: each}, {end: in_window}]}"


@pytest.mark.parametrize(
    ("option", "end", "verdict"),
    [
        ("each", "2021-05-01", "met"),
        ("each", "2022-01-01", "met"),
        ("each", "2019-05-01", "not_met"),
        ("ended", "2021-05-01", "met"),
        ("ended", "2019-05-01", "not_met"),
        ("ended", "2022-01-01", "not_met"),
    ],
)
def test_a_day_of_the_year_is_asked_for_only_under_the_option_that_says_so(
    law: Law, judge: Judge, option: str, end: str, verdict: str
) -> None:
    pack = law(RULE, MORE.format(default="each", if_record=EITHER), Q4=option)
    assert judge(pack, ("r1", "field_service", {"start": SINCE, "end": end})).verdict == verdict


def test_a_day_that_nobody_stated_leaves_it_open_where_the_option_asks_for_it(law: Law, judge: Judge) -> None:
    for option, verdict in (("each", "met"), ("ended", "needs_fact")):
        pack = law(RULE, MORE.format(default="each", if_record=EITHER), Q4=option)
        assert judge(pack, ("r1", "field_service", {})).verdict == verdict


def test_a_day_outside_the_year_can_be_asked_for(law: Law, judge: Judge) -> None:
    more = MORE.format(default="each", if_record="{kind: field_service, not: {end: in_window}, Q4: each}")
    pack = law(RULE, more)
    for end, verdict in (("2021-05-01", "not_met"), ("2022-05-01", "met")):
        assert judge(pack, ("r1", "field_service", {"start": SINCE, "end": end})).verdict == verdict


def test_every_option_is_read_aloud_with_its_words(law: Law) -> None:
    def sentence(option: str) -> str:
        pack = law(RULE, MORE.format(default="each", if_record=EITHER), Q4=option)
        return next(line for line in read_law(pack).lines() if "D1" in line)

    assert sentence("each") == (
        "一  D1  驻村：有种类为支援、服务基层的记录的，当年视为达到每年（R1）；"
        "口径EX-Q4取“结束的年度”时：有种类为支援、服务基层且结束日期在本期内的记录的［口径EX-Q4取“每个年度”］"
    )
    assert sentence("ended") == (
        "一  D1  驻村：有种类为支援、服务基层且结束日期在本期内的记录的，当年视为达到每年（R1）；"
        "口径EX-Q4取“每个年度”时：有种类为支援、服务基层的记录的［口径EX-Q4取“结束的年度”］"
    )


def test_a_condition_that_a_reading_decides_alone_is_never_an_empty_one(law: Law) -> None:
    pack = law(RULE, MORE.format(default="each", if_record="{Q4: each}"))
    line = next(line for line in read_law(pack).lines() if "D1" in line)
    assert "有任何一条记录的，当年视为达到每年（R1）" in line
    assert "口径EX-Q4取“结束的年度”时：没有这样的记录（按该口径不适用）" in line
    assert "有的记录的" not in line


def test_a_row_may_ask_for_a_day_of_the_year(law: Law, judge: Judge) -> None:
    rule = "1: {clause: 一, name: 服务, for: field_service, each_year: yes, needs: [{start: in_window}], hours: 12}"
    pack = law(rule)
    across: dict[str, Any] = {"start": "2021-05-01", "end": "2022-05-01"}
    assert judge(pack, ("r1", "field_service", across)).totals["total"] == 1200
    before = judge(pack, ("r1", "field_service", {"start": "2020-05-01", "end": "2021-05-01"}))
    assert (before.totals["total"], before.ledger[0].code) == (0, "needs.start")


def test_a_table_does_not_look_up_a_day_of_the_year(law: Law) -> None:
    rule = "1: {clause: 一, name: 服务, for: field_service, hours: {end: {in_window: 12, otherwise: 5}}}"
    with pytest.raises(RuleFileError, match="a table does not look up whether end is in the year"):
        law(rule)
