"""Three levels: districts report to their city, the city with its own figures to the province, and nobody counts twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bureau_folder import Bureau
from study_rig import CODES, StudyRig

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.errors import InputError, NotFoundError
from xueshi.register.rows import unit_rows
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.registry import load
from xueshi.reports.contents import contradictions
from xueshi.reports.package import Package, read_package, write_package
from xueshi.reports.parts import part_faults, tables_of
from xueshi.reports.signing import Signer
from xueshi.settings import Settings
from xueshi.storage import transaction
from xueshi_cli.workplace import Workplace

REGISTRY = load()
ENGINE = Scope.everything()


def province() -> tuple[str, str, int]:
    """A region with a province of its own, the province's code, and a year for which it has a table."""
    for region in REGISTRY.codes():
        who = REGISTRY.ask(region).jurisdiction()
        tops = [one.code for one in who.areas if one.code.endswith("0000") and not one.code.startswith("00")]
        for year in reversed(REGISTRY.ask(region).years()):
            papers = REGISTRY.ask(region).document_templates(year)
            if tops and who.applies and any(paper.data == "year_table" for paper in papers):
                return region, tops[0], year
    raise AssertionError("no plugin has a province with a table")


REGION, PROVINCE, LATEST = province()
YEAR = min(LATEST, 2024)
CITY = f"{PROVINCE[:2]}0100"
NEAR, FAR = f"{PROVINCE[:2]}0191", f"{PROVINCE[:2]}0192"


@dataclass
class Levels:
    """A data folder for each bureau, the keys exchanged, and the way of a report between two of them."""

    tmp: Path
    use: Callable[[Path], None]
    bureau: Callable[[Path], Any]
    engines: list[Any] = field(default_factory=list)
    bureaus: dict[str, Any] = field(default_factory=dict)
    trusted: set[tuple[str, str]] = field(default_factory=set)

    def register(self, area: str, *codes: str) -> StudyRig:
        """A bureau with a register of some units."""
        folder = self.tmp / area
        self.use(folder)
        first, _ = REGISTRY.pack_for(area, YEAR).year_window(YEAR)
        rig = StudyRig(folder, area, first, YEAR, codes, people=7)
        self.engines.append(rig.engine)
        self.bureaus[area] = self.bureau(folder)
        return rig

    def plain(self, area: str) -> None:
        """A bureau without a register."""
        place = Workplace(settings=Settings(data=self.tmp / area))
        self.engines.append(place.engine)
        with transaction(place.engine) as session:
            access.add_accounts(session, ENGINE, [NewAccount("bureau", "局", "bureau", area)])
        self.bureaus[area] = self.bureau(self.tmp / area)

    def trust(self, lower: str, upper: str) -> None:
        for one, other in ((lower, upper), (upper, lower)):
            if (one, other) not in self.trusted:
                file = self.tmp / f"key-{one}.json"
                self.bureaus[one].run("report", "key", "-o", str(file))
                self.bureaus[other].run("report", "trust", one, str(file))
                self.trusted.add((one, other))

    def build(self, area: str, *options: str) -> str:
        """Build a report; returns what the command said."""
        return str(self.bureaus[area].run("report", "build", REGION, str(YEAR), "--area", area, *options))

    def number(self, area: str) -> str:
        return str(self.bureaus[area].rows("report", "list")[0]["编号"])

    def send(self, area: str) -> Path:
        file = self.tmp / f"{self.number(area).replace(':', '-')}.zip"
        self.bureaus[area].run("report", "send", self.number(area), "-o", str(file))
        return file

    def hand_in(self, lower: str, upper: str, *, accept: bool = True) -> None:
        """Send the newest report of one bureau to another, which acknowledges it."""
        self.trust(lower, upper)
        file = self.send(lower)
        number = self.number(lower)
        self.bureaus[upper].run("report", "receive", str(file))
        if accept:
            receipt = self.tmp / f"receipt-{upper}-{file.stem}.json"
            self.bureaus[upper].run("report", "acknowledge", number, "-o", str(receipt))
            if not any("已确认" in one["状态"] for one in self.bureaus[lower].rows("report", "list")):
                self.bureaus[lower].run("report", "receipt", str(receipt))

    def package(self, area: str) -> Package:
        return read_package(self.send(area).read_bytes())


def day() -> str:
    return f"{YEAR}-12-31"


def made(tmp: Path, patch: pytest.MonkeyPatch) -> Levels:
    def use(folder: Path) -> None:
        patch.setenv("XUESHI_DATA", str(folder))

    return Levels(tmp, use, lambda folder: Bureau(folder, use))


@pytest.fixture(scope="module")
def four_bureaus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two districts whose reports are built, a city with a unit of its own, a province: made once, copied for each test."""
    with pytest.MonkeyPatch.context() as patch:
        levels = made(tmp_path_factory.mktemp("bureaus"), patch)
        levels.register(NEAR, CODES[0], CODES[1])
        levels.register(FAR, "12990100000000003X", "12990100000000004X", "12990100000000005X")
        levels.register(CITY, "12990100000000006X")
        levels.plain(PROVINCE)
        for area in (NEAR, FAR):
            levels.build(area, "--as-of", day())
        for engine in levels.engines:
            engine.dispose()
    return levels.tmp


@pytest.fixture
def levels(four_bureaus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Levels]:
    folder = tmp_path / "bureaus"
    shutil.copytree(four_bureaus, folder)
    levels = made(folder, monkeypatch)
    levels.bureaus = {area: levels.bureau(folder / area) for area in (NEAR, FAR, CITY, PROVINCE)}
    yield levels
    for engine in levels.engines:
        engine.dispose()


def figure(package: Package, key: str = "people") -> int:
    ((_, content),) = tables_of(package)
    return content.totals[key] or 0


def holds(package: Package) -> None:
    """What the next body above would check before it accepts the package."""
    assert part_faults(package.head) == []
    assert [
        fault for _, one in tables_of(package) for fault in contradictions(one, package.head.counts)
    ] == []


def test_a_city_reports_its_own_figures_and_those_of_its_districts(levels: Levels) -> None:
    near, far = levels.package(NEAR), levels.package(FAR)
    levels.hand_in(NEAR, CITY)
    levels.hand_in(FAR, CITY, accept=False)
    said = levels.build(CITY, "--as-of", day())
    city = levels.package(CITY)
    holds(city)
    assert [(one.report, one.area, one.digest, one.inside) for one in city.head.parts] == [
        (near.head.name, NEAR, near.digest, "")
    ]
    assert FAR in [one.area for one in city.head.missing], "received and not yet accepted is missing"
    assert NEAR not in [one.area for one in city.head.missing]
    own = city.head.counts["people"] - near.head.counts["people"]
    assert own > 0
    assert city.head.counts["units"] == 1 + near.head.counts["units"]
    for key in ("people", "took_part"):
        alone = figure(city, key) - figure(near, key)
        assert alone > 0
    assert near.digest[:16] in said
    assert "缺 " in said
    assert FAR in said
    ((_, content),) = tables_of(city)
    assert any("没有已确认的报告" in note for note in content.notes)
    assert any("含本级登记的1家单位" in note for note in content.notes)
    assert any("几个地区的单位都计入的人，各计一次" in note for note in content.notes), "one part and its own"
    people = next(column for column in content.columns if column.key == "people")
    assert people.definition.endswith("几个地区都计入的人各计一次。")
    ((_, of_near),) = tables_of(near)
    assert not any("各计一次" in note for note in of_near.notes)

    number = levels.number(FAR)
    levels.bureaus[CITY].run("report", "acknowledge", number, "-o", str(levels.tmp / "later.json"))
    back = levels.tmp / "back.json"
    levels.trust(CITY, PROVINCE)
    levels.bureaus[PROVINCE].run("report", "receive", str(levels.send(CITY)))
    levels.bureaus[PROVINCE].run(
        "report", "reject", levels.number(CITY), "--reason", "缺一区", "-o", str(back)
    )
    levels.bureaus[CITY].run("report", "receipt", str(back))
    levels.build(CITY, "--as-of", day())
    whole = levels.package(CITY)
    holds(whole)
    assert whole.head.revision == 2
    assert not {NEAR, FAR} & {one.area for one in whole.head.missing}
    assert figure(whole) == own + figure(near) + figure(far)


def test_a_province_without_figures_of_its_own_reports_its_cities_and_names_what_is_in_them(
    levels: Levels,
) -> None:
    levels.hand_in(NEAR, CITY)
    levels.trust(FAR, CITY)
    levels.build(CITY, "--as-of", day())
    city = levels.package(CITY)
    levels.hand_in(CITY, PROVINCE)
    said = levels.build(PROVINCE)
    top = levels.package(PROVINCE)
    holds(top)
    assert top.head.counts == city.head.counts
    assert figure(top, "hours.public") == figure(city, "hours.public")
    assert [(one.area, one.inside) for one in top.head.parts] == [(CITY, ""), (NEAR, CITY)]
    assert (FAR, CITY) in [(one.area, one.inside) for one in top.head.missing]
    assert f"{CITY} 的报告中没有" in said
    assert "内容没有变化" in levels.build(PROVINCE)
    (summed,) = levels.bureaus[PROVINCE].rows("report", "summary", str(YEAR))
    (shown,) = levels.bureaus[PROVINCE].rows("report", "show", levels.number(CITY))
    assert summed["rows"] == shown["rows"]


def test_a_district_that_reports_to_both_counts_once_and_one_that_the_city_lacks_counts_beside_it(
    levels: Levels,
) -> None:
    near, far = levels.package(NEAR), levels.package(FAR)
    levels.hand_in(NEAR, CITY)
    levels.trust(FAR, CITY)
    levels.build(CITY, "--as-of", day())
    city = levels.package(CITY)
    levels.hand_in(CITY, PROVINCE)
    for area in (NEAR, FAR):
        levels.hand_in(area, PROVINCE)
    levels.build(PROVINCE)
    top = levels.package(PROVINCE)
    holds(top)
    assert figure(top) == figure(city) + figure(far)
    assert [(one.area, one.inside) for one in top.head.parts] == [(CITY, ""), (NEAR, CITY), (FAR, "")]
    assert FAR not in [one.area for one in top.head.missing], "it came by itself"
    assert near.digest in [one.digest for one in top.head.parts]
    (summed,) = levels.bureaus[PROVINCE].rows("report", "summary", str(YEAR))
    assert summed["rows"][0]["合计"] == figure(top)


def test_units_of_a_district_in_the_citys_own_register_are_counted_by_the_district(levels: Levels) -> None:
    near = levels.package(NEAR)
    levels.build(CITY, "--as-of", day())
    alone = levels.package(CITY)
    place = Workplace(settings=Settings(data=levels.tmp / CITY))
    with transaction(place.engine) as session:
        unit_rows.add_units(session, ENGINE, [NewUnit(CODES[0], "示例1院", NEAR)])
    place.engine.dispose()
    levels.hand_in(CITY, PROVINCE)
    levels.hand_in(NEAR, CITY)
    levels.build(CITY, "--as-of", day())
    city = levels.package(CITY)
    holds(city)
    assert figure(city) == figure(alone) + figure(near)
    ((_, content),) = tables_of(city)
    assert any("1家单位由所在地区的报告计入" in note for note in content.notes)


def test_a_unit_that_two_areas_report_stops_the_building_with_its_name(levels: Levels) -> None:
    place = Workplace(settings=Settings(data=levels.tmp / CITY))
    with transaction(place.engine) as session:
        unit_rows.add_units(session, ENGINE, [NewUnit(CODES[0], "示例1院", CITY)])
    place.engine.dispose()
    levels.hand_in(NEAR, CITY)
    with pytest.raises(InputError, match=f"示例1院（{CODES[0]}）：本级、"):
        levels.build(CITY, "--as-of", day())
    assert levels.bureaus[CITY].rows("report", "list") == [], "nothing half-built"


def test_people_are_listed_only_where_every_part_lists_them(levels: Levels) -> None:
    levels.hand_in(NEAR, CITY)
    with pytest.raises(InputError, match="没有所要的人员明细"):
        levels.build(CITY, "--as-of", day(), "--persons", "masked")
    levels.trust(FAR, CITY)
    levels.build(FAR, "--as-of", day(), "--persons", "masked")
    levels.bureaus[CITY].run("report", "receive", str(levels.send(FAR)))
    levels.bureaus[CITY].run("report", "acknowledge", levels.number(FAR), "-o", str(levels.tmp / "far.json"))
    with pytest.raises(InputError, match="没有所要的人员明细"):
        levels.build(CITY, "--as-of", day(), "--persons", "masked")


def test_the_lines_of_people_are_put_together(levels: Levels) -> None:
    levels.build(NEAR, "--as-of", day(), "--persons", "masked")
    levels.hand_in(NEAR, CITY)
    levels.build(CITY, "--as-of", day(), "--persons", "masked")
    city = levels.package(CITY)
    assert len(json.loads(city.files["data/persons.json"])["lines"]) == city.head.counts["people"]


def test_a_superior_without_figures_and_without_reports_is_told_what_to_do(levels: Levels) -> None:
    levels.trust(NEAR, PROVINCE)
    with pytest.raises(InputError, match="既没有本级的年度验证，也没有已确认的下级报告"):
        levels.build(PROVINCE)


def test_a_manifest_whose_parts_cannot_be_is_refused(levels: Levels) -> None:
    near = levels.package(NEAR)
    levels.hand_in(NEAR, CITY)
    levels.build(CITY, "--as-of", day())
    city = levels.package(CITY)
    (part,) = city.head.parts
    signer = Signer(Workplace(settings=Settings(data=levels.tmp / CITY)).keys.signing_seed)
    levels.trust(CITY, PROVINCE)
    for parts, cause in (
        ((replace(part, area=PROVINCE),), "不在地区"),
        ((part, replace(part, area=FAR)), "列了两次"),
        ((replace(part, counts={"units": 999, "people": 1}),), "多于清单"),
        ((replace(part, inside=FAR),), "没有该地区的报告"),
    ):
        file = levels.tmp / "forged.zip"
        file.write_bytes(write_package(replace(city.head, parts=parts), city.files, signer))
        with pytest.raises(InputError, match=cause):
            levels.bureaus[PROVINCE].run("report", "receive", str(file))
    assert near.head.parts == ()


# ---------------------------------------------------------------- a year without a table of one's own


def lower_years() -> list[tuple[str, str, str, int]]:
    """(region, area, province, year): the region has a table for the year, its province's plugin has none."""
    found = []
    for region in REGISTRY.codes():
        for area in REGISTRY.ask(region).jurisdiction().areas:
            top = f"{area.code[:2]}0000"
            if area.code == top or area.code.startswith("00"):
                continue
            try:
                upper = REGISTRY.region_for(top)
            except Exception:
                continue
            for year in REGISTRY.ask(region).years():
                has = [
                    any(paper.data == "year_table" for paper in REGISTRY.ask(one).document_templates(year))
                    for one in (region, upper)
                ]
                if has == [True, False]:
                    found.append((region, area.code, top, year))
    return found


def test_a_year_for_which_the_province_has_no_table_is_added_up_under_the_columns_of_its_areas(
    levels: Levels,
) -> None:
    region, area, top, year = lower_years()[-1]
    first, _ = REGISTRY.pack_for(area, year).year_window(year)
    levels.use(levels.tmp / "old")
    rig = StudyRig(levels.tmp / "old", area, first, year, people=7)
    levels.engines.append(rig.engine)
    levels.bureaus[area] = levels.bureau(levels.tmp / "old")
    if top not in levels.bureaus:
        levels.plain(top)
    below, above = levels.bureaus[area], levels.bureaus[top]
    below.run("report", "build", region, str(year), "--area", area, "--as-of", f"{year}-12-31")
    levels.hand_in(area, top)
    (summed,) = above.rows("report", "summary", str(year))
    package = levels.package(area)
    (shown,) = above.rows("report", "show", levels.number(area))
    assert summed["rows"] == shown["rows"]
    assert any(f"没有 {year} 年度的统计表" in note for note in summed["notes"])
    book = levels.tmp / "old.xlsx"
    above.run("report", "summary", str(year), "-o", str(book))
    assert openpyxl.load_workbook(book).sheetnames[:1] == ["统计表"]
    (opened,) = above.rows("report", "summary", str(year), "--figure", "people")
    assert len(opened["名单"]) == 1
    above.run("report", "build", REGISTRY.region_for(top), str(year))
    built = levels.package(top)
    holds(built)
    assert figure(built) == figure(package)


def test_without_any_report_the_summary_says_where_to_look(levels: Levels) -> None:
    with pytest.raises(NotFoundError, match="report list --received"):
        levels.bureaus[PROVINCE].run("report", "summary", str(YEAR))
