"""The trace of an evaluation: one note for each step, which holds its rule and the facts of its record and copies neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, final

if TYPE_CHECKING:
    from xueshi.assessment.program import Cited


class Citation(NamedTuple):
    """What a step of the trace rests on: the rule, its place in the text, and the readings behind it."""

    rule: str
    regulation: str
    clause: str
    readings: tuple[str, ...]


@final
class TraceNode:
    """One step of the evaluation of one record: what was read, presumed and rested on; hundredths before and after.

    A note, not a copy: `cited` is of the law, `facts` are those of the record, which nobody changes once it is taken
    up, and `names` are the ones that this step read, where they are stated.
    """

    __slots__ = (
        "_after", "_before", "_cited", "_code", "_facts", "_names", "_presumed", "_record", "_step", "_text",
    )  # fmt: skip

    def __init__(
        self,
        record: str,
        step: int,
        cited: Citation | Cited,
        facts: Mapping[str, Any],
        names: tuple[str, ...],
        presumed: tuple[str, ...],
        before: int | None,
        after: int | None,
        code: str,
        text: str,
    ) -> None:
        self._record = record
        self._step = step
        self._cited = cited
        self._facts = facts
        self._names = names
        self._presumed = presumed
        self._before = before
        self._after = after
        self._code = code
        self._text = text

    @property
    def record(self) -> str:
        """The record that the step is of; empty for a requirement of the year."""
        return self._record

    @property
    def step(self) -> int:
        """The number of the step (rule language 3.2)."""
        return self._step

    @property
    def cited(self) -> Citation | Cited:
        """What it rests on, as it stands in the law."""
        return self._cited

    @property
    def facts(self) -> Mapping[str, Any]:
        """The facts of the record, or of the person."""
        return self._facts

    @property
    def names(self) -> tuple[str, ...]:
        """The facts that the step read, where they are stated."""
        return self._names

    @property
    def presumed(self) -> tuple[str, ...]:
        """The facts whose absence it took for a value."""
        return self._presumed

    @property
    def before(self) -> int | None:
        """Hundredths before it; None where it is about no hours."""
        return self._before

    @property
    def after(self) -> int | None:
        """Hundredths after it; None where it is about no hours."""
        return self._after

    @property
    def code(self) -> str:
        """The stable code of a reason; empty where there is none."""
        return self._code

    @property
    def text(self) -> str:
        """The sentence for the reader; empty where there is none."""
        return self._text

    @property
    def rule(self) -> str:
        """The rule that the step rests on."""
        return self.cited.rule

    @property
    def regulation(self) -> str:
        """The regulation of the rule."""
        return self.cited.regulation

    @property
    def clause(self) -> str:
        """The clause of the rule."""
        return self.cited.clause

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings behind the rule."""
        return self.cited.readings

    @property
    def read(self) -> dict[str, Any]:
        """What the step read: the facts by name, as they are stated."""
        facts = self.facts
        return {name: facts[name] for name in self.names if name in facts}

    def __eq__(self, other: object) -> bool:
        # By what it says: a node that was read from JSON cites in words of its own.
        return isinstance(other, TraceNode) and self.to_json() == other.to_json()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.record, self.step, self.code, self.text))

    def to_json(self) -> dict[str, Any]:
        """Return the step as plain data; dates and fractions become text."""
        return {
            "record": self.record,
            "step": self.step,
            "rule": self.rule,
            "regulation": self.regulation,
            "clause": self.clause,
            "read": {name: plain_value(value) for name, value in self.read.items()},
            "presumed": list(self.presumed),
            "readings": list(self.readings),
            "before": self.before,
            "after": self.after,
            "code": self.code,
            "text": self.text,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> TraceNode:
        """Read what `to_json` wrote (values that were read stay plain)."""
        cited = Citation(data["rule"], data["regulation"], data["clause"], tuple(data["readings"]))
        read, presumed = data["read"], tuple(data["presumed"])
        return TraceNode(
            data["record"], data["step"], cited, read, tuple(read), presumed,
            data["before"], data["after"], data["code"], data["text"],
        )  # fmt: skip


def plain_value(value: Any) -> Any:
    """Return a fact's value as JSON-able data: dates and fractions as text, lists of them element by element."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner) for inner in value]
    if hasattr(value, "numerator"):
        top, bottom = value.numerator, value.denominator
        return (
            str(top) if bottom == 1 else f"{top / bottom:.2f}" if (100 % bottom) == 0 else f"{top}/{bottom}"
        )
    return str(value)
