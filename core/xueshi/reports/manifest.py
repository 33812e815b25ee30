"""The manifest of a package: what it reports, and every file with its hash. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xueshi.canonical import canonical_json
from xueshi.errors import InputError

FORMAT = "xueshi-report"
VERSION = 1
"""Of the package's layout; a newer one is refused by name."""


@dataclass(frozen=True)
class ReportHead:
    """What one report is about."""

    region: str
    area: str
    area_name: str
    year: int
    revision: int
    body: str
    """Body that reports."""
    period_start: date
    period_end: date
    made_on: date
    sealed: bool
    """Whether the figures rest on sealed results; else they are the register as of `made_on`."""
    persons: str
    """`none`, `masked` or `indexed`: what the package holds of single people."""
    counts: Mapping[str, int]
    """`units` and `people` that were counted."""
    rules: tuple[str, ...]
    """Digests of the rule packs under which people were judged."""
    tables: tuple[str, ...]
    """Ids of the tables: each has `data/{id}.json`, `data/{id}.csv` and `tables/{id}.xlsx`."""
    key_id: str
    sample: bool = False

    @property
    def name(self) -> str:
        """The name by which the report goes: also the id of its workflow."""
        return f"report:{self.region}:{self.area}:{self.year}:{self.revision}"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _File(_Strict):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class _Manifest(_Strict):
    format: str
    version: int
    region: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    area: str = Field(pattern=r"^[0-9]{6}$")
    area_name: str = Field(max_length=100)
    year: int = Field(ge=1990, le=2200)
    revision: int = Field(ge=1, le=9999)
    body: str = Field(max_length=200)
    period_start: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    period_end: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    made_on: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    sealed: bool
    persons: str = Field(pattern=r"^(none|masked|indexed)$")
    counts: dict[str, int]
    rules: list[str]
    tables: list[str]
    key_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    sample: bool
    files: dict[str, _File]


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was read: the head, and the files by path with hash and size."""

    head: ReportHead
    files: Mapping[str, tuple[str, int]]


def manifest_bytes(head: ReportHead, files: Mapping[str, bytes]) -> bytes:
    """Return the manifest of some files as canonical JSON: equal contents give equal bytes."""
    days = {name: getattr(head, name).isoformat() for name in ("period_start", "period_end", "made_on")}
    listed = {
        path: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)} for path, body in files.items()
    }
    content = {
        **asdict(head),
        **days,
        "rules": list(head.rules),
        "tables": list(head.tables),
        "format": FORMAT,
        "version": VERSION,
        "files": listed,
    }
    return (canonical_json(content) + "\n").encode()


def read_manifest(body: bytes) -> Manifest:
    """Read a manifest. Raises InputError for another format, a newer version, or a wrong field (which one)."""
    try:
        raw = json.loads(body)
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise InputError("报送包的清单（manifest.json）不是学时系统的格式；请核对文件")
        if raw.get("version") != VERSION:
            raise InputError(
                f"报送包格式为第{raw.get('version')}版，本系统读第{VERSION}版；请升级本系统，或由对方用相同版本重新编制"
            )
        read = _Manifest.model_validate(raw)
        head = ReportHead(
            **{
                **read.model_dump(exclude={"format", "version", "files"}),
                **{
                    name: date.fromisoformat(getattr(read, name))
                    for name in ("period_start", "period_end", "made_on")
                },
                "rules": tuple(read.rules),
                "tables": tuple(read.tables),
            }
        )
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(f"报送包的清单有误：{place}：{fault['msg']}；请由报送单位重新编制") from error
    except ValueError as error:
        raise InputError("报送包的清单（manifest.json）无法读取；文件可能已损坏，请重新传送") from error
    return Manifest(head, {path: (file.sha256, file.bytes) for path, file in read.files.items()})
