"""The manifest of a package: what it reports, and every file with its hash. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xueshi.canonical import canonical_json
from xueshi.errors import InputError
from xueshi.fault_words import field_fault
from xueshi.jurisdictions import area_contains

FORMAT = "xueshi-report"
VERSION = 1
PARTS_LIMIT = 5_000
"""Reports from below that one report names: more than a whole country has districts."""
"""Of the package's layout; a newer one is refused by name."""
_NUMBER = re.compile(r"^report:([a-z][a-z0-9_]{0,40}):([0-9]{6}):([0-9]{4}):([1-9][0-9]{0,3})$")


def report_number(region: str, area: str, year: int, revision: int) -> str:
    """Return the number (报告编号) by which both sides call one revision of a report; also its workflow's id."""
    return f"report:{region}:{area}:{year}:{revision}"


def read_number(text: str) -> tuple[str, str, int, int]:
    """Return region, area, year and revision of a report's number. Raises InputError for what is none."""
    found = _NUMBER.match(text.strip())
    if found is None:
        raise InputError(
            f"{text!r} 不是报告编号；编号形如 report:地区插件:地区代码:年度:次数，见 xueshi report list"
        )
    return found[1], found[2], int(found[3]), int(found[4])


@dataclass(frozen=True)
class ReportPart:
    """One accepted report from below whose figures are in this one."""

    report: str
    """Its number."""
    area: str
    area_name: str
    digest: str
    """sha256 of its package."""
    counts: Mapping[str, int]
    """`units` and `people` that it counts."""
    inside: str = ""
    """Area whose report holds it already; empty for what is added up here."""


@dataclass(frozen=True)
class MissingArea:
    """An area below of which no figures are in a report."""

    area: str
    area_name: str
    inside: str = ""
    """Area whose report lacks it; empty for what is lacking here."""


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
    parts: tuple[ReportPart, ...] = ()
    """The reports from below that are in this one; those with `inside` are in one of the others."""
    missing: tuple[MissingArea, ...] = ()
    """Areas below that are not in it."""

    @property
    def name(self) -> str:
        """The number by which both sides call the report: also the id of its workflow."""
        return report_number(self.region, self.area, self.year, self.revision)

    def covers(self, area: str) -> bool:
        """Tell whether the report counts whoever belongs to an area: its own, or one inside that it does not lack."""
        return area_contains(self.area, area) and not any(
            area_contains(one.area, area) for one in self.missing
        )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _File(_Strict):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class _Part(_Strict):
    report: str = Field(pattern=_NUMBER.pattern)
    area: str = Field(pattern=r"^[0-9]{6}$")
    area_name: str = Field(max_length=100)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    counts: dict[str, int]
    inside: str = Field(pattern=r"^([0-9]{6})?$")


class _Missing(_Strict):
    area: str = Field(pattern=r"^[0-9]{6}$")
    area_name: str = Field(max_length=100)
    inside: str = Field(pattern=r"^([0-9]{6})?$")


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
    parts: list[_Part] = Field(default_factory=list, max_length=PARTS_LIMIT)
    missing: list[_Missing] = Field(default_factory=list, max_length=PARTS_LIMIT)
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
        **{name: value for name, value in asdict(head).items() if name not in ("parts", "missing")},
        # Only where there are any: the report of one area alone stays as it was, to the byte.
        **{
            name: [asdict(one) for one in getattr(head, name)]
            for name in ("parts", "missing")
            if getattr(head, name)
        },
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
                "parts": tuple(ReportPart(**one.model_dump()) for one in read.parts),
                "missing": tuple(MissingArea(**one.model_dump()) for one in read.missing),
            }
        )
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(f"报送包的清单有误：{place}：{field_fault(fault)}；请由报送单位重新编制") from error
    except ValueError as error:
        raise InputError("报送包的清单（manifest.json）无法读取；文件可能已损坏，请重新传送") from error
    return Manifest(head, {path: (file.sha256, file.bytes) for path, file in read.files.items()})
