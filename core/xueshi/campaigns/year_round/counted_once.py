"""One study counts once: an entry that holds at once must not equal a record that stands already.

Where somebody verifies, he sees the hint 同一课程两次登记 and decides; by a channel without a verifier nobody would see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlmodel import Session

from xueshi.machines.filing_machine import Refused
from xueshi.machines.record_machine import STAGE_WORDS
from xueshi.records import repository as records
from xueshi.records.flags import plain_words
from xueshi.records.repository import Study
from xueshi.register.tables import StudyRecord
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows

if TYPE_CHECKING:
    from xueshi.campaigns.year_round.record_entries import Entry


def study_of(entry: Entry) -> Study:
    """Return by what an entry's study is known again."""
    body = entry.body
    return Study(str(body["kind"]), str(body["content"]), entry.year, entry.day("start"), entry.day("end"))


def standing(session: Session, entry: Entry, *, made_up_only: bool = False) -> StudyRecord | None:
    """Return the person's standing record of the same study, the one that the entry corrects left out."""
    return records.same_study(
        session, entry.person_id, study_of(entry), made_up_only=made_up_only, but=entry.replaces
    )


def refused(session: Session, entry: Entry) -> Refused | None:
    """Refuse an entry whose study stands in a record already, naming that record."""
    held = standing(session, entry)
    if held is None:
        return None
    when = "" if held.end is None else f"，{held.end}"
    how = "由登记工作簿带入" if held.stage == "registered" else STAGE_WORDS[held.stage]
    return Refused(
        "counted_already",
        f"同一学习（{held.content}{when}）已有记录 {held.id}（{how}），学时不能计两次；该记录有误的，请对其另报更正，"
        "尚在办理的，请先办结或撤回；确是另一项学习的，请在学习内容中写明区别（如第几期、上午或下午）",
    )


def in_sealed_year(session: Session, old: StudyRecord, year: int) -> Refused | None:
    """Refuse to correct a record into another year while its own is sealed with it: both years would count it."""
    if year == old.year:
        return None
    sealed = (
        seal_rows.sealed_of_people(session, [old.person_id], apart=year).get(old.person_id, {}).get(old.year)
    )
    if sealed is None:
        return None
    lines = results.ledgers(session, [sealed.id])[sealed.id]
    if not any(line.record_id == old.id and line.hours for line in lines):
        return None
    return Refused(
        "counted_in_sealed_year",
        f"该记录的学时已计入{old.year}年度封存的结果，不能再计入{year}年度；如登记有误，"
        f"请由主管部门重新开启{old.year}年度（xueshi campaign reopen），更正后再办",
    )


def twice_in_file(entry: Entry, before: Iterable[tuple[int, Entry]]) -> Refused | None:
    """Refuse an entry that equals one of the same file; `before` are the rows that come earlier, by number."""
    study = study_of(entry)
    words = plain_words(study.content)
    for row, other in before:
        known = study_of(other)
        if (
            other.person_id == entry.person_id
            and plain_words(known.content) == words
            and study.same_days(known)
        ):
            return Refused(
                "counted_already",
                f"与第 {row} 行是同一人的同一学习（{study.content}），学时不能计两次；"
                "请删去一行，确是另一项学习的，请在学习内容中写明区别（如第几期、上午或下午）",
            )
    return None
