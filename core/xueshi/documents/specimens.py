"""Made-up data for a paper, so that its form can be looked at without anybody's register; marked 示例."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from xueshi.documents.filings import JudgedPerson, unit_filing
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, StudyEntry, UnitFiling
from xueshi.errors import InputError

UNIT = "示例单位"
STUDIES = (
    ("示例培训课程", "集中培训", 2400, "合格", "示例0001"),
    ("示例网络课程", "网络学习", 1600, "合格", "示例0002"),
    ("示例学术会议", "学术会议", 850, "", ""),
)
PEOPLE = (("senior", "met"), ("intermediate", "met"), ("intermediate", "not_met"), ("junior", "met"))


def specimen(
    paper: DocumentTemplate,
    *,
    region: str,
    area: str,
    area_name: str,
    year: int,
    categories: Mapping[str, str],
) -> PersonYear | UnitFiling:
    """Return made-up data of the kind that a paper takes; `categories` are those of the law, code → name.

    Raises InputError for a kind that is filled from counts of a whole register.
    """
    if paper.data == "person_year":
        return _person(region, area, area_name, year, categories)
    if paper.data == "unit_filing":
        return unit_filing(
            [JudgedPerson(*one) for one in PEOPLE],
            region=region,
            area=area,
            area_name=area_name,
            year=year,
            unit=UNIT,
            filed_on=date(year, 11, 15),
            sample=True,
        )
    raise InputError(
        f"《{paper.title}》（{paper.id}）由登记统计而成，没有示例数据；请用 xueshi statistics {region} {year} -o 文件 查看"
    )


def _person(region: str, area: str, area_name: str, year: int, categories: Mapping[str, str]) -> PersonYear:
    codes = list(categories) or [""]
    entries = tuple(
        StudyEntry(
            date(year, 3 + 2 * place, 4),
            date(year, 3 + 2 * place, 6),
            content,
            form,
            hours,
            result,
            certificate,
            codes[place % len(codes)],
            categories.get(codes[place % len(codes)], ""),
        )
        for place, (content, form, hours, result, certificate) in enumerate(STUDIES)
    )
    totals = {code: sum(one.hours for one in entries if one.category == code) for code in codes}
    return PersonYear(
        region=region,
        area=area,
        area_name=area_name,
        year=year,
        number="",
        name="示例甲",
        sex="女",
        born=date(1985, 6, 1),
        political_status="群众",
        unit=UNIT,
        post="示例岗位",
        title="示例职称",
        level="intermediate",
        verdict="met",
        entries=entries,
        totals={**totals, "total": sum(one.hours for one in entries)},
        sample=True,
    )
