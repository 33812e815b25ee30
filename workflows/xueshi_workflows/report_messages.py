"""What travels between the `Report` workflow and its activities: ids, states, instants; no figure and no person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReportStart:
    """Input of a `Report` workflow."""

    report_id: str
    standing: bool
    """On a standing clock (demo, rehearsal) no timer runs."""
    remind_at: datetime | None = None
    """When the day ends on which the report had to be with the superior authority; None where none is set."""
