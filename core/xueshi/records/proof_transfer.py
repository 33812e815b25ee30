"""Proofs that travel with a register's package: sealed on the way out, checked and stored anew on the way in.

Content and names leave the folder under the package's own key only. On the way in a file is written before any row, as
every proof is; where the merging fails, what was written is taken back.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.errors import InputError
from xueshi.records.evidence import EvidenceStore
from xueshi.records.rows import evidence_rows
from xueshi.records.tables import Evidence, EvidenceFile
from xueshi.register.identity import KeyRing
from xueshi.register.transfer.package import FILES, Listing, Package, SealedFiles
from xueshi.register.transfer.sealing import PackageKey
from xueshi.storage import new_id

LIST = "evidence"
COLUMNS = ("id", "record_id", "type", "size")
"""What the list says of a proof in any package."""
FILE_COLUMNS = ("name", "file", "file_bytes", "file_sha256")
"""What it says besides where the files go along; `name` is sealed, in base64."""


def listed_only(session: Session, scope: Scope, left_out: str) -> Listing:
    """List which record has how many proofs: neither their content nor their names leave the folder."""

    def rows() -> Iterator[dict[str, object]]:
        for proof, file in evidence_rows.evidence_in_scope(session, scope):
            yield _line(proof, file)

    return Listing(LIST, COLUMNS, rows, left_out)


def going_along(
    session: Session, scope: Scope, store: EvidenceStore, keys: KeyRing, key: PackageKey
) -> tuple[Listing, SealedFiles]:
    """List the proofs of a scope and seal their files, each content once. Raises InputError where one cannot be read."""
    proofs = list(evidence_rows.evidence_in_scope(session, scope))
    files = {file.digest: file for _, file in proofs}
    names = {digest: f"{FILES}{number:06}" for number, digest in enumerate(files, start=1)}
    written: dict[str, tuple[int, str]] = {}
    sealed_names = {
        proof.id: base64.b64encode(
            key.seal(
                keys.reveal_text(proof.name_sealed).encode(),
                _bound(str(proof.id), str(proof.record_id), names[file.digest]),
            )
        ).decode()
        for proof, file in proofs
    }

    def contents() -> Iterator[tuple[str, bytes]]:
        for digest, file in files.items():
            yield names[digest], store.read(file)

    def rows() -> Iterator[dict[str, object]]:
        for proof, file in proofs:
            name = names[file.digest]
            size, sha256 = written[name]
            yield {
                **_line(proof, file),
                "name": sealed_names[proof.id],
                "file": name,
                "file_bytes": size,
                "file_sha256": sha256,
            }

    def note(name: str, size: int, sha256: str) -> None:
        written[name] = (size, sha256)

    return Listing(LIST, (*COLUMNS, *FILE_COLUMNS), rows), SealedFiles(key, contents(), note)


def _line(proof: Evidence, file: EvidenceFile) -> dict[str, object]:
    return {"id": str(proof.id), "record_id": str(proof.record_id), "type": file.type, "size": file.size}


def _bound(proof: str, record: str, file: str) -> str:
    """Return what a proof's sealed name is bound to: no file can be put to another record without the passphrase."""
    return f"{proof} {record} {file}"


@dataclass(frozen=True)
class ProofCounts:
    """What became of a package's proofs."""

    new: int = 0
    same: int = 0
    left_out: int = 0
    """Proofs of records that were not taken in."""


@dataclass(frozen=True)
class _Proof:
    id: UUID
    record_id: UUID
    name: str
    file: str
    size: int
    sha256: str


class IncomingProofs:
    """The proofs of a package that was opened with its passphrase: checked, stored, then attached to their records."""

    def __init__(self, package: Package, key: PackageKey, store: EvidenceStore, keys: KeyRing) -> None:
        self._package = package
        self._key = key
        self._store = store
        self._keys = keys
        rows = list(package.listed(LIST, (*COLUMNS, *FILE_COLUMNS)))
        self._proofs = [self._read(number, row) for number, row in enumerate(rows, start=1)]
        if {one.file for one in self._proofs} != package.file_names:
            raise InputError(
                "导出包所列的证明材料与包中的文件不符，可能在途中被改动；没有并入任何内容，请向导出方重新索取"
            )
        self._fresh: dict[str, EvidenceFile] = {}
        """File of the package → row of the file written here, not stored yet."""
        self._used: set[str] = set()
        self._held: dict[str, str] = {}
        """File of the package → digest under which this folder has the same content already."""

    def check(self) -> None:
        """Open every file and ask whether it may be stored here. Raises InputError for the first that may not."""
        for one in self._files():
            self._body(one)

    def store(self, session: Session) -> None:
        """Write every content that this folder has not yet. `session` only reads; rows come with `attach`."""
        for one in self._files():
            body = self._body(one)
            held = self._store.held(session, body)
            if held is not None:
                self._held[one.file] = held.digest
            else:
                self._fresh[one.file] = self._store.write(body, one.name)

    def attach(self, session: Session, taken: set[UUID], maker: str, *, written: bool) -> ProofCounts:
        """Attach the proofs of the records that stand here now; one that a record has already changes nothing.

        Without `written` (a dry run) nothing is stored and the counts are what a real one would say.
        """
        mine = [one for one in self._proofs if one.record_id in taken]
        there = {
            record: {file.digest for _, file in held}
            for record, held in evidence_rows.evidence_of(
                session, sorted({one.record_id for one in mine})
            ).items()
        }
        used = evidence_rows.proofs_in_use(session, [one.id for one in mine])
        digests = self._entered(session, mine) if written else self._named(mine)
        new = 0
        for one in mine:
            held = there.setdefault(one.record_id, set())
            if digests[one.file] in held:
                continue
            held.add(digests[one.file])
            new += 1
            if written:
                sealed = self._keys.seal_text(one.name)
                proof_id = new_id() if one.id in used else one.id
                evidence_rows.add_proof(
                    session,
                    Evidence(
                        id=proof_id, record_id=one.record_id, digest=digests[one.file], name_sealed=sealed, maker=maker
                    ),
                )  # fmt: skip
        return ProofCounts(new, len(mine) - new, len(self._proofs) - len(mine))

    def keep(self) -> None:
        """Keep the files whose rows were stored: the merging is committed."""
        for name in self._used:
            self._fresh.pop(name, None)

    def take_back(self) -> None:
        """Remove what was written and is not kept: all where the merging failed, else what no record needed."""
        for fresh in self._fresh.values():
            self._store.take_back(fresh)

    def _read(self, number: int, row: Mapping[str, Any]) -> _Proof:
        try:
            sealed = base64.b64decode(row["name"], validate=True)
            bound = _bound(row["id"], row["record_id"], row["file"])
            name = self._key.reveal(sealed, bound).decode()
            return _Proof(
                UUID(row["id"]), UUID(row["record_id"]), name, str(row["file"]), int(row["file_bytes"]),
                str(row["file_sha256"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{LIST}.json 第 {number} 条缺少内容或写法不对；请重新导出") from error

    def _files(self) -> Sequence[_Proof]:
        """Return one proof for each file: several may rest on the same."""
        return list({one.file: one for one in self._proofs}.values())

    def _body(self, one: _Proof) -> bytes:
        sealed = self._package.file(one.file, one.size, one.sha256, self._store.most_bytes)
        body = self._key.reveal(sealed, one.file)
        self._store.check(body, one.name)
        return body

    def _entered(self, session: Session, mine: Sequence[_Proof]) -> dict[str, str]:
        """Store the rows of the files that are needed; returns file of the package → digest here."""
        self._used = {one.file for one in mine}
        return {
            one.file: self._held[one.file]
            if one.file in self._held
            else self._store.enter(session, self._fresh[one.file]).digest
            for one in {one.file: one for one in mine}.values()
        }

    def _named(self, mine: Sequence[_Proof]) -> dict[str, str]:
        return {
            one.file: self._keys.content_name(self._body(one))
            for one in {one.file: one for one in mine}.values()
        }
