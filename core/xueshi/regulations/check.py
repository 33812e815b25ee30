"""The one list of diagnostics: loader, `regions check`, contract test and publication gate call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xueshi.regulations.clause_checks import check_clauses, check_numbers
from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.names import Parameter, Reading
from xueshi.regulations.requirement_checks import check_parts
from xueshi.regulations.resolve import Resolved, Source, SourceOf, resolve
from xueshi.regulations.rule_checks import check_coverage, check_items, check_requirements


def check(
    instrument: str,
    source_of: SourceOf,
    *,
    overlays: Sequence[Source] = (),
    sector_file: Source | None = None,
    config: Mapping[str, object] | None = None,
    functions: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> list[Diagnostic]:
    """Return everything that is wrong or doubtful with an instrument, E before W, in the order of the file.

    `texts` are published texts by instrument, where a bureau attached them: then every number is compared (E206).
    """
    resolved = resolve(
        instrument, source_of, overlays=overlays, sector_file=sector_file, config=config, functions=functions
    )
    static_checks(resolved, texts or {})
    return sorted(
        resolved.findings.found,
        key=lambda finding: (finding.severity, finding.file, finding.line, finding.code),
    )


def static_checks(resolved: Resolved, texts: Mapping[str, str] | None = None) -> None:
    """Add the findings that need the whole instrument: clauses, unused names, overlaps, rows never reached, contradictions."""
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
    decided = {entry.id for top in merged.rules for entry in top.walk() if "partial" in entry.keys}
    check_coverage(data, lines, loaded, vocabulary, decided, findings)
    check_numbers(resolved.reader.numbers, files, texts or {}, findings)


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
