"""What a register workbook may say: its sheets and columns, made from the instrument's own words.

Columns of facts come from the rule pack, so that a unit is asked exactly what the rules of its instrument read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from xueshi.register.unit_kinds import UNIT_KINDS
from xueshi.regulations.pack import RulePack

UNIT, PEOPLE, RECORDS, GUIDE = "单位", "人员", "学习记录", "填表说明"
PROBLEMS, LISTS = "问题清单", "选项"
"""Sheets that the engine adds: the list of problems of a marked workbook, and long drop-down lists (hidden)."""
CODE = "统一社会信用代码"
"""Also a column of people and records where one workbook holds several units."""
UNIT_COLUMNS = (CODE, "单位名称", "地区代码", "行业系统")
KIND, DEPARTMENT = "单位性质", "行业主管部门"
UNIT_FACTS = (KIND, DEPARTMENT)
"""Columns that a workbook may have: what a unit is, as the flows route by it. Workbooks of before have them not."""
UNIT_KIND_CODES = {label: code for code, label in UNIT_KINDS.items()}
THERE, NOT_THERE = "有", "无"
PEOPLE_COLUMNS = (
    "序号", "姓名", "性别", "身份证号", "政治面貌", "工作岗位", "职称", "职称级别", "取得职称日期", "入职日期",
)  # fmt: skip
LEFT = "离开日期"
"""Column of people: the last day at the unit, of those who left it. Workbooks of before have it not."""
RECORD_COLUMNS = (
    "身份证号", "姓名", "类别", "学习内容", "学习形式", "开始日期", "结束日期", "学习成绩", "证书编号", "申报学时",
)  # fmt: skip
REQUIRED = {
    UNIT: frozenset(UNIT_COLUMNS[:3]),
    PEOPLE: frozenset({CODE, "姓名", "身份证号"}),
    RECORDS: frozenset({"身份证号", "类别", "学习内容", "结束日期"}),
}
"""Columns by sheet whose cells may not be blank."""
LEVELS = {"高级": "senior", "中级": "intermediate", "初级": "junior"}
SEXES = ("男", "女")
YES, NO, NONE = "是", "否", "无"
OWN_COLUMN = frozenset({"start", "end"})
"""Facts that the workbook asks for in columns of its own."""


@dataclass(frozen=True)
class FactColumn:
    """One column of the record sheet: the fact, its heading, type, and for words Chinese → code."""

    fact: str
    heading: str
    type: str
    values: Mapping[str, str]
    range: tuple[int, int] | None = None
    """The least and the most of a number, both in."""


@dataclass(frozen=True)
class IntakeKind:
    """A kind of record that has rules: code and the facts they read."""

    code: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class IntakeVocabulary:
    """What a workbook of one instrument and year may say."""

    pack: RulePack
    year: int
    first: date
    last: date
    """First and last day of the statistics year."""
    kinds: Mapping[str, IntakeKind]
    """By Chinese label: the kinds that some rule of the instrument takes."""
    without_rules: frozenset[str]
    """Chinese labels of kinds that the engine knows and this instrument gives no hours for."""
    columns: tuple[FactColumn, ...]
    today: date | None = None
    """Day on which a workbook is handed in: no study in it ends later. None where it is only read or written."""

    @classmethod
    def from_pack(cls, pack: RulePack, year: int) -> IntakeVocabulary:
        """Make the vocabulary of a resolved rule pack for one statistics year."""
        kinds: dict[str, IntakeKind] = {}
        columns: dict[str, FactColumn] = {}
        for info in pack.kinds_with_rules():
            kinds[info.label] = IntakeKind(info.kind, tuple(fact.name for fact in info.facts))
            for fact in info.facts:
                if fact.name in OWN_COLUMN or fact.type == "years":
                    continue
                heading = fact.label if fact.label not in RECORD_COLUMNS else f"{fact.label}（认定）"
                if fact.unit:
                    heading = f"{heading}（{fact.unit}）"
                words = {label: code for code, label in fact.values.items()} if fact.type == "word" else {}
                columns.setdefault(
                    fact.name, FactColumn(fact.name, heading, fact.type, words, pack.facts[fact.name].range)
                )
        order = list(pack.facts)
        first, last = pack.year_window(year)
        return cls(
            pack=pack,
            year=year,
            first=first,
            last=last,
            kinds=kinds,
            without_rules=frozenset(pack.kinds.values()) - set(kinds),
            columns=tuple(sorted(columns.values(), key=lambda column: order.index(column.fact))),
        )

    @property
    def record_headings(self) -> tuple[str, ...]:
        """All headings of the record sheet."""
        return (*RECORD_COLUMNS, *(column.heading for column in self.columns))

    def label_of(self, kind: str) -> str:
        """Return the Chinese label of a kind."""
        return self.pack.kinds.get(kind, kind)
