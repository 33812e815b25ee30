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
from xueshi.assessment.case_file import (
    CASE_KEYS,
    CODE_FAMILIES,
    CODES,
    FILE_KEYS,
    PERSON_KEYS,
    RECORD_KEYS,
    VERDICTS,
    WINDOW_KEYS,
)
from xueshi.assessment.cases import run_file
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import RECORD_VERDICTS, PersonYearRequest, RecordFacts, YearFigures
from xueshi.registry import load
from xueshi.regulations import schema
from xueshi.regulations.check import check
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.sources import RegulationSource
from xueshi.regulations.vocabulary import FACT_TYPES, engine_vocabulary
from xueshi.regulations.words import RATE_UNITS
from xueshi.settings import PREFIX, Settings
from xueshi_cli.facts_given import read_minimums, read_request, read_years
from xueshi_cli.main import build
from xueshi_cli.region_findings import TITLES

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


def yaml_blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", (PROJECT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)


def test_the_vocabulary_stands_in_the_documents() -> None:
    page = script("vocabulary_page")
    assert page.PAGE.read_text() == page.page(), "run `make docs`"
    words = engine_vocabulary()
    for name, fact in words.facts.items():
        assert f"| `{name}` | " in page.page()
        assert name == "year" or fact.label in page.page()


def test_the_rule_files_of_the_guide_load() -> None:
    whole, child, overlay = yaml_blocks("rule-language.md")
    texts = {"EX2024": whole, "EX2026": child}

    def source_of(instrument: str) -> RegulationSource:
        return RegulationSource(f"{instrument.lower()}.yaml", texts[instrument])

    for instrument in texts:
        overlays = [RegulationSource("overlay.yaml", overlay)] if instrument == "EX2024" else []
        found = check(instrument, source_of, overlays=overlays)
        assert [str(one) for one in found if one.code != "W206"] == []


def test_the_cases_of_the_guide_pass_on_its_rule_file() -> None:
    first, without_hours, _, windows, term, makeup = yaml_blocks("cases.md")
    head, _, case = first.partition("cases:\n")
    three = case.replace("EX2024-01", "EX2024-02") + windows
    three = three.replace("R6: {met: true, totals: {total: 270}, average: {total: 90}}", "R6: {met: false}")
    made_up = case.replace("EX2024-01", "EX2024-04").partition("    records:\n")[0] + makeup
    made_up += "    totals: {public: 0, professional: 6, total: 6}\n    met: false\n    shortfall: {public: 30, total: 84}\n"
    text = f"{head}cases:\n{case}{three}{without_hours}{term}{made_up}"
    result = run_file(
        RegulationSource("cases.md", text),
        lambda instrument: RegulationSource(instrument, yaml_blocks("rule-language.md")[0]),
    )
    assert [(case.id, case.failures) for case in result.results] == [
        ("EX2024-01", ()),
        ("EX2024-02", ()),
        ("EX2024-03", ()),
        ("EX2024-09", ()),
        ("EX2024-04", ()),
    ]


HEAD = """\
xueshi: 1
regulation:
  {id: EX2024, title: 示例办法, number: none, issuer: 示例局, issued: 2024-01-08, effective: none, years: 2024 to open, area: 990100}
clauses: {三: {encoded: 示例}, 四: {encoded: 示例}, 五: {encoded: 示例}}
categories: {public: 公需科目, professional: 专业科目}
sums:
  absences: {label: 派驻、病产假, count: [4.1]}
  seminars: {label: 研修, where: {kind: advanced_seminar}}
year: {clause: 三, starts: 01-01, person_as_of: end}
defaults: {category: professional, dated: end, partial: prorate, channel: unit, evidence: [证明]}
rules:
  1: {clause: 三, name: 培训, for: training, hours: 6 per day, partial: prorate}
  2: {clause: 五, name: 研修, for: advanced_seminar, hours: stated}
  4.1: {clause: 四, name: 派驻, for: field_service, needs: [approved], hours: none}
"""


def text_blocks(page: str) -> list[str]:
    return re.findall(r"^```text\n(.*?)^```", (PROJECT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)


def test_requirements_over_several_years_in_the_guide_load() -> None:
    told = [block for block in text_blocks("rule-language.md") if "over:" in block]
    assert len(told) == 3
    for block in told:
        body = "".join(f"  {line}\n" for line in block.splitlines())
        law = f"{HEAD}requirements:\n{body}"
        found = check("EX2024", lambda _, law=law: RegulationSource("ex2024.yaml", law))  # type: ignore[misc]
        assert [str(one) for one in found if one.severity == "E"] == []


@pytest.mark.parametrize(
    ("level", "hours", "verdict", "short"),
    [
        ("senior", "80", "met", {}),
        ("junior", "80", "not_met", {"total": 1000}),
        ("senior", "79.99", "not_met", {"total": 1}),
    ],
)
def test_the_alternative_in_the_guide_is_open_to_whom_its_parts_bind(
    level: str, hours: str, verdict: str, short: dict[str, int]
) -> None:
    [block] = [block for block in text_blocks("rule-language.md") if "each_at_least" in block]
    body = "".join(f"  {line}\n" for line in block.splitlines())
    pack = resolve_pack("EX2024", lambda _: RegulationSource("ex2024.yaml", f"{HEAD}requirements:\n{body}"))
    years = {year: YearFigures({"total": total}, {}, {}) for year, total in ((2024, 6000), (2025, 13000))}
    record = RecordFacts("r1", "advanced_seminar", {"declared_hours": hours})
    result = evaluate(pack, PersonYearRequest(pack.area, 2026, {"level": level}, (record,), (), years))
    assert (result.verdict, result.shortfall) == (verdict, short)


def test_the_year_that_only_several_years_decide_in_the_guide_is_judged_so() -> None:
    law, case = [block for block in text_blocks("region-author.md") if "216" in block]
    result = run_file(
        RegulationSource("region-author.md", f"document: EX2024\ncases:\n{case}"),
        lambda _: RegulationSource("ex2024.yaml", HEAD + law),
    )
    assert [(one.id, one.failures) for one in result.results] == [("EX2024-01", ())]


@pytest.mark.parametrize(
    ("record", "told", "other", "holds"),
    [
        ("r1", "null", "EX2024-2.2", False),
        ("r2", "null", "EX2024-2.9", False),
        ("r3", "EX2024-2.1", "null", False),
        ("r4", "EX2024-2.0", "EX2024-2.4", False),
        ("r7", "EX2024-2.5", "[EX2024-2.5, EX2024-2.4g]", True),
        ("r8", "EX2024-2.3a", "EX2024-2.3", False),
    ],
)
def test_the_rule_of_a_record_without_hours_is_compared(
    record: str, told: str, other: str, holds: bool
) -> None:
    first, without_hours, *_ = yaml_blocks("cases.md")
    head, _, _ = first.partition("cases:\n")
    line = next(line for line in without_hours.splitlines() if f"id: {record}," in line)
    changed = without_hours.replace(line, line.replace(f"rule: {told},", f"rule: {other},"))
    assert changed != without_hours
    result = run_file(
        RegulationSource("cases.md", f"{head}cases:\n{changed}"),
        lambda instrument: RegulationSource(instrument, yaml_blocks("rule-language.md")[0]),
    )
    [case] = result.results
    assert [failure.partition("：")[0] for failure in case.failures] == ([] if holds else [record])


def test_the_file_of_one_persons_year_in_the_guide_is_read(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "region-author.md").read_text(encoding="utf-8")
    [body] = re.findall(r"```json\n(.+?)```", page, re.DOTALL)
    file = tmp_path / "person.json"
    file.write_text(body, encoding="utf-8")
    pack = load().pack_of("SZ2013")
    request = read_request(file, pack, pack.area, 2024)
    assert evaluate(pack, request).totals["professional"] == 1800
    assert read_years(file, pack) == {
        2023: {"public": 3000, "professional": 6000, "total": 9000},
        2012: {"public": 2000, "professional": 5000, "total": 7000},
    }
    assert read_minimums(file, pack) == {2012: {"public": 2400, "total": 7200}}


def test_every_key_and_every_check_stands_in_the_guide() -> None:
    page = (PROJECT / "docs" / "rule-language.md").read_text()
    keys = {
        *schema.HEADER, *schema.ITEM, *schema.CHANGES, *schema.STATUSES, *schema.READING, *schema.PARAMETER, *schema.YEAR, *schema.DEFAULTS,
        *schema.SUM, *schema.GROUP, *schema.REFUSE, *schema.SECTOR_RULES, *schema.REQUIREMENT, *schema.DEEMED, *schema.MANUAL, *schema.CAPS,
        *schema.OVERLAY, *FACT_TYPES,
    }  # fmt: skip
    assert [key for key in sorted(keys) if not re.search(rf"(?<![\w]){key}(?![\w])", page)] == []
    assert [unit for unit in RATE_UNITS if unit not in page] == []
    assert [code for code in TITLES if not re.search(rf"^\|[^|]*{code}", page, re.MULTILINE)] == []
    told = (PROJECT / "docs" / "cases.md").read_text()
    words = (
        *FILE_KEYS,
        *CASE_KEYS,
        *RECORD_KEYS,
        *PERSON_KEYS,
        *RECORD_VERDICTS,
        *CODES,
        *CODE_FAMILIES,
        *VERDICTS,
        *WINDOW_KEYS,
    )
    assert [word for word in words if word not in told] == []


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
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {command.split()[1] for command in commands_of(page) if re.match(r"make [a-z]", command)}
    assert named <= targets


def resolve(words: list[str]) -> None:
    """Follow a command line through the real command; raises LookupError at the first word that leads nowhere."""
    command: Any = typer.main.get_command(build())
    arguments = words[1:]
    context: Any = typer.Context(command)
    while hasattr(command, "list_commands") and arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
        if PLACEHOLDER.search(name):
            return
        # A group may have a verb that need not be named: then the word is its first argument.
        found = command.get_command(context, name) or command.get_command(
            context, getattr(command, "default_command", "")
        )
        if found is None:
            known_names = sorted(command.list_commands(context))
            raise LookupError(f"{' '.join(words)}: no command {name!r}; there are {known_names}")
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
