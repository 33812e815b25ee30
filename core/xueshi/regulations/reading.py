"""A whole law as Chinese sentences (读本): what an officer reads beside the notice and signs; never edited by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from xueshi.regulations.amount_words import AmountWords
from xueshi.regulations.pack import RulePack
from xueshi.regulations.rule_words import OFF, RuleWords

TITLES = {
    "categories": "学时类别", "year": "统计年度", "rules": "认定标准", "removed": "已取消的条目", "groups": "跨记录的限制",
    "refuse": "不予认定", "requirements": "年度要求", "deemed": "视同完成", "manual": "由人决定的事项",
    "parameters": "待定或可定的数值", "readings": "口径", "clauses": "条款",
}  # fmt: skip
STATUS_WORDS = {
    "encoded": "已编入规则", "procedural": "由流程或表格承担", "discretionary": "由人裁量", "out_of_scope": "不在本系统范围",
    "same": "与上位文件同",
}  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """One sentence of the reading: the id of the rule (or entry) it says, its clause, and how deep it stands."""

    id: str
    clause: str
    text: str
    depth: int = 0

    @property
    def bare(self) -> str:
        """The sentence without the readings it rests on."""
        return self.text.partition("［口径")[0]

    def line(self, place: str = "") -> str:
        """Return the sentence as a line; `place` stands before it (a clause that the line above did not have)."""
        return f"{'  ' * self.depth}{place}{self.id}  {self.text}"


@dataclass(frozen=True)
class ReadingSection:
    """One part of the law: its Chinese title and its sentences, in the order of the file."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class LawReading:
    """A law read aloud under the options that hold: its head and its sections."""

    id: str
    head: tuple[str, ...]
    sections: tuple[ReadingSection, ...]

    def lines(self) -> list[str]:
        """Return the reading as plain lines: each sentence with its clause."""
        found = list(self.head)
        for section in self.sections:
            found += ["", f"【{section.title}】"]
            for one in section.sentences:
                clause = f"{one.clause}  " if one.clause and one.depth == 0 else ""
                found.append(one.line(clause))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the reading as plain data."""
        return {
            "id": self.id,
            "head": list(self.head),
            "sections": [
                {"name": one.name, "title": one.title, "sentences": [asdict(line) for line in one.sentences]}
                for one in self.sections
            ],
        }


def other_options(pack: RulePack, under: Callable[[str, str], RulePack]) -> ReadingSection:
    """Say what every option not chosen would change: the sentences as they would then read.

    `under` resolves the same law with one reading set to one option.
    """
    now = {
        (section.name, one.id): one.bare for section in read_law(pack).sections for one in section.sentences
    }
    found: list[Sentence] = []
    for name, reading in pack.readings.items():
        for option, label in reading["options"].items():
            if option == reading["option"]:
                continue
            found.append(Sentence(name, reading["clause"], f"{reading['ask']}：若取“{label}”"))
            other = read_law(under(name, option))
            then = {
                (section.name, one.id): one.bare
                for section in other.sections
                if section.name not in ("readings", "parameters")
                for one in section.sentences
            }
            changed = [Sentence(key[1], "", text, 1) for key, text in then.items() if now.get(key) != text]
            found += changed or [Sentence("", "", "条文的读法不变", 1)]
    return ReadingSection("other_options", "另一种口径下的读法", tuple(found))


def with_other_options(
    reading: LawReading, pack: RulePack, under: Callable[[str, str], RulePack]
) -> LawReading:
    """Say below each entry that no chosen option lets hold how it reads under the options that do.

    `under` is that of `other_options`. An entry that holds now, and would only read otherwise, is left as it is.
    """
    off = {
        (section.name, one.id) for section in reading.sections for one in section.sentences if OFF in one.bare
    }
    said: dict[tuple[str, str], list[str]] = {}
    for name, one in pack.readings.items() if off else ():
        for option, label in one["options"].items():
            if option == one["option"]:
                continue
            for section in read_law(under(name, option)).sections:
                for then in section.sentences:
                    key = (section.name, then.id)
                    if key in off and OFF not in then.bare:
                        said.setdefault(key, []).append(f"口径{name}取“{label}”时：{then.bare}")
    sections = tuple(
        replace(
            section,
            sentences=tuple(
                each
                for one in section.sentences
                for each in (
                    one,
                    *(Sentence("", "", text, one.depth + 1) for text in said.get((section.name, one.id), ())),
                )
            ),
        )
        for section in reading.sections
    )
    return replace(reading, sections=sections)


def read_law(pack: RulePack) -> LawReading:
    """Say a resolved law in Chinese: every rule, row, add-on, group, requirement, parameter, reading and manual step."""
    data, rules = pack.data, RuleWords(pack)
    parts: dict[str, list[Sentence]] = {
        "categories": _categories(pack),
        "year": [_year(data)],
        "rules": [*_sector_leave(data, rules), *(line for item in data["items"] for line in _item(item, rules))],
        "removed": [
            Sentence(one["id"], one["clause"], f"{one['name']}：已由{one['by']}{one['by_clause']}取消，不再认定")
            for one in data["removed"]
        ],
        "groups": [Sentence(one["id"], one["clause"], rules.group(one)) for one in data["groups"]],
        "refuse": [Sentence(one["id"], one["clause"], rules.refusal(one)) for one in data["refuse"]],
        "requirements": [Sentence(one["id"], one["clause"], rules.requirement(one)) for one in data["requirements"]],
        "deemed": [Sentence(one["id"], one["clause"], rules.deemed(one)) for one in data["deemed"]],
        "manual": [Sentence(one["id"], one["clause"], rules.manual(one)) for one in data["manual"]],
        "parameters": [Sentence(name, one["clause"], rules.parameter(one)) for name, one in data["parameters"].items()],
        "readings": [Sentence(name, one["clause"], reading_text(one)) for name, one in data["readings"].items()],
        "clauses": _clauses(data),
    }  # fmt: skip
    sections = tuple(
        ReadingSection(name, TITLES[name], tuple(lines)) for name, lines in parts.items() if lines
    )
    return LawReading(pack.id, _head(pack), sections)


def reading_text(one: Mapping[str, Any]) -> str:
    """Say a reading: the question, the option that holds, who chose it, and the others."""
    chosen = one["options"][one["option"]]
    others = "、".join(f"“{label}”" for name, label in one["options"].items() if name != one["option"])
    by = f"（依据：{one['chosen_by']}）" if one["chosen_by"] else ""
    return f"{one['ask']}：取“{chosen}”{by}" + (f"；另可取{others}" if others else "")


def _head(pack: RulePack) -> tuple[str, ...]:
    one = pack.data["instrument"]
    first, last = one["years"]
    number = "" if one["number"] == "none" else one["number"]
    effective = "未写施行日期" if one["effective"] == "none" else f"{one['effective']}起施行"
    lines = [
        f"《{one['title']}》{number}（{pack.id}）",
        f"{one['issuer']}，{one['issued']}印发，{effective}；适用于{first}至{last or '今'}统计年度",
    ]
    parents = [
        f"《{title}》{'' if number == 'none' else number}" for _, title, number in pack.data["chain"][:-1]
    ]
    if parents:
        lines.append(f"在{'、'.join(parents)}的基础上作了变动，以下为合并后的全文")
    if one["replaces"]:
        lines.append(f"代替{one['replaces']}")
    return tuple(lines)


def _categories(pack: RulePack) -> list[Sentence]:
    words = AmountWords(pack)
    lines = [
        Sentence(code, "", label + ("" if entry["unit"] == "hour" else f"（以{entry['unit']}计）"))
        for (code, label), (_, entry) in zip(pack.categories.items(), pack.data["categories"], strict=True)
    ]
    return lines + [
        Sentence(code, "", RuleWords(pack, words).sum(entry)) for code, entry in pack.data["sums"]
    ]


def year_begins(one: Mapping[str, Any]) -> str:
    """Say on which day the statistics year of that name begins: `1月1日`, `上年11月1日`, `当年4月1日`."""
    day = f"{one['month']}月{one['day']}日"
    if (one["month"], one["day"]) == (1, 1):
        return day
    return f"{'当年' if one.get('named_by') == 'start' else '上年'}{day}"


def _year(data: Mapping[str, Any]) -> Sentence:
    one = data["year"]
    start = f"自{year_begins(one)}起"
    if one.get("named_by") == "start":
        start += "（以开始的年份为年度）"
    when = "末" if one["person_as_of"] == "end" else "初"
    rests = f"（口径{'、'.join(one['readings'])}）" if one["readings"] else ""
    return Sentence("year", one["clause"], f"统计年度{start}一年；人员的层级等以年度{when}为准{rests}")


def _sector_leave(data: Mapping[str, Any], rules: RuleWords) -> list[Sentence]:
    """Say which items hold only where the person's sector has no rules of its own."""
    leave = data.get("sector_rules")
    if leave is None:
        return []
    listed = "、".join(leave["replace"])
    rest = "，细则没有提到的仍按下列条目" if leave["silent"] == "fall_back" else "，细则没有提到的不认定"
    text = (
        f"条目{listed}只在没有行业细则时适用；有行业细则的，从其规定{rest}{rules.rests_on(leave['readings'])}"
    )
    return [Sentence("sector_rules", leave["clause"], text)]


def _item(item: Mapping[str, Any], rules: RuleWords) -> list[Sentence]:
    rows = item["rows"]
    single = len(rows) == 1 and rows[0]["id"] == item["id"]
    lines = [Sentence(item["id"], item["clause"], rules.item(item, rows[0] if single else None))]
    for row in rows:
        if not single:
            lines.append(Sentence(row["id"], row["clause"], rules.row(row, item), 1))
        lines += [
            Sentence(extra["id"], extra["clause"], rules.extra(extra), 1 if single else 2)
            for extra in row["plus"]
        ]
    return lines


def _clauses(data: Mapping[str, Any]) -> list[Sentence]:
    """Say what became of every clause; clauses that share a line of the map stay together."""
    several = len(data["clauses"]) > 1
    found: dict[tuple[str, str, str], list[str]] = {}
    for instrument, clauses in data["clauses"].items():
        for number, (status, gist) in clauses.items():
            found.setdefault((instrument, status, gist), []).append(number)
    return [
        Sentence(
            f"{instrument} {'、'.join(numbers)}" if several else "、".join(numbers),
            "",
            f"{STATUS_WORDS[status]}：{gist}",
        )
        for (instrument, status, gist), numbers in found.items()
    ]
