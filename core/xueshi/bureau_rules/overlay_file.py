"""The head of an overlay as a bureau hands it in: what it is of, who decided it, for which years. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from xueshi.jurisdictions import YearSpan
from xueshi.regulations import document
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.instrument import text_of
from xueshi.regulations.sources import RegulationSource
from xueshi.regulations.words import is_date, years


@dataclass(frozen=True)
class OverlayHead:
    """What stands above `set`; `lines` holds the line of each word, `words` what is set."""

    of: str
    by: str
    document: str
    decided: str
    years: YearSpan
    area: str
    words: tuple[str, ...]
    lines: dict[str, int]

    def line_of(self, word: str) -> int:
        """Return the line of a word of the head."""
        return self.lines.get(word, 1)


def read_head(source: RegulationSource) -> tuple[OverlayHead | None, Findings]:
    """Read the head; None, with the findings, where something of it is missing or cannot be read."""
    findings = Findings()
    root = document.read_document(source, findings)
    head, chosen = root.get("overlay"), root.get("set")
    if not isinstance(head, document.Mapping) or not isinstance(chosen, document.Mapping):
        findings.add(
            "E101",
            source.path,
            1,
            "本级口径的文件有 overlay 和 set 两部分",
            "overlay: {of: …, by: …, document: …, decided: …, years: …}，set: {…}",
        )
        return None, findings
    words = {key: text_of(head.get(key)) or "" for key in ("of", "by", "document", "decided", "years")}
    for key, text in words.items():
        if not text:
            findings.add("E101", source.path, head.line_of(key), f"overlay 中没有写 {key}", f"{key}: …")
    span = years(words["years"])
    if words["years"] and span is None:
        findings.add(
            "E103",
            source.path,
            head.line_of("years"),
            f"“{words['years']}”不是年度",
            "years: 2021 to open，或 2021 to 2023",
        )
    if words["decided"] and not is_date(words["decided"]):
        findings.add(
            "E103",
            source.path,
            head.line_of("decided"),
            f"“{words['decided']}”不是日期",
            "decided: 2021-03-01",
        )
    if not chosen.entries:
        findings.add("E101", source.path, root.line_of("set"), "set 中什么也没有设", "set: {参数或口径: 值}")
    if findings.errors or span is None:
        return None, findings
    read = OverlayHead(
        words["of"],
        words["by"],
        words["document"],
        words["decided"],
        YearSpan(*span),
        text_of(head.get("area")) or "",
        tuple(chosen.entries),
        {**{key: root.line_of("overlay") for key in words}, **head.lines},
    )
    return read, findings
