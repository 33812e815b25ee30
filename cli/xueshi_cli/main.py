"""The command `xueshi`: nouns first, one module per noun; errors become exit codes (0 done, 1 no, 2 input, 3 service).

A module is imported when its noun is asked for: the table says what the first page of help says of each.
"""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import typer

from xueshi.errors import InputError, RuleFileError, ServiceMissingError, XueshiError
from xueshi.fault_words import system_fault
from xueshi_cli.nouns import Noun, VerbGroup, nearest_words
from xueshi_cli.process_end import end_process_after

NOUNS = {
    # name of the command → module that holds `app`, what help says of it; one line per noun
    "regions": ("xueshi_cli.regions", "地区：列表、详情、检查、条款覆盖"),
    "rules": ("xueshi_cli.rules", "规定：现行条目、读本、原文、异同，本级口径的起草、测算、发布"),
    "register": ("xueshi_cli.register", "登记：模板、导入、在册单位"),
    "records": ("xueshi_cli.records", "学时记录：常年申报、更正、班次名单、导入、证明材料、人员变动"),
    "flows": ("xueshi_cli.flows", "流程：现行环节，本级的流程调整（检查、起草、发布、撤销）"),
    "clock": ("xueshi_cli.folder_clock", "演示、演练文件夹的时钟：查看、起始、拨动"),
    "forms": ("xueshi_cli.forms", "表卡：列表、预览、打印、重印、核验"),
    "campaign": (
        "xueshi_cli.campaign",
        "年度验证：开启、查看、延期、暂停、补训、加入单位、撤并、关闭、重新开启、更换规则包、归档",
    ),
    "tasks": ("xueshi_cli.tasks", "待办：查看、办理、批量办理"),
    "commands": ("xueshi_cli.command_lookup", "办理：按办理编号查看结果，列出等待执行的、未办理的"),
    "messages": ("xueshi_cli.messages", "消息：查看、重发"),
    "calendar": ("xueshi_cli.office_days", "工作日历：法定节假日、调休和本级录入的工作日"),
    "appeals": ("xueshi_cli.appeals", "申诉：提出、列表、决定、撤回"),
    "accounts": ("xueshi_cli.accounts", "账号与岗位、委托、移交"),
    "statistics": ("xueshi_cli.statistics", "年度统计表：查看、逐项展开名单、登记经费"),
    "report": ("xueshi_cli.report", "上报：编制报送包、报送、回执；接收、确认、退回下级的报告"),
    "audit": ("xueshi_cli.proofs", "审计"),
}
"""Groups: `xueshi <noun> <verb>`."""

COMMANDS = {
    # name of a command without verbs → "module:function", what help says of it
    "up": ("xueshi_cli.up:up", "启动内嵌服务：Temporal、数据库、工作进程；按 Ctrl-C 全部结束。"),
    "doctor": ("xueshi_cli.doctor:doctor", "检查运行环境：每一项的状态，以及缺什么、怎么补。"),
    "backup": (
        "xueshi_cli.backup:backup",
        "备份内嵌数据文件夹：两个数据库、密钥、已打印的表卡、证明材料、信件和上报材料；服务运行中也可备份。",
    ),
    "restore": ("xueshi_cli.backup:restore", "由备份还原一个数据文件夹；还原后用 xueshi up 继续办理。"),
    "demo": (
        "xueshi_cli.demo:demo",
        "在示例工作簿上完整办理一次年度验证，中途杀死工作进程，直到表卡和统计。",
    ),
    "cases": ("xueshi_cli.cases:cases", "运行案例文件：逐案核算并比对学时、条款、类别、合计、结论。"),
    "assess": ("xueshi_cli.assess:assess", "核算一个人的一个年度：结论、各类学时、逐条台账。"),
    "precheck": (
        "xueshi_cli.assess:precheck_",
        "计划中的活动算不算：结合本年已有的记录，说明可计多少学时、依据哪一条；不计的退出码为 1。",
    ),
    "explain": (
        "xueshi_cli.explain:explain",
        "学时认定说明：每条记录计多少学时、依据哪一条、还差多少、还可以怎样补足。",
    ),
    "replay": (
        "xueshi_cli.replaying:replay_",
        "重新核算封存的结果：由封存时的事实和规则包逐人再算一遍，与封存的逐条比对；有不同则退出码为 1。",
    ),
    "reconcile": (
        "xueshi_cli.proofs:reconcile",
        "核对：每件办结的办理恰有一个结果和一条审计。差额须为零。",
    ),
}
"""Single commands: `xueshi <verb>`."""


class Root(VerbGroup):
    """The command itself: a noun's module is loaded when the noun is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """Return all nouns and single commands, without loading any."""
        return [*NOUNS, *COMMANDS]

    def listed_help(self, name: str) -> str:
        """Return what the first page of help says of a noun."""
        return (NOUNS | COMMANDS)[name][1]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """Return a noun with its verbs, or a single command; None where there is none of that name."""
        if cmd_name not in self.commands:
            found = _load(cmd_name)
            if found is None:
                return None
            self.add_command(found, cmd_name)
        return self.commands[cmd_name]

    def unknown(self, ctx: Any, args: list[str]) -> str:
        """Say that there is no such noun; where the words stand in the other order, say so."""
        for later in args[1:2]:
            noun = get_close_matches(later.casefold(), NOUNS, n=1, cutoff=0.8)
            if noun:
                verbs = self.get_command(ctx, noun[0]).list_commands(ctx)
                verb = get_close_matches(args[0].casefold(), verbs, n=1)
                if verb:
                    return f"没有命令“{args[0]}”；先写事项再写办法：是不是 {ctx.command_path} {noun[0]} {verb[0]}？"
        near = nearest_words(args[0], self.list_commands(ctx))
        if near:
            return f"没有命令“{args[0]}”；是不是 {'、'.join(near)}？"
        return f"没有命令“{args[0]}”；可以用：{'、'.join(self.list_commands(ctx))}"


def _load(name: str) -> Any:
    """Import the module of a noun or single command and return it as typer runs it; None for an unknown name."""
    if name in NOUNS:
        command = typer.main.get_command(import_module(NOUNS[name][0]).app)
        command.name = name
        return command
    if name in COMMANDS:
        module, function = COMMANDS[name][0].split(":")
        single = Noun("", no_args_is_help=False)
        single.command(name)(getattr(import_module(module), function))
        return typer.main.get_command(single)
    return None


def build() -> typer.Typer:
    """Assemble the command; its nouns are loaded when they are asked for."""
    app = Noun("学时：专业技术人员继续教育年度验证", cls=Root, name="xueshi")
    app.callback()(_named)
    return app


def _named() -> None:
    """学时：专业技术人员继续教育年度验证。"""


def run() -> None:
    """Entry point: run a command, print a deliberate error as one message, end with its exit code."""
    try:
        build()()
    except XueshiError as error:
        tell_error(error)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.filename is None:
            raise  # no file that somebody named: a fault of ours, told in full
        told = InputError(f"{error.filename}：{system_fault(error)}；请核对路径、权限和磁盘空间，再办一次")
        tell_error(told)
        sys.exit(told.exit_code)
    except Exception as error:
        fault = _database_fault(error)
        if fault is None:
            raise
        tell_error(fault)
        sys.exit(fault.exit_code)


def _database_fault(error: Exception) -> XueshiError | None:
    """Return what to tell of a database that does not answer; None for any other error. SQLAlchemy is asked where it is loaded."""
    sql = sys.modules.get("sqlalchemy.exc")
    if sql is None or not isinstance(error, sql.OperationalError):
        return None
    said = str(error.orig)
    if "locked" in said:
        return ServiceMissingError("数据库正忙（另一件办理还没有写完），本次没有写入；请稍后再办一次")
    if "full" in said:
        return ServiceMissingError("磁盘已满，本次没有写入；请腾出空间后再办一次")
    return ServiceMissingError(
        "数据库打不开或没有应答，本次没有写入；请用 xueshi doctor 查看原因，核对 XUESHI_DATA、XUESHI_DATABASE_URL 和文件权限"
    )


def tell_error(error: XueshiError) -> None:
    """Print a deliberate error as one message."""
    from rich.console import Console  # noqa: PLC0415 - loaded only where there is an error to show
    from rich.markup import escape  # noqa: PLC0415 - same

    said = str(error)
    if isinstance(error, RuleFileError):
        from xueshi.regulations.finding_words import text_in_chinese  # noqa: PLC0415 - same

        said = text_in_chinese(said)
    Console(stderr=True).print(f"[red]错误[/red] {escape(said)}", highlight=False, soft_wrap=True)


def start() -> NoReturn:
    """The command `xueshi` as a process of its own: `run`, then the end of the process.

    Whoever runs a command inside another process calls `run`.
    """
    end_process_after(run)


if __name__ == "__main__":
    start()
