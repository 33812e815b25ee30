"""The officers' view of messages, working days and planned openings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from campaign_rig import BUREAU, CampaignRig
from command_line import rows, run
from typer.testing import CliRunner

from xueshi.campaigns.clocks.clock import start_of
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.messages import repository as messages
from xueshi.messages.repository import NewMessage
from xueshi.storage import transaction
from xueshi_cli.main import build

RUN = CliRunner()
CAUSE = "邮件服务器 mail.example:25 连不上"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}")
    yield rig
    rig.engine.dispose()


def stuck(rig: CampaignRig, number: int = 12) -> str:
    """Messages that a mail server did not take; returns one's id."""
    with transaction(rig.engine) as session:
        for _ in range(number):
            row = messages.write(
                session,
                NewMessage(
                    "unit_clerk",
                    rig.units[0].id,
                    rig.notice.area,
                    "退回补正",
                    {"reason": "证明不符"},
                    start_of(rig.notice.issued),
                    urgent=True,
                ),
            )
            session.flush()
            messages.note_failed(session, row.id, CAUSE, datetime.now(UTC) + timedelta(minutes=5))
        return str(row.id)


def test_a_backlog_is_seen_in_the_list_in_the_bureaus_tasks_and_by_the_doctor(rig: CampaignRig) -> None:
    stuck(rig)
    words = f"12 封待发，最早 {rig.notice.issued} 00:00，原因：{CAUSE}"
    assert words in run("messages", "list", "--waiting", "--as", BUREAU)
    assert words in run("tasks", "list", "--as", BUREAU)
    assert "待发" not in run("tasks", "list", "--as", rig.units[0].signers[0])
    report = json.loads(RUN.invoke(build(), ["doctor", "--json"]).stdout)
    (finding,) = [one for one in report["findings"] if one["part"] == "消息"]
    assert finding["state"] == "warning"
    assert words in finding["found"]
    assert "xueshi messages retry --all" in finding["remedy"]


def test_a_unit_reads_the_reason_in_the_system_and_nobody_elses(rig: CampaignRig) -> None:
    one = stuck(rig, 1)
    shown = json.loads(run("messages", "show", one, "--as", rig.units[0].clerk, "--json"))
    assert (shown["原因"], shown["状态"], shown["已试"]) == ("证明不符", "待重发", "1 次")
    with pytest.raises(NotFoundError):
        run("messages", "show", one, "--as", rig.units[1].clerk)
    assert {row["收件"] for row in rows("messages", "list", "--as", rig.units[1].clerk)} == {
        f"{rig.units[1].sample.unit.name}：单位经办人（unit_clerk）"
    }


def test_retry_is_for_those_who_may_and_for_what_failed(rig: CampaignRig) -> None:
    one = stuck(rig, 2)
    with pytest.raises(NotAllowedError):
        run("messages", "retry", one, "--as", rig.units[0].clerk)
    with pytest.raises(InputError, match="二者取一"):
        run("messages", "retry", "--as", BUREAU)
    assert "1 条消息将立即重发" in run("messages", "retry", one, "--as", BUREAU)
    assert "2 条消息将立即重发" in run("messages", "retry", "--all", "--as", BUREAU)
    with transaction(rig.engine) as session:
        from uuid import UUID

        messages.note_delivered(session, UUID(one), "sent", datetime.now(UTC))
    with pytest.raises(InputError, match="不再重发"):
        run("messages", "retry", one, "--as", BUREAU)


def test_an_account_gets_an_address_and_loses_it(rig: CampaignRig) -> None:
    def mail() -> str:
        listed = rows("accounts", "list", "--as", BUREAU)
        return str(next(row["邮箱"] for row in listed if row["登录名"] == rig.units[0].clerk))

    run("accounts", "set", rig.units[0].clerk, "--email", "a@b.example", "--as", BUREAU)
    assert mail() == "a@b.example"
    for wrong in ("a@b\nBcc: x@y.example", "someone", "甲@b.example"):
        with pytest.raises(InputError, match="不是邮件地址"):
            run("accounts", "set", rig.units[0].clerk, "--email", wrong, "--as", BUREAU)
    run("accounts", "set", rig.units[0].clerk, "--email", "", "--as", BUREAU)
    assert mail() == ""
    run(
        "accounts",
        "add",
        "new",
        "新",
        "--role",
        "bureau",
        "--area",
        rig.notice.area,
        "--email",
        "n@b.example",
        "--as",
        BUREAU,
    )


def test_the_calendar_shows_holidays_make_up_days_and_the_bureaus_own(rig: CampaignRig) -> None:
    run("calendar", "set", "2021-11-10", "off", "--reason", "抗雪", "--as", BUREAU)
    days = {row["日期"]: row for row in rows("calendar", "show", "--year", "2021", "--as", BUREAU)}
    assert (days["2021-10-07"]["上班"], days["2021-10-09"]["上班"]) == ("否", "是")
    assert days["2021-11-10"] == {"日期": "2021-11-10", "星期": "三", "上班": "否", "依据": "本级录入"}
    assert "尚未公布" in run("calendar", "show", "--year", "2090", "--as", BUREAU)
    with pytest.raises(InputError, match="2090 年还没有录入任何放假、调休日"):
        run("calendar", "complete", "2090", "--reason", "国办通知", "--as", BUREAU)
    run("calendar", "set", "2090-01-02", "off", "--reason", "国办通知", "--as", BUREAU)
    run("calendar", "complete", "2090", "--reason", "国办通知", "--as", BUREAU)
    assert "尚未公布" not in run("calendar", "show", "--year", "2090", "--as", BUREAU)


def test_a_task_shows_its_date_and_that_it_is_provisional(rig: CampaignRig) -> None:
    rig.pin_flow(days=3)
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    dates = [row["期限"] for row in rows("tasks", "list", "--as", rig.verifier) if row["期限"]]
    assert dates == ["2021-10-21 24:00"]
    from sqlalchemy import update

    from xueshi.campaigns.tables import Task

    with transaction(rig.engine) as session:
        session.execute(update(Task).values(due_provisional=True))
    dates = [row["期限"] for row in rows("tasks", "list", "--as", rig.verifier) if row["期限"]]
    assert dates == ["2021-10-21 24:00（暂定）"]


def test_an_escalation_is_shown_and_needs_no_decision(rig: CampaignRig) -> None:
    from xueshi.flows.flow import Escalation

    rig.pin_flow(days=1, escalate=Escalation(0, "bureau", "示例 第九条"))
    rig.hand_in(rig.units[0])
    rig.sign(rig.units[0])
    rig.steer("advance", to=start_of(rig.notice.issued + timedelta(days=3)).isoformat())
    (task,) = rows("tasks", "list", "--as", BUREAU)
    assert (task["事项"], task["依据"]) == ("超期督办", "示例 第九条")
    assert "请督促办理" in run("tasks", "show", task["待办"], "--as", BUREAU)
    with pytest.raises(InputError, match="不须办理"):
        run("tasks", "decide", task["待办"], "--approve", "--as", BUREAU)


NOTICE = """\
xueshi: 1
id: NEXT
area: {area}
year: {year}
number: 示例〔{year}〕1号
title: 下一年度验证
issuer: 示例局
issued: {opens}
opens: {opens}
closes: {closes}
flow: {flow}
papers: []
"""


def test_a_notice_is_scheduled_listed_and_cancelled(rig: CampaignRig) -> None:
    opens = datetime.now(UTC).date() + timedelta(days=30)
    file = rig.place.folder / "next.yaml"
    file.write_text(
        NOTICE.format(
            area=rig.notice.area,
            year=opens.year,
            opens=opens,
            closes=opens + timedelta(days=40),
            flow=rig.notice.flow,
        )
    )
    said = run("campaign", "schedule", "--notice", str(file), "--at", str(opens), "--as", BUREAU)
    assert f"{opens} 零时起" in said
    (listed,) = rows("campaign", "schedule", "list", "--as", BUREAU)
    assert (listed["开启"], listed["状态"]) == (str(opens), "待开启")
    run("campaign", "schedule", "cancel", listed["编号"], "--as", BUREAU)
    assert rows("campaign", "schedule", "list", "--as", BUREAU)[0]["状态"] == "已取消"
    with pytest.raises(InputError, match="--notice"):
        run("campaign", "schedule", "--as", BUREAU)
