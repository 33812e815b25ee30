"""What another system hands over (数据导入): CSV or JSON, a row for each record, known again by its source's own number."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xueshi.fault_words import json_fault
from xueshi.register.identity import mask_identity, normal
from xueshi.register.row_reading import identity_fault, read_record
from xueshi.register.rows.roster_rows import NewRecord
from xueshi.register.sheets import CheckedWorkbook, Limits, Problem, Row, Sheet, near
from xueshi.register.workbook import NO, NONE, YES, FactColumn, IntakeVocabulary

SOURCE_ID = "来源编号"
CODES = {
    "source_id": SOURCE_ID,
    "identity_number": "身份证号",
    "name": "姓名",
    "kind": "类别",
    "content": "学习内容",
    "form": "学习形式",
    "start": "开始日期",
    "end": "结束日期",
    "result": "学习成绩",
    "certificate": "证书编号",
    "claimed": "申报学时",
}
"""What a program may write for a heading; facts go by their own names."""
RECORDS_KEY = "records"
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class IncomingRecord:
    """One record of another system: row, its number there, whose (in clear, in memory only), what."""

    row: int
    source_id: str
    identity_number: str
    name: str
    record: NewRecord


@dataclass
class CheckedIncoming:
    """A file of another system as read, and what is wrong with it."""

    checked: CheckedWorkbook
    rows: list[IncomingRecord] = field(default_factory=list)
    bad_rows: int = 0

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong, in the order of the file."""
        return self.checked.problems

    @property
    def unreadable(self) -> bool:
        """Tell whether something is wrong with the file as a whole, not with single rows."""
        return any(not problem.cell for problem in self.problems)

    def wrong(self, one: IncomingRecord, cause: str, repair: str) -> None:
        """Note what the register says against a row, and leave it out."""
        self.checked.add("", f"第{one.row}行", cause, repair)
        self.rows.remove(one)
        self.bad_rows += 1


def read_incoming(path: Path, vocabulary: IntakeVocabulary, limits: Limits | None = None) -> CheckedIncoming:
    """Read a CSV or JSON file and check every cell as a workbook's."""
    found = CheckedIncoming(CheckedWorkbook(path.name))
    bounds = limits or Limits()
    text = _text(path, found.checked, bounds)
    if text is None:
        return found
    table = _json_rows(text, found.checked, vocabulary) if path.suffix.lower() == ".json" else _csv_rows(text)
    if len(table) > bounds.rows:
        found.checked.add("", "", f"超过{bounds.rows}行", "请拆成几个文件，或请管理员调高上限")
        return found
    sheet = _FileSheet.of(table, found.checked, vocabulary)
    seen: dict[str, int] = {}
    for row in sheet.rows:
        before = len(found.problems)
        source_id = row.required(SOURCE_ID)
        if source_id and source_id in seen:
            cause = f"“{source_id}”与第 {seen[source_id]} 行相同"
            row.problem(SOURCE_ID, cause, "一条记录一个编号，请在来源系统核对")
        number = _identity(row)
        record = read_record(row, vocabulary)
        if len(found.problems) > before or record is None:
            found.bad_rows += 1
            continue
        seen[source_id] = row.number
        found.rows.append(IncomingRecord(row.number, source_id, number, row.text("姓名"), record))
    return found


class _FileSheet(Sheet):
    """A table of a file: places are told by row and heading, since it has no lettered columns."""

    def at(self, heading: str, row: int) -> str:
        """Return the place of a cell."""
        return f"第{row}行" if heading in self.places else ""

    @classmethod
    def of(
        cls,
        table: Sequence[tuple[int, Mapping[str, Any]]],
        checked: CheckedWorkbook,
        vocabulary: IntakeVocabulary,
    ) -> _FileSheet:
        """Bring the headings of a table into the words of the record sheet, and note unknown and missing ones."""
        sheet = cls("", checked)
        headings = (SOURCE_ID, *vocabulary.record_headings)
        facts = {column.fact: column.heading for column in vocabulary.columns}
        if not table:
            checked.add("", "", "没有记录", "请核对文件；CSV 第一行是栏目名")
            return sheet
        given = list(dict.fromkeys(name for _, cells in table for name in cells))
        names = {name: CODES.get(name, facts.get(name, name)) for name in given}
        for name, heading in names.items():
            if heading not in headings:
                known = [*CODES, *facts, *headings]
                checked.add("", "", f"没有“{name}”这一栏{near(name, known)}", "请改正栏目名，或删去此栏")
        sheet.places = {heading: place for place, heading in enumerate(names.values()) if heading in headings}
        missing = [
            one for one in (SOURCE_ID, "身份证号", "类别", "学习内容", "结束日期") if one not in sheet.places
        ]
        if missing:
            checked.add("", "", f"缺少栏目：{'、'.join(missing)}", "请补上这些栏目")
            return sheet
        sheet.rows = [
            Row(sheet, number, {names[name]: value for name, value in cells.items()})
            for number, cells in table
        ]
        return sheet


def _text(path: Path, checked: CheckedWorkbook, limits: Limits) -> str | None:
    if not path.is_file():
        checked.add("", "", "文件不存在", "请核对文件路径")
        return None
    if path.stat().st_size > limits.megabytes * MEGABYTE:
        checked.add("", "", f"文件超过{limits.megabytes} MB", "请拆成几个文件")
        return None
    body = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        # Excel on a Chinese system saves CSV as GB 18030.
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    checked.add("", "", "不是 UTF-8 或 GB 18030 编码的文本", "请另存为 UTF-8 的 CSV 或 JSON")
    return None


def _csv_rows(text: str) -> list[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    headings = [heading.strip() for heading in next(reader, [])]
    found: list[tuple[int, Mapping[str, Any]]] = []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            found.append(
                (reader.line_num, dict(zip(headings, (cell.strip() for cell in cells), strict=False)))
            )
    return found


def _json_rows(
    text: str, checked: CheckedWorkbook, vocabulary: IntakeVocabulary
) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        body = json.loads(text, parse_float=str)
    except ValueError as error:
        checked.add("", "", f"不是完整的 JSON：{json_fault(error)}", "请核对文件，或由来源系统重新导出")
        return []
    listed = body.get(RECORDS_KEY) if isinstance(body, dict) else body
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        checked.add("", "", "应为记录的列表", f'请写成 [{{"source_id": …}}] 或 {{"{RECORDS_KEY}": […]}}')
        return []
    columns = {column.fact: column for column in vocabulary.columns}
    return [(number, _flat(one, columns, vocabulary)) for number, one in enumerate(listed, start=1)]


def _flat(
    one: Mapping[str, Any], columns: Mapping[str, FactColumn], vocabulary: IntakeVocabulary
) -> Mapping[str, Any]:
    """Lay the facts of a JSON record beside its other values, codes turned into the words of a sheet."""
    cells = {name: _cell(value) for name, value in one.items() if name != "facts" and value is not None}
    if "kind" in cells:
        cells["kind"] = vocabulary.label_of(str(cells["kind"]))
    for name, value in (one.get("facts") or {}).items():
        column = columns.get(name)
        words = {} if column is None else {code: label for label, code in column.values.items()}
        cells[name] = words.get(str(value), _cell(value))
    return cells


def _cell(value: object) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return YES if value else NO
    return str(value)


def _identity(row: Row) -> str:
    number = normal(row.required("身份证号"))
    fault = identity_fault(number) if number else None
    if fault is not None:
        row.problem("身份证号", f"{mask_identity(number)} {fault[0]}", fault[1])
    return number
