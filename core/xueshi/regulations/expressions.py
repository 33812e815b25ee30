"""Conditions and values in their three forms: a word, a list (the first that can be told), a lookup by one fact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import NamedTuple

from xueshi.regulations import words
from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence, plain
from xueshi.regulations.instrument import text_of, texts_of
from xueshi.regulations.names import LOOKS_LIKE_READING, Names, Parameter, Reading
from xueshi.regulations.vocabulary import Vocabulary
from xueshi.regulations.words import Form

SPECIAL = ("none", "not_stated", "stated")
LEAF_WORDS = {"years": "number of years", "ceiling": "cap"}
DAYS = ("day", "half_day")
"""Units of a rate from which `less` takes something off."""
YES = {"yes": True, "true": True, "no": False, "false": False}


class Written(NamedTuple):
    """A number as a rule file writes it, and the clause that its rule cites: to be compared with the published text.

    `read` tells that it rests on a reading: then it is somebody's answer, and need not stand in the clause itself.
    """

    file: str
    line: int
    clause: str
    text: str
    read: bool
    unit: str = ""
    """Of a bound: in what the fact is counted (个月, 天)."""


class Reader:
    """Turns nodes into the closed form; collects findings and the readings, parameters and facts that were used."""

    def __init__(
        self, vocabulary: Vocabulary, names: Names, categories: dict[str, str], findings: Findings
    ) -> None:
        self.vocabulary = vocabulary
        self.names = names
        self.categories = categories
        self.findings = findings
        self.rule = ""
        self.clause = ""
        self.readings: list[str] = []
        self.overlap: str | None = None
        self.partial: str | None = None
        self.less: list[str] = []
        self.undecided: str | None = None
        self.hooks: set[str] = set()
        self.numbers: list[Written] = []

    @contextmanager
    def of(self, rule: str, clause: str) -> Iterator[list[str]]:
        """Read the values of one rule; yields the list that fills with the full names of the readings it rests on."""
        before = self.rule, self.clause, self.readings
        self.rule, self.clause, self.readings = rule, clause, []
        try:
            yield self.readings
        finally:
            self.rule, self.clause, self.readings = before

    def fault(self, code: str, node: Node, message: str, repair: str) -> None:
        """Add a finding at a node, with the clause of the rule being read."""
        self.findings.add(code, node.file, node.line, message, repair, self.clause)

    def _wrote(self, node: Node, text: str, unit: str = "") -> None:
        """Keep a number that was written, to be compared with the published text; of a bound with the fact's unit."""
        self.numbers.append(Written(node.file, node.line, self.clause, text, bool(self.readings), unit))

    def _at(self) -> str:
        return f" ({self.clause})" if self.clause else ""

    # Names

    def use_reading(self, reading: Reading) -> str:
        """Note that the rule rests on a reading; return its option."""
        reading.used = True
        if reading.id not in self.readings:
            self.readings.append(reading.id)
        return reading.option

    def option(self, node: Node | None, allowed: tuple[str, ...], what: str) -> str | None:
        """Read a setting that is one of a few words, or the reading that chooses it."""
        if node is None:
            return None
        text = text_of(node) or _plainly(node)
        if reading := self.names.reading(text, node.file):
            bad = [option for option in reading.options if option not in allowed]
            if bad:
                self.fault(
                    "E103",
                    node,
                    f'{what}: option "{bad[0]}" of {text} is none of {", ".join(allowed)}{self._at()}',
                    f"options of {text}: {', '.join(allowed)}",
                )
            return self.use_reading(reading)
        if text not in allowed:
            if LOOKS_LIKE_READING.match(text):
                self._unknown_name(node, text, list(allowed), what)
            else:
                near = nearest(text, allowed)
                self.fault(
                    "E103",
                    node,
                    f'"{text}" is no {what}{self._at()}. Allowed: {", ".join(allowed)}, or a reading',
                    f"write {near}" if near else f"write {' or '.join(allowed)}",
                )
            return None
        return text

    def taken(self, node: Node | None) -> list[str]:
        """Read `less`: one fact, a list (all are subtracted), or a reading that chooses; `none` subtracts nothing."""
        if node is None:
            return []
        if isinstance(node, Mapping):
            return self._taken_by_reading(node)
        found: list[str] = []
        if isinstance(node, Sequence):
            for item in node.items:
                if isinstance(item, Sequence):
                    self.fault(
                        "E103",
                        item,
                        f"less holds a list in a list{self._at()}",
                        "less: [travel_days, free_days]",
                    )
                else:
                    found.extend(self.taken(item))
        for word in texts_of(node) if isinstance(node, Scalar) else ():
            if reading := self.names.reading(word, node.file):
                chosen = self.use_reading(reading)
            elif LOOKS_LIKE_READING.match(word):
                self._unknown_name(node, word, [], "reading")
                continue
            else:
                chosen = word
            if chosen != "none" and (fact := self.fact(chosen, node)):
                found.append(fact)
        if len(set(found)) != len(found):
            self.fault("E102", node, "less names a fact twice: it would be subtracted twice", "delete one")
        return found

    def _taken_by_reading(self, node: Mapping) -> list[str]:
        name, table = next(iter(node), ("", node))
        reading = self.names.reading(name, node.file) if len(node.entries) == 1 else None
        if reading is None or not isinstance(table, Mapping):
            self.fault(
                "E103",
                node,
                f"less rests on a reading or on nothing; by a fact, write rows with less of their own{self._at()}",
                "less: travel_days, or less: {Q5: {counted: none, taken: travel_days}}",
            )
            return []
        option = self.use_reading(reading)
        chosen: list[str] | None = None
        otherwise: list[str] | None = None
        for key, inner in table:
            outer = list(self.readings)
            facts = self.taken(inner)
            if key == "otherwise":
                otherwise = facts
                continue
            self._check_options(reading, words.split(key), Scalar(table.file, table.line_of(key), key))
            if option in words.split(key):
                chosen = facts
            else:
                self.readings[:] = outer  # a branch that was not chosen is checked; nothing rests on it
        if chosen is None and otherwise is None:
            self.fault(
                "E106",
                table,
                f'{reading.id} has no value for option "{option}"{self._at()}',
                f"add {option}: none, or otherwise: none",
            )
        return chosen if chosen is not None else otherwise or []

    def _unknown_name(self, node: Node, text: str, known: list[str], what: str) -> None:
        if LOOKS_LIKE_READING.match(text):
            options = self.names.reading_words()
            self.fault(
                "E504",
                node,
                f'"{text}" is no reading{did_you_mean(text, options)}',
                f"write {nearest(text, options) or 'a name of readings'}",
            )
        else:
            self.fault(
                "E103",
                node,
                f'"{text}" is no {what}{self._at()}',
                f"write {nearest(text, known) or known[0] if known else '…'}",
            )

    def fact(self, name: str, node: Node) -> str | None:
        """Check the name of a fact (E104)."""
        if name in self.vocabulary.facts:
            return name
        near = nearest(name, self.vocabulary.facts)
        self.fault(
            "E104",
            node,
            f'unknown fact "{name}"{self._at()}{did_you_mean(name, self.vocabulary.facts)}',
            f"write {near}" if near else "add it under facts",
        )
        return None

    # Conditions

    def condition(self, node: Node) -> Form:
        """Read a condition: a yes/no fact, a mapping (all must hold), a list (all must hold), any, not."""
        if isinstance(node, Scalar):
            return self._yes(node)
        if not (node.items if isinstance(node, Sequence) else node.entries):
            self.fault(
                "E103",
                node,
                f"a condition without anything in it{self._at()}",
                "delete it, or write {fact: value}",
            )
            return ["const", True]
        if isinstance(node, Sequence):
            return _all([self.condition(item) for item in node.items])
        return _all(self.pairs(node))

    def pairs(self, node: Mapping) -> list[Form]:
        """Read each pair of a mapping as one condition."""
        return [self._pair(Scalar(node.file, node.line_of(key), key), value) for key, value in node]

    def gates(self, node: Node | None, alone: bool) -> list[Form]:
        """Read `needs` (each pair is a condition of its own) or, with `alone`, `except` (each element is one exclusion)."""
        if node is None:
            return []
        items = node.items if isinstance(node, Sequence) else (node,)
        gates: list[Form] = []
        for item in items:
            if isinstance(item, Mapping) and not item.entries:
                self.condition(item)
                continue
            gates.extend(
                [self.condition(item)] if alone or not isinstance(item, Mapping) else self.pairs(item)
            )
        return gates

    def _yes(self, node: Scalar) -> Form:
        name = self.fact(node.text, node)
        if name is None:
            return ["const", True]
        if self.vocabulary.facts[name].type != "yes_no":
            self.fault("E103", node, f"{name} is no yes/no fact{self._at()}", f"{{{name}: …}}")
        return ["test", name, {"in": [True]}]

    def _pair(self, key: Scalar, value: Node) -> Form:
        if key.text in ("any", "all"):
            parts = [
                self.condition(item) for item in (value.items if isinstance(value, Sequence) else (value,))
            ]
            return ["or", parts] if key.text == "any" else _all(parts)
        if key.text == "not":
            return ["not", self.condition(value)]
        if reading := self.names.reading(key.text, key.file):
            options = self.listed(key.text, value)
            self._check_options(reading, options, value)
            return ["option", reading.id, self.use_reading(reading) in options]
        if key.text == "kind":
            kinds = self.listed(key.text, value)
            for kind in kinds:
                self.kind(kind, value)
            return ["test", "kind", {"in": list(kinds)}]
        name = self.fact(key.text, key)
        return ["test", name, self.matcher(name, value)] if name else ["const", True]

    def kind(self, name: str, node: Node) -> None:
        """Check the name of a kind (E105)."""
        if name not in self.vocabulary.kinds:
            near = nearest(name, self.vocabulary.kinds)
            self.fault(
                "E105",
                node,
                f'unknown kind "{name}"{self._at()}{did_you_mean(name, self.vocabulary.kinds)}',
                f"write {near}" if near else "add it under kinds",
            )

    def _check_options(self, reading: Reading, options: list[str], node: Node) -> None:
        for option in options:
            if option not in reading.options:
                self.fault(
                    "E106",
                    node,
                    f'"{option}" is not an option of {reading.id}{self._at()}{did_you_mean(option, reading.options)}',
                    f"allowed: {', '.join(reading.options)}",
                )

    def matcher(self, fact: str, node: Node) -> dict[str, object]:
        """Read what a fact is compared with: a value, a band, `none`, `not_stated`, `stated`, or a list of these."""
        if isinstance(node, Mapping):
            self.fault(
                "E103",
                node,
                f"a condition on {fact} cannot be a mapping{self._at()}",
                f"{fact}: a value, a band or a list",
            )
            return {"in": []}
        return self.match_words(fact, self.listed(fact, node), node)

    def listed(self, what: str, node: Node) -> list[str]:
        """Return the words of a value or list; nothing, or a list in a list, is E103: it would match nothing."""
        found = texts_of(node)
        if not found or (isinstance(node, Sequence) and len(found) != len(node.items)):
            self.fault(
                "E103",
                node,
                f"{what} is compared with nothing readable{self._at()}",
                f"{what}: a value, or [a, b]",
            )
        return found

    def match_words(self, fact: str, texts: list[str], node: Node) -> dict[str, object]:
        """Read the words of a condition or of a table key into one matcher."""
        known = self.vocabulary.facts[fact]
        values: list[object] = []
        bands: list[Form] = []
        matcher: dict[str, object] = {}
        for text in texts:
            if text in SPECIAL and text not in known.values:
                matcher[text] = True
            elif known.type == "yes_no":
                if text in YES:
                    values.append(YES[text])
                else:
                    self.fault(
                        "E106", node, f'"{text}" is not a value of {fact}{self._at()}', "Allowed: yes, no"
                    )
                    matcher["unreadable"] = True
            elif known.type == "word":
                if text in known.values:
                    values.append(text)
                else:
                    listed = ", ".join(known.values) or "none listed, add them under facts"
                    self.fault(
                        "E106",
                        node,
                        f'"{text}" is not a value of {fact}{self._at()}. Allowed: {listed}',
                        f"write {nearest(text, known.values) or 'one of these'}",
                    )
                    matcher["unreadable"] = True
            elif known.type in ("count", "number"):
                if band := words.band(text):
                    bands.append(band)
                    if fact != "year":  # from which year something holds may be another text's date
                        self._wrote(node, text, known.unit)
                elif words.number(text) is not None:
                    values.append(text)
                    self._wrote(node, text, known.unit)
                else:
                    self.fault(
                        "E103",
                        node,
                        f'"{text}" is no number and no band of {fact}{self._at()}',
                        "upto 3, below 3, over 3, from 3, 3 to 6 (both ends in), over 3 below 6, or 3",
                    )
                    matcher["unreadable"] = True
            elif known.type in ("id", "years"):
                values.append(text)
            elif known.type == "date" and text == "in_window":
                matcher["in_window"] = True
            else:
                self.fault(
                    "E103",
                    node,
                    f'{fact} cannot be compared with "{text}"{self._at()}',
                    f"{fact}: none, not_stated or stated",
                )
                matcher["unreadable"] = True
        if values:
            matcher["in"] = values
        if bands:
            matcher["bands"] = bands
        return matcher

    # Values

    def value(self, node: Node, leaf: str) -> Form:
        """Read a value of sort `leaf` (hours, percent, cap, years, category, minimum, day, word, spread) in its three forms."""
        if isinstance(node, Sequence):
            if not node.items:
                self.fault("E103", node, f"an empty list gives no {leaf}{self._at()}", "write a value")
                return ["none"]
            if leaf == "spread":
                return self._spread(node)
            if leaf == "word":
                return ["list", [item.text for item in node.items if isinstance(item, Scalar)]]
            return ["first", [self.value(item, leaf) for item in node.items]]
        if isinstance(node, Scalar):
            return self._scalar(node, leaf)
        if leaf == "hours" and "python" in node.entries:
            return self._python(node)
        if len(node.entries) != 1:
            self.fault(
                "E103",
                node,
                f"a value looked up by a fact has one key, not {len(node.entries)}{self._at()}",
                "{fact: {value: …}}",
            )
            return ["none"]
        key, table = next(iter(node))
        at = Scalar(node.file, node.line_of(key), key)
        if reading := self.names.reading(key, key_file := node.file):
            return self._by_reading(reading, table, leaf)
        if key not in self.vocabulary.facts and LOOKS_LIKE_READING.match(key):
            self._unknown_name(at, key, [], f"reading in {key_file}")
            return ["none"]
        name = self.fact(key, at)
        if name is None:
            return ["none"]
        if not isinstance(table, Mapping):
            return ["when_stated", name, self.value(table, leaf)]
        if not table.entries:
            self.fault(
                "E103", table, f"the table by {name} is empty{self._at()}", f"{{{name}: {{value: …}}}}"
            )
            return ["none"]
        return self._lookup(name, table, leaf)

    def _scalar(self, node: Scalar, leaf: str) -> Form:
        text = node.text
        if text in self.names.tables:
            self.names.tables_used.add(text)
            return self.value(self.names.tables[text], leaf)
        if found := self.parameter(text):
            return self._parameter_form(*found, node)
        if leaf == "hours" and (named := words.times(text)) and (found := self.parameter(named[0])):
            return ["by_factor", self._parameter_form(*found, node), words.RATE_UNITS[named[1]][0]]
        reading = self.names.reading(text, node.file)
        if reading is not None:
            option = self.use_reading(reading)
            return self._word(Scalar(node.file, node.line, option), leaf)
        return self._word(node, leaf)

    def parameter(self, text: str) -> tuple[Parameter, str | None] | None:
        """Find a parameter by its name, or one of its columns by `name.column`."""
        if text in self.names.parameters:
            return self.names.parameters[text], None
        name, _, column = text.partition(".")
        if column and name in self.names.parameters:
            return self.names.parameters[name], column
        return None

    def _parameter_form(self, parameter: Parameter, column: str | None, node: Scalar) -> Form:
        parameter.used = True
        if parameter.key:
            name = self.fact(parameter.key, node)
            if column is not None and column not in parameter.columns:
                self.fault(
                    "E504",
                    node,
                    f'"{column}" is no column of {parameter.id}{did_you_mean(column, parameter.columns)}',
                    f"{parameter.id}.{nearest(column, parameter.columns) or '…'}",
                )
            rows = parameter.value if isinstance(parameter.value, dict) else {}
            cells = {
                key: (cell.get(column) if isinstance(cell, dict) else cell) for key, cell in rows.items()
            }
            return [
                "keyed",
                parameter.id,
                name or parameter.key,
                {key: ["fixed", cell] for key, cell in cells.items() if cell is not None},
            ]
        plain_form: Form = (
            ["fixed", parameter.value] if parameter.value is not None else ["unset", parameter.id]
        )
        if parameter.dated:
            return [
                "by_year",
                [
                    [year, ["fixed", value] if value is not None else ["unset", parameter.id]]
                    for year, value in sorted(parameter.dated.items())
                ],
                plain_form,
            ]
        return plain_form

    def _word(self, node: Scalar, leaf: str) -> Form:
        text = node.text
        form: Form | None
        if leaf == "hours":
            form = words.amount(text)
            if form is not None:
                self._wrote(node, text)
                return self._amount(form, node)
            self.fault("E103", node, f'"{text}" is no amount{self._at()}', _amount_repair(text))
            return ["none"]
        if leaf == "percent":
            form, example = words.percent(text), "20%, 50% of 50%, or stated in a fact"
        elif leaf == "cap":
            form, example = words.cap(text), "a number of hours, or none"
        elif leaf == "ceiling":
            form, example = (
                words.cap(text) or (words.minimum(text) if "/" in text else None),
                "80, none, or 1/3 of R1",
            )
        elif leaf == "years":
            form = ["fixed", text] if text.isdigit() and int(text) > 0 else None
            example = "3, or a reading that chooses"
        elif leaf == "minimum":
            form, example = words.minimum(text), "90, 1/3 of R1, any, or a parameter"
        elif leaf == "day":
            form, example = words.month_day(text), "11-01"
        elif leaf == "category":
            form, example = (["word", text] if text in self.categories else None), ", ".join(self.categories)
        elif leaf == "spread":
            share = words.percent(text)
            form, example = (["parts", [share[1]]] if share and share[0] == "percent" else None), "[50%, 50%]"
        else:
            form, example = ["word", text], ""
        if form is None:
            self._unknown_name(
                node,
                text,
                list(self.categories) if leaf == "category" else [example.split(", ")[0]],
                f"{LEAF_WORDS.get(leaf, leaf)}{did_you_mean(text, self.categories) if leaf == 'category' else ''} ({example}),",
            )
            return ["none"]
        if form[0] in ("fixed", "percent", "part") and form != ["percent", "100"]:
            self._wrote(node, text, "年度" if leaf == "years" else "")
        if form[0] == "stated_percent":
            self.fact(str(form[1]), node)
        return form

    def _amount(self, form: Form, node: Scalar) -> Form:
        if form[0] == "stated":
            self.fact(str(form[1]), node)
        if form[0] == "rate":
            unit = str(form[2])
            return [
                *form,
                self._part_of(unit),
                list(self.less)
                if unit in DAYS
                else [],  # days on the way are taken off days, of nothing else
            ]
        if form[0] == "range":
            return [*form, self.undecided]
        return form

    def _part_of(self, unit: str) -> str:
        """Return what a part of a unit gives, as `partial` says it, where that word does anything to the unit."""
        part = self.partial or "prorate"
        if part == "by_days" and unit not in words.COMPLETED:
            return "prorate"
        return "prorate" if part in words.UPWARD and unit in words.WHOLE_ONLY else part

    def _python(self, node: Mapping) -> Form:
        name = text_of(node.get("python")) or ""
        reads = texts_of(node.get("reads"))
        for fact in reads:
            self.fact(fact, node)
            if fact.startswith("person."):
                self.fault(
                    "E103",
                    node,
                    f"a Python amount reads no fact of the person{self._at()}",
                    f"reads without {fact}",
                )
        for key in node.entries:
            if key not in ("python", "reads"):
                self.fault(
                    "E101", node, f'unknown key "{key}" beside python{self._at()}', "use python and reads"
                )
        self.hooks.add(name)
        return ["python", name, reads]

    def _spread(self, node: Sequence) -> Form:
        parts = [item.text for item in node.items if isinstance(item, Scalar)]
        shares = [str(share[1]) for part in parts if (share := words.percent(part)) and share[0] == "percent"]
        if len(shares) < len(parts) or sum(map(Fraction, shares)) != 100:
            self.fault(
                "E103",
                node,
                f"the parts of a spread are percentages with the sum 100{self._at()}",
                "[50%, 50%]",
            )
            return ["parts", ["100"]]
        for part in parts:
            self._wrote(node, part)
        return ["parts", shares]

    def _by_reading(self, reading: Reading, table: Node, leaf: str) -> Form:
        chosen: Form | None = None
        otherwise: Form | None = None
        option = self.use_reading(reading)
        if not isinstance(table, Mapping):
            self.fault(
                "E103",
                table,
                f"{reading.id} chooses between options{self._at()}",
                f"{{{reading.id}: {{{next(iter(reading.options), '…')}: …}}}}",
            )
            return ["none"]
        for key, node in table:
            keys = words.split(key)
            outer, numbers = list(self.readings), len(self.numbers)
            form = self.value(node, leaf)
            if key == "otherwise":
                otherwise = form
            else:
                self._check_options(reading, keys, Scalar(table.file, table.line_of(key), key))
            if option in keys:
                chosen = form
            elif key != "otherwise":
                # A branch that was not chosen is checked, but the result does not rest on its readings, and its
                # numbers need not stand in this text: they are somebody else's reading of it.
                self.readings[:] = outer
                del self.numbers[numbers:]
        if chosen is None and otherwise is None:
            self.fault(
                "E106",
                table,
                f'{reading.id} has no value for option "{option}"{self._at()}',
                f"add {option}: …, or otherwise: …",
            )
            return ["none"]
        return chosen if chosen is not None else otherwise or ["none"]

    def _lookup(self, fact: str, table: Mapping, leaf: str) -> Form:
        cases: list[list[object]] = []
        absent: Form | None = None
        otherwise: Form | None = None
        then: Form | None = None
        for key, node in table:
            at = Scalar(table.file, table.line_of(key), key)
            if key == "then":
                then = self._then(node, leaf)
                continue
            form = self.value(node, leaf)
            if key == "otherwise":
                otherwise = form
                continue
            texts = words.split(key)
            if "not_stated" in texts:
                absent = form
                texts.remove("not_stated")
            if "in_window" in texts:
                self.fault(
                    "E103",
                    at,
                    f"a table does not look up whether {fact} is in the year{self._at()}",
                    f"rows with when: {{{fact}: in_window}}",
                )
                texts.remove("in_window")
            if texts:
                cases.append([self.match_words(fact, texts, at), form])
        self._meeting_keys(fact, cases, table)
        last: int | None = None
        if then is not None:
            ranks = [
                int(str(value)) for matcher, _ in cases for value in _values(matcher) if str(value).isdigit()
            ]
            if not ranks:
                self.fault(
                    "E103",
                    table,
                    f"then needs a last value of {fact} before it{self._at()}",
                    "{1: 100%, then: -20%}",
                )
                then = None
            else:
                last = max(ranks)
        return ["lookup", fact, cases, absent, otherwise, [*then, last] if then else None]

    def _then(self, node: Node, leaf: str) -> Form | None:
        if isinstance(node, Mapping) and len(node.entries) == 1:
            key, table = next(iter(node))
            if (reading := self.names.reading(key, node.file)) and isinstance(table, Mapping):
                option = self.use_reading(reading)
                found = [inner for keys, inner in table if option in words.split(keys) or keys == "otherwise"]
                for keys, inner in table:
                    self._check_options(
                        reading, [word for word in words.split(keys) if word != "otherwise"], table
                    )
                    self._then(inner, leaf)
                return self._then(found[0], leaf) if found else None
        text = text_of(node) or ""
        form = words.further(text, shares=leaf == "percent")
        if form is None:
            self.fault(
                "E103",
                node,
                f'"{text}" says nothing of further ranks{self._at()}',
                "then: -20% for shares, then: -1 for hours, then: x80%",
            )
        else:
            self._wrote(node, text)
        return form

    def _meeting_keys(self, fact: str, cases: list[list[object]], table: Mapping) -> None:
        """Two bands of one table that meet in a value need `overlap`; the band that loses gives the value up."""
        for index, (first, _) in enumerate(cases):
            for second, _ in cases[index + 1 :]:
                for a in _bands(first):
                    for b in _bands(second):
                        if (value := meeting(a, b)) is None:
                            continue
                        if self.overlap is None:
                            self.fault(
                                "E502",
                                table,
                                f"two bands of {fact} both hold at {fact} = {value}{self._at()}",
                                "overlap: Qn with lower and higher",
                            )
                        else:
                            give_up(b if self.overlap == "lower" else a, value)


def _all(parts: list[Form]) -> Form:
    return parts[0] if len(parts) == 1 else ["and", parts]


def _values(matcher: object) -> list[object]:
    found = matcher.get("in", []) if isinstance(matcher, dict) else []
    return found if isinstance(found, list) else []


def _bands(matcher: object) -> list[Form]:
    found = matcher.get("bands", []) if isinstance(matcher, dict) else []
    return found if isinstance(found, list) else []


def meeting(a: Form, b: Form) -> str | None:
    """Return the value in which two bands meet (both include it), None when they do not touch in one single value."""
    for low, high in ((a, b), (b, a)):
        if (
            low[2] is not None
            and high[0] is not None
            and low[3]
            and high[1]
            and Fraction(str(low[2])) == Fraction(str(high[0]))
        ):
            return str(low[2])
    return None


def give_up(band: Form, value: str) -> None:
    """Take a shared bound out of a band."""
    for bound in (0, 2):
        if band[bound] is not None and Fraction(str(band[bound])) == Fraction(value):
            band[bound + 1] = False


def _plainly(node: Node) -> str:
    """Write what stands where one word belongs as an author would: `{Q5: {…}}`."""
    return str(plain(node)).replace("'", "")


def _amount_repair(text: str) -> str:
    first = text.split(" ", maxsplit=1)[0]
    unit = text.rsplit(" ", maxsplit=1)[-1]
    if words.number(first) is not None and (
        near := nearest(words.PLURALS.get(unit, unit), [*words.RATE_UNITS, *words.PLURALS])
    ):
        middle = (
            "1000 characters"
            if near.startswith("character") and "1000" in text and "10000" not in text
            else "10000 characters"
            if near.startswith("character")
            else near
        )
        return f"{first} per {middle}"
    return "write 10, 8 per day, stated, 10 to 15, 150% of 12, decided or none"


__all__ = ["Form", "Reader", "give_up", "meeting", "plain"]
