"""What a notice says in plain phrases of its start and its minimums: guesses for a scaffold, for the author to check."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xueshi.regulations.outline import Outline

_FROM_DAY = re.compile(r"自((?:19|20)\d\d)年(\d{1,2})月(\d{1,2})日起(?:正式)?(?:施行|试行|实施|执行)")
_FROM_ISSUE = re.compile(r"自(?:印发|发布|公布|发文|下发)之日起(?:正式)?(?:施行|试行|实施|执行)")
_MINIMUM = re.compile(r"(?:不少于|不得少于|不低于|至少)(?:为)?(\d{1,3})(?:个)?(?:学时|课时)")
_PART = re.compile(r"(公需|公共|专业)(?:科目|课程|课|知识)?[^，。；;]{0,8}$")
_CODES = {"公需": "public", "公共": "public", "专业": "professional"}
_REACH = 24
"""How many characters before a number may say what it is a minimum of."""


@dataclass(frozen=True)
class NoticeGuesses:
    """Day of effect and its clause, first statistics year, minimums by category (`total` among them); empty where unsaid."""

    effective: str | None = None
    clause: str = ""
    first_year: int | None = None
    minimums: dict[str, str] = field(default_factory=dict)


def read_guesses(read: Outline) -> NoticeGuesses:
    """Look for 自…起施行 and 不少于…学时 in the clauses of a notice."""
    effective, clause = None, ""
    minimums: dict[str, str] = {}
    for one in read.clauses:
        text = re.sub(r"\s", "", one.text)
        if match := _FROM_DAY.search(text):
            effective, clause = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}", one.number
        elif effective is None and _FROM_ISSUE.search(text):
            effective, clause = read.issued, one.number
        for match in _MINIMUM.finditer(text):
            before = re.split("[。；;，]", text[max(0, match.start() - _REACH) : match.start()])[-1]
            part = _PART.search(before)
            minimums.setdefault(_CODES[part[1]] if part else "total", match[1])
    first = (effective or read.issued or "")[:4]
    order = [code for code in ("public", "professional", "total") if code in minimums]
    return NoticeGuesses(
        effective,
        clause,
        int(first) if first else None,
        {code: minimums[code] for code in order} if "total" in minimums else {},
    )
