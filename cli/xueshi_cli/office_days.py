"""`xueshi calendar`: the working days of an area's offices: what was published, and what the bureau entered itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import typer
from sqlmodel import Session

from xueshi.access.repository import Actor
from xueshi.campaigns.acts.calendar_entry import CalendarChange, complete_year, enter_day
from xueshi.campaigns.clocks.office_calendar import calendar_of, officers_calendar
from xueshi.storage import reading, transaction
from xueshi_cli.nouns import Noun
from xueshi_cli.output import AsJson, AsOfficer, show_table
from xueshi_cli.workplace import Workplace

app = Noun("工作日历：法定节假日、调休和本级录入的工作日")

Area = Annotated[str, typer.Option(help="地区代码；缺省为本账号的地区")]
Reason = Annotated[str, typer.Option(help="依据，如放假通知的文号")]
WORDS = {"work": "上班", "off": "休息", "published": "按公布的日历"}


@app.command("set")
def set_(
    day: datetime,
    word: Annotated[
        Literal["work", "off", "published"],
        typer.Argument(help="work 上班、off 休息、published 恢复为公布的日历"),
    ],
    officer: AsOfficer,
    reason: Reason,
    area: Area = "",
) -> None:
    """录入某日上班或休息；以工作日计算的待办期限随之重算。"""
    with transaction(Workplace.here().engine) as session:
        actor = _actor(session, officer)
        change = enter_day(session, actor, area or actor.area, day.date(), word, reason)
    _say(f"已录入 {day.date()} {WORDS[word]}", change)


@app.command("complete")
def complete(year: int, officer: AsOfficer, reason: Reason, area: Area = "") -> None:
    """声明某年的放假、调休已录入完整；该年的期限不再标注“暂定”。"""
    with transaction(Workplace.here().engine) as session:
        actor = _actor(session, officer)
        change = complete_year(session, actor, area or actor.area, year, reason)
    _say(f"已声明 {year} 年工作日历录入完整", change)


@app.command("show")
def show(
    officer: AsOfficer,
    year: Annotated[int, typer.Option(help="年份；缺省为今年")] = 0,
    area: Area = "",
    json: AsJson = False,
) -> None:
    """查看与周一至周五不同的日子。"""
    wanted = year or date.today().year  # noqa: DTZ011 - a default to look at, no date of a paper
    with reading(Workplace.here().engine) as session:
        actor = _actor(session, officer)
        place = area or actor.area
        known = wanted in calendar_of(session, place).known_years
        rows = [
            {
                "日期": day.isoformat(),
                "星期": "一二三四五六日"[day.weekday()],
                "上班": "是" if works else "否",
                "依据": whose,
            }
            for day, works, whose in officers_calendar(session, place, range(wanted, wanted + 1))
        ]
    title = f"{place} {wanted} 年工作日历" + (
        "" if known else "（尚未公布：按周一至周五计算，期限标注“暂定”）"
    )
    show_table(title, rows, as_json=json, empty=f"{title}：没有与周一至周五不同的日子")


def _actor(session: Session, officer: str) -> Actor:
    return Workplace.here().actor(session, officer)


def _say(what: str, change: CalendarChange) -> None:
    moved = f"，{change.moved} 件待办的期限已重算" if change.moved else "，没有待办的期限因此变动"
    typer.echo(f"{what}（{change.entry.area}）{moved}")
