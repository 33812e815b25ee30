"""Loading law: an instrument resolved, checked, and handed on as the pack that is pinned and assessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xueshi.regulations.check import static_checks
from xueshi.regulations.pack import RulePack
from xueshi.regulations.resolve import Source, SourceOf, resolve


def resolve_pack(
    instrument: str,
    source_of: SourceOf,
    *,
    overlays: Sequence[Source] = (),
    sector_file: Source | None = None,
    config: Mapping[str, object] | None = None,
    functions: Mapping[str, Any] | None = None,
    year: int | None = None,
    area: str = "",
) -> RulePack:
    """Resolve an instrument to the pack that the interpreter runs on.

    `source_of` gives the text of an instrument by its id (the parent's too). `overlays` are a bureau's choices,
    oldest first, and hold in the years and the area that they name (without `year` all years count, a later one over
    an earlier); `config` sets readings and parameters directly, as a case file does; `functions` are the Python
    hooks. Raises RuleFileError with every error (file, line, code, message, repair).
    """
    resolved = resolve(
        instrument,
        source_of,
        overlays=overlays,
        sector_file=sector_file,
        config=config,
        functions=functions,
        year=year,
        area=area,
    )
    static_checks(resolved)
    resolved.findings.raise_errors()
    assert resolved.pack is not None
    return resolved.pack
