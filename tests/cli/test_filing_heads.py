"""What an officer sees before he decides on a unit: heads by verdict and level, who falls short and why, open facts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from campaign_rig import BUREAU, CampaignRig
from sqlmodel import Session
from statement_count import statements_of

from xueshi.access.scope import Scope
from xueshi.assessment.types import VERDICTS
from xueshi.assessment.verdict_words import VERDICT_SENTENCES, VERDICT_WORDS
from xueshi.campaigns.rows import campaign_rows, filing_rows
from xueshi.errors import NotFoundError
from xueshi.register.rows import people_rows, unit_rows
from xueshi.results import repository as results
from xueshi.storage import reading
from xueshi_cli import filing_heads
from xueshi_cli.campaign_view import campaign_record
from xueshi_cli.filing_heads import filing_heads as heads

ENGINE = Scope.everything()


@pytest.fixture
def judged(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    rig = CampaignRig(tmp_path / "data", f"sqlite:///{tmp_path / 'data' / 'xueshi.db'}")
    yield rig
    rig.engine.dispose()


def filings(rig: CampaignRig, session: Any) -> Any:
    return filing_rows.filings(session, ENGINE, rig.campaign.id)


def test_before_the_first_judgement_the_heads_alone_are_told(judged: CampaignRig) -> None:
    with reading(judged.engine) as session:
        one = filings(judged, session)[0]
        assert heads(session, one, as_json=True) == {"人数": one.people, "待认定、补正的事项": "0 件"}


def result(verdict: str, level: str | None, shortfalls: dict[str, int], number: int) -> Any:
    return type(
        "Judged",
        (),
        {"verdict": verdict, "level": level, "shortfalls": shortfalls, "person_id": UUID(int=number)},
    )


def with_results(monkeypatch: pytest.MonkeyPatch, found: list[Any]) -> None:
    monkeypatch.setattr(results, "latest_of_unit", lambda *_: {one.person_id: one for one in found})
    monkeypatch.setattr(
        filing_heads.people_rows, "person_names", lambda *args: {one: f"人员{one.int:02}" for one in args[-1]}
    )


def test_heads_stand_by_verdict_and_level_with_the_reasons(
    judged: CampaignRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_results(
        monkeypatch,
        [
            result("met", "senior", {}, 1),
            result("met", None, {}, 2),
            result("not_met", "senior", {"total": 1050}, 3),
            result("not_met", "junior", {}, 4),
            result("needs_fact", "junior", {}, 5),
        ],
    )
    with reading(judged.engine) as session:
        told = heads(session, filings(judged, session)[0], as_json=False)
    assert (told["完成"], told["未完成"], told["待补"]) == (
        "2 人（高级 1，未定级 1）",
        "2 人（高级 1，初级 1）",
        "1 人（初级 1）",
    )
    assert "未能核算" not in told
    assert told["未完成人员"] == ["人员03：合计差 10.5 学时", "人员04：未达到要求，见 xueshi explain"]


@pytest.mark.parametrize(("as_json", "listed", "more"), [(False, 30, ["另有 5 人"]), (True, 35, [])])
def test_a_long_list_is_cut_on_the_screen_only(
    judged: CampaignRig, monkeypatch: pytest.MonkeyPatch, as_json: bool, listed: int, more: list[str]
) -> None:
    with_results(monkeypatch, [result("not_met", None, {"total": 100}, n) for n in range(1, 36)])
    with reading(judged.engine) as session:
        told = heads(session, filings(judged, session)[0], as_json=as_json)["未完成人员"]
    assert len(told) == listed + len(more)
    assert told[listed:] == more


def test_the_names_of_a_page_are_one_query_however_many_they_are(
    judged: CampaignRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = judged.units[0]
    judged.hand_in(unit)
    asked = {}
    with reading(judged.engine) as session:
        filing = next(one for one in filings(judged, session) if one.unit_id == unit.id)
        people = list(people_rows.recorded_people(session, ENGINE, unit.id, judged.notice.year))
        for count in (1, len(people)):
            found = [result("not_met", None, {"total": 100}, one.int) for one in people[:count]]
            monkeypatch.setattr(
                results, "latest_of_unit", lambda *_, found=found: {one.person_id: one for one in found}
            )
            with statements_of(judged.engine) as said:
                told = heads(session, filing, as_json=True)["未完成人员"]
            assert len(told) == count
            asked[count] = len(said)
    assert len(asked) == 2, "one person and several"
    assert len(set(asked.values())) == 1, asked


def test_a_unit_or_person_that_is_not_there_is_told(judged: CampaignRig) -> None:
    with reading(judged.engine) as session:
        with pytest.raises(NotFoundError, match="请核对人员编号"):
            people_rows.person_names(session, ENGINE, judged.units[0].id, [UUID(int=1)])
        with pytest.raises(NotFoundError, match="请核对单位编号"):
            unit_rows.unit_names(session, ENGINE, [judged.units[0].id, UUID(int=1)])
        assert unit_rows.unit_names(session, ENGINE, []) == {}


def test_the_names_of_a_campaigns_page_are_few_queries_however_many_units(judged: CampaignRig) -> None:
    asked = []
    with Session(judged.engine) as session:
        actor = judged.place.actor(session, BUREAU)
        campaign = campaign_rows.campaign(session, ENGINE, judged.campaign.id)
        for count in (1, len(judged.units)):
            for one in filings(judged, session)[:count]:
                one.note = "撤并"
                session.add(one)
            session.flush()
            with statements_of(judged.engine) as said:
                record = campaign_record(session, actor, campaign)
            assert str(record["特别注明"]).count("撤并") == count
            asked.append(len(said))
        session.rollback()
    assert asked[0] == asked[1]


def test_a_verdict_has_one_word_and_one_sentence() -> None:
    assert set(VERDICT_WORDS) == set(VERDICT_SENTENCES) == set(VERDICTS)
    assert len(set(VERDICT_WORDS.values())) == len(VERDICTS)
