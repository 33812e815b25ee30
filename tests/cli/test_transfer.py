"""The whole register out of one folder and into another: the same rows, once, and only from a package that is whole."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from bad_files import changed_archive
from stdnum.cn import uscc
from typer.testing import CliRunner
from workbook_rig import WorkbookRig

from xueshi.errors import InputError, NotAllowedError
from xueshi.register.sheets import UnitRegister
from xueshi.register.workbook import write_registers
from xueshi_cli.main import build

RUN = CliRunner()
TABLES = ("units", "people", "employments", "titles", "records", "statements")


class Folders:
    """Data folders with an officer each; the first holds a register of two units."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.books = WorkbookRig(folder, people=5)
        self.folder = folder
        self._patch = monkeypatch
        self.go("first")
        books = self.books
        stem = books.unit.credit_code[:8] + "000000099"
        other = replace(books.unit, credit_code=stem + uscc.calc_check_digit(stem), name="=另一单位")
        book = folder / "district.xlsx"
        write_registers(
            book,
            books.vocabulary,
            [UnitRegister(books.unit, list(books.people[:3])), UnitRegister(other, list(books.people[2:]))],
        )
        self.run("register", "import", str(book), "--as", "bureau", "--year", str(books.year), "--commit")

    def go(self, name: str, area: str = "") -> None:
        self._patch.setenv("XUESHI_DATA", str(self.folder / name))
        if not (self.folder / name).exists():
            words = ["accounts", "add", "bureau", "局", "--role", "bureau", "--area", area or self.books.area]
            assert RUN.invoke(build(), words).exit_code == 0

    def run(self, *words: str) -> str:
        done = RUN.invoke(build(), list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    def export(self, name: str, *more: str) -> Path:
        path = self.folder / name
        self.run("register", "export", "-o", str(path), "--as", "bureau", *more)
        return path

    def take(self, path: Path, *more: str) -> dict[str, tuple[int, int, int]]:
        rows = json.loads(self.run("register", "import-export", str(path), "--as", "bureau", "--json", *more))
        return {row["表"]: tuple(list(row.values())[1:]) for row in rows}  # type: ignore[misc]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    return Folders(tmp_path, monkeypatch)


def parts(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def rows(path: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(parts(path)[f"{name}.json"])
    return found


def test_out_in_and_out_again_gives_the_same_files(folders: Folders) -> None:
    package = folders.export("one.zip", "--with-identity")
    folders.go("second")
    assert folders.take(package, "--commit")["单位"] == (2, 0, 0)
    assert parts(folders.export("two.zip", "--with-identity")) == parts(package)
    people = rows(package, "people")
    assert {one["identity_number"] for one in people} == {one.identity_number for one in folders.books.people}
    assert len(rows(package, "employments")) == 6, "one person works at both units"


def test_the_same_package_again_changes_nothing(folders: Folders) -> None:
    package = folders.export("one.zip", "--with-identity")
    folders.go("second")
    first = folders.take(package, "--commit")
    again = folders.take(package, "--commit")
    assert {name: (0, new, 0) for name, (new, _, _) in first.items()} == again
    folders.go("first")
    assert all(
        new == 0 and different == 0 for new, _, different in folders.take(package, "--commit").values()
    )


def test_a_dry_run_is_the_default_and_writes_nothing(folders: Folders) -> None:
    package = folders.export("one.zip", "--with-identity")
    folders.go("second")
    assert folders.take(package)["人员"] == (5, 0, 0)
    assert json.loads(folders.run("register", "list", "--as", "bureau", "--json")) == []


def test_identity_numbers_are_masked_unless_asked_for_and_both_is_audited(folders: Folders) -> None:
    masked = folders.export("masked.zip")
    everything = b"".join(parts(masked).values())
    for person in folders.books.people:
        assert person.identity_number.encode() not in everything
    assert all("********" in one["identity_number"] for one in rows(masked, "people"))
    folders.export("clear.zip", "--with-identity")
    import sqlite3

    with sqlite3.connect(folders.folder / "first" / "xueshi.db") as database:
        bodies = [
            json.loads(body)
            for (body,) in database.execute(
                "SELECT body FROM audit_entry WHERE verb = 'register_export' ORDER BY seq"
            )
        ]
    database.close()
    assert [one["identity"] for one in bodies] == ["masked", "clear"]
    folders.go("second")
    with pytest.raises(InputError, match="--with-identity"):
        folders.take(masked)


def test_the_manifest_says_who_when_and_what(folders: Folders) -> None:
    path = folders.export("one.zip", "--with-identity")
    with ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["made_by"], manifest["areas"], manifest["identity"]) == (
        "bureau",
        [folders.books.area],
        "clear",
    )
    assert {one["name"] for one in manifest["files"]} == {
        f"{name}.{end}" for name in (*TABLES, "evidence") for end in ("csv", "json")
    }
    assert {one["name"]: one["rows"] for one in manifest["files"]}["people.json"] == 5
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_csv_holds_the_same_rows_and_no_formula(folders: Folders) -> None:
    path = folders.export("one.zip")
    for name in TABLES:
        text = parts(path)[f"{name}.csv"].decode("utf-8-sig")
        read = list(csv.DictReader(io.StringIO(text, newline="")))
        assert [one["id"] for one in read] == [one["id"] for one in rows(path, name)]
    assert "'=另一单位" in parts(path)["units.csv"].decode()


@pytest.mark.parametrize("part", ["records.json", "units.csv"])
def test_a_part_that_was_altered_is_refused(folders: Folders, part: str) -> None:
    package = folders.export("one.zip", "--with-identity")
    altered = changed_archive(package, folders.folder / "altered.zip", edit={part: lambda body: body + b"\n"})
    folders.go("second")
    with pytest.raises(InputError, match=f"清单所记 {part} 的内容与包中的文件不符"):
        folders.take(altered)


def test_a_part_that_is_not_in_the_manifest_is_refused(folders: Folders) -> None:
    package = folders.export("one.zip", "--with-identity")
    altered = changed_archive(package, folders.folder / "altered.zip", add={"more.json": b"[]"})
    folders.go("second")
    with pytest.raises(InputError, match="所列的文件与包中的文件不符"):
        folders.take(altered)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda body: body.replace(b'"version": 1', b'"version": 9'), "第 9 版"),
        (lambda body: body[:-20], "不可读"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(
    folders: Folders, edit: Callable[[bytes], bytes], words: str
) -> None:
    package = folders.export("one.zip", "--with-identity")
    altered = changed_archive(package, folders.folder / "altered.zip", edit={"manifest.json": edit})
    folders.go("second")
    with pytest.raises(InputError, match=words):
        folders.take(altered)


def test_a_file_that_is_no_package_is_told(folders: Folders) -> None:
    letter = folders.folder / "letter.zip"
    letter.write_text("您好")
    with pytest.raises(InputError, match="不是完整的登记导出包"):
        folders.take(letter)


def test_a_unit_of_elsewhere_is_not_taken_in(folders: Folders) -> None:
    package = folders.export("one.zip", "--with-identity")
    folders.go("elsewhere", "990100")
    with pytest.raises(NotAllowedError, match="不在您的管理范围"):
        folders.take(package, "--commit")


def test_a_year_that_was_registered_from_another_source_is_not_counted_twice(folders: Folders) -> None:
    package = folders.export("one.zip", "--with-identity")
    folders.go("second")
    book = folders.books.write()
    folders.run(
        "register", "import", str(book), "--as", "bureau", "--year", str(folders.books.year), "--commit"
    )
    before = folders.run("register", "list", "--as", "bureau", "--json")
    with pytest.raises(InputError, match="合并会重复计算"):
        folders.take(package, "--commit")
    assert folders.run("register", "list", "--as", "bureau", "--json") == before


def test_a_person_who_is_known_already_is_the_same_person(folders: Folders) -> None:
    """Found by the blind index of this folder, whose key is another than that of the folder it comes from."""
    package = folders.export("one.zip", "--with-identity")
    folders.go("second")
    books = folders.books
    stem = books.unit.credit_code[:8] + "000000088"
    books.unit = replace(books.unit, credit_code=stem + uscc.calc_check_digit(stem), name="第三单位")
    books.people = (replace(books.people[0], records=(), political_status="改了"), *books.people[1:2])
    folders.run(
        "register", "import", str(books.write()), "--as", "bureau", "--year", str(books.year), "--commit"
    )
    assert folders.take(package, "--commit")["人员"] == (3, 1, 1)
    kept = {
        one["identity_number"]: one["political_status"]
        for one in rows(folders.export("two.zip", "--with-identity"), "people")
    }
    assert kept[books.people[0].identity_number] == "改了", "what stands stands"


def test_an_export_does_not_overwrite(folders: Folders) -> None:
    path = folders.folder / "mine.zip"
    path.write_text("我的")
    with pytest.raises(InputError, match="已存在"):
        folders.export("mine.zip")
    assert path.read_text() == "我的"
