"""L4: workflows of today replay what was recorded before; a changed workflow is a decision, not an accident."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from xueshi_workflows.plugin import xueshi_plugin

PROJECT = Path(__file__).resolve().parents[2]
HISTORIES = sorted((PROJECT / "tests" / "histories").glob("*.json"))
FINGERPRINT = PROJECT / "tests" / "histories" / "fingerprint.txt"
WORKFLOWS = ("unit.py", "campaign.py", "appeal.py", "batches.py", "inbox.py", "attributes.py", "messages.py")
RECORDED = {
    *("campaign", "campaign-acts", "appeal", "bulk-1", "bulk-continued", "reassess"),
    *(f"unit-{name}" for name in ("straight", "returned", "late")),
    *(f"unit-{name}" for name in ("appealed", "makeup", "dissolved", "extended", "later-round")),
    *("unit-continued", "unit-by-the-clock"),
}


def event_types(file: Path) -> list[str]:
    return [event["eventType"] for event in json.loads(file.read_text())["events"]]


def test_the_paths_that_matter_are_recorded() -> None:
    names = {file.stem.rsplit("-run", 1)[0] for file in HISTORIES}
    assert names == RECORDED
    for name in ("campaign", "campaign-acts"):
        runs = [file for file in HISTORIES if file.stem.rsplit("-run", 1)[0] == name]
        assert len(runs) == 4, "opening, running, closing, what comes after"
    for name in ("bulk-continued", "unit-continued"):
        assert len([file for file in HISTORIES if file.stem.startswith(name)]) > 1


def test_a_timer_that_was_moved_and_one_that_fired_are_recorded() -> None:
    types = event_types(PROJECT / "tests" / "histories" / "unit-by-the-clock-run1.json")
    assert {"EVENT_TYPE_TIMER_STARTED", "EVENT_TYPE_TIMER_CANCELED", "EVENT_TYPE_TIMER_FIRED"} <= set(types)


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_history_replays(file: Path) -> None:
    history = WorkflowHistory.from_json(file.stem, file.read_text())
    replayer = Replayer(workflows=[], plugins=[xueshi_plugin(None)])
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_a_history_stays_within_the_event_budget(file: Path) -> None:
    budget = 325 if file.stem.startswith("unit") else 2000
    assert len(event_types(file)) <= budget


def test_no_history_names_a_person() -> None:
    for file in HISTORIES:
        text = file.read_text()
        assert "示例" not in text
        assert not any(letter > "\u4e00" for letter in text if letter.isalpha() and letter > "\u3000")


def test_a_changed_workflow_is_a_decision() -> None:
    """Behind `workflow.patched`? Replays pass? Then write the new fingerprint, in the same commit as the change."""
    digest = hashlib.sha256()
    for name in WORKFLOWS:
        digest.update((PROJECT / "workflows" / "xueshi_workflows" / name).read_bytes())
    assert digest.hexdigest() == FINGERPRINT.read_text().strip()
