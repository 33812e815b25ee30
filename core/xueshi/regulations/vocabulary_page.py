"""The vocabulary as plain rows: kinds, facts with types, units and values; for `regions words` and docs/vocabulary.md."""

from __future__ import annotations

from dataclasses import dataclass

from xueshi.regulations.vocabulary import Fact, Vocabulary

TYPE_WORDS = {
    "yes_no": ("yes or no", "是或否"),
    "count": ("whole number", "整数"),
    "number": ("number, two decimals at most", "数（至多两位小数）"),
    "word": ("one of the values", "下列值之一"),
    "date": ("day, 2021-06-01", "日期"),
    "id": ("any text; the same text is the same thing", "标识（同一文字即同一项）"),
    "list": ("hours of each day: [8, 6], or {2021-06-01: 8}", "逐日学时"),
    "years": ("first and last year: [2012, 2013]", "起止年度"),
}
"""Fact type → what may stand in a case or table, in English and in Chinese."""
WRITTEN = {
    "yes_no": "{name}: yes",
    "count": "{name}: upto 3",
    "number": "{name}: over 3",
    "word": "{name}: {value}",
    "date": "{name}: stated",
    "id": "{name}: stated",
    "list": "hours: stated in {name}",
    "years": "over: {short}",
}
CASE = {
    "yes_no": "{short}: true",
    "count": "{short}: 3",
    "number": "{short}: 2.5",
    "word": "{short}: {value}",
    "date": "{short}: 2021-06-01",
    "id": "{short}: W1",
    "list": "{short}: [8, 6]",
    "years": "{short}: [2012, 2013]",
}


@dataclass(frozen=True)
class FactRow:
    """One fact: its name, Chinese label, type, unit, values with their Chinese, an example in a rule and in a case."""

    name: str
    label: str
    type: str
    unit: str
    values: tuple[tuple[str, str], ...]
    rule: str
    case: str
    range: str = ""


def fact_row(fact: Fact) -> FactRow:
    """Describe one fact."""
    value = next(iter(fact.values), "…")
    words = {"name": fact.name, "short": fact.name.removeprefix("person."), "value": value}
    return FactRow(
        fact.name,
        fact.label,
        fact.type,
        fact.unit,
        tuple(fact.values.items()),
        WRITTEN[fact.type].format(**words),
        CASE[fact.type].format(**words),
        f"{fact.range[0]} to {fact.range[1]}" if fact.range else "",
    )


def fact_rows(words: Vocabulary) -> list[FactRow]:
    """Describe all facts, those of the record first, by type, in the order of the vocabulary."""
    facts = [fact for name, fact in words.facts.items() if name not in ("year",)]
    order = list(TYPE_WORDS)
    return [
        fact_row(fact)
        for fact in sorted(facts, key=lambda one: (one.name.startswith("person."), order.index(one.type)))
    ]


def vocabulary_page(words: Vocabulary) -> str:
    """Return docs/vocabulary.md."""
    lines = [
        "# The words of the engine",
        "",
        "Kinds of record and facts that every rule file may name. A region adds its own, and its notice's name for a kind",
        "(see [rule-language.md](rule-language.md#your-own-words)); `xueshi regions words R` prints those of a region too,",
        "`xueshi regions words level` one of them. This page is written by `make docs` from `vocabulary.yaml`.",
        "",
        "## Kinds",
        "",
        "| `for:` / `kind:` | 种类 |",
        "|---|---|",
        *(f"| `{code}` | {label} |" for code, label in words.kinds.items()),
        "",
        "## Facts of a record",
        "",
        "In a rule a fact is compared (`when`, `needs`, `except`) or looked up (`hours: {level: {national: 10}}`); a case and a",
        "table state it. A fact that is absent is *not stated*; `null` (in a table 无) is *stated as none*.",
        "",
    ]
    for person in (False, True):
        if person:
            lines += [
                "## Facts of the person",
                "",
                "In a rule with `person.` before the name, in a case under `person` without it. One that changes:",
                "`level: [{from: 2020-01-01, value: junior}, {from: 2022-07-01, value: intermediate}]`; `year.person_as_of` says which day counts.",
                "",
            ]
        for kind, (told, _) in TYPE_WORDS.items():
            rows = [
                row
                for row in fact_rows(words)
                if row.type == kind and row.name.startswith("person.") is person
            ]
            if rows:
                lines += _table(kind, told, rows)
    lines += [
        "## Words that are always there",
        "",
        "| word | means | example |",
        "|---|---|---|",
        "| `year` | the statistics year | `when: {year: from 2016}` |",
        "| `kind` | the kind of the record | `if_record: {kind: field_service, end: in_window}` |",
        "",
    ]
    return "\n".join(lines)


def _table(kind: str, told: str, rows: list[FactRow]) -> list[str]:
    return [
        f"### `{kind}`: {told}",
        "",
        "| fact | 名称 | 单位 | values | in a rule | in a case |",
        "|---|---|---|---|---|---|",
        *(
            f"| `{row.name}` | {row.label} | {row.unit} | {_values(row) or row.range} | `{row.rule}` | `{row.case}` |"
            for row in rows
        ),
        "",
    ]


def _values(row: FactRow) -> str:
    if not row.values:
        return "listed by the region" if row.type == "word" else ""
    return ", ".join(f"`{code}` {label}" for code, label in row.values)
