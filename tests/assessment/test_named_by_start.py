"""A statistics year that the text calls by the calendar year in which it starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from xueshi.assessment.types import YearAssessment
from xueshi.errors import RuleFileError
from xueshi.regulations.notice_guesses import read_guesses
from xueshi.regulations.outline import outline
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law

Law = Callable[..., RulePack]
Judge = Callable[..., YearAssessment]
YEAR = "year: {clause: 一, starts: 04-01, named_by: %s, person_as_of: end}\n"
RULE = "1: {clause: 一, name: 培训, for: training, hours: stated}"


def test_its_days_are_those_from_its_start_on(law: Law) -> None:
    pack = law(RULE, YEAR % "start")
    assert pack.year_window(2023) == (date(2023, 4, 1), date(2024, 3, 31))
    assert pack.year_of(date(2023, 4, 1)) == 2023
    assert pack.year_of(date(2024, 3, 31)) == 2023
    assert pack.year_of(date(2024, 4, 1)) == 2024
    assert pack.middle_of(2023) == date(2023, 9, 30)


def test_without_it_a_year_is_called_by_its_end(law: Law) -> None:
    for year in (YEAR % "end", (YEAR % "end").replace("named_by: end, ", "")):
        pack = law(RULE, year)
        assert pack.year_window(2024) == (date(2023, 4, 1), date(2024, 3, 31))
        assert (pack.year_of(date(2023, 3, 31)), pack.year_of(date(2023, 4, 1))) == (2023, 2024)
        assert "named_by" not in pack.data["year"]


def test_of_a_calendar_year_it_says_nothing(law: Law) -> None:
    pack = law(RULE, "year: {clause: 一, starts: 01-01, named_by: start, person_as_of: end}\n")
    assert pack.year_window(2024) == (date(2024, 1, 1), date(2024, 12, 31))
    assert pack.year_of(date(2024, 12, 31)) == 2024


def test_officers_read_the_name_of_the_text(law: Law, judge: Judge) -> None:
    pack = law(RULE, YEAR % "start")
    lines = "\n".join(read_law(pack).lines())
    assert "统计年度自当年4月1日起（以开始的年份为年度）一年" in lines
    result = judge(pack, ("r1", "training", {"declared_hours": 12, "end": "2023-03-31"}))
    assert "2022年度" in result.ledger[0].text
    assert result.year == 2021


def test_a_reading_may_choose_it_and_another_word_is_refused(law: Law) -> None:
    more = "readings: {Q1: {ask: 怎样称呼, clause: 一, options: {start: 以开始之年, end: 以结束之年}, default: start}}\n"
    assert law(RULE, f"{more}{YEAR % 'Q1'}").year_of(date(2023, 4, 1)) == 2023
    assert law(RULE, f"{more}{YEAR % 'Q1'}", Q1="end").year_of(date(2023, 4, 1)) == 2024
    with pytest.raises(RuleFileError, match='"begin" is no named_by'):
        law(RULE, YEAR % "begin")


@pytest.mark.parametrize(
    ("text", "starts", "by_start", "years"),
    [
        ("统计年度为每年4月1日至次年3月31日，以统计年度开始的年份为年度。本办法自2023年4月1日起施行，有效期五年。", "04-01", True, (2023, 2027)),
        ("统计年度为每年4月1日至次年3月31日。本办法自2023年5月1日起施行。", "04-01", True, (2023, None)),
        ("统计年度为每年9月1日至次年8月31日，以结束的年份为年度。本办法自2023年9月1日起施行。", "09-01", False, (2024, None)),
        ("统计年度为上年12月1日至当年11月30日。本办法自2033年12月1日起施行，有效期五年。", "12-01", False, (2034, 2038)),
        ("每年1月1日至12月31日为统计年度。本办法自2023年5月1日起施行。", "01-01", False, (2023, None)),
    ],
)  # fmt: skip
def test_the_scaffold_reads_how_a_year_is_called(
    text: str, starts: str, by_start: bool, years: tuple[int, int | None]
) -> None:
    told = read_guesses(outline(f"示例办法\n第一条　{text}"))
    assert (told.starts, told.by_start, (told.first_year, told.last_year)) == (starts, by_start, years)
