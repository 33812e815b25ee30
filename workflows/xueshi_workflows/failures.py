"""What a failed activity leaves in a workflow's history: the kind of error and the place in the code, no word of it.

Messages of errors, and what databases and libraries quote in theirs, may name people, and a history is read by whoever
looks at the Temporal server. The whole error stands in the worker's log, under the activity's id, masked as every entry.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from xueshi.errors import RenderError

OUR_PACKAGES = ("xueshi", "xueshi_workflows", "xueshi_templates")
log = structlog.get_logger(__name__)


class BareFailures(Interceptor):
    """Lets no activity fail with words of its own: part of the plugin, so that no worker is without it."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap every activity."""
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except CancelledError:
            raise  # the server's own word, not ours
        except Exception as error:
            info = activity.info()
            log.exception(
                "activity_failed",
                activity=info.activity_type,
                activity_id=info.activity_id,
                workflow=info.workflow_id,
                attempt=info.attempt,
            )
            raise bare(error) from None


def bare(error: Exception) -> ApplicationError:
    """Return the failure to report for an error: its kinds down to the cause, and where it was raised.

    The type stays the one by which retry policies know it, and what may not be tried again stays so. Of a paper that
    cannot be set the reason is kept: it holds no word of the paper.
    """
    said = [" ← ".join(dict.fromkeys(_kinds(error))), _place(error)]
    if isinstance(error, RenderError):
        said.append(error.reason)
    known = error if isinstance(error, ApplicationError) else None
    return ApplicationError(
        "；".join(word for word in said if word),
        type=(known and known.type) or type(error).__name__,
        non_retryable=known is not None and known.non_retryable,
        next_retry_delay=None if known is None else known.next_retry_delay,
    )


def _kinds(error: BaseException) -> Iterator[str]:
    """Return the kinds of an error, of those it holds together, and of what caused each."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield type(one).__name__
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        waiting.append(one.__cause__ or (None if one.__suppress_context__ else one.__context__))


def _place(error: BaseException) -> str:
    """Return file and line in our code where an error came up, from its package on; empty where it never was in it."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        parts = PurePath(frame.filename).parts
        package = next((place for place, part in enumerate(parts) if part in OUR_PACKAGES), None)
        if package is not None and parts[-1] != PurePath(__file__).name:
            return f"{'/'.join(parts[package:])}:{frame.lineno}"
    return ""
