"""The plugins together with what bureaus published in the data folder, where there is one."""

from __future__ import annotations

from pathlib import Path

from xueshi.registry import Registry, load
from xueshi.settings import load_settings

SQLITE = "sqlite:///"


def has_folder() -> bool:
    """Tell whether the settings name a data folder with a database; nothing is made where there is none yet."""
    address = load_settings().database
    return not address.startswith(SQLITE) or Path(address.removeprefix(SQLITE)).exists()


def law_here(*, strict: bool = True) -> Registry:
    """Load the plugins; in a data folder the values that bureaus published there hold too."""
    registry = load(strict=strict)
    if has_folder():
        from xueshi.bureau_rules.in_force import PublishedOverlays  # noqa: PLC0415 - loaded where a folder is there
        from xueshi_cli.workplace import Workplace  # noqa: PLC0415 - same

        registry.bureau = PublishedOverlays(Workplace.here().engine)
    return registry
