"""What stands in the database after each act, on both databases; and what nobody sees outside their scope."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.audit.tables import Artifact, AuditEntry
from xueshi.campaigns.acts import direct_acts
from xueshi.campaigns.commanding import commands as campaign_commands
from xueshi.campaigns.commanding.command_table import COMMAND_KINDS
from xueshi.campaigns.commanding.commands import CommandRequest, submit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.tables import Command, Effect
from xueshi.documents.types import TableColumn
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.reports import commands, repository
from xueshi.reports.contents import NamedRow, TableContent
from xueshi.reports.desk import REASON_LIMIT, Receiver, ReportDesk
from xueshi.reports.manifest import ReportHead
from xueshi.reports.package import write_package
from xueshi.reports.sending_acts import ReportOrder
from xueshi.reports.signing import PublicKey, Signer
from xueshi.storage import reading, transaction

ENGINE = Scope.everything()
CITY, PROVINCE = Signer(b"c" * 32), Signer(b"p" * 32)
FIGURES: dict[str, int | None] = {"people": 2}
CONTENT = TableContent(
    "t", "统计表", "第一条", (TableColumn("people", "人数", "全部人员。", "人"),),
    (NamedRow("senior", "高级", FIGURES),), None, FIGURES, (NamedRow("C1", "一院", FIGURES),), (),
)  # fmt: skip
HEAD = ReportHead(
    "somewhere", "990100", "某市", 2021, 1, "某市局", date(2021, 1, 1), date(2021, 12, 31), date(2021, 12, 31),
    True, "none", {"units": 1, "people": 2}, (), ("t",), CITY.key_id,
)  # fmt: skip
ORDER = ReportOrder(None, date(2022, 1, 31))
RECEIVER = Receiver("990000", "某省厅", PROVINCE)
NUMBER = HEAD.name


def package(head: ReportHead = HEAD, content: TableContent = CONTENT) -> bytes:
    return write_package(head, {"data/t.json": content.to_bytes()}, CITY)


@pytest.fixture
def desks(engine: Engine) -> dict[str, ReportDesk]:
    """The desk of each officer, on one database for all."""
    commands.register()
    accounts = [
        NewAccount("city", "市局", "bureau", "990100"),
        NewAccount("province", "省厅", "operator", "990000"),
        NewAccount("beside", "邻市局", "bureau", "990200"),
    ]
    with transaction(engine) as session:
        access.add_accounts(session, ENGINE, accounts)

    def desk(login: str) -> ReportDesk:
        return ReportDesk(engine, lambda session: access.actor(session, login))

    found = {one.login: desk(one.login) for one in accounts}
    found["province"].trust("990100", PublicKey("990100", "某市局", CITY.public))
    found["city"].trust("990000", PublicKey("990000", "某省厅", PROVINCE.public))
    return found


def proved(engine: Engine) -> None:
    """Commands, effects and audit rows agree, and the chain is whole."""
    with reading(engine) as session:
        told = reconcile(session)
        assert (told.difference, told.pending) == (0, 0), told
        assert audit.verify(session).broken_at is None


def given(engine: Engine, kind: str = "") -> list[Command]:
    """The commands of a kind in the order in which they were stored."""
    with reading(engine) as session:
        rows = session.exec(select(Command).order_by(Command.id)).all()  # type: ignore[arg-type]
        session.expunge_all()
    return [row for row in rows if kind in ("", row.kind)]


def at_once(times: int, call: Callable[[], Any]) -> list[Any]:
    gate = Barrier(times)

    def one(_: int) -> Any:
        gate.wait()
        return call()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_report_goes_up_and_its_receipt_comes_back(engine: Engine, desks: dict[str, ReportDesk]) -> None:
    body = package()
    assert desks["city"].build(ORDER, HEAD, body).report_by == date(2022, 1, 31)
    assert desks["city"].send(NUMBER)[1] == body
    row, new = desks["province"].receive(body, accept_sample=False)
    assert (new, row.name) == (True, NUMBER), "one number on both sides"
    assert desks["province"].receive(body, accept_sample=False)[1] is False
    _, receipt = desks["province"].settle(NUMBER, "acknowledged", [], RECEIVER)
    settled = desks["city"].take_receipt(receipt)
    assert (settled.state, settled.digest) == ("acknowledged", hashlib.sha256(body).hexdigest())
    with reading(engine) as session:
        assert repository.unstarted(session) == []
    proved(engine)


def test_every_act_is_a_row_of_the_command_table_with_its_effect_and_audit(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    desks["city"].build(ORDER, HEAD, package())
    desks["city"].send(NUMBER)
    desks["province"].receive(package(), accept_sample=False)
    _, receipt = desks["province"].settle(NUMBER, "rejected", ["缺经费"], RECEIVER)
    desks["city"].take_receipt(receipt)
    desks["province"].end_trust("990100", CITY.key_id)
    rows = given(engine)
    assert [(row.kind, row.state, row.code) for row in rows] == [
        ("report_trust", "done", "trusted"), ("report_trust", "done", "trusted"),
        ("report_build", "done", "built"), ("report_send", "done", "sent"),
        ("report_receive", "done", "received"), ("report_reject", "done", "rejected"),
        ("report_receipt", "done", "rejected"), ("report_distrust", "done", "trust_ended"),
    ]  # fmt: skip
    with reading(engine) as session:
        entries = session.exec(select(AuditEntry).order_by(AuditEntry.seq)).all()  # type: ignore[arg-type]
        assert [entry.command_id for entry in entries] == [row.id for row in rows]
        assert [entry.target for entry in entries] == [f"{row.target_kind}:{row.target_id}" for row in rows]
        made = repository.numbered(session, ENGINE, NUMBER)
        assert {row.target_id for row in rows if row.target_kind == "report"} == {made.id}
    proved(engine)


def test_every_kind_of_the_table_that_means_a_report_has_someone_who_carries_it_out() -> None:
    commands.register()
    commands.register()  # repeats change nothing
    mine = {
        name
        for name, kind in COMMAND_KINDS.items()
        if kind.target in ("report", "received_report", "trusted_key")
    }
    assert mine == set(commands._KINDS)
    with pytest.raises(ValueError, match="carried out by"):
        direct_acts.register_act("report_send", lambda session, row: None)
    for wrong in ("nothing", "approve", "determine"):
        with pytest.raises(ValueError, match="no direct command"):
            campaign_commands.register_kind(wrong, lambda session, row: None, lambda *_: None)


def test_a_process_that_does_not_know_a_kind_leaves_it_to_another(
    engine: Engine, desks: dict[str, ReportDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desks["city"].build(ORDER, HEAD, package())
    with monkeypatch.context() as patch, transaction(engine) as session:
        patch.delitem(direct_acts._ACTS, "report_send")
        row = submit(
            session, access.actor(session, "city"),
            CommandRequest("later", "report_send", repository.numbered(session, ENGINE, NUMBER).id),
        )  # fmt: skip
        direct_acts.carry_out(session, row)
        assert (row.state, "其他进程接办" in row.reason) == ("pending", True)
    with transaction(engine) as session:
        direct_acts.carry_out(session, session.get(Command, row.id))  # type: ignore[arg-type]
    assert given(engine, "report_send")[0].state == "done"
    proved(engine)


# ---------------------------------------------------------------- once, whatever happens


def test_the_same_click_fifty_times_at_once_sends_once(engine: Engine, desks: dict[str, ReportDesk]) -> None:
    desks["city"].build(ORDER, HEAD, package())
    bodies = at_once(50, lambda: desks["city"].send(NUMBER, "click")[1])
    assert set(bodies) == {package()}
    (row,) = given(engine, "report_send")
    assert (row.request_id, row.state) == ("click", "done")
    proved(engine)


def test_the_same_file_fifty_times_at_once_is_received_once(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    body = package()
    rows = at_once(50, lambda: desks["province"].receive(body, accept_sample=False, request_id="upload")[0])
    assert len({row.id for row in rows}) == 1
    assert [row.state for row in given(engine, "report_receive")] == ["done"]
    proved(engine)


def test_the_same_file_from_many_clerks_at_once_is_received_once(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    body = package()
    told = at_once(10, lambda: desks["province"].receive(body, accept_sample=False))
    assert sum(new for _, new in told) == 1
    assert len({row.id for row, _ in told}) == 1
    with reading(engine) as session:
        assert len(repository.received_reports(session, ENGINE)) == 1
    proved(engine)


def test_a_request_id_is_one_act_and_no_other(engine: Engine, desks: dict[str, ReportDesk]) -> None:
    desks["city"].build(ORDER, HEAD, package(), "one")
    assert desks["city"].build(ORDER, HEAD, package(), "one").revision == 1
    with pytest.raises(InputError, match="另一件办理"):
        desks["city"].send(NUMBER, "one")
    second = replace(HEAD, revision=2)
    with pytest.raises(InputError, match="另一件办理"):
        desks["city"].build(ORDER, second, package(second), "one")
    assert [row.state for row in given(engine, "report_build")] == ["done"]


def test_two_who_build_at_once_do_not_both_get_the_next_revision(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    desks["city"].build(ORDER, HEAD, package())
    other = replace(CONTENT, notes=("另一份",))
    with pytest.raises(InputError, match="重新编制"):
        desks["city"].build(ORDER, HEAD, package(HEAD, other))
    second = replace(HEAD, revision=2)
    desks["city"].build(ORDER, second, package(second))
    with reading(engine) as session:
        city = access.actor(session, "city").scope
        assert [one.state for one in repository.reports(session, city)] == ["built", "superseded"]
    refused = given(engine, "report_build")[1]
    assert (refused.state, refused.code) == ("refused", "built_meanwhile")
    assert "重新编制" in refused.reason
    proved(engine)


# ---------------------------------------------------------------- what is refused


def test_nobody_sees_or_touches_another_area(engine: Engine, desks: dict[str, ReportDesk]) -> None:
    desks["city"].build(ORDER, HEAD, package())
    before = len(given(engine))
    with reading(engine) as session:
        beside = access.actor(session, "beside").scope
        assert repository.reports(session, beside) == []
        with pytest.raises(NotFoundError):
            repository.numbered(session, beside, NUMBER)
    with pytest.raises(NotFoundError):
        desks["beside"].send(NUMBER)
    with pytest.raises(NotAllowedError):
        desks["beside"].build(ORDER, HEAD, package())
    with pytest.raises(NotAllowedError, match=r"report\.send"):
        desks["province"].send(NUMBER)
    with pytest.raises(NotAllowedError, match="也不是您的上级"):
        desks["beside"].trust("990100", PublicKey("990100", "某市局", CITY.public))
    assert len(given(engine)) == before, "who may not even ask leaves no command"
    with pytest.raises(InputError, match="不在您的管理范围"):
        desks["beside"].receive(package(), accept_sample=False)


def kept(session: Session) -> set[str]:
    return {one.kind for one in session.exec(select(Artifact)).all()}


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"year": 2019}, "不是 2019 年度"),
        ({"period_end": date(2020, 1, 1)}, "不是 2021 年度"),
        ({"made_on": date(2020, 12, 31)}, "早于统计起始时间"),
        ({"counts": {"units": 1, "people": 3}}, "与清单 3 不符"),
        ({"sample": True}, "演示"),
        ({"tables": ("t", "u")}, r"缺少 data/u\.json"),
        ({"area": "990300"}, "未信任"),
    ],
)
def test_what_cannot_be_accepted_is_named_and_only_its_refusal_is_kept(
    changed: dict[str, object], cause: str, engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    body = package(replace(HEAD, **changed))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=cause):
        desks["province"].receive(body, accept_sample=False)
    (row,) = given(engine, "report_receive")
    assert row.state == "refused"
    assert row.code
    with reading(engine) as session:
        assert repository.received_reports(session, ENGINE) == []
        assert kept(session) == set(), "nothing of the file is kept"
        assert session.get(Effect, row.id) is None
        (noted,) = session.exec(select(AuditEntry).where(AuditEntry.verb == "report_refuse")).all()
    assert noted.body == {"reason": row.reason, "command": str(row.id)}
    proved(engine)


def test_a_file_that_is_no_package_is_refused_and_kept_as_a_refusal(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    with pytest.raises(InputError, match="不是完整的报送包"):
        desks["province"].receive(b"%PDF-1.7", accept_sample=False)
    (row,) = given(engine, "report_receive")
    assert (row.state, row.code) == ("refused", "no_package")
    with reading(engine) as session:
        assert kept(session) == set()
    proved(engine)


def test_a_refused_file_may_come_again_once_its_key_is_trusted(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    desks["province"].end_trust("990100", CITY.key_id)
    with pytest.raises(InputError, match="未信任"):
        desks["province"].receive(package(), accept_sample=False)
    desks["province"].trust("990100", PublicKey("990100", "某市局", CITY.public))
    assert desks["province"].receive(package(), accept_sample=False)[1]
    assert [row.state for row in given(engine, "report_receive")] == ["refused", "done"]
    proved(engine)


def test_a_long_refusal_is_told_whole_and_kept_in_short(engine: Engine, desks: dict[str, ReportDesk]) -> None:
    units = tuple(NamedRow(f"C{n}", "院", {"people": -1}) for n in range(3))
    long = replace(CONTENT, title="长" * 700, units=units, totals={"people": 7}, rows=())
    with pytest.raises(InputError, match="请由报送单位更正后另报一次") as told:
        desks["province"].receive(package(HEAD, long), accept_sample=False)
    assert len(str(told.value)) > len(given(engine, "report_receive")[0].reason)
    assert len(given(engine, "report_receive")[0].reason) <= REASON_LIMIT


def test_a_rehearsal_may_be_received_where_rehearsals_are(desks: dict[str, ReportDesk]) -> None:
    sample = package(replace(HEAD, sample=True))
    assert desks["province"].receive(sample, accept_sample=True)[1]


def test_an_older_or_second_report_of_the_same_revision_is_refused(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    province = desks["province"]
    province.receive(package(replace(HEAD, revision=2)), accept_sample=False)
    other = replace(CONTENT, notes=("另一份",))
    for body in (package(), package(replace(HEAD, revision=2), other)):
        with pytest.raises(InputError, match="不是更新的一次"):
            province.receive(body, accept_sample=False)
    third, new = province.receive(package(replace(HEAD, revision=3)), accept_sample=False)
    assert new
    with reading(engine) as session:
        states = {
            one.revision: one.state for one in repository.received_reports(session, ENGINE, area="990100")
        }
        assert repository.received(session, ENGINE, third.id).revision == 3
    assert states == {2: "superseded", 3: "received"}
    proved(engine)


def test_sums_that_do_not_hold_keep_a_signed_package_out(desks: dict[str, ReportDesk]) -> None:
    wrong = replace(CONTENT, totals={"people": 3})
    head = replace(HEAD, counts={"units": 1, "people": 3})
    with pytest.raises(InputError, match="各行之和 2，合计为 3"):
        desks["province"].receive(package(head, wrong), accept_sample=False)


def test_a_rejection_says_why(engine: Engine, desks: dict[str, ReportDesk]) -> None:
    province = desks["province"]
    province.receive(package(), accept_sample=False)
    with pytest.raises(InputError, match="原因"):
        province.settle(NUMBER, "rejected", [" "], RECEIVER)
    _, body = province.settle(NUMBER, "rejected", ["缺经费"], RECEIVER)
    assert json.loads(body)["receipt"]["reasons"] == ["缺经费"]
    with pytest.raises(InputError, match="不能再改"):
        province.settle(NUMBER, "acknowledged", [], RECEIVER)
    assert [(row.kind, row.state) for row in given(engine)[-3:]] == [
        ("report_reject", "refused"), ("report_reject", "done"), ("report_acknowledge", "refused"),
    ]  # fmt: skip
    with reading(engine) as session:
        receipts = [one for one in session.exec(select(Artifact)).all() if one.kind == "report_receipt"]
        assert [one.body for one in receipts] == [body], "a receipt that was not given is not there"
    proved(engine)


def test_a_receipt_of_another_report_is_refused_and_kept_as_a_refusal(
    engine: Engine, desks: dict[str, ReportDesk]
) -> None:
    desks["province"].receive(package(), accept_sample=False)
    _, receipt = desks["province"].settle(NUMBER, "acknowledged", [], RECEIVER)
    with pytest.raises(InputError, match="不是本系统报送的那一份"):
        desks["city"].take_receipt(receipt)
    (row,) = given(engine, "report_receipt")
    assert (row.state, row.code) == ("refused", "other_report")
    proved(engine)


def test_a_trusted_key_is_for_its_own_area_only(engine: Engine, desks: dict[str, ReportDesk]) -> None:
    with pytest.raises(InputError, match="不是 990200 的"):
        desks["province"].trust("990200", PublicKey("990100", "某市局", CITY.public))
    with pytest.raises(InputError, match="未信任地区 990200"):
        desks["province"].receive(package(replace(HEAD, area="990200")), accept_sample=False)
    with pytest.raises(InputError, match="没有编号为"):
        desks["province"].end_trust("990200", CITY.key_id)
    assert [row.state for row in given(engine)[-3:]] == ["refused"] * 3
    proved(engine)


@pytest.mark.parametrize(
    "number", ["", "1", "01890a5d-ac96-774b-bcce-b302099a8057", "report:a:1:2:3", "report:a:990100:2021:0"]
)
def test_what_is_no_number_is_said_so(number: str, desks: dict[str, ReportDesk]) -> None:
    with pytest.raises(InputError, match="不是报告编号"):
        desks["city"].send(number)
