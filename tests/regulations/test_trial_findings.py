"""What stopped an author who had only the guide: the message now says what is meant, or the file may say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.errors import RuleFileError
from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import read_law
from xueshi.regulations.words import band, band_words

Broken = Callable[..., list[Diagnostic]]


def errors(found: list[Diagnostic]) -> list[str]:
    return [f"{one.code} {one.message} / {one.repair}" for one in found if one.severity == "E"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("less: travel_days, partial: whole", "less: travel_days, partial: half", ["prorate, whole", "or a reading"]),
        ("3.3d: {when: {level: [provincial, city]}", "3.3d: {when: {level: [province, city]}", ['"province" is not a value']),
        ("same: work, count: once", "same: wrok, count: once", ["did you mean"]),
        ("less: travel_days,", "less: {days: travel_days},", ["less rests on a reading or on nothing"]),
        ("less: travel_days,", "less: [[travel_days]],", ["a list in a list"]),
        ("at_least: exam_part}", "at_least: exam_part}\n  R4: {clause: 一, over: {last: nonsense}, every: R1}", ['"nonsense" is no number of years']),
        ("at_least: exam_part}", "at_least: exam_part}\n  R4: {clause: 一, over: {last: 3, least: 2}, every: R1}", ['unknown key "least" in over last']),
        ("of: examined, at_least", "of: examined, alone: bogus, at_least", ['"bogus" says neither yes nor no']),
    ],
)  # fmt: skip
def test_one_fault_gives_one_error_that_says_the_valid_words(
    old: str, new: str, says: list[str], broken: Broken
) -> None:
    found = errors(broken(old, new))
    assert len(found) == 1, found
    assert all(word in found[0] for word in says), found[0]


def test_a_band_that_cannot_be_read_says_nothing_of_the_order_of_rows(broken: Broken) -> None:
    rows = "    rows:\n      3.2a: {when: {days: upto 3}, hours: 1}\n      3.2b: {when: {days: above 3 below 6}, hours: 2}\n      3.2c: {when: {days: from 6}, hours: 3}\n"
    old = (
        "    rows:\n      3.2a: {when: {hours_stated: yes}, hours: stated, at_most: {event: 40}}\n"
        "      3.2b: {when: {hours_stated: no}, hours: 6 per day, less: travel_days, partial: whole}\n"
    )
    found = errors(broken(old, rows))
    assert len(found) == 1, found
    assert "over 3 below 6" in found[0]


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("over 3 below 6", ["3", False, "6", False], "超过3且不满6"),
        ("from 3 upto 6", ["3", True, "6", True], "3至6"),
        ("over 3 upto 6", ["3", False, "6", True], "超过3且不超过6"),
        ("3 to 6", ["3", True, "6", True], "3至6"),
        ("upto 3", [None, False, "3", True], "不超过3"),
    ],
)
def test_a_band_may_have_two_ends(text: str, form: list[object], said: str) -> None:
    assert band(text) == form
    assert band_words(form) == said


def test_a_band_upside_down_is_none() -> None:
    assert band("over 6 below 3") is None


@pytest.mark.parametrize(
    ("hours", "dead"),
    [
        ("[6 per day, 3 per half_day]", "3 per half_day"),
        ("[60 per half_year, 10 per month]", "10 per month"),
        ("[10, stated]", "stated"),
        ("[stated, stated]", "stated"),
    ],
)
def test_a_value_of_a_list_that_is_never_asked_is_named(hours: str, dead: str, broken: Broken) -> None:
    found = [
        one
        for one in broken(
            "hours: 6 per day, less: travel_days, partial: whole", f"hours: {hours}, partial: whole"
        )
        if one.code == "E503"
    ]
    assert [f'"{dead}" stands after' in one.message for one in found] == [True]


def test_values_of_a_list_that_read_different_facts_are_all_asked(broken: Broken) -> None:
    found = broken("hours: 6 per day, less", "hours: [stated, 1 per hour, 6 per day], less")
    assert errors(found) == []


def test_a_word_with_one_value_cannot_say_no(broken: Broken) -> None:
    more = "facts:\n  release: {type: word, label: 脱产方式, values: {full: 全脱产}}\n  post: {type: word, label: 岗位, values: {village: 驻村}}\nrules:\n"
    found = [one for one in broken("rules:\n", more) if one.code == "W604"]
    assert [one.message.split(" ")[0] for one in found] == ["post"]  # release has the engine's values too
    assert "type: yes_no" in found[0].repair


def test_a_kind_may_be_called_as_the_notice_calls_it(law: Callable[..., RulePack]) -> None:
    rule = "1: {clause: 一, name: 自学, for: unit_self_study, hours: 5}"
    pack = law(rule, "kinds: {unit_self_study: {label: 个人自学}}\n")
    assert pack.kinds["unit_self_study"] == "个人自学"
    assert any("自学（个人自学）" in line for line in read_law(pack).lines())
    with pytest.raises(RuleFileError, match=r"E102 kind unit_self_study exists already .*label: …"):
        law(rule, "kinds: {unit_self_study: 个人自学}\n")


@pytest.mark.parametrize("added", ["standard: 论文", "unit_self_study: {label: 论文}"])
def test_two_kinds_cannot_have_one_label(added: str, broken: Broken) -> None:
    found = errors(broken("rules:\n", f"kinds: {{{added}}}\nrules:\n"))
    assert len(found) == 1
    assert "has the label of paper (论文)" in found[0]


def test_what_is_subtracted_may_rest_on_a_reading(law: Callable[..., RulePack]) -> None:
    rule = "1: {clause: 一, for: abroad, hours: 4 per day, less: {Q1: {counted: none, taken: travel_days}}}"
    more = (
        "readings: {Q1: {ask: 路途, clause: 一, options: {counted: 不扣, taken: 扣除}, default: counted}}\n"
    )

    def less(pack: RulePack) -> Any:
        [row] = pack.data["items"][0]["rows"]
        assert row["readings"] == ["EX-Q1"]
        return row["hours"][-1]

    assert less(law(rule, more)) == []
    assert less(law(rule, more, Q1="taken")) == ["travel_days"]
