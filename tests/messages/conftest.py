"""A small open campaign on both databases that counts as real, and a mail server as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_rig import CampaignRig
from mail_sink import MailSink
from sqlalchemy import Engine

from xueshi.campaigns.tables import Campaign
from xueshi.messages.outbox import PostOffice
from xueshi.messages.transports import MailServer, MessageFolder
from xueshi.storage import transaction


@pytest.fixture
def rig(empty_database: Engine, tmp_path: Path) -> Iterator[CampaignRig]:
    rig = CampaignRig(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    yield rig
    rig.engine.dispose()


@pytest.fixture
def real(rig: CampaignRig) -> CampaignRig:
    """The campaign is no rehearsal, and has not written anything yet."""
    from xueshi.messages.tables import OutgoingMessage

    with transaction(rig.engine) as session:
        campaign = session.get(Campaign, rig.campaign.id)
        assert campaign is not None
        campaign.standing = False
        session.add(campaign)
        from sqlmodel import delete

        session.execute(delete(OutgoingMessage))
    return rig


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    sink = MailSink(tmp_path / "sink")
    sink.up()
    yield sink
    sink.down()


@pytest.fixture
def office(sink: MailSink, tmp_path: Path) -> PostOffice:
    server = MailServer("127.0.0.1", sink.port, "office@example.gov.cn", starttls=False)
    return PostOffice(MessageFolder(tmp_path / "letters"), server)
