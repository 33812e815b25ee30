"""What a paper is filled with: region-free data that a jurisdiction's field maps turn into its form's words.

Core gathers these; `plugins/*/papers/*.yaml` maps their fields; the templates distribution renders them.
They hold plain values only (no identity numbers), so that the same data gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

LATER = "later"
"""Mark of a field that came later: while empty it is left out of the canonical data, so that old digests hold."""


def later_field() -> str:
    """Declare a text field that papers issued before it existed do not have."""
    return field(default="", metadata={LATER: True})


@dataclass(frozen=True)
class StudyEntry:
    """One line of a person's card: what was studied, when, how, for how many hundredths of an hour."""

    start: date | None
    end: date | None
    content: str
    form: str
    hours: int
    """Hours granted, in hundredths."""
    result: str = ""
    certificate: str = ""
    category: str = ""
    """Category code of the instrument (`public`, `professional`, …)."""
    category_label: str = ""


@dataclass(frozen=True)
class PersonYear:
    """One person's verified year, ready for a card or certificate."""

    region: str
    area: str
    area_name: str
    year: int
    number: str
    """Number of the paper, unique in the campaign."""
    name: str
    sex: str
    born: date | None
    political_status: str
    unit: str
    post: str
    title: str
    level: str
    """`senior`, `intermediate`, `junior` or empty."""
    verdict: str
    """`met`, `not_met`, `needs_fact` or `not_judged`."""
    entries: tuple[StudyEntry, ...] = ()
    totals: Mapping[str, int] = field(default_factory=dict)
    """Hundredths by category, with `total`."""
    photo: bytes | None = None
    verified_on: date | None = None
    verifier: str = ""
    rules_digest: str = ""
    sample: bool = False
    """True for a demo or rehearsal folder: the paper is marked 示例."""
    corrects: str = later_field()
    """Number of the paper whose place this one takes (更正); empty for a first paper."""


@dataclass(frozen=True)
class LevelCounts:
    """Numbers of people: in all and by title level; people without a level are in `total` only."""

    total: int = 0
    senior: int = 0
    intermediate: int = 0
    junior: int = 0


@dataclass(frozen=True)
class UnitFiling:
    """One unit's filing for the yearly verification: what it declared and what came out."""

    region: str
    area: str
    area_name: str
    year: int
    unit: str
    filed_on: date | None
    declared: LevelCounts
    met: LevelCounts | None = None
    not_met: LevelCounts | None = None
    remarks: tuple[str, ...] = ()
    """Sentences for 说明; among them how many are neither met nor not met, and why."""
    verified_on: date | None = None
    verifier: str = ""
    number: str = ""
    sample: bool = False
    corrects: str = later_field()
    """Number of the paper whose place this one takes (更正); empty for a first paper."""


@dataclass(frozen=True)
class TableColumn:
    """One column of a yearly table: key, Chinese heading, definition in one sentence, unit (人, 人次, 学时, %, 元)."""

    key: str
    label: str
    definition: str
    unit: str = ""


@dataclass(frozen=True)
class YearTable:
    """A yearly statistics table: rows of exact values under defined columns."""

    region: str
    area: str
    area_name: str
    year: int
    title: str
    period_start: date
    period_end: date
    reporting_body: str
    made_on: date
    columns: tuple[TableColumn, ...]
    rows: tuple[Mapping[str, str | int | None], ...]
    totals: Mapping[str, str | int | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    clause: str = ""
    sample: bool = False


@dataclass(frozen=True)
class FigureLine:
    """One line behind a figure: cells under the list's headings, and what the line adds to the figure."""

    cells: tuple[str, ...]
    amount: int
    """In the column's own unit: 1, hundredths of an hour, hundredths of a yuan."""


@dataclass(frozen=True)
class FigureList:
    """What stands behind one figure of a yearly table: the column with its definition, the row, the lines."""

    column: TableColumn
    row: str
    """Heading of the row."""
    headings: tuple[str, ...]
    lines: tuple[FigureLine, ...]
    counted: Literal["sum", "distinct", "ratio"] = "sum"
    """How the lines give the figure: their sum, the different last cells, or their sum as a part of `of`."""
    of: int = 0


@dataclass(frozen=True)
class Letter:
    """A notice to a unit or person (return, reminder, decision) in official form."""

    region: str
    area_name: str
    number: str
    title: str
    addressee: str
    paragraphs: tuple[str, ...]
    signed_by: str
    signed_on: date
    sample: bool = False


@dataclass(frozen=True)
class ExplainedRecord:
    """One record on the page 学时认定说明: its name, what it counted, and labelled lines of explanation."""

    name: str
    hours: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ExplainedYear:
    """A person's year explained in Chinese sentences (学时认定说明)."""

    person: str
    unit: str
    area: str
    year: int
    period: str
    law: str
    verdict: str
    totals: tuple[tuple[str, str], ...]
    """Category label and hours, `合计` last."""
    requirements: tuple[str, ...]
    notes: tuple[str, ...]
    until: str
    """Last day (ISO) on which what is missing can still be made up."""
    cures: tuple[tuple[str, tuple[str, ...]], ...]
    """What is missing, and the ways to earn it."""
    records: tuple[ExplainedRecord, ...]
    readings: tuple[str, ...]
    rules_digest: str
    made_on: date
    sample: bool = False


DocumentData = PersonYear | UnitFiling | YearTable | Letter | ExplainedYear
