"""Which papers a unit gets, under which numbers, in which files: laid out before anything is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xueshi.campaigns.figures import papers
from xueshi.documents.numbering import number_pattern, paper_number
from xueshi.documents.template import DocumentTemplate

PEOPLE_PER_FILE = 50


@dataclass(frozen=True)
class Sheet:
    """One paper to print: whose, which, and the file it will stand in."""

    paper: DocumentTemplate
    subject: papers.PaperSubject
    file: str


def lay_out(
    templates: dict[str, DocumentTemplate], subjects: Sequence[papers.PaperSubject], unit: str
) -> list[Sheet]:
    """Lay out which papers a unit gets and in which files: its application, then its people's cards by the fifty."""
    sheets = []
    for paper in templates.values():
        kind = {"unit_filing": "UnitFiling", "person_year": "PersonYear"}.get(paper.data)
        own = [subject for subject in subjects if type(subject.data).__name__ == kind]
        for index, subject in enumerate(own):
            corrects = "" if subject.corrects is None else _number(paper, subject, subject.corrects)
            numbered = replace(subject.data, number=_number(paper, subject), corrects=corrects)
            part = f"-{index // PEOPLE_PER_FILE + 1:03d}" if paper.data == "person_year" else ""
            sheets.append(Sheet(paper, replace(subject, data=numbered), f"{unit}/{paper.id}{part}.pdf"))
    return sheets


def _number(paper: DocumentTemplate, subject: papers.PaperSubject, position: int | None = None) -> str:
    """Return the number that a paper bears; one whose form has none is known by its place in the campaign.

    `position` asks for the number of a paper about the same subject at another place: the one that was replaced.
    """
    pattern = number_pattern(paper)
    data = subject.data
    counter = subject.position if position is None else position
    if pattern is None:
        return str(counter)
    return paper_number(pattern, region=data.region, area=data.area, year=data.year, counter=counter)
