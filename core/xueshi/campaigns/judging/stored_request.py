"""How what a person was judged by, and the ledger that came out, stand in rows: both ways, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts, YearFigures
from xueshi.canonical import digest_of_json
from xueshi.results.repository import LedgerLine


def request_as_json(request: PersonYearRequest) -> dict[str, Any]:
    """Return the facts of a request as plain JSON: what a replay evaluates again, without any person's data."""
    body: dict[str, Any] = {
        "area": request.area,
        "year": request.year,
        "person": dict(request.person),
        "records": [record_as_json(record) for record in request.records],
    }
    if request.earlier:
        # Written only where there is any, so that the digests of results without them stay what they were.
        body["earlier"] = [entry.to_json() for entry in request.earlier]
    if request.years:
        body["years"] = {str(year): one.to_json() for year, one in sorted(request.years.items())}
    return body


def record_as_json(record: RecordFacts) -> dict[str, Any]:
    """Return the facts of one record as plain JSON."""
    body: dict[str, Any] = {
        "id": record.id,
        "kind": record.kind,
        "year": record.year,
        "facts": dict(record.facts),
        "claimed": record.claimed,
    }
    if record.makeup:
        # Only where it is so: the digests of all other results stay what they were.
        body["makeup"] = True
    return body


def pending_from_json(body: Mapping[str, Any]) -> tuple[RecordFacts, ...]:
    """Read the undecided records that stood beside a stored request."""
    return tuple(RecordFacts(**record) for record in body.get("pending", ()))


def request_from_json(body: Mapping[str, Any]) -> PersonYearRequest:
    """Read a stored request again."""
    return PersonYearRequest(
        area=body["area"],
        year=body["year"],
        person=body["person"],
        records=tuple(RecordFacts(**record) for record in body["records"]),
        earlier=tuple(LedgerEntry.from_json(entry) for entry in body.get("earlier", ())),
        years={int(year): YearFigures.from_json(one) for year, one in body.get("years", {}).items()},
    )


def ledger_line(entry: LedgerEntry, record_ids: Mapping[str, UUID]) -> LedgerLine:
    """Return an entry as it is stored, with the record that it stands for."""
    return LedgerLine(
        record_id=record_ids.get(entry.record),
        year=entry.year,
        part=entry.part,
        rules="+".join(entry.rules),
        regulation=entry.regulation,
        clause=entry.clause,
        category=entry.category,
        hours=entry.hours,
        claimed=entry.claimed,
        verdict=entry.verdict,
        code=entry.code,
        text=entry.text,
        inputs_hash=digest_of_json([entry.record, list(entry.rules), entry.hours, entry.code]),
    )
