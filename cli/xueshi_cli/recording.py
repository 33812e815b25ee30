"""Filing records as an officer: which law and flow hold, proofs stored, payloads made of what was typed or read."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import direct_acts
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.rows import command_rows
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round import flow_settings, record_acts
from xueshi.errors import InputError, NotFoundError
from xueshi.fault_words import system_fault
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.stored_state import dump_flow
from xueshi.real_clock import real_now
from xueshi.records import repository as records
from xueshi.records.evidence import EvidenceLimits, EvidenceStore
from xueshi.records.incoming import CheckedIncoming
from xueshi.records.roster import CheckedRoster
from xueshi.register.rows import people_rows
from xueshi.register.rows.roster_rows import NewRecord
from xueshi.register.tables import StudyRecord, Unit
from xueshi.registry import Registry
from xueshi.regulations.pack import RulePack
from xueshi.storage import reading, transaction
from xueshi_cli.workplace import Workplace


@dataclass(frozen=True)
class LawInForce:
    """Rules and record flow of an area and year."""

    pack: RulePack
    flow: ApprovalFlow
    year: int

    def stored(self, session: Session) -> dict[str, Any]:
        """Pin both and return what a command's payload names them by."""
        return {
            "flow": audit.store_artifact(session, "flow", dump_flow(self.flow)),
            "pack": audit.store_artifact(session, "rule_pack", self.pack.to_bytes()),
            "year": self.year,
        }


def law_in_force(
    session: Session, registry: Registry, area: str, sector: str | None, year: int
) -> LawInForce:
    """Return the rules and the one flow for records that hold, with what the area's bureau set of it.

    Raises InputError where there is none, or where the bureau's settings no longer fit it.
    """
    pack = registry.pack_for(area, year, sector)
    flows = registry.flows_for(area, year, "record", sector)
    if not flows:
        raise InputError(
            f"{registry.region_for(area)} {year} 年度没有学时登记流程；请核对 flows/ 中 purpose: record"
        )
    return LawInForce(pack, flow_settings.flow_as_set(session, area, flows[0], year), year)


def year_of(registry: Registry, unit: Unit, end: date | None, given: int | None, today: date) -> int:
    """Return the statistics year: the one given, else that of the last day of study, else that of today."""
    if given is not None:
        return given
    day = end or today
    return registry.pack_for(unit.area, day.year, unit.sector).year_of(day)


def store_of(place: Workplace) -> EvidenceStore:
    """Return the store of evidence of a data folder."""
    limits = EvidenceLimits(
        place.settings.evidence_megabytes, tuple(place.settings.evidence_types.split(","))
    )
    return EvidenceStore(place.folder, place.keys, limits)


def person_id(place: Workplace, session: Session, actor: Actor, person: str) -> UUID:
    """Return the person of an id or identity number in the actor's scope. Raises NotFoundError for anybody else."""
    try:
        found: UUID | None = place.read_id(person)
    except ValueError:
        held = list(people_rows.people_by_identity(session, place.keys, [person]).values())
        found = held[0].id if held else None
    if found is None or not records.knows_person(session, actor.scope, found):
        # Whether a person exists elsewhere is not told.
        raise NotFoundError("找不到此人，或不在您的管理范围；请核对人员编号或身份证号")
    return found


def unit_of(session: Session, actor: Actor, person: UUID) -> Unit:
    """Return the unit in the actor's scope where a person works today, or worked last. Raises NotFoundError."""
    today = civil_date(folder_now(session, real_now()))
    found = records.working_or_last(session, actor.scope, [person], today).get(person)
    if found is None:
        raise NotFoundError(f"此人{today}不在您管理范围内的单位任职；请核对人员，或由其现单位办理")
    return found.unit


def record_body(
    pack: RulePack,
    *,
    kind: str,
    facts: Mapping[str, Any],
    content: str,
    claimed: int | None,
    form: str = "",
    result: str = "",
    certificate: str = "",
    start: date | None = None,
    end: date | None = None,
) -> dict[str, Any]:
    """Return a record as plain values for a command's payload; days of study are facts where the kind's rules read them."""
    read = next((info.facts for info in pack.kinds_with_rules() if info.kind == kind), ())
    names = {info.name for info in read}
    days = {"start": start, "end": end}
    own = {name: day.isoformat() for name, day in days.items() if day is not None and name in names}
    return {
        "kind": kind,
        "facts": {**dict(facts), **own},
        "content": content,
        "claimed": claimed,
        "form": form,
        "result": result,
        "certificate": certificate,
        "start": None if start is None else start.isoformat(),
        "end": None if end is None else end.isoformat(),
    }


def payload_of(record: NewRecord | StudyRecord) -> dict[str, Any]:
    """Return a record as plain values for a command's payload: one that a sheet brought, or a stored one that a correction starts from."""
    return {
        "kind": record.kind,
        "facts": dict(record.facts),
        "content": record.content,
        "claimed": record.claimed,
        "form": record.form,
        "result": record.result,
        "certificate": record.certificate,
        "start": None if record.start is None else record.start.isoformat(),
        "end": None if record.end is None else record.end.isoformat(),
    }


def stored_evidence(place: Workplace, officer: str, files: Sequence[Path]) -> list[dict[str, str]]:
    """Store files of evidence and return what a command's payload names them by. Raises InputError for a bad file.

    Before the act and outside its transaction: encrypting and writing ten megabytes must keep no other writer waiting.
    What the act then refuses is swept.
    """
    with reading(place.engine) as session:
        place.actor(session, officer).require("record.file")
    store = store_of(place)
    found = []
    for path in files:
        try:
            body = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}：不能读取（{system_fault(error)}）；请核对路径和权限") from error
        with reading(place.engine) as session:
            held = store.held(session, body)
            digest = "" if held is None else held.digest
        if not digest:
            fresh = store.write(body, path.name)
            with transaction(place.engine) as session:
                digest = store.enter(session, fresh).digest
        sealed = base64.b64encode(place.keys.seal_text(path.name)).decode()
        found.append({"digest": digest, "name": sealed})
    return found


def give(
    place: Workplace, officer: str, made: Callable[[Session, Actor], CommandRequest], *, commit: bool = True
) -> tuple[Command, dict[str, Any]]:
    """Store a direct command and carry it out, in one transaction; returns it and what its effect says.

    Without `commit` everything is asked and nothing stays: a dry run.
    """
    try:
        with Session(place.engine, expire_on_commit=False) as session, session.begin() as frame:
            actor = place.actor(session, officer)
            row = commands.submit(session, actor, made(session, actor))
            if row.state == "pending":
                direct_acts.carry_out(session, row)
                session.flush()
            effect = command_rows.effect(session, row.id)
            body = {} if effect is None else {**effect.body, "outcome": effect.outcome}
            session.expunge_all()
            if not commit:
                frame.rollback()
    except IntegrityError as error:
        raise InputError("同时有人在办理同一事项，本次没有写入；请再办一次") from error
    return row, body


def roster_payload(
    place: Workplace, session: Session, actor: Actor, checked: CheckedRoster, *, valid_only: bool
) -> dict[str, Any]:
    """Return a roster as a command's payload; whom the register does not know is noted as a problem of his row."""
    held = people_rows.people_by_identity(
        session, place.keys, [one.identity_number for one in checked.attendees]
    )
    for one in list(checked.attendees):
        found = held.get(one.identity_number)
        if found is None:
            checked.wrong(one, "身份证号", *UNKNOWN)
        elif one.name and one.name != found.name:
            checked.wrong(one, "姓名", *OTHER_NAME)
    assert checked.record is not None  # asked before: the class is right
    return {
        "area": actor.area,
        "class": {"code": checked.code, "record": payload_of(checked.record)},
        "attendees": [
            {
                "row": one.row,
                "person": str(held[one.identity_number].id),
                "facts": dict(one.facts),
                "record": {"result": one.result, "certificate": one.certificate},
            }
            for one in checked.attendees
        ],
        "valid_only": valid_only,
        "left_out": checked.bad_rows,
    }


def import_payload(
    place: Workplace, session: Session, checked: CheckedIncoming, source: str, *, valid_only: bool
) -> dict[str, Any]:
    """Return another system's file as a command's payload; whom the register does not know is a problem of his row."""
    held = people_rows.people_by_identity(session, place.keys, [one.identity_number for one in checked.rows])
    for one in list(checked.rows):
        found = held.get(one.identity_number)
        if found is None:
            checked.wrong(one, *UNKNOWN)
        elif one.name and one.name != found.name:
            checked.wrong(one, *OTHER_NAME)
    return {
        "source": source,
        "rows": [
            {
                "row": one.row,
                "source_id": one.source_id,
                "person": str(held[one.identity_number].id),
                "record": payload_of(one.record),
            }
            for one in checked.rows
        ],
        "valid_only": valid_only,
        "left_out": checked.bad_rows,
    }


UNKNOWN = ("此人不在册", "请核对身份证号，或请其单位先登记此人")
OTHER_NAME = ("姓名与在册的不一致", "请核对姓名和身份证号，确属改名的请由其单位更正")


def view_evidence(place: Workplace, officer: str, evidence_id: UUID) -> tuple[bytes, str, str]:
    """Return a proof's content, its own name and type; that it was looked at is audited. Raises NotFoundError."""
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.read")
        proof, file, of_record = record_acts.proof_for(session, actor, evidence_id)
        body = store_of(place).read(file)
        audit.append(
            session,
            actor=f"account:{actor.account_id}",
            verb="evidence_view",
            target=f"evidence:{proof.id}",
            body={"record": str(of_record.id)},
        )
        return body, place.keys.reveal_text(proof.name_sealed), file.type


def on_record(place: Workplace, kind: str, record: StudyRecord, payload: dict[str, Any]) -> CommandRequest:
    """Return a command on a record at the version that was just read."""
    return CommandRequest(place.request_id(), kind, record.id, record.version, payload)
