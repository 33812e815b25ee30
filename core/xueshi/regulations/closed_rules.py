"""Items and rows in the closed form: every row complete, every name a constant (rule language 8)."""

from __future__ import annotations

import re
from typing import Any

from xueshi.regulations import schema
from xueshi.regulations.daily import counted_by_day
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence
from xueshi.regulations.expressions import Reader, give_up, meeting
from xueshi.regulations.instrument import RuleFile, text_of, texts_of
from xueshi.regulations.merge import Entry
from xueshi.regulations.wording import settled
from xueshi.regulations.words import COMPLETED, PARTS, UPWARD, WHOLE_ONLY, Form, rates

Cite = dict[str, Any]
_DIVISIBLE = re.compile(r"per (\d|day|half_day|(?:clock_)?hour|month|half_year|year|character)")
"""A rate by something that has parts (so many characters begin with a number)."""


def cite(entry: Entry, files: list[RuleFile], above: Cite | None = None) -> Cite:
    """Say which regulation and clause carries an entry; a child that carries the clause speaks before its parent.

    Returns `{rule, regulation, clause, beside}`; `beside` is the parent's rule and clause, or None.
    """
    if not entry.cites:
        if above is None:
            return {
                "rule": f"{entry.origin}-{entry.id}",
                "regulation": entry.origin,
                "clause": "",
                "beside": None,
            }
        return {
            **above,
            "rule": f"{above['regulation']}-{entry.id}",
            "beside": None
            if above["beside"] is None
            else [f"{above['beside'][0].rpartition('-')[0]}-{entry.id}", above["beside"][1]],
        }
    order = [file.header.id for file in files]
    spoken = dict(entry.cites)
    owner, clauses = entry.cites[0]
    beside: list[str] | None = None
    for file in files[order.index(owner) + 1 :]:
        carried = [
            clause
            for clause in clauses
            if (found := file.clauses.get(clause)) and found.status in ("same", "encoded")
        ]
        own = [clause for clause in spoken.get(file.header.id, ()) if clause not in carried]
        if carried or own:
            beside = [f"{owner}-{entry.id}", "、".join(clauses)]
            owner, clauses = file.header.id, (*carried, *own)
    return {
        "rule": f"{owner}-{entry.id}",
        "regulation": owner,
        "clause": "、".join(clauses),
        "beside": beside,
    }


class RuleCloser:
    """Closes items: reads each item and row once, with the defaults of the file below what is written."""

    def __init__(self, reader: Reader, files: list[RuleFile], defaults: dict[str, Node]) -> None:
        self.reader = reader
        self.files = files
        self.defaults = {key: node for key, node in defaults.items() if key != "clause"}

    def item(self, entry: Entry) -> dict[str, Any]:
        """Close one item with all its rows."""
        at = cite(entry, self.files)
        with self.reader.of(entry.id, at["clause"]) as readings:
            kinds = self._kinds(entry)
            if "for" not in entry.keys:
                self.reader.findings.add(
                    "E101",
                    entry.file,
                    entry.line,
                    f'rule {entry.id} ({at["clause"]}) has no "for"',
                    "for: a kind of record",
                    at["clause"],
                )
            self._rests_on(entry.keys)
            closed = {
                "id": entry.id, **at, "name": entry.text("name") or at["rule"], "kinds": kinds, "line": entry.line,
                "when": self._when(entry), "needs": self.reader.gates(entry.keys.get("needs"), alone=False),
                "except": self.reader.gates(entry.keys.get("except"), alone=True), "readings": readings,
            }  # fmt: skip
        rows = entry.rows or [Entry(entry.id, entry.file, entry.line, entry.origin, {}, {})]
        self.taken: dict[str, list[str]] = {}
        closed["rows"] = [self.row(entry, row, at, own=bool(entry.rows)) for row in rows]
        if "less" in entry.keys:
            with self.reader.of(entry.id, at["clause"]):
                less = self.reader.taken(entry.keys["less"])
            if less and _compares_days([closed["when"], closed["needs"], closed["except"]]):
                closed["less"] = less
        self._idle_less(entry, closed)
        self._idle_partial(entry, closed)
        self._meeting_rows(entry, closed["rows"])
        return closed

    def _idle_less(self, entry: Entry, closed: dict[str, Any]) -> None:
        """Add E507 for a `less` that takes nothing off anything: no rate by days and no comparison of days reads it."""
        works = {
            row["id"]: bool("less" in row or any(_takes(part) for part in (row["hours"], row["plus"])))
            for row in closed["rows"]
        }
        rows = {row.id: row for row in entry.rows}
        places = [(row, works[row.id]) for row in rows.values() if "less" in row.keys]
        if "less" in entry.keys:
            inherit = [name for name in works if name not in rows or "less" not in rows[name].keys]
            places.append((entry, "less" in closed or any(works[name] for name in inherit)))
        for place, working in places:
            if working or not any(self.taken.values()):
                continue
            node = place.keys["less"]
            self.reader.findings.add(
                "E507",
                node.file,
                node.line,
                f"less takes days off, but {place.id} reckons nothing by days: nothing would be taken off",
                "hours: … per day (or per half_day), or delete less",
                closed["clause"],
            )

    def _idle_partial(self, entry: Entry, closed: dict[str, Any]) -> None:
        """Add E508 for a `partial` that changes nothing where it stands: `prorate` of single months, `by_days` of no months, `up` of no rate."""
        own = [row for row in entry.rows if "partial" in row.keys]
        for place in (entry, *own):
            if (node := place.keys.get("partial")) is None:
                continue
            reading = self.reader.names.reading(text_of(node) or "", node.file)
            chosen = reading.option if reading else text_of(node)
            apart = {row.id for row in own if row is not place}
            rows = [row for row in closed["rows"] if place is entry or row["id"] == place.id]
            forms = [
                [row["hours"], *(extra["hours"] for extra in row["plus"])]
                for row in rows
                if row["id"] not in apart
            ]
            units = {str(part[2]) for part in rates(forms)} - set(WHOLE_ONLY)
            if chosen == "prorate" and units == {"month"}:
                why = "completed months count, so prorate of single months gives nothing for a part of one"
                repair = "partial: by_days (不足一个月的按天折算), or partial: whole (不足一个月的不计)"
            elif chosen == "by_days" and units and not units & COMPLETED:
                why = "by_days is of hours per month, half_year or year"
                repair = "partial: prorate, or partial: whole"
            elif chosen in UPWARD and not units:
                why = f"nothing is reckoned by a unit that has parts, so {chosen} counts nothing up"
                repair = "hours: … per day (per hour, per month, per 1000 characters), or delete partial"
            else:
                continue
            self.reader.findings.add(
                "E508", node.file, node.line, f"partial of {place.id}: {why}", repair, closed["clause"]
            )

    def _kinds(self, entry: Entry) -> list[str]:
        node = entry.keys.get("for")
        kinds = texts_of(node)
        for kind in kinds:
            self.reader.kind(kind, node or Scalar(entry.file, entry.line, ""))
        return kinds

    def _when(self, entry: Entry) -> Form | None:
        node = entry.keys.get("when")
        return self.reader.condition(node) if node is not None else None

    def _rests_on(self, keys: dict[str, Node]) -> None:
        node = keys.get("rests_on")
        if node is None:
            return
        for word in texts_of(node):
            if reading := self.reader.names.reading(word, node.file):
                self.reader.use_reading(reading)
            else:
                known = self.reader.names.reading_words()
                self.reader.fault(
                    "E504", node, f'"{word}" is no reading', f"rests_on: {known[0] if known else '…'}"
                )

    def row(self, item: Entry, row: Entry, item_cite: Cite, own: bool) -> dict[str, Any]:
        """Close one row: the item plus what differs; `needs` and `except` are the row's own (the item's stand apart)."""
        at = cite(row, self.files, item_cite) if own else item_cite
        with self.reader.of(row.id, at["clause"]) as readings:
            keys = {
                **{key: node for key, node in self.defaults.items() if key in schema.ROW},
                **item.keys,
                **row.keys,
            }
            self._rests_on(row.keys)
            if item.keys.get("rests_on") is not row.keys.get("rests_on"):
                self._rests_on(item.keys)
            written = len(self.reader.numbers)
            closed = {
                "id": row.id, **at, "name": text_of(keys.get("name")) or at["rule"], "line": row.line,
                "kinds": self._kinds(row) if "for" in row.keys else None,
                "when": self._when(row) if own else None,
                "needs": self.reader.gates(row.keys.get("needs"), alone=False) if own else [],
                "except": self.reader.gates(row.keys.get("except"), alone=True) if own else [],
                **self._amounts(keys, row if own else item, at, readings),
            }  # fmt: skip
            if closed["when"] is not None and settled(closed["when"]) is False:
                del self.reader.numbers[written:]  # of an option that was not chosen
            less = self.taken[row.id]
            compared = (
                closed[word]
                for word in ("when", "needs", "except", "hours", "share", "at_most", "spread", "category")
            )
            if less and _compares_days(list(compared)):
                closed["less"] = less
            closed["plus"] = [self._extra(extra, keys, at) for extra in (row.plus or item.plus)]
            self._meeting_rows(item, closed["plus"])
        return closed

    def _settings(self, keys: dict[str, Node]) -> None:
        reader = self.reader
        reader.less = reader.taken(keys.get("less"))
        hours = _all_text(keys.get("hours"))
        if hours in reader.names.tables:
            hours = _all_text(reader.names.tables[hours])
        divisible = _DIVISIBLE.search(hours) is not None
        reader.partial = reader.option(keys.get("partial"), PARTS, "partial") if divisible else None
        reader.undecided = (
            reader.option(keys.get("undecided"), ("lower", "higher", "needs_decision"), "undecided")
            if " to " in hours
            else None
        )
        reader.overlap = (
            reader.option(keys.get("overlap"), ("lower", "higher"), "overlap") if "overlap" in keys else None
        )

    def _amounts(self, keys: dict[str, Node], entry: Entry, at: Cite, readings: list[str]) -> dict[str, Any]:
        reader = self.reader
        self._settings(keys)
        self.taken[entry.id] = list(reader.less)
        hours: Form = ["none"]
        if "hours" in keys:
            hours = counted_by_day(reader.value(keys["hours"], "hours"))
        else:
            reader.findings.add(
                "E101",
                entry.file,
                entry.line,
                f'rule {entry.id} ({at["clause"]}) has no "hours"',
                "hours: an amount",
                at["clause"],
            )
        caps: dict[str, Form] = {}
        if isinstance(node := keys.get("at_most"), Mapping):
            schema.check_keys(node, schema.CAPS, f"at_most of {entry.id}", reader.findings, at["clause"])
            caps = {
                word: limit
                for word, cap in node
                if word in schema.CAPS and (limit := reader.value(cap, "cap")) != ["none"]
            }
        elif node is not None:
            reader.fault(
                "E103", node, f"at_most of {entry.id} needs event, day or year", "at_most: {event: 20}"
            )
        dated: Form = reader.value(keys["dated"], "word") if "dated" in keys else ["list", ["end"]]
        for fact in _words(dated) if "dated" in keys else ():
            if reader.fact(fact, keys["dated"]) and reader.vocabulary.facts[fact].type != "date":
                reader.fault("E103", keys["dated"], f"{fact} is no date", "dated: end")
        each_year = reader.option(keys.get("each_year"), ("yes", "no"), "each_year") == "yes"
        return {
            **({"each_year": True} if each_year else {}),
            "hours": hours,
            "share": reader.value(keys["share"], "percent") if "share" in keys else None,
            "at_most": caps,
            "spread": reader.value(keys["spread"], "spread") if "spread" in keys else None,
            "dated": _words(dated),
            "category": reader.value(keys["category"], "category") if "category" in keys else ["none"],
            "channel": text_of(keys.get("channel")) or "",
            "evidence": texts_of(keys.get("evidence")),
            "readings": readings,
        }

    def _extra(self, extra: Entry, keys: dict[str, Node], above: Cite) -> dict[str, Any]:
        at = cite(extra, self.files, above)
        merged = {
            **{key: node for key, node in keys.items() if key in ("partial", "undecided", "overlap", "less")},
            **extra.keys,
        }
        with self.reader.of(extra.id, at["clause"]) as readings:
            self._settings(merged)
            if "hours" not in merged:
                self.reader.findings.add(
                    "E101",
                    extra.file,
                    extra.line,
                    f'rule {extra.id} ({at["clause"]}) has no "hours"',
                    "hours: an amount",
                    at["clause"],
                )
            return {
                "id": extra.id, **at, "name": extra.text("name") or text_of(keys.get("name")) or at["rule"], "line": extra.line, "when": self._when(extra),
                "needs": self.reader.gates(extra.keys.get("needs"), alone=False),
                "except": self.reader.gates(extra.keys.get("except"), alone=True),
                "hours": counted_by_day(self.reader.value(merged["hours"], "hours")) if "hours" in merged else ["none"],
                "share": self.reader.value(merged["share"], "percent") if "share" in merged else None,
                "readings": readings,
            }  # fmt: skip

    def _meeting_rows(self, entry: Entry, rows: list[dict[str, Any]]) -> None:
        """Bands of two rows that share one value: E502 without `overlap`, else the losing row gives the value up."""
        for index, first in enumerate(rows):
            for second in rows[index + 1 :]:
                for fact, a, b, value in _shared(first["when"], second["when"]):
                    if "overlap" in entry.keys or "overlap" in self.defaults:
                        node = entry.keys.get("overlap") or self.defaults["overlap"]
                        with self.reader.of(entry.id, entry.clause) as used:
                            chosen = self.reader.option(node, ("lower", "higher"), "overlap")
                        for row in (first, second):
                            row["readings"] = list(dict.fromkeys([*row["readings"], *used]))
                        give_up(b if chosen != "higher" else a, value)
                    else:
                        self.reader.findings.add(
                            "E502",
                            entry.file,
                            first["line"],
                            f"{first['id']} and {second['id']} both hold at {fact} = {value} ({first['clause']})",
                            "overlap: Qn with lower and higher",
                            first["clause"],
                        )


def _takes(form: Any) -> bool:
    """Tell whether a rate in a form has something taken off its quantity."""
    if isinstance(form, dict):
        return any(_takes(part) for part in form.values())
    if not isinstance(form, list):
        return False
    if form and form[0] == "rate" and len(form) > 5:
        return bool(form[5])
    return any(_takes(part) for part in form)


def _compares_days(form: Any) -> bool:
    """Tell whether a condition or table in a form compares days or half-days with numbers."""
    if isinstance(form, dict):
        return any(_compares_days(part) for part in form.values())
    if not isinstance(form, list) or not form:
        return False
    if form[0] in ("test", "lookup") and form[1] in ("days", "half_days"):
        matchers = [form[2]] if form[0] == "test" else [matcher for matcher, _ in form[2]]
        if any(matcher.get("bands") or matcher.get("in") for matcher in matchers):
            return True
    return any(_compares_days(part) for part in form)


def _shared(a: Form | None, b: Form | None) -> list[tuple[str, Form, Form, str]]:
    """List the facts whose bands in two conditions meet in one value while nothing else keeps the two apart."""
    left, right = tests(a), tests(b)
    found: list[tuple[str, Form, Form, str]] = []
    for fact, matcher in left.items():
        other = right.get(fact)
        if other is None:
            continue
        bands, others = matcher.get("bands"), other.get("bands")
        if bands and others:
            found.extend(
                (fact, x, y, value) for x in bands for y in others if (value := meeting(x, y)) is not None
            )
        elif not bands and not others and not _common(matcher, other):
            return []
    return found


def _common(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return bool(set(map(str, a.get("in", []))) & set(map(str, b.get("in", [])))) or any(
        a.get(word) and b.get(word) for word in ("none", "not_stated")
    )


def tests(form: Form | None) -> dict[str, dict[str, Any]]:
    """Return the plain tests of a conjunction by fact; other shapes are left out."""
    if form is None:
        return {}
    if form[0] == "test":
        return {str(form[1]): form[2]}  # type: ignore[dict-item]
    if form[0] == "and":
        parts: list[Form] = form[1]  # type: ignore[assignment]
        merged: dict[str, dict[str, Any]] = {}
        for part in parts:
            merged.update(tests(part))
        return merged
    return {}


def _words(form: Form) -> list[str]:
    if form[0] == "word":
        return [str(form[1])]
    if form[0] == "list":
        return [str(word) for word in form[1]]  # type: ignore[attr-defined]
    return []


def _all_text(node: Node | None) -> str:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return " | ".join(_all_text(item) for item in node.items)
    if isinstance(node, Mapping):
        return " | ".join(_all_text(value) for _, value in node)
    return ""
