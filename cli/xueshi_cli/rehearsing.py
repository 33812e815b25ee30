"""`xueshi campaign rehearse`: the coming campaign on last year's register, in a folder of its own, with simulated officers."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.access.scope import Scope
from xueshi.assessment.verdict_words import VERDICT_WORDS
from xueshi.campaigns.clocks.clock import start_of
from xueshi.campaigns.clocks.office_calendar import calendar_of
from xueshi.campaigns.opening.notice import Notice
from xueshi.errors import NotEncodedError
from xueshi.register.rows import batch_rows, unit_rows
from xueshi.rehearsal import repository
from xueshi.rehearsal.behaviour import Behaviour
from xueshi.rehearsal.findings import Rehearsed, Stop
from xueshi.rehearsal.simulation import Setting, Simulation
from xueshi.storage import reading, transaction
from xueshi_cli.acting import flow_of, opened_by_notice
from xueshi_cli.notices import chosen_notice
from xueshi_cli.output import AsJson, AsOfficer, console, show_record, show_table
from xueshi_cli.workplace import Workplace

ENGINE = Scope.everything()
SIMULATED = "模拟"


def rehearse(
    officer: AsOfficer,
    region: Annotated[str, typer.Argument(help="地区插件代码；以 --notice 演练时不填")] = "",
    year: Annotated[int, typer.Argument(help="年度；以 --notice 演练时不填")] = 0,
    notice: Annotated[Path | None, typer.Option("--notice", help="拟发通知的文件（YAML）")] = None,
    area: Annotated[str, typer.Option(help="地区代码（GB/T 2260）")] = "",
    from_year: Annotated[int, typer.Option(help="以哪一年度的登记演练；缺省为上一年度")] = 0,
    try_deadline: Annotated[
        list[datetime] | None, typer.Option(help="另试的截止日期（可多次）：比较延期或提前的影响")
    ] = None,
    decisions_per_day: Annotated[int, typer.Option(help="每名经办人每个工作日办理的事项数")] = 40,
    late_percent: Annotated[int, typer.Option(help="没有往年习惯可依的单位中，逾期的百分比")] = 3,
    return_percent: Annotated[int, typer.Option(help="被退回一次的单位的百分比")] = 5,
    seed: Annotated[int, typer.Option(help="种子：同一种子，同样的演练")] = 1,
    json: AsJson = False,
) -> None:
    """演练即将开展的年度验证：用上一年度的登记和模拟的经办人，预告消息量、办理量、完成情况和会卡住的地方。"""
    place = Workplace.here()
    coming = chosen_notice(place.registry, region, year, area, notice)
    behaviour = Behaviour(
        decisions_per_day=decisions_per_day,
        late_percent=late_percent,
        return_percent=return_percent,
        seed=seed,
    )
    deadlines = list(dict.fromkeys([coming.closes, *(day.date() for day in try_deadline or ())]))
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    runs = []
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, disable=json
    ) as progress:
        for number, closes in enumerate(deadlines, start=1):
            bar = progress.add_task(f"演练：截止 {closes}", total=(closes - coming.opens).days + 1)
            folder = place.folder / "rehearsals" / f"{stamp}-{number}"
            run = Rehearsal(place, folder, officer, replace(coming, closes=closes), behaviour)
            runs.append(
                run.play(
                    from_year or coming.year - 1,
                    lambda days, bar=bar: progress.update(bar, completed=days),
                )
            )
    if json:
        typer.echo(json_.dumps([asdict(run) for run in runs], ensure_ascii=False, default=str))
        return
    _show(coming, runs, {**place.registry.pack_for(coming.area, coming.year).categories, "total": "合计"})
    console.print(f"演练文件夹：{place.folder / 'rehearsals'}（可删除；正式数据未作改动）", soft_wrap=True)


class Rehearsal:
    """One run in one folder: a copy of the register a year later, simulated accounts where real ones are missing."""

    def __init__(
        self, place: Workplace, folder: Path, officer: str, notice: Notice, behaviour: Behaviour
    ) -> None:
        self.place, self.officer, self.notice, self.behaviour = place, officer, notice, behaviour
        self.own = Workplace(folder)
        # The folder of the run has no publications of its own: what holds in the real one holds here.
        self.own.registry.bureau = place.registry.bureau
        self.flow = flow_of(place.registry, notice)
        self.stops: list[Stop] = []

    def play(self, from_year: int, advance: Any) -> Rehearsed:
        """Copy, open, simulate. Raises NotEncodedError where the year to copy holds no records."""
        with reading(self.place.engine) as source:
            calendar = calendar_of(source, self.notice.area)
            self.place.actor(source, self.officer).require("campaign.open")
            habits = repository.filing_habits(source, Scope((self.notice.area,)), from_year)
            with transaction(self.own.engine) as target:
                copied = repository.copy_register(
                    source, target, self.notice.area, from_year, self.notice.year
                )
        if not copied:
            raise NotEncodedError(
                f"{self.notice.area} 没有 {from_year} 年度的登记，无从演练；请用 --from-year 指明有登记的年度"
            )
        officers = self._fill_in_accounts()
        self._note_units_without_register()
        campaign = opened_by_notice(
            self.own, self.officer, self.notice, standing=True, starts_at=start_of(self.notice.opens)
        )
        found = Simulation(
            Setting(
                engine=self.own.engine,
                campaign_id=campaign.id,
                flow=self.flow,
                bureau=self.officer,
                officers=officers,
                habits=habits,
                behaviour=self.behaviour,
                is_working=calendar.works,
                advance=advance,
            )
        ).run()
        self.own.engine.dispose()
        return replace(found, stops=(*self.stops, *found.stops))

    def _fill_in_accounts(self) -> Mapping[str, Sequence[str]]:
        """Find who would act at each level; invent whoever is missing, and note it as something that would stop."""
        area_roles = {
            signer.role: signer.name
            for level in self.flow.levels
            if level.body == "area"
            for signer in level.signers
        }
        unit_roles = {
            signer.role: signer.name
            for level in self.flow.levels
            if level.body == "unit"
            for signer in level.signers
        }
        with transaction(self.own.engine) as session:
            officers = repository.officers_of_area(session, self.notice.area, area_roles)
            held = repository.roles_of_units(session)
            units = unit_rows.units(session, Scope((self.notice.area,)))
            invented: list[NewAccount] = []
            for role, name in area_roles.items():
                if not officers[role]:
                    officers[role] = [f"{SIMULATED}.{role}"]
                    invented.append(NewAccount(officers[role][0], name, role, self.notice.area))
                    self.stops.append(
                        Stop(
                            f"没有“{name}”的账号，审核无人办理",
                            role,
                            "用 xueshi accounts add 建立该岗位的账号",
                        )
                    )
            for role, name in unit_roles.items():
                lacking = [unit for unit in units if role not in held.get(unit.id, set())]
                invented += [
                    NewAccount(f"{SIMULATED}.{role}.{number}", name, role, unit.area, None, unit.id)
                    for number, unit in enumerate(lacking, start=1)
                ]
                if lacking:
                    self.stops.append(
                        Stop(
                            f"{len(lacking)}家单位没有“{name}”的账号，不能签署申报",
                            _some([unit.name for unit in lacking]),
                            "用 xueshi accounts add … --unit 为各单位建立账号",
                        )
                    )
            access.add_accounts(session, ENGINE, invented)
        return officers

    def _note_units_without_register(self) -> None:
        with reading(self.own.engine) as session:
            scope = Scope((self.notice.area,))
            standing = batch_rows.standing_batches(session, scope, self.notice.year)
            lacking: list[tuple[UUID, str]] = [
                (unit.id, unit.name) for unit in unit_rows.units(session, scope) if unit.id not in standing
            ]
        if lacking:
            self.stops.append(
                Stop(
                    f"{len(lacking)}家单位上一年度没有登记，演练中按未申报计",
                    _some([name for _, name in lacking]),
                    "请提前催促，或核对其是否仍在册",
                )
            )


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:3]) + (f" 等{len(names)}家" if len(names) > 3 else "")


def _show(notice: Notice, runs: Sequence[Rehearsed], labels: Mapping[str, str]) -> None:
    first = runs[0]
    busiest, queue = first.busiest, first.longest_queue
    levels = {"senior": "高级", "intermediate": "中级", "junior": "初级", "": "未定级"}
    show_record(
        f"演练：{notice.title}",
        {
            "单位 / 人员": f"{first.units} 家 / {first.people} 人",
            **{
                VERDICT_WORDS.get(verdict, verdict): "，".join(
                    f"{label} {counts[level]}" for level, label in levels.items() if level in counts
                )
                for verdict, counts in sorted(first.verdicts.items())
            },
            "未达要求的人数": "，".join(
                f"{labels.get(of, of)} {number}" for of, number in sorted(first.shortfalls.items())
            ),
            "需人认定、补正的记录": first.questions,
            "发出消息": f"{first.messages} 件",
            "最忙的经办人": f"{busiest[1]}，{busiest[0]} 办理 {busiest[2]} 件" if busiest else "—",
            "积压最多": f"{queue[0]} 日终 {queue[1]} 件待办" if queue else "没有：每日的待办当日办完",
        },
        as_json=False,
    )
    show_table(
        "截止日期的影响",
        [
            {
                "截止": run.deadline.isoformat(),
                "退回": run.returned,
                "未申报": run.not_filed,
                "未办结": run.undecided,
                "最后一家办结": run.last_decision.isoformat() if run.last_decision else "—",
                "最大积压": run.longest_queue[1] if run.longest_queue else 0,
                "单日最多办理": run.busiest[2] if run.busiest else 0,
            }
            for run in runs
        ],
        as_json=False,
        empty="",
    )
    show_table("逐日情况", _days(first), as_json=False, empty="没有任何办理")
    show_table(
        "各经办人",
        [
            {"账号": login, "办理": total, "单日最多": most}
            for login, (total, most) in sorted(first.load_of().items())
        ],
        as_json=False,
        empty="没有经办人办理",
    )
    show_table(
        "会卡住的地方",
        [{"问题": stop.what, "何处": stop.where, "办法": stop.cure} for stop in first.stops],
        as_json=False,
        empty="没有发现会卡住的地方",
    )


def _days(run: Rehearsed) -> list[dict[str, Any]]:
    """Return the days on which something happened."""
    return [
        {
            "日期": _civil(day.day),
            "消息": day.messages,
            "办理": sum(day.settled.values()),
            "日终待办": day.waiting,
        }
        for day in run.days
        if day.messages or day.settled
    ]


def _civil(day: date) -> str:
    return f"{day.isoformat()}（{'一二三四五六日'[day.weekday()]}）"
