"""Numbers of papers: a pattern from the jurisdiction's `papers/*.yaml`, a counter from whoever issues them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xueshi.documents.template import DocumentTemplate
from xueshi.errors import PluginError

_MARK = re.compile(r"\{([a-z]+)(?::0([1-9]))?d?\}")
NAMES = ("region", "area", "year", "counter")


def number_pattern(template: DocumentTemplate) -> str | None:
    """Return the pattern of a paper's numbers (`fields.number.pattern`); None when its papers bear no number."""
    number = template.fields.get("number")
    pattern = number.get("pattern") if isinstance(number, Mapping) else None
    return pattern if isinstance(pattern, str) else None


def paper_number(pattern: str, *, region: str, area: str, year: int, counter: int) -> str:
    """Return the number of the `counter`-th paper (from 1), e.g. `K{area}-{year}-{counter:05d}`.

    The same arguments give the same number: a reprint keeps it. A counter longer than its width is written out in
    full, never cut. Raises PluginError when the pattern has an unknown mark or lacks the counter.
    """
    values: dict[str, str | int] = {"region": region, "area": area, "year": year, "counter": counter}
    marks = [match.group(1) for match in _MARK.finditer(pattern)]
    unknown = [mark for mark in marks if mark not in values]
    if unknown or "counter" not in marks or "{" in _MARK.sub("", pattern):
        raise PluginError(
            f"表格编号格式 {pattern!r} 无法使用：只能含 {'、'.join('{' + name + '}' for name in NAMES)}"
            "（数字可写宽度，如 {counter:05d}），且必须含 {counter}。请改正该表格的 papers 文件中 number.pattern 一行。"
        )

    def shown(match: re.Match[str]) -> str:
        return str(values[match.group(1)]).zfill(int(match.group(2) or 0))

    return _MARK.sub(shown, pattern)
