"""Publication: by a second person, on an impact of exactly this draft and law, once; and the way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from own_rules_rig import ACCEPT, CITY, DISTRICT, OVERLAY, RULES, OwnRulesRig, record
from sqlmodel import select

from xueshi.access import repository as access
from xueshi.access.scope import Scope
from xueshi.access.tables import Delegation
from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.explanation import explain
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.audit import repository as audit
from xueshi.audit.tables import AuditEntry
from xueshi.bureau_rules import commands, repository
from xueshi.bureau_rules.tables import RuleDraft
from xueshi.campaigns.commanding.command_table import COMMAND_KINDS
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.tables import Command, Effect
from xueshi.errors import InputError, NotAllowedError, NotFoundError, RuleFileError
from xueshi.regulations.pack import RulePack
from xueshi.storage import reading, transaction

ENGINE = Scope.everything()
EVERY_TIME = 50


def least(pack: RulePack) -> object:
    return pack.data["parameters"]["least_public"]["value"]


def in_force(own: OwnRulesRig, year: int = 2021, area: str = CITY) -> object:
    return least(own.place.registry.pack_for(area, year))


def state(own: OwnRulesRig, row: RuleDraft) -> str:
    with reading(own.engine) as session:
        return repository.draft(session, ENGINE, row.id).state


def test_the_table_knows_who_carries_out_each_act() -> None:
    commands.register()
    assert {name for name, kind in COMMAND_KINDS.items() if kind.target == "rule_draft"} == set(
        commands._KINDS
    )


def test_published_values_hold_in_their_years_and_area_and_nowhere_else(own: OwnRulesRig) -> None:
    row = own.published(OVERLAY.replace("2021 to open", "2021 to 2022"))
    assert state(own, row) == "published"
    assert [in_force(own, year) for year in (2020, 2021, 2022, 2023)] == [None, "12", "12", None]
    assert in_force(own, area=DISTRICT) == "12", "it holds in the areas below"
    assert least(own.place.registry.pack_of("EX2020")) is None, "the text itself is not changed"


def test_values_of_a_district_hold_in_the_district_only_and_go_over_the_citys(own: OwnRulesRig) -> None:
    own.published(OVERLAY.replace("12", "20"), DISTRICT, ("below", "below2"))
    assert (in_force(own), in_force(own, area=DISTRICT)) == (None, "20")
    own.published()
    assert (in_force(own), in_force(own, area=DISTRICT)) == ("12", "20")


def test_a_later_decision_goes_over_an_earlier_one(own: OwnRulesRig) -> None:
    own.published(OVERLAY.replace("12", "20").replace("2021-03-01", "2022-03-01"))
    own.published()
    assert in_force(own) == "20", "published later, decided earlier"


def test_the_explanation_names_the_clause_and_the_document(own: OwnRulesRig) -> None:
    own.published(OVERLAY.replace("least_public: 12", "least_public: 12\n  Q1: eight"))
    pack = own.place.registry.pack_for(CITY, 2021)
    facts = {"days": 2, "end": date(2021, 5, 1)}
    request = PersonYearRequest(CITY, 2021, {}, (RecordFacts("r1", "conference", facts),))
    told = explain(pack, request, evaluate(pack, request))
    assert "一：公共科目的最低学时：12（依据：示人社发〔2021〕9号）" in told.readings
    assert any("8学时" in one and "示人社发〔2021〕9号，二" in one for one in told.readings)
    assert told.records[0].hours == 1600
    assert any("示人社发〔2021〕9号" in one for one in told.records[0].readings)


def test_its_maker_cannot_publish_it(own: OwnRulesRig) -> None:
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    command = own.publish(row, "maker")
    assert (command.state, command.code) == ("refused", "four_eyes")
    assert state(own, row) == "draft"
    assert in_force(own) is None


def lend(own: OwnRulesRig, officer: str, to: str) -> str:
    """Lend an officer's role for a month; returns how the other acts in it."""
    with transaction(own.engine) as session:
        lender = own.place.actor(session, officer)
        session.add(
            Delegation(
                grant_id=lender.grant_id,
                account_id=access.account_by_login(session, to).id,
                since=date(2021, 6, 1),
                until=date(2021, 6, 30),
                reason="休假",
                maker=lender.account_id,
            )
        )
    return f"{to}:bureau@{officer}"


def test_neither_lender_nor_delegate_is_the_second_person(own: OwnRulesRig) -> None:
    deputy = lend(own, "maker", "second")
    row = own.draft(officer=deputy)
    own.desk("maker").weigh(row.digest)
    assert own.publish(row, "maker").code == "four_eyes", "it was drafted in his role"
    assert own.publish(row, "second").code == "four_eyes"
    mine = own.draft(OVERLAY.replace("12", "13"))
    own.desk("maker").weigh(mine.digest)
    assert own.publish(mine, deputy).code == "four_eyes", "in the maker's role nobody publishes for him"
    assert own.publish(mine, "second").code == "published", "in his own he does"


def test_who_may_not_publish_is_told_before_anything_is_stored(own: OwnRulesRig) -> None:
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    with pytest.raises(NotFoundError, match="找不到草案"):
        own.publish(row, "below")
    with pytest.raises(NotFoundError, match="找不到草案"):
        own.publish(row, "beside")
    with pytest.raises(NotAllowedError, match="没有“发布规定”的权限"):
        own.publish(row, "clerk")
    with reading(own.engine) as session:
        assert session.exec(select(Command).where(Command.kind == "rules_publish")).all() == []


def test_the_bureau_above_may_publish_for_a_district(own: OwnRulesRig) -> None:
    row = own.draft(officer="below", area=DISTRICT)
    own.desk("below").weigh(row.digest)
    assert own.publish(row, "second").state == "done"
    assert in_force(own, area=DISTRICT) == "12"


@pytest.mark.parametrize(
    ("accept", "reason", "code"),
    [
        ((), "示例", "not_accepted"),
        (("W601",), "示例", "not_accepted"),
        (("W206", "W999"), "示例", "nothing_to_accept"),
        (("w206",), "  ", "no_reason"),
    ],
)
def test_warnings_are_accepted_by_name_and_with_a_reason(
    own: OwnRulesRig, accept: tuple[str, ...], reason: str, code: str
) -> None:
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    assert own.publish(row, accept=accept, reason=reason).code == code
    assert own.publish(row, accept=("w206",)).code == "published"
    with reading(own.engine) as session:
        assert repository.draft(session, ENGINE, row.id).accepted == ["W206"]


def test_nothing_is_published_without_an_impact_of_all_its_years(own: OwnRulesRig) -> None:
    row = own.draft()
    assert own.publish(row).code == "no_impact"
    own.desk("maker").weigh(row.digest, 2021)
    assert own.publish(row).code == "no_impact", "one year is not all of them"
    own.desk("second").weigh(row.digest)
    assert own.publish(row).code == "published"


def test_an_impact_of_the_only_year_is_one_of_all_years(own: OwnRulesRig) -> None:
    row = own.draft(OVERLAY.replace("2021 to open", "2021"))
    own.desk("maker").weigh(row.digest, 2021)
    assert own.publish(row).code == "published"


def test_an_impact_under_another_law_is_stale(own: OwnRulesRig) -> None:
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    own.published(OVERLAY.replace("least_public: 12", "Q1: eight").replace("9号", "10号"))
    command = own.publish(row)
    assert (command.state, command.code) == ("refused", "stale_impact")
    own.desk("maker").weigh(row.digest)
    assert own.publish(row).code == "published"


def test_an_impact_before_the_plugin_changed_is_stale(own: OwnRulesRig) -> None:
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    file = own.plugin / "regulations" / "ex2020.yaml"
    file.write_text(RULES.replace("name: 培训", "name: 各类培训"), encoding="utf-8")
    own.load()
    assert own.publish(row).code == "stale_impact"


def test_a_publication_in_between_is_noticed_inside_the_transaction(
    own: OwnRulesRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was checked outside the transaction no longer holds when another publication came first."""
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    other = own.draft(OVERLAY.replace("least_public: 12", "Q1: eight"))
    own.desk("maker").weigh(other.digest)
    desk = own.desk("second")
    give = desk._give

    def late(*given: object) -> Command:
        monkeypatch.setattr(desk, "_give", give)
        assert own.publish(other).state == "done"
        return give(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "_give", late)
    assert desk.publish(row.digest, ACCEPT, "示例")[1].code == "stale_review"
    assert state(own, row) == "draft"


def test_a_region_whose_cases_fail_publishes_nothing(own: OwnRulesRig) -> None:
    file = own.plugin / "cases" / "ex2020.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("hours: 72", "hours: 71"), encoding="utf-8")
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    command = own.publish(row)
    assert command.code == "cases"
    assert "EX-1" in command.reason


def test_given_fifty_times_at_once_it_is_published_once(own: OwnRulesRig) -> None:
    row = own.draft()
    own.desk("maker").weigh(row.digest)
    barrier = Barrier(5)

    def give(number: int) -> str:
        if number < 5:
            barrier.wait()
        return own.desk("second").publish(row.digest, ACCEPT, "示例", "the same request")[1].state

    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(give, range(EVERY_TIME))) == {"done"}
    assert own.publish(row).code == "not_draft", "another request finds it published"
    with reading(own.engine) as session:
        given = session.exec(select(Command).where(Command.kind == "rules_publish")).all()
        assert sorted(one.state for one in given) == ["done", "refused"]
        effects = session.exec(
            select(Effect).where(Effect.target_id == row.id, Effect.outcome == "published")
        ).all()
        assert len(effects) == 1
        written = session.exec(select(AuditEntry).where(AuditEntry.verb == "rules_publish")).all()
        assert len(written) == 1
        assert written[0].body["digest"] == row.digest
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None


def test_a_request_id_is_not_used_for_two_things(own: OwnRulesRig) -> None:
    row, other = own.draft(), own.draft(OVERLAY.replace("12", "13"))
    own.desk("maker").weigh(row.digest)
    assert own.desk("second").publish(row.digest, ACCEPT, "示例", "one")[1].state == "done"
    with pytest.raises(InputError, match="请求编号 one 已用于另一件办理"):
        own.desk("second").publish(other.digest, ACCEPT, "示例", "one")


def roll_back(own: OwnRulesRig, officer: str = "second") -> RuleDraft:
    command = own.desk(officer).roll_back("example", CITY, "数额有误")
    assert command.state == "done", command.reason
    with reading(own.engine) as session:
        row = repository.draft(session, ENGINE, command.target_id)
        session.expunge(row)
        return row


def test_the_way_back_takes_two_persons_too(own: OwnRulesRig) -> None:
    first = own.published(OVERLAY.replace("12", "20"))
    last = own.published(OVERLAY.replace("2021-03-01", "2022-03-01"))
    assert in_force(own) == "12"
    back = roll_back(own)
    assert (in_force(own), back.takes_back) == ("12", last.id), "asking sets nothing"
    assert own.publish(back, "maker").code == "no_impact"
    own.desk("maker").weigh(back.digest)
    assert own.publish(back, "second").code == "four_eyes"
    assert own.publish(back, "maker").code == "rolled_back"
    assert in_force(own) == "20", "the one before it holds again"
    assert [state(own, one) for one in (first, last, back)] == ["published", "taken_back", "done"]
    again = own.draft()
    own.desk("second").weigh(again.digest)
    assert own.publish(again).code == "published", "values may be published anew"
    assert in_force(own) == "12", "of two decisions of one day the later publication counts"


def test_values_that_no_longer_fit_the_plugin_stop_loudly_and_can_be_taken_back(own: OwnRulesRig) -> None:
    own.enter(CITY, 2021, [("示例甲", [record("training", days=12)])])
    own.published()
    file = own.plugin / "regulations" / "ex2020.yaml"
    file.write_text(RULES.replace("least_public", "least_of_public"), encoding="utf-8")
    own.load()
    with pytest.raises(
        RuleFileError, match=r"本级口径/990100/own\.yaml:8: E302 EX2020 has no \"least_public\""
    ):
        in_force(own)
    back = roll_back(own)
    impact = own.desk("maker").weigh(back.digest).impact
    assert (impact.judged, impact.not_compared) == (0, 2)
    assert own.publish(back, "maker").code == "rolled_back"
    assert own.place.registry.pack_for(CITY, 2021).id == "EX2020"


def test_the_way_back_is_refused_where_there_is_none(own: OwnRulesRig) -> None:
    with pytest.raises(NotFoundError, match="没有正在执行的本级口径"):
        own.desk("second").roll_back("example", CITY, "误")
    own.published()
    with pytest.raises(NotFoundError, match="没有正在执行的本级口径"):
        own.desk("below").roll_back("example", DISTRICT, "误")
    with pytest.raises(NotAllowedError, match="不在账号 below 的管理范围"):
        own.desk("below").roll_back("example", CITY, "误")
    assert own.desk("second").roll_back("example", CITY, " ").code == "no_reason"
    roll_back(own)
    assert own.desk("maker").roll_back("example", CITY, "误").code == "asked"


def test_records_of_people_are_judged_under_it_without_a_campaign(own: OwnRulesRig) -> None:
    """The law that an as-of count asks for is the published one."""
    own.enter(CITY, 2021, [("示例甲", [record("training", days=12)])])
    own.published()
    pack = own.place.registry.pack_for(CITY, 2021)
    facts = {"days": 12, "end": date(2021, 4, 1)}
    request = PersonYearRequest(CITY, 2021, {}, (RecordFacts("r1", "training", facts),))
    assert evaluate(pack, request).verdict == "not_met"


def test_what_is_stored_holds_no_person(own: OwnRulesRig) -> None:
    own.enter(CITY, 2021, [("示例甲", [record("training", days=12)])])
    row = own.draft()
    weighed = own.desk("maker").weigh(row.digest)
    assert [one.kind for one in weighed.impact.changes] == ["falls"]
    own.publish(row)
    with transaction(own.engine) as session:
        for entry in session.exec(select(AuditEntry)).all():
            assert "示例甲" not in str(entry.body)
            assert str(weighed.impact.changes[0].person_id) not in str(entry.body)
