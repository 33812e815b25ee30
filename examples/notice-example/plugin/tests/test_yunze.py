"""The plugin passes the engine's contract and its own cases: `pytest tests` in an environment where it is installed."""

from pathlib import Path

from xueshi.testing import JurisdictionContract


class TestYunze(JurisdictionContract):
    code = "yunze"


def test_the_cases_were_written() -> None:
    """Cases are run by `xueshi cases xueshi_yunze/cases`; a region without any has not been tried."""
    cases = Path(__file__).resolve().parent.parent / "xueshi_yunze" / "cases"
    assert any("- id:" in file.read_text(encoding="utf-8") for file in cases.glob("*.yaml"))
