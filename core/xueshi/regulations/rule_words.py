"""Rules, groups and requirements of a pack as Chinese sentences, from the labels of the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xueshi.regulations.amount_words import AmountWords
from xueshi.regulations.choice_checks import below_choices
from xueshi.regulations.pack import RulePack
from xueshi.regulations.wording import condition_text, settled
from xueshi.regulations.words import COMPLETED, DECIDERS, each_time, rates

CAPS = {"event": "每次", "day": "每天", "year": "每年"}
CHANNELS = {
    "unit": "单位申报", "reported": "上级部门统一报送", "person": "个人申报", "organiser": "组织（承办）单位登记",
    "base": "继续教育基地登记", "hrss": "人社部门登记", "department": "行业主管部门登记",
    "decision": "报主管部门决定", "import": "由其他系统导入",
}  # fmt: skip
OFF = "按现取口径不适用"
"""What is said of an entry that holds under another option only."""
UNITS = {"credit": "学分"}
"""Units of categories beside the hour."""
COUNTS = {"once": "只计一次", "highest": "只计最高一项", "each": "分别计算"}
AGAIN = {"once": "第一次全计，其后各次按{}计", "highest": "最高一项全计，其余各项按{}计"}
"""The same where the text leaves the others a share."""

EARLIER_AGAIN = {"nothing": "以前年度已计的，本年各次都按{}计", "full": ""}
EARLIER = {"nothing": "以前年度已计的，本年不再计", "increase": "以前年度已计的，只计增加数", "full": ""}


class RuleWords:
    """Says the entries of one pack."""

    def __init__(self, pack: RulePack, amounts: AmountWords | None = None) -> None:
        self.pack = pack
        self.amounts = amounts or AmountWords(pack)
        self.parts = frozenset(
            name for one in pack.data["requirements"] for word in ("any_of", "all_of") for name in one[word]
        )
        """Requirements that alternatives are made of: none of them is judged by itself."""

    def condition(self, form: list[Any] | None, *, wanted: bool = True) -> str:
        """Say a condition; what a reading switches off is not said."""
        return condition_text(form, self.pack.facts, wanted=wanted, kinds=self.pack.kinds)

    def rests_on(self, readings: list[str]) -> str:
        """Name the readings that a sentence rests on, with the option that holds."""
        known = self.pack.data["readings"]
        said = [
            f"口径{name}取“{known[name]['options'][known[name]['option']]}”"
            for name in readings
            if name in known
        ]
        return f"［{'；'.join(said)}］" if said else ""

    def item(self, item: Mapping[str, Any], row: Mapping[str, Any] | None) -> str:
        """Say the head of an item; with `row`, its only row in the same sentence."""
        kinds = "、".join(self.pack.kinds[kind] for kind in item["kinds"])
        if row is not None:
            return f"{item['name']}（{kinds}）：{self.row(row, item, alone=True)}"
        rows = item["rows"]
        shared = year_cap(item)
        common = [
            self.condition(item["when"]),
            *self.gates(item),
            f"每年合计最多{self.amounts.say(shared)}" if shared is not None else "",
            *(self._rest(rows[0]) if self._same_rest(rows) else []),
        ]
        said = "；".join(text for text in common if text)
        readings = list(dict.fromkeys([*item["readings"], *self._common_readings(rows)]))
        return f"{item['name']}（{kinds}）" + (f"：{said}" if said else "") + self.rests_on(readings)

    @staticmethod
    def _common_readings(rows: list[Mapping[str, Any]]) -> list[str]:
        if len(rows) < 2:
            return []
        return [name for name in rows[0]["readings"] if all(name in row["readings"] for row in rows)]

    def row(self, row: Mapping[str, Any], item: Mapping[str, Any], *, alone: bool = False) -> str:
        """Say one row: when it holds, what it needs, what it gives, up to how much, to which category."""
        parts: list[str] = []
        name = "" if alone or row["name"] in (item["name"], row["rule"]) else f"{row['name']}，"
        if row["kinds"]:
            name += f"{'、'.join(self.pack.kinds[kind] for kind in row['kinds'])}，"
        if alone:
            if text := self.condition(item["when"]):
                parts.append(text)
            parts += self.gates(item)
        when = self.condition(row["when"])
        never = settled(row["when"]) is False or settled(item["when"]) is False
        self.amounts.chooser = self._chooser(row)
        hours = self.amounts.say(row["hours"])
        parts.append(f"{name}{f'{when}的，' if when else ''}{hours}")
        parts += self.gates(row) if row["id"] != item["id"] else []
        if row["share"] is not None:
            parts.append(f"所占份额{self.amounts.say(row['share'], '%')}")
        shared = year_cap(item)
        parts += [
            f"{each_time(row['kinds'] or item['kinds']) if word == 'event' else CAPS[word]}最多{self.amounts.say(cap)}"
            for word, cap in row["at_most"].items()
            if word != "year" or shared is None
        ]
        if row["spread"] is not None and row["spread"] != ["none"]:
            parts.append(f"分年登记：{self.amounts.say(row['spread'], '')}")
        if less := row.get("less") or item.get("less"):
            parts.append(f"所称天数为扣除{'、'.join(self.amounts.label(name) for name in less)}后的天数")
        if row.get("each_year"):
            parts.append("起止跨年度的，每个年度分别认定")
        if any(one[2] in COMPLETED for one in rates(row["hours"])):
            parts.append("起止跨年度的，各年度只计本年度的部分")
        if alone or not self._same_rest(item["rows"]):
            parts += self._rest(row)
        if never:
            parts.append(OFF)
        common = [] if alone else self._common_readings(item["rows"])
        own = [name for name in row["readings"] if name not in common]
        readings = list(dict.fromkeys([*(item["readings"] if alone else []), *own]))
        return "；".join(part for part in parts if part) + self.rests_on(readings)

    def extra(self, extra: Mapping[str, Any]) -> str:
        """Say an add-on row."""
        when = self.condition(extra["when"])
        parts = [
            f"另加：{f'{when}的，' if when else ''}{self.amounts.say(extra['hours'])}",
            *self.gates(extra),
        ]
        if extra["share"] is not None:
            parts.append(f"所占份额{self.amounts.say(extra['share'], '%')}")
        if settled(extra["when"]) is False:
            parts.append(OFF)
        return "；".join(parts) + self.rests_on(extra["readings"])

    def _chooser(self, row: Mapping[str, Any]) -> str:
        """Name who chooses within a range of hours: the body that a manual step under the same clause names."""
        for one in self.pack.data["manual"]:
            if one["gives"] == "granted" and (one["regulation"], one["clause"]) == (
                row["regulation"],
                row["clause"],
            ):
                return DECIDERS.get(one["who"], str(one["who"]))
        return "认定人"

    def _rest(self, row: Mapping[str, Any]) -> list[str]:
        channel = CHANNELS.get(row["channel"], row["channel"])
        return [
            f"计入{self.amounts.say(row['category'])}" if row["category"] != ["none"] else "",
            f"年度按{self.amounts.say(['list', row['dated']])}",
            f"{channel}" if channel else "",
            f"证明：{'、'.join(row['evidence'])}" if row["evidence"] else "",
        ]

    def _same_rest(self, rows: list[Mapping[str, Any]]) -> bool:
        return all(self._rest(row) == self._rest(rows[0]) for row in rows)

    def gates(self, entry: Mapping[str, Any]) -> list[str]:
        """Say what an entry needs to be recognised, and what it leaves out."""
        needs = [self.condition(form) for form in entry["needs"]]
        out = [self.condition(form) for form in entry["except"]]
        needs, out = [text for text in needs if text], [text for text in out if text]
        if len(needs) > 1:
            needs = [f"（{text}）" if "或" in text else text for text in needs]
        return ([f"须{'，且'.join(needs)}"] if needs else []) + ([f"除外：{'；或'.join(out)}"] if out else [])

    def group(self, group: Mapping[str, Any]) -> str:
        """Say a group: which rules, what is the same, how often it counts, and the shared cap."""
        same = self.amounts.label(group["same"]) if group["same"] else ""
        parts = [f"{group['name'] or '下列条目'}（条目{'、'.join(group['of'])}）"]
        if group["count"] is not None:
            again = self.amounts.say(group["again"], "%") if "again" in group else ""
            counts = AGAIN[group["count"]].format(again) if again else COUNTS[group["count"]]
            # What former years gave does not matter: then it is one of the same year that counts no second time.
            alone = group["earlier_years"] == "full" and group["same"] != "year" and group["count"] != "each"
            within = "同一年度内" if alone else ""
            parts.append(f"{f'同一{same}，' if same else ''}{within}{counts}")
            earlier = EARLIER_AGAIN if again else EARLIER
            parts.append(earlier.get(group["earlier_years"], "").format(again))
        parts += [f"{CAPS[word]}合计最多{self.amounts.say(cap)}" for word, cap in group["at_most"].items()]
        return "：".join((parts[0], "；".join(part for part in parts[1:] if part))) + self.rests_on(
            group["readings"]
        )

    def refusal(self, refusal: Mapping[str, Any]) -> str:
        """Say a refusal."""
        when = self.condition(refusal["when"])
        taken = f"，并取消当年度{names}学时" if (names := cancelled(self.pack, refusal)) else ""
        said = OFF if settled(refusal["when"]) is False else f"{when}的，不予认定{taken}"
        return f"{refusal['name'] or when or '不予认定'}：{said}" + self.rests_on(refusal["readings"])

    def sum(self, entry: Mapping[str, Any]) -> str:
        """Say what a sum adds or counts."""
        parts = []
        if entry["of"]:
            parts.append(" + ".join(self.amounts.labels.get(code, code) for code in entry["of"]))
        if entry["where"] is not None:
            parts.append(f"其中{self.condition(entry['where'])}的")
        if entry["count"] is not None:
            same = f"，同一{self.amounts.label(entry['same'])}只计一次" if entry["same"] else ""
            parts.append(f"条目{'、'.join(entry['count'])}的条数{same}")
        parts += [
            f"1{UNITS.get(unit, unit)}折合{rate if isinstance(rate, str) else self.amounts.say(rate)}"
            + ("学时" if isinstance(rate, str) else "")
            for unit, rate in entry["convert"].items()
        ]
        return f"{entry['label']}：{'；'.join(parts)}" + self.rests_on(entry["readings"])

    def requirement(self, one: Mapping[str, Any]) -> str:
        """Say a requirement: minimum, ceiling, warning, window or alternatives."""
        label = self.amounts.labels.get(one["of"], one["of"])
        when = self.condition(one["when"])
        counted = any(
            code == one["of"] and entry["count"] is not None for code, entry in self.pack.data["sums"]
        )
        unit = "项" if counted else "学时"
        parts: list[str] = []
        if one["at_least"] is not None:
            said = self.amounts.say(one["at_least"], unit)
            if one.get("averaged"):
                label = f"各年平均{label}"
            elif one.get("each"):
                label = f"每年{label}均"
            elif one["over"] is not None:
                label = f"各年{label}之和"
            parts.append(
                f"{label}须{said}"
                if one["at_least"][0] == "any"
                else f"{label}{_bound('不少于', '最低要求', said)}"
            )
        if one["at_most"] is not None:
            parts.append(f"{label}{_bound('最多计', '最多计入的', self.amounts.say(one['at_most'], unit))}")
        if one["over"] is not None:
            parts.append(self.window(one["over"]))
        for word, text in (
            ("average_of", "各年平均须达到"),
            ("sum_of", "各年之和须达到"),
            ("every", "每年都须达到"),
            ("any_of", "满足其一即可："),
            ("all_of", "须全部满足："),
        ):
            if one[word]:
                parts.append(f"{text}{'、'.join(self.amounts.requirement(name) for name in one[word])}")
        if one["all_of"] and self.closes(one):
            parts.append("其中有一项不适用于本人的，不能按此达到")
        if one.get("decides"):
            parts.append("当年是否达到按此判定")
        if not one["alone"] or one["id"] in self.parts:
            parts.append("只作其他要求的一部分，不单独判定")
        name = f"{one['name']}：" if one["name"] else ""
        if one["effect"] == "warn":
            parts.append("不足的只作提示" if one["at_least"] is not None else "只作提示")
        if settled(one["when"]) is False:
            parts.append(OFF)
        return name + (f"{when}的，" if when else "") + "；".join(parts) + self.rests_on(one["readings"])

    def closes(self, one: Mapping[str, Any]) -> bool:
        """Tell whether a part that does not bind a person closes an alternative to him."""
        requirements = {part["id"]: part for part in self.pack.requirements}
        conditional = any(requirements[part]["when"] is not None for part in one["all_of"])
        return conditional and one["id"] in below_choices(requirements)

    def window(self, over: Mapping[str, Any] | None) -> str:
        """Say the years that a requirement looks at; those of alternatives are said by their parts."""
        if over is None:
            return "跨年度要求"
        years = self.amounts.say(over.get("years"), "年") if over.get("years") else ""
        return {
            "term": "按一个聘期",
            "cycle": f"按{years or '一个'}周期",
            "last": f"按最近{years}",
            "before": f"按此前{years}（不含当年）",
            "since": f"自{self.amounts.label(over.get('fact', ''))}起" + (f"，最多{years}" if years else ""),
        }[over["window"]]

    def deemed(self, one: Mapping[str, Any]) -> str:
        """Say which record satisfies which requirements."""
        name = f"{one['name']}：" if one["name"] else ""
        met = "、".join(self.amounts.requirement(part) for part in one["meets"])
        years = one.get("for_years", 1)
        since = {1: "当年", 2: "当年和次年"}.get(years, f"自当年起{years}个年度")
        said = [f"{self._record(one['if_record'])}，{since}视为达到{met}"]
        known = self.pack.data["readings"]
        said += [
            f"口径{reading}取“{known[reading]['options'][option]}”时：{self._record(form)}"
            for reading, option, form in one.get("under", ())
            if option != known[reading]["option"]
        ]
        return name + "；".join(said) + self.rests_on(one["readings"])

    def _record(self, form: list[Any]) -> str:
        """Say the record that a condition asks for; of a condition that a reading decides, what it comes to."""
        said = settled(form)
        if isinstance(said, bool):
            return "有任何一条记录的" if said else "没有这样的记录（按该口径不适用）"
        return f"有{self.condition(form)}的记录的"

    def manual(self, one: Mapping[str, Any]) -> str:
        """Say who decides what."""
        gives = "" if one["gives"] == "nothing" else f"，填入“{self.amounts.label(one['gives'])}”"
        return f"由{DECIDERS.get(one['who'], one['who'])}决定：{one['decide']}{gives}" + self.rests_on(
            one["readings"]
        )

    def parameter(self, one: Mapping[str, Any]) -> str:
        """Say the value of a parameter, by year and by key."""
        value, by = one["value"], f"（依据：{one['chosen_by']}）" if one["chosen_by"] else ""
        parts = [self._cells(one, value) if value is not None else "待主管部门设定"]
        parts += [
            f"自{year}年度起{self._cells(one, cell) if cell is not None else '待设定'}"
            for year, cell in one["dated"].items()
        ]
        return f"{one['label']}：{'；'.join(parts)}{by}"

    def _cells(self, one: Mapping[str, Any], value: Any) -> str:
        if not isinstance(value, Mapping):
            return f"{value}"
        known = self.pack.facts.get(one["key"] or "")
        said = []
        for key, cell in value.items():
            label = known.values.get(key, key) if known else self.amounts.labels.get(key, key)
            said.append(
                f"{label}（{self._cells({**one, 'key': None}, cell)}）"
                if isinstance(cell, Mapping)
                else f"{label}{cell}"
            )
        return "、".join(said)


def cancelled(pack: RulePack, refusal: Mapping[str, Any]) -> str:
    """Name the categories whose hours of the year a refusal takes too; empty where it takes none."""
    taken = refusal.get("cancels", ())
    names = [held["label"] for code, held in pack.data["categories"] if code in taken]
    return "全部" + ("" if len(names) == len(pack.data["categories"]) else "、".join(names)) if names else ""


def _bound(word: str, named: str, said: str) -> str:
    """Put a bound in words: `不少于90学时`; of one looked up by a fact `最低要求按级别：…`."""
    return f"{named if said.startswith('按') else word}{said}"


def year_cap(item: Mapping[str, Any]) -> list[Any] | None:
    """Return the limit of a year that all rows of an item share: it is one for all of them together."""
    rows = item["rows"]
    caps = [row["at_most"].get("year") for row in rows]
    return caps[0] if len(rows) > 1 and caps[0] is not None and all(cap == caps[0] for cap in caps) else None
