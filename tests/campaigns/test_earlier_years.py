"""What a sealed year hands on: parts of a spread, and works that had their hours (rule language 3.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from xueshi.assessment.types import LedgerEntry
from xueshi.campaigns.judging.assessing import EarlierEntry, judge
from xueshi.campaigns.judging.stored_request import request_as_json, request_from_json
from xueshi.register.rows.people_rows import PersonForAssessment, RecordForAssessment
from xueshi.registry import load

AREA = "320400"
RECORD = RecordForAssessment(
    UUID(int=7), "degree", 2012, {"graduated": "2012-07-01"}, None, "本科", "", "", "", None, None
)
PERSON = PersonForAssessment(UUID(int=1), "人", "男", None, "", None, "", "", "junior", (RECORD,))


def handed(judged: Any, year: int) -> list[EarlierEntry]:
    """Return what a judgement hands on, as the repository gives it to a later year."""
    return [
        EarlierEntry(
            LedgerEntry.from_json({**one["entry"], "record": f"{year}/{one['entry']['record']}"}),
            UUID(one["record_id"]) if one["record_id"] else None,
        )
        for one in judged.judgement.handed_on
    ]


def test_the_second_half_of_a_degree_is_counted_in_the_next_year_and_stands_for_its_record() -> None:
    pack = load().pack_for(AREA, 2012)
    first = judge(pack, AREA, 2012, PERSON, {})
    assert first.judgement.totals["professional"] == 5000
    earlier = handed(first, 2012)
    assert [(one.entry.year, one.entry.part, one.entry.hours, one.record_id) for one in earlier] == [
        (2013, 2, 5000, RECORD.id)
    ]
    other = replace(PERSON, records=(replace(RECORD, id=UUID(int=8), kind="exam", year=2013, facts={}),))
    second = judge(pack, AREA, 2013, other, {}, earlier)
    assert second.judgement.totals["professional"] == 5000, "r0001 of this year is not r0001 of the last"
    carried = next(line for line in second.judgement.ledger if line.part == 2)
    assert (carried.record_id, carried.hours) == (RECORD.id, 5000)
    third = judge(pack, AREA, 2014, replace(PERSON, records=()), {}, earlier)
    assert third.judgement.totals.get("professional", 0) == 0


def test_what_a_year_rested_on_is_read_back_whole() -> None:
    pack = load().pack_for(AREA, 2012)
    earlier = handed(judge(pack, AREA, 2012, PERSON, {}), 2012)
    body = judge(pack, AREA, 2013, replace(PERSON, records=()), {}, earlier).judgement.request
    again = request_from_json(body)
    assert again.earlier == tuple(one.entry for one in earlier)
    assert request_as_json(again) == body


def test_a_year_without_earlier_entries_is_stored_as_before() -> None:
    pack = load().pack_for(AREA, 2012)
    body = judge(pack, AREA, 2012, PERSON, {}).judgement.request
    assert set(body) == {"area", "year", "person", "records"}, "the digests of old results hold"
