"""The law in force and the law as a draft would have it: which instruments, in which areas and years, differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from xueshi.canonical import digest_of_json
from xueshi.errors import NotEncodedError, RuleFileError
from xueshi.jurisdictions import YearSpan, area_contains
from xueshi.registry import Registry
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import BureauOverlay

AHEAD = 20
"""How many years from its first on an open span is looked at."""


@dataclass(frozen=True)
class Step:
    """What a publication would change in an area: an overlay that comes, or one that goes."""

    region: str
    area: str
    of: str
    years: YearSpan
    adds: BureauOverlay | None = None
    removes: str = ""
    """Id of an overlay that is to hold no longer."""

    def after(self, registry: Registry) -> Registry:
        """Return the registry as it would answer after the publication."""
        before = registry.bureau

        def bureau() -> list[BureauOverlay]:
            kept = [one for one in before() if one.id != self.removes and one != self.adds]
            return kept if self.adds is None else [*kept, self.adds]

        return replace(registry, bureau=bureau)


@dataclass(frozen=True)
class LawChange:
    """One law as it is in force and as it would be: where, in which statistics years."""

    area: str
    """The first area in which it is so; those inside it whose own choices do not differ are meant too."""
    instrument: str
    years: tuple[int, ...]
    before: RulePack
    after: RulePack

    @property
    def span(self) -> str:
        """The years, for people: `2021–2023、2025`."""
        runs: list[list[int]] = []
        for year in self.years:
            if runs and year == runs[-1][-1] + 1:
                runs[-1].append(year)
            else:
                runs.append([year])
        return "、".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


@dataclass(frozen=True)
class _Place:
    area: str
    year: int
    instrument: str


def law_changes(registry: Registry, step: Step) -> list[LawChange]:
    """Return what a step changes: each law once, for the run of years in which nothing else about it differs.

    Raises RuleFileError where a law under the step does not load.
    """
    registry = held_still(registry)
    after = step.after(registry)
    places: dict[tuple[object, ...], list[_Place]] = {}
    for at in _places(registry, step):
        serving = [
            tuple(one.id for one in each.published_overlays(at.instrument, at.area, at.year))
            for each in (registry, after)
        ]
        # A plugin's own overlays have years and areas of their own: then each is looked at by itself.
        owner = registry.ask(registry.owner_of(at.instrument))
        alone = (at.area, at.year) if owner.overlays(at.instrument, at.area) else None
        places.setdefault((at.instrument, *serving, alone), []).append(at)
    found = []
    for same in places.values():
        at = same[0]
        new = after.pack_of(at.instrument, at.area, None, at.year)
        old = law_before(partial(registry.pack_of, at.instrument, at.area, None, at.year), step)
        years = tuple(sorted({one.year for one in same}))
        found.append(LawChange(at.area, at.instrument, years, old or new, new))
    return found


def law_before(asked: Callable[[], RulePack], step: Step) -> RulePack | None:
    """Return the law in force; None where it does not load and the step takes back an overlay, which may be why.

    Raises RuleFileError in any other case.
    """
    try:
        return asked()
    except RuleFileError:
        if not step.removes:
            raise
        return None


def held_still(registry: Registry) -> Registry:
    """Return a registry that answers with what is published at this moment, so that one question has one answer."""
    held = tuple(registry.bureau())
    return replace(registry, bureau=lambda: held)


def basis_of(digest: str, changes: list[LawChange]) -> str:
    """Return the digest of a draft and of the laws that it was compared with: another law in force, another digest."""
    return digest_of_json(
        [
            digest,
            [
                [one.area, one.instrument, list(one.years), one.before.digest, one.after.digest]
                for one in changes
            ],
        ]
    )


def years_of_region(registry: Registry, step: Step) -> list[int]:
    """Return the years of a step in which its region has any law; an open span is looked at some twenty years on."""
    asked = registry.ask(step.region)
    spans = [line.years for line in asked.jurisdiction().applies]
    applied = {year for one in spans for year in range(one.first, (one.last or one.first + AHEAD) + 1)}
    return sorted(year for year in {*asked.years(), *applied} if year in step.years)


def served_years(registry: Registry, step: Step) -> list[int]:
    """Return the years in which the instrument, or one that descends from it, applies in the step's own area."""
    return sorted({at.year for at in _places(registry, step) if at.area == step.area})


def _places(registry: Registry, step: Step) -> Iterator[_Place]:
    """Yield every area, year and instrument that a step may touch."""
    who = registry.ask(step.region).jurisdiction()
    sectors = [None, *sorted({line.sector for line in who.applies if line.sector is not None})]
    years = years_of_region(registry, step)
    for area in _areas(registry, step):
        for year in years:
            uses: dict[str, None] = {}
            for sector in sectors:
                try:
                    uses[registry.line_for(area, year, sector).use] = None
                except NotEncodedError:
                    continue
            for use in uses:
                if step.of in registry.lineage(use):
                    yield _Place(area, year, use)


def _areas(registry: Registry, step: Step) -> list[str]:
    """Return the step's area, and those inside it where something else may hold: another law, choices of their own."""
    who = registry.ask(step.region).jurisdiction()
    applied = [line.area for line in who.applies]
    plugins = {registry.owner_of(line.use): line.use for line in who.applies}
    if any(registry.ask(owner).overlays(use, step.area) for owner, use in plugins.items()):
        applied += [one.code for one in who.areas]  # an overlay of a plugin may name any of them
    own = [one.area for one in registry.bureau()]
    inside = sorted({area for area in (*applied, *own) if area_contains(step.area, area)} - {step.area})
    return [step.area, *inside]
