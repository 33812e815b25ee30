"""The one list of diagnostics: loader, `regions check`, contract test and publication gate call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.resolve import Resolved, Source, SourceOf, resolve


def check(
    instrument: str,
    source_of: SourceOf,
    *,
    overlays: Sequence[Source] = (),
    sector_file: Source | None = None,
    config: Mapping[str, object] | None = None,
    functions: Mapping[str, Any] | None = None,
) -> list[Diagnostic]:
    """Return everything that is wrong or doubtful with an instrument, E before W, in the order of the file."""
    resolved = resolve(instrument, source_of, overlays=overlays, sector_file=sector_file, config=config, functions=functions)
    static_checks(resolved)
    return sorted(resolved.findings.found, key=lambda finding: (finding.severity, finding.file, finding.line, finding.code))


def static_checks(resolved: Resolved) -> None:
    """Add the findings that need the whole instrument: clauses, unused names, overlaps, rows never reached, contradictions."""
