"""A rule set against the floor of a superior text: stricter, equal, looser, silent, each with both clauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from xueshi.regulations.minimums import Minimum, minimums
from xueshi.regulations.pack import RulePack

STRICTER, EQUAL, LOOSER, SILENT, OWN, MIXED, OPEN = (
    "stricter", "equal", "looser", "silent", "own", "mixed", "open",
)  # fmt: skip
VERDICTS = {
    STRICTER: "严于", EQUAL: "相同", LOOSER: "宽于", SILENT: "未规定", OWN: "上位文未规定", MIXED: "因层级而异", OPEN: "须另行比较",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One minimum against the floor's.

    `verdict`: stricter, equal, looser, mixed (by level), silent (the local text has none), own (only the local text has
    one), open (not comparable as plain numbers). `local`, `superior`: the numbers in words; clauses are those of each text.
    `guide`: the floor's figure is a guide (一般), a looser one is shown, never refused.
    """

    instrument: str
    of: str
    verdict: str
    local: str
    local_clause: str
    superior: str
    superior_clause: str
    guide: bool


def compared_year(pack: RulePack, floor: RulePack) -> int:
    """Return the year in which two texts are compared: the last one of a closed text, else the first that both serve."""
    first, last = pack.data["instrument"]["years"]
    return int(last) if last is not None else max(int(first), int(floor.data["instrument"]["years"][0]))


def against_floor(pack: RulePack, floor: RulePack, year: int | None = None) -> list[Difference]:
    """Compare every yearly minimum of a pack with the floor's, the floor's own order first."""
    when = compared_year(pack, floor) if year is None else year
    local = {one.of: one for one in minimums(pack, when) if not one.guide and one.condition is None}
    superior = {one.of: one for one in minimums(floor, when)}
    found = [_against(pack, of, local, superior) for of in superior]
    found += [
        Difference(pack.id, of, OWN, hours_text(pack, one.hours), one.clause, "", "", False)
        for of, one in local.items()
        if of not in superior
    ]
    return found


def hours_text(pack: RulePack, hours: Mapping[str, Fraction] | None) -> str:
    """Say numbers by level: `90`, `高级、中级72，初级42`; empty where they are no plain numbers."""
    if hours is None:
        return ""
    levels = pack.facts["person.level"].values
    by_value: dict[Fraction, list[str]] = {}
    for level, value in hours.items():
        by_value.setdefault(value, []).append(levels.get(level, ""))
    return "，".join(f"{'、'.join(names)}{_plain(value)}" for value, names in by_value.items())


def _plain(value: Fraction) -> str:
    whole, rest = divmod((value * 100).__floor__(), 100)
    return f"{whole}.{rest:02d}".removesuffix("0") if rest else str(whole)


def _against(
    pack: RulePack, of: str, local: Mapping[str, Minimum], superior: Mapping[str, Minimum]
) -> Difference:
    theirs, mine = superior[of], local.get(of)
    told = f"{theirs.share[0]}" if theirs.share else hours_text(pack, theirs.hours)
    if mine is None:
        return Difference(pack.id, of, SILENT, "", "", told, theirs.clause, theirs.guide)
    said = hours_text(pack, mine.hours)
    ours, wanted = mine.hours, theirs.hours
    if theirs.share is not None:  # a share of the local total, not of the floor's
        whole = local.get(theirs.share[1])
        ours = _shares(mine.hours, whole.hours if whole is not None else None)
        wanted = {"": theirs.share[0]}
        if ours is not None:
            said += "（占" + "、".join(dict.fromkeys(str(value) for value in ours.values())) + "）"
    return Difference(
        pack.id, of, _verdict(ours, wanted), said, mine.clause, told, theirs.clause, theirs.guide
    )


def _shares(
    part: Mapping[str, Fraction] | None, whole: Mapping[str, Fraction] | None
) -> dict[str, Fraction] | None:
    if part is None or whole is None:
        return None
    levels = list(part) if "" not in part else list(whole)
    of = {level: (part.get(level, part.get("")), whole.get(level, whole.get(""))) for level in levels}
    return {level: mine / all_ for level, (mine, all_) in of.items() if mine is not None and all_}


def _verdict(ours: Mapping[str, Fraction] | None, wanted: Mapping[str, Fraction] | None) -> str:
    if not ours or not wanted:
        return OPEN
    levels = set(ours) | set(wanted)
    if levels != {""}:
        levels -= {""}
    signs = set()
    for level in levels:
        mine, theirs = ours.get(level, ours.get("")), wanted.get(level, wanted.get(""))
        if mine is None or theirs is None:
            return OPEN
        signs.add(EQUAL if mine == theirs else STRICTER if mine > theirs else LOOSER)
    if len(signs - {EQUAL}) == 2:
        return MIXED
    return next(iter(signs - {EQUAL}), EQUAL)
