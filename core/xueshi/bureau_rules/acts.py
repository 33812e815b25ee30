"""The acts on a bureau's own values, each a direct command settled in one transaction.

`RuleDesk` gives the commands. What they rest on (the file, the review) is an artifact that their payload names by
digest: rules are resolved and cases are run outside the transaction, and what stands in the database is compared here.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.overlay_file import read_head
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import folder_now
from xueshi.campaigns.tables import Command
from xueshi.campaigns.year_round.record_acts import actor_of
from xueshi.canonical import digest_of_json
from xueshi.errors import NotAllowedError
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now
from xueshi.regulations.finding_words import text_in_chinese
from xueshi.regulations.sources import RegulationSource

ENGINE = Scope.everything()
STATES = {
    "draft": "草案",
    "published": "已发布",
    "taken_back": "已恢复原口径",
    "done": "已办理",
}
"""What officers call the states of a draft."""


def require_area(actor: Actor, area: str, what: str = "本级口径") -> None:
    """Raise NotAllowedError unless all of an area is the actor's: what is set for it holds for everyone there.

    `what` is to be set, as officers call it.
    """
    if actor.scope.sectors is not None or actor.scope.units is not None or not actor.scope.allows(area):
        raise NotAllowedError(
            f"地区 {area} 不在账号 {actor.login} 的管理范围；{what}由该地区的业务负责人起草、发布"
        )


def draft(session: Session, command: Command) -> Refused | None:
    """Keep a file as a draft (`region`, `area`, `file`: digest of its text, `name`); the same draft again changes nothing."""
    payload, actor = command.payload, actor_of(session, command)
    require_area(actor, payload["area"])
    text = audit.load_artifact(session, payload["file"]).decode()
    head, _ = read_head(RegulationSource(payload["name"], text))
    if head is None:
        return Refused("unreadable", "本级口径的文件无法读取；请用 xueshi rules draft 重新起草")
    waiting = repository.drafts(
        session, ENGINE, region=payload["region"], area=payload["area"], states=("draft",)
    )
    if any(one.digest == payload["file"] for one in waiting):
        complete(session, command, None, "unchanged", 0, folder_now(session, real_now()))
        return None
    row = RuleDraft(
        id=command.target_id,
        kind="overlay",
        region=payload["region"],
        area=payload["area"],
        instrument=head.of,
        body=head.by,
        document=head.document,
        decided=head.decided,
        first_year=head.years.first,
        last_year=head.years.last,
        file=payload["name"],
        digest=payload["file"],
        maker=command.account_id,
        made_for=lender_of(command),
        made_at=real_now(),
        state="draft",
    )
    session.add(row)
    session.flush()
    _complete(session, command, row, "drafted")
    return None


def roll_back(session: Session, command: Command) -> Refused | None:
    """Draft that the overlay published last in an area is to hold no longer (`takes_back`, `reason`)."""
    payload, actor = command.payload, actor_of(session, command)
    held = repository.draft(session, ENGINE, UUID(payload["takes_back"]), lock=True)
    require_area(actor, held.area)
    reason = str(payload.get("reason", "")).strip()
    if not reason:
        return Refused("no_reason", "恢复原口径须写明原因（--reason）")
    if held.state != "published":
        return Refused("not_published", f"“{held.document}”没有在执行，不能恢复原口径")
    waiting = repository.drafts(session, ENGINE, region=held.region, area=held.area, states=("draft",))
    if any(one.takes_back == held.id for one in waiting):
        return Refused(
            "asked", f"恢复“{held.document}”以前的口径已经起草，请由另一人测算、发布；见 xueshi rules drafts"
        )
    row = RuleDraft(
        id=command.target_id,
        kind="rollback",
        region=held.region,
        area=held.area,
        instrument=held.instrument,
        body=held.body,
        document=held.document,
        decided=held.decided,
        first_year=held.first_year,
        last_year=held.last_year,
        file=held.file,
        digest=digest_of_json(["rollback", str(held.id), str(command.target_id)]),
        takes_back=held.id,
        reason=reason,
        maker=command.account_id,
        made_for=lender_of(command),
        made_at=real_now(),
        state="draft",
    )
    session.add(row)
    session.flush()
    _complete(session, command, row, "drafted", takes_back=str(held.id))
    return None


def publish(session: Session, command: Command) -> Refused | None:
    """Let a draft hold from now on (`review`: digest of what was checked, `accept`: codes, `reason`).

    Refused for its maker, for anything that the review found or that was not accepted, and for an impact that was
    computed for another draft or another law.
    """
    actor = actor_of(session, command)
    row = repository.draft(session, actor.scope, command.target_id)
    repository.lock_region(session, row.region)
    row = repository.draft(session, actor.scope, command.target_id, lock=True)
    require_area(actor, row.area)
    reviewed = json.loads(audit.load_artifact(session, command.payload["review"]))
    accepted = sorted(set(command.payload.get("accept", ())))
    held = None if row.takes_back is None else repository.draft(session, ENGINE, row.takes_back, lock=True)
    refused = (
        not_waiting(row)
        or _not_held(held)
        or four_eyes(row, command)
        or no_reason(command)
        or _out_of_date(session, row, reviewed)
        or _unsound(reviewed, accepted)
        or _impact_lacking(session, row, reviewed)
    )
    if refused is not None:
        return refused
    impact = repository.newest_impact(session, row.id)
    assert impact is not None  # its lack was refused
    now = real_now()
    row.state = "published" if row.kind == "overlay" else "done"
    row.publisher, row.published_at = command.account_id, now
    row.publish_reason, row.accepted = str(command.payload["reason"]).strip(), accepted
    row.impact_id, row.review_digest = impact.id, command.payload["review"]
    session.add(row)
    if held is not None:
        held.state, held.taken_back_by, held.taken_back_at = "taken_back", row.id, now
        session.add(held)
    session.flush()
    counts = {"judged": impact.judged, **impact.counts}
    _complete(session, command, row, "published" if row.kind == "overlay" else "rolled_back", impact=counts)
    return None


def not_waiting(row: RuleDraft, listed: str = "xueshi rules drafts") -> Refused | None:
    """Refuse a second publication of one draft; `listed` is the command that lists its kind."""
    if row.state == "draft":
        return None
    when = "" if row.published_at is None else f"（{row.published_at:%Y-%m-%d}）"
    return Refused("not_draft", f"“{row.document}”{STATES[row.state]}{when}，不能再次发布；见 {listed}")


def _not_held(held: RuleDraft | None) -> Refused | None:
    if held is None or held.state == "published":
        return None
    return Refused("not_published", f"“{held.document}”已不在执行，无须恢复原口径")


def four_eyes(row: RuleDraft, command: Command) -> Refused | None:
    """Refuse whoever made a draft, or lent the role to its maker, and whoever acts for one of them: two persons see it."""
    if {row.maker, row.made_for} & ({command.account_id, lender_of(command)} - {None}):
        return Refused("four_eyes", "草案由您（或委托您的人）起草，须由另一人发布（起草、发布分离）")
    return None


def lender_of(command: Command) -> UUID | None:
    """Return the account whose role a delegate acted in; None where somebody acted in his own."""
    lender = command.payload.get("principal")
    return UUID(lender) if lender else None


def no_reason(command: Command) -> Refused | None:
    """Refuse a publication without a reason."""
    if str(command.payload.get("reason", "")).strip():
        return None
    return Refused("no_reason", "发布须写明原因（--reason）")


def _out_of_date(session: Session, row: RuleDraft, reviewed: dict[str, Any]) -> Refused | None:
    """Refuse a review of another draft, or one made before something else was published in the region."""
    held = [str(one.id) for one in repository.published(session, ENGINE, row.region)]
    if reviewed["draft"] == row.digest and reviewed["published"] == held:
        return None
    return Refused(
        "stale_review", "检查之后本地区的口径又有发布或恢复；请重新测算影响（xueshi rules impact）再发布"
    )


def _unsound(reviewed: dict[str, Any], accepted: list[str]) -> Refused | None:
    if reviewed["errors"]:
        first = text_in_chinese(reviewed["errors"][0])
        return Refused("errors", f"有 {len(reviewed['errors'])} 处错误，不能发布：{first}")
    if reviewed["cases_failed"]:
        return Refused("cases", f"案例没有通过：{'、'.join(reviewed['cases_failed'])}；请先更正规则或案例")
    if reviewed["unsettled_clauses"]:
        return Refused(
            "clauses", f"有 {reviewed['unsettled_clauses']} 条条款没有状态；请先在规则文件中逐条写明"
        )
    lacking = [code for code in reviewed["warnings"] if code not in accepted]
    if lacking:
        return Refused(
            "not_accepted",
            f"还有提示没有逐项接受：{'、'.join(lacking)}；核对后写 --accept {','.join(reviewed['warnings'])}",
        )
    strange = [code for code in accepted if code not in reviewed["warnings"]]
    if strange:
        return Refused(
            "nothing_to_accept", f"没有 {'、'.join(strange)} 这项提示；请只写 xueshi rules draft 列出的"
        )
    return None


def _impact_lacking(session: Session, row: RuleDraft, reviewed: dict[str, Any]) -> Refused | None:
    impact = repository.newest_impact(session, row.id)
    if impact is None:
        return Refused("no_impact", f"还没有测算全部年度的影响；请先办 xueshi rules impact {row.digest[:12]}")
    if impact.basis != reviewed["basis"]:
        return Refused(
            "stale_impact",
            f"影响测算之后现行规定有变动；请重新测算（xueshi rules impact {row.digest[:12]}）再发布",
        )
    return None


def _complete(session: Session, command: Command, row: RuleDraft, outcome: str, **body: object) -> None:
    now = folder_now(session, real_now())
    complete(session, command, None, outcome, 0, now, area=row.area, digest=row.digest, **body)
