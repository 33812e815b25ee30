"""What the page 学时认定说明 is filled with: the explanation of a person's year as texts, ready to set."""

from __future__ import annotations

from datetime import date

from xueshi.assessment.explanation import YearExplanation
from xueshi.assessment.explanation_text import cure_groups, record_parts, requirement_line, window_line
from xueshi.documents.types import ExplainedRecord, ExplainedYear
from xueshi.hours import show_hours


def explained_year(
    one: YearExplanation, *, person: str, unit: str, made_on: date, sample: bool = False
) -> ExplainedYear:
    """Turn an explanation into the data of its page; `made_on` is the day on which the year was judged."""
    return ExplainedYear(
        person=person,
        unit=unit,
        area=one.area,
        year=one.year,
        period=f"{one.since}至{one.until}",
        law=f"《{one.title}》{one.number}（{one.regulation}）",
        verdict=one.verdict_text,
        totals=tuple((label, f"{show_hours(hours)}学时") for label, hours in one.totals),
        requirements=(
            *(requirement_line(each) for each in one.requirements),
            *(window_line(each) for each in one.windows),
        ),
        notes=(*((one.text,) if one.text else ()), *(f"提示：{each}" for each in one.warnings)),
        until=one.until,
        cures=cure_groups(one),
        records=tuple(
            ExplainedRecord(head, hours, parts)
            for head, hours, parts in (record_parts(each) for each in one.records)
        ),
        readings=one.readings,
        rules_digest=one.digest,
        made_on=made_on,
        sample=sample,
    )
