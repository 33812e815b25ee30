"""`xueshi cases FILE…`: runs worked examples against the instrument they name, strictly; a line per difference."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from xueshi.assessment.boundaries import Proposal, proposals
from xueshi.assessment.case_file import CaseFile, read_case_file
from xueshi.assessment.cases import FileResult, Packs, run_cases
from xueshi.assessment.mutants import MutantReport, try_mutants
from xueshi.errors import InputError
from xueshi.registry import Registry, load
from xueshi.regulations.sources import RegulationSource
from xueshi_cli.output import AsJson


def cases(
    files: Annotated[list[Path], typer.Argument(help="案例文件（YAML），或放有案例文件的文件夹")],
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
    read = [_read(path) for path in _listed(files)]
    results = [_run(registry, file) for file in read]
    failed = any(not case.passed for result in results for case in result.results)
    instruments = list(dict.fromkeys(file.instrument for file in read))
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
                typer.echo(str(finding))
            typer.echo(f"{report.instrument}：改动{report.total}处，案例发现{report.noticed}处")
        if mutants and failed:
            typer.echo("有案例未通过，没有改动规则文件；请先更正案例或规则")
        _print(results)
    if failed:
        raise typer.Exit(1)


def _listed(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.yaml"))
            if not inside:
                raise InputError(f"{path}：文件夹中没有案例文件（*.yaml）")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"{path}：没有这个文件。请检查路径")
    return found


def _read(path: Path) -> CaseFile:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}：不是UTF-8文本（{error.reason}）。请另存为UTF-8后再运行") from error
    file = read_case_file(RegulationSource(str(path), text))
    if file.faults:
        raise InputError("案例文件不可读，请更正后再运行：\n" + "\n".join(file.faults))
    return file


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
            }
            for report in reports
        ]
    return data
