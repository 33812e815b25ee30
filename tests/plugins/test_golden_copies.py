"""The case files of the plugins are the domain's golden cases, byte for byte, where those are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIES = sorted(ROOT.glob("plugins/*/xueshi_*/cases/*.yaml"))


@pytest.mark.golden
def test_every_copy_is_its_original(golden: Path) -> None:
    originals = {path.name: path.read_bytes() for path in golden.glob("*.yaml")}
    compared = [copy for copy in COPIES if copy.name in originals]
    assert compared, f"no case file of a plugin has the name of one in {golden}"
    differing = [str(copy) for copy in compared if copy.read_bytes() != originals[copy.name]]
    assert differing == []
