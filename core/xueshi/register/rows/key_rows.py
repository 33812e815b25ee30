"""Whether a key file is the one under which a register was written. The frame that opened the session commits."""

from __future__ import annotations

from sqlmodel import Session, col, select

from xueshi.errors import InputError
from xueshi.register.identity import KeyRing, SealedIdentity
from xueshi.register.tables import Person

TRIED = 10
"""People asked at each end of the register: the keys of some may be destroyed, hardly of all."""


def needs_keys(session: Session) -> bool:
    """Tell whether the register holds somebody whose number is sealed: then no other key file will do."""
    return bool(_sealed(session))


def fits(session: Session, keys: KeyRing) -> bool:
    """Tell whether a key file opens what the register sealed and finds its people again; an empty register fits all."""
    people = _sealed(session)
    return not people or any(_opens(keys, person) for person in people)


def _sealed(session: Session) -> list[Person]:
    query = select(Person).where(Person.identity_key != b"")
    oldest, newest = query.order_by(col(Person.id)), query.order_by(col(Person.id).desc())
    return [*session.exec(oldest.limit(TRIED)), *session.exec(newest.limit(TRIED))]


def _opens(keys: KeyRing, person: Person) -> bool:
    try:
        number = keys.reveal(
            SealedIdentity(person.identity_sealed, person.identity_key, person.identity_key_id)
        )
    except InputError:
        return False
    return keys.index_of(number) == person.identity_index
