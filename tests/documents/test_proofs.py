"""Numbers, digests and stored artifacts of papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from xueshi.documents.numbering import number_pattern, paper_number
from xueshi.documents.proofs import (
    canonical_data,
    canonical_template,
    content_digest,
    data_digest,
    data_from_canonical,
    print_proof,
    reprint_differences,
    template_digest,
    template_from_canonical,
)
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import (
    DocumentData,
    Letter,
    LevelCounts,
    PersonYear,
    StudyEntry,
    TableColumn,
    UnitFiling,
    YearTable,
)
from xueshi.errors import InputError, PluginError
from xueshi.jurisdictions import YearSpan

ENTRY = StudyEntry(date(2021, 1, 2), None, "课程", "讲座", 960, "合格", "证1", "public", "公需科目")
PERSON = PersonYear(
    "r", "990100", "某区", 2021, "K1", "王㛃", "女", date(1980, 5, 1), "", "某院", "岗位", "工程师", "intermediate",
    "met", (ENTRY, ENTRY), {"public": 1920, "total": 1920}, b"\xff\xd8\xff", date(2021, 11, 1), "中心", "d", True,
)  # fmt: skip
FILING = UnitFiling(
    "r", "990100", "某区", 2021, "某院", None, LevelCounts(2, 1, 1), LevelCounts(1, 1), None, ("说明。",)
)
TABLE = YearTable(
    "r", "990100", "某区", 2021, "表", date(2020, 11, 1), date(2021, 10, 31), "局", date(2021, 12, 1),
    (TableColumn("people", "人数", "全部", "人"),), ({"people": 2, "rate": None},), {"people": 2}, ("注",),
)  # fmt: skip
LETTER = Letter("r", "某区", "某号", "通知", "某院", ("一", "二"), "局", date(2021, 11, 8))
CARD = DocumentTemplate(
    "card",
    "卡",
    "附件2",
    "person_year",
    YearSpan(2007),
    "pdf",
    "c.typ.j2",
    {"a": {"b": [1, "x"]}},
    {"c.typ.j2": "t"},
)


@pytest.mark.parametrize("data", [PERSON, FILING, TABLE, LETTER], ids=lambda data: type(data).__name__)
def test_stored_data_comes_back_as_it_was(data: DocumentData) -> None:
    assert data_from_canonical(canonical_data(data)) == data


def test_a_stored_template_comes_back_as_it_was() -> None:
    back = template_from_canonical(canonical_template(CARD))
    assert back == CARD
    assert template_digest(back) == template_digest(CARD)


@pytest.mark.parametrize("text", ["", "{}", '{"kind":"no","data":{}}', '{"kind":"letter","data":{"x":1}}'])
def test_a_damaged_artifact_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(InputError, match="请从备份恢复"):
        data_from_canonical(text)


def test_every_part_of_a_paper_is_in_its_digest() -> None:
    digest = content_digest(PERSON, template_digest(CARD), "f1")
    others = {
        content_digest(replace(PERSON, sample=False), template_digest(CARD), "f1"),
        content_digest(PERSON, template_digest(replace(CARD, closure={"c.typ.j2": "u"})), "f1"),
        content_digest(PERSON, template_digest(CARD), "f2"),
    }
    assert digest not in others
    assert len(others) == 3
    assert content_digest(PERSON, template_digest(CARD), "f1") == digest


def test_a_field_that_moves_between_neighbours_changes_the_digest() -> None:
    assert data_digest(replace(FILING, unit="甲", number="乙")) != data_digest(
        replace(FILING, unit="甲乙", number="")
    )


def test_a_reprint_says_what_differs_from_the_first_print() -> None:
    first = print_proof(PERSON, CARD, "f1", b"one")
    assert reprint_differences(first, print_proof(PERSON, CARD, "f1", b"one")) == ()
    assert reprint_differences(first, print_proof(replace(PERSON, name="李"), CARD, "f2", b"two")) == (
        "数据",
        "字体",
    )
    assert reprint_differences(first, print_proof(PERSON, CARD, "f1", b"two")) == ("排版程序",)


def test_numbers_follow_the_pattern() -> None:
    numbers = [
        paper_number("K{area}-{year}-{counter:05d}", region="r", area="990100", year=2021, counter=counter)
        for counter in (1, 99999, 100000)
    ]
    assert numbers == ["K990100-2021-00001", "K990100-2021-99999", "K990100-2021-100000"]
    assert paper_number("{region}/{counter}", region="r", area="", year=1, counter=7) == "r/7"


@pytest.mark.parametrize("pattern", ["K{year}", "K{counter}{name}", "K{counter!r}{", "{counter.__class__}"])
def test_a_pattern_that_cannot_number_is_refused(pattern: str) -> None:
    with pytest.raises(PluginError, match=r"number\.pattern"):
        paper_number(pattern, region="r", area="a", year=2021, counter=1)


def test_a_paper_may_bear_no_number() -> None:
    assert number_pattern(CARD) is None
    assert (
        number_pattern(replace(CARD, fields={"number": {"label": "编号", "pattern": "{counter}"}}))
        == "{counter}"
    )


def test_a_pinned_template_keeps_the_order_of_its_rows() -> None:
    rows = {"senior": "高级", "intermediate": "中级", "junior": "初级", "": "未定级"}
    back = template_from_canonical(canonical_template(replace(CARD, fields={"groups": rows})))
    assert isinstance(back.fields["groups"], dict)
    assert list(back.fields["groups"].items()) == list(rows.items())
