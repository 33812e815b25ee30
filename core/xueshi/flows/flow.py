"""An approval flow as data: the levels a unit's filing passes, who acts at each, what may be returned where.

Source: a plugin's `flows/*.yaml`, each level with its clause. Pure: the flow travels to workflows as JSON by digest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["all", "any", "n_of"]
Optional = Literal["no", "yes", "on_request"]
"""May a bureau do without the level? `yes`: it stands unless dropped; `on_request`: it is left out unless required."""


@dataclass(frozen=True)
class Signer:
    """Someone who may act at a level: a role of `access`, and what the regulation calls them."""

    role: str
    name: str


@dataclass(frozen=True)
class Only:
    """For which units a level holds; what is not named does not matter. See `routing.py`."""

    kinds: tuple[str, ...] = ()
    """Kinds of unit (`register.unit_kinds`): employer, hr_agency, base, training_body."""
    has_department: bool | None = None
    """Whether the unit has an industry department (行业主管部门)."""
    sectors: tuple[str, ...] = ()
    """Industry systems (行业系统), as the units' registers name them."""


@dataclass(frozen=True)
class Escalation:
    """What the text says when a level lets its days pass: whom its tasks are brought before, and after how long."""

    after_days: int
    """Working days after the level's own are over; 0 = with the end of its last day."""
    to_role: str
    clause: str


@dataclass(frozen=True)
class FlowLevel:
    """One level: it is complete when `all`, `any` or `needed` of its signers approved."""

    id: str
    name: str
    clause: str
    body: Literal["unit", "area"]
    """`unit`: the filing unit's own departments; `area`: a body of the area."""
    mode: Mode
    signers: tuple[Signer, ...]
    needed: int = 1
    returns_to: tuple[str, ...] = ()
    """Ids of earlier levels to which this level may return a filing, with a reason."""
    may_refuse: bool = False
    days: int | None = None
    """Working days this level has; None when the text names none."""
    only: Only | None = None
    """Units for which the level holds; None = all. A filing is pinned to the levels that hold for its unit."""
    sample: int | None = None
    """Percent of the units that pass this level (抽查); None = all of them. Campaigns only."""
    optional: Optional = "no"
    reading: str = ""
    """What the text does not name and what holds for it (口径); a bureau reads it beside the level."""
    escalate: Escalation | None = None
    """Where the text says so: to whom an overdue task goes; needs `days`."""

    def complete(self, signed: frozenset[str]) -> bool:
        """Tell whether the roles that approved so far complete this level."""
        have = len({signer.role for signer in self.signers} & signed)
        need = {"all": len(self.signers), "any": 1, "n_of": self.needed}[self.mode]
        return have >= need


@dataclass(frozen=True)
class Channel:
    """One way by which a record comes into the register: the word that a rule's `channel` names."""

    id: str
    name: str
    """What the regulation calls it (单位登记、组织机构统一登记、本人申请)."""
    clause: str
    filed_by: tuple[Signer, ...]
    """Who may file by it; the role `person` is the professional himself, by whoever acts for him."""
    levels: tuple[str, ...] = ()
    """Ids of the flow's levels that a record passes, in order; empty where filing is the registration."""
    personal_application: bool = False
    within_days: int | None = None
    """Working days after the activity's last day within which it must be filed; None when the text names none."""
    within_calendar_days: int | None = None
    """The same in calendar days, where the text says so many 日 and not 工作日; a channel has one of the two."""


@dataclass(frozen=True)
class Leaving:
    """Before a person leaves a unit, these levels settle the records that are still on their way."""

    levels: tuple[str, ...]
    clause: str


@dataclass(frozen=True)
class ApprovalFlow:
    """The levels in order. The first is the filing unit's own; its completion is the submission (提交)."""

    id: str
    title: str
    purpose: Literal["campaign", "record"]
    instrument: str
    levels: tuple[FlowLevel, ...] = field(default_factory=tuple)
    channels: tuple[Channel, ...] = ()
    """Of a flow for records (`purpose` record): the ways in. A campaign's flow has none."""
    clause: str = ""
    """What orders the purpose; empty where the text is silent and only a bureau's notice does."""
    area: str = ""
    """Area (with all it contains) that the flow serves; empty = wherever its instrument applies."""
    leaving: Leaving | None = None
    """Of a flow for records, where the text asks for an audit before a person leaves (离职前审核)."""

    def level(self, level_id: str) -> FlowLevel:
        """Return a level by id; raises KeyError when there is none."""
        for level in self.levels:
            if level.id == level_id:
                return level
        raise KeyError(level_id)

    def channel(self, channel_id: str) -> Channel:
        """Return a channel by the word that rules name; raises KeyError when there is none."""
        for channel in self.channels:
            if channel.id == channel_id:
                return channel
        raise KeyError(channel_id)

    def after(self, level_id: str) -> FlowLevel | None:
        """Return the level that follows, or None after the last."""
        ids = [level.id for level in self.levels]
        position = ids.index(level_id) + 1
        return self.levels[position] if position < len(ids) else None
