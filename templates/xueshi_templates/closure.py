"""The closure of a template: every text that it needs, and nothing else.

Names: the plugin's own files as they are; `shared/…` the files of this distribution; `<code>/…` those of a
jurisdiction that is inherited from (city → province), handed in by whoever knows the registry. Rendering loads
from the closure alone, so a closure stored when a campaign opened prints the same paper for ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import meta
from jinja2.exceptions import TemplateSyntaxError

from xueshi.documents.template import DocumentTemplate
from xueshi.errors import PluginError
from xueshi_templates.sandbox import template_environment

SHARED = "shared/"
SHARED_FOLDERS = ("look", "forms")
_TYPST_REFERENCE = re.compile(r'(?:#|\b)(?:import|include)\s+"([^"]+)"')


@cache
def shared_texts() -> Mapping[str, str]:
    """Return every shared template and look file of this distribution by its name (`shared/look/base.typ`)."""
    root = files("xueshi_templates")
    return {
        f"{SHARED}{folder}/{item.name}": item.read_text(encoding="utf-8")
        for folder in SHARED_FOLDERS
        for item in _sorted(root / folder)
        if item.name.endswith((".typ", ".j2"))
    }


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted((item for item in folder.iterdir() if item.is_file()), key=lambda item: item.name)


def complete_closure(
    template: DocumentTemplate, parents: Mapping[str, Mapping[str, str]] | None = None
) -> DocumentTemplate:
    """Return the template with exactly the files it needs in `closure`.

    `parents` maps the code of an inherited jurisdiction to its own template texts. A paper that is a workbook
    needs no template: it is returned as it is. Raises PluginError naming the file that refers to a missing one.
    """
    if not template.template:
        return template
    sources = dict(template.closure)
    for code, texts in (parents or {}).items():
        sources.update({f"{code}/{name}": text for name, text in texts.items() if "/" not in name})
    sources.update(shared_texts())
    needed: dict[str, str] = {}
    waiting = [(template.template, f"papers/{template.id}.yaml")]
    while waiting:
        name, wanted_by = waiting.pop()
        if name in needed:
            continue
        if name not in sources:
            raise PluginError(
                f"表格 {template.id}（{template.title}）缺少模板文件 {name}，引用处：{wanted_by}。"
                f"可用的文件：{'、'.join(sorted(sources))}。请补上该文件或改正引用。"
            )
        needed[name] = sources[name]
        waiting += [(found, name) for found in _references(name, sources[name])]
    return replace(template, closure=dict(sorted(needed.items())))


def closure_of(template: DocumentTemplate) -> dict[str, str]:
    """Return the closure of a template without inherited jurisdictions: name → text, sorted by name."""
    return dict(complete_closure(template).closure)


def _references(name: str, text: str) -> list[str]:
    """Return the names that a template or look file refers to, Jinja2's and Typst's."""
    found: list[str] = []
    if name.endswith(".j2"):
        try:
            tree = template_environment({}).parse(text)
        except TemplateSyntaxError as error:
            raise PluginError(f"模板 {name} 第 {error.lineno} 行有语法错误：{error.message}。") from error
        for target in meta.find_referenced_templates(tree):
            if target is None:
                raise PluginError(f"模板 {name} 引用的文件名是算出来的；只能写明文件名，否则无法存档。")
            found.append(target)
    for target in _TYPST_REFERENCE.findall(text):
        if target.startswith("@"):
            raise PluginError(f"模板 {name} 引用了联网的排版包 {target}；只能引用随模板存档的文件。")
        found.append(target.removeprefix("/"))
    return found
