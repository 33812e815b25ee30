"""Every rule and requirement that the domain specification numbers stands in the data, or is carried otherwise, named here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xueshi.registry import load

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


NO_READING = {
    "JS2023-Q9": "which years: the `applies` lines",
    "JS2023-Q10": "the level is a fact that whoever verifies states",
    "JS2023-Q11": "one record is one pass",
    "CZ2024-Q6": "staff of 机关: the `applies` line with that sector",
    "CQ2007-Q9": "no cap: nothing to choose",
    "CQ2007-Q16": "whose seal: the intake, not an hour",
}


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
    """A question that the specification leaves open is a reading of the file, or a decision that no rule rests on."""
    instrument = SPECIFICATIONS[file]
    asked = set(re.findall(r"^\| (Q\d+) \|", (golden.parent / file).read_text(), re.MULTILINE))
    known = {
        name.split("-", 1)[1] for name in load().pack_of(instrument).readings if name.startswith(instrument)
    }
    left = {f"{instrument}-{one}" for one in asked - known}
    assert left == {one for one in NO_READING if one.startswith(f"{instrument}-")}
