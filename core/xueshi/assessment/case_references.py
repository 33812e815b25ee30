"""What a case file names beside its own figures: clauses of the instrument, a case of another set as its pair."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from xueshi.assessment.case_file import CaseFile
from xueshi.regulations.clause_checks import write_chinese
from xueshi.regulations.diagnostics import did_you_mean

_ENGLISH = (
    (re.compile(r"^Annex (\d+) *", re.IGNORECASE), lambda match: f"附件{match[1]}"),
    (re.compile(r"Art\. *(\d+)"), lambda match: f"第{write_chinese(int(match[1]))}条"),
    (re.compile(r"^S\. *(\d+)"), lambda match: f"标准{match[1]}"),
    (re.compile(r" last paragraph$"), lambda match: "末"),
)
"""The golden cases of the domain cite some clauses in English: `Annex 1 三(十三)`, `Art. 8(五)`, `S.9`."""


def reference_faults(
    file: CaseFile, clauses: Mapping[str, Collection[str]], cases: Collection[str]
) -> list[str]:
    """Return one sentence for each clause or pair of a case that leads nowhere.

    `clauses` are the clause maps by instrument: a case may cite its own instrument's, or another's with its name
    before it, its year left out if need be (`EX 二` of the notice EX2021). `cases` are the ids of all cases at hand; a pair may also be a whole set (`EX2020`).
    """
    faults: list[str] = []
    everywhere = {clause for known in clauses.values() for clause in known}
    for case in file.cases:
        where = f"{file.path}:{case.line}: 案例{case.id}"
        for cited in case.clauses:
            if not _known(cited, clauses.get(file.instrument, ()), clauses, everywhere):
                near = did_you_mean(cited, clauses.get(file.instrument, ()))
                faults.append(
                    f"{where}的clauses“{cited}”不是{file.instrument}的条款{near}；照规则文件clauses中的写法"
                )
        if case.pair is not None and case.pair not in cases and case.pair not in clauses:
            faults.append(
                f"{where}的pair“{case.pair}”不是已有的案例或文件{did_you_mean(case.pair, cases)}；写另一文件中同一情形的案例编号"
            )
    return faults


def _known(
    cited: str, own: Collection[str], clauses: Mapping[str, Collection[str]], everywhere: Collection[str]
) -> bool:
    text = cited.strip()
    word, _, rest = text.partition(" ")
    instrument = next((name for name in clauses if re.fullmatch(rf"{re.escape(word)}\d{{0,4}}", name)), None)
    if instrument is not None and rest:
        return _there(rest, clauses[instrument])
    for pattern, said in _ENGLISH:
        text = pattern.sub(said, text)
    return _there(text, own) or _there(text, everywhere)


def _there(clause: str, known: Collection[str]) -> bool:
    """Tell whether a clause is in a map, or is the heading of clauses that are."""
    return clause in known or any(re.match(rf"{re.escape(clause)}[(（\d第末]", place) for place in known)
