"""Records the histories of the `Report` workflow: `.venv/bin/pytest -q -s tests/kit/record_reports.py`.

Run it when the workflow gets a new path (behind `workflow.patched`), never to make a failing replay pass. It is a
test file only so that it may use the two bureaus of tests/reports; no test run collects it.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"recorded_{name}", TESTS / "reports" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


conftest, played = _module("conftest"), _module("test_report_workflow")
sides, closed = conftest.sides, conftest.closed


@pytest.mark.parametrize("name", sorted(played.PLAYS))
def test_record(name: str, closed: Any) -> None:
    body = json.loads(played.PLAYS[name](closed).history.to_json())
    for event in body["events"]:
        for attributes in event.values():
            if isinstance(attributes, dict) and "identity" in attributes:
                attributes["identity"] = "recorded"
    folder = TESTS / "histories" / "reports"
    folder.mkdir(exist_ok=True)
    (folder / f"report-{name}.json").write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n")
