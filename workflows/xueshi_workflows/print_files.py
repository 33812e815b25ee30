"""Print files: sheets set by the renderer and joined, with the row of each paper in them, and what could not be set."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pikepdf

from xueshi.campaigns.tables import Campaign
from xueshi.documents.proofs import content_digest, template_digest
from xueshi.documents.tables import IssuedPaper
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, UnitFiling, YearTable
from xueshi.errors import RenderError
from xueshi.storage import new_id
from xueshi_templates.fonts import installed_fonts
from xueshi_templates.render import NotRendered, render_many
from xueshi_workflows.sheets import Sheet


@dataclass(frozen=True)
class PrintFile:
    """One file to hand out: its name inside the campaign's folder, its bytes, and the papers in it.

    `left_out` are the papers that should stand in it and could not be set; with no other in it there are no bytes.
    """

    name: str
    body: bytes
    papers: Sequence[IssuedPaper]
    left_out: Sequence[tuple[Sheet, RenderError]] = ()


def compose(
    campaign: Campaign,
    sheets: Sequence[Sheet],
    unit_id: UUID,
    now: datetime,
    heartbeat: Callable[..., None],
) -> Iterator[PrintFile]:
    """Set sheets file by file, in their order; `heartbeat` is called for each paper. Nothing is written."""
    for file in dict.fromkeys(sheet.file for sheet in sheets):
        part = [sheet for sheet in sheets if sheet.file == file]
        bodies: list[bytes] = []
        rows: list[IssuedPaper] = []
        left: list[tuple[Sheet, RenderError]] = []
        for sheet, body in zip(
            part, render_many(part[0].paper, [sheet.subject.data for sheet in part]), strict=True
        ):
            if isinstance(body, NotRendered):
                left.append((sheet, body.error))
                heartbeat(file, len(bodies) + len(left))
                continue
            bodies.append(body.bytes)
            rows.append(
                issued_row(
                    campaign,
                    sheet.paper,
                    sheet.subject.subject_id,
                    unit_id,
                    sheet.subject.data.number,
                    sheet.subject.data,
                    body.bytes,
                    body.pages,
                    file,
                    now,
                )
            )
            heartbeat(file, len(bodies) + len(left))
        whole = join_pdfs(bodies)
        for row in rows:
            row.file_digest = hashlib.sha256(whole).hexdigest()
        yield PrintFile(file, whole, rows, left)


def issued_row(
    campaign: Campaign,
    paper: DocumentTemplate,
    subject_id: UUID,
    unit_id: UUID | None,
    number: str,
    data: PersonYear | UnitFiling | YearTable,
    body: bytes,
    pages: int,
    file: str,
    now: datetime,
) -> IssuedPaper:
    """Return the row of a paper that stands by itself in its file; of a joined file the digest is set by whoever joins."""
    return IssuedPaper(
        id=new_id(),
        campaign_id=campaign.id,
        paper=paper.id,
        subject_id=subject_id,
        unit_id=unit_id,
        number=number,
        content_digest=paper_digest(paper, data),
        bytes_digest=hashlib.sha256(body).hexdigest(),
        file_digest=hashlib.sha256(body).hexdigest(),
        pages=pages,
        file=file,
        issued_at=now,
    )


def paper_digest(paper: DocumentTemplate, data: PersonYear | UnitFiling | YearTable) -> str:
    """Return the digest of what a paper says, with its template and the fonts that are installed."""
    return content_digest(data, template_digest(paper), installed_fonts().digest)


def join_pdfs(bodies: Sequence[bytes]) -> bytes:
    """Join papers into one print file; the same papers give the same bytes, none gives none."""
    if len(bodies) < 2:
        return b"".join(bodies)
    out = io.BytesIO()
    # The first paper gives the file its archive metadata and colour profile; all papers carry the same.
    with pikepdf.Pdf.open(io.BytesIO(bodies[0])) as joined:
        for body in bodies[1:]:
            with pikepdf.Pdf.open(io.BytesIO(body)) as single:
                joined.pages.extend(single.pages)
        joined.save(out, deterministic_id=True)
    return out.getvalue()


def trouble_of(sheet: Sheet, error: RenderError) -> str:
    """Say which paper could not be set and why, without a word of it: it stands in tasks, not only on a screen."""
    return f"《{sheet.paper.title}》{sheet.subject.data.number} 号：{error.reason}"


def write_whole(path: Path, body: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_bytes(body)
    os.replace(partial, path)  # noqa: PTH105 - atomic on one file system
