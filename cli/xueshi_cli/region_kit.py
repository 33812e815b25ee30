"""`xueshi regions new`: writes the distribution of a new region, its clause map from the numbering of the notice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from xueshi.errors import InputError
from xueshi.plugin_check import UNKNOWN
from xueshi.regulations.notice_guesses import read_guesses
from xueshi.regulations.outline import Outline

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_INSTRUMENT = re.compile(r"[A-Z][A-Z0-9]{1,20}")
_TODO_LENGTH = 24
EMPTY = Outline((), (), None, None, None, None)


@dataclass(frozen=True)
class NewRegion:
    """What the author says of a new region; `read` is what the numbering of the notice tells."""

    name: str
    area: str
    place: str = ""
    title: str = ""
    instrument: str = ""
    parent: str = ""
    read: Outline = EMPTY

    @property
    def id(self) -> str:
        """The id of the instrument: as given, else the name and the year of issue."""
        year = (self.read.issued or "")[:4]
        return self.instrument or re.sub(r"[^A-Z0-9]", "", self.name.upper()) + year


def check_new(region: NewRegion, installed: list[str], instruments: Mapping[str, str]) -> None:
    """Refuse a name, area, id or parent that cannot be. `instruments`: id → jurisdiction of what is installed."""
    if not _NAME.fullmatch(region.name):
        raise InputError(
            f"“{region.name}”不能作地区代码：用小写拉丁字母开头的2至31个小写字母、数字、下划线，例如 example"
        )
    if region.name in installed:
        raise InputError(f"已安装名为“{region.name}”的地区插件；换一个代码，或先卸载它")
    if not (region.area.isdigit() and len(region.area) == 6):
        raise InputError(f"“{region.area}”不是行政区划代码：--area 用 GB/T 2260 的六位数字，例如 990100")
    if not _INSTRUMENT.fullmatch(region.id):
        raise InputError(f"“{region.id}”不能作文件编号：用大写拉丁字母和数字，例如 --instrument EX2024")
    if region.id in instruments:
        raise InputError(
            f"文件编号 {region.id} 已由插件 {instruments[region.id]} 使用；用 --instrument 另取一个"
        )
    if region.parent and region.parent not in instruments:
        known = "、".join(sorted(instruments)) or "无"
        raise InputError(f"没有上位文件 {region.parent}；已安装：{known}。先安装含有它的插件")


def scaffold(region: NewRegion) -> dict[str, str]:
    """Return the files of the distribution: path inside its folder → text."""
    package = f"xueshi_{region.name}"
    distribution = package.replace("_", "-")
    read = region.read
    values = {
        "name": region.name,
        "package": package,
        "distribution": distribution,
        "class_name": region.name.title().replace("_", ""),
        "area": region.area,
        "place": region.place or UNKNOWN,
        "instrument": region.id,
        "title": region.title or read.title or UNKNOWN,
        "number": read.number or "none",
        "issuer": read.issuer or UNKNOWN,
        "issued": read.issued or "none",
        **_guessed(read),
        "clauses": _clause_map(read),
        "parent_line": f"\n  parent: {region.parent}" if region.parent else "",
    }
    rules = "difference-file.yaml" if region.parent else "rule-file.yaml"
    return {
        "pyproject.toml": _filled("pyproject.toml.txt", values),
        "README.md": _filled("README.md", values),
        f"{package}/__init__.py": _filled("plugin.py.txt", values),
        f"{package}/jurisdiction.yaml": _filled("jurisdiction.yaml", values),
        f"{package}/regulations/{region.id.lower()}.yaml": _filled(rules, values),
        f"{package}/cases/{region.id.lower()}.yaml": _filled("cases.yaml", values),
        f"{package}/flows/yearly.yaml": _filled("flow.yaml", values),
        f"{package}/flows/records.yaml": _filled("record-flow.yaml", values),
        f"tests/test_{region.name}.py": _filled("contract_test.py.txt", values),
    }


def _guessed(read: Outline) -> dict[str, str]:
    """What the text says of its start and its minimums, as guesses that the author checks; `todo` where it says nothing."""
    told = read_guesses(read)
    from_text = f"原文{told.clause}" if told.clause else "请核对原文"
    return {
        "effective": told.effective or "none",
        "effective_note": from_text if told.effective else "施行日期；原文未写的写 none",
        "first_year": str(told.first_year or 2000),
        "last_year": str(told.last_year or "open"),
        "starts": f"{told.starts}, named_by: start" if told.by_start else told.starts,
        "starts_clause": f"clause: {told.starts_clause}, " if told.starts_clause else "",
        "starts_note": "请核对" if told.starts_clause else "clause: the one that says when the year starts",
        "minimum": ", ".join(f"{of}: {hours}" for of, hours in told.minimums.items()) or "total: todo",
    }


def write_new(files_: Mapping[str, str], folder: Path) -> None:
    """Write the files under a folder that is not there yet or empty. Raises InputError instead of overwriting."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} 已存在且不为空，没有写入任何文件。用 -o 另指定一个文件夹")
    for name, text in files_.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _clause_map(read: Outline) -> str:
    """Every clause with the status `todo`: it does not load before the author has given it one."""
    if not read.clauses:
        return "  一: {todo: 把通知的每一条列在这里}"
    return "\n".join(f"  {clause.number}: {{todo: {_begun(clause.text)}}}" for clause in read.clauses)


def _begun(text: str) -> str:
    plain = re.sub(r"""[\s{}\[\],:#&*!|>'"%@`]+""", " ", text).strip() or UNKNOWN
    return plain if len(plain) <= _TODO_LENGTH else f"{plain[:_TODO_LENGTH]}…"


def _filled(name: str, values: Mapping[str, str]) -> str:
    """Fill `<<key>>` in a text of the folder `new_region`; other braces are YAML's own."""
    text = (files("xueshi_cli") / "new_region" / name).read_text(encoding="utf-8")
    return re.sub(r"<<(\w+)>>", lambda match: values[match[1]], text)
