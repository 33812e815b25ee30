"""Each region's paper for one person's year: every word of the form, every record, nothing lost on a second page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import entry_points
from typing import Any

import pikepdf
import pypdfium2
import pytest

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, StudyEntry
from xueshi.registry import GROUP, load
from xueshi_templates.closure import complete_closure
from xueshi_templates.fonts import FontSet
from xueshi_templates.render import render
from xueshi_templates.words import totals_text

REGISTRY = load(strict=False)
SHARED = ("shared/forms/record-page.typ.j2", "shared/forms/hours-certificate.typ.j2")
OWN_WORDS = ("number", "name", "sex", "born", "title", "level", "identity", "unit", "note", "seal")


def papers() -> Iterator[tuple[str, int, DocumentTemplate]]:
    for code in sorted(entry_point.name for entry_point in entry_points(group=GROUP)):
        seen: set[str] = set()
        for year in range(2011, 2026):
            for paper in REGISTRY.ask(code).document_templates(year):
                if paper.data == "person_year" and paper.template in SHARED and paper.id not in seen:
                    seen.add(paper.id)
                    yield code, year, complete_closure(paper)


PAPERS = list(papers())
NAMES = [f"{code}-{paper.id}" for code, _, paper in PAPERS]


def categories(paper: DocumentTemplate) -> list[dict[str, str]]:
    fields: Any = paper.fields
    found: list[dict[str, str]] = fields["totals"]["categories"]
    return found


def columns(paper: DocumentTemplate) -> list[dict[str, Any]]:
    fields: Any = paper.fields
    found: list[dict[str, Any]] = fields["entries"]["columns"]
    return found


def year_of(
    paper: DocumentTemplate, year: int, person: Callable[..., PersonYear], entries: int, **changed: Any
) -> PersonYear:
    """A person with hours in every category by turns; totals are their sums."""
    kinds = categories(paper)
    studied = tuple(
        StudyEntry(
            date(year, 3, 1 + number % 28),
            date(year, 3, 1 + number % 28),
            f"课程{number:02d}号",
            "网络",
            1050,
            "合格",
            category=kinds[number % len(kinds)]["key"],
            category_label=kinds[number % len(kinds)]["label"],
        )
        for number in range(entries)
    )
    totals = {
        one["key"]: sum(entry.hours for entry in studied if entry.category == one["key"]) for one in kinds
    }
    totals["total"] = sum(totals.values())
    return person(year=year, entries=studied, totals=totals, verified_on=date(year, 12, 20), **changed)


def pages(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [re.sub(r"\s+", "", page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def words_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield re.sub(r"\s+", "", value)
    elif isinstance(value, dict):
        yield from (word for one in value.values() for word in words_of(one))
    elif isinstance(value, list):
        yield from (word for one in value for word in words_of(one))


def test_every_city_and_province_with_a_record_has_its_paper() -> None:
    assert len({code for code, _, _ in PAPERS}) >= 4
    assert len(PAPERS) >= 5


@pytest.mark.parametrize(("code", "year", "paper"), PAPERS, ids=NAMES)
def test_every_word_of_the_form_and_every_field_of_the_person_stands_on_it(
    code: str, year: int, paper: DocumentTemplate, person: Callable[..., PersonYear], fonts: FontSet
) -> None:
    data = year_of(paper, year, person, 5)
    text = "".join(pages(render(paper, data, "pdf", fonts=fonts)))
    fields: Any = paper.fields
    wanted = [paper.title.replace(" ", "")]
    for name in OWN_WORDS:
        wanted += words_of(fields.get(name, {}).get("label") if name == "number" else fields.get(name))
    wanted += [word for one in columns(paper) for word in words_of(one["label"])]
    wanted += [one["label"] for one in categories(paper)]
    wanted += words_of(fields.get("seals", []))
    wanted += ["曹敏英", "涪陵区水利工程勘测设计院", "高级工程师", data.number, f"{year}年", "12月20日"]
    assert [word for word in wanted if word not in text] == []
    assert "示例" not in text
    assert "示例" in "".join(
        pages(render(paper, year_of(paper, year, person, 1, sample=True), "pdf", fonts=fonts))
    )


@pytest.mark.parametrize(("code", "year", "paper"), PAPERS, ids=NAMES)
def test_hours_stand_by_category_and_in_all(
    code: str, year: int, paper: DocumentTemplate, person: Callable[..., PersonYear], fonts: FontSet
) -> None:
    data = year_of(paper, year, person, 5)
    text = "".join(pages(render(paper, data, "pdf", fonts=fonts)))
    assert "52.5" in text
    for one in categories(paper):
        assert f"{data.totals[one['key']] / 100:g}" in text


@pytest.mark.parametrize(("code", "year", "paper"), PAPERS, ids=NAMES)
def test_a_long_year_runs_on_and_loses_no_record(
    code: str, year: int, paper: DocumentTemplate, person: Callable[..., PersonYear], fonts: FontSet
) -> None:
    found = pages(render(paper, year_of(paper, year, person, 40), "pdf", fonts=fonts))
    assert len(found) >= 3
    text = "".join(found)
    assert [number for number in range(40) if text.count(f"课程{number:02d}号") != 1] == []
    assert all("曹敏英" in page for page in found)


@pytest.mark.parametrize(("code", "year", "paper"), PAPERS, ids=NAMES)
def test_a_year_without_records_is_a_blank_form_not_an_error(
    code: str, year: int, paper: DocumentTemplate, person: Callable[..., PersonYear], fonts: FontSet
) -> None:
    data = person(year=year, entries=(), totals={}, verified_on=None, level="", title="", number="")
    found = pages(render(paper, data, "pdf", fonts=fonts))
    assert len(found) == 1
    assert re.search("年月日", found[0])


@pytest.mark.parametrize(("code", "year", "paper"), PAPERS, ids=NAMES)
def test_it_is_an_archive_file_and_the_same_bytes_each_time(
    code: str, year: int, paper: DocumentTemplate, person: Callable[..., PersonYear], fonts: FontSet
) -> None:
    data = year_of(paper, year, person, 3)
    body = render(paper, data, "pdf", fonts=fonts)
    assert render(paper, data, "pdf", fonts=fonts) == body
    with pikepdf.open(io.BytesIO(body)) as document:
        metadata = document.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")


@pytest.mark.parametrize(("code", "year", "paper"), PAPERS, ids=NAMES)
def test_a_layout_of_our_own_says_so_and_its_columns_fill_the_page(
    code: str, year: int, paper: DocumentTemplate
) -> None:
    from importlib.resources import files

    folder = files(REGISTRY.ask(code).package) / "papers"
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".yaml")]
    (own,) = [text for text in texts if f"id: {paper.id}\n" in text]
    assert "版式自拟" in own.splitlines()[0]
    if paper.template == SHARED[0]:
        assert sum(one["width"] for one in columns(paper)) == 470


def test_the_line_of_totals_says_nought_where_nothing_was_earned() -> None:
    words = {
        "categories": [{"key": "a", "label": "甲"}, {"key": "b", "label": "乙"}],
        "all": "总计",
        "unit": "（学时）",
    }
    assert totals_text({"a": 960, "total": 960}, words) == "甲 9.6　乙 0　总计 9.6（学时）"
