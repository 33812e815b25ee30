"""Acts of a scripted year on records of study: filed, corrected, reported by class, taken in from another system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session
from year_script import Event, Script

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.folder_acts import FOLDER
from xueshi.records import repository as records
from xueshi.records.rows import class_rows
from xueshi.register.tables import StudyRecord
from xueshi.storage import reading, transaction
from xueshi_cli.recording import law_in_force, payload_of, record_body, stored_evidence
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
PDF = b"%%PDF-1.4\n%s\n%%%%EOF\n"


class RecordActs:
    """What a player does with records; `records` holds the script's name of each."""

    script: Script
    folder: Path
    place: Workplace
    engine: Engine
    people: dict[str, UUID]
    records: dict[str, UUID]

    def command(
        self, who: str, kind: str, target: UUID, version: int | None = None, **payload: Any
    ) -> dict[str, Any]:
        """Give a command of the table: the player's."""
        raise NotImplementedError

    def _law(self, session: Session, year: int | None = None) -> tuple[dict[str, Any], Any]:
        """Pin the law in force and return it as a payload names it, with the rule pack."""
        law = law_in_force(session, self.place.registry, self.script.area, None, year or self.script.year)
        return law.stored(session), law.pack

    def _body(self, said: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return law and record as a payload holds them; hours are given as hours."""
        with transaction(self.engine) as session:
            law, pack = self._law(session, said.get("year"))
        claimed = said.get("claimed")
        body = record_body(
            pack,
            kind=said["kind"],
            facts={
                key: value.isoformat() if isinstance(value, date) else value
                for key, value in said.get("facts", {}).items()
            },
            content=said["content"],
            claimed=None if claimed is None else round(claimed * 100),
            form=said.get("form", ""),
            start=said.get("start"),
            end=said.get("end"),
        )
        return law, body

    def _proofs(self, event: Event) -> list[dict[str, str]]:
        """Store the named proofs; the same name is the same file."""
        found = []
        for name in event.words.get("evidence", ()):
            path = self.folder / f"{name}.pdf"
            path.write_bytes(PDF % str(name).encode())
            found += stored_evidence(self.place, event.who, [path])
        return found

    def _file(self, event: Event) -> Mapping[str, Any]:
        words = event.words
        law, body = self._body(words["record"])
        told = self.command(
            event.who, event.act, self.people[words["person"]], record=body, channel=words.get("channel", ""),
            evidence=self._proofs(event), **{key: words[key] for key in ("for_person", "makeup") if key in words}, **law,
        )  # fmt: skip
        return self._keep(words.get("as", ""), told)

    def _correct(self, event: Event) -> Mapping[str, Any]:
        """Correct a record: what the script gives lies over what the older entry says."""
        words, old = event.words, self.record(event.words["record"])
        with transaction(self.engine) as session:
            law, _ = self._law(session)
        before = payload_of(old)
        changes = dict(words["changes"])
        if "claimed" in changes:
            changes["claimed"] = round(changes["claimed"] * 100)
        changes["facts"] = {**before["facts"], **changes.get("facts", {})}
        told = self.command(
            event.who, event.act, old.id, old.version, record={**before, **changes}, reason=words.get("reason", ""),
            evidence=self._proofs(event), **law,
        )  # fmt: skip
        return self._keep(words.get("as", ""), told)

    def _keep(self, label: str, told: dict[str, Any]) -> Mapping[str, Any]:
        """Note the record of a command under the script's name for it, and tell its stage."""
        if "record" not in told:
            return told
        record = UUID(str(told["record"]))
        if label:
            self.records[label] = record
        found = self._record(record)
        return {**told, "stage": found.stage, "level": found.level}

    def _roster(self, event: Event) -> Mapping[str, Any]:
        """Report a class; its attendees' records are named `class/person`."""
        words = event.words
        law, body = self._body(words["record"])
        said = words["attendees"]
        who = {name: dict(said[name] or {}) if isinstance(said, Mapping) else {} for name in said}
        told = self.command(
            event.who, event.act, FOLDER, area=self.script.area, channel=words.get("channel", ""),
            attendees=[
                {"row": row, "person": str(self.people[name]), "facts": facts}
                for row, (name, facts) in enumerate(who.items(), start=2)
            ],
            valid_only=False, **{"class": {"code": words["as"], "record": body}}, **law,
        )  # fmt: skip
        if "study_class" in told:
            with reading(self.engine) as session:
                held = class_rows.attendees(session, UUID(str(told["study_class"])))
                self.records |= {f"{words['as']}/{name}": held[self.people[name]].id for name in who}
        return told

    def _import(self, event: Event) -> Mapping[str, Any]:
        """Take in another system's rows; their records are named by the source's own ids."""
        words, rows = event.words, []
        law: dict[str, Any] = {}
        for row, one in enumerate(words["rows"], start=2):
            law, body = self._body(one["record"])
            rows.append(
                {
                    "row": row,
                    "source_id": one["id"],
                    "person": str(self.people[one["person"]]),
                    "record": body,
                }
            )
        told = self.command(
            event.who, event.act, FOLDER, source=words["source"], rows=rows, channel=words.get("channel", ""),
            valid_only=bool(words.get("valid_only")), **law,
        )  # fmt: skip
        with reading(self.engine) as session:
            ids = [one["id"] for one in words["rows"]]
            held = class_rows.sources(session, self.script.area, words["source"], ids)
            self.records |= {name: source.record_id for name, source in held.items()}
        return told

    def record(self, label: str) -> StudyRecord:
        """Return the record that the script calls by a name."""
        return self._record(self.records[label])

    def _record(self, record: UUID) -> StudyRecord:
        with reading(self.engine) as session:
            found = records.record(session, ENGINE, record)
            session.expunge_all()
        return found
