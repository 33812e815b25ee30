"""Case files: worked examples of an instrument, run strictly (rule language 6.5; the golden format)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xueshi.assessment.case_compare import compare_records, compare_totals
from xueshi.assessment.case_file import Case, CaseFile, CaseRecord, read_case_file
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts, YearAssessment
from xueshi.assessment.windows import YearFigures, judge_windows
from xueshi.errors import RuleError, RuleFileError, XueshiError
from xueshi.hours import parse_hours, show_hours
from xueshi.regulations import document
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.pack import RulePack
from xueshi.regulations.resolve import SourceOf, resolve
from xueshi.regulations.sources import RegulationSource
from xueshi.regulations.vocabulary import Fact

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

    def pack(self, instrument: str, case: Case, *, as_chosen: bool = True) -> RulePack:
        """Return the pack a case asks for (or, without `as_chosen`, with the default readings).

        Raises RuleFileError when it does not load.
        """
        config = case.config if as_chosen else {}
        key = f"{instrument}|{config}|{case.id if case.sector_file is not None else ''}"
        if key not in self.made:
            ask = resolve_pack if self.checked else _unchecked
            self.made[key] = ask(
                instrument,
                self.source_of,
                config=config or None,
                sector_file=case.sector_file,
                functions=self.functions,
            )
        return self.made[key]


def _unchecked(
    instrument: str,
    source_of: SourceOf,
    *,
    config: Mapping[str, object] | None,
    sector_file: document.Mapping | None,
    functions: Mapping[str, Any],
) -> RulePack:
    resolved = resolve(instrument, source_of, config=config, sector_file=sector_file, functions=functions)
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
        if case.term:
            return CaseResult(case.id, case.title, tuple(_term(case, pack)))
        assessment = evaluate(pack, request_of(case, pack), trace=False)
    except (RuleError, RuleFileError, ValueError) as error:
        return CaseResult(case.id, case.title, (str(error),))
    idle = unread(case, pack, packs.pack(file.instrument, case, as_chosen=False)) if packs.checked else []
    failures = [
        *idle,
        *compare_records(case, assessment, pack),
        *compare_totals(case, file, assessment),
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
            {name: _fact(value, pack.facts.get(name)) for name, value in facts_of(record).items()},
            record.year,
            record.claimed,
        )
        for record in case.records
    )
    return PersonYearRequest(pack.area, at, person, records, case.earlier)


def facts_of(record: CaseRecord) -> dict[str, Any]:
    """Return the facts of a record without `part: 1`, which in a case names the part of a spread, not the team."""
    return {
        name: value for name, value in record.facts.items() if not (name == "part" and str(value).isdigit())
    }


def _fact(value: Any, fact: Fact | None) -> Any:
    if value is None or fact is None:
        return value
    if fact.type == "date" and value in (False, "false"):
        return None
    if fact.type == "date" and isinstance(value, str) and value.isdigit() and len(value) == 4:
        # A year alone: a day in its middle belongs to it under every start of the statistics year.
        return f"{value}-07-01"
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
    return [
        f"{record.id}：没有条款读取事实“{name}”"
        for record in case.records
        if record.kind in reads and record.kind not in decided
        for name in record.facts
        if name not in known
        and not any(item for item in pack.data["removed"] if record.kind in item["kinds"])
    ]


def _term(case: Case, pack: RulePack) -> list[str]:
    """A case over several years: yearly results are given, the window is judged."""
    figures: dict[int, YearFigures] = {}
    failures: list[str] = []
    for year, given in case.years.items():
        totals = {key: parse_hours(value) for key, value in given.items() if key not in ("met", "shortfall")}
        alone = evaluate(
            pack, PersonYearRequest(pack.area, year, request_of(case, pack, year).person, ()), trace=False
        )
        minimums = {result.of: result.minimum for result in alone.requirements if result.minimum is not None}
        short = {
            key: minimum - totals.get(key, 0)
            for key, minimum in minimums.items()
            if minimum > totals.get(key, 0)
        }
        expected = {key: int(parse_hours(value)) for key, value in given["shortfall"].items()}
        if short != expected:
            failures.append(f"{year}：差额应为{_shown(expected)}，得{_shown(short)}")
        if (not short) != (given["met"] == "true"):
            failures.append(f"{year}：结论应为{given['met']}，得{not short}")
        figures[year] = YearFigures(totals, minimums, {key: key not in short for key in minimums})
    person = request_of(case, pack).person
    windows = judge_windows(pack, person, case.year, figures)
    if not windows:
        return [*failures, "没有跨年度的要求可评"]
    window = windows[0]
    for what, expected_figures, got in (
        ("合计", case.totals, window.sums),
        ("平均", case.average, window.average),
        ("最低要求", case.minimum, window.minimums),
    ):
        failures.extend(
            f"{what}{key}应为{value}，得{show_hours(got.get(key, 0))}"
            for key, value in (expected_figures or {}).items()
            if parse_hours(value) != got.get(key, 0)
        )
    if case.sum_met is not None and window.sum_met != case.sum_met:
        failures.append(f"总和应为{case.sum_met}，得{window.sum_met}")
    if window.met != case.met:
        failures.append(f"结论应为{case.met}，得{window.met}")
    return failures


def _shown(figures: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"{key}: {show_hours(value)}" for key, value in figures.items()) + "}"


__all__ = ["CaseResult", "FileResult", "Packs", "XueshiError", "run_cases", "run_file"]
