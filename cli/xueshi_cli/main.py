"""The command `xueshi`: nouns first, one module per noun; errors become exit codes (0 done, 1 no, 2 input, 3 service)."""

from __future__ import annotations

import sys
from importlib import import_module

import typer
from rich.console import Console
from rich.markup import escape

from xueshi.errors import XueshiError

NOUNS = {
    # name of the command → module that holds `app`; one line per noun
    "regions": "xueshi_cli.regions",
    "rules": "xueshi_cli.rules",
    "register": "xueshi_cli.register",
    "records": "xueshi_cli.records",
    "clock": "xueshi_cli.folder_clock",
    "forms": "xueshi_cli.forms",
    "campaign": "xueshi_cli.campaign",
    "tasks": "xueshi_cli.tasks",
    "messages": "xueshi_cli.messages",
    "calendar": "xueshi_cli.office_days",
    "appeals": "xueshi_cli.appeals",
    "accounts": "xueshi_cli.accounts",
    "statistics": "xueshi_cli.statistics",
    "report": "xueshi_cli.report",
    "audit": "xueshi_cli.proofs",
}
"""Groups: `xueshi <noun> <verb>`."""

COMMANDS = {
    # name of a command without verbs → "module:function"
    "up": "xueshi_cli.up:up",
    "doctor": "xueshi_cli.doctor:doctor",
    "backup": "xueshi_cli.backup:backup",
    "restore": "xueshi_cli.backup:restore",
    "demo": "xueshi_cli.demo:demo",
    "cases": "xueshi_cli.cases:cases",
    "assess": "xueshi_cli.assess:assess",
    "precheck": "xueshi_cli.assess:precheck_",
    "explain": "xueshi_cli.explain:explain",
    "reconcile": "xueshi_cli.proofs:reconcile",
}
"""Single commands: `xueshi <verb>`."""


def build(only: str | None = None) -> typer.Typer:
    """Assemble the command; with `only` just that noun, so that a short command does not load what it never uses."""
    app = typer.Typer(
        name="xueshi",
        help="学时：专业技术人员继续教育年度验证",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_named)
    for noun, module in NOUNS.items():
        if only in (None, noun):
            app.add_typer(import_module(module).app, name=noun)
    for name, target in COMMANDS.items():
        if only in (None, name):
            module, function = target.split(":")
            app.command(name)(getattr(import_module(module), function))
    return app


def _named() -> None:
    """学时：专业技术人员继续教育年度验证。"""


def run() -> None:
    """Entry point: run a command, print a deliberate error as one message, end with its exit code."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        build(asked if asked in NOUNS or asked in COMMANDS else None)()
    except XueshiError as error:
        Console(stderr=True).print(f"[red]错误[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    run()
