"""Which keys stand where in a rule file; anything else is E101 with the nearest valid key."""

from __future__ import annotations

from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.document import Mapping

LANGUAGE = 1
SECTIONS = (
    "xueshi", "regulation", "clauses", "readings", "parameters", "tables", "categories", "sums", "year", "defaults",
    "kinds", "facts", "rules", "groups", "refuse", "sector_rules", "requirements", "deemed", "manual",
)  # fmt: skip
HEADER = (
    "id", "title", "number", "issuer", "issued", "effective", "years", "area", "parent", "replaces", "sector", "source", "verified",
)  # fmt: skip
REQUIRED_HEADER = ("id", "title", "number", "issuer", "issued", "effective", "years", "area")
STATUSES = ("encoded", "procedural", "discretionary", "out_of_scope")
CHANGES = ("add", "replace", "amend", "remove")
CHANGE_KEYS = ("change", "why", "in", "before")
ROW = (
    "clause", "name", "for", "when", "needs", "except", "hours", "less", "partial", "undecided", "share", "plus",
    "at_most", "spread", "dated", "category", "channel", "evidence", "overlap", "rests_on",
)  # fmt: skip
ITEM = (*ROW, "rows")
READING = ("ask", "clause", "options", "default")
PARAMETER = ("label", "clause", "key", "columns", "unit", "default", "values")
YEAR = ("clause", "starts", "person_as_of", "rests_on")
DEFAULTS = ("category", "dated", "partial", "channel", "undecided", "evidence", "overlap")
SUM = ("label", "of", "where", "count", "same", "convert")
CATEGORY = ("label", "unit")
GROUP = ("clause", "name", "of", "same", "count", "earlier_years", "at_most", "rests_on")
REFUSE = ("clause", "name", "when", "rests_on")
SECTOR_RULES = ("clause", "replace", "silent")
REQUIREMENT = (
    "clause", "name", "of", "at_least", "at_most", "effect", "key", "over", "average_of", "sum_of", "every", "any_of",
    "all_of", "alone", "when", "rests_on",
)  # fmt: skip
DEEMED = ("clause", "name", "if_record", "meets", "rests_on")
MANUAL = ("clause", "who", "decide", "gives", "name", "rests_on")
OVERLAY = ("of", "by", "document", "decided", "years")
CAPS = ("event", "day", "year")


def check_keys(
    node: Mapping, allowed: tuple[str, ...], where: str, findings: Findings, clause: str = ""
) -> None:
    """Add E101 for every key that does not belong; `where` names the place, as in `rule 2.4.0`."""
    for key in node.entries:
        if key not in allowed:
            place = f"{where} ({clause})" if clause else where
            near = nearest(key, allowed)
            findings.add(
                "E101",
                node.file,
                node.line_of(key),
                f'unknown key "{key}" in {place}{did_you_mean(key, allowed)}',
                f"write {near}" if near else f"use one of {', '.join(allowed)}",
                clause,
            )
