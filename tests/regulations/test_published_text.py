"""A published text quoted by clause, and what may be guessed from it."""

from __future__ import annotations

import pytest

from xueshi.regulations.notice_guesses import read_guesses
from xueshi.regulations.outline import outline
from xueshi.regulations.published_text import PublishedText

NOTICE = """关于某事的通知
某人社发〔2031〕7号
一、基本要求
（一）每年不少于80学时，其中公需科目不少于20学时。
（二）按公历年计算。
二、学时计算
（一）培训每天6学时。
1. 脱产的。
三、本通知自2032年1月1日起施行。
某市人力资源和社会保障局
2031年9月15日
"""


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        ("一(一)", "每年不少于80学时，其中公需科目不少于20学时。"),
        ("一(一)、一(二)", "每年不少于80学时，其中公需科目不少于20学时。；按公历年计算。"),
        ("二(一)末", "培训每天6学时。"),
        ("二(一)9", "培训每天6学时。"),
        ("九", ""),
        ("", ""),
    ],
)
def test_a_clause_gives_its_sentence(clause: str, says: str) -> None:
    assert PublishedText(NOTICE).quote(clause) == says


def test_an_instrument_printed_as_an_annex_is_quoted_without_naming_the_annex() -> None:
    text = f"{NOTICE}附件3\n办法\n第一条 为规范管理。\n第二条 单位登记。\n"
    assert PublishedText(text).quote("第二条") == "单位登记。"


def test_headings_of_a_web_page_do_not_hide_the_numbering() -> None:
    text = NOTICE.replace("二、学时计算", "#### **二、学时计算**")
    assert PublishedText(text).quote("二(一)") == "培训每天6学时。"


@pytest.mark.parametrize(
    ("old", "new", "effective", "year", "minimums"),
    [
        ("", "", "2032-01-01", 2032, {"public": "20", "total": "80"}),
        ("自2032年1月1日起施行", "自印发之日起试行", "2031-09-15", 2031, {"public": "20", "total": "80"}),
        ("自2032年1月1日起施行", "请遵照执行", None, 2031, {"public": "20", "total": "80"}),
        ("不少于80学时，其中公需科目不少于20学时", "学满规定学时", "2032-01-01", 2032, {}),
        ("，其中公需科目不少于20学时", "", "2032-01-01", 2032, {"total": "80"}),
        ("不少于80学时，其中公需科目不少于20学时", "公需科目不少于20学时", "2032-01-01", 2032, {}),
    ],
)
def test_start_and_minimums_are_guessed_from_plain_phrases(
    old: str, new: str, effective: str | None, year: int, minimums: dict[str, str]
) -> None:
    found = read_guesses(outline(NOTICE.replace(old, new) if old else NOTICE))
    assert (found.effective, found.first_year, found.minimums) == (effective, year, minimums)


def test_a_text_without_any_numbering_has_no_clauses() -> None:
    assert outline("某通知\n没有编号的一段。\n").clauses == ()
    assert PublishedText("没有编号的一段。\n").quote("一") == ""
