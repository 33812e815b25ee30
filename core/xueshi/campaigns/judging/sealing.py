"""Sealing: when a campaign is closed, the result that counts is written once for every person of an approved unit.

A later round (a correction after closing) writes new seals that supersede the earlier ones, and ends those of whom it
no longer judges; nothing sealed is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.judging.assessing import days_of, judged_of, pack_of, people_of
from xueshi.campaigns.judging.card_words import CardWords, seal_words
from xueshi.campaigns.rows import campaign_rows, filing_rows, letter_rows, merger_rows
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.real_clock import real_now
from xueshi.register.identity import KeyRing
from xueshi.register.rows import people_rows, unit_rows
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.seals import seal_digest
from xueshi.results.tables import SealedResult
from xueshi.storage import new_id, transaction

ENGINE = Scope.everything()


def seal_page(
    engine: Engine,
    campaign_id: UUID,
    after: int,
    size: int,
    heartbeat: Callable[..., None],
    keys: KeyRing | None = None,
) -> tuple[int, int | None]:
    """Seal the approved units of one page, one transaction a unit; returns how many, and where the next page begins.

    With `keys` the words of the cards are sealed too; without, cards go on saying what the register says.
    """
    with transaction(engine) as session:
        campaign = campaign_rows.campaign(session, ENGINE, campaign_id)
        page = [
            (filing.id, filing.position, filing.stage)
            for filing in filing_rows.filings(session, ENGINE, campaign_id, after=after, limit=size)
        ]
    for done, (filing_id, _, stage) in enumerate(page, start=1):
        if stage == "approved":
            with transaction(engine) as session:
                seal_filing(session, campaign, filing_rows.filing(session, ENGINE, filing_id), keys)
        heartbeat(done)
    if len(page) == size:
        return len(page), page[-1][1]
    with transaction(engine) as session:
        campaign_acts.reach(session, campaign_id, "sealed")
    return len(page), None


def seal_later_round(engine: Engine, filing_id: UUID, keys: KeyRing | None = None) -> int:
    """Seal what a later round of a unit changed, if it was approved; returns how many seals. A repeat changes nothing."""
    with transaction(engine) as session:
        filing = filing_rows.filing(session, ENGINE, filing_id)
        if filing.stage != "approved":
            return 0
        # Two units reopened at once take their numbers one after the other.
        campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id, lock=True)
        sealed = seal_filing(session, campaign, filing, keys)
        if sealed:
            audit.append(
                session,
                actor="engine",
                verb="sealed_anew",
                target=f"filing:{filing.id}",
                body={"round": filing.round, "seals": sealed},
            )
        return sealed


def seal_filing(session: Session, campaign: Campaign, filing: Filing, keys: KeyRing | None = None) -> int:
    """Seal one unit in one round; returns how many seals were written. A repeat changes nothing.

    Sealed is who was judged when the filing was last handed on, whatever the register says by now; who joined since is
    named in a message to the unit. Positions run on in the order of units and of people in a unit. A later round seals
    who has a new result, and ends the seals of who is not in it any more: he is judged where he works, or nowhere.
    """
    held = {seal.person_id: seal for seal in seal_rows.sealed_of_unit(session, campaign.id, filing.unit_id)}
    latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    ledgers = results.ledgers(session, [result.id for result in latest.values()])
    now = campaign_now(session, campaign, real_now())
    position = seal_rows.last_position(session, campaign.id)
    pack = pack_of(session, campaign)
    judged = judged_of(session, campaign, filing, pack)
    rows = []
    for person_id in judged:
        if filing.only_person not in (None, person_id):
            continue
        result, before = latest.get(person_id), held.get(person_id)
        if result is None:
            continue
        if before is not None and (before.round >= filing.round or before.result_id == result.id):
            continue
        position += 1
        rows.append(
            SealedResult(
                id=new_id(),
                campaign_id=campaign.id,
                unit_id=filing.unit_id,
                person_id=person_id,
                round=filing.round,
                supersedes=None if before is None else before.id,
                result_id=result.id,
                position=position,
                digest=seal_digest(result, ledgers[result.id]),
                sealed_at=now,
            )
        )
    seal_rows.seal(session, rows)
    if rows and keys is not None:
        _seal_words(session, keys, campaign, filing, pack, rows)
    _end_of_who_went(session, campaign, filing, held, now)
    if filing.only_person is None:
        _end_where_they_were(session, campaign, filing, pack, judged, now)
    if rows and filing.only_person is None:
        _name_who_joined(session, campaign, filing, pack, now)
    return len(rows)


def _end_of_who_went(
    session: Session, campaign: Campaign, filing: Filing, held: Collection[UUID], now: datetime
) -> None:
    """End the seals of who was sealed before and is not judged in this round; the unit and the audit are told."""
    noted = filing_rows.judged_people(session, filing.id)
    if not noted and filing.people:
        return  # an older engine judged it and did not note with whom
    gone = [
        person_id for person_id in held if person_id not in noted and filing.only_person in (None, person_id)
    ]
    if not seal_rows.end_seals(session, campaign.id, filing.unit_id, gone, by=filing.id, at=now):
        return
    people = sorted(str(person_id) for person_id in gone)
    letter_rows.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject="已封存的结果不再计入",
        body={
            "campaign": campaign.title,
            "people": people,
            "reason": f"{len(people)}人已不在本单位本年度的登记中，第{filing.round}轮没有核算；"
            "其先前封存的结果和表卡不再有效",
        },
        at=now,
    )
    audit.append(
        session, actor="engine", verb="seals_ended", target=f"filing:{filing.id}", body={"people": people}
    )


def _end_where_they_were(
    session: Session,
    campaign: Campaign,
    filing: Filing,
    pack: RulePack,
    judged: Sequence[UUID],
    now: datetime,
) -> None:
    """End the seals that people have at units which went up in this one within the year: they are judged here now."""
    last, _ = days_of(campaign, pack)
    for merger in merger_rows.mergers(session, campaign.year):
        if merger.into != filing.unit_id or merger.files_there or merger.day > last:
            continue
        if seal_rows.end_seals(session, campaign.id, merger.unit_id, judged, by=filing.id, at=now):
            audit.append(
                session,
                actor="engine",
                verb="seals_ended",
                target=f"filing:{merger.filing_id}",
                body={"into": str(filing.unit_id)},
            )


def _seal_words(
    session: Session,
    keys: KeyRing,
    campaign: Campaign,
    filing: Filing,
    pack: RulePack,
    seals: Sequence[SealedResult],
) -> None:
    unit = unit_rows.unit(session, ENGINE, filing.unit_id)
    ids = [seal.person_id for seal in seals]
    people = people_rows.people_by_id(session, filing.unit_id, ids, campaign.year, *days_of(campaign, pack))
    words = {person_id: CardWords.of(person, unit.name) for person_id, person in people.items()}
    seal_words(session, keys, words, seals)


def _name_who_joined(
    session: Session, campaign: Campaign, filing: Filing, pack: RulePack, now: datetime
) -> None:
    """Tell the unit, and the audit, who stands in its register of the year and is not sealed: nobody judged him."""
    sealed = {seal.person_id for seal in seal_rows.sealed_of_unit(session, campaign.id, filing.unit_id)}
    joined = [
        str(person.person_id)
        for person in people_of(session, campaign, filing, pack)
        if person.person_id not in sealed
    ]
    if not joined:
        return
    letter_rows.write_message(
        session,
        filing=filing,
        to_role="unit_clerk",
        subject="封存时有人员未经核算",
        body={
            "campaign": campaign.title,
            "people": joined,
            "reason": f"{len(joined)}人在提交之后登记入本年度，未经核算，没有封存；"
            "如应列入本年度，请由业务负责人重新开启该单位（xueshi campaign reopen）",
        },
        at=now,
    )
    audit.append(
        session, actor="engine", verb="not_sealed", target=f"filing:{filing.id}", body={"people": joined}
    )
