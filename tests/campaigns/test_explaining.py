"""The explanation of a stored result: requirements over several years take the person's stored results of other years."""

from __future__ import annotations

import copy
from typing import Any

from campaign_rig import ENGINE, CampaignRig
from sqlmodel import select

from xueshi.assessment.explanation_text import window_line
from xueshi.audit import repository as audit
from xueshi.campaigns.judging.explaining import ExplainedResult, explain_result
from xueshi.regulations.pack import RulePack
from xueshi.results.tables import YearResult
from xueshi.storage import new_id, reading, transaction

WINDOW = {
    "id": "RW",
    "rule": "EX-RW",
    "name": "两年平均",
    "over": {"window": "last", "years": ["fixed", "2"]},
}


def over_two_years(pack: RulePack) -> RulePack:
    """The rig's law with one more requirement: the average of two years."""
    data: dict[str, Any] = copy.deepcopy(dict(pack.data))
    yearly = next(one for one in data["requirements"] if one["of"] == "total")
    data["requirements"].append({**yearly, **WINDOW, "at_least": None, "average_of": [yearly["id"]]})
    return RulePack(data)


def judged(rig: CampaignRig, *, with_year_before: bool) -> YearResult:
    """Judge one person under that law; the year before has the same records where it is wanted."""
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    pack = over_two_years(rig.pack)
    with transaction(rig.engine) as session:
        digest = audit.store_artifact(session, "rule_pack", pack.to_bytes())
        result = session.exec(select(YearResult).order_by(YearResult.id)).first()
        assert result is not None
        result.pack_digest = digest
        if with_year_before:
            year = result.year - 1
            records = [
                {**one, "year": year, "facts": _moved(one["facts"])} for one in result.request["records"]
            ]
            earlier = {**result.request, "year": year, "records": records}
            body = {
                **result.model_dump(),
                "id": new_id(),
                "campaign_id": new_id(),
                "year": year,
                "request": earlier,
            }
            session.add(YearResult(**body))
    return result


def _moved(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave the dates out: the records then belong to the year under which they were entered."""
    return {name: value for name, value in facts.items() if name not in ("start", "end", "graduated")}


def explained(rig: CampaignRig, result: YearResult) -> ExplainedResult:
    with reading(rig.engine) as session:
        return explain_result(session, ENGINE, result)


def test_the_year_before_is_taken_from_its_stored_result(rig: CampaignRig) -> None:
    result = judged(rig, with_year_before=True)
    [window] = explained(rig, result).explanation.windows
    assert window.years == (result.year - 1, result.year)
    assert window.missing_years == ()
    assert window.met is not None
    assert window_line(window).startswith(
        f"两年平均（{window.clause}）：{result.year - 1}至{result.year}年度"
    )


def test_without_it_the_window_stays_open_and_names_the_year(rig: CampaignRig) -> None:
    result = judged(rig, with_year_before=False)
    [window] = explained(rig, result).explanation.windows
    assert (window.met, window.missing_years) == (None, (result.year - 1,))
    assert f"缺{result.year - 1}年度的结果" in window_line(window)


def test_a_law_that_asks_nothing_of_several_years_has_no_window(rig: CampaignRig) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    rig.sign(unit)
    with reading(rig.engine) as session:
        result = session.exec(select(YearResult)).first()
    assert result is not None
    assert explained(rig, result).explanation.windows == ()
