"""Overlays (本级口径): a bureau's choices of readings and parameters, dated and cited; they hold in their years and area."""

from __future__ import annotations

import re
from dataclasses import replace

from xueshi.jurisdictions import area_contains
from xueshi.regulations import document, names, schema
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.instrument import text_of
from xueshi.regulations.sources import RegulationSource
from xueshi.regulations.words import years

AREA = re.compile(r"\d{6}")


def overlay_head(source: RegulationSource) -> tuple[str, str]:
    """Return the instrument an overlay is of and the day of its decision; empty where it does not say so."""
    head = document.read_document(source, Findings()).get("overlay")
    if not isinstance(head, document.Mapping):
        return "", ""
    return text_of(head.get("of")) or "", text_of(head.get("decided")) or ""


def apply_overlay(
    source: RegulationSource | document.Mapping,
    named: names.Names,
    instrument: str,
    findings: Findings,
    *,
    year: int | None = None,
    area: str = "",
) -> None:
    """Set what an overlay sets, where it serves the statistics year and the area; it is looked at in any case.

    Without a year every year is served: a law read as a whole shows the choices that hold at last. Findings: E101,
    E103, E301, E302.
    """
    root = source if isinstance(source, document.Mapping) else document.read_document(source, findings)
    schema.check_keys(
        root, ("overlay", "set"), "an overlay (only readings and parameters may be set)", findings
    )
    head, chosen = root.get("overlay"), root.get("set")
    if not isinstance(head, document.Mapping) or not isinstance(chosen, document.Mapping):
        findings.add(
            "E101",
            root.file,
            1,
            "an overlay has the sections overlay and set",
            "overlay: {of: …, by: …, document: …, decided: …, years: …}, set: {…}",
        )
        return
    serves = _check_head(root, head, named, instrument, findings, year, area)
    # A short name means that of the instrument the overlay is of, whatever a child of it calls the same.
    named.instrument_of[root.file] = text_of(head.get("of")) or ""
    target = named if serves else _aside(named)
    paper = text_of(head.get("document")) or root.file
    for word, node in chosen:
        line = chosen.line_of(word)
        names.apply_choices(
            target, {word: document.plain(node)}, instrument, root.file, line, paper, findings
        )


def _check_head(
    root: document.Mapping,
    head: document.Mapping,
    named: names.Names,
    instrument: str,
    findings: Findings,
    year: int | None,
    area: str,
) -> bool:
    """Check who decided what for when; returns whether the overlay serves the year and the area."""
    schema.check_keys(head, (*schema.OVERLAY, *schema.OVERLAY_MAY), "overlay", findings)
    for key in schema.OVERLAY:
        if text_of(head.get(key)) is None:
            findings.add("E101", root.file, head.line, f'the overlay has no "{key}"', f"{key}: …")
    span = years(text_of(head.get("years")) or "")
    if span is None and head.get("years") is not None:
        findings.add(
            "E103", root.file, head.line_of("years"), "this is no span of years", "years: 2021 to open"
        )
    of = text_of(head.get("of"))
    if of is not None and of not in named.chain:
        findings.add(
            "E302",
            root.file,
            head.line_of("of"),
            f"the overlay is of {of}, not of {instrument}",
            f"of: {instrument}",
        )
    place = text_of(head.get("area"))
    if place is not None and not AREA.fullmatch(place):
        findings.add(
            "E103",
            root.file,
            head.line_of("area"),
            f'"{place}" is no area (GB/T 2260)',
            "area: six digits, or delete it: then it holds wherever the instrument does",
        )
    here = place is None or (bool(area) and area_contains(place, area))
    return here and (
        year is None or span is None or (span[0] <= year and (span[1] is None or year <= span[1]))
    )


def _aside(named: names.Names) -> names.Names:
    """Return the names to look choices up in that hold for other years or places: nothing of the law is set by it."""
    return replace(
        named,
        readings={name: replace(one) for name, one in named.readings.items()},
        parameters={name: replace(one) for name, one in named.parameters.items()},
    )
