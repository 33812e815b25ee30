"""A campaign after its seal in one call each: sealed, finished, a unit opened again and filed once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from campaign_rig import CampaignRig, RigUnit
from sqlmodel import select

from xueshi.audit import repository as audit
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.tables import Command
from xueshi.results.rows import seal_rows
from xueshi.results.tables import SealedResult
from xueshi.storage import reading, transaction
from xueshi_cli.samples import SampleUnit

REASON = "复查发现学时登记有误"


def sealed(rig: CampaignRig) -> None:
    """Approve the first two units, close, seal; the third has not filed."""
    for unit in rig.units[:2]:
        rig.approve(unit)
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)


def finish(rig: CampaignRig) -> None:
    with transaction(rig.engine) as session:
        campaign_acts.reach(session, rig.campaign.id, "finished")


def reopen(
    rig: CampaignRig, unit: RigUnit, person: str = "", reason: str = REASON, days: int = 60
) -> Command:
    until = (rig.fresh().deadline + timedelta(days=days)).isoformat()
    return rig.steer("reopen", unit=str(unit.id), to=until, reason=reason, person=person)


def mended(sample: SampleUnit, *places: int) -> SampleUnit:
    """The unit with the records of some people taken out: another result for each of them."""
    people = [
        replace(person, records=()) if place in places else person
        for place, person in enumerate(sample.people)
    ]
    return replace(sample, people=tuple(people))


def with_record(rig: CampaignRig) -> tuple[int, int]:
    """Places of the first two people of the first unit who have a record."""
    found = [place for place, person in enumerate(rig.units[0].sample.people) if person.records]
    return found[0], found[1]


def file_again(rig: CampaignRig, unit: RigUnit, sample: SampleUnit) -> Command:
    assert rig.hand_in(unit, sample).state == "done"
    rig.sign(unit)
    rig.settle(unit)
    return rig.decide(rig.verifier, unit)


def seals(rig: CampaignRig) -> list[SealedResult]:
    with reading(rig.engine) as session:
        query = select(SealedResult).where(SealedResult.campaign_id == rig.campaign.id)
        return sorted(session.exec(query).all(), key=lambda seal: seal.position)


def proved(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def person_at(rig: CampaignRig, unit: RigUnit, place: int) -> str:
    with reading(rig.engine) as session:
        found = seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)
    return str(found[place].person_id)
