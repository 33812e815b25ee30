"""A YAML text as a tree that keeps the line of every word; all scalars stay text (rule language, decision 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from xueshi.regulations.diagnostics import Diagnostic, Findings
from xueshi.regulations.sources import RegulationSource

KEPT: Final = 64
"""How many texts are kept as trees: the files of all regions, and what bureaus wrote beside them."""


@dataclass(frozen=True, eq=False)
class Scalar:
    """One word or number, as written, without quotes."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, eq=False)
class Sequence:
    """A list."""

    file: str
    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Mapping:
    """Keys in the order of the file; `lines` holds the line of each key."""

    file: str
    line: int
    entries: dict[str, Node]
    lines: dict[str, int]

    def get(self, key: str) -> Node | None:
        """Return the value under a key, None when it is not written."""
        return self.entries.get(key)

    def line_of(self, key: str) -> int:
        """Return the line of a key, else of the mapping itself."""
        return self.lines.get(key, self.line)

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        return iter(self.entries.items())


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> object:
    """Return the tree as dicts, lists and texts: what two nodes are compared by."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node}


def empty_mapping(file: str) -> Mapping:
    """Return a mapping without keys, for a section that is not written."""
    return Mapping(file, 1, {}, {})


def read_document(source: RegulationSource, findings: Findings) -> Mapping:
    """Read one YAML text; what is no YAML, or a key written twice, is a finding with its line.

    A text that is no mapping gives an empty one beside the finding. A tree never changes, so a text that was read before
    is not read again: a process that judges record after record asks for the same law each time.
    """
    tree, faults = _read(source)
    findings.found.extend(fault for fault in faults if fault not in findings.found)
    return tree


@lru_cache(maxsize=KEPT)
def _read(source: RegulationSource) -> tuple[Mapping, tuple[Diagnostic, ...]]:
    findings = Findings()
    tree = _composed(source, findings)
    return tree, tuple(findings.found)


def _composed(source: RegulationSource, findings: Findings) -> Mapping:
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(source.text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        findings.add(
            "E103",
            source.path,
            line,
            f"this is no YAML: {error.problem}",
            "correct the brackets, quotes or indentation of this line",
        )
        return empty_mapping(source.path)
    if not isinstance(root, MappingNode):
        findings.add("E103", source.path, 1, "the file is empty or is no mapping", "begin with xueshi: 1")
        return empty_mapping(source.path)
    tree = _node(root, source.path, findings)
    assert isinstance(tree, Mapping)
    return tree


def _node(raw: object, file: str, findings: Findings) -> Node:
    if isinstance(raw, ScalarNode):
        return Scalar(file, raw.start_mark.line + 1, str(raw.value).strip())
    if isinstance(raw, SequenceNode):
        return Sequence(
            file, raw.start_mark.line + 1, tuple(_node(item, file, findings) for item in raw.value)
        )
    if not isinstance(raw, MappingNode):
        raise TypeError(f"unexpected YAML node in {file}")
    entries: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in raw.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            findings.add("E103", file, line, "a key must be one word", "write the key as plain text")
            continue
        key = str(key_node.value).strip()
        if key in entries:
            findings.add(
                "E102", file, line, f"{key} is written twice, first at line {lines[key]}", "rename one"
            )
            continue
        entries[key] = _node(value_node, file, findings)
        lines[key] = line
    return Mapping(file, raw.start_mark.line + 1, entries, lines)
