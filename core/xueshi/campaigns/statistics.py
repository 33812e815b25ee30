"""The year's figures of a campaign: who studied, how much, how, by level; units that did not file are told apart."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns import repository
from xueshi.campaigns.assessing import pack_of, people_of
from xueshi.campaigns.campaign_clock import campaign_now
from xueshi.campaigns.clock import civil_date
from xueshi.campaigns.tables import Campaign
from xueshi.documents.statistics import PersonStudy, study_form, table_columns, table_groups, year_table
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import YearTable
from xueshi.results import repository as results

ENGINE = Scope.everything()
NOTES = {
    "not_filed": "逾期未申报",
    "refused": "不予通过",
    "not_decided": "关闭时未审结",
    "dissolved": "已撤并，其人员不在本表之内",
}
"""Units that stand apart from the figures, and in which words."""


def year_table_of(session: Session, campaign: Campaign, paper: DocumentTemplate) -> YearTable:
    """Return the yearly table of a campaign, from sealed results and the registers of units that did not file."""
    pack = pack_of(session, campaign)
    sealed = {
        (result.unit_id, result.person_id): result
        for _, result in results.sealed_results(session, campaign.id)
    }
    people: list[PersonStudy] = []
    stages: Counter[str] = Counter()
    for filing in repository.standing_filings(session, ENGINE, campaign.id):
        stages[filing.stage] += 1
        if filing.stage == "dissolved":
            continue  # its people are counted where they work now
        for person in people_of(session, campaign, filing, pack):
            result = sealed.get((filing.unit_id, person.person_id))
            hours = (
                {}
                if result is None
                else {key: value for key, value in result.totals.items() if key != "total"}
            )
            people.append(
                PersonStudy(
                    group=person.level or "",
                    verdict=None if result is None else result.verdict,
                    hours=hours,
                    records=Counter(study_form(paper, record.form) for record in person.records),
                )
            )
    first, last = pack.year_window(campaign.year)
    notes = [f"{stages[stage]}家单位{words}。" for stage, words in NOTES.items() if stages[stage]]
    return year_table(
        people,
        columns=table_columns(paper),
        groups=table_groups(paper),
        region=campaign.region,
        area=campaign.area,
        area_name=campaign.area_name,
        year=campaign.year,
        title=paper.title,
        period_start=first,
        period_end=last,
        reporting_body=campaign.verifier,
        made_on=civil_date(campaign_now(session, campaign, datetime.now(UTC))),
        notes=notes,
        clause=paper.clause,
        sample=campaign.standing,
    )
