"""`xueshi doctor`: a remedy for every finding, an honest exit code, and nothing changed by looking."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from xueshi.access.repository import NewAccount, add_accounts
from xueshi.access.scope import Scope
from xueshi.assessment import evaluate
from xueshi.real_clock import real_now
from xueshi.storage import open_database, transaction
from xueshi_cli.main import build
from xueshi_cli.workplace import Workplace


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("XUESHI_") and name != "XUESHI_CACHE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def report() -> tuple[int, dict[str, list[dict[str, Any]]]]:
    result = CliRunner().invoke(build(), ["doctor", "--json"])
    parts: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(result.stdout)["findings"]:
        parts.setdefault(finding["part"], []).append(finding)
    return result.exit_code, parts


def test_looking_creates_nothing(data: Path) -> None:
    _, parts = report()
    assert not data.exists()
    assert parts["数据文件夹"][0]["state"] == "ok"


def test_it_says_whether_the_interpreter_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "__file__", "/x/evaluate.py")
    assert "纯 Python" in report()[1]["学时计算"][0]["found"]
    monkeypatch.setattr(evaluate, "__file__", "/x/evaluate.cpython-311-x86_64-linux-gnu.so")
    assert "机器码" in report()[1]["学时计算"][0]["found"]


def test_every_finding_that_is_not_in_order_has_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XUESHI_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("XUESHI_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    code, parts = report()
    assert code == 3
    wrong = [finding for findings in parts.values() for finding in findings if finding["state"] != "ok"]
    assert {"Temporal", "字体", "数据库"} <= {finding["part"] for finding in wrong}
    assert all(finding["remedy"] for finding in wrong)


def test_a_wrong_setting_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_UPLOAD_ROWS", "many")
    code, parts = report()
    assert code == 3
    assert "XUESHI_UPLOAD_ROWS" in parts["设置"][0]["found"]


def test_an_address_that_does_not_answer_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_TEMPORAL_ADDRESS", "127.0.0.1:1")
    code, parts = report()
    assert code == 3
    assert "没有应答" in parts["Temporal"][0]["found"]


def test_keys_that_others_can_read_are_reported_with_the_cure(data: Path) -> None:
    data.mkdir()
    (data / "keys.json").write_text("{}")
    (data / "keys.json").chmod(0o644)
    _, parts = report()
    assert parts["密钥"][0]["state"] == "missing"
    assert parts["密钥"][0]["remedy"] == f"chmod 600 {data / 'keys.json'}"


def test_the_database_is_current_after_the_migrations_and_behind_before(data: Path) -> None:
    from xueshi.migrations.schema import upgrade

    data.mkdir()
    engine = open_database(f"sqlite:///{data / 'xueshi.db'}")
    engine.connect().close()
    _, before = report()
    upgrade(engine)
    engine.dispose()
    _, after = report()
    assert before["数据库"][0]["state"] == "warning"
    assert after["数据库"][0]["state"] == "ok"


def test_a_broken_plugin_is_named_with_its_cause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    about = tmp_path / "xueshi_broken-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: xueshi-broken\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[xueshi.jurisdictions]\nbroken = xueshi_broken:jurisdiction\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    code, parts = report()
    assert code == 3
    (broken,) = [finding for finding in parts["地区插件"] if "broken" in finding["found"]]
    assert broken["state"] == "missing"
    assert "xueshi_broken" in broken["found"]
    assert len(parts["地区插件"]) > 1, "the healthy ones are still listed"


def test_the_last_sweep_of_evidence_is_told_and_a_week_without_one_is_a_finding(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workplace()
    with transaction(place.engine) as session:
        add_accounts(session, Scope.everything(), [NewAccount("bureau", "局", "bureau", "320100")])
    assert report()[1]["证明材料"][0]["found"] == "还没有证明材料"
    (data / "evidence").mkdir()
    assert "还没有清理过" in report()[1]["证明材料"][0]["found"]
    done = CliRunner().invoke(build(), ["records", "evidence", "sweep", "--as", "bureau"])
    assert done.exit_code == 0, done.output
    told = report()[1]["证明材料"][0]
    assert (told["state"], "清理 0 个" in told["found"]) == ("ok", True)
    later = real_now() + timedelta(days=8)
    monkeypatch.setattr("xueshi_cli.doctor.real_now", lambda: later)
    told = report()[1]["证明材料"][0]
    assert told["state"] == "warning"
    assert "sweep" in told["remedy"]
    place.engine.dispose()
