"""Requirements, groups, refusals, sums, deemed and manual entries in the closed form (rule language 2.6, 2.7)."""

from __future__ import annotations

from typing import Any

from xueshi.regulations import schema
from xueshi.regulations.closed_rules import cite
from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.document import Mapping, Node, Scalar
from xueshi.regulations.expressions import YES, Reader
from xueshi.regulations.instrument import RuleFile, text_of, texts_of
from xueshi.regulations.merge import Entry, Merged
from xueshi.regulations.wording import settled
from xueshi.regulations.words import DECIDERS, Form

WINDOWS = {"cycle": ("cycle",), "last": ("last",), "before": ("before",), "since": ("since", "at_most")}
"""The windows of years that take further words, with the words of each."""
NUMBERS = {
    "at_least": "the sum of the years", "average_at_least": "their average", "each_at_least": "each year by itself",
}  # fmt: skip
"""The words of a requirement's own number, and what it is of where several years are looked at."""


class RequirementCloser:
    """Closes everything that is no item; checks the ids that entries name (E504)."""

    def __init__(
        self,
        reader: Reader,
        files: list[RuleFile],
        merged: Merged,
        sums: dict[str, Mapping],
        units: dict[str, str],
    ) -> None:
        self.reader = reader
        self.files = files
        self.merged = merged
        self.sum_nodes = sums
        self.units = units
        self.rule_ids = [part.id for entry in merged.rules for part in entry.walk()]

    def _start(self, entry: Entry) -> dict[str, Any]:
        if (node := entry.keys.get("rests_on")) is not None:
            for word in texts_of(node):
                if reading := self.reader.names.reading(word, node.file):
                    self.reader.use_reading(reading)
                else:
                    known = self.reader.names.reading_words()
                    self.reader.fault(
                        "E504",
                        node,
                        f'"{word}" is no reading{did_you_mean(word, known)}',
                        f"rests_on: {nearest(word, known) or '…'}",
                    )
        return {
            "id": entry.id,
            **cite(entry, self.files),
            "name": entry.text("name") or "",
            "line": entry.line,
            "readings": self.reader.readings,
        }

    def _ids(self, node: Node | None, known: list[str], what: str) -> list[str]:
        found = texts_of(node)
        for word in found:
            if word not in known and node is not None:
                near = [
                    close
                    for close in (
                        nearest(word, known),
                        nearest(word, [one for one in known if one != nearest(word, known)]),
                    )
                    if close
                ]
                also = " or ".join(f'"{close}"' for close in near)
                self.reader.fault(
                    "E504",
                    node,
                    f'"{word}" is no {what}' + (f"; did you mean {also}?" if also else ""),
                    f"write {near[0]}" if near else f"name an existing {what}",
                )
        return found

    def group(self, entry: Entry) -> dict[str, Any]:
        """Close a group: the same work or project counted once, and caps over several items."""
        with self.reader.of(entry.id, entry.clause):
            closed = self._start(entry)
            same = (
                self.reader.fact(text_of(entry.keys["same"]) or "", entry.keys["same"])
                if "same" in entry.keys
                else None
            )
            count = self.reader.option(entry.keys.get("count"), ("once", "highest", "each"), "count")
            earlier = self.reader.option(
                entry.keys.get("earlier_years"), ("nothing", "increase", "full"), "earlier_years"
            )
            caps: dict[str, Form] = {}
            if isinstance(node := entry.keys.get("at_most"), Mapping):
                schema.check_keys(
                    node, schema.GROUP_CAPS, f"at_most of {entry.id}", self.reader.findings, entry.clause
                )
                caps = {word: self.reader.value(cap, "cap") for word, cap in node}
            if count is None and "count" not in entry.keys and not caps:
                self.reader.findings.add(
                    "E101",
                    entry.file,
                    entry.line,
                    f'group {entry.id} has neither "count" nor "at_most"',
                    "count: once, or count: highest",
                    entry.clause,
                )
            if "same" not in entry.keys and count in ("once", "highest"):
                self.reader.findings.add(
                    "E101",
                    entry.file,
                    entry.line,
                    f"group {entry.id} does not say what is the same",
                    "same: work, or same: project",
                    entry.clause,
                )
            return {
                **closed,
                "of": self._ids(entry.keys.get("of"), self.rule_ids, "rule"),
                "same": same,
                "count": count,
                "earlier_years": earlier or ("nothing" if count == "once" else "full"),
                "at_most": caps,
                **self._again(entry),
            }

    def _again(self, entry: Entry) -> dict[str, Form]:
        """Close the share at which the others of the same work count, where the text leaves them one; nothing where not."""
        if "again" not in entry.keys:
            return {}
        # What a reading chooses may be another under each of its options: only what stands there is against it.
        stands = {word: text_of(entry.keys.get(word)) for word in ("count", "earlier_years")}
        against = (
            "count" if stands["count"] in (None, "each")
            else "earlier_years" if stands["earlier_years"] == "increase" else ""
        )  # fmt: skip
        if against:
            self.reader.fault(
                "E101",
                entry.keys["again"],
                f'group {entry.id} says by "again" at which share the others of the same count, beside {against}: {stands[against] or "nothing"}',
                "count: once, again: 50% (and earlier_years: nothing or full)",
            )
        return {"again": self.reader.value(entry.keys["again"], "percent")}

    def refusal(self, entry: Entry) -> dict[str, Any]:
        """Close a refusal: a stated fact, such as a false proof, for which a record is refused."""
        with self.reader.of(entry.id, entry.clause):
            closed = self._start(entry)
            if "when" not in entry.keys:
                self.reader.findings.add(
                    "E101",
                    entry.file,
                    entry.line,
                    f'refusal {entry.id} has no "when"',
                    "when: {false_proof: yes}",
                    entry.clause,
                )
            when: Form = (
                self.reader.condition(entry.keys["when"]) if "when" in entry.keys else ["const", False]
            )
            return {**closed, "when": when, **self._cancels(entry)}

    def _cancels(self, entry: Entry) -> dict[str, list[str]]:
        """Close the categories whose hours of the year a refusal takes too; nothing where it takes its record only."""
        node = entry.keys.get("cancels")
        if node is None:
            return {}
        if text_of(node) == "all":
            return {"cancels": list(self.reader.categories)}
        return {"cancels": self._ids(node, [*self.reader.categories, "all"], "category")}

    def sum(self, code: str, node: Mapping) -> dict[str, Any]:
        """Close a sum of categories, a tagged part, or a count of records."""
        schema.check_keys(node, schema.SUM, f"sum {code}", self.reader.findings)
        with self.reader.of(code, "") as readings:
            if not {"of", "where", "count"} & node.entries.keys():
                self.reader.fault(
                    "E101", node, f'sum {code} has neither "of", "where" nor "count"', "of: [a, b]"
                )
            where = self.reader.condition(node.entries["where"]) if "where" in node.entries else None
            same = (
                self.reader.fact(text_of(node.entries["same"]) or "", node.entries["same"])
                if "same" in node.entries
                else None
            )
            known = [*self.reader.categories, *self.sum_nodes]
            convert = self._convert(code, node.get("convert"))
            parts = self._ids(node.get("of"), known, "category")
            for unit in sorted({self.units.get(part, "hour") for part in parts} - {"hour"} - convert.keys()):
                if len({self.units.get(part, "hour") for part in parts}) > 1:
                    self.reader.fault(
                        "E103",
                        node,
                        f"sum {code} adds hours and {unit}: how many hours is one {unit}?",
                        f"convert: {{{unit}: 2.5 hours, clause: …}}",
                    )
            return {
                "label": text_of(node.get("label")) or code, "of": parts, "where": where,
                "count": self._ids(node.get("count"), self.rule_ids, "rule") if "count" in node.entries else None,
                "same": same, "convert": convert, "readings": readings,
            }  # fmt: skip

    def _convert(self, code: str, rates: Node | None) -> dict[str, Any]:
        """Close how many hours one of another unit is: a number, or a parameter that may not be set yet (a form)."""
        found: dict[str, Any] = {}
        for unit, value in rates if isinstance(rates, Mapping) else ():
            if unit == "clause":
                continue
            text = (text_of(value) or "").removesuffix(" hours").strip()
            form = self.reader.value(Scalar(value.file, value.line, text), "hours")
            if form[0] not in ("fixed", "unset", "by_year"):
                self.reader.fault(
                    "E103",
                    value,
                    f'"{text_of(value)}" says not how many hours one {unit} is (sum {code})',
                    f"{unit}: 2.5 hours, or a parameter: parameters: {{factor: {{label: …, clause: …, default: none}}}}",
                )
                continue
            found[unit] = form[1] if form[0] == "fixed" else form
        return found

    def requirement(self, entry: Entry) -> dict[str, Any]:
        """Close a requirement: minimum, share, warning, ceiling, window or alternatives."""
        keys = entry.keys
        with self.reader.of(entry.id, cite(entry, self.files)["clause"]):
            closed, written = self._start(entry), len(self.reader.numbers)
            of = text_of(keys.get("of")) or "total"
            if "of" in keys and not isinstance(keys["of"], Scalar):
                self.reader.fault(
                    "E103", keys["of"], "a requirement is of one category or sum", "of: total, or name a sum"
                )
            known = ["total", *self.reader.categories, *self.sum_nodes]
            if of not in known:
                self.reader.fault(
                    "E504",
                    keys["of"],
                    f'"{of}" is no category and no sum{did_you_mean(of, known)}',
                    f"of: {nearest(of, known) or 'total'}",
                )
            ids = [other.id for other in self.merged.sections["requirements"]]
            effect = text_of(keys.get("effect")) or "minimum"
            if effect not in ("minimum", "warn"):
                self.reader.fault(
                    "E103", keys["effect"], f'"{effect}" is no effect of a requirement', "effect: warn"
                )
            written_as = [word for word in NUMBERS if word in keys]
            number = written_as[0] if written_as else None
            if len(written_as) > 1:
                self.reader.fault(
                    "E506",
                    keys[written_as[1]],
                    f"{entry.id}: {', '.join(f'{word} is of {NUMBERS[word]}' for word in written_as)}: which is meant?",
                    "keep one of them, the other in a requirement of its own",
                )
            at_least = self.reader.value(keys[number], "minimum") if number is not None else None
            decides = self.reader.option(keys.get("decides"), ("year", "beside"), "decides")
            at_most = self.reader.value(keys["at_most"], "ceiling") if "at_most" in keys else None
            for word, form in ((number or "at_least", at_least), ("at_most", at_most)):
                for part in _parts(form):
                    self._ids(Scalar(entry.file, entry.line_of(word), part), ids, "requirement")
            alone = text_of(keys.get("alone"))
            if alone is not None and alone not in YES:
                self.reader.fault(
                    "E103",
                    keys["alone"],
                    f'"{alone}" says neither yes nor no of alone',
                    "alone: no, or delete it",
                )
            return {
                **closed, "of": of, "at_least": at_least, "effect": effect, "key": entry.text("key") or entry.id,
                "at_most": at_most,
                "over": self._over(keys.get("over")),
                **{word: self._ids(keys.get(word), ids, "requirement") for word in ("average_of", "sum_of", "every", "any_of", "all_of")},
                "alone": alone not in ("no", "false"),
                **({"averaged": True} if number == "average_at_least" else {}),
                **({"each": True} if number == "each_at_least" else {}),
                **({"decides": True} if decides == "year" else {}),
                "when": self._when(keys.get("when"), written),
            }  # fmt: skip

    def _when(self, node: Node | None, written: int) -> Form | None:
        """Read who is bound; a number of a requirement that a reading switches on is that reading's answer.

        Of an option that was not chosen no number is compared with the text.
        """
        if node is None:
            return None
        before = len(self.reader.readings)
        when = self.reader.condition(node)
        if len(self.reader.readings) > before:
            numbers = self.reader.numbers
            off = settled(when) is False
            numbers[written:] = [] if off else [one._replace(read=True) for one in numbers[written:]]
        return when

    def _over(self, node: Node | None) -> dict[str, Any] | None:
        if node is None:
            return None
        if isinstance(node, Scalar):
            if node.text in ("term", "cycle"):
                return {"window": node.text}
        elif isinstance(node, Mapping):
            window = next((word for word in WINDOWS if word in node.entries), None)
            if window is not None:
                schema.check_keys(
                    node, WINDOWS[window], f"over {window}", self.reader.findings, self.reader.clause
                )
            if "cycle" in node.entries:
                return {"window": "cycle", "years": self.reader.value(node.entries["cycle"], "years")}
            for word in ("last", "before"):
                if word in node.entries:
                    return {"window": word, "years": self.reader.value(node.entries[word], "years")}
            if "since" in node.entries:
                fact = text_of(node.entries["since"]) or ""
                full = f"person.{fact}" if f"person.{fact}" in self.reader.vocabulary.facts else fact
                known = self.reader.fact(full, node.entries["since"])
                if known and self.reader.vocabulary.facts[known].type != "date":
                    self.reader.fault(
                        "E103",
                        node.entries["since"],
                        f"{known} is no date: from which year would the years be counted?",
                        "since: title_date, or another date of the person",
                    )
                limit = (
                    self.reader.value(node.entries["at_most"], "years") if "at_most" in node.entries else None
                )
                return {"window": "since", "fact": full, "years": limit}
        self.reader.fault(
            "E103",
            node,
            "this is no window of years",
            "over: term, {cycle: 5}, {last: 3}, {before: 2} or {since: title_date}",
        )
        return None

    def deemed(self, entry: Entry) -> dict[str, Any]:
        """Close a deemed completion: a record that satisfies requirements instead of giving hours."""
        with self.reader.of(entry.id, entry.clause):
            closed = self._start(entry)
            ids = [other.id for other in self.merged.sections["requirements"]]
            if "if_record" not in entry.keys:
                self.reader.findings.add(
                    "E101",
                    entry.file,
                    entry.line,
                    f'{entry.id} has no "if_record"',
                    "if_record: {kind: …}",
                    entry.clause,
                )
            node = entry.keys.get("if_record")
            when: Form = self.reader.condition(node) if node is not None else ["const", False]
            under = self._under_options(node, when) if node is not None else []
            return {
                **closed,
                "if_record": when,
                **({"under": under} if under else {}),
                "meets": self._ids(entry.keys.get("meets"), ids, "requirement"),
                **self._for_years(entry.keys.get("for_years")),
            }

    def _under_options(self, node: Node, held: Form) -> list[list[Any]]:
        """Close a condition under each option of the readings that stand in it: `[reading, option, form]`, for the reader."""
        reader = self.reader
        found: list[list[Any]] = []
        # Read before: what is wrong with it, its numbers and what it rests on are known.
        findings, numbers, rests = reader.findings, len(reader.numbers), list(reader.readings)
        reader.findings = Findings()
        for name in dict.fromkeys(_readings_in(held)):
            reading = reader.names.readings[name]
            holds = reading.option
            for option in reading.options:
                reading.option = option
                found.append([name, option, reader.condition(node)])
            reading.option = holds
        reader.findings, reader.readings[:] = findings, rests
        del reader.numbers[numbers:]
        return found

    def _for_years(self, node: Node | None) -> dict[str, int]:
        """Read for how many years, its own first, a record satisfies; its own only where nothing is said."""
        form = self.reader.value(node, "years") if node is not None else ["fixed", "1"]
        if form[0] == "fixed":
            return {"for_years": int(str(form[1]))} if form != ["fixed", "1"] else {}
        if node is not None and form != ["none"]:
            self.reader.fault(
                "E103",
                node,
                "for_years is one number for everybody",
                "for_years: 2, or a reading that chooses",
            )
        return {}

    def manual(self, entry: Entry) -> dict[str, Any]:
        """Close a manual step: who decides what, and which fact that yields."""
        with self.reader.of(entry.id, entry.clause):
            closed = self._start(entry)
            for word in ("who", "decide", "gives"):
                if word not in entry.keys:
                    self.reader.findings.add(
                        "E101",
                        entry.file,
                        entry.line,
                        f'manual step {entry.id} has no "{word}"',
                        f"{word}: …",
                        entry.clause,
                    )
            who = entry.text("who")
            # A body's own Chinese name stands as it is.
            if who is not None and who.isascii() and who not in DECIDERS:
                self.reader.fault(
                    "E103",
                    entry.keys["who"],
                    f'"{who}" is nobody who decides{did_you_mean(who, DECIDERS)}. Allowed: {", ".join(DECIDERS)}',
                    f"write {nearest(who, DECIDERS) or 'one of these'}, or the body in Chinese",
                )
            gives = entry.text("gives") or "nothing"
            if gives != "nothing":
                self.reader.fact(gives, entry.keys.get("gives") or Scalar(entry.file, entry.line, gives))
            return {
                **closed,
                "who": entry.text("who") or "",
                "decide": entry.text("decide") or "",
                "gives": gives,
            }


def _readings_in(form: object) -> list[str]:
    """List the readings whose options stand in a condition."""
    if not isinstance(form, list):
        return []
    if form[:1] == ["option"]:
        return [str(form[1])]
    return [name for part in form for name in _readings_in(part)]


def _parts(form: Form | None) -> list[str]:
    """List the requirement ids that shares in a minimum name."""
    if form is None:
        return []
    if form[0] == "part":
        return [str(form[3])]
    found: list[str] = []
    stack: list[object] = list(form[1:])
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            if part and part[0] == "part":
                found.append(str(part[3]))
            else:
                stack.extend(part)
    return found
