"""The states of a report on both sides, pure: which act leads from which state to which, and what to say otherwise."""

from __future__ import annotations

from typing import Literal

from xueshi.errors import InputError

ReportState = Literal["built", "sent", "acknowledged", "rejected", "superseded"]
ReceivedState = Literal["received", "acknowledged", "rejected", "superseded"]
Decision = Literal["acknowledged", "rejected"]

STATES = {
    "built": "已编制，待报送",
    "sent": "已报送，待回执",
    "received": "已收到，待审核",
    "acknowledged": "已确认",
    "rejected": "已退回",
    "superseded": "已由新的一次代替",
}
"""The states in the words that officers read."""


def next_revision(newest: tuple[int, ReportState] | None) -> int:
    """Return the revision that a report with other figures gets.

    A revision that was not sent yet is superseded, a settled one followed. Raises InputError while a receipt is
    awaited: the superior authority would hold two reports and decide on the older one.
    """
    if newest is None:
        return 1
    revision, state = newest
    if state == "sent":
        raise InputError(
            f"第{revision}次报送尚无回执，不能编制下一次；请先取回回执（xueshi report receipt），有误的请上级退回"
        )
    return revision + 1


def sent(state: ReportState, revision: int) -> ReportState:
    """Return the state after sending; sending again changes nothing. Raises InputError for one that is replaced."""
    if state == "superseded":
        raise InputError(f"第{revision}次报告已由新的一次代替，不能报送；请报送最新的一次")
    return "sent" if state == "built" else state


def settled(state: str, decision: Decision, revision: int) -> Decision | None:
    """Return the state after a decision of the receiving side; None when it was so decided before.

    Raises InputError for a report that was not sent, was replaced, or was decided otherwise.
    """
    if state == decision:
        return None
    if state in ("sent", "received"):
        return decision
    if state == "built":
        raise InputError(f"第{revision}次报告尚未报送，不会有回执；请核对回执文件")
    raise InputError(
        f"第{revision}次报告{STATES[state]}，不能再改为“{STATES[decision]}”；如需更正，请另报一次"
    )
