"""Importing one register workbook as an officer: check, stage, promote, and note it in the unit's open filing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns import commands, direct_acts, repository
from xueshi.campaigns.commands import CommandRequest
from xueshi.errors import InputError, XueshiError
from xueshi.register import intake
from xueshi.register import repository as register
from xueshi.register.checking import check_workbook
from xueshi.register.intake import Intake
from xueshi.register.sheets import CheckedWorkbook, Limits, Problem
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import transaction
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
        return ImportOutcome(
            outcome.checked, (), _take_in(place, officer, path, year, outcome.checked, replace)
        )
    except InputError as error:
        return ImportOutcome(outcome.checked, (Problem(path.name, "", "", str(error), ""),))


def _take_in(
    place: Workplace, officer: str, path: Path, year: int, checked: CheckedWorkbook, replace: bool
) -> Intake:
    digest = intake.file_digest(path)
    with transaction(place.engine) as session:
        actor = place.actor(session, officer)
        actor.require("register.import")
        unit = intake.unit_for(session, actor, checked)
        before = intake.imported_before(session, actor, unit, year, digest, replace=replace)
        if before is not None:
            return before
        batch = intake.new_batch(actor, unit, year, path, digest, checked)
    intake.stage(place.engine, place.keys, batch, checked.people)
    try:
        with transaction(place.engine) as session:
            taken = intake.promote(session, place.keys, actor, batch.id)
            _note_in_filing(place, session, actor, taken, year)
    except XueshiError:
        with transaction(place.engine) as session:
            register.finish_batch(session, register.batch(session, batch.id), "discarded", batch.handed_in_at)
        raise
    return taken


def _note_in_filing(place: Workplace, session: Session, actor: Actor, taken: Intake, year: int) -> None:
    """Give the direct command `hand_in` where a campaign is open for the unit; its refusal refuses the import."""
    found = repository.open_campaign_of_unit(session, actor.scope, taken.unit_id, year)
    if found is None:
        return
    request = CommandRequest(place.request_id(), "hand_in", found[1].id, None, {"people": taken.people})
    row = commands.submit(session, actor, request)
    direct_acts.carry_out(session, row)
    if row.state != "done":
        raise InputError(row.reason)
