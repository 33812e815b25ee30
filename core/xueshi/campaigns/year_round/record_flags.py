"""Flags of stored records: gathers what `records.flags` reads, for a verifier, within his scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.year_round.record_law import law_by, what_law_says
from xueshi.machines.filing_machine import Refused
from xueshi.records import flags as odd
from xueshi.records import repository as records
from xueshi.records.flags import Flag, FlagRecord
from xueshi.records.repository import ListedRecord
from xueshi.records.rows import evidence_rows
from xueshi.register.tables import StudyRecord


@dataclass(frozen=True)
class ShownFlag:
    """A flag with the records it rests on, as the verifier reads them: all places, no judgement."""

    flag: Flag
    places: tuple[ListedRecord, ...]


def flags_of_record(session: Session, scope: Scope, record: StudyRecord) -> list[ShownFlag]:
    """Return the flags that touch one record, among the person's own and whatever shares its proofs in the scope."""
    own = records.records(session, scope, person_id=record.person_id, stages=records.STANDING)
    files = [file.digest for _, file in evidence_rows.evidence_of(session, [record.id]).get(record.id, [])]
    shared = evidence_rows.records_with_evidence(session, scope, files) if files else []
    return [one for one in _shown(session, [*own, *shared]) if record.id in one.flag.records]


def flags_of_year(
    session: Session, scope: Scope, year: int, *, unit_id: UUID | None = None
) -> list[ShownFlag]:
    """Return the flags of a year's records in a scope; a course or proof of another year is told where it comes back."""
    of_year = records.records(session, scope, year=year, unit_id=unit_id, stages=records.STANDING)
    proofs = evidence_rows.evidence_of(session, [one.record.id for one in of_year])
    files = {file.digest for held in proofs.values() for _, file in held}
    shared = evidence_rows.records_with_evidence(session, scope, files) if files else []
    people = {one.record.person_id for one in of_year}
    before = [
        one
        for one in records.records(session, scope, stages=records.STANDING)
        if one.record.person_id in people and one.record.year < year
    ]
    ids = {one.record.id for one in of_year}
    return [
        one for one in _shown(session, [*of_year, *shared, *before]) if ids.intersection(one.flag.records)
    ]


def _shown(session: Session, listed: Iterable[ListedRecord]) -> list[ShownFlag]:
    by_id = {one.record.id: one for one in listed}
    proofs = evidence_rows.evidence_of(session, list(by_id))
    gathered = [
        _flag_record(session, one.record, frozenset(file.digest for _, file in proofs.get(one.record.id, [])))
        for one in by_id.values()
    ]
    return [
        ShownFlag(flag, tuple(by_id[record_id] for record_id in flag.records)) for flag in odd.flags(gathered)
    ]


def _flag_record(session: Session, record: StudyRecord, evidence: frozenset[str]) -> FlagRecord:
    facts = {**record.facts, **(record.determined or {})}
    stated = next((facts[name] for name in ("hours", "declared_hours") if facts.get(name) is not None), None)
    hours = odd.hundredths(stated) if stated is not None else record.claimed
    return FlagRecord(
        record.id,
        record.person_id,
        record.kind,
        record.content,
        record.year,
        record.start,
        record.end,
        hours,
        odd.stated_daily(facts),
        _day_cap(session, record, facts),
        evidence,
        odd.stated_days(facts),
    )


def _day_cap(session: Session, record: StudyRecord, facts: dict[str, object]) -> int | None:
    """Return the most hours of a day that the record's rule counts; None for a workbook's or where no rule is told."""
    if record.pack_digest is None or record.flow_digest is None:
        return None
    law = law_by(session, record.flow_digest, record.pack_digest)
    said = what_law_says(
        law,
        area=record.area,
        year=record.year,
        kind=record.kind,
        facts=facts,
        claimed=record.claimed,
        level=None,
        makeup=record.makeup,
    )
    rules: Sequence[str] = () if isinstance(said, Refused) else said.entry.rules
    return law.pack.day_caps.get(rules[0]) if rules else None
