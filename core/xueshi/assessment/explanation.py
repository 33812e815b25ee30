"""Why a person's year came out as it did, in Chinese: every hour with rule, clause, gist and inputs; what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xueshi.assessment.cures import Cure, ceilings, cures, standard
from xueshi.assessment.evaluate import Evaluation, evaluate
from xueshi.assessment.program import program
from xueshi.assessment.record_names import with_names
from xueshi.assessment.trace import TraceNode, plain_value
from xueshi.assessment.types import (
    LedgerEntry,
    PersonYearRequest,
    RecordFacts,
    RequirementResult,
    WindowResult,
    YearAssessment,
)
from xueshi.assessment.unread import unread_phrases
from xueshi.assessment.verdict_words import verdict_sentence
from xueshi.hours import show_hours
from xueshi.regulations.pack import RulePack
from xueshi.regulations.published_text import PublishedText
from xueshi.regulations.rule_words import RuleWords

STEPS = {
    2: "不予认定的情形", 3: "适用条目", 4: "所属年度", 5: "适用情形", 6: "认定条件", 7: "按标准", 8: "按份额", 10: "另加后",
    11: "每次上限", 12: "不属本年度，本年计", 13: "同一项只计一次", 14: "本年登记的部分", 15: "学时类别",
    16: "取消当年度学时",
}  # fmt: skip
LIMITS = {"cap_day": "每天上限", "cap_year": "每年上限"}
"""Reasons that name a step better than its number: a day's limit is part of the amount, a year's follows the spread."""
RECORD_VERDICTS = {
    "credited": "已认定", "reduced": "部分认定", "uncredited": "不计学时", "refused": "不予认定", "needs_fact": "待补充",
    "other_year": "属其他年度", "manual": "待决定",
}  # fmt: skip
WARNINGS = {"no_identity": "有记录没有填写判断同一项所用的标识（如作品、项目），不能判断是否重复，请核对"}


@dataclass(frozen=True)
class Step:
    """One change of the hours on the way (hundredths), by which rule and clause."""

    title: str
    rule: str
    clause: str
    before: int | None
    after: int | None
    text: str


@dataclass(frozen=True)
class RecordExplanation:
    """One record: what it was granted (hundredths), by which clause, from which inputs, and why not more.

    `inputs` are the facts that were read, as Chinese phrases; `presumed` facts that nobody stated and that were taken
    not to be so; `missing` the facts that it waits for; `why` is said of every record that is not credited in full.
    """

    record: str
    kind: str
    name: str
    verdict: str
    verdict_text: str
    hours: int
    claimed: int | None
    category: str
    year: int | None
    rules: tuple[str, ...]
    regulation: str
    clause: str
    gist: str
    quote: str
    """What the published text says under the clause, where a bureau attached it."""
    standard: str
    inputs: tuple[str, ...]
    presumed: tuple[str, ...]
    readings: tuple[str, ...]
    missing: tuple[str, ...]
    code: str
    why: str
    steps: tuple[Step, ...]
    unread: tuple[str, ...] = ()
    """What is stated and read by no rule for its kind, as Chinese phrases."""


@dataclass(frozen=True)
class RequirementExplanation:
    """One requirement: minimum, total and what is short (hundredths), and the facts of the person that it waits for."""

    id: str
    name: str
    of: str
    label: str
    clause: str
    gist: str
    minimum: int | None
    total: int
    shortfall: int
    met: bool | None
    unit: str
    missing: tuple[str, ...]
    by: str
    """By what it is met where not by its own hours, in words; empty otherwise."""

    missing_years: tuple[int, ...]
    """The years whose results would tell."""

    limits: tuple[str, ...] = ()
    """What ceilings keep out of the total, as Chinese phrases."""

    over_years: tuple[int, ...] = ()
    """The years that the figures are of, where they are of several."""

    alternative: str = ""
    """The alternative that the figures of several years are of, where the requirement is a choice."""


@dataclass(frozen=True)
class WindowExplanation:
    """A requirement over several years: which years, what they come to (Chinese phrases), whether it is met."""

    id: str
    name: str
    clause: str
    gist: str
    years: tuple[int, ...]
    missing_years: tuple[int, ...]
    figures: tuple[str, ...]
    met: bool | None
    text: str
    """Why it cannot be told yet; empty otherwise."""


@dataclass(frozen=True)
class YearExplanation:
    """A person's year explained. `totals` are pairs of Chinese label and hundredths; `until` is the year's last day."""

    regulation: str
    title: str
    number: str
    digest: str
    area: str
    year: int
    since: str
    until: str
    verdict: str
    verdict_text: str
    text: str
    totals: tuple[tuple[str, int], ...]
    records: tuple[RecordExplanation, ...]
    requirements: tuple[RequirementExplanation, ...]
    windows: tuple[WindowExplanation, ...]
    cures: tuple[Cure, ...]
    readings: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data; hours stay hundredths."""
        return asdict(self)


def explain(
    pack: RulePack,
    request: PersonYearRequest,
    assessment: YearAssessment | None = None,
    texts: Mapping[str, PublishedText] | None = None,
    laws: Mapping[str, RulePack] | None = None,
) -> YearExplanation:
    """Explain a person's year under a pack; without a traced `assessment` it is judged here.

    `texts` are the published texts by instrument, where a bureau attached them: then every clause is quoted. `laws` are
    other instruments by id: those under which entries arose that earlier years hand on.
    Pure. Raises RuleError as `evaluate` does when a fact is no value of the vocabulary.
    """
    if assessment is None or (not assessment.trace and assessment.verdict != "not_judged"):
        assessment = evaluate(pack, request)
    return _Explainer(pack, request, assessment, texts or {}, laws or {}).explain()


class _Explainer:
    """Turns one traced assessment into its explanation."""

    def __init__(
        self,
        pack: RulePack,
        request: PersonYearRequest,
        assessment: YearAssessment,
        texts: Mapping[str, PublishedText],
        laws: Mapping[str, RulePack],
    ) -> None:
        self.pack, self.request, self.assessment, self.texts, self.laws = (
            pack,
            request,
            assessment,
            texts,
            laws,
        )
        self.words = RuleWords(pack)
        self.titles = {one: title for law in (*laws.values(), pack) for one, title, _ in law.data["chain"]}
        self.nodes: dict[str, list[TraceNode]] = {}
        for node in assessment.trace:
            self.nodes.setdefault(node.record, []).append(node)
        self.beside = {
            row["rule"]: row["beside"]
            for item in pack.data["items"]
            for row in (item, *item["rows"])
            if row["beside"]
        }
        self.rows = {
            row["rule"]: (item["id"], row["id"]) for item in pack.data["items"] for row in item["rows"]
        }

    def explain(self) -> YearExplanation:
        pack, result = self.pack, self.assessment
        first, last = pack.year_window(result.year)
        records = {record.id: record for record in self.request.records}
        labels = pack.labels
        requirements = tuple(self.requirement(one) for one in result.requirements)
        failing = [one.name or one.label for one in requirements if one.met is False]
        return YearExplanation(
            pack.id, pack.title, "" if pack.number == "none" else pack.number, pack.digest, result.area, result.year,
            first.isoformat(), last.isoformat(), result.verdict, verdict_sentence(result.verdict, failing), result.text,
            tuple((labels.get(code, code), hours) for code, hours in result.totals.items()),
            tuple(self.record(entry, records.get(entry.record)) for entry in result.ledger),
            requirements,
            tuple(self.window(one) for one in result.windows),
            cures(pack, self.request, result), (*self.readings(result.readings), *self.values()), tuple(self.warnings()),
        )  # fmt: skip

    def record(self, entry: LedgerEntry, record: RecordFacts | None) -> RecordExplanation:
        """Explain one ledger entry."""
        nodes = self.nodes.get(entry.record, [])
        read: dict[str, Any] = {name: value for node in nodes for name, value in node.read.items()}
        presumed = [name for node in nodes for name in node.presumed if name not in read]
        points = [point for point in self.assessment.open if point.record == entry.record]
        place = next((self.rows[rule] for rule in entry.rules if rule in self.rows), None)
        undetermined = entry.verdict == "needs_fact" and all(node.step <= 5 for node in nodes)
        kind = self.pack.kinds.get(record.kind, record.kind) if record else "以前年度分年登记的部分"
        made_up = record is not None and record.makeup
        why = "" if entry.verdict == "credited" and not made_up else self.why(entry)
        return RecordExplanation(
            entry.record, kind, (record.name if record else "") or kind, entry.verdict,
            RECORD_VERDICTS[entry.verdict], entry.hours, entry.claimed, self.words.amounts.labels.get(entry.category, ""),
            entry.year, entry.rules, self.titles.get(entry.regulation, entry.regulation), entry.clause,
            self.gist(entry), self.quote(entry),
            standard(self.words, self.pack, *place) if place and not undetermined else "", tuple(self.phrases(read)),
            self.labels(presumed), tuple(self.readings(name for node in nodes for name in node.readings)),
            self.labels(name for point in points for name in point.facts), entry.code, why, tuple(_steps(nodes, self.named)),
            unread_phrases(self.pack, record) if record else (),
        )  # fmt: skip

    def gist(self, entry: LedgerEntry) -> str:
        """Return the gist of a clause; where a later file carries an earlier one's clause, that one's gist too."""
        law = self.pack if entry.regulation in self.pack.data["clauses"] else self.laws.get(entry.regulation)
        own = law.gist(entry.regulation, entry.clause) if law is not None else ""
        beside = next((self.beside[rule] for rule in entry.rules if rule in self.beside), None)
        if beside is None:
            return own
        parent, clause = beside[0].split("-", 1)[0], beside[1]
        above = self.pack.gist(parent, clause)
        return f"{own}；{parent}{clause}：{above}" if above and above not in own else own

    def quote(self, entry: LedgerEntry) -> str:
        """Return the sentence of the published text; empty where it is not attached."""
        text = self.texts.get(entry.regulation)
        return text.quote(entry.clause) if text is not None and entry.clause else ""

    def why(self, entry: LedgerEntry) -> str:
        """Say why a record gives less than it might; the reason stands in the ledger, only a claim is added here."""
        if entry.verdict == "reduced" and not entry.code and entry.claimed is not None:
            return f"申报{show_hours(entry.claimed)}学时，{self.named(entry.text)}"
        return self.named(entry.text)

    def named(self, text: str) -> str:
        """Return a sentence with the other record it speaks of named by what was studied, where that is known."""
        return with_names(text, {one.id: f"记录“{one.name}”" for one in self.request.records if one.name})

    def phrases(self, read: Mapping[str, Any]) -> Iterable[str]:
        for name, fact in self.pack.facts.items():
            if name in read and name != "year":
                yield fact.phrase(_shown(plain_value(read[name])))

    def labels(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.pack.vocabulary.label(name) for name in names))

    def readings(self, names: Iterable[str]) -> Iterable[str]:
        known = self.pack.readings
        for name in dict.fromkeys(names):
            if name in known:
                one = known[name]
                by = f"（依据：{one['chosen_by']}，{one['clause']}）" if one["chosen_by"] else ""
                yield f"{name}（{one['ask']}）取“{one['options'][one['option']]}”{by}"

    def values(self) -> Iterable[str]:
        """Say the values that a bureau set: which clause leaves it to set them, by which document it did."""
        for one in self.pack.data["parameters"].values():
            if one["chosen_by"]:
                yield f"{one['clause']}：{self.words.parameter(one)}"

    def requirement(self, one: RequirementResult) -> RequirementExplanation:
        counted = any(code == one.of and entry["count"] is not None for code, entry in self.pack.data["sums"])
        entry = next((entry for entry in self.pack.requirements if entry["id"] == one.id), None)
        name = entry["name"] if entry is not None else ""
        if entry is not None and entry["over"] is not None and not name:
            name = f"{one.label}（{self.words.window(entry['over'])}）"
        over_years, of = self.over_years(one)
        chosen = next(
            (entry for entry in self.pack.requirements if of not in ("", one.id) and entry["id"] == of), None
        )
        alternative = (chosen["name"] or self.words.window(chosen["over"])) if chosen is not None else ""
        return RequirementExplanation(
            one.id, name, one.of, one.label, one.clause, self.pack.gist(one.regulation, one.clause), one.minimum, one.total,
            one.shortfall, one.met, "项" if counted else "学时", self.labels(one.facts), self.met_by(one), one.years,
            tuple(self.limits()) if one.of == "total" and not over_years else (), over_years, alternative,
        )  # fmt: skip

    def over_years(self, one: RequirementResult) -> tuple[tuple[int, ...], str]:
        """Return the years whose figures a requirement is said in, and of which window; none of those of the year itself."""
        for window in self.assessment.windows:
            same = (window.minimums.get(one.of), window.sums.get(one.of, 0)) == (one.minimum, one.total)
            if same and not window.missing_years and window.id in self.below(one.id):
                return window.years, window.id
        return (), ""

    def below(self, name: str) -> set[str]:
        """Return a requirement with all that it is put together of."""
        entry = next((entry for entry in self.pack.requirements if entry["id"] == name), None)
        parts = (*entry["any_of"], *entry["all_of"]) if entry is not None else ()
        return {name}.union(*(self.below(part) for part in parts))

    def limits(self) -> Iterable[str]:
        """Say of each category that has more than its ceiling lets into the total how much of it counts there."""
        compiled, totals = program(self.pack), self.assessment.totals
        person = Evaluation(compiled, self.request, trace=False).person if compiled.ceilings else {}
        for code, left in ceilings(compiled, person, totals).items():
            if left < 0:
                held = totals[code]
                yield f"{self.pack.labels.get(code, code)}{show_hours(held)}学时，至多计{show_hours(held + left)}学时"

    def met_by(self, one: RequirementResult) -> str:
        """Say by what a requirement is met where it is not by its own hours: an alternative's name, a deeming record's."""
        short = one.minimum is None or one.total < one.minimum
        if not one.by or (len(one.parts) == 1 and not short):
            return ""  # of a choice of which only one part binds the person nothing was chosen
        alternative = next((entry for entry in self.pack.requirements if entry["rule"] == one.by), None)
        if alternative is not None:
            return f"按“{alternative['name'] or self.words.requirement(alternative)}”达到"
        name = next((entry["name"] for entry in self.pack.data["deemed"] if entry["rule"] == one.by), "")
        return f"视为达到（{name or one.by}）"

    def window(self, one: WindowResult) -> WindowExplanation:
        """Explain a requirement over several years: sums, or averages where the text asks for an average."""
        entry = next(entry for entry in self.pack.requirements if entry["id"] == one.id)
        labels = self.words.amounts.labels
        average = bool(entry["average_of"] or entry.get("averaged"))
        count = len(one.years) - len(one.missing_years)
        figures = []
        for key, minimum in () if one.missing_years or one.untold else one.minimums.items():
            asked = (2 * minimum + count) // (2 * count) if average and count else minimum
            got = one.average.get(key, 0) if average else one.sums.get(key, 0)
            word = "年均" if average else "各年之和"
            if asked == got and one.sums.get(key, 0) < minimum:  # the averages differ by less than they show
                asked, got, word = minimum, one.sums[key], "各年之和"
            short = one.shortfall.get(key, 0) if word == "年均" else 0
            lacks = f"，各年合计还差{show_hours(short)}学时" if short else ""
            figures.append(
                f"{labels.get(key, key)}{word}应有{show_hours(asked)}学时，已有{show_hours(got)}学时{lacks}"
            )
        for key, minimum in one.each.items():
            failed = f"，{'、'.join(map(str, one.short_years))}年度未达到" if one.short_years else ""
            figures.append(f"{labels.get(key, key)}每年均应有{show_hours(minimum)}学时{failed}")
        if entry["every"] and not one.missing_years:
            figures.append("并且每年都须达到")
        return WindowExplanation(
            one.id,
            entry["name"] or self.words.window(entry["over"]),
            one.clause,
            self.pack.gist(one.regulation, one.clause),
            one.years,
            one.missing_years,
            tuple(figures),
            one.met,
            one.text,
        )

    def warnings(self) -> Iterable[str]:
        for code in self.assessment.warnings:
            found = next((one for one in self.pack.requirements if one["key"] == code), None)
            yield self.words.requirement(found) if found else WARNINGS.get(code, code)
        for point in self.assessment.open:
            if point.code == "needs_factor":
                yield point.text


def _shown(value: Any) -> Any:
    """Write a list (of hours day by day) as officers do."""
    if isinstance(value, Mapping):
        return "、".join(f"{day}：{hours}" for day, hours in value.items())
    return "、".join(str(part) for part in value) if isinstance(value, list) else value


def _steps(nodes: list[TraceNode], named: Callable[[str], str]) -> Iterable[Step]:
    """Keep the steps that say something: an amount, a change of it, or a reason."""
    last: int | None = None
    for node in nodes:
        if node.after is None or (node.after == last and not node.code):
            continue
        if node.code == "cap_day":
            yield Step(STEPS[7], node.rule, node.clause, None, node.before, "")
        title = LIMITS.get(node.code) or STEPS.get(node.step, "")
        yield Step(title, node.rule, node.clause, node.before, node.after, named(node.text))
        last = node.after
