"""Every rule and requirement that the domain specification numbers stands in the data, or is carried otherwise, named here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xueshi.registry import load
from xueshi.regulations.clause_checks import write_chinese

SPECIFICATIONS = {
    "changzhou-2011.md": "CZ2011",
    "jiangsu-2023.md": "JS2023",
    "changzhou-2024.md": "CZ2024",
    "suzhou-2013.md": "SZ2013",
    "wenzhou-2017.md": "WZ2017",
    "chongqing-2007.md": "CQ2007",
}
CARRIED_OTHERWISE = {
    "CQ2007-R4": "the three categories",
    "CQ2007-R5": "`less` of S2: travel does not count",
    "CQ2007-R6": "manual step: industries with credits of their own",
    "CQ2007-R7": "the section `year`",
    "CQ2007-R8": "procedural clause 第十条: make-up",
    "CQ2007-R9": "manual step: content fits the level",
    "CQ2007-R10": "procedural: the unit arranges the study",
    "JS2023-R4": "procedural or definition, no minimum",
    "JS2023-R5": "procedural or definition, no minimum",
    "SZ2013-R2": "the junior figure of R1",
    "SZ2013-R5": "parameter industry_rule, first in R1, R3, R4",
    "SZ2013-R7": "no figure: time may be spread",
    "SZ2013-R8": "the rate 6 per day of 2.4.0",
    "SZ2013-R9": "no carry-over is the language's rule",
    "WZ2017-R4": "arithmetic: the remaining 12 hours",
    "WZ2017-R6": "sector_rules",
    "CZ2011-R5": "use of the yearly verdict: clauses of R1",
    "CZ2011-R6": "the rate 6 per day",
    "CZ2011-R7": "conversion of credits: no factor in the text",
    "CZ2011-R8": "procedural clause 附件2第九条",
    "CZ2011-R9": "manual step: make-up",
}

DECIDED = {
    "CZ2011-Q18": "附件1三(五)",
    "CZ2011-Q19": "附件1三(五)",
    "WZ2017-Q5": "第八条(八)",
    "WZ2017-Q10": "第六条",
    "JS2023-Q9": "四",
    "JS2023-Q10": "四(三)",
    "JS2023-Q11": "四(六)",
    "CZ2024-Q6": "一",
    "CQ2007-Q9": "标准3",
    "CQ2007-Q16": "第六条",
}
"""Open questions that are no readings: the clause whose gist states the decision and its reason (定：…，Qn)."""
ONE_OPTION = {
    "CZ2011-Q17": "make-up is opened and closed by the flow, not by the rule file; golden case CZ2011-G15 names the reading"
}
"""Readings with one option, which nothing can choose between, and why they stand all the same."""
CLAUSES_ELSEWHERE = {
    "SZ2013-2.4.0a": "五(一): who registers; procedural, carried by the flow",
    "SZ2013-2.4.0b": "五(一): who registers; procedural, carried by the flow",
    "CZ2011-3.1": "附件3四: how many hours are studied and examined; procedural",
}
"""Rules of which the specification names a clause beside the one that gives the hours."""
CITED = {
    "CZ2011": (
        (r"^A(\d) ", r"附件\1"),
        (r" s\.\d$", ""),
    ),
    "CQ2007": ((r"^S\.(\d+)$", r"标准\1"),),
    "SZ2013": ((r" last para$", "末"),),
}
"""How a specification abbreviates the clauses of its text."""


def ids(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("id", "rule") and isinstance(value, str):
                yield value.split("-", 1)[-1]
            yield from ids(value)
    elif isinstance(node, list):
        for value in node:
            yield from ids(value)


@pytest.mark.golden
@pytest.mark.parametrize("file", SPECIFICATIONS)
def test_every_numbered_rule_is_in_the_data(golden: Path, file: str) -> None:
    instrument = SPECIFICATIONS[file]
    text = (golden.parent / file).read_text()
    numbered = re.findall(rf"^\| ({instrument}-[\w.]+) \|", text, re.MULTILINE)
    assert numbered
    have = set(ids(load().pack_of(instrument).data))
    missing = {one for one in numbered if one.split("-", 1)[1] not in have}
    assert missing == {one for one in CARRIED_OTHERWISE if one.startswith(f"{instrument}-")}


@pytest.mark.golden
@pytest.mark.parametrize("file", SPECIFICATIONS)
def test_every_open_reading_is_in_the_data(golden: Path, file: str) -> None:
    """A question that the specification leaves open is a reading of the file, or decided in the gist of its clause."""
    instrument = SPECIFICATIONS[file]
    asked = set(re.findall(r"^\| (Q\d+) \|", (golden.parent / file).read_text(), re.MULTILINE))
    pack = load().pack_of(instrument)
    known = {name.split("-", 1)[1] for name in pack.readings if name.startswith(instrument)}
    left = {f"{instrument}-{one}" for one in asked - known}
    assert left == {one for one in DECIDED if one.startswith(f"{instrument}-")}
    for one in left:
        gist = pack.gist(instrument, DECIDED[one])
        assert re.search(rf"定：.*\b{one.split('-')[1]}）", gist), f"{one}: {gist}"


@pytest.mark.parametrize("instrument", [*SPECIFICATIONS.values(), "NA2015"])
def test_every_reading_has_something_to_choose(instrument: str) -> None:
    readings = load().pack_of(instrument).readings
    single = {
        name
        for name, one in readings.items()
        if name.startswith(f"{instrument}-") and len(one["options"]) < 2
    }
    assert single == {one for one in ONE_OPTION if one.startswith(f"{instrument}-")}


def cited_in_data(node: Any) -> Iterator[tuple[str, str]]:
    """Yield rule and clauses of everything in a pack that has both."""
    if isinstance(node, dict):
        if isinstance(node.get("id"), str) and isinstance(node.get("clause"), str):
            yield node["id"], node["clause"]
        for value in node.values():
            yield from cited_in_data(value)
    elif isinstance(node, list):
        for value in node:
            yield from cited_in_data(value)


def cited_in_table(text: str, instrument: str) -> Iterator[tuple[str, list[str]]]:
    """Yield rule and clauses of every line of the table of rules (Id, Clause, …)."""
    for rule, cell in re.findall(rf"^\| {instrument}-([\w.]+) \| ([^|]+) \|", text, re.MULTILINE):
        clauses = []
        for part in re.split(r"[;,] ", re.sub(r" \([^)]*[a-z][^)]*\)", "", cell)):
            place = re.sub(r"Art\. (\d+)", lambda match: f"第{write_chinese(int(match[1]))}条", part)
            for pattern, said in CITED.get(instrument, ()):
                place = re.sub(pattern, said, place)
            clauses.append(place)
        yield rule, clauses


@pytest.mark.golden
@pytest.mark.parametrize("file", SPECIFICATIONS)
def test_every_rule_cites_the_clause_of_the_specification(golden: Path, file: str) -> None:
    """The clause of the specification, or a place within it (三第四款 for 三)."""
    instrument = SPECIFICATIONS[file]
    have: dict[str, list[str]] = {}
    for rule, clauses in cited_in_data(load().pack_of(instrument).data):
        have.setdefault(rule, []).extend(clauses.split("、"))
    table = (golden.parent / file).read_text().split("### 3.2")[-1] if instrument != "CZ2024" else ""
    said = dict(cited_in_table(table.split("### 3.3")[0], instrument)) or {"3": ["三"]}
    other = {
        f"{instrument}-{rule}"
        for rule, clauses in said.items()
        if rule in have and not all(any(own.startswith(one) for own in have[rule]) for one in clauses)
    }
    assert set(said) <= set(have)
    assert other == {one for one in CLAUSES_ELSEWHERE if one.startswith(f"{instrument}-")}
