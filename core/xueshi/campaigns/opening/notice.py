"""A notice (验证通知) as data: area, year, number, window, bodies, papers, clauses. Source: `notices/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Notice:
    """A published notice that opens one area's campaign of one year."""

    id: str
    region: str
    area: str
    year: int
    number: str
    title: str
    issuer: str
    issued: date
    opens: date
    closes: date
    """Last day of the window, 24:00; where the text names none, `closes_reading` says so."""
    flow: str
    papers: tuple[str, ...]
    """Ids of the papers that this campaign issues."""
    place: str = ""
    closes_reading: str = ""
    bodies: Mapping[str, str] = field(default_factory=dict)
    addressees: tuple[str, ...] = ()
    clauses: Mapping[str, str] = field(default_factory=dict)
    """Clause → gist in our own words."""
    makeup_until: date | None = None
    report_by: date | None = None
    appeal_days: int | None = None
    """Working days after a decision within which a unit may appeal (申诉); None: the text names none, so none is set."""
    appeal_clause: str = ""
    """Clause that names them; needed with `appeal_days`."""
    source: str = ""
