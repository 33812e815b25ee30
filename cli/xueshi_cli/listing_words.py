"""`xueshi regions words`: kinds and facts that a rule file may name, of the engine or of an instrument."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer

from xueshi.errors import InputError
from xueshi.registry import Registry
from xueshi.regulations.diagnostics import nearest
from xueshi.regulations.resolve import resolve
from xueshi.regulations.vocabulary import Fact, Vocabulary, engine_vocabulary
from xueshi.regulations.vocabulary_page import TYPE_WORDS, FactRow, fact_row, fact_rows
from xueshi_cli.output import show_record, show_table


def show_words(registry: Registry, word: str, *, as_json: bool) -> None:
    """Print all words, one fact, one kind, or the words of an instrument or region with its own. Raises InputError."""
    found = _of(registry, word)
    if found is not None:
        _all(found, as_json=as_json)
        return
    words = engine_vocabulary()
    known: list[Fact] = [words.facts[name] for name in (word, f"person.{word}") if name in words.facts]
    known += [fact for fact in words.facts.values() if fact.label == word and fact not in known]
    kinds = {code: label for code, label in words.kinds.items() if word in (code, label)}
    if not known and not kinds:
        labels = [fact.label for fact in words.facts.values()]
        near = nearest(word, [*words.facts, *words.kinds, *labels, *words.kinds.values()])
        raise InputError(
            f"词表中没有“{word}”{f'，是不是“{near}”？' if near else ''}；"
            "不带参数列出全部；地区自己的词用 xueshi regions words 地区代码"
        )
    if as_json:
        told = {"kinds": kinds, "facts": [asdict(fact_row(fact)) for fact in known]}
        show_record("", told, as_json=True)
        return
    for code, label in kinds.items():
        lines = {"种类": code, "名称": label, "规则中": f"for: {code}", "案例中": f"kind: {code}"}
        show_record(code, lines, as_json=False)
    for fact in known:
        show_record(fact.name, _told(fact_row(fact)), as_json=False)


def _of(registry: Registry, word: str) -> Vocabulary | None:
    """Return the vocabulary asked for: the engine's, an instrument's, or that of a region's newest instrument."""
    if not word:
        return engine_vocabulary()
    if word in registry.codes():
        encoded = [one for one in registry.ask(word).jurisdiction().instruments if one.file is not None]
        if not encoded:
            raise InputError(f"{word}没有已编码的文件；引擎的词表用 xueshi regions words 查看")
        word = max(encoded, key=lambda one: one.years.first).id
    if word not in registry.instruments():
        return None
    # Not the pack: an author asks for words before every clause has a status, when no pack can be made yet.
    return resolve(word, registry.source_of).reader.vocabulary


def _all(words: Vocabulary, *, as_json: bool) -> None:
    rows = fact_rows(words)
    if as_json:
        told = {"kinds": dict(words.kinds), "facts": [asdict(row) for row in rows]}
        show_record("", told, as_json=True)
        return
    show_table(
        "种类",
        [{"代码": code, "名称": label} for code, label in words.kinds.items()],
        as_json=False,
        empty="",
    )
    for row in rows:
        typer.echo("　".join(value for value in _told(row).values() if value))


def _told(row: FactRow) -> dict[str, Any]:
    values = "、".join(f"{code} {label}" for code, label in row.values)
    return {
        "事实": row.name,
        "名称": f"{row.label}{f'（{row.unit}）' if row.unit else ''}",
        "类型": TYPE_WORDS[row.type][1],
        "取值": values or ("由地区在facts中列出" if row.type == "word" else ""),
        "规则中": row.rule,
        "案例中": row.case,
    }
