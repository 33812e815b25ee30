"""The page 学时认定说明: a person's year explained, as PDF. The same for every region: its words come from the law."""

from __future__ import annotations

from functools import cache

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import ExplainedYear
from xueshi.jurisdictions import YearSpan
from xueshi_templates.closure import complete_closure
from xueshi_templates.fonts import FontSet
from xueshi_templates.render import render

TITLE = "学时认定说明"


@cache
def explanation_template() -> DocumentTemplate:
    """Return the template of the page with its closure."""
    form = "shared/forms/year-explanation.typ.j2"
    return complete_closure(
        DocumentTemplate("year-explanation", TITLE, "", "explained_year", YearSpan(1900), "pdf", form)
    )


def explanation_pdf(data: ExplainedYear, *, fonts: FontSet | None = None) -> bytes:
    """Return the page as PDF/A-2b; the same data and fonts give the same bytes.

    Raises RenderError naming the person and the character that no font has; ServiceMissingError without fonts.
    """
    return render(explanation_template(), data, "pdf", fonts=fonts)
