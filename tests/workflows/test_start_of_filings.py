"""A unit's workflow is started on the flow its filing is pinned to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from notice_rig import EXAMPLES, Made, NoticeRig

from xueshi_workflows.messages import FilingStart
from xueshi_workflows.sender import TemporalSender


class RecordingClient:
    def __init__(self) -> None:
        self.started: list[FilingStart] = []

    async def start_workflow(self, name: str, start: FilingStart, **_: Any) -> None:
        self.started.append(start)


async def test_each_filing_starts_on_its_own_flow(tmp_path: Path) -> None:
    notice = EXAMPLES / "notices" / "suzhou-2019.yaml"
    rig = NoticeRig(
        tmp_path, f"sqlite:///{tmp_path / 'x.db'}", notice, [Made(sector="教育"), Made(sector="卫生"), Made()]
    )
    client = RecordingClient()
    sender = TemporalSender(client, rig.engine)  # type: ignore[arg-type]
    filings = [rig.filing(unit) for unit in rig.units]
    for filing in filings:
        await sender.start_filing(rig.campaign, filing)
        filing.flow_digest = None
        await sender.start_filing(rig.campaign, filing)
    digests = [start.flow_digest for start in client.started]
    assert digests[0] == digests[2] != digests[4]
    assert digests[1::2] == [rig.campaign.flow_digest] * 3, "a filing without one goes by the campaign's"
    rig.engine.dispose()
