"""CZ2024 for GoRules' zen-engine: two decision graphs in its own format (JDM), written to `cz2024*.json` beside this file.

`cz2024.json` judges a year: it sends every record through `cz2024-record.json` (loop mode), drops second publications,
applies the cap of a year, adds up and compares with the minimums. `cz2024-record.json` judges one record: a switch on
the kind, then one decision table for the kind, as the format's authors draw it. Readings are at their defaults.

`.venv-bench/bin/python benchmarks/peers/cz2024_zen.py` writes the two files anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zen

HERE = Path(__file__).resolve().parent
YEAR, RECORD = HERE / "cz2024.json", HERE / "cz2024-record.json"
Row = tuple[Sequence[str], str, str, str]
"""Cells of the conditions, rule, clause, expression of the hours."""

ABROAD = "8 * (days - (travel_days ?? 0) - (free_days ?? 0))"

# One table per kind: the columns it reads, the category, and its rows from top to bottom; the first that holds counts.
TABLES: dict[str, tuple[Sequence[str], str, Sequence[Row]]] = {
    "public_course": (
        ("other_city", "study_complete", "passed"),
        "public",
        (
            (("true", "", ""), "5.2p", "三", "declared_hours"),
            (("", "true", "true"), "3", "三", "30 * courses"),
            (("", "", ""), "3", "三", "0"),
        ),
    ),
    "training": (
        ('organiser in ["hrss", "industry_dept", "unit"] or approved == true', "hours_stated", "organiser"),
        "professional",
        (
            (("true", "false", ""), "4.1c", "四(一)", "4 * days"),
            (("true", "", '"unit"'), "4.1b", "四(一)", "min([hours, 8 * days])"),
            (("true", "", ""), "4.1a", "四(一)", "min([hours, 8 * days])"),
            (("", "", ""), "", "", "0"),
        ),
    ),
    "unit_training": (
        ("hours_stated",),
        "professional",
        (
            (("false",), "4.1c", "四(一)", "4 * days"),
            (("",), "4.1b", "四(一)", "min([hours, 8 * days])"),
        ),
    ),
    "courseware": (
        (
            'provider in ["hrss", "industry_dept", "base", "national_base", "provincial_base", "city_base"]'
            " or approved == true",
        ),
        "professional",
        ((("true",), "4.2", "四(二)", "declared_hours"), (("",), "4.2", "四(二)", "0")),
    ),
    "conference": (
        ("own_field", "level", "paper", "characters"),
        "professional",
        (
            (("false", '"national"', "", ""), "4.3a", "四(三)", "0"),
            (("false", '"provincial", "ministerial"', "", ""), "4.3d", "四(三)", "0"),
            (("", '"national"', "true", "<= 2000"), "4.3a, 4.3b", "四(三)", "10 + 20"),
            (("", '"national"', "true", "> 2000"), "4.3a, 4.3c", "四(三)", "10 + 30"),
            (("", '"national"', "", ""), "4.3a", "四(三)", "10"),
            (("", '"provincial", "ministerial"', "true", "<= 2000"), "4.3d, 4.3e", "四(三)", "8 + 15"),
            (("", '"provincial", "ministerial"', "true", "> 2000"), "4.3d, 4.3f", "四(三)", "8 + 25"),
            (("", '"provincial", "ministerial"', "", ""), "4.3d", "四(三)", "8"),
            (("", "", "", ""), "", "", "0"),
        ),
    ),
    "teaching": (
        ("invited",),
        "professional",
        ((("false",), "4.4a", "四(四)", "0"), (("",), "4.4a", "四(四)", "2 * hours")),
    ),
    "lecture_given": (
        ("invited",),
        "professional",
        ((("false",), "4.4b", "四(四)", "0"), (("",), "4.4b", "四(四)", "3 * hours")),
    ),
    "abroad": (
        ("own_field", "months"),
        "professional",
        (
            (("false", ""), "4.5", "四(五)", "0"),
            (("", "< 3"), "4.5a", "四(五)", f"min([30, {ABROAD}])"),
            (("", "[3..6]"), "4.5b", "四(五)", f"min([60, {ABROAD}])"),
            (("", "> 6"), "4.5c", "四(五)", f"min([90, {ABROAD}])"),
        ),
    ),
    "exam": (
        ("passed",),
        "professional",
        ((("true",), "4.6", "四(六)", "30 * subjects"), (("",), "4.6", "四(六)", "0")),
    ),
    "skill_exam": (
        ("passed", "own_field", "grade"),
        "professional",
        (
            (("true", "true", '"senior", "technician", "senior_technician"'), "4.7a", "四(七)", "30"),
            (("true", "true", '"intermediate"'), "4.7b", "四(七)", "20"),
            (("true", "true", '"junior"'), "4.7c", "四(七)", "10"),
            (("", "", ""), "4.7", "四(七)", "0"),
        ),
    ),
    "degree_course": (
        ("passed", "on_the_job"),
        "professional",
        ((("true", "true"), "4.8", "四(八)", "20 * courses"), (("", ""), "4.8", "四(八)", "0")),
    ),
    "paper": (
        ("cn", "own_field", "role"),
        "professional",
        (
            (("", "false", ""), "4.9p", "四(九)", "0"),
            (("true", "", '"sole"'), "4.9a", "四(九)", "30"),
            (("true", "", '"first"'), "4.9b", "四(九)", "30"),
            (("true", "", '"other"'), "4.9c", "四(九)", "10"),
            (("", "", ""), "4.9p", "四(九)", "0"),
        ),
    ),
    "book": (
        ("own_field", "public_journal", "role"),
        "professional",
        (
            (("false", "", ""), "4.9k", "四(九)", "0"),
            (("", "false", ""), "4.9k", "四(九)", "0"),
            (("", "", '"sole"'), "4.9d", "四(九)", "70"),
            (("", "", '"first"'), "4.9e", "四(九)", "60"),
            (("", "", '"other"'), "4.9f", "四(九)", "40"),
        ),
    ),
    "project": (
        ("closed", "role", "rank", "level"),
        "professional",
        (
            (("true", '"host"', "", '"national"'), "4.10a", "四(十)", "50"),
            (("true", '"host"', "", '"provincial", "ministerial"'), "4.10a", "四(十)", "40"),
            (("true", '"host"', "", '"city"'), "4.10a", "四(十)", "30"),
            (("true", '"main"', "<= 4", '"national"'), "4.10b", "四(十)", "40"),
            (("true", '"main"', "<= 4", '"provincial", "ministerial"'), "4.10b", "四(十)", "30"),
            (("true", '"main"', "<= 4", '"city"'), "4.10b", "四(十)", "20"),
            (
                ("true", '"main", "participant"', "", '"national", "provincial", "ministerial", "city"'),
                "4.10c",
                "四(十)",
                "10",
            ),
            (("true", '"host"', "", ""), "4.10d", "四(十)", "10"),
            (("true", '"main"', "<= 4", ""), "4.10d", "四(十)", "10"),
            (("", "", "", ""), "4.10d", "四(十)", "0"),
        ),
    ),
    "field_service": (
        ("approved",),
        "professional",
        ((("true",), "4.11", "四(十一)", "min([20, 8 * days])"), (("",), "4.11", "四(十一)", "0")),
    ),
    "unit_self_study": (
        ("archive", "passed", "daily_hours"),
        "professional",
        (
            (("", "false", ""), "4.12", "四", "0"),
            (("true", "", "$ != null"), "4.12", "四", "sum(map(daily_hours, min([8, #])))"),
            (("true", "", ""), "4.12", "四", "min([declared_hours, 8 * days])"),
            (("", "", ""), "4.12", "四", "0"),
        ),
    ),
    "advanced_seminar": (
        ("declared_hours",),
        "professional",
        ((("$ != null",), "5.2s", "五(二)", "declared_hours"), (("",), "5.2s", "五(二)", "8 * days")),
    ),
}

# Across the records: those of another year or with false proof, second publications, the cap of a year of self-study.
ACROSS = (
    (
        "valid",
        "map(records as r, r.false_proof == true or (r.end != null and year(r.end) != year)"
        " ? merge([r, {hours: 0}]) : r)",
    ),
    (
        "once",
        "map($.valid as r, r.same != null and filter($.valid as s, s.same == r.same and s.hours > 0)[0].n < r.n"
        " ? merge([r, {hours: 0}]) : r)",
    ),
    (
        "records",
        'map($.once as r, r.rule == "4.12"'
        ' ? merge([r, {hours: max([0, min([r.hours, 30 - sum(map(filter($.once as s, s.rule == "4.12" and s.n < r.n), #.hours))])])}])'
        " : r)",
    ),
)
SUMS = (
    ("totals.public", 'sum(map(filter(records, #.category == "public"), #.hours))'),
    ("totals.professional", 'sum(map(filter(records, #.category == "professional"), #.hours))'),
    ("totals.total", "$.totals.public + $.totals.professional"),
    ("shortfall.public", "max([0, 30 - $.totals.public])"),
    ("shortfall.professional", "max([0, 60 - $.totals.professional])"),
    ("shortfall.total", "max([0, 90 - $.totals.total])"),
    ("met", "$.shortfall.public + $.shortfall.professional + $.shortfall.total == 0"),
)


def table(kind: str, fields: Sequence[str], category: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the decision table of one kind as a node of the graph."""
    names = [f"in{number}" for number in range(len(fields))]
    return {
        "id": kind,
        "type": "decisionTableNode",
        "name": kind,
        "content": {
            "hitPolicy": "first",
            "executionMode": "single",
            "passThrough": True,
            "inputs": [
                {"id": name, "name": field, "field": field} for name, field in zip(names, fields, strict=True)
            ],
            "outputs": [
                {"id": name, "name": name, "field": name} for name in ("rule", "clause", "category", "hours")
            ],
            "rules": [
                {
                    "_id": f"{kind}-{number}",
                    **dict(zip(names, cells, strict=True)),
                    "rule": json.dumps(rule, ensure_ascii=False),
                    "clause": json.dumps(clause, ensure_ascii=False),
                    "category": json.dumps(category),
                    "hours": hours,
                }
                for number, (cells, rule, clause, hours) in enumerate(rows, start=1)
            ],
        },
    }


def expressions(name: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return an expression node; each pair is a key and its expression."""
    return {
        "id": name,
        "type": "expressionNode",
        "name": name,
        "content": {
            "passThrough": True,
            "expressions": [{"id": f"{name}-{key}", "key": key, "value": value} for key, value in pairs],
        },
    }


def edge(source: str, target: str, handle: str | None = None) -> dict[str, Any]:
    """Return an edge; `handle` is the statement of a switch it starts from."""
    return {
        "id": f"{source}-{handle or ''}-{target}",
        "type": "edge",
        "sourceId": source,
        "targetId": target,
    } | ({"sourceHandle": handle} if handle else {})


def record_graph() -> dict[str, Any]:
    """Return the graph that judges one record: a switch on its kind, a table for each kind."""
    none = expressions(
        "no_rule", (("rule", '""'), ("clause", '""'), ("category", '"professional"'), ("hours", "0"))
    )
    statements = [
        {"id": f"is_{kind}", "condition": f'kind == "{kind}"', "isDefault": False} for kind in TABLES
    ]
    statements.append({"id": "is_other", "condition": "", "isDefault": True})
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "record", "type": "inputNode", "name": "Record"},
            {
                "id": "kind",
                "type": "switchNode",
                "name": "Kind",
                "content": {"hitPolicy": "first", "statements": statements},
            },
            *(table(kind, *shape) for kind, shape in TABLES.items()),
            none,
            {"id": "judged", "type": "outputNode", "name": "Judged"},
        ],
        "edges": [
            edge("record", "kind"),
            *(edge("kind", kind, f"is_{kind}") for kind in TABLES),
            edge("kind", "no_rule", "is_other"),
            *(edge(kind, "judged") for kind in (*TABLES, "no_rule")),
        ],
    }


def year_graph() -> dict[str, Any]:
    """Return the graph that judges a person's year."""
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "person", "type": "inputNode", "name": "Person"},
            {
                "id": "credit",
                "type": "decisionNode",
                "name": "Credit of each record",
                "content": {
                    "key": RECORD.name,
                    "executionMode": "loop",
                    "inputField": "records",
                    "outputPath": "records",
                    "passThrough": True,
                },
            },
            expressions("across", ACROSS),
            expressions("minimums", SUMS),
            {"id": "result", "type": "outputNode", "name": "Result"},
        ],
        "edges": [
            edge("person", "credit"),
            edge("credit", "across"),
            edge("across", "minimums"),
            edge("minimums", "result"),
        ],
    }


class Zen:
    """The peer: set up once, then asked person by person, with the engine's trace on."""

    name = "zen-engine"

    def __init__(self) -> None:
        contents = {path.name: zen.ZenDecisionContent(path.read_text("utf-8")) for path in (YEAR, RECORD)}
        self.engine = zen.ZenEngine({"loader": contents.__getitem__})
        self.decision = self.engine.get_decision(YEAR.name)

    def judge(self, year: int, records: Sequence[tuple[str, str, Mapping[str, Any]]]) -> dict[str, Any]:
        """Judge one year; records are (id, kind, facts). Returns the engine's whole answer, trace beside result."""
        answer: dict[str, Any] = self.decision.evaluate(
            {
                "year": year,
                "records": [
                    {"id": name, "n": number, "kind": kind, "same": identity(kind, facts), **facts}
                    for number, (name, kind, facts) in enumerate(records)
                ],
            },
            {"trace": True},
        )
        return answer

    def outcome(self, answer: Mapping[str, Any]) -> tuple[bool, dict[str, float], dict[str, float]]:
        """Return verdict, totals by category and hours by record."""
        result = answer["result"]
        return result["met"], dict(result["totals"]), {one["id"]: one["hours"] for one in result["records"]}


def identity(kind: str, facts: Mapping[str, Any]) -> str | None:
    """Return what a record is counted once by: the work of a paper or book, the course of a public course."""
    held = facts.get("course" if kind == "public_course" else "work")
    return (
        None
        if held is None or kind not in ("paper", "book", "public_course")
        else f"{kind == 'public_course'}:{held}"
    )


def files() -> dict[Path, str]:
    """Return the two files as they must stand."""
    graphs = {YEAR: year_graph(), RECORD: record_graph()}
    return {path: json.dumps(graph, ensure_ascii=False, indent=1) + "\n" for path, graph in graphs.items()}


def main() -> None:
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
