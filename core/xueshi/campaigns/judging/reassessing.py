"""A newer rule pack for a running campaign: whom it would change (dry run), and judging everybody again under it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.acts.filing_state import changed, write_state
from xueshi.campaigns.clocks.campaign_clock import campaign_now
from xueshi.campaigns.judging.assessing import Judged, YearLaw, judged_under, people_of
from xueshi.campaigns.judging.record_questions import ask_again
from xueshi.campaigns.rows import campaign_rows, filing_rows, side_work_rows
from xueshi.campaigns.rows.pinned_rows import flow_of, pack_by
from xueshi.campaigns.tables import Campaign, Filing
from xueshi.machines.filing_machine import reconsidered
from xueshi.machines.stored_state import load_state
from xueshi.real_clock import real_now
from xueshi.register.rows.people_rows import PersonForAssessment
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.tables import YearResult
from xueshi.storage import reading, transaction

ENGINE = Scope.everything()


@dataclass(frozen=True)
class Flip:
    """One person whom a newer pack judges otherwise: verdict and total before and after (hundredths of an hour)."""

    unit_id: UUID
    person_id: UUID
    person: str
    verdict: str
    new_verdict: str
    hours: int
    new_hours: int

    @property
    def turns(self) -> bool:
        """Tell whether the verdict itself changes, not the hours alone."""
        return self.verdict != self.new_verdict


def foresee_flips(session: Session, campaign: Campaign, pack: RulePack) -> tuple[int, list[Flip]]:
    """Judge everybody who was judged under another pack; returns how many, and whose result would change."""
    people, flips = 0, []
    for filing in filing_rows.filings(session, ENGINE, campaign.id):
        if not _was_judged(filing):
            continue
        for person, result, judged in _again(session, campaign, filing, pack):
            people += 1
            flip = _flip(filing, person, result, judged)
            if flip is not None:
                flips.append(flip)
    return people, flips


def reassess_page(
    engine: Engine, reassessment_id: UUID, after: int, size: int, heartbeat: Callable[..., None]
) -> tuple[list[UUID], int | None]:
    """Judge one page of units again, one transaction a unit; returns the filings that moved, and where the next begins.

    A repeat stores nothing new. A filing that was approved on results which now turn goes back to its last level.
    """
    with reading(engine) as session:
        order = side_work_rows.reassessment(session, reassessment_id)
        page = [
            (filing.id, filing.position)
            for filing in filing_rows.filings(session, ENGINE, order.campaign_id, after=after, limit=size)
        ]
    moved = []
    for done, (filing_id, _) in enumerate(page, start=1):
        with transaction(engine) as session:
            if _reassess(session, reassessment_id, filing_id):
                moved.append(filing_id)
        heartbeat(done)
    if len(page) == size:
        return moved, page[-1][1]
    with transaction(engine) as session:
        _finish(session, reassessment_id)
    return moved, None


def _reassess(session: Session, reassessment_id: UUID, filing_id: UUID) -> bool:
    """Judge one filing's people again; returns whether its workflow must be told."""
    filing = filing_rows.filing(session, ENGINE, filing_id, lock=True)
    if not _was_judged(filing):
        return False
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    pack = pack_by(session, campaign.pack_digest)
    now = campaign_now(session, campaign, real_now())
    again = _again(session, campaign, filing, pack)
    under = judged_under(campaign, filing, now)
    results.save(session, under, [judged.judgement for _, _, judged in again])
    flips = [
        flip
        for person, result, judged in again
        if (flip := _flip(filing, person, result, judged)) is not None
    ]
    state, flow = load_state(filing.state, filing.maker), flow_of(session, campaign, filing)
    turned = sum(flip.turns for flip in flips)
    if turned:
        order = side_work_rows.reassessment(session, reassessment_id, lock=True)
        order.flips = {**order.flips, str(filing.id): turned}
        session.add(order)
    if state.stage == "approved" and turned:
        state = reconsidered(state, flow)
        write_state(session, campaign, filing, flow, state, now)
    if state.stage != "deciding":
        return False
    role = flow.level(state.level).signers[0].role
    ask_again(session, filing, [judged for _, _, judged in again], role, now)
    return True


def _finish(session: Session, reassessment_id: UUID) -> None:
    order = side_work_rows.reassessment(session, reassessment_id, lock=True)
    if order.finished:
        return
    order.finished = True
    session.add(order)
    campaign = campaign_rows.campaign(session, ENGINE, order.campaign_id, lock=True)
    campaign.reassessing = False
    session.add(campaign)
    audit.append(
        session,
        actor="engine",
        verb="reassessed",
        target=f"campaign:{campaign.id}",
        body={"from": order.from_pack, "to": order.to_pack, "turned": sum(order.flips.values())},
    )


def _was_judged(filing: Filing) -> bool:
    """Tell whether a filing's people stand judged on the register that is there now.

    One at its unit is judged when it is submitted; one in a make-up keeps its results while nothing new was handed in.
    """
    if filing.stage == "filing":
        return bool(load_state(filing.state, None).makeup_from) and not changed(filing)
    return filing.stage in ("deciding", "approved")


def _again(
    session: Session, campaign: Campaign, filing: Filing, pack: RulePack
) -> list[tuple[PersonForAssessment, YearResult | None, Judged]]:
    values = filing_rows.determinations(session, filing)
    latest = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    people = people_of(session, campaign, filing, pack)
    law = YearLaw.read(session, pack, filing.area, campaign.year, people)
    return [(person, latest.get(person.person_id), law.judge(person, values)) for person in people]


def _flip(
    filing: Filing, person: PersonForAssessment, result: YearResult | None, judged: Judged
) -> Flip | None:
    if result is None:
        return None
    new = judged.judgement
    before, after = result.totals.get("total", 0), new.totals.get("total", 0)
    if (result.verdict, before) == (new.verdict, after):
        return None
    return Flip(filing.unit_id, person.person_id, person.name, result.verdict, new.verdict, before, after)
