"""What is stated of a record and read by no rule: named, so that nobody takes it to have been weighed."""

from __future__ import annotations

from typing import Final

from xueshi.assessment.trace import plain_value
from xueshi.assessment.types import RecordFacts
from xueshi.regulations.pack import RulePack
from xueshi.regulations.words import TWINS

ALWAYS: Final = frozenset(("start", "end"))
"""Columns that every record has, whether a rule reads them or not."""


def unread_facts(pack: RulePack, record: RecordFacts) -> tuple[str, ...]:
    """Name the facts stated of a record that no rule for its kind reads, in the order of the vocabulary.

    Blank cells and what is stated as none say nothing. Of a kind that no rule takes nothing is named: that no clause
    covers it is said already.
    """
    read = pack.data["reads"].get(record.kind)
    if read is None:
        return ()
    known = {*read, *(TWINS[name] for name in read if name in TWINS), *ALWAYS}
    return tuple(
        name
        for name in pack.facts
        if name not in known and record.facts.get(name) not in (None, "", [], {}, ())
    )


def unread_phrases(pack: RulePack, record: RecordFacts) -> tuple[str, ...]:
    """Say them in Chinese: `证明虚假`, `级别为国家级`."""
    return tuple(_phrase(pack, name, record.facts[name]) for name in unread_facts(pack, record))


def _phrase(pack: RulePack, name: str, value: object) -> str:
    fact = pack.facts[name]
    if fact.type == "yes_no" and not isinstance(value, bool):
        return f"{fact.label}为{value}"
    plain = plain_value(value)
    if isinstance(plain, list):
        plain = "、".join(map(str, plain))
    return fact.phrase(plain)
