"""The checks look at every option of every reading, and say under which a fault shows."""

from __future__ import annotations

from xueshi.regulations.check import check
from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.sources import RegulationSource

HEAD = """\
xueshi: 1
regulation: {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公共科目, professional: 专业科目}
year: {clause: 一, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
requirements: {R1: {clause: 一, of: total, at_least: 10}}
"""
READING = "readings: {Q1: {ask: 怎样, clause: 一, options: {a: 甲, b: 乙}, default: a}}\n"


def found(body: str, **options: object) -> list[Diagnostic]:
    source = RegulationSource("ex.yaml", HEAD + READING + body)
    return [one for one in check("EX", lambda _: source, **options) if one.code != "W206"]  # type: ignore[arg-type]


def test_a_row_that_only_the_other_option_never_reaches_is_found() -> None:
    rows = """\
rules:
  1:
    clause: 一
    name: 会议
    for: conference
    rows:
      1a: {when: {any: [{level: national}, {Q1: b}]}, hours: 10}
      1b: {when: {level: [provincial, international, ministerial, city, county, other, proceedings]}, hours: 5}
"""
    [one] = found(rows)
    assert one.code == "E503"
    assert one.severity == "E"
    assert one.message == "under EX-Q1: b: 1b stands after 1a, which holds whenever it does"
    # What holds is found without naming an option; the option that does not hold now is looked at in its turn.
    [one] = found(rows, config={"Q1": "b"})
    assert one.message == "1b stands after 1a, which holds whenever it does"


def test_a_list_in_a_branch_that_does_not_hold_is_looked_through() -> None:
    rule = "rules: {1: {clause: 一, name: 培训, for: training, partial: whole, hours: {Q1: {a: stated, b: [6 per day, 3 per half_day]}}}}\n"
    [one] = found(rule)
    assert (one.code, one.message.partition(": ")[0]) == ("E503", "under EX-Q1")
    assert "days and half-days are converted" in one.message


def test_requirements_that_contradict_under_the_other_option_only() -> None:
    rule = "rules: {1: {clause: 一, name: 培训, for: training, partial: whole, hours: 6 per day}}\n"
    asked = "{R1: {clause: 一, of: total, at_least: 10}, R2: {clause: 一, of: public, at_least: {Q1: {a: 4, b: 9}}}, R3: {clause: 一, of: professional, at_least: 5}}"
    body = HEAD.replace("{R1: {clause: 一, of: total, at_least: 10}}", asked) + READING + rule
    source = RegulationSource("ex.yaml", body)
    codes = [(one.code, one.message) for one in check("EX", lambda _: source) if one.code == "E505"]
    assert codes == [("E505", "under EX-Q1: b: 9 + 5 = 14 exceed R1 = 10 under EX-Q1: b")]


def test_numbers_of_an_option_that_does_not_hold_are_nobodys_fault() -> None:
    rule = "rules: {1: {clause: 一, name: 培训, for: training, partial: whole, hours: {Q1: {a: 6 per day, b: 7 per day}}}}\n"
    source = RegulationSource("ex.yaml", HEAD + READING + rule)
    text = "一、每天6学时，每年10学时。"
    assert check("EX", lambda _: source, texts={"EX": text}) == []


def test_a_sound_law_is_sound_under_every_option() -> None:
    rule = "rules: {1: {clause: 一, name: 培训, for: training, partial: whole, hours: {Q1: {a: 6 per day, b: stated}}}}\n"
    assert found(rule) == []


def test_a_file_that_is_to_be_looked_at_again_is_named_from_that_day_on() -> None:
    rule = "rules: {1: {clause: 一, name: 培训, for: training, partial: whole, hours: {Q1: {a: 6 per day, b: stated}}}}\n"
    verified = "area: 990100, verified: {on: 2024-02-01, by: 张三, review: 2025-02-01}}"
    source = RegulationSource("ex.yaml", HEAD.replace("area: 990100}", verified) + READING + rule)

    def asked(today: str) -> list[str]:
        return [one.message for one in check("EX", lambda _: source, today=today) if one.code == "W606"]

    assert asked("2025-02-01") == []
    assert asked("2025-02-02") == [
        "EX was verified on 2024-02-01 by 张三 and was to be looked at again by 2025-02-01"
    ]
    assert asked("") == []


def test_verified_says_who_and_when() -> None:
    rule = "rules: {1: {clause: 一, name: 培训, for: training, partial: whole, hours: {Q1: {a: 6 per day, b: stated}}}}\n"
    for written, code, said in (
        ("张三", "E103", "verified says who compared the file with the text, and when"),
        ("{by: 张三}", "E101", 'verified has no "on"'),
        ("{on: 2024-02-01, by: 张三, review: 2025}", "E103", '"2025" is no date (review)'),
        ("{on: 2024-02-01, by: 张三, reviw: 2025-02-01}", "E101", 'unknown key "reviw" in verified; did you mean "review"?'),
    ):  # fmt: skip
        head = HEAD.replace("area: 990100}", f"area: 990100, verified: {written}}}")
        source = RegulationSource("ex.yaml", head + READING + rule)
        errors = [one for one in check("EX", lambda _, source=source: source) if one.severity == "E"]
        assert [(one.code, one.message) for one in errors] == [(code, said)]
