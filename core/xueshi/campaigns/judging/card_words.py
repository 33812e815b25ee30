"""What a sealed card says of its person beside hours: sealed with the result, encrypted under the person's own key.

Name, post, title and unit go on living in the register; the card of a sealed year does not follow them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session

from xueshi.canonical import canonical_json
from xueshi.errors import InputError
from xueshi.register.identity import KeyRing, SealedIdentity
from xueshi.register.rows.people_rows import PersonForAssessment
from xueshi.register.tables import Person
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.tables import SealedResult


@dataclass(frozen=True)
class CardWords:
    """The words of one card."""

    name: str
    sex: str
    born: date | None
    political_status: str
    unit: str
    post: str
    title: str

    @classmethod
    def of(cls, person: PersonForAssessment, unit: str) -> CardWords:
        """Return what the register says of a person now."""
        return cls(
            person.name, person.sex, person.born, person.political_status, unit, person.post, person.title
        )


def seal_words(
    session: Session, keys: KeyRing, words: Mapping[UUID, CardWords], seals: Sequence[SealedResult]
) -> None:
    """Seal the words of some seals, by person. Whose key was destroyed meanwhile has none: nobody may read them."""
    people = results.judged_persons(session, [seal.person_id for seal in seals])
    bodies = {}
    for seal in seals:
        plain = asdict(words[seal.person_id])
        plain["born"] = None if plain["born"] is None else plain["born"].isoformat()
        try:
            bodies[seal.id] = keys.seal_for(_identity(people[seal.person_id]), canonical_json(plain))
        except InputError:
            continue
    seal_rows.keep_words(session, bodies)


def sealed_words(
    session: Session, keys: KeyRing | None, seals: Sequence[SealedResult]
) -> dict[UUID, CardWords]:
    """Return person → the words that were sealed with his result.

    Who was sealed by an older engine, or whose key was destroyed, has none: his card says what the register says.
    Raises InputError where there are such words and no keys to read them.
    """
    bodies = seal_rows.words_of(session, [seal.id for seal in seals])
    if bodies and keys is None:
        raise InputError("学习卡的封存内容已加密，须有密钥文件才能打印；请恢复密钥文件后再打印")
    people = results.judged_persons(session, [seal.person_id for seal in seals if seal.id in bodies])
    found = {}
    for seal in seals:
        if keys is None or seal.id not in bodies:
            continue
        try:
            plain = json.loads(keys.reveal_for(_identity(people[seal.person_id]), bodies[seal.id]))
        except InputError:
            continue
        born = plain["born"]
        found[seal.person_id] = CardWords(**{**plain, "born": born and date.fromisoformat(born)})
    return found


def _identity(person: Person) -> SealedIdentity:
    return SealedIdentity(person.identity_sealed, person.identity_key, person.identity_key_id)
