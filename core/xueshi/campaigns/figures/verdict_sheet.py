"""An officer's open tasks as a workbook: one row per question, with the answers to choose from; and the filled one read.

The columns that say which task a row is, and of which version, stand hidden in the sheet; the officer fills 认定 and 原因.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from xueshi.errors import InputError
from xueshi.register.cell_checks import OptionLists
from xueshi.register.fact_cells import parse_fact
from xueshi.register.intake_vocabulary import NO, NONE, YES, FactColumn
from xueshi.register.sheets import CheckedWorkbook, Limits, Sheet, open_book
from xueshi.regulations.vocabulary import Fact

SHEET, HELP = "认定", "说明"
TASK, VERSION, FACT, VERDICT, REASON = "待办", "版本", "项目", "认定", "原因"
HEADINGS = (TASK, VERSION, FACT, "事项", "单位", "人员", "学习内容", "起迄", "依据", "问题", VERDICT, REASON)
WIDTHS = (10, 6, 10, 10, 26, 10, 30, 24, 14, 40, 16, 30)
HIDDEN = frozenset({TASK, VERSION, FACT})
FILLED = frozenset({VERDICT, REASON})
LEAVE_OPEN = "存疑"
DECISIONS = {"通过": "approve", "退回": "return", "不予通过": "refuse"}
"""Answers to the task of a whole unit → kind of command."""


@dataclass(frozen=True)
class Question:
    """One row to fill: which task and which of its facts, as of which version, and what the officer must know of it."""

    task: UUID
    version: int
    matter: str
    unit: str
    person: str
    content: str
    span: str
    clause: str
    text: str
    fact: Fact | None
    """The fact that is asked; None where the task is to decide on the unit, or a rule that stopped."""


@dataclass(frozen=True)
class Answer:
    """One filled row: a decision, a value, or that the question is left open."""

    row: int
    task: UUID
    version: int
    fact: str
    verdict: str
    reason: str


def options_of(question: Question) -> tuple[str, ...]:
    """Return the answers that may be chosen; empty where a number or a text is to be typed."""
    if question.fact is None:
        return tuple(DECISIONS)
    if question.fact.type == "yes_no":
        return (YES, NO, NONE, LEAVE_OPEN)
    return (*question.fact.values.values(), NONE, LEAVE_OPEN) if question.fact.type == "word" else ()


def write_questions(path: Path, questions: Sequence[Question]) -> None:
    """Write the workbook; all but the two columns to fill is locked against slips, without a password."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    lists = OptionLists()
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1, "valign": "vcenter"})
        told = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        open_ = book.add_format(
            {"text_wrap": True, "valign": "top", "border": 1, "locked": False, "bg_color": "#FFF8DC"}
        )
        sheet = book.add_worksheet(SHEET)
        for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width, None, {"hidden": heading in HIDDEN})
            sheet.write_string(0, column, heading, head)
        sheet.freeze_panes(1, 0)
        sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True})
        for row, question in enumerate(questions, start=1):
            for column, value in enumerate(_cells(question)):
                sheet.write_string(row, column, value, open_ if HEADINGS[column] in FILLED else told)
            for column in (HEADINGS.index(VERDICT), HEADINGS.index(REASON)):
                sheet.write_blank(row, column, None, open_)
            words = options_of(question)
            if words:
                check = {"validate": "list", "source": lists.source(words), "error_title": "请核对"}
                sheet.data_validation(row, HEADINGS.index(VERDICT), row, HEADINGS.index(VERDICT), check)
        _write_help(book, told, head)
        lists.write(book)


def read_answers(path: Path, limits: Limits) -> tuple[CheckedWorkbook, list[Answer]]:
    """Read the filled workbook; rows without 认定 are left for later, rows that cannot be read are told."""
    checked = CheckedWorkbook(path.name)
    book = open_book(path, checked, limits)
    if book is None:
        return checked, []
    return checked, list(_answers(Sheet.read(book, SHEET, HEADINGS, checked)))


def value_of(answer: Answer, fact: Fact) -> object:
    """Return the value that an answer states for a fact, None for 无. Raises InputError saying what it should be."""
    words = {label: code for code, label in fact.values.items()} if fact.type == "word" else {}
    try:
        return parse_fact(answer.verdict, FactColumn(fact.name, fact.label, fact.type, words))
    except ValueError as error:
        raise InputError(f"{fact.label}：“{answer.verdict}”{error}") from error


def _answers(sheet: Sheet) -> Iterator[Answer]:
    for row in sheet.rows:
        verdict, reason = row.text(VERDICT), row.text(REASON)
        if not verdict:
            if reason:
                row.problem(VERDICT, "写了原因，没有填写认定", "请填写认定，或删去原因")
            continue
        task, version = _id(row.plain(TASK)), row.plain(VERSION)
        if task is None or not version.isdecimal():
            row.problem(TASK, "待办编号或版本被改动", "请用 xueshi tasks export 重新导出后填写")
            continue
        if verdict in (LEAVE_OPEN, "退回", "不予通过") and not reason:
            row.problem(REASON, f"“{verdict}”没有写明原因", "请填写原因")
            continue
        yield Answer(row.number, task, int(version), row.plain(FACT), verdict, reason)


def _cells(question: Question) -> tuple[str, ...]:
    fact = question.fact
    asked = question.text
    if fact is not None:
        unit = f"（{fact.unit}）" if fact.unit else ""
        asked = "。".join(part for part in (f"{fact.label}{unit}？", question.text) if part)
    return (
        str(question.task), str(question.version), fact.name if fact else "", question.matter, question.unit,
        question.person, question.content, question.span, question.clause, asked,
    )  # fmt: skip


def _write_help(book: Any, told: Any, head: Any) -> None:
    sheet = book.add_worksheet(HELP)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 90)
    lines = (
        ("怎样填", "只填“认定”和“原因”两栏；有下拉列表的从中选择，数字直接填。不填的行留待以后，不受影响。"),
        ("单位审验", "可选：通过、退回、不予通过。退回和不予通过须写原因。"),
        (LEAVE_OPEN, "现有材料不足以认定的，填“存疑”并写原因；该人暂不计入完成，也不计入未完成。"),
        (NONE, "确实没有的（如未参加考试的成绩）填“无”。"),
        (
            "导入",
            "xueshi tasks import 先检查，加 --commit 才办理；每行单独办理，已有变动的行不办并说明原因。",
        ),
        ("再次导入", "同一文件再次导入没有变化。"),
    )
    for row, (what, how) in enumerate(lines):
        sheet.write_string(row, 0, what, head)
        sheet.write_string(row, 1, how, told)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
