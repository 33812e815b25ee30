"""The golden format of case files, read strictly: an unknown key or a case without totals is a fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from xueshi.assessment.types import LedgerEntry
from xueshi.hours import parse_hours
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings, did_you_mean
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence
from xueshi.regulations.sources import RegulationSource

FILE_KEYS = ("document", "title", "conventions", "cases", "campaign_cases", "note")
CASE_KEYS = (
    "id", "title", "year", "person", "config", "minimum", "records", "totals", "met", "shortfall", "clauses", "readings", "pair",
    "note", "warnings", "verdict", "years", "sum_met", "average", "sector_file",
)  # fmt: skip
RECORD_KEYS = (
    "id",
    "kind",
    "rule",
    "facts",
    "hours",
    "category",
    "note",
    "reason",
    "status",
    "claimed",
    "year",
    "code",
)
PERSON_KEYS = (
    "level", "industry", "levels", "cycle", "term", "earlier", "freelancer", "verifier", "title_date", "years_in_post", "degree", "level_sought",
)  # fmt: skip
NOTHING = ("null", "~", "")


@dataclass(frozen=True)
class CaseRecord:
    """One record of a case, with what is expected of it; `hours` None: not judged."""

    id: str
    kind: str
    rules: tuple[str, ...] | None
    rule_named: bool
    facts: dict[str, Any]
    hours: int | None
    category: str | None
    status: str | None
    code: str | None
    claimed: int | None
    year: int | None
    line: int


@dataclass(frozen=True)
class Case:
    """One case. Expected figures are texts as written; None: not compared."""

    id: str
    title: str
    year: int
    person: dict[str, Any]
    config: dict[str, Any]
    minimum: dict[str, str] | None
    records: tuple[CaseRecord, ...]
    totals: dict[str, str]
    met: bool | None
    shortfall: dict[str, str]
    readings: tuple[str, ...]
    warnings: tuple[str, ...] | None
    term: bool
    verdict: str | None
    years: dict[int, dict[str, Any]]
    sum_met: bool | None
    average: dict[str, str] | None
    sector_file: document.Mapping | None
    earlier: tuple[LedgerEntry, ...]
    line: int


@dataclass(frozen=True)
class CaseFile:
    """A case file: the instrument it belongs to, the minimums that hold where a case names none, its cases, its faults."""

    path: str
    instrument: str
    minimum: dict[str, Any] | None
    cases: tuple[Case, ...]
    campaign_cases: int
    faults: tuple[str, ...] = field(default=())


def read_case_file(source: RegulationSource) -> CaseFile:
    """Read a case file; everything wrong with it is in `faults`, with file and line."""
    findings = Findings()
    root = document.read_document(source, findings)
    faults = [str(finding) for finding in findings.found]
    _keys(root, FILE_KEYS, "案例文件", faults)
    conventions = root.get("conventions")
    minimum = _plain(conventions.get("minimum")) if isinstance(conventions, Mapping) else None
    listed, campaign = root.get("cases"), root.get("campaign_cases")
    cases: list[Case] = []
    for node in listed.items if isinstance(listed, Sequence) else ():
        if isinstance(node, Mapping) and (case := _case(node, faults)) is not None:
            cases.append(case)
    if not isinstance(root.get("document"), Scalar):
        faults.append(f"{source.path}:1: 没有“document”：请写明案例所属的规定")
    if not cases:
        faults.append(f"{source.path}:1: 没有案例")
    seen: dict[str, int] = {}
    for case in cases:
        if case.id in seen:
            faults.append(f"{source.path}:{case.line}: 案例{case.id}写了两次，第一次在第{seen[case.id]}行")
        seen.setdefault(case.id, case.line)
    return CaseFile(
        source.path,
        _text(root.get("document")),
        minimum if isinstance(minimum, dict) else None,
        tuple(cases),
        len(campaign.items) if isinstance(campaign, Sequence) else 0,
        tuple(faults),
    )


def _keys(node: Mapping, allowed: tuple[str, ...], where: str, faults: list[str]) -> None:
    faults.extend(
        f"{node.file}:{node.line_of(key)}: {where}不认识“{key}”{did_you_mean(key, allowed)}"
        for key in node.entries
        if key not in allowed
    )


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _plain(node: Node | None) -> Any:
    """Return texts, lists and mappings; null as None."""
    if node is None or (isinstance(node, Scalar) and node.text in NOTHING):
        return None
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, value in node}


def _bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _mapping(node: Node | None) -> dict[str, Any]:
    found = _plain(node)
    return found if isinstance(found, dict) else {}


def _texts(node: Node | None) -> tuple[str, ...]:
    found = _plain(node)
    return tuple(str(one) for one in found) if isinstance(found, list) else (str(found),) if found else ()


def _case(node: Mapping, faults: list[str]) -> Case | None:
    name = _text(node.get("id"))
    _keys(node, CASE_KEYS, f"案例{name}", faults)
    person = node.get("person")
    if isinstance(person, Mapping):
        _keys(person, PERSON_KEYS, f"案例{name}的person", faults)
    problems = [
        f"缺少“{key}”"
        for key in ("id", "year", "records", "totals", "met", "shortfall")
        if node.get(key) is None
    ]
    if not _text(node.get("year")).isdigit():
        problems.append("year应为年度")
    if problems:
        faults.extend(f"{node.file}:{node.line}: 案例{name}{problem}" for problem in problems)
        return None
    listed = node.get("records")
    records = tuple(
        _record(item, name, faults)
        for item in (listed.items if isinstance(listed, Sequence) else ())
        if isinstance(item, Mapping)
    )
    years = {int(year): value for year, value in _mapping(node.get("years")).items()}
    sector = node.get("sector_file")
    verdict = _text(node.get("verdict")) or None
    raw_person = _mapping(person)
    return Case(
        name, _text(node.get("title")), int(_text(node.get("year"))), raw_person, _mapping(node.get("config")),
        _mapping(node.get("minimum")) if node.get("minimum") is not None else None, records, _mapping(node.get("totals")),
        _bool(_text(node.get("met"))), _mapping(node.get("shortfall")), _texts(node.get("readings")),
        _texts(node.get("warnings")) if node.get("warnings") is not None else None, verdict == "term", verdict, years,
        _bool(_text(node.get("sum_met"))), _mapping(node.get("average")) if node.get("average") is not None else None,
        sector if isinstance(sector, Mapping) else None, _earlier(raw_person.get("earlier")), node.line,
    )  # fmt: skip


def _record(node: Mapping, case: str, faults: list[str]) -> CaseRecord:
    name = _text(node.get("id"))
    _keys(node, RECORD_KEYS, f"案例{case}的记录{name}", faults)
    for key in ("id", "kind", "facts", "hours"):
        if node.get(key) is None:
            faults.append(f"{node.file}:{node.line}: 案例{case}的记录{name}缺少“{key}”")
    facts: dict[str, Any] = {}
    for key, value in _mapping(node.get("facts")).items():
        facts[key] = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    rule = _plain(node.get("rule"))
    hours = _text(node.get("hours"))
    try:
        expected = None if hours in NOTHING else int(parse_hours(hours))
        claimed = int(parse_hours(_text(node.get("claimed")))) if node.get("claimed") is not None else None
    except (ValueError, ArithmeticError):
        faults.append(f"{node.file}:{node.line}: 案例{case}的记录{name}的学时“{hours}”不是数字")
        expected, claimed = 0, None
    year = _text(node.get("year"))
    return CaseRecord(
        name, _text(node.get("kind")), (tuple(rule) if isinstance(rule, list) else (str(rule),)) if rule else (), node.get("rule") is not None,
        facts, expected, _text(node.get("category")) or None, _text(node.get("status")) or None, _text(node.get("code")) or None,
        claimed, int(year) if year.isdigit() else None, node.line,
    )  # fmt: skip


def _earlier(raw: Any) -> tuple[LedgerEntry, ...]:
    """Read ledger entries of earlier years: `{record, year, rule, hours, category, work: W1}` (or `project`)."""
    entries: list[LedgerEntry] = []
    for one in raw if isinstance(raw, list) else ():
        rules = one.get("rule") or one.get("rules") or []
        same = next((f"{key}:{one[key]}" for key in ("work", "project") if one.get(key)), one.get("same"))
        entries.append(
            LedgerEntry(
                str(one.get("record", "earlier")),
                int(one["year"]),
                int(one.get("part") or 1),
                tuple(rules) if isinstance(rules, list) else (rules,),
                "",
                "",
                str(one.get("category") or ""),
                int(parse_hours(str(one["hours"]))),
                None,
                "credited",
                "",
                "",
                same,
            )
        )
    return tuple(entries)
