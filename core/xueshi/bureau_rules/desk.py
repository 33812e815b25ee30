"""The desk at which a bureau's own values are drafted, weighed and published: each act a command of the command table.

Rules are resolved, cases run and people judged before the transaction in which an act is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.acts import require_area
from xueshi.bureau_rules.giving import ActorOf, DraftDesk
from xueshi.bureau_rules.impact import Impact, foresee
from xueshi.bureau_rules.in_force import overlay_of
from xueshi.bureau_rules.law import Step, basis_of, law_changes
from xueshi.bureau_rules.overlay_file import OverlayHead, read_head
from xueshi.bureau_rules.review import CaseRun, Review, review
from xueshi.bureau_rules.tables import RuleDraft, RuleImpact
from xueshi.campaigns.tables import Command
from xueshi.canonical import canonical_json
from xueshi.errors import InputError, NotFoundError
from xueshi.jurisdictions import YearSpan
from xueshi.real_clock import real_now
from xueshi.registry import Registry
from xueshi.regulations.sources import BureauOverlay, RegulationSource
from xueshi.storage import new_id, reading, transaction

ENGINE = Scope.everything()
OVERLAY_KIND, REVIEW_KIND = "rule_overlay", "rule_review"


@dataclass(frozen=True)
class Weighed:
    """An impact with the draft that it was computed for; `impact_id` is that of the numbers that were kept."""

    draft: RuleDraft
    impact: Impact
    impact_id: UUID


class RuleDesk(DraftDesk):
    """Drafts, weighs and publishes in one database as one officer.

    An act that is refused stays stored with its reason: the command comes back in state `refused`. Raises
    NotAllowedError, NotFoundError and InputError before anything is stored.
    """

    def __init__(self, engine: Engine, registry: Registry, actor_of: ActorOf) -> None:
        super().__init__(engine, actor_of)
        self._registry = registry

    def draft(
        self, region: str, area: str, source: RegulationSource, request_id: str = ""
    ) -> tuple[Review, RuleDraft | None]:
        """Review a file and keep it as a draft; with errors nothing is kept and the draft is None."""
        self._registry.ask(region)
        with reading(self._engine) as session:
            actor = self._actor_of(session)
            actor.require("rules.draft")
            area = area or actor.area
            require_area(actor, area)
            texts = audit.attached_texts(session)
        owner = self._registry.region_for(area)
        if owner != region:
            raise InputError(f"地区 {area} 由 {owner} 管辖，不由 {region} 管辖；请写 {owner}，或改 --area")
        head, findings = read_head(source)
        if head is None:
            return Review(tuple(findings.found), (), CaseRun(0, (), ()), ""), None
        body = source.text.encode()
        digest = audit.digest_of(body)
        found = review(self._registry, _step_of_file(region, area, source, head), digest, head, texts)
        if found.errors:
            return found, None
        payload = {"region": region, "area": area, "file": digest, "name": source.path}
        self._give("rules_draft", new_id(), payload, (OVERLAY_KIND, body), request_id)
        with reading(self._engine) as session:
            [row] = [
                one
                for one in repository.drafts(session, ENGINE, region=region, area=area, states=("draft",))
                if one.digest == digest
            ][-1:]
            session.expunge(row)
        return found, row

    def roll_back(self, region: str, area: str, reason: str, request_id: str = "") -> Command:
        """Draft that the overlay published last in exactly this area is to hold no longer."""
        self._registry.ask(region)
        with reading(self._engine) as session:
            actor = self._actor_of(session)
            actor.require("rules.draft")
            area = area or actor.area
            require_area(actor, area)
            held = [one for one in repository.published(session, ENGINE, region) if one.area == area]
        if not held:
            raise NotFoundError(f"地区 {area} 没有正在执行的本级口径；见 xueshi rules drafts")
        payload = {"region": region, "area": area, "takes_back": str(held[-1].id), "reason": reason}
        return self._give("rules_rollback", new_id(), payload, None, request_id)

    def weigh(
        self, word: str, year: int | None = None, heartbeat: Callable[[int, int], None] = lambda *_: None
    ) -> Weighed:
        """Judge everyone whom a draft may affect and keep the numbers, under the draft and the law in force."""
        with reading(self._engine) as session:
            actor = self._actor_of(session)
            actor.require("rules.draft")
            row = repository.draft_named(session, actor.scope, word)
            require_area(actor, row.area)
            if row.state != "draft":
                raise InputError(f"“{row.document}”不是待发布的草案，不再测算；见 xueshi rules drafts")
            session.expunge(row)
            step = step_of(session, row)
            basis = basis_of(row.digest, law_changes(self._registry, step))
            impact = foresee(session, self._registry, step, year=year, heartbeat=heartbeat)
            session.expunge_all()
        whole = year is None or step.years == YearSpan(year, year)
        with transaction(self._engine) as session:
            kept = RuleImpact(
                draft_id=row.id,
                area=row.area,
                year=None if whole else year,
                basis=basis,
                judged=impact.judged,
                counts=impact.counts(),
                computed_by=actor.account_id,
                computed_at=real_now(),
            )
            session.add(kept)
            session.flush()
            audit.append(
                session,
                actor=f"account:{actor.account_id}",
                verb="rules_impact",
                target=f"rule_draft:{row.id}",
                body={"basis": basis, "year": kept.year, "judged": impact.judged, **impact.counts()},
            )
        return Weighed(row, impact, kept.id)

    def publish(
        self, word: str, accept: Sequence[str], reason: str, request_id: str = ""
    ) -> tuple[RuleDraft, Command]:
        """Check a draft once more and publish it; the command tells whether it holds now, or why not."""
        with reading(self._engine) as session:
            actor = self._actor_of(session)
            actor.require("rules.publish")
            row = repository.draft_named(session, actor.scope, word)
            require_area(actor, row.area)
            session.expunge(row)
            texts = audit.attached_texts(session)
            held = [str(one.id) for one in repository.published(session, ENGINE, row.region)]
            step = step_of(session, row)
        head = None if step.adds is None else read_head(step.adds.source)[0]
        found = review(self._registry, step, row.digest, head, texts)
        body = canonical_json({"draft": row.digest, "published": held, **found.as_plain()}).encode()
        payload = {
            "review": audit.digest_of(body),
            "accept": sorted({code.strip().upper() for code in accept if code.strip()}),
            "reason": reason,
        }
        return row, self._give("rules_publish", row.id, payload, (REVIEW_KIND, body), request_id)


def step_of(session: Session, row: RuleDraft) -> Step:
    """Return what the publication of a draft would change."""
    years = YearSpan(row.first_year, row.last_year)
    if row.takes_back is not None:
        return Step(row.region, row.area, row.instrument, years, removes=str(row.takes_back))
    return Step(row.region, row.area, row.instrument, years, adds=overlay_of(session, row))


def _step_of_file(region: str, area: str, source: RegulationSource, head: OverlayHead) -> Step:
    span = head.years
    adds = BureauOverlay("", area, head.of, head.decided, span.first, span.last, source)
    return Step(region, area, head.of, span, adds=adds)
