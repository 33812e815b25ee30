"""The documents say what is there: hooks, paths, commands, variables."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from xueshi import hookspecs
from xueshi.settings import PREFIX, Settings
from xueshi_cli.main import build

PROJECT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "plugins").glob("*/README.md")]
)
BLOCK = re.compile(r"^```(?:sh|bash|shell|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"^[A-Z…<\[(]|^…$|[/.:]")


def name_of(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROJECT / "setup" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands_of(page: Path) -> Iterator[str]:
    """Every command line in a page: lines of code blocks, and inline code that starts with `xueshi` or `make`."""
    text = page.read_text()
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            yield line.split(" #")[0].strip().removeprefix("$ ")
    for inline in re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    ):
        yield inline.strip()


def test_every_hook_stands_in_the_documents_with_its_exact_signature() -> None:
    page = script("hooks_page")
    assert page.PAGE.read_text() == page.page(), "run `make docs`"
    hooks = [hook for group in hookspecs.SPECS for hook in page.hooks_of(group)]
    assert len(hooks) >= 5
    for hook in hooks:
        assert f"### `{page.signature(hook)}`" in page.PAGE.read_text()
        assert "Example::" in (hook.__doc__ or ""), f"{hook.__name__} shows no example"


def test_every_package_that_is_pinned_is_named_with_its_version() -> None:
    text = (PROJECT / "THIRD_PARTY.md").read_text()
    for name, version in script("licences").pins():
        assert f"| {name} | {version} | " in text, "run `make docs`"


def test_every_path_of_the_tree_in_the_readme_exists() -> None:
    tree = (
        (PROJECT / "README.md")
        .read_text()
        .partition("## The tree")[2]
        .partition("```\n")[2]
        .partition("```")[0]
    )
    paths = [line.split()[0] for line in tree.splitlines() if line.strip()]
    assert len(paths) >= 8
    assert [path for path in paths if not (PROJECT / path).exists()] == []
    shown = {path.split("/")[0] for path in paths}
    folders = {
        folder.name
        for folder in PROJECT.iterdir()
        if folder.is_dir() and not folder.name.startswith((".", "_"))
    }
    ignored = set((PROJECT / ".gitignore").read_text().replace("/", "").split())
    assert folders - ignored <= shown, "a folder that the README does not explain"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {command.split()[1] for command in commands_of(page) if re.match(r"make [a-z]", command)}
    assert named <= targets


def resolve(words: list[str]) -> None:
    """Follow a command line through the real command; raises LookupError at the first word that leads nowhere."""
    command: Any = typer.main.get_command(build())
    arguments = words[1:]
    while hasattr(command, "commands") and arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
        if PLACEHOLDER.search(name):
            return
        # A group may have a verb that need not be named: then the word is its first argument.
        found = command.commands.get(name) or command.commands.get(getattr(command, "default_command", ""))
        if found is None:
            raise LookupError(f"{' '.join(words)}: no command {name!r}; there are {sorted(command.commands)}")
        command = found
    known = {"--help", *(option for parameter in command.params for option in parameter.opts)}
    for argument in arguments:
        if argument.startswith("--") and argument.split("=")[0] not in known:
            raise LookupError(f"{' '.join(words)}: no option {argument}; there are {sorted(known)}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_named_exists(page: Path) -> None:
    wrong = []
    for command in commands_of(page):
        if not re.match(r"(\.venv/bin/)?xueshi [a-z]", command):
            continue
        for one in re.split(r"\s*(?:&&|\||;)\s*", command):
            if not re.match(r"(\.venv/bin/)?xueshi ", one):
                continue
            try:
                resolve(shlex.split(one))
            except LookupError as error:
                wrong.append(str(error))
    assert not wrong, "\n".join(wrong)


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(LookupError):
        resolve(["xueshi", "nonsense"])


def test_every_setting_is_documented() -> None:
    text = (PROJECT / "docs" / "settings.md").read_text()
    for field in Settings.model_fields:
        assert f"`{PREFIX}{field.upper()}`" in text


def test_the_changelog_knows_this_version() -> None:
    version = re.search(r'^version = "(.+)"', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (PROJECT / "CHANGELOG.md").read_text()
