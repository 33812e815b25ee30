"""The numbering of texts as they are published."""

from __future__ import annotations

from xueshi.regulations.notice_guesses import read_guesses
from xueshi.regulations.outline import outline
from xueshi.regulations.published_text import PublishedText


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


def test_headings_marked_as_on_a_web_page_are_read_as_printed() -> None:
    read = outline(
        "# 某市文件\n## 关于加强我市 继续教育工作的通知\n## 一、人员范围\n专业技术人员。\n#### **四、认定标准**\n- （一）培训。"
    )
    assert [clause.number for clause in read.clauses] == ["一", "四(一)"]
    assert read.title == "关于加强我市继续教育工作的通知"


def test_a_title_on_several_lines_names_the_text_that_the_letter_sends() -> None:
    read = outline("某市人社局关于印发\n《某市继续教育学时管理\n实施细则（试行）》的通知\n第一条 甲")
    assert read.title == "某市继续教育学时管理实施细则（试行）"


def test_a_day_in_chinese_figures_is_read() -> None:
    for written, day in (
        ("二〇一三年三月十二日", "2013-03-12"),
        ("二○一一年三月二十二日", "2011-03-22"),
        ("二零二零年十月三十一日", "2020-10-31"),
        ("二〇一〇年十二月十日", "2010-12-10"),
    ):
        read = outline(f"一、本意见自印发之日起试行。\n某市人力资源和社会保障局\n{written}")
        assert (read.issued, read.issuer) == (day, "某市人力资源和社会保障局")
        assert read_guesses(read).first_year == int(day[:4])
    assert read_guesses(outline("一、自二〇一八年一月一日起施行。")).effective == "2018-01-01"


ARTICLES = """第一章　总则
第一条 为规范管理。
第二章　标准
第二条 参加培训的，按时间计算：
（一）5天以内的，每天6学时；
（二）超过5天的，每天4学时。
报到和返程的时间不计。
同一班次只计一次。
第三条 下列活动计算学时：
（一）学术会议：
国家级10学时，省级6学时。
（二）论文：
每篇10学时。
第三章 附则
第四条 本办法自印发之日起施行。
"""


def test_what_follows_the_items_of_an_article_is_the_articles() -> None:
    read = outline(ARTICLES)
    texts = {clause.number: clause.text for clause in read.clauses}
    assert list(texts) == [
        "第一条",
        "第二条",
        "第二条(一)",
        "第二条(二)",
        "第三条(一)",
        "第三条(二)",
        "第四条",
    ]
    assert texts["第二条"] == "参加培训的，按时间计算：报到和返程的时间不计。同一班次只计一次。"
    assert texts["第二条(二)"] == "超过5天的，每天4学时。"
    assert texts["第三条(二)"] == "论文：每篇10学时。", "no sentence yet: the item goes on"
    assert "章" not in "".join(texts.values()), "the heading of a chapter is no text of the article above"


def test_a_paragraph_between_items_or_under_a_section_stays_where_it_stands() -> None:
    texts = {
        clause.number: clause.text
        for clause in outline("第二条 甲：\n（一）乙。\n丙。\n（二）丁。\n一、戊\n（一）己。\n庚。").clauses
    }
    assert texts["第二条(一)"] == "乙。丙。"
    assert texts["一(一)"] == "己。庚。"


def test_the_last_paragraph_of_an_article_can_be_quoted_alone() -> None:
    text = PublishedText(ARTICLES)
    assert text.quote("第二条第二款") == "报到和返程的时间不计。"
    assert text.quote("第二条(二)") == "超过5天的，每天4学时。"
    assert "报到和返程" in text.around("第二条(二)"), "it speaks for the items above it"


def test_what_leads_to_the_items_of_an_article_is_a_clause_where_it_says_a_rule() -> None:
    lead = "第五条　学时按下列标准认定，除另有规定的外计入专业科目：\n（一）甲，每天8学时。\n（二）乙。\n第六条 下列各项：\n（一）丙。"
    assert numbers(lead) == ["第五条", "第五条(一)", "第五条(二)", "第六条(一)"]
    assert PublishedText(lead).quote("第五条") == "学时按下列标准认定，除另有规定的外计入专业科目："
    assert numbers("一、培训，研修\n（一）甲") == ["一(一)"], "a heading under a section is none"


def test_the_last_year_is_read_from_the_day_until_which_it_is_in_force() -> None:
    for said, last in (
        ("本办法自2024年1月1日起施行，有效期至2028年12月31日。", 2028),
        ("本办法自2024年1月1日起施行，有效期限到2027年12月31日止。", 2027),
        ("本办法自2024年1月1日起施行，至2026年12月31日失效。", 2026),
        ("本办法自2024年1月1日起施行，有效期5年。", 2028),
        ("本办法自2024年1月1日起施行，有效期至二〇二九年六月三十日。", 2029),
        ("本办法自2024年1月1日起施行。2028年12月31日前的继续有效。", None),
        ("本办法自2024年1月1日起施行，有效期至2028年2月31日。", None),
    ):
        assert read_guesses(outline(f"第一条　{said}")).last_year == last, said
    year = "第一条　统计年度自上年11月1日至当年10月31日。\n第二条　本办法自2024年1月1日起施行，有效期至2028年12月31日。"
    assert read_guesses(outline(year)).last_year == 2029
