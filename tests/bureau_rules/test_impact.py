"""Whom a draft would affect: every kind of change, open and sealed years, and running campaigns that stay pinned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_rig import BUREAU, CampaignRig
from own_rules_rig import CITY, DISTRICT, OVERLAY, OwnRulesRig, record
from sqlalchemy import Engine
from sqlmodel import func, select

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.bureau_rules.desk import RuleDesk, Weighed
from xueshi.bureau_rules.impact import KINDS
from xueshi.bureau_rules.tables import RuleImpact
from xueshi.campaigns.clocks.campaign_clock import set_folder_clock
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.judging import assessing, reassessing, sealing
from xueshi.campaigns.tables import Campaign, Command, Effect, Task
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.real_clock import real_now
from xueshi.regulations.sources import RegulationSource
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.tables import SealedResult, YearResult
from xueshi.storage import reading, transaction

ENGINE = Scope.everything()
BOTH = OVERLAY.replace("least_public: 12", "least_public: 12\n  Q1: eight")
TWELVE = {"declared_hours": 12, "hours_stated": True}


def people(own: OwnRulesRig) -> None:
    own.enter(
        CITY,
        2021,
        [
            ("达到变未达到", [record("training", days=12)]),
            (
                "未达到变达到",
                [record("conference", days=9, position=1), record("public_course", position=2, **TWELVE)],
            ),
            ("学时改变", [record("conference", days=1)]),
            ("差额改变", [record("training", days=1)]),
            (
                "不变",
                [record("training", days=12, position=1), record("public_course", position=2, **TWELVE)],
            ),
            ("变待补充", [record("training", days=12, position=1), record("public_course", position=2)]),
        ],
    )


def weighed(own: OwnRulesRig, text: str = BOTH, year: int | None = None, area: str = CITY) -> Weighed:
    return own.desk("second").weigh(own.draft(text, area=area).digest, year)


def test_each_kind_of_change_is_told_of_whom_it_meets(own: OwnRulesRig) -> None:
    people(own)
    impact = weighed(own).impact
    assert (impact.judged, impact.sealed, impact.years) == (6, 0, (2021,))
    assert impact.counts() == {"falls": 1, "rises": 1, "waits": 1, "other": 0, "hours": 1, "short": 1}
    assert list(impact.counts()) == list(KINDS)
    falls = next(one for one in impact.changes if one.kind == "falls")
    assert (falls.before.verdict, falls.after.verdict) == ("met", "not_met")
    assert falls.after.shortfalls == {"公共科目": 1200}
    rises = next(one for one in impact.changes if one.kind == "rises")
    assert (rises.before.hours, rises.after.hours) == (6600, 8400)
    assert [one.kind for one in impact.changes] == sorted(
        (one.kind for one in impact.changes), key=list(KINDS).index
    ), "those that weigh most come first"
    assert {one.level for one in impact.changes} == {"intermediate"}


def test_years_that_it_does_not_serve_and_places_outside_are_left_alone(own: OwnRulesRig) -> None:
    own.enter(CITY, 2020, [("前年", [record("training", 2020, days=12)])])
    own.enter(DISTRICT, 2021, [("区里", [record("training", days=12)])])
    assert {one.unit for one in weighed(own).impact.changes if one.kind == "falls"} == {f"示例{DISTRICT}院"}
    assert weighed(own).impact.years == (2021,)
    city = own.desk("below").weigh(own.draft(area=DISTRICT).digest).impact
    assert city.judged == 1, "the city's own units are not the district's"


def test_one_year_only(own: OwnRulesRig) -> None:
    people(own)
    own.enter(CITY, 2022, [("次年", [record("training", 2022, days=12)])])
    assert weighed(own).impact.years == (2021, 2022)
    assert weighed(own, year=2022).impact.years == (2022,)
    with pytest.raises(InputError, match="草案适用于 2021– 年度，不适用于 2020 年度"):
        weighed(own, year=2020)


def test_nothing_is_written_but_the_numbers(own: OwnRulesRig) -> None:
    people(own)
    row = own.draft(BOTH)
    tables = (YearResult, SealedResult, Command, Effect, Task)
    with reading(own.engine) as session:
        before = [session.exec(select(func.count()).select_from(table)).one() for table in tables]
    own.desk("maker").weigh(row.digest)
    with reading(own.engine) as session:
        assert before == [session.exec(select(func.count()).select_from(table)).one() for table in tables]
        [kept] = session.exec(select(RuleImpact)).all()
        assert (kept.judged, kept.counts["falls"]) == (6, 1)


def test_who_may_not_see_the_whole_area_is_told_nothing(own: OwnRulesRig) -> None:
    row = own.draft()
    with pytest.raises(NotFoundError, match="找不到草案"):
        own.desk("below").weigh(row.digest)
    with pytest.raises(NotAllowedError, match="起草规定"):
        own.desk("clerk").weigh(row.digest)


def test_a_published_draft_is_not_weighed_again(own: OwnRulesRig) -> None:
    row = own.published()
    with pytest.raises(InputError, match="不是待发布的草案"):
        own.desk("maker").weigh(row.digest)


def test_units_are_counted_as_they_are_done(own: OwnRulesRig) -> None:
    people(own)
    told: list[tuple[int, int]] = []
    own.desk("maker").weigh(own.draft().digest, None, lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]


def test_the_way_back_has_the_opposite_impact(own: OwnRulesRig) -> None:
    people(own)
    row = own.published()
    command = own.desk("maker").roll_back("example", CITY, "误")
    impact = own.desk("maker").weigh(str(command.target_id)).impact
    assert (impact.counts()["rises"], impact.counts()["falls"]) == (1, 0)
    assert row.state == "draft"


# ------------------------------------------------------------ beside a campaign

NATIONAL = """\
overlay: {{of: {law}, by: 示例, document: 示例〔2021〕1号, decided: 2021-03-01, years: {year}}}
set: {{Q14: national}}
"""


class SecondOfficer(CampaignRig):
    """The rig with a second officer of its bureau; `published_first` publishes before the campaign is opened."""

    published_first = False

    def _opened(self) -> Campaign:
        with transaction(self.engine) as session:
            access.add_accounts(session, ENGINE, [NewAccount("second", "复核", "bureau", self.notice.area)])
        if self.published_first:
            with transaction(self.engine) as session:
                set_folder_clock(session, start_of(self.notice.issued), real_now())
            digest = drafted(self)
            desk(self, BUREAU).weigh(digest)
            publish(self, digest)
        return super()._opened()


class PublishedFirst(SecondOfficer):
    published_first = True


@pytest.fixture
def rig(empty_database: Engine, tmp_path: Path) -> Iterator[CampaignRig]:
    rig = SecondOfficer(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    yield rig
    rig.engine.dispose()


def desk(rig: CampaignRig, officer: str) -> RuleDesk:
    return RuleDesk(rig.engine, rig.place.registry, lambda session: rig.place.actor(session, officer))


def drafted(rig: CampaignRig) -> str:
    text = NATIONAL.format(law=rig.pack.id, year=rig.notice.year)
    found, row = desk(rig, BUREAU).draft(rig.notice.region, "", RegulationSource("own.yaml", text))
    assert row is not None, [str(one) for one in found.errors]
    assert found.cases.failed == ()
    return row.digest


def publish(rig: CampaignRig, digest: str) -> None:
    """Publish by the second officer, with every warning accepted that the refusal names."""
    refused = desk(rig, "second").publish(digest, (), "示例")[1]
    assert refused.code == "not_accepted", refused.reason
    codes = refused.reason.rpartition("--accept ")[2].split(",")
    done = desk(rig, "second").publish(digest, codes, "示例")[1]
    assert done.state == "done", done.reason


def test_a_running_campaign_stays_on_its_pack_until_it_is_migrated(rig: CampaignRig) -> None:
    rig.approve(rig.units[0])
    digest = drafted(rig)
    impact = desk(rig, BUREAU).weigh(digest).impact
    assert [one.public_id for one in impact.running] == [rig.campaign.public_id]
    assert impact.counts()["falls"] > 0
    pinned = rig.fresh().pack_digest
    publish(rig, digest)
    assert rig.fresh().pack_digest == pinned
    with reading(rig.engine) as session:
        held = assessing.pack_of(session, rig.fresh())
        now = rig.place.registry.pack_for(rig.notice.area, rig.notice.year)
        assert held.digest == rig.pack.digest != now.digest
        people, flips = reassessing.foresee_flips(session, rig.fresh(), now)
    assert people == len(rig.units[0].sample.people)
    assert flips
    assert {one.person_id for one in flips} <= {one.person_id for one in impact.changes}


def test_a_new_campaign_is_pinned_to_the_published_values(empty_database: Engine, tmp_path: Path) -> None:
    rig = PublishedFirst(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    with reading(rig.engine) as session:
        pack = assessing.pack_of(session, rig.fresh())
    reading_ = pack.readings[f"{pack.id}-Q14"]
    assert (reading_["option"], reading_["chosen_by"]) == ("national", "示例〔2021〕1号")
    rig.approve(rig.units[0])
    with reading(rig.engine) as session:
        latest = results.latest_of_unit(session, ENGINE, rig.campaign.id, rig.units[0].id)
    assert {one.pack_digest for one in latest.values()} == {rig.fresh().pack_digest}
    rig.engine.dispose()


def test_sealed_results_are_weighed_by_their_facts_and_never_changed(rig: CampaignRig) -> None:
    for unit in rig.units:
        rig.approve(unit)
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    with reading(rig.engine) as session:
        before = [
            (seal.digest, result.verdict)
            for seal, result in seal_rows.sealed_results(session, rig.campaign.id)
        ]
    digest = drafted(rig)
    impact = desk(rig, BUREAU).weigh(digest).impact
    assert impact.sealed == impact.judged == len(before)
    assert impact.running == []
    assert impact.changes
    assert all(one.sealed for one in impact.changes)
    publish(rig, digest)
    with reading(rig.engine) as session:
        assert before == [
            (seal.digest, result.verdict)
            for seal, result in seal_rows.sealed_results(session, rig.campaign.id)
        ]
