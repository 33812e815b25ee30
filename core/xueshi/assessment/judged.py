"""One record on its way through the steps: what is known of it so far."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xueshi.assessment.closures import Facts
from xueshi.assessment.types import RecordFacts

if TYPE_CHECKING:
    from xueshi.assessment.program import Group, Row


class Judged:
    """One record while it is judged; becomes one ledger entry."""

    __slots__ = (
        "category", "category_lacks", "clause", "code", "day", "facts", "full", "groups", "hours", "open_facts", "part", "record",
        "regulation", "row", "rules", "text", "verdict", "year",
    )  # fmt: skip

    def __init__(self, record: RecordFacts, facts: Facts) -> None:
        self.record = record
        self.facts = facts
        self.row: Row | None = None
        self.rules: tuple[str, ...] = ()
        self.regulation = ""
        self.clause = ""
        self.category = ""
        self.category_lacks: tuple[str, ...] = ()
        self.hours = 0
        self.full = 0
        self.verdict = "credited"
        self.code = ""
        self.text = ""
        self.year: int | None = record.year
        self.day: date | None = None
        self.part = 1
        self.open_facts: tuple[str, ...] = ()
        self.groups: tuple[Group, ...] = ()

    def take(self, row: Row) -> None:
        """Put the record under a row."""
        self.row = row
        self.rules = row.rule_tuple
        self.regulation = row.regulation
        self.clause = row.clause
        self.groups = row.groups

    def settle(self, where: Any, verdict: str, code: str, text: str) -> None:
        """End with no hours, by a rule and a reason."""
        if not self.rules:
            self.rules = (where.rule,)
        self.regulation, self.clause = where.regulation, where.clause
        self.verdict, self.code, self.text = verdict, code, text
        self.hours = 0

    def reduce(self, hours: int, code: str, text: str) -> None:
        """Keep fewer hours, for a reason."""
        self.hours, self.code, self.text = hours, code, text
