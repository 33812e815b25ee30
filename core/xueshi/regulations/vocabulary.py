"""The closed words of the rule language: kinds of record and facts, with their Chinese labels.

Source: `vocabulary.yaml` (rule language, section 4); a regulation adds its own in `kinds` and `facts`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings, did_you_mean
from xueshi.regulations.sources import RegulationSource

FACT_TYPES = ("yes_no", "count", "number", "word", "date", "id", "list", "years")
_FACT_KEYS = ("type", "label", "unit", "values", "yes", "no", "of", "range")
_RANGE = re.compile(r"(\d{1,8}) to (\d{1,8})")
YES_NO = {"yes": "是", "no": "否"}


@dataclass(frozen=True)
class Fact:
    """One fact: name, type, label, unit, and for words the Chinese of each value (for yes/no the two phrases)."""

    name: str
    type: str
    label: str
    unit: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    range: tuple[int, int] | None = None
    """The least and the most that may be stated of a number, both in (of a list: of each day)."""

    def phrase(self, value: object) -> str:
        """Say in Chinese what the fact being `value` means: `合格`, `级别为国家级`, `排名3位`."""
        if value is None:
            return f"{self.label}为无"
        if isinstance(value, bool):
            return self.values["yes" if value else "no"]
        if self.type == "word":
            return f"{self.label}为{self.values.get(str(value), str(value))}"
        if isinstance(value, Mapping):
            return self.label + "、".join(f"{key}为{held}{self.unit}" for key, held in value.items())
        if isinstance(value, list | tuple):
            return f"{self.label}{'、'.join(map(str, value))}{self.unit}"
        return f"{self.label}{value}{self.unit}"


@dataclass(frozen=True)
class Vocabulary:
    """The kinds (code → label) and facts that one regulation may name."""

    kinds: Mapping[str, str]
    facts: Mapping[str, Fact]

    def label(self, fact: str) -> str:
        """Return the Chinese label of a fact, the name itself when unknown."""
        return self.facts[fact].label if fact in self.facts else fact

    def extended(
        self, kinds: document.Node | None, facts: document.Node | None, findings: Findings
    ) -> Vocabulary:
        """Return this vocabulary with the kinds and facts that a rule file adds.

        An existing name cannot get another meaning (E102): only words get further values. A kind, a fact and a value
        may be called as the text calls them (`unit_self_study: {label: 个人自学}`, `level: {values: {city: 州级}}`);
        what they are stays the same.
        """
        more_kinds, more_facts = dict(self.kinds), dict(self.facts)
        for name, label, node in _entries(kinds, findings):
            if name in more_kinds and not isinstance(label, document.Mapping):
                findings.add(
                    "E102",
                    node.file,
                    node.line,
                    f"kind {name} exists already ({more_kinds[name]})",
                    f"choose another name; where this text only calls it otherwise, {name}: {{label: …}}",
                )
            elif isinstance(label, document.Scalar):
                more_kinds[name] = label.text
            elif isinstance(label, document.Mapping) and isinstance(
                text := label.get("label"), document.Scalar
            ):
                more_kinds[name] = text.text
            else:
                findings.add(
                    "E103", node.file, node.line, f"kind {name} has no label", f"{name}: {{label: 中文名称}}"
                )
            twin = next(
                (one for one, said in more_kinds.items() if one != name and said == more_kinds.get(name)),
                None,
            )
            if twin is not None:
                findings.add(
                    "E102",
                    node.file,
                    node.line,
                    f"kind {name} has the label of {twin} ({more_kinds[twin]}): a table could not tell them apart",
                    "give it another label",
                )
        for name, body, node in _entries(facts, findings):
            fact = _fact(name, body, node, findings, more_facts)
            if fact is None:
                continue
            known = more_facts.get(fact.name)
            more_facts[fact.name] = fact if known is None else _called(known, fact, body, node, findings)
            _told_apart(more_facts, fact.name, known, node, findings)
        return Vocabulary(more_kinds, more_facts)


def _entries(
    node: document.Node | None, findings: Findings
) -> list[tuple[str, document.Node, document.Node]]:
    if node is None:
        return []
    if not isinstance(node, document.Mapping):
        findings.add("E103", node.file, node.line, "kinds and facts are mappings", "write name: {label: …}")
        return []
    return [(name, value, document.Scalar(node.file, node.line_of(name), name)) for name, value in node]


def _called(known: Fact, fact: Fact, body: document.Node, node: document.Node, findings: Findings) -> Fact:
    """Return a fact that exists already as this file calls it: other labels, and for a word further values."""
    written = body.entries if isinstance(body, document.Mapping) else {}
    said: str | None = None
    if known.type != fact.type:
        said = f"fact {fact.name} exists already ({known.label}) and is {known.type}, not {fact.type}"
    elif "unit" in written and fact.unit != known.unit:
        said = f"fact {fact.name} exists already ({known.label}) and is reckoned in {known.unit or 'no unit'}"
    elif "values" in written and known.type not in ("word", "yes_no"):
        said = f"fact {fact.name} exists already ({known.label}) and has no values"
    if said is not None:
        repair = f"choose another name; only words get further values, and {fact.name}: {{label: …}} calls it otherwise"
        findings.add("E102", node.file, node.line, said, repair)
        return known
    values = {**fact.values, **known.values} if known.type == "word" else dict(known.values)
    listed = isinstance(written.get("values"), document.Mapping)
    if known.type == "yes_no":
        values |= {word: fact.values[word] for word in ("yes", "no") if word in written}
    elif listed:
        values |= fact.values
    return Fact(
        known.name,
        known.type,
        fact.label if "label" in written else known.label,
        known.unit,
        values,
        fact.range or known.range,
    )


def _told_apart(
    facts: Mapping[str, Fact], name: str, known: Fact | None, node: document.Node, findings: Findings
) -> None:
    """Add E102 where a new or renamed fact or value has the label of another: a table could not tell them apart."""
    fact = facts[name]
    if known is None or fact.label != known.label:
        side = name.startswith("person.")
        twin = next(
            (
                one
                for one, other in facts.items()
                if one != name and other.label == fact.label and one.startswith("person.") is side
            ),
            None,
        )
        if twin is not None:
            findings.add(
                "E102",
                node.file,
                node.line,
                f"fact {name} has the label of {twin} ({fact.label}): a table could not tell them apart",
                "give it another label",
            )
    if fact.type == "word":
        codes: dict[str, str] = {}
        for value, label in fact.values.items():
            if label in codes and (
                known is None or {value, codes[label]} - known.values.keys() or known.values != fact.values
            ):
                findings.add(
                    "E102",
                    node.file,
                    node.line,
                    f"values {codes[label]} and {value} of {name} are both called {label}: a table could not tell them apart",
                    f"give one another label, or write {codes[label]} for both",
                )
                break
            codes[label] = value


def _fact(
    name: str,
    body: document.Node,
    node: document.Node,
    findings: Findings,
    existing: Mapping[str, Fact],
) -> Fact | None:
    if not isinstance(body, document.Mapping):
        findings.add(
            "E103",
            node.file,
            node.line,
            f"fact {name} has no type",
            f"{name}: {{type: word, label: …, values: {{…}}}}",
        )
        return None
    words: dict[str, str] = {}
    for key, value in body:
        if key not in _FACT_KEYS:
            findings.add(
                "E101",
                node.file,
                body.line_of(key),
                f'unknown key "{key}" in fact {name}{did_you_mean(key, _FACT_KEYS)}',
                f"use one of {', '.join(_FACT_KEYS)}",
            )
        elif isinstance(value, document.Scalar):
            words[key] = value.text
    of_person = words.get("of") == "person" and not name.startswith("person.")
    full = f"person.{name}" if of_person else name
    known = existing.get(full)
    if "type" not in words and known is not None:
        words["type"] = known.type
    kind = words.get("type", "")
    if kind not in FACT_TYPES:
        findings.add(
            "E103",
            node.file,
            node.line,
            f'"{kind}" is no type of a fact{did_you_mean(kind, FACT_TYPES)}',
            f"use one of {', '.join(FACT_TYPES)}",
        )
        return None
    values: dict[str, str] = {}
    listed = body.get("values")
    if isinstance(listed, document.Sequence):
        values = {item.text: item.text for item in listed.items if isinstance(item, document.Scalar)}
    elif isinstance(listed, document.Mapping):
        values = {code: label.text for code, label in listed if isinstance(label, document.Scalar)}
    label = words.get("label", name)
    if kind == "yes_no":
        values = {"yes": words.get("yes", label), "no": words.get("no", f"不符合“{label}”")}
    bounds = _range(name, kind, words.get("range"), body, findings) if "range" in words else None
    return Fact(full, kind, label, words.get("unit", ""), values, bounds)


def _range(
    name: str, kind: str, text: str | None, body: document.Mapping, findings: Findings
) -> tuple[int, int] | None:
    match = _RANGE.fullmatch(text or "")
    if match is None or int(match[1]) > int(match[2]) or kind not in ("count", "number", "list"):
        findings.add(
            "E103",
            body.file,
            body.line_of("range"),
            f'"{text}" is no range of fact {name}, which is {kind}',
            "range: 0 to 366 (whole numbers, both ends in), for count, number and list only",
        )
        return None
    return int(match[1]), int(match[2])


@cache
def engine_vocabulary() -> Vocabulary:
    """Return the vocabulary of the engine, read once from the package."""
    text = resources.files("xueshi.regulations").joinpath("vocabulary.yaml").read_text(encoding="utf-8")
    findings = Findings()
    root = document.read_document(RegulationSource("vocabulary.yaml", text), findings)
    kinds = root.get("kinds")
    facts = root.get("facts")
    vocabulary = Vocabulary({}, {}).extended(kinds, facts, findings)
    findings.raise_errors()
    return vocabulary
