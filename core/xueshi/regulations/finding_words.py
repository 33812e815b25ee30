"""Findings in Chinese, for officers: what the checks say in English is matched with its template and said again.

The checks write their sentences in English, once, where they find something; `finding_messages.yaml`,
`finding_repairs.yaml` and `finding_phrases.yaml` hold the Chinese beside the English template. What matches no template
is shown as it was written: a sentence is never lost.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Final, Literal

from xueshi.regulations import document
from xueshi.regulations.diagnostics import Diagnostic, Findings
from xueshi.regulations.sources import RegulationSource

Book = Literal["messages", "repairs", "phrases"]
NAMED: Final = "{}: {}"
"""A sentence about something that is named first: a requirement, a flow."""
LEAST: Final = 3
"""Letters of its own that a template has at least before it is tried with the others."""
_MEANT: Final = re.compile(r'; did you mean ("[^"]*"(?: or "[^"]*")*)\?')
"""A guess at what was meant: in English in the middle of a sentence, in Chinese at its end."""
_UNDER: Final = re.compile(r"under (?P<options>\S+: [^\s:]+(?: or \S+: [^\s:]+)*): (?P<rest>.+)", re.DOTALL)
"""What shows only under options that do not hold."""
_CLAUSE: Final = re.compile(r"(?P<head>.*?)(?: \((?P<clause>.+)\))?", re.DOTALL)
"""What is put in may end with a clause in brackets."""
_LINE: Final = re.compile(
    r"(?P<place>.+?:\d+): (?P<code>[EWNF]\d{3}) (?P<message>.+?)\.? Repair: (?P<repair>.*)"
)
"""A finding as `str` writes it."""
_GAP: Final = re.compile(r"(?<=[\u4e00-\u9fff（）“”)]) (?=[\u4e00-\u9fff（）“”])")
_OR: Final = '" or "'
_NAMES: Final = re.compile(r"[\w.()-]+(?:, [\w.()-]+)+")


@dataclass(frozen=True)
class Template:
    """One sentence of the code with its Chinese; `english` has `{}` where something is put in."""

    english: str
    chinese: str

    @cached_property
    def literals(self) -> list[str]:
        """The words of the sentence that are always there: before, between and after what is put in."""
        parts = list(string.Formatter().parse(self.english))
        if not parts or parts[-1][1] is not None:
            parts.append(("", None, None, None))
        # an escaped brace ends a part without a placeholder: such neighbours belong together
        joined, found = "", []
        for text, name, _, _ in parts:
            joined += text
            if name is not None:
                found.append(joined)
                joined = ""
        return [*found, joined]

    @cached_property
    def quoted(self) -> list[bool]:
        """Tell of each thing that is put in whether it stands in quotes: then it is a word of the file."""
        return [
            "".join(self.literals[: place + 1]).count('"') % 2 == 1 for place in range(len(self.literals) - 1)
        ]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a sentence made from the template looks like. The first thing put in is never a whole `name: …`."""
        first, *others = self.literals
        written = re.escape(first)
        for place, text in enumerate(others):
            written += (r"((?:(?!: ).)*?)" if place == 0 and not first else r"(.*?)") + re.escape(text)
        return re.compile(written, re.DOTALL)

    def parts(self, text: str) -> list[str] | None:
        """Return what was put into the template to make this text, None when it was not made from it."""
        if not all(part in text for part in self.literals):
            return None
        found = self.pattern.fullmatch(text)
        return list(found.groups()) if found else None


@cache
def book(name: Book) -> dict[str, str]:
    """Return one of the files of words: English template to Chinese. Raises RuleFileError when a line stands twice."""
    file = f"finding_{name}.yaml"
    text = resources.files("xueshi.regulations").joinpath(file).read_text(encoding="utf-8")
    findings = Findings()
    tree = document.read_document(RegulationSource(file, text), findings)
    findings.raise_errors()
    return {english: str(document.plain(chinese)) for english, chinese in tree}


@cache
def _templates(*names: Book) -> tuple[Template, ...]:
    """Return the templates of some files: those of the first file first, in each those that say most; `{}: {}` last."""
    found = [
        (place, Template(english, chinese))
        for place, name in enumerate(names)
        for english, chinese in book(name).items()
    ]

    def order(one: tuple[int, Template]) -> tuple[bool, int, int]:
        said = sum(map(len, one[1].literals))
        return said < LEAST, one[0], -said

    return tuple(template for _, template in sorted(found, key=order))


def in_chinese(finding: Diagnostic) -> Diagnostic:
    """Return a finding with its message and repair in Chinese, each as it was where it has no Chinese."""
    return replace(
        finding, message=message_in_chinese(finding.message), repair=repair_in_chinese(finding.repair)
    )


def message_in_chinese(message: str) -> str:
    """Say the message of a finding in Chinese; as it is where no template fits."""
    if under := _UNDER.fullmatch(message):
        options = under["options"].replace(" or ", " 或 ")
        return f"口径取 {options} 时：{message_in_chinese(under['rest'])}"
    said = _said(_MEANT.sub("", message), "messages", "phrases")
    if said is None:
        return message
    meant = _MEANT.search(message)
    guess = f"；是不是“{meant[1][1:-1].replace(_OR, '”或“')}”？" if meant else ""
    return _GAP.sub("", said).rstrip("？" if guess else "") + guess


def repair_in_chinese(repair: str) -> str:
    """Say the repair of a finding in Chinese; as it is where no template fits."""
    return _said(repair, "repairs") or repair


def text_in_chinese(text: str) -> str:
    """Say the lines of a RuleFileError in Chinese; a line without Chinese is left as it is."""
    return "\n".join(_lines(text))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            yield _said(line, "phrases") or line
            continue
        message, repair = message_in_chinese(found["message"]), repair_in_chinese(found["repair"])
        stop = "" if message.endswith(("？", "?", "。")) else "。"
        yield f"{found['place']}: {found['code']} {message}{stop}改法：{repair}"


def _said(text: str, *names: Book, inner: bool = False) -> str | None:
    """Return the text in Chinese, None where no template fits; `inner` is a text that was put into another."""
    for template in _templates(*names):
        if inner and template.english == NAMED:
            continue  # `Q5: first` of a file
        parts = template.parts(text)
        if parts is not None:
            said = (
                part if kept else _part(part, names)
                for part, kept in zip(parts, template.quoted, strict=True)
            )
            return template.chinese.format(*said)
    return None


def _part(text: str, names: tuple[Book, ...]) -> str:
    """Say in Chinese what was put into a sentence, as far as it is no id, key or value of the file."""
    if "messages" not in names and "phrases" not in names:
        return _said(text, "phrases") or text
    whole = _said(text.strip(), *names, inner=True) if text.strip() else ""
    if whole is not None:
        return whole
    found = _CLAUSE.fullmatch(text)
    assert found is not None, text
    head = found["head"]
    said = _said(head, *names, inner=True) if head else ""
    if said is None:
        said = head.replace(", ", "、") if _NAMES.fullmatch(head) else head
    return said + (f"（{found['clause']}）" if found["clause"] else "")
