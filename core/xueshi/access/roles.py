"""Verbs and the roles that hold them: the one place that says who may do what.

Roles of an area's bodies and of a unit's departments are the words of the flows (`unit_personnel`, …): a flow names
who signs at a level, this table says which verbs come with a role. A role that stands only in a flow may decide
at its level and see what it decides on, nothing else.
"""

from __future__ import annotations

from typing import Literal

Verb = Literal[
    "accounts.manage",
    "appeal.decide",
    "appeal.file",
    "campaign.open",
    "campaign.steer",
    "filing.decide",
    "filing.makeup",
    "paper.print",
    "record.decide",
    "record.determine",
    "record.file",
    "register.import",
    "register.read",
    "register.units",
    "report.receive",
    "report.send",
    "role.lend",
    "rules.draft",
    "rules.publish",
]

PERSON = "person"
"""The role of a professional's own account; in a channel's `filed_by`, the professional himself."""

ROLE_VERBS: dict[str, frozenset[Verb]] = {
    "operator": frozenset({"accounts.manage", "register.read", "report.receive"}),
    "bureau": frozenset(
        {
            "accounts.manage",
            "appeal.decide",
            "campaign.open",
            "campaign.steer",
            "filing.makeup",
            "paper.print",
            "record.decide",
            "record.file",
            "register.read",
            "register.import",
            "register.units",
            "report.receive",
            "report.send",
            "role.lend",
            "rules.draft",
            "rules.publish",
        }
    ),
    "unit_clerk": frozenset(
        {
            "appeal.file",
            "filing.makeup",
            "register.import",
            "register.read",
            "record.file",
            "role.lend",
            "paper.print",
        }
    ),
    # What a person does with his own records; whose they are, the scope says.
    PERSON: frozenset({"record.file", "register.read"}),
    # Where the text makes the unit itself (or the body that keeps the personnel file) the verifier.
    "unit_verifier": frozenset(
        {"filing.decide", "record.decide", "record.determine", "register.read", "role.lend"}
    ),
}
"""Verbs of the roles that the engine itself knows."""

SIGNING_VERBS: frozenset[Verb] = frozenset(
    {"filing.decide", "record.decide", "record.file", "register.read", "role.lend"}
)
"""Verbs of a role that a flow names as signer or as who files a record: which levels and channels, the flow says."""

UNIT_SIGNING_VERBS: frozenset[Verb] = SIGNING_VERBS | {"appeal.file", "filing.makeup"}
"""Verbs of a unit's own department: it speaks for the unit."""

AREA_SIGNING_VERBS: frozenset[Verb] = SIGNING_VERBS | {"record.determine"}
"""Verbs of a signing role of an area's body: it also settles what the text leaves to the verifier."""


def verbs_of(role: str, *, of_unit: bool) -> frozenset[Verb]:
    """Return the verbs of a role; `of_unit` tells a unit's department from an area's body."""
    known = ROLE_VERBS.get(role)
    if known is not None:
        return known
    return UNIT_SIGNING_VERBS if of_unit else AREA_SIGNING_VERBS


ROLE_WORDS: dict[str, str] = {
    "operator": "省级运营",
    "bureau": "人社部门业务负责人",
    "hrss": "人力资源社会保障部门",
    "industry_dept": "行业主管部门",
    "exam_centre": "人事考试培训中心",
    "base": "继续教育基地",
    "organiser": "承办单位",
    "unit_clerk": "单位经办人",
    "unit_registrar": "单位登记负责人",
    "unit_verifier": "单位审核人",
    "unit_personnel": "单位人事部门",
    "unit_ce": "单位继续教育管理部门",
    "person": "专业技术人员本人",
}
"""What officers call the roles; a role of a flow that is not here goes by its code."""

VERB_WORDS: dict[Verb, str] = {
    "accounts.manage": "管理账号",
    "appeal.decide": "决定申诉",
    "appeal.file": "提出申诉",
    "campaign.open": "开启年度验证",
    "campaign.steer": "主持年度验证",
    "filing.decide": "审核单位申报",
    "filing.makeup": "补训申报",
    "paper.print": "打印表卡",
    "record.decide": "审核学时记录",
    "record.determine": "认定学时事项",
    "record.file": "申报学时记录",
    "register.import": "导入登记",
    "register.read": "查看登记",
    "register.units": "登记单位",
    "report.receive": "接收上报",
    "report.send": "报送",
    "role.lend": "委托、移交岗位",
    "rules.draft": "起草规定",
    "rules.publish": "发布规定",
}
"""What officers call the permissions."""


def role_words(role: str) -> str:
    """Return a role as officers read it, its code in parentheses: `单位经办人（unit_clerk）`."""
    word = ROLE_WORDS.get(role)
    return f"{word}（{role}）" if word else role
