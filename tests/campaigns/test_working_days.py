"""Working days: over holidays with make-up days, over a year nobody published yet, over a bureau's own day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xueshi.campaigns.clocks.office_calendar import published_calendar
from xueshi.campaigns.clocks.working_days import (
    WorkCalendar,
    WorkingDay,
    working_day_after,
    working_days_between,
)

PUBLISHED = published_calendar()


@pytest.mark.parametrize(
    ("day", "number", "expected"),
    [
        # 国办发明电〔2020〕27号: 1 to 7 October 2021 off, 26 September (Sunday) and 9 October (Saturday) worked.
        (date(2021, 9, 24), 1, date(2021, 9, 26)),
        (date(2021, 9, 30), 1, date(2021, 10, 8)),
        (date(2021, 9, 30), 2, date(2021, 10, 9)),
        (date(2021, 9, 30), 3, date(2021, 10, 11)),
        # 国办发明电〔2023〕7号: 10 to 17 February 2024 off, 4 and 18 February (Sundays) worked.
        (date(2024, 2, 2), 1, date(2024, 2, 4)),
        (date(2024, 2, 9), 1, date(2024, 2, 18)),
        (date(2024, 2, 9), 6, date(2024, 2, 23)),
    ],
)
def test_holidays_and_make_up_days_count_as_published(day: date, number: int, expected: date) -> None:
    assert working_day_after(PUBLISHED, day, number) == WorkingDay(expected, provisional=False)


def test_twenty_working_days_after_a_seminar_that_ends_before_the_national_day() -> None:
    # By hand: 18, 22, 23, 24, 26 to 30 September (9), 8, 9, 11 to 15 October (7), 18 to 21 October (4).
    assert working_day_after(PUBLISHED, date(2021, 9, 17), 20).day == date(2021, 10, 21)


def test_a_year_that_is_not_published_counts_monday_to_friday_and_is_provisional() -> None:
    found = working_day_after(PUBLISHED, date(2090, 9, 29), 3)
    assert found == WorkingDay(date(2090, 10, 4), provisional=True)


def test_a_count_that_runs_into_an_unpublished_year_is_provisional_from_there_on() -> None:
    last = max(PUBLISHED.known_years)
    eve = date(last, 12, 20)
    assert not working_day_after(PUBLISHED, eve, 1).provisional
    assert working_day_after(PUBLISHED, eve, 20).provisional


def test_a_bureaus_own_day_counts_as_it_says() -> None:
    snow = PUBLISHED.with_day(date(2021, 11, 9), "off").with_day(date(2021, 11, 13), "work")
    assert working_day_after(snow, date(2021, 11, 8), 1).day == date(2021, 11, 10)
    assert working_day_after(snow, date(2021, 11, 12), 1).day == date(2021, 11, 13)
    back = snow.with_day(date(2021, 11, 9), "work").with_day(date(2021, 11, 13), "off")
    assert back == PUBLISHED


def test_the_day_itself_does_not_count_and_none_is_the_day_itself() -> None:
    assert working_day_after(PUBLISHED, date(2021, 11, 8), 0).day == date(2021, 11, 8)
    with pytest.raises(ValueError, match="forward"):
        working_day_after(PUBLISHED, date(2021, 11, 8), -1)


@given(
    start=st.dates(date(2004, 1, 1), date(2030, 1, 1)),
    number=st.integers(0, 120),
    off=st.frozensets(st.dates(date(2004, 1, 1), date(2030, 1, 1)), max_size=30),
)
def test_counting_forward_and_counting_between_agree(start: date, number: int, off: frozenset[date]) -> None:
    calendar = WorkCalendar(PUBLISHED.known_years, PUBLISHED.off | off, PUBLISHED.on)
    found = working_day_after(calendar, start, number).day
    assert working_days_between(calendar, start, found) == number
    if number:
        assert calendar.works(found)
        assert working_days_between(calendar, start, found - timedelta(days=1)) == number - 1
