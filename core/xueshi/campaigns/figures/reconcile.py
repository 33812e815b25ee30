"""The proof that nothing was lost or done twice: commands, effects and audit rows must match one to one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from xueshi.campaigns.rows import agreement_rows


@dataclass(frozen=True)
class Reconciliation:
    """Counts of what matches and of every kind of difference; all differences must be zero."""

    commands: int
    done: int
    pending: int
    refused: int
    done_without_effect: int
    done_without_audit: int
    effect_without_done: int
    audit_without_done: int
    audited_twice: int

    @property
    def difference(self) -> int:
        """Sum of all differences; zero when nothing was lost and nothing done twice."""
        return (
            self.done_without_effect
            + self.done_without_audit
            + self.effect_without_done
            + self.audit_without_done
            + self.audited_twice
        )


def reconcile(session: Session) -> Reconciliation:
    """Compare all commands, effects and audit rows of a database."""
    states = agreement_rows.commands_by_state(session)
    return Reconciliation(
        commands=sum(states.values()),
        done=states.get("done", 0),
        pending=states.get("pending", 0),
        refused=sum(states.get(state, 0) for state in ("refused", "late", "withdrawn")),
        done_without_effect=agreement_rows.done_without_effect(session),
        done_without_audit=agreement_rows.done_without_audit(session),
        effect_without_done=agreement_rows.effect_without_done(session),
        audit_without_done=agreement_rows.audit_without_done(session),
        audited_twice=agreement_rows.audited_twice(session),
    )
