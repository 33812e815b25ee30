"""`xueshi …` as a process that stands still at a named moment, to be killed there: `held_command.py MOMENT MARK WORDS…`.

`before`: the command is committed and nothing was sent. `after`: the server has answered, the sender has written nothing.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from xueshi.campaigns.ports import Envelope, SendResult
from xueshi_cli.main import run
from xueshi_workflows.sender import TemporalSender


def hold(moment: str, mark: Path) -> None:
    """Let the sender reach the moment once and stay there."""
    send = TemporalSender.send

    async def held(self: TemporalSender, envelope: Envelope) -> SendResult:
        if moment == "after":
            await send(self, envelope)
        mark.write_text(str(envelope.command_id))
        await asyncio.Event().wait()
        raise AssertionError("nobody lets it go on")

    TemporalSender.send = held  # type: ignore[method-assign]


if __name__ == "__main__":
    hold(sys.argv[1], Path(sys.argv[2]))
    sys.argv = ["xueshi", *sys.argv[3:]]
    run()
