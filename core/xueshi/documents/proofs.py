"""Papers as stored artifacts: canonical JSON of data and templates, their digests, and the way back.

What was printed is proved by three digests: of the data, of the template with its closure, of the font set. With
the stored JSON of the first two and fonts of the third, a paper is printed again with the same bytes, whatever
plugin is installed by then.
"""

from __future__ import annotations

import base64
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache

from xueshi.canonical import canonical_json, digest_of_json
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import (
    LATER,
    DocumentData,
    ExplainedYear,
    Letter,
    PersonYear,
    UnitFiling,
    YearTable,
)
from xueshi.errors import InputError

KINDS: dict[str, type[DocumentData]] = {
    "person_year": PersonYear,
    "unit_filing": UnitFiling,
    "year_table": YearTable,
    "letter": Letter,
    "explained_year": ExplainedYear,
}


def canonical_data(data: DocumentData) -> str:
    """Return the data of one paper as canonical JSON: kind and every field, keys sorted, no spaces."""
    kind = next(name for name, cls in KINDS.items() if isinstance(data, cls))
    return canonical_json({"kind": kind, "data": _plain(data)})


def data_from_canonical(text: str) -> DocumentData:
    """Read back what `canonical_data` wrote; raises InputError when it is something else."""
    try:
        stored = json.loads(text)
        return typing.cast("DocumentData", _build(KINDS[stored["kind"]], stored["data"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"存档的表格数据无法读取：{error}。请从备份恢复该存档，不要手工修改。") from error


def canonical_template(template: DocumentTemplate) -> str:
    """Return a template with its closure as canonical JSON, the body of its artifact.

    `fields` is written as pairs: the order of a form's rows and words means something, and canonical JSON sorts keys.
    """
    plain = typing.cast("dict[str, object]", _plain(template))
    return canonical_json({**plain, "fields": _in_order(plain["fields"])})


def template_from_canonical(text: str) -> DocumentTemplate:
    """Read back what `canonical_template` wrote; raises InputError when it is something else."""
    try:
        body = json.loads(text)
        return typing.cast(
            "DocumentTemplate", _build(DocumentTemplate, {**body, "fields": _from_pairs(body["fields"])})
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"存档的表格模板无法读取：{error}。请从备份恢复该存档，不要手工修改。") from error


def data_digest(data: DocumentData) -> str:
    """Return the SHA-256 of the canonical data."""
    return _sha256(canonical_data(data))


def template_digest(template: DocumentTemplate) -> str:
    """Return the SHA-256 of the canonical template, closure included."""
    return _sha256(canonical_template(template))


def content_digest(data: DocumentData, template_digest: str, font_digest: str) -> str:
    """Return the digest of a paper's content: the same three parts give the same bytes."""
    return digest_of_json({"data": data_digest(data), "template": template_digest, "fonts": font_digest})


@dataclass(frozen=True)
class PrintProof:
    """What is kept of a printed paper, so that a reprint can be compared with it."""

    data: str
    template: str
    fonts: str
    bytes: str
    """SHA-256 of the file itself."""


def print_proof(data: DocumentData, template: DocumentTemplate, font_digest: str, body: bytes) -> PrintProof:
    """Return the proof of one printed file."""
    return PrintProof(
        data_digest(data), template_digest(template), font_digest, hashlib.sha256(body).hexdigest()
    )


def reprint_differences(first: PrintProof, again: PrintProof) -> tuple[str, ...]:
    """Say in Chinese what differs between a first print and a reprint; empty when they are the same paper.

    Equal data and template under other fonts is the same content in another dress: it is said, since the bytes
    cannot agree. Equal parts with unequal bytes would be a defect of the printing itself.
    """
    if first == again:
        return ()
    names = (("data", "数据"), ("template", "模板"), ("fonts", "字体"))
    differing = tuple(label for name, label in names if getattr(first, name) != getattr(again, name))
    return differing or ("排版程序",)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Turn values into JSON's own: dates as ISO text, bytes as base64, dataclasses and mappings as objects."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if is_dataclass(value):
        return {
            item.name: _plain(getattr(value, item.name))
            for item in fields(value)
            if not (item.metadata.get(LATER) and not getattr(value, item.name))
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"a paper's data cannot hold a {type(value).__name__}: {value!r}")


PAIRS = "="
"""Key under which a mapping in order is written."""


def _in_order(value: object) -> object:
    """Write every mapping as `{"=": [[key, value], …]}`."""
    if isinstance(value, Mapping):
        return {PAIRS: [[key, _in_order(item)] for key, item in value.items()]}
    return [_in_order(item) for item in value] if isinstance(value, list) else value


def _from_pairs(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _from_pairs(item) for key, item in value[PAIRS]}
    return [_from_pairs(item) for item in value] if isinstance(value, list) else value


@cache
def _hints(cls: type) -> Mapping[str, object]:
    return typing.get_type_hints(cls)


def _build(expected: object, value: object) -> object:
    """Build a value of the expected type from JSON's own values."""
    origin = typing.get_origin(expected)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        choices = [choice for choice in typing.get_args(expected) if choice is not types.NoneType]
        return _build(choices[0], value) if len(choices) == 1 else value
    if origin is tuple and isinstance(value, list):
        parts = typing.get_args(expected)
        if len(parts) == 2 and parts[1] is Ellipsis:
            return tuple(_build(parts[0], item) for item in value)
        return tuple(_build(part, item) for part, item in zip(parts, value, strict=True))
    if expected is date and isinstance(value, str):
        return date.fromisoformat(value)
    if expected is bytes and isinstance(value, str):
        return base64.b64decode(value)
    if isinstance(expected, type) and is_dataclass(expected) and isinstance(value, dict):
        hints = _hints(expected)
        return expected(**{name: _build(hints[name], item) for name, item in value.items()})
    return value
