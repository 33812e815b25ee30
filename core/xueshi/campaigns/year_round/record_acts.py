"""Acts on one record, each in one SQL transaction, with and without a campaign (campaigns.md, sections 1 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.repository import Actor
from xueshi.access.roles import PERSON
from xueshi.access.scope import Scope
from xueshi.assessment.choices import Choice
from xueshi.assessment.formulas import GRANTED
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.rows import letter_rows, task_rows
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round import counted_once
from xueshi.campaigns.year_round import record_entries as entries
from xueshi.campaigns.year_round.record_entries import Entry
from xueshi.campaigns.year_round.record_law import (
    RecordLaw,
    RecordSaid,
    choice_for,
    law_by,
    what_law_says,
    year_is_handed_over,
)
from xueshi.canonical import digest_of_json
from xueshi.errors import NotFoundError
from xueshi.flows.flow import Channel
from xueshi.machines.filing_machine import Refused
from xueshi.machines.record_machine import (
    STAGE_WORDS,
    RecordAccepted,
    RecordCommand,
    RecordVerb,
    decide,
)
from xueshi.machines.stored_state import load_record_state
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.records.rows import class_rows, evidence_rows
from xueshi.records.tables import Evidence, EvidenceFile
from xueshi.register.tables import StudyRecord

ENGINE = Scope.everything()
VERBS: dict[str, RecordVerb] = {
    "verify_record": "verify",
    "return_record": "return",
    "refuse_record": "refuse",
    "resubmit_record": "resubmit",
    "withdraw_record": "withdraw",
}
"""Command kinds that the record machine judges, and its verb for each."""
TOLD = {"verified": "学时已认定", "returned": "学时记录退回补正", "refused": "学时不予认定"}
"""Outcomes of which the filer is told, with the subject of the message."""


def actor_of(session: Session, row: Command) -> Actor:
    """Return who gave a command, under the role that is his or lent to him.

    Raises NotAllowedError when the account, the grant or the delegation was ended meanwhile.
    """
    lent = row.payload.get("delegation")
    return access.actor_by_grant(session, row.account_id, row.grant_id, UUID(lent) if lent else None)


def organiser_of(actor: Actor) -> str:
    """Return the name under which an actor reports classes: his unit, or the area's body that his role stands for."""
    return f"unit:{actor.unit_id}" if actor.unit_id is not None else f"area:{actor.area}:{actor.role}"


def record_for(session: Session, actor: Actor, record_id: UUID, *, lock: bool = False) -> StudyRecord:
    """Return a record that an actor may act on: in his scope, or of a class that he reported. Raises NotFoundError."""
    try:
        return records.record(session, actor.scope, record_id, lock=lock)
    except NotFoundError:
        if actor.person_id is not None or not class_rows.reported_by(session, organiser_of(actor), record_id):
            raise
        return records.record(session, ENGINE, record_id, lock=lock)


def proof_for(
    session: Session, actor: Actor, evidence_id: UUID
) -> tuple[Evidence, EvidenceFile, StudyRecord]:
    """Return a proof of a record that an actor may act on, with its file. Raises NotFoundError."""
    proof, file = evidence_rows.evidence(session, evidence_id)
    return proof, file, record_for(session, actor, proof.record_id)


def _file(session: Session, row: Command) -> Refused | None:
    """File a record for a person by a channel; where filing is the registration, it holds at once."""
    payload = row.payload
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    law = law_by(session, payload["flow"], payload["pack"])
    entry = Entry(
        row.target_id,
        payload["record"],
        int(payload["year"]),
        str(payload.get("channel", "")),
        payload.get("for_person"),
        payload.get("evidence", ()),
        makeup=bool(payload.get("makeup")),
    )
    planned = entries.plan(session, law, actor, entry, now, scope=actor.scope)
    if isinstance(planned, Refused):
        return planned
    record = entries.write(session, law, row, planned, now)
    outcome = "verified" if planned.state.stage == "verified" else "filed"
    complete(session, row, None, outcome, record.version, now, record=str(record.id), late=planned.late)
    return None


def _correct(session: Session, row: Command) -> Refused | None:
    """File a new entry that takes an older one's place: at once where that waits still, else once it is verified."""
    payload = row.payload
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    old = record_for(session, actor, row.target_id, lock=True)
    refused = _correctable(session, old, row)
    if refused is not None:
        return refused
    law = law_by(session, payload["flow"], payload["pack"])
    barred = year_is_handed_over(
        session, old.person_id, old.unit_id, old.year, law.pack
    ) or counted_once.in_sealed_year(session, old, int(payload["year"]))
    if barred is not None:
        return barred
    entry = Entry(
        old.person_id,
        payload["record"],
        int(payload["year"]),
        str(payload.get("channel") or old.channel),
        payload.get("for_person"),
        payload.get("evidence", ()),
        replaces=old.id,
        class_id=old.class_id,
        makeup=bool(payload.get("makeup", old.makeup)),
    )
    scope = ENGINE if old.class_id is not None else actor.scope
    planned = entries.plan(session, law, actor, entry, now, scope=scope)
    if isinstance(planned, Refused):
        return planned
    record = entries.write(session, law, row, planned, now)
    if old.stage in records.OPEN or record.stage == "verified":
        entries.mark_replaced(session, old, row, now)
    complete(session, row, None, "corrected", old.version, now, record=str(record.id), replaces=str(old.id))
    return None


def _correctable(session: Session, old: StudyRecord, row: Command) -> Refused | None:
    if old.stage not in records.STANDING:
        return Refused("settled", f"该记录{STAGE_WORDS[old.stage]}，不能更正；请另行申报")
    if row.expected_version is not None and row.expected_version != old.version:
        return Refused(
            "stale",
            f"页面已过期：您看到的是第 {row.expected_version} 版，现在是第 {old.version} 版；请刷新后再办",
        )
    if not str(row.payload.get("reason", "")).strip():
        return Refused("no_reason", "更正须写明原因；请补写原因后再办")
    under_way = records.open_correction(session, old.id)
    if under_way is not None:
        return Refused(
            "correction_under_way",
            f"该记录已有更正在办（{under_way.id}）；请等其办结，或先撤回后再报",
        )
    return None


def _decide(session: Session, row: Command) -> Refused | None:
    """Verify, return, refuse, resubmit or withdraw: what the machine says, on the row's state."""
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    record = record_for(session, actor, row.target_id, lock=True)
    if record.state is None or record.flow_digest is None or record.pack_digest is None:
        return Refused("of_workbook", "该记录由登记工作簿带入，随单位申报审验；如需更正，请另报更正")
    law = law_by(session, record.flow_digest, record.pack_digest)
    channel = law.channel(record.channel)
    assert channel is not None  # the record was filed by it under this very flow
    before = load_record_state(record.state)
    judged = decide(before, law.flow, channel, _command(row, actor, channel))
    if isinstance(judged, Refused):
        return judged
    refused = year_is_handed_over(session, record.person_id, record.unit_id, record.year, law.pack)
    if refused is not None:
        return refused
    if row.kind == "verify_record":
        refused = _settle_facts(session, law, record, row, judged)
    elif row.kind == "resubmit_record":
        refused = _amend(session, law, record, row, now)
    if refused is not None:
        return refused
    if judged.outcome == "signed":
        entries.put(record, judged.state)
        task_rows.close_record_tasks(
            session, record.id, at=now, command_id=row.id, outcome="signed", role=actor.role
        )
    else:
        _move_on(session, law, record, row, judged, now)
    session.add(record)
    complete(
        session, row, None, judged.outcome, judged.state.version, now, level=before.level, stage=record.stage
    )
    return None


def _command(row: Command, actor: Actor, channel: Channel) -> RecordCommand:
    payload: dict[str, Any] = row.payload
    return RecordCommand(
        id=str(row.id),
        verb=VERBS[row.kind],
        role=actor.role,
        account=str(actor.account_id),
        expected_version=-1 if row.expected_version is None else row.expected_version,
        made_at=row.made_at,
        reason=str(payload.get("reason", "")),
        return_to=str(payload.get("return_to", "")),
        for_person=entries.acts_for_person(channel, actor, payload.get("for_person")),
        principal=str(payload.get("principal", "")),
    )


def _move_on(
    session: Session, law: RecordLaw, record: StudyRecord, row: Command, judged: RecordAccepted, now: datetime
) -> None:
    """Store the new state, open whoever's task comes next, tell the filer, and let a correction that holds take its place."""
    entries.put(record, judged.state)
    session.add(record)
    task_rows.close_record_tasks(session, record.id, at=now, command_id=row.id, outcome=judged.outcome)
    sector = records.sector_of(session, record.unit_id)
    entries.open_tasks(session, record, law.flow, judged.state, sector, now)
    if judged.outcome == "verified":
        entries.take_place(session, record, row, now)
    if judged.outcome in TOLD and judged.state.stage != "deciding":
        letter_rows.write_unit_message(
            session,
            unit_id=record.unit_id,
            to_role=judged.state.filer,
            to_person=record.person_id if judged.state.filer == PERSON else None,
            subject=TOLD[judged.outcome],
            body={"record": str(record.id), "reason": str(row.payload.get("reason", ""))},
            at=now,
        )


def _settle_facts(
    session: Session, law: RecordLaw, record: StudyRecord, row: Command, judged: RecordAccepted
) -> Refused | None:
    """Take the facts that the verifier settles; the last one leaves nothing open that hours depend on."""
    settled: dict[str, object] = dict(record.determined or {})
    given: dict[str, object] = dict(row.payload.get("facts") or {})
    said = _said(session, law, record, settled)
    # What one answer opens the next may settle: 级别 first, then whether a paper was read.
    while isinstance(said, RecordSaid) and (
        answers := {
            name: given[name]
            for name in given
            if name in {*said.open_facts, *settled}
            or (name == GRANTED and _chosen(session, law, record, settled))
        }
    ):
        settled.update(answers)
        given = {name: value for name, value in given.items() if name not in answers}
        said = _said(session, law, record, settled)
    if isinstance(said, Refused):
        return said
    if given:
        waits = "、".join(said.open_facts) or "没有"
        return Refused(
            "other_fact",
            f"“{next(iter(given))}”不由认定人填写（待认定的：{waits}）；申报内容有误的，请退回或由申报人更正",
        )
    if judged.outcome == "verified" and said.open_facts:
        return Refused("needs_fact", f"{said.open_text}；请认定时一并填写，或退回申报人补正")
    # Laid into the row last: a refusal must leave nothing behind.
    record.determined = settled or None
    return None


def _chosen(session: Session, law: RecordLaw, record: StudyRecord, settled: dict[str, object]) -> bool:
    """Tell whether the text leaves the amount to the verifier, also where a reading says what holds without him."""
    level = _level(session, record.person_id, record.end.isoformat() if record.end else None)
    return choice_for(law, record, {**record.facts, **settled}, level) is not None


def open_facts(session: Session, record: StudyRecord) -> Sequence[str]:
    """Return the facts that a filed record still needs before it can be verified."""
    if record.flow_digest is None or record.pack_digest is None:
        return ()
    law = law_by(session, record.flow_digest, record.pack_digest)
    said = _said(session, law, record, dict(record.determined or {}))
    return () if isinstance(said, Refused) else said.open_facts


def open_choice(session: Session, record: StudyRecord) -> Choice | None:
    """Return what the verifier of a filed record may choose: bounds, clause, and what holds where he chooses nothing."""
    if record.flow_digest is None or record.pack_digest is None:
        return None
    law = law_by(session, record.flow_digest, record.pack_digest)
    level = _level(session, record.person_id, record.end.isoformat() if record.end else None)
    return choice_for(law, record, {**record.facts, **(record.determined or {})}, level)


def _said(
    session: Session, law: RecordLaw, record: StudyRecord, settled: dict[str, object]
) -> RecordSaid | Refused:
    return what_law_says(
        law,
        area=record.area,
        year=record.year,
        kind=record.kind,
        facts={**record.facts, **settled},
        claimed=record.claimed,
        level=_level(session, record.person_id, record.end.isoformat() if record.end else None),
        makeup=record.makeup,
    )


def _level(session: Session, person_id: UUID, day: str | None) -> str | None:
    """Return the level of a person's title on a day, given as in a payload."""
    title = records.title_on(session, person_id, date.fromisoformat(day)) if day else None
    return title.level if title else None


def _amend(
    session: Session, law: RecordLaw, record: StudyRecord, row: Command, now: datetime
) -> Refused | None:
    """Lay the amended record over a returned one, with further proofs; both contents stay told apart by digest."""
    amended = row.payload.get("record")
    evidence = row.payload.get("evidence", ())
    if amended is not None:
        changed = Entry(
            record.person_id,
            amended,
            record.year,
            record.channel,
            replaces=record.id,
            makeup=record.makeup,
        )
        looked = entries.look(session, law, changed, record.unit_id, record.area, now)
        if isinstance(looked, Refused):
            return looked
        record.kind, record.facts, record.claimed = (
            amended["kind"],
            dict(amended["facts"]),
            amended.get("claimed"),
        )
        record.content, record.form = amended["content"], amended.get("form", "")
        record.result, record.certificate = amended.get("result", ""), amended.get("certificate", "")
        record.start, record.end = changed.day("start"), changed.day("end")
        record.determined = None
    entries.attach(session, record, evidence, f"account:{row.account_id}")
    return None


def _attach(session: Session, row: Command) -> Refused | None:
    """Attach a stored file to a record that its verifiers have not decided yet."""
    now = folder_now(session, real_now())
    actor = actor_of(session, row)
    record = record_for(session, actor, row.target_id, lock=True)
    if record.stage not in records.OPEN:
        return Refused(
            "settled", f"该记录{STAGE_WORDS[record.stage]}，不能再加证明；如有新的证明，请另报更正"
        )
    added = entries.attach(session, record, row.payload["evidence"], f"account:{row.account_id}")
    if not added:
        return Refused("already_attached", "该记录已附有同一文件，没有变化")
    # Proofs change nothing that a verifier's screen shows as decided: the version stays.
    complete(session, row, None, "attached", record.version, now, files=added)
    return None


def content_digest(body: dict[str, Any]) -> str:
    """Return the digest by which the same content is known again; `body` as in a command's payload."""
    return digest_of_json(
        {name: value for name, value in sorted(body.items()) if value not in (None, "", {})}
    )


ACTS: dict[str, Callable[[Session, Command], Refused | None]] = {
    "file_record": _file,
    "correct_record": _correct,
    "attach_evidence": _attach,
    **dict.fromkeys(VERBS, _decide),
}
