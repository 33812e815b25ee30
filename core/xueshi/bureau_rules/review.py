"""What must be known before a draft is published: what is wrong or doubtful, which sentences and which cases change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from xueshi.assessment.case_file import Case, CaseFile, read_case_file
from xueshi.assessment.cases import Packs, run_case
from xueshi.bureau_rules.law import (
    LawChange,
    Step,
    basis_of,
    held_still,
    law_changes,
    served_years,
    years_of_region,
)
from xueshi.bureau_rules.overlay_file import OverlayHead
from xueshi.data_jurisdiction import DataJurisdiction
from xueshi.errors import RuleFileError
from xueshi.registry import Registry
from xueshi.regulations.check import check
from xueshi.regulations.diagnostics import Diagnostic, did_you_mean, nearest
from xueshi.regulations.difference import Difference, differences
from xueshi.regulations.finding_words import text_in_chinese
from xueshi.regulations.reading import STATUS_WORDS
from xueshi.regulations.sources import RegulationSource


@dataclass(frozen=True)
class ChangedCase:
    """A case that comes out otherwise (or does not pass as it stands): which, and every differing value."""

    file: str
    id: str
    title: str
    differences: tuple[str, ...]


@dataclass(frozen=True)
class CaseRun:
    """All cases of the instruments that a draft touches: how many, which fail by themselves, which the draft changes."""

    total: int
    failed: tuple[ChangedCase, ...]
    changed: tuple[ChangedCase, ...]


@dataclass(frozen=True)
class Review:
    """Everything that was looked at; `basis` names exactly the draft and the laws in force."""

    findings: tuple[Diagnostic, ...]
    changes: tuple[LawChange, ...]
    cases: CaseRun
    basis: str

    @property
    def errors(self) -> list[Diagnostic]:
        """What stops the draft."""
        return [one for one in self.findings if one.severity == "E"]

    @property
    def warnings(self) -> list[Diagnostic]:
        """What must be accepted by name."""
        return [one for one in self.findings if one.severity == "W"]

    @property
    def codes(self) -> list[str]:
        """The codes of the warnings, each once."""
        return sorted({one.code for one in self.warnings})

    def sentences(self) -> list[tuple[LawChange, list[Difference]]]:
        """Return the sentences that change, law by law."""
        return [(one, differences(one.before, one.after)) for one in self.changes]

    def clauses(self) -> dict[str, Counter[str]]:
        """Return instrument → status of clauses → how many; a clause without a known status is counted under it."""
        return {
            instrument: Counter(status for status, _ in clauses.values())
            for change in self.changes
            for instrument, clauses in change.after.data["clauses"].items()
        }

    def unsettled_clauses(self) -> int:
        """Return how many clauses have no status that says what became of them."""
        return sum(
            count
            for counts in self.clauses().values()
            for status, count in counts.items()
            if status not in STATUS_WORDS
        )

    def as_plain(self) -> dict[str, Any]:
        """Return what is kept with a publication."""
        return {
            "basis": self.basis,
            "errors": [str(one) for one in self.errors],
            "warnings": self.codes,
            "cases": self.cases.total,
            "cases_failed": [one.id for one in self.cases.failed],
            "cases_changed": [one.id for one in self.cases.changed],
            "clauses": {name: dict(counts) for name, counts in self.clauses().items()},
            "unsettled_clauses": self.unsettled_clauses(),
            "laws": [
                [one.area, one.instrument, list(one.years), one.before.digest, one.after.digest]
                for one in self.changes
            ],
        }


def review(
    registry: Registry,
    step: Step,
    digest: str,
    head: OverlayHead | None = None,
    texts: Mapping[str, str] | None = None,
) -> Review:
    """Look at a step: findings (E before W), the laws that it changes, and every case of their instruments.

    `head` is that of the file, so that what does not fit is told with its line; `texts` are attached published texts.
    """
    registry = held_still(registry)
    misfits = list(_misfits(registry, step, head)) if head is not None else []
    if misfits:
        return Review(tuple(misfits), (), CaseRun(0, (), ()), "")
    findings = _checked(registry, step, texts or {})
    if any(one.severity == "E" for one in findings):
        return Review(findings, (), CaseRun(0, (), ()), "")
    changes = law_changes(registry, step)
    return Review(findings, tuple(changes), _cases(registry, step, changes), basis_of(digest, changes))


def _misfits(registry: Registry, step: Step, head: OverlayHead) -> Iterator[Diagnostic]:
    """Say where the head does not fit the region, the area or the years in which the instrument applies."""
    file = "" if step.adds is None else step.adds.source.path

    def fault(word: str, message: str, repair: str) -> Diagnostic:
        return Diagnostic("E302", "E", file, head.line_of(word), "", message, repair)

    who = registry.ask(step.region).jurisdiction()
    # A city may apply its province's instrument, and descends from it.
    known = list(dict.fromkeys(name for line in who.applies for name in registry.lineage(line.use)))
    if head.of not in known:
        near = nearest(head.of, known) or (known[0] if known else "…")
        yield fault("of", f"{who.name}没有文件“{head.of}”{did_you_mean(head.of, known)}", f"of: {near}")
        return
    if head.area not in ("", step.area):
        yield fault(
            "area",
            f"文件写的地区是 {head.area}，起草的地区是 {step.area}",
            f"area: {step.area}，或用 --area {head.area} 起草",
        )
    served, wanted = served_years(registry, step), years_of_region(registry, step)
    if not served:
        yield fault(
            "years",
            f"{head.of} 在地区 {step.area} 不适用于 {step.years} 年度",
            "写该文件适用的年度，见 xueshi regions show",
        )
    elif served[0] != step.years.first or served != wanted:
        others = [year for year in wanted if year not in served] or [step.years.first]
        last = "open" if step.years.last is None and served[-1] == wanted[-1] else served[-1]
        yield fault(
            "years",
            f"{head.of} 在地区 {step.area} 不适用于 {others[0]} 年度",
            f"years: {served[0]} to {last}",
        )


def _checked(registry: Registry, step: Step, texts: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Check every instrument under the step, with all overlays that serve it in the first year it is touched."""
    after = step.after(registry)
    found: list[Diagnostic] = []
    for instrument, year in _touched(registry, step).items():
        owner = registry.ask(registry.owner_of(instrument))
        overlays = [
            *owner.overlays(instrument, step.area),
            *after.published(instrument, step.area, year),
        ]
        found += check(
            instrument,
            registry.source_of,
            overlays=overlays,
            functions=owner.hour_functions(instrument),
            texts=texts,
        )
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.severity, one.file, one.line, one.code)))


def _touched(registry: Registry, step: Step) -> dict[str, int]:
    """Return the instruments that apply in the step's area and descend from its own, each with the first year."""
    who = registry.ask(step.region).jurisdiction()
    found: dict[str, int] = {}
    for year in years_of_region(registry, step):
        for line in who.applies:
            if year in line.years and step.of in registry.lineage(line.use):
                found.setdefault(line.use, year)
    return found


def _cases(registry: Registry, step: Step, changes: Sequence[LawChange]) -> CaseRun:
    """Run every case as it stands, then under the step where its year is served; a rollback changes no case."""
    instruments = {one.instrument for one in changes}
    failed: list[ChangedCase] = []
    changed: list[ChangedCase] = []
    total = 0
    packs: dict[str, tuple[Packs, Packs]] = {}
    for file in _case_files(registry, step.region):
        if file.instrument not in instruments:
            continue
        if file.instrument not in packs:
            functions = registry.ask(registry.owner_of(file.instrument)).hour_functions(file.instrument)
            adds = () if step.adds is None else (step.adds.source,)
            packs[file.instrument] = (
                Packs(registry.source_of, functions),
                Packs(registry.source_of, functions, overlays=adds, area=step.area if adds else ""),
            )
        plain, under = packs[file.instrument]
        if file.faults:
            failed.append(ChangedCase(file.path, file.path, "案例文件", file.faults))
        for case in file.cases:
            total += 1
            outcome = _outcome(case, file, plain)
            if outcome:
                failed.append(ChangedCase(file.path, case.id, case.title, outcome))
            elif step.adds is not None and case.year in step.years:
                outcome = _outcome(case, file, under)
                if outcome:
                    changed.append(ChangedCase(file.path, case.id, case.title, outcome))
    return CaseRun(total, tuple(failed), tuple(changed))


def _outcome(case: Case, file: CaseFile, packs: Packs) -> tuple[str, ...]:
    try:
        return run_case(case, file, packs).failures
    except RuleFileError as error:
        return (text_in_chinese(str(error)),)


def _case_files(registry: Registry, region: str) -> Iterator[CaseFile]:
    asked = registry.ask(region)
    if isinstance(asked.plugin, DataJurisdiction):
        texts = dict(asked.plugin.case_files)
    else:
        folder = files(asked.package) / "cases"
        listed = sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else []
        texts = {one.name: one.read_text(encoding="utf-8") for one in listed if one.name.endswith(".yaml")}
    for name, text in texts.items():
        yield read_case_file(RegulationSource(name, text))
