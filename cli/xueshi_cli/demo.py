"""`xueshi demo`: a whole campaign on sample workbooks, officers as scripts, a worker killed three times on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.figures.papers import papers_of
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import command_rows, filing_rows
from xueshi.campaigns.tables import Campaign
from xueshi.documents import repository as papers
from xueshi.errors import InputError
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_cli import histories
from xueshi_cli.demo_cast import prepare
from xueshi_cli.demo_officers import Officers, each, progress_bars
from xueshi_cli.demo_report import DemoReport, print_report
from xueshi_cli.server import TemporalServer
from xueshi_cli.worker_process import WorkerProcess
from xueshi_cli.workplace import Workplace, new_demo_folder
from xueshi_workflows.connecting import connect

ENGINE = Scope.everything()
KILLS = ("apply_decision.after", "assess_unit.heartbeat", "render_forms.heartbeat")
"""Where the worker is killed, in the order in which the campaign comes there."""
LEAST_UNITS = 6


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
        if units < LEAST_UNITS:
            raise InputError(
                f"演示至少需要 {LEAST_UNITS} 家单位（含退回、逾期、有错工作簿各一）；请用 --units {LEAST_UNITS} 以上"
            )
        self.place = Workplace(folder)
        self.size = (units, people, seed)
        self.worker_options = worker_options
        self.kills = list(KILLS) if kill else []
        self.report = DemoReport(folder, campaign_id=UUID(int=0))
        self.officers: Officers
        self.worker: WorkerProcess

    @property
    def campaign(self) -> Campaign:
        """The campaign that is played."""
        return self.officers.campaign

    async def run(self) -> DemoReport:
        """Play the campaign; everything started is ended, whatever happens."""
        began = time.monotonic()
        with progress_bars() as progress:
            bar = progress.add_task("准备：密钥、数据库、账号、示例工作簿", total=None)
            cast = await asyncio.to_thread(prepare, self.place, *self.size)
            self.officers = Officers(self.place, cast)
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
        officers = self.officers
        await officers.open()
        self.report.campaign_id = self.campaign.id
        filers = [filer for filer in officers.cast.filers if not filer.late]
        await each(progress, "单位导入工作簿并由两部门签署", filers, officers.file)
        await each(progress, "区级审验", filers, officers.verify)
        returned = [filer for filer in filers if filer.returned]
        await each(progress, "退回单位改正后重新申报", returned, officers.file_again)
        await each(progress, "区级复验", returned, officers.verify)
        bar = progress.add_task("截止：逾期单位、关闭、封存、打印、统计", total=2)
        await officers.pass_deadline()
        progress.advance(bar)
        await officers.close()
        progress.advance(bar)
        tally = officers.tally
        self.report.refused_workbooks, self.report.returned = tally.refused_workbooks, tally.returned
        self.report.late = tally.late

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
                    effects = sum(command_rows.effect(session, UUID(update)) is not None for update in first)
                report.proofs.append(
                    f"apply_decision：提交后、回执前被杀；WorkflowTaskTimedOut {story.timed_out} 次，"
                    f"UpdateCompleted {story.completed_after_timeout.count(first[0]) if first else 0} 次，结果行 {effects} 条"
                )
            else:
                attempts = await histories.activity_attempts(client, workflow, name)
                report.proofs.append(f"{name}：执行中被杀；第 {attempts.attempt} 次尝试完成")
        with reading(self.place.engine) as session:
            filings = filing_rows.filings(session, ENGINE, self.campaign.id)
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
        for _, result in seal_rows.sealed_results(session, self.campaign.id):
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


async def play_to_the_middle(
    place: Workplace, units: int = 24, people: int = 860, seed: int = 2021
) -> Officers:
    """Prepare a folder where a server and a worker run, and stop when half of the units have filed."""
    with progress_bars() as progress:
        bar = progress.add_task("准备：密钥、数据库、账号、示例工作簿", total=None)
        officers = Officers(place, await asyncio.to_thread(prepare, place, units, people, seed))
        progress.update(bar, total=1, completed=1)
        await officers.open()
        filers = officers.cast.filers[: units // 2]
        await each(progress, "半数单位导入工作簿并由两部门签署", filers, officers.file)
        await each(progress, "其中半数已审验", filers[: units // 4], officers.verify)
    return officers
