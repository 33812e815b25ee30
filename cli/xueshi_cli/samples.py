"""Made-up units and people for demos and rehearsals: a plugin's `samples.yaml` says what they are like, a seed decides.

Names come from faker; identity numbers are well-formed and belong to nobody we know; the same seed gives the same people.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.resources.abc import Traversable
from typing import Annotated, Literal

from faker import Faker
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from stdnum.cn import ric, uscc

from xueshi.errors import PluginError
from xueshi.plugin_files import read_placed
from xueshi.register.rows.roster_rows import NewPerson, NewRecord
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.regulations.diagnostics import nearest

SAMPLES = "samples.yaml"
Text = Annotated[str, BeforeValidator(str)]
Value = bool | int | str
LATEST_START = 40
"""Days before the end of the year in which no sample study begins, so that all of it lies in the year."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SamplePost(_Strict):
    """A post with its title; `weight` is how common it is."""

    post: str
    title: str
    level: Literal["senior", "intermediate", "junior"]
    weight: int = 1


class SampleUnitName(_Strict):
    """A unit's name and the trade of its people: under which posts they work."""

    name: str
    trade: str


class SamplePeople(_Strict):
    """What the people are like: first six digits of their identity numbers, years of entry, posts by trade."""

    birthplace: Text
    hired: tuple[date, date]
    political_statuses: list[str]
    posts: dict[str, list[SamplePost]]


class SampleRecord(_Strict):
    """One kind of study; a list is a choice; `claimed` in hours, or the name of the fact that holds them."""

    kind: str
    content: list[str]
    form: str
    facts: dict[str, Value | list[Value]] = Field(default_factory=dict)
    claimed: int | str | None = None
    days: int = 1
    result: str = ""
    certificate: str = ""


class SampleProfile(_Strict):
    """What one kind of person studied in the year."""

    weight: int
    records: list[str]


class Samples(_Strict):
    """`samples.yaml` of a plugin."""

    xueshi: Literal[1]
    notice: str
    year: int
    chosen_hours: int
    units: list[SampleUnitName]
    people: SamplePeople
    records: dict[str, SampleRecord]
    profiles: list[SampleProfile]


@dataclass(frozen=True)
class SampleUnit:
    """A made-up unit with its people."""

    unit: NewUnit
    people: tuple[NewPerson, ...]


def read_samples(folder: Traversable, where: str) -> Samples:
    """Read a plugin's `samples.yaml`; PluginError with file and line when it is wrong."""
    samples, line_of = read_placed(folder.joinpath(SAMPLES), Samples, f"{where}/{SAMPLES}")
    trades = samples.people.posts
    for place, unit in enumerate(samples.units):
        if not trades.get(unit.trade):
            near = nearest(unit.trade, trades)
            meant = f'; did you mean "{near}"' if near else ""
            raise PluginError(
                f'{where}/{SAMPLES}:{line_of("units", place, "trade")}: no posts of trade "{unit.trade}"{meant}.'
                f" Repair: list its posts below people.posts, or write one of {', '.join(trades)}"
            )
    return samples


def make_units(
    samples: Samples, *, area: str, window: tuple[date, date], units: int, people: int, seed: int
) -> list[SampleUnit]:
    """Make `units` units with `people` people in all; sizes differ, every unit has at least one person."""
    chance = random.Random(seed)
    names = Faker("zh_CN")
    names.seed_instance(seed)
    maker = _Maker(samples, chance, names, window)
    sizes = _sizes(units, people, chance)
    made = []
    for number, size in enumerate(sizes, start=1):
        kind = samples.units[(number - 1) % len(samples.units)]
        unit = NewUnit(_credit_code(area, number), _unit_name(samples.units, number), area)
        posts = samples.people.posts[kind.trade]
        made.append(SampleUnit(unit, tuple(maker.person(order, posts) for order in range(1, size + 1))))
    return made


def changed(sample: SampleUnit) -> SampleUnit:
    """Return the unit as it files again after a return: the first person with a record has its content corrected."""
    for place, person in enumerate(sample.people):
        if person.records:
            first = replace(person.records[0], content=f"{person.records[0].content}（已补证明）")
            corrected = replace(person, records=(first, *person.records[1:]))
            return replace(sample, people=(*sample.people[:place], corrected, *sample.people[place + 1 :]))
    return sample


class _Maker:
    """Draws people one after the other; identity numbers and record rows run through all units."""

    def __init__(
        self, samples: Samples, chance: random.Random, names: Faker, window: tuple[date, date]
    ) -> None:
        self._samples = samples
        self._chance = chance
        self._names = names
        self._window = window
        self._people = 0
        self._rows = 0
        self._stems: set[str] = set()

    def person(self, order: int, posts: Sequence[SamplePost]) -> NewPerson:
        """Draw one person with a year of study, at one of the posts of the unit's trade."""
        self._people += 1
        chance, people = self._chance, self._samples.people
        post = chance.choices(posts, [one.weight for one in posts])[0]
        female = chance.random() < 0.5
        born = date(1965, 1, 1) + timedelta(days=chance.randrange(30 * 365))
        hired = _between(chance, people.hired)
        profile = chance.choices(self._samples.profiles, [one.weight for one in self._samples.profiles])[0]
        return NewPerson(
            identity_number=self._identity_number(born, female=female),
            name=self._names.last_name()
            + (self._names.first_name_female() if female else self._names.first_name_male()),
            sex="女" if female else "男",
            order_in_unit=order,
            employed_since=hired,
            born=born,
            political_status=chance.choice(people.political_statuses),
            post=post.post,
            title=post.title,
            level=post.level,
            title_since=hired + timedelta(days=400),
            records=tuple(self._record(self._samples.records[name]) for name in profile.records),
        )

    def _record(self, sample: SampleRecord) -> NewRecord:
        self._rows += 1
        chance = self._chance
        facts: dict[str, object] = {
            name: chance.choice(value) if isinstance(value, list) else value
            for name, value in sample.facts.items()
        }
        first, last = self._window
        start = _between(chance, (first, last - timedelta(days=LATEST_START)))
        return NewRecord(
            position=self._rows,
            kind=sample.kind,
            facts=facts,
            content=chance.choice(sample.content),
            claimed=_claimed(sample.claimed, facts),
            form=sample.form,
            result=sample.result,
            certificate=f"{sample.certificate}{self._window[1].year}{self._rows:05d}"
            if sample.certificate
            else "",
            start=start,
            end=start + timedelta(days=sample.days - 1),
        )

    def _identity_number(self, born: date, *, female: bool) -> str:
        """Build a number whose order digits run with the people, so that no two are equal; even for women."""
        order = self._people
        while True:
            stem = (
                f"{self._samples.people.birthplace}{born:%Y%m%d}{order % 450 * 2 + (0 if female else 1):03d}"
            )
            if stem not in self._stems:
                break
            order += 1
        self._stems.add(stem)
        return stem + ric.calc_check_digit(stem + "0")


def _claimed(claimed: int | str | None, facts: Mapping[str, object]) -> int | None:
    if claimed is None or isinstance(claimed, int):
        return None if claimed is None else claimed * 100
    hours = facts[claimed]
    return hours * 100 if isinstance(hours, int) else None


def _between(chance: random.Random, span: tuple[date, date]) -> date:
    return span[0] + timedelta(days=chance.randrange((span[1] - span[0]).days + 1))


def _sizes(units: int, people: int, chance: random.Random) -> list[int]:
    """Split people over units: weights between 1 and 3, the rest to the first."""
    weights = [chance.uniform(1, 3) for _ in range(units)]
    sizes = [max(1, int(people * weight / sum(weights))) for weight in weights]
    sizes[0] += max(0, people - sum(sizes))
    return sizes


def _unit_name(units: Sequence[SampleUnitName], number: int) -> str:
    again, place = divmod(number - 1, len(units))
    return units[place].name if again == 0 else f"{units[place].name}（{again + 1}部）"


def _credit_code(area: str, number: int) -> str:
    stem = f"12{area}{number:09d}"
    return stem + uscc.calc_check_digit(stem)
