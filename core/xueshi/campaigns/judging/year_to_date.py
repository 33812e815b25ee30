"""A year as registered on a day, judged under the law in force: what tables, reports and papers without a campaign say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.judging.assessing import YearLaw, people_in_year
from xueshi.register.rows import people_rows
from xueshi.register.rows.people_rows import PersonForAssessment, RecordForAssessment
from xueshi.register.tables import Unit
from xueshi.regulations.pack import RulePack
from xueshi.results.repository import Judgement


@dataclass(frozen=True)
class YearToDate:
    """A person with the records that count for a year as of a day, and what comes out of them; nothing is stored."""

    person: PersonForAssessment
    """His records: those of the year that had ended, and those of former years of which a part arrives in it."""
    judgement: Judgement


def years_to_date(
    session: Session, scope: Scope, unit: Unit, pack: RulePack, year: int, day: date
) -> list[YearToDate]:
    """Judge the year of everybody who counts at a unit as of a day, in the unit's order."""
    people = ended_by(people_in_year(session, scope, unit.id, pack, year, day), day)
    return years_as_registered(session, people, pack, unit.area, year, {})


def years_as_registered(
    session: Session,
    people: Sequence[PersonForAssessment],
    pack: RulePack,
    area: str,
    year: int,
    values: Mapping[UUID, Mapping[str, object]],
) -> list[YearToDate]:
    """Judge the year of some people by what is registered; `values` are what verifiers settled on records."""
    law = YearLaw.read(session, pack, area, year, people)
    judged = [(person, law.judge(person, values).judgement) for person in people]
    missing = {person.person_id: _handed_on(person, judgement) for person, judgement in judged}
    stored = people_rows.records_by_id(session, [one for ids in missing.values() for one in ids])
    return [
        YearToDate(
            replace(
                person,
                records=(
                    *person.records,
                    *(stored[one] for one in missing[person.person_id] if one in stored),
                ),
            ),
            judgement,
        )
        for person, judgement in judged
    ]


def ended_by(people: Sequence[PersonForAssessment], day: date) -> list[PersonForAssessment]:
    """Return people with those of their records that had ended by a day."""
    return [
        replace(
            person,
            records=tuple(one for one in person.records if _ended(one, day)),
            pending=tuple(one for one in person.pending if _ended(one, day)),
        )
        for person in people
    ]


def _handed_on(person: PersonForAssessment, judgement: Judgement) -> list[UUID]:
    """Return the records of former years that stand in a ledger."""
    own = {record.id for record in person.records}
    named = (line.record_id for line in judgement.ledger if line.record_id is not None)
    return [one for one in dict.fromkeys(named) if one not in own]


def _ended(record: RecordForAssessment, day: date) -> bool:
    """Tell whether a record had ended by a day; one without dates counts, since it is in the register."""
    last = record.end or record.start
    return last is None or last <= day
