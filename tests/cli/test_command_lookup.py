"""A command that was refused or waits is found again: by its number, in a list, by the doctor; and what holds after one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from campaign_rig import BUREAU, CampaignRig
from command_line import run
from typer.testing import CliRunner

from xueshi.access.repository import NewAccount, add_accounts
from xueshi.access.roles import ROLE_VERBS, ROLE_WORDS, VERB_WORDS
from xueshi.access.scope import Scope
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.registry import load
from xueshi.storage import transaction
from xueshi_cli.acting import NobodyThere
from xueshi_cli.main import build

RUN = CliRunner()
WHY = ("--reason", "依通知办理")


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}")

    async def port(_: object) -> object:
        return rig.port

    monkeypatch.setattr("xueshi_cli.acting.port_of", port)
    yield rig
    rig.engine.dispose()


def steer(rig: CampaignRig, verb: str, *words: str, code: int = 0) -> str:
    return run("campaign", verb, rig.campaign.public_id, *words, "--as", BUREAU, code=code)


def number_in(said: str) -> str:
    found = re.search(r"办理编号 ([0-9a-f-]{36})", said)
    assert found, said
    return found[1]


def read(*words: str, code: int = 0) -> Any:
    return json.loads(run(*words, "--json", code=code))


def refused(rig: CampaignRig) -> str:
    earlier = str(civil_date(rig.fresh().deadline) - timedelta(days=30))
    return number_in(steer(rig, "extend", earlier, *WHY, code=1))


def test_a_refused_command_is_shown_again_by_its_number(rig: CampaignRig) -> None:
    number = refused(rig)
    shown = read("commands", "show", number, "--as", BUREAU, code=1)
    assert (shown["办理"], shown["结果"], shown["对象"]) == ("延期", "未办理", rig.campaign.title)
    assert "须晚于原截止时间" in shown["原因"]
    assert shown["填写的原因"] == "依通知办理"
    assert shown["办理人"].endswith("人社部门业务负责人（bureau）")


def test_the_list_tells_states_apart(rig: CampaignRig) -> None:
    number = refused(rig)
    steer(rig, "pause", *WHY)
    everything = read("commands", "list", "--as", BUREAU)
    assert [row["结果"] for row in everything][:2] == ["已办结", "未办理"]
    assert [row["办理编号"] for row in read("commands", "list", "--refused", "--as", BUREAU)] == [number]
    assert read("commands", "list", "--waiting", "--as", BUREAU) == []
    assert len(read("commands", "list", "--number", "1", "--as", BUREAU)) == 1
    told = run("commands", "list", "--refused", "--as", BUREAU)
    assert f"{number}  " in told
    assert "延期：未办理" in told
    assert "原因：" in told
    assert "没有这样的办理" in run("commands", "list", "--waiting", "--as", BUREAU)


def test_nobody_sees_what_others_outside_his_scope_asked_for(rig: CampaignRig) -> None:
    number = refused(rig)
    clerk = rig.units[0].clerk
    with pytest.raises(NotFoundError, match="用 xueshi commands list 查看"):
        run("commands", "show", number, "--as", clerk)
    assert number not in run("commands", "list", "--as", clerk)
    with pytest.raises(NotFoundError):
        run("commands", "show", str(uuid4()), "--as", BUREAU)


def test_a_command_given_while_the_service_is_down_says_where_its_fate_will_stand(
    rig: CampaignRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(_: object) -> object:
        return NobodyThere()

    monkeypatch.setattr("xueshi_cli.acting.port_of", nobody)
    said = steer(rig, "pause", *WHY)
    number = number_in(said)
    assert f"xueshi commands show {number}" in said
    shown = read("commands", "show", number, "--as", BUREAU)
    assert (shown["结果"], shown["原因"]) == ("已登记，等待执行", "服务没有运行，启动后自动执行（xueshi up）")
    assert [one["办理编号"] for one in read("commands", "list", "--waiting", "--as", BUREAU)] == [number]
    found = {
        one["part"]: one for one in json.loads(RUN.invoke(build(), ["doctor", "--json"]).stdout)["findings"]
    }
    assert found["办理"]["state"] == "warning"
    assert "1 件已登记，等待执行" in found["办理"]["found"]


def test_the_doctor_names_what_was_refused_of_late(rig: CampaignRig) -> None:
    def finding() -> dict[str, str]:
        report = json.loads(RUN.invoke(build(), ["doctor", "--json"]).stdout)
        return next(one for one in report["findings"] if one["part"] == "办理")

    assert finding()["state"] == "ok"
    refused(rig)
    assert finding()["found"] == "近 7 日 1 件未办理或逾期"
    assert finding()["remedy"] == "原因用 xueshi commands list --refused 查看"


def test_an_act_says_what_holds_now(rig: CampaignRig) -> None:
    later = civil_date(rig.fresh().deadline) + timedelta(days=9)
    assert f"申报截止现为 {later} 24:00" in steer(rig, "extend", str(later), *WHY)
    assert "起暂停" in steer(rig, "pause", *WHY)
    assert "已恢复，申报截止现为" in steer(rig, "resume")
    unit = rig.units[0].sample.unit
    after = later + timedelta(days=5)
    assert f"{unit.name}：" in (said := steer(rig, "extend", str(after), "--unit", unit.credit_code, *WHY))
    assert f"截止现为 {after} 24:00" in said
    assert f"补训截止现为 {after + timedelta(days=9)} 24:00" in steer(
        rig, "makeup", str(after + timedelta(days=9)), *WHY
    )


def test_a_refused_act_says_nothing_of_what_holds(rig: CampaignRig) -> None:
    earlier = str(civil_date(rig.fresh().deadline) - timedelta(days=30))
    assert "现为" not in steer(rig, "extend", earlier, *WHY, code=1)


def test_a_permission_is_refused_in_words(rig: CampaignRig) -> None:
    with pytest.raises(NotAllowedError, match=r"（单位经办人）没有“管理账号”的权限（accounts[.]manage）"):
        run("accounts", "set", "nobody", "--email", "a@example.com", "--as", rig.units[0].clerk)


def test_a_login_in_use_is_told_with_the_ways_out(rig: CampaignRig) -> None:
    with (
        transaction(rig.engine) as session,
        pytest.raises(InputError, match="登录名已被使用：bureau；没有建立账号"),
    ):
        add_accounts(session, Scope.everything(), [NewAccount("bureau", "某", "bureau", rig.notice.area)])


def test_every_role_and_every_permission_has_words() -> None:
    assert set(ROLE_WORDS) >= set(ROLE_VERBS) | load().roles_of_flows()
    assert set(VERB_WORDS) >= {verb for verbs in ROLE_VERBS.values() for verb in verbs}
