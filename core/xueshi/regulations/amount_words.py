"""Closed forms in Chinese: amounts, shares, caps, minimums, categories and dates as an officer reads them aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xueshi.regulations.pack import RulePack
from xueshi.regulations.words import RATE_UNITS, UPWARD, band_words

UNIT_WORDS = {
    "day": "天", "half_day": "半天", "hour": "课时", "clock_hour": "小时", "course": "门", "subject": "科", "item": "项", "character": "字",
    "month": "月", "credit": "学分", "half_year": "半年", "year": "年",
}  # fmt: skip
LARGE = {1000: "千", 10000: "万"}
"""Counts that a text writes as a word: 每千字, 每万字."""
ONE_UNIT = {
    "day": ("一天", "半天"), "half_day": ("半天", "半天的一半"), "hour": ("一课时", "半课时"), "clock_hour": ("一小时", "半小时"), "month": ("一个月", "半个月"),
    "half_year": ("半年", "三个月"), "year": ("一年", "半年"), "credit": ("一学分", "半学分"),
}  # fmt: skip
"""One unit of what a text counts by, and half of it."""
ABSENT = {"none": "为无", "not_stated": "未填写", "stated": "已填写", "in_window": "在本期内"}
UNDECIDED = {"lower": "未认定时取下限", "higher": "未认定时取上限", "needs_decision": "未认定时待认定"}


def upward_words(part: str, unit: str, count: int = 1) -> str:
    """Say how a part of a unit is counted up: `不满一天的按半天计`; `count` characters make one unit."""
    named = f"{LARGE.get(count) or count}{UNIT_WORDS[unit]}"
    one, half = ONE_UNIT.get(unit, (named, f"半{named}" if count in LARGE else f"{named}的一半"))
    if part == "up":
        return f"不满{one}的按{one}计"
    if part == "as_half":
        return f"不满{one}的按{half}计"
    return f"不满{half}的按{half}计，超过{half}不满{one}的按{one}计"


class AmountWords:
    """Says the values of one pack in Chinese; `unit` is what a plain number counts (学时, %, 年 …)."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        self.labels = pack.labels
        self.chooser = "认定人"
        """Who chooses within a range, of the rule that is being said."""

    def say(self, form: list[Any] | None, unit: str = "学时") -> str:
        """Say a form: `每千字6学时`, `级别为国家级50学时，省级40学时`, `R1的1/3`."""
        if form is None:
            return ""
        said: str = getattr(self, f"_{form[0]}")(form, unit)
        return said

    def label(self, fact: str) -> str:
        """Return the Chinese label of a fact."""
        return self.pack.vocabulary.label(fact)

    def match(self, fact: str, matcher: Mapping[str, Any]) -> str:
        """Say the values of one table row: `国家级`, `不超过3`, `合格`."""
        known = self.pack.facts.get(fact)
        parts = []
        for value in matcher.get("in", []):
            if known is not None and known.type == "yes_no":
                parts.append(known.values["yes" if value else "no"])
            elif known is not None and known.values:
                parts.append(known.values.get(str(value), str(value)))
            else:
                parts.append(f"{value}{known.unit if known else ''}")
        parts += [f"{band_words(band)}{known.unit if known else ''}" for band in matcher.get("bands", [])]
        parts += [word for name, word in ABSENT.items() if matcher.get(name)]
        return "、".join(parts)

    def _fixed(self, form: list[Any], unit: str) -> str:
        return f"{form[1]}{unit}" + (f"（{form[2]}）" if len(form) > 2 else "")

    def _percent(self, form: list[Any], _unit: str) -> str:
        return f"{form[1]}%" + (f"（{form[2]}）" if len(form) > 2 else "")

    def _rate(self, form: list[Any], unit: str) -> str:
        _, rate, per, count, *rest = form
        counted = LARGE.get(count) or (count if count > 1 else "")
        text = f"每{counted}{UNIT_WORDS[per]}{rate}{unit}"
        notes = [f"按“{self.label(RATE_UNITS[per][0])}”"]
        if len(rest) > 1 and rest[1]:
            notes.append(f"扣除{'、'.join(self.label(name) for name in rest[1])}")
        if rest and rest[0] == "whole":
            notes.append("只计整数")
        if rest and rest[0] == "by_days":
            notes.append("不足一个月的按天折算，每天为一个月的1/30")
        if rest and rest[0] in UPWARD:
            notes.append(upward_words(rest[0], per, count))
        return f"{text}（{'，'.join(notes)}）"

    def _by_factor(self, form: list[Any], unit: str) -> str:
        fact = self.pack.facts[form[2]]
        return f"每{fact.unit or fact.label}{self.say(form[1], unit)}（按“{fact.label}”）"

    def _stated(self, form: list[Any], _unit: str) -> str:
        each = f"（每天{upward_words(form[2], form[3])}）" if len(form) > 2 else ""
        return f"按“{self.label(form[1])}”{each}"

    def _stated_percent(self, form: list[Any], _unit: str) -> str:
        return f"“{self.label(form[1])}”所填的百分比"

    def _range(self, form: list[Any], unit: str) -> str:
        undecided = UNDECIDED.get(form[3] or "", "") if len(form) > 3 else ""
        return f"{form[1]}至{form[2]}{unit}之间由{self.chooser}确定" + (
            f"（{undecided}）" if undecided else ""
        )

    def _decided(self, _form: list[Any], unit: str) -> str:
        return f"{unit}数由主管部门决定"

    def _none(self, _form: list[Any], unit: str) -> str:
        return "不计学时" if unit == "学时" else "无"

    def _unset(self, form: list[Any], _unit: str) -> str:
        found = self.pack.data["parameters"].get(form[1])
        return f"参数“{found['label'] if found else form[1]}”（待主管部门设定）"

    def _any(self, _form: list[Any], _unit: str) -> str:
        return "大于0"

    def _part(self, form: list[Any], _unit: str) -> str:
        return f"{self.requirement(form[3])}的{form[1]}/{form[2]}"

    def requirement(self, name: str) -> str:
        """Name another requirement as an officer knows it, with its number in the file: `每年累计（R1）`."""
        found = next((one for one in self.pack.requirements if one["id"] == name), None)
        if found is None:  # a category of which an average or sum is asked
            return self.labels.get(name, name)
        return f"{found['name'] or self.labels.get(found['of'], found['of'])}（{name}）"

    def _python(self, form: list[Any], unit: str) -> str:
        return f"{unit}数按函数{form[1]}计算（读{'、'.join(self.label(name) for name in form[2])}）"

    def _word(self, form: list[Any], _unit: str) -> str:
        return self.labels.get(form[1], str(form[1]))

    def _list(self, form: list[Any], _unit: str) -> str:
        return "，未填则".join(self.label(name) for name in form[1])

    def _day(self, form: list[Any], _unit: str) -> str:
        return f"{form[1]}月{form[2]}日"

    def _parts(self, form: list[Any], _unit: str) -> str:
        return "、".join(f"第{place}年{part}%" for place, part in enumerate(form[1], start=1))

    def _first(self, form: list[Any], unit: str) -> str:
        return "，不能确定的，".join(self.say(part, unit) for part in form[1])

    def _when_stated(self, form: list[Any], unit: str) -> str:
        return f"填写了{self.label(form[1])}的{self.say(form[2], unit)}"

    def _keyed(self, form: list[Any], unit: str) -> str:
        found = self.pack.data["parameters"].get(form[1])
        name = f"参数“{found['label'] if found else form[1]}”按{self.label(form[2])}所定"
        known = self.pack.facts.get(form[2])
        rows = [
            f"{known.values.get(key, key) if known else key}{self.say(cell, unit)}"
            for key, cell in form[3].items()
        ]
        return f"{name}（{'，'.join(rows)}）" if rows else f"{name}（待主管部门设定）"

    def _by_year(self, form: list[Any], unit: str) -> str:
        parts = [f"自{year}年度起{self.say(value, unit)}" for year, value in form[1]]
        return f"{self.say(form[2], unit)}，{'，'.join(parts)}"

    def _lookup(self, form: list[Any], unit: str) -> str:
        _, fact, cases, absent, otherwise, then = form
        parts = [f"{self.match(fact, matcher)}{self._nested(value, unit)}" for matcher, value in cases]
        if then:
            parts.append(f"其后每名{self._further(then, unit)}")
        if otherwise is not None:
            parts.append(f"其他{self._nested(otherwise, unit)}")
        if absent is not None:
            parts.append(f"未填写{self._nested(absent, unit)}")
        return f"按{self.label(fact)}：{'，'.join(parts)}"

    def _nested(self, form: list[Any], unit: str) -> str:
        text = self.say(form, unit)
        if form[0] in ("lookup", "first", "range", "when_stated"):
            return f"（{text}）"
        return f"：{text}" if form[0] in ("rate", "stated", "word", "decided", "none") else text

    @staticmethod
    def _further(then: list[Any], unit: str) -> str:
        how, by, *_ = then
        percent = unit == "%"
        if how == "less":
            return f"递减{by}{'个百分点' if percent else unit}"
        from fractions import Fraction  # noqa: PLC0415 - one number

        times = Fraction(by) * 100
        return f"按前一名的{times.numerator if times.denominator == 1 else times}%"
