"""An activity that fails names nobody in the history: whatever it raised, the history says what kind and where only."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    UnsandboxedWorkflowRunner,
    Worker,
)

from xueshi.errors import InputError, RenderError
from xueshi.migrations import schema
from xueshi.settings import Settings
from xueshi.storage import open_database
from xueshi_cli.server import TemporalServer
from xueshi_cli.workplace import Workplace
from xueshi_workflows.activities import CampaignActivities
from xueshi_workflows.connecting import connect
from xueshi_workflows.failures import BareFailures, bare
from xueshi_workflows.report_activities import ReportActivities

NAME = "张三丰"
NUMBER = "110101199001011237"


def plainly() -> None:
    raise InputError(f"{NAME}（{NUMBER}）的记录无法读取")


def with_a_cause() -> None:
    try:
        raise KeyError(NAME)
    except KeyError as error:
        raise ValueError(f"no {NUMBER}") from error


def while_another_was_handled() -> None:
    try:
        raise KeyError(NAME)
    except KeyError:
        raise ValueError(NUMBER)  # noqa: B904 - the context is what is tested


def together() -> None:
    raise ExceptionGroup(NAME, [RuntimeError(NAME), InputError(NUMBER)])


def of_a_paper() -> None:
    raise RenderError(f"《登记卡》无法打印：{NAME}", "照片不是 JPEG 或 PNG 文件")


def on_purpose() -> None:
    raise ApplicationError(NAME, {"who": NUMBER}, type="Bad", non_retryable=True)


RAISED: tuple[Callable[[], None], ...] = (
    plainly,
    with_a_cause,
    while_another_was_handled,
    together,
    of_a_paper,
    on_purpose,
)


def every_activity() -> list[str]:
    """Return the names of all activities that a worker registers."""
    campaign = CampaignActivities(None, Path(), None)  # type: ignore[arg-type]
    report = ReportActivities(None, Path())  # type: ignore[arg-type]
    found = [activity._Definition.must_from_callable(one).name for one in (*campaign.all(), *report.all())]
    return [name for name in found if name is not None]


@workflow.defn(name="EveryActivityFails", sandboxed=False)
class EveryActivityFails:
    @workflow.run
    async def run(self, names: list[str], errors: int) -> int:
        """Run each of them once for every error, all at once; returns how many failed."""
        ended = await asyncio.gather(
            *(
                workflow.execute_activity(
                    name,
                    number,
                    start_to_close_timeout=timedelta(seconds=30),
                    retry_policy=RetryPolicy(maximum_attempts=1),
                )
                for name in names
                for number in range(errors)
            ),
            return_exceptions=True,
        )
        return sum(isinstance(one, ActivityError) for one in ended)


def failing(name: str) -> Callable[[int], None]:
    """Return an activity of a name that raises one of the errors, on a thread as ours do."""

    @activity.defn(name=name)
    def fail(number: int) -> None:
        RAISED[number]()

    return fail


def texts(history: Any) -> Iterator[str]:
    """Return every text of a history, what its payloads hold among them."""
    if isinstance(history, dict):
        yield from (text for one in history.values() for text in texts(one))
    elif isinstance(history, list):
        yield from (text for one in history for text in texts(one))
    elif isinstance(history, str):
        yield history
        with suppress(ValueError):
            yield base64.b64decode(history, validate=True).decode()


@pytest.mark.temporal
def test_no_failure_of_any_activity_brings_a_name_into_a_history(tmp_path: Path) -> None:
    place = Workplace(settings=Settings(data=tmp_path / "data"))
    names = every_activity()

    async def play() -> tuple[int, str]:
        client = await connect(str(place.temporal_address()), place.namespace, None)
        with ThreadPoolExecutor(max_workers=4) as threads:
            async with Worker(
                client,
                task_queue="failing",
                workflows=[EveryActivityFails],
                activities=[failing(name) for name in names],
                activity_executor=threads,
                workflow_runner=UnsandboxedWorkflowRunner(),
            ):
                handle = await client.start_workflow(
                    "EveryActivityFails",
                    args=[names, len(RAISED)],
                    id="failing",
                    task_queue="failing",
                    result_type=int,
                )
                failures = await handle.result()
                return failures, (await handle.fetch_history()).to_json()

    with TemporalServer.start(place.folder):
        failures, history = asyncio.run(play())
    assert failures == len(names) * len(RAISED)
    told = "\n".join(texts(json.loads(history)))
    for word in (NAME, NUMBER):
        assert word not in told, "a history is read by whoever looks at the server"
    assert "InputError" in told
    assert "照片不是 JPEG 或 PNG 文件" in told, "the reason of a paper holds no word of it"


class Failing(ActivityInboundInterceptor):
    """What stands behind the interceptor under test: an activity that raises."""

    def __init__(self, raised: Callable[[], None]) -> None:
        self.raised = raised

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        self.raised()


def failure_of(raised: Callable[[], None]) -> ApplicationError:
    """Return what the interceptor lets through of an error."""
    inbound = BareFailures().intercept_activity(Failing(raised))

    async def run() -> None:
        await inbound.execute_activity(None)  # type: ignore[arg-type]

    async def in_activity() -> None:
        await ActivityEnvironment().run(run)

    with pytest.raises(ApplicationError) as told:
        asyncio.run(in_activity())
    return told.value


@pytest.mark.parametrize("raised", RAISED, ids=lambda one: one.__name__)
def test_the_failure_has_no_word_and_no_cause(raised: Callable[[], None]) -> None:
    told = failure_of(raised)
    assert NAME not in str(told)
    assert NUMBER not in str(told)
    assert told.details == ()
    assert told.__cause__ is None
    assert told.__suppress_context__


def test_kinds_place_and_what_retries_rest_on_are_kept() -> None:
    assert failure_of(with_a_cause).message.startswith("ValueError ← KeyError")
    assert failure_of(together).message.startswith("ExceptionGroup ← RuntimeError ← InputError")
    assert (failure_of(plainly).type, failure_of(plainly).non_retryable) == ("InputError", False)
    assert (failure_of(on_purpose).type, failure_of(on_purpose).non_retryable) == ("Bad", True)


def test_the_place_is_the_last_line_of_our_own_code(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'none' / 'x.db'}")
    with pytest.raises(OperationalError) as raised:
        schema.is_current(engine)
    engine.dispose()
    said = bare(raised.value).message
    assert said.startswith("OperationalError")
    assert re.search(r"；xueshi/migrations/schema\.py:\d+$", said), said
    assert str(tmp_path) not in said


def test_the_whole_error_stands_in_the_workers_log() -> None:
    with capture_logs() as logs:
        failure_of(plainly)
    (entry,) = [one for one in logs if one["event"] == "activity_failed"]
    assert entry["exc_info"]
    assert entry["activity"] == "unknown", "that of the test's environment"
