"""Every error that Xueshi raises on purpose.

One base; each subclass says who sees it and what they can do. `exit_code` is what the command line ends with:
1 the answer is negative, 2 bad input or usage, 3 a service is missing.
"""

from __future__ import annotations


class XueshiError(Exception):
    """Base of all; the message says what is wrong, where, why, and what to do."""

    exit_code = 2


class InputError(XueshiError):
    """Seen by whoever handed something in (a file, an argument, a cell); they correct it and hand it in again."""


class NotFoundError(InputError):
    """Seen by whoever named a thing that is not there or that they may not see; they check the name or the right."""


class NotAllowedError(XueshiError):
    """Seen by an account without the right for an act; they ask whoever grants rights in their area."""


class RuleFileError(XueshiError):
    """Seen by region authors: a rule file does not load; the message holds file, line, clause and repair."""

    exit_code = 1


class RuleError(XueshiError):
    """Seen by officers as an `attention` task: a rule cannot be applied to one person; the clause is named."""

    exit_code = 1


class NotEncodedError(XueshiError):
    """Seen by officers: no encoded instrument covers the year or area asked; the nearest covered one is named."""

    exit_code = 1


class PluginError(XueshiError):
    """Seen by operators at start: a jurisdiction plugin is broken; distribution, cause and remedy are named."""

    exit_code = 3


class ServiceMissingError(XueshiError):
    """Seen by operators: a service (Temporal, database, fonts) cannot be had; the ways to get it are listed."""

    exit_code = 3


class RenderError(XueshiError):
    """Seen by officers printing papers: one paper cannot be set (a character in no font, a bad photo); which and why.

    The message names whose paper it is; `reason` says why and what to do without any word of the paper, for tasks, logs
    and histories.
    """

    exit_code = 1

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or "不能排版"
