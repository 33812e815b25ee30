"""Queries on reports, received reports and trusted keys. Every function takes the scope; the frame commits."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from xueshi.access.scope import Scope
from xueshi.errors import NotFoundError
from xueshi.reports.manifest import read_number
from xueshi.reports.tables import ReceivedReport, Report, TrustedKey


def report(session: Session, scope: Scope, report_id: UUID, *, lock: bool = False) -> Report:
    """Return a report of the sending side; raises NotFoundError outside the scope."""
    query = select(Report).where(Report.id == report_id, scope.clause(Report.area))
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFoundError(f"找不到报告 {report_id}，或不在您的管理范围；用 xueshi report list 查看")
    return found


def reports(session: Session, scope: Scope) -> list[Report]:
    """Return all revisions of the scope's reports, newest year and revision first."""
    query = (
        select(Report)
        .where(scope.clause(Report.area))
        .order_by(col(Report.year).desc(), col(Report.area), col(Report.revision).desc())
    )
    return list(session.exec(query).all())


def newest_report(session: Session, scope: Scope, region: str, area: str, year: int) -> Report | None:
    """Return the newest revision of an area's report of a year."""
    query = (
        select(Report)
        .where(Report.region == region, Report.area == area, Report.year == year, scope.clause(Report.area))
        .order_by(col(Report.revision).desc())
    )
    return session.exec(query).first()


def report_of_revision(
    session: Session, scope: Scope, region: str, area: str, year: int, revision: int, *, lock: bool = False
) -> Report | None:
    """Return one revision of an area's report, with `lock` held for this transaction."""
    query = select(Report).where(
        Report.region == region,
        Report.area == area,
        Report.year == year,
        Report.revision == revision,
        scope.clause(Report.area),
    )
    return session.exec(query.with_for_update() if lock else query).first()


def numbered(session: Session, scope: Scope, number: str) -> Report:
    """Return a report of the sending side by its number. Raises InputError for no number, NotFoundError outside the scope."""
    found = report_of_revision(session, scope, *read_number(number))
    if found is None:
        raise NotFoundError(f"找不到报告 {number}，或不在您的管理范围；用 xueshi report list 查看")
    return found


def received_numbered(session: Session, scope: Scope, number: str) -> ReceivedReport:
    """Return a received report by its number. Raises InputError for no number, NotFoundError outside the scope."""
    region, area, year, revision = read_number(number)
    for one in received_reports(session, scope, region=region, area=area, year=year):
        if one.revision == revision:
            return one
    raise NotFoundError(f"没有收到报告 {number}，或不在您的管理范围；用 xueshi report list --received 查看")


def unstarted(session: Session) -> list[Report]:
    """Return sent reports whose workflow does not run yet."""
    return list(session.exec(select(Report).where(Report.state == "sent", Report.workflow == "")).all())


def untold(session: Session) -> list[Report]:
    """Return settled reports whose workflow was not told so yet."""
    query = select(Report).where(
        col(Report.state).in_(("acknowledged", "rejected")), Report.workflow == "started"
    )
    return list(session.exec(query).all())


def received(session: Session, scope: Scope, received_id: UUID, *, lock: bool = False) -> ReceivedReport:
    """Return a received report; raises NotFoundError outside the scope."""
    query = select(ReceivedReport).where(ReceivedReport.id == received_id, scope.clause(ReceivedReport.area))
    found = session.exec(query.with_for_update() if lock else query).first()
    if found is None:
        raise NotFoundError(
            f"找不到收到的报告 {received_id}，或不在您的管理范围；用 xueshi report list --received 查看"
        )
    return found


def received_reports(
    session: Session, scope: Scope, *, region: str = "", area: str = "", year: int | None = None
) -> list[ReceivedReport]:
    """Return received reports of the scope, newest year first, then by area, the newest revision first."""
    query = (
        select(ReceivedReport)
        .where(scope.clause(ReceivedReport.area))
        .order_by(
            col(ReceivedReport.year).desc(), col(ReceivedReport.area), col(ReceivedReport.revision).desc()
        )
    )
    if region:
        query = query.where(ReceivedReport.region == region)
    if area:
        query = query.where(ReceivedReport.area == area)
    if year is not None:
        query = query.where(ReceivedReport.year == year)
    return list(session.exec(query).all())


def trusted_key(session: Session, area: str, key_id: str) -> TrustedKey | None:
    """Return the key of an area if it is trusted now, locked: two packages of one body are taken in one after the other."""
    query = select(TrustedKey).where(
        TrustedKey.area == area, TrustedKey.key_id == key_id, col(TrustedKey.ended_at).is_(None)
    )
    return session.exec(query.with_for_update()).first()


def known_key(session: Session, area: str, key_id: str) -> TrustedKey | None:
    """Return the key of an area whether it is still trusted or not."""
    query = select(TrustedKey).where(TrustedKey.area == area, TrustedKey.key_id == key_id)
    return session.exec(query).first()


def trusted_keys(session: Session) -> list[TrustedKey]:
    """Return all keys, those that are no longer trusted included: public keys are no secret."""
    return list(session.exec(select(TrustedKey).order_by(col(TrustedKey.area), col(TrustedKey.id))).all())
