"""What a case expects against what the engine says: one sentence per difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xueshi.assessment.case_file import Case, CaseFile
from xueshi.assessment.types import YearAssessment
from xueshi.hours import parse_hours, show_hours
from xueshi.regulations.pack import RulePack

DEFAULT_CATEGORY = "professional"
"""The golden format: a record that names no category is professional."""


def compare_records(case: Case, assessment: YearAssessment, pack: RulePack) -> list[str]:
    """Compare hours, rules, category, status and reason code of every record."""
    failures: list[str] = []
    groups = {group["rule"] for group in pack.data["groups"]}
    for record in case.records:
        entry = assessment.entry(record.id)
        if record.hours is None:
            if entry.code != "no_rule_set":
                failures.append(f"{record.id}：应不评（no_rule_set），得{show_hours(entry.hours)}学时")
            continue
        if entry.hours != record.hours:
            failures.append(
                f"{record.id}：学时应为{show_hours(record.hours)}，得{show_hours(entry.hours)}（{entry.code or entry.verdict}：{entry.text}）"
            )
        rules = tuple(rule for rule in entry.rules if rule not in groups)
        if record.rules and not (set(record.rules) == set(rules) or set(record.rules) == set(entry.rules)):
            failures.append(
                f"{record.id}：条款应为{'、'.join(record.rules)}，得{'、'.join(entry.rules) or '无'}"
            )
        if record.rule_named and not record.rules and rules:
            failures.append(f"{record.id}：应没有条款，得{'、'.join(rules)}")
        wanted = record.category or (DEFAULT_CATEGORY if record.hours else None)
        if wanted is not None and entry.category != wanted:
            failures.append(f"{record.id}：类别应为{wanted}，得{entry.category or '无'}")
        if record.status is not None and entry.verdict != record.status:
            failures.append(f"{record.id}：结论应为{record.status}，得{entry.verdict}")
        if record.status is None and entry.verdict in ("needs_fact", "manual", "refused"):
            failures.append(f"{record.id}：结论为{entry.verdict}（{entry.text}），案例没有写明status")
        if record.code is not None and entry.code != record.code:
            failures.append(f"{record.id}：原因应为{record.code}，得{entry.code or '无'}")
        if (
            entry.verdict in ("reduced", "uncredited", "refused", "other_year")
            and not entry.code
            and entry.claimed is None
        ):
            failures.append(f"{record.id}：没有原因代码")
        part = record.facts.get("part")
        if str(part).isdigit() and part is not True and entry.part != int(str(part)):
            failures.append(f"{record.id}：应为第{part}部分，得第{entry.part}部分")
    return failures


def compare_totals(case: Case, file: CaseFile, assessment: YearAssessment) -> list[str]:
    """Compare totals, minimums, verdict, shortfall, warnings and readings."""
    if case.met is None and case.verdict not in ("needs_fact",):
        if assessment.verdict != "not_judged" or assessment.totals:
            return [f"应不评（not_judged），得{assessment.verdict}"]
        return []
    if not case.totals:
        return ["没有totals：请写明各类合计"]
    failures: list[str] = []
    for key, value in case.totals.items():
        if key in assessment.counts and key not in assessment.totals:
            failures.append(f"{key}是计数的合计，不是学时，不写入totals；它要求的数目写入minimum和shortfall")
        elif key not in assessment.totals:
            failures.append(f"合计中没有“{key}”这一类")
        elif parse_hours(value) != assessment.totals[key]:
            failures.append(f"{key}合计应为{value}，得{show_hours(assessment.totals[key])}")
    sums = {result.of for result in assessment.requirements}
    failures.extend(
        f"{key}合计为{show_hours(total)}，案例没有写明"
        for key, total in assessment.totals.items()
        if total
        and key not in case.totals
        and (key in ("total",) or key not in sums)
        and key in {entry.category for entry in assessment.ledger}
    )
    if (minimum := _minimum(case, file)) is not None:
        got = {result.of: result.minimum for result in assessment.requirements if result.minimum is not None}
        expected = {key: int(parse_hours(str(value))) for key, value in minimum.items()}
        if got != expected:
            failures.append(f"最低要求应为{_shown(expected)}，得{_shown(got)}")
    verdict = case.verdict or ("met" if case.met else "not_met")
    if assessment.verdict != verdict:
        failures.append(f"结论应为{verdict}，得{assessment.verdict}")
    expected = {key: int(parse_hours(value)) for key, value in case.shortfall.items()}
    if dict(assessment.shortfall) != expected:
        failures.append(f"差额应为{_shown(expected)}，得{_shown(assessment.shortfall)}")
    if case.warnings is not None and sorted(case.warnings) != sorted(assessment.warnings):
        failures.append(f"提示应为{list(case.warnings)}，得{list(assessment.warnings)}")
    missing = [name for name in case.readings if name not in assessment.readings]
    if missing:
        failures.append(
            f"结果没有提到口径{'、'.join(missing)}（提到的是{'、'.join(assessment.readings) or '无'}）"
        )
    return failures


def _minimum(case: Case, file: CaseFile) -> Mapping[str, Any] | None:
    if case.minimum is not None:
        return case.minimum
    if file.minimum is None:
        return None
    if any(isinstance(value, dict) for value in file.minimum.values()):
        by_level = file.minimum.get(str(case.person.get("level")))
        return by_level if isinstance(by_level, dict) else None
    return file.minimum


def _shown(figures: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"{key}: {show_hours(value)}" for key, value in figures.items()) + "}"
