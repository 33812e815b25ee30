"""What the checks can say, read from the source: each message and repair as a template, `{}` for what is put in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

CODE = re.compile(r"[EWNF]\d{3}")
ADDING = ("add", "fault", "_fault", "_finding", "_at", "Diagnostic")
"""The functions that make a finding of a code, a place, a message and a repair, in this order."""
Local = dict[str, list[ast.expr]]


@dataclass(frozen=True)
class Said:
    """One template with the place where it stands; `kind` is the book that must hold it."""

    kind: str
    text: str
    place: str


def said_in(folder: Path) -> Iterator[Said]:
    """Yield every template of a source tree. Raises ValueError for a finding whose text cannot be read."""
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        forwarding = {one.name for one in functions if _forwards(one)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call | ast.Yield):
                continue
            if isinstance(node, ast.Call) and not _named(node, forwarding):
                continue
            around = [one for one in functions if one.lineno <= node.lineno <= (one.end_lineno or 0)]
            inner = max(around, key=lambda one: one.lineno, default=None)
            local = _assigned(inner) if inner else {}
            if isinstance(node, ast.Yield):
                pair = _of_yield(node)
            elif inner is not None and inner.name in forwarding:
                continue
            else:
                pair = _of_call(node, local, forwarding)
            if pair is None:
                continue
            place = f"{file.relative_to(folder)}:{node.lineno}"
            for kind, part in zip(("messages", "repairs"), pair, strict=True):
                for text in _texts(part, local):
                    yield Said(kind, text, place)
                for text in _put_in(part, local):
                    yield Said("phrases", text, place)


def _forwards(function: ast.FunctionDef) -> bool:
    """Tell whether a function only hands on the message and repair that it was given."""
    taken = {one.arg for one in function.args.args}
    return {"message", "repair"} <= taken


def _named(call: ast.Call, forwarding: set[str]) -> str:
    """Return the name of a function that makes findings, empty for any other."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    return name if name in ADDING or name in forwarding else ""


def _of_call(call: ast.Call, local: Local, forwarding: set[str]) -> tuple[ast.expr, ast.expr] | None:
    name = _named(call, forwarding)
    codes = [
        place
        for place, one in enumerate(call.args)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and CODE.fullmatch(one.value)
    ]
    if not codes and name not in forwarding:
        return None
    after = call.args[codes[0] + 1 if codes else 0 :]
    for message, repair in pairwise(after):
        if any(" " in text.strip() or _chinese(text) for text in _texts(message, local)):
            return message, repair
    if ast.unparse(after[-1]) == "repair or 'correct the value'":
        return None  # a line of a strict reading of a file, whose words are not the checks'
    raise ValueError(f"a finding without a readable message: {ast.unparse(call)}")


def _of_yield(node: ast.Yield) -> tuple[ast.expr, ast.expr] | None:
    """A yield of a requirement, what is wrong and the repair."""
    if not isinstance(node.value, ast.Tuple) or len(node.value.elts) != 3:
        return None
    _, message, repair = node.value.elts
    texts = list(_texts(message, {}))
    return (message, repair) if texts and all(" " in text for text in texts) else None


def _assigned(function: ast.FunctionDef) -> Local:
    found: Local = {}
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found.setdefault(node.target.id, []).append(node.value)
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(node.value)
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for name, value in zip(target.elts, node.value.elts, strict=True):
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(value)
    return found


def _texts(node: ast.expr, local: Local) -> Iterator[str]:
    """Yield the templates a text can be; nothing of an expression that is no text of the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield _escaped(node.value)
    elif isinstance(node, ast.JoinedStr):
        parts = [
            [_escaped(str(part.value))] if isinstance(part, ast.Constant) else _choices(part, local)
            for part in node.values
        ]
        for chosen in product(*parts):
            yield _joined("".join(chosen))
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, local)
        yield from _texts(node.orelse, local)
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from _texts(one, local)
    elif isinstance(node, ast.BinOp):
        for text in _texts(node.left, local):
            yield _joined(text + "{}")
    elif isinstance(node, ast.Name):
        for value in local.get(node.id, ()):
            yield from _texts(value, {})


def _choices(part: ast.expr, local: Local) -> list[str]:
    """Return the words an expression in a text chooses between, where they all stand in the source; else `{}`."""
    inner = part.value if isinstance(part, ast.FormattedValue) else part
    values = local.get(inner.id, []) if isinstance(inner, ast.Name) else [inner]
    words: list[str] = []
    for value in values:
        branches = (value.body, value.orelse) if isinstance(value, ast.IfExp) else ()
        for one in branches:
            if not (isinstance(one, ast.Constant) and isinstance(one.value, str)):
                return ["{}"]
            words.append(_escaped(one.value))
        if not branches:
            return ["{}"]
    return list(dict.fromkeys(words)) or ["{}"]


def _put_in(node: ast.expr, local: Local) -> Iterator[str]:
    """Yield the phrases of several words that are put into a text: what a condition adds, or a name stands for."""
    holes = [one.value for one in ast.walk(node) if isinstance(one, ast.FormattedValue)]
    holes += [one.right for one in ast.walk(node) if isinstance(one, ast.BinOp)]
    for hole in holes:
        if isinstance(hole, ast.Call):
            continue
        if _choices(hole, local) != ["{}"]:
            continue  # part of the template
        for text in _texts(hole, local):
            if re.search(r"[a-z]{2,} [a-z]{2,}", text) and "did you mean" not in text:
                yield text


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _joined(template: str) -> str:
    """Neighbours that are put in are one, as far as the words are concerned."""
    return re.sub(r"(?<!\{)(?:\{\}){2,}(?!\})", "{}", template)


def _chinese(text: str) -> bool:
    return bool(re.search(r"[\u4e00-\u9fff]", text))
