"""Queries on drafts of rule values, on impacts, and on the years in which people of an area have anything."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.bureau_rules.tables import RuleDraft, RuleImpact
from xueshi.errors import InputError, NotFoundError
from xueshi.register.rows.shared import visible
from xueshi.register.tables import ImportBatch, StudyRecord, Unit
from xueshi.results.tables import YearResult

RULES, FLOWS = ("overlay", "rollback"), ("flow", "flow_end")
"""Kinds of drafts: of a bureau's own rule values, of its settings of flows."""
SHORTEST = 6
"""Characters of a digest by which a draft may be named."""


def draft(
    session: Session, scope: Scope, draft_id: UUID, *, lock: bool = False, kinds: Sequence[str] = RULES
) -> RuleDraft:
    """Return a draft of some kinds (locked for this transaction where asked); raises NotFoundError outside the scope."""
    query = select(RuleDraft).where(
        RuleDraft.id == draft_id, col(RuleDraft.kind).in_(kinds), scope.area_clause(RuleDraft.area)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).first()
    if found is None:
        raise NotFoundError(_absent(str(draft_id), kinds))
    return found


def draft_named(session: Session, scope: Scope, word: str, kinds: Sequence[str] = RULES) -> RuleDraft:
    """Return the draft of an id, or of the beginning of its digest; of several with one text the newest."""
    try:
        return draft(session, scope, UUID(word), kinds=kinds)
    except ValueError:
        pass
    query = (
        select(RuleDraft)
        .where(
            col(RuleDraft.digest).startswith(word.lower(), autoescape=True),
            col(RuleDraft.kind).in_(kinds),
            scope.area_clause(RuleDraft.area),
        )
        .order_by(col(RuleDraft.made_at).desc(), col(RuleDraft.id).desc())
    )
    found = session.exec(query).all() if len(word) >= SHORTEST else []
    if not found:
        raise NotFoundError(_absent(word, kinds))
    if len({(one.digest, one.area) for one in found}) > 1:
        raise InputError(f"以“{word}”开头的草案有 {len(found)} 件；请多写几位，见 {_listed(kinds)}")
    return found[0]


def drafts(
    session: Session,
    scope: Scope,
    *,
    region: str = "",
    area: str = "",
    states: tuple[str, ...] = (),
    kinds: Sequence[str] = RULES,
) -> list[RuleDraft]:
    """Return the drafts of some kinds in the scope's areas, oldest first."""
    query = (
        select(RuleDraft)
        .where(col(RuleDraft.kind).in_(kinds), scope.area_clause(RuleDraft.area))
        .order_by(col(RuleDraft.made_at), col(RuleDraft.id))
    )
    if region:
        query = query.where(RuleDraft.region == region)
    if area:
        query = query.where(RuleDraft.area == area)
    if states:
        query = query.where(col(RuleDraft.state).in_(states))
    return list(session.exec(query).all())


def published(session: Session, scope: Scope, region: str = "") -> list[RuleDraft]:
    """Return the overlays in force, in the order of their publication."""
    query = (
        select(RuleDraft)
        .where(RuleDraft.kind == "overlay", RuleDraft.state == "published", scope.area_clause(RuleDraft.area))
        .order_by(col(RuleDraft.published_at), col(RuleDraft.id))
    )
    if region:
        query = query.where(RuleDraft.region == region)
    return list(session.exec(query).all())


def lock_region(session: Session, region: str) -> None:
    """Hold all drafts of a region until the transaction ends: two publications go one after the other."""
    session.exec(select(RuleDraft.id).where(RuleDraft.region == region).with_for_update()).all()


def newest_impact(session: Session, draft_id: UUID) -> RuleImpact | None:
    """Return the newest impact that was computed for all years of a draft."""
    query = (
        select(RuleImpact)
        .where(RuleImpact.draft_id == draft_id, col(RuleImpact.year).is_(None))
        .order_by(col(RuleImpact.computed_at).desc(), col(RuleImpact.id).desc())
    )
    return session.exec(query).first()


def years_with_people(session: Session, scope: Scope) -> dict[int, set[UUID]]:
    """Return year → units of the scope that have anything of it: a workbook, a record, a judged year."""
    found: dict[int, set[UUID]] = {}
    workbooks = (
        select(ImportBatch.year, Unit.id)
        .join(Unit, col(Unit.id) == col(ImportBatch.unit_id))
        .where(ImportBatch.state == "promoted", visible(scope))
    )
    records = (
        select(StudyRecord.year, Unit.id)
        .join(Unit, col(Unit.id) == col(StudyRecord.unit_id))
        .where(visible(scope))
        .distinct()
    )
    judged = (
        select(YearResult.year, Unit.id)
        .join(Unit, col(Unit.id) == col(YearResult.unit_id))
        .where(visible(scope))
        .distinct()
    )
    for query in (workbooks, records, judged):
        for year, unit_id in session.exec(query):
            found.setdefault(year, set()).add(unit_id)
    return found


def _absent(word: str, kinds: Sequence[str]) -> str:
    return f"找不到草案 {word}，或不在您的管理范围；用 {_listed(kinds)} 查看"


def _listed(kinds: Sequence[str]) -> str:
    """Name the command that lists drafts of some kinds."""
    return "xueshi rules drafts" if kinds == RULES else "xueshi flows drafts"
