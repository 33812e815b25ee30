"""The plugins together with what bureaus published in the data folder, where there is one."""

from __future__ import annotations

from pathlib import Path

from xueshi.registry import Registry, load
from xueshi.settings import Settings, load_settings

SQLITE = "sqlite:///"


def has_database(settings: Settings) -> bool:
    """Tell whether settings name a database that is there; nothing is made where there is none yet."""
    address = settings.database
    return not address.startswith(SQLITE) or Path(address.removeprefix(SQLITE)).exists()


def has_folder() -> bool:
    """Tell whether the settings of this process name a data folder with a database."""
    return has_database(load_settings())


def law_here(*, strict: bool = True) -> Registry:
    """Load the plugins; in a data folder the values that bureaus published there hold too."""
    registry = load(strict=strict)
    if has_folder():
        from xueshi_cli.workplace import Workplace  # noqa: PLC0415 - loaded where a folder is there

        registry.bureau = Workplace.here().published
    return registry
