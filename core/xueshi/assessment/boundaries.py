"""Proposals for cases at the edges of a rule file: the author fills in the hours by hand from the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from xueshi.regulations.pack import RulePack
from xueshi.regulations.rule_words import RuleWords
from xueshi.regulations.words import RATE_UNITS, UPWARD, rates

USUAL_YEAR = 2021
"""The year whose edges are shown where the instrument serves it; else the first that it serves."""


@dataclass(frozen=True)
class Proposal:
    """One edge of a rule: where, what kind of edge, the fact, the values to try (no expected hours: that is the author's)."""

    rule: str
    clause: str
    edge: str
    fact: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule}（{self.clause}）{self.edge}：{self.fact} = {'、'.join(self.values)}"


def proposals(pack: RulePack) -> list[Proposal]:
    """Propose cases for every band, rank, range, cap, minimum, deemed record, year start and reading of a pack, each once."""
    found: list[Proposal] = []
    for item in pack.data["items"]:
        for row in (item, *item["rows"]):
            found += _of_row(row)
            for extra in row.get("plus", ()):
                found += _of_row(extra)
    for group in pack.data["groups"]:
        found += _caps(group, ["fixed", "1"])
        if group["same"] and group["count"] in ("once", "highest"):
            values = ("同一值的两条记录", "不同值的两条记录", "以前年度已计的同一值")
            found.append(Proposal(group["rule"], group["clause"], "同一项目", group["same"], values))
    for one in pack.data["requirements"]:
        for minimum in _fixed(one["at_least"]):
            short = _shown(minimum - Fraction(1, 100))
            found.append(
                Proposal(
                    one["rule"],
                    one["clause"],
                    "最低要求"
                    if one["over"] is None
                    else "各年平均"
                    if one.get("averaged")
                    else "每年"
                    if one.get("each")
                    else "各年之和",
                    one["of"],
                    (short, _shown(minimum), _shown(minimum + 1)),
                )
            )
        if one["over"] is not None:
            found.append(_window(pack, one))
    served, ends = pack.data["instrument"]["years"]
    first, last = pack.year_window(USUAL_YEAR if pack.serves(USUAL_YEAR) else served)
    days = (first - timedelta(days=1), first, last, last + timedelta(days=1))
    found.append(
        Proposal(
            pack.id, pack.data["year"]["clause"], "统计年度", "end", tuple(day.isoformat() for day in days)
        )
    )
    for one in pack.data["deemed"]:
        found += _deemed(pack, one, tuple(day.isoformat() for day in days))
    for one in pack.data["requirements"]:
        found += _bounds(one["rule"], one["clause"], one["when"])
    span = (served - 1, served) if ends is None else (served - 1, served, ends, ends + 1)
    found.append(Proposal(pack.id, pack.data["year"]["clause"], "适用年度", "year", tuple(map(str, span))))
    for name, reading in pack.readings.items():
        found.append(Proposal(name, reading["clause"], reading["ask"], "config", tuple(reading["options"])))
    return list(dict.fromkeys(found))


def _window(pack: RulePack, one: Mapping[str, Any]) -> Proposal:
    """Propose, for a requirement over several years, what its figures may come to; the case holds it under `windows`."""
    averaged = one["average_of"] or one.get("averaged")
    word = "各年平均" if averaged else "各年之和"
    figured = averaged or one["sum_of"] or (one["at_least"] is not None and not one.get("each"))
    values = [f"{word}恰好达到", f"{word}差0.01"] if figured else []
    if one.get("each"):
        values += ["每年恰好达到", "有一年差0.01"]
    if one["every"]:
        values += ["每年都达到", "之和达到而有一年未达到"]
    if one["over"]["window"] in ("term", "cycle"):
        values.append("未填写起止年度")
    elif one["over"]["window"] == "since":
        values += ["起算日期在窗口之内", "起算日期早于窗口"]
    else:
        values += ["窗口外再早一年有大量学时"]
        if one["over"]["window"] == "before":
            values.append("当年有大量学时")
    name = RuleWords(pack).window(one["over"])
    return Proposal(one["rule"], one["clause"], f"跨年度（{name}）", "windows", (*values, "缺一年的结果"))


def _of_row(row: dict[str, Any]) -> Iterator[Proposal]:
    rule, clause = row["rule"], row["clause"]
    for word in ("when", "needs", "except", "hours", "share", "category"):
        yield from _bounds(rule, clause, row.get(word))
    for low, high in _ranges(row.get("hours")):
        edge = Fraction(1, 100)
        values = (Fraction(low) - edge, Fraction(low), Fraction(high), Fraction(high) + edge)
        yield Proposal(rule, clause, "幅度", "granted", tuple(map(_shown, values)))
    for _, _, unit, count, part, *_ in rates(row.get("hours")):
        if part in UPWARD:
            fact, size = RATE_UNITS[unit]
            at = Fraction(count * size)
            parts = tuple(_shown(at * Fraction(quarters, 4)) for quarters in (4, 5, 6, 7))
            yield Proposal(rule, clause, "不满一个单位", fact, parts)
    for fact, missing in _gates(row):
        yield Proposal(rule, clause, "条件", fact, missing)
    yield from _caps(row, row.get("hours"))


def _bounds(rule: str, clause: str, form: Any) -> Iterator[Proposal]:
    """Propose, for each band and rank in a condition or table, the values around it."""
    for fact, matcher in _matchers(form):
        for low, _, high, _ in matcher.get("bands", ()):
            for bound in (low, high):
                if bound is not None:
                    yield Proposal(rule, clause, "界限", fact, _around(Fraction(bound)))
        numbers = [value for value in matcher.get("in", ()) if str(value).isdigit()]
        if numbers:
            last = max(int(str(value)) for value in numbers)
            yield Proposal(rule, clause, "名次", fact, (str(last), str(last + 1)))


def _deemed(pack: RulePack, one: Mapping[str, Any], days: tuple[str, ...]) -> Iterator[Proposal]:
    """Propose, for a record that satisfies requirements, its bounds, its day and what is left unsaid, under every option."""
    for form in (one["if_record"], *(under for _, _, under in one.get("under", ()))):
        yield from _bounds(one["rule"], one["clause"], form)
        for fact, matcher in _matchers(form):
            if matcher.get("in_window"):
                yield Proposal(one["rule"], one["clause"], "视同完成的日期", fact, days)
            if fact in pack.facts and fact != "kind":
                yield Proposal(one["rule"], one["clause"], "视同完成", fact, ("未填",))


def _caps(row: dict[str, Any], hours: Any) -> Iterator[Proposal]:
    """Propose, for a cap, the quantity just below, at and above; where the rate tells it, as a quantity."""
    for word, form in (row.get("at_most") or {}).items():
        for cap in _fixed(form):
            rate_words = next(rates(hours), None)
            if rate_words is not None and word != "day":
                _, rate, unit, count, *_ = rate_words
                fact, size = RATE_UNITS[unit]
                at = cap * count * size / Fraction(rate)
                yield Proposal(row["rule"], row["clause"], f"上限{word}", fact, _around(at))
            else:
                yield Proposal(row["rule"], row["clause"], f"上限{word}", "hours", _around(cap))


def _around(value: Fraction) -> tuple[str, ...]:
    return tuple(_shown(value + step) for step in (-1, 0, 1) if value + step >= 0)


def _shown(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{round(value * 100) / 100:g}"


def _walk(form: Any) -> Iterator[Any]:
    if isinstance(form, list):
        if form and isinstance(form[0], str):
            yield form
        for part in form:
            yield from _walk(part)


def _matchers(form: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for node in _walk(form):
        if node[0] == "test" and isinstance(node[2], dict):
            yield node[1], node[2]
        elif node[0] == "lookup":
            for matcher, _ in node[2]:
                yield node[1], matcher


def _ranges(form: Any) -> Iterator[tuple[str, str]]:
    for node in _walk(form):
        if node[0] == "range" and len(node) > 2:
            yield node[1], node[2]


def _fixed(form: Any) -> Iterator[Fraction]:
    for node in _walk(form):
        if node[0] == "fixed" and len(node) > 1:
            yield Fraction(str(node[1]))


def _gates(row: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for word in ("needs", "except"):
        for fact, matcher in _matchers(row.get(word)):
            if matcher.get("bands"):
                continue
            named = tuple(_word(value) for value in matcher.get("in", ()))
            yield (
                fact,
                (
                    *named,
                    *(
                        ("no" if named == ("yes",) else "yes",)
                        if named[:1] in (("yes",), ("no",))
                        else ("其他值",)
                    ),
                    "未填",
                ),
            )


def _word(value: object) -> str:
    return "yes" if value is True else "no" if value is False else str(value)
