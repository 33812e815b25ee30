"""The published text of an instrument, clause by clause, where a bureau attached it: what a trace may quote."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property

from xueshi.regulations.outline import OutlinedClause, outline

_LAST_PART = re.compile(r"(?:\([^()]+\)|\d+|第[^第]+条|[一二三四五六七八九十百]+|末|附件\d*)$")
_PARAGRAPH = re.compile(r"第([一二三四五六七八九十])款$")
_ANNEX = re.compile(r"^附件\d*")

_SENTENCE = re.compile("[。；;]")


class PublishedText:
    """One text: its paragraphs under the clauses in which rules cite them.

    `printed` are the clauses that rules cite by another name than their number in the text.
    """

    def __init__(self, text: str, printed: Mapping[str, str] | None = None) -> None:
        self.text = text
        self.printed = printed or {}

    @cached_property
    def clauses(self) -> Mapping[str, str]:
        """Clause as cited → its paragraphs."""
        return {clause.number: clause.text for clause in self._outlined if clause.text}

    @cached_property
    def _outlined(self) -> tuple[OutlinedClause, ...]:
        return outline(self.text).clauses

    def quote(self, clause: str) -> str:
        """Return what the text says under a clause (several: `二(三)、二(四)`).

        A paragraph (`三第四款`, a heading not counted) is given alone; another place below the numbering (`二(四)末`)
        gives the clause it stands in; a clause that is not there gives nothing.
        """
        found = [self._one(part.strip()) for part in re.split("[、,，]", clause)]
        return "；".join(dict.fromkeys(text for text in found if text))

    def around(self, clause: str) -> str:
        """Return all that speaks for a clause: its own text, what stands under it, and the sentences it stands under.

        Empty where the outline does not have a cited place: then nothing can be said of it.
        """
        found: dict[str, None] = {}
        for part in re.split("[、,，]", clause):
            name = self._known(part.strip())
            if not name:
                return ""
            found |= {text: None for number, text in self.clauses.items() if name and number.startswith(name)}
            while name:
                if name in self.clauses:
                    found[self.clauses[name]] = None
                shorter = _LAST_PART.sub("", name)
                name = "" if shorter == name else shorter
        return "\n".join(found)

    def _one(self, clause: str) -> str:
        known = self._known(clause)
        if match := _PARAGRAPH.search(clause):
            place = "一二三四五六七八九十".index(match[1])
            paragraphs = self._paragraphs(known)
            if place < len(paragraphs):
                return paragraphs[place]
        return self.clauses.get(known, "")

    def _paragraphs(self, number: str) -> list[str]:
        """Return the paragraphs of a clause, without its heading: a first line that is no sentence and has others below.

        What leads to the items of an article (下列情形：) is its first paragraph.
        """
        held = next((one.paragraphs for one in self._outlined if one.number == number), [])
        heading = len(held) > 1 and not _SENTENCE.search(held[0]) and not held[0].endswith(("：", ":"))
        return held[1:] if heading else held

    def _known(self, clause: str) -> str:
        """Return the clause of the outline in which a cited place stands, or the empty string."""
        clause = _PARAGRAPH.sub("", self.printed.get(clause, clause))
        while clause:
            if clause in self.clauses:
                return clause
            # The instrument may be printed as an annex of the letter that sent it.
            annexed = [
                number for number in self.clauses if number.startswith("附件") and number.endswith(clause)
            ]
            if clause.startswith("附件"):
                # An annex of the instrument may be another annex of that letter.
                own = _ANNEX.sub("", clause)
                annexed = [
                    one for one in self.clauses if one.startswith("附件") and _ANNEX.sub("", one) == own
                ]
            if len(annexed) == 1:
                return annexed[0]
            shorter = _LAST_PART.sub("", clause)
            if shorter == clause:
                return ""
            clause = shorter
        return ""


def quotes_of(
    texts: Mapping[str, str], printed_of: Callable[[str], Mapping[str, str]] | None = None
) -> Mapping[str, PublishedText]:
    """Return the attached texts (instrument → text) ready to be quoted; `printed_of` tells how a text numbers clauses."""
    return {
        instrument: PublishedText(text, printed_of(instrument) if printed_of else None)
        for instrument, text in texts.items()
    }
