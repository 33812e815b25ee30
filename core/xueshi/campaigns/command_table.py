"""One command table, two executors (architecture section 8, decision 7): every act, who carries it out, with which verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xueshi.access.roles import Verb

Executor = Literal["durable", "direct"]
TargetKind = Literal["filing", "campaign", "record", "task"]
CommandStateName = Literal["pending", "done", "refused", "late", "withdrawn"]


@dataclass(frozen=True)
class CommandKind:
    """One kind of command: its Chinese name, executor, target, and the verb its actor must hold."""

    name: str
    label: str
    executor: Executor
    target: TargetKind
    verb: Verb


COMMAND_KINDS: dict[str, CommandKind] = {
    kind.name: kind
    for kind in (
        CommandKind("approve", "通过", "durable", "filing", "filing.decide"),
        CommandKind("return", "退回", "durable", "filing", "filing.decide"),
        CommandKind("refuse", "不予通过", "durable", "filing", "filing.decide"),
        CommandKind("withdraw", "撤回", "durable", "filing", "filing.decide"),
        CommandKind("extend_filing", "单位延期", "durable", "filing", "campaign.steer"),
        CommandKind("advance", "拨动演练时钟", "durable", "campaign", "campaign.steer"),
        CommandKind("extend", "延期", "durable", "campaign", "campaign.steer"),
        CommandKind("close", "关闭", "durable", "campaign", "campaign.steer"),
        CommandKind("hand_in", "登记入库", "direct", "filing", "register.import"),
        CommandKind("determine", "认定", "direct", "record", "record.determine"),
        CommandKind("leave_open", "存疑留待补正", "direct", "task", "record.determine"),
    )
}
