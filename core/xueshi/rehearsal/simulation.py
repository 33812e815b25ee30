"""The simulation: units file on their days, officers settle what waits, day after day on the campaign's standing clock.

Everything goes through the command table, as in a real campaign; only the port is another one (campaigns/in_process.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from xueshi.access import repository as access
from xueshi.access.scope import Scope
from xueshi.campaigns.acts.filing_state import RECORD_TASKS
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.commanding.in_process import InProcessPort
from xueshi.campaigns.rows import campaign_rows, filing_rows, task_rows
from xueshi.campaigns.rows.pinned_rows import flow_of
from xueshi.campaigns.tables import Campaign, Command, Filing
from xueshi.flows.flow import ApprovalFlow, FlowLevel
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows
from xueshi.rehearsal import repository
from xueshi.rehearsal.behaviour import Behaviour, IsWorkingDay, carried_over, working_days
from xueshi.rehearsal.findings import DayLoad, Rehearsed, Stop
from xueshi.results import repository as results
from xueshi.storage import new_id, reading, transaction

ENGINE = Scope.everything()
RESUBMIT_AFTER = 2
"""Working days after which a returned unit hands in again."""
MOST_DAYS = 180
"""Days after the deadline at which a rehearsal gives up on units that nobody decides."""
UNFINISHED = ("filing", "assessing", "deciding")


@dataclass(frozen=True)
class Setting:
    """What a rehearsal runs on."""

    engine: Engine
    campaign_id: UUID
    flow: ApprovalFlow
    bureau: str
    """Login that steers the campaign."""
    officers: Mapping[str, Sequence[str]]
    """Role of an area's body → logins."""
    habits: Mapping[UUID, int]
    behaviour: Behaviour
    is_working: IsWorkingDay
    advance: Callable[[int], None] = lambda _: None
    """Told how many civil days have passed."""


class Simulation:
    """One run of one campaign."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.engine = setting.engine
        self.port = InProcessPort(setting.engine)
        self.stops: list[Stop] = []
        self.queue: list[tuple[date, UUID]] = []
        self.logins: dict[UUID, dict[str, str]] = {}
        self.codes: dict[UUID, str] = {}
        self.flows: dict[UUID, ApprovalFlow] = {}
        """Filing → the flow that is left for its unit."""
        self.waiting: dict[date, int] = {}
        self.deadline = date.max

    def run(self) -> Rehearsed:
        """Play from opening day until everything is decided, or nothing moves any more."""
        campaign = self._campaign()
        first, deadline = civil_date(campaign.opened_at), civil_date(campaign.deadline - timedelta(seconds=1))
        self.deadline = deadline
        self._plan(campaign, first, deadline)
        roles = list(self.setting.officers)
        day = first
        while day <= deadline + timedelta(days=MOST_DAYS):
            if self.setting.is_working(day) or day == deadline:
                self._units_file(day)
            if self.setting.is_working(day):
                self._officers_settle(day)
            with reading(self.engine) as session:
                self.waiting[day] = repository.waiting_of_area(session, campaign.id, roles)
                unfinished = filing_rows.count_filings(session, campaign.id, UNFINISHED)
            self.setting.advance((day - first).days + 1)
            if day > deadline and not unfinished:
                break
            day = self._next_day(day)
            self._advance(day)
        return self._findings(deadline)

    def _next_day(self, day: date) -> date:
        """Return the next day on which anything can happen: days on which nobody files and nothing waits are passed over."""
        tomorrow = day + timedelta(days=1)
        if self.waiting[day] or day >= self.deadline:
            return tomorrow
        planned = [when for when, _ in self.queue]
        return max(tomorrow, min([*planned, self.deadline]))

    def _campaign(self) -> Campaign:
        with reading(self.engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, self.setting.campaign_id)
            session.expunge_all()
        return campaign

    def _plan(self, campaign: Campaign, first: date, deadline: date) -> None:
        """Give every unit its day: where it filed last year, by habit; else drawn."""
        days = working_days(first, deadline, self.setting.is_working)
        with reading(self.engine) as session:
            self.codes = {unit.id: unit.credit_code for unit in unit_rows.units(session, ENGINE)}
            for filing in filing_rows.filings(session, ENGINE, campaign.id):
                share = self.setting.habits.get(filing.unit_id)
                code = self.codes[filing.unit_id]
                behaviour = self.setting.behaviour
                day = behaviour.filing_day(code, days) if share is None else carried_over(share, days)
                self.queue.append((day, filing.id))
                self.logins[filing.unit_id] = repository.logins_of_unit(session, filing.unit_id)
                self.flows[filing.id] = flow_of(session, campaign, filing)
        self.queue.sort(key=lambda entry: (entry[0], str(entry[1])))

    def _units_file(self, day: date) -> None:
        due = [filing_id for planned, filing_id in self.queue if planned <= day]
        self.queue = [(planned, filing_id) for planned, filing_id in self.queue if planned > day]
        for filing_id in due:
            filing = self._filing(filing_id)
            if filing.stage == "filing" and filing.input_version:
                self._sign(filing)

    def _sign(self, filing: Filing) -> None:
        """The unit's own departments sign the level at which the filing stands."""
        level = self.flows[filing.id].level(filing.level)
        for signer in level.signers:
            login = self.logins[filing.unit_id].get(signer.role)
            if login is None:
                continue  # noted before the run as something that would stop
            filing = self._filing(filing.id)
            if filing.level != level.id or filing.stage not in ("filing", "deciding"):
                return
            self._give(login, "approve", filing, {"level": level.id})

    def _officers_settle(self, day: date) -> None:
        """Every officer of an area's body takes the oldest tasks of the role until the day's work is done."""
        for level in self.setting.flow.levels:
            for signer in level.signers:
                if level.body == "unit":
                    self._units_decide(level)
                    continue
                for login in self.setting.officers.get(signer.role, ()):
                    self._one_officer(day, level, signer.role, login)

    def _units_decide(self, level: FlowLevel) -> None:
        with reading(self.engine) as session:
            waiting = [
                filing
                for filing in filing_rows.filings(
                    session, ENGINE, self.setting.campaign_id, stages=("deciding",)
                )
                if filing.level == level.id
            ]
        for filing in waiting:
            self._sign(filing)

    def _one_officer(self, day: date, level: FlowLevel, role: str, login: str) -> None:
        left = self.setting.behaviour.decisions_per_day
        with reading(self.engine) as session:
            tasks = task_rows.open_tasks(
                session, ENGINE, campaign_id=self.setting.campaign_id, role=role, kinds=("unit",)
            )
            waiting = [
                task.filing_id for task in tasks if task.level == level.id and task.filing_id is not None
            ]
        for filing_id in waiting:
            if left <= 0:
                return
            left -= self._settle(day, level, role, login, filing_id, left)

    def _settle(self, day: date, level: FlowLevel, role: str, login: str, filing_id: UUID, left: int) -> int:
        """Answer a filing's questions, then decide it; returns how many tasks that took."""
        with reading(self.engine) as session:
            questions = task_rows.open_tasks(
                session, ENGINE, filing_id=filing_id, role=role, kinds=RECORD_TASKS
            )
        done = 0
        for task in questions:
            if done == left:
                return done
            self._command(login, "leave_open", task.id, None, {"reason": "演练：留待认定"})
            done += 1
        if done == left:
            return done
        filing = self._filing(filing_id)
        back = self.flows[filing.id].levels[0].id in self.flows[filing.id].level(level.id).returns_to
        if (
            back
            and day < self.deadline
            and day < self.deadline
            and filing.state["returns"] == 0
            and self.setting.behaviour.returned(self.codes[filing.unit_id])
        ):
            self._give(login, "return", filing, {"level": level.id, "reason": "演练：请核对后重报"})
            again = working_days(day + timedelta(days=1), day + timedelta(days=14), self.setting.is_working)
            self.queue.append((min(again[min(RESUBMIT_AFTER, len(again)) - 1], self.deadline), filing_id))
        else:
            self._give(login, "approve", filing, {"level": level.id})
        return done + 1

    # ------------------------------------------------------------ commands

    def _give(self, login: str, kind: str, filing: Filing, payload: dict[str, Any]) -> None:
        self._command(login, kind, filing.id, filing.version, payload)

    def _advance(self, day: date) -> None:
        campaign = self._campaign()
        self._command(
            self.setting.bureau, "advance", campaign.id, campaign.version, {"to": start_of(day).isoformat()}
        )
        self.port.tell_units(campaign.id)

    def _command(
        self, login: str, kind: str, target: UUID, version: int | None, payload: dict[str, Any]
    ) -> Command:
        with transaction(self.engine) as session:
            actor = access.actor(session, login)
            row = commands.submit(
                session, actor, CommandRequest(str(new_id()), kind, target, version, payload)
            )
        row = asyncio.run(commands.deliver(self.engine, self.port, row))
        if row.state == "refused" and row.code not in ("already_signed", "four_eyes"):
            self._note(Stop(row.reason, kind, "请核对流程、岗位和登记后再开启"))
        elif row.state == "refused":
            self._note(Stop(row.reason, login, "请为该环节另设账号，经办与审核分离"))
        return row

    def _note(self, stop: Stop) -> None:
        if stop not in self.stops:
            self.stops.append(stop)

    def _filing(self, filing_id: UUID) -> Filing:
        with reading(self.engine) as session:
            filing = filing_rows.filing(session, ENGINE, filing_id)
            session.expunge_all()
        return filing

    # ------------------------------------------------------------ what came out

    def _findings(self, deadline: date) -> Rehearsed:
        campaign_id = self.setting.campaign_id
        with reading(self.engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
            filings = filing_rows.filings(session, ENGINE, campaign_id)
            messages = repository.messages_by_day(session, campaign_id)
            settled = repository.settled_by_day(session, campaign_id)
            decided = repository.last_decision(session, campaign_id)
            verdicts: dict[str, dict[str, int]] = {}
            shortfalls: dict[str, int] = {}
            people = 0
            for filing in filings:
                latest = results.latest_of_unit(session, ENGINE, campaign_id, filing.unit_id)
                people += len(latest)
                for result in latest.values():
                    levels = verdicts.setdefault(result.verdict, {})
                    levels[result.level or ""] = levels.get(result.level or "", 0) + 1
                    for category in result.shortfalls:
                        shortfalls[category] = shortfalls.get(category, 0) + 1
            for trouble in repository.troubles(session, campaign_id):
                self._note(Stop(trouble, "核算", "请按提示核对规则或登记"))
            now = civil_date(campaign_now(session, campaign, real_now()))
            questions = repository.questions_left(session, campaign_id)
        stages = [filing.stage for filing in filings]
        return Rehearsed(
            deadline=deadline,
            units=len(filings),
            people=people,
            days=[
                DayLoad(day, messages.get(day, 0), settled.get(day, {}), self.waiting.get(day, 0))
                for day in sorted({*messages, *settled, *self.waiting})
                if day <= now
            ],
            verdicts=verdicts,
            shortfalls=shortfalls,
            questions=questions,
            returned=sum(filing.state["returns"] > 0 for filing in filings),
            not_filed=stages.count("not_filed"),
            refused=stages.count("refused"),
            undecided=sum(stage in UNFINISHED for stage in stages),
            last_decision=None if decided is None else civil_date(decided),
            stops=tuple(self.stops),
        )
