"""Made-up people fit their units, by the seed; a unit whose trade has no posts is named with the line."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from xueshi.errors import PluginError
from xueshi.registry import load
from xueshi_cli.demo_cast import sampled_region
from xueshi_cli.samples import SAMPLES, Samples, SampleUnit, make_units, read_samples

UNITS, PEOPLE, SEED = 24, 800, 2021
WINDOW = (date(2021, 1, 1), date(2021, 12, 31))
FOREIGN = {
    "学": re.compile("医师|护理|施工|农技|检疫"),
    "医院": re.compile("教师|讲师|工程师|农艺"),
    "公司": re.compile("教师|讲师|医师|护|农艺|馆员"),
    "馆": re.compile("教师|医师|护|工程师"),
}
"""Part of a unit's name → posts and titles that nobody has there."""


@pytest.fixture(scope="module")
def samples() -> Samples:
    region, folder = sampled_region(load())
    return read_samples(folder, region)


def made(samples: Samples, seed: int = SEED) -> list[SampleUnit]:
    return make_units(samples, area="500102", window=WINDOW, units=UNITS, people=PEOPLE, seed=seed)


def test_everybody_has_a_post_of_his_units_trade(samples: Samples) -> None:
    trades = {unit.name: unit.trade for unit in samples.units}
    units = made(samples)
    assert (len(units), sum(len(one.people) for one in units)) == (UNITS, PEOPLE)
    for one in units:
        known = {(post.post, post.title, post.level) for post in samples.people.posts[trades[one.unit.name]]}
        assert {(person.post, person.title, person.level) for person in one.people} <= known


def test_no_hospital_has_teachers_and_no_school_has_surgeons(samples: Samples) -> None:
    looked = 0
    for one in made(samples):
        for part, foreign in FOREIGN.items():
            if part in one.unit.name:
                looked += 1
                wrong = [
                    (one.unit.name, p.post, p.title) for p in one.people if foreign.search(p.post + p.title)
                ]
                assert wrong == []
    assert looked >= 8


def test_every_level_is_there_and_a_seed_gives_the_same_people(samples: Samples) -> None:
    units = made(samples)
    assert made(samples) == units
    assert made(samples, seed=7) != units
    for one in units:
        assert {person.level for person in one.people} == {"senior", "intermediate", "junior"}


def test_more_units_than_names_begin_again_with_their_own_trade(samples: Samples) -> None:
    many = make_units(
        samples, area="500102", window=WINDOW, units=len(samples.units) + 1, people=200, seed=SEED
    )
    assert many[-1].unit.name == f"{samples.units[0].name}（2部）"
    known = {post.post for post in samples.people.posts[samples.units[0].trade]}
    assert {person.post for person in many[-1].people} <= known


def test_a_trade_without_posts_is_told_with_line_and_repair(tmp_path: Path) -> None:
    region, _ = sampled_region(load())
    text = (resources.files(load().ask(region).package) / SAMPLES).read_text(encoding="utf-8")
    line = next(n for n, one in enumerate(text.splitlines(), start=1) if "示例图书馆" in one)
    (tmp_path / SAMPLES).write_text(
        text.replace("示例图书馆, trade: 图书馆", "示例图书馆, trade: 图书"), encoding="utf-8"
    )
    with pytest.raises(
        PluginError, match=rf'samples\.yaml:{line}: no posts of trade "图书"; did you mean "图书馆"'
    ):
        read_samples(tmp_path, "x")
