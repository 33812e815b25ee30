"""Records all year on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from records_rig import RecordsRig
from sqlalchemy import Engine


@pytest.fixture
def rig(empty_database: Engine, tmp_path: Path) -> Iterator[RecordsRig]:
    (tmp_path / "data").mkdir()
    rig = RecordsRig(tmp_path / "data", empty_database.url.render_as_string(hide_password=False))
    yield rig
    rig.engine.dispose()
