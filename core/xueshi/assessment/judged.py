"""One record on its way through the steps: what is known of it so far."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from xueshi.assessment.conditions import Facts
from xueshi.assessment.types import RecordFacts

if TYPE_CHECKING:
    from xueshi.assessment.program import Cited, Group, KindRules, Row


class Judged:
    """One record while it is judged; becomes one ledger entry."""

    # What a record starts with stands on the class: most of it stays so for most records.
    kind_rules: KindRules
    row: Row | None = None
    rules: tuple[str, ...] = ()
    regulation = ""
    clause = ""
    category = ""
    category_lacks: tuple[str, ...] = ()
    hours = 0
    added = 0
    """The part of the hours that an add-on gave, in hundredths."""

    added_by = ""
    """The id of that add-on."""

    verdict = "credited"
    code = ""
    text = ""
    day: date | None = None
    part = 1
    spread: tuple[int, ...] | None = None
    open_facts: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    over_years = False
    """Whether its start and end lie in different statistics years and only the part of one of them counts."""

    recognised = False
    """Whether its own row recognises it: with hours, or with none by the clause; what acts across records comes later."""

    def __init__(self, record: RecordFacts, facts: Facts) -> None:
        # Taken apart at once: fields of a tuple looked up by name cost more, and every step asks for one.
        self.id, self.kind, self.stated, self.year, self.claimed, _, self.makeup = record
        self.facts = facts

    def take(self, row: Row) -> None:
        """Put the record under a row."""
        self.row = row
        self.rules = row.rule_tuple
        self.regulation = row.regulation
        self.clause = row.clause
        self.groups = row.groups

    def same(self) -> str | None:
        """Return the identity (work, project, …) by which other years know it again; None where none is stated."""
        for group in self.groups:
            if group.same:
                identity = self.facts.get(group.same)
                if identity is not None:
                    return f"{group.same}:{identity}"
        return None

    def within(self, group: Group) -> int | None:
        """Return the hours that a group holds together with others: all, or an add-on's where it names that only."""
        row = self.row
        if row is None or group in row.whole_groups:
            return self.hours
        return min(self.added, self.hours) if self.added_by in group.of else None

    def settle(self, where: Cited, verdict: str, code: str, text: str) -> None:
        """End with no hours, by a rule and a reason."""
        if not self.rules:
            self.rules = (where.rule,)
        self.regulation, self.clause = where.regulation, where.clause
        self.verdict, self.code, self.text = verdict, code, text
        self.hours = 0

    def reduce(self, hours: int, code: str, text: str) -> None:
        """Keep fewer hours, for a reason."""
        self.hours, self.code, self.text = hours, code, text
