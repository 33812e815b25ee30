"""Two years of workbooks with a leaver, a joiner and a mover: sealed and as-of figures and cards stay what they were.

Everything expected here was written down by hand from the story, before it was run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from records_rig import AREA, ENGINE, YEAR, RecordsRig, identity
from sqlmodel import select

from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.acts.folder_acts import FOLDER
from xueshi.campaigns.figures.papers import cards
from xueshi.campaigns.figures.statistics import Heading, YearStudy, study_of_campaign, study_of_register
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.documents.template import DocumentTemplate
from xueshi.register.rows import people_rows, unit_rows
from xueshi.register.rows.roster_rows import NewPerson, NewRecord
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.tables import Person
from xueshi.register.workbook import IntakeVocabulary, write_workbook
from xueshi.storage import new_id, reading, transaction
from xueshi_cli.importing import ImportOutcome, import_workbook

NEXT = YEAR + 1
TWO_DAYS = {"days": 2, "hours_stated": True, "hours": 16}
ONE_DAY = {"days": 1, "hours_stated": True, "hours": 8}

CARDS_2024 = {
    ("甲单位", "人1"): ("工程师", "机修", "intermediate", 1600, 1),
    ("甲单位", "人2"): ("工程师", "机修", "intermediate", 800, 1),
    ("乙单位", "人3"): ("工程师", "", "intermediate", 1600, 1),
    ("乙单位", "人4"): ("工程师", "", "intermediate", 0, 0),
}
"""(unit, name) → title, post, level, hours in hundredths, lines: as the first year was sealed."""
CARDS_2025 = {
    ("甲单位", "人1"): ("高级工程师", "总工", "senior", 1600, 1),
    ("甲单位", "人5"): ("助理工程师", "见习", "junior", 800, 1),
    ("乙单位", "人2"): ("工程师", "主管", "intermediate", 1600, 1),
    ("乙单位", "人3"): ("工程师", "", "intermediate", 1600, 1),
}
"""Person 4 left in January, person 2 moved in June, person 5 came in November of the year before."""
FIGURES_2024 = {"people": 4, "took_part": 3, "person_times": 3, "hours": 4000}
FIGURES_2025 = {"people": 4, "took_part": 4, "person_times": 4, "hours": 5600}
AS_OF = {
    date(YEAR, 12, 31): {"甲单位": {"人1": 1600, "人2": 800, "人5": 0}, "乙单位": {"人3": 1600, "人4": 0}},
    date(NEXT, 1, 31): {"甲单位": {"人1": 0, "人2": 0, "人5": 0}, "乙单位": {"人3": 0, "人4": 0}},
    date(NEXT, 6, 30): {"甲单位": {"人1": 1600, "人5": 800}, "乙单位": {"人2": 1600, "人3": 1600}},
    date(NEXT, 12, 31): {"甲单位": {"人1": 1600, "人5": 800}, "乙单位": {"人2": 1600, "人3": 1600}},
}
"""Day → unit → person → hours of that year by the register of today: who came in the sealed year stands in it here only."""


def training(year: int, facts: dict[str, object], month: int = 2) -> NewRecord:
    return NewRecord(
        2, "unit_training", facts, "安全生产培训", int(str(facts["hours"])) * 100,
        start=date(year, month, 1), end=date(year, month, int(str(facts["days"]))),
    )  # fmt: skip


def person(number: int, *records: NewRecord, **said: Any) -> NewPerson:
    plain = NewPerson(
        identity(number), f"人{number}", "女" if int(identity(number)[16]) % 2 == 0 else "男", 1,
        date(2020, 1, 1), title="工程师", level="intermediate", records=records,
    )  # fmt: skip
    return replace(plain, **said)


class TwoYears:
    """The story's hands: workbooks, campaigns, what is looked at."""

    def __init__(self, rig: RecordsRig) -> None:
        self.rig = rig
        self.paper: DocumentTemplate = next(
            one
            for one in rig.place.registry.ask("jiangsu").document_templates(YEAR)
            if one.data == "year_table"
        )
        self.campaigns: dict[int, UUID] = {}

    def bring(
        self, unit: UUID, year: int, people: Sequence[NewPerson], *, replaces: bool = False
    ) -> ImportOutcome:
        """Import a unit's workbook of a year, as its clerk hands it in."""
        rig = self.rig
        vocabulary = IntakeVocabulary.from_pack(rig.place.registry.pack_for(AREA, year), year)
        with reading(rig.engine) as session:
            found = unit_rows.unit(session, ENGINE, unit)
            new = NewUnit(found.credit_code, found.name, found.area)
        path = rig.folder / f"{new_id()}.xlsx"
        write_workbook(path, vocabulary, new, people)
        return import_workbook(
            rig.place,
            "unit_clerk.a" if unit == rig.a else "unit_clerk.b",
            path,
            year=year,
            area=AREA,
            vocabulary=vocabulary,
            replace=replaces,
        )

    def taken(self, *given: Any, **how: Any) -> None:
        assert self.bring(*given, **how).problems == ()

    def to(self, day: date) -> None:
        row, _ = self.rig.give("bureau", "advance_folder", FOLDER, to=f"{day.isoformat()}T00:00:00+08:00")
        assert row.state == "done", row.reason

    def seal(self, year: int) -> None:
        """Open, sign, approve, close and seal a year."""
        rig = self.rig
        rig.law = replace(rig.law, year=year)
        self.campaigns[year] = rig.open_campaign(year).id
        for unit, signer in ((rig.a, "unit_personnel.a"), (rig.b, "unit_personnel.b")):
            row = rig.act_on_filing(signer, unit)
            assert row.state == "done", row.reason
            row = rig.act_on_filing("department", unit)
            assert row.state == "done", row.reason
        rig.close_and_seal(year)
        with transaction(rig.engine) as session:
            campaign_acts.reach(session, self.campaigns[year], "printed")
            campaign_acts.reach(session, self.campaigns[year], "finished")

    def cards(self, year: int) -> dict[tuple[str, str], tuple[str, str, str, int, int]]:
        rig, found = self.rig, {}
        with reading(rig.engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, self.campaigns[year])
            for filing in filing_rows.filings(session, ENGINE, campaign.id):
                for one in cards(session, campaign, filing, rig.place.keys):
                    card: Any = one.data
                    found[card.unit, card.name] = (
                        card.title, card.post, card.level, card.totals.get("total", 0), len(card.entries)
                    )  # fmt: skip
        return found

    def figures(self, year: int) -> dict[str, Any]:
        with reading(self.rig.engine) as session:
            campaign = campaign_rows.campaign(session, ENGINE, self.campaigns[year])
            return _totals(study_of_campaign(session, campaign, self.paper))

    def as_of(self, day: date) -> dict[str, dict[str, int]]:
        rig = self.rig
        pack = rig.place.registry.pack_for(AREA, day.year)
        heading = Heading(
            "jiangsu", AREA, "示例市", day.year, date(day.year, 1, 1), date(day.year, 12, 31), "局", day
        )
        with reading(rig.engine) as session:
            study = study_of_register(session, ENGINE, self.paper, heading, lambda *_: pack)
            names = dict(session.exec(select(Person.id, Person.name)).all())
            units = {str(one.id): one.name for one in study.units}
        found: dict[str, dict[str, int]] = {}
        for one in study.people:
            found.setdefault(units[one.unit], {})[names[UUID(one.who.partition(":")[2])]] = one.total
        return found


def _totals(study: YearStudy) -> dict[str, Any]:
    totals = study.table().totals
    return {name: totals[name] for name in FIGURES_2024}


def test_two_years_stand_beside_each_other(rig: RecordsRig) -> None:
    play = TwoYears(rig)
    first_a = [
        person(1, training(YEAR, TWO_DAYS), post="机修"),
        person(2, training(YEAR, TWO_DAYS), post="机修"),
    ]
    first_b = [person(3, training(YEAR, TWO_DAYS)), person(4)]
    play.taken(rig.a, YEAR, first_a)
    play.taken(rig.b, YEAR, first_b)
    corrected = [first_a[0], person(2, training(YEAR, ONE_DAY), post="机修")]
    play.taken(rig.a, YEAR, corrected, replaces=True)
    play.seal(YEAR)
    assert play.cards(YEAR) == CARDS_2024
    assert play.figures(YEAR) == FIGURES_2024

    play.to(date(NEXT, 11, 20))
    joiner = {
        "employed_since": date(YEAR, 11, 15), "title": "助理工程师", "level": "junior", "post": "见习",
    }  # fmt: skip
    risen = {"title": "高级工程师", "level": "senior", "title_since": date(YEAR, 12, 1), "post": "总工"}
    next_a = [
        person(1, training(NEXT, TWO_DAYS), **risen),
        person(5, training(NEXT, TWO_DAYS), **joiner),
    ]
    refused = play.bring(rig.a, NEXT, next_a)
    assert "人2" in refused.problems[0].cause, "nobody said yet what became of person 2"
    row, _ = rig.give(
        "unit_clerk.a", "transfer_person", rig.people[2],
        **{"from": str(rig.a), "to": str(rig.b), "day": f"{NEXT}-06-01", "post": "主管"},
    )  # fmt: skip
    assert row.state == "done", row.reason
    play.taken(rig.a, NEXT, next_a)
    next_b = [
        person(3, training(NEXT, ONE_DAY)),
        person(4, left=date(NEXT, 1, 31)),
        person(2, training(NEXT, TWO_DAYS, 6), post="主管"),  # with the day on which he began to work at all
    ]
    play.taken(rig.b, NEXT, next_b)
    # Either workbook of the second year is corrected; one of the first year, which is sealed, cannot be.
    play.taken(rig.a, NEXT, [next_a[0], person(5, training(NEXT, ONE_DAY), **joiner)], replaces=True)
    play.taken(rig.b, NEXT, [person(3, training(NEXT, TWO_DAYS)), *next_b[1:]], replaces=True)
    late = play.bring(rig.b, YEAR, [person(3, training(YEAR, ONE_DAY)), person(4)], replaces=True)
    assert "该年度已关闭" in str(late.problems)
    back = [*next_a, person(2, training(NEXT, TWO_DAYS))]
    assert "由本单位转出" in play.bring(rig.a, NEXT, back, replaces=True).problems[0].cause

    def stands() -> None:
        assert play.cards(YEAR) == CARDS_2024
        assert play.figures(YEAR) == FIGURES_2024
        for day, expected in AS_OF.items():
            assert play.as_of(day) == expected

    stands()
    play.seal(NEXT)
    assert play.cards(NEXT) == CARDS_2025
    assert play.figures(NEXT) == FIGURES_2025
    stands()

    third = [
        person(1, post="顾问", title="正高级工程师", level="senior", title_since=date(NEXT, 12, 1)),
        person(5, **{**joiner, "post": "技术员"}),
    ]
    play.taken(rig.a, NEXT + 1, third)
    play.taken(rig.b, NEXT + 1, [person(3, name="人3改"), person(2)])
    assert play.cards(NEXT) == CARDS_2025
    assert play.figures(NEXT) == FIGURES_2025
    assert play.cards(YEAR) == CARDS_2024
    assert play.figures(YEAR) == FIGURES_2024
    with reading(rig.engine) as session:
        unit = people_rows.people_for_assessment(
            session, ENGINE, rig.a, NEXT + 1, as_of=date(NEXT + 1, 12, 31)
        )
    assert [one.post for one in unit] == ["顾问", "技术员"], "the register itself goes on"
    rig.proved()
