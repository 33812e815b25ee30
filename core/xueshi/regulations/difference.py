"""What two laws say differently: clauses, rules, requirements as Chinese sentences, and what only the logic tells apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import STATUS_WORDS, TITLES, Sentence, read_law

COMPARED = (
    "categories",
    "year",
    "rules",
    "groups",
    "refuse",
    "requirements",
    "deemed",
    "manual",
    "parameters",
    "readings",
)
"""Parts of a reading that are compared, in this order; clauses are compared by their map."""
_CITES = ("line", "rule", "regulation", "clause", "beside", "readings", "name", "by", "by_clause")
"""Words of the closed form that say where a rule comes from, not what it does."""
_READINGS = re.compile(r"［口径.*?］")


@dataclass(frozen=True)
class Difference:
    """One difference: in which part, of which entry, and the two sentences (empty where there is none).

    `kind`: added, removed, changed (it reads differently), moved (the same under another clause), logic (it reads the
    same and works differently).
    """

    part: str
    id: str
    kind: str
    clause_before: str
    clause_after: str
    before: str
    after: str


def differences(old: RulePack, new: RulePack) -> list[Difference]:
    """Compare two laws, entry by entry under the ids of their files; numbers stand in the sentences."""
    found = _clauses(old, new)
    then, now = _sentences(old), _sentences(new)
    forms_then, forms_now = _forms(old), _forms(new)
    for part in COMPARED:
        for name in dict.fromkeys([*then[part], *now[part]]):
            before, after = then[part].get(name), now[part].get(name)
            kind = _kind(before, after)
            if not kind and forms_then.get((part, name)) != forms_now.get((part, name)):
                kind = "logic"
            if kind:
                found.append(_difference(part, name, kind, before, after))
    return found


def title_of(part: str) -> str:
    """Return the Chinese title of a part."""
    return TITLES[part]


def _kind(before: Sentence | None, after: Sentence | None) -> str:
    if before is None or after is None:
        return "added" if before is None else "removed"
    if _said(before) != _said(after):
        return "changed"
    return "moved" if before.clause != after.clause else ""


def _difference(
    part: str, name: str, kind: str, before: Sentence | None, after: Sentence | None
) -> Difference:
    return Difference(
        part,
        name,
        kind,
        before.clause if before else "",
        after.clause if after else "",
        _said(before) if before else "",
        _said(after) if after else "",
    )


def _said(one: Sentence) -> str:
    """The sentence without the names of readings, which begin with the instrument."""
    return _READINGS.sub("", one.text)


def _sentences(pack: RulePack) -> Mapping[str, dict[str, Sentence]]:
    sections = {section.name: section.sentences for section in read_law(pack).sections}
    return {part: {_local(one.id): one for one in sections.get(part, ())} for part in COMPARED}


def _local(name: str) -> str:
    """Readings are named with their instrument; the two laws are compared by the short name."""
    return name.rpartition("-")[2] if re.search(r"-Q\d+[a-z]?$", name) else name


def _clauses(old: RulePack, new: RulePack) -> list[Difference]:
    """Compare the clause maps; a clause that the later file calls the same is no difference, equal lines stay together."""
    then, now = old.data["clauses"][old.id], new.data["clauses"][new.id]
    found: dict[tuple[str, str, str], list[str]] = {}
    for number in dict.fromkeys([*then, *now]):
        before, after = then.get(number), now.get(number)
        if before == after or (before and after and after[0] == "same"):
            continue
        kind = "added" if before is None else "removed" if after is None else "changed"
        found.setdefault((kind, _clause(before), _clause(after)), []).append(number)
    return [
        Difference("clauses", "、".join(numbers), kind, "", "", before, after)
        for (kind, before, after), numbers in found.items()
    ]


def _clause(one: list[str] | None) -> str:
    return f"{STATUS_WORDS[one[0]]}：{one[1]}" if one else ""


def _forms(pack: RulePack) -> dict[tuple[str, str], Any]:
    data = pack.data
    found: dict[tuple[str, str], Any] = {}
    for item in data["items"]:
        found["rules", item["id"]] = _bare({key: value for key, value in item.items() if key != "rows"})
        for row in item["rows"]:
            own = _bare(row)
            # An item without rows is its own only row.
            found["rules", row["id"]] = own if row["id"] != item["id"] else [found["rules", item["id"]], own]
    for part, section in (
        ("groups", "groups"),
        ("refuse", "refuse"),
        ("requirements", "requirements"),
        ("deemed", "deemed"),
    ):
        for entry in data[section]:
            found[part, entry["id"]] = _bare(entry)
    return found


def _bare(form: Any) -> Any:
    if isinstance(form, Mapping):
        return {key: _bare(value) for key, value in form.items() if key not in _CITES}
    if isinstance(form, list):
        if form and form[0] == "option":
            return ["option", form[-1]]
        return [_bare(value) for value in form]
    return form
