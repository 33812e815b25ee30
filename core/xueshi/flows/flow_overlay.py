"""A bureau's own settings of a flow: dated, cited, and no more than what the text leaves to it. Pure.

A bureau may set the days, the mode and the names of a level's signers, the share of a sample, and drop or require a
level that the flow marks `optional`. Levels, roles, bodies, clauses and what may be returned where are the flow's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from xueshi.errors import InputError
from xueshi.flows.flow import ApprovalFlow, FlowLevel, Mode, Signer
from xueshi.flows.flow_check import FlowPlaces, flow_findings, units_that_matter
from xueshi.flows.routing import UnitFacts, flow_for, keeping
from xueshi.jurisdictions import YearSpan
from xueshi.register.unit_kinds import UNIT_KINDS
from xueshi.regulations.diagnostics import nearest
from xueshi.regulations.finding_words import text_in_chinese


@dataclass(frozen=True)
class LevelSetting:
    """What a bureau sets at one level; None = as the flow has it."""

    days: int | None = None
    mode: Mode | None = None
    needed: int | None = None
    sample: int | None = None
    signers: Mapping[str, str] = field(default_factory=dict)
    """Role → what the body is called here."""


@dataclass(frozen=True)
class FlowOverlay:
    """The settings, by whom, by which document, decided when, for which statistics years."""

    of: str
    by: str
    document: str
    decided: date
    years: YearSpan
    settings: Mapping[str, LevelSetting] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    file: str = ""
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(section, word) → line of the file."""

    def as_plain(self) -> dict[str, Any]:
        """Return what is kept with the campaign: the settings, not where the file lay."""
        plain = asdict(self)
        del plain["file"], plain["lines"]
        return {**plain, "decided": self.decided.isoformat(), "years": str(self.years)}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> FlowOverlay:
        """Read back what `as_plain` wrote."""
        first, _, last = str(plain["years"]).partition("–")
        return cls(
            **{
                **plain,
                "decided": date.fromisoformat(plain["decided"]),
                "years": YearSpan(int(first), int(last) if last else None),
                "settings": {level: LevelSetting(**one) for level, one in plain["settings"].items()},
                "drop": tuple(plain["drop"]),
                "require": tuple(plain["require"]),
            }
        )

    @property
    def source(self) -> str:
        """Return by whom and by which document, as an officer names it."""
        return f"{self.by}{self.document}"


def overlaid(flow: ApprovalFlow, overlay: FlowOverlay, year: int) -> ApprovalFlow:
    """Return the flow as a bureau set it for a year, with all static checks passed.

    Raises InputError with every fault: file, line, what is wrong, one repair.
    """
    faults = list(_faults(flow, overlay, year))
    if faults:
        raise InputError("\n".join(faults))
    levels = tuple(
        _set(level, overlay, overlay.source) for level in flow.levels if level.id not in overlay.drop
    )
    made = keeping(flow, levels)
    undecided = _undecided(made, overlay) if flow.purpose == "campaign" else _unverified(flow, made, overlay)
    if undecided:
        raise InputError(undecided)
    order = [level.id for level in made.levels]

    def line_of(*path: str | int) -> int:
        level = order[path[1]] if len(path) > 1 and path[0] == "levels" and isinstance(path[1], int) else ""
        return overlay.lines.get(("set", level), overlay.lines.get(("require", level), 1))

    found = flow_findings(made, FlowPlaces(overlay.file, line_of))
    if found:
        told = f"流程 {flow.id} 没有通过检查，不能这样调整；请核对下列各行，流程文件本身有误的请告知地区插件的维护者："
        raise InputError("\n".join((told, *(text_in_chinese(str(finding)) for finding in found))))
    return made


def _undecided(made: ApprovalFlow, overlay: FlowOverlay) -> str:
    """Say for whom nobody would decide once the levels are dropped; empty where everybody has his verifier."""
    for unit in units_that_matter(made) if overlay.drop else ():
        if len(flow_for(made, unit).levels) < 2:
            return _left_alone(overlay, f"{_whose(unit)}提交的申报没有人审核（未抽中的单位也须有人审核）")
    return ""


def _unverified(flow: ApprovalFlow, made: ApprovalFlow, overlay: FlowOverlay) -> str:
    """Say which way in loses its last verifier: what the text has verified would hold with the filing alone."""
    for unit in units_that_matter(made) if overlay.drop else ():
        before, after = flow_for(flow, unit), flow_for(made, unit)
        for channel in before.channels:
            if channel.levels and not after.channel(channel.id).levels:
                return _left_alone(overlay, f"{_whose(unit)}以“{channel.name}”申报的学时没有人认定")
    return ""


def _left_alone(overlay: FlowOverlay, what: str) -> str:
    line = overlay.lines.get(("drop", overlay.drop[0]), 1)
    return (
        f"{overlay.file}:{line}: F309 去掉{'、'.join(overlay.drop)}后，{what}。"
        f"改法：从 drop 中删去 {overlay.drop[0]}"
    )


def _whose(unit: UnitFacts) -> str:
    return f"{'有' if unit.has_department else '无'}行业主管部门的{UNIT_KINDS[unit.kind]}"


def _set(level: FlowLevel, overlay: FlowOverlay, by: str) -> FlowLevel:
    setting = overlay.settings.get(level.id)
    required = level.id in overlay.require
    if setting is None:
        return replace(level, optional="no", reading=_noted(level, by)) if required else level
    mode = setting.mode or ("n_of" if setting.needed is not None else level.mode)
    return replace(
        level,
        days=level.days if setting.days is None else setting.days,
        mode=mode,
        needed=level.needed if setting.needed is None else setting.needed,
        sample=level.sample if setting.sample is None else setting.sample,
        signers=tuple(
            Signer(signer.role, setting.signers.get(signer.role, signer.name)) for signer in level.signers
        ),
        optional="no" if required else level.optional,
        reading=_noted(level, by),
    )


def _noted(level: FlowLevel, by: str) -> str:
    return "；".join(part for part in (level.reading, f"依{by}调整") if part)


def _faults(flow: ApprovalFlow, overlay: FlowOverlay, year: int) -> list[str]:
    found: list[str] = []

    def fault(code: str, section: str, word: str, message: str, repair: str) -> None:
        line = overlay.lines.get((section, word), 1)
        found.append(f"{overlay.file}:{line}: {code} {message}。改法：{repair}")

    if overlay.of != flow.id:
        used = "通知用的" if flow.purpose == "campaign" else "学时登记用的"
        fault("F301", "overlay", "of", f"调整的是流程 {overlay.of}，{used}是 {flow.id}", f"of: {flow.id}")
    if year not in overlay.years:
        fault(
            "F302", "overlay", "years",
            f"只适用于 {overlay.years} 年度，{'通知' if flow.purpose == 'campaign' else '流程'}是 {year} 年度",
            f"把 {year} 写入 years，或另出文件",
        )  # fmt: skip
    levels = {level.id: level for level in flow.levels}
    for section, words in (("set", overlay.settings), ("drop", overlay.drop), ("require", overlay.require)):
        for word in words:
            if word not in levels:
                near = nearest(word, levels)
                fault(
                    "F303", section, word, f"流程 {flow.id} 没有环节“{word}”" + (f"；是否为“{near}”" if near else ""),
                    f"写 {near}" if near else f"可写：{'、'.join(levels)}",
                )  # fmt: skip
    for section, words, allowed in (
        ("drop", overlay.drop, ("yes", "on_request")),
        ("require", overlay.require, ("yes", "on_request")),
    ):
        for word in words:
            if word in levels and levels[word].optional not in allowed:
                what = "去掉" if section == "drop" else "另行要求"
                fault(
                    "F304", section, word, f"“{levels[word].name}”（{levels[word].clause}）不是可选环节，不能{what}",
                    f"从 {section} 中删去 {word}",
                )  # fmt: skip
            if section == "require" and word in overlay.drop:
                fault("F304", section, word, f"“{word}”既要求又去掉", "只留一处")
    for word, setting in overlay.settings.items():
        if word in levels:
            _setting_faults(levels[word], setting, word in overlay.drop, fault)
            if levels[word].optional == "on_request" and word not in (*overlay.require, *overlay.drop):
                fault(
                    "F304", "set", word, f"“{levels[word].name}”缺省不设，未要求的环节设了也不起作用",
                    f"在 require 中写上 {word}，或从 set 中删去",
                )  # fmt: skip
    return found


def _setting_faults(level: FlowLevel, setting: LevelSetting, dropped: bool, fault: Any) -> None:
    roles: Sequence[str] = [signer.role for signer in level.signers]
    for role in setting.signers:
        if role not in roles:
            near = nearest(role, roles)
            fault(
                "F305", "set", level.id, f"“{level.name}”没有岗位 {role}" + (f"；是否为 {near}" if near else ""),
                f"只能改名称，岗位仍为：{'、'.join(roles)}",
            )  # fmt: skip
    if setting.sample is not None and level.sample is None:
        fault("F306", "set", level.id, f"“{level.name}”不是抽查环节，全部单位都要经过", "删去 sample")
    if setting.days is not None and setting.days < 1:
        fault(
            "F307",
            "set",
            level.id,
            f"“{level.name}”的办理期限不能是 {setting.days} 个工作日",
            "days 至少为 1",
        )
    if setting.needed is not None and not 1 <= setting.needed <= len(roles):
        fault(
            "F308", "set", level.id, f"“{level.name}”只有 {len(roles)} 个办理部门，不可能有 {setting.needed} 个签署",
            f"needed 写 1 至 {len(roles)}",
        )  # fmt: skip
    if setting.needed is not None and setting.mode in ("all", "any"):
        fault(
            "F308",
            "set",
            level.id,
            f"“{level.name}”既写 mode: {setting.mode} 又写 needed",
            "mode: n_of，或删去 needed",
        )
    if dropped:
        fault("F304", "set", level.id, f"“{level.name}”已去掉，不必再设", f"从 set 或 drop 中删去 {level.id}")
