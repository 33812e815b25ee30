"""Two laws compared: what reads differently, what moved, and what only the logic tells apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.regulations.difference import Difference, differences
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

Compared = Callable[..., dict[tuple[str, str], Difference]]


@pytest.fixture
def compared(example: str) -> Compared:
    """Compare the example with itself after a change, keyed by part and id."""

    def law(text: str) -> RulePack:
        return resolve_pack("EX2020", lambda _: RegulationSource("ex2020.yaml", text))

    def call(old: str, new: str) -> dict[tuple[str, str], Difference]:
        assert example.count(old) == 1, old
        return {(one.part, one.id): one for one in differences(law(example), law(example.replace(old, new)))}

    return call


def test_a_law_does_not_differ_from_itself(compared: Compared) -> None:
    assert compared("title: 示例办法", "title: 示例办法") == {}


@pytest.mark.parametrize(
    ("old", "new", "part", "name", "kind", "before", "after"),
    [
        ("hours: 12 per course", "hours: 15 per course", "rules", "3.1", "changed", "每门12学时", "每门15学时"),
        ("at_least: 72}", "at_least: 80}", "requirements", "R1", "changed", "合计不少于72学时", "合计不少于80学时"),
        ("  二: {procedural: 单位组织}", "  二: {out_of_scope: 单位组织}", "clauses", "二", "changed", "由流程或表格承担", "不在本系统范围"),
        ("same: work, count: once", "same: work, count: once, again: 50%", "groups", "3.4g", "changed", "只计一次", "第一次全计，其后各次按50%计；以前年度已计的，本年各次都按50%计"),
        ("same: work, count: once", "same: work, count: highest", "groups", "3.4g", "changed", "只计一次", "只计最高一项"),
        ("default: each}", "default: first}", "rules", "3.4", "changed", "论文", "排名超过1"),
        ("3.4: {clause: 三, name", "3.4: {clause: 二, name", "rules", "3.4", "moved", "论文", "论文"),
    ],
)  # fmt: skip
def test_a_change_is_told_with_both_sentences(
    old: str, new: str, part: str, name: str, kind: str, before: str, after: str, compared: Compared
) -> None:
    found = compared(old, new)[part, name]
    assert found.kind == kind
    assert before in found.before
    assert after in found.after


def test_what_is_added_and_removed_has_one_side(example: str, child: str) -> None:
    texts = {"EX2020": example, "EX2024": child}

    def source_of(instrument: str) -> RegulationSource:
        return RegulationSource(instrument, texts[instrument])

    packs = [resolve_pack(one, source_of) for one in texts]
    found = {(one.part, one.id): one for one in differences(*packs)}
    assert (found["rules", "9.1"].kind, found["rules", "9.1"].before) == ("added", "")
    assert (found["rules", "3.4"].kind, found["rules", "3.4"].after) == ("removed", "")
    assert found["groups", "3.4g"].kind == "removed"
    assert ("rules", "3.3a") not in found


def test_what_reads_the_same_and_works_differently_is_told(
    compared: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xueshi.regulations.rule_words.RuleWords.row", lambda *_, **__: "一句话")
    found = compared("hours: 12 per course", "hours: 15 per course")
    assert found["rules", "3.1"].kind == "logic"
