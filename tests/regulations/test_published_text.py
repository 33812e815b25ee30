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


def test_an_annex_of_the_instrument_may_be_another_annex_of_the_letter() -> None:
    text = PublishedText(
        f"{NOTICE}附件4\n标准\n一、学时类\n1.培训按实际课时。\n2.会议每次6学时。\n", {"标准2": "附件1一2"}
    )
    assert text.quote("附件1一1") == "培训按实际课时。"
    assert text.quote("标准2") == "会议每次6学时。"
    assert text.quote("标准3") == ""
    assert text.around("标准2") == "会议每次6学时。"


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        ("三第一款", "公需科目每门30学时。"),
        ("三第二款", "专业科目由单位组织。"),
        ("三第三款", "内容公需科目每门30学时。专业科目由单位组织。"),
        ("第九条第一款", "实行登记制度。"),
        ("第九条第二款", "学分制另定。"),
        ("第十条第一款", ""),
    ],
)
def test_a_paragraph_is_quoted_alone(clause: str, says: str) -> None:
    text = "三、内容\n公需科目每门30学时。\n专业科目由单位组织。\n第九条 实行登记制度。\n学分制另定。\n"
    assert PublishedText(text).quote(clause) == says


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


@pytest.mark.parametrize(
    ("starts", "from_day", "valid", "found_as"),
    [
        ("上年12月1日至当年11月30日", "2033年12月1日", "，有效期五年", ("12-01", 2034, 2038)),
        ("上一年度11月1日起至本年10月31日止", "2033年10月1日", "", ("11-01", 2033, None)),
        ("公历年", "2032年1月1日", "，有效期5年", ("01-01", 2032, 2036)),
        ("公历年", "2032年5月1日", "，有效期为二年", ("01-01", 2032, 2034)),
    ],
)
def test_the_statistics_years_are_guessed_with_their_first_day(
    starts: str, from_day: str, valid: str, found_as: tuple[str, int, int | None]
) -> None:
    found = read_guesses(outline(f"一、年度为{starts}。\n二、本办法自{from_day}起施行{valid}。\n"))
    assert (found.starts, found.first_year, found.last_year) == found_as
    assert found.starts_clause == ("" if starts == "公历年" else "一")


def test_a_letter_that_sends_another_text_is_not_the_instrument() -> None:
    text = "关于印发《某州学时认定办法（试行）》的通知\n某人社规〔2033〕4号\n第一条 学时。\n第二条 登记。\n"
    assert outline(text).title == "某州学时认定办法（试行）"


def test_a_text_without_any_numbering_has_no_clauses() -> None:
    assert outline("某通知\n没有编号的一段。\n").clauses == ()
    assert PublishedText("没有编号的一段。\n").quote("一") == ""
