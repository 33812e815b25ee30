"""One command table, two executors (architecture section 8, decision 7): every act, who carries it out, with which verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xueshi.access.roles import Verb

Executor = Literal["durable", "direct"]
TargetKind = Literal[
    "filing",
    "campaign",
    "appeal",
    "record",
    "task",
    "person",
    "class",
    "import",
    "folder",
    "grant",
    "delegation",
    "report",
    "received_report",
    "trusted_key",
    "rule_draft",
]
CommandStateName = Literal["pending", "done", "refused", "late", "withdrawn"]


@dataclass(frozen=True)
class CommandKind:
    """One kind of command: its Chinese name, executor, target, and the verb its actor must hold."""

    name: str
    label: str
    executor: Executor
    target: TargetKind
    verb: Verb
    of_campaign: bool = True
    """False for acts that go on all year: no campaign carries them, the folder's clock dates them."""


COMMAND_KINDS: dict[str, CommandKind] = {
    kind.name: kind
    for kind in (
        CommandKind("approve", "通过", "durable", "filing", "filing.decide"),
        CommandKind("return", "退回", "durable", "filing", "filing.decide"),
        CommandKind("refuse", "不予通过", "durable", "filing", "filing.decide"),
        CommandKind("withdraw", "撤回", "durable", "filing", "filing.decide"),
        CommandKind("extend_filing", "单位延期", "durable", "filing", "campaign.steer"),
        CommandKind("makeup_filing", "补训申报", "durable", "filing", "filing.makeup"),
        CommandKind("dissolve", "单位撤并", "durable", "filing", "campaign.steer"),
        CommandKind("advance", "拨动演练时钟", "durable", "campaign", "campaign.steer"),
        CommandKind("extend", "延期", "durable", "campaign", "campaign.steer"),
        CommandKind("close", "关闭", "durable", "campaign", "campaign.steer"),
        CommandKind("pause", "暂停", "durable", "campaign", "campaign.steer"),
        CommandKind("resume", "恢复", "durable", "campaign", "campaign.steer"),
        CommandKind("makeup", "开放补训", "durable", "campaign", "campaign.steer"),
        CommandKind("migrate", "更换规则包", "durable", "campaign", "campaign.steer"),
        CommandKind("reopen", "重新开启", "durable", "campaign", "campaign.steer"),
        CommandKind("add_unit", "加入单位", "durable", "campaign", "campaign.steer"),
        CommandKind("archive", "归档", "durable", "campaign", "campaign.steer"),
        CommandKind("uphold_appeal", "维持原决定", "durable", "appeal", "appeal.decide"),
        CommandKind("grant_appeal", "支持申诉", "durable", "appeal", "appeal.decide"),
        CommandKind("withdraw_appeal", "撤回申诉", "durable", "appeal", "appeal.file"),
        CommandKind("appeal", "申诉", "direct", "filing", "appeal.file"),
        CommandKind("bulk_decide", "批量办理", "direct", "campaign", "filing.decide"),
        CommandKind("move_unit", "单位变更地区", "direct", "filing", "campaign.steer"),
        CommandKind("delegate", "委托", "direct", "grant", "role.lend", False),
        CommandKind("end_delegation", "终止委托", "direct", "delegation", "role.lend", False),
        CommandKind("hand_over", "移交待办", "direct", "grant", "role.lend", False),
        CommandKind("hand_in", "登记入库", "direct", "filing", "register.import"),
        CommandKind("determine", "认定", "direct", "record", "record.determine"),
        CommandKind("leave_open", "存疑留待补正", "direct", "task", "record.determine"),
        CommandKind("file_record", "申报学时", "direct", "person", "record.file", False),
        CommandKind("verify_record", "认定学时", "direct", "record", "record.decide", False),
        CommandKind("return_record", "退回学时记录", "direct", "record", "record.decide", False),
        CommandKind("refuse_record", "不予认定学时", "direct", "record", "record.decide", False),
        CommandKind("resubmit_record", "重新提交学时记录", "direct", "record", "record.file", False),
        CommandKind("withdraw_record", "撤回学时记录", "direct", "record", "record.file", False),
        CommandKind("correct_record", "更正学时记录", "direct", "record", "record.file", False),
        CommandKind("attach_evidence", "补充证明材料", "direct", "record", "record.file", False),
        CommandKind("report_roster", "登记班次名单", "direct", "class", "record.file", False),
        CommandKind("import_records", "导入其他系统的学时", "direct", "import", "record.file", False),
        CommandKind("transfer_person", "人员转单位", "direct", "person", "register.import", False),
        CommandKind("undo_transfer", "撤销转单位", "direct", "person", "register.import", False),
        CommandKind("leave_person", "人员离开", "direct", "person", "register.import", False),
        CommandKind("undo_leave", "撤销人员离开", "direct", "person", "register.import", False),
        CommandKind("set_level", "登记职称", "direct", "person", "register.import", False),
        CommandKind("advance_folder", "拨动演练文件夹时钟", "direct", "folder", "campaign.steer", False),
        CommandKind("report_build", "编制报告", "direct", "report", "report.send", False),
        CommandKind("report_send", "报送", "direct", "report", "report.send", False),
        CommandKind("report_receipt", "登记回执", "direct", "report", "report.send", False),
        CommandKind("report_receive", "接收报告", "direct", "received_report", "report.receive", False),
        CommandKind("report_acknowledge", "确认报告", "direct", "received_report", "report.receive", False),
        CommandKind("report_reject", "退回报告", "direct", "received_report", "report.receive", False),
        CommandKind("report_trust", "登记公钥", "direct", "trusted_key", "report.receive", False),
        CommandKind("report_distrust", "停用公钥", "direct", "trusted_key", "report.receive", False),
        CommandKind("rules_draft", "起草本级口径", "direct", "rule_draft", "rules.draft", False),
        CommandKind("rules_rollback", "起草恢复原口径", "direct", "rule_draft", "rules.draft", False),
        CommandKind("rules_publish", "发布本级口径", "direct", "rule_draft", "rules.publish", False),
        CommandKind("flows_draft", "起草流程调整", "direct", "rule_draft", "rules.draft", False),
        CommandKind("flows_withdraw", "起草撤销流程调整", "direct", "rule_draft", "rules.draft", False),
        CommandKind("flows_publish", "发布流程调整", "direct", "rule_draft", "rules.publish", False),
    )
}
