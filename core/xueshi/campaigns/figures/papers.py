"""Gathering what the papers of a campaign say: sealed results, filings and the year's figures as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.judging.assessing import judged_of, pack_of, people_as_sealed, people_of
from xueshi.campaigns.judging.card_words import CardWords, sealed_words
from xueshi.campaigns.judging.year_to_date import YearToDate, years_as_registered, years_to_date
from xueshi.campaigns.rows import filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.documents import filings
from xueshi.documents.filings import JudgedPerson
from xueshi.documents.proofs import template_from_canonical
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, StudyEntry, UnitFiling
from xueshi.errors import NotFoundError
from xueshi.register.identity import KeyRing
from xueshi.register.rows import unit_rows
from xueshi.register.rows.people_rows import PersonForAssessment, RecordForAssessment
from xueshi.register.tables import Unit
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.repository import LedgerLine
from xueshi.results.rows import seal_rows
from xueshi.results.tables import LedgerRow

ENGINE = Scope.everything()
COUNTED = frozenset({"credited", "reduced"})
"""Ledger verdicts whose hours stand on a card."""


@dataclass(frozen=True)
class PaperSubject:
    """Whose paper it is, its place in the campaign, and what it says."""

    subject_id: UUID
    position: int
    data: PersonYear | UnitFiling
    corrects: int | None = None
    """Place of the paper whose place this one takes; None for a first paper."""


@dataclass(frozen=True)
class PaperPlace:
    """Where a paper without a campaign is made: region, name of the area, whether the folder is one of a rehearsal."""

    region: str
    area_name: str
    sample: bool = False


def papers_of(session: Session, campaign: Campaign) -> dict[str, DocumentTemplate]:
    """Return the papers that a campaign is pinned to, by id."""
    listing: Mapping[str, str] = json.loads(audit.load_artifact(session, campaign.papers_digest))
    return {
        paper_id: template_from_canonical(audit.load_artifact(session, digest).decode())
        for paper_id, digest in listing.items()
    }


def cards(
    session: Session, campaign: Campaign, filing: Filing, keys: KeyRing | None = None
) -> list[PaperSubject]:
    """Return the cards of the people whom a filing's round sealed, in order; an unsealed unit has none.

    Who was sealed anew in a later round has his card from that one. Name, post, title and unit are those that were
    sealed; what an older engine sealed has none, and says what the register says. Raises InputError without `keys`
    where words were sealed.
    """
    seals = {
        seal.person_id: seal
        for seal in seal_rows.sealed_of_unit(session, campaign.id, filing.unit_id)
        if seal.round == filing.round
    }
    if not seals:
        return []
    before = seal_rows.superseded(session, seals.values())
    pack = pack_of(session, campaign)
    unit_name = _name_then(session, campaign, filing)
    judged = seal_rows.sealed_years(session, campaign.id, filing.unit_id, seals.values())
    sealed = sealed_words(session, keys, list(seals.values()))
    verified_on = _decided_on(filing)
    gathered = []
    for person in people_as_sealed(session, campaign, filing, pack):
        if person.person_id not in seals:
            continue
        seal = seals[person.person_id]
        year = judged[person.person_id]
        result = year.result
        replaced = before.get(seal.id)
        words = sealed.get(person.person_id) or CardWords.of(person, unit_name)
        gathered.append(
            PaperSubject(
                person.person_id,
                seal.position,
                PersonYear(
                    region=campaign.region,
                    area=filing.area,
                    area_name=campaign.area_name,
                    year=campaign.year,
                    number=str(seal.position),
                    name=words.name,
                    sex=words.sex,
                    born=words.born,
                    political_status=words.political_status,
                    unit=words.unit,
                    post=words.post,
                    title=words.title,
                    level=result.level or "",
                    verdict=result.verdict,
                    entries=_entries(person, year.ledger, pack.categories),
                    totals=result.totals,
                    photo=person.photo,
                    verified_on=verified_on,
                    verifier=campaign.verifier,
                    rules_digest=result.pack_digest,
                    sample=campaign.standing,
                ),
                None if replaced is None else replaced.position,
            )
        )
    return sorted(gathered, key=lambda subject: subject.position)


def year_papers(
    session: Session, scope: Scope, unit: Unit, pack: RulePack, year: int, day: date, place: PaperPlace
) -> list[PersonYear]:
    """Return what the papers of a unit's people say without any campaign: the year as registered on a day.

    Nothing is sealed: number, verifier and date of verification stay blank, for whoever signs by hand.
    """
    return [
        _as_registered(one, unit, pack, year, place)
        for one in years_to_date(session, scope, unit, pack, year, day)
    ]


def card_previews(
    session: Session, campaign: Campaign, filing: Filing, person_id: UUID | None = None
) -> list[PersonYear]:
    """Return what the cards of a filing's people, or of one of them, would say were they sealed as registered now.

    Under the rules to which the campaign is pinned, with what its verifiers settled so far; number, verifier and date
    of verification are blank. Raises NotFoundError for somebody who does not count at the unit in that year.
    """
    pack = pack_of(session, campaign)
    people = [one for one in people_of(session, campaign, filing, pack) if person_id in (None, one.person_id)]
    if not people:
        raise NotFoundError("该单位本年度没有登记此人，或没有登记人员；没有可以预览的表卡")
    unit = unit_rows.unit(session, ENGINE, filing.unit_id)
    place = PaperPlace(campaign.region, campaign.area_name, campaign.standing)
    values = filing_rows.determinations(session, filing)
    return [
        _as_registered(one, unit, pack, campaign.year, place)
        for one in years_as_registered(session, people, pack, filing.area, campaign.year, values)
    ]


def filing_preview(session: Session, campaign: Campaign, filing: Filing) -> UnitFiling:
    """Return what a unit's application would say now: counts of what is registered, results once it was judged; no number."""
    if filing.stage not in ("filing", "assessing", "not_filed"):
        shown = unit_filing(session, campaign, filing).data
        assert isinstance(shown, UnitFiling)  # of a filing
        return replace(shown, number="", corrects="")
    people = people_of(session, campaign, filing, pack_of(session, campaign))
    return filings.unit_filing(
        [JudgedPerson(one.level or "", None) for one in people],
        region=campaign.region,
        area=filing.area,
        area_name=campaign.area_name,
        year=campaign.year,
        unit=_name_then(session, campaign, filing),
        filed_on=None,
        sample=campaign.standing,
    )


def _as_registered(one: YearToDate, unit: Unit, pack: RulePack, year: int, place: PaperPlace) -> PersonYear:
    person, judged = one.person, one.judgement
    return PersonYear(
        region=place.region,
        area=unit.area,
        area_name=place.area_name,
        year=year,
        number="",
        name=person.name,
        sex=person.sex,
        born=person.born,
        political_status=person.political_status,
        unit=unit.name,
        post=person.post,
        title=person.title,
        level=person.level or "",
        verdict=judged.verdict,
        entries=_entries(person, judged.ledger, pack.categories),
        totals=judged.totals,
        photo=person.photo,
        rules_digest=pack.digest,
        sample=place.sample,
    )


def unit_filing(session: Session, campaign: Campaign, filing: Filing) -> PaperSubject:
    """Return what a unit's application says: counts it declared, and counts that came out where it is approved."""
    latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    # Who left the register by a correction has results still and is no longer declared; who came since has none.
    people = judged_of(session, campaign, filing, pack_of(session, campaign))
    judged = [latest[person_id] for person_id in people if person_id in latest]
    decided = filing.stage == "approved"
    return PaperSubject(
        filing.unit_id,
        filing.position,
        filings.unit_filing(
            [JudgedPerson(result.level or "", result.verdict if decided else None) for result in judged],
            region=campaign.region,
            area=filing.area,
            area_name=campaign.area_name,
            year=campaign.year,
            unit=_name_then(session, campaign, filing),
            filed_on=None if filing.submitted_at is None else civil_date(filing.submitted_at),
            verified_on=_decided_on(filing) if decided else None,
            verifier=campaign.verifier if decided else "",
            number=str(filing.position),
            sample=campaign.standing,
        ),
        _corrected_position(session, campaign, filing),
    )


def _name_then(session: Session, campaign: Campaign, filing: Filing) -> str:
    """Return the name that a unit bore when a round of it was sealed; its present one where nothing is sealed yet."""
    unit = unit_rows.unit(session, ENGINE, filing.unit_id)
    sealed = seal_rows.last_seal_of_round(session, campaign.id, unit.id, filing.round)
    return unit_rows.name_as_of(session, unit, sealed)


def _corrected_position(session: Session, campaign: Campaign, filing: Filing) -> int | None:
    """Return the place of the earlier round whose paper a later round's takes; None where none was issued."""
    earlier = [
        one
        for one in filing_rows.rounds_of_unit(session, ENGINE, campaign.id, filing.unit_id)
        if one.round < filing.round and one.stage == "approved"
    ]
    return earlier[-1].position if earlier else None


def _decided_on(filing: Filing) -> date | None:
    return None if filing.decided_at is None else civil_date(filing.decided_at)


def _entries(
    person: PersonForAssessment, ledger: Sequence[LedgerRow | LedgerLine], categories: Mapping[str, str]
) -> tuple[StudyEntry, ...]:
    """Return the lines of a card: every record that gave hours, in the order of study."""
    by_record: dict[UUID, list[LedgerRow | LedgerLine]] = {}
    for line in ledger:
        if line.record_id is not None and line.verdict in COUNTED and line.hours:
            by_record.setdefault(line.record_id, []).append(line)
    counted = [record for record in person.records if record.id in by_record]
    return tuple(
        _entry(record, by_record[record.id], categories) for record in sorted(counted, key=_study_order)
    )


def _entry(
    record: RecordForAssessment, lines: Sequence[LedgerRow | LedgerLine], categories: Mapping[str, str]
) -> StudyEntry:
    category = lines[0].category
    return StudyEntry(
        start=record.start,
        end=record.end,
        content=record.content,
        form=record.form,
        hours=sum(line.hours or 0 for line in lines),
        result=record.result,
        certificate=record.certificate,
        category=category,
        category_label=categories.get(category, category),
    )


def _study_order(record: RecordForAssessment) -> tuple[date, date]:
    return record.start or record.end or date.max, record.end or date.max
