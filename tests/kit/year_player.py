"""Plays a scripted year of a region in a standing folder, event by event, through the command table only.

A script (tests/years/*.yaml) is data: units, people, accounts, and events of the form
`{on: day, who: login, act: kind of command, …, expect: {…}}`. What an event came to is compared with what it expects;
the figures there were computed by hand from the law. Looks (`results`, `statistics`, …: `year_looks.py`) are events too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlmodel import Session
from stdnum.cn import ric, uscc
from year_records import RecordActs
from year_script import Event, Script

from xueshi.access import repository as access
from xueshi.access.repository import Actor, NewAccount
from xueshi.access.roles import PERSON
from xueshi.access.scope import Scope
from xueshi.campaigns.acts.folder_acts import FOLDER
from xueshi.campaigns.clocks.clock import end_of, start_of
from xueshi.campaigns.commanding import bulk_running, commands
from xueshi.campaigns.commanding.command_table import COMMAND_KINDS
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.commanding.in_process import InProcessPort
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.opening import planning
from xueshi.campaigns.opening.notice import Notice
from xueshi.campaigns.rows import appeal_rows, campaign_rows, command_rows, filing_rows, task_rows
from xueshi.campaigns.rows.pinned_rows import flow_by, flow_of
from xueshi.campaigns.tables import Campaign, Command, Filing
from xueshi.errors import XueshiError
from xueshi.machines.filing_machine import waiting_roles
from xueshi.machines.stored_state import load_state
from xueshi.plugin_files import read_flow_overlay
from xueshi.register.rows import people_rows, roster_rows, unit_rows
from xueshi.register.rows.roster_rows import NewPerson, RosterOwner
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.tables import ImportBatch
from xueshi.settings import Settings
from xueshi.storage import reading, transaction
from xueshi_cli.acting import opened_by_notice
from xueshi_cli.notices import own_notice
from xueshi_cli.workplace import Workplace
from xueshi_workflows import printing

ENGINE = Scope.everything()
ROOT = Path(__file__).resolve().parent.parent.parent
MORNING = timedelta(hours=9)


class YearPlayer(RecordActs):
    """A standing data folder (on SQLite, or at the address of `database`) in which a script is played. `differences` holds what came otherwise than expected."""

    def __init__(self, script: Script, folder: Path, database: str = "") -> None:
        self.script = script
        self.folder = folder
        self.place = Workplace(settings=Settings(data=folder, database_url=database))
        self.engine = self.place.engine
        self.port = InProcessPort(self.engine)
        self.units: dict[str, UUID] = {}
        self.people: dict[str, UUID] = {}
        self.records: dict[str, UUID] = {}
        self.appeals: dict[str, UUID] = {}
        self.campaign_id: UUID | None = None
        self.year = script.year
        """The year whose campaign is looked at: the script's own until the next one is opened."""
        self.today: date | None = None
        self.differences: list[str] = []
        self.acts: dict[str, Callable[[Event], Mapping[str, Any]]] = {
            "register": self._register,
            "open": self._open,
            "schedule": self._schedule,
            "open_planned": self._open_planned,
            "walk": self._walk,
            "seal": self._seal,
            "seal_round": self._seal_round,
            "file_record": self._file,
            "correct_record": self._correct,
            "report_roster": self._roster,
            "import_records": self._import,
            "transfer_person": self._transfer,
            "delegate": self._delegate,
            "bulk_decide": self._bulk,
            "determine": self._determine,
            "leave_open": self._leave_open,
            "appeal": self._appeal,
        }

    # ------------------------------------------------------------ playing

    def play(self, events: list[Event]) -> None:
        """Play some events in order and note every difference from what they expect."""
        for event in events:
            if event.on != self.today:
                self._come_to(event.on)
            happened = self._happen(event)
            for key, wanted in event.expect.items():
                got = happened.get(key)
                if key == "says":
                    if str(wanted) not in str(happened.get("reason", "")):
                        self.differences.append(
                            f"{event}: expected the reason to say {wanted!r}, it says {happened.get('reason')!r}"
                        )
                elif got != wanted:
                    why = happened.get("reason")
                    said = f" ({why})" if why else ""
                    self.differences.append(f"{event}: {key} expected {wanted!r}, got {got!r}{said}")

    def _happen(self, event: Event) -> Mapping[str, Any]:
        act = self.acts.get(event.act)
        try:
            if act is not None:
                return act(event)
            return self._plain(event)
        except XueshiError as error:
            return {"denied": type(error).__name__, "reason": str(error)}
        except KeyError as error:
            # What an earlier event should have made is not there: told with the other differences.
            return {"reason": f"the script names {error}, which is not there"}

    def _come_to(self, day: date) -> None:
        """Advance the clock: the folder's alone until a campaign is open, the campaign's (and with it the folder's) after."""
        to = (start_of(day) + MORNING).isoformat()
        if self.today is None:
            self._enter_offices()
            told = self.command("bureau", "advance_folder", FOLDER, to=to, begin=True)
        elif self.campaign_id is None or self.campaign().stage == "archived":
            told = self.command("bureau", "advance_folder", FOLDER, to=to)
        else:
            told = self.command("bureau", "advance", self.campaign_id, self.campaign().version, to=to)
            self.port.tell_units(self.campaign_id)
        assert told.get("done"), told
        self.today = day

    def command(
        self, who: str, kind: str, target: UUID, version: int | None = None, **payload: Any
    ) -> dict[str, Any]:
        """Give a command of the table; returns its fate and outcome, with what its effect says."""
        wanted = CommandRequest(self.place.request_id(), kind, target, version, payload)
        with transaction(self.engine) as session:
            row = commands.submit(session, self.place.actor(session, who), wanted)
        row = asyncio.run(commands.deliver(self.engine, self.port, row.id))
        return self._told(row)

    def _told(self, row: Command) -> dict[str, Any]:
        with reading(self.engine) as session:
            effect = command_rows.effect(session, row.id)
            body = {} if effect is None else dict(effect.body)
        return {**body, row.state: row.code, "reason": row.reason, "command": row.id}

    # ------------------------------------------------------------ the offices and the register

    def _enter_offices(self) -> None:
        """Create units and accounts: the account `bureau` and whatever the script names."""
        script = self.script
        codes = {label: self._code(number) for number, label in enumerate(script.units, start=1)}
        new = [
            NewUnit(
                codes[label],
                unit["name"],
                script.area,
                unit.get("sector"),
                unit.get("kind", "employer"),
                unit.get("has_department"),
            )
            for label, unit in script.units.items()
        ]
        with transaction(self.engine) as session:
            ids = unit_rows.add_units(session, ENGINE, new)
            self.units = {label: ids[codes[label]] for label in script.units}
            accounts = [NewAccount("bureau", "业务负责人", "bureau", script.area)]
            accounts += [
                NewAccount(
                    login,
                    one.get("name", login),
                    one["role"],
                    script.area,
                    one.get("sector"),
                    self.units[one["unit"]] if "unit" in one else None,
                )
                for login, one in script.accounts.items()
                if one["role"] != PERSON
            ]
            access.add_accounts(session, ENGINE, accounts)

    def _code(self, number: int) -> str:
        stem = f"12{self.script.area}{number:09d}"
        return stem + uscc.calc_check_digit(stem)

    def _identity(self, name: str) -> str:
        """A well-formed identity number that belongs to nobody we know."""
        stem = f"{self.script.area}19800101{list(self.script.people).index(name) * 2 + 1:03d}"
        return stem + ric.calc_check_digit(stem + "0")

    def _register(self, event: Event) -> Mapping[str, Any]:
        """Enter a unit's people and what it spends (`fund`, in yuan), as an import of its workbook of a year does."""
        label, script = event.words["unit"], self.script
        year = int(event.words.get("year", script.year))
        names = [name for name, one in script.people.items() if one["unit"] == label]
        people = [
            NewPerson(
                identity_number=self._identity(name),
                name=f"示例{name}",
                sex="女",
                order_in_unit=order,
                employed_since=script.people[name].get("since", date(2010, 1, 1)),
                title=script.people[name].get("title", ""),
                level=script.people[name].get("level"),
                title_since=script.people[name].get("title_since", date(2012, 1, 1))
                if script.people[name].get("level")
                else None,
            )
            for order, name in enumerate(names, start=1)
        ]
        with transaction(self.engine) as session:
            actor = self.place.actor(session, event.who)
            actor.require("register.import")
            maker, unit_id = f"account:{actor.account_id}", self.units[label]
            at = start_of(event.on)
            batch = ImportBatch(
                unit_id=unit_id, area=script.area, year=year, file_name=f"{label}-{year}.xlsx", file_digest=f"{label}-{year}",
                state="promoted", maker=maker, handed_in_at=at,
            )  # fmt: skip
            session.add(batch)
            session.flush()
            owner = RosterOwner(unit_id, script.area, year, batch.id, maker)
            roster_rows.enter_roster(session, self.place.keys, owner, people)
            if "fund" in event.words:
                yuan = int(event.words["fund"])
                unit_rows.state_amount(session, actor.scope, unit_id, year, "total", yuan * 100, maker, at)
            numbers = {self._identity(name): name for name in names}
            held = people_rows.people_by_identity(session, self.place.keys, list(numbers))
            self.people |= {numbers[number]: person.id for number, person in held.items()}
            own = [name for name in names if name in script.accounts and year == script.year]
            access.add_accounts(
                session,
                ENGINE,
                [NewAccount(one, one, PERSON, script.area, person_id=self.people[one]) for one in own],
            )
        return {"people": len(names)}

    # ------------------------------------------------------------ people and staff

    def _transfer(self, event: Event) -> Mapping[str, Any]:
        words = event.words
        return self.command(
            event.who, event.act, self.people[words["person"]], day=words["day"].isoformat(),
            post=words.get("post", ""), **{"from": str(self.units[words["from"]]), "to": str(self.units[words["to"]])},
        )  # fmt: skip

    def _delegate(self, event: Event) -> Mapping[str, Any]:
        words = event.words
        with reading(self.engine) as session:
            lender = access.account_by_login(session, words["lender"])
            grant = access.grants_of(session, lender.id)[0].id
        return self.command(
            event.who, event.act, grant, to=words["to"], since=words["since"].isoformat(),
            until=words["until"].isoformat(), reason=words["reason"],
        )  # fmt: skip

    # ------------------------------------------------------------ the campaign

    def campaign(self) -> Campaign:
        """Return the campaign as it stands. Raises KeyError where none was opened."""
        if self.campaign_id is None:
            raise KeyError("campaign")
        with reading(self.engine) as session:
            found = campaign_rows.campaign(session, ENGINE, self.campaign_id)
            session.expunge_all()
        return found

    def filing(self, label: str) -> Filing:
        """Return the newest filing of a unit."""
        with reading(self.engine) as session:
            found = filing_rows.rounds_of_unit(session, ENGINE, self.campaign().id, self.units[label])
            session.expunge_all()
        return found[-1]

    def _open(self, event: Event) -> Mapping[str, Any]:
        """Open the year's campaign by a notice: a file, or the one that the region's plugin brings."""
        words = event.words
        if "notice" in words:
            notice = own_notice(self.place.registry, ROOT / words["notice"])
        else:
            region = self.place.registry.region_for(self.script.area)
            [notice] = self.place.registry.ask(region).notices(self.script.year)
        overlay = ROOT / words["overlay"] if "overlay" in words else None
        campaign = opened_by_notice(
            self.place,
            event.who,
            notice,
            standing=True,
            flow_overlay=None if overlay is None else read_flow_overlay(overlay, overlay.name),
        )
        self.campaign_id = campaign.id
        with reading(self.engine) as session:
            filings = filing_rows.filings(session, ENGINE, campaign.id)
        return {
            "opened": len(filings),
            "deadline": (campaign.deadline - timedelta(seconds=1)).astimezone().date(),
        }

    def _schedule(self, event: Event) -> Mapping[str, Any]:
        """Store the notice of a year to come, to be opened on its day by whoever looks then."""
        notice = own_notice(self.place.registry, ROOT / event.words["notice"])
        with self._living_on(event.on), transaction(self.engine) as session:
            actor = self.place.actor(session, event.who)
            planned = planning.plan_opening(session, actor, notice, event.words["at"])
            return {"planned": planned.title, "state": planned.state}

    def _open_planned(self, event: Event) -> Mapping[str, Any]:
        """Let the service look for what is to be opened, as its schedule does each day; the next year begins with it."""

        def opener(officer: str, notice: Notice) -> Campaign:
            campaign = opened_by_notice(self.place, officer, notice, standing=False)
            self.campaign_id, self.year = campaign.id, campaign.year
            return campaign

        at = start_of(event.on) + MORNING
        with self._living_on(event.on):
            opened = planning.open_due(self.engine, opener, at)
        return {"opened": opened, "year": self.year, "public_id": self.campaign().public_id}

    @staticmethod
    @contextmanager
    def _living_on(day: date) -> Iterator[None]:
        """Let the schedule, which knows the real clock only, see the script's day on it."""
        with patch.object(planning, "real_now", lambda: start_of(day) + MORNING):
            yield

    def _walk(self, event: Event) -> Mapping[str, Any]:
        """Let whoever is waited for approve, level by level, until a unit is through: which it passes a draw may decide.

        `by`: role → login. Returns the stage, and the levels without the drawn ones.
        """
        label, by = event.words["unit"], event.words["by"]
        passed: list[str] = []
        while (filing := self.filing(label)).stage in ("filing", "deciding"):
            with reading(self.engine) as session:
                campaign = self.campaign()
                flow = flow_of(session, campaign, filing)
                drawn = flow_by(session, campaign.flow_digest).level(filing.level).sample is not None
            level = flow.level(filing.level)
            for role in waiting_roles(load_state(filing.state, None), flow):
                told = self.command(by[role], "approve", filing.id, filing.version, level=level.id)
                if "done" not in told:
                    return told
            passed += [] if drawn else [level.id]
        return {"stage": filing.stage, "passed": passed, "round": filing.round}

    def _seal(self, event: Event) -> Mapping[str, Any]:
        """Seal the results and print, as the campaign's workflow does after the closing."""
        campaign = self.campaign()
        sealing.seal_page(self.engine, campaign.id, 0, 50, lambda *_: None, self.place.keys)
        printing.print_page(
            self.engine, self.place.papers, campaign.id, 0, 50, lambda *_: None, self.place.keys
        )
        printing.print_year_table(self.engine, self.place.papers, campaign.id)
        return {"stage": self.campaign().stage}

    def _seal_round(self, event: Event) -> Mapping[str, Any]:
        """Seal and print a later round, as its workflow does after the approval."""
        filing = self.filing(event.words["unit"])
        sealed = sealing.seal_later_round(self.engine, filing.id, self.place.keys)
        printing.print_later_round(
            self.engine, self.place.papers, filing.id, lambda *_: None, self.place.keys
        )
        printing.print_year_table(self.engine, self.place.papers, self.campaign().id)
        return {"sealed": sealed, "round": filing.round}

    def _plain(self, event: Event) -> Mapping[str, Any]:
        """Give a command whose words need no more than their names exchanged for ids and days for instants."""
        kind, words = COMMAND_KINDS[event.act], dict(event.words)
        if kind.target == "person":
            words = {
                key: value.isoformat() if isinstance(value, date) else value for key, value in words.items()
            }
            return self.command(event.who, event.act, self.people[words.pop("person")], **words)
        if kind.target == "record":
            return self._on_record(event, words)
        if kind.target == "appeal":
            appeal = self.appeals[words.pop("appeal")]
            with reading(self.engine) as session:
                version = appeal_rows.appeal(session, ENGINE, appeal).version
            return self.command(event.who, event.act, appeal, version, **self._instants(words))
        if kind.target == "campaign":
            if "unit" in words:
                words["unit"] = str(self.units[words["unit"]])
            if "person" in words:
                words["person"] = str(self.people[words["person"]])
            campaign = self.campaign()
            return self.command(event.who, event.act, campaign.id, campaign.version, **self._instants(words))
        return self._on_filing(event, words)

    def _on_record(self, event: Event, words: dict[str, Any]) -> Mapping[str, Any]:
        label = words.pop("record")
        record = self.record(label)
        proofs = self._proofs(event)
        words.pop("evidence", None)
        if proofs:
            words["evidence"] = proofs
        if "amended" in words:
            words["record"] = self._body(words.pop("amended"))[1]
        told = self.command(event.who, event.act, record.id, record.version, **words)
        found = self.record(label)
        return {**told, "stage": found.stage, "level": found.level}

    def _on_filing(self, event: Event, words: dict[str, Any]) -> Mapping[str, Any]:
        label = words.pop("unit")
        filing = self.filing(label)
        words.setdefault("level", filing.level)
        told = self.command(event.who, event.act, filing.id, filing.version, **self._instants(words))
        after = self.filing(label)
        return {**told, "stage": after.stage, "level": after.level, "round": after.round}

    @staticmethod
    def _instants(words: Mapping[str, Any]) -> dict[str, Any]:
        """Days that end a window become the instants at which they end."""
        return {
            key: end_of(value).isoformat() if isinstance(value, date) else value
            for key, value in words.items()
        }

    def _bulk(self, event: Event) -> Mapping[str, Any]:
        """Decide many units at once; tells what became of each."""
        labels = list(event.words["units"])
        filings = {label: self.filing(label) for label in labels}
        told = self.command(
            event.who, event.act, self.campaign().id, None, decision=event.words["decision"],
            rows=[[str(one.id), one.version, one.level] for one in filings.values()],
            **{key: event.words[key] for key in ("reason",) if key in event.words},
        )  # fmt: skip
        batch = told["command"]
        asyncio.run(bulk_running.run_page(self.engine, self.port, batch, 0, 50))
        fates = {one.filing_id: one.state for one in bulk_running.fates(self.engine, batch)}
        return {**told, "units": {label: fates[filing.id] for label, filing in filings.items()}}

    def _determine(self, event: Event) -> Mapping[str, Any]:
        """Settle a fact of a record that a filing waits for."""
        words = event.words
        filing, record = self.filing(words["unit"]), self.records[words["record"]]
        with reading(self.engine) as session:
            [task] = [
                one
                for one in task_rows.open_tasks(
                    session, ENGINE, filing_id=filing.id, kinds=("record", "discretion")
                )
                if one.record_id == record
            ]
        return self.command(
            event.who, event.act, record, None, task=str(task.id), filing=str(filing.id), fact=words["fact"],
            value=words["value"], reason=words.get("reason", ""),
        )  # fmt: skip

    def _leave_open(self, event: Event) -> Mapping[str, Any]:
        """Close a person's record task at a filing without a value."""
        words = event.words
        filing, person = self.filing(words["unit"]), self.people[words["person"]]
        with reading(self.engine) as session:
            [task] = [
                one
                for one in task_rows.open_tasks(
                    session, ENGINE, filing_id=filing.id, kinds=("record", "discretion", "attention")
                )
                if one.person_id == person
            ]
        return self.command(event.who, event.act, task.id, None, reason=words["reason"])

    def _appeal(self, event: Event) -> Mapping[str, Any]:
        words = event.words
        person = str(self.people[words["person"]]) if "person" in words else ""
        told = self.command(
            event.who, event.act, self.filing(words["unit"]).id, None, reason=words["reason"], person=person
        )
        if "appeal" in told:
            self.appeals[words["as"]] = UUID(str(told["appeal"]))
        return told

    # ------------------------------------------------------------ what looks need

    def actor(self, session: Session, who: str) -> Actor:
        """Return who looks."""
        return self.place.actor(session, who)

    def label_of(self, record: UUID) -> str:
        """Return the script's name for a record."""
        return next((label for label, one in self.records.items() if one == record), "?")

    def person_of(self, person: UUID) -> str:
        """Return the script's name for a person."""
        return next(name for name, one in self.people.items() if one == person)
