"""What is wrong with a file of YAML, in a line: for authors of plugins in English, for officers in Chinese."""

from __future__ import annotations

import difflib
import re
from typing import Any, Literal

from pydantic import BaseModel

from xueshi.fault_words import field_fault

Lang = Literal["en", "zh"]

_SHAPES = {
    "dict_type": "write names with values: {name: value}",
    "list_type": "write a list: [one, two], or [] for none",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "bool_parsing": "write yes or no",
    "date_from_datetime_parsing": "write a day: 2024-12-31",
    "date_parsing": "write a day: 2024-12-31",
    "string_type": "write one text",
    "one_law_only": "delete categories, and carry the rules of those categories over in a difference file (parent: the "
    "instrument of the line) that this line uses",
}
"""Repairs of what has the wrong shape, by the kind of fault."""


_REPAIRS = {
    "years": "写 2024、2024 to 2026 或 2024 to open",
    "sample": "写 1% 至 99%",
}
"""Repairs by the field, where its writing is its own."""


def unreadable(where: str, line: int, problem: str | None, lang: Lang) -> str:
    """Say that a file cannot be read from a line on."""
    if lang == "zh":
        return f"{where}:{line}: 这一行读不下去（YAML）。改法：核对缩进、冒号后的空格、引号和括号"
    return f"{where}:{line}: not readable as YAML: {problem}. Repair: correct this line"


def no_text(where: str, lang: Lang) -> str:
    """Say that a file is no UTF-8."""
    if lang == "zh":
        return f"{where}: 不是 UTF-8 文字。改法：用文本编辑器另存为 UTF-8"
    return f"{where}: not UTF-8. Repair: save it as UTF-8"


def no_mapping(where: str, lang: Lang) -> str:
    """Say that a file holds nothing that could be read."""
    if lang == "zh":
        return f"{where}:1: 文件是空的，或不是“名称: 值”的样子。改法：照指南中的例子写各项"
    return f"{where}:1: the file is empty or no mapping. Repair: write the keys of its kind"


def fault_line(at: str, fault: dict[str, Any], model: type[BaseModel], lang: Lang) -> str:
    """Say one fault of a field; `at` is file and line."""
    return (_in_chinese if lang == "zh" else _in_english)(at, fault, model)


def _in_chinese(at: str, fault: dict[str, Any], model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        word = str(fault["loc"][-1])
        near = difflib.get_close_matches(word, _known_keys(model), 1)
        meant = f"；是否为“{near[0]}”？改法：写 {near[0]}" if near else "。改法：删去"
        return f"{at}: 没有“{word}”这一项{meant}"
    if fault["type"] == "missing":
        return f"{at}: 缺少 {place}。改法：补上"
    said = field_fault(fault)
    said = said if re.search(r"[\u4e00-\u9fff]", said) else "写法不对"
    repair = next(
        (_REPAIRS[str(part)] for part in reversed(fault["loc"]) if str(part) in _REPAIRS), "改正这一项"
    )
    return f"{at}: {place}: {said}（写的是 {fault['input']!r}）。改法：{repair}"


def _in_english(at: str, fault: dict[str, Any], model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        word = str(fault["loc"][-1])
        near = difflib.get_close_matches(word, _known_keys(model), 1)
        hint = f'; did you mean "{near[0]}"? Repair: write {near[0]}' if near else ". Repair: delete it"
        return f'{at}: unknown key "{word}"{hint}'
    if fault["type"] == "missing":
        return f"{at}: {place} is missing. Repair: add it"
    repair = _SHAPES.get(fault["type"], "correct the value")
    return f"{at}: {place}: {fault['msg']} (got {fault['input']!r}). Repair: {repair}"


def _known_keys(model: type[BaseModel]) -> list[str]:
    """All keys of a file's kind, those of its parts included: enough to guess what was meant."""
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(name)
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                keys.extend(_known_keys(part))
    return keys
