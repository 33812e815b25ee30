"""The package as a file: the same contents give the same bytes, and nothing else than what was signed comes in."""

from __future__ import annotations

import warnings
from datetime import date

import pytest
from package_forger import repacked, zipped

from xueshi.errors import InputError
from xueshi.reports import package as packages
from xueshi.reports.manifest import ReportHead
from xueshi.reports.package import read_package, write_package
from xueshi.reports.signing import (
    PublicKey,
    Receipt,
    Signer,
    is_signed,
    read_public_key,
    read_receipt,
)

SIGNER = Signer(b"s" * 32)
HEAD = ReportHead(
    region="somewhere",
    area="990100",
    area_name="某市",
    year=2021,
    revision=1,
    body="某市人社局",
    period_start=date(2020, 11, 1),
    period_end=date(2021, 10, 31),
    made_on=date(2021, 12, 20),
    sealed=True,
    persons="none",
    counts={"units": 1, "people": 2},
    rules=("d" * 64,),
    tables=("t",),
    key_id=SIGNER.key_id,
)
FILES = {"data/t.json": b"{}", "tables/t.xlsx": b"PK"}


def written() -> bytes:
    return write_package(HEAD, FILES, SIGNER)


def test_the_same_contents_give_the_same_bytes_whatever_the_order() -> None:
    assert written() == write_package(HEAD, dict(reversed(FILES.items())), SIGNER)


def test_a_package_is_read_as_it_was_written_and_its_signature_holds() -> None:
    read = read_package(written())
    assert read.head == HEAD
    assert read.files == FILES
    assert is_signed(SIGNER.public, read.signature, read.manifest_body)
    assert not is_signed(Signer(b"t" * 32).public, read.signature, read.manifest_body)
    assert not is_signed(SIGNER.public, read.signature, read.manifest_body + b" ")


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"data/t.json": b"{} "}, "与清单不符的文件：data/t.json"),
        ({"data/t.json": None}, "缺少文件：data/t.json"),
        ({"data/more.json": b"{}"}, "清单之外的文件：data/more.json"),
        ({"manifest.json": None}, "缺少 manifest.json"),
        ({"manifest.json": b"[]"}, "不是学时系统的格式"),
        ({"manifest.json": b"{"}, "无法读取"),
        ({"manifest.json": b'{"format": "xueshi-report", "version": 2}'}, "第2版"),
        ({"manifest.json": b'{"format": "xueshi-report", "version": 1}'}, "清单有误：[a-z_]+：缺少这一项；"),
        ({"manifest.sig": b"no base64!"}, "签名"),
        ({"../escape.json": b"{}"}, "不允许的文件"),
        ({"/etc/passwd": b"x"}, "不允许的文件"),
        ({"data/../../x": b"x"}, "不允许的文件"),
        ({"data/": b""}, "不允许的文件"),
    ],
)
def test_what_is_not_as_it_was_signed_is_refused_with_the_file(
    changed: dict[str, bytes | None], cause: str
) -> None:
    with pytest.raises(InputError, match=cause):
        read_package(repacked(written(), changed))


def test_a_file_that_stands_twice_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the zip library warns of what is being forged here
        forged = zipped([("manifest.json", b"{}"), ("manifest.json", b"{}")])
    with pytest.raises(InputError, match=r"两个 manifest\.json"):
        read_package(forged)


@pytest.mark.parametrize("body", [b"", b"PK", b"%PDF-1.7", written()[:-30]])
def test_what_is_no_zip_or_half_of_one_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="不是完整的报送包"):
        read_package(body)


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "FILE_LIMIT", 1000)
    bomb = zipped([("data/t.json", b"0" * 1_000_000)], compressed=True)
    assert len(bomb) < 2000
    with pytest.raises(InputError, match="过大"):
        read_package(bomb)


def test_too_many_files_and_too_large_a_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many = zipped([(f"data/{number}.json", b"{}") for number in range(packages.FILES_LIMIT + 1)])
    with pytest.raises(InputError, match="个文件"):
        read_package(many)
    monkeypatch.setattr(packages, "PACKAGE_LIMIT", 10)
    with pytest.raises(InputError, match="超过"):
        read_package(written())


def test_a_public_key_file_carries_its_own_fingerprint() -> None:
    key = PublicKey("990100", "某市人社局", SIGNER.public)
    assert read_public_key(key.to_file()) == key
    other = PublicKey("990100", "某市人社局", Signer(b"t" * 32).public)
    swapped = key.to_file().replace(key.key_id.encode(), other.key_id.encode())
    for body in (swapped, b"{}", b"no json", key.to_file()[:40]):
        with pytest.raises(InputError, match="公钥"):
            read_public_key(body)


def test_a_receipt_is_read_as_it_was_signed() -> None:
    receipt = Receipt(
        "somewhere", "990100", 2021, 1, "d" * 64, "rejected", ("缺说明",), "2021-12-28", "990000", "某省厅"
    )
    signed = read_receipt(receipt.to_file(SIGNER))
    assert signed.receipt == receipt
    assert is_signed(SIGNER.public, signed.signature, signed.said)
    for body in (b"{}", receipt.to_file(SIGNER).replace(b"rejected", b"whatever"), b"[1]"):
        with pytest.raises(InputError, match="回执"):
            read_receipt(body)
