"""What routing does to real filings: each unit passes its own levels, pinned at opening (both databases)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from campaign_rig import BUREAU, ENGINE
from notice_rig import EXAMPLES, Made, NoticeRig
from sqlalchemy import Engine

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.acts import campaign_acts
from xueshi.campaigns.commanding import bulk_running
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import filing_rows
from xueshi.errors import InputError, NotFoundError
from xueshi.register.rows import unit_rows
from xueshi.storage import reading, transaction

NOTICES = EXAMPLES / "notices"
OVERLAY = EXAMPLES / "flow-overlays" / "changzhou-2019.yaml"
Open = Callable[..., NoticeRig]


@pytest.fixture
def opened(empty_database: Engine, tmp_path: Path) -> Iterator[Open]:
    made: list[NoticeRig] = []

    def open_(notice: str, *units: Made, overlay: Path | None = None) -> NoticeRig:
        url = empty_database.url.render_as_string(hide_password=False)
        made.append(NoticeRig(tmp_path / "data", url, NOTICES / f"{notice}.yaml", units, overlay))
        return made[-1]

    yield open_
    for rig in made:
        rig.engine.dispose()


def test_a_unit_with_a_department_passes_it_and_one_without_checks_itself(opened: Open) -> None:
    rig = opened("changzhou-2019", *[Made(has_department=True)] * 11, *[Made(has_department=False)] * 9)
    chosen = [unit for unit in rig.units if "inspection" in rig.levels(unit)]
    assert len(chosen) == 2, "a tenth of twenty units"
    for unit in {unit.id: unit for unit in (rig.units[0], rig.units[-1], *chosen)}.values():
        own = "department" if unit in rig.units[:11] else "unit_check"
        expected = ["unit", own, *(["inspection"] if unit in chosen else [])]
        assert rig.walk(unit) == expected
        assert rig.filing(unit).stage == "approved"
    with reading(rig.engine) as session:
        assert reconcile(session).difference == 0


def test_nobody_of_a_level_that_does_not_hold_can_act(opened: Open) -> None:
    rig = opened("changzhou-2019", Made(has_department=False))
    [unit] = rig.units
    rig.hand_in(unit)
    rig.step(unit)
    row = rig.decide("industry_dept", unit)
    assert (row.state, row.code) == ("refused", "wrong_officer")


def test_a_sector_means_a_department_unless_somebody_said_otherwise(opened: Open) -> None:
    rig = opened(
        "suzhou-2019",
        Made(sector="教育"),
        Made(),
        Made(sector="教育", has_department=False),
        Made(kind="base"),
    )
    assert [rig.levels(unit) for unit in rig.units] == [
        ["unit", "department", "hrss"],
        ["unit", "hrss"],
        ["unit", "hrss"],
        ["base", "hrss"],
    ]


def test_a_department_sees_the_units_of_its_own_sector_only(opened: Open) -> None:
    rig = opened("suzhou-2019", Made(sector="教育"), Made(sector="卫生"))
    with transaction(rig.engine) as session:
        new = NewAccount("education", "教育局", "industry_dept", rig.notice.area, sector="教育")
        access.add_accounts(session, ENGINE, [new])
    school, hospital = rig.units
    for unit in rig.units:
        rig.hand_in(unit)
        rig.step(unit)
    assert rig.decide("education", school).state == "done"
    with pytest.raises(NotFoundError):
        rig.decide("education", hospital)


def test_a_department_decides_the_units_of_its_sector_in_bulk(opened: Open) -> None:
    rig = opened("suzhou-2019", Made(sector="教育"), Made(sector="教育"))
    with transaction(rig.engine) as session:
        new = NewAccount("education", "教育局", "industry_dept", rig.notice.area, sector="教育")
        access.add_accounts(session, ENGINE, [new])
    for unit in rig.units:
        rig.hand_in(unit)
        rig.step(unit)
    filings = [rig.filing(unit) for unit in rig.units]
    rows = [[str(one.id), one.version, one.level] for one in filings]
    row = rig.give("education", "bulk_decide", rig.campaign.id, None, {"decision": "approve", "rows": rows})
    assert row.state == "done", row.reason
    asyncio.run(bulk_running.run_page(rig.engine, rig.port, row.id, 0, 50))
    assert {one.state for one in bulk_running.fates(rig.engine, row.id)} == {"done"}
    assert {rig.filing(unit).level for unit in rig.units} == {"hrss"}


def test_freelancers_are_audited_by_the_agency_that_keeps_their_file(opened: Open) -> None:
    rig = opened("jiangsu-2024", Made(), Made(kind="hr_agency"))
    assert rig.walk(rig.units[0]) == ["unit", "audit"]
    assert rig.walk(rig.units[1]) == ["agency", "audit"]


def test_the_units_own_verifier_may_settle_what_the_text_leaves_to_it(opened: Open) -> None:
    rig = opened("jiangsu-2024", Made())
    with reading(rig.engine) as session:
        assert rig.place.actor(session, "unit_verifier.1").may("record.determine")
        assert not rig.place.actor(session, "unit_registrar.1").may("record.determine")


def test_the_two_steps_inside_a_unit_need_two_people(opened: Open) -> None:
    from xueshi.access.tables import Grant

    rig = opened("jiangsu-2024", Made())
    [unit] = rig.units
    rig.hand_in(unit)
    rig.step(unit)
    with transaction(rig.engine) as session:
        registrar = rig.place.actor(session, "unit_registrar.1")
        session.add(
            Grant(
                account_id=registrar.account_id, role="unit_verifier", area=rig.notice.area, unit_id=unit.id
            )
        )
    row = rig.decide("unit_registrar.1:unit_verifier", unit)
    assert (row.state, row.code) == ("refused", "four_eyes")


def test_what_a_unit_becomes_later_does_not_change_a_running_filing(opened: Open) -> None:
    rig = opened("changzhou-2019", Made(has_department=False))
    [unit] = rig.units
    before = rig.levels(unit)
    with transaction(rig.engine) as session:
        unit_rows.set_unit(session, ENGINE, unit.id, has_department=True)
    assert rig.levels(unit) == before
    assert rig.walk(unit)[:2] == ["unit", "unit_check"]


def test_a_later_round_passes_the_levels_of_the_first(opened: Open) -> None:
    rig = opened("jiangsu-2024", Made(), Made(kind="hr_agency"))
    passed = [rig.walk(unit) for unit in rig.units]
    rig.close()
    with transaction(rig.engine) as session:
        campaign_acts.reach(session, rig.campaign.id, "finished")
    until = (rig.fresh().deadline + timedelta(days=60)).isoformat()
    for unit, levels in zip(rig.units, passed, strict=True):
        row = rig.steer("reopen", unit=str(unit.id), to=until, reason="复查")
        assert row.state == "done", row.reason
        assert rig.walk(unit) == levels
        assert (rig.filing(unit).round, rig.filing(unit).stage) == (2, "approved")


def test_units_with_the_same_levels_share_one_pinned_flow(opened: Open) -> None:
    rig = opened("suzhou-2019", *[Made(sector="教育")] * 2, *[Made()] * 2)
    digests = [rig.filing(unit).flow_digest for unit in rig.units]
    assert digests[0] == digests[1] != digests[2] == digests[3]
    assert rig.campaign.flow_digest not in digests


def test_units_of_a_sector_with_another_law_are_not_addressed(opened: Open) -> None:
    rig = opened("changzhou-2024", Made(), Made(sector="机关"))
    with reading(rig.engine) as session:
        filings = filing_rows.filings(session, ENGINE, rig.campaign.id)
    assert [filing.unit_id for filing in filings] == [rig.units[0].id]


def test_an_overlay_sets_days_and_names_and_is_kept_with_the_campaign(opened: Open) -> None:
    rig = opened("changzhou-2019", *[Made(has_department=True)] * 4, overlay=OVERLAY)
    flow = rig.flow_of(rig.units[0])
    department = flow.level("department")
    assert department.days == 15
    assert department.signers[0].name == "（示例）教育局"
    assert "示例〔2019〕2号" in department.reading
    assert sum("inspection" in rig.levels(unit) for unit in rig.units) == 1, "a quarter of four"
    campaign = rig.fresh()
    assert campaign.flow_overlay_digest is not None
    with reading(rig.engine) as session:
        kept = json.loads(audit.load_artifact(session, campaign.flow_overlay_digest))
    assert kept["document"] == "示例〔2019〕2号"
    assert kept["settings"]["inspection"]["sample"] == 25


def test_an_overlay_of_another_flow_opens_nothing(opened: Open) -> None:
    with pytest.raises(InputError, match=r"changzhou-2019\.yaml:\d+: F301 .*of: SZ2013-yearly"):
        opened("suzhou-2019", Made(), overlay=OVERLAY)


def test_a_unit_cannot_say_itself_that_it_has_no_department(opened: Open) -> None:
    rig = opened("changzhou-2019", Made(has_department=True))
    with reading(rig.engine) as session:
        assert not rig.place.actor(session, "clerk.1").may("register.units")
        assert rig.place.actor(session, BUREAU).may("register.units")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("flow: CZ2011-yearly", "flow: CZ2011-yaerly", "流程 CZ2011-yaerly 不存在；changzhou 2019 年度的流程：CZ2011-yearly"),
        ("flow: CZ2011-yearly", "flow: CZ2011-records", "流程 CZ2011-records 不存在"),
        ("area: 320400", "area: 500103", "流程 CQ-yearly 只用于地区 500102，通知 示例〔2019〕1号 的地区是 500103"),
    ],
)  # fmt: skip
def test_a_notice_that_names_a_flow_which_cannot_serve_it_opens_nothing(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    from xueshi.plugin_files import read_notice
    from xueshi.settings import Settings
    from xueshi_cli.acting import opened_by_notice
    from xueshi_cli.workplace import Workplace

    text = (NOTICES / "changzhou-2019.yaml").read_text().replace(old, new)
    file = tmp_path / "notice.yaml"
    file.write_text(text.replace("CZ2011-yearly", "CQ-yearly") if "500103" in new else text, encoding="utf-8")
    place = Workplace(
        settings=Settings(data=tmp_path / "data", database_url=f"sqlite:///{tmp_path / 'x.db'}")
    )
    region = "chongqing" if "500103" in new else "changzhou"
    with pytest.raises(InputError, match=told):
        opened_by_notice(place, BUREAU, read_notice(file, file.name, region), standing=True)
    place.engine.dispose()


def test_a_flow_of_another_law_or_with_a_fault_opens_nothing(tmp_path: Path) -> None:
    import flow_folder

    from xueshi.plugin_files import read_notice
    from xueshi.settings import Settings
    from xueshi_cli.acting import opened_by_notice
    from xueshi_cli.workplace import Workplace

    text = (NOTICES / "changzhou-2019.yaml").read_text().replace("2019", "2021")
    file = tmp_path / "notice.yaml"
    file.write_text(text.replace("320400", "990100").replace("CZ2011", "EX"), encoding="utf-8")
    for number, (old, new, told) in enumerate(
        (
            ("instrument: EX2020", "instrument: EX2019", "依据 EX2019，地区 990100 2021 年度适用的是 EX2020"),
            ("needed: 2", "needed: 3", r"有 1 处错误，不能开启：.*F106.*xueshi regions check example"),
        )
    ):
        place = Workplace(
            settings=Settings(data=tmp_path / "data", database_url=f"sqlite:///{tmp_path / 'x.db'}")
        )
        folder = flow_folder.write(tmp_path / str(number), yearly=flow_folder.YEARLY.replace(old, new))
        place.__dict__["registry"] = flow_folder.registry_of(folder)
        with pytest.raises(InputError, match=told):
            opened_by_notice(place, BUREAU, read_notice(file, file.name, "example"), standing=True)
        place.engine.dispose()
