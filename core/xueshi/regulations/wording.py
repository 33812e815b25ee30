"""Conditions in Chinese, as they hold or as they fail: what a refusal tells the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xueshi.regulations.vocabulary import Fact
from xueshi.regulations.words import band_words

_IN_WINDOW = "在本期内"
_FLAGS = (("none", "无"), ("not_stated", "未填写"), ("stated", "已填写"), ("in_window", _IN_WINDOW))


def condition_text(
    form: list[Any] | None,
    facts: Mapping[str, Fact],
    *,
    wanted: bool = True,
    kinds: Mapping[str, str] | None = None,
) -> str:
    """Say a condition as it holds (`wanted`) or as it fails: `未合格`, `排名超过3`, `级别不是国家级`.

    `kinds` are the Chinese labels of kinds of record, for conditions that name one.

    Readings are decided when a law is resolved: what they switch off is not said.
    """
    said = settled(form)
    return "" if isinstance(said, bool) else _text(said, facts, wanted, kinds or {})


def of_kind(form: list[Any] | None, kind: str) -> list[Any] | None:
    """Return a condition as it stands for records of one kind: what asks for the kind is decided."""
    if form is None:
        return None
    head = form[0]
    if head == "test" and form[1] == "kind":
        return ["const", kind in form[2].get("in", ())]
    if head == "not":
        return ["not", of_kind(form[1], kind)]
    if head in ("and", "or"):
        return [head, [of_kind(part, kind) for part in form[1]]]
    return form


def settled(form: list[Any] | None) -> list[Any] | bool:
    """Return a condition without its constants, or True or False where nothing else is left."""
    if form is None:
        return True
    head = form[0]
    if head in ("const", "option"):
        return bool(form[-1])
    if head == "not":
        inner = settled(form[1])
        return not inner if isinstance(inner, bool) else ["not", inner]
    if head not in ("and", "or"):
        return form
    decides = head == "or"
    parts: list[list[Any]] = []
    for part in form[1]:
        inner = settled(part)
        if not isinstance(inner, bool):
            parts.append(inner)
        elif inner is decides:
            return decides
    if not parts:
        return not decides
    return parts[0] if len(parts) == 1 else [head, parts]


def _text(form: list[Any], facts: Mapping[str, Fact], wanted: bool, kinds: Mapping[str, str]) -> str:
    head = form[0]
    if head == "test":
        return _test(form[1], form[2], facts, wanted, kinds)
    if head == "not":
        return _text(form[1], facts, not wanted, kinds)
    both = (head == "and") == wanted
    said: dict[str, bool] = {}
    for part in form[1]:
        nested = part[0] in ("and", "or")
        text = _text(part, facts, wanted, kinds)
        # One fact may have several values too: what belongs together is told by brackets.
        said[text] = (part[0] == "and") != (head == "and") if nested else "或" in text
    parts = {text: together for text, together in said.items() if text}
    bracketed = [f"（{text}）" if together and len(parts) > 1 else text for text, together in parts.items()]
    return ("且" if both else "或").join(bracketed)


def _test(
    name: str, matcher: Mapping[str, Any], facts: Mapping[str, Fact], wanted: bool, kinds: Mapping[str, str]
) -> str:
    fact = facts.get(name)
    values, bands = matcher.get("in", []), matcher.get("bands", [])
    if fact is None:
        return f"种类{'为' if wanted else '不是'}{'、'.join(kinds.get(value, value) for value in values)}"
    flags = [label for word, label in _FLAGS if matcher.get(word)]
    if fact.type == "yes_no" and len(values) == 1 and not flags:
        return fact.values["yes" if bool(values[0]) == wanted else "no"]
    if len(bands) == 1 and not values and not flags:
        band = bands[0] if wanted else _outside(bands[0])
        if band is not None:
            return f"{fact.label}{band_words(band)}"
    words = [
        fact.values.get(str(value) if not isinstance(value, bool) else "yes" if value else "no", str(value))
        for value in values
    ]
    if fact.type == "yes_no" and not wanted and len(values) == 1 and not bands:
        # Not (no, or not stated) is yes.
        return fact.values["no" if bool(values[0]) else "yes"]
    if fact.type == "yes_no" and wanted:
        return "或".join([*words, *(f"{fact.label}{flag}" for flag in flags)])
    if wanted and flags == [_IN_WINDOW] and not values and not bands:
        return f"{fact.label}{_IN_WINDOW}"
    if not (wanted or values or bands) and flags in (["未填写"], ["无", "未填写"]):
        return f"{fact.label}已填写"
    words += [band_words(band) for band in bands] + flags
    text = "或".join(words)
    if wanted:
        return f"{fact.label}{text}" if bands and not values else f"{fact.label}为{text}"
    return f"{fact.label}不是{text}" if values else f"{fact.label}不符合“{text}”"


def _outside(band: list[Any]) -> list[Any] | None:
    """Return what lies outside a band that is open at one end: not `upto 3` is `over 3`."""
    low, low_in, high, high_in = band
    if low is None and high is not None:
        return [high, not high_in, None, False]
    if high is None and low is not None:
        return [None, False, low, not low_in]
    return None
