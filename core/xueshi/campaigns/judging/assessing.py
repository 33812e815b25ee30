"""Judging the people of a filing under the pinned rule pack: rules are pure, this brings them facts and stores the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.program import program
from xueshi.assessment.record_names import with_names
from xueshi.assessment.types import (
    LedgerEntry,
    PersonYearRequest,
    RecordFacts,
    YearAssessment,
    YearFigures,
    with_kinds,
)
from xueshi.assessment.undecided import NOT_VERIFIED, verdict_with_undecided
from xueshi.campaigns.acts.filing_state import finish_assessment
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.judging.record_questions import open_record_tasks
from xueshi.campaigns.judging.stored_request import (
    ledger_line,
    record_as_json,
    request_as_json,
    request_from_json,
)
from xueshi.campaigns.rows import filing_rows, merger_rows
from xueshi.campaigns.rows.pinned_rows import flow_of, pack_by
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.errors import RuleError
from xueshi.machines.filing_machine import FilingState
from xueshi.machines.stored_state import load_state
from xueshi.real_clock import real_now
from xueshi.register.rows import people_rows
from xueshi.register.rows.people_rows import PersonForAssessment, RecordForAssessment
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.repository import JudgedUnder, Judgement
from xueshi.results.rows import seal_rows
from xueshi.storage import reading, transaction

ENGINE = Scope.everything()
CHUNK = 500
"""People judged and stored in one transaction."""


def pack_of(session: Session, campaign: Campaign) -> RulePack:
    """Return the rule pack that a campaign is pinned to."""
    return pack_by(session, campaign.pack_digest)


def judged_under(campaign: Campaign, filing: Filing, now: datetime) -> JudgedUnder:
    """Return what the judgements of a filing's people have in common."""
    return JudgedUnder(
        campaign.id,
        filing.unit_id,
        filing.area,
        campaign.year,
        campaign.pack_digest,
        now,
        filing.input_version,
    )


def assess_filing(engine: Engine, filing_id: UUID, heartbeat: Callable[..., None]) -> FilingState:
    """Judge every person of a submitted filing in chunks, then hand it to the next level.

    A repeat judges again and stores nothing new; a person whom a rule stops gets `not_judged` and an `attention` task.
    """
    with reading(engine) as session:
        filing, campaign = filing_rows.filing_in_campaign(session, ENGINE, filing_id)
        state = load_state(filing.state, filing.maker)
        if state.stage != "assessing":
            return state
        pack = pack_of(session, campaign)
        people = people_of(session, campaign, filing, pack)
        law = YearLaw.read(session, pack, filing.area, campaign.year, people)
        values = filing_rows.determinations(session, filing)
        now = campaign_now(session, campaign, real_now())
    under = judged_under(campaign, filing, now)
    heartbeat(0)
    judged: list[Judged] = []
    for start in range(0, len(people), CHUNK):
        chunk = [law.judge(person, values) for person in people[start : start + CHUNK]]
        with transaction(engine) as session:
            results.save(session, under, [one.judgement for one in chunk])
        judged.extend(chunk)
        heartbeat(start + len(chunk))
    with transaction(engine) as session:
        filing, now_pinned = filing_rows.filing_in_campaign(session, ENGINE, filing_id, lock=True)
        if now_pinned.pack_digest == campaign.pack_digest:
            if filing.stage == "assessing":
                flow = flow_of(session, now_pinned, filing)
                filing_rows.note_judged(session, filing.id, [person.person_id for person in people])
                filing.people = len(people)
                open_record_tasks(session, filing, judged, flow.level(filing.level).signers[0].role, now)
            return finish_assessment(session, now_pinned, filing)
    # A newer rule pack was pinned while these people were judged: nobody goes on under the older one.
    return assess_filing(engine, filing_id, heartbeat)


def people_of(
    session: Session, campaign: Campaign, filing: Filing, pack: RulePack
) -> list[PersonForAssessment]:
    """Return the people of a filing as of the end of the statistics year, in the unit's own order.

    After them stand the people of units that went up in this one after that day: it files for them.
    """
    _, last = pack.year_window(campaign.year)
    people: dict[UUID, PersonForAssessment] = {}
    for unit_id in (filing.unit_id, *merger_rows.merged_units(session, campaign.year, filing.unit_id)):
        for person in people_in_year(session, ENGINE, unit_id, pack, campaign.year, last):
            held = people.get(person.person_id)
            people[person.person_id] = person if held is None else _at_both(held, person)
    return list(people.values())


def people_in_year(
    session: Session, scope: Scope, unit_id: UUID, pack: RulePack, year: int, day: date
) -> list[PersonForAssessment]:
    """Return who of a unit counts in a year as of a day: who works there on it, after the year's end on its last day.

    Titles are those of the day on which the instrument reads facts of the person.
    """
    counted, read_on = _days_counted(pack, year, day)
    return people_rows.people_for_assessment(
        session, scope, unit_id, year, as_of=counted, titles_as_of=read_on
    )


def _at_both(person: PersonForAssessment, merged: PersonForAssessment) -> PersonForAssessment:
    """Return a person who works at a unit and worked at one that went up in it: what each lists counts."""
    known = {record.id for record in (*person.records, *person.pending)}
    return replace(
        person,
        records=(*person.records, *(one for one in merged.records if one.id not in known)),
        pending=(*person.pending, *(one for one in merged.pending if one.id not in known)),
    )


def days_of(campaign: Campaign, pack: RulePack) -> tuple[date, date]:
    """Return the last day of a campaign's year, and the day on which its instrument reads facts of the person."""
    return _days_counted(pack, campaign.year, date.max)


def _days_counted(pack: RulePack, year: int, day: date) -> tuple[date, date]:
    first, last = pack.year_window(year)
    counted = min(day, last)
    return counted, first if pack.data["year"]["person_as_of"] == "start" else counted


def judged_of(session: Session, campaign: Campaign, filing: Filing, pack: RulePack) -> list[UUID]:
    """Return with whom a filing was last judged, in the unit's order.

    An older engine did not note it: then these are who was sealed, and before the seal whom the register lists.
    """
    noted = filing_rows.judged_people(session, filing.id)
    if noted:
        return noted
    seals = seal_rows.sealed_of_unit(session, campaign.id, filing.unit_id)
    if any(seal.round == filing.round for seal in seals):
        return [seal.person_id for seal in seals]
    return [person.person_id for person in people_of(session, campaign, filing, pack)]


def people_as_sealed(
    session: Session, campaign: Campaign, filing: Filing, pack: RulePack
) -> list[PersonForAssessment]:
    """Return the people of a filing: of a sealed unit those who are sealed, with the records that their results rest on.

    Nothing that happens afterwards, to a record or to who works at the unit, changes who they are.
    """
    seals = seal_rows.sealed_of_unit(session, campaign.id, filing.unit_id)
    if not seals:
        return people_of(session, campaign, filing, pack)
    years = seal_rows.sealed_years(session, campaign.id, filing.unit_id, seals)
    judged = {person_id: year.records for person_id, year in years.items()}
    records = people_rows.records_by_id(session, [one for ids in judged.values() for one in ids])
    last, read_on = days_of(campaign, pack)
    people = people_rows.people_by_id(session, filing.unit_id, list(judged), campaign.year, last, read_on)
    return [
        replace(
            people[seal.person_id],
            records=tuple(records[one] for one in judged[seal.person_id] if one in records),
        )
        for seal in seals
    ]


@dataclass(frozen=True)
class EarlierEntry:
    """A ledger entry of a former year that still has effect, and the stored record it stands for."""

    entry: LedgerEntry
    record_id: UUID | None


def earlier_of(
    session: Session, year: int, people: Sequence[PersonForAssessment]
) -> dict[UUID, list[EarlierEntry]]:
    """Return what people's sealed former years hand on: works and projects given hours, parts of a spread.

    A record's name is made unique by its year, so that `r0001` of one year is not taken for that of another.
    """
    handed = seal_rows.handed_on(session, [person.person_id for person in people], before=year)
    return {
        person_id: [
            EarlierEntry(
                LedgerEntry.from_json({**one["entry"], "record": f"{of_year}/{one['entry']['record']}"}),
                UUID(one["record_id"]) if one["record_id"] else None,
            )
            for of_year, ones in sorted(by_year.items())
            for one in ones
        ]
        for person_id, by_year in handed.items()
    }


def years_of(
    session: Session, pack: RulePack, year: int, people: Sequence[PersonForAssessment]
) -> dict[UUID, dict[int, YearFigures]]:
    """Return the figures of people's sealed other years, each under its own law; none where this law does not read them."""
    if not program(pack).rests_on_years:
        return {}
    sealed = seal_rows.sealed_of_people(session, [person.person_id for person in people], apart=year)
    found: dict[UUID, dict[int, YearFigures]] = {}
    for person_id, by_year in sealed.items():
        for other, row in sorted(by_year.items()):
            law = pack_by(session, row.pack_digest)
            judged = evaluate(law, request_from_json(row.request), trace=False)
            if judged.verdict != "not_judged":
                found.setdefault(person_id, {})[other] = YearFigures.of(judged)
    return found


@dataclass(frozen=True)
class Judged:
    """A judgement with what only this run knows: which stored record an open fact belongs to."""

    judgement: Judgement
    assessment: YearAssessment | None
    record_ids: Mapping[str, UUID]
    trouble: str = ""
    undecided: tuple[RecordForAssessment, ...] = ()
    """Filed records not decided yet that an adverse verdict would rest on."""


@dataclass(frozen=True)
class YearLaw:
    """By what some people's year is judged: the rule pack, and everything that their sealed other years say of it.

    Whoever judges people of the register takes this way, a campaign as well as a figure or paper as of a day: what a
    sealed year hands on must count everywhere or nowhere.
    """

    pack: RulePack
    area: str
    year: int
    earlier: Mapping[UUID, Sequence[EarlierEntry]]
    others: Mapping[UUID, Mapping[int, YearFigures]]

    @classmethod
    def read(
        cls, session: Session, pack: RulePack, area: str, year: int, people: Sequence[PersonForAssessment]
    ) -> YearLaw:
        """Read what the sealed other years of some people hand on to a year."""
        return cls(pack, area, year, earlier_of(session, year, people), years_of(session, pack, year, people))

    def judge(self, person: PersonForAssessment, values: Mapping[UUID, Mapping[str, object]]) -> Judged:
        """Judge one of the people; `values` are what verifiers determined, by record and fact."""
        earlier, others = self.earlier.get(person.person_id, ()), self.others.get(person.person_id, {})
        return judge(self.pack, self.area, self.year, person, values, earlier, others)


def judge(
    pack: RulePack,
    area: str,
    year: int,
    person: PersonForAssessment,
    values: Mapping[UUID, Mapping[str, object]],
    earlier: Sequence[EarlierEntry] = (),
    years: Mapping[int, YearFigures] | None = None,
) -> Judged:
    """Judge one person's year; a rule that cannot be applied gives `not_judged` with its message.

    Filed records that nobody has decided yet give no hours: hours are what a verifier granted. But no adverse verdict
    rests on somebody's delay: where they could still make the year met, it is `needs_fact`, not `not_met`.
    """
    names = {f"r{number:04d}": record for number, record in enumerate(person.records, start=1)}
    request = PersonYearRequest(
        area=area,
        year=year,
        person={} if person.level is None else {"person.level": person.level},
        records=tuple(_facts(name, record, values) for name, record in names.items()),
        earlier=tuple(one.entry for one in earlier),
        years=years or {},
    )
    record_ids = {name: record.id for name, record in names.items()}
    known = {**record_ids, **{one.entry.record: one.record_id for one in earlier if one.record_id}}
    plain = request_as_json(request)
    pending = tuple(
        _facts(f"p{number:04d}", record, values) for number, record in enumerate(person.pending, start=1)
    )
    if pending:
        # Part of what was judged: the verdict looks at them, and once they are decided it is another input.
        plain["pending"] = [record_as_json(record) for record in pending]
    try:
        assessment = evaluate(pack, request, trace=False)
    except RuleError as error:
        stopped = Judgement(person.person_id, person.level, "not_judged", {}, {}, ["rule_error"], [], plain)
        told = {name: f"第{number}条记录" for number, name in enumerate(names, start=1)}
        return Judged(stopped, None, record_ids, with_names(str(error), told))
    verdict = verdict_with_undecided(pack, request, assessment, pending)
    judgement = Judgement(
        person_id=person.person_id,
        level=person.level,
        verdict=verdict,
        totals=dict(assessment.totals),
        shortfalls={line.of: line.shortfall for line in assessment.requirements if line.shortfall},
        warnings=[*assessment.warnings, *([NOT_VERIFIED] if person.pending else [])],
        open_records=[{"record": open_.record, "facts": list(open_.facts)} for open_ in assessment.open],
        request=plain,
        ledger=[ledger_line(entry, known) for entry in assessment.ledger],
        handed_on=_handed_on(request, assessment, known),
    )
    return Judged(
        judgement, assessment, record_ids, undecided=person.pending if verdict != assessment.verdict else ()
    )


def _facts(
    name: str, record: RecordForAssessment, values: Mapping[UUID, Mapping[str, object]]
) -> RecordFacts:
    return RecordFacts(
        id=name,
        kind=record.kind,
        year=record.year,
        facts={**record.facts, **values.get(record.id, {})},
        claimed=record.claimed,
        makeup=record.makeup,
    )


def _handed_on(
    request: PersonYearRequest, assessment: YearAssessment, record_ids: Mapping[str, UUID]
) -> list[dict[str, Any]]:
    """Return the entries that later years read: what has an identity and gave hours, and later parts of a spread."""
    kept = [entry for entry in assessment.ledger if entry.same is not None and entry.hours]
    return [
        {
            "entry": entry.to_json(),
            "record_id": str(record_ids[entry.record]) if entry.record in record_ids else None,
        }
        for entry in (*with_kinds(request, kept), *assessment.later)
    ]
