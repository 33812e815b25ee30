"""A package from one database into another of either kind, and out again: the same files."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import Engine
from workbook_rig import WorkbookRig

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
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
        f"{name}.json": b"[\n]\n" for name in ("units", "people", "employments", "titles", "records")
    }
    place.engine.dispose()
