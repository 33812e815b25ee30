"""Checks of requirements against each other: parts, windows and deemed completions that could not be judged (E506)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from xueshi.regulations.closed_requirements import _parts
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.wording import settled

OF_WINDOWS = ("average_of", "sum_of", "every")
OF_ALTERNATIVES = ("any_of", "all_of")
Finding = tuple[str, str, str]
"""Requirement (or deemed entry), what is wrong, repair."""


def check_parts(data: dict[str, Any], lines: dict[str, tuple[str, int]], findings: Findings) -> None:
    """Add E506 for what would be judged wrongly or never: each such requirement is refused once, with one reason.

    What else is wrong with it may only follow from that, and would name another repair.
    """
    requirements = {one["id"]: one for one in data["requirements"]}
    clauses = {one["id"]: one["clause"] for one in (*data["requirements"], *data["deemed"])}
    told: set[str] = set()
    for check in (_circles, _alternatives, _windows, _averages, _deciding, _empty, _shares, _deemed):
        for name, message, repair in check(data, requirements):
            if name in told:
                continue
            told.add(name)
            file, line = lines[name]
            findings.add("E506", file, line, f"{name}: {message}", repair, clauses[name])


Requirements = dict[str, dict[str, Any]]
Check = Callable[[dict[str, Any], Requirements], Iterator[Finding]]


def _named(one: dict[str, Any], requirements: Requirements, *words: str) -> list[str]:
    return [name for word in words for name in one[word] if name in requirements]


def _circles(_: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    def circle(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        for part in _named(requirements[name], requirements, *OF_ALTERNATIVES):
            if found := circle(part, [*path, name]):
                return found
        return []

    for name in requirements:
        found = circle(name, [])
        if found and found[0] == name:
            yield name, f"{' → '.join(found)}: the alternatives go in a circle", "name other parts"
            return


def _alternatives(_: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    for name, one in requirements.items():
        if not (one["any_of"] or one["all_of"]):
            continue
        if one["any_of"] and one["all_of"]:
            yield (
                name,
                "any_of and all_of in one requirement: which of the two is meant?",
                "put the one into a requirement of its own, and name that as a part",
            )
        own = [
            word for word in ("at_least", "at_most", "over", *OF_WINDOWS) if one[word] not in (None, [])
        ] + (["effect"] if one["effect"] == "warn" else [])
        if own:
            word = _number_word(one) if own[0] == "at_least" else own[0]
            yield (
                name,
                f"alternatives have no {word} of their own",
                f"write {word} in a requirement of its own, and name that as a part",
            )
        for part in _named(one, requirements, *OF_ALTERNATIVES):
            if why := _no_part(requirements[part]):
                yield name, f"{part} cannot be a part: {why}", "name a requirement with at_least or over"


def _no_part(one: dict[str, Any]) -> str:
    if one["effect"] == "warn":
        return "it only warns"
    return "it is a ceiling (at_most), which nobody meets or fails" if one["at_most"] is not None else ""


def _yearly(one: dict[str, Any]) -> bool:
    """Tell whether a requirement is a minimum of one year, with figures that years can be added by."""
    return (
        one["at_least"] is not None
        and one["over"] is None
        and one["at_most"] is None
        and one["effect"] == "minimum"
    )


def _windows(_: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    told: set[frozenset[str]] = set()
    for name, one in requirements.items():
        named = _named(one, requirements, *OF_WINDOWS)
        if named and one["over"] is None:
            yield name, "average_of, sum_of and every look at several years: over which?", "over: {last: 3}"
        if one["over"] is not None and not named and one["at_least"] is None:
            yield (
                name,
                "it asks nothing of its years",
                "average_of: R1, sum_of: R1, every: R1, at_least, average_at_least or each_at_least",
            )
        if one["over"] is not None and (one["at_most"] is not None or one["effect"] == "warn"):
            yield name, "a requirement over several years has no ceiling and cannot only warn", "delete it"
        for part in named:
            if not _yearly(requirements[part]):
                yield (
                    name,
                    f"{part} is no yearly minimum, so years of it cannot be added or compared",
                    "name a requirement with at_least and without over",
                )
                continue
            rivals = [
                other
                for other, two in requirements.items()
                if other != part
                and _yearly(two)
                and two["of"] == requirements[part]["of"]
                and _together(two, requirements[part])
            ]
            if rivals and frozenset((part, rivals[0])) not in told:
                told.add(frozenset((part, rivals[0])))
                yield (
                    name,
                    f"{part} and {rivals[0]} are both minimums of {requirements[part]['of']}:"
                    " the figures of a year hold one of them",
                    f"give {rivals[0]} a sum of its own under sums; a when helps only where it binds nobody whom"
                    f" {part} binds",
                )


def _together(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two requirements surely bind somebody both: one binds everybody, the other somebody."""
    bound = (settled(one["when"]), settled(other["when"]))
    return True in bound and False not in bound


def _number_word(one: dict[str, Any]) -> str:
    return "average_at_least" if one.get("averaged") else "each_at_least" if one.get("each") else "at_least"


def _averages(_: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    for name, one in requirements.items():
        if not (one.get("averaged") or one.get("each")):
            continue
        number = _number_word(one)
        if one["over"] is None:
            yield name, f"{number} is of several years: over which?", "over: {last: 3}"
        for word in ("average_of", "sum_of") if one.get("averaged") else ():
            if one[word]:
                yield (
                    name,
                    f"{number} and {word} in one requirement: is the number the text's own,"
                    " or that of the yearly minimums?",
                    "keep one of the two",
                )


def _deciding(_: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    """Look at what is to decide the year itself: it must look at several years, and stand by itself."""

    def of_years(name: str, path: tuple[str, ...] = ()) -> bool:
        parts = [
            part for part in _named(requirements[name], requirements, *OF_ALTERNATIVES) if part not in path
        ]
        if not parts:
            return requirements[name]["over"] is not None
        return all(of_years(part, (*path, name)) for part in parts)

    inner = {
        part: name
        for name, one in requirements.items()
        for part in _named(one, requirements, *OF_ALTERNATIVES)
    }
    for name, one in requirements.items():
        if not one.get("decides"):
            continue
        if not of_years(name):
            yield (
                name,
                "decides: year is for what looks at several years; this is of the year by itself",
                "delete decides",
            )
        if name in inner:
            yield (
                name,
                f"decides: year, but it is a part of {inner[name]}, which decides",
                f"delete decides, or write it in {inner[name]}",
            )
        elif not one["alone"]:
            yield name, "alone: no and decides: year contradict each other", "keep one of the two"


def _empty(_: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    used = {
        part
        for one in requirements.values()
        for part in _named(one, requirements, *OF_ALTERNATIVES, *OF_WINDOWS)
    } | {part for one in requirements.values() for part in _parts(one["at_least"])}
    for name, one in requirements.items():
        asks = any(one[word] not in (None, []) for word in ("at_least", "at_most", "over", *OF_ALTERNATIVES))
        if not asks and one["effect"] != "warn" and not _named(one, requirements, *OF_WINDOWS):
            yield name, "it asks nothing", "at_least: 90, any_of: [R1, R2], or effect: warn"
        if not one["alone"] and name not in used:
            yield (
                name,
                "alone: no, but no other requirement names it: it would never be judged",
                "name it in any_of, all_of or average_of of another, or delete alone",
            )


def _shares(_: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    for name, one in requirements.items():
        for part in _parts(one["at_least"]):
            if part in requirements and requirements[part]["at_least"] is None:
                yield (
                    name,
                    f"a share of {part}, which has no at_least: there is nothing to take it of",
                    "name the requirement that holds the number",
                )


def _deemed(data: dict[str, Any], requirements: Requirements) -> Iterator[Finding]:
    of_the_year = _of_the_year(requirements)
    for entry in data["deemed"]:
        for name in entry["meets"]:
            one = requirements.get(name)
            if one is None:
                continue
            why = (
                "it looks at several years, and no year rests on it"
                if name not in of_the_year
                else _no_part(one)
            )
            if why:
                yield entry["id"], f"no record can meet {name}: {why}", "name a requirement of the year"


def _of_the_year(requirements: Requirements) -> set[str]:
    """List what the verdict of one year rests on: its minimums, what decides it, alternatives with one of them and their parts."""
    found = {name for name, one in requirements.items() if _of_one_year(name, requirements, ())}
    waiting = list(found)
    while waiting:
        for part in _named(requirements[waiting.pop()], requirements, *OF_ALTERNATIVES):
            if part not in found:
                found.add(part)
                waiting.append(part)
    return found


def _of_one_year(name: str, requirements: Requirements, path: tuple[str, ...]) -> bool:
    one = requirements[name]
    parts = [part for part in _named(one, requirements, *OF_ALTERNATIVES) if part not in path]
    if one.get("decides") or not parts:
        return bool(one.get("decides")) or one["over"] is None
    return any(_of_one_year(part, requirements, (*path, name)) for part in parts)
