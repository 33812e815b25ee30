"""The Jinja2 environment of paper templates: strict, sandboxed, and unable to print anything but literals."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import DictLoader, StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from xueshi_templates.literals import literal


def _printed(value: object) -> str:
    # An undefined value answers any use with the error that names it.
    return str(value) if isinstance(value, Undefined) else literal(value)


def template_environment(closure: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """Return the environment that loads from `closure` alone.

    Delimiters are `<% %>`, `<< >>` and `<# #>`, so that Typst's braces need no escaping; an undefined name is an
    error; every printed value becomes a Typst literal. Bureau templates run in the sandbox like our own.
    """
    return ImmutableSandboxedEnvironment(
        loader=DictLoader(dict(closure)),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_printed,
        autoescape=False,
    )
