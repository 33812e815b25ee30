"""The published text of an instrument, clause by clause, where a bureau attached it: what a trace may quote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from xueshi.regulations.outline import outline

_LAST_PART = re.compile(r"(?:\([^()]+\)|\d+|第[^第]+条|[一二三四五六七八九十百]+|末|附件\d*)$")

_MARKS = re.compile(r"^[#\s]+(?=\S)|\*\*", re.MULTILINE)
"""Signs of headings in a text taken from a web page."""


class PublishedText:
    """One text: its paragraphs under the clauses in which rules cite them."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def clauses(self) -> Mapping[str, str]:
        """Clause as cited → its paragraphs."""
        plain = _MARKS.sub("", self.text)
        return {clause.number: clause.text for clause in outline(plain).clauses if clause.text}

    def quote(self, clause: str) -> str:
        """Return what the text says under a clause (several: `二(三)、二(四)`).

        A place below the numbering (`二(四)末`) gives the clause it stands in; a clause that is not there gives nothing.
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
        return self.clauses.get(self._known(clause), "")

    def _known(self, clause: str) -> str:
        """Return the clause of the outline in which a cited place stands, or the empty string."""
        while clause:
            if clause in self.clauses:
                return clause
            # The instrument may be printed as an annex of the letter that sent it.
            annexed = [
                number for number in self.clauses if number.startswith("附件") and number.endswith(clause)
            ]
            if len(annexed) == 1:
                return annexed[0]
            shorter = _LAST_PART.sub("", clause)
            if shorter == clause:
                return ""
            clause = shorter
        return ""


def quotes_of(texts: Mapping[str, str]) -> Mapping[str, PublishedText]:
    """Return the attached texts (instrument → text) ready to be quoted."""
    return {instrument: PublishedText(text) for instrument, text in texts.items()}
