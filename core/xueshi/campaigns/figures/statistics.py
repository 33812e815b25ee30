"""The year's figures of an area: who studied, how much, how, by level; and who stands behind each figure.

Two sources: a campaign counts sealed results (once it is closed, units that did not file are told apart; before, those
not sealed yet are left out and told); where the law knows no campaign, or before it closes, the register is counted as of a day (随机统计) and judged under the law in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.judging.assessing import pack_of, people_as_sealed
from xueshi.campaigns.judging.year_to_date import ended_by, years_to_date
from xueshi.campaigns.rows import filing_rows, merger_rows
from xueshi.campaigns.tables import Campaign
from xueshi.documents.figures import Who
from xueshi.documents.statistics import (
    PersonStudy,
    UnitFund,
    class_kind,
    study_form,
    table_columns,
    table_groups,
    year_table,
)
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import TableColumn, YearTable
from xueshi.errors import NotEncodedError
from xueshi.real_clock import real_now
from xueshi.register.identity import KeyRing
from xueshi.register.rows import people_rows, unit_rows
from xueshi.register.rows.people_rows import PersonForAssessment, RecordForAssessment, ShownPerson
from xueshi.register.tables import Unit
from xueshi.regulations.pack import RulePack
from xueshi.regulations.vocabulary import engine_vocabulary
from xueshi.results.rows import seal_rows
from xueshi.results.tables import YearResult

ENGINE = Scope.everything()
NOTES = {
    "not_filed": "逾期未申报",
    "refused": "不予通过",
    "not_decided": "关闭时未审结",
    "dissolved": "已撤并，其人员不在本表之内",
    "merged": "已并入其他单位，其人员列在并入的单位",
}
"""Units that stand apart from the figures, and in which words."""
UNDER_WAY = frozenset({"open", "closing"})
"""Stages of a campaign in which results are not sealed yet, or not all of them."""
PackFor = Callable[[str, str | None], RulePack]
"""Gives the rule pack of an area and sector for the year that is counted; NotEncodedError where there is none."""
_ORGANISERS = engine_vocabulary().facts["organiser"].values
UNIT_COLUMN = TableColumn("group", "单位", "列入统计范围的单位。")


@dataclass(frozen=True)
class Heading:
    """What stands above a table: whose figures of which year and period, made when, by whom."""

    region: str
    area: str
    area_name: str
    year: int
    period_start: date
    period_end: date
    reporting_body: str
    made_on: date
    sample: bool = False


@dataclass(frozen=True)
class YearStudy:
    """Everything that one paper's figures are counted from."""

    paper: DocumentTemplate
    heading: Heading
    people: tuple[PersonStudy, ...]
    """`who` is `{unit id}:{person id}`, `unit` the unit's id."""
    units: tuple[Unit, ...]
    funds: tuple[UnitFund, ...]
    notes: tuple[str, ...]
    rules: tuple[str, ...]
    """Digests of the rule packs under which the people were judged."""
    sealed: bool
    """Whether the figures rest on sealed results."""

    def table(self) -> YearTable:
        """Return the table as its paper has it: people by level."""
        return self._table(table_columns(self.paper), table_groups(self.paper), self.people, self.notes)

    def by_unit(self) -> YearTable:
        """Return the same figures with one row a unit, by credit code."""
        groups = [(str(unit.id), unit.name) for unit in self.units]
        people = [replace(person, group=person.unit) for person in self.people]
        columns = table_columns(self.paper)
        return self._table((UNIT_COLUMN, *columns[1:]), groups, people, ())

    def rest(self) -> YearTable | None:
        """Return the figures of people who belong to none of the table's rows; None where everybody has one."""
        keys = {key for key, _ in table_groups(self.paper)}
        people = [person for person in self.people if person.group not in keys]
        columns = table_columns(self.paper)
        return replace(self, funds=())._table(columns, (), people, ()) if people else None

    def _table(
        self,
        columns: Sequence[TableColumn],
        groups: Sequence[tuple[str, str]],
        people: Sequence[PersonStudy],
        notes: Sequence[str],
    ) -> YearTable:
        return year_table(
            people,
            columns=columns,
            groups=groups,
            **vars(self.heading),
            title=self.paper.title,
            notes=notes,
            clause=self.paper.clause,
            funds=self.funds,
        )


def year_table_of(session: Session, campaign: Campaign, paper: DocumentTemplate) -> YearTable:
    """Return the yearly table of a campaign, from sealed results and the registers of units that did not file."""
    return study_of_campaign(session, campaign, paper).table()


def study_of_campaign(session: Session, campaign: Campaign, paper: DocumentTemplate) -> YearStudy:
    """Return what a campaign's figures are counted from: sealed results, and registers of units that did not file.

    Before all is sealed only what is sealed counts, since of nobody else hours and verdict are known; a note tells how
    many units are left out.
    """
    pack = pack_of(session, campaign)
    under_way = campaign.stage in UNDER_WAY
    sealed = _counted_results(session, campaign.id)
    people: list[PersonStudy] = []
    units: list[Unit] = []
    stages: Counter[str] = Counter()
    unsealed = 0
    standing = filing_rows.standing_filings(session, ENGINE, campaign.id)
    inside = {filing.unit_id for filing in standing}
    merged = {
        one.unit_id
        for one in merger_rows.mergers(session, campaign.year)
        if one.files_there and one.into in inside
    }
    for filing in standing:
        stage = "merged" if filing.unit_id in merged else filing.stage
        stages[stage] += 1
        if stage in ("merged", "dissolved"):
            continue  # its people are counted where they work now
        if under_way and filing.unit_id not in sealed:
            unsealed += 1
            continue
        unit = unit_rows.unit(session, ENGINE, filing.unit_id)
        units.append(unit)
        registered = {
            person.person_id: person for person in people_as_sealed(session, campaign, filing, pack)
        }
        if filing.unit_id in sealed:
            people += [
                _sealed_study(paper, unit, result, registered.get(result.person_id))
                for result in sealed[filing.unit_id]
            ]
        else:
            people += [
                _study(paper, unit, person, person.records, None, {}) for person in registered.values()
            ]
    first, last = pack.year_window(campaign.year)
    notes = [f"{stages[stage]}家单位{words}。" for stage, words in NOTES.items() if stages[stage]]
    if unsealed:
        notes.insert(0, f"{unsealed}家单位尚未封存，其人员不在本表之内。")
    return YearStudy(
        paper=paper,
        heading=Heading(
            campaign.region,
            campaign.area,
            campaign.area_name,
            campaign.year,
            first,
            last,
            campaign.verifier,
            civil_date(campaign_now(session, campaign, real_now())),
            campaign.standing,
        ),
        people=tuple(people),
        units=tuple(units),
        funds=_funds(session, campaign.year, units),
        notes=(*notes, *_counted_twice(people)),
        rules=(campaign.pack_digest,),
        sealed=bool(sealed),
    )


def study_of_register(
    session: Session,
    scope: Scope,
    paper: DocumentTemplate,
    heading: Heading,
    pack_for: PackFor,
) -> YearStudy:
    """Return what the figures of an area are as of the day on which the table is made (`heading.made_on`).

    Counts who is employed at units of the scope on that day, after the year's end on its last day, and the records of
    the year that had ended by that day, and judges them under the law in force; nothing is stored.
    """
    day, year = heading.made_on, heading.year
    people: list[PersonStudy] = []
    rules: set[str] = set()
    unjudged = 0
    units = unit_rows.units(session, Scope((heading.area,)))
    units = [unit for unit in units if scope.allows(unit.area, unit.sector, unit.id)]
    for unit in units:
        try:
            pack = pack_for(unit.area, unit.sector)
        except NotEncodedError:
            pack = None
        if pack is not None:
            rules.add(pack.digest)
            people += [
                _study(
                    paper, unit, one.person, one.person.records, one.judgement.verdict, one.judgement.totals
                )
                for one in years_to_date(session, ENGINE, unit, pack, year, day)
            ]
            continue
        # No law here says when the year ends: the heading's does.
        counted = min(day, heading.period_end)
        registered = ended_by(
            people_rows.people_for_assessment(session, ENGINE, unit.id, year, as_of=counted), day
        )
        unjudged += len(registered)
        people += [_study(paper, unit, person, person.records, None, {}) for person in registered]
    notes = [f"截至{day.year}年{day.month}月{day.day}日登记的情况，未经封存。"]
    if unjudged:
        notes.append(f"{unjudged}人所在地区本年度没有已编码的规则，未核算学时。")
    return YearStudy(
        paper=paper,
        heading=heading,
        people=tuple(people),
        units=tuple(units),
        funds=_funds(session, year, units),
        notes=(*notes, *_counted_twice(people)),
        rules=tuple(sorted(rules)),
        sealed=False,
    )


def who_stands_behind(
    session: Session, scope: Scope, keys: KeyRing, study: YearStudy
) -> tuple[dict[str, Who], dict[str, ShownPerson]]:
    """Return the names for lists of figures (people and units), and by person what else is shown of them.

    Identity numbers come masked; people outside the scope have no name here.
    """
    units = {str(unit.id): unit.name for unit in study.units}
    ids = {person.who: UUID(person.who.partition(":")[2]) for person in study.people}
    shown = people_rows.shown_people(session, scope, keys, ids.values())
    names = {unit_id: Who(name) for unit_id, name in units.items()}
    found: dict[str, ShownPerson] = {}
    for person in study.people:
        one = shown.get(ids[person.who])
        names[person.who] = Who(units[person.unit])
        if one is not None:
            found[person.who] = one
            names[person.who] = Who(units[person.unit], one.name, one.identity)
    return names, found


def _counted_results(session: Session, campaign_id: UUID) -> dict[UUID, list[YearResult]]:
    """Return the results that count, by unit: of each person the newest seal, which has the highest position."""
    newest = {
        (seal.unit_id, seal.person_id): result
        for seal, result in seal_rows.sealed_results(session, campaign_id)
    }
    by_unit: dict[UUID, list[YearResult]] = {}
    for (unit_id, _), result in newest.items():
        by_unit.setdefault(unit_id, []).append(result)
    return by_unit


def _sealed_study(
    paper: DocumentTemplate, unit: Unit, result: YearResult, person: PersonForAssessment | None
) -> PersonStudy:
    """Return what a sealed person adds: level, verdict and hours as they were sealed.

    The words of the records (学习形式, content) stand in the register only; of a person who is no longer in it the
    kinds of record are known from the sealed facts.
    """
    if person is None:
        records: Sequence[_Record] = [
            _Record(one["kind"], one["facts"]) for one in result.request.get("records", ())
        ]
    else:
        records = [_record(one, unit) for one in person.records]
    return _counted(paper, unit, result.person_id, result.level, records, result.verdict, dict(result.totals))


@dataclass(frozen=True)
class _Record:
    """What of a record is counted."""

    kind: str
    facts: Mapping[str, object]
    form: str = ""
    name: str = ""
    """Name of the class, by which two people attended the same."""


def _record(record: RecordForAssessment, unit: Unit) -> _Record:
    return _Record(record.kind, record.facts, record.form, _class_name(record, unit))


def _study(
    paper: DocumentTemplate,
    unit: Unit,
    person: PersonForAssessment,
    records: Sequence[RecordForAssessment],
    verdict: str | None,
    totals: Mapping[str, int],
) -> PersonStudy:
    counted = [_record(one, unit) for one in records]
    return _counted(paper, unit, person.person_id, person.level, counted, verdict, totals)


def _counted(
    paper: DocumentTemplate,
    unit: Unit,
    person_id: UUID,
    level: str | None,
    records: Sequence[_Record],
    verdict: str | None,
    totals: Mapping[str, int],
) -> PersonStudy:
    classes: dict[str, set[str]] = {}
    for record in records:
        kind = class_kind(paper, record.kind, record.facts)
        if kind is not None and record.name:
            classes.setdefault(kind, set()).add(record.name)
    return PersonStudy(
        group=level or "",
        verdict=verdict,
        hours={key: value for key, value in totals.items() if key != "total"},
        records=Counter(study_form(paper, record.form, record.kind) for record in records),
        total=totals.get("total", 0),
        classes={kind: frozenset(names) for kind, names in classes.items()},
        who=f"{unit.id}:{person_id}",
        unit=str(unit.id),
    )


def _class_name(record: RecordForAssessment, unit: Unit) -> str:
    """Return the name by which two people attended the same class: what was taught, when, held by whom."""
    days = "至".join(day.isoformat() for day in (record.start, record.end) if day is not None)
    organiser = str(record.facts.get("organiser", ""))
    own = record.kind == "unit_training" or organiser == "unit"
    held_by = unit.name if own else _ORGANISERS.get(organiser, "")
    about = "，".join(part for part in (days, held_by) if part)
    return f"{record.content}（{about}）" if about else record.content


def _funds(session: Session, year: int, units: Sequence[Unit]) -> tuple[UnitFund, ...]:
    stated = unit_rows.stated_amounts(session, ENGINE, year)
    return tuple(UnitFund(str(unit.id), stated[unit.id]) for unit in units if unit.id in stated)


def _counted_twice(people: Sequence[PersonStudy]) -> tuple[str, ...]:
    """Say how many people are registered at several units: they stand in the row of each, and twice in the totals."""
    times = Counter(person.who.partition(":")[2] for person in people)
    several = sum(1 for number in times.values() if number > 1)
    return (f"{several}人在两家以上单位登记，分别计数。",) if several else ()
