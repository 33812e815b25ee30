"""The flows of the shipped regions say what their texts say: who registers what, who verifies whom, by when."""

from __future__ import annotations

from pathlib import Path

import pytest

from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.routing import UnitFacts, flow_for
from xueshi.plugin_files import read_flow_overlay, read_notice
from xueshi.registry import load

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = load()
NOTICES = sorted((ROOT / "examples" / "notices").glob("*.yaml"))
OVERLAYS = sorted((ROOT / "examples" / "flow-overlays").glob("*.yaml"))
ALONE, LED, AGENCY = UnitFacts(), UnitFacts(has_department=True), UnitFacts("hr_agency")
BASE = UnitFacts("base", has_department=True)


def flow(area: str, year: int, purpose: str, sector: str | None = None) -> ApprovalFlow:
    [found] = REGISTRY.flows_for(area, year, purpose, sector)
    return found


def left(area: str, year: int, purpose: str, unit: UnitFacts, channel: str = "") -> list[str]:
    """The levels that a unit's filing (or a record by a channel) passes where it is in no sample."""
    found = flow_for(flow(area, year, purpose), unit)
    return list(found.channel(channel).levels) if channel else [level.id for level in found.levels]


@pytest.mark.parametrize(
    ("area", "year", "unit", "passed"),
    [
        ("500102", 2021, ALONE, ["unit", "centre"]),
        ("320000", 2024, LED, ["unit", "audit"]),
        ("320000", 2024, AGENCY, ["agency", "audit"]),
        ("320412", 2024, AGENCY, ["agency", "audit"]),
        ("320412", 2019, ALONE, ["unit", "unit_check"]),
        ("320412", 2019, LED, ["unit", "department"]),
        ("320583", 2019, ALONE, ["unit", "hrss"]),
        ("320583", 2019, LED, ["unit", "department", "hrss"]),
        ("320583", 2019, BASE, ["base", "department", "hrss"]),
        ("330302", 2021, LED, ["unit", "department"]),
        ("330302", 2021, ALONE, ["unit", "hrss"]),
    ],
)
def test_the_closing_of_a_year(area: str, year: int, unit: UnitFacts, passed: list[str]) -> None:
    assert left(area, year, "campaign", unit) == passed


@pytest.mark.parametrize(
    ("area", "year", "channel", "unit", "passed"),
    [
        ("500000", 2021, "person", ALONE, ["unit"]),
        ("500000", 2021, "person", AGENCY, ["agency"]),
        ("320000", 2024, "person", LED, ["unit"]),
        ("320000", 2024, "person", AGENCY, ["agency"]),
        ("320000", 2024, "organiser", LED, []),
        ("320400", 2024, "hrss", LED, []),
        ("320400", 2019, "person", LED, ["unit", "department"]),
        ("320400", 2019, "person", ALONE, ["unit"]),
        ("320400", 2019, "base", LED, []),
        ("320500", 2019, "unit", LED, ["department", "hrss"]),
        ("320500", 2019, "base", ALONE, ["hrss"]),
        ("320500", 2019, "decision", LED, ["hrss"]),
        ("330300", 2021, "person", LED, ["department"]),
        ("330300", 2021, "person", ALONE, ["hrss"]),
        ("330300", 2021, "organiser", LED, []),
    ],
)
def test_who_verifies_a_record(
    area: str, year: int, channel: str, unit: UnitFacts, passed: list[str]
) -> None:
    assert left(area, year, "record", unit, channel) == passed


@pytest.mark.parametrize(
    ("instrument", "rule", "channel"),
    [
        ("JS2023", "4.1a", "person"),
        ("JS2023", "5.2p", "hrss"),
        ("JS2023", "5.2s", "organiser"),
        ("CZ2024", "3", "hrss"),
        ("CZ2024", "4.9a", "person"),
        ("CZ2024", "5.2s", "organiser"),
        ("CZ2011", "3.1", "hrss"),
        ("CZ2011", "3.3", "base"),
        ("CZ2011", "3.8b", "person"),
        ("CZ2011", "3.14", "unit"),
        ("SZ2013", "2.4.0b", "unit"),
        ("SZ2013", "2.4.7a", "decision"),
        ("WZ2017", "7a", "hrss"),
        ("WZ2017", "7b", "department"),
        ("WZ2017", "8.2a", "organiser"),
        ("WZ2017", "8.9", "person"),
        ("CQ2007", "S2a", "person"),
    ],
)
def test_who_registers_depends_on_the_activity(instrument: str, rule: str, channel: str) -> None:
    rows = [row for item in REGISTRY.pack_of(instrument).data["items"] for row in item["rows"]]
    assert {row["channel"] for row in rows if row["id"] == rule} == {channel}


def test_an_organiser_reports_within_twenty_working_days_and_nobody_applies() -> None:
    for area in ("320000", "320400"):
        channel = flow(area, 2024, "record").channel("organiser")
        assert (channel.within_days, channel.personal_application) == (20, False)


def test_the_old_unit_audits_before_a_person_leaves_where_the_text_says_so() -> None:
    asked = {area: flow(area, 2024, "record").leaving for area in ("320000", "320400", "320500", "330300")}
    assert {area for area, leaving in asked.items() if leaving is not None} == {"320000", "320400"}


def test_state_organs_of_a_city_follow_the_flow_of_the_province_that_binds_them() -> None:
    assert flow("320400", 2024, "record").instrument == "CZ2024"
    assert flow("320400", 2024, "record", "机关").instrument == "JS2023"


def test_a_flow_of_one_district_serves_no_other() -> None:
    assert REGISTRY.flows_for("500000", 2021, "campaign") == []


def test_what_the_text_does_not_order_is_said_to_rest_on_a_notice() -> None:
    assert flow("330300", 2021, "campaign").clause == ""
    assert flow("320500", 2019, "campaign").clause == "SZ2013 五(一)"


@pytest.mark.parametrize("region", REGISTRY.codes())
def test_no_flow_has_a_finding(region: str) -> None:
    assert [str(finding) for finding in REGISTRY.flow_findings(region)] == []


@pytest.mark.parametrize("region", REGISTRY.codes())
def test_every_reading_of_a_flow_stands_in_the_readme(region: str) -> None:
    """`L1` … are the readings of flows: comments and `reading` name them, the README says them."""
    import re

    readme = (ROOT / "plugins" / region / "README.md").read_text()
    for file in (ROOT / "plugins" / region).glob("xueshi_*/flows/*.yaml"):
        for name in sorted(set(re.findall(r"\bL\d\b", file.read_text()))):
            assert re.search(rf"\b{name}\b", readme), f"{file.name}: {name} is not in the README"


def test_the_examples_cover_every_region_without_a_notice_of_its_own() -> None:
    noticed = {
        notice.region
        for region in REGISTRY.codes()
        for year in range(2008, 2030)
        for notice in REGISTRY.ask(region).notices(year)
    }
    regions = {region for region in REGISTRY.codes() if REGISTRY.ask(region).jurisdiction().applies}
    made_up = {REGISTRY.region_for(read_notice(file, file.name, "").area) for file in NOTICES}
    assert noticed | made_up == regions


@pytest.mark.parametrize("file", NOTICES, ids=lambda file: file.stem)
def test_an_example_is_marked_and_names_what_there_is(file: Path) -> None:
    notice = read_notice(file, file.name, "")
    assert "示例" in notice.number
    assert "示例" in notice.title
    assert "示例" in notice.issuer
    region = REGISTRY.region_for(notice.area)
    assert notice.flow in {one.id for one in REGISTRY.ask(region).approval_flows(notice.year)}


@pytest.mark.parametrize("file", OVERLAYS, ids=lambda file: file.stem)
def test_an_example_of_an_overlay_can_be_applied(file: Path) -> None:
    from xueshi.flows.flow_overlay import overlaid

    overlay = read_flow_overlay(file, file.name)
    [of] = [
        one
        for region in REGISTRY.codes()
        for one in REGISTRY.ask(region).approval_flows(overlay.years.first)
        if one.id == overlay.of
    ]
    assert overlaid(of, overlay, overlay.years.first) != of
