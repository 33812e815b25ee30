"""Case files: worked examples of an instrument, run strictly (rule language 6.5; the golden format)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xueshi.assessment.case_compare import compare_records, compare_totals
from xueshi.assessment.case_file import PERSON_KEYS, YEAR_KEYS, Case, CaseFile, CaseRecord, read_case_file
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.program import program
from xueshi.assessment.sums import with_sums
from xueshi.assessment.types import PersonYearRequest, RecordFacts, WindowResult, YearAssessment
from xueshi.assessment.windows import (
    YearFigures,
    figures_of_earlier,
    judge_windows,
    with_windows,
)
from xueshi.errors import RuleError, RuleFileError, XueshiError
from xueshi.hours import parse_hours, show_hours
from xueshi.regulations import document
from xueshi.regulations.finding_words import text_in_chinese
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.resolve import SourceOf, resolve
from xueshi.regulations.sources import RegulationSource
from xueshi.regulations.vocabulary import Fact
from xueshi.regulations.words import TWINS

Resolve = Callable[[str, Mapping[str, object] | None, Any], RulePack]


@dataclass(frozen=True)
class CaseResult:
    """One case: its id and title, and one sentence per difference (none: it passed)."""

    id: str
    title: str
    failures: tuple[str, ...]
    assessment: YearAssessment | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing differed."""
        return not self.failures


@dataclass(frozen=True)
class FileResult:
    """One case file: the instrument, the results, how many counts of forms were left to the form tests."""

    path: str
    instrument: str
    results: tuple[CaseResult, ...]
    campaign_cases: int = 0


@dataclass
class Packs:
    """Resolves packs for cases once per choice of readings and sector file."""

    source_of: SourceOf
    functions: Mapping[str, Any] = field(default_factory=dict)
    checked: bool = True
    """Whether a file with a finding of the static checks is refused; mutants are run all the same."""
    made: dict[str, RulePack] = field(default_factory=dict)
    overlays: tuple[RegulationSource, ...] = ()
    """A bureau's choices under which the cases are run; what a case sets itself goes over them."""
    area: str = ""

    def pack(self, instrument: str, case: Case, *, as_chosen: bool = True) -> RulePack:
        """Return the pack a case asks for (or, without `as_chosen`, with the default readings).

        Raises RuleFileError when it does not load.
        """
        config = case.config if as_chosen else {}
        beside = case.sector_file
        key = f"{instrument}|{config}|{'' if beside is None else f'{beside.file}:{beside.line}'}"
        if key not in self.made:
            ask = resolve_pack if self.checked else unchecked
            self.made[key] = ask(
                instrument,
                self.source_of,
                overlays=self.overlays,
                config=config or None,
                sector_file=case.sector_file,
                functions=self.functions,
                area=self.area,
            )
        return self.made[key]


def unchecked(
    instrument: str,
    source_of: SourceOf,
    *,
    overlays: tuple[RegulationSource, ...] = (),
    config: Mapping[str, object] | None,
    sector_file: document.Mapping | None,
    functions: Mapping[str, Any],
    area: str = "",
) -> RulePack:
    """Resolve a pack without the static checks: a mutant need not be a sound file. Raises RuleFileError."""
    resolved = resolve(
        instrument,
        source_of,
        overlays=overlays,
        config=config,
        sector_file=sector_file,
        functions=functions,
        area=area,
    )
    resolved.findings.raise_errors()
    assert resolved.pack is not None
    return resolved.pack


def run_file(
    source: RegulationSource, source_of: SourceOf, *, functions: Mapping[str, Any] | None = None
) -> FileResult:
    """Run one case file against the instrument it names.

    A fault of the file itself (unknown key, case without totals) is the only result. Raises NotFoundError or
    RuleFileError from `source_of` and the loader when the instrument cannot be had.
    """
    file = read_case_file(source)
    return run_cases(file, Packs(source_of, functions or {}))


def run_cases(file: CaseFile, packs: Packs) -> FileResult:
    """Run the cases of a file that was read."""
    results = tuple(run_case(case, file, packs) for case in file.cases)
    faults = (CaseResult(file.path, "", file.faults),) if file.faults else ()
    return FileResult(file.path, file.instrument, (*faults, *results), file.campaign_cases)


def run_case(case: Case, file: CaseFile, packs: Packs) -> CaseResult:
    """Run one case of a file; what differs, and errors of the rules, are its failures."""
    try:
        pack = packs.pack(file.instrument, case)
        strange = [
            name for name in case.person if name not in PERSON_KEYS and f"person.{name}" not in pack.facts
        ]
        if strange:
            said = f"{file.path}:{case.line}: 案例{case.id}的person不认识“{strange[0]}”；本地的事实请在规则文件的facts中增加（of: person）"
            return CaseResult(case.id, case.title, (said,))
        if case.term:
            return CaseResult(case.id, case.title, tuple(_term(case, pack)))
        assessment = evaluate(pack, request_of(case, pack), trace=False)
    except RuleFileError as error:
        return CaseResult(case.id, case.title, (text_in_chinese(str(error)),))
    except (RuleError, ValueError) as error:
        return CaseResult(case.id, case.title, (str(error),))
    idle = unread(case, pack, packs.pack(file.instrument, case, as_chosen=False)) if packs.checked else []
    assessment, differing = _windowed(case, pack, assessment, file.path)
    failures = [
        *idle,
        *compare_records(case, assessment, pack),
        *compare_totals(case, file, assessment),
        *differing,
    ]
    return CaseResult(case.id, case.title, tuple(failures), assessment)


def request_of(case: Case, pack: RulePack, year: int | None = None) -> PersonYearRequest:
    """Make the request of a case; facts are texts and typed by the vocabulary."""
    at = year or case.year
    person: dict[str, Any] = {}
    for name, value in case.person.items():
        if name == "levels":
            if (level := value.get(str(at))) is not None:
                person["level"] = level
        elif name in ("freelancer", "verifier", "earlier"):
            continue
        elif value is not None and not (name == "level" and "levels" in case.person):
            person[name] = value
    records = tuple(
        RecordFacts(
            record.id,
            record.kind,
            {name: _fact(value, pack.facts.get(name), pack) for name, value in facts_of(record).items()},
            record.year,
            record.claimed,
            makeup=record.makeup,
        )
        for record in case.records
    )
    return PersonYearRequest(pack.area, at, person, records, case.earlier)


def facts_of(record: CaseRecord) -> dict[str, Any]:
    """Return the facts of a record without `part: 1`, which in a case names the part of a spread, not the team."""
    return {
        name: value for name, value in record.facts.items() if not (name == "part" and str(value).isdigit())
    }


def _fact(value: Any, fact: Fact | None, pack: RulePack) -> Any:
    if value is None or fact is None:
        return value
    if fact.type == "date" and value in (False, "false"):
        return None
    if fact.type == "date" and isinstance(value, str) and value.isdigit() and len(value) == 4:
        # A year alone: a day in the middle of that statistics year.
        return pack.middle_of(int(value)).isoformat()
    return value


def unread(case: Case, pack: RulePack, usual: RulePack) -> list[str]:
    """Name the facts of a case that no rule of the instrument reads: a case must not rest on idle words.

    `usual` is the pack without the case's choices: what only the other option reads is no idle word.
    """
    reads = pack.data["reads"]
    # Where an authority decides, whatever is stated informs the decision.
    decided = {
        kind
        for item in pack.data["items"]
        if any(row["hours"] == ["decided"] for row in item["rows"])
        for kind in item["kinds"]
    }
    known = {name for one in (pack, usual) for names in one.data["reads"].values() for name in names}
    known |= {TWINS[name] for name in known if name in TWINS}  # converted where only the other is stated
    known |= {"start", "end"}  # every record has its days: the year and the months are reckoned from them
    asked = {name for one in (pack, usual) for each in program(one).requirements for name in each.reads}
    of_person = [
        f"person：没有条款读取事实“{name}”"
        for name in case.person
        if name not in PERSON_KEYS and f"person.{name}" not in known | asked
    ]
    return of_person + [
        f"{record.id}：没有条款读取事实“{name}”"
        for record in case.records
        if record.kind in reads and record.kind not in decided
        for name in record.facts
        if name not in known
        and not any(item for item in pack.data["removed"] if record.kind in item["kinds"])
    ]


def _term(case: Case, pack: RulePack) -> list[str]:
    """A case over several years: yearly results are given, the window is judged."""
    figures, failures, readings = _given_years(case, pack)
    windows = judge_windows(pack, request_of(case, pack).person, case.year, figures)
    found = [one for one in windows if case.window in (None, one.id, one.rule)]
    if not windows:
        return [*failures, "没有跨年度的要求可评"]
    if len(found) != 1:
        named = "、".join(one.id for one in windows)
        return [*failures, f"应写明是哪一项跨年度要求：window: 其中之一（{named}）"]
    [window] = found
    expected = {
        "met": case.met,
        "sum_met": case.sum_met,
        "totals": case.totals,
        "average": case.average,
        "minimum": case.minimum,
    }
    failures += _window_differences(
        "", {key: value for key, value in expected.items() if value is not None or key == "met"}, window
    )
    entry = next(one for one in pack.requirements if one["id"] == window.id)
    short = _window_short(window, average=bool(entry["average_of"] or entry.get("averaged")))
    wanted = {key: int(parse_hours(value)) for key, value in case.shortfall.items()}
    if short != wanted:
        failures.append(f"差额应为{_shown(wanted)}，得{_shown(short)}")
    readings.update(dict.fromkeys(entry["readings"]))
    return [*failures, *_unnamed(case.readings, readings)]


def _window_short(window: WindowResult, *, average: bool) -> dict[str, int]:
    """Return what is short over the years: of the average a year where the text asks for one, else of the sum."""
    years = max(1, len(window.years) - len(window.missing_years))
    got = window.average if average else window.sums
    asked = {
        key: (2 * minimum + years) // (2 * years) if average else minimum
        for key, minimum in window.minimums.items()
    }
    return {key: minimum - got.get(key, 0) for key, minimum in asked.items() if minimum > got.get(key, 0)}


def _unnamed(asked: tuple[str, ...], named: Mapping[str, None]) -> list[str]:
    missing = [name for name in asked if name not in named]
    return [f"结果没有提到口径{'、'.join(missing)}（提到的是{'、'.join(named) or '无'}）"] if missing else []


def _given_years(case: Case, pack: RulePack) -> tuple[dict[int, YearFigures], list[str], dict[str, None]]:
    """Take the results of other years as a case gives them; what it says of met and shortfall is compared.

    A year that the instrument does not serve brings its own `minimum`. Returns figures, differences, and the
    readings on which the yearly minimums rest.
    """
    figures: dict[int, YearFigures] = {}
    failures: list[str] = []
    readings: dict[str, None] = {}
    known = {*pack.categories, *pack.sums, "total"}
    looked_at, own = _looked_at(case, pack)
    for year, given in case.years.items():
        unknown = [key for key in given if key not in known and key not in YEAR_KEYS]
        if unknown:
            failures.append(f"{year}：没有“{unknown[0]}”这一类；可写：{'、'.join(sorted(known))}")
            continue
        stated = {key: int(parse_hours(value)) for key, value in given.items() if key in known}
        totals = with_sums(program(pack), stated, year)
        parts: dict[str, int] = {}
        if "minimum" in given:
            minimums = {key: int(parse_hours(value)) for key, value in (given["minimum"] or {}).items()}
        elif not pack.serves(year) and not looked_at:
            minimums = {}  # the number is the text's own: no year's minimum matters
        elif not pack.serves(year):
            failures.append(
                f"{year}：{pack.id}不适用于该年度，请写明当年的minimum，如 minimum: {{total: 72}}"
            )
            continue
        else:
            alone = evaluate(
                pack, PersonYearRequest(pack.area, year, request_of(case, pack, year).person, ()), trace=False
            )
            readings.update(dict.fromkeys(alone.readings))
            over_years = {one.id for one in alone.windows}
            minimums = {
                one.of: one.minimum
                for one in alone.requirements
                if one.minimum is not None and one.id not in over_years
            }
            parts = dict(YearFigures.of(alone).minimums)
        asked = {**parts, **minimums}
        untold = [
            key for key in {**dict.fromkeys(asked), **own} if key in {*looked_at, *own} and key not in totals
        ]
        if untold:
            named = "、".join(f"{key}（{pack.labels[key]}）" for key in untold)
            failures.append(f"{year}：没有写{named}，跨年度要求要看；请写明该年度的数，没有的写0")
            continue
        short = {
            key: minimum - totals.get(key, 0)
            for key, minimum in minimums.items()
            if minimum > totals.get(key, 0)
        }
        if given.get("shortfall") is not None:
            expected = {key: int(parse_hours(value)) for key, value in given["shortfall"].items()}
            if short != expected:
                failures.append(f"{year}：差额应为{_shown(expected)}，得{_shown(short)}")
        if given.get("met") is not None and (not short) != (given["met"] == "true"):
            failures.append(f"{year}：结论应为{given['met']}，得{not short}")
        met = {key: totals.get(key, 0) >= minimum for key, minimum in asked.items()}
        figures[year] = YearFigures(totals, asked, met)
    return figures, failures, readings


def _looked_at(case: Case, pack: RulePack) -> tuple[set[str], dict[str, None]]:
    """Return the categories and sums that the windows of a case look at in every year: by their minimums, by a number of its own."""
    compiled = program(pack)
    if case.term:
        names = {case.window} if case.window is not None else set(compiled.by_id)
    else:
        names = {*(case.windows or {}), *compiled.year_parts}
    windows = [one for one in compiled.requirements if one.over is not None and names & {one.id, one.rule}]
    by_minimum = {
        compiled.scopes[part]
        for one in windows
        for part in (*one.average_of, *one.sum_of, *one.every)
        if part in compiled.scopes
    }
    return by_minimum, {one.of: None for one in windows if one.at_least is not None}


def _windowed(
    case: Case, pack: RulePack, assessment: YearAssessment, path: str
) -> tuple[YearAssessment, list[str]]:
    """Compare what an ordinary case expects of requirements over several years; other years stand under `years`.

    Returns the assessment with its windows, where the case asks for them or the year's own verdict rests on them.
    """
    rests = bool(program(pack).rests_on_years)
    if case.windows is None and not rests:
        idle = f"{path}:{case.line}: 案例{case.id}写了years却没有windows：没有要比较的跨年度结论"
        return assessment, [idle] if case.years else []
    request = request_of(case, pack)
    earlier = figures_of_earlier(lambda year: pack if pack.serves(year) else None, request, {})
    given, failures, _ = _given_years(case, pack)
    assessment = with_windows(pack, request, assessment, {**earlier, **given})
    judged = assessment.windows
    for name, expected in (case.windows or {}).items():
        window = next((one for one in judged if name in (one.id, one.rule)), None)
        if window is None:
            known = "、".join(one.id for one in judged) or "无"
            failures.append(f"没有跨年度要求“{name}”；有：{known}")
            continue
        written = {**expected, "met": {"true": True, "false": False}.get(str(expected.get("met")))}
        if "sum_met" in expected:
            written["sum_met"] = {"true": True, "false": False}.get(str(expected["sum_met"]))
        failures += _window_differences(f"{name}：", written, window)
    return assessment, failures


def _window_differences(where: str, expected: Mapping[str, Any], window: WindowResult) -> list[str]:
    """Compare one window, word by word; figures are hours as written."""
    failures = [
        f"{where}{what}{key}应为{value}，得{show_hours(got.get(key, 0))}"
        for word, what, got in (
            ("totals", "合计", window.sums),
            ("average", "平均", window.average),
            ("minimum", "最低要求", window.minimums),
        )
        for key, value in (expected.get(word) or {}).items()
        if int(parse_hours(value)) != got.get(key, 0)
    ]
    if "sum_met" in expected and window.sum_met != expected["sum_met"]:
        failures.append(f"{where}总和应为{expected['sum_met']}，得{window.sum_met}")
    if "missing_years" in expected:
        wanted = [str(year) for year in expected["missing_years"] or ()]
        if wanted != [str(year) for year in window.missing_years]:
            got = "、".join(map(str, window.missing_years)) or "无"
            failures.append(f"{where}缺的年度应为{'、'.join(wanted) or '无'}，得{got}")
    if window.met != expected["met"]:
        why = f"（{window.text}）" if window.text else ""
        gaps = f"（缺{'、'.join(map(str, window.missing_years))}年度）" if window.missing_years else ""
        failures.append(f"{where}结论应为{expected['met']}，得{window.met}{why}{gaps}")
    return failures


def _shown(figures: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"{key}: {show_hours(value)}" for key, value in figures.items()) + "}"


__all__ = ["CaseResult", "FileResult", "Packs", "XueshiError", "run_cases", "run_file"]
