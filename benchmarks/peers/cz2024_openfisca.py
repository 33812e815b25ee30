"""CZ2024 for OpenFisca-Core: entities person and record, dated parameters, vectorised formulas, the full tracer on.

A record is the member entity, a person the group of its records. The tax and benefit system is made once, the
simulation once for a number of records and then reused: facts are set, what was calculated is deleted. Readings are at
their defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum as Words
from pathlib import Path
from typing import Any

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.parameters import load_parameter_file
from openfisca_core.periods import DateUnit, period
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PARAMETERS = Path(__file__).resolve().parent / "cz2024_openfisca.yaml"

Record = build_entity(key="record", plural="records", label="One record of study", is_person=True)
Person = build_entity(
    key="person",
    plural="persons",
    label="A person with the records of a year",
    roles=[{"key": "of_the_year", "plural": "of_the_year", "label": "Records of the year"}],
)


# The words of facts.


class Kind(Enum):
    none = "-"
    public_course = "公需科目课程"
    training = "培训班"
    unit_training = "单位内部培训"
    courseware = "网络课件学习"
    conference = "学术会议"
    teaching = "讲授继续教育课程"
    lecture_given = "作学术报告、讲座"
    abroad = "境外培训"
    exam = "资格考试"
    skill_exam = "职业技能等级认定考试"
    degree_course = "在职学历课程"
    paper = "论文"
    book = "著作"
    project = "课题、项目"
    field_service = "服务基层"
    unit_self_study = "单位组织的自学"
    advanced_seminar = "高级研修班"


class Level(Enum):
    none = "-"
    international = "国际"
    national = "国家级"
    ministerial = "部级"
    provincial = "省级"
    city = "市级"
    county = "县级"
    other = "其他"
    proceedings = "论文集"


class Role(Enum):
    none = "-"
    sole = "独立"
    first = "第一作者"
    other = "其他作者"
    host = "主持人"
    main = "主要完成人"
    participant = "参与人员"


class Organiser(Enum):
    none = "-"
    hrss = "人社部门"
    industry_dept = "行业主管部门"
    recognised_body = "认定机构"
    unit = "本单位"
    society = "学会协会"
    training_body = "培训机构"
    base = "基地"


class Provider(Enum):
    none = "-"
    hrss = "人社部门"
    industry_dept = "行业主管部门"
    base = "基地"
    national_base = "国家级基地"
    provincial_base = "省级基地"
    city_base = "市级基地"
    other = "其他"


class Grade(Enum):
    none = "-"
    senior_technician = "高级技师"
    technician = "技师"
    senior = "高级"
    intermediate = "中级"
    junior = "初级"


# Facts: inputs of a record. Name, type, value where nothing is stated.
FACTS: dict[str, tuple[type, Any]] = {
    "kind": (Kind, Kind.none),
    "level": (Level, Level.none),
    "role": (Role, Role.none),
    "organiser": (Organiser, Organiser.none),
    "provider": (Provider, Provider.none),
    "grade": (Grade, Grade.none),
    "courses": (int, 0),
    "subjects": (int, 0),
    "characters": (int, 0),
    "rank": (int, 0),
    "year_of_end": (int, 0),
    "days": (float, 0.0),
    "travel_days": (float, 0.0),
    "free_days": (float, 0.0),
    "months": (float, 0.0),
    "hours_taught": (float, 0.0),
    "declared_hours": (float, -1.0),
    "daily_hours_within_cap": (float, -1.0),
    "hours_stated": (bool, True),
    "study_complete": (bool, False),
    "passed": (bool, False),
    "failed": (bool, False),
    "approved": (bool, False),
    "archive": (bool, False),
    "paper_reported": (bool, False),
    "own_field": (bool, True),
    "on_the_job": (bool, False),
    "closed": (bool, False),
    "cn": (bool, False),
    "public_journal": (bool, True),
    "invited": (bool, True),
    "other_city": (bool, False),
    "false_proof": (bool, False),
    "same": (str, ""),
}


def fact(name: str, kind: type, default: Any) -> type[Variable]:
    """Return an input variable of the record."""
    body: dict[str, Any] = {"entity": Record, "definition_period": DateUnit.YEAR, "label": name}
    if issubclass(kind, Words):
        body |= {"value_type": Enum, "possible_values": kind, "default_value": default}
    else:
        body |= {"value_type": kind, "default_value": default}
    return type(name, (Variable,), body)


class public_course_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "三"

    def formula(record, period, parameters):
        done = record("study_complete", period) * record("passed", period)
        own = done * parameters(period).public_course * record("courses", period)
        return numpy.where(record("other_city", period), record("declared_hours", period), own)


class class_hours(Variable):
    """Stated hours, at most so many a day; days alone at the lower rate."""

    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(一)"

    def formula(record, period, parameters):
        law = parameters(period).training
        days = record("days", period)
        stated = numpy.minimum(record("hours_taught", period), law.per_day * days)
        return numpy.where(record("hours_stated", period), stated, law.per_day_without_hours * days)


class training_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(一)"

    def formula(record, period):
        organiser = record("organiser", period)
        named = (
            (organiser == Organiser.hrss)
            + (organiser == Organiser.industry_dept)
            + (organiser == Organiser.unit)
            + record("approved", period)
        )
        return named * record("class_hours", period)


class courseware_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(二)"

    def formula(record, period):
        provider = record("provider", period)
        named = (provider != Provider.none) * (provider != Provider.other) + record("approved", period)
        return named * record("declared_hours", period)


class conference_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(三)"

    def formula(record, period, parameters):
        law = parameters(period).conference
        level = record("level", period)
        national = level == Level.national
        provincial = (level == Level.provincial) + (level == Level.ministerial)
        attended = national * law.national.attended + provincial * law.provincial.attended
        return record("own_field", period) * (attended + record("conference_paper_hours", period))


class conference_paper_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(三)"

    def formula(record, period, parameters):
        law = parameters(period).conference
        level = record("level", period)
        national = level == Level.national
        provincial = (level == Level.provincial) + (level == Level.ministerial)
        short = record("characters", period) <= law.characters
        return record("paper_reported", period) * (
            national * numpy.where(short, law.national.short_paper, law.national.long_paper)
            + provincial * numpy.where(short, law.provincial.short_paper, law.provincial.long_paper)
        )


class teaching_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(四)"

    def formula(record, period, parameters):
        return record("invited", period) * parameters(period).teaching.lesson * record("hours_taught", period)


class lecture_given_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(四)"

    def formula(record, period, parameters):
        return (
            record("invited", period) * parameters(period).teaching.lecture * record("hours_taught", period)
        )


class abroad_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(五)"

    def formula(record, period, parameters):
        law = parameters(period).abroad
        months = record("months", period)
        days = record("days", period) - record("travel_days", period) - record("free_days", period)
        cap = numpy.select(
            [months < 3, months <= 6],
            [law.below_three_months, law.three_to_six_months],
            default=law.above_six_months,
        )
        return record("own_field", period) * numpy.minimum(law.per_day * days, cap)


class exam_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(六)"

    def formula(record, period, parameters):
        return record("passed", period) * parameters(period).exam * record("subjects", period)


class skill_exam_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(七)"

    def formula(record, period, parameters):
        law = parameters(period).skill_exam
        grade = record("grade", period)
        senior = (grade == Grade.senior) + (grade == Grade.technician) + (grade == Grade.senior_technician)
        amount = numpy.select(
            [senior, grade == Grade.intermediate, grade == Grade.junior],
            [law.senior, law.intermediate, law.junior],
        )
        return record("passed", period) * record("own_field", period) * amount


class degree_course_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(八)"

    def formula(record, period, parameters):
        passed = record("passed", period) * record("on_the_job", period)
        return passed * parameters(period).degree_course * record("courses", period)


class paper_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(九)"

    def formula(record, period, parameters):
        law = parameters(period).paper
        role = record("role", period)
        amount = numpy.select(
            [(role == Role.sole) + (role == Role.first), role == Role.other], [law.first, law.other]
        )
        return record("cn", period) * record("own_field", period) * amount


class book_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(九)"

    def formula(record, period, parameters):
        law = parameters(period).book
        role = record("role", period)
        amount = numpy.select(
            [role == Role.sole, role == Role.first, role == Role.other], [law.sole, law.first, law.other]
        )
        return record("public_journal", period) * record("own_field", period) * amount


class project_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(十)"

    def formula(record, period, parameters):
        law = parameters(period).project
        level, role = record("level", period), record("role", period)
        host = role == Role.host
        main = (role == Role.main) * (record("rank", period) <= law.main_ranks)
        taking_part = (role == Role.main) + (role == Role.participant)
        graded = [
            level == Level.national,
            (level == Level.provincial) + (level == Level.ministerial),
            level == Level.city,
        ]
        as_host = numpy.select(graded, [law.host.national, law.host.provincial, law.host.city], law.others)
        as_main = numpy.select(graded, [law.main.national, law.main.provincial, law.main.city], law.others)
        as_other = numpy.logical_or.reduce(graded) * law.others
        amount = numpy.select([host, main, taking_part], [as_host, as_main, as_other])
        return record("closed", period) * amount


class field_service_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(十一)"

    def formula(record, period, parameters):
        law = parameters(period).field_service
        return record("approved", period) * numpy.minimum(law.per_day * record("days", period), law.per_event)


class unit_self_study_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(十二)"

    def formula(record, period, parameters):
        daily = record("daily_hours_within_cap", period)
        declared = numpy.minimum(
            record("declared_hours", period), parameters(period).self_study.per_day * record("days", period)
        )
        recognised = record("archive", period) * numpy.logical_not(record("failed", period))
        return recognised * numpy.where(daily >= 0, daily, declared)


class advanced_seminar_hours(Variable):
    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "五(二)"

    def formula(record, period, parameters):
        declared = record("declared_hours", period)
        by_day = parameters(period).training.per_day * record("days", period)
        return numpy.where(declared >= 0, declared, by_day)


ITEMS: dict[Kind, type[Variable]] = {
    Kind.public_course: public_course_hours,
    Kind.training: training_hours,
    Kind.unit_training: class_hours,
    Kind.courseware: courseware_hours,
    Kind.conference: conference_hours,
    Kind.teaching: teaching_hours,
    Kind.lecture_given: lecture_given_hours,
    Kind.abroad: abroad_hours,
    Kind.exam: exam_hours,
    Kind.skill_exam: skill_exam_hours,
    Kind.degree_course: degree_course_hours,
    Kind.paper: paper_hours,
    Kind.book: book_hours,
    Kind.project: project_hours,
    Kind.field_service: field_service_hours,
    Kind.unit_self_study: unit_self_study_hours,
    Kind.advanced_seminar: advanced_seminar_hours,
}


def owners(record: Any) -> numpy.ndarray:
    """Return the number of the person that each record belongs to."""
    return record.simulation.get_population("persons").members_entity_id


class recognised_hours(Variable):
    """Hours of the record by the item of its kind, before anything across records."""

    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR

    def formula(record, period):
        kind = record("kind", period)
        hours = numpy.select(
            [kind == one for one in ITEMS], [record(item.__name__, period) for item in ITEMS.values()]
        )
        ended = record("year_of_end", period)
        of_the_year = (ended == 0) + (ended == period.start.year)
        return of_the_year * numpy.logical_not(record("false_proof", period)) * hours


class counted_once_hours(Variable):
    """A paper, book or public course counts once; the first keeps its hours."""

    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(九)"

    def formula(record, period):
        hours, same = record("recognised_hours", period), record("same", period)
        person = owners(record)
        again = (same[:, None] == same) * (person[:, None] == person) * (hours > 0) * (same != "")
        return hours * numpy.logical_not(numpy.tril(again, -1).any(axis=1))


class hours(Variable):
    """Hours of the record after the cap of a year of self-study."""

    value_type = float
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "四(十二)"

    def formula(record, period, parameters):
        once = record("counted_once_hours", period)
        study = once * (record("kind", period) == Kind.unit_self_study)
        person = owners(record)
        before = numpy.tril(person[:, None] == person, -1) @ study
        left = numpy.maximum(parameters(period).self_study.per_year - before, 0)
        return numpy.where(study > 0, numpy.minimum(once, left), once)


class is_public(Variable):
    value_type = bool
    entity = Record
    definition_period = DateUnit.YEAR
    reference = "三"

    def formula(record, period):
        return record("kind", period) == Kind.public_course


class public_total(Variable):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR

    def formula(person, period):
        return person.sum(person.members("hours", period) * person.members("is_public", period))


class professional_total(Variable):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR

    def formula(person, period):
        public = person.members("is_public", period)
        return person.sum(person.members("hours", period) * numpy.logical_not(public))


class total(Variable):
    value_type = float
    entity = Person
    definition_period = DateUnit.YEAR

    def formula(person, period):
        return person("public_total", period) + person("professional_total", period)


class met(Variable):
    value_type = bool
    entity = Person
    definition_period = DateUnit.YEAR
    reference = "四"

    def formula(person, period, parameters):
        law = parameters(period).minimum
        return (
            (person("public_total", period) >= law.public)
            * (person("professional_total", period) >= law.professional)
            * (person("total", period) >= law.total)
        )


CALCULATED = (
    *ITEMS.values(), conference_paper_hours, recognised_hours, counted_once_hours, hours, is_public,
    public_total, professional_total, total, met,
)  # fmt: skip


def system() -> TaxBenefitSystem:
    """Return the tax and benefit system: entities, parameters, facts and formulas."""
    made = TaxBenefitSystem([Record, Person])
    made.parameters = load_parameter_file(str(PARAMETERS))
    made.add_variables(*(fact(name, *shape) for name, shape in FACTS.items()), *CALCULATED)
    return made


class OpenFisca:
    """The peer: set up once, then asked person by person, with the full tracer on."""

    name = "OpenFisca-Core"

    def __init__(self) -> None:
        self.system = system()
        self.simulations: dict[int, Any] = {}

    def simulation(self, records: int) -> Any:
        """Return the simulation of one person with so many records, made at first use."""
        if records not in self.simulations:
            builder = SimulationBuilder()
            builder.create_entities(self.system)
            builder.declare_person_entity("record", [str(number) for number in range(records)])
            person = builder.declare_entity("person", ["0"])
            builder.join_with_persons(person, ["0"] * records, ["of_the_year"] * records)
            self.simulations[records] = builder.build(self.system)
        return self.simulations[records]

    def judge(self, year: int, records: Sequence[tuple[str, str, Mapping[str, Any]]]) -> Any:
        """Judge one year; records are (id, kind, facts). Returns the simulation, which holds results and trace."""
        simulation = self.simulation(len(records))
        for name in (*FACTS, *(one.__name__ for one in CALCULATED)):
            simulation.delete_arrays(name)
        simulation.trace = True
        this_year = period(year)
        rows = [inputs(kind, facts) for _, kind, facts in records]
        for name in dict.fromkeys(name for row in rows for name in row):
            shape, default = FACTS[name]
            column = numpy.array([row.get(name, default) for row in rows], dtype=object)
            if issubclass(shape, Words):
                column = shape.encode(numpy.array([word.index for word in column]))
            simulation.set_input(
                name, this_year, column if issubclass(shape, Words) else column.astype(shape)
            )
        for name in ("met", "total"):
            simulation.calculate(name, this_year)
        simulation.asked = ([name for name, _, _ in records], this_year)
        return simulation

    def outcome(self, simulation: Any) -> tuple[bool, dict[str, float], dict[str, float]]:
        """Return verdict, totals by category and hours by record."""
        names, year = simulation.asked
        totals = {
            code: float(simulation.calculate(name, year)[0])
            for code, name in (
                ("public", "public_total"),
                ("professional", "professional_total"),
                ("total", "total"),
            )
        }
        given = simulation.calculate("hours", year)
        return (
            bool(simulation.calculate("met", year)[0]),
            totals,
            dict(zip(names, map(float, given), strict=True)),
        )


# A fact has another name here where a variable of the engine or of this file has it already.
NAMES = {"hours": "hours_taught", "paper": "paper_reported"}


def inputs(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of one record: words as members, the daily hours within their cap, what counts once."""
    row: dict[str, Any] = {"kind": Kind[kind] if kind in Kind.__members__ else Kind.none}
    for name, value in facts.items():
        if name in ("work", "course"):
            if kind in ("paper", "book") if name == "work" else kind == "public_course":
                row["same"] = f"{name}:{value}"
        elif name == "daily_hours":
            row["daily_hours_within_cap"] = sum(min(8, one) for one in value)
        elif name == "end":
            row["year_of_end"] = date.fromisoformat(value).year
        elif NAMES.get(name, name) in FACTS and value is not None:
            shape, _ = FACTS[NAMES.get(name, name)]
            row[NAMES.get(name, name)] = shape[value] if issubclass(shape, Words) else value
    if facts.get("passed") is False:
        row["failed"] = True
    return row
