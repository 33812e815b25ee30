"""Records all year in a data folder: two units with people, verifiers, an organiser and a department, under a small flow.

The law is a real instrument's; the flow is the tests' own, so that no region's flow file is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from campaign_rig import WorkflowInMemory
from sqlalchemy import Engine
from sqlmodel import Session
from stdnum.cn import ric, uscc

from xueshi.access import repository as access
from xueshi.access.repository import Actor, NewAccount
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import filing_acts
from xueshi.campaigns.clocks.campaign_clock import set_folder_clock
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.opening.notice import Notice
from xueshi.campaigns.opening.opening import OpeningPlan, UnitToFile, open_campaign
from xueshi.campaigns.rows import campaign_rows, filing_rows, task_rows
from xueshi.campaigns.tables import Campaign, Command, Filing, Task
from xueshi.flows.flow import ApprovalFlow, Channel, FlowLevel, Signer
from xueshi.records import repository as records
from xueshi.register.rows import batch_rows, people_rows, roster_rows, unit_rows
from xueshi.register.rows.roster_rows import NewPerson, NewRecord, RosterOwner
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.tables import ImportBatch, StudyRecord
from xueshi.results import repository as results
from xueshi.results.tables import YearResult
from xueshi.settings import Settings
from xueshi.storage import reading, transaction
from xueshi_cli.recording import LawInForce, give, record_body, stored_evidence
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
AREA, YEAR = "320100", 2024
CLAUSE = "五(二)"
FLOW = ApprovalFlow(
    "test-records",
    "学时登记",
    "record",
    "JS2023",
    (
        FlowLevel(
            "unit", "单位核准", CLAUSE, "unit", "any", (Signer("unit_personnel", "人事部门"),), may_refuse=True, days=5
        ),
        FlowLevel(
            "department", "主管部门审核", "六", "area", "any", (Signer("department", "主管部门"),), 1, ("unit",)
        ),
    ),
    (
        Channel(
            "person", "本人申请", CLAUSE, (Signer("person", "本人"), Signer("unit_personnel", "人事部门")), ("unit",), True
        ),
        Channel("checked", "逐级审核", "六", (Signer("unit_clerk", "单位经办"),), ("unit", "department")),
        Channel(
            "hrss", "承办单位登记", CLAUSE, (Signer("organiser", "承办单位"), Signer("department", "主管部门")), (),
            within_days=20,
        ),
        Channel("seminar", "高级研修项目", CLAUSE, (Signer("organiser", "承办单位"),), ("department",)),
        Channel("import", "系统导入", "五(四)", (Signer("department", "主管部门"),), ()),
    ),
)  # fmt: skip


YEARLY = ApprovalFlow(
    "yearly", "年度审核", "campaign", "JS2023",
    (
        FlowLevel("unit", "单位审核", CLAUSE, "unit", "any", (Signer("unit_personnel", "人事部门"),)),
        FlowLevel("department", "审验", "六", "area", "any", (Signer("department", "主管部门"),), 1, ("unit",)),
    ),
)  # fmt: skip


def identity(number: int) -> str:
    """Return a well-formed identity number that belongs to nobody we know."""
    body = f"32010119800101{number:03d}"
    return body + ric.calc_check_digit(f"{body}0")


def code(number: int) -> str:
    """Return a well-formed credit code."""
    body = f"12320100{number:09d}"
    return body + uscc.calc_check_digit(f"{body}0")


PDF = b"%%PDF-1.4\nproof %d\n%%%%EOF\n"


class RecordsRig:
    """Two units A and B with two people each; `today` is the folder's standing day, or real time where it is None."""

    def __init__(self, folder: Path, database: str, today: date | None = date(2024, 3, 1)) -> None:
        self.place = Workplace(settings=Settings(data=folder, database_url=database))
        self.engine: Engine = self.place.engine
        self.folder = folder
        self.law = LawInForce(self.place.registry.pack_for(AREA, YEAR), FLOW, YEAR)
        self.proofs = 0
        with transaction(self.engine) as session:
            ids = unit_rows.add_units(
                session, ENGINE, [NewUnit(code(1), "甲单位", AREA), NewUnit(code(2), "乙单位", AREA)]
            )
            self.a, self.b = ids[code(1)], ids[code(2)]
            self.people = {
                **self._enter(session, self.a, (1, 2)),
                **self._enter(session, self.b, (3, 4)),
            }
            access.add_accounts(
                session,
                ENGINE,
                [
                    NewAccount("bureau", "局", "bureau", AREA),
                    NewAccount("department", "部门", "department", AREA),
                    NewAccount("organiser", "承办", "organiser", AREA, None, self.b),
                    *(
                        NewAccount(f"{role}.{name}", role, role, AREA, None, unit)
                        for role in ("unit_clerk", "unit_personnel")
                        for name, unit in (("a", self.a), ("b", self.b))
                    ),
                    NewAccount("second.a", "人事", "unit_personnel", AREA, None, self.a),
                ],
            )
            if today is not None:
                set_folder_clock(session, start_of(today), datetime.now().astimezone())

    def _enter(self, session: Session, unit: UUID, numbers: tuple[int, ...]) -> dict[int, UUID]:
        batch = ImportBatch(
            unit_id=unit, area=AREA, year=YEAR - 1, file_name="t.xlsx", file_digest=str(unit), state="promoted",
            maker="account:x", handed_in_at=start_of(date(2023, 1, 1)),
        )  # fmt: skip
        session.add(batch)
        session.flush()
        people = [
            NewPerson(identity(number), f"人{number}", "男", order, date(2020, 1, 1), title="工程师", level="intermediate")
            for order, number in enumerate(numbers, start=1)
        ]  # fmt: skip
        roster_rows.enter_roster(
            session, self.place.keys, RosterOwner(unit, AREA, YEAR - 1, batch.id, "account:x"), people
        )
        held = people_rows.people_by_identity(session, self.place.keys, [identity(one) for one in numbers])
        return {number: held[identity(number)].id for number in numbers}

    # ------------------------------------------------------------ acts

    def give(
        self,
        officer: str,
        kind: str,
        target: UUID,
        version: int | None = None,
        *,
        request: str = "",
        **payload: Any,
    ) -> tuple[Command, dict[str, Any]]:
        """Give a direct command; law and year are added."""

        def made(session: Session, actor: Actor) -> CommandRequest:
            return CommandRequest(
                request or self.place.request_id(),
                kind,
                target,
                version,
                {**self.law.stored(session), **payload},
            )

        return give(self.place, officer, made)

    def body(self, **changes: Any) -> dict[str, Any]:
        """Return a plain training of two days with sixteen hours, changed as asked."""
        base: dict[str, Any] = {
            "kind": "unit_training",
            "facts": {"days": 2, "hours_stated": True, "hours": 16},
            "content": "安全生产培训",
            "claimed": 1600,
            "start": date(2024, 2, 1),
            "end": date(2024, 2, 2),
        }
        return record_body(self.law.pack, **{**base, **changes})

    def proof(self, number: int | None = None) -> list[dict[str, str]]:
        """Store a proof and return it as a payload names it; the same number is the same file."""
        self.proofs += 1
        path = self.folder / f"proof-{self.proofs}.pdf"
        path.write_bytes(PDF % (self.proofs if number is None else number))
        return stored_evidence(self.place, "unit_clerk.a", [path])

    def file(self, person: int, officer: str = "unit_clerk.a", **given: Any) -> UUID:
        """File a record for a person and return its id; the act must hold."""
        row, said = self.try_file(person, officer, **given)
        assert row.state == "done", row.reason
        return UUID(said["record"])

    def try_file(
        self, person: int, officer: str = "unit_clerk.a", **given: Any
    ) -> tuple[Command, dict[str, Any]]:
        payload = {
            "record": self.body(),
            "channel": "",
            "for_person": officer.startswith("unit_clerk"),
            **given,
        }
        return self.give(officer, "file_record", self.people[person], **payload)

    def decide(
        self,
        officer: str,
        record: UUID,
        kind: str = "verify_record",
        version: int | None = None,
        **payload: Any,
    ) -> Command:
        """Decide a record at its present version."""
        seen = self.record(record).version if version is None else version
        return self.give(officer, kind, record, seen, **payload)[0]

    def verified(self, person: int, officer: str = "unit_clerk.a", **given: Any) -> UUID:
        """File and verify a record."""
        record = self.file(person, officer, **given)
        row = self.decide(f"unit_personnel.{officer[-1]}", record)
        assert row.state == "done", row.reason
        return record

    def correct(self, officer: str, record: UUID, **changes: Any) -> tuple[Command, dict[str, Any]]:
        """Correct a record by a new entry."""
        return self.give(
            officer, "correct_record", record, record=self.body(**changes), reason="学时有误", for_person=True
        )

    # ------------------------------------------------------------ a campaign on top

    def open_campaign(
        self, year: int = YEAR, starts: date | None = None, makeup_until: date | None = None
    ) -> Campaign:
        """Open the closing audit of a year: the unit signs, the department decides."""
        notice = Notice(
            id="n", region="test", area=AREA, year=year, number="示例", title="年度审核", issuer="局",
            issued=date(year, 11, 1), opens=date(year, 11, 1), closes=date(year, 12, 20), flow="yearly", papers=(),
            makeup_until=makeup_until,
        )  # fmt: skip
        pack = self.place.registry.pack_for(AREA, year)
        with reading(self.engine) as session:
            standing = batch_rows.standing_batches(session, ENGINE, year)
            handed_in = {unit: batch.maker.partition(":")[2] for unit, batch in standing.items()}
        plan = OpeningPlan(
            notice, "示例市", pack.to_bytes(), YEARLY, (),
            [UnitToFile(unit, AREA, None, handed_in.get(unit)) for unit in (self.a, self.b)], "局", True,
            None if starts is None else start_of(starts),
        )  # fmt: skip
        with transaction(self.engine) as session:
            campaign = open_campaign(session, self.place.actor(session, "bureau"), plan)
        self.campaign_id = campaign.id
        return campaign

    def filing(self, unit: UUID) -> Filing:
        with reading(self.engine) as session:
            found = filing_rows.filings(session, ENGINE, self.campaign_id)
            session.expunge_all()
        return next(one for one in found if one.unit_id == unit)

    def act_on_filing(self, officer: str, unit: UUID, kind: str = "approve", **payload: Any) -> Command:
        """Approve or return a unit's filing at its present level."""
        filing = self.filing(unit)
        wanted = CommandRequest(
            self.place.request_id(), kind, filing.id, filing.version, {"level": filing.level, **payload}
        )
        with transaction(self.engine) as session:
            row = commands.submit(session, self.place.actor(session, officer), wanted)
        return asyncio.run(commands.deliver(self.engine, WorkflowInMemory(self.engine), row.id))

    def steer(self, kind: str, **payload: Any) -> Command:
        """Give a command on the campaign."""
        with transaction(self.engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, self.campaign_id)
            wanted = CommandRequest(self.place.request_id(), kind, campaign.id, campaign.version, payload)
            row = commands.submit(session, self.place.actor(session, "bureau"), wanted)
        return asyncio.run(commands.deliver(self.engine, WorkflowInMemory(self.engine), row.id))

    def close_and_seal(self, year: int = YEAR) -> None:
        """Pass the deadline, close and seal."""
        row = self.steer("advance", to=start_of(date(year, 12, 31)).isoformat())
        assert row.state == "done", row.reason
        for unit in (self.a, self.b):
            with transaction(self.engine) as session:
                filing_acts.look_at_clock(session, self.filing(unit).id)
        row = self.steer("close")
        assert row.state == "done", row.reason
        sealing.seal_page(self.engine, self.campaign_id, 0, 50, lambda *_: None, self.place.keys)

    def results(self, unit: UUID) -> dict[UUID, YearResult]:
        """Return each person's latest result in the campaign."""
        with reading(self.engine) as session:
            found = results.latest_of_unit(session, ENGINE, self.campaign_id, unit)
            session.expunge_all()
        return found

    # ------------------------------------------------------------ what is looked at

    def record(self, record: UUID) -> StudyRecord:
        with reading(self.engine) as session:
            found = records.record(session, ENGINE, record)
            session.expunge_all()
        return found

    def tasks(self, officer: str) -> list[Task]:
        with reading(self.engine) as session:
            actor = self.place.actor(session, officer)
            found = task_rows.open_tasks(session, actor.scope, role=actor.role)
            session.expunge_all()
        return found

    def judged(self, unit: UUID, year: int = YEAR, as_of: date = date(2024, 12, 31)) -> Mapping[UUID, Any]:
        """Return person → what would be judged of him at a unit."""
        with reading(self.engine) as session:
            found = people_rows.people_for_assessment(session, ENGINE, unit, year, as_of=as_of)
        return {one.person_id: one for one in found}

    def proved(self) -> None:
        """Nothing was lost, nothing was done twice, nothing was altered."""
        with reading(self.engine) as session:
            assert reconcile(session).difference == 0
            assert audit.verify(session).broken_at is None


def workbook_record(**changes: Any) -> NewRecord:
    """A record as a workbook brings it."""
    plain = NewRecord(
        2, "unit_training", {"days": 1, "hours_stated": True, "hours": 8}, "工作簿中的培训", 800
    )
    return replace(plain, **changes)
