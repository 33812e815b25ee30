"""Yearly tables: every figure of every region opens to exactly the people behind it; counts as of a day; funds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
from study_rig import BUREAU, CODES, StudyRig
from typer.testing import CliRunner

from xueshi.campaigns.clocks.campaign_clock import set_folder_clock
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.figures.statistics import YearStudy, who_stands_behind
from xueshi.documents.figures import recount
from xueshi.documents.statistics import table_columns, table_groups
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.real_clock import real_now
from xueshi.registry import GROUP, Registry, load
from xueshi.regulations.vocabulary import engine_vocabulary
from xueshi.storage import reading, transaction
from xueshi_cli.main import build
from xueshi_cli.statistics import Counted
from xueshi_cli.year_studies import studies_as_of

RUN = CliRunner()
REGISTRY: Registry = load(strict=False)


def tables() -> list[tuple[str, int, str]]:
    """Each region's first year with each yearly table, and the first area that a law applies to."""
    found: dict[tuple[str, str], tuple[str, int, str]] = {}
    for code in sorted(entry_point.name for entry_point in entry_points(group=GROUP)):
        asked = REGISTRY.ask(code)
        for year in range(2011, 2026):
            for paper in asked.document_templates(year):
                if paper.data == "year_table":
                    area = asked.jurisdiction().applies[0].area
                    found.setdefault((code, paper.clause), (code, year, area))
    return list(found.values())


TABLES = tables()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., StudyRig]]:
    rigs: list[StudyRig] = []

    def make(region: str, year: int, area: str) -> StudyRig:
        folder = tmp_path / f"{region}-{year}"
        monkeypatch.setenv("XUESHI_DATA", str(folder))
        first, _ = REGISTRY.pack_for(area, year).year_window(year)
        rigs.append(StudyRig(folder, area, first, year))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.engine.dispose()


def run(*words: str, officer: str = BUREAU) -> str:
    done = RUN.invoke(build(), ["statistics", *words, "--as", officer])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def rows(*words: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(run(*words, "--json"))
    return read


def counted(rig: StudyRig, region: str) -> list[Counted]:
    day = rig.first + timedelta(days=200)
    with reading(rig.engine) as session:
        actor = rig.place.actor(session, BUREAU)
        studies = studies_as_of(rig.place, session, actor, region, rig.year, rig.area, day)
        return [
            Counted(study, study.table(), who_stands_behind(session, actor.scope, rig.place.keys, study)[0])
            for study in studies
        ]


def test_at_least_five_regions_have_a_yearly_table() -> None:
    assert len({region for region, _, _ in TABLES}) >= 5
    assert len(TABLES) > len({region for region, _, _ in TABLES}), (
        "a region with two instruments has two tables"
    )


@pytest.mark.parametrize(("region", "year", "area"), TABLES)
def test_every_figure_equals_the_list_behind_it(
    region: str, year: int, area: str, made: Callable[..., StudyRig]
) -> None:
    rig = made(region, year, area)
    (one,) = counted(rig, region)
    groups = table_groups(one.study.paper)
    rows_by_label = {label: row for (_, label), row in zip(groups, one.table.rows, strict=True)}
    rows_by_label["合计"] = one.table.totals
    lists = one.all_lists()
    assert len(lists) == (len(one.table.columns) - 1) * (len(groups) + 1)
    for found in lists:
        figure = rows_by_label[found.row][found.column.key]
        assert recount(found) == figure, (found.column.key, found.row)
        assert all(line.cells[0].startswith("示例") for line in found.lines)
    everyone = one.list_of("people", "合计")
    assert len(everyone.lines) == 2 * len(rig.kinds)
    assert all("********" in line.cells[2] for line in everyone.lines)
    hours = [value for key, value in one.table.totals.items() if key.startswith("hours")]
    assert any(hours), "the rig's records give hours under every law"


@pytest.mark.parametrize(("region", "year", "area"), TABLES)
def test_every_column_of_a_table_counts_something_that_can_happen(
    region: str, year: int, area: str, made: Callable[..., StudyRig]
) -> None:
    """A word that no kind, category or form has would give a column of noughts for ever."""
    (paper,) = [one for one in REGISTRY.ask(region).document_templates(year) if one.data == "year_table"]
    pack = REGISTRY.pack_for(area, year)
    kinds = set(engine_vocabulary().kinds)
    words = {
        "records": {"other"},
        "classes": set(),
        "people": set(pack.categories),
        "hours": set(pack.categories),
    }
    words["fund"] = {"total"}
    for name in ("study_forms", "study_kinds"):
        words["records"] |= set(paper.fields.get(name, {}))  # type: ignore[call-overload]
    for listed in dict(paper.fields.get("study_kinds", {})).values():  # type: ignore[call-overload]
        assert set(listed) <= kinds
    class_kinds: dict[str, list[dict[str, list[str]]]] = dict(paper.fields.get("class_kinds", {}))  # type: ignore[call-overload]
    organisers = {"hrss", "industry_dept", "recognised_body", "unit", "society", "training_body", "base"}
    for alternatives in class_kinds.values():
        for wanted in alternatives:
            assert set(wanted["kind"]) <= kinds
            assert set(wanted.get("organiser", ())) <= organisers
    words["classes"] |= set(class_kinds)
    for column in table_columns(paper):
        kind, _, name = column.key.partition(".")
        assert not name or name in words[kind], column.key
        assert column.definition.endswith("。"), column.key
    used = {
        column.key.partition(".")[2] for column in table_columns(paper) if column.key.startswith("records.")
    }
    assert words["records"] - used <= {"other"}, "a study form without a column"


def test_a_city_counts_under_the_columns_of_its_province() -> None:
    """So that the province can add up: the same keys and units, whatever the headings."""
    pairs = []
    for region, year, _ in TABLES:
        parent = REGISTRY.ask(region).jurisdiction().parent
        if parent is None:
            continue
        for upper in REGISTRY.ask(parent).document_templates(year):
            if upper.data != "year_table":
                continue
            (own,) = [
                one for one in REGISTRY.ask(region).document_templates(year) if one.data == "year_table"
            ]
            assert own.id == upper.id
            units = {column.key: column.unit for column in table_columns(upper)}
            for column in table_columns(own):
                assert units.get(column.key, column.unit) == column.unit
            pairs.append(own)
    assert pairs


def test_as_of_a_day_counts_what_had_ended_and_who_was_there(made: Callable[..., StudyRig]) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    people = 2 * len(rig.kinds)
    early, late = rig.first + timedelta(days=10), rig.first + timedelta(days=40)

    def figures(day: date) -> dict[str, Any]:
        (answer,) = rows(region, str(year), "--as-of", day.isoformat())
        return {one["指标"]: one["合计"] for one in answer["rows"]} | {"notes": answer["notes"]}

    labels = {
        column.key: column.label
        for paper in REGISTRY.ask(region).document_templates(year)
        if paper.data == "year_table"
        for column in table_columns(paper)
    }
    before, after = figures(early), figures(late)
    assert (before[labels["people"]], before[labels["took_part"]]) == (people, 0)
    assert (after[labels["people"]], after[labels["took_part"]]) == (people, people)
    assert f"截至{late.year}年{late.month}月{late.day}日" in after["notes"][0]
    with pytest.raises(InputError, match="早于"):
        run(region, str(year), "--as-of", (rig.first - timedelta(days=1)).isoformat())
    with pytest.raises(NotFoundError, match="--as-of"):
        run(region, str(year))


def test_a_day_that_is_not_here_yet_is_refused_by_table_and_paper(
    made: Callable[..., StudyRig], tmp_path: Path
) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    with transaction(rig.engine) as session:
        set_folder_clock(session, start_of(rig.first + timedelta(days=50)), real_now())
    today, tomorrow = (rig.first + timedelta(days=days) for days in (50, 51))
    run(region, str(year), "--as-of", today.isoformat())
    with pytest.raises(InputError, match=f"{tomorrow} 还没有到（今天是 {today}）"):
        run(region, str(year), "--as-of", tomorrow.isoformat())
    words = ["forms", "year", CODES[0], "--year", str(year), "-o", str(tmp_path / "out"), "--as", "clerk"]
    for day, why in ((tomorrow, "还没有到"), (rig.first - timedelta(days=1), "早于")):
        done = RUN.invoke(build(), [*words, "--as-of", day.isoformat()])
        assert isinstance(done.exception, InputError)
        assert why in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_table_counted_after_the_year_has_the_people_of_its_last_day(made: Callable[..., StudyRig]) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    _, last = REGISTRY.pack_for(area, year).year_window(year)
    hired = replace(rig.person(77), employed_since=last + timedelta(days=31), title_since=None)
    rig.enter(CODES[0], [hired])

    def people(day: date) -> int:
        (opened,) = rows(region, str(year), "--as-of", day.isoformat(), "--figure", "people")
        return len(opened["名单"])

    assert people(last) == people(last + timedelta(days=66)) == 2 * len(rig.kinds)


def with_fund() -> tuple[str, int, str]:
    for region, year, area in TABLES:
        for paper in REGISTRY.ask(region).document_templates(year):
            if paper.data == "year_table" and any(one.key == "fund" for one in table_columns(paper)):
                return region, year, area
    raise AssertionError("no table asks for funds")


def test_a_unit_states_its_funds_and_the_later_statement_counts(made: Callable[..., StudyRig]) -> None:
    region, year, area = with_fund()
    rig = made(region, year, area)
    day = (rig.first + timedelta(days=40)).isoformat()

    def total() -> Any:
        (opened,) = rows(region, str(year), "--as-of", day, "--figure", "fund")
        return [tuple(line.values()) for line in opened["名单"]]

    assert total() == []
    run("fund", CODES[0], "--year", str(year), "--amount", "9999", officer="clerk")
    run("fund", CODES[0], "--year", str(year), "--amount", "12,000.50", officer="clerk")
    run("fund", CODES[1], "--year", str(year), "--amount", "30000000.01")
    assert total() == [("示例1院", "12000.5"), ("示例2院", "30000000.01")]
    with pytest.raises(NotFoundError, match="不在管理范围"):
        run("fund", CODES[1], "--year", str(year), "--amount", "1", officer="clerk")
    for amount in ("1.001", "-1", "很多", "1e30", "NaN"):
        with pytest.raises(InputError, match="金额"):
            run("fund", CODES[0], "--year", str(year), "--amount", amount)
    with pytest.raises(InputError, match="没有经费项目"):
        run("fund", CODES[0], "--year", str(year), "--amount", "1", "--for", "books")


def test_the_workbook_leads_from_each_figure_to_its_list(
    made: Callable[..., StudyRig], tmp_path: Path
) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    (one,) = counted(rig, region)
    file = tmp_path / "table.xlsx"
    day = (rig.first + timedelta(days=200)).isoformat()
    run(region, str(year), "--as-of", day, "-o", str(file), "--with-lists")
    book = openpyxl.load_workbook(file)
    sheet = book["统计表"]
    links = [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink is not None]
    assert len(links) == (len(one.table.columns) - 1) * (len(table_groups(one.study.paper)) + 1)
    column = next(
        cell.column for row in sheet.iter_rows() for cell in row if cell.value == "专业技术人员数（人）"
    )
    people = [cell for cell in links if cell.column == column]
    for cell in people:
        name, _, place = str(cell.hyperlink.location).rpartition("!")
        lists = book[name.strip("'")]
        first = int(place[1:]) + 2
        length = 0
        while lists.cell(first + length, 1).value is not None:
            length += 1
        assert length == cell.value
    assert book["指标说明"].max_row == len(one.table.columns) + 1
    with pytest.raises(InputError, match="已存在"):
        run(region, str(year), "--as-of", day, "-o", str(file))
    with pytest.raises(InputError, match="工作簿"):
        run(region, str(year), "--as-of", day, "-o", str(tmp_path / "page.pdf"), "--with-lists")
    plain = tmp_path / "plain.xlsx"
    run(region, str(year), "--as-of", day, "-o", str(plain))
    assert openpyxl.load_workbook(plain).sheetnames == ["统计表", "指标说明"]


@pytest.mark.fonts
def test_the_page_for_the_seal_is_a_pdf(made: Callable[..., StudyRig], tmp_path: Path) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    file = tmp_path / "page.pdf"
    run(region, str(year), "--as-of", (rig.first + timedelta(days=40)).isoformat(), "-o", str(file))
    assert file.read_bytes().startswith(b"%PDF")


def test_whoever_sees_one_unit_opens_no_list_of_an_area(made: Callable[..., StudyRig]) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    day = (rig.first + timedelta(days=40)).isoformat()
    with pytest.raises(NotAllowedError, match="本单位"):
        run(region, str(year), "--as-of", day, "--figure", "people", officer="clerk")


@pytest.mark.fonts
def test_a_unit_prints_its_peoples_papers_without_a_campaign(
    made: Callable[..., StudyRig], tmp_path: Path
) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    day = (rig.first + timedelta(days=40)).isoformat()
    words = ["forms", "year", CODES[0], "--year", str(year), "--as-of", day, "-o", str(tmp_path / "out")]
    for _ in range(2):  # the same again is no other file
        done = RUN.invoke(build(), [*words, "--as", "clerk"])
        assert done.exit_code == 0, done.output
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == len(rig.kinds)
    document = pypdfium2.PdfDocument(files[0])
    text = "".join(document[0].get_textpage().get_text_range().split())
    document.close()
    assert "示例000" in text
    assert "年月日" in text, "the date of the seal is left to the hand that seals"
    other = RUN.invoke(build(), [*words[:2], CODES[1], *words[3:], "--as", "clerk"])
    assert isinstance(other.exception, NotFoundError)
    unknown = RUN.invoke(build(), [*words, "--paper", "nonsense", "--as", "clerk"])
    assert isinstance(unknown.exception, InputError)


def test_an_unknown_figure_or_row_names_those_that_there_are(made: Callable[..., StudyRig]) -> None:
    region, year, area = TABLES[0]
    rig = made(region, year, area)
    day = (rig.first + timedelta(days=40)).isoformat()
    with pytest.raises(InputError, match="took_part"):
        run(region, str(year), "--as-of", day, "--figure", "persons")
    with pytest.raises(InputError, match="高级"):
        run(region, str(year), "--as-of", day, "--figure", "people", "--row", "expert")


def test_the_rows_of_units_add_up_to_the_totals(made: Callable[..., StudyRig]) -> None:
    region, year, area = TABLES[0]
    (one,) = counted(made(region, year, area), region)
    study: YearStudy = one.study
    by_unit = study.by_unit()
    assert [row["group"] for row in by_unit.rows] == ["示例1院", "示例2院"]
    for column in by_unit.columns[1:]:
        if column.key != "rate":
            units = [value for row in by_unit.rows if isinstance(value := row[column.key], int)]
            total = sum(units) if units else None
            assert total == by_unit.totals[column.key] == one.table.totals[column.key]
