"""Which instrument applies to an area, a year and a sector: exactly one line, or none and the nearest years."""

from __future__ import annotations

from collections.abc import Collection

from xueshi.errors import NotEncodedError
from xueshi.jurisdictions import AppliesLine, Jurisdiction, YearSpan, area_ancestry, area_contains
from xueshi.regulations.diagnostics import Diagnostic, did_you_mean, nearest


def choose(jurisdiction: Jurisdiction, area: str, year: int, sector: str | None = None) -> AppliesLine:
    """Return the line that applies; one with the person's sector goes before one without.

    Raises NotEncodedError naming the nearest covered years when none does.
    """
    fitting = [
        line
        for line in jurisdiction.applies
        if area_contains(line.area, area) and year in line.years and line.sector in (None, sector)
    ]
    if not fitting:
        raise NotEncodedError(_nothing_covers(jurisdiction, area, year))
    order = area_ancestry(area)
    return min(fitting, key=lambda line: (order.index(line.area), line.sector is None))


def overlaps(jurisdiction: Jurisdiction) -> list[tuple[AppliesLine, AppliesLine, YearSpan]]:
    """Return pairs of lines for the same area and sector whose years meet (E406), with the years."""
    found = []
    for index, one in enumerate(jurisdiction.applies):
        for other in jurisdiction.applies[index + 1 :]:
            if (one.area, one.sector) != (other.area, other.sector):
                continue
            common = _common(one.years, other.years)
            if common is not None:
                found.append((one, other, common))
    return found


def check_applies(jurisdiction: Jurisdiction, path: str, others: Collection[str] = ()) -> list[Diagnostic]:
    """Return E406 for every two lines that apply at once, and for a line whose instrument is not there.

    `others` are the instruments of other installed plugins: a city may name its province's, by an explicit line.
    """
    known = [*(one.id for one in jurisdiction.instruments), *others]
    found = [
        Diagnostic(
            "E406",
            "E",
            path,
            1,
            other.clause,
            f"{one.area} in {_years(span)}: {one.use} and {other.use} both apply",
            f"end the years of {one.use} before {other.use} begins",
        )
        for one, other, span in overlaps(jurisdiction)
    ]
    found += [
        Diagnostic(
            "E504",
            "E",
            path,
            1,
            line.clause,
            f'applies names "{line.use}"{did_you_mean(line.use, known)}',
            f"use: {nearest(line.use, known) or 'an instrument of this jurisdiction'}",
        )
        for line in jurisdiction.applies
        if line.use not in known
    ]
    return found


def _years(span: YearSpan) -> str:
    return str(span.first) if span.last == span.first else f"{span.first} to {span.last or 'open'}"


def _common(one: YearSpan, other: YearSpan) -> YearSpan | None:
    first = max(one.first, other.first)
    lasts = [span.last for span in (one, other) if span.last is not None]
    last = min(lasts) if lasts else None
    return None if last is not None and last < first else YearSpan(first, last)


def _nothing_covers(jurisdiction: Jurisdiction, area: str, year: int) -> str:
    covered = [line for line in jurisdiction.applies if area_contains(line.area, area)]
    if not covered:
        return f"{jurisdiction.name}没有适用于地区 {area} 的文件，不能核算 {year} 年度"
    nearest = min(covered, key=lambda line: _distance(line.years, year))
    return (
        f"{jurisdiction.name} {area} 的 {year} 年度没有已编码的文件，不能核算；"
        f"最近的是 {nearest.use}（{nearest.years} 年度）"
    )


def _distance(years: YearSpan, year: int) -> int:
    if year < years.first:
        return years.first - year
    return 0 if years.last is None else max(0, year - years.last)
