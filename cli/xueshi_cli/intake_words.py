"""In which words a register workbook is written and read: those of the campaign it is for, else of the installed plugin.

A campaign is judged by the rule pack it was opened under. What an upgrade of the plugin asks anew must not send back
the workbooks that were handed out before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.judging.assessing import pack_of
from xueshi.campaigns.rows import campaign_rows
from xueshi.campaigns.tables import Campaign
from xueshi.errors import InputError
from xueshi.jurisdictions import area_ancestry
from xueshi.register.checking import units_named
from xueshi.register.rows import unit_rows
from xueshi.register.sheets import Limits
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import not_made_yet, reading
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()


class SeveralPacksError(InputError):
    """A workbook names units whose campaigns are judged by different rules. Told to whoever hands it in."""


def words_for_area(place: Workplace, installed: IntakeVocabulary, area: str) -> IntakeVocabulary:
    """Return the words of an empty workbook for an area and year; nothing is made where there is no database yet."""
    if not_made_yet(place.settings.database):
        return installed
    with reading(place.engine) as session:
        campaign = _of_area(session, _pinned_otherwise(session, installed), area, installed)
        return installed if campaign is None else _words(session, campaign)


def words_for_file(
    place: Workplace, installed: IntakeVocabulary, path: Path, limits: Limits
) -> IntakeVocabulary:
    """Return the words in which a filled workbook is read: of the campaign in which its units file.

    A unit that no campaign knows goes with the others, or with the campaign of its area. Raises SeveralPacksError where
    units of one workbook file under different rules.
    """
    with reading(place.engine) as session:
        campaigns = _pinned_otherwise(session, installed)
        if not campaigns:
            return installed
        wanted: dict[str, tuple[str, IntakeVocabulary]] = {}
        for code, area in units_named(path, limits):
            unit = unit_rows.unit_by_code(session, ENGINE, code)
            found = unit and campaign_rows.campaign_of_unit(session, ENGINE, unit.id, installed.year)
            campaign = found[0] if found else _of_area(session, campaigns, area, installed)
            if campaign is not None:
                wanted.setdefault(campaign.pack_digest, (campaign.title, _words(session, campaign)))
    if len(wanted) > 1:
        titles = "、".join(f"“{title}”" for title, _ in wanted.values())
        raise SeveralPacksError(
            f"所列单位分属几次年度验证（{titles}），各按开启时的规则受理；请按年度验证分成几个工作簿导入"
        )
    return next((words for _, words in wanted.values()), installed)


def _pinned_otherwise(session: Session, installed: IntakeVocabulary) -> list[Campaign]:
    """Return the year's campaigns that are not archived, newest first; none where all rest on the installed rules."""
    of_year = [
        one
        for one in campaign_rows.campaigns(session, ENGINE)
        if one.year == installed.year and one.stage != "archived"
    ]
    differ = any(one.pack_digest != installed.pack.digest for one in of_year)
    return sorted(of_year, key=lambda one: -one.n) if differ else []


def _of_area(
    session: Session, campaigns: Sequence[Campaign], area: str, installed: IntakeVocabulary
) -> Campaign | None:
    """Return the newest campaign of an area, else of the one around it, that is judged by the same instrument."""
    for code in area_ancestry(area):
        for one in campaigns:
            if one.area == code and pack_of(session, one).id == installed.pack.id:
                return one
    return None


def _words(session: Session, campaign: Campaign) -> IntakeVocabulary:
    return IntakeVocabulary.from_pack(pack_of(session, campaign), campaign.year)
