"""Where the text is silent (W601): values of a fact that no row of an item takes, or that a table does not list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.vocabulary import Vocabulary
from xueshi.regulations.zones import Zone, covers, overlap, zones

IN_TABLES = ("hours", "share", "at_most", "spread", "category")
"""The keys of a row whose tables decide what a record gets."""


def check_silence(
    data: dict[str, Any],
    lines: dict[str, tuple[str, int]],
    own_file: str,
    vocabulary: Vocabulary,
    findings: Findings,
) -> None:
    """Add W601 for each value that the rules of the loaded file pass over: by rows first, then by the tables in them."""
    for item in data["items"]:
        file, line = lines[item["id"]]
        if file != own_file:
            continue
        for fact, missing in values_without_row(item, vocabulary):
            findings.add(
                "W601",
                file,
                line,
                f"{item['id']} ({item['clause']}): no hours for {fact} {', '.join(missing)}. Accept in the review, or add a row",
                "add a row, or accept by name",
                item["clause"],
            )
        for entry, word, fact, missing in values_without_line(item, vocabulary):
            file, line = lines[entry["id"]]
            findings.add(
                "W601",
                file,
                line,
                f"{entry['id']} ({entry['clause']}): the table of {word} has no {fact} {', '.join(missing)}. Accept in the review, or add a line",
                "add a line (none where the text gives nothing), or accept by name",
                entry["clause"],
            )
    for one in data["requirements"]:
        file, line = lines[one["id"]]
        if file != own_file:
            continue
        for word in ("at_least", "at_most"):
            for fact, missing in _unlisted(one[word], zones(one["when"], vocabulary), [], vocabulary):
                findings.add(
                    "W601",
                    file,
                    line,
                    f"{one['id']} ({one['clause']}): the table of {word} has no {fact} {', '.join(missing)}. Accept in the review, or add a line",
                    "add a line, or when, where the text does not bind them; or accept by name",
                    one["clause"],
                )


def values_without_row(item: dict[str, Any], vocabulary: Vocabulary) -> list[tuple[str, list[str]]]:
    """List, for each word fact that rows select by, the values that no row takes."""
    rows = [zones(row["when"], vocabulary) for row in item["rows"]]
    if any(zone == {} for alternatives in rows for zone in alternatives):
        return []
    found: list[tuple[str, list[str]]] = []
    names = dict.fromkeys(name for alternatives in rows for zone in alternatives for name in zone)
    for name in names:
        fact = vocabulary.facts.get(name)
        if (
            fact is None
            or fact.type != "word"
            or any(name not in zone for alternatives in rows for zone in alternatives)
        ):
            continue
        taken = {
            value for alternatives in rows for zone in alternatives for value in zone[name].get("in", [])
        }
        missing = [value for value in fact.values if value not in taken]
        if missing:
            found.append((name, missing))
    return found


def values_without_line(
    item: dict[str, Any], vocabulary: Vocabulary
) -> Iterator[tuple[dict[str, Any], str, str, list[str]]]:
    """Yield (row or add-on, key, fact, values): what reaches a table of it and has no line there.

    What the conditions of item and row leave out does not reach it, nor what an earlier row takes.
    """
    above: list[Zone] = []
    for row in item["rows"]:
        let_in = _reaching(vocabulary, item, row)
        for word in IN_TABLES:
            for fact, missing in _unlisted(row[word], let_in, above, vocabulary):
                yield row, word, fact, missing
        for extra in row["plus"]:
            for word in ("hours", "share"):
                reached = _reaching(vocabulary, item, row, extra)
                for fact, missing in _unlisted(extra[word], reached, above, vocabulary):
                    yield extra, word, fact, missing
        if row["kinds"] is None:
            above += zones(row["when"], vocabulary)


def _reaching(vocabulary: Vocabulary, *entries: dict[str, Any]) -> list[Zone]:
    """Return the records that pass the conditions of an item, a row, an add-on."""
    parts: list[Any] = []
    for entry in entries:
        parts += [form for form in (entry["when"], *entry["needs"]) if form is not None]
        parts += [["not", form] for form in entry["except"]]
    return zones(["and", parts], vocabulary)


def _unlisted(
    form: Any, let_in: list[Zone], above: list[Zone], vocabulary: Vocabulary
) -> Iterator[tuple[str, list[str]]]:
    """Yield (fact, values) of every table of a word fact in a form that has no `otherwise` and leaves some values out."""
    if isinstance(form, dict):
        for part in form.values():
            yield from _unlisted(part, let_in, above, vocabulary)
        return
    if not isinstance(form, list):
        return
    if form[:1] == ["lookup"]:
        name, cases, otherwise = form[1], form[2], form[4]
        fact = vocabulary.facts.get(name)
        stated = any(matcher.get("stated") or matcher.get("unreadable") for matcher, _ in cases)
        if fact is not None and fact.type == "word" and otherwise is None and not stated:
            listed = {str(value) for matcher, _ in cases for value in matcher.get("in", [])}
            missing = [
                value for value in fact.values if value not in listed and _reaches(name, value, let_in, above)
            ]
            if missing:
                yield name, missing
        for matcher, value in cases:
            within = [zone for zone in let_in if overlap([zone], [{name: matcher}])]
            yield from _unlisted(value, within, above, vocabulary)
        for rest in (form[3], otherwise):
            yield from _unlisted(rest, let_in, above, vocabulary)
        return
    for part in form:
        yield from _unlisted(part, let_in, above, vocabulary)


def _reaches(fact: str, value: str, let_in: list[Zone], above: list[Zone]) -> bool:
    """Tell whether a record with this value may come so far: let in, and not surely taken by a row above."""
    stated: Zone = {fact: {"in": [value]}}
    return any(overlap([zone], [stated]) and not covers(above, [{**zone, **stated}]) for zone in let_in)
