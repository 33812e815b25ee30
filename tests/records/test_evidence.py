"""Evidence at rest: what is taken in, that nobody outside reads it, that nothing is lost and what is left behind goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from records_rig import PDF, RecordsRig
from sqlmodel import select

from xueshi.audit.tables import AuditEntry
from xueshi.errors import InputError, NotFoundError
from xueshi.records.evidence import FOLDER, EvidenceLimits, EvidenceStore, type_of
from xueshi.records.tables import Evidence, EvidenceFile
from xueshi.register.identity import KeyRing
from xueshi.storage import reading, transaction
from xueshi_cli.recording import stored_evidence, view_evidence

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xae\x42\x60\x82"
LATER = datetime.now(UTC) + timedelta(hours=2)


def files(rig: RecordsRig) -> list[Path]:
    return sorted(path for path in (rig.folder / FOLDER).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "空的"),
        (b"%PDF-1.4\n" + b"x" * (1024 * 1024) + b"%%EOF", "超过 1 MB"),
        (b"PK\x03\x04 word", "可能含有宏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old word", "可能含有宏"),
        (b"<html>", "按内容判断"),
        (b"%PDF-1.4\ncut off", "不完整"),
    ],
)
def test_what_is_no_proof_is_refused_with_what_to_do(body: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as raised:
        type_of(body, "证明.pdf", EvidenceLimits(megabytes=1))
    assert "；请" in str(raised.value)


def test_the_content_decides_not_the_name() -> None:
    assert type_of(PNG, "证书.pdf", EvidenceLimits()) == "png"
    with pytest.raises(InputError, match="PNG"):
        type_of(PNG, "证书.png", EvidenceLimits(types=("pdf",)))


def test_a_proof_is_unreadable_in_the_folder_and_its_name_tells_nothing(
    rig: RecordsRig, tmp_path: Path
) -> None:
    rig.file(1, evidence=rig.proof(7))
    (stored,) = files(rig)
    assert b"proof" not in stored.read_bytes()
    with reading(rig.engine) as session:
        row = session.exec(select(EvidenceFile)).one()
        proof = session.exec(select(Evidence)).one()
    assert b"proof" not in proof.name_sealed
    other = KeyRing.create(tmp_path / "other.json")
    assert other.content_name(PDF % 7) != row.digest, "another folder names the same content otherwise"


def test_the_same_file_twice_is_stored_once(rig: RecordsRig) -> None:
    rig.file(1, evidence=rig.proof(7))
    rig.file(2, evidence=rig.proof(7))
    assert len(files(rig)) == 1


def test_looking_at_a_proof_is_audited_and_bound_by_scope(rig: RecordsRig) -> None:
    rig.file(1, evidence=rig.proof(7))
    with reading(rig.engine) as session:
        proof = session.exec(select(Evidence.id)).one()
    body, name, kind = view_evidence(rig.place, "unit_personnel.a", proof)
    assert (body, kind) == (PDF % 7, "pdf")
    assert name.startswith("proof-")
    with pytest.raises(NotFoundError):
        view_evidence(rig.place, "unit_personnel.b", proof)
    with reading(rig.engine) as session:
        looked = session.exec(select(AuditEntry).where(AuditEntry.verb == "evidence_view")).all()
    assert [entry.target for entry in looked] == [f"evidence:{proof}"]


def test_an_altered_file_is_noticed(rig: RecordsRig) -> None:
    rig.file(1, evidence=rig.proof(7))
    (stored,) = files(rig)
    body = bytearray(stored.read_bytes())
    body[-1] ^= 1
    stored.write_bytes(bytes(body))
    with reading(rig.engine) as session:
        proof = session.exec(select(Evidence.id)).one()
    with pytest.raises(InputError, match="从备份恢复"):
        view_evidence(rig.place, "unit_personnel.a", proof)


def test_a_lost_file_is_healed_by_handing_it_in_again(rig: RecordsRig) -> None:
    record = rig.file(1, evidence=rig.proof(7))
    for path in files(rig):
        path.unlink()
    rig.proof(7)
    with reading(rig.engine) as session:
        proof = session.exec(select(Evidence.id).where(Evidence.record_id == record)).one()
    assert view_evidence(rig.place, "unit_personnel.a", proof)[0] == PDF % 7


def test_what_nobody_owns_is_swept_and_what_somebody_owns_stays(rig: RecordsRig) -> None:
    rig.file(1, evidence=rig.proof(1))
    rig.proof(2)  # its filing never came
    store = EvidenceStore(rig.folder, rig.place.keys)
    orphan = store.write(PDF % 3, "x.pdf")  # the process died before its row
    assert len(files(rig)) == 3
    with transaction(rig.engine) as session:
        assert store.sweep(session, datetime.now(UTC)) == 0, "another process may be about to write the row"
    with transaction(rig.engine) as session:
        assert store.sweep(session, LATER) == 2
    assert len(files(rig)) == 1
    assert not (rig.folder / FOLDER / orphan.path).exists()


def test_a_refused_filing_leaves_no_proof_attached(rig: RecordsRig) -> None:
    row, _ = rig.try_file(1, record=rig.body(kind="patent", facts={}), evidence=rig.proof(1))
    assert row.state == "refused"
    with reading(rig.engine) as session:
        assert session.exec(select(Evidence)).all() == []


def test_a_proof_that_cannot_be_read_is_told(rig: RecordsRig) -> None:
    with pytest.raises(InputError, match="核对路径"):
        stored_evidence(rig.place, "unit_clerk.a", [rig.folder / "none.pdf"])


def test_files_are_for_their_owner_only(rig: RecordsRig) -> None:
    rig.file(1, evidence=rig.proof(1))
    folder = files(rig)[0].parent
    assert folder.stat().st_mode & 0o077 == 0
