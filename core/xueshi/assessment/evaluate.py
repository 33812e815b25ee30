"""The interpreter: one person, one statistics year, every step traced (rule language 3.2). Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from xueshi.assessment.across import Judged, across_records
from xueshi.assessment.closures import Facts, Stop, less_quantity
from xueshi.assessment.facts import months_between, type_facts, type_person
from xueshi.assessment.program import Item, Program, Row, program
from xueshi.assessment.reasons import hours_text, labels, reason
from xueshi.assessment.requirements import judge_requirements
from xueshi.assessment.types import (
    LedgerEntry,
    OpenFact,
    PersonYearRequest,
    RecordFacts,
    TraceNode,
    YearAssessment,
)
from xueshi.errors import RuleError
from xueshi.regulations.pack import RulePack

NO_FACTS: Mapping[str, Any] = {}


def evaluate(pack: RulePack, request: PersonYearRequest, *, trace: bool = True) -> YearAssessment:
    """Judge one person's statistics year under one pack.

    Raises RuleError when a fact handed in is no value of the vocabulary, or a kind does not exist. A missing fact
    is never an error: the record is `needs_fact`, and no adverse verdict rests on it.
    """
    compiled = program(pack)
    if not pack.serves(request.year):
        first, last = pack.data["instrument"]["years"]
        nearest = first if request.year < first else last
        return not_judged(
            request,
            f"{pack.id}适用于{first}至{last or '现在'}年度，{request.year}年度没有可用的规定；最近的已编入年度是{nearest}年",
            pack,
        )
    return Evaluation(compiled, request, trace).run()


def not_judged(request: PersonYearRequest, text: str, pack: RulePack | None = None) -> YearAssessment:
    """Return the assessment of a year that no instrument covers: every record with code `no_rule_set`, no totals."""
    ledger = tuple(
        LedgerEntry(
            record.id,
            None,
            1,
            (),
            "",
            "",
            "",
            0,
            record.claimed,
            "uncredited",
            "no_rule_set",
            reason("no_rule_set", detail=text),
        )
        for record in request.records
    )
    return YearAssessment(
        pack.id if pack else "",
        pack.digest if pack else "",
        pack.language if pack else 1,
        request.area,
        request.year,
        "not_judged",
        {},
        (),
        (),
        (),
        ledger,
        (),
        text=text,
    )


class Evaluation:
    """One run over one person's records."""

    __slots__ = ("compiled", "day_used", "nodes", "person", "readings", "request", "warnings", "year")

    def __init__(self, compiled: Program, request: PersonYearRequest, trace: bool) -> None:
        self.compiled = compiled
        self.request = request
        self.year = request.year
        self.nodes: list[TraceNode] | None = [] if trace else None
        self.readings: dict[str, None] = dict.fromkeys(compiled.year_readings)
        self.warnings: list[str] = []
        self.day_used: dict[tuple[str, date], Any] = {}
        pack = compiled.pack
        first, last = pack.year_window(self.year)
        as_of = first if pack.data["year"]["person_as_of"] == "start" else last
        self.person: Facts = (
            type_person(request.person, compiled.converters, compiled.facts, as_of) if request.person else {}
        )
        self.person["year"] = self.year

    def run(self) -> YearAssessment:
        """Judge every record, then what acts across records, then the requirements."""
        compiled = self.compiled
        typed = [(record, self.typed(record)) for record in self.request.records]
        if any(isinstance(facts.get("daily_hours"), dict) for _, facts in typed):
            typed.sort(key=lambda pair: (pair[1].get("end") or date.max, pair[0].id))
        judged = {record.id: self.judge(record, facts) for record, facts in typed}
        if len(judged) != len(typed):
            raise RuleError("同一人的两条记录编号相同，请为每条记录使用不同的编号")
        ordered = [judged[record.id] for record in self.request.records]
        later: list[LedgerEntry] = []
        across_records(self, ordered, later)
        carried = self.carried(judged)
        entries = (*(self.entry(one) for one in ordered), *(entry for _, entry in carried))
        ordered.extend(one for one, _ in carried)
        result = judge_requirements(compiled, self.person, ordered, self.nodes, self.readings)
        open_points = [
            OpenFact(one.record.id, one.open_facts, one.code, one.text)
            for one in ordered
            if one.verdict in ("needs_fact", "manual")
        ]
        open_points.extend(result.open)
        return YearAssessment(
            compiled.pack.id, compiled.digest, compiled.pack.language, self.request.area, self.year, result.verdict, result.totals,
            result.requirements, tuple(dict.fromkeys([*self.warnings, *result.warnings])), tuple(open_points), entries,
            tuple(self.readings), tuple(self.nodes) if self.nodes is not None else (), counts=result.counts,
            later=tuple(later),
        )  # fmt: skip

    def carried(self, judged: Mapping[str, Judged]) -> list[tuple[Judged, LedgerEntry]]:
        """Take over the parts of earlier spreads that fall into this year, under whatever law they arose."""
        found: list[tuple[Judged, LedgerEntry]] = []
        for entry in self.request.earlier:
            if entry.year == self.year and entry.part > 1 and entry.hours and entry.record not in judged:
                one = Judged(RecordFacts(entry.record, "other", {}), self.person)
                one.hours, one.category = entry.hours, entry.category
                found.append((one, entry))
        return found

    def typed(self, record: RecordFacts) -> Facts:
        """Type a record's facts and lay them over the person's."""
        compiled = self.compiled
        if record.kind not in compiled.pack.data["kinds"]:
            raise RuleError(
                f"记录{record.id}：没有名为“{record.kind}”的种类。请使用词表中的种类，或在规则文件的kinds中增加"
            )
        facts = self.person | type_facts(
            record.facts, compiled.converters, compiled.facts, f"记录{record.id}"
        )
        facts["kind"] = record.kind
        if "months" not in facts and record.kind in compiled.reads_months:
            start, end = facts.get("start"), facts.get("end")
            if start is not None and end is not None and start <= end:
                facts["months"] = months_between(start, end)
        return facts

    # Trace

    def note(
        self,
        record: str,
        step: int,
        where: Any,
        names: tuple[str, ...],
        facts: Facts,
        before: int | None,
        after: int | None,
        code: str = "",
        text: str = "",
        presumed: tuple[str, ...] = (),
    ) -> None:
        """Add one node; `where` holds rule, regulation, clause and readings."""
        if self.nodes is not None:
            self.nodes.append(
                TraceNode(
                    record,
                    step,
                    where.rule,
                    where.regulation,
                    where.clause,
                    {name: facts[name] for name in names if name in facts} if names else NO_FACTS,
                    presumed,
                    where.readings,
                    before,
                    after,
                    code,
                    text,
                )
            )

    # One record

    def judge(self, record: RecordFacts, facts: Facts) -> Judged:
        """Steps 2 to 11 for one record."""
        one = Judged(record, facts)
        compiled = self.compiled
        for refusal in compiled.refusals:
            if refusal.when(facts):
                self.readings.update(dict.fromkeys(refusal.readings))
                one.settle(
                    refusal,
                    "refused",
                    f"refused.{refusal.id}",
                    reason("refused", name=refusal.name or "该记录", clause=refusal.clause),
                )
                self.note(record.id, 2, refusal, refusal.reads, facts, None, 0, one.code, one.text)
                self.default_category(one)
                return one
        item = self.item(one)
        if item is None:
            self.default_category(one)
            return one
        self.readings.update(dict.fromkeys(item.readings))
        row = self.row(one, item)
        if row is None:
            self.default_category(one)
            return one
        one.take(row)
        self.readings.update(dict.fromkeys(row.readings))
        self.attribute(one, row)
        self.category(one, row)
        if self.gates(one, row):
            self.amount(one, row)
        return one

    def item(self, one: Judged) -> Item | None:
        """Step 3: the item that takes the kind; none gives `no_rule`, or `removed`."""
        facts, kind = one.facts, one.record.kind
        unknown: Item | None = None
        for item in self.compiled.items.get(kind, ()):
            held = item.when(facts)
            if held:
                if item.when_reads:
                    self.note(one.record.id, 3, item, item.when_reads, facts, None, None)
                return item
            if held is None and unknown is None:
                unknown = item
        if unknown is not None:
            self.lacking(one, unknown, 3, self.compiled.compiler.missing(unknown.when_form, facts))
            return None
        for removed in self.compiled.removed.get(kind, ()):
            if removed.when(facts) is not False:
                self.readings.update(dict.fromkeys(removed.readings))
                one.verdict, one.code = "uncredited", "removed"
                one.regulation, one.clause = removed.by, removed.clause
                one.text = reason("removed", name=removed.name, by=removed.by, clause=removed.clause)
                if self.nodes is not None:
                    self.nodes.append(
                        TraceNode(
                            one.record.id,
                            3,
                            removed.rule,
                            removed.by,
                            removed.clause,
                            NO_FACTS,
                            (),
                            removed.readings,
                            None,
                            0,
                            "removed",
                            one.text,
                        )
                    )
                return None
        pack = self.compiled.pack
        one.verdict, one.code = "uncredited", "no_rule"
        one.regulation = pack.id
        one.text = reason("no_rule", kind=pack.kinds[kind], regulation=pack.title)
        if self.nodes is not None:
            self.nodes.append(
                TraceNode(
                    one.record.id, 3, "", pack.id, "", {"kind": kind}, (), (), None, 0, "no_rule", one.text
                )
            )
        return None

    def row(self, one: Judged, item: Item) -> Row | None:
        """Step 5: the first row that holds; where it cannot be told, a failing gate of the item still decides."""
        facts = one.facts
        for row in item.rows:
            held = row.when(facts)
            if held:
                if self.nodes is not None and row.when_reads:
                    self.note(one.record.id, 5, row, row.when_reads, facts, None, None, "", row.name)
                return row
            if held is None:
                for gate in item.gates:
                    if gate.test(facts) is (not gate.wanted):
                        one.settle(
                            item,
                            "uncredited",
                            gate.code,
                            reason(gate.code, clause=item.clause, detail=gate.text),
                        )
                        self.note(one.record.id, 6, item, gate.reads, facts, None, 0, one.code, one.text)
                        return None
                self.lacking(one, row, 5, self.compiled.compiler.missing(row.when_form, facts))
                return None
        names = tuple(dict.fromkeys(name for row in item.rows for name in row.when_reads))
        read = self.phrases(names, facts)
        one.settle(
            item,
            "uncredited",
            "no_row",
            reason("no_row", name=item.name, clause=item.clause, read=read or "未填写"),
        )
        one.rules = ()
        self.note(one.record.id, 5, item, names, facts, None, 0, one.code, one.text)
        return None

    def phrases(self, names: tuple[str, ...], facts: Facts) -> str:
        """Say in Chinese what is stated of some facts: `级别为市级、排名6位`."""
        known = self.compiled.facts
        return "、".join(known[name].phrase(facts[name]) for name in names if name in facts and name in known)

    def attribute(self, one: Judged, row: Row) -> None:
        """Step 4: the statistics year by the deciding date, else the year under which the record was entered."""
        for name in row.dated:
            day = one.facts.get(name)
            if day is not None:
                one.day = day
                one.year = self.compiled.pack.year_of(day)
                break
        else:
            one.year = one.record.year if one.record.year is not None else self.year
        if one.day is not None:
            self.note(one.record.id, 4, row, row.dated, one.facts, None, None)

    def category(self, one: Judged, row: Row) -> None:
        """Step 15, read early so that a record of no hours has a category too."""
        held = row.category(one.facts)
        if isinstance(held, Stop):
            one.category_lacks = held.facts or ("category",)
            self.default_category(one)
        else:
            one.category = held

    def default_category(self, one: Judged) -> None:
        """Give the file's default category to a record that no row takes."""
        held = self.compiled.default_category(one.facts)
        one.category = "" if isinstance(held, Stop) else held

    def gates(self, one: Judged, row: Row) -> bool:
        """Step 6: conditions and exclusions; the first that fails gives the reason, a missing condition is asked."""
        if not row.gates:
            return True
        facts = one.facts
        lacking: list[str] = []
        presumed: list[str] = []
        for gate in row.gates:
            held = gate.test(facts)
            if held is gate.wanted:
                continue
            if held is None:
                missing = self.compiled.compiler.missing(gate.form, facts)
                (lacking if gate.wanted else presumed).extend(missing)
                continue
            one.settle(row, "uncredited", gate.code, reason(gate.code, clause=row.clause, detail=gate.text))
            self.note(one.record.id, 6, row, gate.reads, facts, None, 0, one.code, one.text)
            return False
        if lacking:
            self.lacking(one, row, 6, tuple(dict.fromkeys(lacking)))
            return False
        if self.nodes is not None:
            self.note(
                one.record.id,
                6,
                row,
                row.gate_reads,
                facts,
                None,
                None,
                "",
                "",
                tuple(dict.fromkeys(presumed)),
            )
        return True

    def amount(self, one: Judged, row: Row) -> None:
        """Steps 7 to 11: amount, day cap, share, rounding, add-on, event cap."""
        facts = one.facts
        exact = row.hours(facts)
        if row.day_cap is not None and not (isinstance(exact, Stop) and exact.kind != "needs"):
            exact = self.capped_by_day(one, row, exact)
        if isinstance(exact, Stop):
            self.stopped(one, row, exact, 7)
            return
        if self.nodes is not None:
            presumed = tuple(name for name in row.less if name not in facts)
            undecided = (
                "undecided" if one.facts.get("granted") is None and row.hours_form[0] == "range" else ""
            )
            self.note(
                one.record.id,
                7,
                row,
                row.hours_reads,
                facts,
                None,
                rounded(exact),
                undecided,
                "未作认定，按口径取定" if undecided else "",
                presumed,
            )
        if row.share is not None:
            share = row.share(facts)
            if isinstance(share, Stop):
                self.stopped(one, row, share, 8)
                return
            before = rounded(exact)
            exact = (
                Fraction(exact * share, 100)
                if type(exact) is int and type(share) is int
                else Fraction(exact) * Fraction(share) / 100
            )
            if share == 0:
                read = self.phrases(row.share_reads, facts)
                one.settle(
                    row, "uncredited", "share_zero", reason("share_zero", clause=row.clause, detail=read)
                )
                self.note(one.record.id, 8, row, row.share_reads, facts, before, 0, one.code, one.text)
                return
            self.note(one.record.id, 8, row, row.share_reads, facts, before, rounded(exact))
        hours = rounded(exact)
        if row.plus:
            added = self.add_on(one, row, hours)
            if added is None:
                return
            hours += added
        one.full = hours
        if row.event_cap is not None:
            cap = row.event_cap(facts)
            if isinstance(cap, Stop):
                self.stopped(one, row, cap, 11)
                return
            limit = rounded(cap)
            if hours > limit:
                one.reduce(
                    limit,
                    "cap_event",
                    reason(
                        "cap_event",
                        name=row.name,
                        clause=row.clause,
                        cap=hours_text(limit),
                        before=hours_text(hours),
                        after=hours_text(limit),
                    ),
                )
                self.note(one.record.id, 11, row, (), facts, hours, limit, "cap_event", one.text)
                hours = limit
        one.hours = hours
        if one.category_lacks:
            self.lacking(one, row, 15, one.category_lacks)
            return
        if hours == 0 and not one.code:
            # A quantity below one unit, or none: the clause is applied and gives nothing.
            one.settle(row, "uncredited", "none_by_clause", reason("credited", clause=row.clause, after="0"))
        elif not one.code:
            one.text = reason("credited", clause=row.clause, after=hours_text(hours))

    def capped_by_day(self, one: Judged, row: Row, exact: Any) -> Any:
        """The cap of a day: within the daily list (over all records where it carries dates), else cap × days."""
        facts = one.facts
        assert row.day_cap is not None
        cap = row.day_cap(facts)
        if isinstance(cap, Stop):
            return cap
        listed = facts.get("daily_hours")
        if row.from_list and listed is not None:
            if isinstance(listed, dict):
                limited = 0
                for day, hours in sorted(listed.items()):
                    used = self.day_used.get((row.item.id, day), 0)
                    granted = min(hours * 100, max(0, cap - used))
                    self.day_used[(row.item.id, day)] = used + granted
                    limited += granted
            else:
                limited = sum(min(hours * 100, cap) for hours in listed)
        else:
            if isinstance(exact, Stop):
                return exact
            days = facts.get("days")
            if days is None and facts.get("half_days") is not None:
                days = Fraction(facts["half_days"]) / 2
            if days is None:
                return Stop("needs", "needs_fact", ("days",))
            limited = cap * (days - sum(less_quantity(name, "days", facts) for name in row.less))
            if exact <= limited:
                return exact
        if not isinstance(exact, Stop) and limited < exact:
            before, after = rounded(exact), rounded(limited)
            one.reduce(
                after,
                "cap_day",
                reason(
                    "cap_day",
                    name=row.name,
                    clause=row.clause,
                    before=hours_text(before),
                    after=hours_text(after),
                ),
            )
            self.note(
                one.record.id, 7, row, ("daily_hours", "days"), facts, before, after, "cap_day", one.text
            )
        return limited

    def add_on(self, one: Judged, row: Row, hours: int) -> int | None:
        """Step 10: the first add-on that holds; None when it cannot be told."""
        facts = one.facts
        for extra in row.plus:
            held = extra.when(facts)
            if held is False:
                continue
            self.readings.update(dict.fromkeys(extra.readings))
            if held is None:
                self.lacking(one, extra, 10, self.compiled.compiler.missing(extra.when_form, facts))
                return None
            lacking: list[str] = []
            for gate in extra.gates:
                passed = gate.test(facts)
                if passed is (not gate.wanted):
                    self.note(
                        one.record.id,
                        10,
                        extra,
                        gate.reads,
                        facts,
                        hours,
                        hours,
                        gate.code,
                        reason(gate.code, clause=extra.clause, detail=gate.text),
                    )
                    return 0
                if passed is None and gate.wanted:
                    lacking.extend(self.compiled.compiler.missing(gate.form, facts))
            if lacking:
                self.lacking(one, extra, 10, tuple(dict.fromkeys(lacking)))
                return None
            exact = extra.hours(facts)
            if isinstance(exact, Stop):
                if exact.kind == "zero":
                    return 0
                self.stopped(one, extra, exact, 10)
                return None
            if extra.share is not None:
                share = extra.share(facts)
                if isinstance(share, Stop):
                    self.stopped(one, extra, share, 10)
                    return None
                exact = exact * Fraction(share) / 100
            added = rounded(exact)
            one.rules = (*one.rules, extra.rule)
            self.note(one.record.id, 10, extra, extra.reads, facts, hours, hours + added)
            return added
        return 0

    def stopped(self, one: Judged, where: Any, stop: Stop, step: int) -> None:
        """Settle a record whose amount cannot be told or is nothing."""
        if stop.kind == "needs":
            if stop.code == "unset":
                one.settle(where, "manual", "no_decision", reason("unset", detail=stop.detail))
                self.note(one.record.id, step, where, (), one.facts, None, None, one.code, one.text)
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
        self.note(
            one.record.id,
            step,
            where,
            stop.facts,
            one.facts,
            None,
            0 if verdict != "manual" else None,
            one.code,
            one.text,
        )

    def lacking(
        self, one: Judged, where: Any, step: int, names: tuple[str, ...], code: str = "needs_fact"
    ) -> None:
        """Settle a record as `needs_fact`: not counted and not 0."""
        one.settle(where, "needs_fact", "needs_fact", reason(code, detail=labels(names, self.compiled.facts)))
        one.open_facts = names
        self.note(one.record.id, step, where, (), one.facts, None, None, "needs_fact", one.text)

    def entry(self, one: Judged) -> LedgerEntry:
        """Write a judged record as its ledger entry."""
        claimed = one.record.claimed
        verdict = one.verdict
        if verdict == "credited":
            if one.hours == 0:
                verdict = "uncredited"
            elif one.code or (claimed is not None and one.hours < claimed):
                verdict = "reduced"
        same = next(
            (
                f"{group.same}:{one.facts[group.same]}"
                for group in one.groups
                if group.same and one.facts.get(group.same) is not None
            ),
            None,
        )
        return LedgerEntry(
            one.record.id,
            one.year,
            one.part,
            one.rules,
            one.regulation,
            one.clause,
            one.category,
            one.hours,
            claimed,
            verdict,
            one.code,
            one.text,
            same,
        )


def rounded(exact: Any) -> int:
    """Round exact hundredths half up, the one rounding of the product (rule language 3.3)."""
    if type(exact) is int:
        return exact
    return int((2 * exact.numerator + exact.denominator) // (2 * exact.denominator))
