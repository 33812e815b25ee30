"""Choices that can help nobody: what is asked beside them comes to as much already (W608), or none may choose it (E506)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice, product
from typing import Any

from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.minimums import names_read
from xueshi.regulations.rule_checks import disjoint, shown
from xueshi.regulations.vocabulary import Vocabulary
from xueshi.regulations.wording import settled
from xueshi.regulations.zones import Zone, apart, zones

AT_ONCE = 256
"""Persons that are looked at for one file: combinations of the values by which its minimums differ."""

Requirements = Mapping[str, dict[str, Any]]


def check_choices(
    data: dict[str, Any], lines: dict[str, tuple[str, int]], vocabulary: Vocabulary, findings: Findings
) -> None:
    """Add E506 for an alternative whose parts never bind the same person, W608 for one that the parts of the total make void."""
    requirements = {one["id"]: one for one in data["requirements"]}
    for name, first, second in _open_to_nobody(requirements, vocabulary):
        file, line = lines[name]
        findings.add(
            "E506",
            file,
            line,
            f"{name}: {first} and {second} never bind the same person, so that the alternative is open to nobody",
            "one alternative (all_of) for each group of persons, both named in any_of",
            requirements[name]["clause"],
        )
    for name, parts, whole, person in _void(data, requirements, vocabulary):
        file, line = lines[name]
        said = " + ".join(f"{part} {shown(hours)}" for part, hours in parts)
        of = f" ({', '.join(f'{fact}: {value}' for fact, value in person.items())})" if person else ""
        findings.add(
            "W608",
            file,
            line,
            f"{name}: {said} are asked of every year by themselves, as much as {whole}{of}: the other alternatives help nobody",
            "give the parts an alternative too (any_of), or accept by name",
            requirements[name]["clause"],
        )


def _open_to_nobody(requirements: Requirements, vocabulary: Vocabulary) -> Iterator[tuple[str, str, str]]:
    for name in below_choices(requirements):
        parts = [part for part in requirements[name]["all_of"] if part in requirements]
        held = [(part, zones(requirements[part]["when"], vocabulary)) for part in parts]
        pairs = ((one, two) for place, one in enumerate(held) for two in held[place + 1 :])
        # What a reading switches off is somebody's answer, not an oversight.
        found = next(
            (pair for pair in pairs if pair[0][1] and pair[1][1] and _exclude(pair[0][1], pair[1][1])), None
        )
        if found is not None:
            yield name, found[0][0], found[1][0]


def _exclude(left: list[Zone], right: list[Zone]) -> bool:
    return all(any(fact in b and apart(a[fact], b[fact]) for fact in a) for a in left for b in right)


def below_choices(requirements: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """List what stands below a choice (`any_of`), at any depth."""
    found: list[str] = []
    waiting = [part for one in requirements.values() for part in one["any_of"]]
    while waiting:
        name = waiting.pop(0)
        if name in requirements and name not in found:
            found.append(name)
            waiting += [*requirements[name]["any_of"], *requirements[name]["all_of"]]
    return found


def _void(
    data: dict[str, Any], requirements: Requirements, vocabulary: Vocabulary
) -> Iterator[tuple[str, list[tuple[str, Fraction]], str, dict[str, str]]]:
    ceilings = any(one["at_most"] is not None for one in requirements.values())
    inner = {part for one in requirements.values() for part in (*one["any_of"], *one["all_of"])}
    outer = [
        one
        for name, one in requirements.items()
        if name not in inner and one["alone"] and settled(one["when"]) is not False
    ]
    asked = [part for one in outer if (part := _only(one, requirements)) is not None]
    for one in () if ceilings else outer:
        parts = _open_parts(one, requirements)
        wholes = [
            part for part in parts if _yearly(requirements[part]) and requirements[part]["of"] == "total"
        ]
        if len(parts) < 2 or not wholes:
            continue
        whole = wholes[0]
        for person in _persons([requirements[part] for part in (*asked, whole)], vocabulary):
            figures = {part: _figure(requirements[part]["at_least"], person, requirements) for part in asked}
            figures = {part: hours for part, hours in figures.items() if requirements[part]["of"] != "total"}
            total = _figure(requirements[whole]["at_least"], person, requirements)
            held = [entry for entry in disjoint(data, dict(requirements), figures) if entry[1]]
            if total and held and sum(hours for _, hours in held) >= total:
                yield one["id"], held, f"{whole} {shown(total)}", person
                break


def _only(one: dict[str, Any], requirements: Requirements) -> str | None:
    """Return the yearly minimum that everybody must reach by this requirement, without any alternative."""
    if settled(one["when"]) is not True:
        return None
    if not (one["any_of"] or one["all_of"]):
        return str(one["id"]) if _yearly(one) else None
    parts = _open_parts(one, requirements)
    return _only(requirements[parts[0]], requirements) if len(parts) == 1 else None


def _open_parts(one: dict[str, Any], requirements: Requirements) -> list[str]:
    """List the parts of a choice that no reading switches off."""
    return [
        part
        for part in one["any_of"]
        if part in requirements and settled(requirements[part]["when"]) is not False
    ]


def _yearly(one: dict[str, Any]) -> bool:
    return one["at_least"] is not None and one["over"] is None and one["effect"] == "minimum"


def _persons(asked: list[dict[str, Any]], vocabulary: Vocabulary) -> Iterator[dict[str, str]]:
    """Go through the persons that the minimums tell apart, by the values of the facts that they read."""
    names = dict.fromkeys(word for one in asked for word in names_read(one["at_least"]))
    facts = [vocabulary.facts[name] for name in names if name in vocabulary.facts]
    told = [fact for fact in facts if fact.type == "yes_no" or fact.values]
    choices = [["yes", "no"] if fact.type == "yes_no" else list(fact.values) for fact in told]
    for values in islice(product(*choices), AT_ONCE):
        yield {fact.name: value for fact, value in zip(told, values, strict=True)}


def _figure(form: Any, person: Mapping[str, str], requirements: Requirements) -> Fraction | None:
    """Return a minimum for a person; None where it rests on more than the values at hand."""
    head = form[0]
    if head == "fixed":
        return Fraction(form[1])
    if head == "part":
        whole = requirements.get(form[3])
        figure = _figure(whole["at_least"], person, requirements) if whole and whole["at_least"] else None
        return figure * form[1] / form[2] if figure is not None else None
    if head == "first":
        found = (_figure(part, person, requirements) for part in form[1])
        return next((figure for figure in found if figure is not None), None)
    if head == "lookup" and form[1] in person:
        value: object = {"yes": True, "no": False}.get(person[form[1]], person[form[1]])
        inner = next((inner for matcher, inner in form[2] if value in matcher.get("in", [])), form[4])
        return None if inner is None else _figure(inner, person, requirements)
    return None
