"""Hours listed day by day (`daily_hours`) where a begun hour counts as one: then the begun hour of each day does."""

from __future__ import annotations

from typing import Any

from xueshi.regulations.words import UPWARD, Form, rates

DAILY = "daily_hours"
"""The fact that lists hours day by day."""
HOURS = ("hour", "clock_hour")


def counted_by_day(form: Form) -> Form:
    """Mark the list in an amount that also gives one per hour and counts a begun one up; another amount stays as it is.

    The list says the same hours more exactly: 2.5 and 1.5 are then 3 and 2. Marked is `["stated", fact, how, unit]`.
    """
    for _, rate, unit, _, upward, *_ in rates(form):
        if rate == "1" and unit in HOURS and upward in UPWARD:
            return _marked(form, [upward, unit])  # type: ignore[no-any-return]
    return form


def _marked(form: Any, mark: list[str]) -> Any:
    if isinstance(form, dict):
        return {key: _marked(part, mark) for key, part in form.items()}
    if not isinstance(form, list):
        return form
    if form == ["stated", DAILY]:
        return [*form, *mark]
    return [_marked(part, mark) for part in form]


def upward_by_day(form: Any) -> str:
    """Return how the part of an hour counts up of each listed day; empty where it does not."""
    if not isinstance(form, list | dict):
        return ""
    if isinstance(form, list) and form[:2] == ["stated", DAILY]:
        return str(form[2]) if len(form) > 2 else ""
    parts = form.values() if isinstance(form, dict) else form
    return next((found for part in parts if (found := upward_by_day(part))), "")
