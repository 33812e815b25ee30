"""Files around a rule file: published text, overlay, sector file; what a pack is and what stops it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest

from xueshi.errors import RuleFileError
from xueshi.regulations.check import check
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

OVERLAY = """\
overlay: {of: EX2020, by: 示例区人力资源和社会保障局, document: 示例〔2021〕0号, decided: 2021-03-01, years: 2021 to open}
set: {exam_part: 12, Q2: first}
"""
SECTOR = """\
xueshi: 1
regulation:
  {id: EX-MED, title: 示例卫生规则, number: none, issuer: 示例委, issued: 2020-02-01, effective: none, years: 2020 to open, area: 990100, parent: EX2020, sector: medical}
clauses: {甲: {encoded: 讲课}}
rules:
  m1: {change: add, clause: 甲, name: 讲课, for: teaching, hours: 2 per hour, partial: prorate}
"""


def source(text: str, path: str = "ex2020.yaml") -> RegulationSource:
    return RegulationSource(path, text)


def only(text: str) -> Callable[[str], RegulationSource]:
    return lambda instrument: source(text, f"{instrument.lower()}.yaml")


def codes(text: str, **more: object) -> dict[str, str]:
    found = check("EX2020", only(text), **more)  # type: ignore[arg-type]
    return {one.code: str(one) for one in found if one.severity == "E"}


def test_all_errors_come_at_once_with_file_and_line(example: str) -> None:
    text = example.replace("needs: [passed]", "neds: [passed]").replace("for: training", "for: trainning")
    with pytest.raises(RuleFileError) as stopped:
        resolve_pack("EX2020", only(text))
    lines = str(stopped.value).splitlines()
    assert any("ex2020.yaml:26: E101" in line for line in lines)
    assert any("ex2020.yaml:30: E105" in line for line in lines)
    assert all(" Repair: " in line for line in lines)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no mapping"),
        ("- a\n- b\n", "no mapping"),
        ("a: [\n", "no YAML"),
        ("xueshi: 2\nregulation: {id: EX2020}\n", "this engine reads language 1"),
        ("regulation: {id: EX2020}\n", "does not begin with xueshi: 1"),
    ],
)
def test_what_is_no_rule_file_is_said_so(text: str, says: str) -> None:
    with pytest.raises(RuleFileError, match=re.escape(says)):
        resolve_pack("EX2020", only(text))


def test_numbers_are_compared_with_the_published_text(example: str) -> None:
    text = "一、每年72学时，其中公共24。三、每门12学时，每天6学时，一次最多40；会议10、6、5、8，2000字；论文20，依次递减20%，第1作者100%"
    assert "E206" not in codes(example, texts={"EX2020": text})
    wrong = codes(example.replace("hours: 12 per course", "hours: 13 per course"), texts={"EX2020": text})
    assert "13" in wrong["E206"]
    assert "ex2020.yaml:26:" in wrong["E206"]


def test_a_number_that_stands_under_another_clause_is_said_with_the_place(example: str) -> None:
    marks = "每天6学时，一次最多40；会议10、6、5、8，2000字；论文20，依次递减20%，第1作者100%"
    placed = f"一、每年72学时，其中公共24。\n二、年度。\n三、每门12学时，{marks}\n四、其他。"
    found = {one.code for one in check("EX2020", only(example), texts={"EX2020": placed})}
    assert not {"W207", "E206"} & found
    moved = f"一、每年72学时，其中公共24。\n二、年度。\n三、{marks}\n四、其他，每门12学时。"
    [misplaced] = [
        one for one in check("EX2020", only(example), texts={"EX2020": moved}) if one.code in ("E206", "W207")
    ]
    assert (misplaced.code, misplaced.clause) == ("W207", "三")
    assert "cites 三 for 12" in misplaced.message
    assert "stands in 四" in misplaced.message


@pytest.mark.parametrize(("when", "asked"), [("", {"W207"}), (", when: {Q2: first}", set())])
def test_a_minimum_that_a_reading_switches_on_need_not_stand_in_the_clause(
    example: str, when: str, asked: set[str]
) -> None:
    marks = "每门12学时，每天6学时，一次最多40；会议10、6、5、8，2000字；论文20，依次递减20%，第1作者100%"
    placed = f"一、每年72学时，其中公共24。\n二、年度。\n三、{marks}。\n四、其他。"
    more = f"at_least: exam_part}}\n  R4: {{clause: 一, of: professional, at_least: 40{when}}}"
    text = example.replace("at_least: exam_part}", more)
    found = {one.code for one in check("EX2020", only(text), texts={"EX2020": placed})}
    assert found & {"W207", "E206"} == asked


def test_numbers_of_a_reading_that_does_not_hold_need_not_stand_in_the_text(example: str) -> None:
    text = "一、每年72学时，其中公共24。三、每门12学时，每天6学时，一次最多40；会议10、6、5、8，2000字；论文20，依次递减20%，第1作者全学时"
    chosen = example.replace("hours: 20, share", "hours: {Q2: {each: 20, first: 33}}, share")
    assert "E206" not in codes(chosen, texts={"EX2020": text})
    found = codes(chosen, texts={"EX2020": text}, config={"Q2": "first"})
    assert "33" in found["E206"]


def test_without_a_published_text_it_is_a_warning(example: str) -> None:
    assert [one.severity for one in check("EX2020", only(example)) if one.code == "W206"] == ["W"]


def test_an_overlay_sets_readings_and_parameters_and_stays_visible(example: str) -> None:
    pack = resolve_pack("EX2020", only(example), overlays=[source(OVERLAY, "overlay.yaml")])
    assert pack.readings["EX2020-Q2"]["option"] == "first"
    assert pack.readings["EX2020-Q2"]["chosen_by"] == "示例〔2021〕0号"
    assert pack.readings["EX2020-Q1"]["chosen_by"] == ""
    assert pack.digest != resolve_pack("EX2020", only(example)).digest


@pytest.mark.parametrize(
    ("chosen", "code", "says"),
    [
        ("Q9: each", "E302", 'EX2020 has no "Q9"; did you mean "Q'),
        ("Q2: every", "E302", "every"),
        ("R1: 60", "E302", "R1"),
        ("3.1: 20", "E302", "3.1"),
        ("exam_part: many", "E103", "many"),
    ],
)
def test_an_overlay_cannot_set_anything_else(example: str, chosen: str, code: str, says: str) -> None:
    text = OVERLAY.replace("exam_part: 12, Q2: first", chosen)
    found = codes(example, overlays=[source(text, "overlay.yaml")])
    assert code in found, found
    assert says in found[code]
    assert found[code].startswith("overlay.yaml:2:")


def test_an_overlay_holds_nothing_but_its_head_and_choices(example: str) -> None:
    found = codes(example, overlays=[source(OVERLAY + "rules: {}\n", "overlay.yaml")])
    assert "rules" in found["E101"]
    found = codes(example, overlays=[source(OVERLAY.replace("of: EX2020", "of: EX1999"), "overlay.yaml")])
    assert "EX1999" in found["E302"]


def test_a_sector_file_needs_leave_of_its_parent(example: str) -> None:
    found = codes(example, sector_file=source(SECTOR, "sector.yaml"))
    assert "EX2020 has no sector_rules" in found["E405"]
    assert found["E405"].startswith("sector.yaml:2:")
    allowed = example + "sector_rules: {clause: 四, replace: [3.2], silent: none}\n"
    assert "E405" not in codes(allowed, sector_file=source(SECTOR, "sector.yaml"))


def test_a_comment_does_not_change_the_digest_but_a_number_does(example: str) -> None:
    pack = resolve_pack("EX2020", only(example))
    assert resolve_pack("EX2020", only("# a comment\n\n" + example)).digest == pack.digest
    assert resolve_pack("EX2020", only(example.replace("hours: 20", "hours: 21"))).digest != pack.digest


def test_a_pinned_pack_reads_back(example: str) -> None:
    pack = resolve_pack("EX2020", only(example))
    again = RulePack.from_bytes(pack.to_bytes())
    assert (again.digest, again.title, again.categories) == (pack.digest, pack.title, pack.categories)
    with pytest.raises(RuleFileError, match="no rule pack"):
        RulePack.from_bytes(b"[]")
    with pytest.raises(RuleFileError, match="language 7"):
        RulePack.from_bytes(pack.to_bytes().replace(b'"language":1', b'"language":7'))


def test_the_statistics_year_is_named_after_the_year_in_which_it_ends(example: str) -> None:
    pack = resolve_pack("EX2020", only(example.replace("starts: 01-01", "starts: 11-01")))
    assert pack.year_window(2021) == (date(2020, 11, 1), date(2021, 10, 31))
    assert pack.year_of(date(2020, 10, 31)) == 2020
    assert pack.year_of(date(2020, 11, 1)) == 2021
    calendar = resolve_pack("EX2020", only(example))
    assert calendar.year_window(2021) == (date(2021, 1, 1), date(2021, 12, 31))


def test_a_child_cites_its_own_clauses_and_keeps_the_parents(example: str, child: str) -> None:
    texts = {"EX2020": example, "EX2024": child}
    pack = resolve_pack("EX2024", lambda name: source(texts[name], name))
    items = {item["id"]: item for item in pack.data["items"]}
    assert (items["3.1"]["rule"], items["3.1"]["clause"]) == ("EX2024-3.1", "甲")
    assert items["3.1"]["beside"] == ["EX2020-3.1", "三"]
    assert items["3.2"]["rule"] == "EX2020-3.2"
    assert "3.4" not in items
    [gone] = pack.data["removed"]
    assert (gone["id"], gone["by"], gone["by_clause"]) == ("3.4", "EX2024", "乙")


@pytest.mark.parametrize(
    ("fact", "bound", "says"),
    [
        ("months", "from 6", "满半年的"),
        ("months", "from 18", "满一年半的"),
        ("months", "over 36", "超过三年的"),
        ("months", "below 48", "不满4年的"),
        ("months", "upto 1.5", "不超过一个半月的"),
        ("days", "from 0.5", "满半天的"),
        ("days", "over 1.5", "超过一天半的"),
        ("days", "over 2.50", "超过2天半的"),
    ],
)
def test_halves_and_years_in_words_are_the_numbers_of_the_rule(
    example: str, fact: str, bound: str, says: str
) -> None:
    old = "3.3d: {when: {level: [provincial, city]}, hours: 6}"
    text = example.replace(old, f"3.3d: {{when: {{level: [provincial, city], {fact}: {bound}}}, hours: 7}}")
    text = text.replace("6 per day", "7 per day")
    assert text != example
    marks = "每门12学时，每天7学时，一次最多40；会议10、5、8，2000字；论文20，依次递减20%，第1作者100%"
    here = f"一、每年72学时，其中公共24。\n二、年度。\n三、{marks}，{says}。\n四、其他。"
    assert not {"W207", "E206"} & {one.code for one in check("EX2020", only(text), texts={"EX2020": here})}
    elsewhere = f"一、每年72学时，其中公共24。\n二、年度。\n三、{marks}。\n四、其他{says}。"
    [found] = [
        one
        for one in check("EX2020", only(text), texts={"EX2020": elsewhere})
        if one.code in ("W207", "E206")
    ]
    assert (found.code, found.clause) == ("W207", "三")
    assert "stands in 四" in found.message
    nowhere = f"一、每年72学时，其中公共24。\n二、年度。\n三、{marks}。\n四、其他。"
    assert "E206" in codes(text, texts={"EX2020": nowhere})


def test_a_year_in_words_is_twelve_of_nothing_but_months(example: str) -> None:
    text = "一、每年72学时，其中公共24。三、一年内每门若干学时，每天6学时，一次最多40；会议10、6、5、8，2000字；论文20，依次递减20%，第1作者100%"
    assert "12" in codes(example, texts={"EX2020": text})["E206"]
    halved = text.replace("若干学时", "12学时，满半年的")
    wrong = example.replace("hours: 6}", "hours: 7}", 1)
    assert "7" in codes(wrong, texts={"EX2020": halved})["E206"]
