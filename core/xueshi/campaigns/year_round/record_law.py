"""What law says of a record that is to be filed: its rule, the way in that the rule names, and whether it may change now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import Session

from xueshi.assessment.choices import Choice, choice_of
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import LedgerEntry, PersonYearRequest, RecordFacts
from xueshi.audit import repository as audit
from xueshi.campaigns.rows import filing_rows
from xueshi.campaigns.rows.pinned_rows import flow_by, pack_by
from xueshi.errors import RuleError
from xueshi.flows.flow import ApprovalFlow, Channel
from xueshi.flows.routing import flow_for
from xueshi.flows.unit_facts import facts_of
from xueshi.machines.filing_machine import Refused
from xueshi.machines.stored_state import dump_flow
from xueshi.records import repository as records
from xueshi.register.tables import StudyRecord, Unit
from xueshi.regulations.pack import RulePack

NO_RULE = frozenset({"no_rule", "not_of_item", "no_row"})
"""Ledger codes of a record that no rule of the instrument covers."""
UNDER_REVIEW = ("assessing", "deciding", "approved")
"""Stages of a filing in which the unit has handed its year over."""


@dataclass(frozen=True)
class RecordLaw:
    """Flow and rules that a record is filed under, each with the digest it is pinned by."""

    flow: ApprovalFlow
    flow_digest: str
    pack: RulePack
    pack_digest: str

    def channel(self, channel_id: str) -> Channel | None:
        """Return one way in; None where the flow has none of that name."""
        return next((one for one in self.flow.channels if one.id == channel_id), None)


def routed(law: RecordLaw, unit: Unit) -> RecordLaw:
    """Return the law with the flow that is left for a unit: levels that do not hold for it are gone."""
    flow = flow_for(law.flow, facts_of(unit))
    return replace(law, flow=flow, flow_digest=audit.digest_of(dump_flow(flow)))


def law_by(session: Session, flow_digest: str, pack_digest: str) -> RecordLaw:
    """Load flow and rules by digest. Raises NotFoundError for a digest that is not there."""
    return RecordLaw(flow_by(session, flow_digest), flow_digest, pack_by(session, pack_digest), pack_digest)


@dataclass(frozen=True)
class RecordSaid:
    """What the rules say of one record alone: its ledger entry, and the facts it still needs."""

    entry: LedgerEntry
    open_facts: Sequence[str]
    open_text: str = ""


def what_law_says(
    law: RecordLaw,
    *,
    area: str,
    year: int,
    kind: str,
    facts: Mapping[str, object],
    claimed: int | None,
    level: str | None,
    makeup: bool = False,
) -> RecordSaid | Refused:
    """Judge one record alone, or say why it cannot be taken in: a wrong value, no rule, another year, false proof."""
    record = RecordFacts("本记录", kind, facts, year, claimed, makeup=makeup)
    request = _alone(area, level, record)
    try:
        assessment = evaluate(law.pack, request, trace=False)
    except RuleError as error:
        return Refused("bad_value", f"{error}；请更正后再申报")
    entry = assessment.ledger[0]
    if assessment.verdict == "not_judged":
        return Refused("no_rule_set", assessment.text)
    if entry.code in NO_RULE:
        return Refused(
            entry.code, f"在{law.pack.number}中没有认定学时的条款：{entry.text}；请核对种类和所填情况"
        )
    if entry.verdict == "refused":
        return Refused(entry.code, entry.text)
    if entry.verdict == "other_year":
        return Refused("other_year", f"{entry.text}；请核对日期，或按所属年度申报")
    waiting = [point for point in assessment.open if point.record == entry.record]
    return RecordSaid(
        entry,
        [fact for point in waiting for fact in point.facts if not fact.startswith("person.")],
        "；".join(point.text for point in waiting),
    )


def _alone(area: str, level: str | None, record: RecordFacts) -> PersonYearRequest:
    """Return the request that judges one record by itself, in the year under which it is entered."""
    assert record.year is not None  # every record is entered under a year
    return PersonYearRequest(
        area=area,
        year=record.year,
        person={} if level is None else {"person.level": level},
        records=(record,),
    )


def choice_for(
    law: RecordLaw, record: StudyRecord, facts: Mapping[str, object], level: str | None
) -> Choice | None:
    """Return what the verifier of a stored record may choose; None where the text leaves nothing, or no value fits."""
    alone = RecordFacts("本记录", record.kind, facts, record.year, record.claimed, makeup=record.makeup)
    try:
        return choice_of(law.pack, _alone(record.area, level, alone), alone)
    except RuleError:
        return None


def way_in(law: RecordLaw, entry: LedgerEntry, asked: str) -> Channel | Refused:
    """Return the channel by which a record may come in: the rule's own, or one asked for that no rule reserves.

    A channel that some rule names (本人申请、组织机构统一登记) takes what its rules name; one that no rule names, like
    the import of another system, takes everything.
    """
    of_rules = law.pack.channels
    own = of_rules.get(entry.rules[0], "") if entry.rules else ""
    names = "、".join(f"{one.id}（{one.name}）" for one in law.flow.channels)
    chosen = law.channel(asked or own)
    if chosen is None and not (asked or own) and entry.code == "needs_fact":
        # Which rule takes it, and so who registers it, hangs on what was left out.
        return Refused("needs_fact", f"{entry.text}；填明后才能确定由谁登记，请补齐后再申报")
    if chosen is None:
        what = f"没有“{asked or own}”这一登记途径" if asked or own else "没有指明登记途径"
        return Refused("no_channel", f"{what}；{law.flow.title}的途径有：{names}")
    if own and chosen.id != own and chosen.id in of_rules.values():
        right = law.channel(own)
        by = f"“{right.name}”（{right.clause}）" if right else f"“{own}”"
        return Refused(
            "other_channel", f"按{entry.clause}，该项由{by}办理，不能以“{chosen.name}”申报；请改由其登记"
        )
    return chosen


def year_is_handed_over(
    session: Session, person_id: UUID, unit_id: UUID, year: int, pack: RulePack
) -> Refused | None:
    """Refuse a change to a year that the judging unit has handed over and that is not sealed yet: return it first.

    The unit is the one where the person works at the end of the statistics year, and the one that the record names.
    Once the year is sealed, a change is a new entry that touches no sealed result.
    """
    _, last = pack.year_window(year)
    unit_ids = {unit_id, *records.units_of_person(session, person_id, last)}
    seen: set[UUID] = set()
    for campaign, filing in filing_rows.filings_of_year(session, sorted(unit_ids), year):
        if filing.unit_id in seen:
            continue
        seen.add(filing.unit_id)
        if campaign.stage in ("open", "closing") and filing.stage in UNDER_REVIEW:
            return Refused(
                "year_handed_over",
                f"该单位的{year}年度验证已提交，本年度学时记录不能再变动；请先由审核单位退回，再办理",
            )
    return None
