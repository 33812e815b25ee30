"""What the command line says of a command that was written wrongly: typer's exceptions as Chinese sentences."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

# Typer exports BadParameter only; the other exceptions of its parser stand beside it.
from typer._click.exceptions import (
    BadArgumentUsage,
    BadOptionUsage,
    BadParameter,
    FileError,
    MissingParameter,
    NoSuchOption,
)
from typer.core import TyperArgument

ARGUMENTS = {
    "after": "后一文件",
    "appeal_id": "申诉编号",
    "draft": "草案编号",
    "archive": "备份文件",
    "area": "地区代码",
    "batch": "批量办理编号",
    "before": "前一文件",
    "code": "统一社会信用代码",
    "command_id": "办理编号",
    "day": "日期",
    "delegation": "委托编号",
    "evidence_id": "证明材料编号",
    "file": "文件",
    "files": "文件",
    "folder": "文件夹",
    "key_id": "公钥编号",
    "law": "地区或文件",
    "laws": "地区或文件",
    "login": "登录名",
    "message_id": "消息编号",
    "name": "名称",
    "number": "调整编号",
    "output": "文件",
    "path": "文件",
    "person": "人员",
    "planned_id": "定时开启编号",
    "public_id": "年度验证编号",
    "received": "报告编号",
    "record_id": "记录编号",
    "region": "地区",
    "report": "报告编号",
    "task_id": "待办编号",
    "to": "到",
    "unit": "统一社会信用代码",
    "until": "截止日期",
    "word": "词",
    "year": "年度",
}
"""What an argument is called in a line of use and in a message; a test holds that every argument is here."""

TYPES: dict[type, tuple[str, str]] = {
    int: ("整数", "不是整数"),
    float: ("数", "不是数"),
    datetime: ("日期", "不是日期，写成 2021-11-30 的样子"),
    UUID: ("编号", "不是编号：编号形如 01a21945-3210-7155-b390-f6603f681fa0，请整段复制"),
    Path: ("路径", "不是路径"),
    str: ("文字", "不是文字"),
    bool: ("是否", "不是 true 或 false"),
}
"""Python's types: what stands in a line of help, what is said of a value that is none."""

_FILE_FAULTS = {
    "does not exist": "不存在",
    "is a file": "是文件，这里要文件夹",
    "is a directory": "是文件夹，这里要文件",
    "is not readable": "没有读取权限",
    "is not writable": "没有写入权限",
}


def argument_name(param: Any) -> str:
    """Return what officers call a parameter: an argument's Chinese name, an option's longest spelling."""
    if isinstance(param, TyperArgument):
        return str(param.metavar or ARGUMENTS.get(param.name, param.name))
    return str(max(param.opts, key=len))


def type_of(param: Any) -> Any:
    """Return the Python type of a parameter's single value."""
    annotation = param.type_descriptor.annotation
    inner = getattr(annotation, "__args__", None)
    return inner[0] if getattr(annotation, "__origin__", None) is list and inner else annotation


def type_word(param: Any) -> str:
    """Return what a value of this parameter is, for help: `日期`, or the words it may be."""
    if param.type_descriptor.is_choice:
        return "｜".join(str(getattr(one, "value", one)) for one in param.type_descriptor.choices or ())
    return TYPES.get(type_of(param), ("值", ""))[0]


def usage_fault(wrong: typer.TyperException) -> str:
    """Say in one Chinese sentence, with the cure where there is one, what is wrong with a command line."""
    if isinstance(wrong, NoSuchOption):
        near = " 或 ".join(wrong.possibilities or ())
        return f"没有选项 {wrong.option_name}" + (f"；是不是 {near}？" if near else "")
    if isinstance(wrong, MissingParameter):
        return _missing(wrong)
    if isinstance(wrong, BadParameter):
        hint = argument_name(wrong.param) if wrong.param is not None else str(wrong.param_hint or "")
        return f"{hint}：{_bad_value(wrong)}" if hint else _bad_value(wrong)
    if isinstance(wrong, BadOptionUsage):
        without = "does not take a value" in wrong.message
        return f"选项 {wrong.option_name} {'后面不写值' if without else '后面要写值'}"
    if isinstance(wrong, BadArgumentUsage):
        return "参数的个数不对"
    if isinstance(wrong, FileError):
        return f"打不开文件 {wrong.ui_filename}"
    if extra := re.match(r"Got unexpected extra argument\(s\) \((.*)\)", wrong.message, re.DOTALL):
        return f"多写了“{extra[1]}”；一个参数中有空格的，请加引号"
    if wrong.message == "Missing command.":
        return "没有写要做什么"
    return wrong.message


def _missing(wrong: MissingParameter) -> str:
    param: Any = wrong.param
    if param is None:
        return "缺少参数"
    told = f"（{param.help}）" if getattr(param, "help", None) else ""
    kind = "参数" if isinstance(param, TyperArgument) else "选项"
    name = argument_name(param)
    return f"缺少{kind}{name}{told}" if kind == "参数" else f"缺少{kind} {name}{told}"


def _bad_value(wrong: BadParameter) -> str:
    """Say why a value does not fit; what a command's own check says is Chinese already."""
    for english, chinese in _FILE_FAULTS.items():
        if found := re.search(rf"'(.*)' {english}\.$", wrong.message):
            return f"{found[1]} {chinese}"
    param: Any = wrong.param
    errors = getattr(wrong.__cause__, "errors", None)
    if param is None or errors is None:
        return wrong.message
    value = errors()[0].get("input", "")
    if param.type_descriptor.is_choice:
        return f"“{value}”不在可选之列：{type_word(param)}"
    limits = [f"不小于 {param.min}"] if param.min is not None else []
    limits += [f"不大于 {param.max}"] if param.max is not None else []
    if limits and errors()[0]["type"].startswith(("greater_than", "less_than")):
        return f"{value} 不在范围内：应{'、'.join(limits)}"
    return f"“{value}”{TYPES.get(type_of(param), ('', '不合要求'))[1]}"
