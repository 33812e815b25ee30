"""A resolved rule pack: one instrument with all it inherits, as constants; what is pinned, hashed and assessed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from xueshi.errors import RuleFileError
from xueshi.hours import parse_hours
from xueshi.regulations.hook_functions import functions_of
from xueshi.regulations.schema import LANGUAGE
from xueshi.regulations.vocabulary import Fact, Vocabulary, engine_vocabulary

FORMAT = 1
"""Number of the closed form; an artifact of another form is refused, never guessed at."""


@dataclass(frozen=True)
class FactInfo:
    """A fact that rules of a kind read: enough for one column of an Excel template."""

    name: str
    label: str
    type: str
    values: Mapping[str, str]
    unit: str


@dataclass(frozen=True)
class KindInfo:
    """A kind of record that has rules, with the facts they read, in the order of the vocabulary."""

    kind: str
    label: str
    facts: tuple[FactInfo, ...]


@dataclass(frozen=True, eq=False)
class RulePack:
    """One instrument, resolved. `data` is the closed form (JSON-able); treat it as frozen.

    `functions` are the Python hooks by name: they are no part of the bytes, but the hash of their source is.
    """

    data: Mapping[str, Any]
    functions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The instrument's id, or the sector file's when one applies."""
        return str(self.data["instrument"]["id"])

    @property
    def title(self) -> str:
        """The Chinese title of the instrument."""
        return str(self.data["instrument"]["title"])

    @property
    def number(self) -> str:
        """The number of the document (文号), `none` where the text has none."""
        return str(self.data["instrument"]["number"])

    @property
    def area(self) -> str:
        """The area (GB/T 2260) of the issuer."""
        return str(self.data["instrument"]["area"])

    @property
    def language(self) -> int:
        """The number of the rule language."""
        return int(self.data["language"])

    @cached_property
    def body(self) -> bytes:
        """The canonical bytes: sorted keys, no blanks, UTF-8."""
        return json.dumps(self.data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def to_bytes(self) -> bytes:
        """Return the canonical bytes, the same for the same law and choices; `from_bytes` reads them."""
        return self.body

    @cached_property
    def digest(self) -> str:
        """The sha256 of the canonical bytes, in hex."""
        return hashlib.sha256(self.body).hexdigest()

    @staticmethod
    def from_bytes(body: bytes, functions: Mapping[str, Any] | None = None) -> RulePack:
        """Read a pinned pack; its Python functions, if it has any, are those installed with the source that was pinned.

        Raises RuleFileError when the bytes are of a newer language or form, or no pack.
        """
        try:
            data = json.loads(body)
            language, form = data["language"], data["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise RuleFileError(
                "the artifact is no rule pack; resolve the instrument again and pin the result"
            ) from error
        if language != LANGUAGE or form != FORMAT:
            raise RuleFileError(
                f"the rule pack is of language {language}, form {form}; this engine reads {LANGUAGE}, form {FORMAT}. Use the engine it was made with"
            )
        return RulePack(data, functions or functions_of(data.get("hooks", {})))

    @property
    def categories(self) -> dict[str, str]:
        """The categories of hours: code → Chinese label, in the order of the file."""
        return {code: entry["label"] for code, entry in self.data["categories"]}

    @property
    def sums(self) -> dict[str, str]:
        """Sums of categories and tagged parts: code → Chinese label."""
        return {code: entry["label"] for code, entry in self.data["sums"]}

    @property
    def labels(self) -> dict[str, str]:
        """What hours add up to: categories, sums and the total, code → Chinese label."""
        return {**self.categories, **self.sums, "total": "合计"}

    @property
    def requirements(self) -> tuple[Mapping[str, Any], ...]:
        """The requirements in the closed form: id, rule, clause, of, at_least, effect, over, …"""
        return tuple(self.data["requirements"])

    @property
    def readings(self) -> Mapping[str, Mapping[str, Any]]:
        """The readings by full name: question, clause, options, the option that holds and the document that chose it."""
        found: Mapping[str, Mapping[str, Any]] = self.data["readings"]
        return found

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The kinds and facts that a record or person may carry, with their Chinese labels."""
        facts = {
            name: Fact(
                name, entry["type"], entry["label"], entry["unit"], entry["values"], _range(name, entry)
            )
            for name, entry in self.data["facts"].items()
        }
        return Vocabulary(self.data["kinds"], facts)

    @property
    def kinds(self) -> Mapping[str, str]:
        """Kinds of record: code → Chinese label."""
        return self.vocabulary.kinds

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Facts by name."""
        return self.vocabulary.facts

    def gist(self, regulation: str, clause: str) -> str:
        """Return our own words for a clause (several are joined); empty when the map has none."""
        clauses = self.data["clauses"].get(regulation, {})
        found = [clauses[part][1] for part in clause.split("、") if part in clauses]
        return "；".join(dict.fromkeys(found))

    @cached_property
    def year_start(self) -> tuple[int, int]:
        """Month and day on which a statistics year starts."""
        return int(self.data["year"]["month"]), int(self.data["year"]["day"])

    @cached_property
    def _ahead(self) -> int:
        """How far the name of a statistics year is ahead of the calendar year in which it starts: 0, or 1 where it ends later."""
        by_start = self.data["year"].get("named_by") == "start"
        return 0 if by_start or self.year_start == (1, 1) else 1

    def year_window(self, year: int) -> tuple[date, date]:
        """Return first and last day of a statistics year.

        One that starts late is named after the calendar year in which it ends, or, under `named_by: start`, starts.
        """
        month, day = self.year_start
        begins = year - self._ahead
        return date(begins, month, day), date(begins + 1, month, day) - timedelta(days=1)

    def year_of(self, day: date) -> int:
        """Return the statistics year a day belongs to."""
        begins = day.year if (day.month, day.day) >= self.year_start else day.year - 1
        return begins + self._ahead

    def middle_of(self, year: int) -> date:
        """Return a day in the middle of a statistics year."""
        first, last = self.year_window(year)
        return first + (last - first) // 2

    @cached_property
    def channels(self) -> Mapping[str, str]:
        """The way in of each row (rule → channel): who files what falls under it; rows that name none are left out."""
        return {
            row["rule"]: row["channel"]
            for item in self.data["items"]
            for row in item["rows"]
            if row["channel"]
        }

    @cached_property
    def day_caps(self) -> Mapping[str, int]:
        """The most hours of one day (rule → hundredths), for rows that name a fixed one."""
        return {
            row["rule"]: int(parse_hours(row["at_most"]["day"][1]))
            for item in self.data["items"]
            for row in item["rows"]
            if row["at_most"].get("day", [""])[0] == "fixed"
        }

    def serves(self, year: int) -> bool:
        """Tell whether the instrument serves a statistics year."""
        first, last = self.data["instrument"]["years"]
        return bool(first <= year and (last is None or year <= last))

    def kinds_with_rules(self) -> list[KindInfo]:
        """Return each kind that some rule takes, with the facts those rules read (and the date that decides the year)."""
        order = list(self.facts)
        found: list[KindInfo] = []
        for kind, label in self.kinds.items():
            read = self.data["reads"].get(kind)
            if read is None:
                continue
            names = sorted(
                (
                    name
                    for name in read
                    if name in self.facts and not name.startswith("person.") and name != "year"
                ),
                key=order.index,
            )
            infos = tuple(
                FactInfo(
                    name,
                    self.facts[name].label,
                    self.facts[name].type,
                    dict(self.facts[name].values),
                    self.facts[name].unit,
                )
                for name in names
            )
            found.append(KindInfo(kind, label, infos))
        return found


def _range(name: str, entry: Mapping[str, Any]) -> tuple[int, int] | None:
    if "range" in entry:
        return int(entry["range"][0]), int(entry["range"][1])
    known = engine_vocabulary().facts.get(name)
    return known.range if known is not None else None
