"""A package from one database into another of either kind, and out again: the same files."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import Engine, delete
from sqlmodel import col, select
from workbook_rig import WorkbookRig

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.real_clock import real_now
from xueshi.register.rows import unit_rows
from xueshi.register.tables import StudyRecord, UnitYearStatement
from xueshi.register.transfer.export import export_register
from xueshi.register.transfer.merging import Merged, merge
from xueshi.register.transfer.package import Origin, open_package
from xueshi.settings import Settings
from xueshi.storage import reading, transaction
from xueshi_cli.importing import import_workbook
from xueshi_cli.workplace import Workplace

MOST = 100 * 1024 * 1024


def place_with_officer(folder: Path, area: str, database: str = "") -> Workplace:
    folder.mkdir(exist_ok=True)
    place = Workplace(settings=Settings(data=folder, database_url=database))
    with transaction(place.engine) as session:
        access.add_accounts(session, Scope.everything(), [NewAccount("bureau", "局", "bureau", area)])
    return place


def export(place: Workplace, area: str, path: Path) -> dict[str, bytes]:
    origin = Origin("bureau", (area,), "", "", with_identity=True)
    with reading(place.engine) as session:
        export_register(session, Scope((area,)), place.keys, path, origin)
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def take(place: Workplace, path: Path) -> Merged:
    with transaction(place.engine) as session:
        actor = place.actor(session, "bureau")
        return merge(
            session, place.keys, actor, open_package(path, MOST), file_name=path.name, digest=path.name
        )


def test_a_register_goes_through_either_database_unchanged(empty_database: Engine, tmp_path: Path) -> None:
    books = WorkbookRig(tmp_path)
    source = place_with_officer(tmp_path / "source", books.area)
    outcome = import_workbook(
        source, "bureau", books.write(), year=books.year, area=books.area, vocabulary=books.vocabulary
    )
    assert outcome.problems == ()
    first = tmp_path / "first.zip"
    parts = export(source, books.area, first)
    url = empty_database.url.render_as_string(hide_password=False)
    target = place_with_officer(tmp_path / "target", books.area, url)
    merged = take(target, first)
    assert merged.new["people"] == len(books.people)
    assert list(merged.filed.values()) == [len(books.people)]
    assert export(target, books.area, tmp_path / "second.zip") == parts
    again = take(target, first)
    assert set(again.new.values()) | set(again.different.values()) == {0}
    assert again.same["records"] == merged.new["records"]
    for place in (source, target):
        place.engine.dispose()


def test_what_lies_outside_the_scope_stays_inside(empty_database: Engine, tmp_path: Path) -> None:
    books = WorkbookRig(tmp_path)
    url = empty_database.url.render_as_string(hide_password=False)
    place = place_with_officer(tmp_path / "data", books.area, url)
    import_workbook(
        place, "bureau", books.write(), year=books.year, area=books.area, vocabulary=books.vocabulary
    )
    parts = export(place, "990100", tmp_path / "elsewhere.zip")
    assert {name: body for name, body in parts.items() if name.endswith(".json")} == {
        f"{name}.json": b"[\n]\n"
        for name in ("units", "people", "employments", "titles", "records", "statements")
    }
    place.engine.dispose()


def stated(place: Workplace, amount: int, key: str = "total") -> None:
    with transaction(place.engine) as session:
        scope = Scope.everything()
        [unit] = unit_rows.units(session, scope)
        unit_rows.state_amount(session, scope, unit.id, 2021, key, amount, "account:x", real_now())


def amounts(place: Workplace) -> list[tuple[str, int]]:
    with reading(place.engine) as session:
        rows = session.exec(select(UnitYearStatement).order_by(col(UnitYearStatement.id)))
        return [(row.key, row.amount) for row in rows]


def test_what_units_stated_goes_along_and_overwrites_nothing(empty_database: Engine, tmp_path: Path) -> None:
    books = WorkbookRig(tmp_path)
    source = place_with_officer(tmp_path / "source", books.area)
    given = {"year": books.year, "area": books.area, "vocabulary": books.vocabulary}
    import_workbook(source, "bureau", books.write(), **given)
    stated(source, 100)
    stated(source, 12_000_050)
    package = tmp_path / "first.zip"
    parts = export(source, books.area, package)
    url = empty_database.url.render_as_string(hide_password=False)
    target = place_with_officer(tmp_path / "target", books.area, url)
    assert take(target, package).new["statements"] == 2
    assert amounts(target) == amounts(source) == [("total", 100), ("total", 12_000_050)]
    assert export(target, books.area, tmp_path / "second.zip") == parts
    assert take(target, package).same["statements"] == 2
    other = place_with_officer(tmp_path / "other", books.area)
    import_workbook(other, "bureau", books.write("own.xlsx"), **given)
    with transaction(other.engine) as session:
        session.execute(delete(StudyRecord))
    stated(other, 7)
    merged = take(other, package)
    assert (merged.new["statements"], merged.different["statements"]) == (0, 2)
    assert amounts(other) == [("total", 7)], "what stands stands"
    for place in (source, target, other):
        place.engine.dispose()


def test_a_package_of_before_without_statements_is_taken(tmp_path: Path) -> None:
    books = WorkbookRig(tmp_path)
    source = place_with_officer(tmp_path / "source", books.area)
    import_workbook(
        source, "bureau", books.write(), year=books.year, area=books.area, vocabulary=books.vocabulary
    )
    export(source, books.area, tmp_path / "now.zip")
    before = tmp_path / "before.zip"
    with ZipFile(tmp_path / "now.zip") as now, ZipFile(before, "w") as older:
        for name in now.namelist():
            if not name.startswith("statements."):
                body = now.read(name)
                if name == "manifest.json":
                    manifest = json.loads(body)
                    del manifest["left_out"]
                    kept = [one for one in manifest["files"] if not one["name"].startswith("statements.")]
                    body = json.dumps({**manifest, "files": kept}).encode()
                older.writestr(name, body)
    target = place_with_officer(tmp_path / "target", books.area)
    merged = take(target, before)
    assert merged.new["people"] == len(books.people)
    assert merged.new["statements"] == 0
    assert open_package(before, MOST).left_out == {}
    for place in (source, target):
        place.engine.dispose()
