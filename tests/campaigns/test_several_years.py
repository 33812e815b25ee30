"""What the register learns after a year was handed over or sealed changes nobody's year: who was judged is sealed, as he was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig, RigUnit
from sqlmodel import select

from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.figures.papers import cards
from xueshi.campaigns.figures.statistics import year_table_of
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.year_round import years_kept
from xueshi.errors import InputError
from xueshi.messages.tables import OutgoingMessage
from xueshi.register.disturbed import Disturbed
from xueshi.register.rows import batch_rows, people_rows, roster_rows
from xueshi.register.rows.roster_rows import NewPerson, RosterOwner
from xueshi.register.tables import ImportBatch, Person, StudyRecord
from xueshi.results.rows import seal_rows
from xueshi.results.tables import SealedWords
from xueshi.storage import new_id, reading, transaction

JOINER = "11010119900307803X"


def enter(
    rig: CampaignRig, unit: RigUnit, people: Sequence[NewPerson], year: int, *, replaces: bool = False
) -> Disturbed:
    """Enter a unit's workbook of a year past all questions, as an older engine or another way might."""
    with transaction(rig.engine) as session:
        actor = rig.place.actor(session, unit.clerk)
        before = batch_rows.batches(session, actor.scope, unit.id, year) if replaces else []
        batch = ImportBatch(
            unit_id=unit.id, area=rig.notice.area, year=year, file_name="next.xlsx", file_digest=str(new_id()),
            state="promoted", maker=f"account:{actor.account_id}", handed_in_at=rig.campaign.opened_at,
        )  # fmt: skip
        session.add(batch)
        session.flush()
        owner = RosterOwner(
            unit.id, rig.notice.area, year, batch.id, batch.maker, tuple(one.id for one in before)
        )
        return roster_rows.enter_roster(session, rig.place.keys, owner, people)


def joiner(unit: RigUnit, since: date) -> NewPerson:
    return replace(
        unit.sample.people[0], identity_number=JOINER, name="新进人员", employed_since=since, title_since=None,
        records=(), order_in_unit=99,
    )  # fmt: skip


def sealed(rig: CampaignRig) -> None:
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None, rig.place.keys)


def people_of(rig: CampaignRig, unit: RigUnit) -> set[UUID]:
    with reading(rig.engine) as session:
        return {one.person_id for one in seal_rows.sealed_of_unit(session, rig.campaign.id, unit.id)}


def totals(rig: CampaignRig) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """Every yearly table of the campaign: totals and notes."""
    with reading(rig.engine) as session:
        from xueshi.campaigns.figures.papers import papers_of

        campaign = rig.fresh()
        tables = [one for one in papers_of(session, campaign).values() if one.data == "year_table"]
        counted = [year_table_of(session, campaign, one) for one in tables]
    return [(dict(one.totals), tuple(one.notes)) for one in counted]


def printed(rig: CampaignRig, unit: RigUnit) -> dict[UUID, Any]:
    with reading(rig.engine) as session:
        return {
            one.subject_id: one.data for one in cards(session, rig.fresh(), rig.filing(unit), rig.place.keys)
        }


def at_unit(rig: CampaignRig, unit: RigUnit, year: int | None = None) -> set[UUID]:
    of = year or rig.notice.year
    with reading(rig.engine) as session:
        found = people_rows.people_for_assessment(session, ENGINE, unit.id, of, as_of=date(of, 12, 31))
    return {one.person_id for one in found}


def test_who_joins_after_the_approval_is_named_and_stops_no_sealing(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    judged = at_unit(rig, unit)
    enter(rig, unit, [joiner(unit, date(rig.notice.year, 5, 1))], rig.notice.year + 1)
    sealed(rig)
    assert people_of(rig, unit) == judged
    assert rig.fresh().stage == "sealed"
    with reading(rig.engine) as session:
        new = session.exec(select(Person.id).where(Person.name == "新进人员")).one()
        told = session.exec(select(AuditEntry).where(AuditEntry.verb == "not_sealed")).one()
        letter = session.exec(
            select(OutgoingMessage).where(OutgoingMessage.subject == "封存时有人员未经核算")
        ).one()
    assert told.body["people"] == letter.body["people"] == [str(new)]
    assert letter.to_unit == unit.id


def test_nobody_who_was_approved_is_lost_to_the_workbook_of_another_year(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    judged = at_unit(rig, unit)
    others = [replace(one, records=()) for one in unit.sample.people[1:]]
    enter(rig, unit, others, rig.notice.year + 1)
    enter(rig, unit, others, rig.notice.year + 1, replaces=True)
    assert at_unit(rig, unit) == judged, "this year's own workbook lists him"
    sealed(rig)
    assert people_of(rig, unit) == judged


@pytest.mark.parametrize("change", ["join", "leave", "level"])
def test_an_import_that_would_change_who_is_judged_in_a_year_under_review_is_refused(
    rig: CampaignRig, change: str
) -> None:
    unit, year = rig.units[0], rig.notice.year
    early = joiner(unit, date(year, 3, 1))
    enter(rig, unit, [early], year + 1)
    rig.approve(unit)
    first = unit.sample.people[0]
    people = {
        "join": [early, replace(joiner(unit, date(year, 5, 1)), identity_number="110101199003078056")],
        "leave": [replace(early, employed_since=date(year + 1, 1, 1))],
        "level": [early, replace(first, records=(), level="junior", title="助理", title_since=date(year, 6, 1))],
    }[change]  # fmt: skip
    disturbed = enter(rig, unit, people, year + 1, replaces=True)
    with reading(rig.engine) as session, pytest.raises(InputError, match=f"等 1 人在 {year} 年度.*已提交"):
        years_kept.keep_years(session, disturbed)


def test_what_changes_nobodys_year_is_taken(rig: CampaignRig) -> None:
    """A first day before the one that was known, a hire of the next year: the year under review stays as it is."""
    unit, year = rig.units[0], rig.notice.year
    rig.approve(unit)
    people = [
        replace(unit.sample.people[0], records=(), employed_since=date(1999, 1, 1)),
        joiner(unit, date(year + 1, 2, 1)),
    ]
    disturbed = enter(rig, unit, people, year + 1)
    with reading(rig.engine) as session:
        years_kept.keep_years(session, disturbed)


def test_a_sealed_year_keeps_its_people_cards_and_figures(rig: CampaignRig) -> None:
    unit, year = rig.units[0], rig.notice.year
    rig.approve(unit)
    sealed(rig)
    before, counted = printed(rig, unit), totals(rig)
    changed = [
        replace(one, post="新岗位", title=f"教授级{one.title}", political_status="群众", name=f"{one.name}改",
                records=())
        for one in unit.sample.people[1:]
    ]  # fmt: skip
    enter(rig, unit, [*changed, joiner(unit, date(year, 5, 1))], year + 1)
    assert printed(rig, unit) == before
    assert totals(rig) == counted
    disturbed = enter(rig, unit, changed, year + 1, replaces=True)
    assert printed(rig, unit) == before
    assert totals(rig) == counted
    with reading(rig.engine) as session:
        years_kept.keep_years(session, disturbed)
        bodies = b"".join(session.exec(select(SealedWords.body)))
    name = next(iter(before.values())).name
    assert name.encode() not in bodies, "name and post stand encrypted"


def test_what_the_next_workbook_says_before_the_seal_is_not_sealed_with_the_year(rig: CampaignRig) -> None:
    unit, year = rig.units[0], rig.notice.year
    rig.approve(unit)
    said = {one.name: one.post for one in unit.sample.people}
    enter(rig, unit, [replace(one, post="新岗位", records=()) for one in unit.sample.people], year + 1)
    sealed(rig)
    assert {one.name: one.post for one in printed(rig, unit).values()} == said


def test_a_card_without_sealed_words_says_what_the_register_says(rig: CampaignRig) -> None:
    """An older engine sealed none; and whose key was destroyed has none that anybody may read."""
    unit = rig.units[0]
    rig.approve(unit)
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    enter(rig, unit, [replace(unit.sample.people[0], name="改名", records=())], rig.notice.year + 1)
    assert "改名" in {one.name for one in printed(rig, unit).values()}


def test_who_lost_his_key_has_a_card_still(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    sealed(rig)
    before = printed(rig, unit)
    gone = next(iter(before))
    with transaction(rig.engine) as session:
        person = session.get_one(Person, gone)
        person.identity_key = b""
        session.add(person)
    renamed = [replace(one, name=f"{one.name}改", records=()) for one in unit.sample.people]
    enter(rig, unit, renamed, rig.notice.year + 1)
    after = printed(rig, unit)
    assert {one for one in before if after[one] != before[one]} == {gone}


def test_sealed_words_are_not_passed_over_for_want_of_keys(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    sealed(rig)
    with reading(rig.engine) as session, pytest.raises(InputError, match="密钥"):
        cards(session, rig.fresh(), rig.filing(unit))


def test_no_workbook_undoes_a_transfer(rig: CampaignRig) -> None:
    old, new = rig.units[:2]
    rig.hand_in(old)
    rig.hand_in(new)
    here, there = at_unit(rig, old), at_unit(rig, new)
    with reading(rig.engine) as session:
        mover = people_rows.people_for_assessment(
            session, ENGINE, old.id, rig.notice.year, as_of=date(rig.notice.year, 12, 31)
        )[0]
    day = date(rig.notice.year, 6, 1).isoformat()
    row = rig.give(
        BUREAU, "transfer_person", mover.person_id, None,
        {"from": str(old.id), "to": str(new.id), "day": day, "post": "工程师"},
    )  # fmt: skip
    assert row.state == "done", row.reason
    moved = {mover.person_id}
    for unit in (old, new, old, new):
        assert rig.hand_in(unit).state == "done"
        assert at_unit(rig, old) == here - moved
        assert at_unit(rig, new) == there | moved


def test_the_records_of_who_left_stay_his_when_his_former_unit_corrects_its_workbook(
    rig: CampaignRig,
) -> None:
    old, new = rig.units[:2]
    rig.hand_in(old)
    rig.hand_in(new)
    with reading(rig.engine) as session:
        mover = next(
            one
            for one in people_rows.people_for_assessment(
                session, ENGINE, old.id, rig.notice.year, as_of=date(rig.notice.year, 12, 31)
            )
            if one.records
        )
    day = rig.notice.issued.isoformat()
    row = rig.give(
        BUREAU, "transfer_person", mover.person_id, None, {"from": str(old.id), "to": str(new.id), "day": day}
    )
    assert row.state == "done", row.reason
    rest = [one for one in old.sample.people if one.name != mover.name or one.order_in_unit != 1]
    numbers = {one.identity_number for one in old.sample.people if one.name == mover.name}
    rest = [one for one in rest if one.identity_number not in numbers]
    for _ in range(2):
        rig.hand_in(old, replace(old.sample, people=tuple(rest)))
    with reading(rig.engine) as session:
        kept = session.exec(select(StudyRecord.id).where(StudyRecord.person_id == mover.person_id)).all()
    assert set(kept) == {one.id for one in mover.records}
