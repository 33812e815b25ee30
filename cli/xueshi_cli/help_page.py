"""The page that `--help` prints: use, what the command does, its arguments, options and verbs, in Chinese."""

from __future__ import annotations

import inspect
from typing import Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from typer.core import TyperArgument, TyperGroup

from xueshi_cli.usage_words import argument_name, type_word

HELP_OPTION = "显示这一页"


def usage_line(ctx: typer.Context) -> str:
    """Return how a command is written: `用法：xueshi tasks show [选项] 待办编号`."""
    command = ctx.command
    pieces = ["[选项]"] if _options(ctx) else []
    for param in command.params:
        if isinstance(param, TyperArgument):
            name = argument_name(param) + ("…" if param.nargs != 1 else "")
            pieces.append(name if param.required else f"[{name}]")
    if isinstance(command, TyperGroup):
        pieces.append("命令 [参数…]")
    return " ".join(["用法：" + ctx.command_path, *pieces])


def print_help(ctx: typer.Context) -> None:
    """Print the page of a command or a group to standard output, as wide as the terminal."""
    command = ctx.command
    console = Console(highlight=False)
    console.print(Text(usage_line(ctx), style="bold"))
    if command.help:
        console.print()
        console.print(Text(inspect.cleandoc(command.help)))
    arguments = [param for param in command.params if isinstance(param, TyperArgument)]
    _section(console, "参数", [(argument_name(one), "", _told(one)) for one in arguments])
    _section(console, "选项", [(_spelled(one), _kind(one), _told(one)) for one in _options(ctx)])
    if isinstance(command, TyperGroup):
        rows = [(name, "", _first_line(command, ctx, name)) for name in command.list_commands(ctx)]
        _section(console, "命令", [row for row in rows if row[2] is not None])


def _options(ctx: typer.Context) -> list[Any]:
    return [
        one
        for one in ctx.command.get_params(ctx)
        if not isinstance(one, TyperArgument) and not getattr(one, "hidden", False)
    ]


def _spelled(param: Any) -> str:
    return ", ".join([*param.opts, *param.secondary_opts])


def _kind(param: Any) -> str:
    if getattr(param, "is_flag", False) or param.name == "help":
        return ""
    return type_word(param) + ("…" if param.multiple else "")


def _told(param: Any) -> str:
    """Return a parameter's help with `必填` or its default."""
    told = HELP_OPTION if param.name == "help" else param.help or ""
    if param.required:
        return f"{told}［必填］"
    default = param.default
    plain = isinstance(default, str | int) and not isinstance(default, bool) and default not in ("", 0)
    return f"{told}［缺省 {default}］" if plain and "缺省" not in told else told


def _first_line(group: TyperGroup, ctx: typer.Context, name: str) -> str | None:
    """Return what stands beside a verb; None for a hidden one."""
    words = getattr(group, "listed_help", None)
    if words is not None:
        return str(words(name))
    command = group.get_command(ctx, name)
    if command is None or command.hidden:
        return None
    return inspect.cleandoc(command.help or "").split("\n\n", 1)[0]


def _section(console: Console, title: str, rows: list[Any]) -> None:
    if not rows:
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="cyan")
    middle = any(row[1] for row in rows)
    if middle:
        grid.add_column(style="yellow", max_width=16)
    grid.add_column(overflow="fold")
    for name, kind, told in rows:
        cells = [name, kind, told] if middle else [name, told]
        grid.add_row(*(Text(str(cell)) for cell in cells))
    console.print()
    console.print(Text(title, style="bold"))
    console.print(Padding(grid, (0, 0, 0, 2)))
