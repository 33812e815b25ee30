"""A rehearsal of the coming year on a finished one: figures add up, nothing in the real folder changes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from campaign_rig import BUREAU, CampaignRig
from typer.testing import CliRunner

from xueshi.access.scope import Scope
from xueshi.campaigns.figures.dump import canonical_dump
from xueshi.campaigns.rows import campaign_rows
from xueshi.errors import NotEncodedError
from xueshi.rehearsal.behaviour import Behaviour
from xueshi.rehearsal.findings import Rehearsed
from xueshi.storage import reading
from xueshi_cli.main import build
from xueshi_cli.rehearsing import Rehearsal

ENGINE = Scope.everything()


@pytest.fixture
def rig(tmp_path: Path) -> CampaignRig:
    rig = CampaignRig(tmp_path / "real", "", units=6, people=24)
    for unit in rig.units[:5]:
        rig.hand_in(unit)
    return rig


def coming(rig: CampaignRig, **changes: Any) -> Any:
    def later(day: Any) -> Any:
        return None if day is None else day.replace(year=day.year + 1)

    notice = rig.notice
    return replace(
        notice,
        year=notice.year + 1,
        issued=later(notice.issued),
        opens=later(notice.opens),
        closes=later(notice.closes),
        **changes,
    )


def play(rig: CampaignRig, name: str, behaviour: Behaviour, **changes: Any) -> Rehearsed:
    folder = rig.place.folder / "rehearsals" / name
    return Rehearsal(rig.place, folder, BUREAU, coming(rig, **changes), behaviour).play(
        rig.notice.year, lambda _: None
    )


def test_the_figures_add_up_and_the_real_folder_is_untouched(rig: CampaignRig) -> None:
    with reading(rig.engine) as session:
        before = canonical_dump(session, rig.campaign.id)
    found = play(rig, "one", Behaviour(decisions_per_day=2, late_percent=0, return_percent=100))
    with reading(rig.engine) as session:
        assert canonical_dump(session, rig.campaign.id) == before
        assert len(campaign_rows.campaigns(session, ENGINE)) == 1
    assert (found.units, found.not_filed, found.undecided) == (6, 1, 0)
    assert sum(sum(levels.values()) for levels in found.verdicts.values()) == found.people
    assert found.messages == sum(day.messages for day in found.days)
    busiest = found.busiest
    assert busiest is not None
    assert busiest[2] <= 2, "no officer does more than a day's work"
    settled = sum(total for total, _ in found.load_of().values())
    assert settled == found.questions + found.returned + 5, (
        "every filed unit is approved, some are returned before"
    )
    assert any("没有登记" in stop.what for stop in found.stops)


def test_the_same_seed_gives_the_same_rehearsal(rig: CampaignRig) -> None:
    behaviour = Behaviour(decisions_per_day=3)
    assert play(rig, "one", behaviour) == play(rig, "two", behaviour)


def test_one_officer_who_is_slow_finishes_later(rig: CampaignRig) -> None:
    crowded = Behaviour(late_percent=0, last_week_percent=100, return_percent=0)
    slow = play(rig, "slow", replace(crowded, decisions_per_day=1)).last_decision
    quick = play(rig, "quick", replace(crowded, decisions_per_day=100)).last_decision
    assert slow is not None
    assert quick is not None
    assert slow > quick


def test_a_missing_account_is_named_as_something_that_would_stop(rig: CampaignRig) -> None:
    found = play(rig, "one", Behaviour())
    assert not any("没有“" in stop.what for stop in found.stops)
    from xueshi.access.tables import Account
    from xueshi.storage import transaction

    with transaction(rig.engine) as session:
        for login in (rig.verifier, rig.units[0].signers[0]):
            actor = rig.place.actor(session, login)
            account = session.get(Account, actor.account_id)
            assert account is not None
            account.active = False
            session.add(account)
    found = play(rig, "two", Behaviour())
    named = [stop.what for stop in found.stops if "账号" in stop.what]
    assert len(named) == 2
    assert any(what.startswith("1家单位没有") for what in named)
    assert found.undecided == 0, "the rehearsal goes on with an invented account"


def test_a_year_without_register_cannot_be_rehearsed(rig: CampaignRig) -> None:
    rehearsal = Rehearsal(rig.place, rig.place.folder / "x", BUREAU, coming(rig), Behaviour())
    with pytest.raises(NotEncodedError, match="没有 1999 年度的登记"):
        rehearsal.play(1999, lambda _: None)


def test_the_command_compares_deadlines(rig: CampaignRig, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = coming(rig)
    monkeypatch.setenv("XUESHI_DATA", str(rig.place.folder))
    monkeypatch.setattr("xueshi_cli.rehearsing.chosen_notice", lambda *_: notice)
    asked = ["campaign", "rehearse", "--as", BUREAU, "--notice", "x.yaml", "--try-deadline"]
    result = CliRunner().invoke(build(), [*asked, f"{notice.year}-12-20"])
    assert result.exit_code == 0, result.output
    for word in ("截止日期的影响", "逐日情况", "各经办人", "会卡住的地方", f"{notice.year}-12-20"):
        assert word in result.output
    result = CliRunner().invoke(build(), [*asked, f"{notice.year}-12-20", "--json"])
    assert [run["deadline"] for run in json.loads(result.output)] == [
        notice.closes.isoformat(),
        f"{notice.year}-12-20",
    ]
