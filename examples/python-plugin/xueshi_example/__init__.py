"""示例市: the law is data; one amount is a function, handed to the engine here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xueshi import DataJurisdiction, Reason, hookimpl
from xueshi_example.rules import joint_work


class Example(DataJurisdiction):
    """All hook points are answered from the folder, but for the one below."""

    @hookimpl
    def hour_functions(self, instrument: str) -> Mapping[str, Callable[[Mapping[str, Any]], int | Reason]]:
        """Answer with the functions that the rule file of an instrument names."""
        return {"joint_work": joint_work} if instrument == "EX2020" else {}


jurisdiction = Example(__package__)
