"""Whom a draft would affect: everyone's open and sealed years judged under the law in force and under the draft.

Nothing is stored of it but the numbers; a sealed result stays what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.assessment.undecided import verdict_with_undecided
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.law import Step, held_still, law_before
from xueshi.campaigns.clocks.campaign_clock import latest_instant
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.judging import assessing
from xueshi.campaigns.judging.stored_request import pending_from_json, request_from_json
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.errors import InputError, NotEncodedError, RuleError
from xueshi.jurisdictions import area_contains
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows
from xueshi.register.rows.people_rows import PersonForAssessment
from xueshi.register.tables import Unit
from xueshi.registry import Registry
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows

ENGINE = Scope.everything()
KINDS = {
    "falls": "达到变为未达到",
    "rises": "未达到变为达到",
    "waits": "变为待补充",
    "other": "结论其他变化",
    "hours": "学时改变",
    "short": "差额改变",
}
"""The kinds of change, those that weigh most first; of hours and shortfalls where the verdict stays."""


@dataclass(frozen=True)
class Outcome:
    """A judged year as far as it is compared: verdict, hours by category, what is short by label (hundredths)."""

    verdict: str
    totals: Mapping[str, int]
    shortfalls: Mapping[str, int]

    @property
    def hours(self) -> int:
        """The total."""
        return self.totals.get("total", 0)


@dataclass(frozen=True)
class PersonChange:
    """A person whose year would come out otherwise."""

    unit_id: UUID
    unit: str
    person_id: UUID
    year: int
    level: str | None
    sealed: bool
    before: Outcome
    after: Outcome

    @property
    def kind(self) -> str:
        """A word of `KINDS`."""
        verdicts = (self.before.verdict, self.after.verdict)
        if verdicts == ("met", "not_met"):
            return "falls"
        if verdicts == ("not_met", "met"):
            return "rises"
        if verdicts[0] != verdicts[1]:
            return "waits" if verdicts[1] == "needs_fact" else "other"
        return "hours" if self.before.totals != self.after.totals else "short"


@dataclass
class Impact:
    """What was counted: years of persons that were judged, sealed ones among them, and every change."""

    years: tuple[int, ...]
    judged: int = 0
    sealed: int = 0
    without_law: int = 0
    """Years of units for which no law is encoded: nobody was judged there."""
    not_compared: int = 0
    """Years of units whose law in force does not load (a rollback may cure that): nobody was judged there."""
    changes: list[PersonChange] = field(default_factory=list)
    running: list[Campaign] = field(default_factory=list)
    """Campaigns that go on under the law that they are pinned to."""

    def counts(self) -> dict[str, int]:
        """Return kind of change → years of persons, every kind named."""
        counted = Counter(one.kind for one in self.changes)
        return {kind: counted[kind] for kind in KINDS}


_Both = tuple[RulePack, RulePack]
"""The law in force and the law as it would be."""


@dataclass(frozen=True)
class _Laws:
    """The law of one unit in one year, as it is in force and as it would be."""

    before: RulePack | None
    """None where it does not load."""
    after: RulePack


def foresee(
    session: Session,
    registry: Registry,
    step: Step,
    *,
    year: int | None = None,
    heartbeat: Callable[[int, int], None] = lambda *_: None,
) -> Impact:
    """Judge everyone of the step's area whose year is open or sealed, under both laws; nothing is written.

    `year` limits it to one statistics year. `heartbeat` is told how many units of how many are done. Raises
    InputError for a year that the step does not serve.
    """
    if year is not None and year not in step.years:
        raise InputError(f"草案适用于 {step.years} 年度，不适用于 {year} 年度；请改 --year，或不写")
    registry = held_still(registry)
    after = step.after(registry)
    known: dict[tuple[str, int, str | None], _Laws | None] = {}
    scope = Scope((step.area,))
    todo = _units_by_year(session, after, step, scope, year)
    impact = Impact(tuple(sorted({at for at, _ in todo})))
    for done, (at, unit) in enumerate(todo, start=1):
        key = (unit.area, at, unit.sector)
        if key not in known:
            known[key] = _laws(registry, after, step, *key)
        laws = known[key]
        if laws is None:
            impact.without_law += 1
        elif laws.before is None:
            impact.not_compared += 1
        elif laws.before.digest != laws.after.digest:
            for change in _of_unit(session, unit, at, (laws.before, laws.after), impact):
                if change.before != change.after:
                    impact.changes.append(change)
        heartbeat(done, len(todo))
    impact.running = [
        one
        for one in campaign_rows.campaigns(session, scope)
        if one.stage == "open" and one.year in step.years and year in (None, one.year)
    ]
    impact.changes.sort(key=lambda one: (list(KINDS).index(one.kind), one.year, one.unit))
    return impact


def _units_by_year(
    session: Session, registry: Registry, step: Step, scope: Scope, year: int | None
) -> list[tuple[int, Unit]]:
    """Return which units are looked at in which years: those with anything of a year, and all of them in the present one."""
    units = [one for one in unit_rows.units(session, scope) if area_contains(step.area, one.area)]
    held = repository.years_with_people(session, scope)
    today = civil_date(latest_instant(session, scope, real_now()))
    try:
        present = registry.pack_for(step.area, today.year).year_of(today)
    except NotEncodedError:
        present = today.year
    held[present] = {one.id for one in units}
    return [
        (at, unit)
        for at in sorted(held)
        if at in step.years and year in (None, at)
        for unit in units
        if unit.id in held[at]
    ]


def _laws(
    registry: Registry, after: Registry, step: Step, area: str, year: int, sector: str | None
) -> _Laws | None:
    try:
        new = after.pack_for(area, year, sector)
        return _Laws(law_before(partial(registry.pack_for, area, year, sector), step), new)
    except NotEncodedError:
        return None


def _of_unit(session: Session, unit: Unit, year: int, laws: _Both, impact: Impact) -> Iterator[PersonChange]:
    """Yield what both laws say of everyone of a unit in a year: sealed people by their sealed facts, others by the register."""
    found = campaign_rows.campaign_of_unit(session, ENGINE, unit.id, year)
    sealed: set[UUID] = set()
    values: Mapping[UUID, Mapping[str, object]] = {}
    made = partial(PersonChange, unit.id, unit.name)
    if found is not None:
        campaign, filing = found
        values = filing_rows.determinations(session, filing)
        seals = seal_rows.sealed_of_unit(session, campaign.id, unit.id)
        rows = results.results_by_id(session, [one.result_id for one in seals])
        for seal in seals:
            row = rows[seal.result_id]
            sealed.add(row.person_id)
            impact.judged += 1
            impact.sealed += 1
            facts = (request_from_json(row.request), pending_from_json(row.request))
            yield made(
                row.person_id,
                year,
                row.level,
                True,
                _stored(laws[0], *facts),
                _stored(laws[1], *facts),
            )
        if filing.stage == "dissolved":
            return  # its people are judged where they work now
    rest = _Register(unit, year, found, values, sealed)
    yield from _of_register(session, rest, laws, impact)


@dataclass(frozen=True)
class _Register:
    """What is judged of a unit's year by the register: everyone who is not sealed."""

    unit: Unit
    year: int
    filed: tuple[Campaign, Filing] | None
    values: Mapping[UUID, Mapping[str, object]]
    """What verifiers determined, by record and fact."""
    sealed: set[UUID]

    def people(self, session: Session, pack: RulePack) -> list[PersonForAssessment]:
        """Return them as the campaign would have them, else as of the end of the year."""
        if self.filed is not None:
            listed = assessing.people_of(session, *self.filed, pack)
        else:
            _, last = pack.year_window(self.year)
            listed = assessing.people_in_year(session, ENGINE, self.unit.id, pack, self.year, last)
        return [one for one in listed if one.person_id not in self.sealed]


def _of_register(session: Session, rest: _Register, laws: _Both, impact: Impact) -> Iterator[PersonChange]:
    """Yield what both laws say of those of a unit who are not sealed, each under the titles of the day that law reads."""
    both = [_judged_register(session, rest, pack) for pack in laws]
    unit = rest.unit
    for person_id, (level, before) in both[0].items():
        if person_id in both[1]:
            impact.judged += 1
            yield PersonChange(
                unit.id, unit.name, person_id, rest.year, level, False, before, both[1][person_id][1]
            )


def _judged_register(
    session: Session, rest: _Register, pack: RulePack
) -> dict[UUID, tuple[str | None, Outcome]]:
    people = rest.people(session, pack)
    law = assessing.YearLaw.read(session, pack, rest.unit.area, rest.year, people)
    found: dict[UUID, tuple[str | None, Outcome]] = {}
    for person in people:
        judged = law.judge(person, rest.values).judgement
        outcome = Outcome(judged.verdict, judged.totals, _labelled(pack, judged.shortfalls))
        found[person.person_id] = (person.level, outcome)
    return found


def _stored(pack: RulePack, request: PersonYearRequest, pending: Sequence[RecordFacts]) -> Outcome:
    """Judge stored facts anew; a rule that cannot be applied gives `not_judged`, as when a filing is judged."""
    try:
        judged = evaluate(pack, request, trace=False)
    except RuleError:
        return Outcome("not_judged", {}, {})
    return Outcome(
        verdict_with_undecided(pack, request, judged, pending),
        dict(judged.totals),
        _labelled(pack, {one.of: one.shortfall for one in judged.requirements if one.shortfall}),
    )


def _labelled(pack: RulePack, shortfalls: Mapping[str, int]) -> dict[str, int]:
    return {pack.labels.get(code, code): short for code, short in shortfalls.items()}
