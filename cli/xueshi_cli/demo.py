"""`xueshi demo`: a whole campaign on sample workbooks, officers as scripts, a worker killed three times on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns import repository
from xueshi.campaigns.clock import start_of
from xueshi.campaigns.commands import CommandRequest
from xueshi.campaigns.papers import papers_of
from xueshi.campaigns.reconcile import Reconciliation, reconcile
from xueshi.campaigns.tables import Campaign, Command, Filing, Task
from xueshi.documents import repository as papers
from xueshi.errors import InputError, XueshiError
from xueshi.results import repository as results
from xueshi.storage import reading
from xueshi_cli import histories
from xueshi_cli.acting import act_async, opened_by_notice, port_of
from xueshi_cli.demo_cast import Cast, Filer, prepare
from xueshi_cli.output import console
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace, new_demo_folder
from xueshi_workflows.worker import connect

ENGINE = Scope.everything()
KILLS = ("apply_decision.after", "assess_unit.heartbeat", "render_forms.heartbeat")
"""Where the worker is killed, in the order in which the campaign comes there."""
AT_ONCE = 8
RETURN_REASON = "登记内容与所附证明不符，请核对后重新申报"
LEFT_OPEN_REASON = "证明材料未齐，留待补正"


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


def demo(
    units: Annotated[int, typer.Option(help="单位数（不少于6）")] = 24,
    people: Annotated[int, typer.Option(help="人数")] = 860,
    seed: Annotated[int, typer.Option(help="样本种子：同一种子，同样的表卡")] = 2021,
    kill: Annotated[bool, typer.Option(help="中途杀死工作进程三次")] = True,
    folder: Annotated[Path | None, typer.Option(help="演示文件夹；缺省为新建")] = None,
) -> None:
    """在示例工作簿上完整办理一次年度验证，中途杀死工作进程，直到表卡和统计。"""
    report = asyncio.run(Demo(folder or new_demo_folder(), units, people, seed, kill=kill).run())
    print_report(report)
    if report.reconciliation is None or report.reconciliation.difference:
        raise typer.Exit(1)


class Demo:
    """One demo in one folder: a server, a worker that is killed, officers who act through commands only."""

    def __init__(
        self,
        folder: Path,
        units: int,
        people: int,
        seed: int,
        *,
        kill: bool,
        worker_options: Sequence[str] = (),
    ) -> None:
        if units < 6:
            raise InputError("演示至少需要 6 家单位（含退回、逾期、有错工作簿各一）；请用 --units 6 以上")
        self.place = Workplace(folder)
        self.size = (units, people, seed)
        self.worker_options = worker_options
        self.kills = list(KILLS) if kill else []
        self.report = DemoReport(folder, campaign_id=UUID(int=0))
        self.cast: Cast
        self.campaign: Campaign
        self.worker: WorkerProcess

    async def run(self) -> DemoReport:
        """Play the campaign; everything started is ended, whatever happens."""
        began = time.monotonic()
        with _progress() as progress:
            bar = progress.add_task("准备：密钥、数据库、账号、示例工作簿", total=None)
            self.cast = await asyncio.to_thread(prepare, self.place, *self.size)
            progress.update(bar, total=1, completed=1)
            bar = progress.add_task("启动 Temporal 服务和工作进程", total=1)
            with TemporalServer.start(self.place.folder):
                self.worker = self._new_worker()
                progress.update(bar, completed=1)
                watcher = asyncio.create_task(self._watch())
                try:
                    await self._play(progress)
                    await self._prove()
                finally:
                    watcher.cancel()
                    self.worker.stop()
        self.report.seconds = time.monotonic() - began
        return self.report

    async def _play(self, progress: Progress) -> None:
        place, cast = self.place, self.cast
        self.campaign = await asyncio.to_thread(
            opened_by_notice,
            place,
            cast.bureau,
            cast.notice,
            standing=True,
            starts_at=start_of(cast.notice.issued),
        )
        self.report.campaign_id = self.campaign.id
        self.port = await port_of(place)
        await self._until(
            lambda session: repository.campaign(session, ENGINE, self.campaign.id).workflow_started
        )
        filers = [filer for filer in cast.filers if not filer.late]
        await _each(progress, "单位导入工作簿并由两部门签署", filers, self._file)
        await _each(progress, "区级审验", filers, self._verify)
        returned = [filer for filer in filers if filer.returned]
        await _each(progress, "退回单位改正后重新申报", returned, self._file_again)
        await _each(progress, "区级复验", returned, self._verify)
        bar = progress.add_task("截止：逾期单位、关闭、封存、打印、统计", total=3)
        await self._pass_deadline()
        progress.advance(bar)
        await self._steer("close")
        progress.advance(bar)
        await self._until(
            lambda session: repository.campaign(session, ENGINE, self.campaign.id).stage == "finished",
            patience=600,
        )
        progress.advance(bar)

    # ------------------------------------------------------------ what officers do

    async def _file(self, filer: Filer) -> None:
        """Import the first workbook; one with mistakes is refused and its corrected twin imported. Then both sign."""
        if filer.mistaken is not None:
            problems = await asyncio.to_thread(self.cast.hand_in, self.place, filer, filer.mistaken)
            if not problems:
                raise XueshiError(f"示例工作簿 {filer.mistaken.name} 本应被拒绝，却导入成功；请报告此缺陷")
            self.report.refused_workbooks += 1
        await self._hand_in_and_sign(filer, filer.workbook)

    async def _file_again(self, filer: Filer) -> None:
        self.report.returned += 1
        await self._hand_in_and_sign(filer, filer.corrected or filer.workbook)

    async def _hand_in_and_sign(self, filer: Filer, workbook: Path) -> None:
        problems = await asyncio.to_thread(self.cast.hand_in, self.place, filer, workbook)
        if problems:
            raise XueshiError(f"示例工作簿 {workbook.name} 未能导入：{problems[0]}")
        for officer in filer.signers:
            await self._decide(officer, self._filing(filer), "approve", {})
        await self._until(lambda session: self._stage(session, filer) == "deciding", patience=120)

    async def _verify(self, filer: Filer) -> None:
        """The area's body: settle what the text leaves to a person, then return or approve."""
        officer = self.cast.verifier
        filing = self._filing(filer)
        if filer.returned and filing.state["returns"] == 0:
            await self._decide(officer, filing, "return", {"reason": RETURN_REASON})
            return
        with reading(self.place.engine) as session:
            tasks = repository.open_tasks(
                session, ENGINE, filing_id=filing.id, kinds=("record", "discretion")
            )
        for task in tasks:
            await self._settle(officer, filing, task)
        await self._decide(officer, self._filing(filer), "approve", {})

    async def _settle(self, officer: str, filing: Filing, task: Task) -> None:
        if task.kind == "discretion" and task.record_id is not None:
            fact = task.body["facts"][0]
            payload = {
                "filing": str(filing.id),
                "task": str(task.id),
                "fact": fact,
                "value": self.cast.chosen_hours,
            }
            await self._command(officer, "determine", task.record_id, None, payload)
        else:
            await self._command(officer, "leave_open", task.id, None, {"reason": LEFT_OPEN_REASON})

    async def _pass_deadline(self) -> None:
        """Advance the clock past the window; who has not filed by then is late."""
        with reading(self.place.engine) as session:
            deadline = repository.campaign(session, ENGINE, self.campaign.id).deadline
        await self._steer("advance", (deadline + timedelta(days=1)).isoformat())
        late = [filer for filer in self.cast.filers if filer.late]
        for filer in late:
            row = await self._decide(filer.signers[0], self._filing(filer), "approve", {}, must=False)
            self.report.late += row.state in ("late", "refused")
            await self._until(lambda session, filer=filer: self._stage(session, filer) == "not_filed")  # type: ignore[misc]

    async def _steer(self, kind: str, to: str | None = None) -> None:
        with reading(self.place.engine) as session:
            version = repository.campaign(session, ENGINE, self.campaign.id).version
        await self._command(self.cast.bureau, kind, self.campaign.id, version, {"to": to})

    async def _decide(
        self, officer: str, filing: Filing, kind: str, payload: dict[str, Any], *, must: bool = True
    ) -> Command:
        payload = {"level": filing.level, **payload}
        return await self._command(officer, kind, filing.id, filing.version, payload, must=must)

    async def _command(
        self,
        officer: str,
        kind: str,
        target: UUID,
        version: int | None,
        payload: dict[str, Any],
        *,
        must: bool = True,
    ) -> Command:
        """Give a command and wait for its fate, as long as it takes: a killed worker only delays it."""
        request = CommandRequest(self.place.request_id(), kind, target, version, payload)
        row = await act_async(self.place, officer, request, self.port)
        while row.state == "pending":
            await asyncio.sleep(0.2)
            with reading(self.place.engine) as session:
                row = repository.command(session, row.id)
        if must and row.state != "done":
            raise XueshiError(f"演示中“{kind}”未办成：{row.reason}；请报告此缺陷（{self.place.folder}）")
        return row

    # ------------------------------------------------------------ what is looked at

    def _filing(self, filer: Filer) -> Filing:
        with reading(self.place.engine) as session:
            return self._find(session, filer)

    def _stage(self, session: Any, filer: Filer) -> str:
        return self._find(session, filer).stage

    def _find(self, session: Any, filer: Filer) -> Filing:
        found = repository.open_campaign_of_unit(session, ENGINE, filer.unit_id, self.campaign.year)
        if found is None:
            raise XueshiError(f"单位 {filer.unit_id} 不在本次年度验证中")
        return found[1]

    async def _until(self, holds: Callable[[Any], bool], patience: float = 60) -> None:
        """Wait until the database says so; give up with the folder's path after `patience` seconds."""
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            with reading(self.place.engine) as session:
                if holds(session):
                    return
            await asyncio.sleep(0.1)
        raise XueshiError(f"等待超过 {patience:.0f} 秒；请查看 {self.place.folder}/logs")

    # ------------------------------------------------------------ the kills and the proofs

    def _new_worker(self) -> WorkerProcess:
        return WorkerProcess(self.place.folder, pause=self.kills[:1], options=self.worker_options)

    async def _watch(self) -> None:
        """Kill the worker as soon as it stands at its pause point, and start the next."""
        while self.kills:
            mark = self.place.marks / self.kills[0]
            if mark.exists() and mark.stat().st_size:
                await asyncio.sleep(0.3)
                self.worker.kill()
                self.report.kills.append(f"{self.kills.pop(0)} {mark.read_text(encoding='utf-8')}")
                self.worker = self._new_worker()
            await asyncio.sleep(0.1)

    async def _prove(self) -> None:
        """Read from the database and from Temporal's histories that nothing was lost and nothing done twice."""
        report = self.report
        client = await connect(
            str(self.place.temporal_address()), self.place.namespace, self.place.payload_key
        )
        for kill in report.kills:
            point, workflow = kill.split(" ", 1)
            name = point.split(".", maxsplit=1)[0]
            if name == "apply_decision":
                story = await histories.update_story(client, workflow)
                first = story.completed_after_timeout[:1]
                with reading(self.place.engine) as session:
                    effects = sum(repository.effect(session, UUID(update)) is not None for update in first)
                report.proofs.append(
                    f"apply_decision：提交后、回执前被杀；WorkflowTaskTimedOut {story.timed_out} 次，"
                    f"UpdateCompleted {story.completed_after_timeout.count(first[0]) if first else 0} 次，结果行 {effects} 条"
                )
            else:
                attempts = await histories.activity_attempts(client, workflow, name)
                report.proofs.append(f"{name}：执行中被杀；第 {attempts.attempt} 次尝试完成")
        with reading(self.place.engine) as session:
            filings = repository.filings(session, ENGINE, self.campaign.id)
            units = [f"{self.campaign.public_id}:unit:{filing.unit_id}:r{filing.round}" for filing in filings]
            report.units = len(filings)
            report.reconciliation = reconcile(session)
            chain = audit.verify(session)
            report.audit_entries = -1 if chain.broken_at is not None else chain.entries
            self._count(session)
        report.events["Campaign"] = await histories.longest_run(client, self.campaign.public_id)
        report.events["Unit"] = max([await histories.longest_run(client, unit) for unit in units])

    def _count(self, session: Any) -> None:
        report = self.report
        for _, result in results.sealed_results(session, self.campaign.id):
            report.people += 1
            column = {"met": report.met, "not_met": report.not_met}.get(result.verdict)
            if column is None:
                report.undecided += 1
            else:
                column[result.level or ""] = column.get(result.level or "", 0) + 1
        titles = {paper.id: paper.title for paper in papers_of(session, self.campaign).values()}
        for paper in papers.issued(session, self.campaign.id):
            title = titles[paper.paper]
            report.papers[title] = report.papers.get(title, 0) + 1


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


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


async def _each(
    progress: Progress, label: str, filers: Iterable[Filer], act: Callable[[Filer], Awaitable[None]]
) -> None:
    """Let units or officers act, some at a time, with a bar."""
    everyone = list(filers)
    bar: TaskID = progress.add_task(label, total=len(everyone))
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(filer: Filer) -> None:
        async with gate:
            await act(filer)
        progress.advance(bar)

    try:
        async with asyncio.TaskGroup() as group:
            for filer in everyone:
                group.create_task(one(filer))
    except* XueshiError as several:
        # One message is enough for whoever runs the demo; the others are of the same kind.
        raise _first(several) from several


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
