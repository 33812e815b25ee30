"""What goes into an assessment and what comes out (rule language 3.5): frozen values, hours in hundredths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from xueshi.assessment.trace import TraceNode

VERDICTS = ("met", "not_met", "needs_fact", "not_judged")
made = tuple.__new__
"""Makes one of the tuples below from all its fields in order: what its class does, without two calls in between."""

NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
"""What a mapping below is where none is given: empty, and nobody can fill it."""

RECORD_VERDICTS = ("credited", "reduced", "uncredited", "refused", "needs_fact", "other_year", "manual")


WAITING = frozenset(("needs_fact", "manual"))
"""Verdicts of a record that still waits: for a fact, or for somebody's decision."""


class LedgerEntry(NamedTuple):
    """One grant or refusal: a record (or a part of one spread over years), its rules, clause, hours and reason.

    `hours` and `claimed` are hundredths; `rules` are base, add-on and limiting group; `same` is the identity
    (work or project) by which later years recognise it.
    """

    record: str
    year: int | None
    part: int
    rules: tuple[str, ...]
    regulation: str
    clause: str
    category: str
    hours: int
    claimed: int | None
    verdict: str
    code: str
    text: str
    same: str | None = None
    kind: str = ""
    """The kind of record, told where an entry is handed on to later years: another law may call its rules otherwise."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry as plain data; the kind only where it is told, so that stored results stay what they were."""
        body = {**self._asdict(), "rules": list(self.rules)}
        if not self.kind:
            del body["kind"]
        return body

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> LedgerEntry:
        """Read what `to_json` wrote."""
        return LedgerEntry(**{**data, "rules": tuple(data["rules"])})


class RequirementResult(NamedTuple):
    """One requirement of one person and year: minimum, total and shortfall in hundredths (counts for a count).

    `met` is None while a fact of the person is missing (`facts` names it) or open records could still change it.
    """

    id: str
    rule: str
    regulation: str
    clause: str
    of: str
    label: str
    minimum: int | None
    total: int
    shortfall: int
    met: bool | None
    facts: tuple[str, ...] = ()
    by: str = ""
    """`deemed` entry or alternative by which it is met although the hours are short."""

    parts: tuple[str, ...] = ()
    """The requirements between which it chooses, or that it holds together, where it is one of alternatives."""

    years: tuple[int, ...] = ()
    """The years whose results would tell whether it is met, and that are not at hand."""

    def to_json(self) -> dict[str, Any]:
        """Return the requirement as plain data."""
        lists = {"facts": list(self.facts), "parts": list(self.parts), "years": list(self.years)}
        return {**self._asdict(), **lists}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RequirementResult:
        """Read what `to_json` wrote."""
        lists = {name: tuple(data.get(name, ())) for name in ("facts", "parts", "years")}
        return RequirementResult(**{**data, **lists})


class OpenFact(NamedTuple):
    """A record (or the person, record empty) that waits: for facts, or for somebody's decision within bounds."""

    record: str
    facts: tuple[str, ...]
    code: str
    text: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**self._asdict(), "facts": list(self.facts)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> OpenFact:
        """Read what `to_json` wrote."""
        return OpenFact(**{**data, "facts": tuple(data["facts"])})


@dataclass(frozen=True)
class WindowResult:
    """A requirement over several years: its own verdict beside the yearly ones. Sums and minimums in hundredths."""

    id: str
    rule: str
    regulation: str
    clause: str
    years: tuple[int, ...]
    sums: Mapping[str, int]
    minimums: Mapping[str, int]
    average: Mapping[str, int]
    sum_met: bool | None
    met: bool | None
    missing_years: tuple[int, ...] = ()
    text: str = ""
    untold: tuple[int, ...] = ()
    """Years that are at hand and do not tell what is asked of them: hours of a category, or a minimum."""

    each: Mapping[str, int] = field(default_factory=dict)
    """What each year is to reach by itself by a number of the text's own."""

    short_years: tuple[int, ...] = ()
    """Years that do not reach it."""

    @property
    def shortfall(self) -> dict[str, int]:
        """What the years lack together: category, sum or total → hundredths (nothing where years are missing)."""
        if self.missing_years or self.untold:
            return {}
        short = {key: minimum - self.sums.get(key, 0) for key, minimum in self.minimums.items()}
        return {key: hours for key, hours in short.items() if hours > 0}

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        more: dict[str, Any] = {"untold": list(self.untold)} if self.untold else {}
        if self.each:
            more |= {"each": dict(self.each), "short_years": list(self.short_years)}
        return {
            "id": self.id, "rule": self.rule, "regulation": self.regulation, "clause": self.clause, "years": list(self.years),
            "sums": dict(self.sums), "minimums": dict(self.minimums), "average": dict(self.average), "sum_met": self.sum_met,
            "met": self.met, "missing_years": list(self.missing_years), "text": self.text, **more,
        }  # fmt: skip

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> WindowResult:
        """Read what `to_json` wrote."""
        lists = {
            name: tuple(data.get(name, ())) for name in ("years", "missing_years", "untold", "short_years")
        }
        return WindowResult(**{**data, **lists})


class RecordFacts(NamedTuple):
    """One activity: id, kind, the year it was entered under (None: the year judged), its facts, the hours claimed.

    A fact that is absent is not stated; one that is None is stated as none. `name` is the person's own title for it.
    """

    id: str
    kind: str
    facts: Mapping[str, Any]
    year: int | None = None
    claimed: int | None = None
    name: str = ""
    makeup: bool = False
    """Made up (补训) for `year`, inside that year's make-up window: counted there whatever its dates say, nowhere else."""


@dataclass(frozen=True)
class YearFigures:
    """What a window needs of one year: totals and minimums by category or sum (hundredths), and which were met."""

    totals: Mapping[str, int]
    minimums: Mapping[str, int]
    met: Mapping[str, bool | None]

    @staticmethod
    def of(assessment: YearAssessment) -> YearFigures:
        """Take the figures from a judged year, also of requirements that are only a part of others."""
        judged = (*assessment.parts, *assessment.requirements)
        over_years = {window.id for window in assessment.windows}
        plain = [result for result in judged if not result.parts and result.id not in over_years]
        counts = {code: count * 100 for code, count in assessment.counts.items()}
        totals = {**assessment.totals, **counts}
        # Of what no yearly requirement is of, a record that waits leaves open what the year comes to.
        waits = any(entry.verdict in WAITING for entry in assessment.ledger)
        return YearFigures(
            totals,
            {result.of: result.minimum for result in plain if result.minimum is not None},
            {**(dict.fromkeys(totals) if waits else {}), **{result.of: result.met for result in plain}},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {"totals": dict(self.totals), "minimums": dict(self.minimums), "met": dict(self.met)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> YearFigures:
        """Read what `to_json` wrote."""
        return YearFigures(data["totals"], data["minimums"], data["met"])


class PersonYearRequest(NamedTuple):
    """One person, one statistics year: facts of the person (plain, or dated as `[(from, value), …]`) and records.

    `earlier` are ledger entries of former years, `years` the figures of other years: both only where the law reads them.
    """

    area: str
    year: int
    person: Mapping[str, Any]
    records: tuple[RecordFacts, ...]
    earlier: tuple[LedgerEntry, ...] = ()
    years: Mapping[int, YearFigures] = NOTHING


class YearAssessment(NamedTuple):
    """One person's year as judged: verdict, totals (hundredths), requirements, open points, ledger, trace."""

    pack_id: str
    pack_digest: str
    language: int
    area: str
    year: int
    verdict: str
    totals: Mapping[str, int]
    requirements: tuple[RequirementResult, ...]
    warnings: tuple[str, ...]
    open: tuple[OpenFact, ...]
    ledger: tuple[LedgerEntry, ...]
    readings: tuple[str, ...]
    trace: tuple[TraceNode, ...] = ()
    windows: tuple[WindowResult, ...] = ()
    text: str = ""
    """Why it is not judged, with the nearest encoded years; empty otherwise."""

    counts: Mapping[str, int] = NOTHING
    later: tuple[LedgerEntry, ...] = ()
    """Parts of a spread that fall into later years; handed in as `earlier` they are counted there."""

    parts: tuple[RequirementResult, ...] = ()
    """Yearly requirements without a verdict of their own: parts of alternatives, or only used by a window."""

    @property
    def shortfall(self) -> dict[str, int]:
        """The minimums that are short: `of` → hundredths missing."""
        return {
            result.of: result.shortfall
            for result in self.requirements
            if result.shortfall > 0 and not result.by
        }

    def entry(self, record: str) -> LedgerEntry:
        """Return the ledger entry of a record. Raises KeyError when there is none."""
        for entry in self.ledger:
            if entry.record == record:
                return entry
        raise KeyError(record)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON-able data."""
        return {
            "pack": {"id": self.pack_id, "digest": self.pack_digest, "language": self.language},
            "area": self.area, "year": self.year, "verdict": self.verdict, "totals": dict(self.totals), "counts": dict(self.counts),
            "requirements": [result.to_json() for result in self.requirements],
            "windows": [window.to_json() for window in self.windows],
            "warnings": list(self.warnings), "open": [point.to_json() for point in self.open],
            "ledger": [entry.to_json() for entry in self.ledger], "readings": list(self.readings),
            "trace": [node.to_json() for node in self.trace], "text": self.text, "later": [entry.to_json() for entry in self.later],
            "parts": [result.to_json() for result in self.parts],
        }  # fmt: skip

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> YearAssessment:
        """Read what `to_json` wrote."""
        return YearAssessment(
            data["pack"]["id"], data["pack"]["digest"], data["pack"]["language"], data["area"], data["year"], data["verdict"],
            dict(data["totals"]), tuple(RequirementResult.from_json(one) for one in data["requirements"]), tuple(data["warnings"]),
            tuple(OpenFact.from_json(one) for one in data["open"]), tuple(LedgerEntry.from_json(one) for one in data["ledger"]),
            tuple(data["readings"]), tuple(TraceNode.from_json(one) for one in data["trace"]),
            tuple(WindowResult.from_json(one) for one in data["windows"]), data["text"], dict(data["counts"]),
            tuple(LedgerEntry.from_json(one) for one in data["later"]),
            tuple(RequirementResult.from_json(one) for one in data.get("parts", ())),
        )  # fmt: skip


def with_kinds(request: PersonYearRequest, ledger: Iterable[LedgerEntry]) -> Iterator[LedgerEntry]:
    """Give entries of a judged year the kinds of their records: so later years, under whatever law, recognise them."""
    kinds = {record.id: record.kind for record in request.records}
    return (entry._replace(kind=kinds.get(entry.record, entry.kind)) for entry in ledger)
