"""The one list of diagnostics: loader, `regions check`, contract test and publication gate call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xueshi.regulations import document
from xueshi.regulations.choice_checks import check_choices
from xueshi.regulations.clause_checks import check_clauses, check_numbers
from xueshi.regulations.diagnostics import Diagnostic, Findings
from xueshi.regulations.hole_checks import check_holes
from xueshi.regulations.names import Parameter, Reading
from xueshi.regulations.requirement_checks import check_parts
from xueshi.regulations.resolve import Resolved, Source, SourceOf, resolve
from xueshi.regulations.rule_checks import check_coverage, check_items, check_requirements
from xueshi.regulations.silence_checks import check_silence


def check(
    instrument: str,
    source_of: SourceOf,
    *,
    overlays: Sequence[Source] = (),
    sector_file: Source | None = None,
    config: Mapping[str, object] | None = None,
    functions: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    today: str = "",
) -> list[Diagnostic]:
    """Return everything that is wrong or doubtful with an instrument, E before W, in the order of the file.

    `texts` are published texts by instrument, where a bureau attached them: then every number is compared (E206).
    What only shows once an option of a reading is chosen that does not hold is found too, and says which option. With
    `today` (ISO) a file is named whose next look (`verified.review`) is overdue (W606).
    """
    trees = _read_once(source_of)
    asked = _Asked(instrument, trees, overlays, sector_file, dict(config or {}), functions)
    resolved = asked.resolved()
    static_checks(resolved, texts or {})
    _overdue(resolved, today)
    found = [*resolved.findings.found, *_under_other_options(asked, resolved)]
    return sorted(found, key=lambda finding: (finding.severity, finding.file, finding.line, finding.code))


@dataclass(frozen=True)
class _Asked:
    """What is resolved: the instrument and all that goes with it, so that it can be resolved anew under another option."""

    instrument: str
    source_of: SourceOf
    overlays: Sequence[Source]
    sector_file: Source | None
    config: dict[str, object]
    functions: Mapping[str, Any] | None

    def resolved(self, chosen: Mapping[str, str] | None = None) -> Resolved:
        """Resolve it, with readings set over all else where some are given."""
        return resolve(
            self.instrument,
            self.source_of,
            overlays=self.overlays,
            sector_file=self.sector_file,
            config={**self.config, **(chosen or {})},
            functions=self.functions,
        )


def _read_once(source_of: SourceOf) -> SourceOf:
    """Return the sources as trees that are read once: a check resolves them once for each option of each reading."""
    read: dict[str, Source] = {}

    def tree(instrument: str) -> Source:
        if instrument not in read:
            source, faults = source_of(instrument), Findings()
            if not isinstance(source, document.Mapping):
                root = document.read_document(source, faults)
                # A text with a fault of its own stays a text: whoever resolves it is to find the fault.
                source = source if faults.found else root
            read[instrument] = source
        return read[instrument]

    return tree


def _under_other_options(asked: _Asked, now: Resolved) -> list[Diagnostic]:
    """Find what is wrong under the options that do not hold, one reading at a time, and say under which.

    Numbers are not compared with the text there: those of another reading are somebody else's answer.
    """
    known = {(one.code, one.file, one.line, one.message) for one in now.findings.found}
    found: dict[tuple[str, str, int, str], tuple[Diagnostic, list[str]]] = {}
    for reading in now.reader.names.readings.values():
        for option in reading.options:
            if option == reading.option:
                continue
            other = asked.resolved({reading.id: option})
            static_checks(other, numbers=False)
            for one in other.findings.found:
                key = (one.code, one.file, one.line, one.message)
                if key not in known:
                    found.setdefault(key, (one, []))[1].append(f"{reading.id}: {option}")
    return [
        replace(one, message=f"under {' or '.join(under)}: {one.message}") for one, under in found.values()
    ]


def static_checks(
    resolved: Resolved, texts: Mapping[str, str] | None = None, *, numbers: bool = True
) -> None:
    """Add the findings that need the whole instrument: clauses, unused names, overlaps, rows never reached, contradictions.

    Without `numbers` those of the rules are not compared with the published text.
    """
    findings, files, merged, data = resolved.findings, resolved.files, resolved.merged, resolved.data
    vocabulary = resolved.reader.vocabulary
    check_clauses(merged, files, findings)
    loaded = files[-1].path
    named: list[Reading | Parameter] = [
        *resolved.reader.names.readings.values(),
        *resolved.reader.names.parameters.values(),
    ]
    for name in named:
        if name.file == loaded and not name.used:
            findings.add(
                "E303",
                name.file,
                name.line,
                f"{name.id.rpartition('-')[2]} ({name.clause}) is used by no rule",
                "use it or delete it",
                name.clause,
            )
    _single_values(resolved)
    lines = {
        entry.id: (entry.file, entry.line)
        for group in (merged.rules, *merged.sections.values())
        for top in group
        for entry in top.walk()
    }
    check_items(data, lines, vocabulary, findings)
    check_requirements(data, lines, vocabulary, findings)
    check_parts(data, lines, findings)
    check_choices(data, lines, vocabulary, findings)
    decided = {entry.id for top in merged.rules for entry in top.walk() if "partial" in entry.keys}
    check_coverage(data, lines, loaded, decided, findings)
    check_silence(data, lines, loaded, vocabulary, findings)
    check_holes(data, lines, vocabulary, findings)
    if numbers:
        check_numbers(resolved.reader.numbers, files, texts or {}, findings)


def _overdue(resolved: Resolved, today: str) -> None:
    loaded = resolved.files[-1]
    verified = loaded.header.verified
    if today and verified is not None and verified.overdue(today):
        resolved.findings.add(
            "W606",
            loaded.path,
            verified.line,
            f"{loaded.header.id} was verified on {verified.on} by {verified.by} and was to be looked at again by {verified.review}",
            "compare the file with the text and with what is in force now, then set verified anew",
        )


def _single_values(resolved: Resolved) -> None:
    """Add W604 for a word fact of the loaded file that has one value only: what is not so could not be recorded."""
    loaded = resolved.files[-1]
    section = loaded.section("facts")
    for name in section.entries:
        fact = resolved.reader.vocabulary.facts.get(name) or resolved.reader.vocabulary.facts.get(
            f"person.{name}"
        )
        if fact is not None and fact.type == "word" and len(fact.values) == 1:
            [value] = fact.values
            resolved.findings.add(
                "W604",
                loaded.path,
                section.line_of(name),
                f"{name} has one value, {value}: a record that is not so can only leave it blank",
                f"add a value for the others ({{{value}: …, other: 其他}}), or make it type: yes_no",
            )
