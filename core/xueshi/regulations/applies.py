"""Which instrument applies to an area, a year and a sector: exactly one line, or none and the nearest years."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from xueshi.errors import NotEncodedError
from xueshi.jurisdictions import AppliesLine, Jurisdiction, YearSpan, area_ancestry, area_contains
from xueshi.regulations.diagnostics import Diagnostic, did_you_mean, nearest
from xueshi.regulations.names import LOOKS_LIKE_READING
from xueshi.regulations.words import split


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


def check_applies(
    jurisdiction: Jurisdiction,
    path: str,
    others: Collection[str] = (),
    *,
    lines: Sequence[int] = (),
    cited: Mapping[str, Collection[str]] | None = None,
) -> list[Diagnostic]:
    """Return what is wrong with the lines of `applies`.

    E406: two lines apply at once. E407: a line reaches into years that its instrument does not serve. E504: its
    instrument is not there. E202: its clause is none of that instrument, or none is named yet.

    `others` are the instruments of other installed plugins: a city may name its province's, by an explicit line.
    `lines` are the lines of the file, one per entry; `cited` tells, for each encoded instrument, what a line may
    cite. A reading may be cited that no rule rests on (`EX2020-Q6`: which people are meant).
    """
    known = [*(one.id for one in jurisdiction.instruments), *others]
    spans = {one.id: one.years for one in jurisdiction.instruments}
    at = [*lines, *(1 for _ in jurisdiction.applies)]
    found = [
        Diagnostic(
            "E406",
            "E",
            path,
            at[jurisdiction.applies.index(other)],
            other.clause,
            f"{one.area} in {_years(span)}: {one.use} and {other.use} both apply",
            f"end the years of {one.use} before {other.use} begins",
        )
        for one, other, span in overlaps(jurisdiction)
    ]
    for line, place in zip(jurisdiction.applies, at, strict=False):
        if line.use not in known:
            found.append(
                Diagnostic(
                    "E504",
                    "E",
                    path,
                    place,
                    line.clause,
                    f'applies names "{line.use}"{did_you_mean(line.use, known)}',
                    f"use: {nearest(line.use, known) or 'an instrument of this jurisdiction'}",
                )
            )
        elif line.use in spans and not _within(line.years, spans[line.use]):
            served = _years(spans[line.use])
            found.append(
                Diagnostic(
                    "E407",
                    "E",
                    path,
                    place,
                    line.clause,
                    f"{line.use} is applied to {_years(line.years)}, its file says it serves {served}",
                    f"years: {served}, or mend `years` of the rule file",
                )
            )
        found.extend(check_citation(line.clause, path, place, cited or {}, known, "applies"))
    return found


def check_citation(
    clause: str,
    path: str,
    line: int,
    cited: Mapping[str, Collection[str]],
    known: Collection[str],
    where: str,
) -> list[Diagnostic]:
    """Return E202 when a citation outside the rule files (`EX2020 四`, `EX2020-Q12`) leads nowhere.

    Of an instrument that is not encoded only its name is looked at.
    """
    instrument = next(
        (
            one
            for one in sorted(known, key=len, reverse=True)
            if clause == one or clause.startswith((f"{one} ", f"{one}-"))
        ),
        None,
    )
    if instrument is None:
        word = clause.split(" ", maxsplit=1)[0].split("-", maxsplit=1)[0]
        meant = nearest(word, known) or "…"
        message = f'{where} cites "{clause}", which begins with no instrument{did_you_mean(word, known)}'
        return [
            Diagnostic(
                "E202",
                "E",
                path,
                line,
                clause,
                message,
                f"write the instrument first: {meant} and the clause",
            )
        ]
    rest = clause[len(instrument) :].strip(" -")
    places = cited.get(instrument)
    if not rest:
        message = f"{where} cites {instrument} without a clause (todo)"
        return [
            Diagnostic(
                "E202", "E", path, line, clause, message, f"clause: {instrument} and the clause that says so"
            )
        ]
    if places is None or rest in places or LOOKS_LIKE_READING.match(rest):
        return []
    unknown = [part for part in split(rest.replace("、", ",")) if not _there(part, places)]
    if not unknown:
        return []
    near = nearest(unknown[0], places)
    return [
        Diagnostic(
            "E202",
            "E",
            path,
            line,
            clause,
            f'{where} cites "{unknown[0]}", which is no clause of {instrument}{did_you_mean(unknown[0], places)}',
            f"clause: {instrument} {near}" if near else f"add {unknown[0]} to the clauses of {instrument}",
        )
    ]


def _there(clause: str, places: Collection[str]) -> bool:
    """Tell whether a clause is listed, or is a heading whose items are: `四` where `四(一)` is."""
    return clause in places or any(re.match(rf"{re.escape(clause)}[(\d第]", place) for place in places)


def _within(inner: YearSpan, outer: YearSpan) -> bool:
    return inner.first >= outer.first and (
        outer.last is None or (inner.last is not None and inner.last <= outer.last)
    )


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
