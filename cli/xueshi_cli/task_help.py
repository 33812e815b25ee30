"""What a task needs and how it is done: the facts that are missing, and the exact command that settles them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns.acts.filing_state import RECORD_TASKS
from xueshi.campaigns.judging.assessing import pack_of
from xueshi.campaigns.rows import campaign_rows
from xueshi.campaigns.rows.paper_rows import PAPER
from xueshi.campaigns.rows.pinned_rows import pack_by
from xueshi.campaigns.tables import Task
from xueshi.campaigns.year_round import record_acts
from xueshi.errors import InputError
from xueshi.hours import show_hours
from xueshi.records import repository as records
from xueshi.register.tables import StudyRecord
from xueshi.regulations.pack import RulePack
from xueshi.regulations.vocabulary import Fact

ENGINE = Scope.everything()


def facts_of(session: Session, task: Task) -> list[Fact]:
    """Return the facts that a task waits for, in the words of the law that it is judged under."""
    names, pack = _waits_for(session, task)
    return [] if pack is None else [pack.facts[name] for name in names if name in pack.facts]


def _waits_for(session: Session, task: Task) -> tuple[Sequence[str], RulePack | None]:
    if task.campaign_id is not None:
        campaign = campaign_rows.campaign(session, ENGINE, task.campaign_id)
        return task.body.get("facts", []), pack_of(session, campaign)
    if task.kind != "verify" or task.record_id is None:
        return [], None
    record = records.record(session, ENGINE, task.record_id)
    if record.pack_digest is None:
        return [], None
    return record_acts.open_facts(session, record), pack_by(session, record.pack_digest)


def needed(session: Session, task: Task) -> list[str]:
    """Say which facts are missing, with what may be answered: `合格（yes 是、no 否）`, `级别（national 国家级…）`."""
    return [_asked(fact) for fact in facts_of(session, task)]


def _asked(fact: Fact) -> str:
    if fact.type == "yes_no":
        return f"{fact.label}（yes 是、no 否）"
    if fact.type == "word":
        return f"{fact.label}（{'、'.join(f'{code} {label}' for code, label in fact.values.items())}）"
    return f"{fact.label}（{fact.unit}）" if fact.unit else fact.label


def how(session: Session, task: Task, officer: str) -> str:
    """Say the exact command that settles a task on a record; empty for a unit's own task."""
    begin = f"xueshi tasks decide {task.id} --as {officer}"
    facts = facts_of(session, task)
    if task.kind == "verify":
        given = "".join(f" --fact {fact.label}={_example(fact)}" for fact in facts)
        return f"{begin} --approve{given}"
    if task.kind == "returned":
        return f"xueshi records resubmit {task.record_id} --as {officer}（补正各项后重新提交）"
    if task.kind == PAPER and task.campaign_id is not None:
        campaign = campaign_rows.campaign(session, ENGINE, task.campaign_id)
        return f"按说明补齐字体或换用照片后，xueshi forms issue {campaign.public_id} --as {officer}"
    if task.kind not in RECORD_TASKS:
        return ""
    open_ = f"{begin} --leave-open --reason 原因（存疑，留待补正）"
    if task.record_id is None or not facts:
        return f"退回单位：办理该单位的“单位审验”待办，--return --reason 原因；或 {open_}"
    if len(facts) == 1:
        return f"{begin} --value {_example(facts[0])}；或 {open_}"
    each = "；".join(f"{begin} --fact {fact.label}={_example(fact)}" for fact in facts)
    return f"逐项填写：{each}；或 {open_}"


def _example(fact: Fact) -> str:
    """Return an answer of the right form: to be replaced by the true one."""
    if fact.type == "yes_no":
        return "是"
    if fact.values:
        return next(iter(fact.values.values()))
    return {"date": "2024-05-10", "id": "名称", "list": "6,6,4"}.get(fact.type, "数值")


def fact_answered(session: Session, task: Task, given: Sequence[str]) -> tuple[Fact, str]:
    """Return which fact of a campaign's record task is answered and with what: the named one, or the only one asked.

    `given` is one `名称=值`, or one bare value. Raises InputError where the task asks for nothing, or not for that.
    """
    asked = facts_of(session, task)
    if not asked:
        raise InputError(
            f"该待办没有须填写的情况：{task.body.get('text') or task.body.get('trouble', '')}；"
            "请退回单位（办理其“单位审验”待办），或 --leave-open 存疑"
        )
    if len(given) != 1:
        raise InputError("一次填写一项；请分几次办理")
    name, equals, value = given[0].partition("=")
    if not equals:
        return asked[0], name
    for fact in asked:
        if name.strip() in (fact.name, fact.label):
            return fact, value.strip()
    raise InputError(f"该待办不需要“{name}”；需要的是：{'、'.join(fact.label for fact in asked)}")


def choice_lines(session: Session, record: StudyRecord) -> dict[str, str]:
    """Say what the verifier may choose, where the text leaves the hours between two figures."""
    found = record_acts.open_choice(session, record)
    if found is None:
        return {}
    by = f"--fact 认定学时={show_hours(found.high)}"
    held = (
        f"须由认定人确定，如 {by}"
        if found.default is None
        else f"不另认定的，按口径计{show_hours(found.default)}学时；另作认定的加 --fact，如 {by}"
    )
    return {"认定幅度": f"{show_hours(found.low)}至{show_hours(found.high)}学时（{found.clause}）；{held}"}
