"""A rule pack compiled once: items by kind, rows, gates and caps as objects; reused for every person.

What is compiled is equal to itself only (`eq=False`): a group is looked up for every record of every person.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any

from xueshi.assessment.compiler import Compiler, fixed
from xueshi.assessment.conditions import Condition, asked, readings_in, settled, with_other_answer
from xueshi.assessment.facts import FactTypes
from xueshi.assessment.formulas import Formula
from xueshi.regulations.daily import DAILY, upward_by_day
from xueshi.regulations.pack import RulePack
from xueshi.regulations.resolve import facts_in
from xueshi.regulations.rule_words import cancelled
from xueshi.regulations.vocabulary import Fact
from xueshi.regulations.words import COMPLETED, TWINS, UPWARD, rates


@dataclass(slots=True, eq=False)
class Cited:
    """What a step of the trace rests on: the rule, its place in the text, its name and the readings behind it."""

    rule: str
    regulation: str
    clause: str
    name: str
    readings: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Gate:
    """One condition of recognition (`needs`) or exclusion (`except`): its code and the Chinese of why it fails."""

    test: Condition
    wanted: bool
    code: str
    text: str
    reads: tuple[str, ...]
    form: list[Any]
    asks: tuple[str, ...]
    """The facts that are asked for where they are not stated."""


@dataclass(slots=True, eq=False)
class Extra(Cited):
    """An add-on row."""

    id: str
    when: Condition
    when_form: list[Any] | None
    gates: tuple[Gate, ...]
    hours: Formula
    hours_form: list[Any]
    share: Formula | None
    reads: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Row(Cited):
    """One complete row: what it tests, what it gives, and what the trace says about it."""

    item: Item
    id: str
    beside: tuple[str, str] | None
    when: Condition
    when_form: list[Any] | None
    when_reads: tuple[str, ...]
    always: bool
    """Whether the row holds for every record that reaches it."""

    when_asked: Condition | None
    """Its condition where another row takes the absence of a fact for a value: as it stands until the fact is stated."""

    gates: tuple[Gate, ...]
    checks: tuple[tuple[Condition, bool, Gate], ...]
    """The gates once more, with the test and what it is to give taken out: they are asked of every record."""

    gate_reads: tuple[str, ...]
    hours: Formula
    fixed: int | None
    """The hours where they are the same for every record."""

    hours_form: list[Any]
    hours_reads: tuple[str, ...]
    less: tuple[str, ...]
    share: Formula | None
    share_form: list[Any] | None
    share_reads: tuple[str, ...]
    plus: tuple[Extra, ...]
    event_cap: Formula | None
    day_cap: Formula | None
    year_cap: Formula | None
    year_cap_key: str
    spread: Formula | None
    """The shares of consecutive years, in hundredths of a percent; None where nothing is spread."""

    dated: tuple[str, ...]
    category: Formula
    only_category: str
    """The category where it is one for every record of the row, else empty."""

    category_form: list[Any]
    category_reads: tuple[str, ...]
    channel: str
    evidence: tuple[str, ...]
    ids: frozenset[str]
    groups: tuple[Group, ...]
    whole_groups: tuple[Group, ...]
    """Those of its groups that name the row itself, not merely an add-on of it."""

    kinds: frozenset[str] | None
    from_list: bool
    day_by_day: str
    """How the part of an hour counts up of each day that is listed; empty where it does not."""

    by_months: bool
    """Whether its hours are so many for each month, half-year or year: of several years each has its part."""

    each_year: bool
    """Whether it counts in each statistics year that it reaches into."""

    periodic: bool
    """One of these two."""

    ranged: bool
    """Whether somebody chooses the hours within bounds."""

    begun: bool
    """Whether a begun unit is counted up: a begun day then has the limit of a day in full."""

    rule_tuple: tuple[str, ...]

    credits: dict[int, str]
    """The sentences of hours given in full, as far as they were needed: hundredths → sentence."""


@dataclass(slots=True, eq=False)
class Item(Cited):
    """One item of the notice with its rows for one kind of record."""

    id: str
    when: Condition
    when_form: list[Any] | None
    when_reads: tuple[str, ...]
    always: bool
    gates: tuple[Gate, ...]
    rows: tuple[Row, ...]
    dated: tuple[str, ...]
    unmet: str
    """What is said of a record of the kind that the item does not take: its condition as it fails."""


@dataclass(slots=True, eq=False)
class Removed(Cited):
    """A rule that a later file took away, kept so that a refusal can say so; it cites the file that did."""

    when: Condition


@dataclass(slots=True, eq=False)
class Refusal(Cited):
    """A refusal by a stated fact."""

    id: str
    when: Condition
    reads: tuple[str, ...]
    cancels: frozenset[str]
    """The categories whose hours of the year it takes too."""

    cancelled: str
    """Their names, as the reason says them."""


@dataclass(slots=True, eq=False)
class Group(Cited):
    """Records that are one piece of work, or share a cap."""

    of: frozenset[str]
    same: str | None
    count: str | None
    earlier_years: str
    again: Formula | None
    """The share (percent) at which the others of the same work count; None where they count nothing."""

    year_cap: Formula | None
    kinds: frozenset[str]
    """The kinds of record that its rules take."""


@dataclass(slots=True, eq=False)
class Sum:
    """A sum of categories, a tagged part or a count."""

    code: str
    label: str
    of: tuple[str, ...]
    where: Condition | None
    count: frozenset[str] | None
    same: str | None
    convert: Mapping[str, Formula]
    """How many hours one of another unit is (hundredths); a Stop where the parameter is not set."""

    readings: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Requirement(Cited):
    """One requirement; `at_least` gives hundredths (a share names another requirement)."""

    id: str
    of: str
    label: str
    form: list[Any] | None
    at_least: Formula | None
    fixed: int | None
    """The minimum where it is the same for everybody."""

    ceiling: Formula | None
    effect: str
    key: str
    when: Condition
    when_form: list[Any] | None
    binds: bool | None
    """Whether it binds everybody or nobody; None where facts of the person decide."""

    over: Mapping[str, Any] | None
    average_of: tuple[str, ...]
    sum_of: tuple[str, ...]
    every: tuple[str, ...]
    any_of: tuple[str, ...]
    all_of: tuple[str, ...]
    alone: bool
    reads: tuple[str, ...]
    averaged: bool
    """Whether `at_least` is of the average of the years, not of their sum."""

    decides: bool
    """Whether the verdict of the year itself rests on it, though it looks at several years."""

    each: bool
    """Whether `at_least` is of each of the years by itself."""

    otherwise: tuple[tuple[str, Condition], ...]
    """Readings in `when`, with whom it would bind were the answer another."""


@dataclass(slots=True, eq=False)
class Deemed:
    """A record that satisfies requirements instead of giving hours."""

    id: str
    rule: str
    regulation: str
    clause: str
    when: Condition
    when_form: list[Any]
    meets: frozenset[str]
    readings: tuple[str, ...]
    for_years: int
    """Its own statistics year and how many after it make so many years."""


@dataclass(slots=True, eq=False)
class KindRules:
    """What the law says of one kind of record: the items that take it, what took items away, whether months are read."""

    items: tuple[Item, ...]
    removed: tuple[Removed, ...]
    months: bool
    daily: bool
    """Whether a day has a cap: records of one day share it."""

    presumes: tuple[str, ...]
    """The facts whose absence is a value to a rule of the kind: stated, they might change what it gives."""

    reach: Any = None
    """What an open record of the kind could touch, once somebody asked (see `untold`)."""


@dataclass(slots=True, eq=False)
class Program:
    """A compiled pack."""

    pack: RulePack
    id: str
    language: int
    compiler: Compiler
    facts: Mapping[str, Fact]
    types: FactTypes
    kinds: dict[str, KindRules]
    items: dict[str, tuple[Item, ...]]
    rules: frozenset[str]
    """The full ids of all rows."""

    refusals: tuple[Refusal, ...]
    groups: tuple[Group, ...]
    sums: tuple[Sum, ...]
    requirements: tuple[Requirement, ...]
    yearly: tuple[Requirement, ...]
    """The requirements judged by a year itself: no window, no ceiling, no alternatives; none that binds nobody."""

    yearly_readings: tuple[str, ...]
    """The readings behind the yearly requirements, also behind those that bind nobody: a reading decided it."""

    alternatives: tuple[Requirement, ...]
    """The alternatives of a year, and the windows that decide it, with a verdict of their own: no part of others."""

    window_alternatives: tuple[Requirement, ...]
    """The alternatives between windows only, innermost first; they are judged beside the year."""

    by_id: Mapping[str, Requirement]
    scopes: Mapping[str, str]
    """What each requirement is of: requirement id → category, sum or total."""

    year_parts: frozenset[str]
    """The windows, and alternatives of windows, on which the verdict of the year itself may rest."""

    rests_on_years: frozenset[str]
    chosen: frozenset[str]
    """What stands below a choice (`any_of`): of it a condition that does not hold closes the alternative."""

    compared: frozenset[str]
    """The yearly requirements by whose minimums several years are judged."""

    """These, and the alternatives of the year that have one of them as a part, at any depth."""

    ceilings: tuple[Requirement, ...]
    shown: frozenset[str]
    """The yearly requirements with a verdict of their own: no part of alternatives, not only used in a window."""

    deemed: tuple[Deemed, ...]
    no_hours: dict[str, int]
    """The categories, with nothing in any of them."""

    units: dict[str, str]
    only_hours: bool
    """Whether every category is reckoned in hours, so that they add up as they are."""

    default_category: Formula
    minimums: Mapping[str, Formula]
    counted: frozenset[str]
    """The sums that count records."""

    presuming: bool
    """Whether the absence of some fact is a value to some rule."""

    year_readings: dict[str, None]
    digest: str
    first: int
    last: int | None
    """The first and the last year that the instrument serves; None where it is open."""

    no_rule: Cited
    """What the refusal of a kind rests on that no item takes: the instrument as a whole."""


_PROGRAMS: OrderedDict[str, Program] = OrderedDict()
_KEPT = 64
SWITCHED_OFF = "按现取口径不适用"


def program(pack: RulePack) -> Program:
    """Return the compiled pack, compiled at its first use (kept by digest; hooks are part of it)."""
    key = pack.digest
    found = _PROGRAMS.get(key)
    if found is not None and (found.pack is pack or not pack.functions):
        return found
    compiled = compile_pack(pack)
    _PROGRAMS[key] = compiled
    while len(_PROGRAMS) > _KEPT:
        _PROGRAMS.popitem(last=False)
    return compiled


def reads(*forms: object) -> tuple[str, ...]:
    """List the facts that forms read, sorted, without the pseudo-fact `kind`."""
    found: set[str] = set()
    for form in forms:
        facts_in(form, found)
    return tuple([intern(name) for name in sorted(found - {"kind"})])


def with_twins(names: tuple[str, ...]) -> tuple[str, ...]:
    """Add the facts from which quantities are converted: days for half-days, and the other way round."""
    return (*names, *(twin for name in names if (twin := TWINS.get(name)) and twin not in names))


def compile_pack(pack: RulePack) -> Program:
    """Compile a pack: objects for every form, static texts for every gate."""
    data = pack.data
    compiler = Compiler(pack.facts, pack.functions, pack.kinds, pack.year_window)
    rows_of = {entry["id"]: [row["id"] for row in entry["rows"]] for entry in data["items"]}
    kinds_of = {
        name: frozenset(taken or item["kinds"])
        for item in data["items"]
        for name, taken in ((item["id"], None), *((row["id"], row["kinds"]) for row in item["rows"]))
    }
    groups = tuple(_group(entry, compiler, rows_of, kinds_of) for entry in data["groups"])
    items: dict[str, list[Item]] = {}
    for entry in data["items"]:
        for kind in entry["kinds"]:
            items.setdefault(kind, []).append(_item(entry, kind, compiler, groups))
    removed: dict[str, list[Removed]] = {}
    for entry in data["removed"]:
        one = Removed(
            entry["rule"],
            entry["by"],
            entry["by_clause"],
            entry["name"],
            tuple(entry["readings"]),
            compiler.condition(entry["when"]),
        )
        for kind in entry["kinds"]:
            removed.setdefault(kind, []).append(one)
    labels = pack.labels
    sums = tuple(
        Sum(
            code,
            entry["label"],
            tuple(entry["of"]),
            compiler.condition(entry["where"]) if entry["where"] is not None else None,
            frozenset(entry["count"]) if entry["count"] is not None else None,
            entry["same"],
            {
                unit: compiler.amount(["fixed", form] if isinstance(form, str) else form)
                for unit, form in entry["convert"].items()
            },
            tuple(entry["readings"]),
        )
        for code, entry in data["sums"]
    )
    requirements = tuple(_requirement(entry, compiler, labels) for entry in data["requirements"])
    tree = RequirementTree({one.id: one for one in requirements})
    yearly = [
        one
        for one in requirements
        if one.over is None and one.ceiling is None and not (one.any_of or one.all_of)
    ]
    units = {code: entry["unit"] for code, entry in data["categories"]}
    return Program(
        pack, pack.id, pack.language, compiler, pack.facts, FactTypes.of(pack.facts),
        {
            kind: KindRules(tuple(items.get(kind, ())), tuple(removed.get(kind, ())), "months" in data["reads"].get(kind, ()), any(row.day_cap for item in items.get(kind, ()) for row in item.rows), _presumed(items.get(kind, ())))
            for kind in data["kinds"]
        },
        {kind: tuple(found) for kind, found in items.items()},
        frozenset(row["rule"] for entry in data["items"] for row in entry["rows"]),
        tuple(Refusal(*_cited(entry), entry["id"], compiler.condition(entry["when"]), reads(entry["when"]), frozenset(entry.get("cancels", ())), cancelled(pack, entry)) for entry in data["refuse"]),
        groups, sums,
        requirements,
        tuple(one for one in yearly if one.binds is not False),
        tuple(dict.fromkeys(name for one in yearly for name in one.readings)),
        tuple(one for one in requirements if one.alone and one.id in tree.yearly | tree.deciding and one.id not in tree.inner),
        tuple(tree.by_id[name] for name in tree.windows), tree.by_id, {one.id: one.of for one in requirements},
        tree.year_parts, tree.rests_on_years, tree.chosen,
        frozenset(part for one in requirements for part in (*one.average_of, *one.sum_of, *one.every)),
        tuple(one for one in requirements if one.ceiling is not None),
        frozenset(one.id for one in requirements if one.alone) - {name for one in requirements for name in (*one.any_of, *one.all_of)},
        tuple(Deemed(entry["id"], entry["rule"], entry["regulation"], entry["clause"], compiler.condition(entry["if_record"]), entry["if_record"], frozenset(entry["meets"]), tuple(entry["readings"]), entry.get("for_years", 1)) for entry in data["deemed"]),
        {code: 0 for code, _ in data["categories"]},
        units, set(units.values()) <= {"hour"},
        compiler.word(data["default_category"]),
        {one.id: one.at_least for one in requirements if one.at_least is not None},
        frozenset(one.code for one in sums if one.count is not None), any(_presumed(found) for found in items.values()),
        dict.fromkeys(data["year"]["readings"]),
        pack.digest, data["instrument"]["years"][0], data["instrument"]["years"][1], Cited("", pack.id, "", "", ()),
    )  # fmt: skip


def _cited(entry: Mapping[str, Any]) -> tuple[str, str, str, str, tuple[str, ...]]:
    return entry["rule"], entry["regulation"], entry["clause"], entry["name"], tuple(entry["readings"])


class RequirementTree:
    """Which alternatives are of the year and which of windows only, and on which windows a year rests."""

    def __init__(self, by_id: Mapping[str, Requirement]) -> None:
        self.by_id = by_id
        found = [one.id for one in by_id.values() if one.any_of or one.all_of]
        below = {name: self._below(name, ()) for name in by_id}
        leaves = {name: {part for part in below[name] if part not in found} for name in found}
        self.yearly = frozenset(
            name
            for name in found
            if by_id[name].decides or any(by_id[leaf].over is None for leaf in leaves[name])
        )
        self.deciding = frozenset(name for name, one in by_id.items() if one.over is not None and one.decides)
        self.windows = sorted(
            (name for name in found if name not in self.yearly), key=lambda one: len(below[one])
        )
        self.inner = frozenset(part for name in found for part in below[name])
        self.chosen = frozenset(part for name in found if by_id[name].any_of for part in below[name])
        of_windows = {name for name, one in by_id.items() if one.over is not None} | set(self.windows)
        self.year_parts = self.deciding.union(
            part for name in self.yearly for part in below[name] & of_windows
        )
        resting = {name for name in self.yearly if below[name] & of_windows}
        self.rests_on_years = frozenset(self.year_parts | resting)

    def _below(self, name: str, path: tuple[str, ...]) -> set[str]:
        one = self.by_id[name]
        parts = [part for part in (*one.any_of, *one.all_of) if part not in path and part != name]
        return set(parts).union(*(self._below(part, (*path, name)) for part in parts))


def _item(entry: Mapping[str, Any], kind: str, compiler: Compiler, groups: tuple[Group, ...]) -> Item:
    compiler.less = tuple(entry.get("less", ()))
    item = Item(
        *_cited(entry), entry["id"], compiler.condition(entry["when"]), entry["when"],
        reads(entry["when"]), settled(entry["when"]) is True, _gates(entry, compiler, kind), (), (),
        compiler.said(entry["when"], kind, wanted=False) or SWITCHED_OFF,
    )  # fmt: skip
    compiler.less = ()
    rows = [row for row in entry["rows"] if row["kinds"] is None or kind in row["kinds"]]
    absence = frozenset(fact for row in rows for fact in _named_absent(row["when"]))
    item.rows = tuple(_row(row, item, compiler, groups, absence, kind) for row in rows)
    item.dated = item.rows[0].dated if item.rows else ("end",)
    return item


def _row(
    row: Mapping[str, Any],
    item: Item,
    compiler: Compiler,
    groups: tuple[Group, ...],
    absence: frozenset[str],
    kind: str,
) -> Row:
    compiler.less = tuple(row.get("less", ()))
    own_gates = _gates(row, compiler, kind)
    caps = row["at_most"]
    ids = frozenset((item.id, row["id"]))
    spread = compiler.parts(row["spread"]) if row["spread"] not in (None, ["none"]) else None
    gates = item.gates + own_gates
    named = ids.union(extra["id"] for extra in row["plus"])
    mine = tuple(group for group in groups if named & group.of)
    by_months = any(rate[2] in COMPLETED for rate in rates(row["hours"]))
    each_year = bool(row.get("each_year"))
    marks = dict.fromkeys([*item.readings, *row["readings"]])
    made = Row(
        row["rule"], row["regulation"], row["clause"], row["name"], tuple(marks),
        item, row["id"], tuple(row["beside"]) if row["beside"] else None,
        compiler.condition(row["when"], absence), row["when"], _with_less(row, "when"), settled(row["when"]) is True, compiler.condition(row["when"]) if absence else None, gates, tuple((gate.test, gate.wanted, gate) for gate in gates),
        tuple(dict.fromkeys(name for gate in gates for name in gate.reads)),
        compiler.amount(row["hours"]), fixed(row["hours"]), row["hours"], with_twins(_with_less(row, "hours")), _less(row["hours"]) or tuple(row.get("less", ())),
        compiler.amount(row["share"]) if row["share"] is not None else None, row["share"], reads(row["share"]),
        tuple(_extra(extra, compiler, kind) for extra in row["plus"]),
        compiler.amount(caps["event"]) if "event" in caps else None,
        compiler.amount(caps["day"]) if "day" in caps else None,
        compiler.amount(caps["year"]) if "year" in caps else None, item.rule,
        spread, tuple([intern(name) for name in row["dated"]]), compiler.word(row["category"]), str(row["category"][1]) if row["category"][0] == "word" else "", row["category"], reads(row["category"]),
        row["channel"], tuple(row["evidence"]), ids, mine, tuple(group for group in mine if ids & group.of),
        frozenset(row["kinds"]) if row["kinds"] else None, DAILY in reads(row["hours"]), upward_by_day(row["hours"]), by_months, each_year, by_months or each_year, row["hours"][0] == "range", any(rate[4] in UPWARD for rate in rates(row["hours"])), (row["rule"],), {},
    )  # fmt: skip
    compiler.less = ()
    return made


def _with_less(row: Mapping[str, Any], word: str) -> tuple[str, ...]:
    """List what a form of a row reads, with what is taken off the days that it compares."""
    names = reads(row[word])
    if not {"days", "half_days"} & set(names):
        return names
    return (*names, *(one for one in row.get("less", ()) if one not in names))


def _less(form: Any) -> tuple[str, ...]:
    if isinstance(form, list):
        if form and form[0] == "rate" and len(form) > 5:
            return tuple(form[5])
        return tuple(dict.fromkeys(name for part in form for name in _less(part)))
    return ()


def _extra(extra: Mapping[str, Any], compiler: Compiler, kind: str) -> Extra:
    return Extra(
        *_cited(extra), extra["id"], compiler.condition(extra["when"]), extra["when"], _gates(extra, compiler, kind),
        compiler.amount(extra["hours"]), extra["hours"], compiler.amount(extra["share"]) if extra["share"] is not None else None,
        reads(extra["when"], extra["needs"], extra["except"], extra["hours"], extra["share"]),
    )  # fmt: skip


def _group(
    entry: Mapping[str, Any],
    compiler: Compiler,
    rows_of: Mapping[str, list[str]],
    kinds_of: Mapping[str, frozenset[str]],
) -> Group:
    caps = entry["at_most"]
    members = frozenset(rule for one in entry["of"] for rule in (one, *rows_of.get(one, ())))
    return Group(
        *_cited(entry), members, intern(entry["same"]) if entry["same"] is not None else None, entry["count"],
        entry["earlier_years"], compiler.amount(entry["again"]) if "again" in entry else None,
        compiler.amount(caps["year"]) if "year" in caps else None,
        frozenset().union(*(kinds_of.get(name, ()) for name in entry["of"])),
    )  # fmt: skip


def _gates(entry: Mapping[str, Any], compiler: Compiler, kind: str) -> tuple[Gate, ...]:
    gates: list[Gate] = []
    for word, wanted in (("needs", True), ("except", False)):
        for form in entry[word]:
            names = reads(form)
            first = names[0] if names else "condition"
            gates.append(
                Gate(
                    compiler.condition(form),
                    wanted,
                    f"{word}.{first}",
                    compiler.said(form, kind, wanted=not wanted),
                    names,
                    form,
                    asked(form),
                )
            )
    return tuple(gates)


def _named_absent(form: Any) -> list[str]:
    """List the facts for which some row names `not_stated`: their absence is then a value for all rows."""
    if isinstance(form, list) and form:
        if form[0] == "test":
            return [form[1]] if form[2].get("not_stated") else []
        return [name for part in form for name in _named_absent(part)]
    return []


def _presumed(items: Iterable[Item]) -> tuple[str, ...]:
    """List the facts whose absence is a value to some row: where it is chosen, what it gives, to which category."""
    found: dict[str, None] = {}
    for item in items:
        found.update(dict.fromkeys(_named_absent(item.when_form)))
        for row in item.rows:
            found.update(dict.fromkeys(_named_absent(row.when_form)))
            for form in (row.hours_form, row.share_form, row.category_form):
                found.update(dict.fromkeys(_told_absent(form)))
    return tuple([intern(name) for name in found])


def _told_absent(form: Any) -> list[str]:
    """List the facts that a value looks up with a line for their absence."""
    if not isinstance(form, list) or not form:
        return []
    own = [form[1]] if form[0] == "lookup" and form[3] is not None else []
    return [*own, *(name for part in form for name in _told_absent(part))]


def _requirement(entry: Mapping[str, Any], compiler: Compiler, labels: Mapping[str, str]) -> Requirement:
    form = entry["at_least"]
    return Requirement(
        *_cited(entry), entry["id"], entry["of"], labels.get(entry["of"], entry["of"]), form,
        compiler.amount(form) if form is not None else None, fixed(form), compiler.amount(entry["at_most"]) if entry["at_most"] is not None else None, entry["effect"], entry["key"],
        compiler.condition(entry["when"]), entry["when"], settled(entry["when"]), entry["over"], tuple(entry["average_of"]), tuple(entry["sum_of"]), tuple(entry["every"]),
        tuple(entry["any_of"]), tuple(entry["all_of"]), entry["alone"], reads(entry["when"], form), bool(entry.get("averaged")), bool(entry.get("decides")),
        bool(entry.get("each")), tuple((name, compiler.condition(with_other_answer(entry["when"], name))) for name in dict.fromkeys(readings_in(entry["when"]))),
    )  # fmt: skip
