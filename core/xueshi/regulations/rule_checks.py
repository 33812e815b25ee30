"""Checks of rules against each other: two items for a record, rows never reached, contradictions, what has no row."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from xueshi.regulations.closed_requirements import _parts
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.vocabulary import Vocabulary
from xueshi.regulations.wording import of_kind
from xueshi.regulations.words import RATE_UNITS, TWINS
from xueshi.regulations.zones import covers, overlap, zones

DIVISIBLE = ("day", "half_day", "hour", "clock_hour", "month", "half_year", "year", "character")


def check_items(
    data: dict[str, Any], lines: dict[str, tuple[str, int]], vocabulary: Vocabulary, findings: Findings
) -> None:
    """Add E501 (two items take one record) and E503 (a row that is never reached)."""
    items = data["items"]
    for index, second in enumerate(items):
        for first in items[:index]:
            if _unreadable(first["when"]) or _unreadable(second["when"]):
                continue
            shared = [
                kind
                for kind in second["kinds"]
                if kind in first["kinds"]
                and overlap(*(zones(of_kind(one["when"], kind), vocabulary) for one in (first, second)))
            ]
            if shared:
                newer, older = sorted(
                    (first, second), key=lambda item: lines[item["id"]][0] != lines[items[-1]["id"]][0]
                )
                file, line = lines[newer["id"]]
                findings.add(
                    "E501",
                    file,
                    line,
                    f"{newer['id']} ({newer['clause']}) and {older['id']} ({older['clause']}) both take {shared[0]}",
                    "remove one or add when",
                    newer["clause"],
                )
    for item in items:
        for rows in (item["rows"], *(row["plus"] for row in item["rows"])):
            _unreached(rows, lines, vocabulary, findings)
            for row in rows:
                _untold(row, lines, findings)


def _unreached(
    rows: list[dict[str, Any]], lines: dict[str, tuple[str, int]], vocabulary: Vocabulary, findings: Findings
) -> None:
    for index, later in enumerate(rows):
        mine = zones(later["when"], vocabulary)
        if _unreadable(later["when"]):
            continue  # the band that could not be read is the fault; where the row belongs shows when it is mended
        for earlier in rows[:index]:
            if _unreadable(earlier["when"]):
                continue
            if earlier.get("kinds") and set(later.get("kinds") or ()) - set(earlier["kinds"]):
                continue
            if earlier.get("kinds") and not later.get("kinds"):
                continue
            if mine and covers(zones(earlier["when"], vocabulary), mine):
                holds = "always holds" if earlier["when"] is None else "holds whenever it does"
                file, line = lines[later["id"]]
                findings.add(
                    "E503",
                    file,
                    line,
                    f"{later['id']} stands after {earlier['id']}, which {holds}",
                    "move it up",
                    later["clause"],
                )
                break


def _unreadable(form: Any) -> bool:
    """Tell whether a condition holds a value or band that is a finding already."""
    if isinstance(form, dict):
        return bool(form.get("unreadable"))
    return isinstance(form, list) and any(_unreadable(part) for part in form)


def _untold(row: dict[str, Any], lines: dict[str, tuple[str, int]], findings: Findings) -> None:
    """Add E503 for a value of a list that an earlier one leaves nothing to: it is told whenever this one is."""
    for word in ("hours", "share", "category"):
        for parts in _lists(row.get(word)):
            for index, later in enumerate(parts):
                earlier = next((one for one in parts[:index] if _told_by(one) in ("", _told_by(later))), None)
                if earlier is None or _told_by(later) is None:
                    continue
                file, line = lines[row["id"]]
                halves = earlier[0] == "rate" == later[0] and earlier[2] != later[2]
                why = (
                    "days and half-days are converted"
                    if halves and "day" in earlier[2]
                    else "so it is never asked"
                )
                findings.add(
                    "E503",
                    file,
                    line,
                    f'{row["id"]}: "{_written(later)}" stands after "{_written(earlier)}", which is told whenever it is ({why})',
                    f"delete {_written(later)}",
                    row["clause"],
                )
                break


def _lists(form: Any) -> list[list[Any]]:
    if not isinstance(form, list) or not form:
        return []
    inner = [found for part in form for found in _lists(part)]
    return [form[1], *inner] if form[0] == "first" else inner


def _told_by(form: Any) -> str | None:
    """Return the fact that an amount is told by, empty where it is always told, None where more must be looked at."""
    if form[0] in ("fixed", "percent", "word", "none", "decided", "range"):
        return ""
    if form[0] == "rate":
        fact = RATE_UNITS[form[2]][0]
        return min(fact, TWINS.get(fact, fact))
    if form[0] == "by_factor":
        return str(form[2])
    return str(form[1]) if form[0] in ("stated", "stated_percent") else None


def _written(form: Any) -> str:
    """Write an amount as it stands in a rule file."""
    head = form[0]
    if head == "rate":
        return f"{form[1]} per {f'{form[3]} ' if form[3] > 1 else ''}{form[2]}"
    if head in ("fixed", "word"):
        return str(form[1])
    if head == "percent":
        return f"{form[1]}%"
    if head == "range":
        return f"{form[1]} to {form[2]}"
    if head in ("stated", "stated_percent"):
        return "stated" if form[1] == "declared_hours" else f"stated in {form[1]}"
    return str(head)


def check_requirements(
    data: dict[str, Any], lines: dict[str, tuple[str, int]], vocabulary: Vocabulary, findings: Findings
) -> None:
    """Add E505: parts above the total in the same scope, or shares in a circle."""
    requirements = {one["id"]: one for one in data["requirements"]}
    for name in requirements:
        circle = _circle(name, requirements, [])
        if circle:
            file, line = lines[name]
            findings.add(
                "E505",
                file,
                line,
                f"{' → '.join(circle)}: the shares go in a circle",
                "give one of them a number",
                requirements[name]["clause"],
            )
            return
    for level in vocabulary.facts["person.level"].values:
        figures = {
            name: _figure(one["at_least"], level, requirements)
            for name, one in requirements.items()
            if one["effect"] == "minimum"
            and one["over"] is None
            and one["at_least"] is not None
            and one["when"] is None
        }
        totals = [
            (name, figure)
            for name, figure in figures.items()
            if requirements[name]["of"] == "total" and figure is not None
        ]
        for name, total in totals:
            above = [
                part
                for part in _in_hours(data, requirements, figures)
                if part[1] > total and requirements[part[0]]["alone"] and requirements[name]["alone"]
            ]
            parts = above[:1] or disjoint(data, requirements, figures)
            if (above or len(parts) > 1) and sum(figure for _, figure in parts) > total:
                file, line = lines[name]
                written = " + ".join(shown(figure) for _, figure in parts)
                if len(parts) > 1:
                    written += f" = {shown(sum((figure for _, figure in parts), Fraction(0)))}"
                else:
                    written = f"{parts[0][0]} = {written}"
                rests = sorted({reading for part, _ in parts for reading in requirements[part]["readings"]})
                under = (
                    f" under {', '.join(f'{reading}: {data_option(data, reading)}' for reading in rests)}"
                    if rests
                    else ""
                )
                findings.add(
                    "E505",
                    file,
                    line,
                    f"{written} exceed{'' if len(parts) > 1 else 's'} {name} = {shown(total)}{under}",
                    "lower a part or raise the total",
                    requirements[name]["clause"],
                )
                return


def data_option(data: dict[str, Any], reading: str) -> str:
    """Return the option of a reading that holds in the closed form."""
    return str(data["readings"][reading]["option"])


def shown(figure: Fraction) -> str:
    """Write a minimum as a whole number or a fraction."""
    return str(figure.numerator) if figure.denominator == 1 else f"{figure.numerator}/{figure.denominator}"


def _circle(name: str, requirements: dict[str, Any], path: list[str]) -> list[str]:
    if name in path:
        return [*path[path.index(name) :], name]
    for part in _parts(requirements[name]["at_least"]):
        if part in requirements and (found := _circle(part, requirements, [*path, name])):
            return found
    return []


def _figure(form: Any, level: str, requirements: dict[str, Any]) -> Fraction | None:
    """Return a minimum for a level where it rests on nothing else."""
    head = form[0]
    if head == "fixed":
        return Fraction(form[1])
    if head == "part":
        whole = requirements.get(form[3])
        figure = _figure(whole["at_least"], level, requirements) if whole and whole["at_least"] else None
        return figure * form[1] / form[2] if figure is not None else None
    if head == "first":
        return next(
            (figure for part in form[1] if (figure := _figure(part, level, requirements)) is not None), None
        )
    if head == "lookup" and form[1] == "person.level":
        for matcher, inner in form[2]:
            if level in matcher.get("in", []):
                return _figure(inner, level, requirements)
        return _figure(form[4], level, requirements) if form[4] else None
    return None


def disjoint(
    data: dict[str, Any], requirements: dict[str, Any], figures: dict[str, Fraction | None]
) -> list[tuple[str, Fraction]]:
    """Choose minimums of categories that have no hour in common, the larger scope first."""
    sums = {
        code: set(body["of"])
        for code, body in data["sums"]
        if body["of"] and body["where"] is None and body["count"] is None
    }
    scopes = [
        (name, figure, sums.get(requirements[name]["of"], {requirements[name]["of"]}))
        for name, figure in _in_hours(data, requirements, figures)
    ]
    chosen: list[tuple[str, Fraction]] = []
    taken: set[str] = set()
    for name, figure, scope in sorted(scopes, key=lambda entry: -len(entry[2])):
        if not taken & scope:
            chosen.append((name, figure))
            taken |= scope
    return chosen


def _in_hours(
    data: dict[str, Any], requirements: dict[str, Any], figures: dict[str, Fraction | None]
) -> list[tuple[str, Fraction]]:
    """List the minimums of categories and sums that are part of the total: hours, not credits or counts."""
    units = {code: body["unit"] for code, body in data["categories"]}
    parts = {code: body["of"] for code, body in data["sums"] if body["of"] and body["where"] is None}
    return [
        (name, figure)
        for name, figure in figures.items()
        if figure is not None
        and requirements[name]["of"] in (*units, *parts)
        and all(
            units.get(code, "hour") == "hour"
            for code in parts.get(requirements[name]["of"], [requirements[name]["of"]])
        )
    ]


def check_coverage(
    data: dict[str, Any],
    lines: dict[str, tuple[str, int]],
    own_file: str,
    partial_decided: set[str],
    findings: Findings,
) -> None:
    """Add W605 (days compared after `less`) and W602 (no evidence named; a partial unit left to the default).

    `partial_decided` are the items and rows that say themselves what a part of a unit gives.
    """
    for item in data["items"]:
        file, line = lines[item["id"]]
        if file != own_file:
            continue
        net = next((one for one in (item, *item["rows"]) if one.get("less")), None)
        if net is not None:
            findings.add(
                "W605",
                *lines[net["id"]],
                f"{net['id']} ({net['clause']}): days are compared after {', '.join(net['less'])} is taken off",
                "accept, or put what must see all days into an item without less",
                net["clause"],
            )
        if not all(row["evidence"] for row in item["rows"]):
            findings.add(
                "W602",
                file,
                line,
                f"{item['id']}: no evidence named ({item['clause']})",
                "evidence: […]",
                item["clause"],
            )
        left = [row for row in item["rows"] if not {item["id"], row["id"]} & partial_decided]
        units = {unit for row in left for unit in _units(row["hours"])} & set(DIVISIBLE)
        if units:
            months = units == {"month"}
            findings.add(
                "W602",
                file,
                line,
                f"{item['id']}: a part of a month gives nothing unless partial says so ({item['clause']})"
                if months
                else f"{item['id']}: a partial unit rests on defaults.partial ({item['clause']})",
                "partial: whole (不足一个月的不计), or by_days (按天折算)"
                if months
                else "partial: prorate, or whole",
                item["clause"],
            )


def _units(form: Any) -> list[str]:
    if isinstance(form, list):
        if form and form[0] == "rate" and isinstance(form[1], str):
            return [str(form[2])]
        return [unit for part in form for unit in _units(part)]
    return []
