"""`xueshi doctor`: what this machine and data folder have, what they lack, and the remedy for each finding.

Looks only: nothing is created, started or changed. Ends with 3 when something is missing without which Xueshi cannot
work, else with 0; warnings do not change that.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeVar

import typer
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from xueshi.assessment import evaluate
from xueshi.errors import XueshiError
from xueshi.plugin_check import overdue_laws
from xueshi.real_clock import real_now
from xueshi.registry import load
from xueshi.settings import Settings, load_settings, open_to_others
from xueshi.storage import not_made_yet, open_database, reading
from xueshi_cli import temporal_binary
from xueshi_cli.output import AsJson, console
from xueshi_cli.server import read_record, serves

Answer = TypeVar("Answer")
State = Literal["ok", "warning", "missing"]
SIGNS: dict[State, str] = {
    "ok": "[green]正常[/green]",
    "warning": "[yellow]注意[/yellow]",
    "missing": "[red]缺少[/red]",
}
SCARCE_GIGABYTES = 5
LEAST_GIGABYTES = 1
SWEPT_EVERY = timedelta(days=7)
"""A service that runs sweeps every morning: a week without says that none ran."""
LATELY = timedelta(days=7)
CLOSES_WITHIN = timedelta(hours=3)
"""Sealing and printing ten thousand units takes minutes: hours say that something holds it up."""


@dataclass(frozen=True)
class Finding:
    """One line of the report: the part, its state, what was found, and what to do when it is not in order."""

    part: str
    state: State
    found: str
    remedy: str = ""


def doctor(*, as_json: AsJson = False) -> None:
    """检查运行环境：每一项的状态，以及缺什么、怎么补。"""
    findings = list(examine())
    missing = any(finding.state == "missing" for finding in findings)
    if as_json:
        console.print_json(
            data={"healthy": not missing, "findings": [asdict(finding) for finding in findings]}
        )
    else:
        for finding in findings:
            console.print(
                f"{SIGNS[finding.state]}  {finding.part}：{escape(finding.found)}",
                highlight=False,
                soft_wrap=True,
            )
            if finding.remedy:
                console.print(f"      → {escape(finding.remedy)}", highlight=False, soft_wrap=True)
        console.print("有缺少的部分，请按上面的提示补齐" if missing else "可以使用")
    if missing:
        raise typer.Exit(3)


def examine() -> Iterator[Finding]:
    """Examine every part in turn; one that fails in an unforeseen way becomes a finding, not a crash."""
    yield python()
    yield interpreter()
    try:
        settings = load_settings()
    except XueshiError as error:
        yield Finding("设置", "missing", str(error), "改正或取消该环境变量，见 docs/settings.md")
        return
    parts: list[tuple[str, Callable[[Settings], Finding | list[Finding]]]] = [
        ("数据文件夹", data_folder),
        ("磁盘", disk),
        ("密钥", keys),
        ("数据库", database),
        ("消息", messages),
        ("证明材料", evidence),
        ("办理", commands),
        ("表卡", papers),
        ("Temporal", temporal),
        ("字体", fonts),
        ("地区插件", plugins),
    ]
    for name, look in parts:
        try:
            found = look(settings)
        except Exception as error:
            found = Finding(
                name, "missing", f"检查时出错：{type(error).__name__}: {error}", "请将此输出发给维护者"
            )
        yield from found if isinstance(found, list) else [found]


def python() -> Finding:
    """Python itself; older ones are refused at installation."""
    machine = f"{platform.system()} {platform.machine()}"
    found = f"Python {platform.python_version()}，{machine}，{sys.prefix}"
    if platform.system() == "Windows":
        return Finding(
            "Python",
            "warning",
            found,
            "Windows 上只支持 cases、regions check、register；其余请在 WSL2 中运行",
        )
    return Finding("Python", "ok", found)


def interpreter() -> Finding:
    """Whether what judges a year runs as Python or as machine code (`make compiled`); the answers are the same."""
    compiled = not str(evaluate.__file__).endswith(".py")
    return Finding("学时计算", "ok", "已编译为机器码" if compiled else "纯 Python（未编译，结果相同）")


def data_folder(settings: Settings) -> Finding:
    """Whether the data folder can be written; one that does not exist yet is made on first use."""
    folder = settings.data
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        return Finding(
            "数据文件夹", "missing", f"{folder} 不可写", "改变文件夹权限，或用 XUESHI_DATA 另选一个"
        )
    return Finding("数据文件夹", "ok", str(folder) if folder.exists() else f"{folder}（首次使用时建立）")


def disk(settings: Settings) -> Finding:
    """Free space where the data folder lies."""
    nearest = next(parent for parent in (settings.data, *settings.data.parents) if parent.exists())
    free = shutil.disk_usage(nearest).free / 1024**3
    state: State = "missing" if free < LEAST_GIGABYTES else "warning" if free < SCARCE_GIGABYTES else "ok"
    remedy = "" if state == "ok" else "腾出空间，或用 XUESHI_DATA 把数据文件夹放到别的磁盘"
    return Finding("磁盘", state, f"剩余 {free:.1f} GiB（{nearest}）", remedy)


def keys(settings: Settings) -> Finding:
    """The key file: there where it must be, readable by its owner only, and the one that the register was written with."""
    from xueshi.register.identity import KeyRing  # noqa: PLC0415 - a broken table must be a finding, not a crash
    from xueshi.register.rows import key_rows  # noqa: PLC0415 - same

    file = settings.key_file
    if not file.is_file():
        made = settings.environment == "development" and settings.keys is None
        if made and not _of_register(settings, key_rows.needs_keys):
            return Finding("密钥", "ok", f"{file}（首次使用时建立）")
        return Finding("密钥", "missing", f"{file} 不存在", "从备份恢复；新建的密钥读不出已有的证件号码")
    if open_to_others(file):
        return Finding("密钥", "missing", f"{file} 可被其他用户读取", f"chmod 600 {file}")
    held = KeyRing.load(file)
    if _of_register(settings, lambda session: not key_rows.fits(session, held)):
        return Finding(
            "密钥",
            "missing",
            f"{file} 解不开在册人员的身份证号，不是本登记所用的密钥",
            "放回原来的密钥文件（备份不含密钥的另行保管），或以 XUESHI_KEYS 指明其位置",
        )
    return Finding("密钥", "ok", str(file))


def _of_register(settings: Settings, ask: Callable[[Session], bool]) -> bool:
    """Ask the register something; no where there is none yet, or none that this version reads: that is told elsewhere."""
    from xueshi.migrations.schema import is_current  # noqa: PLC0415 - a broken table must be a finding, not a crash

    if not_made_yet(settings.database):
        return False
    engine = open_database(settings.database)
    try:
        if not is_current(engine):
            return False
        with reading(engine) as session:
            return ask(session)
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()


def database(settings: Settings) -> Finding:
    """The database: reachable, and at the newest schema."""
    from xueshi.migrations.schema import head, is_current  # noqa: PLC0415 - a broken table must be a finding, not a crash

    address = settings.database
    if not_made_yet(address):
        return Finding("数据库", "ok", f"{address}（首次使用时建立）")
    engine = open_database(address)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        current = is_current(engine)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return Finding(
            "数据库", "missing", f"{shown} 打不开：{cause}", "检查 XUESHI_DATABASE_URL、数据库服务和文件权限"
        )
    finally:
        engine.dispose()
    if current:
        return Finding("数据库", "ok", f"{shown}，结构版本 {head()}")
    return Finding("数据库", "warning", f"{shown}，结构不是最新版本 {head()}", "先备份；下次启动时自动升级")


def asked_of_database(
    settings: Settings, question: Callable[[Session], Answer]
) -> tuple[Literal["absent", "older", "broken", "read"], Answer | None]:
    """Ask the database where it can be asked; None where it is not there yet, has an older schema, or does not open.

    The part 数据库 says what to do about it; the other parts only leave out what they cannot see.
    """
    from xueshi.migrations.schema import is_current  # noqa: PLC0415 - a broken table must be a finding, not a crash

    if not_made_yet(settings.database):
        return "absent", None
    engine = open_database(settings.database)
    try:
        if not is_current(engine):
            return "older", None
        with reading(engine) as session:
            return "read", question(session)
    except SQLAlchemyError:
        return "broken", None
    finally:
        engine.dispose()


def messages(settings: Settings) -> Finding:
    """The outbox: which way messages go, and what could not be handed over, since when and why."""
    from xueshi.access.scope import Scope  # noqa: PLC0415 - a broken table must be a finding, not a crash
    from xueshi.messages.repository import backlog  # noqa: PLC0415 - same
    from xueshi_cli.messages import backlog_words  # noqa: PLC0415 - same

    way = (
        f"邮件经 {settings.smtp_host}:{settings.smtp_port} 发送"
        if settings.smtp_host
        else "没有设置邮件服务器，消息写入 messages 文件夹"
    )
    state, left = asked_of_database(settings, lambda session: backlog(session, Scope.everything()))
    if state == "absent":
        return Finding("消息", "ok", way)
    if state == "older":
        return Finding("消息", "ok", f"{way}；数据库升级后才能查看待发消息")
    if left is None:
        return Finding(
            "消息", "warning", f"{way}；数据库打不开，看不到待发消息", "先按“数据库”一项的提示修复"
        )
    if not left.waiting and not left.stuck:
        return Finding("消息", "ok", f"{way}，没有积压")
    remedy = "修复邮件服务器或设置后自动补发；立即重发：xueshi messages retry --all" if left.tried else ""
    return Finding("消息", "warning" if left.tried else "ok", f"{way}；{backlog_words(left)}", remedy)


def evidence(settings: Settings) -> Finding:
    """The proofs of records: when what nobody owns was swept last."""
    from xueshi.audit.repository import last_of  # noqa: PLC0415 - a broken table must be a finding, not a crash
    from xueshi.records.evidence import FOLDER, SWEPT  # noqa: PLC0415 - same

    name = "证明材料"
    folder = settings.data / FOLDER
    if not folder.exists():
        return Finding(name, "ok", "还没有证明材料")

    def swept(session: Session) -> tuple[datetime, int] | None:
        last = last_of(session, SWEPT)
        return None if last is None else (last.at, last.body["files"])

    state, last = asked_of_database(settings, swept)
    if state in ("absent", "older"):
        return Finding(name, "ok", "数据库升级后才能查看清理情况")
    if state == "broken":
        return Finding(name, "warning", "数据库打不开，看不到清理情况", "先按“数据库”一项的提示修复")
    how = "启动服务（xueshi up）后每日早上自动清理；立即清理：xueshi records evidence sweep --as 账号"
    if last is None:
        return Finding(name, "ok", "申报未成留下的文件还没有清理过；服务运行时每日早上自动清理")
    at, files = last
    found = f"上次清理 {at.astimezone():%Y-%m-%d %H:%M}，清理 {files} 个没有归属的文件"
    late = real_now() - at > SWEPT_EVERY
    return Finding(name, "warning" if late else "ok", found, how if late else "")


def commands(settings: Settings) -> list[Finding]:
    """Commands that wait to be carried out, and those of the last days that were refused: nobody else tells of them."""
    from xueshi.campaigns.rows.command_rows import not_carried_out  # noqa: PLC0415 - same

    _, left = asked_of_database(settings, lambda session: not_carried_out(session, real_now() - LATELY))
    if left is None:
        return []  # the part 数据库 says why
    waiting, refused = left.get("pending", 0), left.get("refused", 0) + left.get("late", 0)
    if not waiting and not refused:
        return [Finding("办理", "ok", f"没有等待执行的，近 {LATELY.days} 日没有未办理的")]
    told = [f"{waiting} 件已登记，等待执行"] if waiting else []
    told += [f"近 {LATELY.days} 日 {refused} 件未办理或逾期"] if refused else []
    cures = ["用 xueshi up 启动服务后自动执行"] if waiting else []
    cures += ["原因用 xueshi commands list --refused 查看"] if refused else []
    return [Finding("办理", "warning", "；".join(told), "；".join(cures))]


def papers(settings: Settings) -> list[Finding]:
    """Papers that could not be printed, and campaigns that were closed long ago and are not done: both wait in silence."""
    from xueshi.access.scope import Scope  # noqa: PLC0415 - a broken table must be a finding, not a crash
    from xueshi.campaigns.rows import campaign_rows, command_rows, task_rows  # noqa: PLC0415 - same
    from xueshi.campaigns.rows.paper_rows import PAPER  # noqa: PLC0415 - same

    everything = Scope.everything()

    def waiting(session: Session) -> tuple[int, list[str]]:
        left = len(task_rows.open_tasks(session, everything, kinds=(PAPER,)))
        late = [
            one.public_id
            for one in campaign_rows.campaigns(session, everything)
            if one.stage in campaign_rows.UNDER_WAY
            and any(
                real_now() - closed.inserted_at > CLOSES_WITHIN
                for closed in command_rows.done_on(session, one.id, ("close",))
            )
        ]
        return left, late

    _, found = asked_of_database(settings, waiting)
    if found is None:
        return []  # the part 数据库 says why
    left, late = found
    findings = []
    if left:
        cure = "原因见业务负责人的待办（xueshi tasks list），补齐后用 xueshi forms issue 打印"
        findings.append(Finding("表卡", "warning", f"{left} 份未能打印", cure))
    if late:
        cure = f"确认服务在运行（xueshi up）；原因见 {settings.data / 'logs'}"
        said = f"关闭后久未封存、打印完毕：{'、'.join(late)}"
        findings.append(Finding("年度验证", "warning", said, cure))
    return findings or [Finding("表卡", "ok", "没有未能打印的")]


def temporal(settings: Settings) -> list[Finding]:
    """The Temporal server: the configured one answers, or the program is there; and whether one runs now."""
    if settings.temporal_address:
        if serves(settings.temporal_address):
            return [Finding("Temporal", "ok", f"{settings.temporal_address} 应答正常")]
        remedy = f"启动该服务，或改正、取消 {temporal_binary.ADDRESS_VARIABLE}"
        return [Finding("Temporal", "missing", f"{settings.temporal_address} 没有应答", remedy)]
    program = temporal_binary.find()
    if program is None:
        return [Finding("Temporal", "missing", "没有找到服务程序", temporal_binary.ways(chinese=True))]
    asked = subprocess.run(
        [str(program), "--version"], capture_output=True, text=True, check=False, timeout=30
    )
    if asked.returncode != 0:
        return [
            Finding(
                "Temporal",
                "missing",
                f"{program} 不能运行：{asked.stderr.strip()}",
                "删除该文件后运行 make setup",
            )
        ]
    found = [Finding("Temporal", "ok", f"{program}，{asked.stdout.strip()}")]
    record = read_record(settings.data)
    if record is not None and serves(f"127.0.0.1:{record.port}"):
        found.append(
            Finding("Temporal 服务", "ok", f"正在运行：127.0.0.1:{record.port}，进程号 {record.pid}")
        )
    return found


def fonts(_settings: Settings) -> Finding:
    """The fonts of the papers, and the digest that stands for them in a paper's hash."""
    from xueshi_templates.fonts import installed_fonts  # noqa: PLC0415 - slow, and a broken one must be a finding

    try:
        found = installed_fonts()
    except XueshiError as error:
        return Finding("字体", "missing", str(error), "运行 make setup")
    return Finding("字体", "ok", f"{'、'.join(sorted(found.families))}，摘要 {found.digest[:16]}")


def plugins(_settings: Settings) -> list[Finding]:
    """The jurisdiction plugins: what each encodes, or why it cannot be used (`regions check` looks into its law)."""
    registry = load(strict=False)
    findings = []
    for code in registry.codes():
        its = registry.ask(code).jurisdiction()
        encoded = sum(instrument.file is not None for instrument in its.instruments)
        said = f"{its.name}（{code}），文件 {len(its.instruments)} 件，其中已编码 {encoded} 件"
        findings.append(Finding("地区插件", "ok", said))
        findings += [
            Finding("规则复核", "warning", text, "对照原文和现行规定复核，再更新规则文件的 verified")
            for text in overdue_laws(registry, code, real_now().astimezone().date())
        ]
    for problem in registry.problems:
        cause = f"{problem.distribution}（{problem.entry_point}）：{problem.cause}"
        findings.append(
            Finding(
                "地区插件", "missing", cause, f"修正后重新安装，或卸载：pip uninstall {problem.distribution}"
            )
        )
    return findings or [
        Finding("地区插件", "missing", "一个也没有安装", "运行 make setup，或安装所需地区的插件包")
    ]
