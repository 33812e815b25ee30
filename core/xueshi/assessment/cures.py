"""What would cure a short year: the kinds of activity of the same law that still count for what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from xueshi.assessment.conditions import Facts
from xueshi.assessment.evaluate import Evaluation
from xueshi.assessment.formulas import Stop
from xueshi.assessment.program import Item, Program, Row, program
from xueshi.assessment.types import PersonYearRequest, RequirementResult, YearAssessment, plain_value
from xueshi.hours import show_hours
from xueshi.regulations.amount_words import UNIT_WORDS
from xueshi.regulations.pack import RulePack
from xueshi.regulations.rule_words import CAPS, RuleWords
from xueshi.regulations.wording import settled
from xueshi.regulations.words import COMPLETED, RATE_UNITS, UPWARD, WHOLE_ONLY


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
LEAST: Final = 1
"""The minimum, in hundredths, of a requirement that asks for any hours at all."""


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
    left = ceilings(compiled, person, assessment.totals)
    found: list[Cure] = []
    for one in short:
        for item, row, kinds in _rows(compiled.items):
            if not _open(compiled, item, row, person) or not _counts(pack, row, item, one.of):
                continue
            codes = _words(row.category_form)
            full = {code for code in codes if one.of == "total" and left.get(code, 1) <= 0}
            rooms = [_room(item, row, person, assessment)]
            if one.of == "total" and len(codes) == 1:
                rooms += [left.get(code) for code in codes]
            room = min((each for each in rooms if each is not None), default=None)
            if (room is not None and room <= 0) or (full and full == codes):
                continue
            wanted = codes - full if full else {one.of}
            found.append(
                Cure(
                    one.id, tuple(pack.kinds[kind] for kind in kinds), row.name, row.rule, row.clause,
                    _condition(words, pack, item, row, one.of, wanted),
                    standard(words, pack, row.item.id, row.id, whole=True),
                    _need(pack, one, row, room), room, until,
                )
            )  # fmt: skip
    return tuple(dict.fromkeys(found))


def ceilings(compiled: Program, person: Facts, totals: Mapping[str, int]) -> dict[str, int]:
    """Return category → the hundredths that its ceiling still lets into the total; negative where more was earned."""
    left: dict[str, int] = {}
    for one in compiled.ceilings:
        cap = one.ceiling.value(person) if one.ceiling is not None and one.when.holds(person) else None
        if cap is not None and not isinstance(cap, Stop):
            left[one.of] = min(left.get(one.of, int(cap)), int(cap) - totals.get(one.of, 0))
    return left


def standard(words: RuleWords, pack: RulePack, item: str, row: str, *, whole: bool = False) -> str:
    """Say what a row gives: amount, share, limits; with `whole` its add-ons and years too; empty for an unknown row."""
    form = _form(pack, item, row)
    if form is None:
        return ""
    said = [words.amounts.say(form["hours"])]
    if form["share"] is not None:
        said.append(f"所占份额{words.amounts.say(form['share'], '%')}")
    said += [f"{CAPS[word]}最多{words.amounts.say(cap)}" for word, cap in form["at_most"].items()]
    if whole:
        extras = [extra for extra in form["plus"] if settled(extra["when"]) is not False]
        said += [words.extra(extra).partition("［口径")[0] for extra in extras]
        if form["spread"] not in (None, ["none"], ["parts", ["100"]]):
            said.append(f"分年登记：{words.amounts.say(form['spread'], '')}")
    return "；".join(said)


def _form(pack: RulePack, item: str, row: str) -> Mapping[str, Any] | None:
    held = (form for entry in pack.data["items"] if entry["id"] == item for form in entry["rows"])
    return next((form for form in held if form["id"] == row), None)


def _rows(items: Mapping[str, tuple[Item, ...]]) -> list[tuple[Item, Row, list[str]]]:
    """List every row once, with the kinds of record that it takes, in the order of the notice."""
    found: dict[str, tuple[Item, Row, list[str]]] = {}
    for kind, held in items.items():
        for item in held:
            for row in item.rows:
                found.setdefault(row.rule, (item, row, []))[2].append(kind)
    return list(found.values())


def _open(compiled: Program, item: Item, row: Row, person: Facts) -> bool:
    """Tell whether some record of this person could fall under a row and be recognised; nobody is advised to fail."""
    facts = {**person, **dict.fromkeys(FAILED, True)}

    def holds(form: Any) -> bool | None:
        return _may_hold(compiled, form, facts)

    if row.hours_form[0] == "none" or holds(item.when_form) is False or holds(row.when_form) is False:
        return False
    return all(holds(gate.form) is not (not gate.wanted) for gate in row.gates)


def _may_hold(compiled: Program, form: Any, facts: Facts) -> bool | None:
    """Judge a condition on a record that is not there yet: what may still be stated is open, also where it is blank."""
    if form is None:
        return True
    head = form[0]
    if head in ("const", "option"):
        return bool(form[-1])
    if head == "not":
        inner = _may_hold(compiled, form[1], facts)
        return None if inner is None else not inner
    if head in ("and", "or"):
        parts = [_may_hold(compiled, part, facts) for part in form[1]]
        decides = head == "or"
        return decides if decides in parts else None if None in parts else not decides
    known = form[1] in facts or str(form[1]).startswith("person.")
    return compiled.compiler.condition(form).holds(facts) if known else None


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


def _condition(words: RuleWords, pack: RulePack, item: Item, row: Row, of: str, wanted: set[str]) -> str:
    """Say under what condition a record falls under a row and counts for `of`; `wanted` are the categories that do."""
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
        right = [
            words.amounts.match(by_fact[1], match) for match, form in by_fact[2] if wanted & _words(form)
        ]
        if by_fact[3] is not None and wanted & _words(by_fact[3]):
            right.append("未填写")
        if right:
            said.append(f"{words.amounts.label(by_fact[1])}为{'或'.join(right)}")
    return "，".join(dict.fromkeys(text for text in said if text))


def _room(item: Item, row: Row, person: Facts, assessment: YearAssessment) -> int | None:
    """Return what the year's limits on the item and on its groups leave (hundredths); None without a limit."""
    limits: list[tuple[Any, frozenset[str]]] = []
    if row.year_cap is not None:
        members = frozenset(one.rule for one in item.rows if one.year_cap)
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
    if partial in UPWARD:
        parts = 1 if partial == "up" else 2
        sure = Fraction(-(-units * parts // 1), parts) * per
        if unit in COMPLETED:
            return f"{-(-sure * RATE_UNITS[unit][1] // 1)}个月"
        return f"{show_hours(int(sure * 100))}{UNIT_WORDS[unit]}"
    if partial == "whole" or unit in WHOLE_ONLY:
        return f"{-(-units // 1) * per}{UNIT_WORDS[unit]}"
    if unit in COMPLETED:
        return f"{-(-units * per * RATE_UNITS[unit][1] // 1)}个月"
    step = STEPS_OF.get(unit, Fraction(1))
    least = -(-units * per // step) * step
    said = str(plain_value(least))
    return f"{said.rstrip('0') if '.' in said else said}{UNIT_WORDS[unit]}"


def _need(pack: RulePack, short: RequirementResult, row: Row, room: int | None) -> str:
    """Say how many of an activity would cure the shortage, or use up what a yearly limit leaves of it.

    Empty where the amount is somebody's decision, or where any hours at all would do.
    """
    form = row.hours_form
    counted = any(code == short.of and entry["count"] is not None for code, entry in pack.data["sums"])
    if counted:
        return f"需{short.shortfall // 100}项"
    if form[0] not in ("fixed", "rate") or not isinstance(form[1], str) or short.minimum == LEAST:
        return ""
    share, told = _share(pack, row)
    each = Fraction(form[1]) * 100 * share
    if row.spread is not None:
        parts = row.spread.value({})
        each = each * parts[0] / 10000 if not isinstance(parts, Stop) else Fraction(0)
    if not each:
        return ""
    sought = short.shortfall if room is None else min(room, short.shortfall)
    aim = (
        f"补足{show_hours(sought)}学时" if sought == short.shortfall else f"计满所余{show_hours(sought)}学时"
    )
    if form[0] == "fixed":
        return f"{aim}需{-(-sought // each)}项{told}"
    text = f"{aim}需{_quantity(form, sought / each)}"
    cap = row.event_cap.value({}) if row.event_cap is not None else None
    if isinstance(cap, int) and 0 < cap < sought:
        text += f"，至少分{-(-sought // cap)}次"
    return text + told


def _share(pack: RulePack, row: Row) -> tuple[Fraction, str]:
    """Return the largest share that a row may give, and in words that it was taken where it is not everybody's."""
    if row.share is None:
        return Fraction(1), ""
    fixed = row.share.value({})
    if not isinstance(fixed, Stop):
        return Fraction(fixed) / 100, ""
    form = _form(pack, row.item.id, row.id)
    largest = max(_percents(form["share"]) if form is not None else (), default=Fraction(0))
    return largest / 100, f"（所占份额为{plain_value(largest)}%时）"


def _percents(form: Any) -> Iterator[Fraction]:
    if isinstance(form, list):
        if form[:1] == ["percent"]:
            yield Fraction(form[1])
            return
        for part in form:
            yield from _percents(part)
