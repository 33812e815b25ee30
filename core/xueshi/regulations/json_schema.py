"""The JSON Schema of rule files, for editors: completes keys, facts and kinds, and underlines a key that does not belong.

It knows keys and shapes; what the values mean, whether clauses are cited and bands are whole, only `xueshi regions check`
knows. The keys are those of `schema`, so the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xueshi.regulations import schema
from xueshi.regulations.vocabulary import FACT_TYPES, engine_vocabulary
from xueshi.regulations.words import NUMBER, PLURALS, RATE_UNITS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_WORDS: Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}]}
_UNITS = "|".join((*RATE_UNITS, *PLURALS))
_AMOUNT = (
    rf"^(none|decided|stated( in \S+)?|{NUMBER}( to {NUMBER}| per (\d+ )?({_UNITS}))?"
    rf"|[^\s\d]\S*( per ({_UNITS}))?)$"
)
"""An amount in one word: what `words.amount` reads, or a name (parameter, table, reading)."""
_DESCRIPTIONS = {
    "clause": "条款，与 clauses 中的写法相同；几条用逗号",
    "for": "适用于哪些种类的记录",
    "when": "选择：自上而下，第一个成立的情形",
    "needs": "认定条件：不满足的0学时，未说明的要求补充",
    "except": "除外：说明了才起作用",
    "hours": "10；8 per day；stated；10 to 15；decided；{level: {national: 50}}",
    "less": "扣除的事实：travel_days；列表为全部扣除；{Q5: {counted: none, taken: travel_days}}",
    "partial": "prorate（按比例）、whole（只计整数）、by_days（不足一个月的按天折算）；计足的：up（不满一天的按一天计）、"
    "up_to_half（不满半天的按半天计）、as_half（不满一天的按半天计）",
    "at_most": "{event: 20, day: 8, year: 30}",
    "share": "{rank: {1: 100%, then: -20%}}",
    "spread": "[50%, 50%]",
    "each_year": "yes：起止跨年度的，每个年度分别认定",
    "named_by": "start：以开始的公历年称呼统计年度；不写则以结束的公历年",
    "count": "once、highest、each",
    "again": "50%：同一项目第一次（或最高一项）以外的按此份额计",
    "at_least": "90；1/3 of R1；{person.level: {senior: 72}}；any",
    "average_at_least": "16：跨年度（over）各年平均不少于16学时，不看各年的最低要求",
    "cancels": "professional；[public, professional]；all：同时取消当年度这些科目的全部学时",
    "decides": "year：当年是否合格按这项跨年度要求判定",
    "for_years": "2：当年和次年",
    "over": "term；{cycle: 5}；{last: 3}；{since: title_date, at_most: 6}",
    "change": "add、replace、amend、remove",
}


def rule_file_schema() -> Schema:
    """Return the JSON Schema (2020-12) of a rule file, a difference file or a sector file."""
    words = engine_vocabulary()
    return {
        "$schema": DRAFT,
        "title": f"xueshi rule file, language {schema.LANGUAGE}",
        "type": "object",
        "required": ["xueshi", "regulation"],
        "additionalProperties": False,
        "properties": {
            "xueshi": {"enum": [schema.LANGUAGE, str(schema.LANGUAGE)]},
            "regulation": {**_keys(schema.HEADER), "required": list(schema.REQUIRED_HEADER)},
            "clauses": _entries(_clause()),
            "readings": _entries(_keys(schema.READING)),
            "parameters": _entries(_keys(schema.PARAMETER)),
            "tables": _entries({}),
            "categories": _entries({"anyOf": [_SCALAR, _keys(schema.CATEGORY)]}),
            "sums": _entries(_keys(schema.SUM)),
            "year": _keys(schema.YEAR),
            "defaults": _keys(schema.DEFAULTS),
            "kinds": _entries({"anyOf": [_SCALAR, {"type": "object"}]}),
            "facts": _entries(_fact()),
            "rules": _entries({"$ref": "#/$defs/item"}),
            "groups": _entries(_keys(schema.GROUP, changes=True)),
            "refuse": _entries(_keys(schema.REFUSE, changes=True)),
            "sector_rules": _keys(schema.SECTOR_RULES),
            "requirements": _entries(_keys(schema.REQUIREMENT, changes=True)),
            "deemed": _entries(_keys(schema.DEEMED, changes=True)),
            "manual": _entries(_keys(schema.MANUAL, changes=True)),
        },
        "$defs": {
            "item": _keys(schema.ITEM, changes=True),
            "row": _keys(schema.ROW, changes=True),
            "kind": {"anyOf": [{"enum": list(words.kinds)}, _SCALAR]},
            "conditions": {
                "anyOf": [
                    {"$ref": "#/$defs/condition"},
                    _SCALAR,
                    {"type": "array", "items": {"anyOf": [_SCALAR, {"$ref": "#/$defs/condition"}]}},
                ]
            },
            "condition": {
                "type": "object",
                "properties": {
                    **{
                        name: {"description": fact.label, **_examples(fact.values)}
                        for name, fact in words.facts.items()
                    },
                    "any": {"type": "array"},
                    "not": {"type": "object"},
                },
            },
            "caps": {
                "type": "object",
                "additionalProperties": False,
                "properties": {word: {} for word in schema.CAPS},
            },
        },
    }


def _keys(allowed: Iterable[str], *, changes: bool = False) -> Schema:
    names = (*allowed, *schema.CHANGE_KEYS) if changes else tuple(allowed)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(name, set(names)) for name in names},
    }


def _property(name: str, beside: set[str]) -> Schema:
    told = {"description": _DESCRIPTIONS[name]} if name in _DESCRIPTIONS else {}
    return {**told, **_shape(name, beside)}


def _shape(name: str, beside: set[str]) -> Schema:
    item = "hours" in beside
    if name == "for":
        kind = {"$ref": "#/$defs/kind"}
        return {"anyOf": [kind, {"type": "array", "items": kind, "minItems": 1}]}
    if name == "hours":
        return {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": _AMOUNT},
                {"type": ["array", "object"]},
            ]
        }
    if name in ("when", "needs", "except"):
        return {"$ref": "#/$defs/conditions"}
    if name in ("rows", "plus"):
        return _entries({"$ref": "#/$defs/row"})
    if name == "at_most" and (item or "same" in beside):
        return {"$ref": "#/$defs/caps"}
    if name == "change":
        return {"enum": list(schema.CHANGES)}
    if name == "options":
        return _entries(_SCALAR)
    if name in schema.ONE_WORD and not (name == "in" and not item):
        return dict(_SCALAR)
    if name in schema.WORDS:
        return dict(_WORDS)
    if name == "less":
        return {"anyOf": [*_WORDS["anyOf"], {"type": "object"}]}
    return {}


def _entries(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _clause() -> Schema:
    statuses = (*schema.STATUSES, "same")
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 2,
        "properties": {word: {"type": "string", "minLength": 1} for word in (*statuses, "printed")},
        "oneOf": [{"required": [status]} for status in statuses],
    }


def _fact() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "type": {"enum": list(FACT_TYPES)},
            **dict.fromkeys(("label", "unit", "yes", "no", "range"), _SCALAR),
            "of": {"const": "person"},
            "values": {"type": ["object", "array"]},
        },
    }


def _examples(values: Mapping[str, str]) -> Schema:
    return {"examples": list(values)} if values else {}
