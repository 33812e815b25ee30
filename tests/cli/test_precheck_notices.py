"""`xueshi precheck` says what was handed in and is weighed by nothing, as `xueshi assess` does."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from xueshi_cli.main import build

PLAN = ("precheck", "--region", "suzhou", "--year", "2014", "--kind", "training", "--fact", "天数=2", "--fact", "合格=是")  # fmt: skip


def ask(*words: str) -> str:
    return CliRunner().invoke(build(), list(words)).output


def year(folder: Path) -> Path:
    file = folder / "person.json"
    facts = {"declared_hours": 6, "passed": True, "level": "city"}
    body = {"person": {"level": "senior"}, "records": [{"id": "7", "kind": "training", "facts": facts}]}
    file.write_text(json.dumps(body), encoding="utf-8")
    return file


def test_what_no_rule_reads_of_the_other_records_is_told(tmp_path: Path) -> None:
    said = "提示：记录7所填的级别为市级没有条款使用，不影响学时；确有影响的，请另行处理"
    assert said in ask(*PLAN, "--file", str(year(tmp_path)))
    assert said in ask("assess", "--region", "suzhou", "--year", "2014", "--file", str(year(tmp_path)))


def test_what_no_rule_reads_of_the_plan_is_told(tmp_path: Path) -> None:
    plan = (*PLAN, "--fact", "级别=市级")
    assert "没有条款使用，不影响学时：级别为市级" in ask(*plan)
    told = json.loads(ask(*plan, "--file", str(year(tmp_path)), "--json"))
    assert [notice.partition("所填的")[0] for notice in told["notices"]] == ["记录7", "记录计划"]
    assert json.loads(ask(*PLAN, "--json"))["notices"] == []
