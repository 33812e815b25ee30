"""A small open campaign on both databases, as in tests/campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign_rig import CampaignRig
from sqlalchemy import Engine


@pytest.fixture
def rig(empty_database: Engine, tmp_path: Path) -> Iterator[CampaignRig]:
    rig = CampaignRig(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    yield rig
    rig.engine.dispose()
