"""A jurisdiction whose every answer is a file in its package's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from xueshi.campaigns.opening.notice import Notice
from xueshi.documents.template import DocumentTemplate
from xueshi.errors import NotEncodedError, PluginError
from xueshi.flows.flow import ApprovalFlow, Channel, Escalation, FlowLevel, Leaving, Only, Signer
from xueshi.flows.flow_check import FlowPlaces
from xueshi.hookspecs import HookFunction, hookimpl
from xueshi.jurisdictions import AppliesLine, Area, Instrument, Jurisdiction, YearSpan
from xueshi.plugin_files import (
    FlowFile,
    JurisdictionFile,
    OnlyFile,
    PaperFile,
    read_notice,
    read_placed,
    read_yaml,
)
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.instrument import read_rule_file
from xueshi.regulations.overlays import overlay_head
from xueshi.regulations.sources import RegulationSource

RULE_SUFFIX = ".yaml"


class DataJurisdiction:
    """Implements every hook point from `jurisdiction.yaml` and the folders beside it.

    | folder | holds |
    |---|---|
    | `regulations/` | one rule file per instrument (rule language) |
    | `overlays/` | the region's own overlays of readings and parameters, where it has any |
    | `flows/` | approval flows |
    | `notices/` | published notices |
    | `papers/`, `templates/` | papers with their field maps; the templates that differ from the shared ones |
    | `cases/` | case files |

    A region answers a hook in Python by subclassing: override the method and mark it with `hookimpl`.
    """

    def __init__(self, package: str | None) -> None:
        if not package:
            raise PluginError("DataJurisdiction needs the plugin's package: DataJurisdiction(__package__)")
        self.package = package

    # ------------------------------------------------------------ hook points

    @hookimpl
    def jurisdiction(self) -> Jurisdiction:
        """Answer who this is."""
        return self._jurisdiction

    @hookimpl
    def credit_rules(self, instrument: str) -> RegulationSource:
        """Answer with the text of an instrument's rule file."""
        found = self._rule_files.get(instrument)
        if found is not None:
            return found
        known = next((one for one in self._jurisdiction.instruments if one.id == instrument), None)
        if known is None:
            raise PluginError(
                f"{self.package} has no instrument {instrument}; it has {', '.join(self._rule_files) or 'none'}"
            )
        encoded = (
            "、".join(f"{one.id}（{one.years}）" for one in self._jurisdiction.instruments if one.file)
            or "无"
        )
        raise NotEncodedError(
            f"《{known.title}》（{instrument}，{known.years}）尚未编码，不能核算。本地区已编码：{encoded}"
        )

    @hookimpl
    def hour_functions(self, instrument: str) -> Mapping[str, HookFunction]:  # noqa: ARG002 - data has no functions
        """Answer that data needs no Python."""
        return {}

    @hookimpl
    def requirement_overlays(self, instrument: str, area: str) -> Sequence[RegulationSource]:  # noqa: ARG002 - years and area are weighed where the overlay is applied
        """Answer with the plugin's own overlays of the instrument or of what it descends from, oldest decision first.

        One that names no instrument of the plugin is answered too, so that it is told of (E302).
        """
        mine = self._lines_of_descent.get(instrument, {instrument})
        others = {name for chain in self._lines_of_descent.values() for name in chain} - mine
        return [source for of, source in self._overlays if of not in others]

    @hookimpl
    def approval_flows(self, year: int) -> Sequence[ApprovalFlow]:
        """Answer with the flows that serve a year."""
        return [flow for years, flow, _ in self._flows if year in years]

    @hookimpl
    def notices(self, year: int) -> Sequence[Notice]:
        """Answer with the notices of a year."""
        return [notice for notice in self._notices if notice.year == year]

    @hookimpl
    def document_templates(self, year: int) -> Sequence[DocumentTemplate]:
        """Answer with the papers that serve a year, each with the plugin's own templates in its closure."""
        return [paper for paper in self._papers if year in paper.years]

    # ------------------------------------------------------------ the files behind them

    @property
    def root(self) -> Traversable:
        """The plugin's folder."""
        return files(self.package)

    @cached_property
    def case_files(self) -> Mapping[str, str]:
        """The plugin's case files, name → text."""
        return {file.name: file.read_text(encoding="utf-8") for file in self._files("cases")}

    @cached_property
    def template_texts(self) -> Mapping[str, str]:
        """The plugin's own templates, name → text."""
        return {file.name: file.read_text(encoding="utf-8") for file in self._files("templates", suffix="")}

    def places_of(self, flow: ApprovalFlow) -> FlowPlaces | None:
        """Return where a flow of `flows/` stands; None for one that does not come from there."""
        return next((places for _, own, places in self._flows if own == flow), None)

    @cached_property
    def _jurisdiction(self) -> Jurisdiction:
        head = read_yaml(
            self.root / "jurisdiction.yaml", JurisdictionFile, f"{self.package}/jurisdiction.yaml"
        )
        listed = tuple(
            Instrument(code, one.title, one.number, one.years)
            for code, one in head.instruments.items()
            if code not in self._rule_files
        )
        return Jurisdiction(
            code=head.jurisdiction.code,
            name=head.jurisdiction.name,
            parent=head.jurisdiction.parent,
            areas=tuple(Area(code, area.name, area.bodies) for code, area in head.areas.items()),
            instruments=(*self._encoded, *listed),
            applies=tuple(
                AppliesLine(line.area, line.years, line.use, line.clause, line.sector)
                for line in head.applies
            ),
        )

    @cached_property
    def _encoded(self) -> tuple[Instrument, ...]:
        return tuple(instrument for instrument, _ in self._read_rule_files)

    @cached_property
    def _rule_files(self) -> Mapping[str, RegulationSource]:
        return {instrument.id: source for instrument, source in self._read_rule_files}

    @cached_property
    def _read_rule_files(self) -> tuple[tuple[Instrument, RegulationSource], ...]:
        found: dict[str, tuple[Instrument, RegulationSource]] = {}
        for file in self._files("regulations"):
            source = RegulationSource(
                f"{self.package}/regulations/{file.name}", file.read_text(encoding="utf-8")
            )
            header = read_rule_file(source, Findings()).header
            if header.id in found:
                other = found[header.id][1].path
                raise PluginError(f"{source.path}: {header.id} is also in {other}. Repair: keep one file")
            years = YearSpan(header.first_year, header.last_year)
            found[header.id] = (
                Instrument(header.id, header.title, header.number, years, source.path),
                source,
            )
        return tuple(found.values())

    @cached_property
    def _lines_of_descent(self) -> Mapping[str, set[str]]:
        """Each encoded instrument with its parents, as far as the plugin's own files tell."""
        parent = {
            code: read_rule_file(source, Findings()).header.parent
            for code, source in self._rule_files.items()
        }
        found: dict[str, set[str]] = {}
        for code in parent:
            chain: list[str] = []
            at: str | None = code
            while at is not None and at not in chain:
                chain.append(at)
                at = parent.get(at)
            found[code] = set(chain)
        return found

    @cached_property
    def _overlays(self) -> tuple[tuple[str, RegulationSource], ...]:
        """The overlays with the instrument they are of, by the day of the decision, then by file name."""
        found = []
        for file in self._files("overlays"):
            source = RegulationSource(
                f"{self.package}/overlays/{file.name}", file.read_text(encoding="utf-8")
            )
            found.append((*overlay_head(source), source))
        return tuple((of, source) for of, _, source in sorted(found, key=lambda one: one[1]))

    @cached_property
    def _flows(self) -> tuple[tuple[YearSpan, ApprovalFlow, FlowPlaces], ...]:
        return tuple(self._flow(file) for file in self._files("flows"))

    def _flow(self, file: Traversable) -> tuple[YearSpan, ApprovalFlow, FlowPlaces]:
        where = f"{self.package}/flows/{file.name}"
        read, line_of = read_placed(file, FlowFile, where)
        levels = tuple(
            FlowLevel(
                **{
                    **dict(level),
                    "signers": tuple(Signer(signer.role, signer.name) for signer in level.signers),
                    "returns_to": tuple(level.returns_to),
                    "only": _only(level.only),
                    "escalate": Escalation(**dict(level.escalate)) if level.escalate else None,
                }
            )
            for level in read.levels
        )
        channels = tuple(
            Channel(
                **{
                    **dict(channel),
                    "filed_by": tuple(Signer(signer.role, signer.name) for signer in channel.filed_by),
                    "levels": tuple(channel.levels),
                }
            )
            for channel in read.channels
        )
        flow = ApprovalFlow(
            id=read.id,
            title=read.title,
            purpose=read.purpose,
            instrument=read.instrument,
            levels=levels,
            channels=channels,
            clause=read.clause,
            area=read.area,
            leaving=None
            if read.leaving is None
            else Leaving(tuple(read.leaving.levels), read.leaving.clause),
        )
        return read.years, flow, FlowPlaces(where, line_of)

    @cached_property
    def _notices(self) -> tuple[Notice, ...]:
        return tuple(self._notice(file) for file in self._files("notices"))

    def _notice(self, file: Traversable) -> Notice:
        return read_notice(file, f"{self.package}/notices/{file.name}", self._jurisdiction.code)

    @cached_property
    def _papers(self) -> tuple[DocumentTemplate, ...]:
        return tuple(
            DocumentTemplate(
                **dict(read_yaml(file, PaperFile, f"{self.package}/papers/{file.name}")),
                closure=self.template_texts,
            )
            for file in self._files("papers")
        )

    def _files(self, folder: str, suffix: str = RULE_SUFFIX) -> list[Traversable]:
        place = self.root / folder
        if not place.is_dir():
            return []
        found = [file for file in place.iterdir() if file.is_file() and file.name.endswith(suffix)]
        return sorted(found, key=lambda file: file.name)


def _only(read: OnlyFile | None) -> Only | None:
    return None if read is None else Only(read.kind, read.has_department, read.sectors)
