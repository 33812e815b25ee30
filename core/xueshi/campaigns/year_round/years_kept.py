"""What an import may not touch: who is judged, or as what, in a year that a unit handed over and that is not sealed yet."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from xueshi.campaigns.judging.assessing import days_of, pack_of
from xueshi.campaigns.rows import filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.campaigns.year_round.record_law import UNDER_REVIEW
from xueshi.errors import InputError
from xueshi.register.disturbed import Disturbed
from xueshi.register.rows import standing_rows

SHOWN = 3


def under_review(session: Session, unit_ids: list[UUID]) -> list[tuple[Campaign, Filing]]:
    """Return the filings of some units that were handed over and still count on the register.

    A sealed year is not among them: its people, hours and words are sealed, and no register changes them.
    """
    return [
        (campaign, filing)
        for campaign, filing in filing_rows.filings_of_year(session, unit_ids)
        if (campaign.stage in ("open", "closing") and filing.stage in UNDER_REVIEW)
        or filing.stage in ("assessing", "deciding")
    ]


def keep_years(session: Session, disturbed: Disturbed) -> None:
    """Raise InputError where an entry changes who is judged, or at which level, in a year that is under review."""
    titled = sorted(disturbed.titles)
    units = standing_rows.units_of_people(session, titled) | {one for one, _ in disturbed.employments}
    for campaign, filing in under_review(session, sorted(units)):
        last, read_on = days_of(campaign, pack_of(session, campaign))
        there = standing_rows.people_at(session, filing.unit_id, titled, last)
        people = disturbed.at(filing.unit_id, there, last, read_on)
        if people:
            names = standing_rows.names_of(session, sorted(people)[:SHOWN])
            cure = "请先由审核单位退回" if campaign.stage == "open" else "请待该年度封存、该轮办结"
            raise InputError(
                f"{'、'.join(names)}等 {len(people)} 人在 {campaign.year} 年度（截至{last}）的任职或职称会因此改变，"
                f"而有关单位的该年度验证已提交、尚未封存；{cure}，再导入，或核对入职日期、离开日期和取得职称日期"
            )
