"""A made-up jurisdiction whose law leaves two things to its bureaus, in a data folder with officers and people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from flow_folder import registry_of, write

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.bureau_rules.desk import RuleDesk
from xueshi.bureau_rules.in_force import PublishedOverlays
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.campaigns.clocks.campaign_clock import set_folder_clock
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.tables import Command
from xueshi.real_clock import real_now
from xueshi.register.rows import roster_rows, unit_rows
from xueshi.register.rows.roster_rows import NewPerson, NewRecord, RosterOwner
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.tables import ImportBatch
from xueshi.regulations.sources import RegulationSource
from xueshi.settings import Settings
from xueshi.storage import new_id, transaction
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
CITY, DISTRICT = "990100", "990102"
CODES = {CITY: "12990100000000001X", DISTRICT: "12990102000000002X"}
RULES = """\
xueshi: 1
regulation:
  id: EX2020
  title: 示例办法
  number: none
  issuer: 示例市人社局
  issued: 2020-01-08
  effective: none
  years: 2020 to open
  area: 990100
clauses:
  一: {encoded: 每年72学时，公共科目由主管部门定}
  二: {encoded: 各类活动}
  三: {procedural: 登记与审核}
readings:
  Q1: {ask: 会议每天计几学时, clause: 二, options: {six: 6学时, eight: 8学时}, default: six}
parameters:
  least_public: {label: 公共科目的最低学时, clause: 一, unit: hour, default: none}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: person, evidence: 证明}
rules:
  2.1: {clause: 二, name: 培训, for: training, hours: 6 per day, partial: prorate}
  2.2: {clause: 二, name: 公共科目, for: public_course, hours: stated, category: public, channel: hrss}
  2.3: {clause: 二, name: 会议, for: conference, hours: {Q1: {six: 6 per day, eight: 8 per day}}, partial: prorate}
requirements:
  R1: {clause: 一, of: total, at_least: 72}
  R2: {clause: 一, of: public, at_least: least_public}
"""
CASES = """\
document: EX2020
cases:
- id: EX-1
  title: 培训十二天
  year: 2021
  person: {level: senior}
  records:
  - {id: r1, kind: training, rule: EX2020-2.1, facts: {days: 12, end: 2021-05-01}, hours: 72, category: professional}
  totals: {public: 0, professional: 72, total: 72}
  met: true
  shortfall: {}
- id: EX-2
  title: 会议
  year: 2021
  person: {level: senior}
  records:
  - {id: r1, kind: conference, rule: EX2020-2.3, facts: {days: 2, end: 2021-05-01}, hours: 12, category: professional}
  totals: {public: 0, professional: 12, total: 12}
  met: false
  shortfall: {total: 60}
- id: EX-3
  title: 前一年度的会议
  year: 2020
  person: {level: senior}
  records:
  - {id: r1, kind: conference, rule: EX2020-2.3, facts: {days: 2, end: 2020-05-01}, hours: 12, category: professional}
  totals: {public: 0, professional: 12, total: 12}
  met: false
  shortfall: {total: 60}
"""
OVERLAY = """\
overlay:
  of: EX2020
  by: 示例市人社局
  document: 示人社发〔2021〕9号
  decided: 2021-03-01
  years: 2021 to open
set:
  least_public: 12
"""
ACCEPT = ("W206",)


class OwnRulesRig:
    """The city and its district, each with two bureau officers and one unit; the folder's clock stands in 2021."""

    def __init__(self, folder: Path, database: str | None = None) -> None:
        settings = Settings(data=folder) if database is None else Settings(data=folder, database_url=database)
        self.plugin = write(folder / "plugin", ex2020=RULES)
        (self.plugin / "cases").mkdir()
        (self.plugin / "cases" / "ex2020.yaml").write_text(CASES, encoding="utf-8")
        self.place = Workplace(settings=settings)
        self.engine = self.place.engine
        self.load()
        with transaction(self.engine) as session:
            accounts = [
                NewAccount("maker", "起草人", "bureau", CITY),
                NewAccount("second", "复核人", "bureau", CITY),
                NewAccount("below", "区局", "bureau", DISTRICT),
                NewAccount("below2", "区局二", "bureau", DISTRICT),
                NewAccount("beside", "邻市", "bureau", "990200"),
            ]
            access.add_accounts(session, ENGINE, accounts)
            units = [NewUnit(code, f"示例{area}院", area) for area, code in CODES.items()]
            self.units = unit_rows.add_units(session, ENGINE, units)
            clerk = NewAccount("clerk", "经办", "unit_clerk", CITY, None, self.units[CODES[CITY]])
            access.add_accounts(session, ENGINE, [clerk])
            set_folder_clock(session, start_of(date(2021, 6, 1)), real_now())

    def load(self) -> None:
        """Load the plugin as it stands, as a process that starts now does."""
        registry = registry_of(self.plugin)
        registry.bureau = PublishedOverlays(self.engine)
        self.place.__dict__["registry"] = registry

    def desk(self, officer: str) -> RuleDesk:
        return RuleDesk(self.engine, self.place.registry, lambda session: self.place.actor(session, officer))

    def draft(self, text: str = OVERLAY, officer: str = "maker", area: str = CITY) -> RuleDraft:
        found, row = self.desk(officer).draft("example", area, RegulationSource("own.yaml", text))
        assert row is not None, [str(one) for one in found.errors]
        return row

    def publish(
        self, row: RuleDraft, officer: str = "second", accept: Sequence[str] = ACCEPT, reason: str = "示例"
    ) -> Command:
        return self.desk(officer).publish(row.digest, accept, reason)[1]

    def published(
        self, text: str = OVERLAY, area: str = CITY, makers: tuple[str, str] = ("maker", "second")
    ) -> RuleDraft:
        """Draft, weigh and publish."""
        row = self.draft(text, makers[0], area)
        self.desk(makers[0]).weigh(row.digest)
        command = self.publish(row, makers[1])
        assert command.state == "done", command.reason
        return row

    def enter(self, area: str, year: int, people: Sequence[tuple[str, Sequence[NewRecord]]]) -> None:
        """Enter people of a unit with their records of a year, as an import does."""
        code = CODES[area]
        with transaction(self.engine) as session:
            batch = ImportBatch(
                id=new_id(),
                unit_id=self.units[code],
                area=area,
                year=year,
                file_name="test.xlsx",
                file_digest=str(new_id()),
                state="promoted",
                maker="account:test",
                handed_in_at=start_of(date(year, 2, 1)),
            )
            session.add(batch)
            session.flush()
            owner = RosterOwner(self.units[code], area, year, batch.id, "account:test")
            listed = [
                NewPerson(
                    identity_number=f"99010119800101{int(code[2:8]) % 100:02d}{number:02d}",
                    name=name,
                    sex="女",
                    order_in_unit=number,
                    employed_since=date(2015, 1, 1),
                    title="工程师",
                    level="intermediate",
                    title_since=date(2016, 1, 1),
                    records=tuple(records),
                )
                for number, (name, records) in enumerate(people, start=1)
            ]
            roster_rows.enter_roster(session, self.place.keys, owner, listed)


def record(kind: str, year: int = 2021, position: int = 1, **facts: object) -> NewRecord:
    day = date(year, 4, 1)
    return NewRecord(
        position=position, kind=kind, facts=dict(facts), content="示例", form="培训", start=day, end=day
    )
