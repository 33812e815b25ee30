"""The numbering of a published text: which clauses it has, in the words in which rules cite them.

`一、` → `一`, `（二）` below it → `一(二)`, `3.` → `一(二)3`, `（4）` → `一(二)3(4)`, `第五条` → `第五条`, `附件1` before all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FIGURES = "〇一二三四五六七八九"
_CHINESE = "[零〇一二三四五六七八九十百]+"
_ANNEX = re.compile(
    r"^附\s*(?:件|录)\s*(\d{1,2}|[一二三四五六七八九十]+)?\s*[:：]?\s*$|^附\s*件\s*(\d{1,2})\s*[:：]?\s*\S"
)
_LEVELS = (
    re.compile(rf"^(第{_CHINESE}条)[\s、:：]*(.*)$"),
    re.compile(rf"^({_CHINESE})\s*、\s*(.*)$"),
    re.compile(rf"^[(（]\s*({_CHINESE})\s*[)）]\s*(.*)$"),
    re.compile(r"^(\d{1,2})\s*(?:[．、]|\.(?!\d))\s*(.*)$"),
    re.compile(r"^[(（]\s*(\d{1,2})\s*[)）]\s*(.*)$"),
)
_CHAPTER = re.compile(rf"^第{_CHINESE}[编章节]([\s\u3000].{{0,30}})?$")
"""A heading above the articles: no text of the article before it."""
_ARTICLE, _SECTION, _PART, _ITEM, _POINT = range(5)
_NUMBER = re.compile(r"^\S{1,12}[〔\[［(（]\s*(?:19|20)\d\d\s*[〕\]］)）]\s*\d+\s*号$")
_DAY = re.compile(r"^((?:19|20)\d\d)\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日$")
_CHINESE_DAY = re.compile(
    r"([一二三四五六七八九〇○零Ｏ]{4})\s*年\s*([一二三四五六七八九十]{1,2})\s*月\s*([一二三四五六七八九十]{1,3})\s*日"
)
_MARKS = re.compile(r"^[#\s]+(?=\S)|^\s*-\s+(?=[(（])|\*\*", re.MULTILINE)
"""Signs of headings and lists in a text taken from a web page."""
_BROKEN = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\s+(?=[\u3000-\u9fff\uff00-\uffef])")
"""A space within Chinese words, where a heading was broken over two lines."""
_WHOLE_ARTICLE = re.compile(rf"第{_CHINESE}条$")
_TITLE_LINES = 3
_SENT = re.compile(r"(?:印发|发布|公布)《(.+)》的(?:通知|公告)$")
_SENTENCE = re.compile("[。；;]")


@dataclass
class OutlinedClause:
    """One numbered clause: its name as rules cite it, and its text with the unnumbered paragraphs that follow."""

    number: str
    paragraphs: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The whole text of the clause, without its items."""
        return "".join(self.paragraphs)


@dataclass(frozen=True)
class Outline:
    """What the numbering of a text tells: clauses in their order, names that occur twice, and the header as far as found."""

    clauses: tuple[OutlinedClause, ...]
    repeated: tuple[str, ...]
    title: str | None
    number: str | None
    issuer: str | None
    issued: str | None


def outline(text: str) -> Outline:
    """Read the numbering of a text, one paragraph a line. A heading whose items are all numbered is not a clause itself."""
    lines = [line.strip().strip("\u3000").strip() for line in _MARKS.sub("", text).splitlines()]
    lines = [line for line in lines if line]
    found: list[OutlinedClause] = []
    repeated: list[str] = []
    annex, coming, listed, path = "", "", False, [""] * len(_LEVELS)
    for line in lines:
        if match := _ANNEX.match(line):
            coming = f"附件{match[1] or match[2] or ''}"
            listed = coming == "附件" and line.endswith((":", "："))
            continue
        if _CHAPTER.match(line):
            continue
        level, sign, rest = _numbered(line)
        if coming and level in (_ARTICLE, _SECTION):  # an annex numbers anew
            annex, coming, path = coming, "", [""] * len(_LEVELS)
        elif coming and listed and level == _ITEM:  # the list of annexes under the letter
            continue
        if level is None:
            if found and any(path) and not _signature(line):
                found[-1].paragraphs.append(line)
            continue
        path[level:] = [sign, *[""] * (len(_LEVELS) - level - 1)]
        if level == _SECTION:
            path[_ARTICLE] = ""
        number = annex + "".join(path)
        if any(clause.number == number for clause in found):
            repeated.append(number)
        else:
            found.append(OutlinedClause(number, [rest] if rest else []))
    _close_articles(found)
    return Outline(tuple(_kept(found)), tuple(dict.fromkeys(repeated)), *_header(lines))


def days_in_figures(text: str) -> str:
    """Write days in Chinese figures in Arabic ones: `二〇一三年三月十二日` as `2013年3月12日`."""

    def written(match: re.Match[str]) -> str:
        year = "".join(str(_FIGURES.index(sign)) if sign in _FIGURES else "0" for sign in match[1])
        return f"{year}年{_below_hundred(match[2])}月{_below_hundred(match[3])}日"

    return _CHINESE_DAY.sub(written, text)


def _below_hundred(text: str) -> int:
    tens, ten, ones = text.rpartition("十")
    return (_FIGURES.index(tens) if tens else 1) * 10 * bool(ten) + (_FIGURES.index(ones) if ones else 0)


def _numbered(line: str) -> tuple[int | None, str, str]:
    for level, pattern in enumerate(_LEVELS):
        if match := pattern.match(line):
            sign = f"({match[1]})" if level in (_PART, _POINT) else match[1]
            return level, sign, match[2].strip()
    return None, "", line


def _close_articles(found: list[OutlinedClause]) -> None:
    """Give the unnumbered paragraphs behind the items of an article (第…条) to the article: they are its last 款.

    An item of an article is one paragraph; what follows one that is no sentence yet (参加培训：) is its own text.
    """
    article: OutlinedClause | None = None
    for place, clause in enumerate(found):
        if _WHOLE_ARTICLE.search(clause.number):
            article = clause
        after = found[place + 1] if place + 1 < len(found) else None
        if article is None or clause is article or not clause.number.startswith(f"{article.number}("):
            continue
        last = after is None or not after.number.startswith(f"{article.number}(")
        if last and len(clause.paragraphs) > 1 and clause.paragraphs[0].endswith(("。", "；", ";")):
            article.paragraphs += clause.paragraphs[1:]
            del clause.paragraphs[1:]


def _kept(found: list[OutlinedClause]) -> Iterator[OutlinedClause]:
    following: list[OutlinedClause | None] = [*found[1:], None]
    for clause, after in zip(found, following, strict=False):  # without any clause only the end is left
        has_items = after is not None and after.number.startswith(clause.number)
        if not (has_items and len(clause.paragraphs) <= 1 and not _says_something(clause)):
            yield clause


def _says_something(clause: OutlinedClause) -> bool:
    """Tell a clause with a sentence of its own from a heading; what leads to the items of an article may say a rule too.

    学时按下列标准认定，除另有规定的外计入专业科目： does, 有下列情形之一的： does not.
    """
    leads = _WHOLE_ARTICLE.search(clause.number) and "，" in clause.text and clause.text.endswith(("：", ":"))
    return bool(leads or _SENTENCE.search(clause.text))


def _signature(line: str) -> bool:
    """Tell the issuer and the day at the end from a paragraph of the last clause."""
    return bool(_DAY.match(days_in_figures(line))) or (
        len(line) <= 30 and line.endswith(("局", "厅", "部", "政府", "委员会", "办公室"))
    )


def _header(lines: list[str]) -> tuple[str | None, str | None, str | None, str | None]:
    """Guess title, number, issuer and day of issue: the author compares them with the text."""
    number = next((line for line in lines[:12] if _NUMBER.match(line)), None)
    first = next((place for place, line in enumerate(lines) if _numbered(line)[0] is not None), len(lines))
    heads = [line for line in lines[:first] if line != number and not line.endswith((":", "："))]
    ends = ("通知", "办法", "意见", "细则", "规定", "（试行）", "(试行)")
    last = next((place for place, line in enumerate(heads) if line.endswith(ends)), None)
    title = heads[0] if heads else None
    if last is not None:
        # A long title stands on several lines: it begins with the one that says 关于.
        starts = (place for place in range(last, max(-1, last - _TITLE_LINES), -1) if "关于" in heads[place])
        title = _BROKEN.sub("", "".join(heads[next(starts, last) : last + 1]))
    if title and (sent := _SENT.search(title)):
        title = sent[1]  # a letter that sends another text: that one is the instrument
    lines = [days_in_figures(line) for line in lines]
    days = [place for place, line in enumerate(lines) if _DAY.match(line)]
    if not days:
        return title, number, None, None
    place = days[0]
    match = _DAY.match(lines[place])
    assert match is not None
    before = lines[place - 1] if place else ""
    issuer = before if _signature(before) and not _DAY.match(before) else None
    return title, number, issuer, f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
