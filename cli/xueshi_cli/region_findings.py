"""How `xueshi regions check` shows what it found: one finding a line, the clauses without status in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xueshi.regulations.diagnostics import Diagnostic
from xueshi.regulations.finding_words import in_chinese

TITLES = {
    "E101": "没有这个键", "E102": "写了两次或重名", "E103": "值读不懂", "E104": "没有这个事实", "E105": "没有这个种类",
    "E106": "不是该事实的值", "E201": "没有写条款", "E202": "条款不在条款表", "E203": "条款没有状态或漏列", "E204": "条款已编码而无人引用",
    "E205": "裁量条款没有写由谁决定", "E206": "数字不在原文中", "W206": "没有原文可核对数字", "E301": "口径的缺省值不是选项",
    "E302": "本级口径设了没有的名称", "E303": "口径或参数没有用到", "E401": "没有写 change", "E402": "新增的编号已有",
    "E403": "改动的编号没有", "E404": "改动没有改变什么", "E405": "上位文件不许行业文件", "E406": "两份文件同时适用",
    "E407": "适用年度超出文件年度", "E501": "两条都认定同一记录", "E502": "两个界限同含一值", "E503": "永远轮不到", "E504": "没有这个编号或名称",
    "E505": "要求互相矛盾", "E506": "一年的要求与多年的要求不能合成一个结论", "E507": "扣除的天数没有可扣的计算", "W601": "有的值没有情形", "W602": "没有写证明，或不足一个单位的由缺省决定", "W603": "没有案例守住",
    "W604": "只有一个值，“不是”记不下来", "W605": "天数按扣除后的比较", "W606": "规则文件到期未复核", "W607": "两个界限之间漏了一个数", "W608": "另一种达到办法帮不到任何人", "W207": "数字在原文的另一条", "E508": "不足一个单位的写法不起作用", "N101": "文件读不懂", "N102": "脚手架留下的待填", "N201": "地区不是本地区的", "N202": "没有这个流程", "N203": "没有这种表卡",
    "N301": "宽于上位规定",
}  # fmt: skip
"""The Chinese title of each check; what exactly is wrong and the repair follow in Chinese."""
WORDS = {
    "zh": {"repair": "改法", "todo": "条未定状态（todo）", "todo_repair": "逐条改为 encoded、procedural、discretionary 或 out_of_scope，并写大意"},
    "en": {"repair": "Repair", "todo": " clauses are still todo", "todo_repair": "give each encoded, procedural, discretionary or out_of_scope, and its gist"},
}  # fmt: skip


def finding_lines(found: Iterable[Diagnostic], lang: str = "zh") -> list[str]:
    """Return the findings as lines: place, number, what is wrong, one repair.

    `zh` says all of it in Chinese, under a title; `en` as the checks wrote it.
    """
    lines: list[str] = []
    waiting: dict[str, list[Diagnostic]] = {}
    words = WORDS[lang]
    for one in found:
        if one.code == "E203" and "(todo)" in one.message:
            waiting.setdefault(one.file, []).append(one)
            continue
        title = TITLES.get(one.code, "流程" if one.code.startswith("F") else "") if lang == "zh" else ""
        said = in_chinese(one) if lang == "zh" else one
        lines.append(f"{one.file}:{one.line}: {one.code} {title}{'：' if title else ''}{said.message}")
        lines.append(f"    {words['repair']}{'：' if lang == 'zh' else ': '}{said.repair}")
    return [*_waiting(waiting, words, lang), *lines]


def _waiting(waiting: dict[str, list[Diagnostic]], words: dict[str, str], lang: str) -> list[str]:
    lines: list[str] = []
    for file, found in waiting.items():
        mark = "：" if lang == "zh" else ": "
        lines.append(f"{file}:{found[0].line}: E203 {len(found)}{words['todo']}{mark}{_listed(found)}")
        lines.append(f"    {words['repair']}{mark}{words['todo_repair']}")
    return lines


def _listed(found: Sequence[Diagnostic]) -> str:
    return "、".join(one.clause for one in found)
