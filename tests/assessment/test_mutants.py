"""Which changes of a rule file its cases must notice: also each place where it says what holds when nobody stated a fact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.mutants import mutants, try_mutants
from xueshi.registry import load
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.sources import RegulationSource

ROOT = Path(__file__).resolve().parents[2]
RULES = """\
xueshi: 1
tables:
  by_content: {content: {public: public, "professional, not_stated": professional}}
rules:
  1:
    clause: 一
    needs: [{any: [{level: not_stated}, {special_exam: yes}]}]
    rows:
      1a: {when: {hours_stated: [no, not_stated]}, hours: {originals: {yes: 15, not_stated: 10}}}
      1b: {hours: stated, category: by_content}
"""


def tree(text: str) -> document.Mapping:
    return document.read_document(RegulationSource("ex.yaml", text), Findings())


def absences(text: str) -> dict[tuple[str, str], Any]:
    return {
        (one.rule, one.what): document.plain(one.root)
        for one in mutants(tree(text))
        if "not_stated" in one.what and "needs is" not in one.what
    }


def test_each_absence_is_dropped_one_at_a_time() -> None:
    found = absences(RULES)
    assert set(found) == {
        ("by_content", "not_stated of content is removed"),
        ("1", "level: not_stated is removed"),
        ("1a", "not_stated of hours_stated is removed"),
        ("1a", "not_stated of originals is removed"),
    }
    rule = found["1a", "not_stated of hours_stated is removed"]["rules"]["1"]
    assert rule["rows"]["1a"]["when"] == {"hours_stated": ["no"]}
    assert rule["rows"]["1a"]["hours"] == {"originals": {"yes": "15", "not_stated": "10"}}
    table = found["by_content", "not_stated of content is removed"]["tables"]["by_content"]
    assert table == {"content": {"public": "public", "professional": "professional"}}
    asked = found["1a", "not_stated of originals is removed"]["rules"]["1"]["rows"]["1a"]
    assert asked["hours"] == {"originals": {"yes": "15"}}


def test_a_file_that_says_nothing_of_absence_has_no_such_change() -> None:
    assert absences(RULES.replace("not_stated", "none")) == {}


NATIONAL = sorted((ROOT / "plugins/national/xueshi_national/cases").glob("*.yaml"))


@pytest.mark.parametrize(("files", "unnoticed"), [(NATIONAL, 0), ([], 2)])
def test_the_figures_of_a_law_that_grants_nothing_are_held_by_cases(
    files: list[Path], unnoticed: int
) -> None:
    """The first day of its year decides nothing, since no record is counted in it: that is no change to notice."""
    read = [read_case_file(RegulationSource(path.name, path.read_text("utf-8"))) for path in files]
    report = try_mutants("NA2015", load().source_of, read)
    assert (report.total, len(report.unnoticed)) == (2, unnoticed)
