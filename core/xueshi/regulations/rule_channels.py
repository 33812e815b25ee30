"""The words that an instrument's rules name as `channel` (who files): a flow for records must have each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from xueshi.regulations.merge import Entry
from xueshi.regulations.resolve import Resolved, SourceOf, resolve


@dataclass(frozen=True)
class NamedChannel:
    """A channel as rules name it: the first rule that does, where it says so, and how many rules do."""

    instrument: str
    channel: str
    rule: str
    clause: str
    file: str
    line: int
    rules: int = 1


def named_channels(
    instrument: str, source_of: SourceOf, functions: Mapping[str, Any] | None = None
) -> list[NamedChannel]:
    """Return the channels that the rules of an instrument name, its parent's rules among them, in their order."""
    resolved = resolve(instrument, source_of, functions=functions)
    entries = {entry.id: entry for top in resolved.merged.rules for entry in top.walk()}
    found: dict[str, NamedChannel] = {}
    for item in resolved.data.get("items", ()):
        for row in item["rows"]:
            word = row["channel"]
            if not word:
                continue
            if word in found:
                found[word] = replace(found[word], rules=found[word].rules + 1)
                continue
            file, line = _place(resolved, entries.get(row["id"]), entries.get(item["id"]))
            found[word] = NamedChannel(instrument, word, row["id"], row["clause"], file, line)
    return list(found.values())


def _place(resolved: Resolved, *entries: Entry | None) -> tuple[str, int]:
    """Return where a row's channel is written: in the row, in its item, else among the defaults of the nearest file."""
    for entry in entries:
        if entry is not None and "channel" in entry.keys:
            return entry.file, entry.lines.get("channel", entry.line)
    for file in reversed(resolved.files):
        defaults = file.section("defaults")
        if defaults.get("channel") is not None:
            return file.path, defaults.line_of("channel")
    return resolved.files[-1].path, 1
