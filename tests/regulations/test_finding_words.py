"""Findings in Chinese: every sentence of the checks has its Chinese, and an officer reads no English."""

from __future__ import annotations

import re
import string
from functools import cache
from pathlib import Path

import pytest
from finding_templates import Said, said_in

import xueshi
from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.finding_words import (
    Book,
    Template,
    book,
    in_chinese,
    message_in_chinese,
    repair_in_chinese,
    text_in_chinese,
)

CORE = Path(xueshi.__file__).parent
BOOKS: tuple[Book, ...] = ("messages", "repairs", "phrases")

THREE_WORDS = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}")


@cache
def sentences() -> list[Said]:
    return list(said_in(CORE))


def placeholders(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def english(said: Said) -> bool:
    """Tell whether a template needs Chinese; one that a check writes in Chinese has none of three English words in a row.

    A command to be typed is no English.
    """
    return not re.search(r"[\u4e00-\u9fff]", said.text) or bool(
        THREE_WORDS.search(re.sub(r"xueshi [a-z ]+", "", said.text))
    )


def held(said: Said) -> bool:
    """Tell whether a template has its Chinese; a phrase may also be the end of a sentence that has."""
    if said.kind == "phrases":
        return any(template.endswith(said.text.strip()) for name in BOOKS for template in book(name))
    return said.text in book("messages" if said.kind == "messages" else "repairs")


def test_every_sentence_of_the_checks_has_its_chinese() -> None:
    found = sentences()
    assert len({one.text for one in found}) > 350
    lacking = [f"{one.place}: {one.kind}: {one.text}" for one in found if english(one) and not held(one)]
    assert lacking == [], "write their Chinese in regulations/finding_*.yaml:\n" + "\n".join(lacking)


def test_a_new_sentence_without_chinese_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text(
        'def look(findings, name):\n    findings.add("E101", "f", 1, f"{name} was never seen", "look again")\n'
    )
    found = list(said_in(tmp_path))
    assert [(one.text, one.place, held(one)) for one in found] == [
        ("{} was never seen", "new.py:2", False),
        ("look again", "new.py:2", False),
    ]


@pytest.mark.parametrize("name", BOOKS)
def test_the_chinese_holds_what_is_put_in(name: Book) -> None:
    for template, chinese in book(name).items():
        asked, given = placeholders(template), placeholders(chinese)
        assert re.search(r"[\u4e00-\u9fff]|：", chinese), template
        assert len(set(given) if given and given[0] else given) == len(asked), template
        chinese.format(*asked)


@pytest.mark.parametrize("name", ["messages", "repairs"])
def test_each_sentence_is_known_again_by_what_it_says(name: Book) -> None:
    say = message_in_chinese if name == "messages" else repair_in_chinese
    for template, chinese in book(name).items():
        words = [f"3.{place}" for place in range(len(placeholders(template)))]
        said = say(template.format(*words))
        assert said.replace(" ", "") == chinese.format(*words).replace(" ", ""), template


@pytest.mark.parametrize("name", ["messages", "repairs"])
def test_no_chinese_outlives_its_sentence(name: Book) -> None:
    said = {one.text for one in sentences() if one.kind == name}
    wide = [Template(text, "") for text in said if len(re.sub(r"\{\}|\W", "", text)) >= 4]
    assert [
        text
        for text in book(name)
        if text not in said
        and text not in FROM_ELSEWHERE
        and not any(one.parts(text.replace("{}", "x")) is not None for one in wide)
    ] == []


FROM_ELSEWHERE = (
    "correct this line", "save it as UTF-8", "write the keys of its kind", "add it", "write a list: [one, two], or [] for none",
    "write a whole number", "write yes or no", "write a day: 2024-12-31", "write one text", "correct the value", "{} per {}",
)  # fmt: skip
"""Repairs of the strict reading of a plugin's files, and of an amount (`8 per day`), which a function returns."""


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ('unknown key "neds" in rule 3.1 (三); did you mean "needs"?', "条目3.1（三）没有“neds”这个键；是不是“needs”？"),
        ('"3.5" is no rule; did you mean "3.4" or "3.3"?', "没有条目“3.5”；是不是“3.4”或“3.3”？"),
        ('"it asks nothing" is no rule', "没有条目“it asks nothing”"),
        ("二(四) is missing between 二(三) and 二(五)", "二(三)与二(五)之间漏了二(四)"),
        ("R4: R2 cannot be a part: it only warns", "R4：R2 不能作为组成部分：它只作提示"),
        ("under EX-Q5: first or EX-Q6: all: rule 3.4 has no clause", "口径取 EX-Q5: first 或 EX-Q6: all 时：条目3.4没有写条款"),
        ('unknown key "dayz"; did you mean "days"?', "没有“dayz”这一项；是不是“days”？"),
        ("levels.0.days: Input should be a valid integer (got 'x')", "levels.0.days：应为整数（写的是 'x'）"),
        ("plan: level city has no clause", "plan：环节 city 没有写条款"),
        ("3.2: no case fails when spread [60%, 40%] becomes [40%, 60%]", "3.2：没有案例会因这一改动而不通过：spread [60%, 40%] 改为 [40%, 60%]"),
    ],
)  # fmt: skip
def test_a_message_is_said_in_the_words_of_officers(message: str, said: str) -> None:
    assert message_in_chinese(message) == said


def test_what_has_no_chinese_is_never_lost() -> None:
    finding = Diagnostic("E101", "E", "f.yaml", 3, "", "nobody foresaw this", "nor this")
    assert in_chinese(finding) == finding
    assert repair_in_chinese("write needs") == "改为 needs"


def test_an_error_of_several_findings_is_said_line_by_line() -> None:
    one = Diagnostic(
        "E104", "E", "a.yaml", 3, "三", 'unknown fact "wrok" (三); did you mean "work"?', "write work"
    )
    two = Diagnostic("E201", "E", "a.yaml", 9, "", "rule 3.4 has no clause", "clause: …")
    assert text_in_chinese(f"{one}\n{two}\n不是检查结果的一行").splitlines() == [
        "a.yaml:3: E104 没有“wrok”这个事实（三）；是不是“work”？改法：改为 work",
        "a.yaml:9: E201 条目3.4没有写条款。改法：写 clause: …",
        "不是检查结果的一行",
    ]
