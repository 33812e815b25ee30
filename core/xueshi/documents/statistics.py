"""Computing a yearly statistics table: exact whole numbers under the columns that a jurisdiction's form has.

A column's key says what is counted, so that a form is data:

| key | value |
|---|---|
| `group` | the row's name (a level, a unit) |
| `people` | people of the row (人数) |
| `took_part` | of them, those with at least one record of study in the year |
| `rate` | `took_part` of `people`, in hundredths of a percent, half up; none without people |
| `person_times` | records of study (人次), granted or not |
| `hours` | hours granted in all, in hundredths |
| `met`, `not_met`, `undecided` | people by verdict; `undecided` are those with another verdict or none |
| `people.C`, `hours.C` | people with hours of category or sum C; hours granted in it, in hundredths |
| `records.F`, `records.other` | records of study form F (`study_form`); of forms that have no column |
| `classes`, `classes.K` | different classes that were attended (办班种类): in all, of kind K (`class_kind`) |
| `fund`, `fund.K` | 经费 that the units stated, in hundredths of a yuan: in all, under K; none in a row of people |

Every figure but `rate`, `classes` and `fund` is the sum of what each person adds (`amount_of`), and so opens to the
people behind it: `documents/figures.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import TableColumn, YearTable
from xueshi.errors import PluginError

SIMPLE_KEYS = (
    "group", "people", "took_part", "rate", "person_times", "hours", "met", "not_met", "undecided", "classes",
    "fund",
)  # fmt: skip
KEYED = ("people.", "hours.", "records.", "classes.", "fund.")
TOTAL = "合计"


@dataclass(frozen=True)
class PersonStudy:
    """What one person adds to the table."""

    group: str
    """Key of the row: title level (`senior`, …, empty) or unit, as the table is grouped."""
    verdict: str | None = None
    hours: Mapping[str, int] = field(default_factory=dict)
    """Hours granted by category, in hundredths."""
    records: Mapping[str, int] = field(default_factory=dict)
    """Number of records by study form (`study_form`), granted or not: taking part is not reaching hours."""
    total: int = 0
    """All hours granted, in hundredths."""
    classes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names of the classes attended, by kind of class (`class_kind`)."""
    who: str = ""
    """Key by which the caller knows the person; opaque here."""
    unit: str = ""
    """Key of the unit in which the person is counted."""

    @property
    def took_part(self) -> bool:
        """Tell whether the person has any record of study in the year."""
        return any(self.records.values()) or any(self.hours.values())


@dataclass(frozen=True)
class UnitFund:
    """What one unit spent on continuing education in the year, by its own statement (经费)."""

    unit: str
    amounts: Mapping[str, int]
    """Hundredths of a yuan (分) by key; the keys are the paper's own words, `total` where it asks for one sum."""


def table_columns(template: DocumentTemplate) -> tuple[TableColumn, ...]:
    """Read the columns of a yearly table from its paper's `fields.columns` (key, label, definition, unit).

    Raises PluginError naming the paper and the column that cannot be computed.
    """
    listed = template.fields.get("columns")
    if not isinstance(listed, list | tuple) or not listed:
        raise PluginError(
            f"统计表 {template.id} 没有写明栏目（fields.columns）。请在其 papers 文件中列出各栏。"
        )
    columns: list[TableColumn] = []
    for item in listed:
        try:
            column = TableColumn(item["key"], item["label"], item["definition"], item.get("unit", ""))
        except (KeyError, TypeError, AttributeError) as error:
            raise PluginError(
                f"统计表 {template.id} 的栏目 {item!r} 不完整：必须有 key、label、definition。"
            ) from error
        if column.key not in SIMPLE_KEYS and not column.key.startswith(KEYED):
            raise PluginError(
                f"统计表 {template.id} 的栏目 {column.key!r} 无法计算：可用 {'、'.join(SIMPLE_KEYS)}，"
                f"或以 {'、'.join(KEYED)} 开头的类别、学习形式。"
            )
        columns.append(column)
    return tuple(columns)


def table_groups(template: DocumentTemplate) -> tuple[tuple[str, str], ...]:
    """Read the rows of a table grouped by level from `fields.groups`: (key, label) in the form's order."""
    groups = template.fields.get("groups")
    return (
        tuple((str(key), str(label)) for key, label in groups.items()) if isinstance(groups, Mapping) else ()
    )


def study_form(template: DocumentTemplate, text: str, kind: str = "") -> str:
    """Return which of the table's study forms a record belongs to; `other` when it is none of them.

    A law that lists its forms is counted by the kind of record (`fields.study_kinds`: key → kinds); one whose form
    is free text by the first form of which a word stands in it (`fields.study_forms`: key → words).
    """
    kinds = template.fields.get("study_kinds")
    if isinstance(kinds, Mapping):
        return next((str(key) for key, listed in kinds.items() if kind in listed), "other")
    forms = template.fields.get("study_forms")
    if isinstance(forms, Mapping):
        for key, words in forms.items():
            if any(word in text for word in words):
                return str(key)
    return "other"


def class_kind(template: DocumentTemplate, kind: str, facts: Mapping[str, object]) -> str | None:
    """Return which kind of class (办班种类) a record was, by `fields.class_kinds`; None for what is no class.

    `class_kinds`: key → alternatives, each a mapping of `kind` or a fact to the values that it may have.
    """
    kinds = template.fields.get("class_kinds")
    if isinstance(kinds, Mapping):
        for key, alternatives in kinds.items():
            for wanted in alternatives:
                if all(
                    (kind if name == "kind" else facts.get(name)) in values for name, values in wanted.items()
                ):
                    return str(key)
    return None


def participation_rate(took_part: int, people: int) -> int | None:
    """Return 参加学习比率 in hundredths of a percent, rounded half up; None where there is nobody."""
    return None if people == 0 else (took_part * 20000 + people) // (2 * people)


def year_table(
    people: Iterable[PersonStudy],
    *,
    columns: Sequence[TableColumn],
    groups: Sequence[tuple[str, str]],
    region: str,
    area: str,
    area_name: str,
    year: int,
    title: str,
    period_start: date,
    period_end: date,
    reporting_body: str,
    made_on: date,
    notes: Sequence[str] = (),
    clause: str = "",
    sample: bool = False,
    total_label: str = TOTAL,
    funds: Sequence[UnitFund] = (),
) -> YearTable:
    """Return the table: one row for each of `groups` (key, label), and the totals over all people.

    People whose group is not listed stand in the totals, and a note says how many, so that rows and totals never
    disagree in silence. `funds` stand in the totals, and in the row of a unit where rows are units.
    """
    listed = list(people)
    keys = {key for key, _ in groups}
    strays = sum(1 for person in listed if person.group not in keys)
    all_notes = [*notes]
    if strays:
        all_notes.append(f"合计中有{strays}人不属于表列各行，只计入合计。")
    return YearTable(
        region=region,
        area=area,
        area_name=area_name,
        year=year,
        title=title,
        period_start=period_start,
        period_end=period_end,
        reporting_body=reporting_body,
        made_on=made_on,
        columns=tuple(columns),
        rows=tuple(
            _row(
                label,
                [person for person in listed if person.group == key],
                columns,
                [fund for fund in funds if fund.unit == key],
            )
            for key, label in groups
        ),
        totals=_row(total_label, listed, columns, funds),
        notes=tuple(all_notes),
        clause=clause,
        sample=sample,
    )


def amount_of(person: PersonStudy, key: str, columns: Sequence[TableColumn]) -> int:
    """Return what one person adds to a figure: 1 or 0 where people are counted, hundredths where hours are.

    To `rate` a person who took part adds 1 (of all people); to a figure of classes the number that they attended.
    """
    kind, _, name = key.partition(".")
    if not name:
        return _simple_amount(person, key)
    if kind == "people":
        return int(person.hours.get(name, 0) > 0)
    if kind == "hours":
        return person.hours.get(name, 0)
    if kind == "classes":
        return len(person.classes.get(name, ()))
    if kind == "fund":
        return 0
    if name != "other":
        return person.records.get(name, 0)
    named = {column.key.removeprefix("records.") for column in columns if column.key.startswith("records.")}
    # The column of all others names no form: what `study_form` calls `other` stands in it.
    named.discard("other")
    return sum(number for form, number in person.records.items() if form not in named)


def _simple_amount(person: PersonStudy, key: str) -> int:
    amounts = {
        "people": 1,
        "took_part": int(person.took_part),
        "rate": int(person.took_part),
        "person_times": sum(person.records.values()),
        "hours": person.total,
        "met": int(person.verdict == "met"),
        "not_met": int(person.verdict == "not_met"),
        "undecided": int(person.verdict not in {"met", "not_met"}),
        "classes": len(classes_of(person, key)),
    }
    return amounts.get(key, 0)


def classes_of(person: PersonStudy, key: str) -> frozenset[str]:
    """Return the names of the classes that a figure `classes` or `classes.K` counts of one person."""
    _, _, name = key.partition(".")
    if name:
        return person.classes.get(name, frozenset())
    return frozenset().union(*person.classes.values())


def fund_amount(fund: UnitFund, key: str) -> int | None:
    """Return what a unit stated for a figure `fund` or `fund.K`, in hundredths of a yuan; None where it said nothing."""
    _, _, name = key.partition(".")
    if name:
        return fund.amounts.get(name)
    return sum(fund.amounts.values()) if fund.amounts else None


def _row(
    label: str, people: Sequence[PersonStudy], columns: Sequence[TableColumn], funds: Sequence[UnitFund]
) -> dict[str, str | int | None]:
    return {column.key: _value(column.key, label, people, columns, funds) for column in columns}


def _value(
    key: str,
    label: str,
    people: Sequence[PersonStudy],
    columns: Sequence[TableColumn],
    funds: Sequence[UnitFund],
) -> str | int | None:
    if key == "group":
        return label
    kind = key.partition(".")[0]
    if kind == "fund":
        stated = [amount for amount in (fund_amount(fund, key) for fund in funds) if amount is not None]
        return sum(stated) if stated else None
    if kind == "classes":
        return len(frozenset().union(*(classes_of(person, key) for person in people)))
    added = sum(amount_of(person, key, columns) for person in people)
    return participation_rate(added, len(people)) if key == "rate" else added
