"""Computing a yearly statistics table: exact whole numbers under the columns that a jurisdiction's form has.

A column's key says what is counted, so that a form is data:

| key | value |
|---|---|
| `group` | the row's name (a level, a unit) |
| `people` | people of the row |
| `took_part` | of them, those with at least one record of study in the year |
| `rate` | `took_part` of `people`, in hundredths of a percent, half up; none without people |
| `met`, `not_met`, `undecided` | people by verdict; `undecided` are those with another verdict or none |
| `people.C`, `hours.C` | people with hours of category C; hours granted in it, in hundredths |
| `records.F`, `records.other` | records of study form F (`study_form`); of forms that have no column |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import TableColumn, YearTable
from xueshi.errors import PluginError

SIMPLE_KEYS = ("group", "people", "took_part", "rate", "met", "not_met", "undecided")
KEYED = ("people.", "hours.", "records.")


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

    @property
    def took_part(self) -> bool:
        """Tell whether the person has any record of study in the year."""
        return any(self.records.values()) or any(self.hours.values())


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


def study_form(template: DocumentTemplate, text: str) -> str:
    """Return which of the table's study forms (`fields.study_forms`: key → words) a record's 学习形式 belongs to.

    The first form of which a word stands in the text; `other` when none does.
    """
    forms = template.fields.get("study_forms")
    if isinstance(forms, Mapping):
        for key, words in forms.items():
            if any(word in text for word in words):
                return str(key)
    return "other"


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
    total_label: str = "合计",
) -> YearTable:
    """Return the table: one row for each of `groups` (key, label), and the totals over all people.

    People whose group is not listed stand in the totals, and a note says how many, so that rows and totals never
    disagree in silence.
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
            _row(label, [person for person in listed if person.group == key], columns)
            for key, label in groups
        ),
        totals=_row(total_label, listed, columns),
        notes=tuple(all_notes),
        clause=clause,
        sample=sample,
    )


def _row(
    label: str, people: Sequence[PersonStudy], columns: Sequence[TableColumn]
) -> dict[str, str | int | None]:
    return {column.key: _value(column.key, label, people, columns) for column in columns}


def _value(
    key: str, label: str, people: Sequence[PersonStudy], columns: Sequence[TableColumn]
) -> str | int | None:
    took_part = sum(1 for person in people if person.took_part)
    kind, _, name = key.partition(".")
    if name:
        return _keyed_value(kind, name, people, columns)
    simple: dict[str, str | int | None] = {
        "group": label,
        "people": len(people),
        "took_part": took_part,
        "rate": participation_rate(took_part, len(people)),
        "met": sum(1 for person in people if person.verdict == "met"),
        "not_met": sum(1 for person in people if person.verdict == "not_met"),
        "undecided": sum(1 for person in people if person.verdict not in {"met", "not_met"}),
    }
    return simple[key]


def _keyed_value(kind: str, name: str, people: Sequence[PersonStudy], columns: Sequence[TableColumn]) -> int:
    if kind == "people":
        return sum(1 for person in people if person.hours.get(name, 0) > 0)
    if kind == "hours":
        return sum(person.hours.get(name, 0) for person in people)
    if name != "other":
        return sum(person.records.get(name, 0) for person in people)
    named = {column.key.removeprefix("records.") for column in columns if column.key.startswith("records.")}
    return sum(number for person in people for form, number in person.records.items() if form not in named)
