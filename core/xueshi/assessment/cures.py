"""What would cure a short year: the kinds of activity of the same law that still count for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from xueshi.assessment.conditions import Facts
from xueshi.assessment.cure_amounts import NOBODY_KNOWS, Need, needed, once_a_year
from xueshi.assessment.evaluate import Evaluation
from xueshi.assessment.formulas import Stop
from xueshi.assessment.program import Item, Program, Row, program
from xueshi.assessment.types import PersonYearRequest, RequirementResult, YearAssessment
from xueshi.hours import show_hours
from xueshi.regulations.pack import RulePack
from xueshi.regulations.rule_words import CAPS, RuleWords
from xueshi.regulations.wording import of_kind, settled
from xueshi.regulations.zones import zones


@dataclass(frozen=True)
class Cure:
    """One way to earn what a requirement lacks: the kinds, the rule and clause, what it gives and how much is needed.

    `gives` is the standard in Chinese, `need` how many of it would suffice (empty where nobody can say beforehand),
    `room` the hundredths that a yearly limit still leaves (None: no such limit), `until` the last day (ISO). What `need`
    says is told once more as records: `plan` has the quantity of the fact `by` for each of them ("" where the row gives a
    fixed number), and together they give at least `fills` hundredths toward the requirement.
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
    fills: int = 0
    by: str = ""
    plan: tuple[str, ...] = ()


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
        counted = one.of in compiled.counted
        for item, row, taken in _rows(compiled.items):
            if not _open(compiled, item, row, person, counted=counted):
                continue
            kinds = [kind for kind in taken if _counts(pack, row, item, one.of, kind)]
            codes = _words(row.category_form)
            full = {code for code in codes if one.of == "total" and left.get(code, 1) <= 0}
            rooms = [_room(item, row, person, assessment)]
            if one.of == "total" and len(codes) == 1:
                rooms += [left.get(code) for code in codes]
            room = min((each for each in rooms if each is not None), default=None)
            if (
                not kinds
                or _used_up(row, assessment)
                or (room is not None and room <= 0)
                or (full and full == codes)
            ):
                continue
            wanted = codes - full if full else {one.of}
            need = _need(pack, compiled, one, item, row, person, room)
            found.append(
                Cure(
                    one.id, tuple(pack.kinds[kind] for kind in kinds), row.name, row.rule, row.clause,
                    _condition(words, pack, item, row, one.of, wanted, kinds),
                    standard(words, pack, row.item.id, row.id, whole=True),
                    need.text, room, until, need.fills, need.fact, need.plan,
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


def _open(compiled: Program, item: Item, row: Row, person: Facts, *, counted: bool) -> bool:
    """Tell whether some record of this person could fall under a row and be recognised; nobody is advised to fail.

    `counted`: records count by their number, so that one without hours does too.
    """
    facts = {**person, **dict.fromkeys(FAILED, True)}

    def holds(form: Any) -> bool | None:
        return _may_hold(compiled, form, facts)

    if (
        (row.hours_form[0] == "none" and not counted)
        or holds(item.when_form) is False
        or holds(row.when_form) is False
    ):
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


def _counts(pack: RulePack, row: Row, item: Item, of: str, kind: str) -> bool:
    """Tell whether a record of a kind can fall under a row and count toward a category, a sum or the total."""
    units = {code: entry["unit"] for code, entry in pack.data["categories"]}
    entry: Mapping[str, Any] | None = dict(pack.data["sums"]).get(of)
    given = _words(row.category_form)
    if of == "total":
        # What is reckoned in another unit stands beside the total.
        counts = not given or any(units.get(code, "hour") == "hour" for code in given)
    elif entry is None:
        counts = of in given
    elif entry["count"] is not None:
        counts = bool({row.id, item.id} & set(entry["count"]))
    else:
        counts = entry["where"] is not None or any(
            _counts(pack, row, item, part, kind) for part in entry["of"]
        )
    gates = [gate.form if gate.wanted else ["not", gate.form] for gate in row.gates]
    held = (item.when_form, row.when_form, *gates, entry["where"] if entry is not None else None)
    both: list[Any] = [
        "and",
        [["test", "kind", {"in": [kind]}], *(form for form in held if form is not None)],
    ]
    return counts and bool(zones(both, pack.vocabulary))


def _words(form: Any) -> set[str]:
    if isinstance(form, list):
        if form[:1] == ["word"]:
            return {form[1]}
        return {word for part in form for word in _words(part)}
    return set()


def _condition(
    words: RuleWords, pack: RulePack, item: Item, row: Row, of: str, wanted: set[str], kinds: list[str]
) -> str:
    """Say under what condition a record falls under a row and counts for `of`.

    `wanted` are the categories that do, `kinds` the kinds of record: what asks for one is said only where it divides them.
    """
    forms = [item.when_form, row.when_form, *(gate.form for gate in row.gates if gate.wanted)]
    said = [words.condition(form) for form in forms]
    if row.always and item.rows and row is not item.rows[0]:
        said.insert(0, "不属于该条所列的其他情形")
    said += [words.condition(gate.form, wanted=False) for gate in row.gates if not gate.wanted]
    entry = dict(pack.data["sums"]).get(of)
    if entry is not None and entry["where"] is not None:
        asked = of_kind(entry["where"], kinds[0])
        same = all(of_kind(entry["where"], kind) == asked for kind in kinds)
        said.append(words.condition(asked if same else entry["where"]))
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
        used = sum(entry.hours for entry in assessment.ledger if _among(entry.rules, members))
        left.append(int(cap) - used)
    return min(left) if left else None


def _used_up(row: Row, assessment: YearAssessment) -> bool:
    """Tell whether of what counts once in a year something counts already that this row would not exceed."""
    for group in row.groups:
        if not once_a_year(group):
            continue
        given = max((one.hours for one in assessment.ledger if _among(one.rules, group.of)), default=0)
        if given and (group.count == "once" or (row.fixed is not None and row.fixed <= given)):
            return True
    return False


def _among(rules: tuple[str, ...], members: frozenset[str]) -> bool:
    return any(rule in members or rule.partition("-")[2] in members for rule in rules)


def _need(
    pack: RulePack,
    compiled: Program,
    short: RequirementResult,
    item: Item,
    row: Row,
    person: Facts,
    room: int | None,
) -> Need:
    """Say how many of an activity would cure the shortage, or use up what a yearly limit leaves of it.

    Empty where the amount is somebody's decision, or where any hours at all would do.
    """
    if short.of in compiled.counted:
        count = short.shortfall // 100
        return Need(f"需{count}项", short.shortfall, "", ("",) * count)
    units = {compiled.units.get(code, "hour") for code in _words(row.category_form)}
    form = _form(pack, row.item.id, row.id)
    if short.minimum == LEAST or units - {"hour"} or form is None:
        return NOBODY_KNOWS
    sought = short.shortfall if room is None else min(room, short.shortfall)
    aim = (
        f"补足{show_hours(sought)}学时" if sought == short.shortfall else f"计满所余{show_hours(sought)}学时"
    )
    above = item.rows[: item.rows.index(row)]

    def allowed(facts: Facts) -> bool:
        """Tell whether a record with so much could fall under the row, and under none above it for that alone."""
        return _open(compiled, item, row, facts, counted=True) and not any(
            _may_hold(compiled, one.when_form, facts) for one in above
        )

    return needed(compiled, row, form, sought, aim, person, allowed)
