"""What an officer sees of a unit's filing before he decides on it: heads by verdict and level, who falls short, open facts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.assessment.verdict_words import VERDICT_WORDS
from xueshi.campaigns.acts.filing_state import RECORD_TASKS
from xueshi.campaigns.judging.assessing import pack_of
from xueshi.campaigns.rows import campaign_rows, task_rows
from xueshi.campaigns.tables import Filing
from xueshi.hours import show_hours
from xueshi.register.rows import people_rows
from xueshi.regulations.pack import RulePack
from xueshi.results import repository as results
from xueshi.results.tables import YearResult

ENGINE = Scope.everything()
LEVELS = {"senior": "高级", "intermediate": "中级", "junior": "初级", None: "未定级"}
LISTED = 30
"""How many names of people fit a screen; a script (`--json`) gets all."""


def filing_heads(session: Session, filing: Filing, *, as_json: bool) -> dict[str, Any]:
    """Return the lines of a filing as judged last: heads, verdicts by level, people not met with reasons, open facts.

    The filing was found within the officer's scope. Before the first judgement the heads alone are told.
    """
    campaign = campaign_rows.campaign(session, ENGINE, filing.campaign_id)
    judged = results.latest_of_unit(session, ENGINE, campaign.id, filing.unit_id)
    facts = task_rows.open_tasks(session, ENGINE, filing_id=filing.id, kinds=RECORD_TASKS)
    lines: dict[str, Any] = {"人数": filing.people}
    if judged:
        pack = pack_of(session, campaign)
        lines |= _verdicts(judged.values())
        short = [one for one in judged.values() if one.verdict == "not_met"]
        names = people_rows.person_names(session, ENGINE, filing.unit_id, (one.person_id for one in short))
        told = sorted(f"{names[one.person_id]}：{_reason(one, pack)}" for one in short)
        over = 0 if as_json else max(0, len(told) - LISTED)
        lines["未完成人员"] = [*told[: len(told) - over], *([f"另有 {over} 人"] if over else [])]
    lines["待认定、补正的事项"] = f"{len(facts)} 件"
    return lines


def _verdicts(judged: Any) -> dict[str, str]:
    """Return 完成, 未完成, 待补 with their heads by level."""
    counts = Counter((one.verdict, one.level) for one in judged)
    lines = {}
    for verdict, word in VERDICT_WORDS.items():
        levels = [
            f"{name} {counts[verdict, level]}" for level, name in LEVELS.items() if counts[verdict, level]
        ]
        heads = sum(number for (one, _), number in counts.items() if one == verdict)
        if heads or verdict != "not_judged":
            lines[word] = f"{heads} 人" + (f"（{'，'.join(levels)}）" if levels else "")
    return lines


def _reason(result: YearResult, pack: RulePack) -> str:
    labels = pack.labels
    short = [f"{labels.get(of, of)}差 {show_hours(hours)} 学时" for of, hours in result.shortfalls.items()]
    return "，".join(short) or "未达到要求，见 xueshi explain"
