"""The numbering of texts as they are published."""

from __future__ import annotations

from xueshi.regulations.outline import outline


def numbers(text: str) -> list[str]:
    return [clause.number for clause in outline(text).clauses]


def test_a_heading_with_a_sentence_of_its_own_is_a_clause() -> None:
    assert numbers("一、任务\n（一）甲") == ["一(一)"]
    assert numbers("一、任务如下。\n（一）甲") == ["一", "一(一)"]
    assert numbers("一、任务\n各单位照办。\n（一）甲") == ["一", "一(一)"]


def test_articles_with_parts() -> None:
    assert numbers("第一章 总则\n第一条 甲\n第二条　下列各项：\n(一) 乙\n（二）丙\n第三条 丁") == [
        "第一条",
        "第二条(一)",
        "第二条(二)",
        "第三条",
    ]


def test_a_number_that_returns_is_reported_not_lost_in_silence() -> None:
    read = outline("一、甲\n二、乙\n一、丙")
    assert [clause.number for clause in read.clauses] == ["一", "二"]
    assert read.repeated == ("一",)


def test_the_list_of_annexes_is_no_clause_and_an_annex_numbers_anew() -> None:
    assert numbers("一、甲\n附件：\n1. 登记卡\n2. 标准\n附件1\n一、丙") == ["一", "附件1一"]


def test_a_figure_at_the_start_of_a_line_is_no_number_of_a_clause() -> None:
    assert numbers("一、甲\n1.5学时计一次\n2024年起施行") == ["一"]
