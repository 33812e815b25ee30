"""Published texts that a bureau attached to instruments: kept in the data folder, never in the repository."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from xueshi.errors import InputError
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.instrument import read_rule_file
from xueshi.regulations.sources import RegulationSource
from xueshi_cli.law_here import has_folder
from xueshi_cli.notice_text import notice_text

if TYPE_CHECKING:
    from xueshi.audit.repository import AttachedText


def attached_texts() -> dict[str, str]:
    """Return the texts attached in the data folder (instrument → text); nothing is made where there is none yet."""
    if not has_folder():
        return {}
    from xueshi.audit import repository as audit  # noqa: PLC0415 - loaded where a data folder is there
    from xueshi.storage import reading  # noqa: PLC0415 - same
    from xueshi_cli.workplace import Workplace  # noqa: PLC0415 - same

    with reading(Workplace.here().engine) as session:
        return audit.attached_texts(session)


def attach(source: RegulationSource, instrument: str, file: Path, officer: str) -> AttachedText:
    """Attach the published text of an instrument, as an audited act.

    Where the rule file names the text's digest (`source: {title: …, sha256: …}`), file or text must have it. Raises
    InputError otherwise, or when the file cannot be read.
    """
    from xueshi.audit import repository as audit  # noqa: PLC0415 - reading the law needs no database
    from xueshi.storage import transaction  # noqa: PLC0415 - same
    from xueshi_cli.workplace import Workplace  # noqa: PLC0415 - same

    text = notice_text(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    wanted = (read_rule_file(source, Findings()).header.source_sha256 or "").lower()
    if wanted and wanted not in (digest, hashlib.sha256(text.encode()).hexdigest()):
        raise InputError(
            f"{file} 不是 {instrument} 所依据的原文：规则文件写的 sha256 是 {wanted}，这个文件是 {digest}；"
            f"请换成那份原文，或核对后改正 {source.path} 的 source"
        )
    place = Workplace.here()
    with transaction(place.engine) as session:
        maker = "local"
        if officer:
            actor = place.actor(session, officer)
            actor.require("rules.draft")
            maker = f"account:{actor.account_id}"
        held = audit.attach_text(session, instrument, digest, file.name, text)
        audit.append(
            session,
            actor=maker,
            verb="text_attach",
            target=f"instrument:{instrument}",
            body={"sha256": digest, "number": held.number},
        )
    return held
