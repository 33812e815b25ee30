"""The hook points: all that a jurisdiction can be asked, by concern.

A jurisdiction plugin implements them in its object behind the entry-point group `xueshi.jurisdictions`.
`DataJurisdiction` implements all of them from the plugin's folder; override one in Python only where data
cannot say it. The engine always asks ONE jurisdiction (see `xueshi.registry`), never all of them, and never
from inside a workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

from xueshi.campaigns.opening.notice import Notice
from xueshi.documents.template import DocumentTemplate
from xueshi.flows.flow import ApprovalFlow
from xueshi.jurisdictions import Jurisdiction

if TYPE_CHECKING:
    from xueshi.regulations.sources import RegulationSource

PROJECT = "xueshi"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

HookFunction = Callable[[Mapping[str, Any]], Any]
"""The pure function behind `hours: {python: name}`: facts → hundredths of an hour, or a `Reason`."""


class JurisdictionSpecs:
    """Who it is."""

    @hookspec(firstresult=True)
    def jurisdiction(self) -> Jurisdiction:
        """Return who this jurisdiction is: code, names, areas with bodies, instruments, which applies when.

        Called once at start, and again by `xueshi regions check`.

        Example::

            @hookimpl
            def jurisdiction(self):
                return Jurisdiction(
                    code="example", name="示例市", areas=(Area("990100", "示例市"),),
                    instruments=(Instrument("EX2020", "示例办法", "示人发〔2020〕1号", YearSpan(2020)),),
                    applies=(AppliesLine("990100", YearSpan(2020), "EX2020", "EX2020 第一条"),),
                )
        """
        raise NotImplementedError


class CreditSpecs:
    """Which activity counts for how much."""

    @hookspec(firstresult=True)
    def credit_rules(self, instrument: str) -> RegulationSource:
        """Return the text (YAML) of one instrument's rule file, with its path for messages.

        Called when a rule pack is resolved: before assessment, on opening a campaign, by the checks. The engine
        parses, checks and merges it; a plugin never computes hours itself.

        Example::

            @hookimpl
            def credit_rules(self, instrument):
                return RegulationSource(path="regulations/ex2020.yaml", text=EX2020)
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def hour_functions(self, instrument: str) -> Mapping[str, HookFunction]:
        """Return the pure functions behind `hours: {python: name}` of one instrument; empty when none is used.

        Called with `credit_rules`. Each takes only the facts named in `reads` and gives hundredths of an hour or
        a `Reason`; the hash of its source is part of the pack's digest.

        Example::

            @hookimpl
            def hour_functions(self, instrument):
                return {"joint_work": lambda facts: 300 * facts["characters"] // 1000 // facts["rank"]}
        """
        raise NotImplementedError


class RequirementSpecs:
    """How much a year (or several) asks of a person."""

    @hookspec(firstresult=True)
    def requirement_overlays(self, instrument: str, area: str) -> Sequence[RegulationSource]:
        """Return the plugin's own overlays of readings and parameters for an area, oldest first; usually none.

        Called when the annual requirement of an area is resolved. The minimums themselves stand in the section
        `requirements` of the instrument's rule file; an overlay sets what that file leaves to a bureau. Each holds in the years
        (and the area) that it names: whoever asks need not leave out the others.

        Example::

            @hookimpl
            def requirement_overlays(self, instrument, area):
                return [RegulationSource(path="overlays/district.yaml", text="overlay: {of: EX2020, ...}")]
        """
        raise NotImplementedError


class ApprovalSpecs:
    """Who approves."""

    @hookspec(firstresult=True)
    def approval_flows(self, year: int) -> Sequence[ApprovalFlow]:
        """Return the approval flows of a year: levels, who may act, deadlines, what may be returned where.

        Called when a campaign opens and when a record is filed; the flow is then pinned by digest.

        Example::

            @hookimpl
            def approval_flows(self, year):
                unit = FlowLevel("unit", "单位审核", "第三条", "unit", "any", (Signer("unit_personnel", "人事部门"),))
                return [ApprovalFlow("EX-yearly", "年度验证", "campaign", "EX2020", (unit,))]
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def notices(self, year: int) -> Sequence[Notice]:
        """Return the published notices that open campaigns of a year: window, place, papers, addressees.

        Called by `xueshi campaign open`. A bureau may add its own notices beside them.

        Example::

            @hookimpl
            def notices(self, year):
                return [load_notice(path) for path in sorted(NOTICES.glob(f"*{year}.yaml"))]
        """
        raise NotImplementedError


class DocumentSpecs:
    """Which papers come out."""

    @hookspec(firstresult=True)
    def document_templates(self, year: int) -> Sequence[DocumentTemplate]:
        """Return the papers of a year: kind, template with all it needs, and the form's own words.

        Called when a campaign opens (the closure is pinned by digest) and by `xueshi forms list`.

        Example::

            @hookimpl
            def document_templates(self, year):
                return [DocumentTemplate("card", "继续教育登记卡", "附件2", "person_year", YearSpan(2020), "pdf",
                                         "card.typ.j2", {}, {"card.typ.j2": "<< person.name >>"})]
        """
        raise NotImplementedError


SPECS = (JurisdictionSpecs, CreditSpecs, RequirementSpecs, ApprovalSpecs, DocumentSpecs)
"""All groups; the registry adds them one by one and a test walks them."""
