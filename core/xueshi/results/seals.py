"""What is sealed of a result: its digest over facts, pack, verdict, totals and ledger, without ids of rows."""

from __future__ import annotations

from collections.abc import Sequence

from xueshi.canonical import digest_of_json
from xueshi.results.tables import LedgerRow, YearResult


def seal_digest(result: YearResult, ledger: Sequence[LedgerRow]) -> str:
    """Return the digest of a result: facts, pack, verdict, totals and every ledger line; no row's own id."""
    return digest_of_json(
        {
            "request": result.request,
            "pack": result.pack_digest,
            "verdict": result.verdict,
            "totals": result.totals,
            "shortfalls": result.shortfalls,
            "ledger": [ledger_values(line) for line in ledger],
        }
    )


def ledger_values(line: LedgerRow) -> list[object]:
    """Return what a ledger line says, without ids of rows."""
    return [
        line.seq,
        line.year,
        line.part,
        line.rules,
        line.regulation,
        line.clause,
        line.category,
        line.hours,
        line.claimed,
        line.verdict,
        line.code,
        line.text,
        line.inputs_hash,
    ]
