"""The plugin host: finds jurisdictions by entry point, loud about broken ones, and asks ONE of them, typed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from xueshi.campaigns.opening.notice import Notice
from xueshi.data_jurisdiction import DataJurisdiction
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import InputError, NotEncodedError, PluginError, XueshiError
from xueshi.flows.flow import ApprovalFlow
from xueshi.flows.flow_check import FlowPlaces
from xueshi.flows.region_flows import FlowSurroundings, PlacedFlow, region_findings
from xueshi.hookspecs import PROJECT, SPECS, HookFunction
from xueshi.jurisdictions import AppliesLine, Jurisdiction, area_ancestry, area_contains
from xueshi.regulations.applies import choose
from xueshi.regulations.diagnostics import Diagnostic, Findings, nearest
from xueshi.regulations.instrument import read_rule_file
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.rule_channels import NamedChannel, named_channels
from xueshi.regulations.sources import BureauOverlay, RegulationSource

GROUP = "xueshi.jurisdictions"
FIRST_YEAR, LAST_YEAR = 1949, 2999
"""Bounds of a statistics year; beyond them it is a slip of the pen, and no calendar reaches far."""
TRACE = "XUESHI_TRACE_HOOKS"


@dataclass(frozen=True)
class Problem:
    """A plugin that cannot be used: which distribution and entry point, why, and what to do."""

    distribution: str
    entry_point: str
    cause: str

    def __str__(self) -> str:
        return (
            f"地区插件不可用：发行包 {self.distribution}，入口 {self.entry_point}\n  原因：{self.cause}\n"
            f"  处理：修正该插件后重新安装，或卸载：pip uninstall {self.distribution}；xueshi doctor 列出全部问题"
        )


class Ask:
    """One jurisdiction's hooks, typed: every question goes to this plugin and to no other."""

    def __init__(self, manager: pluggy.PluginManager, code: str) -> None:
        self._manager = manager
        self.code = code
        self.plugin = manager.get_plugin(code)
        self._others = [plugin for plugin in manager.get_plugins() if plugin is not self.plugin]

    @property
    def package(self) -> str:
        """Import name of the plugin's package."""
        if isinstance(self.plugin, DataJurisdiction):
            return self.plugin.package
        return type(self.plugin).__module__

    def jurisdiction(self) -> Jurisdiction:
        """Who it is."""
        return self._call("jurisdiction")  # type: ignore[no-any-return]

    def credit_rules(self, instrument: str) -> RegulationSource:
        """The rule file of one instrument."""
        return self._call("credit_rules", instrument=instrument)  # type: ignore[no-any-return]

    def hour_functions(self, instrument: str) -> Mapping[str, HookFunction]:
        """The Python functions of one instrument."""
        return self._call("hour_functions", instrument=instrument) or {}

    def overlays(self, instrument: str, area: str) -> Sequence[RegulationSource]:
        """The plugin's own overlays."""
        return self._call("requirement_overlays", instrument=instrument, area=area) or ()

    def approval_flows(self, year: int) -> Sequence[ApprovalFlow]:
        """The approval flows of a year."""
        return self._call("approval_flows", year=year) or ()

    def notices(self, year: int) -> Sequence[Notice]:
        """The notices of a year."""
        return self._call("notices", year=year) or ()

    def document_templates(self, year: int) -> Sequence[DocumentTemplate]:
        """The papers of a year."""
        return self._call("document_templates", year=year) or ()

    def years(self) -> range:
        """The years in which an answer may differ: those of its instruments, an open one counted twenty years on."""
        spans = [one.years for one in self.jurisdiction().instruments]
        lasts = [span.last if span.last is not None else span.first + 20 for span in spans]
        return range(min(span.first for span in spans), max(lasts) + 1) if spans else range(0)

    def placed_flows(self) -> list[PlacedFlow]:
        """All flows of all years, each once, with its years and where it stands."""
        answered: dict[ApprovalFlow, list[int]] = {}
        for year in self.years():
            for flow in self.approval_flows(year):
                answered.setdefault(flow, []).append(year)
        return [PlacedFlow(flow, tuple(years), self._places_of(flow)) for flow, years in answered.items()]

    def _places_of(self, flow: ApprovalFlow) -> FlowPlaces:
        found = self.plugin.places_of(flow) if isinstance(self.plugin, DataJurisdiction) else None
        return found or FlowPlaces(f"{self.package}: hook approval_flows")

    def _call(self, name: str, **given: object) -> Any:
        return self._manager.subset_hook_caller(name, remove_plugins=self._others)(**given)


@dataclass
class Registry:
    """All jurisdictions that were found; `problems` is filled only by a tolerant load."""

    manager: pluggy.PluginManager
    problems: list[Problem] = field(default_factory=list)
    bureau: Callable[[], Sequence[BureauOverlay]] = tuple
    """What bureaus published themselves, in that order; asked each time, since it changes while a process runs."""
    lineages: dict[str, list[str]] = field(default_factory=dict)
    """Instrument → itself and those that it descends from, as far as it was asked for."""

    def codes(self) -> list[str]:
        """Return the codes of all jurisdictions, sorted."""
        return sorted(name for name, _ in self.manager.list_name_plugin())

    def ask(self, code: str) -> Ask:
        """Return one jurisdiction to ask. Raises InputError naming the one that may be meant, and those that are there."""
        if not self.manager.has_plugin(code):
            near = self._meant(code)
            cure = f"是不是 {near}？" if near else ""
            raise InputError(f"没有地区插件“{code}”；{cure}已安装：{'、'.join(self.codes()) or '无'}")
        return Ask(self.manager, code)

    def _meant(self, word: str) -> str | None:
        """Return the code that a mistyped code or a jurisdiction's Chinese name may mean."""
        names = {Ask(self.manager, code).jurisdiction().name: code for code in self.codes()}
        named = [
            code for name, code in names.items() if word and (name.startswith(word) or word.startswith(name))
        ]
        return named[0] if named else nearest(word.casefold(), self.codes())

    def region_for(self, area: str) -> str:
        """Return the jurisdiction with the longest matching area (district, then city, then province)."""
        for code in area_ancestry(area):
            claimants = [region for region in self.codes() if self._claims(region, code)]
            if len(claimants) > 1:
                raise PluginError(f"地区 {code} 由多个插件声明：{'、'.join(claimants)}；只能保留一个")
            if claimants:
                return claimants[0]
        raise NotEncodedError(f"没有插件管辖地区 {area}；已安装：{'、'.join(self.codes()) or '无'}")

    def source_of(self, instrument: str) -> RegulationSource:
        """Return an instrument's rule file, whichever jurisdiction holds it (a parent may stand in another plugin)."""
        for region in self.codes():
            asked = self.ask(region)
            if any(one.id == instrument for one in asked.jurisdiction().instruments):
                return asked.credit_rules(instrument)
        raise NotEncodedError(f"没有插件含有文件 {instrument}；用 xueshi regions list 查看")

    def printed_numbers(self, instrument: str) -> Mapping[str, str]:
        """Return the clauses that an instrument's rules cite by another name than their number in the text; none if unknown."""
        try:
            source = self.source_of(instrument)
        except NotEncodedError:
            return {}
        return read_rule_file(source, Findings()).printed

    def instruments(self) -> set[str]:
        """Return the ids of all instruments of all jurisdictions."""
        return {one.id for region in self.codes() for one in self.ask(region).jurisdiction().instruments}

    def owner_of(self, instrument: str) -> str:
        """Return the jurisdiction that holds an instrument."""
        for region in self.codes():
            if any(one.id == instrument for one in self.ask(region).jurisdiction().instruments):
                return region
        raise NotEncodedError(f"没有插件含有文件 {instrument}；用 xueshi regions list 查看")

    def line_for(self, area: str, year: int, sector: str | None = None) -> AppliesLine:
        """Return which instrument applies.

        Raises InputError for a number that is no year, NotEncodedError naming the nearest covered years.
        """
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise InputError(f"“{year}”不是统计年度；请写四位数的年度，如2024（{FIRST_YEAR}至{LAST_YEAR}）")
        return choose(self.ask(self.region_for(area)).jurisdiction(), area, year, sector)

    def hour_functions(self) -> list[HookFunction]:
        """Return the Python functions of all instruments of all jurisdictions."""
        return [
            function
            for region in self.codes()
            for one in self.ask(region).jurisdiction().instruments
            for function in self.ask(region).hour_functions(one.id).values()
        ]

    def pack_for(
        self, area: str, year: int, sector: str | None = None, config: Mapping[str, object] | None = None
    ) -> RulePack:
        """Resolve the rule pack that applies to an area, year and sector, with the plugin's own overlays."""
        return self.pack_of(self.line_for(area, year, sector).use, area, config, year)

    def pack_of(
        self,
        instrument: str,
        area: str = "",
        config: Mapping[str, object] | None = None,
        year: int | None = None,
    ) -> RulePack:
        """Resolve the rule pack of one instrument, with the overlays that serve the area and the statistics year.

        Without a year all overlays count, a later one over an earlier: what holds at last.
        """
        asked = self.ask(self.owner_of(instrument))
        return resolve_pack(
            instrument,
            self.source_of,
            overlays=[*asked.overlays(instrument, area), *self.published(instrument, area, year)],
            config=config,
            functions=asked.hour_functions(instrument),
            year=year,
            area=area,
        )

    def published(self, instrument: str, area: str, year: int | None = None) -> list[RegulationSource]:
        """Return what bureaus published for an area and year of an instrument or one that it descends from.

        The nearer area goes over the wider one, the later decision over the earlier.
        """
        return [one.source for one in self.published_overlays(instrument, area, year)]

    def published_overlays(self, instrument: str, area: str, year: int | None = None) -> list[BureauOverlay]:
        """The same with what is known of each."""
        above = area_ancestry(area)
        found = [one for one in self.bureau() if one.area in above and one.serves(year)]
        if not found:
            return []
        lineage = self.lineage(instrument)
        return sorted(
            (one for one in found if one.of in lineage),
            key=lambda one: (-above.index(one.area), one.decided),
        )

    def lineage(self, instrument: str) -> list[str]:
        """Return an instrument and those that it descends from, itself first."""
        if instrument not in self.lineages:
            found: list[str] = []
            wanted: str | None = instrument
            while wanted is not None and wanted not in found:
                found.append(wanted)
                wanted = read_rule_file(self.source_of(wanted), Findings()).header.parent
            self.lineages[instrument] = found
        return self.lineages[instrument]

    def flows_for(self, area: str, year: int, purpose: str, sector: str | None = None) -> list[ApprovalFlow]:
        """Return the flows of a purpose that serve an area, year and sector: those of the instrument that applies.

        The region's own go first; where it has none, those of the jurisdiction that holds the instrument (a city that
        names its province's). The nearest area goes before a wider one.
        """
        region = self.region_for(area)
        instrument = self.line_for(area, year, sector).use
        for code in dict.fromkeys((region, self.owner_of(instrument))):
            found = [
                flow
                for flow in self.ask(code).approval_flows(year)
                if (flow.purpose, flow.instrument) == (purpose, instrument)
                and (not flow.area or area_contains(flow.area, area))
            ]
            if found:
                order = area_ancestry(area)
                return sorted(
                    found, key=lambda flow: order.index(flow.area) if flow.area in order else len(order)
                )
        return []

    def roles_of_flows(self) -> set[str]:
        """Return every role that a flow of any jurisdiction names: who signs at a level, who files by a channel."""
        roles: set[str] = set()
        for code in self.codes():
            asked = self.ask(code)
            spans = [one.years for one in asked.jurisdiction().instruments]
            years = {year for span in spans for year in (span.first, span.last or span.first)}
            for year in years:
                for flow in asked.approval_flows(year):
                    roles |= {signer.role for level in flow.levels for signer in level.signers}
                    roles |= {signer.role for channel in flow.channels for signer in channel.filed_by}
        return roles

    def flow_findings(self, region: str) -> list[Diagnostic]:
        """Return everything that is wrong or doubtful with the flows of a jurisdiction, E before W."""
        asked = self.ask(region)
        who = asked.jurisdiction()
        flows = asked.placed_flows()
        encoded = [one.id for one in who.instruments if one.file is not None]
        clauses: dict[str, frozenset[str]] = {one.id: frozenset() for one in who.instruments}
        clauses |= {notice.id: frozenset() for year in asked.years() for notice in asked.notices(year)}
        channels: list[NamedChannel] = []
        for instrument in encoded:
            wanted: str | None = instrument
            while wanted is not None:
                file = read_rule_file(self.source_of(wanted), Findings())
                clauses[wanted] = frozenset(file.clauses)
                wanted = file.header.parent if file.header.parent in self.instruments() else None
            channels += named_channels(instrument, self.source_of, asked.hour_functions(instrument))
        return region_findings(flows, FlowSurroundings(who, clauses, channels))

    def _claims(self, region: str, code: str) -> bool:
        jurisdiction = self.ask(region).jurisdiction()
        return any(area.code == code for area in jurisdiction.areas) and bool(jurisdiction.applies)


def load(*, strict: bool = True, found: Sequence[EntryPoint] | None = None) -> Registry:
    """Load all jurisdiction plugins.

    A broken one stops the load with PluginError (distribution, entry point, cause, remedy); with `strict=False` it is
    listed in `problems` instead, for the health report. `found` replaces the installed entry points in tests.
    """
    manager = pluggy.PluginManager(PROJECT)
    for spec in SPECS:
        manager.add_hookspecs(spec)
    registry = Registry(manager)
    listed = entry_points(group=GROUP) if found is None else found
    for entry_point in sorted(listed, key=lambda one: one.name):
        problem = _register(manager, entry_point)
        if problem is not None:
            if strict:
                raise PluginError(str(problem))
            registry.problems.append(problem)
    if os.environ.get(TRACE, "").strip() not in ("", "0", "false"):
        manager.add_hookcall_monitoring(_print_call, _after_call)
    return registry


def _register(manager: pluggy.PluginManager, entry_point: EntryPoint) -> Problem | None:
    """Load one entry point and ask it who it is; returns what is wrong with it."""
    try:
        plugin = entry_point.load()
        manager.register(plugin, name=entry_point.name)
        manager.check_pending()
        who = Ask(manager, entry_point.name).jurisdiction()
        if not isinstance(who, Jurisdiction):
            raise PluginError(
                f"it answers the hook `jurisdiction` with {type(who).__name__}, not a Jurisdiction"
            )
        if who.code != entry_point.name:
            raise PluginError(
                f'its code is "{who.code}", its entry point "{entry_point.name}"; both must be the same'
            )
    except (Exception, SystemExit) as error:  # a plugin may raise anything while it is imported
        if manager.has_plugin(entry_point.name):
            manager.unregister(name=entry_point.name)
        distribution = entry_point.dist.name if entry_point.dist is not None else "?"
        cause = str(error) if isinstance(error, XueshiError) else f"{type(error).__name__}: {error}"
        return Problem(distribution, f"{entry_point.name} = {entry_point.value}", cause)
    return None


def _print_call(hook_name: str, hook_impls: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    names = ", ".join(str(impl.plugin_name) for impl in hook_impls)
    given = ", ".join(f"{name}={value!r}" for name, value in kwargs.items())
    sys.stderr.write(f"hook {hook_name}({given}) -> {names}\n")


def _after_call(
    outcome: object, hook_name: str, hook_impls: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:  # the monitoring asks for both sides
    """Say nothing afterwards: the call and who was asked are what matters."""
