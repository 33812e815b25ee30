"""Which notice is meant: one that a plugin ships, or a bureau's own file."""

from __future__ import annotations

from pathlib import Path

from xueshi.campaigns.opening.notice import Notice
from xueshi.errors import InputError, PluginError
from xueshi.plugin_files import read_notice
from xueshi.registry import Registry


def chosen_notice(registry: Registry, region: str, year: int, area: str, file: Path | None) -> Notice:
    """Return the notice of a region and year, or that of a file. Raises InputError where neither or both are named."""
    if (file is None) is not (bool(region) and bool(year)):
        raise InputError("请指明地区和年度，或用 --notice 指明通知文件，二者取一")
    if file is None:
        return _shipped(registry, region, year, area)
    read = own_notice(registry, file)
    if area and area != read.area:
        raise InputError(
            f"通知 {read.number} 的地区是 {read.area}，与 --area {area} 不符；请去掉 --area，或换一件通知"
        )
    return read


def _shipped(registry: Registry, region: str, year: int, area: str) -> Notice:
    notices = [notice for notice in registry.ask(region).notices(year) if area in ("", notice.area)]
    if len(notices) != 1:
        all_of_year = registry.ask(region).notices(year)
        known = "、".join(f"{notice.number}（{notice.area}）" for notice in all_of_year) or "无"
        raise InputError(
            f"{region} {year} 年{f'地区 {area} ' if area else ''}的通知有 {len(notices)} 件（该年的通知：{known}）；请用 --area 指明，或用 --notice 指明本级通知的文件"
        )
    return notices[0]


def own_notice(registry: Registry, file: Path) -> Notice:
    """Read a bureau's own notice; its jurisdiction follows from its area. Raises InputError with file, line and repair."""
    if not file.is_file():
        raise InputError(f"找不到通知文件 {file}；请核对路径")
    try:
        area = read_notice(file, str(file), "", "zh").area
        return read_notice(file, str(file), registry.region_for(area), "zh")
    except PluginError as error:
        raise InputError(str(error)) from error
