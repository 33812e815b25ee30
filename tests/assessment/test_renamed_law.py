"""Nothing in the engine knows a region: a law with every id, kind, category, clause and number changed answers so."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from xueshi.assessment.cases import FileResult, run_file
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.document import plain, read_document
from xueshi.regulations.sources import RegulationSource

PLUGIN = Path(__file__).resolve().parents[2] / "plugins/chongqing/xueshi_chongqing"
TIMES = 3
HOURS = ("hours", "at_least")
HOURS_STATED = ("declared_hours", "granted")
"""Facts that are hours already: where an authority states three times as much, three times as much counts."""


def tree(path: Path) -> Any:
    return plain(read_document(RegulationSource(path.name, path.read_text(encoding="utf-8")), Findings()))


def thrice(text: str) -> str:
    """`20` → `60`, `6 per 1000 characters` → `18 per 1000 characters`, `6 to 12` → `18 to 36`."""
    words = text.split(" ")
    scaled = [
        str(Decimal(word) * TIMES)
        if word.replace(".", "").isdigit() and (place == 0 or words[place - 1] == "to")
        else word
        for place, word in enumerate(words)
    ]
    return " ".join(scaled)


def amounts(value: Any) -> Any:
    """Scale an amount in its three forms; the keys of a table are facts and stay."""
    if isinstance(value, dict):
        return {key: amounts(inner) for key, inner in value.items()}
    return [amounts(inner) for inner in value] if isinstance(value, list) else thrice(value)


class Renaming:
    """New words for all ids of a law; applied to its file and to its cases."""

    def __init__(self, law: dict[str, Any]) -> None:
        self.law = law
        self.instrument = law["regulation"]["id"]
        rules = [rule for top in law["rules"].items() for rule in _ids(*top)]
        others = [name for part in ("groups", "requirements", "manual") for name in law[part]]
        self.ids = {name: f"z{place}" for place, name in enumerate([*rules, *others])}
        self.readings = {name: f"Q{100 + place}" for place, name in enumerate(law["readings"])}
        self.categories = {name: f"category_{place}" for place, name in enumerate(law["categories"])}
        clauses = [clause for key in law["clauses"] for clause in key.split(", ")]
        self.clauses = {clause: f"款{place}" for place, clause in enumerate(clauses)}
        kinds = sorted({kind for rule in law["rules"].values() for kind in _list(rule["for"])})
        self.kinds = {kind: f"kind_{place}" for place, kind in enumerate(kinds)}

    def new_law(self) -> dict[str, Any]:
        law = self.words(self.law, {**self.ids, **self.readings})
        law["regulation"] |= {"id": "ZZ1999", "number": "改人发〔1999〕9号", "area": "990100"}
        law["clauses"] = {
            ", ".join(self.clauses[one] for one in key.split(", ")): value
            for key, value in self.law["clauses"].items()
        }
        law["categories"] = {self.categories[key]: value for key, value in self.law["categories"].items()}
        law["kinds"] = {new: {"label": f"种类{new}"} for new in self.kinds.values()}
        law["tables"]["by_mark"] = self.leaves(law["tables"]["by_mark"])
        self.entries(law)
        return law

    def entries(self, node: Any) -> None:
        """Rename by key: clauses, kinds, categories; scale amounts."""
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            self.entries(value)
        if not isinstance(node, dict):
            return
        if isinstance(node.get("clause"), str):
            node["clause"] = self.words(node["clause"], self.clauses)
        for key in ("for", "kind"):
            if key in node:
                node[key] = self.words(node[key], self.kinds)
        for key in ("category", "of"):
            if isinstance(node.get(key), str):
                node[key] = self.categories.get(node[key], node[key])
        for key in HOURS:
            if key in node:
                node[key] = amounts(node[key])

    def new_cases(self, file: dict[str, Any]) -> dict[str, Any]:
        first = next(code for code in self.categories if code == "professional")
        cases = []
        for case in file["cases"]:
            changed = {key: value for key, value in case.items() if key not in ("pair", "clauses")}
            changed["id"] = case["id"].replace(self.instrument, "ZZ1999")
            for key in ("totals", "shortfall"):
                changed[key] = self.figures(case[key])
            changed["config"] = self.words(case.get("config", {}), self.readings)
            changed["readings"] = [f"ZZ1999-{self.readings[name.split('-')[1]]}" for name in case["readings"]]
            changed["records"] = [self.record(record, first) for record in case["records"]]
            cases.append(changed)
        minimum = self.figures(file["conventions"]["minimum"])
        return {"document": "ZZ1999", "conventions": {"minimum": minimum}, "cases": cases}

    def record(self, record: dict[str, Any], default: str) -> dict[str, Any]:
        changed = dict(record)
        changed["kind"] = self.kinds[record["kind"]]
        changed["rule"] = [f"ZZ1999-{self.ids[name.split('-')[1]]}" for name in _list(record["rule"])]
        changed["hours"] = thrice(record["hours"])
        if "category" in record or record["hours"] != "0":
            changed["category"] = self.categories[record.get("category", default)]
        changed["facts"] = {
            name: thrice(value) if name in HOURS_STATED else value for name, value in record["facts"].items()
        }
        return changed

    def figures(self, totals: dict[str, str]) -> dict[str, str]:
        return {self.categories.get(name, name): thrice(value) for name, value in totals.items()}

    def leaves(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.leaves(inner) for key, inner in value.items()}
        return self.categories[value]

    def words(self, node: Any, new: dict[str, str]) -> Any:
        """Replace whole words (also in `a, b`) in keys and values."""
        if isinstance(node, dict):
            return {self.words(key, new): self.words(value, new) for key, value in node.items()}
        if isinstance(node, list):
            return [self.words(value, new) for value in node]
        return ", ".join(
            " of ".join(new.get(part, part) for part in word.split(" of ")) for word in node.split(", ")
        )


@pytest.fixture(scope="module")
def results() -> FileResult:
    [law_file] = PLUGIN.glob("regulations/*.yaml")
    renaming = Renaming(tree(law_file))
    law = json.dumps(renaming.new_law(), ensure_ascii=False)
    cases = json.dumps(renaming.new_cases(tree(PLUGIN / "cases" / "chongqing-2007.yaml")), ensure_ascii=False)
    assert renaming.instrument not in law + cases

    def source_of(instrument: str) -> RegulationSource:
        assert instrument == "ZZ1999"
        return RegulationSource("zz1999.yaml", law)

    return run_file(RegulationSource("cases.yaml", cases), source_of)


def test_the_renamed_law_gives_the_renamed_answers(results: FileResult) -> None:
    assert len(results.results) >= 11
    wrong = {case.id: case.failures for case in results.results if not case.passed}
    assert wrong == {}


def test_no_word_of_the_old_law_is_left_in_an_answer(results: FileResult) -> None:
    for case in results.results:
        assert case.assessment is not None
        told = json.dumps(case.assessment.to_json(), ensure_ascii=False)
        for word in ("CQ2007", "标准", "professional", "public_course", "渝人发", "重庆"):
            assert word not in told, f"{case.id} still says {word}"


def _ids(name: str, body: dict[str, Any]) -> list[str]:
    inner = [one for part in ("rows", "plus") for one in body.get(part, {}).items()]
    return [name, *(rule for one in inner for rule in _ids(*one))]


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []
