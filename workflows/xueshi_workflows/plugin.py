"""The whole registration surface: one Temporal plugin configures client, worker and replayer alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin

from xueshi_workflows.appeal import AppealWorkflow
from xueshi_workflows.batches import BulkDecisionWorkflow, ReassessWorkflow
from xueshi_workflows.campaign import CampaignWorkflow
from xueshi_workflows.codec import PayloadCipher
from xueshi_workflows.failures import BareFailures
from xueshi_workflows.reminders import OpeningsWorkflow, RemindersWorkflow
from xueshi_workflows.report import ReportWorkflow
from xueshi_workflows.sandbox import sandbox
from xueshi_workflows.unit import UnitWorkflow

WORKFLOWS: tuple[type, ...] = (
    CampaignWorkflow,
    UnitWorkflow,
    RemindersWorkflow,
    OpeningsWorkflow,
    ReportWorkflow,
    AppealWorkflow,
    BulkDecisionWorkflow,
    ReassessWorkflow,
)


def xueshi_plugin(key: bytes | None, activities: Sequence[Callable[..., Any]] = ()) -> SimplePlugin:
    """Return the plugin; `key` encrypts payloads (None only for recorded histories of made-up people)."""
    return SimplePlugin(
        "xueshi",
        data_converter=_converter(key),
        interceptors=[BareFailures()],
        activities=list(activities),
        workflows=list(WORKFLOWS),
        workflow_runner=sandbox,
    )


def _converter(key: bytes | None) -> Callable[[DataConverter | None], DataConverter]:
    def configure(existing: DataConverter | None) -> DataConverter:
        converter = existing or DataConverter.default
        return converter if key is None else dataclasses.replace(converter, payload_codec=PayloadCipher(key))

    return configure
