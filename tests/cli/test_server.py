"""The embedded Temporal server: it serves when `start` returns, survives kills, and cleans up after itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from xueshi.errors import InputError, ServiceMissingError
from xueshi_cli import temporal_binary
from xueshi_cli.server import TemporalServer, find_temporal, is_running, read_record, serves, temporal_address


@pytest.mark.temporal
async def test_it_serves_and_keeps_closed_workflows_for_400_days(tmp_path: Path) -> None:
    with TemporalServer.start(tmp_path) as server:
        client = await Client.connect(server.address)
        answer = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace="default")
        )
        assert answer.config.workflow_execution_retention_ttl.seconds == 400 * 24 * 3600
        assert server.address.startswith("127.0.0.1:")
    assert not is_running(server.pid, server.started)
    assert not serves(server.address)


@pytest.mark.temporal
def test_a_killed_server_comes_back_on_the_same_port_with_the_same_data(tmp_path: Path) -> None:
    first = TemporalServer.start(tmp_path)
    first.kill()
    with TemporalServer.start(tmp_path) as second:
        assert second.address == first.address
        assert second.pid != first.pid


@pytest.mark.temporal
def test_a_server_left_behind_by_a_killed_command_is_adopted(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from xueshi_cli.server import TemporalServer;"
        "TemporalServer.start(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert died.returncode == -signal.SIGKILL
    left = read_record(tmp_path)
    assert left is not None
    with TemporalServer.start(tmp_path) as adopted:
        assert adopted.pid == left.pid
        assert serves(adopted.address)
    assert not is_running(left.pid, left.started)


@pytest.mark.temporal
def test_an_orphan_that_no_longer_serves_is_ended_and_replaced(tmp_path: Path) -> None:
    stuck = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    record: dict[str, Any] = {
        "pid": stuck.pid,
        "started": psutil.Process(stuck.pid).create_time(),
        "port": 1,
        "ui_port": None,
        "owner": 0,
        "owner_started": 0.0,
    }
    (tmp_path / "temporal.json").write_text(json.dumps(record))
    with TemporalServer.start(tmp_path) as server:
        assert server.pid != stuck.pid
    assert not is_running(stuck.pid, record["started"])
    stuck.wait()


def test_a_folder_in_use_by_another_command_is_refused_by_name(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        record = {
            "pid": os.getpid(),
            "started": psutil.Process().create_time(),
            "port": 1,
            "ui_port": None,
            "owner": owner.pid,
            "owner_started": psutil.Process(owner.pid).create_time(),
        }
        (tmp_path / "temporal.json").write_text(json.dumps(record))
        with pytest.raises(InputError, match=str(owner.pid)):
            TemporalServer.start(tmp_path)
    finally:
        owner.kill()
        owner.wait()


def test_without_the_program_all_ways_to_get_it_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XUESHI_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ServiceMissingError) as refusal:
        find_temporal()
    for way in ("XUESHI_TEMPORAL_ADDRESS", "PATH", str(tmp_path / "cache" / "bin"), "make setup", "Go"):
        assert way in str(refusal.value)


def test_the_program_on_path_comes_before_the_one_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = tmp_path / "path" / temporal_binary.PROGRAM
    monkeypatch.setenv("PATH", str(on_path.parent))
    monkeypatch.setenv("XUESHI_CACHE", str(tmp_path / "cache"))
    cached = temporal_binary.cached_program()
    for program in (on_path, cached):
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    assert find_temporal() == on_path
    on_path.unlink()
    assert find_temporal() == cached


def test_a_configured_address_that_does_not_answer_is_an_error_not_a_second_server(tmp_path: Path) -> None:
    with (
        pytest.raises(ServiceMissingError, match=r"127\.0\.0\.1:1 "),
        temporal_address(tmp_path, "127.0.0.1:1"),
    ):
        pass
    assert not (tmp_path / "temporal.json").exists()
