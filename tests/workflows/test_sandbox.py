"""The sandbox of workflows is on; what it is not asked for every payload has one answer only."""

from __future__ import annotations

import os
from typing import Any

from temporalio.converter import DataConverter, DefaultPayloadConverter, WithSerializationContext
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from xueshi_workflows.plugin import _converter
from xueshi_workflows.sandbox import PASSED_THROUGH, WithoutContexts, sandbox


class Asking(WorkflowInstance):
    """An instance that answers nothing: whoever asks it fails."""

    def activate(self, act: Any) -> Any:
        return f"activated {act}"

    def get_serialization_context(self, command_info: Any) -> None:
        raise AssertionError("asked in the sandbox")

    def get_external_store_context(self, command_info: Any) -> Any:
        raise AssertionError("asked in the sandbox")

    def get_info(self) -> Any:
        return "info"


class Runner(WorkflowRunner):
    def prepare_workflow(self, defn: Any) -> None:
        self.prepared = defn

    def create_instance(self, det: Any) -> WorkflowInstance:
        return Asking()


def test_nothing_of_ours_treats_a_payload_by_the_command_it_belongs_to() -> None:
    """Else `WithoutContexts` would withhold from it what the SDK promises."""
    converter = _converter(os.urandom(32))(None)
    assert converter.payload_codec is not None
    assert not isinstance(converter.payload_codec, WithSerializationContext)
    assert converter.external_storage is None
    assert converter.payload_converter_class is DefaultPayloadConverter
    assert converter.failure_converter_class is DataConverter.default.failure_converter_class
    of_encodings = DefaultPayloadConverter().converters.values()
    assert not [one for one in of_encodings if isinstance(one, WithSerializationContext)]


def test_an_instance_is_activated_inside_and_asked_for_contexts_outside() -> None:
    runner = WithoutContexts(Runner())
    instance = runner.create_instance(None)  # type: ignore[arg-type]  # the fake needs no details
    assert instance.activate("now") == "activated now"  # type: ignore[arg-type,comparison-overlap]  # same
    assert instance.get_info() == "info"  # type: ignore[comparison-overlap]  # same
    assert instance.get_serialization_context(None) is None
    assert instance.get_external_store_context(None).target is None


def test_workflows_run_in_the_sdks_sandbox_and_bring_their_own_module_into_it() -> None:
    runner = sandbox(None)
    assert isinstance(runner, WithoutContexts)
    assert isinstance(runner.inner, SandboxedWorkflowRunner)
    passed = runner.inner.restrictions.passthrough_modules
    assert passed >= set(PASSED_THROUGH)
    assert not passed & {"xueshi_workflows", "xueshi_workflows.unit", "xueshi_workflows.campaign"}


def test_a_runner_of_another_kind_stays_as_it_is() -> None:
    given = UnsandboxedWorkflowRunner()
    assert sandbox(given) is given
