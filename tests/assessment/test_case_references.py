"""What a case names beside its figures: clauses, pairs, statuses and codes are those that exist; the schema knows them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from xueshi.assessment.case_file import CaseFile, read_case_file
from xueshi.assessment.case_references import reference_faults
from xueshi.assessment.case_schema import case_file_schema
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.sources import RegulationSource

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    [*ROOT.glob("plugins/*/xueshi_*/cases/*.yaml"), *ROOT.glob("examples/*/plugin/*/cases/*.yaml")]
)
VALIDATOR = jsonschema.Draft202012Validator(case_file_schema())
CASE = """\
document: EX
cases:
  - {id: C1, year: 2021, records: [{id: r, kind: training, facts: {days: 1}, hours: 0}], totals: {total: 0}, met: false, shortfall: {}}
"""
CLAUSES = {"EX": ["二(三)1", "附件1三(二)", "第八条(五)"], "OTHER": ["五"], "FL2021": ["二"]}


def file_with(extra: str, record: str = "") -> CaseFile:
    text = CASE.replace("shortfall: {}}", f"shortfall: {{}}{extra}}}").replace(
        "hours: 0", f"hours: 0{record}"
    )
    return read_case_file(RegulationSource("c.yaml", text))


@pytest.mark.parametrize(
    "clause",
    ["二(三)1", "二(三)", "附件1三(二)", "Annex 1 三(二)", "Art. 8(五)", "OTHER 五", "五", "FL 二"],
)
def test_a_clause_that_is_in_a_map_is_known(clause: str) -> None:
    assert reference_faults(file_with(f", clauses: [{clause}]"), CLAUSES, ["C1"]) == []


@pytest.mark.parametrize("clause", ["gibberish", "二(九)", "OTHER 六", "NONSENSE 五", "Art. 9"])
def test_a_clause_that_is_nowhere_is_named_with_its_line(clause: str) -> None:
    [fault] = reference_faults(file_with(f", clauses: [{clause}]"), CLAUSES, ["C1"])
    assert fault.startswith("c.yaml:3: 案例C1的clauses“")
    assert clause in fault


def test_a_pair_is_a_case_or_a_set() -> None:
    assert reference_faults(file_with(", pair: C1"), CLAUSES, ["C1"]) == []
    assert reference_faults(file_with(", pair: OTHER"), CLAUSES, ["C1"]) == []
    [fault] = reference_faults(file_with(", pair: C2"), CLAUSES, ["C1"])
    assert "“C2”不是已有的案例或文件" in fault
    assert "C1" in fault


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (
            ", status: needs_decision",
            "可写：credited、reduced、uncredited、refused、needs_fact、other_year、manual",
        ),
        (", code: needs_passed", "或以needs.、except.、refused.、hook.开头"),
        (", code: dedup", 'did you mean "dedupe"?'),
    ],
)
def test_words_that_are_none_are_refused_with_those_that_are(record: str, says: str) -> None:
    [fault] = file_with("", record).faults
    assert says in fault
    assert fault.startswith("c.yaml:3:")


@pytest.mark.parametrize("code", ["dedupe", "needs.passed", "except.own_field", "refused.2.12"])
def test_the_codes_of_a_ledger_are_taken(code: str) -> None:
    assert file_with("", f", code: {code}").faults == ()


def test_an_earlier_entry_without_hours_is_a_fault_not_a_traceback() -> None:
    text = CASE.replace("year: 2021,", "year: 2021, person: {earlier: [{record: e, year: 2020}]},")
    faults = read_case_file(RegulationSource("c.yaml", text)).faults
    assert any("earlier第1条缺少“hours”" in fault for fault in faults)


def test_a_minimum_that_is_still_todo_is_a_fault() -> None:
    text = CASE.replace("cases:\n", "conventions: {minimum: {total: todo}}\ncases:\n")
    [fault] = read_case_file(RegulationSource("c.yaml", text)).faults
    assert fault.startswith("c.yaml:2: conventions.minimum的total“todo”不是学时数")


def plain(node: Any) -> Any:
    """The tree as the reader sees it: texts, with null."""
    if isinstance(node, document.Mapping):
        return {key: plain(value) for key, value in node}
    if isinstance(node, document.Sequence):
        return [plain(value) for value in node.items]
    return None if node.text in ("null", "~", "") else node.text


def faults_of(tree: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tree)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_schema_takes_every_case_file(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert faults_of(plain(document.read_document(RegulationSource(file.name, text), Findings()))) == []


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ((), "casez", []),
        (("cases", 0), "mett", "true"),
        (("cases", 0), "verdict", "maybe"),
        (("cases", 0, "records", 0), "hour", "3"),
        (("cases", 0, "records", 0), "status", "needs_decision"),
        (("cases", 0, "records", 0), "code", "because"),
        (("cases", 0), "windows", {"R2": {"average": {}}}),
        (("cases", 0), "person", {"earlier": [{"year": "2020"}]}),
    ],
)
def test_the_schema_underlines_what_does_not_belong(path: tuple[Any, ...], key: str, value: Any) -> None:
    tree = plain(document.read_document(RegulationSource("c.yaml", CASE), Findings()))
    assert faults_of(tree) == []
    node = copy.deepcopy(tree)
    inner = node
    for part in path:
        inner = inner[part]
    inner[key] = value
    assert faults_of(node)
