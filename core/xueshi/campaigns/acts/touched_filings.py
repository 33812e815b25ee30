"""Filings that a change of people touches: one that is handed over bars it, one still at its unit is signed anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.filing_state import void_signatures
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.judging.assessing import pack_of
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.campaigns.year_round.record_law import UNDER_REVIEW
from xueshi.machines.filing_machine import Refused
from xueshi.machines.stored_state import load_state
from xueshi.real_clock import real_now

ENGINE = Scope.everything()


def no_year_disturbed(
    session: Session, unit_ids: tuple[UUID, ...], day: date, *, but: int | None = None
) -> Refused | None:
    """Refuse what would change who is judged, or as what, in a year that a unit has handed over or that is sealed.

    `but` is a year that the caller looks after himself.
    """
    for campaign, filing in filing_rows.filings_of_year(session, unit_ids):
        if campaign.year == but:
            continue
        _, last = pack_of(session, campaign).year_window(campaign.year)
        if day <= last and filing.stage in UNDER_REVIEW:
            if campaign.stage == "open":
                cure = "请先由审核单位退回，再办理"
            else:
                cure = f"请把日期写在{last}之后，或由主管部门重新开启该年度"
            return Refused(
                "year_handed_over",
                f"{day}在{campaign.year}年度内，有关单位的该年度验证已提交或已封存，人员情况不能再变动；{cure}",
            )
    return None


def sign_anew(session: Session, unit_ids: Sequence[UUID], day: date, why: str) -> dict[str, object]:
    """Void the signatures given so far on years of some units in which other people stand than their signers saw.

    `day` is the first day on which it is otherwise: a year that ended before is as it was. `why` is told to whoever
    signed, and names nobody. Returns what effect and audit say of it: unit → roles whose signature is void.
    """
    void: dict[str, list[str]] = {}
    for campaign, filing in filing_rows.filings_of_year(session, sorted(set(unit_ids))):
        if filing.stage != "filing" or day > pack_of(session, campaign).year_window(campaign.year)[1]:
            continue
        roles = _changed(session, campaign, filing, campaign_now(session, campaign, real_now()), why)
        if roles:
            void.setdefault(str(filing.unit_id), []).extend(roles)
    return {"void": void} if void else {}


def register_changed(session: Session, year: int, unit_id: UUID, now: datetime, why: str) -> None:
    """Let a unit that is at its filing of a year sign anew: people of another unit came to it, or went back."""
    found = campaign_rows.campaign_of_unit(session, ENGINE, unit_id, year)
    if found is not None and found[1].stage == "filing":
        _changed(session, found[0], found[1], now, why)


def _changed(session: Session, campaign: Campaign, filing: Filing, now: datetime, why: str) -> list[str]:
    filing = filing_rows.filing(session, ENGINE, filing.id, lock=True)
    if filing.input_version or load_state(filing.state, None).makeup_from:
        # Where nothing was handed in yet, its own register is still to come.
        filing.input_version += 1
    return [signature.role for signature in void_signatures(session, campaign, filing, now, why)]
