"""A bureau's own notice, from its file: which jurisdiction it belongs to follows from its area."""

from __future__ import annotations

from pathlib import Path

from xueshi.campaigns.notice import Notice
from xueshi.errors import InputError, PluginError
from xueshi.plugin_files import read_notice
from xueshi.registry import Registry


def own_notice(registry: Registry, file: Path) -> Notice:
    """Read a notice file. Raises InputError with file, line and repair."""
    if not file.is_file():
        raise InputError(f"找不到通知文件 {file}；请核对路径")
    try:
        area = read_notice(file, str(file), "").area
        return read_notice(file, str(file), registry.region_for(area))
    except PluginError as error:
        raise InputError(str(error)) from error
