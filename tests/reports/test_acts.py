"""What stands in the database after each act, on both databases; and what nobody sees outside their scope."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import Engine

from xueshi.access import repository as access
from xueshi.access.repository import Actor, NewAccount
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.documents.types import TableColumn
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.reports import acts, repository
from xueshi.reports.acts import Receiver, ReportOrder
from xueshi.reports.contents import NamedRow, TableContent
from xueshi.reports.manifest import ReportHead
from xueshi.reports.package import read_package, write_package
from xueshi.reports.signing import PublicKey, Signer, read_receipt
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


def package(head: ReportHead = HEAD, content: TableContent = CONTENT) -> bytes:
    return write_package(head, {"data/t.json": content.to_bytes()}, CITY)


@pytest.fixture
def officers(engine: Engine) -> dict[str, Actor]:
    with transaction(engine) as session:
        accounts = [
            NewAccount("city", "市局", "bureau", "990100"),
            NewAccount("province", "省厅", "operator", "990000"),
            NewAccount("beside", "邻市局", "bureau", "990200"),
        ]
        access.add_accounts(session, ENGINE, accounts)
        found = {one.login: access.actor(session, one.login) for one in accounts}
        acts.trust(session, found["province"], "990100", PublicKey("990100", "某市局", CITY.public))
        acts.trust(session, found["city"], "990000", PublicKey("990000", "某省厅", PROVINCE.public))
    return found


def received(engine: Engine, actor: Actor, body: bytes, *, accept_sample: bool = False) -> tuple[UUID, bool]:
    with transaction(engine) as session:
        row, new = acts.receive(session, actor, read_package(body), body, accept_sample=accept_sample)
        return row.id, new


def test_a_report_goes_up_and_its_receipt_comes_back(engine: Engine, officers: dict[str, Actor]) -> None:
    body = package()
    with transaction(engine) as session:
        row = acts.store_built(session, officers["city"], ReportOrder(None, date(2022, 1, 31)), HEAD, body)
        assert acts.send(session, officers["city"], row.id)[1] == body
    received_id, new = received(engine, officers["province"], body)
    assert new
    assert received(engine, officers["province"], body) == (received_id, False)
    receiver = Receiver("990000", "某省厅", PROVINCE)
    with transaction(engine) as session:
        _, receipt = acts.settle(session, officers["province"], received_id, "acknowledged", [], receiver)
    with transaction(engine) as session:
        settled = acts.take_receipt(session, officers["city"], read_receipt(receipt), receipt)
        assert (settled.state, settled.digest) == ("acknowledged", hashlib.sha256(body).hexdigest())
    with reading(engine) as session:
        assert audit.verify(session).broken_at is None
        assert repository.unstarted(session) == []


def test_two_who_build_at_once_do_not_both_get_the_next_revision(
    engine: Engine, officers: dict[str, Actor]
) -> None:
    order = ReportOrder(None, None)
    with transaction(engine) as session:
        acts.store_built(session, officers["city"], order, HEAD, package())
    with pytest.raises(InputError, match="重新编制"), transaction(engine) as session:
        acts.store_built(session, officers["city"], order, HEAD, package())
    second = replace(HEAD, revision=2)
    with transaction(engine) as session:
        acts.store_built(session, officers["city"], order, second, package(second))
    with reading(engine) as session:
        states = [one.state for one in repository.reports(session, officers["city"].scope)]
    assert states == ["built", "superseded"]


def test_nobody_sees_or_touches_another_area(engine: Engine, officers: dict[str, Actor]) -> None:
    with transaction(engine) as session:
        row = acts.store_built(session, officers["city"], ReportOrder(None, None), HEAD, package())
        report_id = row.id
    beside = officers["beside"]
    with reading(engine) as session:
        assert repository.reports(session, beside.scope) == []
        with pytest.raises(NotFoundError):
            repository.report(session, beside.scope, report_id)
    with pytest.raises(NotFoundError), transaction(engine) as session:
        acts.send(session, beside, report_id)
    with pytest.raises(NotAllowedError), transaction(engine) as session:
        acts.store_built(session, beside, ReportOrder(None, None), HEAD, package())
    with pytest.raises(InputError, match="不在您的管理范围"):
        received(engine, beside, package())
    with pytest.raises(NotAllowedError, match=r"report\.send"), transaction(engine) as session:
        acts.send(session, officers["province"], report_id)


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
def test_what_cannot_be_accepted_is_named(
    changed: dict[str, object], cause: str, engine: Engine, officers: dict[str, Actor]
) -> None:
    with pytest.raises(InputError, match=cause):
        received(engine, officers["province"], package(replace(HEAD, **changed)))  # type: ignore[arg-type]
    with reading(engine) as session:
        assert repository.received_reports(session, ENGINE) == []


def test_a_rehearsal_may_be_received_where_rehearsals_are(engine: Engine, officers: dict[str, Actor]) -> None:
    sample = package(replace(HEAD, sample=True))
    assert received(engine, officers["province"], sample, accept_sample=True)[1]


def test_an_older_or_second_report_of_the_same_revision_is_refused(
    engine: Engine, officers: dict[str, Actor]
) -> None:
    received(engine, officers["province"], package(replace(HEAD, revision=2)))
    other = replace(CONTENT, notes=("另一份",))
    for body in (package(), package(replace(HEAD, revision=2), other)):
        with pytest.raises(InputError, match="不是更新的一次"):
            received(engine, officers["province"], body)
    third, new = received(engine, officers["province"], package(replace(HEAD, revision=3)))
    assert new
    with reading(engine) as session:
        states = {
            one.revision: one.state for one in repository.received_reports(session, ENGINE, area="990100")
        }
        assert repository.received(session, ENGINE, third).revision == 3
    assert states == {2: "superseded", 3: "received"}


def test_sums_that_do_not_hold_keep_a_signed_package_out(engine: Engine, officers: dict[str, Actor]) -> None:
    wrong = replace(CONTENT, totals={"people": 3})
    head = replace(HEAD, counts={"units": 1, "people": 3})
    with pytest.raises(InputError, match="各行之和 2，合计为 3"):
        received(engine, officers["province"], package(head, wrong))


def test_a_rejection_says_why(engine: Engine, officers: dict[str, Actor]) -> None:
    received_id, _ = received(engine, officers["province"], package())
    receiver = Receiver("990000", "某省厅", PROVINCE)
    with pytest.raises(InputError, match="原因"), transaction(engine) as session:
        acts.settle(session, officers["province"], received_id, "rejected", [" "], receiver)
    with transaction(engine) as session:
        _, body = acts.settle(session, officers["province"], received_id, "rejected", ["缺经费"], receiver)
    assert json.loads(body)["receipt"]["reasons"] == ["缺经费"]


def test_a_trusted_key_is_for_its_own_area_only(engine: Engine, officers: dict[str, Actor]) -> None:
    with transaction(engine) as session, pytest.raises(InputError, match="不是 990200 的"):
        acts.trust(session, officers["province"], "990200", PublicKey("990100", "某市局", CITY.public))
    with pytest.raises(InputError, match="未信任地区 990200"):
        received(engine, officers["province"], package(replace(HEAD, area="990200")))
