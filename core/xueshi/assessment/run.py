"""One run over one person's records: what every step reads and writes, and how a record is stopped or left waiting."""

from __future__ import annotations

from datetime import date
from typing import Any

from xueshi.assessment.conditions import Facts
from xueshi.assessment.facts import type_person
from xueshi.assessment.formulas import NO_FACTOR, Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import Cited, Program, Refusal
from xueshi.assessment.reasons import labels, reason
from xueshi.assessment.trace import TraceNode, plain_value
from xueshi.assessment.types import PersonYearRequest


class Run:
    """The law compiled, the request, the person's facts, and what the steps gather: trace, readings, warnings."""

    __slots__ = (
        "cancelling",
        "compiled",
        "day_used",
        "nodes",
        "outside",
        "person",
        "readings",
        "request",
        "warnings",
        "year",
    )

    def __init__(self, compiled: Program, request: PersonYearRequest, trace: bool) -> None:
        self.compiled = compiled
        self.request = request
        self.year = request.year
        self.nodes: list[TraceNode] | None = [] if trace else None
        self.readings: dict[str, None] = compiled.year_readings.copy()
        self.warnings: list[str] = []
        self.outside: list[Judged] = []
        self.cancelling: list[tuple[Judged, Refusal]] = []
        self.day_used: dict[tuple[str, date], Any] = {}
        self.person: Facts = {}
        if request.person:
            first, last = compiled.pack.year_window(self.year)
            as_of = first if compiled.pack.data["year"]["person_as_of"] == "start" else last
            self.person = type_person(request.person, compiled.types, as_of)
        self.person["year"] = self.year

    def rests_on(self, readings: tuple[str, ...]) -> None:
        """Gather the readings that something rests on, in the order in which they are met."""
        gathered = self.readings
        for name in readings:
            gathered[name] = None

    def note(
        self,
        one: Judged,
        step: int,
        where: Cited,
        names: tuple[str, ...],
        before: int | None,
        after: int | None,
        code: str = "",
        text: str = "",
        presumed: tuple[str, ...] = (),
    ) -> None:
        """Add one node: the facts of `names` as stated; `where` holds rule, regulation, clause and readings."""
        nodes = self.nodes
        if nodes is not None:
            nodes.append(
                TraceNode(one.id, step, where, one.facts, names, presumed, before, after, code, text)
            )

    def phrases(self, names: tuple[str, ...], facts: Facts) -> str:
        """Say in Chinese what is stated of some facts: `级别为市级、排名6位`."""
        known = self.compiled.facts
        return "、".join(
            known[name].phrase(plain_value(facts[name])) for name in names if name in facts and name in known
        )

    def default_category(self, one: Judged) -> None:
        """Give the file's default category to a record that no row takes."""
        held = self.compiled.default_category.value(one.facts)
        one.category = "" if isinstance(held, Stop) else held

    def stopped(self, one: Judged, where: Cited, stop: Stop, step: int) -> None:
        """Settle a record whose amount cannot be told or is nothing."""
        if stop.kind == "needs":
            if stop.code in ("unset", NO_FACTOR):
                known = self.compiled.pack.data["parameters"].get(stop.detail)
                name = known["label"] if known else stop.detail
                code = "no_decision" if stop.code == "unset" else "needs_factor"
                one.settle(where, "manual", code, reason(stop.code, detail=name))
                self.note(one, step, where, (), None, None, one.code, one.text)
            else:
                self.lacking(one, where, step, stop.facts, stop.code)
            return
        verdict = {"zero": "uncredited", "refused": "refused", "manual": "manual"}[stop.kind]
        detail = stop.detail or labels(stop.facts, self.compiled.facts)
        if stop.code == "not_in_table" and stop.facts and stop.facts[0] in self.compiled.facts:
            fact = self.compiled.facts[stop.facts[0]]
            detail = fact.phrase(one.facts.get(fact.name))
        text = reason(stop.code, name=where.name, clause=where.clause, detail=detail)
        # The codes of a ledger are closed: a range that waits is told apart by its sentence only.
        code = "no_decision" if stop.code == "no_decision_in_range" else stop.code
        one.settle(where, verdict, code, text)
        one.open_facts = stop.facts if verdict == "manual" else ()
        if code == "outside_range":
            # Refused, and still somebody's to decide anew: named among what is open, though the verdict stands.
            one.open_facts = stop.facts
            self.outside.append(one)
        self.note(
            one,
            step,
            where,
            stop.facts,
            None,
            0 if verdict != "manual" else None,
            one.code,
            one.text,
        )

    def lacking(
        self, one: Judged, where: Cited, step: int, names: tuple[str, ...], code: str = "needs_fact"
    ) -> None:
        """Settle a record as `needs_fact`: not counted and not 0."""
        one.settle(where, "needs_fact", "needs_fact", reason(code, detail=labels(names, self.compiled.facts)))
        one.open_facts = names
        self.note(one, step, where, (), None, None, "needs_fact", one.text)


def rounded(exact: Any) -> int:
    """Round exact hundredths half up, the one rounding of the product (rule language 3.3)."""
    if type(exact) is int:
        return exact
    return int((2 * exact.numerator + exact.denominator) // (2 * exact.denominator))
