"""A command written wrongly, and help: one place answers for all commands, in Chinese, with what may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.core import TyperArgument
from typer.testing import CliRunner

from xueshi.errors import InputError
from xueshi.registry import load
from xueshi_cli.main import COMMANDS, NOUNS, build
from xueshi_cli.nouns import Noun
from xueshi_cli.usage_words import ARGUMENTS

ENGLISH = re.compile(
    r"(Usage|Try|Missing|No such|Invalid|Error|Options|Arguments|Commands|required|default|Show)"
)
ROOT: Any = typer.main.get_command(build())


def every_command() -> Iterator[tuple[str, Any]]:
    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        yield path, command
        for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
            yield from walk(command.get_command(None, name), f"{path} {name}".strip())

    yield from walk(ROOT, "")


EVERY = list(every_command())


def told(line: str) -> str:
    done = CliRunner().invoke(build(), line.split())
    assert done.exit_code == 2, done.output
    assert not ENGLISH.search(done.output), done.output
    assert not done.stdout
    return done.stderr


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("tsaks list", "没有命令“tsaks”；是不是 tasks？"),
        ("Tasks list", "没有命令“Tasks”；是不是 tasks？"),
        ("list tasks", "先写事项再写办法：是不是 xueshi tasks list？"),
        ("nonsense", "没有命令“nonsense”；可以用：regions、rules"),
        ("tasks lst", "xueshi tasks 没有命令“lst”；是不是 list？"),
        ("tasks zzz", "没有命令“zzz”；可以用：export、import、list、show"),
        ("campaign schedule lits", "没有命令“lits”；是不是 list？"),
        ("tasks show", "缺少参数待办编号"),
        ("campaign extend", "缺少参数年度验证编号（年度验证编号，见 xueshi campaign list）"),
        ("tasks list", "缺少选项 --as（以哪个账号办理"),
        ("tasks list --az x", "没有选项 --az；是不是 --as？"),
        ("tasks list --zzzz", "没有选项 --zzzz\n"),
        ("tasks list -q", "没有选项 -q"),
        ("tasks list --as", "选项 --as 后面要写值"),
        ("tasks list --as a --json=1", "选项 --json 后面不写值"),
        ("tasks show abc --as a", "待办编号：“abc”不是编号"),
        ("rules show x --year abc", "--year：“abc”不是整数"),
        ("campaign extend c 2021年 --as a --reason r", "截止日期：“2021年”不是日期，写成 2021-11-30 的样子"),
        ("tasks list more words --as a", "多写了“more words”；一个参数中有空格的，请加引号"),
    ],
)
def test_a_line_written_wrongly_is_answered_in_chinese(line: str, says: str) -> None:
    answer = told(line)
    assert says in answer
    if "选项 --" not in says or "后面" not in says:  # the parser knows no command when a value is missing
        assert "用法：xueshi" in answer
        assert re.search(r"详见 xueshi.* --help", answer)


def test_no_word_prints_help_and_ends_as_a_wrong_line() -> None:
    done = CliRunner().invoke(build(), ["tasks"])
    assert done.exit_code == 2
    assert "命令" in done.stdout
    assert not done.stderr


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[path or "xueshi" for path, _ in EVERY])
def test_every_page_of_help_is_chinese_and_names_all(path: str, command: Any) -> None:
    done = CliRunner().invoke(build(), [*path.split(), "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"用法：xueshi {path}".rstrip())
    assert not ENGLISH.search(done.stdout)
    for param in command.params:
        if isinstance(param, TyperArgument):
            assert param.name in ARGUMENTS, f"{path}: an argument without a Chinese name: {param.name}"
            assert ARGUMENTS[param.name] in done.stdout
        else:
            assert max(param.opts, key=len) in done.stdout
            assert param.name == "help" or param.help, f"{path}: {param.opts} says nothing in help"
            assert not param.required or "［必填］" in done.stdout


def test_the_first_page_says_of_each_command_what_its_own_page_says() -> None:
    for name, (_, words) in (NOUNS | COMMANDS).items():
        assert words == cleandoc(ROOT.get_command(None, name).help).split("\n\n")[0], name


def test_the_first_page_of_help_loads_no_noun() -> None:
    fresh: Any = typer.main.get_command(build())
    assert fresh.list_commands(None) == [*NOUNS, *COMMANDS]
    assert fresh.commands == {}


def test_words_stand_whole_within_a_narrow_terminal() -> None:
    done = CliRunner().invoke(build(), ["tasks", "decide", "--help"], env={"COLUMNS": "60"})
    assert "--leave-open" in done.stdout


def test_values_that_may_be_chosen_or_have_limits_are_told() -> None:
    app = Noun("试验")

    @app.command("one")
    def one(
        count: Annotated[int, typer.Option(min=1, max=9, help="份数")] = 1,
        among: Annotated[Literal["a", "b"], typer.Option(help="哪个")] = "a",
        path: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="文件")] = None,
    ) -> None: ...

    @app.command("two")
    def two() -> None: ...

    def say(*words: str) -> str:
        done = CliRunner().invoke(app, ["one", *words])
        assert done.exit_code == 2
        return done.stderr

    assert "--count：10 不在范围内：应不小于 1、不大于 9" in say("--count", "10")
    assert "--among：“c”不在可选之列：a｜b" in say("--among", "c")
    assert "--path：/nowhere/at/all 不存在" in say("--path", "/nowhere/at/all")
    assert "--path：/tmp 是文件夹，这里要文件" in say("--path", "/tmp")


@pytest.mark.parametrize("change", [str.title, str.upper, lambda code: code + "x", lambda code: code[:-1]])
def test_a_mistyped_region_is_answered_with_the_one_meant(change: Any) -> None:
    registry = load()
    for code in registry.codes():
        with pytest.raises(InputError, match=f"是不是 {code}？已安装"):
            registry.ask(change(code))


def test_a_region_asked_for_by_its_chinese_name_is_answered_with_its_code() -> None:
    registry = load()
    for code in registry.codes():
        with pytest.raises(InputError, match=f"是不是 {code}？"):
            registry.ask(registry.ask(code).jurisdiction().name)
    with pytest.raises(InputError, match="没有地区插件“zzzzzz”；已安装"):
        registry.ask("zzzzzz")
