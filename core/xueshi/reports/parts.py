"""Reports from below as parts of another: which count, which an outer one holds already, which areas are missing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from xueshi.errors import InputError
from xueshi.jurisdictions import area_contains
from xueshi.reports.contents import TableContent, read_table
from xueshi.reports.manifest import MissingArea, ReportHead, ReportPart
from xueshi.reports.package import Package

PERSONS = "data/persons.json"
SHOWN_UNITS = 5
"""Units that a message names before it only counts them."""


@dataclass(frozen=True)
class PartReport:
    """One accepted report from below, read."""

    head: ReportHead
    digest: str
    """sha256 of its package."""
    tables: Mapping[str, TableContent]
    """By id of the table."""
    persons: bytes | None = None
    """The file of single people, where the package has one."""


def tables_of(package: Package) -> list[tuple[str, TableContent]]:
    """Return the tables of a package by id. Raises InputError for one that is listed and missing, or cannot be read."""
    found = []
    for paper in package.head.tables:
        path = f"data/{paper}.json"
        if path not in package.files:
            raise InputError(f"报送包缺少 {path}；请由报送单位重新编制")
        found.append((paper, read_table(package.files[path], path)))
    return found


def part_of(package: Package) -> PartReport:
    """Return a received package as a part."""
    return PartReport(package.head, package.digest, dict(tables_of(package)), package.files.get(PERSONS))


def outermost(heads: Sequence[ReportHead]) -> tuple[list[ReportHead], list[ReportHead]]:
    """Part reports into those that count and those of areas that another report covers already.

    A report covers every area inside its own but those that it says are missing from it.
    """
    inner = [
        one for one in heads if any(other.area != one.area and other.covers(one.area) for other in heads)
    ]
    return [one for one in heads if one not in inner], inner


def named_parts(counted: Sequence[PartReport]) -> tuple[ReportPart, ...]:
    """Return what a manifest says of the parts that are added up, and of the parts inside them."""
    found: list[ReportPart] = []
    for one in counted:
        head = one.head
        found.append(ReportPart(head.name, head.area, head.area_name, one.digest, dict(head.counts)))
        found += [
            ReportPart(
                deeper.report,
                deeper.area,
                deeper.area_name,
                deeper.digest,
                deeper.counts,
                deeper.inside or head.area,
            )
            for deeper in head.parts
        ]
    return tuple(found)


def missing_areas(
    area: str, expected: Mapping[str, str], counted: Sequence[ReportHead], own: Collection[str]
) -> tuple[MissingArea, ...]:
    """Return the areas of which nothing is in a report of `area`.

    `expected` names the areas below that have a bureau of their own (code → name), `own` the areas of the units that
    are counted here. Of areas inside one another only the outermost is named; what the parts themselves lack stands
    under the part.
    """
    below = {code: name for code, name in expected.items() if code != area and area_contains(area, code)}
    found = [
        MissingArea(code, name)
        for code, name in sorted(below.items())
        if not any(other != code and area_contains(other, code) for other in below)
        and not any(area_contains(head.area, code) for head in counted)
        and not any(area_contains(code, unit_area) for unit_area in own)
    ]
    for head in counted:
        found += [
            MissingArea(one.area, one.area_name, one.inside or head.area)
            for one in head.missing
            if not any(other.area != head.area and other.covers(one.area) for other in counted)
        ]
    return tuple(found)


def part_faults(head: ReportHead) -> list[str]:
    """Say in Chinese what cannot be in the list of parts of a report: strange areas, one twice, more than the whole."""
    direct = [one for one in head.parts if not one.inside]
    listed = {one.area for one in head.parts}
    faults = [
        f"所含报告 {one.report} 的地区 {one.area} 不在地区 {head.area} 之内"
        for one in head.parts
        if one.area == head.area or not area_contains(head.area, one.area)
    ]
    for name, values in (
        ("地区", [one.area for one in direct]),
        ("报告", [one.digest for one in head.parts]),
    ):
        twice = [value for value, times in Counter(values).items() if times > 1]
        faults += [f"所含{name} {value[:16]} 列了两次" for value in twice]
    faults += [
        f"所含报告 {one.report} 列在地区 {one.inside} 之下，但没有该地区的报告"
        for one in head.parts
        if one.inside and one.inside not in listed
    ]
    for key, word in (("units", "单位数"), ("people", "人数")):
        inside = sum(one.counts.get(key, 0) for one in direct)
        if inside > head.counts.get(key, 0):
            faults.append(f"所含报告的{word}之和 {inside} 多于清单 {head.counts.get(key, 0)}")
    return faults


def require_counted_once(members: Sequence[tuple[str, TableContent]]) -> None:
    """Raise InputError naming units that stand in two of the members (name, table): nobody is counted twice."""
    where: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for member, content in members:
        for unit in content.units:
            where.setdefault(unit.key, []).append(member)
            names[unit.key] = unit.label
    twice = [
        f"{names[code]}（{code}）：{'、'.join(listed)}" for code, listed in where.items() if len(listed) > 1
    ]
    if twice:
        more = f"等 {len(twice)} 家" if len(twice) > SHOWN_UNITS else ""
        raise InputError(
            f"有单位会计入两次，不能编制：{'；'.join(twice[:SHOWN_UNITS])}{more}。"
            "请核对该单位属于哪个地区：由多报的一方退回更正，或在本级登记中改正单位的地区后重新编制"
        )
