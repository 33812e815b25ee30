"""Records that do what a hint says, made by asking the engine what it still wants to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xueshi.assessment.cures import Cure
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, RequirementResult
from xueshi.regulations.pack import RulePack
from xueshi.regulations.zones import zones

TRIES = 400
"""How many ways of stating the rest of a record are tried."""


def hinted(pack: RulePack, request: PersonYearRequest, cure: Cure) -> tuple[RecordFacts, ...] | None:
    """Return the records of a hint with an amount, stated so that they give most; None where no such record was found."""
    kind = next(code for code, label in pack.kinds.items() if label == cure.kinds[0])
    best: tuple[int, Mapping[str, Any]] | None = None
    tries = 0
    for start in _starts(pack, cure, kind):
        quantity: dict[str, Any] = {cure.by: cure.plan[0]} if cure.by else {}
        for facts in _completed(pack, request, kind, {**start, **quantity}):
            tries += 1
            gained = gain(pack, request, cure.requirement, (RecordFacts("hint", kind, facts),))
            entry = evaluate(
                pack, request._replace(records=(RecordFacts("hint", kind, facts),)), trace=False
            ).ledger[0]
            if cure.rule in entry.rules and gained and (best is None or gained > best[0]):
                best = gained, facts
            if tries >= TRIES:
                break
    if best is None:
        return None
    records = []
    for place, amount in enumerate(cure.plan):
        own = {
            name: f"hint{place}" for name, fact in pack.facts.items() if fact.type == "id" and name in best[1]
        }
        stated = {cure.by: amount} if cure.by else {}
        records.append(RecordFacts(f"hint{place}", kind, {**best[1], **own, **stated}))
    return tuple(records)


def gain(pack: RulePack, request: PersonYearRequest, requirement: str, more: tuple[RecordFacts, ...]) -> int:
    """Return by how much records beside the others lessen what a requirement lacks."""
    before = evaluate(pack, request, trace=False)
    after = evaluate(pack, request._replace(records=(*request.records, *more)), trace=False)
    return _short(before.requirements, requirement) - _short(after.requirements, requirement)


def _short(results: tuple[RequirementResult, ...], requirement: str) -> int:
    return next(one.shortfall for one in results if one.id == requirement)


def _starts(pack: RulePack, cure: Cure, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the facts that the conditions of the row ask for, one way after the other."""
    for item in pack.data["items"]:
        for row in item["rows"]:
            if row["rule"] != cure.rule:
                continue
            own = [] if row["id"] == item["id"] else [row]
            forms = [
                form for one in (item, *own) for form in (one["when"], *one["needs"]) if form is not None
            ]
            forms += [["not", form] for one in (item, *own) for form in one["except"]]
            for zone in zones(["and", [["test", "kind", {"in": [kind]}], *forms]], pack.vocabulary)[:12]:
                facts: dict[str, Any] = {}
                for name, matcher in zone.items():
                    fact = pack.facts.get(name)
                    if fact is None or name == "year" or name.startswith("person.") or name == cure.by:
                        continue
                    if matcher.get("in"):
                        facts[name] = matcher["in"][0]
                    elif matcher.get("bands"):
                        low, low_in, high, high_in = matcher["bands"][0]
                        facts[name] = (
                            high
                            if high is not None and high_in
                            else low
                            if low is not None and low_in
                            else _inside(low, high)
                        )
                    elif matcher.get("not_stated"):
                        continue
                    elif matcher.get("none"):
                        facts[name] = None
                    elif matcher.get("stated"):
                        facts[name] = _values(pack, name)[0]
                yield facts


def _inside(low: Any, high: Any) -> Any:
    if low is None:
        return str(max(int(high) - 1, 0))
    return str(int(low) + 1)


def _completed(
    pack: RulePack, request: PersonYearRequest, kind: str, facts: dict[str, Any], depth: int = 6
) -> Iterator[dict[str, Any]]:
    """Yield ways to state what the engine asks for, until it asks for nothing more."""
    one = RecordFacts("hint", kind, facts)
    judged = evaluate(pack, request._replace(records=(one,)), trace=False)
    asked = [
        name for point in judged.open for name in point.facts if point.record == "hint" and name not in facts
    ]
    yield facts
    absent = [name for name in _read(pack, kind) if name not in facts]
    for name in asked[:1] or (absent if depth == 6 else [])[:0]:
        if depth:
            for value in _values(pack, name):
                yield from _completed(pack, request, kind, {**facts, name: value}, depth - 1)
    if not asked and depth:
        for name in absent:
            if pack.facts[name].type in ("word", "yes_no") and len(_values(pack, name)) <= 8:
                for value in _values(pack, name):
                    yield {**facts, name: value}


def _read(pack: RulePack, kind: str) -> list[str]:
    return [fact.name for one in pack.kinds_with_rules() if one.kind == kind for fact in one.facts]


def _values(pack: RulePack, name: str) -> list[Any]:
    fact = pack.facts[name]
    if fact.type == "yes_no":
        return [True, False]
    if fact.type == "word":
        return sorted(fact.values)
    if fact.type == "id":
        return ["hint"]
    if fact.type == "date":
        return []
    if fact.type == "list":
        return []
    return [1, 2, 30] if name in ("rank",) else [30, 1]
