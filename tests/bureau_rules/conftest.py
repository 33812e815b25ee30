"""A data folder whose bureaus may set values of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from own_rules_rig import OwnRulesRig
from sqlalchemy import Engine


@pytest.fixture
def own(empty_database: Engine, tmp_path: Path) -> Iterator[OwnRulesRig]:
    rig = OwnRulesRig(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    yield rig
    rig.engine.dispose()
