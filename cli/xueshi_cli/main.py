"""The command `xueshi`: nouns first, one module per noun; errors become exit codes (0 done, 1 no, 2 input, 3 service)."""

from __future__ import annotations

import sys
from importlib import import_module

import typer
from rich.console import Console

from xueshi.errors import XueshiError

NOUNS = {
    # name of the command → module that holds `app`; one line per noun
    "regions": "xueshi_cli.regions",
}
"""Groups: `xueshi <noun> <verb>`."""

COMMANDS = {
    # name of a command without verbs → "module:function"
    "doctor": "xueshi_cli.doctor:doctor",
}
"""Single commands: `xueshi <verb>`."""


def build() -> typer.Typer:
    """Assemble the whole command."""
    app = typer.Typer(
        name="xueshi",
        help="学时：专业技术人员继续教育年度验证",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    for noun, module in NOUNS.items():
        app.add_typer(import_module(module).app, name=noun)
    for name, target in COMMANDS.items():
        module, function = target.split(":")
        app.command(name)(getattr(import_module(module), function))
    return app


def run() -> None:
    """Entry point: run a command, print a deliberate error as one message, end with its exit code."""
    try:
        build()()
    except XueshiError as error:
        Console(stderr=True).print(f"[red]错误[/red] {error}", highlight=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    run()
