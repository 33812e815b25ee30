"""A draft: what stops it, what it says of sentences and cases, and that the same draft is kept once."""

from __future__ import annotations

import pytest
from own_rules_rig import CITY, DISTRICT, OVERLAY, OwnRulesRig

from xueshi.access.scope import Scope
from xueshi.bureau_rules import repository
from xueshi.bureau_rules.review import Review
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.errors import InputError, NotAllowedError
from xueshi.regulations.sources import RegulationSource
from xueshi.storage import reading

ENGINE = Scope.everything()


def drafted(own: OwnRulesRig, text: str, area: str = CITY) -> tuple[Review, RuleDraft | None]:
    return own.desk("maker").draft("example", area, RegulationSource("own.yaml", text))


def kept(own: OwnRulesRig) -> list[RuleDraft]:
    with reading(own.engine) as session:
        found = repository.drafts(session, ENGINE)
        session.expunge_all()
        return found


def test_a_draft_says_which_sentences_and_which_cases_change(own: OwnRulesRig) -> None:
    found, row = drafted(own, OVERLAY.replace("least_public: 12", "least_public: 12\n  Q1: eight"))
    assert row is not None
    assert (row.state, row.document, row.first_year, row.last_year) == (
        "draft",
        "示人社发〔2021〕9号",
        2021,
        None,
    )
    [(law, changed)] = found.sentences()
    assert (law.instrument, law.years[0]) == ("EX2020", 2021)
    said = {one.id: (one.before, one.after) for one in changed}
    assert "6" in said["2.3"][0]
    assert "8" in said["2.3"][1]
    assert "12" in said["R2"][1]
    assert (found.cases.total, found.cases.failed) == (3, ())
    assert {one.id for one in found.cases.changed} == {"EX-1", "EX-2"}, (
        "EX-3 is of a year that it does not serve"
    )
    conference = next(one for one in found.cases.changed if one.id == "EX-2")
    assert any("应为12，得16" in text for text in conference.differences)
    assert found.codes == ["W206"]


def test_cases_whose_rules_a_value_does_not_touch_do_not_change(own: OwnRulesRig) -> None:
    found, _ = drafted(own, OVERLAY.replace("least_public: 12", "Q1: eight"))
    assert [one.id for one in found.cases.changed] == ["EX-2"]


WRONG = [
    ("E302", "least_public: 12", "least_publik: 12", 'did you mean "least_public"'),
    ("E302", "least_public: 12", "Q1: seven", "is not an option of EX2020-Q1"),
    ("E103", "least_public: 12", "least_public: viel", "is no number of hours"),
    ("E302", "of: EX2020", "of: EX2021", "EX2021"),
    ("E302", "years: 2021 to open", "years: 2019 to open", "不适用于 2019 年度"),
    ("E103", "years: 2021 to open", "years: bald", "“bald”不是年度"),
    ("E103", "decided: 2021-03-01", "decided: 2021-13-01", "不是日期"),
    ("E101", "  document: 示人社发〔2021〕9号\n", "", "没有写 document"),
    ("E101", "set:\n  least_public: 12", "set: {}", "什么也没有设"),
    ("E101", "set:", "rules: {}\nset:", "only readings and parameters"),
    ("E302", "years: 2021 to open", "years: 2021 to open\n  area: 990102", "起草的地区是 990100"),
    ("E103", "overlay:", "overlay: [", "no YAML"),
]


@pytest.mark.parametrize(("code", "old", "new", "says"), WRONG)
def test_whatever_is_wrong_is_told_with_its_line_and_nothing_is_kept(
    own: OwnRulesRig, code: str, old: str, new: str, says: str
) -> None:
    assert OVERLAY.count(old) == 1
    text = OVERLAY.replace(old, new)
    found, row = drafted(own, text)
    assert row is None
    [told] = [one for one in found.errors if says in one.message]
    assert (told.code, told.file) == (code, "own.yaml")
    assert told.repair
    if old.strip() and new.strip() and code != "E101" and "[" not in new:
        line = text[: text.index(new.splitlines()[-1])].count("\n") + 1
        assert told.line == line
    assert kept(own) == []


def test_the_years_of_a_law_that_ended_are_named_in_the_repair(own: OwnRulesRig) -> None:
    found, _ = drafted(own, OVERLAY.replace("2021 to open", "2018 to open"))
    assert [one.repair for one in found.errors] == ["years: 2020 to open"]


def test_only_the_bureau_of_the_area_drafts_for_it(own: OwnRulesRig) -> None:
    source = RegulationSource("own.yaml", OVERLAY)
    with pytest.raises(NotAllowedError, match="地区 990100 不在账号 below 的管理范围"):
        own.desk("below").draft("example", CITY, source)
    with pytest.raises(NotAllowedError, match="没有“起草规定”的权限"):
        own.desk("clerk").draft("example", CITY, source)
    with pytest.raises(InputError, match="没有地区插件“exampel”"):
        own.desk("maker").draft("exampel", CITY, source)
    found, row = own.desk("maker").draft("example", DISTRICT, source)
    assert found.errors == []
    assert row is not None
    assert row.area == DISTRICT


def test_the_same_draft_is_kept_once(own: OwnRulesRig) -> None:
    first, second = own.draft(), own.draft()
    assert first.id == second.id
    assert len(kept(own)) == 1
    assert own.draft(area=DISTRICT).id != first.id, "for another area it is another draft"


def test_a_draft_sets_nothing_yet(own: OwnRulesRig) -> None:
    before = own.place.registry.pack_for(CITY, 2021).digest
    own.draft()
    assert own.place.registry.pack_for(CITY, 2021).digest == before


def test_a_draft_is_found_by_the_beginning_of_its_digest(own: OwnRulesRig) -> None:
    row = own.draft()
    with reading(own.engine) as session:
        assert repository.draft_named(session, ENGINE, row.digest[:8]).id == row.id
        assert repository.draft_named(session, ENGINE, str(row.id)).id == row.id
        for word in (row.digest[:3], "00000000", ""):
            with pytest.raises(InputError, match="找不到草案"):
                repository.draft_named(session, ENGINE, word)
        with pytest.raises(InputError, match="找不到草案"):
            repository.draft_named(session, Scope(("990200",)), row.digest)
