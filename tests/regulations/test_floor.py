"""A text against a superior one: every verdict, with made-up texts."""

from __future__ import annotations

import pytest

from xueshi.regulations.floor import against_floor
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

TEXT = """xueshi: 1
regulation: {{id: {id}, title: 某办法, number: none, issuer: 某局, issued: 2030-01-01, effective: none, years: {years}, area: '990100'}}
clauses: {{一: {{encoded: 学时}}}}
categories: {{public: 公需科目, professional: 专业科目}}
year: {{clause: 一, starts: 01-01, person_as_of: end}}
defaults: {{category: professional, dated: end, partial: prorate, channel: unit}}
requirements:
  R1: {{clause: 一, of: total, at_least: {total}}}
{more}
"""
SHARE = "  R2w: {clause: 一, of: professional, at_least: 2/3 of R1, effect: warn, key: low}"


def pack(name: str, total: str, more: str = "", years: str = "2030 to open") -> RulePack:
    source = RegulationSource(f"{name}.yaml", TEXT.format(id=name, total=total, more=more, years=years))
    return resolve_pack(name, lambda _: source)


FLOOR = pack("FLOOR", "90", SHARE)


@pytest.mark.parametrize(
    ("total", "verdict", "said"),
    [
        ("90", "equal", "90"),
        ("90.01", "stricter", "90.01"),
        ("72.5", "looser", "72.5"),
        ("{person.level: {senior: 100, intermediate: 90, junior: 80}}", "mixed", "高级100，中级90，初级80"),
        ("{person.level: {senior: 100, \"intermediate, junior\": 90}}", "stricter", "高级100，中级、初级90"),
        ("{person.degree: {doctor: 60, otherwise: 90}}", "open", ""),
        ("{year: {below 2031: 60, from 2031: 90}}", "looser", "60"),
    ],
)  # fmt: skip
def test_totals(total: str, verdict: str, said: str) -> None:
    found = against_floor(pack("LOCAL", total), FLOOR)[0]
    assert (found.verdict, found.local, found.superior) == (verdict, said, "90")


@pytest.mark.parametrize(
    ("hours", "verdict", "said"),
    [
        ("40", "equal", "40（占2/3）"),
        ("45", "stricter", "45（占3/4）"),
        ("20", "looser", "20（占1/3）"),
    ],
)
def test_a_share_is_compared_with_the_local_total(hours: str, verdict: str, said: str) -> None:
    local = pack("LOCAL", "60", f"  R2: {{clause: 一, of: professional, at_least: {hours}}}")
    found = against_floor(local, FLOOR)[1]
    assert (found.of, found.verdict, found.local, found.guide) == ("professional", verdict, said, True)


def test_a_minimum_for_some_people_only_is_none_for_all() -> None:
    local = pack(
        "LOCAL",
        "90",
        "  R2: {clause: 一, of: professional, at_least: 60, when: {person.years_in_post: from 3}}",
    )
    assert against_floor(local, FLOOR)[1].verdict == "silent"


def test_numbers_are_those_of_the_year_asked_for() -> None:
    local = pack("LOCAL", "{year: {below 2031: 60, from 2031: 90}}")
    assert against_floor(local, FLOOR, 2031)[0].verdict == "equal"


def test_a_closed_text_is_compared_in_its_last_year() -> None:
    local = pack("LOCAL", "{year: {below 2031: 60, from 2031: 90}}", years="2030 to 2033")
    assert against_floor(local, FLOOR)[0].verdict == "equal"
