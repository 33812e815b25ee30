"""What would cure a short year: the kinds of activity of the same law that still count for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from xueshi.assessment.conditions import Facts
from xueshi.assessment.evaluate import Evaluation
from xueshi.assessment.formulas import Stop
from xueshi.assessment.program import Item, Row, program
from xueshi.assessment.types import PersonYearRequest, RequirementResult, YearAssessment, plain_value
from xueshi.hours import show_hours
from xueshi.regulations.amount_words import UNIT_WORDS
from xueshi.regulations.pack import RulePack
from xueshi.regulations.rule_words import CAPS, RuleWords
from xueshi.regulations.words import COMPLETED, RATE_UNITS, WHOLE_ONLY


@dataclass(frozen=True)
class Cure:
    """One way to earn what a requirement lacks: the kinds, the rule and clause, what it gives and how much is needed.

    `gives` is the standard in Chinese, `need` how many of it would suffice (empty where nobody can say beforehand),
    `room` the hundredths that a yearly limit still leaves (None: no such limit), `until` the last day (ISO).
    """

    requirement: str
    kinds: tuple[str, ...]
    name: str
    rule: str
    clause: str
    condition: str
    gives: str
    need: str
    room: int | None
    until: str


STEPS_OF: Final = {"day": Fraction(1, 2), "hour": Fraction(1, 2)}
"""In what steps a quantity is told where parts count; others in ones."""
FAILED: Final = ("passed", "study_complete")
"""Outcomes nobody is advised to fail."""


def cures(pack: RulePack, request: PersonYearRequest, assessment: YearAssessment) -> tuple[Cure, ...]:
    """List, for every requirement that is short, the rows of the law that would count for it.

    Left out: rows that a reading switches off, that need a fact the person does not have (`person.*`), that give no
    hours, and whose yearly limit is used up. The order is that of the notice.
    """
    short = [one for one in assessment.requirements if one.shortfall > 0 and not one.by]
    if not short or not pack.serves(request.year):
        return ()
    words, compiled = RuleWords(pack), program(pack)
    person = Evaluation(compiled, request, trace=False).person
    until = pack.year_window(request.year)[1].isoformat()
    found: list[Cure] = []
    for one in short:
        for item, row, kinds in _rows(compiled.items):
            if not _open(item, row, person) or not _counts(pack, row, item, one.of):
                continue
            room = _room(item, row, person, assessment)
            if room is not None and room <= 0:
                continue
            found.append(
                Cure(
                    one.id, tuple(pack.kinds[kind] for kind in kinds), row.name, row.rule, row.clause,
                    _condition(words, pack, item, row, one.of), standard(words, pack, row.item.id, row.id),
                    _need(pack, one, row), room, until,
                )
            )  # fmt: skip
    return tuple(dict.fromkeys(found))


def standard(words: RuleWords, pack: RulePack, item: str, row: str) -> str:
    """Say what a row gives: amount, share, limits; empty for an unknown row."""
    for entry in pack.data["items"]:
        for form in entry["rows"] if entry["id"] == item else ():
            if form["id"] == row:
                said = [words.amounts.say(form["hours"])]
                if form["share"] is not None:
                    said.append(f"所占份额{words.amounts.say(form['share'], '%')}")
                said += [f"{CAPS[word]}最多{words.amounts.say(cap)}" for word, cap in form["at_most"].items()]
                return "；".join(said)
    return ""


def _rows(items: Mapping[str, tuple[Item, ...]]) -> list[tuple[Item, Row, list[str]]]:
    """List every row once, with the kinds of record that it takes, in the order of the notice."""
    found: dict[str, tuple[Item, Row, list[str]]] = {}
    for kind, held in items.items():
        for item in held:
            for row in item.rows:
                found.setdefault(row.rule, (item, row, []))[2].append(kind)
    return list(found.values())


def _open(item: Item, row: Row, person: Facts) -> bool:
    if row.hours_form[0] == "none" or item.when.holds(person) is False or row.when.holds(person) is False:
        return False
    if any(row.when.holds({**person, name: True}) is False for name in FAILED):
        return False
    return all(gate.test.holds(person) is not (not gate.wanted) for gate in row.gates)


def _counts(pack: RulePack, row: Row, item: Item, of: str) -> bool:
    if of == "total":
        return True
    sums: Mapping[str, Any] = dict(pack.data["sums"])
    given = _words(row.category_form)
    if of not in sums:
        return of in given
    entry = sums[of]
    if entry["count"] is not None:
        return bool({row.id, item.id} & set(entry["count"]))
    return entry["where"] is not None or any(_counts(pack, row, item, part) for part in entry["of"])


def _words(form: Any) -> set[str]:
    if isinstance(form, list):
        if form[:1] == ["word"]:
            return {form[1]}
        return {word for part in form for word in _words(part)}
    return set()


def _condition(words: RuleWords, pack: RulePack, item: Item, row: Row, of: str) -> str:
    forms = [item.when_form, row.when_form, *(gate.form for gate in row.gates if gate.wanted)]
    said = [words.condition(form) for form in forms]
    if row.always and item.rows and row is not item.rows[0]:
        said.insert(0, "不属于该条所列的其他情形")
    said += [words.condition(gate.form, wanted=False) for gate in row.gates if not gate.wanted]
    entry = dict(pack.data["sums"]).get(of)
    if entry is not None and entry["where"] is not None:
        said.append(words.condition(entry["where"]))
    by_fact = row.category_form
    if by_fact[0] == "lookup":
        right = [words.amounts.match(by_fact[1], match) for match, form in by_fact[2] if of in _words(form)]
        if by_fact[3] is not None and of in _words(by_fact[3]):
            right.append("未填写")
        if right:
            said.append(f"{words.amounts.label(by_fact[1])}为{'或'.join(right)}")
    return "，".join(dict.fromkeys(text for text in said if text))


def _room(item: Item, row: Row, person: Facts, assessment: YearAssessment) -> int | None:
    """Return what the year's limits on the item and on its groups leave (hundredths); None without a limit."""
    limits: list[tuple[Any, frozenset[str]]] = []
    if row.year_cap is not None:
        members = frozenset(one.rule for one in item.rows)
        given = {rule for entry in assessment.ledger if entry.hours for rule in entry.rules}
        caps = [
            one.year_cap.value(person)
            for one in item.rows
            if one.year_cap and (one is row or one.rule in given)
        ]
        # Rows of one item may have limits of their own: the year as a whole has the largest of them.
        limits.append((max((cap for cap in caps if not isinstance(cap, Stop)), default=None), members))
    for group in row.groups:
        if group.year_cap is not None:
            limits.append((group.year_cap.value(person), group.of))
    left: list[int] = []
    for cap, members in limits:
        if cap is None or isinstance(cap, Stop):
            continue
        used = sum(
            entry.hours
            for entry in assessment.ledger
            if any(rule in members or rule.partition("-")[2] in members for rule in entry.rules)
        )
        left.append(int(cap) - used)
    return min(left) if left else None


def _quantity(form: list[Any], units: Fraction) -> str:
    """Say how much of what a rate counts by makes so many of its units: a part of a unit where parts count."""
    _, _, unit, per, partial, *_ = form
    if partial == "whole" or unit in WHOLE_ONLY:
        return f"{-(-units // 1) * per}{UNIT_WORDS[unit]}"
    if unit in COMPLETED:
        return f"{-(-units * per * RATE_UNITS[unit][1] // 1)}个月"
    step = STEPS_OF.get(unit, Fraction(1))
    least = -(-units * per // step) * step
    said = str(plain_value(least))
    return f"{said.rstrip('0') if '.' in said else said}{UNIT_WORDS[unit]}"


def _need(pack: RulePack, short: RequirementResult, row: Row) -> str:
    """Say how many of an activity would cure the shortage; empty where the amount is somebody's decision."""
    form = row.hours_form
    counted = any(code == short.of and entry["count"] is not None for code, entry in pack.data["sums"])
    if counted:
        return f"需{short.shortfall // 100}项"
    if row.share is not None or form[0] not in ("fixed", "rate") or not isinstance(form[1], str):
        return ""
    each = Fraction(form[1]) * 100
    if not each:
        return ""
    if form[0] == "fixed":
        return f"补足{show_hours(short.shortfall)}学时需{-(-short.shortfall // each)}项"
    text = f"补足{show_hours(short.shortfall)}学时需{_quantity(form, short.shortfall / each)}"
    cap = row.event_cap.value({}) if row.event_cap is not None else None
    if isinstance(cap, int) and 0 < cap < short.shortfall:
        text += f"，至少分{-(-short.shortfall // cap)}次"
    return text
