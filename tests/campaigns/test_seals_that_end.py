"""After the seal: who is not in a later round any more counts no more, in tables, years handed on and papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from campaign_rig import BUREAU, CampaignRig, RigUnit
from later_rounds import file_again, finish, mended, person_at, proved, reopen, sealed, seals, with_record
from sqlmodel import select

from xueshi.access.scope import Scope
from xueshi.campaigns.figures.papers import cards, papers_of
from xueshi.campaigns.figures.statistics import year_table_of
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.messages.tables import OutgoingMessage
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.tables import EndedSeal
from xueshi.storage import reading
from xueshi_cli.samples import SampleUnit


def without(sample: SampleUnit, *places: int) -> SampleUnit:
    """The unit with some people taken out."""
    return replace(
        sample, people=tuple(one for place, one in enumerate(sample.people) if place not in places)
    )


def counted(rig: CampaignRig) -> list[tuple[UUID, UUID]]:
    with reading(rig.engine) as session:
        return [
            (seal.unit_id, seal.person_id) for seal, _ in seal_rows.sealed_results(session, rig.campaign.id)
        ]


def people_in_table(rig: CampaignRig) -> int:
    with reading(rig.engine) as session:
        paper = next(one for one in papers_of(session, rig.campaign).values() if one.data == "year_table")
        return int(year_table_of(session, rig.fresh(), paper).totals["people"])


def taken_out(rig: CampaignRig, unit: RigUnit, place: int) -> UUID:
    """Seal, open the unit again and approve it without one of its people; returns who that is."""
    sealed(rig)
    finish(rig)
    person = UUID(person_at(rig, unit, place))
    assert reopen(rig, unit).state == "done"
    assert file_again(rig, unit, without(unit.sample, place)).state == "done"
    sealing.seal_later_round(rig.engine, rig.filing(unit).id)
    return person


def test_who_is_taken_out_in_a_later_round_counts_no_more(rig: CampaignRig) -> None:
    unit = rig.units[0]
    everybody = sum(len(one.sample.people) for one in rig.units[:2])
    person = taken_out(rig, unit, with_record(rig)[0])
    first = [seal for seal in seals(rig) if seal.round == 1]
    assert len(first) == everybody, "what is sealed stays written"
    assert (unit.id, person) not in counted(rig)
    assert len(counted(rig)) == everybody - 1
    assert people_in_table(rig) == everybody - 1
    with reading(rig.engine) as session:
        assert seal_rows.sealed_of_people(session, [person], apart=1900) == {}, "nothing is handed on"
        assert results.years_of_person(session, Scope.everything(), person) == []
        assert seal_rows.ended_people(session, rig.campaign.id) == {(unit.id, person)}
        told = session.exec(select(OutgoingMessage).where(OutgoingMessage.subject == "已封存的结果不再计入"))
        assert [one.body["people"] for one in told] == [[str(person)]]
        campaign = campaign_rows.campaign(session, Scope.everything(), rig.campaign.id)
        for filing in filing_rows.rounds_of_unit(session, Scope.everything(), campaign.id, unit.id):
            printed = cards(session, campaign, filing, rig.place.keys)
            assert person not in {one.subject_id for one in printed}, "nor is a card printed again"
    assert sealing.seal_later_round(rig.engine, rig.filing(unit).id) == 0, "a repeat changes nothing"
    proved(rig)


def test_who_moved_from_one_reopened_unit_to_another_counts_once(rig: CampaignRig) -> None:
    old, new = rig.units[:2]
    everybody = sum(len(one.sample.people) for one in rig.units[:2])
    place = with_record(rig)[0]
    sealed(rig)
    finish(rig)
    person = UUID(person_at(rig, old, place))
    for unit in (old, new):
        assert reopen(rig, unit).state == "done"
    mover = old.sample.people[place]
    _, last = rig.pack.year_window(rig.notice.year)
    gone = replace(
        old.sample,
        people=tuple(
            replace(one, left=last - timedelta(days=90), records=()) if one is mover else one
            for one in old.sample.people
        ),
    )
    there = replace(
        new.sample, people=(*new.sample.people, replace(mover, employed_since=last - timedelta(days=89)))
    )
    for unit, sample in ((old, gone), (new, there)):
        assert file_again(rig, unit, sample).state == "done"
        sealing.seal_later_round(rig.engine, rig.filing(unit).id)
    assert [unit for unit, who in counted(rig) if who == person] == [new.id]
    assert people_in_table(rig) == everybody
    proved(rig)


def test_who_comes_back_in_a_still_later_round_counts_again(rig: CampaignRig) -> None:
    unit = rig.units[0]
    place = with_record(rig)[0]
    person = taken_out(rig, unit, place)
    assert reopen(rig, unit, days=120).state == "done"
    assert file_again(rig, unit, unit.sample).state == "done"
    assert sealing.seal_later_round(rig.engine, rig.filing(unit).id) > 0
    assert (unit.id, person) in counted(rig)
    with reading(rig.engine) as session:
        assert seal_rows.ended_people(session, rig.campaign.id) == set()
        (seal,) = [
            one
            for one in seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)
            if one.person_id == person
        ]
    assert (seal.round, seal.supersedes) == (3, None)
    proved(rig)


def test_a_seal_of_a_seal_ends_with_it(rig: CampaignRig) -> None:
    """Corrected in the second round, taken out in the third: the first seal does not come to count again."""
    unit = rig.units[0]
    place = with_record(rig)[0]
    sealed(rig)
    finish(rig)
    person = UUID(person_at(rig, unit, place))
    for days, sample in ((60, mended(unit.sample, place)), (120, without(unit.sample, place))):
        assert reopen(rig, unit, days=days).state == "done"
        assert file_again(rig, unit, sample).state == "done"
        sealing.seal_later_round(rig.engine, rig.filing(unit).id)
    assert (unit.id, person) not in counted(rig)
    with reading(rig.engine) as session:
        assert len(session.exec(select(EndedSeal)).all()) == 2


def test_a_round_for_one_person_takes_nobody_else_out(rig: CampaignRig) -> None:
    unit = rig.units[0]
    first, second = with_record(rig)
    sealed(rig)
    finish(rig)
    assert reopen(rig, unit, person_at(rig, unit, first)).state == "done"
    row = file_again(rig, unit, without(mended(unit.sample, first), second))
    assert (row.state, row.code) == ("refused", "others_changed")


def test_who_came_by_a_merger_of_reopened_units_counts_at_the_other_only(rig: CampaignRig) -> None:
    """Both were sealed; the one went up in the other within the year, so its people are judged there."""
    gone, other = rig.units[:2]
    sealed(rig)
    finish(rig)
    everybody = {person for _, person in counted(rig)}
    for unit in (gone, other):
        assert reopen(rig, unit).state == "done"
    _, last = rig.pack.year_window(rig.notice.year)
    filing = rig.filing(gone)
    merger = {"reason": "合并", "into": str(other.id), "on": last.isoformat()}
    row = rig.give(BUREAU, "dissolve", filing.id, filing.version, merger)
    assert row.state == "done", row.reason
    rig.sign(other)
    rig.settle(other)
    assert rig.decide(rig.verifier, other).state == "done"
    sealing.seal_later_round(rig.engine, rig.filing(other).id)
    assert {unit for unit, _ in counted(rig)} == {other.id}
    assert {person for _, person in counted(rig)} == everybody
    assert people_in_table(rig) == len(everybody)
    proved(rig)
