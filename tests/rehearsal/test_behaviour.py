"""How simulated units and officers behave: fixed by the seed, inside the window but for late ones."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xueshi.rehearsal.behaviour import Behaviour, carried_over, working_days
from xueshi.rehearsal.repository import year_later

FIRST, LAST = date(2022, 10, 8), date(2022, 11, 30)


def weekday(day: date) -> bool:
    return day.weekday() < 5


DAYS = working_days(FIRST, LAST, weekday)


def test_a_window_without_working_days_is_its_last_day() -> None:
    saturday = date(2022, 10, 15)
    assert working_days(saturday, saturday + timedelta(days=1), weekday) == [saturday + timedelta(days=1)]


@given(code=st.text(min_size=1), late=st.integers(0, 100), seed=st.integers(0, 99))
def test_a_unit_files_on_a_working_day_or_late(code: str, late: int, seed: int) -> None:
    behaviour = Behaviour(late_percent=late, seed=seed)
    day = behaviour.filing_day(code, DAYS)
    assert day in DAYS or day > LAST
    assert (day > DAYS[-1]) == (behaviour.drawn("late", code) < late)
    assert day == Behaviour(late_percent=late, seed=seed).filing_day(code, DAYS)


def test_half_of_the_units_come_in_the_last_week() -> None:
    behaviour = Behaviour(late_percent=0, last_week_percent=50)
    days = [behaviour.filing_day(f"unit {number}", DAYS) for number in range(2000)]
    assert 900 < sum(day in DAYS[-5:] for day in days) < 1100


@given(share=st.integers(0, 99))
def test_a_habit_keeps_its_place_in_the_window(share: int) -> None:
    assert carried_over(share, DAYS) in DAYS
    assert carried_over(0, DAYS) == DAYS[0]
    assert carried_over(99, DAYS) == DAYS[-1]


def test_a_leap_day_has_a_day_a_year_later() -> None:
    assert year_later(date(2020, 2, 29), 1) == date(2021, 2, 28)
    assert year_later(date(2021, 2, 28), 3) == date(2024, 2, 28)
