"""What a demo tells at its end: figures, proofs, and where the papers are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from rich.table import Table

from xueshi.campaigns.figures.reconcile import Reconciliation
from xueshi_cli.output import console


@dataclass
class DemoReport:
    """What the demo's closing table says."""

    folder: Path
    campaign_id: UUID
    units: int = 0
    people: int = 0
    met: dict[str, int] = field(default_factory=dict)
    not_met: dict[str, int] = field(default_factory=dict)
    undecided: int = 0
    refused_workbooks: int = 0
    returned: int = 0
    late: int = 0
    papers: dict[str, int] = field(default_factory=dict)
    kills: list[str] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)
    reconciliation: Reconciliation | None = None
    audit_entries: int = 0
    seconds: float = 0.0


def print_report(report: DemoReport) -> None:
    """Print the closing table and where the papers are."""
    levels = (("senior", "高级"), ("intermediate", "中级"), ("junior", "初级"), ("", "未定级"))
    table = Table(title="年度验证演示结果", show_header=False, title_justify="left")
    table.add_column(style="bold", overflow="fold")
    table.add_column(overflow="fold")
    table.add_row("单位 / 人员（已封存）", f"{report.units} 家 / {report.people} 人")
    table.add_row(
        "完成", "，".join(f"{label} {report.met[key]}" for key, label in levels if key in report.met)
    )
    table.add_row(
        "未完成",
        "，".join(f"{label} {report.not_met[key]}" for key, label in levels if key in report.not_met),
    )
    table.add_row("待补、未判定", f"{report.undecided} 人")
    table.add_row(
        "工作簿有错被拒 / 退回 / 逾期未申报",
        f"{report.refused_workbooks} / {report.returned} / {report.late} 家",
    )
    table.add_row("表卡", "\n".join(f"{paper} {number}" for paper, number in sorted(report.papers.items())))
    for proof in report.proofs:
        table.add_row("中断与恢复", proof)
    if report.reconciliation is not None:
        done = report.reconciliation
        table.add_row(
            "核对",
            f"办理 {done.commands} 件，办结 {done.done}，未办理 {done.refused}，差额 {done.difference}",
        )
    whole = "完整" if report.audit_entries >= 0 else "断裂"
    table.add_row("审计链", f"{whole}，{report.audit_entries} 条")
    table.add_row(
        "事件数（最长一段）", "，".join(f"{name} {number}" for name, number in report.events.items())
    )
    table.add_row("用时", f"{report.seconds:.1f} 秒")
    console.print(table)
    console.print(f"演示文件夹：{report.folder}", soft_wrap=True)
    for path in sorted((report.folder / "papers").rglob("*.xlsx")):
        console.print(f"年度统计表：{path}", soft_wrap=True)
    for path in sorted((report.folder / "papers").rglob("*.pdf"))[:2]:
        console.print(f"表卡示例：{path}", soft_wrap=True)
