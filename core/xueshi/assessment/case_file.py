"""The golden format of case files, read strictly: an unknown key or a case without totals is a fault."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from xueshi.assessment.types import RECORD_VERDICTS, LedgerEntry
from xueshi.hours import parse_hours
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings, did_you_mean
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence
from xueshi.regulations.sources import RegulationSource

FILE_KEYS = ("document", "title", "conventions", "cases", "campaign_cases", "note")
CASE_KEYS = (
    "id", "title", "year", "person", "config", "minimum", "records", "totals", "met", "shortfall", "clauses", "readings", "pair",
    "note", "warnings", "verdict", "years", "sum_met", "average", "sector_file", "window", "windows",
)  # fmt: skip
TERM_KEYS = ("sum_met", "average", "window")
"""Keys of a case over several years (`verdict: term`): an ordinary case has `windows` instead."""
WINDOW_KEYS = ("met", "sum_met", "totals", "average", "minimum", "missing_years")
YEAR_KEYS = ("met", "shortfall", "minimum")
"""Keys of a year under `years`, beside its categories, sums and total."""
VERDICTS = ("met", "not_met", "needs_fact", "not_judged", "term")
CODES = (
    "no_rule", "not_of_item", "no_row", "not_in_table", "outside_range", "no_decision", "no_hours_stated", "none_by_clause", "share_zero", "cap_day",
    "cap_event", "cap_year", "dedupe", "earlier_years", "other_year", "needs_fact", "needs_factor", "removed", "no_rule_set", "spread",
)  # fmt: skip
"""The closed reason codes; those with a suffix begin with one of `CODE_FAMILIES`."""
CODE_FAMILIES = ("needs.", "except.", "refused.", "hook.")
EARLIER_KEYS = (
    "record",
    "kind",
    "year",
    "part",
    "rule",
    "rules",
    "hours",
    "category",
    "same",
    "work",
    "project",
)
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
    "makeup_for",
    "code",
)
PERSON_KEYS = (
    "level", "industry", "levels", "cycle", "term", "earlier", "freelancer", "verifier", "title_date", "years_in_post", "degree", "level_sought",
)  # fmt: skip
NOTHING = ("null", "~", "")
NO_FIGURES = ("met", "sum_met", "missing_years")
"""Keys of a year or a window that hold no hours."""


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
    makeup: bool = False
    """Made up (补训) for `year`, inside the window that a notice opened for it."""


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
    window: str | None
    """The requirement that a case over several years is about; None: the only one."""
    windows: dict[str, dict[str, Any]] | None
    """What an ordinary case expects of requirements over several years, by their id."""
    sector_file: document.Mapping | None
    earlier: tuple[LedgerEntry, ...]
    clauses: tuple[str, ...]
    pair: str | None
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


def read_case_file(source: RegulationSource, *, begun: bool = False) -> CaseFile:
    """Read a case file; everything wrong with it is in `faults`, with file and line.

    `begun`: the author only asks what cases there should be, so none need stand in it yet.
    """
    findings = Findings()
    root = document.read_document(source, findings)
    faults = [str(finding) for finding in findings.found]
    _keys(root, FILE_KEYS, "案例文件", faults)
    conventions = root.get("conventions")
    minimum = _plain(conventions.get("minimum")) if isinstance(conventions, Mapping) else None
    if isinstance(conventions, Mapping) and not begun:
        faults.extend(_unfilled(conventions))
    listed, campaign = root.get("cases"), root.get("campaign_cases")
    cases: list[Case] = []
    for node in listed.items if isinstance(listed, Sequence) else ():
        if isinstance(node, Mapping) and (case := _case(node, faults)) is not None:
            cases.append(case)
    if not isinstance(root.get("document"), Scalar):
        faults.append(f"{source.path}:1: 没有“document”：请写明案例所属的规定")
    if not cases and not begun:
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


def _unfilled(conventions: Mapping) -> list[str]:
    """Name the minimums that are no number, as `todo` of a scaffold."""
    node = conventions.get("minimum")
    found: list[str] = []
    stack = [node] if isinstance(node, Mapping) else []
    while stack:
        for key, value in stack.pop():
            if isinstance(value, Mapping):
                stack.append(value)
            elif _hundredths(_text(value)) is None:
                found.append(
                    f"{conventions.file}:{value.line}: conventions.minimum的{key}“{_text(value)}”不是学时数；"
                    f"请写通知规定的最低学时，如 {key}: 90"
                )
    return found


def _hundredths(text: str) -> int | None:
    try:
        return int(parse_hours(text))
    except (ValueError, ArithmeticError):
        return None


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
        # A law may have facts of the person of its own, which the file of cases does not know: judging names those it lacks.
        mistaken = [
            key
            for key in person.entries
            if key not in PERSON_KEYS and get_close_matches(key, PERSON_KEYS, 1, cutoff=0.8)
        ]
        faults.extend(
            f"{person.file}:{person.line_of(key)}: 案例{name}的person不认识“{key}”{did_you_mean(key, PERSON_KEYS)}"
            for key in mistaken
        )
        listed = person.get("earlier")
        for place, entry in enumerate(listed.items if isinstance(listed, Sequence) else (), start=1):
            where = f"案例{name}的earlier第{place}条"
            if not isinstance(entry, Mapping):
                continue
            lacking = [key for key in ("year", "hours") if not _text(entry.get(key))]
            faults.extend(f"{entry.file}:{entry.line}: {where}缺少“{key}”" for key in lacking)
            if lacking:
                return None
    problems = [
        f"缺少“{key}”"
        for key in ("id", "year", "records", "totals", "met", "shortfall")
        if node.get(key) is None
    ]
    if not _text(node.get("year")).isdigit():
        problems.append("year应为年度")
    problems += [*_misplaced(node), *_no_hours(node)]
    if problems:
        faults.extend(f"{node.file}:{node.line}: 案例{name}{problem}" for problem in problems)
        return None
    listed = node.get("records")
    records = tuple(
        _record(item, name, faults)
        for item in (listed.items if isinstance(listed, Sequence) else ())
        if isinstance(item, Mapping)
    )
    years = {
        int(year): value
        for year, value in _mapping(node.get("years")).items()
        if year.isdigit() and isinstance(value, dict)
    }
    sector = node.get("sector_file")
    verdict = _text(node.get("verdict")) or None
    raw_person = _mapping(person)
    return Case(
        name, _text(node.get("title")), int(_text(node.get("year"))), raw_person, _mapping(node.get("config")),
        _mapping(node.get("minimum")) if node.get("minimum") is not None else None, records, _mapping(node.get("totals")),
        _bool(_text(node.get("met"))), _mapping(node.get("shortfall")), _texts(node.get("readings")),
        _texts(node.get("warnings")) if node.get("warnings") is not None else None, verdict == "term", verdict, years,
        _bool(_text(node.get("sum_met"))), _mapping(node.get("average")) if node.get("average") is not None else None,
        _text(node.get("window")) or None, _windows(node.get("windows")), sector if isinstance(sector, Mapping) else None,
        _earlier(raw_person.get("earlier")), _texts(node.get("clauses")), _text(node.get("pair")) or None, node.line,
    )  # fmt: skip


def _windows(node: Node | None) -> dict[str, dict[str, Any]] | None:
    if node is None:
        return None
    return {key: value if isinstance(value, dict) else {} for key, value in _mapping(node).items()}


def _no_hours(node: Mapping) -> list[str]:
    """Name the figures of a case that are no hours: not a number, or of more than two decimals."""
    places: list[tuple[str, Node | None]] = [
        (f"的{key}", node.get(key)) for key in ("totals", "shortfall", "minimum", "average")
    ]
    for word in ("years", "windows"):
        held = node.get(word)
        for name, body in held if isinstance(held, Mapping) else ():
            entries = body.entries if isinstance(body, Mapping) else {}
            figures = {key: value for key, value in entries.items() if key not in NO_FIGURES}
            inner = {key: value for key, value in figures.items() if isinstance(value, Mapping)}
            plain = {key: value for key, value in figures.items() if key not in inner}
            places += [(f"的{word}中{name}的{key}", value) for key, value in inner.items()]
            places.append((f"的{word}中{name}", Mapping(node.file, node.line, plain, {})))
    person = node.get("person")
    earlier = person.get("earlier") if isinstance(person, Mapping) else None
    for place, entry in enumerate(earlier.items if isinstance(earlier, Sequence) else (), start=1):
        if isinstance(entry, Mapping):
            hours = {key: value for key, value in entry if key == "hours"}
            places.append((f"的earlier第{place}条", Mapping(node.file, node.line, hours, {})))
    return [
        f"{where}的{key}“{value.text}”不是学时数；最多两位小数，如 {key}: 89.67"
        for where, figures in places
        if isinstance(figures, Mapping)
        for key, value in figures
        if isinstance(value, Scalar) and value.text not in NOTHING and _hundredths(value.text) is None
    ]


def _misplaced(node: Mapping) -> list[str]:
    """Say which words a case cannot hold: what nothing compares would pass in silence."""
    verdict = _text(node.get("verdict"))
    found = []
    if verdict and verdict not in VERDICTS:
        found.append(f"的verdict“{verdict}”不是结论；可写：{'、'.join(VERDICTS)}")
    if _text(node.get("met")) not in ("true", "false", *NOTHING):
        found.append(f"的met“{_text(node.get('met'))}”应为true、false或null")
    if verdict == "term":
        listed = node.get("records")
        if isinstance(listed, Sequence) and listed.items:
            found.append(
                "是跨年度案例（verdict: term），记录不会核算：records写[]，各年学时写在years；或改用windows"
            )
        if not isinstance(node.get("years"), Mapping):
            found.append("是跨年度案例（verdict: term），缺少“years”")
        found += [
            f"是跨年度案例（verdict: term），不比较“{key}”"
            for key in ("warnings", "windows")
            if node.get(key)
        ]
    else:
        found += [
            f"的“{key}”只用于跨年度案例（verdict: term）；普通案例把它写在windows下，如 windows: {{R3: {{met: true}}}}"
            for key in TERM_KEYS
            if node.get(key) is not None
        ]
    years = node.get("years")
    for year, body in years if isinstance(years, Mapping) else ():
        if not year.isdigit() or not isinstance(body, Mapping):
            found.append(
                f"的years中“{year}”应为年度，如 2031: {{total: 70, met: false, shortfall: {{total: 10}}}}"
            )
        elif verdict == "term":
            found += [f"的years中{year}缺少“{key}”" for key in ("met", "shortfall") if body.get(key) is None]
    windows = node.get("windows")
    for name, body in windows if isinstance(windows, Mapping) else ():
        keys = body.entries if isinstance(body, Mapping) else {}
        found += [
            f"的windows中{name}不认识“{key}”{did_you_mean(key, WINDOW_KEYS)}"
            for key in keys
            if key not in WINDOW_KEYS
        ]
        if "met" not in keys:
            found.append(f"的windows中{name}缺少“met”（true、false或null）")
    return found


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
    status, code = _text(node.get("status")), _text(node.get("code"))
    if status and status not in RECORD_VERDICTS:
        faults.append(
            f"{node.file}:{node.line}: 案例{case}的记录{name}的status“{status}”不是记录的认定结果"
            f"{did_you_mean(status, RECORD_VERDICTS)}；可写：{'、'.join(RECORD_VERDICTS)}"
        )
    if code and code not in CODES and not code.startswith(CODE_FAMILIES):
        faults.append(
            f"{node.file}:{node.line}: 案例{case}的记录{name}的code“{code}”不是原因代码{did_you_mean(code, CODES)}；"
            f"可写：{'、'.join(CODES)}，或以{'、'.join(CODE_FAMILIES)}开头"
        )
    makeup = _text(node.get("makeup_for"))
    year = makeup or _text(node.get("year"))
    if node.get("makeup_for") is not None and (not makeup.isdigit() or node.get("year") is not None):
        faults.append(
            f"{node.file}:{node.line}: 案例{case}的记录{name}的makeup_for应为补训所属的年度，并且不再写year，"
            "如 makeup_for: 2024"
        )
    return CaseRecord(
        name, _text(node.get("kind")), (tuple(rule) if isinstance(rule, list) else (str(rule),)) if rule else (), node.get("rule") is not None,
        facts, expected, _text(node.get("category")) or None, _text(node.get("status")) or None, _text(node.get("code")) or None,
        claimed, int(year) if year.isdigit() else None, node.line, bool(makeup),
    )  # fmt: skip


def _earlier(raw: Any) -> tuple[LedgerEntry, ...]:
    """Read ledger entries of earlier years: `{record, kind, year, rule, hours, category, work: W1}` (or `project`)."""
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
                str(one.get("kind") or ""),
            )
        )
    return tuple(entries)
