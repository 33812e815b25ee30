"""A bureau's own settings of a flow, as a file of its own named at the command line."""

from __future__ import annotations

from pathlib import Path

from xueshi.errors import InputError, PluginError
from xueshi.flows.flow_overlay import FlowOverlay
from xueshi.plugin_files import read_flow_overlay


def chosen_overlay(file: Path | None) -> FlowOverlay | None:
    """Read the overlay that an officer named; None where none was. Raises InputError with file, line and repair."""
    if file is None:
        return None
    if not file.is_file():
        raise InputError(f"找不到流程调整文件 {file}；请核对路径")
    try:
        return read_flow_overlay(file, str(file), "zh")
    except PluginError as error:
        raise InputError(str(error)) from error
