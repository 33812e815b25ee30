"""What bureaus published, as the registry asks for it: read from the database each time, since it changes."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.regulations.sources import BureauOverlay, RegulationSource
from xueshi.storage import reading

ENGINE = Scope.everything()


class PublishedOverlays:
    """Answers `Registry.bureau` from one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self) -> list[BureauOverlay]:
        """Return the overlays in force, in the order of their publication."""
        with reading(self._engine) as session:
            return [overlay_of(session, row) for row in repository.published(session, ENGINE)]


def overlay_of(session: Session, row: RuleDraft) -> BureauOverlay:
    """Return the overlay that a draft (not a rollback) is or would be in force."""
    text = audit.load_artifact(session, row.digest).decode()
    return BureauOverlay(
        str(row.id),
        row.area,
        row.instrument,
        row.decided,
        row.first_year,
        row.last_year,
        RegulationSource(f"本级口径/{row.area}/{row.file}", text),
    )
