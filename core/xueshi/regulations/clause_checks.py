"""Checks of the clause map: cited clauses exist, none is forgotten, numbers stand in the text (E202 to W207)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

from xueshi.regulations.diagnostics import Findings, did_you_mean, nearest
from xueshi.regulations.document import Mapping as Node
from xueshi.regulations.expressions import Written
from xueshi.regulations.instrument import RuleFile, texts_of
from xueshi.regulations.merge import Entry, Merged
from xueshi.regulations.published_text import PublishedText

_DIGITS = "零一二三四五六七八九"
_CHINESE = "[零一二三四五六七八九十百]+"
_COUNTED = r"(?<!\d)\d{1,3}|两|[一二三四五六七八九十]{1,3}"
_TIME = "天|日|个?月|年|小时|学时|课时"
_AND_A_HALF = re.compile(rf"({_COUNTED})(?:{_TIME})半|({_COUNTED})个半(?:{_TIME})")
"""一天半, 2个半月: so many and a half."""
_HALF = re.compile(rf"(?<![一二三四五六七八九十两个\d])半个?(?:{_TIME})")
"""半天, 半个月: half of one, also 满半年."""
_YEARS = re.compile(rf"({_COUNTED})(?:个|周)?年(半)?")
_PART_OF = re.compile(r"([一二三四五六七八九十]+|\d+)分之([一二三四五六七八九十]+|\d+)")
"""五分之一: the whole, then so many parts of it."""
_BEFORE = re.compile(rf"前({_COUNTED})个?(?:统计)?年")
"""前两个年度: with the year itself one more."""
_HALVED = ("一半", "减半", "半数")
_NUMBERED = re.compile(rf"^(?P<head>.*?)(?P<open>\(|第|)(?P<number>{_CHINESE}|\d+)(?P<close>\)|条|)$")


def chinese_number(text: str) -> int | None:
    """Read `二十二` or `22`; None for anything else."""
    if text.isdigit():
        return int(text)
    total, digit = 0, 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS.index(sign)
        elif sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            return None
    return total + digit


def write_chinese(number: int) -> str:
    """Write a number below 1000 in Chinese: `二十二`."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = (_DIGITS[hundreds] + "百" if hundreds else "") + ("零" if hundreds and rest and not tens else "")
    text += ("" if tens == 1 and not hundreds else _DIGITS[tens] if tens else "") + ("十" if tens else "")
    return text + (_DIGITS[ones] if ones else "")


def cited(merged: Merged, files: list[RuleFile]) -> Iterator[tuple[str, str, str, int, str]]:
    """Yield every citation: (instrument, clause, file, line, what cites: rule, reading, manual, …)."""
    sources: list[tuple[str, list[Entry]]] = [
        ("rule", [*merged.rules, *merged.removed]),
        *merged.sections.items(),
    ]
    for what, entries in sources:
        for entry in (part for top in entries for part in top.walk()):
            for instrument, clauses in entry.cites:
                for clause in clauses:
                    yield instrument, clause, entry.file, entry.line, what
    for merged_entry in (part for top in merged.removed for part in top.walk()):
        if merged_entry.removed_by:
            for clause in merged_entry.removed_by[1]:
                yield merged_entry.removed_by[0], clause, merged_entry.file, merged_entry.line, "rule"
    for file in files:
        for section in ("readings", "parameters"):
            node = file.section(section)
            for word, body in node:
                if isinstance(body, Node):
                    for clause in texts_of(body.get("clause")):
                        yield file.header.id, clause, file.path, node.line_of(word), section
        for word, body in file.section("tables"):
            for clause in texts_of(body.get("clause")) if isinstance(body, Node) else ():
                yield file.header.id, clause, file.path, file.section("tables").line_of(word), "tables"
        for section in ("year", "defaults", "sector_rules"):
            node = file.section(section)
            for clause in texts_of(node.get("clause")):
                yield file.header.id, clause, file.path, node.line_of("clause"), section
        for section in ("rules", *merged.sections):
            node = file.section(section)
            for word, body in node:
                if isinstance(body, Node) and body.get("change") is not None:
                    for clause in texts_of(body.get("clause")):
                        yield file.header.id, clause, file.path, node.line_of(word), "rule"


def check_clauses(merged: Merged, files: list[RuleFile], findings: Findings) -> None:
    """Add E202 for all files, E203 to E205 for the file that is loaded (its parents are checked when they are loaded)."""
    by_id = {file.header.id: file for file in files}
    seen: dict[str, set[str]] = {}
    decided: dict[str, set[str]] = {}
    for instrument, clause, path, line, what in cited(merged, files):
        seen.setdefault(instrument, set()).add(clause)
        if what in ("readings", "manual"):
            decided.setdefault(instrument, set()).add(clause)
        file = by_id.get(instrument)
        if file is not None and clause not in file.clauses:
            near = nearest(clause, file.clauses)
            findings.add(
                "E202",
                path,
                line,
                f'clause "{clause}" is not in clauses{did_you_mean(clause, file.clauses)}',
                f"cite {near}, or add {clause} to clauses" if near else f"add {clause} to clauses",
                clause,
            )
    loaded = files[-1]
    for number, entry in loaded.clauses.items():
        if entry.status == "encoded" and number not in seen.get(loaded.header.id, set()):
            findings.add(
                "E204",
                loaded.path,
                entry.line,
                f"{number} is marked encoded but nothing cites it",
                "cite it, or change its status",
                number,
            )
        if entry.status == "discretionary" and number not in decided.get(loaded.header.id, set()):
            findings.add(
                "E205",
                loaded.path,
                entry.line,
                f"{number} is discretionary: who decides?",
                "add manual or readings",
                number,
            )
    _gaps(loaded, findings)


def _gaps(file: RuleFile, findings: Findings) -> None:
    families: dict[tuple[str, str, str, bool], dict[int, str]] = {}
    for clause in file.clauses:
        match = _NUMBERED.match(clause)
        if match is None:
            continue
        number = chinese_number(match["number"])
        if number is not None:
            families.setdefault(
                (match["head"], match["open"], match["close"], match["number"].isdigit()), {}
            )[number] = clause
    for (head, opening, closing, digits), found in families.items():
        numbers = sorted(found)
        for before, after in pairwise(numbers):
            for number in range(before + 1, after):
                name = f"{head}{opening}{number if digits else write_chinese(number)}{closing}"
                if any(re.match(rf"{re.escape(name)}(?!{_CHINESE}|\d)", clause) for clause in file.clauses):
                    continue  # its items are listed one by one
                findings.add(
                    "E203",
                    file.path,
                    file.clauses[found[after]].line,
                    f"{name} is missing between {found[before]} and {found[after]}",
                    "give it a status",
                    name,
                )


def check_numbers(
    numbers: list[Written], files: list[RuleFile], texts: Mapping[str, str], findings: Findings
) -> None:
    """Compare the numbers of the rules with the published text where one is attached, else say once that none is.

    A number that the whole text does not have is E206; one that stands there, but under another clause than the rule
    cites, is W207: the ledger would point an officer at the wrong sentence.
    """
    for file in files:
        text = texts.get(file.header.id)
        if text is None:
            if file is files[-1]:
                findings.add(
                    "W206",
                    file.path,
                    1,
                    f"no published text of {file.header.id} is attached: its numbers were not compared with it",
                    f"xueshi rules attach {file.header.id} FILE",
                )
            continue
        published = PublishedText(text, file.printed)
        for one in numbers:
            if one.file != file.path:
                continue
            lacking = _lacking(one.text, text, one.unit)
            if lacking:
                findings.add(
                    "E206",
                    one.file,
                    one.line,
                    f'the rule gives {lacking[0].rstrip("%")} ("{one.text}"), the text of {file.header.id} does not',
                    "correct the number, or cite the text it is from",
                )
            else:
                _check_place(one, published, findings)


def _check_place(one: Written, published: PublishedText, findings: Findings) -> None:
    """Add W207 for a number that stands under other clauses only; a clause speaks for those below and above it."""
    # 1 per hour is written as 实际课时, 1/3 as 三分之一: neither is a figure to look for.
    worded = one.text.startswith("1 per ") or "/" in one.text
    cited = "" if one.read or worded else published.around(one.clause)
    elsewhere = _lacking(one.text, cited, one.unit) if cited else []
    if not elsewhere:
        return
    places = [
        clause for clause, held in published.clauses.items() if not _lacking(elsewhere[0], held, one.unit)
    ]
    if places:  # else it stands in a table or another part that the outline does not reach
        findings.add(
            "W207",
            one.file,
            one.line,
            f'the rule cites {one.clause} for {elsewhere[0].rstrip("%")} ("{one.text}"), which stands in {"、".join(places[:3])}',
            "cite the clause that says it (several: [一, 二]), or accept it",
            one.clause,
        )


def _lacking(written: str, text: str, unit: str = "") -> list[str]:
    """List the numbers of a rule that a text does not have, in figures or in Chinese; months also as years and halves."""
    known = _numbers_in(text)
    if "月" in unit:
        known = known | _months_in(text)
    if unit == "年度":
        known = known | _spans_in(text)
    if any(word in text for word in _HALVED):
        written = re.sub(r"\b1/2\b", "", written)
    return [
        number
        for number in re.findall(r"\d+(?:\.\d+)?%?", written)
        if _plain(number.rstrip("%")) not in (known | _percents_in(text) if number.endswith("%") else known)
        and number.rstrip("%") != "0"
        and not _in_units(number.rstrip("%"), text)
    ]


def _plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


@lru_cache(maxsize=256)
def _numbers_in(text: str) -> frozenset[str]:
    """Return every number of a text; kept, since each number of the rules is looked for in the same few texts.

    Halves are numbers too: 半天 is 0.5, 一天半 and 1个半小时 are 1.5.
    """
    found = {_plain(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
    found |= {
        str(number) for word in re.findall(_CHINESE, text) if (number := chinese_number(word)) is not None
    }
    found |= {
        f"{number}.5" for word in _AND_A_HALF.findall(text) if (number := _count("".join(word))) is not None
    }
    return frozenset(found | ({"0.5"} if _HALF.search(text) else set()))


@lru_cache(maxsize=256)
def _months_in(text: str) -> frozenset[str]:
    """Return the months that a text says in years: 满半年 is 6, 一年半 is 18, 两年 is 24."""
    found = {"6"} if "半年" in text else set()
    for word, half in _YEARS.findall(text):
        number = _count(word)
        if number is not None:
            found.add(str(12 * number + (6 if half else 0)))
    return frozenset(found)


@lru_cache(maxsize=256)
def _percents_in(text: str) -> frozenset[str]:
    """Return the percentages that a text says as parts: 五分之一 is 20, 二分之一 is 50; 三分之一 is none."""
    found = set()
    for whole, part in _PART_OF.findall(text):
        bottom, top = chinese_number(whole), chinese_number(part)
        if bottom and top is not None and 10000 * top % bottom == 0:
            found.add(_plain(f"{100 * top // bottom}.{10000 * top // bottom % 100:02d}"))
    return frozenset(found)


@lru_cache(maxsize=256)
def _spans_in(text: str) -> frozenset[str]:
    """Return how many years together a text speaks of where it counts those before: 前两个年度 are 3 with the year itself."""
    counted = (_count(word) for word in _BEFORE.findall(text))
    return frozenset(str(number + 1) for number in counted if number is not None)


def _count(word: str) -> int | None:
    return 2 if word == "两" else chinese_number(word)


def _in_units(number: str, text: str) -> bool:
    """A text may write 10000 as 万字, 1000 as 千字, 50% and 0.5 as half and 2 as 两."""
    words = {"2": ("两",), "10000": ("万字",), "1000": ("千字",), "50": _HALVED, "0.5": _HALVED}
    return any(word in text for word in words.get(number, ()))
