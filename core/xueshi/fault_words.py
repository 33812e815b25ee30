"""What a library finds wrong with a value or a file, in Chinese: its own words are English, and officers read these."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from typing import Any

_FAULTS = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "bool_type": "应为是或否",
    "bool_parsing": "应为是或否（yes 或 no）",
    "string_type": "应为一段文字",
    "string_pattern_mismatch": "写法不对",
    "date_type": "应为日期，如 2024-12-31",
    "date_parsing": "应为日期，如 2024-12-31",
    "date_from_datetime_parsing": "应为日期，如 2024-12-31",
    "date_from_datetime_inexact": "应为日期，不带时刻，如 2024-12-31",
    "dict_type": "应为“名称: 值”的若干项",
    "model_type": "应为“名称: 值”的若干项",
    "model_attributes_type": "应为“名称: 值”的若干项",
    "list_type": "应为列表，如 [甲, 乙]，没有的写 []",
    "tuple_type": "应为列表，如 [甲, 乙]，没有的写 []",
}
_BOUNDS = {
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "最多 {max_length} 个字",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
}


def field_fault(fault: Mapping[str, Any]) -> str:
    """Return what is wrong with a field, of pydantic's faults (`ValidationError.errors()`); never the library's words."""
    kind, more = fault["type"], fault.get("ctx", {})
    if kind == "literal_error":
        return f"只能写 {str(more['expected']).replace(' or ', '、').replace(', ', '、')}"
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**more)
    if kind == "value_error":
        # Raised by the file's own model, in its own words.
        return str(more.get("error", "写法不对"))
    return _FAULTS.get(kind, "写法不对")


def json_fault(error: ValueError) -> str:
    """Return where a text stops being JSON, or that it is no UTF-8: `第 3 行第 5 列起读不下去`."""
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.lineno} 行第 {error.colno} 列起读不下去"
    return "不是 UTF-8 文字" if isinstance(error, UnicodeDecodeError) else "内容不完整"


_SYSTEM = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EEXIST: "已经存在",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已满",
    errno.EROFS: "磁盘是只读的",
    errno.ENAMETOOLONG: "文件名太长",
    errno.EMFILE: "打开的文件太多",
    errno.EIO: "磁盘读写出错",
}


def system_fault(error: OSError) -> str:
    """Return what the system says of a file, in Chinese; one it has no words for goes by its number."""
    return _SYSTEM.get(error.errno or 0, f"系统错误 {error.errno}")
