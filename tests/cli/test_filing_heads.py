"""What an officer sees before he decides on a unit: heads by verdict and level, who falls short and why, open facts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from campaign_rig import CampaignRig

from xueshi.access.scope import Scope
from xueshi.campaigns.rows import filing_rows
from xueshi.results import repository as results
from xueshi.storage import reading
from xueshi_cli import filing_heads
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
    monkeypatch.setattr(filing_heads.people_rows, "person_name", lambda *args: f"人员{args[-1].int:02}")


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
    assert (told["达标"], told["未达标"], told["待补"]) == (
        "2 人（高级 1，未定级 1）",
        "2 人（高级 1，初级 1）",
        "1 人（初级 1）",
    )
    assert "未能核算" not in told
    assert told["未达标人员"] == ["人员03：合计差 10.5 学时", "人员04：未达到要求，见 xueshi explain"]


@pytest.mark.parametrize(("as_json", "listed", "more"), [(False, 30, ["另有 5 人"]), (True, 35, [])])
def test_a_long_list_is_cut_on_the_screen_only(
    judged: CampaignRig, monkeypatch: pytest.MonkeyPatch, as_json: bool, listed: int, more: list[str]
) -> None:
    with_results(monkeypatch, [result("not_met", None, {"total": 100}, n) for n in range(1, 36)])
    with reading(judged.engine) as session:
        told = heads(session, filings(judged, session)[0], as_json=as_json)["未达标人员"]
    assert len(told) == listed + len(more)
    assert told[listed:] == more
