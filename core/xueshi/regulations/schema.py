"""Which keys stand where in a rule file; anything else is E101 with the nearest valid key."""

from __future__ import annotations

from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence

LANGUAGE = 1
SECTIONS = (
    "xueshi", "regulation", "clauses", "readings", "parameters", "tables", "categories", "sums", "year", "defaults",
    "kinds", "facts", "rules", "groups", "refuse", "sector_rules", "requirements", "deemed", "manual",
)  # fmt: skip
HEADER = (
    "id", "title", "number", "issuer", "issued", "effective", "years", "area", "parent", "replaces", "sector", "source", "verified",
)  # fmt: skip
VERIFIED = ("on", "by", "review")
REQUIRED_HEADER = ("id", "title", "number", "issuer", "issued", "effective", "years", "area")
STATUSES = ("encoded", "procedural", "discretionary", "out_of_scope")
CHANGES = ("add", "replace", "amend", "remove")
CHANGE_KEYS = ("change", "why", "in", "before")
ROW = (
    "clause", "name", "for", "when", "needs", "except", "hours", "less", "partial", "undecided", "share", "plus",
    "at_most", "spread", "dated", "each_year", "category", "channel", "evidence", "overlap", "rests_on",
)  # fmt: skip
ITEM = (*ROW, "rows")
READING = ("ask", "clause", "options", "default")
PARAMETER = ("label", "clause", "key", "columns", "unit", "default", "values")
YEAR = ("clause", "starts", "named_by", "person_as_of", "rests_on")
DEFAULTS = ("clause", "category", "dated", "partial", "channel", "undecided", "evidence", "overlap")
SUM = ("label", "of", "where", "count", "same", "convert")
CATEGORY = ("label", "unit")
GROUP = ("clause", "name", "of", "same", "count", "again", "earlier_years", "at_most", "rests_on")
REFUSE = ("clause", "name", "when", "cancels", "rests_on")
SECTOR_RULES = ("clause", "replace", "silent")
REQUIREMENT = (
    "clause", "name", "of", "at_least", "average_at_least", "each_at_least", "at_most", "effect", "key", "over", "average_of", "sum_of",
    "every", "any_of", "all_of", "alone", "decides", "when", "rests_on",
)  # fmt: skip
DEEMED = ("clause", "name", "if_record", "meets", "for_years", "rests_on")
MANUAL = ("clause", "who", "decide", "gives", "name", "rests_on")
OVERLAY = ("of", "by", "document", "decided", "years")
OVERLAY_MAY = ("area",)
CAPS = ("event", "day", "year")
GROUP_CAPS = ("year",)
"""Of several items together only the year has a limit: one of a record or of a day stands in the item."""
ONE_WORD = (
    "id", "title", "number", "issuer", "issued", "effective", "area", "parent", "replaces", "sector", "name", "why", "in",
    "before", "ask", "label", "unit", "who", "decide", "gives", "effect", "key", "alone", "same", "channel", "partial",
    "undecided", "overlap", "each_year", "named_by", "decides",
)  # fmt: skip
"""Keys that hold one word or sentence."""
WORDS = (
    "clause", "for", "of", "evidence", "meets", "average_of", "sum_of", "every", "any_of", "all_of", "rests_on", "replace",
    "cancels",
)  # fmt: skip
"""Keys that hold one word or a list of words."""
FILLED = (
    "when", "needs", "except", "hours", "share", "at_most", "at_least", "average_at_least", "each_at_least", "spread", "plus", "rows", "category", "dated", "starts",
    "options", "if_record", "where", "over", "person_as_of", "default", "values", "columns", "less", "again",
)  # fmt: skip
"""Keys under which something must stand; a difference file may empty `needs` and `except`."""


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
        else:
            _check_shape(node, key, where, findings, clause)


def _check_shape(node: Mapping, key: str, where: str, findings: Findings, clause: str) -> None:
    """Add E103 where a key holds nothing, or a list or mapping where one word belongs: it would be passed over."""
    value = node.entries[key]
    if key in ONE_WORD and not (isinstance(value, Scalar) and value.text):
        wanted, example = "one word or sentence", f"{key}: …"
    elif key in WORDS and not _words(value):
        wanted, example = "a word or a list of words", f"{key}: [a, b]"
    elif key in FILLED and _nothing(value) and not (key in ("needs", "except") and "change" in node.entries):
        wanted, example = "something", f"{key}: …, or delete the key"
    else:
        return
    findings.add(
        "E103", node.file, node.line_of(key), f'"{key}" in {where} must hold {wanted}', example, clause
    )


def _words(value: Node) -> bool:
    if isinstance(value, Scalar):
        return bool(value.text)
    return (
        isinstance(value, Sequence)
        and bool(value.items)
        and all(isinstance(item, Scalar) and item.text for item in value.items)
    )


def _nothing(value: Node) -> bool:
    if isinstance(value, Scalar):
        return not value.text
    return not (value.items if isinstance(value, Sequence) else value.entries)
