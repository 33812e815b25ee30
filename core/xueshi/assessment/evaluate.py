"""The interpreter: one person, one statistics year, every step traced (rule language 3.2). Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from xueshi.assessment import amounts, selection
from xueshi.assessment.across import across_records
from xueshi.assessment.closures import Facts
from xueshi.assessment.facts import months_between, type_facts
from xueshi.assessment.judged import Judged
from xueshi.assessment.program import program
from xueshi.assessment.reasons import reason
from xueshi.assessment.requirements import OPEN, judge_requirements
from xueshi.assessment.run import Run
from xueshi.assessment.types import (
    LedgerEntry,
    OpenFact,
    PersonYearRequest,
    RecordFacts,
    YearAssessment,
)
from xueshi.errors import RuleError
from xueshi.regulations.pack import RulePack


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


class Evaluation(Run):
    """One run, start to end."""

    __slots__ = ()

    def run(self) -> YearAssessment:
        """Judge every record, then what acts across records, then the requirements."""
        compiled = self.compiled
        typed = [(record, self.typed(record)) for record in self.request.records]
        if [facts for _, facts in typed if isinstance(facts.get("daily_hours"), dict)]:
            # A cap of a day is used up in the order of the records.
            typed.sort(key=lambda pair: (pair[1].get("end") or date.max, pair[0].id))
        judged = {record.id: self.judge(record, facts) for record, facts in typed}
        if len(judged) != len(typed):
            raise RuleError("同一人的两条记录编号相同，请为每条记录使用不同的编号")
        ordered = [judged[record.id] for record in self.request.records]
        later: list[LedgerEntry] = []
        across_records(self, ordered, later)
        carried = self.carried(judged)
        entries = (*map(self.entry, ordered), *(entry for _, entry in carried))
        ordered.extend(one for one, _ in carried)
        result = judge_requirements(
            compiled, self.person, ordered, self.nodes, self.readings, self.request.years
        )
        open_points = [
            OpenFact(one.record.id, one.open_facts, one.code, one.text)
            for one in ordered
            if one.verdict in OPEN
        ]
        open_points.extend(result.open)
        return YearAssessment(
            compiled.id, compiled.digest, compiled.language, self.request.area, self.year, result.verdict, result.totals,
            result.requirements, tuple(dict.fromkeys([*self.warnings, *result.warnings])), tuple(open_points), entries,
            tuple(self.readings), tuple(self.nodes) if self.nodes is not None else (), counts=result.counts,
            later=tuple(later), parts=result.parts, windows=result.windows,
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
        item = selection.item(self, one)
        if item is None:
            self.default_category(one)
            return one
        row = selection.row(self, one, item)
        if row is None:
            self.readings.update(dict.fromkeys(item.readings))
            self.default_category(one)
            return one
        one.take(row)
        if row.readings:
            # Those of the item come first in the row's own.
            self.readings.update(dict.fromkeys(row.readings))
        selection.attribute(self, one, row)
        if selection.gates(self, one, row):
            amounts.amount(self, one, row)
            one.recognised = one.hours > 0 or (
                row.hours_form[0] == "none" and one.verdict not in ("needs_fact", "manual")
            )
        return one

    def entry(self, one: Judged) -> LedgerEntry:
        """Write a judged record as its ledger entry."""
        claimed = one.record.claimed
        verdict = one.verdict
        if verdict == "credited":
            if one.hours == 0:
                verdict = "uncredited"
            elif one.code or (claimed is not None and one.hours < claimed):
                verdict = "reduced"
        same = None
        for group in one.groups:
            if group.same and one.facts.get(group.same) is not None:
                same = f"{group.same}:{one.facts[group.same]}"
                break
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
