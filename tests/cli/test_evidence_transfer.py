"""Proofs out of one folder and into another with the register: sealed under a passphrase, checked, once, all or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from bad_files import changed_archive
from command_line import run
from records_rig import AREA, FLOW, PDF, RecordsRig, identity

from xueshi.audit import repository as audit
from xueshi.errors import InputError, NotAllowedError
from xueshi.registry import Ask
from xueshi.storage import reading
from xueshi_cli.recording import stored_evidence
from xueshi_cli.workplace import Workplace

PASSPHRASE = "涪陵 purple umbrella 2026"


class Folders:
    """A folder with proofs of verified records, and empty ones beside it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch
        (folder / "first").mkdir()
        self.go("first")
        self.rig = RecordsRig(folder / "first", "")
        shared = self.rig.proof(7)
        self.record = str(self.rig.verified(1, evidence=[*self.rig.proof(1), *shared]))
        self.rig.verified(2, evidence=shared)
        self.rig.file(3, "unit_clerk.b", evidence=self.rig.proof(9))
        self.secret = folder / "口令.txt"
        self.secret.write_text(PASSPHRASE + "\n", encoding="utf-8")

    def go(self, name: str) -> None:
        self._patch.setenv("XUESHI_DATA", str(self.folder / name))
        if not (self.folder / name).exists():
            run("accounts", "add", "bureau", "局", "--role", "bureau", "--area", AREA)

    def export(self, name: str = "移交.zip", *more: str) -> Path:
        path = self.folder / name
        run("register", "export", "-o", str(path), "--as", "bureau", "--with-identity", "--with-evidence",
            "--passphrase-file", str(self.secret), *more)  # fmt: skip
        return path

    def take(self, path: Path, *more: str) -> dict[str, tuple[int, ...]]:
        words = ["register", "import-export", str(path), "--as", "bureau", "--json"]
        if "--without-evidence" not in more:
            words += ["--passphrase-file", str(self.secret)]
        out = run(*words, *more)
        rows = json.loads(out[out.index("[") :])
        return {row["表"]: tuple(list(row.values())[1:]) for row in rows}

    def files(self, name: str) -> list[Path]:
        return sorted(one for one in (self.folder / name / "evidence").glob("*/*") if one.is_file())


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    monkeypatch.setattr(Ask, "approval_flows", lambda _self, year: [FLOW] if year >= 2024 else [])
    made = Folders(tmp_path, monkeypatch)
    yield made
    made.rig.engine.dispose()


def listed(path: Path) -> list[dict[str, Any]]:
    with ZipFile(path) as archive:
        found: list[dict[str, Any]] = json.loads(archive.read("evidence.json"))
    return found


def test_proofs_arrive_with_their_content_and_name_and_are_read_there(folders: Folders) -> None:
    package = folders.export()
    folders.go("second")
    assert folders.take(package, "--commit")["证明材料"] == (3, 0, 0)
    assert len(folders.files("second")) == 2, "one file that two records rest on is stored once"
    shown = json.loads(run("records", "show", folders.record, "--as", "bureau", "--json"))
    target = folders.folder / "out.pdf"
    contents = []
    for proof in shown["证明材料"]:
        said = run("records", "evidence", "show", proof["编号"], "-o", str(target), "--as", "bureau")
        contents.append(target.read_bytes())
        target.unlink()
        assert "proof-" in said or said
    assert contents == [PDF % 1, PDF % 7]
    with reading(Workplace.here().engine) as session:
        assert audit.verify(session).broken_at is None


def test_nothing_of_a_proof_stands_in_the_package_in_clear(folders: Folders) -> None:
    package = folders.export()
    with ZipFile(package) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert b"%PDF" not in everything
    assert b"proof-" not in everything, "nor the name under which it was handed in"
    assert PASSPHRASE.encode() not in everything
    assert manifest["version"] == 2
    assert "evidence" not in manifest["left_out"]
    assert {one["file"] for one in listed(package)} == {"files/000001", "files/000002", "files/000003"}


def test_the_same_package_again_changes_nothing(folders: Folders) -> None:
    package = folders.export()
    folders.go("second")
    folders.take(package, "--commit")
    before = folders.files("second")
    assert folders.take(package, "--commit")["证明材料"] == (0, 3, 0)
    assert folders.files("second") == before
    folders.go("first")
    assert folders.take(package, "--commit")["证明材料"][0] == 0, "nor in the folder it comes from"


def test_a_dry_run_opens_every_file_and_writes_nothing(folders: Folders) -> None:
    package = folders.export()
    folders.go("second")
    assert folders.take(package)["证明材料"] == (3, 0, 0)
    assert folders.files("second") == []
    assert json.loads(run("register", "list", "--as", "bureau", "--json")) == []


def test_proofs_of_records_that_are_not_taken_in_stay_behind(folders: Folders) -> None:
    package = folders.export()
    assert len(listed(package)) == 4
    folders.go("second")
    said = run(
        "register", "import-export", str(package), "--as", "bureau", "--passphrase-file", str(folders.secret)
    )
    assert "1 份证明材料属于没有并入的记录" in said


def test_a_wrong_passphrase_is_told_and_nothing_is_taken_in(folders: Folders) -> None:
    package = folders.export()
    folders.go("second")
    folders.secret.write_text("not the passphrase\n", encoding="utf-8")
    with pytest.raises(InputError, match="口令不对"):
        folders.take(package, "--commit")
    assert json.loads(run("register", "list", "--as", "bureau", "--json")) == []
    with pytest.raises(InputError, match="--passphrase-file"):
        run("register", "import-export", str(package), "--as", "bureau")
    assert "证明材料" not in folders.take(package, "--without-evidence", "--commit")
    folders.secret.write_text(PASSPHRASE, encoding="utf-8")
    assert folders.take(package, "--commit")["证明材料"] == (3, 0, 0), "the files may come later"


def flipped(body: bytes) -> bytes:
    return body[:40] + bytes([body[40] ^ 1]) + body[41:]


@pytest.mark.parametrize(
    ("part", "edit", "says"),
    [
        ("files/000002", flipped, "files/000002 的内容与包中的文件不符"),
        ("evidence.json", lambda body: body.replace(b"files/000002", b"files/000001"), "清单所记 evidence.json"),
    ],
)  # fmt: skip
def test_an_altered_file_is_refused_and_nothing_is_left(
    folders: Folders, part: str, edit: Callable[[bytes], bytes], says: str
) -> None:
    package = folders.export()
    altered = stored_as_before(package, folders.folder / "altered.zip", part, edit)
    folders.go("second")
    with pytest.raises(InputError, match=says):
        folders.take(altered, "--commit")
    assert folders.files("second") == []
    assert json.loads(run("register", "list", "--as", "bureau", "--json")) == []


def stored_as_before(source: Path, target: Path, part: str, edit: Callable[[bytes], bytes]) -> Path:
    """Copy a package with one part edited; every part keeps the way in which it is stored."""
    with ZipFile(source) as old, ZipFile(target, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            new.writestr(entry, edit(body) if entry.filename == part else body, entry.compress_type)
    return target


def test_who_mends_the_digests_cannot_exchange_proofs_without_the_passphrase(folders: Folders) -> None:
    """The list and the manifest can be rewritten by anybody; what is sealed is bound to its record."""
    import hashlib

    package = folders.export()
    forged = folders.folder / "forged.zip"
    with ZipFile(package) as old, ZipFile(forged, "w") as new:
        lists = {name: old.read(name) for name in ("evidence.json", "evidence.csv")}
        first, second = (one["record_id"] for one in listed(package)[1:3])
        assert first != second
        body = lists["evidence.json"]
        swapped = body.replace(first.encode(), b"?").replace(second.encode(), first.encode()).replace(b"?", second.encode())  # fmt: skip
        for entry in old.infolist():
            part = old.read(entry)
            if entry.filename == "evidence.json":
                part = swapped
            if entry.filename == "manifest.json":
                manifest = json.loads(part)
                for file in manifest["files"]:
                    if file["name"] == "evidence.json":
                        file["sha256"] = hashlib.sha256(swapped).hexdigest()
                part = json.dumps(manifest).encode()
            new.writestr(entry, part, entry.compress_type)
    folders.go("second")
    with pytest.raises(InputError, match="无法解密，可能在途中被改动"):
        folders.take(forged, "--commit")


def test_a_file_that_is_listed_and_missing_or_there_and_not_listed_is_refused(folders: Folders) -> None:
    package = folders.export()
    more = changed_archive(package, folders.folder / "more.zip", add={"files/000099": b"?"})
    folders.go("second")
    with pytest.raises(InputError, match="所列的证明材料与包中的文件不符"):
        folders.take(more, "--commit")


def test_when_the_register_is_refused_the_files_go_too(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or nothing: files are written before the transaction and taken back when it fails."""
    from xueshi_cli import transfer

    package = folders.export()
    folders.go("second")

    def refuse(*_args: Any, **_given: Any) -> None:
        raise InputError("不并入")

    monkeypatch.setattr(transfer, "note_in_filing", refuse)
    with pytest.raises(InputError, match="不并入"):
        folders.take(package, "--commit")
    assert folders.files("second") == []
    assert json.loads(run("register", "list", "--as", "bureau", "--json")) == []


def test_a_proof_larger_than_the_receiver_takes_is_refused_with_the_limit(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = folders.folder / "大.pdf"
    big.write_bytes(b"%PDF-1.4\n" + os.urandom(1_100_000) + b"\n%%EOF\n")
    stored = stored_evidence(folders.rig.place, "unit_clerk.a", [big])
    folders.rig.verified(1, record=folders.rig.body(content="消防培训"), evidence=stored)
    package = folders.export()
    folders.go("second")
    monkeypatch.setenv("XUESHI_EVIDENCE_MEGABYTES", "1")
    with pytest.raises(InputError, match="上限 1 MB"):
        folders.take(package, "--commit")
    assert folders.files("second") == []


def test_what_cannot_be_exported_is_said_and_no_file_is_left(folders: Folders) -> None:
    path = folders.folder / "x.zip"
    common = ("register", "export", "-o", str(path), "--with-evidence")
    with pytest.raises(InputError, match="--with-identity"):
        run(*common, "--as", "bureau")
    with pytest.raises(InputError, match="--passphrase-file"):
        run(*common, "--with-identity", "--as", "bureau")
    folders.secret.write_text("short\n", encoding="utf-8")
    given = ("--with-identity", "--passphrase-file", str(folders.secret))
    with pytest.raises(InputError, match="只有 5 个字符"):
        run(*common, *given, "--as", "bureau")
    folders.secret.write_text(PASSPHRASE, encoding="utf-8")
    with pytest.raises(NotAllowedError):
        run(*common, *given, "--as", "unit_personnel.a")
    folders.files("first")[0].unlink()
    with pytest.raises(InputError, match="请从备份恢复"):
        run(*common, *given, "--as", "bureau")
    assert not path.exists()
    assert not list(folders.folder.glob("*.part"))


def test_the_export_of_files_is_audited(folders: Folders) -> None:
    folders.export()
    with reading(folders.rig.engine) as session:
        entry = audit.last_of(session, "register_export")
    assert entry is not None
    assert (entry.body["evidence"], entry.body["identity"], entry.body["rows"]["evidence"]) == (
        "files",
        "clear",
        4,
    )
    assert identity(1) not in json.dumps(entry.body)
