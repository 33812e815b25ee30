"""The interpreter: one person, one statistics year, every step traced (rule language 3.2). Pure: no clock, no I/O."""

from __future__ import annotations

from datetime import date
from typing import Final

from xueshi.assessment import amounts, selection
from xueshi.assessment.across import across_records
from xueshi.assessment.cancelling import cancel
from xueshi.assessment.deeming import NOTHING_DEEMED, Deeming, deem
from xueshi.assessment.facts import months_between, type_facts
from xueshi.assessment.formulas import Stop
from xueshi.assessment.judged import Judged
from xueshi.assessment.presumed import might_gain
from xueshi.assessment.program import Row, program
from xueshi.assessment.reasons import reason
from xueshi.assessment.requirements import Verdict, judge_requirements
from xueshi.assessment.run import Run
from xueshi.assessment.types import (
    WAITING,
    LedgerEntry,
    OpenFact,
    PersonYearRequest,
    RecordFacts,
    YearAssessment,
    made,
)
from xueshi.assessment.untold import open_codes
from xueshi.errors import RuleError
from xueshi.regulations.pack import RulePack

NONE: Final[frozenset[str]] = frozenset()
ENTRY: Final = LedgerEntry
MADE: Final = made
"""Names of this module's own: compiled, what another module holds is looked up again for each entry."""


def evaluate(pack: RulePack, request: PersonYearRequest, *, trace: bool = True) -> YearAssessment:
    """Judge one person's statistics year under one pack.

    Raises RuleError when a fact handed in is no value of the vocabulary, or a kind does not exist. A missing fact
    is never an error: the record is `needs_fact`, and no adverse verdict rests on it (see `untold`).
    """
    compiled = program(pack)
    first, last = compiled.first, compiled.last
    if request.year < first or (last is not None and last < request.year):
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


def _share_days(daily: list[Judged]) -> bool:
    ends = [one.facts.get("end") for one in daily]
    return len(set(ends)) < len(ends) or any("daily_hours" in one.facts for one in daily)


def _by_end(one: Judged) -> tuple[date, str]:
    return one.facts.get("end") or date.max, one.id


class Evaluation(Run):
    """One run, start to end."""

    __slots__ = ()

    def run(self) -> YearAssessment:
        """Judge every record, then what acts across records, then the requirements."""
        compiled = self.compiled
        records = self.request.records
        ordered = [self.taken_up(record) for record in records]
        names = {one.id for one in ordered}
        turn = ordered
        daily = [one for one in ordered if one.kind_rules.daily]
        if len(daily) > 1 and _share_days(daily):
            # A cap of a day is used up in the order of the records.
            turn = sorted(ordered, key=_by_end)
        for one in turn:
            self.judge(one)
        if len(names) != len(ordered):
            raise RuleError("同一人的两条记录编号相同，请为每条记录使用不同的编号")
        later: list[LedgerEntry] = []
        across_records(self, ordered, later)
        entries = [self.entry(one) for one in ordered]
        if self.request.earlier:
            carried = self.carried(names)
            entries.extend([entry for _, entry in carried])
            ordered.extend([one for one, _ in carried])
        if self.cancelling:
            entries = cancel(self, ordered, entries)
        deeming = NOTHING_DEEMED
        if compiled.deemed:
            deeming = deem(compiled, ordered, self.year, self.request.earlier, self.readings, later)
        waiting = [one for one in ordered if one.verdict in WAITING]
        untold = open_codes(compiled, waiting, ordered) if waiting else NONE
        result = self.verdict(ordered, untold, deeming)
        asked = [*waiting, *self.outside] if self.outside else waiting
        open_points = [OpenFact(one.id, one.open_facts, one.code, one.text) for one in asked]
        open_points.extend(result.open)
        warnings = [*self.warnings, *result.warnings]
        return made(
            YearAssessment,
            (
                compiled.id,
                compiled.digest,
                compiled.language,
                self.request.area,
                self.year,
                result.verdict,
                result.totals,
                result.requirements,
                tuple(dict.fromkeys(warnings)) if warnings else (),
                tuple(open_points),
                tuple(entries),
                tuple(self.readings),
                tuple(self.nodes) if self.nodes is not None else (),
                result.windows,
                "",
                result.counts,
                tuple(later),
                result.parts,
            ),
        )

    def verdict(self, judged: list[Judged], waiting: frozenset[str] | None, deeming: Deeming) -> Verdict:
        """Judge the requirements; a failing is looked at once more where a rule takes an absent fact for a value."""
        compiled, nodes = self.compiled, self.nodes
        noted = len(nodes) if nodes is not None else 0
        asked = (compiled, self.person, judged, nodes, self.readings, self.request.years, waiting, deeming)
        result = judge_requirements(*asked)
        if not compiled.presuming or not any(
            one.met is False for one in (*result.requirements, *result.parts)
        ):
            return result
        if result.verdict != "not_met" and waiting == NONE:
            return result
        records = {record.id: record for record in self.request.records}
        mine = [one for one in judged if one.id in records]
        beside = Evaluation(compiled, self.request, trace=False)
        might = might_gain(compiled, self.person, records, mine, beside.alone)
        if not might:
            return result
        if nodes is not None:
            del nodes[noted:]
        return judge_requirements(*asked, might)

    def alone(self, record: RecordFacts) -> Judged:
        """Judge one record by itself, as if nothing else of the year were there."""
        self.day_used.clear()
        one = self.taken_up(record)
        self.judge(one)
        return one

    def carried(self, judged: set[str]) -> list[tuple[Judged, LedgerEntry]]:
        """Take over the parts of earlier spreads that fall into this year, under whatever law they arose."""
        found: list[tuple[Judged, LedgerEntry]] = []
        for entry in self.request.earlier:
            if entry.year != self.year or entry.part < 2 or not entry.hours:
                continue
            name = entry.record
            if name in judged:
                # Listed again this year, under whatever law: told apart by the year in which it began.
                name = f"{self.year - entry.part + 1}/{name}"
            one = Judged(RecordFacts(name, "other", {}), self.person)
            one.hours, one.category = entry.hours, entry.category
            found.append((one, entry if name == entry.record else entry._replace(record=name)))
        return found

    def taken_up(self, record: RecordFacts) -> Judged:
        """Take a record up: its facts typed and laid over the person's, with the rules for its kind."""
        one = Judged(record, self.person)
        rules = self.compiled.kinds.get(one.kind)
        if rules is None:
            raise RuleError(
                f"记录{one.id}：没有名为“{one.kind}”的种类。请使用词表中的种类，或在规则文件的kinds中增加"
            )
        one.kind_rules = rules
        one.facts = facts = type_facts(one.stated, self.compiled.types, self.person, one.id)
        facts["kind"] = one.kind
        if "start" in facts:
            self.between(one, facts["start"], facts.get("end"))
        return one

    @staticmethod
    def between(one: Judged, start: date | None, end: date | None) -> None:
        """Refuse an end before the start; reckon the months between the two where a rule reads them."""
        if start is None or end is None:
            return
        if end < start:
            raise RuleError(
                f"记录{one.id}：结束日期{end}早于开始日期{start}，是否把两者写反了？请更正后重新提交"
            )
        if one.kind_rules.months and "months" not in one.facts:
            one.facts["months"] = months_between(start, end)

    def judge(self, one: Judged) -> None:
        """Steps 2 to 11 for one record."""
        facts = one.facts
        compiled = self.compiled
        for refusal in compiled.refusals:
            if refusal.when.holds(facts):
                self.rests_on(refusal.readings)
                one.settle(
                    refusal,
                    "refused",
                    f"refused.{refusal.id}",
                    reason("refused", name=refusal.name or "该记录", clause=refusal.clause),
                )
                self.note(one, 2, refusal, refusal.reads, None, 0, one.code, one.text)
                self.default_category(one)
                if refusal.cancels:
                    self.cancelling.append((one, refusal))
                return
        item = selection.item(self, one)
        if item is None:
            self.default_category(one)
            return
        row = selection.row(self, one, item)
        if row is None:
            self.rests_on(item.readings)
            self.default_category(one)
            return
        one.take(row)
        # Those of the item come first in the row's own.
        self.rests_on(row.readings)
        selection.attribute(self, one, row)
        if selection.gates(self, one, row):
            amounts.amount(self, one, row)
            one.recognised = one.hours > 0 or (
                row.hours_form[0] == "none" and one.verdict not in ("needs_fact", "manual")
            )
        if row.spread is not None:
            self.spread(one, row)

    def spread(self, one: Judged, row: Row) -> None:
        """Step 14, asked early: over which years the hours are spread, where a fact of the record decides it."""
        assert row.spread is not None
        shares = row.spread.value(one.facts)
        if not isinstance(shares, Stop):
            one.spread = shares
        elif one.verdict == "credited":
            self.lacking(one, row, 14, shares.facts)

    def entry(self, one: Judged) -> LedgerEntry:
        """Write a judged record as its ledger entry."""
        claimed = one.claimed
        verdict = one.verdict
        if verdict == "credited":
            if one.hours == 0:
                verdict = "uncredited"
            elif one.code or (claimed is not None and one.hours < claimed):
                verdict = "reduced"
        text = one.text
        if one.makeup and one.hours:
            text = f"{reason('makeup', year=one.year)}；{text}"
        return MADE(
            ENTRY,
            (
                one.id,
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
                text,
                one.same() if one.groups else None,
                "",
            ),
        )
