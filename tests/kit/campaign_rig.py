"""A small campaign for tests: made-up units in a database, and a port that acts as the workflows do, without a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.commanding.in_process import InProcessPort
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.opening.notice import Notice
from xueshi.campaigns.ports import Envelope, SendResult
from xueshi.campaigns.rows import campaign_rows, filing_rows, task_rows
from xueshi.campaigns.tables import Campaign, Command, Filing
from xueshi.machines.stored_state import dump_flow
from xueshi.register.rows import batch_rows, roster_rows, unit_rows
from xueshi.register.rows.roster_rows import RosterOwner
from xueshi.register.tables import ImportBatch
from xueshi.settings import Settings
from xueshi.storage import new_id, reading, transaction
from xueshi_cli.acting import opened_by_notice
from xueshi_cli.samples import SAMPLES, SampleUnit, _credit_code, make_units, read_samples
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
BUREAU = "bureau"


@dataclass(frozen=True)
class RigUnit:
    """A unit of the rig: its id, what was made up about it, and the logins of its clerk and signers."""

    id: UUID
    sample: SampleUnit
    clerk: str
    signers: tuple[str, ...]


class WorkflowInMemory(InProcessPort):
    """The port without a server; `down` makes it unavailable, `sent` counts what was sent."""

    down = False
    sent = 0

    async def send(self, envelope: Envelope) -> SendResult:
        if self.down:
            return SendResult("pending", "unavailable", "")
        self.sent += 1
        return await super().send(envelope)


class CampaignRig:
    """Units with people, accounts, an open campaign on a standing clock, and acts in one call each."""

    def __init__(self, folder: Path, database: str, units: int = 3, people: int = 12, seed: int = 7) -> None:
        settings = Settings(data=folder, database_url=database)
        self.place = Workplace(settings=settings)
        self.engine = self.place.engine
        self.port = WorkflowInMemory(self.engine)
        self.notice = self._notice()
        self.flow = next(
            flow
            for flow in self.place.registry.ask(self.notice.region).approval_flows(self.notice.year)
            if flow.id == self.notice.flow
        )
        self.pack = self.place.registry.pack_for(self.notice.area, self.notice.year)
        made = make_units(
            self.samples,
            area=self.notice.area,
            window=self.pack.year_window(self.notice.year),
            units=units,
            people=people,
            seed=seed,
        )
        self.verifier = self.flow.levels[-1].signers[0].role
        self.units = self._enter(made)
        self.campaign = self._opened()

    def _opened(self) -> Campaign:
        return opened_by_notice(
            self.place, BUREAU, self.notice, standing=True, starts_at=start_of(self.notice.issued)
        )

    def _notice(self) -> Notice:
        registry = self.place.registry
        for code in registry.codes():
            folder = resources.files(registry.ask(code).package)
            if folder.joinpath(SAMPLES).is_file():
                self.samples = read_samples(folder, code)
                return next(
                    notice
                    for notice in registry.ask(code).notices(self.samples.year)
                    if notice.id == self.samples.notice
                )
        raise AssertionError("no plugin brings samples")

    def _enter(self, made: list[SampleUnit]) -> list[RigUnit]:
        area = self.notice.area
        with transaction(self.engine) as session:
            ids = unit_rows.add_units(session, ENGINE, [sample.unit for sample in made])
            accounts = [NewAccount(BUREAU, "局", "bureau", area)]
            accounts += [
                NewAccount(signer.role, signer.name, signer.role, area)
                for level in self.flow.levels
                if level.body == "area"
                for signer in level.signers
            ]
            units = []
            for number, sample in enumerate(made, start=1):
                unit, own = self._unit_with_accounts(ids[sample.unit.credit_code], sample, number)
                units.append(unit)
                accounts += own
            access.add_accounts(session, ENGINE, accounts)
        return units

    def _unit_with_accounts(
        self, unit_id: UUID, sample: SampleUnit, number: int
    ) -> tuple[RigUnit, list[NewAccount]]:
        area = self.notice.area
        roles = [signer.role for signer in self.flow.levels[0].signers]
        logins = tuple(f"{role}.{number}" for role in roles)
        accounts = [NewAccount(f"clerk.{number}", "经办", "unit_clerk", area, None, unit_id)]
        accounts += [
            NewAccount(login, role, role, area, None, unit_id)
            for login, role in zip(logins, roles, strict=True)
        ]
        return RigUnit(unit_id, sample, f"clerk.{number}", logins), accounts

    def newcomer(self, number: int = 90, **unit: Any) -> RigUnit:
        """Register one more unit, with accounts, after the campaign was opened; `unit` says what else it is."""
        window = self.pack.year_window(self.notice.year)
        area = self.notice.area
        (made,) = make_units(self.samples, area=area, window=window, units=1, people=4, seed=number)
        code = _credit_code(area, number)
        sample = replace(made, unit=replace(made.unit, credit_code=code, name=f"新设单位{number}", **unit))
        with transaction(self.engine) as session:
            ids = unit_rows.add_units(session, ENGINE, [sample.unit])
            entered, accounts = self._unit_with_accounts(ids[code], sample, number)
            access.add_accounts(session, ENGINE, accounts)
        return entered

    def pin_flow(self, **last_level: Any) -> None:
        """Pin the campaign to its flow with other words at the last level (`days`, `escalate`), as if opened so."""
        levels = (*self.flow.levels[:-1], replace(self.flow.levels[-1], **last_level))
        self.flow = replace(self.flow, levels=levels)
        with transaction(self.engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, self.campaign.id)
            campaign.flow_digest = audit.store_artifact(session, "flow", dump_flow(self.flow))
            session.add(campaign)

    # ------------------------------------------------------------ acts

    def give(
        self,
        officer: str,
        kind: str,
        target: UUID,
        version: int | None = None,
        payload: dict[str, Any] | None = None,
        request: str | None = None,
    ) -> Command:
        """Give a command as an officer and let the port carry it out."""
        wanted = CommandRequest(request or str(new_id()), kind, target, version, payload or {})
        with transaction(self.engine) as session:
            row = commands.submit(session, self.place.actor(session, officer), wanted)
        return asyncio.run(commands.deliver(self.engine, self.port, row))

    def hand_in(self, unit: RigUnit, sample: SampleUnit | None = None, clerk: str | None = None) -> Command:
        """Enter a unit's roster and note it in its filing, as an import does."""
        people = self.register(unit, sample, clerk)
        return self.give(clerk or unit.clerk, "hand_in", self.filing(unit).id, None, {"people": people})

    def register(self, unit: RigUnit, sample: SampleUnit | None = None, clerk: str | None = None) -> int:
        """Enter a unit's roster in place of what stands, beside any campaign; returns how many people."""
        people = (sample or unit.sample).people
        with transaction(self.engine) as session:
            actor = self.place.actor(session, clerk or unit.clerk)
            before = batch_rows.batches(session, actor.scope, unit.id, self.notice.year)
            maker = f"account:{actor.account_id}"
            batch = ImportBatch(
                unit_id=unit.id,
                area=self.notice.area,
                year=self.notice.year,
                file_name="test.xlsx",
                file_digest=str(new_id()),
                state="promoted",
                maker=maker,
                handed_in_at=self.campaign.opened_at,
            )
            session.add(batch)
            session.flush()
            owner = RosterOwner(
                unit.id,
                self.notice.area,
                self.notice.year,
                batch.id,
                maker,
                tuple(one.id for one in before),
            )
            batch.people = len(people)
            session.add(batch)
            roster_rows.enter_roster(session, self.place.keys, owner, people)
        return len(people)

    def decide(
        self, officer: str, unit: RigUnit, kind: str = "approve", version: int | None = None, **payload: Any
    ) -> Command:
        """Approve, return or refuse at the filing's present level."""
        filing = self.filing(unit)
        return self.give(
            officer,
            kind,
            filing.id,
            filing.version if version is None else version,
            {"level": filing.level, **payload},
        )

    def sign(self, unit: RigUnit) -> None:
        """Let all of a unit's departments sign what was handed in."""
        for signer in unit.signers:
            row = self.decide(signer, unit)
            assert row.state == "done", row.reason

    def settle(self, unit: RigUnit) -> None:
        """Leave every open record task of a filing open, with a reason."""
        with reading(self.engine) as session:
            tasks = task_rows.open_tasks(
                session, ENGINE, filing_id=self.filing(unit).id, kinds=("record", "discretion")
            )
        for task in tasks:
            row = self.give(self.verifier, "leave_open", task.id, None, {"reason": "待补"})
            assert row.state == "done", row.reason

    def approve(self, unit: RigUnit) -> None:
        """Hand in, sign, settle and approve: the straight way."""
        self.hand_in(unit)
        self.sign(unit)
        self.settle(unit)
        row = self.decide(self.verifier, unit)
        assert row.state == "done", row.reason

    def steer(self, kind: str, **payload: Any) -> Command:
        """Give a command on the campaign itself."""
        return self.give(BUREAU, kind, self.campaign.id, self.fresh().version, payload)

    def pass_deadline(self) -> None:
        """Advance the clock past the window and let every filing look at it."""
        self.pass_time(self.fresh().deadline + timedelta(days=1))

    def pass_time(self, to: datetime) -> None:
        """Advance the clock to an instant and let every filing look at it."""
        row = self.steer("advance", to=to.isoformat())
        assert row.state == "done", row.reason
        self.port.tell_units(self.campaign.id)

    def close(self) -> None:
        """Pass the deadline and close."""
        self.pass_deadline()
        row = self.steer("close")
        assert row.state == "done", row.reason

    def finish(self) -> None:
        """Close, seal what is approved and end the campaign, without papers."""
        self.close()
        sealing.seal_page(self.engine, self.campaign.id, 0, 50, lambda *_: None)
        with transaction(self.engine) as session:
            campaign_acts.reach(session, self.campaign.id, "finished")

    # ------------------------------------------------------------ what is looked at

    def proved(self) -> None:
        """Nothing was lost, nothing was done twice, nothing was altered, and the counters follow the filings."""
        with reading(self.engine) as session:
            assert reconcile(session).difference == 0
            assert audit.verify(session).broken_at is None
            stages = [one.stage for one in filing_rows.filings(session, ENGINE, self.campaign.id)]
            counted = campaign_rows.counters(session, ENGINE, self.campaign.id)
        assert counted == {stage: stages.count(stage) for stage in set(stages)}, "counters follow the filings"

    def fresh(self) -> Campaign:
        with reading(self.engine) as session:
            return campaign_rows.campaign(session, ENGINE, self.campaign.id)

    def filing(self, unit: RigUnit) -> Filing:
        with reading(self.engine) as session:
            found = filing_rows.filings(session, ENGINE, self.campaign.id)
        return max((one for one in found if one.unit_id == unit.id), key=lambda one: one.round)
