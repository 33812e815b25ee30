"""The folder's clock: records of January carry January, whenever the rehearsal is held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from records_rig import RecordsRig
from sqlalchemy import Engine

from xueshi.campaigns.acts.folder_acts import FOLDER
from xueshi.campaigns.clocks.campaign_clock import folder_now, folder_stands
from xueshi.campaigns.clocks.clock import civil_date, start_of
from xueshi.errors import InputError
from xueshi.storage import reading


def today(rig: RecordsRig) -> date:
    with reading(rig.engine) as session:
        return civil_date(folder_now(session, datetime.now(UTC)))


def advance(rig: RecordsRig, day: date, *, begin: bool = False) -> str:
    row, _ = rig.give("bureau", "advance_folder", FOLDER, to=start_of(day).isoformat(), begin=begin)
    return row.code


@pytest.fixture
def real(empty_database: Engine, tmp_path: Path) -> Iterator[RecordsRig]:
    (tmp_path / "data").mkdir()
    rig = RecordsRig(tmp_path / "data", empty_database.url.render_as_string(hide_password=False), today=None)
    yield rig
    rig.engine.dispose()


def test_a_standing_folder_moves_forward_by_a_command_only(rig: RecordsRig) -> None:
    assert today(rig) == date(2024, 3, 1)
    assert advance(rig, date(2024, 2, 1)) == "not_later"
    assert advance(rig, date(2024, 4, 1)) == "advanced_clock"
    assert today(rig) == date(2024, 4, 1)
    rig.proved()


def test_in_production_there_is_no_clock_to_move(real: RecordsRig) -> None:
    assert advance(real, date(2030, 1, 1)) == "real_clock"
    with reading(real.engine) as session:
        now = datetime.now(UTC)
        assert folder_now(session, now) == now
    real.proved()


def test_a_folder_begins_to_stand_only_before_anything_was_done_in_it(real: RecordsRig) -> None:
    real.give("unit_clerk.a", "set_level", real.people[1], title="工程师", level="senior", since="2030-01-01")
    assert advance(real, date(2024, 1, 1), begin=True) == "real_clock"


def test_a_fresh_folder_may_begin_in_the_past(real: RecordsRig) -> None:
    assert advance(real, date(2024, 1, 1), begin=True) == "advanced_clock"
    with reading(real.engine) as session:
        assert folder_stands(session)


def test_a_campaign_begins_no_earlier_than_the_folder_and_moves_it_along(rig: RecordsRig) -> None:
    advance(rig, date(2024, 11, 15))
    campaign = rig.open_campaign()
    assert civil_date(campaign.opened_at) == date(2024, 11, 15), "its notice opens on 1 November"
    assert rig.steer("advance", to=start_of(date(2024, 12, 1)).isoformat()).state == "done"
    assert today(rig) == date(2024, 12, 1)


def test_a_folder_ahead_of_its_campaign_is_not_put_back(rig: RecordsRig) -> None:
    rig.open_campaign()
    advance(rig, date(2025, 2, 1))
    assert rig.steer("advance", to=start_of(date(2024, 12, 1)).isoformat()).state == "done"
    assert today(rig) == date(2025, 2, 1)


def test_a_campaign_whose_window_is_over_opens_late_as_on_real_time(rig: RecordsRig) -> None:
    advance(rig, date(2025, 2, 1))
    rig.verified(1)
    rig.open_campaign()
    assert rig.act_on_filing("second.a", rig.a).state == "late"


def test_a_folder_that_worked_on_real_time_holds_no_rehearsal(real: RecordsRig) -> None:
    real.give("unit_clerk.a", "set_level", real.people[1], title="工程师", level="senior", since="2030-01-01")
    with pytest.raises(InputError, match="另设数据文件夹"):
        real.open_campaign()
