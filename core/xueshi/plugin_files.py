"""Reading a plugin's own YAML files (who it is, flows, notices, papers): strict, with file and line in every error."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError

from xueshi.campaigns.opening.notice import Notice
from xueshi.errors import PluginError
from xueshi.file_faults import Lang, fault_line, no_mapping, no_text, unreadable
from xueshi.flows.flow_overlay import FlowOverlay, LevelSetting
from xueshi.jurisdictions import YearSpan

Model = TypeVar("Model", bound=BaseModel)
LineOf = Callable[..., int]
"""Line (1-based) of a part of a file, by its path: `line_of("levels", 0, "clause")`."""

KEPT: Final = 128
"""How many texts are kept as trees: flows, notices and papers of all regions, and what bureaus wrote beside them."""


def _years(value: object) -> object:
    """Read `2011 to 2023`, `2024 to open`, `2021` or `{first: 2007, last: 2010}`."""
    if isinstance(value, Mapping):
        return YearSpan(int(value["first"]), None if value.get("last") is None else int(value["last"]))
    first, _, last = str(value).partition(" to ")
    if not last:
        return YearSpan(int(first), int(first))
    return YearSpan(int(first), None if last == "open" else int(last))


def _day(value: object) -> object:
    """Say of a day that no calendar has which one may be meant: `2021-11-31` → the last of that month."""
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", str(value))
    if match is not None:
        year, month, day = (int(part) for part in match.groups())
        if 1 <= month <= 12 and day > monthrange(year, month)[1]:
            raise ValueError(
                f"没有{value}这一天；该月最后一日是{year}-{month:02d}-{monthrange(year, month)[1]}"
            )
    return value


def _percent(value: object) -> object:
    """Read `10%`."""
    match = re.fullmatch(r"(\d{1,3})%", str(value))
    if match is None or not 1 <= int(match[1]) <= 99:
        raise ValueError("a share of units is written as 1% to 99%")
    return int(match[1])


def _words(value: object) -> object:
    """Read one word or a list of words."""
    return tuple(str(one) for one in value) if isinstance(value, list) else (str(value),)


def _one_law_only(value: object) -> object:  # noqa: ARG001 - whatever it holds
    """Refuse what no year could be judged by: a key that did nothing would be a silent wrong law."""
    raise PydanticCustomError(
        "one_law_only",
        "one line names one instrument for a whole year; single categories cannot be judged by another",
    )


_WORD = {"type": ["string", "integer"]}
_SPAN = {
    "type": "object",
    "properties": {"first": {"type": "integer"}, "last": {"type": ["integer", "null"]}},
}
Percent = Annotated[
    int, BeforeValidator(_percent), WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}%$"})
]
Words = Annotated[
    tuple[str, ...],
    BeforeValidator(_words),
    WithJsonSchema({"anyOf": [_WORD, {"type": "array", "items": _WORD}]}),
]
Day = Annotated[date, BeforeValidator(_day)]
Years = Annotated[
    YearSpan,
    BeforeValidator(_years),
    WithJsonSchema({"anyOf": [{**_WORD, "examples": ["2011 to 2023", "2024 to open", 2021]}, _SPAN]}),
]
YesNo = Annotated[bool, WithJsonSchema({"enum": [True, False, "yes", "no"]})]
"""YAML 1.2 reads `yes` as a word; the model takes it."""
Text = Annotated[str, BeforeValidator(str), WithJsonSchema(_WORD)]
"""Codes and numbers that YAML would read as integers (`990102`) are text."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class AreaFile(_Strict):
    """One area of `jurisdiction.yaml`: its name and its bodies by role."""

    name: str
    bodies: dict[str, str] = Field(default_factory=dict)


class InstrumentFile(_Strict):
    """An instrument that is known but not encoded yet."""

    title: str
    number: str
    years: Years


class AppliesFile(_Strict):
    """One line of `applies`."""

    area: Text
    years: Years
    use: str
    clause: str
    sector: str | None = None
    categories: Annotated[None, BeforeValidator(_one_law_only), WithJsonSchema({"not": {}})] = Field(
        default=None, exclude=True
    )


class WhoFile(_Strict):
    """The head of `jurisdiction.yaml`."""

    code: str
    name: str
    parent: str | None = None


class JurisdictionFile(_Strict):
    """`jurisdiction.yaml`: who it is, its areas with bodies, which instrument applies when."""

    xueshi: Literal[1]
    jurisdiction: WhoFile
    areas: dict[Text, AreaFile]
    instruments: dict[str, InstrumentFile] = Field(default_factory=dict)
    applies: list[AppliesFile]


class SignerFile(_Strict):
    """Who may act at a level."""

    role: str
    name: str


class OnlyFile(_Strict):
    """For which units a level holds."""

    kind: Words = ()
    has_department: YesNo | None = None
    sectors: Words = ()


class EscalateFile(_Strict):
    """Before whom a level's overdue tasks are brought, where the text says so."""

    after_days: int
    to_role: str
    clause: str


class LevelFile(_Strict):
    """One level of a flow."""

    id: str
    name: str
    clause: str
    body: Literal["unit", "area"]
    mode: Literal["all", "any", "n_of"] = "any"
    needed: int = 1
    signers: list[SignerFile]
    returns_to: list[str] = Field(default_factory=list)
    may_refuse: YesNo = False
    days: int | None = None
    only: OnlyFile | None = None
    sample: Percent | None = None
    optional: Literal["no", "yes", "on_request"] = "no"
    reading: str = ""
    escalate: EscalateFile | None = None


class ChannelFile(_Strict):
    """One way by which a record comes in."""

    id: str
    name: str
    clause: str
    filed_by: list[SignerFile]
    levels: list[str] = Field(default_factory=list)
    personal_application: YesNo = False
    within_days: int | None = None
    within_calendar_days: int | None = None


class LeavingFile(_Strict):
    """Who settles a person's records before he leaves a unit."""

    levels: list[str]
    clause: str


class FlowFile(_Strict):
    """`flows/*.yaml`: the levels that a filing or record passes."""

    xueshi: Literal[1]
    id: str
    title: str
    purpose: Literal["campaign", "record"]
    instrument: str
    years: Years
    clause: str = ""
    area: Text = ""
    levels: list[LevelFile]
    channels: list[ChannelFile] = Field(default_factory=list)
    leaving: LeavingFile | None = None


class OverlayHeadFile(_Strict):
    """Which flow a bureau sets, by which document."""

    of: str
    by: str
    document: str
    decided: Day
    years: Years


class SettingFile(_Strict):
    """What a bureau may set at one level."""

    days: int | None = None
    mode: Literal["all", "any", "n_of"] | None = None
    needed: int | None = None
    sample: Percent | None = None
    signers: dict[str, str] = Field(default_factory=dict)


class FlowOverlayFile(_Strict):
    """A bureau's own settings of a flow, kept with the campaign that was opened under them."""

    xueshi: Literal[1]
    overlay: OverlayHeadFile
    set: dict[str, SettingFile] = Field(default_factory=dict)
    drop: list[str] = Field(default_factory=list)
    require: list[str] = Field(default_factory=list)


class NoticeFile(_Strict):
    """`notices/*.yaml`: a published notice that opens a campaign."""

    xueshi: Literal[1]
    id: str
    area: Text
    year: int
    number: str
    title: str
    issuer: str
    issued: Day
    opens: Day
    closes: Day
    closes_reading: str = ""
    flow: str
    papers: list[str]
    place: str = ""
    bodies: dict[str, str] = Field(default_factory=dict)
    addressees: list[str] = Field(default_factory=list)
    clauses: dict[str, str] = Field(default_factory=dict)
    makeup_until: Day | None = None
    report_by: Day | None = None
    appeal_days: int | None = None
    appeal_clause: str = ""
    source: str = ""


class PaperFile(_Strict):
    """`papers/*.yaml`: a paper, its template and the form's own words."""

    id: str
    title: str
    clause: str
    data: Literal["person_year", "unit_filing", "year_table", "letter"]
    years: Years
    format: Literal["pdf", "png", "xlsx", "docx", "html"]
    template: str = ""
    fields: dict[str, Any] = Field(default_factory=dict)


_KINDS: Mapping[str, type[BaseModel]] = {
    "flow": FlowFile,
    "jurisdiction": JurisdictionFile,
    "notice": NoticeFile,
    "overlay": FlowOverlayFile,
    "paper": PaperFile,
}
KINDS_OF_FILE = tuple(_KINDS)
"""A plugin's files beside its law and cases, and a bureau's settings of a flow (`overlay`)."""


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file (`KINDS_OF_FILE`), for editors. Raises KeyError for another kind."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_KINDS[kind].model_json_schema()}


class _DaysAsText(RoundTripConstructor):
    """Leaves days to the file's own model: it can say which line and what may be meant."""


_DaysAsText.add_constructor("tag:yaml.org,2002:timestamp", lambda self, node: self.construct_scalar(node))


def read_yaml(file: Traversable, model: type[Model], where: str, lang: Lang = "en") -> Model:
    """Read and check one file. Raises PluginError with file, line, what is wrong and the nearest valid word.

    `lang` is that of the error: `zh` for a file that an officer wrote.
    """
    return read_placed(file, model, where, lang)[0]


@lru_cache(maxsize=KEPT)
def _tree(text: str) -> object:
    """Read a text as a tree with the line of each part; nobody changes it, so what was read before is not read again."""
    reader = YAML(typ="rt")
    reader.Constructor = _DaysAsText
    return reader.load(text)


def read_placed(file: Traversable, model: type[Model], where: str, lang: Lang = "en") -> tuple[Model, LineOf]:
    """Read and check one file as `read_yaml` does; also returns in which line a part of it stands."""
    try:
        tree = _tree(file.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = 0 if error.problem_mark is None else error.problem_mark.line + 1
        raise PluginError(unreadable(where, line, error.problem, lang)) from error
    except UnicodeDecodeError as error:
        raise PluginError(no_text(where, lang)) from error
    if not isinstance(tree, CommentedMap):
        raise PluginError(no_mapping(where, lang))
    try:
        return model.model_validate(_plain(tree)), lambda *path: _line(tree, path)
    except ValidationError as error:
        raise PluginError(
            "\n".join(
                fault_line(f"{where}:{_line(tree, fault['loc'])}", dict(fault), model, lang)
                for fault in error.errors()
            )
        ) from None  # the message says it all, in the words of the file


def read_notice(file: Traversable, where: str, region: str, lang: Lang = "en") -> Notice:
    """Read a published notice, a plugin's or a bureau's own. Raises PluginError with file, line and repair."""
    read = dict(read_yaml(file, NoticeFile, where, lang))
    read.pop("xueshi")
    notice = Notice(
        **{
            **read,
            "region": region,
            "papers": tuple(read["papers"]),
            "addressees": tuple(read["addressees"]),
        }
    )
    if notice.closes < notice.opens:
        raise PluginError(
            f"{where}: closes: 截止日期 {notice.closes} 早于开始日期 {notice.opens}；"
            f"是否把两者写反了，或截止年份应为 {notice.opens.year + (notice.closes.month < notice.opens.month)}"
        )
    if notice.appeal_days is not None and not notice.appeal_clause:
        raise PluginError(f"{where}: appeal_days: 申诉期限须写明依据；请补 appeal_clause（通知或办法的条款）")
    return notice


def read_flow_overlay(file: Traversable, where: str, lang: Lang = "en") -> FlowOverlay:
    """Read a bureau's settings of a flow. Raises PluginError with file, line and repair."""
    read, line_of = read_placed(file, FlowOverlayFile, where, lang)
    head = read.overlay
    return FlowOverlay(
        of=head.of,
        by=head.by,
        document=head.document,
        decided=head.decided,
        years=head.years,
        settings={level: LevelSetting(**dict(setting)) for level, setting in read.set.items()},
        drop=tuple(read.drop),
        require=tuple(read.require),
        file=where,
        lines={
            **{("set", level): line_of("set", level) for level in read.set},
            **{("drop", level): line_of("drop", place) for place, level in enumerate(read.drop)},
            **{("require", level): line_of("require", place) for place, level in enumerate(read.require)},
            **{("overlay", word): line_of("overlay", word) for word in ("of", "years")},
        },
    )


def _plain(node: object) -> object:
    if isinstance(node, Mapping):
        return {key if isinstance(key, str) else str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    return node


def _line(tree: object, path: tuple[str | int, ...]) -> int:
    line = 1
    node = tree
    for part in path:
        if isinstance(node, CommentedMap):
            key = next((key for key in node if str(key) == str(part)), None)
            if key is None:
                break
            line = int(node.lc.key(key)[0]) + 1
            node = node[key]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = int(node.lc.item(part)[0]) + 1
            node = node[part]
        else:
            break
    return line
