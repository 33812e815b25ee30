"""One Chinese sentence for each reason code (rule language 3.5); the code is for programs, the sentence for officers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xueshi.hours import show_hours
from xueshi.regulations.vocabulary import Fact

REASONS = {
    "credited": "按{clause}计{after}学时",
    "no_rule": "“{kind}”在《{regulation}》中没有对应的认定条款",
    "not_of_item": "{also}不属于{name}（{clause}）所列的情形：{detail}",
    "removed": "原条款“{name}”已由{by}{clause}取消，不再认定",
    "no_row": "{name}（{clause}）没有与所填情况相符的情形：{read}",
    "not_in_table": "{name}按{clause}没有列明“{detail}”的学时",
    "needs": "不符合{clause}的条件：{detail}",
    "except": "属于{clause}排除的情形：{detail}",
    "outside_range": "认定值超出{clause}规定的幅度（{detail}学时），不予认定，请在幅度内重新认定",
    "no_decision": "{name}按{clause}须由有权部门或认定人作出决定，尚未决定",
    "no_decision_in_range": "{name}按{clause}在{detail}学时之间由认定人确定，尚未认定",
    "no_hours_stated": "{name}按{clause}以“{detail}”计算，但填写为无",
    "none_by_clause": "按{clause}不计学时",
    "below_one_unit": "{read}，按{clause}不满{unit}的不计学时",
    "share_zero": "{detail}按{clause}所占份额为0，不计学时",
    "cap_day": "{name}按{clause}每天有上限，{before}学时计{after}学时",
    "cap_event": "{name}按{clause}{each}最多{cap}学时，{before}学时计{after}学时",
    "cap_year": "{name}按{clause}每年最多{cap}学时，{before}学时计{after}学时",
    "dedupe": "与记录{other}为同一{same}，按{clause}{how}，本条{before}学时计{after}学时",
    "earlier_years": "同一{same}以前年度已计{given}学时，按{clause}本条{before}学时计{after}学时",
    "handed_on": "按{clause}分年登记的第{part}部分（{given}学时）已由以前年度的登记转入本年，本条不重复计",
    "other_year": "属于{year}年度，不计入{this}年度",
    "makeup": "补训，计入{year}年度",
    "needs_fact": "还需补充：{detail}",
    "over_years": "跨年度，请分年度登记，或补充：{detail}",
    "part_of_period": "起止跨年度，只计{year}年度的部分；{text}",
    "no_factor": "{detail}尚未由主管部门设定，不能折算为学时，尚不能认定",
    "needs_factor": "{name}：{detail}尚未由主管部门设定，所得不能折算为学时，不能判定",
    "needs_years": "{name}：还需要{years}年度的结果，才能判定",
    "needs_figures": "{name}：{detail}，才能判定",
    "more_taken_than_there_is": "扣除的天数多于申报的天数，请核对：{detail}",
    "no_rule_set": "{detail}",
    "refused": "{name}，按{clause}不予认定",
    "cancelled": "因记录{other}（{name}），按{clause}取消当年度{categories}学时，本条{before}学时计0学时",
    "cancelled_open": "因记录{other}（{name}），按{clause}取消当年度{categories}学时，本条不再认定",
    "unset": "所需的参数“{detail}”尚未由主管部门设定",
    "hook": "{detail}",
    "deemed": "按{clause}，{year}年度的记录使本年度视为达到",
    "spread": "按{clause}分年登记，本年为第{part}部分，计{after}学时",
}


def reason(code: str, **parts: object) -> str:
    """Return the sentence of a reason code; codes with a suffix (`needs.passed`, `refused.5.3`) share one template."""
    template = REASONS.get(code) or REASONS[code.split(".", maxsplit=1)[0]]
    return template.format(**parts)


def hours_text(hundredths: int) -> str:
    """Print hundredths as hours."""
    return show_hours(hundredths)


def labels(names: Iterable[str], facts: Mapping[str, Fact]) -> str:
    """Join the Chinese labels of facts: `级别、排名`."""
    return "、".join(dict.fromkeys(facts[name].label if name in facts else name for name in names))
