"""Acting for somebody else: a delegate's days, and what his commands carry of whose role it is."""

from __future__ import annotations

from datetime import datetime

from xueshi.access.repository import Actor
from xueshi.access.roles import role_words
from xueshi.campaigns.clocks.clock import civil_date
from xueshi.errors import NotAllowedError


def require_in_time(actor: Actor, at: datetime) -> None:
    """Raise NotAllowedError when the day of an instant lies outside the delegation under which somebody acts."""
    if actor.lent is None:
        return
    day = civil_date(at)
    if not actor.lent.since <= day <= actor.lent.until:
        raise NotAllowedError(
            f"账号 {actor.login} 受托办理“{role_words(actor.role)}”的期限为 {actor.lent.since} 至 {actor.lent.until}，"
            f"{day} 不在其内；请由授权人本人办理，或重新委托（xueshi accounts delegate）"
        )


def signature(actor: Actor) -> dict[str, str]:
    """Return what a command carries of who acts: the role, and under a delegation whose role and which delegation."""
    lent = {"principal": "", "delegation": ""}
    if actor.lent is not None:
        lent = {"principal": str(actor.lent.lender), "delegation": str(actor.lent.delegation_id)}
    return {"role": actor.role, **lent}
