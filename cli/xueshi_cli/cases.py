"""`xueshi cases FILE…`: runs worked examples against the instrument they name, strictly; a line per difference."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from importlib.resources import files as files_of
from pathlib import Path
from typing import Annotated, Any

import typer

from xueshi.assessment.boundaries import Proposal, proposals
from xueshi.assessment.case_file import CaseFile, read_case_file
from xueshi.assessment.case_references import reference_faults
from xueshi.assessment.cases import FileResult, Packs, run_cases
from xueshi.assessment.mutants import MutantReport, try_mutants
from xueshi.errors import InputError
from xueshi.plugin_check import cited_places
from xueshi.registry import Registry, load
from xueshi.regulations.finding_words import text_in_chinese
from xueshi.regulations.sources import RegulationSource
from xueshi_cli.output import AsJson


def cases(
    files: Annotated[
        list[str],
        typer.Argument(help="案例文件（YAML）、放有案例文件的文件夹，或地区代码（该插件自己的案例）"),
    ],
    mutants: Annotated[
        bool, typer.Option("--mutants", help="逐一改动规则文件的数字、去掉条件，列出没有案例发现的改动")
    ] = False,
    boundaries: Annotated[
        bool, typer.Option("--boundaries", help="按规则文件的界限、上限、最低要求、口径列出应有的案例")
    ] = False,
    json: AsJson = False,
) -> None:
    """运行案例文件：逐案核算并比对学时、条款、类别、合计、结论。"""
    registry = load()
    listed, regions = _listed(files, registry)
    read = [_read(path, begun=boundaries) for path in listed]
    _check_references(registry, read)
    results = [_run(registry, file) for file in read]
    failed = any(not case.passed for result in results for case in result.results)
    instruments = list(dict.fromkeys(file.instrument for file in read))
    if boundaries:
        instruments = list(dict.fromkeys([*instruments, *_encoded(registry, regions)]))
    elif not read:
        raise InputError(
            f"{'、'.join(regions)}没有案例文件；先用 --boundaries 看应有哪些案例，写法见 docs/cases.md"
        )
    proposed = (
        [one for name in instruments for one in proposals(registry.pack_of(name))] if boundaries else []
    )
    reports = [_mutate(registry, name, read) for name in instruments] if mutants and not failed else []
    if json:
        typer.echo(json_.dumps(_as_data(results, proposed, reports), ensure_ascii=False))
    else:
        for one in proposed:
            typer.echo(str(one))
        for report in reports:
            for finding in report.unnoticed:
                typer.echo(text_in_chinese(str(finding)))
            typer.echo(f"{report.instrument}：改动{report.total}处，案例发现{report.noticed}处")
        if mutants and failed:
            typer.echo("有案例未通过，没有改动规则文件；请先更正案例或规则")
        _print(results)
    if failed:
        raise typer.Exit(1)


def _listed(words: list[str], registry: Registry) -> tuple[list[Path], list[str]]:
    """Return the case files that the arguments name, and the regions that were named by code."""
    found: list[Path] = []
    regions: list[str] = []
    for word in words:
        path = Path(word)
        if path.is_dir():
            inside = sorted(path.glob("*.yaml"))
            if not inside:
                raise InputError(f"{path}：文件夹中没有案例文件（*.yaml）")
            found += inside
        elif path.is_file():
            found.append(path)
        elif word in registry.codes():
            regions.append(word)
            found += sorted((Path(str(files_of(registry.ask(word).package))) / "cases").glob("*.yaml"))
        else:
            raise InputError(
                f"{path}：没有这个文件，也没有这个地区插件。请检查路径，或用 xueshi regions list 查看代码"
            )
    return found, regions


def _encoded(registry: Registry, regions: list[str]) -> list[str]:
    return [
        one.id
        for code in regions
        for one in registry.ask(code).jurisdiction().instruments
        if one.file is not None
    ]


def _read(path: Path, *, begun: bool = False) -> CaseFile:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}：不是UTF-8文本（{error.reason}）。请另存为UTF-8后再运行") from error
    file = read_case_file(RegulationSource(str(path), text), begun=begun)
    if file.faults:
        raise InputError("案例文件不可读，请更正后再运行：\n" + "\n".join(file.faults))
    return file


def _check_references(registry: Registry, read: list[CaseFile]) -> None:
    """Refuse clauses and pairs that lead nowhere; pairs may stand in any installed plugin's cases."""
    if not any(case.clauses or case.pair for file in read for case in file.cases):
        return
    ids = {case.id for file in read for case in file.cases}
    if any(case.pair not in ids for file in read for case in file.cases if case.pair):
        for code in registry.codes():
            folder = files_of(registry.ask(code).package) / "cases"
            for file in folder.iterdir() if folder.is_dir() else ():
                if file.name.endswith(".yaml"):
                    text = file.read_text(encoding="utf-8")
                    ids |= {case.id for case in read_case_file(RegulationSource(file.name, text)).cases}
    places = cited_places(registry)
    if faults := [fault for file in read for fault in reference_faults(file, places, ids)]:
        raise InputError("案例引用的条款或案例不存在，请更正后再运行：\n" + "\n".join(faults))


def _run(registry: Registry, file: CaseFile) -> FileResult:
    functions = registry.ask(registry.owner_of(file.instrument)).hour_functions(file.instrument)
    return run_cases(file, Packs(registry.source_of, functions))


def _mutate(registry: Registry, instrument: str, files: list[CaseFile]) -> MutantReport:
    mine = [file for file in files if file.instrument == instrument]
    functions = registry.ask(registry.owner_of(instrument)).hour_functions(instrument)
    return try_mutants(instrument, registry.source_of, mine, functions)


def _print(results: list[FileResult]) -> None:
    """Print with plain echo: a difference must stay on one line, however narrow the terminal."""
    passed = failed = 0
    for result in results:
        for case in result.results:
            passed, failed = passed + case.passed, failed + (not case.passed)
            for difference in case.failures:
                line = "；".join(part.strip() for part in difference.splitlines() if part.strip())
                typer.echo(f"{result.path} {case.id}（{case.title}）：{line}")
        if result.campaign_cases:
            typer.echo(f"{result.path}：另有{result.campaign_cases}个表卡计数案例，由表卡测试运行")
    typer.echo(f"{passed} passed, {failed} failed")


def _as_data(
    results: list[FileResult], proposed: list[Proposal], reports: list[MutantReport]
) -> dict[str, Any]:
    listed = [
        {
            "file": result.path,
            "instrument": result.instrument,
            "cases": [
                {
                    "id": case.id,
                    "title": case.title,
                    "passed": case.passed,
                    "differences": list(case.failures),
                }
                for case in result.results
            ],
        }
        for result in results
    ]
    outcomes = [case.passed for result in results for case in result.results]
    data: dict[str, Any] = {
        "passed": sum(outcomes),
        "failed": len(outcomes) - sum(outcomes),
        "files": listed,
    }
    if proposed:
        data["boundaries"] = [asdict(one) for one in proposed]
    if reports:
        data["mutants"] = [
            {
                "instrument": report.instrument,
                "changes": report.total,
                "noticed": report.noticed,
                "unnoticed": [str(finding) for finding in report.unnoticed],
                "unnoticed_zh": [text_in_chinese(str(finding)) for finding in report.unnoticed],
            }
            for report in reports
        ]
    return data
