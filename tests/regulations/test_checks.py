"""Every check: a broken file gets its number, the line, the nearest valid word and a repair."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from xueshi.regulations.check import check
from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.finding_words import in_chinese
from xueshi.regulations.sources import RegulationSource

Broken = Callable[..., list[Diagnostic]]
Check = Callable[..., list[Diagnostic]]

ENGLISH = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}")
"""Three words of English in a row."""


@dataclass(frozen=True)
class Fault:
    """One way to break a file: what is replaced by what, and what the finding must say."""

    code: str
    old: str
    new: str
    says: str
    repair: str
    at: str = ""
    """Text of the line the finding must name; the line of the change when empty."""
    of: str = "example"
    clause: str | None = None


FAULTS = [
    # E101: keys
    Fault("E101", "needs: [passed]", "neds: [passed]", 'unknown key "neds" in rule 3.1 (三); did you mean "needs"?', "write needs", clause="三"),
    Fault("E101", "  title: 示例办法", "  titel: 示例办法", 'did you mean "title"?', "write title"),
    Fault("E101", "groups:\n", "group:\n", 'did you mean "groups"?', "write groups"),
    Fault("E101", "at_most: {event: 40}", "at_most: {events: 40}", 'unknown key "events"', "write event"),
    Fault("E101", "partial: prorate, channel: unit", "channel: unit", 'defaults has no "partial"', "partial: prorate", at="defaults:"),
    Fault("E101", ", hours: 6}", "}", 'rule 3.3d (三) has no "hours"', "hours: an amount"),
    # E102: twice
    Fault("E102", "      3.2b:", "      3.2a:", "3.2a is written twice, first at line", "rename one"),
    Fault("E102", "  3.4: {clause", "  3.1: {clause", "3.1 is written twice", "rename one"),
    Fault("E102", "  exam_part: {label", "  national: {label", "has the name of a value of level", "rename it"),
    # E103: values
    Fault("E103", "hours: 12 per course", "hours: 12 pro course", '"12 pro course" is no amount (三)', "12 per course"),
    Fault("E103", "issued: 2020-01-08", "issued: 8 January", '"8 January" is no date', "issued: 2013-03-12"),
    Fault("E103", "years: 2020 to open", "years: since 2020", '"since 2020" is no span of years', "2013 to open"),
    Fault("E103", "area: 990100", "area: Example", '"Example" is no area code', "six digits"),
    Fault("E103", "starts: 01-01", "starts: 13-01", '"13-01" is no day', "write"),
    Fault("E103", "then: -20%}}", "then: -20}}", '"-20" says nothing of further ranks', "-20% for shares"),
    Fault("E103", "rank: over 1", "rank: more 1", '"more 1" is no number and no band of rank', "over 3"),
    # E104 to E106: names
    Fault("E104", "needs: [passed]", "needs: [pased]", 'unknown fact "pased" (三); did you mean "passed"?', "write passed", clause="三"),
    Fault("E104", "same: work", "same: wrok", 'unknown fact "wrok"', "write work"),
    Fault("E105", "for: training", "for: trainning", 'unknown kind "trainning" (三); did you mean "training"?', "write training"),
    Fault("E106", "level: national", "level: nationl", '"nationl" is not a value of level (三). Allowed: international, national', "write national"),
    Fault("E106", "hours_stated: no", "hours_stated: maybe", '"maybe" is not a value of hours_stated', "Allowed: yes, no"),
    Fault("E106", "{Q2: first, rank", "{Q2: frist, rank", '"frist" is not an option of EX2020-Q2', "first"),
    # E201 to E205: clauses
    Fault("E201", "  3.4: {clause: 三, name", "  3.4: {name", "rule 3.4 has no clause", "clause: …"),
    Fault("E202", "  3.1: {clause: 三, name", "  3.1: {clause: 三十, name", 'clause "三十" is not in clauses; did you mean "三"?', "cite 三"),
    Fault("E203", "  二: {procedural: 单位组织}\n", "", "二 is missing between 一 and 三", "give it a status", at="  三: {encoded"),
    Fault("E203", "  二: {procedural: 单位组织}\n", "  二: {procedural: 单位组织}\n  二(三), 二(五): {procedural: 培训}\n", "二(四) is missing between 二(三) and 二(五)", "give it a status", at="  二(三), 二(五)"),
    Fault("E203", "二: {procedural: 单位组织}", "二, 二(一): {procedural: 单位组织, printed: 附件1二}", "printed of 二, 二(一) does not say where one clause stands", "printed: 附件1一1"),
    Fault("E203", "二: {procedural: 单位组织}", "二: {printed: 附件1二}", "clause 二 has no status", "二: {encoded: …}"),
    Fault("E203", "二: {procedural: 单位组织}", "二: {todo: 单位组织}", "clause 二 has no status", "二: {encoded: …}"),
    Fault("E203", "二: {procedural: 单位组织}", "二: {procedual: 单位组织}", '"procedual" is no status of clause 二', "procedural"),
    Fault("E204", "二: {procedural: 单位组织}", "二: {encoded: 单位组织}", "二 is marked encoded but nothing cites it", "change its status"),
    Fault("E205", "二: {procedural: 单位组织}", "二: {discretionary: 单位组织}", "二 is discretionary: who decides?", "add manual or readings"),
    # E301 to E303: readings
    Fault("E301", "default: each", "default: eech", 'default "eech" is not an option of Q2; did you mean "each"?', "each"),
    Fault("E303", "{Q2: first, rank: over 1}", "{rank: over 1}", "Q2 (三) is used by no rule", "use it or delete it", at="  Q2: {ask"),
    Fault("E303", "at_least: exam_part", "at_least: 12", "exam_part (一) is used by no rule", "use it", at="  exam_part: {"),
    Fault("E504", "overlap: Q1", "overlap: Q9", '"Q9" is no reading', "write"),
    # E401 to E404: difference files
    Fault("E401", "3.1: {change: amend, clause: 甲", "3.1: {clause: 甲", "rule 3.1: say change: add, replace, amend or remove", "change:", of="child"),
    Fault("E402", "9.1: {change: add", "3.2: {change: add", "3.2 exists in EX2020", "change: amend", of="child"),
    Fault("E403", "3.4: {change: remove", "3.9: {change: remove", '3.9 is not in EX2020; did you mean "', "3.", of="child"),
    Fault("E404", "hours: 15 per course", "hours: 12 per course", "3.1: hours is 12 per course in EX2020 already", "delete the entry", of="child"),
    # E501 to E507: rules against each other
    Fault("E501", "for: public_course", "for: [public_course, training]", "both take training", "remove one or add when"),
    Fault("E501", "for: teaching", "for: public_course", "both take public_course", "remove one", of="child"),
    Fault("E502", "    overlap: Q1\n", "", "3.3b and 3.3c both hold at characters = 2000 (三)", "overlap: Qn", at="3.3b"),
    Fault("E503", "3.3d: {when: {level: [provincial, city]}", "3.3d: {when: {level: national}", "3.3d stands after 3.3a, which holds whenever it does", "move it up"),
    Fault("E504", "of: [3.4], same", "of: [3.5], same", '"3.5" is no rule; did you mean "3.', "write 3."),
    Fault("E504", "1/3 of R1", "1/3 of R9", '"R9" is no requirement', "write R"),
    Fault("E507", "hours: 12 per course, category: public", "hours: 12 per course, less: travel_days, category: public", "3.1 reckons nothing by days", "per half_day"),
    Fault("E507", "hours: 6 per day, less: travel_days", "hours: 6 per month, less: travel_days", "3.2b reckons nothing by days", "per day"),
    Fault("E505", "at_least: 1/3 of R1", "at_least: 1/3 of R2", "the shares go in a circle", "give one of them a number"),
    Fault("E505", "at_least: 72}\n", "at_least: 72}\n  R4: {clause: 一, of: professional, at_least: 60}\n", "60 + 24 = 84 exceed R1 = 72", "lower a part or raise the total"),
    Fault("E502", "{rank: {1: 100%, then: -20%}}", "{rank: {upto 3: 100%, from 3: 50%}}", "two bands of rank both hold at rank = 3 (三)", "overlap: Qn"),
    Fault("E101", "of: [3.4], same: work, count: once", "of: [3.4], same: work, count: each, again: 50%", 'again" at which share the others of the same count, beside count: each', "count: once"),
    Fault("E201", "9.1: {change: add, clause: 乙, name", "9.1: {change: add, name", "rule 9.1 has no clause", "clause: …", of="child"),
    Fault("E101", "9.1: {change: add", "9.1: {chnge: add", 'did you mean "change"?', "write change", of="child"),
    Fault("E103", "at_most: {event: 40}", "at_most: {event: forty}", '"forty" is no cap', "write a number"),
    Fault("E505", "at_least: 1/3 of R1", "at_least: 100", "R2 = 100 exceeds R1 = 72", "lower a part", at="R1:"),
    Fault("E103", "{1: 100%, then: -20%}", "{1: 100%, then: x120%}", '"x120%" says nothing of further ranks', "x80%"),
    Fault("E103", "starts: 01-01", "starts: 02-29", '"02-29" is no day', "write 11-01"),
    Fault("E103", "who: unit", "who: uint", '"uint" is nobody who decides; did you mean "unit"?', "write unit"),
    Fault("E103", "at_least: exam_part}", "at_least: exam_part}\n  R4: {clause: 一, over: {since: level}, average_of: [R1]}", "person.level is no date", "since: title_date", at="R4:"),
    Fault("E102", "categories: {public", "facts: {opinion: {type: yes_no, label: 报告论文, yes: 有, no: 无}}\ncategories: {public", "fact opinion has the label of paper (报告论文)", "another label"),
    # warnings
    Fault("W607", "3.3c: {when: {paper: yes, characters: from 2000}", "3.3c: {when: {paper: yes, characters: over 2001}", "3.3c (三): no add-on holds at characters = 2001, between two bands", "upto and over"),
    Fault("W607", "3.3d: {when: {level: [provincial, city]}", "3.3x: {when: {level: [provincial, city], days: below 3}, hours: 3}\n      3.3d: {when: {level: [provincial, city], days: over 3}", "3.3d (三): no row holds at days = 3, between", "below and from", at="3.3d:"),
    Fault("W607", "hours: 20, share: {rank: {1: 100%, then: -20%}}", "hours: {characters: {upto 3000: 5, from 5000: 9}}", "3.4 (三): no value of hours holds at characters 3001 to 4999", "hours: none"),
    Fault("W607", "at_least: 72}", "at_least: {year: {below 2022: 72, over 2022: 90}}}", "R1 (一): no value of at_least holds at year = 2022", "from"),
    Fault("W601", "level: [provincial, city]", "level: [provincial]", "3.3 (三): no hours for level international, ministerial, city, county", "add a row, or accept by name", at="  3.3:"),
    Fault("W601", "hours: 20, share: {rank: {1: 100%, then: -20%}}", "hours: {level: {national: 20, provincial: 10}}", "3.4 (三): the table of hours has no level international, ministerial, city, county", "add a line"),
    Fault("W601", "hours: 20, share: {rank: {1: 100%, then: -20%}}", "hours: 20, share: {role: {host: 100%, main: 50%}}", "3.4 (三): the table of share has no role sole, first, other, participant", "add a line"),
    Fault("W601", "{level: [provincial, city]}, hours: 6}", "{level: [provincial, city]}, hours: {level: {provincial: 6}}}", "3.3d (三): the table of hours has no level city.", "add a line"),
    Fault("W601", "of: total, at_least: 72}", "of: total, at_least: {person.level: {senior: 72, intermediate: 72}}}", "R1 (一): the table of at_least has no person.level junior", "or when, where the text does not bind them"),
    Fault("W602", ", partial: whole", "", "3.2: a partial unit rests on defaults.partial (三)", "partial: prorate", at="  3.2:"),
    Fault("W602", ", evidence: [证明]", "", "3.1: no evidence named (三)", "evidence", at="  3.1:"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code}-{fault.new.strip()[:24]}")
def test_a_broken_file_gets_its_finding(fault: Fault, broken: Broken, example: str, child: str) -> None:
    found = [
        finding
        for finding in broken(fault.old, fault.new, of=fault.of)
        if finding.code == fault.code and fault.says in finding.message
    ]
    everything = "\n".join(map(str, broken(fault.old, fault.new, of=fault.of)))
    assert found, everything
    assert fault.repair in found[0].repair, found[0].repair
    sound = example if fault.of == "example" else child
    if fault.at:
        written = sound.replace(fault.old, fault.new).splitlines()[found[0].line - 1]
        assert fault.at in written, f"line {found[0].line}: {written}"
    else:
        assert found[0].line == sound[: sound.index(fault.old)].count("\n") + 1
    if fault.clause is not None:
        assert found[0].clause == fault.clause


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code}-{fault.new.strip()[:24]}")
def test_an_officer_reads_a_finding_in_chinese(fault: Fault, broken: Broken) -> None:
    for finding in broken(fault.old, fault.new, of=fault.of):
        said = in_chinese(finding)
        assert said.repair != finding.repair
        assert re.search(r"[\u4e00-\u9fff]", said.repair), finding.repair
        outside = re.sub(r"“[^”]*”", "", said.message)
        assert not ENGLISH.search(outside), f"{finding.message} → {said.message}"


def test_the_files_of_these_tests_are_sound(check_texts: Check, example: str, child: str) -> None:
    assert [one for one in check_texts(EX2020=example) if one.severity == "E"] == []
    assert [one for one in check_texts(EX2020=example, EX2024=child) if one.severity == "E"] == []
    assert {one.code for one in check_texts(EX2020=example)} == {"W206", "W601"}


def test_what_no_verdict_can_be_formed_of_is_refused_where_it_stands(example: str) -> None:
    more = "R8: {clause: 一, any_of: [R9]}\n  R9: {clause: 一, any_of: [R1, R8]}"
    text = example.replace("at_least: 72}\n", f"at_least: 72}}\n  {more}\n", 1)
    [finding] = [
        one for one in check("EX2020", lambda _: RegulationSource("ex.yaml", text)) if one.code == "E506"
    ]
    assert "R8 → R9 → R8: the alternatives go in a circle" in finding.message
    assert finding.line == text[: text.index("R8:")].count("\n") + 1


@pytest.mark.parametrize(
    ("conditions", "hours"),
    [
        ("", "{level: {national: 20, provincial: 10, otherwise: none}}"),
        ("when: {level: [national, provincial]}, ", "{level: {national: 20, provincial: 10}}"),
        ("needs: [{level: [national, provincial]}], ", "{level: {national: 20, provincial: 10}}"),
        ("except: [{not: {level: [national, provincial]}}], ", "{level: {national: 20, provincial: 10}}"),
        ("when: {level: national}, ", "{level: {national: {role: {host: 1, otherwise: 2}}}}"),
    ],
)
def test_a_table_need_not_list_what_does_not_reach_it(example: str, conditions: str, hours: str) -> None:
    old = "for: paper, except: [{Q2: first, rank: over 1}], hours: 20, share: {rank: {1: 100%, then: -20%}}"
    assert old in example
    text = example.replace(old, f"for: paper, {conditions}hours: {hours}")
    found = [
        one for one in check("EX2020", lambda _: RegulationSource("ex.yaml", text)) if one.code == "W601"
    ]
    assert not [one.message for one in found if one.message.startswith("3.4")]


def test_what_an_earlier_row_takes_does_not_reach_the_table_of_a_later_one(example: str) -> None:
    last = "      3.3d: {when: {level: [provincial, city]}, hours: 6}"
    more = "      3.3d: {hours: {level: {provincial: 6, city: 3}}}"
    text = example.replace(last, more)
    assert text != example
    [found] = [
        one for one in check("EX2020", lambda _: RegulationSource("ex.yaml", text)) if one.code == "W601"
    ]
    assert "3.3d (三): the table of hours has no level international, ministerial, county" in found.message
    assert "national," not in found.message.replace("international,", "")
