"""A small law per test: rules as YAML, judged for one person and year."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts, YearAssessment
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

HEAD = """\
xueshi: 1
regulation:
  {id: EX, title: 示例办法, number: none, issuer: 示例局, issued: 2020-01-08, effective: none, years: 2020 to open, area: 990100}
clauses: {一: {encoded: 示例}}
categories: {public: 公共科目, professional: 专业科目}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
"""
REQUIREMENTS = "requirements: {R1: {clause: 一, of: total, at_least: 10}}\n"


@pytest.fixture
def law() -> Callable[..., RulePack]:
    """Make a law of `rules` and further sections as YAML; a year of 10 hours is asked unless it says otherwise."""

    def make(rules: str, more: str = "", **config: object) -> RulePack:
        year = "" if "\nyear:" in f"\n{more}" else "year: {clause: 一, starts: 01-01, person_as_of: end}\n"
        asked = "" if "\nrequirements:" in f"\n{more}" else REQUIREMENTS
        body = "\n".join(f"  {line}" for line in rules.strip("\n").splitlines())
        text = f"{HEAD}{year}{more}rules:\n{body}\n{asked}"
        return resolve_pack("EX", lambda _: RegulationSource("ex.yaml", text), config=config)

    return make


@pytest.fixture
def judge() -> Callable[..., YearAssessment]:
    """Judge records `(id, kind, facts)` for a person in 2021."""

    def call(
        pack: RulePack,
        *records: tuple[str, str, dict[str, Any]],
        person: dict[str, Any] | None = None,
        year: int = 2021,
        earlier: tuple[LedgerEntry, ...] = (),
        trace: bool = True,
    ) -> YearAssessment:
        facts = tuple(RecordFacts(name, kind, stated) for name, kind, stated in records)
        return evaluate(pack, PersonYearRequest("990100", year, person or {}, facts, earlier), trace=trace)

    return call
