"""Judging the people of a filing under the pinned rule pack: rules are pure, this brings them facts and stores the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.audit import repository as audit
from xueshi.campaigns import filing_acts, repository
from xueshi.campaigns.campaign_clock import campaign_now
from xueshi.campaigns.filing_machine import FilingState
from xueshi.campaigns.stored_state import load_state
from xueshi.campaigns.tables import Campaign, Filing, Task
from xueshi.canonical import digest_of_json
from xueshi.errors import RuleError
from xueshi.register import repository as register
from xueshi.register.repository import PersonForAssessment
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.repository import JudgedUnder, Judgement, LedgerLine
from xueshi.storage import new_id, reading, transaction

ENGINE = Scope.everything()
CHUNK = 500
"""People judged and stored in one transaction."""
RANGE_FACT = "granted"
"""The vocabulary's fact for hours that a verifier chooses within bounds (认定学时)."""


@lru_cache(maxsize=32)
def load_pack(body: bytes) -> RulePack:
    """Read a pinned rule pack; the same bytes are read once per process."""
    return RulePack.from_bytes(body)


def pack_of(session: Session, campaign: Campaign) -> RulePack:
    """Return the rule pack that a campaign is pinned to."""
    return load_pack(audit.load_artifact(session, campaign.pack_digest))


def assess_filing(engine: Engine, filing_id: UUID, heartbeat: Callable[..., None]) -> FilingState:
    """Judge every person of a submitted filing in chunks, then hand it to the next level.

    A repeat judges again and stores nothing new; a person whom a rule stops gets `not_judged` and an `attention` task.
    """
    with reading(engine) as session:
        filing = repository.filing(session, ENGINE, filing_id)
        state = load_state(filing.state, filing.maker)
        if state.stage != "assessing":
            return state
        campaign = repository.campaign(session, ENGINE, filing.campaign_id)
        pack = pack_of(session, campaign)
        people = people_of(session, campaign, filing, pack)
        values = repository.determinations(session, filing.id)
        now = campaign_now(session, campaign, datetime.now(UTC))
    under = JudgedUnder(campaign.id, filing.unit_id, filing.area, campaign.year, campaign.pack_digest, now)
    heartbeat(0)
    judged: list[Judged] = []
    for start in range(0, len(people), CHUNK):
        chunk = [
            judge(pack, filing.area, campaign.year, person, values)
            for person in people[start : start + CHUNK]
        ]
        with transaction(engine) as session:
            results.save(session, under, [one.judgement for one in chunk])
        judged.extend(chunk)
        heartbeat(start + len(chunk))
    with transaction(engine) as session:
        filing = repository.filing(session, ENGINE, filing_id, lock=True)
        pinned = repository.campaign(session, ENGINE, filing.campaign_id).pack_digest
        if pinned == campaign.pack_digest:
            if filing.stage == "assessing":
                flow = filing_acts.flow_of(session, campaign, filing)
                filing.people = len(people)
                open_record_tasks(session, filing, judged, flow.level(filing.level).signers[0].role, now)
            return filing_acts.finish_assessment(session, filing_id)
    # A newer rule pack was pinned while these people were judged: nobody goes on under the older one.
    return assess_filing(engine, filing_id, heartbeat)


def people_of(
    session: Session, campaign: Campaign, filing: Filing, pack: RulePack
) -> list[PersonForAssessment]:
    """Return the people of a filing with titles as of the end of the statistics year, in the unit's own order."""
    _, last = pack.year_window(campaign.year)
    return register.people_for_assessment(session, ENGINE, filing.unit_id, campaign.year, as_of=last)


@dataclass(frozen=True)
class Judged:
    """A judgement with what only this run knows: which stored record an open fact belongs to."""

    judgement: Judgement
    assessment: YearAssessment | None
    record_ids: Mapping[str, UUID]
    trouble: str = ""


def judge(
    pack: RulePack,
    area: str,
    year: int,
    person: PersonForAssessment,
    values: Mapping[UUID, Mapping[str, object]],
) -> Judged:
    """Judge one person's year; a rule that cannot be applied gives `not_judged` with its message."""
    names = {f"r{number:04d}": record for number, record in enumerate(person.records, start=1)}
    request = PersonYearRequest(
        area=area,
        year=year,
        person={} if person.level is None else {"person.level": person.level},
        records=tuple(
            RecordFacts(
                id=name,
                kind=record.kind,
                year=record.year,
                facts={**record.facts, **values.get(record.id, {})},
                claimed=record.claimed,
            )
            for name, record in names.items()
        ),
        earlier=(),
    )
    record_ids = {name: record.id for name, record in names.items()}
    plain = request_as_json(request)
    try:
        assessment = evaluate(pack, request, trace=False)
    except RuleError as error:
        stopped = Judgement(person.person_id, person.level, "not_judged", {}, {}, ["rule_error"], [], plain)
        return Judged(stopped, None, record_ids, str(error))
    judgement = Judgement(
        person_id=person.person_id,
        level=person.level,
        verdict=assessment.verdict,
        totals=dict(assessment.totals),
        shortfalls={line.of: line.shortfall for line in assessment.requirements if line.shortfall},
        warnings=list(assessment.warnings),
        open_records=[{"record": open_.record, "facts": list(open_.facts)} for open_ in assessment.open],
        request=plain,
        ledger=[_line(entry, record_ids) for entry in assessment.ledger],
    )
    return Judged(judgement, assessment, record_ids)


def request_as_json(request: PersonYearRequest) -> dict[str, Any]:
    """Return the facts of a request as plain JSON: what a replay evaluates again, without any person's data."""
    return {
        "area": request.area,
        "year": request.year,
        "person": dict(request.person),
        "records": [
            {
                "id": record.id,
                "kind": record.kind,
                "year": record.year,
                "facts": dict(record.facts),
                "claimed": record.claimed,
            }
            for record in request.records
        ],
    }


def request_from_json(body: Mapping[str, Any]) -> PersonYearRequest:
    """Read a stored request again."""
    return PersonYearRequest(
        area=body["area"],
        year=body["year"],
        person=body["person"],
        records=tuple(RecordFacts(**record) for record in body["records"]),
        earlier=(),
    )


def open_record_tasks(
    session: Session, filing: Filing, judged: Iterable[Judged], role: str, now: datetime
) -> None:
    """Open a task for everything that only a person can settle: a value in a range, a missing fact, a rule that stops."""
    for one in judged:
        if one.trouble:
            _add_task(
                session,
                filing,
                role,
                now,
                "attention",
                one.judgement.person_id,
                None,
                {"trouble": one.trouble},
            )
        if one.assessment is None:
            continue
        for open_ in one.assessment.open:
            facts: Sequence[str] = list(open_.facts)
            kind = "discretion" if RANGE_FACT in facts else "record"
            entry = next((line for line in one.assessment.ledger if line.record == open_.record), None)
            _add_task(
                session,
                filing,
                role,
                now,
                kind,
                one.judgement.person_id,
                one.record_ids[open_.record],
                {
                    "facts": facts,
                    "clause": entry.clause if entry else "",
                    "text": entry.text if entry else "",
                },
            )


def _add_task(
    session: Session,
    filing: Filing,
    role: str,
    now: datetime,
    kind: str,
    person_id: UUID,
    record_id: UUID | None,
    body: dict[str, Any],
) -> None:
    session.add(
        Task(
            id=new_id(),
            campaign_id=filing.campaign_id,
            filing_id=filing.id,
            unit_id=filing.unit_id,
            area=filing.area,
            sector=filing.sector,
            kind=kind,
            role=role,
            level=filing.level,
            person_id=person_id,
            record_id=record_id,
            body=body,
            opened_at=now,
        )
    )


def _line(entry: Any, record_ids: Mapping[str, UUID]) -> LedgerLine:
    return LedgerLine(
        record_id=record_ids.get(entry.record),
        year=entry.year,
        part=entry.part,
        rules="+".join(entry.rules),
        regulation=entry.regulation,
        clause=entry.clause,
        category=entry.category,
        hours=entry.hours,
        claimed=entry.claimed,
        verdict=entry.verdict,
        code=entry.code,
        text=entry.text,
        inputs_hash=digest_of_json([entry.record, list(entry.rules), entry.hours, entry.code]),
    )
