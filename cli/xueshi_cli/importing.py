"""Importing one register workbook as an officer: check, stage, promote, and note it in the unit's open filing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns import commands, direct_acts, repository
from xueshi.campaigns.commands import CommandRequest
from xueshi.errors import InputError, NotAllowedError, XueshiError
from xueshi.register import intake
from xueshi.register import repository as register
from xueshi.register.checking import check_workbook
from xueshi.register.intake import Intake
from xueshi.register.sheets import CheckedWorkbook, Limits, Problem
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import reading, transaction
from xueshi_cli.workplace import Workplace


@dataclass(frozen=True)
class ImportOutcome:
    """What became of a workbook: problems, or how it was taken in (None in a dry run)."""

    checked: CheckedWorkbook
    problems: Sequence[Problem] = field(default_factory=tuple)
    result: Intake | None = None


def check(place: Workplace, path: Path, *, area: str, vocabulary: IntakeVocabulary) -> ImportOutcome:
    """Check a workbook without writing anything."""
    limits = Limits(place.settings.upload_megabytes, place.settings.upload_rows)
    checked = check_workbook(path, vocabulary, area, limits)
    return ImportOutcome(checked, tuple(checked.problems))


def rehearse_workbook(
    place: Workplace,
    officer: str,
    path: Path,
    *,
    year: int,
    area: str,
    vocabulary: IntakeVocabulary,
    replace: bool = False,
) -> ImportOutcome:
    """Check a workbook and all that importing it would be refused for; nothing is written."""
    outcome = check(place, path, area=area, vocabulary=vocabulary)
    if outcome.problems:
        return outcome
    try:
        before = _rehearse(place, officer, path, year, outcome.checked, replace)
    except InputError as error:
        return ImportOutcome(outcome.checked, (_refusal(path, error),))
    return ImportOutcome(outcome.checked, (), before)


def import_workbook(
    place: Workplace,
    officer: str,
    path: Path,
    *,
    year: int,
    area: str,
    vocabulary: IntakeVocabulary,
    replace: bool = False,
) -> ImportOutcome:
    """Import a workbook all or nothing. What is wrong comes back as problems; nothing is written then."""
    outcome = check(place, path, area=area, vocabulary=vocabulary)
    if outcome.problems:
        return outcome
    try:
        taken = _take_in(place, officer, path, year, outcome.checked, replace)
    except InputError as error:
        return ImportOutcome(outcome.checked, (_refusal(path, error),))
    return ImportOutcome(outcome.checked, (), taken)


def forbidden(path: Path, error: NotAllowedError) -> ImportOutcome:
    """Return the outcome of a workbook that its officer may not import."""
    return ImportOutcome(CheckedWorkbook(path.name), (_refusal(path, error),))


def _refusal(path: Path, error: XueshiError) -> Problem:
    """Turn a refusal into a problem of the whole file: what is wrong stands before the semicolon, the repair after."""
    cause, _, repair = str(error).partition("；")
    return Problem(path.name, "", "", cause, repair)


def _rehearse(
    place: Workplace, officer: str, path: Path, year: int, checked: CheckedWorkbook, replace: bool
) -> Intake | None:
    """Ask all that promotion will ask, in a session that is never committed; returns the intake of the same file."""
    with Session(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.import")
        unit = intake.unit_for(session, actor, checked)
        digest = intake.file_digest(path)
        before = intake.imported_before(session, actor, unit, year, digest, replace=replace)
        if before is None:
            records = sum(len(person.records) for person in checked.people)
            _note_in_filing(
                place, session, actor, Intake("promoted", unit.id, len(checked.people), records), year
            )
        return before


def _take_in(
    place: Workplace, officer: str, path: Path, year: int, checked: CheckedWorkbook, replace: bool
) -> Intake:
    before = _rehearse(place, officer, path, year, checked, replace)
    if before is not None:
        return before
    with reading(place.engine) as session:
        actor = place.actor(session, officer)
    batch = intake.new_batch(actor, year, path, intake.file_digest(path), checked)
    intake.stage(place.engine, place.keys, batch, checked.people)
    try:
        with transaction(place.engine) as session:
            taken = intake.promote(session, place.keys, actor, checked, batch.id, replace=replace)
            if taken.outcome == "promoted":
                _note_in_filing(place, session, actor, taken, year)
    except (XueshiError, IntegrityError) as error:
        with transaction(place.engine) as session:
            register.finish_batch(session, register.batch(session, batch.id), "discarded", batch.handed_in_at)
        if isinstance(error, IntegrityError):
            raise InputError("同时有人在导入同一单位或同一人员，本次没有写入；请稍后再导入一次") from error
        raise
    return taken


def _note_in_filing(place: Workplace, session: Session, actor: Actor, taken: Intake, year: int) -> None:
    """Give the direct command `hand_in` where a campaign is open for the unit; its refusal refuses the import."""
    found = repository.campaign_of_unit(session, actor.scope, taken.unit_id, year)
    if found is None:
        return
    request = CommandRequest(place.request_id(), "hand_in", found[1].id, None, {"people": taken.people})
    row = commands.submit(session, actor, request)
    direct_acts.carry_out(session, row)
    if row.state != "done":
        raise InputError(row.reason)
