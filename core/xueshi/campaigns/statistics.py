"""The year's figures of a campaign: who studied, how much, how, by level; units that did not file are told apart."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from sqlmodel import Session

from xueshi.access.scope import Scope
from xueshi.campaigns import repository
from xueshi.campaigns.assessing import pack_of, people_as_sealed
from xueshi.campaigns.campaign_clock import campaign_now
from xueshi.campaigns.clock import civil_date
from xueshi.campaigns.tables import Campaign
from xueshi.documents.statistics import PersonStudy, study_form, table_columns, table_groups, year_table
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import YearTable
from xueshi.results import repository as results

ENGINE = Scope.everything()


def year_table_of(session: Session, campaign: Campaign, paper: DocumentTemplate) -> YearTable:
    """Return the yearly table of a campaign, from sealed results and the registers of units that did not file."""
    pack = pack_of(session, campaign)
    sealed = {
        (result.unit_id, result.person_id): result
        for _, result in results.sealed_results(session, campaign.id)
    }
    people: list[PersonStudy] = []
    not_filed = refused = 0
    for filing in repository.filings(session, ENGINE, campaign.id):
        not_filed += filing.stage == "not_filed"
        refused += filing.stage == "refused"
        for person in people_as_sealed(session, campaign, filing, pack):
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
    notes = [f"{not_filed}家单位逾期未申报。"] if not_filed else []
    if refused:
        notes.append(f"{refused}家单位不予通过。")
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
