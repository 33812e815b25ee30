"""After the seal: a unit opened again, as a whole or for one person; new seals supersede, papers are issued anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from campaign_rig import ENGINE, CampaignRig
from later_rounds import (
    REASON,
    file_again,
    finish,
    mended,
    person_at,
    proved,
    reopen,
    sealed,
    seals,
    with_record,
)

from xueshi.campaigns.figures.statistics import year_table_of
from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import filing_rows
from xueshi.documents import repository as issued_papers
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_workflows import printing, reprinting


def test_a_later_round_is_sealed_beside_the_first_and_counts(rig: CampaignRig) -> None:
    unit = rig.units[0]
    sealed(rig)
    assert reopen(rig, unit).code == "closed", "not before everything is printed"
    finish(rig)
    first = seals(rig)
    row = reopen(rig, unit)
    assert row.state == "done", row.reason
    filing = rig.filing(unit)
    assert (filing.round, filing.stage, filing.note) == (2, "filing", REASON)
    assert filing.position == len(rig.units) + 1
    assert seals(rig) == first, "what is sealed stays"
    assert file_again(rig, unit, mended(unit.sample, with_record(rig)[0])).state == "done"
    assert sealing.seal_later_round(rig.engine, filing.id) > 0
    assert sealing.seal_later_round(rig.engine, filing.id) == 0, "a repeat changes nothing"
    after = seals(rig)
    assert after[: len(first)] == first, "nothing sealed is changed"
    newer = after[len(first) :]
    assert {seal.round for seal in newer} == {2}
    assert {seal.supersedes for seal in newer} <= {seal.id for seal in first}
    with reading(rig.engine) as session:
        counted = seal_rows.sealed_results(session, rig.campaign.id)
    assert len(counted) == len(first), "everybody counts once"
    assert {seal.id for seal, _ in counted if seal.unit_id == unit.id} == {seal.id for seal in newer}
    proved(rig)


def test_a_later_round_that_is_not_approved_leaves_the_first(rig: CampaignRig) -> None:
    unit = rig.units[0]
    sealed(rig)
    finish(rig)
    first = seals(rig)
    reopen(rig, unit)
    filing = rig.filing(unit)
    rig.pass_time(rig.fresh().deadline + timedelta(days=90))
    assert rig.filing(unit).stage == "not_filed"
    assert sealing.seal_later_round(rig.engine, filing.id) == 0
    assert seals(rig) == first
    with reading(rig.engine) as session:
        standing = filing_rows.standing_filings(session, ENGINE, rig.campaign.id)
    assert [one.round for one in standing] == [1] * len(rig.units)
    assert reopen(rig, unit, days=120).state == "done", "and it may be opened once more"
    assert rig.filing(unit).round == 3


def test_a_unit_is_not_opened_twice_at_once_nor_one_that_is_not_there(rig: CampaignRig) -> None:
    sealed(rig)
    finish(rig)
    assert reopen(rig, rig.units[0], reason="").code == "no_reason"
    assert reopen(rig, rig.units[0]).state == "done"
    assert reopen(rig, rig.units[0]).code == "round_open"
    row = rig.steer("archive")
    assert (row.state, row.code) == ("refused", "round_open")
    stranger = replace(rig.units[0], id=rig.campaign.id)
    assert reopen(rig, stranger).code == "not_in_campaign"


def test_a_unit_that_did_not_file_may_file_later(rig: CampaignRig) -> None:
    sealed(rig)
    finish(rig)
    unit = rig.units[2]
    assert reopen(rig, unit).state == "done"
    assert file_again(rig, unit, unit.sample).state == "done"
    written = sealing.seal_later_round(rig.engine, rig.filing(unit).id)
    assert written == len(unit.sample.people)
    assert {seal.supersedes for seal in seals(rig) if seal.unit_id == unit.id} == {None}


def test_a_correction_for_one_person_seals_that_person_alone(rig: CampaignRig) -> None:
    unit = rig.units[0]
    sealed(rig)
    finish(rig)
    first, second = with_record(rig)
    person = person_at(rig, unit, first)
    assert reopen(rig, unit, str(rig.campaign.id)).code == "not_sealed"
    assert reopen(rig, unit, person).state == "done"
    row = file_again(rig, unit, mended(unit.sample, first, second))
    assert (row.state, row.code) == ("refused", "others_changed")
    until = (rig.fresh().deadline + timedelta(days=70)).isoformat()
    assert rig.decide(rig.verifier, unit, "return", reason="只改一人", until=until).state == "done"
    assert file_again(rig, unit, mended(unit.sample, first)).state == "done"
    before = len(seals(rig))
    assert sealing.seal_later_round(rig.engine, rig.filing(unit).id) == 1
    assert str(seals(rig)[before].person_id) == person
    proved(rig)


def test_an_archived_campaign_is_closed_for_good(rig: CampaignRig) -> None:
    sealed(rig)
    finish(rig)
    assert rig.steer("archive").state == "done"
    row = reopen(rig, rig.units[0])
    assert (row.state, row.code) == ("refused", "closed")
    assert "归档" in row.reason


def test_a_register_under_seal_is_not_changed_without_a_new_round(rig: CampaignRig) -> None:
    unit = rig.units[0]
    sealed(rig)
    finish(rig)
    row = rig.hand_in(unit, mended(unit.sample, 0))
    assert (row.state, row.code) == ("refused", "not_at_unit")
    assert "reopen" in row.reason


@pytest.mark.fonts
def test_papers_are_issued_anew_with_what_they_replace(
    rig: CampaignRig, tmp_path: Path, pdf_text: Callable[[Path], str]
) -> None:
    unit, folder = rig.units[0], tmp_path / "papers"
    sealed(rig)
    printing.print_page(rig.engine, folder, rig.campaign.id, 0, 50, lambda *_: None)
    printing.print_year_table(rig.engine, folder, rig.campaign.id)
    assert rig.fresh().stage == "finished"
    with reading(rig.engine) as session:
        before = issued_papers.issued(session, rig.campaign.id)
    place = with_record(rig)[0]
    person = person_at(rig, unit, place)
    reopen(rig, unit, person)
    assert file_again(rig, unit, mended(unit.sample, place)).state == "done"
    filing = rig.filing(unit)
    sealing.seal_later_round(rig.engine, filing.id)
    for _ in range(2):  # a repeat issues nothing new
        printing.print_later_round(rig.engine, folder, filing.id, lambda *_: None)
        printing.print_year_table(rig.engine, folder, rig.campaign.id)
    with reading(rig.engine) as session:
        after = issued_papers.issued(session, rig.campaign.id)
        replaced = issued_papers.replaced(after)
        table = year_table_of(session, rig.fresh(), _year_table(rig))
    new = [paper for paper in after if paper.id not in {one.id for one in before}]
    kinds = sorted(paper.paper for paper in new)
    assert len(new) == 3, kinds
    assert len(replaced) == 3
    card = next(paper for paper in new if str(paper.subject_id) == person)
    old = next(one for one in before if one.paper == card.paper and str(one.subject_id) == person)
    assert replaced[old.id].number == card.number != old.number
    text = pdf_text(folder / str(rig.campaign.id) / card.file)
    assert f"更正（代替 {old.number} 号）" in text
    assert table.totals["people"] == sum(len(one.sample.people) for one in rig.units[:2])
    compared = reprinting.reprint_unit(rig.engine, rig.campaign.id, unit.id)
    issued = {(paper.paper, paper.number): paper.bytes_digest for paper in after}
    again = [paper for file in compared for paper in file.papers]
    assert len(again) == len(unit.sample.people) + 1, "of everybody the paper that counts"
    assert all(issued[paper.paper, paper.number] == paper.bytes_digest for paper in again)


def _year_table(rig: CampaignRig):  # type: ignore[no-untyped-def]
    from xueshi.campaigns.figures.papers import papers_of

    with reading(rig.engine) as session:
        return next(
            paper for paper in papers_of(session, rig.campaign).values() if paper.data == "year_table"
        )


@pytest.fixture
def pdf_text() -> Callable[[Path], str]:
    import pypdfium2

    def read(path: Path) -> str:
        with pypdfium2.PdfDocument(path) as pdf:
            return "".join(page.get_textpage().get_text_range() for page in pdf)

    return read


def test_only_the_bureau_opens_a_unit_again(rig: CampaignRig) -> None:
    from xueshi.errors import NotAllowedError

    sealed(rig)
    finish(rig)
    with pytest.raises(NotAllowedError):
        rig.give(rig.units[0].signers[0], "reopen", rig.campaign.id, 0, {})


def test_later_rounds_are_shown_beside_the_units_and_not_as_more_of_them(rig: CampaignRig) -> None:
    from xueshi_cli.campaign_view import campaign_record

    unit = rig.units[0]
    sealed(rig)
    finish(rig)
    assert reopen(rig, unit).state == "done"
    assert file_again(rig, unit, mended(unit.sample, with_record(rig)[0])).state == "done"
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, "bureau")
        record = campaign_record(session, actor, rig.fresh())
    assert (record["审验通过"], record["重新开启"]) == (2, "审验通过 1")
