"""Importing one register workbook as an officer: check, stage, promote, and note it in the units' open filings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields
from datetime import date
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.acts import direct_acts
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.commanding import commands
from xueshi.campaigns.commanding.commands import CommandRequest
from xueshi.campaigns.rows import campaign_rows, merger_rows
from xueshi.campaigns.year_round import years_kept
from xueshi.errors import InputError, XueshiError
from xueshi.real_clock import real_now
from xueshi.register import intake
from xueshi.register.checking import check_workbook
from xueshi.register.intake import Accepted, Intake, Mode
from xueshi.register.roster_check import RosterOf, compare, contradict, first_comparison
from xueshi.register.rows import batch_rows, unit_rows
from xueshi.register.sheets import CheckedWorkbook, Limits, Problem
from xueshi.register.tables import ImportBatch
from xueshi.register.workbook import IntakeVocabulary
from xueshi.storage import reading, transaction
from xueshi_cli.workplace import Workplace

Watch = Callable[[str, int, int], None]
"""Told how far a step has come: its name, done, of how many."""


@dataclass(frozen=True)
class ImportOutcome:
    """What became of a workbook: problems, and how each unit was taken in (none in a dry run)."""

    checked: CheckedWorkbook
    problems: Sequence[Problem] = field(default_factory=tuple)
    results: Sequence[Intake] = ()

    @property
    def result(self) -> Intake | None:
        """How the only unit, or the first, was taken in; None when nothing was."""
        return self.results[0] if self.results else None


def _quiet(_step: str, _done: int, _of: int) -> None:
    """Watch nothing."""


def limits_of(place: Workplace) -> Limits:
    """Return how large a workbook may be here."""
    settings = place.settings
    return Limits(settings.upload_megabytes, settings.upload_rows, settings.upload_unpacked_megabytes)


def check(
    place: Workplace, path: Path, *, area: str, vocabulary: IntakeVocabulary, watch: Watch = _quiet
) -> ImportOutcome:
    """Check a workbook without writing anything."""
    checked = check_workbook(
        path, vocabulary, area, limits_of(place), lambda done, of: watch("检查", done, of)
    )
    return ImportOutcome(checked, tuple(checked.problems))


@dataclass(frozen=True)
class _Job:
    """One workbook on its way: who hands it in, for which year, and how it stands to what was handed in before."""

    place: Workplace
    officer: str
    path: Path
    year: int
    vocabulary: IntakeVocabulary
    mode: Mode
    valid_only: bool

    @property
    def window(self) -> tuple[date, date]:
        """First and last day of the year."""
        return self.vocabulary.first, self.vocabulary.last


def rehearse_workbook(
    place: Workplace,
    officer: str,
    path: Path,
    *,
    year: int,
    area: str,
    vocabulary: IntakeVocabulary,
    mode: Mode = "first",
    valid_only: bool = False,
    watch: Watch = _quiet,
) -> ImportOutcome:
    """Check a workbook and all that importing it would be refused for; nothing is written."""
    vocabulary = _as_of_today(place, vocabulary)
    job = _Job(place, officer, path, year, vocabulary, mode, valid_only)
    outcome = _beside_register(job, check(place, path, area=area, vocabulary=vocabulary, watch=watch))
    parts = _parts(outcome, valid_only=valid_only)
    if not parts:
        return outcome
    try:
        before = _rehearse(job, parts)
    except InputError as error:
        return ImportOutcome(outcome.checked, (*outcome.problems, _refusal(path, error)))
    return ImportOutcome(outcome.checked, outcome.problems, [one for one in before if one is not None])


def import_workbook(
    place: Workplace,
    officer: str,
    path: Path,
    *,
    year: int,
    area: str,
    vocabulary: IntakeVocabulary,
    replace: bool = False,
    mode: Mode = "first",
    valid_only: bool = False,
    watch: Watch = _quiet,
) -> ImportOutcome:
    """Import a workbook all or nothing, or with `valid_only` its valid people. What is wrong comes back as problems."""
    vocabulary = _as_of_today(place, vocabulary)
    job = _Job(place, officer, path, year, vocabulary, "replace" if replace else mode, valid_only)
    outcome = _beside_register(job, check(place, path, area=area, vocabulary=vocabulary, watch=watch))
    parts = _parts(outcome, valid_only=valid_only)
    if not parts:
        return outcome
    try:
        taken = _take_in(job, parts, outcome, watch)
    except InputError as error:
        return ImportOutcome(outcome.checked, (*outcome.problems, _refusal(path, error)))
    return ImportOutcome(outcome.checked, outcome.problems, taken)


def _as_of_today(place: Workplace, vocabulary: IntakeVocabulary) -> IntakeVocabulary:
    """Return the words of a workbook with the day on which it is handed in, by the folder's clock as for filed records."""
    with reading(place.engine) as session:
        return replace_fields(vocabulary, today=civil_date(folder_now(session, real_now())))


def _beside_register(job: _Job, outcome: ImportOutcome) -> ImportOutcome:
    """Compare a workbook with what is registered of its units: what contradicts it is a problem at its cell."""
    checked = outcome.checked
    if checked.blocked or (checked.problems and not job.valid_only):
        return outcome
    digest = intake.file_digest(job.path)
    with reading(job.place.engine) as session:
        actor = job.place.actor(session, job.officer)
        actor.require("register.import")
        for register in checked.registers:
            unit = unit_rows.unit_by_code(session, actor.scope, register.unit.credit_code)
            earlier = [] if unit is None else batch_rows.batches(session, actor.scope, unit.id, job.year)
            refused_anyhow = bool(earlier) and job.mode == "first"
            if refused_anyhow or any(one.file_digest == digest for one in earlier):
                continue
            people = register.sound if job.valid_only else register.people
            if unit is None:
                found = first_comparison(session, job.place.keys, people)
                contradict(checked, register, found, valid_only=job.valid_only)
                continue
            replaces = tuple(one.id for one in earlier) if job.mode == "replace" else ()
            found = compare(
                session,
                job.place.keys,
                RosterOf(unit.id, job.year, *job.window, replaces),
                people,
                register.people,
                whole=job.mode != "add",
            )
            contradict(checked, register, found, valid_only=job.valid_only)
    return ImportOutcome(checked, tuple(checked.problems))


def forbidden(path: Path, error: XueshiError) -> ImportOutcome:
    """Return the outcome of a workbook that its officer may not import, or not as it is."""
    return ImportOutcome(CheckedWorkbook(path.name), (_refusal(path, error),))


def _parts(outcome: ImportOutcome, *, valid_only: bool) -> list[Accepted]:
    """Return what may be taken in: everything of a faultless workbook, the valid people where these were chosen."""
    if outcome.problems and not valid_only:
        return []
    return intake.accepted(outcome.checked, valid_only=bool(outcome.problems))


def _refusal(path: Path, error: XueshiError) -> Problem:
    """Turn a refusal into a problem of the whole file: what is wrong stands before the semicolon, the repair after."""
    cause, _, repair = str(error).partition("；")
    return Problem(path.name, "", "", cause, repair)


def _rehearse(job: _Job, parts: Sequence[Accepted]) -> list[Intake | None]:
    """Ask all that promotion will ask, in a session that is never committed; returns the intake of the same file."""
    place, digest = job.place, intake.file_digest(job.path)
    found = []
    with Session(place.engine) as session:
        actor = place.actor(session, job.officer)
        actor.require("register.import")
        for part in parts:
            unit = intake.unit_for(session, actor, part.unit)
            before = intake.imported_before(session, actor, unit, job.year, digest, mode=job.mode)
            found.append(before)
            if before is not None:
                continue
            if job.mode == "add":
                intake.check_addition(session, place.keys, actor, unit, job.year, part.people)
            records = sum(len(person.records) for person in part.people)
            people = len(part.people)
            taken = Intake("promoted", unit.id, people, records, people)
            note_in_filing(place, session, actor, taken, job.year)
            if years_kept.under_review(session, [unit.id]):
                # Entered here to be looked at only: a year that is under review must not be disturbed.
                batch = intake.new_batch(actor, job.year, job.path, digest, part)
                disturbed = intake.enter(
                    session, place.keys, actor, unit, batch, part.people, window=job.window, mode=job.mode
                )
                years_kept.keep_years(session, disturbed)
    return found


def _take_in(job: _Job, parts: Sequence[Accepted], outcome: ImportOutcome, watch: Watch) -> list[Intake]:
    """Stage every unit's part in short transactions, then promote them all in one."""
    place = job.place
    before = _rehearse(job, parts)
    fresh = [part for part, known in zip(parts, before, strict=True) if known is None]
    taken = [one for one in before if one is not None]
    if not fresh:
        return taken
    with reading(place.engine) as session:
        actor = place.actor(session, job.officer)
    digest = intake.file_digest(job.path)
    batches = [intake.new_batch(actor, job.year, job.path, digest, part) for part in fresh]
    _stage(place, batches, fresh, watch)
    try:
        with transaction(place.engine) as session:
            new = []
            for number, (batch, part) in enumerate(zip(batches, fresh, strict=True), start=1):
                one = intake.promote(
                    session, place.keys, actor, part.unit, batch.id, mode=job.mode, window=job.window
                )
                new.append(one)
                if one.outcome == "promoted":
                    years_kept.keep_years(session, one.disturbed)
                    note_in_filing(place, session, actor, one, job.year)
                watch("入库", number, len(batches))
            if outcome.problems:
                intake.note_valid_only(session, actor, outcome.checked, digest, new)
    except (XueshiError, IntegrityError) as error:
        with transaction(place.engine) as session:
            for batch in batches:
                left = batch_rows.batch(session, batch.id)
                batch_rows.finish_batch(session, left, "discarded", batch.handed_in_at)
        if isinstance(error, IntegrityError):
            raise InputError("同时有人在导入同一单位或同一人员，本次没有写入；请稍后再导入一次") from error
        raise
    return [*taken, *new]


def _stage(place: Workplace, batches: Sequence[ImportBatch], parts: Sequence[Accepted], watch: Watch) -> None:
    total = sum(len(part.people) for part in parts)
    done = 0

    def advance(people: int) -> None:
        nonlocal done
        done += people
        watch("暂存", done, total)

    for batch, part in zip(batches, parts, strict=True):
        intake.stage(place.engine, place.keys, batch, part.people, advance)


def note_in_filing(place: Workplace, session: Session, actor: Actor, taken: Intake, year: int) -> None:
    """Give the direct command `hand_in` where a campaign is open for the unit; its refusal refuses the import."""
    found = campaign_rows.campaign_of_unit(session, actor.scope, taken.unit_id, year)
    if found is None:
        if taken.unit_id in merger_rows.ended_units(session):
            raise InputError("该单位已撤并，不能再登记；请由并入的单位登记，误办撤并的在其年度验证中恢复")
        return
    request = CommandRequest(place.request_id(), "hand_in", found[1].id, None, {"people": taken.standing})
    row = commands.submit(session, actor, request)
    direct_acts.carry_out(session, row)
    if row.state != "done":
        raise InputError(row.reason)
