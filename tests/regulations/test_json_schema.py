"""The schema for editors takes every rule file of the repository, and underlines what does not belong."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence, read_document
from xueshi.regulations.json_schema import rule_file_schema
from xueshi.regulations.sources import RegulationSource
from xueshi_cli.regions import app

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted((PROJECT / "plugins").glob("*/xueshi_*/regulations/*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(rule_file_schema())
SMALL: dict[str, Any] = {
    "xueshi": 1,
    "regulation": {
        "id": "EX1", "title": "某办法", "number": "none", "issuer": "某局", "issued": "none", "effective": "none",
        "years": "2031 to open", "area": "990100",
    },
    "clauses": {"一": {"encoded": "培训每天6"}},
    "rules": {"1": {"clause": "一", "for": "training", "hours": "6 per day", "rows": {"1a": {"when": {"level": "city"}}}}},
    "groups": {"1g": {"of": ["1"], "same": "work", "count": "once"}},
    "requirements": {"R1": {"clause": "一", "of": "total", "at_least": 90}},
}  # fmt: skip


def plain(node: Node) -> Any:
    """The tree as the engine reads it, every scalar a text."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node}
    if isinstance(node, Sequence):
        return [plain(value) for value in node.items]
    return node.text if isinstance(node, Scalar) else None


def faults(tree: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tree)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_rule_file_is_accepted(file: Path) -> None:
    tree = read_document(RegulationSource(file.name, file.read_text(encoding="utf-8")), Findings())
    assert faults(plain(tree)) == []


def test_there_are_rule_files_to_accept() -> None:
    assert len(FILES) >= 6
    assert faults(SMALL) == []


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "rulez", {}),
        (("regulation",), "titel", "x"),
        (("clauses", "一"), "todo", "x"),
        (("clauses", "一"), "procedural", "x"),
        (("clauses", "一"), "printed", 3),
        (("rules", "1"), "neds", ["passed"]),
        (("rules", "1"), "at_most", {"week": 3}),
        (("rules", "1", "rows", "1a"), "hour", 3),
        (("rules", "1"), "change", "alter"),
        (("rules", "1"), "hours", "6 pro day"),
        (("rules", "1"), "hours", "6 per pro day"),
        (("rules", "1", "rows", "1a"), "hours", "per pro day"),
        (("groups", "1g"), "hours", 3),
        (("requirements", "R1"), "at_lest", 3),
    ],
)
def test_what_does_not_belong_is_underlined(place: tuple[str, ...], key: str, value: Any) -> None:
    tree = copy.deepcopy(SMALL)
    node = tree
    for part in place:
        node = node[part]
    node[key] = value
    assert faults(tree)


def test_a_header_without_its_area_is_underlined() -> None:
    tree = copy.deepcopy(SMALL)
    del tree["regulation"]["area"]
    assert faults(tree) == ["'area' is a required property"]


def test_the_command_prints_the_schema() -> None:
    assert json.loads(CliRunner().invoke(app, ["schema"]).output) == rule_file_schema()


@pytest.mark.parametrize(
    "hours",
    ["10", "2.5", 8, "8 per day", "6 per 1000 characters", "stated in daily_hours", "10 to 15", "none", "Q5", "by_author", "credit_hours per credit"],
)  # fmt: skip
def test_every_amount_is_accepted(hours: Any) -> None:
    tree = copy.deepcopy(SMALL)
    tree["rules"]["1"]["hours"] = hours
    assert faults(tree) == []
