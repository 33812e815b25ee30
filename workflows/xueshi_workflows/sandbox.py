"""The sandbox in which workflows run: what it does not load anew for each of them, and what it is not asked.

Every import that it does anew is paid for by each unit that enters a worker's memory, at opening and after a kill;
every question put to it is paid for by each payload of each decision.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

if TYPE_CHECKING:
    from temporalio import workflow
    from temporalio.bridge.proto.workflow_activation import WorkflowActivation
    from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion

PASSED_THROUGH = (
    "xueshi",
    "xueshi_workflows.attributes",
    "xueshi_workflows.inbox",
    "xueshi_workflows.messages",
    "xueshi_workflows.report_messages",
)
"""Modules that hold no state and no clock: the pure engine, what travels and waits. The workflows' own stay inside."""


def sandbox(existing: WorkflowRunner | None) -> WorkflowRunner:
    """Return the runner of our workflows: the SDK's sandbox with our modules passed through.

    Where another kind of runner is given (a debugger's), it stays as it is.
    """
    runner = existing or SandboxedWorkflowRunner()
    if not isinstance(runner, SandboxedWorkflowRunner):
        return runner
    restrictions = runner.restrictions.with_passthrough_modules(*PASSED_THROUGH)
    return WithoutContexts(dataclasses.replace(runner, restrictions=restrictions))


class WithoutContexts(WorkflowRunner):
    """A runner whose instances are not asked in the sandbox to which command a payload belongs.

    The SDK asks up to four times for each payload, to let converters and ciphers behave by command; each time it enters
    the sandbox for it. Ours treat all payloads alike (a test holds that), so the answer is known outside: none.
    """

    def __init__(self, inner: WorkflowRunner) -> None:
        self.inner = inner

    def prepare_workflow(self, defn: Any) -> None:
        """Let the inner runner check a workflow's definition."""
        self.inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make one workflow's instance."""
        return _Instance(self.inner.create_instance(det))

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        """Hand on which errors fail a workflow."""
        self.inner.set_worker_level_failure_exception_types(types)


class _Instance(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: object) -> None:  # noqa: ARG002 - the SDK's signature
        return None

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:  # noqa: ARG002 - same
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> workflow.Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
