"""Sealed results computed again: the same facts under the same pinned rules must give the same year, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.undecided import verdict_with_undecided
from xueshi.assessment.verdict_words import VERDICT_WORDS
from xueshi.audit import repository as audit
from xueshi.campaigns.judging.stored_request import ledger_line, pending_from_json, request_from_json
from xueshi.errors import RuleError
from xueshi.hours import show_hours
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.seals import ledger_values, seal_digest
from xueshi.results.tables import LedgerRow, SealedResult, YearResult

BATCH = 500
"""Results whose ledgers are read at once."""


@dataclass(frozen=True)
class Replayed:
    """A sealed result computed again; `differs` says in Chinese what is not as it was sealed, empty where all is."""

    unit_id: UUID
    person_id: UUID
    number: int
    """Its running number in the campaign."""

    differs: tuple[str, ...]


def replay(session: Session, sealed: Sequence[tuple[SealedResult, YearResult]]) -> Iterator[Replayed]:
    """Compute sealed results again, each from its own facts under the pack it was judged by.

    `sealed` are seals with the results that they seal (`seal_rows.sealed_results`). Raises NotFoundError where a pack is
    no longer in the data folder.
    """
    # Read anew, not from what the process keeps: what is proved is what lies in the data folder.
    packs: dict[str, RulePack] = {}
    for start in range(0, len(sealed), BATCH):
        batch = sealed[start : start + BATCH]
        ledgers = results.ledgers(session, [row.id for _, row in batch])
        for seal, row in batch:
            pack = packs.get(row.pack_digest)
            if pack is None:
                pack = RulePack.from_bytes(audit.load_artifact(session, row.pack_digest))
                packs[row.pack_digest] = pack
            differs = _differences(seal, row, ledgers.get(row.id, []), pack)
            yield Replayed(seal.unit_id, seal.person_id, seal.position, tuple(differs))


def _differences(
    seal: SealedResult, row: YearResult, ledger: Sequence[LedgerRow], pack: RulePack
) -> list[str]:
    if seal_digest(row, ledger) != seal.digest:
        return ["存储的结果与封存时的摘要不符"]
    request = request_from_json(row.request)
    try:
        assessment = evaluate(pack, request, trace=False)
    except RuleError as error:
        return [] if row.verdict == "not_judged" else [f"不能重新核算：{error}"]
    differs: list[str] = []
    verdict = verdict_with_undecided(pack, request, assessment, pending_from_json(row.request))
    if verdict != row.verdict:
        differs.append(f"结论{VERDICT_WORDS[row.verdict]}，重新核算为{VERDICT_WORDS[verdict]}")
    differs += [
        f"{pack.labels.get(code, code)}{show_hours(row.totals.get(code, 0))}，重新核算为{show_hours(again)}"
        for code, again in assessment.totals.items()
        if row.totals.get(code, 0) != again
    ]
    again = [
        LedgerRow(result_id=row.id, seq=seq, **ledger_line(entry, {}).__dict__)
        for seq, entry in enumerate(assessment.ledger, start=1)
    ]
    for old, new in zip(ledger, again, strict=False):
        if ledger_values(old) != ledger_values(new):
            differs.append(f"台账第{old.seq}条“{old.text}”，重新核算为“{new.text}”")
    if len(ledger) != len(again):
        differs.append(f"台账{len(ledger)}条，重新核算为{len(again)}条")
    return differs
