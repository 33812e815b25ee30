"""Xueshi (学时): the engine, and all that a jurisdiction plugin may import.

A plugin is a small distribution with an entry point in the group `xueshi.jurisdictions`::

    [project.entry-points."xueshi.jurisdictions"]
    example = "xueshi_example:jurisdiction"

and a package whose `__init__.py` says::

    from xueshi import DataJurisdiction

    jurisdiction = DataJurisdiction(__package__)

Everything else is data in its folder: `jurisdiction.yaml`, `regulations/`, `flows/`, `notices/`, `papers/`,
`templates/`, `cases/`. To answer a hook point in Python, subclass `DataJurisdiction` and mark the method with
`hookimpl`. This module is light: it imports neither SQL nor Temporal.
"""

from xueshi.campaigns.opening.notice import Notice
from xueshi.data_jurisdiction import DataJurisdiction
from xueshi.documents.template import DocumentTemplate
from xueshi.flows.flow import (
    ApprovalFlow,
    Channel,
    Escalation,
    FlowLevel,
    Leaving,
    Only,
    Signer,
)
from xueshi.hookspecs import hookimpl
from xueshi.hours import Hours
from xueshi.jurisdictions import AppliesLine, Area, Instrument, Jurisdiction, YearSpan
from xueshi.regulations.sources import Reason, RegulationSource

__all__ = [
    "AppliesLine",
    "ApprovalFlow",
    "Area",
    "Channel",
    "DataJurisdiction",
    "DocumentTemplate",
    "Escalation",
    "FlowLevel",
    "Hours",
    "Instrument",
    "Jurisdiction",
    "Leaving",
    "Notice",
    "Only",
    "Reason",
    "RegulationSource",
    "Signer",
    "YearSpan",
    "hookimpl",
]
