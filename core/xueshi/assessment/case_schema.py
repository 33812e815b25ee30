"""The JSON Schema of case files, for editors. The keys are those of `case_file`, so the two cannot drift apart."""

from __future__ import annotations

from typing import Any

from xueshi.assessment.case_file import (
    CASE_KEYS,
    CODE_FAMILIES,
    CODES,
    EARLIER_KEYS,
    FILE_KEYS,
    PERSON_KEYS,
    RECORD_KEYS,
    VERDICTS,
    WINDOW_KEYS,
)
from xueshi.assessment.types import RECORD_VERDICTS
from xueshi.regulations.json_schema import DRAFT
from xueshi.regulations.vocabulary import engine_vocabulary

Schema = dict[str, Any]
_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_HOURS: Schema = {"type": ["number", "string"]}
_BY_CATEGORY: Schema = {"type": "object", "additionalProperties": _HOURS}
_TRUTH: Schema = {"enum": [True, False, None, "true", "false", "null"]}
_WORDS: Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
DESCRIPTIONS = {
    "id": "编号，全文件不重复",
    "title": "一句话：这个案例试什么",
    "year": "统计年度",
    "person": "本人的事实：level、term、earlier（以前年度的台账）……",
    "config": "与缺省不同的口径和参数：{Q4: lower, exam_part: 12}",
    "minimum": "与conventions.minimum不同的最低要求",
    "records": "当年的记录",
    "totals": "各类合计与total",
    "met": "是否达到：true、false；null为不评或待补充（并写verdict）",
    "shortfall": "还差多少，只写大于0的；没有则为{}",
    "clauses": "所据条款，写法同规则文件",
    "readings": "数字所依据的口径，须在结果中出现",
    "pair": "另一文件中同一情形的案例",
    "warnings": "提示的代码，[]为没有",
    "verdict": "结论，缺省由met得出；term为跨年度案例",
    "years": "其他年度的结果：{2031: {total: 70, met: false, shortfall: {total: 10}}}",
    "windows": "跨年度要求的结论：{R3: {met: true, average: {total: 80}}}",
    "window": "跨年度案例（verdict: term）评的是哪一项要求",
    "sum_met": "跨年度案例：各年之和是否达到",
    "average": "跨年度案例：各年平均",
    "sector_file": "随案例给出的行业文件",
    "note": "给读者的话：算式、理由",
    "rule": "情形编号；带加项为列表；null为没有条款",
    "facts": "事实：名称与值，见docs/vocabulary.md",
    "hours": "应计学时；null为不评",
    "category": "类别，缺省professional",
    "status": "认定结果，缺省按hours",
    "code": "原因代码",
    "claimed": "申报学时",
    "makeup_for": "补训：补的是哪个年度，如2024；只计入该年度",
}


def case_file_schema() -> Schema:
    """Return the JSON Schema (2020-12) of a case file."""
    return {
        "$schema": DRAFT,
        "title": "xueshi case file",
        "type": "object",
        "required": ["document", "cases"],
        "additionalProperties": False,
        "properties": {
            **{key: {} for key in FILE_KEYS},
            "document": {"type": "string", "description": "案例所属的文件编号"},
            "conventions": {
                "type": "object",
                "description": "minimum: {public: 20, total: 80}：各案例的最低要求",
            },
            "cases": {"type": "array", "items": {"$ref": "#/$defs/case"}},
        },
        "$defs": {
            "case": {
                **_keys(CASE_KEYS, _CASE),
                "required": ["id", "year", "records", "totals", "met", "shortfall"],
            },
            "record": {**_keys(RECORD_KEYS, _record()), "required": ["id", "kind", "facts", "hours"]},
            "earlier": {
                **_keys(EARLIER_KEYS, {}),
                "additionalProperties": _SCALAR,
                "required": ["year", "hours"],
            },
            "year": {
                "type": "object",
                "properties": {"met": _TRUTH, "shortfall": _BY_CATEGORY, "minimum": _BY_CATEGORY},
                "additionalProperties": _HOURS,
            },
            "window": {**_keys(WINDOW_KEYS, _WINDOW), "required": ["met"]},
        },
    }


_CASE: dict[str, Schema] = {
    "year": {"type": ["integer", "string"]},
    "person": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{key: {} for key in PERSON_KEYS},
            "earlier": {"type": "array", "items": {"$ref": "#/$defs/earlier"}},
        },
    },
    "config": {"type": "object"},
    "minimum": _BY_CATEGORY,
    "records": {"type": "array", "items": {"$ref": "#/$defs/record"}},
    "totals": _BY_CATEGORY,
    "met": _TRUTH,
    "shortfall": _BY_CATEGORY,
    "clauses": _WORDS,
    "readings": _WORDS,
    "warnings": _WORDS,
    "verdict": {"enum": list(VERDICTS)},
    "years": {"type": "object", "additionalProperties": {"$ref": "#/$defs/year"}},
    "windows": {"type": "object", "additionalProperties": {"$ref": "#/$defs/window"}},
    "average": _BY_CATEGORY,
    "sum_met": _TRUTH,
    "sector_file": {"type": "object"},
}
_WINDOW: dict[str, Schema] = {
    "met": _TRUTH,
    "sum_met": _TRUTH,
    "totals": _BY_CATEGORY,
    "average": _BY_CATEGORY,
    "minimum": _BY_CATEGORY,
    "missing_years": {"type": "array"},
}


def _record() -> dict[str, Schema]:
    words = engine_vocabulary()
    families = "|".join(family.rstrip(".") for family in CODE_FAMILIES)
    return {
        "kind": {"anyOf": [{"enum": list(words.kinds)}, {"type": "string"}]},
        "rule": _WORDS,
        "facts": {
            "type": "object",
            "properties": {
                name: {"description": fact.label}
                for name, fact in words.facts.items()
                if not name.startswith("person.")
            },
        },
        "status": {"enum": list(RECORD_VERDICTS)},
        "code": {"anyOf": [{"enum": list(CODES)}, {"type": "string", "pattern": rf"^({families})\."}]},
    }


def _keys(allowed: tuple[str, ...], shapes: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                **({"description": DESCRIPTIONS[name]} if name in DESCRIPTIONS else {}),
                **shapes.get(name, {}),
            }
            for name in allowed
        },
    }
