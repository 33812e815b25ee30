"""The law as Chinese sentences: nothing of the file is missing, and nothing a machine wrote stays in it."""

from __future__ import annotations

import re
from functools import cache

import pytest

from xueshi.registry import load
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import other_options, read_law, with_other_options
from xueshi.regulations.sources import RegulationSource

REGISTRY = load(strict=False)
INSTRUMENTS = [
    one.id
    for code in REGISTRY.codes()
    for one in REGISTRY.ask(code).jurisdiction().instruments
    if one.file is not None
]
NUMBER = re.compile(r"\d+(?:\.\d+)?")
SECTIONS = (
    "rules",
    "tables",
    "parameters",
    "groups",
    "requirements",
    "refuse",
    "deemed",
    "manual",
    "sums",
    "year",
)
ENTRIES = ("rules", "groups", "requirements")
IDENTIFIERS = ("clause", "rests_on", "of", "count", "change", "before", "in", "why", "name", "key", "sum_of", "every",
               "average_of", "any_of", "all_of", "meets", "evidence", "decide", "label", "ask", "overlap")  # fmt: skip


@cache
def said_of(instrument: str) -> dict[str, str]:
    """Every sentence by the id it says, under the options that hold and under every other."""
    pack = REGISTRY.pack_of(instrument)
    others = other_options(pack, lambda name, option: REGISTRY.pack_of(instrument, config={name: option}))
    found: dict[str, str] = {}
    for section in (*read_law(pack).sections, others):
        for one in section.sentences:
            found[one.id] = f"{found.get(one.id, '')} {one.bare}"
    return found


def ids_in(name: str, node: document.Node) -> list[str]:
    """The ids of an entry, of its rows and of their add-ons."""
    found = [part.strip() for part in name.split(",")]
    for key in ("rows", "plus"):
        rows = node.get(key) if isinstance(node, document.Mapping) else None
        for inner, row in rows if isinstance(rows, document.Mapping) else ():
            found += ids_in(inner, row)
    return found


def numbers_of(node: document.Node, name: str = "") -> list[str]:
    """Numbers of the file that carry law: no ids, no clause numbers, no options."""
    if name in IDENTIFIERS:
        return []
    if isinstance(node, document.Scalar):
        text = re.sub(r" of R\S+|\bQ\d+\w*", "", node.text)
        return NUMBER.findall(text) if re.fullmatch(r"[\d. %x/+-]*[a-z_ \d]*%?", text) else []
    if isinstance(node, document.Sequence):
        return [number for item in node.items for number in numbers_of(item, name)]
    found: list[str] = []
    for key, value in node:
        if name not in ("rows", "plus", *SECTIONS) and re.match(r"^(\d|upto|over|below|from)", key):
            found += NUMBER.findall(key)
        found += numbers_of(value, key)
    return found


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_id_of_the_law_stands_in_the_reading(instrument: str) -> None:
    data = REGISTRY.pack_of(instrument).data
    said = {
        one.id for section in read_law(REGISTRY.pack_of(instrument)).sections for one in section.sentences
    }
    wanted = {
        entry["id"]
        for name in ("groups", "refuse", "requirements", "deemed", "manual", "removed")
        for entry in data[name]
    }
    for item in data["items"]:
        wanted |= {item["id"]} | {row["id"] for row in item["rows"]}
        wanted |= {extra["id"] for row in item["rows"] for extra in row["plus"]}
    wanted |= set(data["readings"]) | set(data["parameters"])
    assert wanted
    assert wanted <= said


def numbers_said(text: str) -> set[str]:
    """Numbers of a sentence, those among them that it writes as notices do: 每千字, 每万字."""
    return set(NUMBER.findall(text.replace("每千", "每1000").replace("每万", "每10000")))


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_number_of_the_file_stands_in_the_sentences_of_its_rule(instrument: str) -> None:
    root = document.read_document(REGISTRY.source_of(instrument), Findings())
    said = said_of(instrument)
    everything = numbers_said(" ".join(said.values()))
    seen = 0
    for section in SECTIONS:
        entries = root.get(section)
        for name, node in entries if isinstance(entries, document.Mapping) else ():
            ids = ids_in(name, node)
            standing = numbers_said(" ".join(said.get(one, "") for one in ids))
            for number in numbers_of(node, name):
                plain = str(int(number)) if number.isdigit() else number
                seen += 1
                assert plain in (standing if section in ENTRIES else everything), (
                    f"{section} {name}: {number}"
                )
    assert seen > 0


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_no_code_word_is_left_in_a_sentence(instrument: str) -> None:
    for section in read_law(REGISTRY.pack_of(instrument)).sections:
        if section.name in ("clauses",):
            continue
        for one in section.sentences:
            assert not re.search(r"[a-z]{3,}|True|False|None", one.bare), one.line()


def test_another_option_is_said_with_what_it_changes(example: str) -> None:
    def under(**config: str) -> RulePack:
        return resolve_pack("EX2020", lambda _: RegulationSource("ex2020.yaml", example), config=config)

    others = other_options(under(), lambda name, option: under(**{name: option}))
    lines = [one.line() for one in others.sentences]
    first = lines.index("EX2020-Q2  合作论文：若取“仅第一作者”")
    assert "除外：排名超过1" in lines[first + 1]
    assert lines[first + 1].strip().startswith("3.4 ")


def test_a_rule_reads_as_the_sentence_of_the_notice(example: str) -> None:
    pack = resolve_pack("EX2020", lambda _: RegulationSource("ex2020.yaml", example))
    lines = read_law(pack).lines()
    assert "  3.2a  载明学时的，按“载明学时数”；每次最多40学时" in lines
    assert "  3.2b  未载明学时的，每天6学时（按“天数”，扣除在途天数，只计整数）" in lines
    assert any(line.startswith("一  R2  公共科目不少于合计（R1）的1/3") for line in lines)
    assert "四  M1  由用人单位决定：内容是否适当" in lines


def test_a_removed_rule_is_said_with_the_notice_that_took_it_away(example: str, child: str) -> None:
    texts = {"EX2020": example, "EX2024": child}
    pack = resolve_pack("EX2024", lambda one: RegulationSource(f"{one}.yaml", texts[one]))
    assert any("已由EX2024乙取消" in line for line in read_law(pack).lines())
    assert read_law(pack).to_json()["sections"]


def test_what_an_item_of_several_rows_asks_for_stands_in_its_head(example: str) -> None:
    """The officer signs the reading: an item read without its condition would promise hours to everybody."""
    asked = example.replace(
        "    for: conference\n",
        "    for: conference\n    when: {organiser: [hrss, society]}\n    needs: [passed]\n",
    )
    lines = read_law(resolve_pack("EX2020", lambda _: RegulationSource("ex2020.yaml", asked))).lines()
    [head] = [line for line in lines if "3.3  学术会议" in line]
    assert "主办单位为人社部门或学会协会；须合格" in head


def test_an_item_that_a_reading_switches_off_has_no_empty_condition(example: str) -> None:
    asked = example.replace("    for: conference\n", "    for: conference\n    when: {Q2: first}\n")
    lines = read_law(resolve_pack("EX2020", lambda _: RegulationSource("ex2020.yaml", asked))).lines()
    [head] = [line for line in lines if "3.3  学术会议" in line]
    assert "：；" not in head
    assert any("按现取口径不适用" in line for line in lines)


def test_the_whole_condition_of_a_shipped_item_is_read() -> None:
    for region in ("JS2023", "CZ2024"):
        lines = read_law(REGISTRY.pack_of(region)).lines()
        [head] = [line for line in lines if "  4.1  " in line]
        assert "主办单位为人社部门、行业主管部门" in head.replace("或", "、")
        assert "经批准" in head


def test_items_that_yield_to_a_sector_say_so() -> None:
    [said] = [
        line for line in read_law(REGISTRY.pack_of("WZ2017")).lines() if "只在没有行业细则时适用" in line
    ]
    assert said.startswith("第八条")
    assert "条目8.1、8.2、" in said
    assert "细则没有提到的不认定" in said
    [other] = [
        line
        for line in read_law(REGISTRY.pack_of("WZ2017", config={"Q9": "fall_back"})).lines()
        if "只在没有行业细则时适用" in line
    ]
    assert "细则没有提到的仍按下列条目" in other


def test_what_belongs_together_in_a_condition_stands_in_brackets() -> None:
    lines = "\n".join(read_law(REGISTRY.pack_of("WZ2017")).lines())
    assert "（未载明学时或载明学时未填写）且级别为国家级的，36学时" in lines
    assert "（级别不是市级或县级或其他）或属于专项知识考试" in lines


def test_an_entry_that_no_chosen_option_lets_hold_is_read_under_those_that_do(example: str) -> None:
    """Nobody could sign a sentence that only says 不适用."""
    asked = example.replace(
        "      3.2b: {when: {hours_stated: no}",
        "      3.2c: {when: {Q2: first, hours_stated: no, days: over 30}, hours: 100}\n      3.2b: {when: {hours_stated: no}",
    ).replace(
        "          3.3c: {when:",
        "          3.3x: {when: {Q2: first, own_field: yes}, hours: 1}\n          3.3c: {when:",
    )
    asked += "refuse:\n  9: {clause: 三, name: 非第一作者, when: {Q2: first, rank: over 1}}\n"

    def under(**config: str) -> RulePack:
        return resolve_pack("EX2020", lambda _: RegulationSource("ex2020.yaml", asked), config=config)

    def lines(pack: RulePack) -> list[str]:
        read = with_other_options(read_law(pack), pack, lambda name, option: under(**{name: option}))
        return [line.strip() for line in read.lines()]

    now = lines(under())
    for entry, text in (
        ("3.2c", "未载明学时且天数超过30的，100学时"),
        ("3.3x", "另加：属于本专业的，1学时"),
        ("9", "非第一作者：排名超过1的，不予认定"),
    ):
        [place] = [at for at, line in enumerate(now) if line.removeprefix("三  ").startswith(f"{entry}  ")]
        assert "按现取口径不适用" in now[place]
        assert now[place + 1] == f"口径EX2020-Q2取“仅第一作者”时：{text}"
    assert not [line for line in now if "：的，" in line]
    first = lines(under(Q2="first"))
    assert not [line for line in first if "口径EX2020-Q2取“各计全数”时" in line]


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ("count: highest, earlier_years: full", "同一作品，同一年度内只计最高一项"),
        (
            "count: highest, earlier_years: nothing",
            "同一作品，只计最高一项；以前年度已计的，本年不再计",
        ),
    ],
)
def test_what_counts_once_in_a_year_says_so(example: str, group: str, says: str) -> None:
    asked = example.replace("same: work, count: once", f"same: work, {group}")
    assert asked != example
    lines = read_law(resolve_pack("EX2020", lambda _: RegulationSource("ex2020.yaml", asked))).lines()
    [said] = [line for line in lines if "3.4g" in line]
    assert says in said
