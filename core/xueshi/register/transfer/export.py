"""Writing the register of a scope into a package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.errors import InputError
from xueshi.register.identity import KeyRing, SealedIdentity, mask_identity
from xueshi.register.tables import Person
from xueshi.register.transfer import repository
from xueshi.register.transfer.columns import IDENTITY, TABLES, columns_of, plain
from xueshi.register.transfer.package import Listing, Origin, SealedFiles, write_package


def export_register(
    session: Session,
    scope: Scope,
    keys: KeyRing,
    path: Path,
    origin: Origin,
    listings: Sequence[Listing] = (),
    sealed: SealedFiles | None = None,
) -> dict[str, int]:
    """Write everything of the register that lies in a scope; returns rows by table. The session must see one moment.

    `listings` tell what stays behind, or which files of `sealed` belong to what.
    """

    def rows(name: str) -> Iterator[Mapping[str, Any]]:
        table = TABLES[name]
        for row in repository.rows(session, scope, table):
            values = {column: plain(getattr(row, column)) for column in columns_of(table)}
            if isinstance(row, Person):
                values[IDENTITY] = _number(keys, row, clear=origin.with_identity)
            yield values

    return write_package(path, rows, origin, listings, sealed)


def _number(keys: KeyRing, person: Person, *, clear: bool) -> str:
    """Return a person's number, masked unless it may leave the folder; blank where its key was destroyed."""
    try:
        number = keys.reveal(
            SealedIdentity(person.identity_sealed, person.identity_key, person.identity_key_id)
        )
    except InputError:
        return ""
    return number if clear else mask_identity(number)
