"""Rule sets side by side, from the data alone: minimums, categories, year, and what each kind of activity gives.

The figures are those of the defaults, or of the readings that the packs were resolved with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xueshi.regulations.floor import compared_year, hours_text
from xueshi.regulations.minimums import LEVEL, minimums, names_read
from xueshi.regulations.pack import RulePack
from xueshi.regulations.reading import year_begins
from xueshi.regulations.rule_words import CAPS, CHANNELS, RuleWords
from xueshi.regulations.wording import settled

SHAPES = {
    "fixed": "定额", "rate": "按量", "stated": "载明", "range": "幅度", "decided": "决定", "none": "不计", "python": "函数",
    "keyed": "参数", "unset": "参数", "by_year": "参数", "by_factor": "按量",
}  # fmt: skip
NOTHING = "—"


@dataclass(frozen=True)
class KindLine:
    """What one row of a rule gives for a kind: rule and clause, when it holds, hours in words, their shape, its caps.

    `needs` are the conditions of recognition and the exclusions, in words.
    """

    rule: str
    clause: str
    when: str
    hours: str
    shape: str
    caps: str
    needs: str = ""

    def __str__(self) -> str:
        """Say it in one line, as a cell of the table shows it."""
        when = f"{self.when}：" if self.when else ""
        return "；".join(part for part in (f"{when}{self.hours}", self.caps, self.needs) if part)


@dataclass(frozen=True)
class Column:
    """One rule set: the head lines (topic → words) and, by kind of activity, what its rules give."""

    instrument: str
    title: str
    topics: Mapping[str, str]
    kinds: Mapping[str, tuple[KindLine, ...]]


def column(pack: RulePack, floor: RulePack | None = None, year: int | None = None) -> Column:
    """Describe one pack; `year` decides numbers that change over time (see `compared_year`)."""
    when = year if year is not None else compared_year(pack, floor or pack)
    kinds = {kind.kind: tuple(_lines(pack, kind.kind)) for kind in pack.kinds_with_rules()}
    return Column(pack.id, pack.title, _topics(pack, when), kinds)


def table(columns: Sequence[Column], kinds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the rows of the comparison: a topic or kind, then one cell for each instrument. `kinds`: code → label."""
    topics = list(dict.fromkeys(topic for one in columns for topic in one.topics))
    rows = [
        {"项目": topic, **{one.instrument: one.topics.get(topic) or NOTHING for one in columns}}
        for topic in topics
    ]
    for kind, label in kinds.items():
        if any(kind in one.kinds for one in columns):
            cells = {
                one.instrument: "\n".join(str(line) for line in one.kinds.get(kind, ())) or NOTHING
                for one in columns
            }
            rows.append({"项目": label, **cells})
    return rows


def _topics(pack: RulePack, year: int) -> dict[str, str]:
    words = RuleWords(pack)
    head = pack.data["instrument"]
    first, last = head["years"]
    found = {one.of: f"{hours_text(pack, one.hours) or words.amounts.say(_form(pack, one.id))}（{one.clause}）" for one in reversed(minimums(pack, year)) if not one.guide}  # fmt: skip
    told = ("total", "public", "professional")
    labels = words.amounts.labels
    begins = year_begins(pack.data["year"])
    return {
        "每年合计": found.get("total", ""),
        "公需（公共）最低": found.get("public", ""),
        "专业最低": found.get("professional", ""),
        "其他最低": "；".join(f"{labels.get(of, of)}{text}" for of, text in found.items() if of not in told),
        "类别": "、".join(pack.categories.values()),
        "层级差别": "、".join(_by_level(pack)),
        "平均、周期": "；".join(
            f"{words.requirement(one)}（{one['clause']}）"
            for one in pack.requirements
            if one["over"] is not None
        ),
        "统计年度": "公历年" if begins == "1月1日" else f"{begins}起",
        "提示": "；".join(
            f"{words.requirement(one)}（{one['clause']}）"
            for one in pack.requirements
            if one["effect"] == "warn" and settled(one["when"]) is not False
        ),
        "同一成果": "；".join(
            f"{words.group(one)}（{one['clause']}）" for one in pack.data["groups"] if one["count"] != "each"
        ),
        "单项上限": "；".join(
            f"{row['name'] or item['name']}{_caps(words, row)}（{row['clause']}）"
            for item in pack.data["items"]
            for row in item["rows"]
            if row["at_most"] and not _off(item) and not _off(row)
        ),
        "共同上限": "；".join(
            f"{words.group(one)}（{one['clause']}）" for one in pack.data["groups"] if one["at_most"]
        ),
        "不予认定": "；".join(f"{words.refusal(one)}（{one['clause']}）" for one in pack.data["refuse"]),
        "行业规定": "；".join(_of_sectors(pack)),
        "视为达到": "；".join(f"{words.deemed(one)}（{one['clause']}）" for one in pack.data["deemed"]),
        "由谁登记": "、".join(
            dict.fromkeys(
                CHANNELS.get(row["channel"], row["channel"])
                for item in pack.data["items"]
                for row in item["rows"]
                if row["channel"] and not _off(item) and not _off(row)
            )
        ),
        "由人决定": "；".join(f"{words.manual(one)}（{one['clause']}）" for one in pack.data["manual"]),
        "适用年度": f"{first}起" if last is None else f"{first}至{last}",
        "印发、施行": "、".join(day for day in (head["issued"], head["effective"]) if day != "none"),
    }


def _of_sectors(pack: RulePack) -> Iterator[str]:
    """Say where the rules of a sector come before these: for whole items, or for numbers that an industry may set."""
    leave = pack.data.get("sector_rules")
    if leave is not None:
        yield f"条目{'、'.join(leave['replace'])}只在没有行业细则时适用（{leave['clause']}）"
    for one in pack.data["parameters"].values():
        if one["key"] == "person.industry":
            yield f"{one['label']}可由行业设定（{one['clause']}）"


def _form(pack: RulePack, requirement: str) -> list[Any]:
    form: list[Any] = next(one["at_least"] for one in pack.requirements if one["id"] == requirement)
    return form


def _by_level(pack: RulePack) -> Iterator[str]:
    """Name the requirements and rules that read the person's level."""
    for one in pack.requirements:
        if LEVEL in names_read([one["at_least"], one["when"]]):
            yield f"要求{one['id']}"
    for item in pack.data["items"]:
        if LEVEL in names_read(item):
            yield f"条目{item['id']}"


def _lines(pack: RulePack, kind: str) -> Iterator[KindLine]:
    words = RuleWords(pack)
    for item in pack.data["items"]:
        if kind not in item["kinds"] or _off(item):
            continue
        for row in item["rows"]:
            if _off(row) or (row["kinds"] is not None and kind not in row["kinds"]):
                continue
            when = [words.condition(form) for form in (item["when"], row["when"])]
            alone = row["id"] == item["id"]
            needs = [*words.gates(item), *([] if alone else words.gates(row))]
            yield _line(words, row, "，".join(dict.fromkeys(text for text in when if text)), needs)
            for extra in row["plus"]:
                if not _off(extra):
                    told = "另加，" + words.condition(extra["when"])
                    yield _line(words, extra, told, words.gates(extra))


def _line(words: RuleWords, row: Mapping[str, Any], when: str, needs: list[str]) -> KindLine:
    hours = words.amounts.say(row["hours"])
    if row["share"] is not None:
        hours += f"，份额{words.amounts.say(row['share'], '%')}"
    shapes = dict.fromkeys(SHAPES[word] for word in names_read(row["hours"]) if word in SHAPES)
    return KindLine(
        row["rule"],
        row["clause"],
        when.rstrip("，"),
        hours,
        "、".join(shapes),
        _caps(words, row),
        "；".join(dict.fromkeys(needs)),
    )


def _caps(words: RuleWords, row: Mapping[str, Any]) -> str:
    """Say the caps of a row: `每天最多8学时，每年最多30学时`; an add-on row has none."""
    caps = row.get("at_most", {})
    return "，".join(
        f"{CAPS[word]}最多{words.amounts.say(cap)}" for word, cap in caps.items() if cap[0] != "none"
    )


def _off(entry: Mapping[str, Any]) -> bool:
    """Tell whether a reading, as chosen, switches an entry off."""
    return settled(entry["when"]) is False
