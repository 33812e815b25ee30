"""What a notice says in plain phrases of its start and its minimums: guesses for a scaffold, for the author to check."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from xueshi.regulations.clause_checks import chinese_number
from xueshi.regulations.outline import Outline, days_in_figures

_FROM_DAY = re.compile(r"自((?:19|20)\d\d)年(\d{1,2})月(\d{1,2})日起(?:正式)?(?:施行|试行|实施|执行)")
_FROM_ISSUE = re.compile(r"自(?:印发|发布|公布|发文|下发)之日起(?:正式)?(?:施行|试行|实施|执行)")
_MINIMUM = re.compile(r"(?:不少于|不得少于|不低于|至少)(?:为)?(\d{1,3})(?:个)?(?:学时|课时)")
_PART = re.compile(r"(公需|公共|专业)(?:科目|课程|课|知识)?[^，。；;]{0,8}$")
_CODES = {"公需": "public", "公共": "public", "专业": "professional"}
_STARTS = re.compile(r"上(?:一)?年度?(?:的)?(\d{1,2})月(\d{1,2})日(?:起|至|—|－|-|到)")
_RUNS_ON = re.compile(r"(\d{1,2})月(\d{1,2})日(?:起)?(?:至|—|－|-|到)(?:次|翌|下一?)年")
_BY_START = re.compile(
    r"以[^，。；;]{0,8}(?:开始|起始)的?[^，。；;]{0,4}年[^，。；;]{0,3}为(?:该)?[^，。；;]{0,4}年度"
)
_BY_END = re.compile(
    r"以[^，。；;]{0,8}(?:结束|终了|截止)的?[^，。；;]{0,4}年[^，。；;]{0,3}为(?:该)?[^，。；;]{0,4}年度"
)
_LASTS = re.compile(r"有效期(?:为)?([一二三四五六七八九十]{1,3}|\d{1,2})年")
_UNTIL = re.compile(
    r"(?:有效期(?:限)?|施行[，,；;])(?:截?至|截止到?|到|为至)((?:19|20)\d\d)年(\d{1,2})月(\d{1,2})日"
)
_REACH = 24
"""How many characters before a number may say what it is a minimum of."""


@dataclass(frozen=True)
class NoticeGuesses:
    """Day of effect and its clause, statistics years, minimums by category (`total` among them); empty where unsaid.

    `starts` is the first day of a statistics year as `MM-DD` with the clause that says it; `by_start` tells that the year
    is called by the calendar year in which it starts (每年…日至次年…日, 以开始的年份为年度); `last_year` comes from 有效期…年 or 有效期至…年…月…日.
    """

    effective: str | None = None
    clause: str = ""
    first_year: int | None = None
    last_year: int | None = None
    starts: str = "01-01"
    starts_clause: str = ""
    by_start: bool = False
    minimums: dict[str, str] = field(default_factory=dict)


def read_guesses(read: Outline) -> NoticeGuesses:
    """Look for 自…起施行, 有效期…年 or 至…日, 上年…日至, 至次年 and 不少于…学时 in the clauses of a notice."""
    effective, clause = None, ""
    starts, starts_clause, lasts, by_start = "01-01", "", 0, False
    minimums: dict[str, str] = {}
    until: date | None = None
    for one in read.clauses:
        text = days_in_figures(re.sub(r"\s", "", one.text))
        if match := _FROM_DAY.search(text):
            effective, clause = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}", one.number
        elif effective is None and _FROM_ISSUE.search(text):
            effective, clause = read.issued, one.number
        if not starts_clause and (
            match := _STARTS.search(text) or (_RUNS_ON.search(text) if "年度" in text else None)
        ):
            starts, starts_clause = f"{int(match[1]):02d}-{int(match[2]):02d}", one.number
            by_start = match.re is _RUNS_ON
        if _BY_START.search(text) or _BY_END.search(text):
            by_start = bool(_BY_START.search(text))
        if match := _LASTS.search(text):
            lasts = chinese_number(match[1]) or 0
        if match := _UNTIL.search(text):
            until = _day(f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}")
        for match in _MINIMUM.finditer(text):
            before = re.split("[。；;，]", text[max(0, match.start() - _REACH) : match.start()])[-1]
            part = _PART.search(before)
            minimums.setdefault(_CODES[part[1]] if part else "total", match[1])
    begun = _day(effective or read.issued)
    if until is None and begun and lasts:
        until = _later(begun, lasts) - timedelta(days=1)
    order = [code for code in ("public", "professional", "total") if code in minimums]
    return NoticeGuesses(
        effective,
        clause,
        _year(begun, starts, by_start) if begun else None,
        _year(until, starts, by_start) if until else None,
        starts,
        starts_clause,
        by_start and starts != "01-01",
        {code: minimums[code] for code in order} if "total" in minimums else {},
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _year(day: date, starts: str, by_start: bool) -> int:
    """Return the statistics year of a day: called by the calendar year in which it ends, or `by_start` starts."""
    begins = day.year if f"{day:%m-%d}" >= starts else day.year - 1
    return begins if by_start or starts == "01-01" else begins + 1
