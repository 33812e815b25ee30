"""`xueshi reconcile` and `xueshi audit verify`: proofs that nothing was lost and nothing was altered."""

from __future__ import annotations

from dataclasses import asdict

import typer

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile as reconcile_all
from xueshi.storage import reading
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, show_record
from xueshi_cli.workplace import Workplace

app = Noun("审计")

LABELS = {
    "commands": "办理",
    "done": "已办结",
    "pending": "等待执行",
    "refused": "未办理、逾期、撤回",
    "done_without_effect": "已办结而无结果",
    "done_without_audit": "已办结而无审计",
    "effect_without_done": "有结果而未办结",
    "audit_without_done": "有审计而未办结",
    "audited_twice": "重复审计",
}


def reconcile(json: AsJson = False) -> None:
    """核对：每件办结的办理恰有一个结果和一条审计。差额须为零。"""
    with reading(Workplace.here().engine) as session:
        report = reconcile_all(session)
    record = {LABELS[name]: value for name, value in asdict(report).items()} | {"差额": report.difference}
    show_record("核对", asdict(report) | {"difference": report.difference} if json else record, as_json=json)
    if report.difference:
        raise typer.Exit(1)


@app.command("verify")
def verify(json: AsJson = False) -> None:
    """验证审计链：逐条重算，指出第一处断裂。"""
    with reading(Workplace.here().engine) as session:
        report = audit.verify(session)
    if json:
        show_record("", asdict(report), as_json=True)
    elif report.broken_at is None:
        typer.echo(f"审计链完整，共 {report.entries} 条")
    else:
        typer.echo(f"审计链断裂：{report.reason}；请保全数据文件夹并报告管理员")
    if report.broken_at is not None:
        raise typer.Exit(1)


@app.callback()
def _group() -> None:
    """Keep `audit` a group although it has one verb."""
