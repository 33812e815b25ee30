"""What looks odd among records (疑点): shown to the verifier with both places, without any guilt and any effect on hours.

Pure: records go in, flags come out. The same proof may serve two people of one project, two meetings may share a day;
only a person can tell.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from typing import Any, Literal
from uuid import UUID

from xueshi.hours import show_hours

FlagKind = Literal["same_evidence", "overlap", "day_hours", "no_start", "same_course"]
DAY = 2400
"""Hundredths of an hour in a day."""
SESSIONS = frozenset(
    {
        "training", "base_training", "unit_training", "advanced_seminar", "conference", "teaching", "lecture_given",
        "abroad", "study_tour", "public_course", "industry_public_course",
    }
)  # fmt: skip
"""Kinds of the vocabulary that need presence: of others (a degree, a project, a courseware) periods may well overlap."""
PRESENT_WHOLE_DAYS = SESSIONS - {"public_course", "industry_public_course", "teaching", "lecture_given"}
"""Sessions that fill their days; a lecture of an hour may fall on a day of training."""


@dataclass(frozen=True)
class FlagRecord:
    """A record as far as flags read it. `hours` are hundredths as claimed or stated; `day_cap` the rule's, if any."""

    id: UUID
    person_id: UUID
    kind: str
    content: str
    year: int
    start: date | None
    end: date | None
    hours: int | None = None
    daily: Sequence[int] = ()
    """Hundredths of each day from `start` on, where the record lists them."""
    day_cap: int | None = None
    evidence: frozenset[str] = field(default=frozenset())
    """Keyed digests of its proofs."""
    days: int | None = None
    """Days that it states to have lasted, a half one for a whole."""

    @property
    def first(self) -> date | None:
        """The first day: as stated, else so many days before the last; None where neither is known."""
        days = len(self.daily) or self.days
        if self.start is not None or self.end is None or not days:
            return self.start
        return self.end - timedelta(days=days - 1)

    @property
    def reckoned(self) -> bool:
        """Tell whether its first day rests on the number of its days."""
        return self.start is None and self.first is not None


@dataclass(frozen=True)
class Flag:
    """One odd thing: of which kind, on which records, said in Chinese without naming anybody."""

    kind: FlagKind
    records: tuple[UUID, ...]
    text: str
    day: date | None = None


LABELS: dict[FlagKind, str] = {
    "same_evidence": "同一证明用于两条记录",
    "overlap": "时间重叠",
    "day_hours": "一日学时过多",
    "no_start": "没有开始日期，无法核对",
    "same_course": "同一课程两次登记",
}


def flags(records: Iterable[FlagRecord]) -> list[Flag]:
    """Return everything odd among the records of some people, each with all places it rests on."""
    gathered = sorted(records, key=lambda record: str(record.id))
    by_person: dict[UUID, list[FlagRecord]] = defaultdict(list)
    for record in gathered:
        by_person[record.person_id].append(record)
    found = _same_evidence(gathered)
    for own in by_person.values():
        found += [*_overlaps(own), *_day_hours(own), *_no_start(own), *_same_course(own)]
    return found


def _same_evidence(records: Sequence[FlagRecord]) -> list[Flag]:
    by_file: dict[str, list[FlagRecord]] = defaultdict(list)
    for record in records:
        for digest in record.evidence:
            by_file[digest].append(record)
    found: dict[tuple[UUID, ...], Flag] = {}
    for _, same in sorted(by_file.items()):
        if len(same) < 2:
            continue
        ids = tuple(record.id for record in same)
        people = len({record.person_id for record in same})
        whose = "同一人" if people == 1 else f"{people}个人"
        found.setdefault(ids, Flag("same_evidence", ids, f"同一份证明材料附在{whose}的{len(same)}条记录上"))
    return list(found.values())


def _overlaps(own: Sequence[FlagRecord]) -> list[Flag]:
    dated = [
        (record, record.first, record.end)
        for record in own
        if record.kind in PRESENT_WHOLE_DAYS and record.first is not None and record.end is not None
    ]
    found = []
    for (one, begins, ends), (other, starts, stops) in combinations(dated, 2):
        first, last = max(begins, starts), min(ends, stops)
        if first <= last:
            when = first.isoformat() if first == last else f"{first.isoformat()}至{last.isoformat()}"
            text = f"两项须到场的学习时间重叠：{when}{_by_days(one, other)}"
            found.append(Flag("overlap", (one.id, other.id), text, first))
    return found


def _by_days(*records: FlagRecord) -> str:
    """Say that a first day was reckoned: a verifier must not take it for one that somebody stated."""
    return "（没有填开始日期的，按天数推算）" if any(record.reckoned for record in records) else ""


def _day_hours(own: Sequence[FlagRecord]) -> list[Flag]:
    """Flag a record that needs more hours a day than its rule counts or a day has, and days on which several do so."""
    found = []
    spent: dict[date, list[tuple[int, FlagRecord]]] = defaultdict(list)
    for record in own:
        for day, hours in _by_day(record).items():
            spent[day].append((hours, record))
    told: set[tuple[UUID, ...]] = set()
    for day, parts in sorted(spent.items()):
        caps = [record.day_cap for _, record in parts if record.day_cap is not None]
        for hours, record in parts:
            limit = record.day_cap if record.day_cap is not None else DAY
            if hours > limit and (record.id,) not in told:
                told.add((record.id,))
                text = f"平均或载明每日{show_hours(hours)}学时，超过{_limit(limit)}{_by_days(record)}"
                found.append(Flag("day_hours", (record.id,), text, day))
        total = sum(hours for hours, _ in parts)
        limit = max(caps) if len(caps) == len(parts) else DAY
        ids = tuple(record.id for _, record in parts)
        if len(parts) > 1 and total > limit and ids not in told:
            told.add(ids)
            reckoned = _by_days(*(record for _, record in parts))
            text = f"{day.isoformat()}一日合计{show_hours(total)}学时，超过{_limit(limit)}{reckoned}"
            found.append(Flag("day_hours", ids, text, day))
    return found


def _limit(limit: int) -> str:
    return "一日24小时" if limit == DAY else f"规定的每日{show_hours(limit)}学时"


def _by_day(record: FlagRecord) -> Mapping[date, int]:
    """Return the hours of each day of a session: as it lists them, else evenly over its days (rounded down)."""
    first = record.first
    if record.kind not in SESSIONS or first is None or record.end is None or record.end < first:
        return {}
    if record.daily:
        return {first + timedelta(days=number): hours for number, hours in enumerate(record.daily)}
    if record.hours is None:
        return {}
    days = (record.end - first).days + 1
    return {first + timedelta(days=number): record.hours // days for number in range(days)}


def _no_start(own: Sequence[FlagRecord]) -> list[Flag]:
    """Flag a session of more hours than a day has of which nobody knows on how many days it was held."""
    return [
        Flag(
            "no_start",
            (record.id,),
            f"{show_hours(record.hours)}学时超过一日24小时，没有填开始日期，也没有填天数，无法核对每日学时和时间重叠",
            record.end,
        )
        for record in own
        if record.kind in SESSIONS
        and record.first is None
        and record.hours is not None
        and record.hours > DAY
    ]


def _same_course(own: Sequence[FlagRecord]) -> list[Flag]:
    by_course: dict[tuple[str, str], list[FlagRecord]] = defaultdict(list)
    for record in own:
        words = plain_words(record.content)
        if words:
            by_course[record.kind, words].append(record)
    return [
        Flag(
            "same_course",
            tuple(record.id for record in same),
            f"同一人的同一内容登记了{len(same)}次"
            + ("" if len({record.year for record in same}) == 1 else "（跨年度）"),
        )
        for same in by_course.values()
        if len(same) > 1
    ]


def plain_words(content: str) -> str:
    """Return a content as it is compared: one width, no blanks, no punctuation, no case."""
    wide = unicodedata.normalize("NFKC", content).casefold()
    return "".join(letter for letter in wide if letter.isalnum())


def stated_daily(facts: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the hours of each day that a record lists (每日学时), in hundredths; empty where it lists none."""
    listed = facts.get("daily_hours")
    if not isinstance(listed, list | tuple):
        return ()
    return tuple(hundredths(one) or 0 for one in listed)


def stated_days(facts: Mapping[str, Any]) -> int | None:
    """Return how many days a record states to have lasted (天数, else 半天数), a begun one whole; None where it does not."""
    for name, parts in (("days", 1), ("half_days", 2)):
        stated = hundredths(facts.get(name))
        if stated:
            return -(-stated // (100 * parts))
    return None


def hundredths(value: object) -> int | None:
    """Return a fact's number of hours in hundredths; None where it is none."""
    whole, _, rest = str(value).partition(".")
    if not whole.isdecimal() or not (rest or "0").isdecimal():
        return None
    return int(whole) * 100 + int((rest + "00")[:2])
