"""Nouns and verbs of the command: typer's groups and commands with Chinese help and Chinese messages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

import typer
from typer._click.exceptions import NoArgsIsHelpError
from typer.core import TyperCommand, TyperGroup

from xueshi_cli.usage_words import usage_fault


class Verb(TyperCommand):
    """One command; help and errors in Chinese."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Print the page of help."""
        _help(ctx)

    def main(self, *args: Any, **given: Any) -> Any:
        """Run the command; a wrong line is answered in Chinese and ends with exit code 2."""
        return answered(super().main, args, given)


class VerbGroup(TyperGroup):
    """A noun with its verbs; an unknown verb is answered with the nearest ones."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Print the page of help."""
        _help(ctx)

    def main(self, *args: Any, **given: Any) -> Any:
        """Run the command; a wrong line is answered in Chinese and ends with exit code 2."""
        return answered(super().main, args, given)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb asked for; UsageError says which is meant, or which there are."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(self.unknown(ctx, args))
        return super().resolve_command(ctx, args)

    def unknown(self, ctx: Any, args: list[str]) -> str:
        """Say that there is no such verb, and what is near."""
        known = list(self.list_commands(ctx))
        near = nearest_words(args[0], known)
        cure = f"是不是 {'、'.join(near)}？" if near else f"可以用：{'、'.join(known)}"
        return f"{ctx.command_path} 没有命令“{args[0]}”；{cure}"


class Noun(typer.Typer):
    """The verbs of a noun: `app = Noun("待办：查看、办理")`, then `@app.command("list")`."""

    def __init__(self, told: str, *, cls: type[TyperGroup] = VerbGroup, **given: Any) -> None:
        given = {"no_args_is_help": True} | given
        super().__init__(help=told, cls=cls, add_completion=False, pretty_exceptions_enable=False, **given)

    def command(self, name: str | None = None, **given: Any) -> Callable[[Any], Any]:
        """Register a verb."""
        return super().command(name, **({"cls": Verb} | given))


def nearest_words(word: str, known: Sequence[str]) -> list[str]:
    """Return the known words that may be meant, the nearest first; one alone where only capitals differ."""
    small = word.casefold()
    return [small] if small in known else get_close_matches(small, known)


def answered(main: Callable[..., Any], args: Sequence[Any], given: dict[str, Any]) -> Any:
    """Run typer's `main`; alone on the command line it ends the process with an exit code, errors told in Chinese."""
    if not given.pop("standalone_mode", True):
        return main(*args, standalone_mode=False, **given)
    try:
        code = main(*args, standalone_mode=False, **given)
    except NoArgsIsHelpError as page:
        sys.exit(page.exit_code)
    except typer.Abort:
        typer.echo("已中止", err=True)
        sys.exit(1)
    except typer.TyperException as wrong:
        tell_fault(wrong)
        sys.exit(wrong.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def tell_fault(wrong: typer.TyperException) -> None:
    """Print what is wrong with the command line, how it is written, and where help is."""
    from xueshi_cli.help_page import usage_line  # noqa: PLC0415 - rich is loaded where a page is printed

    ctx = getattr(wrong, "ctx", None)
    typer.echo(f"错误 {usage_fault(wrong)}", err=True)
    if ctx is not None:
        typer.echo(usage_line(ctx), err=True)
        typer.echo(f"详见 {ctx.command_path} --help", err=True)


def _help(ctx: typer.Context) -> None:
    from xueshi_cli.help_page import print_help  # noqa: PLC0415 - rich is loaded where a page is printed

    print_help(ctx)
