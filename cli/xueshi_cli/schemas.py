"""`xueshi regions schema` and `xueshi rules schema`: the JSON Schema of the files that an author writes."""

from __future__ import annotations

import json as json_
from typing import Annotated

import typer

from xueshi.assessment.case_schema import case_file_schema
from xueshi.errors import InputError
from xueshi.plugin_files import KINDS_OF_FILE, schema_of
from xueshi.regulations.json_schema import rule_file_schema


def schema(
    cases: Annotated[bool, typer.Option("--cases", help="案例文件的，而不是规则文件的")] = False,
    of: Annotated[
        str, typer.Option(help=f"其他文件的：{'、'.join(KINDS_OF_FILE)}（流程、地区、通知、流程设定、表卡）")
    ] = "",
) -> None:
    """输出规则文件（或案例、通知、流程、表卡等文件）的 JSON Schema，供编辑器补全和提示。"""
    if of and of not in KINDS_OF_FILE:
        raise InputError(f"没有名为“{of}”的文件种类；请用：{'、'.join(KINDS_OF_FILE)}")
    asked = schema_of(of) if of else case_file_schema() if cases else rule_file_schema()
    typer.echo(json_.dumps(asked, ensure_ascii=False, indent=1))
