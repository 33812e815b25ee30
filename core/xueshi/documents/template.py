"""What a jurisdiction says about a paper: its kind, the years it serves, its template and how fields map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from xueshi.jurisdictions import YearSpan

DataKind = Literal["person_year", "unit_filing", "year_table", "letter", "explained_year"]
OutputFormat = Literal["pdf", "png", "xlsx", "docx", "html"]


@dataclass(frozen=True)
class DocumentTemplate:
    """One paper of a jurisdiction: `papers/<id>.yaml` read into values.

    `closure` maps every file that the template needs (itself, its parents, look files) to its text, so that
    printing depends on nothing else; its digest is pinned when a campaign opens.
    """

    id: str
    title: str
    clause: str
    data: DataKind
    years: YearSpan
    format: OutputFormat
    template: str
    """Name of the entry template inside the closure."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """The form's own words and options: labels, rows per page, sentences."""
    closure: Mapping[str, str] = field(default_factory=dict)
