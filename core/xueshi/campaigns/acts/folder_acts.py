"""The clock of a demo or rehearsal folder, by which records filed without a campaign are dated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from xueshi.campaigns.acts.completing import complete
from xueshi.campaigns.clocks.campaign_clock import folder_now, folder_stands, set_folder_clock
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.campaigns.rows import clock_rows
from xueshi.campaigns.tables import Command
from xueshi.machines.filing_machine import Refused
from xueshi.real_clock import real_now

FOLDER = UUID(int=0)
"""Target of commands on the folder itself: there is one."""


def _advance(session: Session, row: Command) -> Refused | None:
    """Let a standing folder's clock stand later; a fresh folder begins to stand only where nothing was done in it."""
    real = real_now()
    to = datetime.fromisoformat(row.payload["to"])
    if not folder_stands(session):
        if not row.payload.get("begin"):
            return Refused("real_clock", "正式环境按实际时间运行，不能拨动时钟；只有演示、演练文件夹可以")
        if clock_rows.runs_on_real_time(session):
            return Refused(
                "real_clock", "本数据文件夹已按实际时间办理，不能改为演练；请另设数据文件夹（XUESHI_DATA）"
            )
    elif to <= folder_now(session, real):
        return Refused("not_later", f"演练时钟现为 {civil_date(folder_now(session, real))}，只能向后拨")
    set_folder_clock(session, to, real)
    complete(session, row, None, "advanced_clock", 1, to, day=civil_date(to).isoformat())
    return None


ACTS: dict[str, Callable[[Session, Command], Refused | None]] = {"advance_folder": _advance}
