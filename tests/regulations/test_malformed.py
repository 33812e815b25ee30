"""Whatever stands in a rule file, the checks answer with findings; they never end in a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from xueshi.errors import NotFoundError
from xueshi.regulations.check import check
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence, read_document
from xueshi.regulations.sources import RegulationSource

REPLACEMENTS: tuple[Callable[[Node], Node], ...] = (
    lambda node: Scalar(node.file, node.line, "nonsense"),
    lambda node: Scalar(node.file, node.line, ""),
    lambda node: Sequence(node.file, node.line, ()),
    lambda node: Sequence(node.file, node.line, (node, node)),
    lambda node: Mapping(node.file, node.line, {}, {}),
    lambda node: Mapping(node.file, node.line, {"nonsense": node}, {"nonsense": node.line}),
)


def variants(node: Node, change: Callable[[Node], Node]) -> Iterator[Node]:
    """Yield the tree once for each node that is changed in it."""
    yield change(node)
    if isinstance(node, Mapping):
        for key, value in node:
            for inner in variants(value, change):
                yield Mapping(node.file, node.line, {**node.entries, key: inner}, node.lines)
    elif isinstance(node, Sequence):
        for place, value in enumerate(node.items):
            for inner in variants(value, change):
                items = (*node.items[:place], inner, *node.items[place + 1 :])
                yield Sequence(node.file, node.line, items)


@pytest.mark.parametrize("change", REPLACEMENTS, ids=["word", "blank", "list", "twice", "mapping", "deeper"])
@pytest.mark.parametrize("of", ["example", "child"])
def test_any_node_may_be_wrong(of: str, change: Callable[[Node], Node], request: Any) -> None:
    text = {"EX2020": request.getfixturevalue("example"), "EX2024": request.getfixturevalue("child")}
    asked = "EX2020" if of == "example" else "EX2024"
    root = read_document(RegulationSource(f"{asked}.yaml", text[asked]), Findings())
    count = silent = 0
    for tree in variants(root, change):
        if not isinstance(tree, Mapping):
            continue
        count += 1

        def source_of(instrument: str, tree: Mapping = tree) -> Mapping | RegulationSource:
            if instrument not in text:
                raise NotFoundError(f"there is no {instrument}")
            return tree if instrument == asked else RegulationSource(instrument, text[instrument])

        found = check(asked, source_of)
        assert all(one.line >= 1 and one.message and one.repair for one in found)
        silent += not any(one.severity == "E" for one in found)
    # What may stay silent: free text, and a value written twice in a list of alternatives.
    assert silent < count / (2 if change is REPLACEMENTS[3] else 4)
