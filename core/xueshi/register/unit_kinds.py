"""What a unit is, in the words of the regulations: flows route by it, the register keeps it. No SQL."""

from __future__ import annotations

EMPLOYER = "employer"
UNIT_KINDS = {
    EMPLOYER: "用人单位",
    "hr_agency": "人力资源服务机构（存放人事档案）",
    "base": "继续教育基地",
    "training_body": "施教机构",
}
"""Kind → Chinese. A freelancer's unit is the body that keeps the personnel file."""


def has_department(stated: bool | None, sector: str | None) -> bool:
    """Tell whether a unit has an industry department: as stated, else as its sector says (with one, yes)."""
    return bool(sector) if stated is None else stated
