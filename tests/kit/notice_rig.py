"""A campaign of any notice, its units made up by what the flow routes them by: for regions without samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from campaign_rig import BUREAU, ENGINE, CampaignRig, RigUnit, WorkflowInMemory
from stdnum.cn import ric, uscc

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.flows.flow import ApprovalFlow
from xueshi.machines.filing_machine import waiting_roles
from xueshi.machines.stored_state import load_state
from xueshi.plugin_files import read_flow_overlay, read_notice
from xueshi.register.rows import unit_rows
from xueshi.register.rows.roster_rows import NewPerson
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.settings import Settings
from xueshi.storage import reading, transaction
from xueshi_cli.acting import opened_by_notice
from xueshi_cli.samples import SampleUnit
from xueshi_cli.workplace import Workplace

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


@dataclass(frozen=True)
class Made:
    """A unit to make up: what it is."""

    kind: str = "employer"
    has_department: bool | None = None
    sector: str | None = None


class NoticeRig(CampaignRig):
    """Units by their facts, one person each, an account for every role of the flow, and the campaign of a notice file."""

    def __init__(
        self, folder: Path, database: str, notice: Path, made: Sequence[Made], overlay: Path | None = None
    ) -> None:
        self.place = Workplace(settings=Settings(data=folder, database_url=database))
        self.engine = self.place.engine
        self.port = WorkflowInMemory(self.engine)
        area = read_notice(notice, notice.name, "").area
        self.notice = read_notice(notice, notice.name, self.place.registry.region_for(area))
        flows = self.place.registry.ask(self.notice.region).approval_flows(self.notice.year)
        self.flow = next(flow for flow in flows if flow.id == self.notice.flow)
        self.units = self._enter([self._unit(number, one) for number, one in enumerate(made, start=1)])
        try:
            self.campaign = opened_by_notice(
                self.place,
                BUREAU,
                self.notice,
                standing=True,
                starts_at=start_of(self.notice.issued),
                flow_overlay=None if overlay is None else read_flow_overlay(overlay, overlay.name),
            )
        except Exception:
            self.engine.dispose()
            raise

    def _unit(self, number: int, made: Made) -> SampleUnit:
        stem = f"12{self.notice.area}{number:09d}"
        code = stem + uscc.calc_check_digit(stem)
        unit = NewUnit(
            code, f"示例单位{number}", self.notice.area, made.sector, made.kind, made.has_department
        )
        stem = f"{self.notice.area}19800101{number * 2 + 1:03d}"
        person = NewPerson(
            identity_number=stem + ric.calc_check_digit(stem + "0"),
            name=f"示例{number}",
            sex="男",
            order_in_unit=1,
            employed_since=date(2010, 1, 1),
            level="intermediate",
            title="工程师",
            title_since=date(2012, 1, 1),
        )
        return SampleUnit(unit, (person,))

    def _enter(self, made: list[SampleUnit]) -> list[RigUnit]:
        area = self.notice.area
        roles = {
            body: list(
                dict.fromkeys(
                    signer.role
                    for level in self.flow.levels
                    if level.body == body
                    for signer in level.signers
                )
            )
            for body in ("unit", "area")
        }
        with transaction(self.engine) as session:
            ids = unit_rows.add_units(session, ENGINE, [sample.unit for sample in made])
            accounts = [NewAccount(BUREAU, "局", "bureau", area)]
            accounts += [NewAccount(role, role, role, area) for role in roles["area"]]
            units = []
            for number, sample in enumerate(made, start=1):
                unit_id = ids[sample.unit.credit_code]
                logins = tuple(f"{role}.{number}" for role in roles["unit"])
                units.append(RigUnit(unit_id, sample, f"clerk.{number}", logins))
                accounts.append(NewAccount(f"clerk.{number}", "经办", "unit_clerk", area, None, unit_id))
                accounts += [
                    NewAccount(login, role, role, area, None, unit_id)
                    for login, role in zip(logins, roles["unit"], strict=True)
                ]
            access.add_accounts(session, ENGINE, accounts)
        return units

    def flow_of(self, unit: RigUnit) -> ApprovalFlow:
        """The flow that a unit's filing is pinned to."""
        with reading(self.engine) as session:
            return flow_of(session, self.campaign, self.filing(unit))

    def levels(self, unit: RigUnit) -> list[str]:
        return [level.id for level in self.flow_of(unit).levels]

    def step(self, unit: RigUnit) -> str:
        """Let whoever is waited for approve; returns the level that was left."""
        filing, flow = self.filing(unit), self.flow_of(unit)
        level = flow.level(filing.level)
        number = self.units.index(unit) + 1
        for role in waiting_roles(load_state(filing.state, None), flow):
            row = self.decide(f"{role}.{number}" if level.body == "unit" else role, unit)
            assert row.state == "done", row.reason
        return level.id

    def walk(self, unit: RigUnit) -> list[str]:
        """Hand in and let every level approve; returns the levels in the order in which they were passed."""
        row = self.hand_in(unit)
        assert row.state == "done", row.reason
        passed = []
        while self.filing(unit).stage in ("filing", "deciding"):
            passed.append(self.step(unit))
        return passed
