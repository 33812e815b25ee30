"""Names that stand for values: readings (口径), parameters, tables; made full at load (rule language 2.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xueshi.regulations import document, schema, words
from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.instrument import RuleFile, text_of, texts_of

LOOKS_LIKE_READING = re.compile(r"^(?:[\w-]+-)?Q\d+[a-z]?$")


@dataclass
class Reading:
    """An open question of a text: its options (code → Chinese) and the one that holds, with the document that chose it."""

    id: str
    ask: str
    clause: str
    options: dict[str, str]
    option: str
    chosen_by: str = ""
    file: str = ""
    line: int = 0
    used: bool = False


@dataclass
class Parameter:
    """A value that the text leaves to a bureau. `value` is None while unset; a mapping when keyed or dated."""

    id: str
    owner: str
    label: str
    clause: str
    key: str | None
    columns: tuple[str, ...]
    unit: str
    value: object
    dated: dict[int, object]
    chosen_by: str = ""
    file: str = ""
    line: int = 0
    used: bool = False


@dataclass
class Names:
    """All names that the files of one chain may use, parents first."""

    chain: list[str] = field(default_factory=list)
    instrument_of: dict[str, str] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    tables: dict[str, document.Node] = field(default_factory=dict)
    tables_used: set[str] = field(default_factory=set)

    def reading(self, word: str, file: str) -> Reading | None:
        """Find the reading a word in `file` means: that instrument's own first, then its parents', or a full name."""
        if word in self.readings:
            return self.readings[word]
        own = self.instrument_of.get(file)
        upward = self.chain[: self.chain.index(own) + 1] if own in self.chain else self.chain
        for instrument in reversed(upward):
            if found := self.readings.get(f"{instrument}-{word}"):
                return found
        return None

    def reading_words(self) -> list[str]:
        """Return all short and full names of readings, for the nearest valid word."""
        return [*self.readings, *(name.split("-")[-1] for name in self.readings)]


def collect(files: list[RuleFile], findings: Findings) -> Names:
    """Read the sections readings, parameters and tables of a chain of files; E103, E301 and E102 go to `findings`."""
    names = Names()
    for file in files:
        names.chain.append(file.header.id)
        names.instrument_of[file.path] = file.header.id
        for word, node in file.section("readings"):
            _reading(names, file, word, node, findings)
        for word, node in file.section("parameters"):
            _parameter(names, file, word, node, findings)
        for word, node in file.section("tables"):
            if word in names.parameters:
                findings.add(
                    "E102",
                    file.path,
                    file.section("tables").line_of(word),
                    f"table {word} has the name of a parameter",
                    "rename one",
                )
            names.tables[word] = _without_clause(node)
    return names


def _reading(names: Names, file: RuleFile, word: str, node: document.Node, findings: Findings) -> None:
    line = file.section("readings").line_of(word)
    if not isinstance(node, document.Mapping):
        findings.add(
            "E103",
            file.path,
            line,
            f"reading {word} must hold keys and values",
            f"{word}: {{ask: …, clause: …, options: {{…}}, default: …}}",
        )
        return
    clause = "、".join(texts_of(node.get("clause")))
    schema.check_keys(node, schema.READING, f"reading {word}", findings, clause)
    if not clause:
        findings.add("E201", file.path, line, f"reading {word} has no clause", "clause: …")
    listed = node.get("options")
    options = (
        {code: _label(word, code, label, findings) for code, label in listed}
        if isinstance(listed, document.Mapping)
        else {item: item for item in texts_of(listed)}
    )
    default = text_of(node.get("default"))
    if default is None or default not in options:
        near = nearest(default or "", options) or next(iter(options), "…")
        findings.add(
            "E301",
            file.path,
            node.line_of("default"),
            f'default "{default}" is not an option of {word}{did_you_mean(default or "", options)}',
            f"default: {near}",
            clause,
        )
        default = next(iter(options), "")
    full = f"{file.header.id}-{word}"
    names.readings[full] = Reading(
        full, text_of(node.get("ask")) or word, clause, options, default, file=file.path, line=line
    )


def _label(reading: str, option: str, label: document.Node, findings: Findings) -> str:
    text = text_of(label)
    if not text:
        findings.add(
            "E103",
            label.file,
            label.line,
            f"option {option} of {reading} says nothing",
            f"{option}: what it means, in Chinese",
        )
    return text or option


def _parameter(names: Names, file: RuleFile, word: str, node: document.Node, findings: Findings) -> None:
    line = file.section("parameters").line_of(word)
    if not isinstance(node, document.Mapping):
        findings.add(
            "E103",
            file.path,
            line,
            f"parameter {word} must hold keys and values",
            f"{word}: {{label: …, clause: …, default: none}}",
        )
        return
    clause = "、".join(texts_of(node.get("clause")))
    schema.check_keys(node, schema.PARAMETER, f"parameter {word}", findings, clause)
    if not clause:
        findings.add("E201", file.path, line, f"parameter {word} has no clause", "clause: …")
    columns = node.get("columns")
    names.parameters[word] = parameter = Parameter(
        word, file.header.id, text_of(node.get("label")) or word, clause, text_of(node.get("key")),
        tuple(columns.entries) if isinstance(columns, document.Mapping) else tuple(texts_of(columns)),
        text_of(node.get("unit")) or "hour", None, {}, file=file.path, line=line,
    )  # fmt: skip
    default = node.get("default")
    if default is not None:
        parameter.value = parameter_value(document.plain(default), parameter, file.path, line, findings)
    dated = node.get("values")
    if isinstance(dated, document.Mapping):
        for year, value in dated:
            if year.isdigit() and len(year) == 4:
                parameter.dated[int(year)] = parameter_value(
                    document.plain(value), parameter, file.path, dated.line_of(year), findings
                )
            else:
                findings.add(
                    "E103",
                    file.path,
                    dated.line_of(year),
                    f'"{year}" is no year of parameter {word}',
                    "values: {2021: 12, 2024: 15}",
                )


def parameter_value(raw: object, parameter: Parameter, file: str, line: int, findings: Findings) -> object:
    """Turn a written value into what rules read: None (unset), a number as text, or a mapping when the parameter is keyed."""
    if raw is None or raw == "none":
        return None
    if isinstance(raw, dict) and parameter.key:
        rows: dict[str, object] = {}
        for key, value in raw.items():
            if isinstance(value, dict):
                unknown = [column for column in value if column not in parameter.columns]
                if unknown:
                    findings.add(
                        "E103",
                        file,
                        line,
                        f'"{unknown[0]}" is no column of {parameter.id}{did_you_mean(unknown[0], parameter.columns)}',
                        f"use {', '.join(parameter.columns)}",
                    )
                rows[str(key)] = {
                    column: _hours_text(cell, parameter, file, line, findings)
                    for column, cell in value.items()
                }
            else:
                rows[str(key)] = _hours_text(value, parameter, file, line, findings)
        return rows
    if isinstance(raw, dict):
        findings.add(
            "E103",
            file,
            line,
            f"parameter {parameter.id} has no key, so its value is one number",
            f"{parameter.id}: 12",
        )
        return None
    return _hours_text(raw, parameter, file, line, findings)


def _hours_text(value: object, parameter: Parameter, file: str, line: int, findings: Findings) -> str | None:
    text = str(value)
    if text == "none":
        return None
    if parameter.unit == "hour" and words.number(text) is None:
        findings.add(
            "E103",
            file,
            line,
            f'"{text}" is no number of hours for {parameter.id}',
            f"{parameter.id}: 12, or none",
        )
        return None
    return text


def apply_choices(
    names: Names,
    choices: dict[str, object],
    instrument: str,
    file: str,
    line: int,
    document_name: str,
    findings: Findings,
) -> None:
    """Set readings and parameters from an overlay or a case; an unknown name or option is E302."""
    for word, raw in choices.items():
        if found := names.reading(word, file) if word not in names.parameters else None:
            option = str(raw)
            if option not in found.options:
                findings.add(
                    "E302",
                    file,
                    line,
                    f'"{option}" is not an option of {found.id}{did_you_mean(option, found.options)}',
                    f"{word}: {nearest(option, found.options) or next(iter(found.options), '…')}",
                )
                continue
            found.option, found.chosen_by = option, document_name
        elif word in names.parameters:
            parameter = names.parameters[word]
            parameter.value = parameter_value(raw, parameter, file, line, findings)
            parameter.dated, parameter.chosen_by = {}, document_name
        else:
            known = [*names.reading_words(), *names.parameters]
            near = nearest(word, known)
            findings.add(
                "E302",
                file,
                line,
                f'{instrument} has no "{word}"{did_you_mean(word, known)}',
                f"set {near}" if near else "an overlay sets readings and parameters only",
            )


def _without_clause(node: document.Node) -> document.Node:
    """Return the value of a table without the clause that it carries out: the clause map counts that."""
    if not isinstance(node, document.Mapping) or "clause" not in node.entries:
        return node
    entries = {key: value for key, value in node if key != "clause"}
    return document.Mapping(node.file, node.line, entries, node.lines)
