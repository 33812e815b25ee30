"""The trace of a year: every step noted as it is taken, and dressed as nodes for whoever reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xueshi.assessment.types import TraceNode, made

if TYPE_CHECKING:
    from xueshi.assessment.program import Cited

Noted = tuple[
    str, int, "Cited", dict[str, Any], tuple[str, ...], tuple[str, ...], int | None, int | None, str, str
]
"""One step: record, number of the step, what it rests on, the facts that were before it, the names it read of them,
presumed, hundredths before and after, code, text. The facts of a record are never changed once it is judged, and
what a step rests on is of the law: so a note holds both as they are, and copies neither."""


class Trace:
    """The steps of one year in their order: a sequence of `TraceNode`, made of the notes when somebody first reads it.

    Nothing is evaluated again for it. It is equal to another trace, or a tuple of nodes, that says the same.
    """

    __slots__ = ("_nodes", "_noted")

    def __init__(self, noted: list[Noted]) -> None:
        self._noted = noted
        self._nodes: tuple[TraceNode, ...] | None = None

    def nodes(self) -> tuple[TraceNode, ...]:
        """Return all nodes."""
        if self._nodes is None:
            self._nodes = tuple([node_of(one) for one in self._noted])
        return self._nodes

    def __len__(self) -> int:
        return len(self._noted)

    def __iter__(self) -> Iterator[TraceNode]:
        return iter(self.nodes())

    def __getitem__(self, index: int) -> TraceNode:
        return self.nodes()[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Trace):
            return self.nodes() == other.nodes()
        return self.nodes() == other if isinstance(other, tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.nodes())


def node_of(noted: Noted) -> TraceNode:
    """Dress one note as a node."""
    record, step, where, facts, names, presumed, before, after, code, text = noted
    read = {name: facts[name] for name in names if name in facts}
    return made(
        TraceNode,
        (
            record,
            step,
            where.rule,
            where.regulation,
            where.clause,
            read,
            presumed,
            where.readings,
            before,
            after,
            code,
            text,
        ),
    )
