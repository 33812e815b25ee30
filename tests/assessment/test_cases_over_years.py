"""Cases with requirements over several years: compared word by word, and nothing that is not compared passes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xueshi.assessment.boundaries import proposals
from xueshi.assessment.case_file import read_case_file
from xueshi.assessment.cases import FileResult, run_file
from xueshi.assessment.mutants import try_mutants
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.sources import RegulationSource

LAW = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 一, for: training, hours: 6 per day}
requirements:
  R1: {clause: 一, of: total, at_least: 60}
  R2: {clause: 一, name: 三年平均, over: {last: 3}, average_of: R1}
"""
CASES = """\
document: EX
cases:
  - id: C1
    title: 当年不足，三年平均达到
    year: 2022
    person: {level: senior}
    records:
    - {id: r1, kind: training, rule: EX-1, facts: {days: 9}, hours: 54}
    totals: {professional: 54, total: 54}
    met: false
    shortfall: {total: 6}
    years:
      2020: {total: 60, met: true, shortfall: {}}
      2021: {total: 66}
    windows:
      R2: {met: true, totals: {total: 180}, average: {total: 60}, minimum: {total: 180}}
    clauses: [一]
  - id: C2
    title: 三年平均
    verdict: term
    year: 2022
    person: {level: senior}
    records: []
    years:
      2020: {total: 50, met: false, shortfall: {total: 10}}
      2021: {total: 66, met: true, shortfall: {}}
      2022: {total: 61, met: true, shortfall: {}}
    totals: {total: 177}
    average: {total: 59}
    met: false
    shortfall: {total: 1}
"""
Run = Callable[..., FileResult]


def source_of(_: str) -> RegulationSource:
    return RegulationSource("ex.yaml", LAW)


@pytest.fixture
def run() -> Run:
    def call(old: str = "", new: str = "") -> FileResult:
        assert CASES.count(old) == 1 or not old, old
        text = CASES.replace(old, new) if old else CASES
        return run_file(RegulationSource("cases.yaml", text), source_of)

    return call


def test_both_sorts_of_case_pass_as_they_stand(run: Run) -> None:
    assert [(case.id, case.failures) for case in run().results] == [("C1", ()), ("C2", ())]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("R2: {met: true", "R2: {met: false", "R2：结论应为False，得True"),
        ("average: {total: 60}", "average: {total: 61}", "R2：平均total应为61，得60"),
        ("totals: {total: 180}", "totals: {total: 181}", "R2：合计total应为181，得180"),
        ("minimum: {total: 180}", "minimum: {total: 90}", "R2：最低要求total应为90，得180"),
        ("R2: {met: true", "R9: {met: true", "没有跨年度要求“R9”；有：R2"),
        ("2021: {total: 66}\n", "2021: {total: 60}\n", "R2：结论应为True，得False"),
        ("      2021: {total: 66}\n", "", "缺2021年度"),
        ("      2020: {total: 60, met: true, shortfall: {}}", "      2020: {total: 60, met: false, shortfall: {}}", "2020：结论应为false，得True"),
        ("2021: {total: 66}\n", "2021: {totl: 66}\n", "2021：没有“totl”这一类"),
        ("2021: {total: 66}\n", "2019: {total: 66}\n", "2019：EX不适用于该年度，请写明当年的minimum"),
        ("average: {total: 59}", "average: {total: 60}", "平均total应为60，得59"),
        ("    shortfall: {total: 1}\n", "    shortfall: {total: 2}\n", "差额应为{total: 2}，得{total: 1}"),
        ("    verdict: term\n", "    verdict: term\n    window: R9\n", "应写明是哪一项跨年度要求"),
    ],
)  # fmt: skip
def test_a_difference_is_told(run: Run, old: str, new: str, says: str) -> None:
    told = [failure for case in run(old, new).results for failure in case.failures]
    assert any(says in failure for failure in told), told


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    clauses: [一]\n", "    average: {total: 60}\n", "“average”只用于跨年度案例"),
        ("    clauses: [一]\n", "    sum_met: true\n", "“sum_met”只用于跨年度案例"),
        ("    windows:\n      R2: {met: true, totals: {total: 180}, average: {total: 60}, minimum: {total: 180}}\n", "", "写了years却没有windows"),
        ("average: {total: 60}, minimum", "mean: {total: 60}, minimum", "windows中R2不认识“mean”"),
        ("R2: {met: true, totals", "R2: {totals", "windows中R2缺少“met”"),
        ("    records: []\n", "    records:\n    - {id: r1, kind: training, rule: EX-1, facts: {days: 9}, hours: 54}\n", "记录不会核算"),
        ("    average: {total: 59}\n", "    average: {total: 59}\n    warnings: []\n    windows: {R2: {met: true}}\n", "不比较“windows”"),
        ("    verdict: term\n", "    verdict: terms\n", "verdict“terms”不是结论；可写：met、not_met"),
        ("    met: false\n    shortfall: {total: 6}\n", "    met: 否\n    shortfall: {total: 6}\n", "met“否”应为true、false或null"),
        ("      2021: {total: 66}\n", "      twenty: {total: 66}\n", "“twenty”应为年度"),
    ],
)  # fmt: skip
def test_what_would_not_be_compared_is_refused(run: Run, old: str, new: str, says: str) -> None:
    faults = [failure for case in run(old, new).results for failure in case.failures]
    assert any(says in fault and fault.startswith("cases.yaml:") for fault in faults), faults


def test_a_year_under_another_instrument_brings_its_own_minimum(run: Run) -> None:
    told = run("2020: {total: 60, met: true, shortfall: {}}", "2020: {total: 60, minimum: {total: 40}}")
    assert any("最低要求total应为180，得160" in failure for failure in told.results[0].failures)


def test_earlier_ledger_entries_fill_years_that_are_not_given(run: Run) -> None:
    earlier = "person: {level: senior, earlier: [{record: e, year: 2021, rule: EX-1, hours: 66, category: professional}]}\n    records:\n    - {id: r1"
    text = CASES.replace("person: {level: senior}\n    records:\n    - {id: r1", earlier).replace(
        "      2021: {total: 66}\n", "", 1
    )
    [case, _] = run_file(RegulationSource("cases.yaml", text), source_of).results
    assert case.failures == ()


def test_the_mutant_of_the_length_of_a_window_is_noticed_by_either_case() -> None:
    for kept in ("C1", "C2"):
        head, first, second = CASES.partition("  - id: C1")[0], *CASES.split("  - id: ")[1:]
        chosen = first if kept == "C1" else second
        file = read_case_file(RegulationSource("cases.yaml", f"{head}  - id: {chosen}"))
        assert file.faults == ()
        unnoticed = [str(one) for one in try_mutants("EX", source_of, [file]).unnoticed]
        assert not any(one.startswith("ex.yaml:14") for one in unnoticed), unnoticed


def test_a_window_is_proposed_as_an_edge() -> None:
    edges = {(one.rule, one.fact): one.values for one in proposals(resolve_pack("EX", source_of))}
    assert edges["EX-R2", "windows"][:2] == ("各年平均恰好达到", "各年平均差0.01")
    assert edges["EX", "year"] == ("2019", "2020")


def test_the_edges_of_the_year_are_those_of_a_year_that_the_instrument_serves() -> None:
    late = LAW.replace("years: 2020 to open", "years: 2032 to 2040")
    pack = resolve_pack("EX", lambda _: RegulationSource("ex.yaml", late))
    edges = {(one.rule, one.fact): one.values for one in proposals(pack)}
    assert edges["EX", "end"] == ("2031-12-31", "2032-01-01", "2032-12-31", "2033-01-01")
    assert edges["EX", "year"] == ("2031", "2032", "2040", "2041")
