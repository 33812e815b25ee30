"""The case files of the plugins are the domain's golden cases, byte for byte, where those are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from xueshi.assessment.case_file import read_case_file
from xueshi.registry import load
from xueshi.regulations.sources import RegulationSource

ROOT = Path(__file__).resolve().parents[2]
COPIES = sorted(ROOT.glob("plugins/*/xueshi_*/cases/*.yaml"))


@pytest.mark.golden
def test_every_copy_is_its_original(golden: Path) -> None:
    originals = {path.name: path.read_bytes() for path in golden.glob("*.yaml")}
    compared = [copy for copy in COPIES if copy.name in originals]
    assert compared, f"no case file of a plugin has the name of one in {golden}"
    differing = [str(copy) for copy in compared if copy.read_bytes() != originals[copy.name]]
    assert differing == []


@pytest.mark.golden
def test_every_encoded_instrument_brings_its_golden_cases(golden: Path) -> None:
    registry = load(strict=False)
    encoded = {
        instrument.id
        for code in registry.codes()
        for instrument in registry.ask(code).jurisdiction().instruments
        if instrument.file is not None
    }
    files = {
        path.name: read_case_file(RegulationSource(path.name, path.read_text("utf-8")))
        for path in golden.glob("*.yaml")
    }
    copies = {copy.name for copy in COPIES}
    lacking = [name for name, file in files.items() if file.instrument in encoded and name not in copies]
    assert files
    assert lacking == []
