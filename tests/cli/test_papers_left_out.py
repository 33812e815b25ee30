"""A paper that cannot be set holds up no other: it is left out, an officer sees why, and it is printed when it can be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from campaign_rig import BUREAU, ENGINE, CampaignRig
from command_line import rows, run
from rare_font import RARE, rare_font
from temporalio.testing import ActivityEnvironment

from xueshi.campaigns.judging import sealing
from xueshi.campaigns.rows import command_rows, task_rows
from xueshi.documents import repository as issued_papers
from xueshi.errors import InputError, NotAllowedError
from xueshi.storage import reading, transaction
from xueshi_workflows import reprinting
from xueshi_workflows.activities import CampaignActivities
from xueshi_workflows.messages import Page

pytestmark = pytest.mark.fonts
NAME = f"欧阳{RARE}"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=2, people=6)
    yield rig
    rig.engine.dispose()


@pytest.fixture
def printed(rig: CampaignRig) -> CampaignRig:
    """Two units approved, one person's name with a character that no font has; sealed and printed as a worker does."""
    first = rig.units[0]
    people = (replace(first.sample.people[0], name=NAME), *first.sample.people[1:])
    rig.approve(replace(first, sample=replace(first.sample, people=people)))
    rig.approve(rig.units[1])
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    acts = CampaignActivities(rig.engine, rig.place.papers, None)  # type: ignore[arg-type]  # nothing is sent
    page = Page(str(rig.campaign.id), 0, 50)
    for _ in range(2):
        ActivityEnvironment().run(acts.render_forms, page)
    ActivityEnvironment().run(acts.aggregate_statistics, str(rig.campaign.id))
    return rig


def test_the_other_papers_are_printed_and_the_campaign_ends(printed: CampaignRig) -> None:
    assert printed.fresh().stage == "finished"
    with reading(printed.engine) as session:
        issued = [one for one in issued_papers.issued(session, printed.campaign.id) if one.unit_id]
        (task,) = task_rows.open_tasks(session, ENGINE, kinds=("paper",))
    people = sum(len(unit.sample.people) for unit in printed.units)
    assert len(issued) == len(printed.units) + people - 1
    assert task.role == BUREAU
    assert "U+20BB7" in task.body["trouble"]
    assert "XUESHI_FONTS" in task.body["trouble"]
    assert not any(word in json.dumps(task.body, ensure_ascii=False) for word in (NAME, RARE))
    printed.proved()


def test_the_bureau_sees_what_waits_and_why(printed: CampaignRig) -> None:
    (listed,) = [one for one in rows("tasks", "list", "--as", BUREAU) if one["事项"] == "表卡未能打印"]
    shown = json.loads(run("tasks", "show", listed["待办"], "--as", BUREAU, "--json"))
    assert shown["办理"].endswith(f"xueshi forms issue {printed.campaign.public_id} --as {BUREAU}")
    assert shown["人员"] == NAME
    with pytest.raises(InputError, match="forms issue"):
        run("tasks", "decide", listed["待办"], "--approve", "--as", BUREAU)
    campaign = json.loads(run("campaign", "show", printed.campaign.public_id, "--as", BUREAU, "--json"))
    assert campaign["未能打印"].startswith(f"{printed.units[0].sample.unit.name} 1 份")
    assert "另有 1 份未能打印" in run("forms", "list", printed.campaign.public_id, "--as", BUREAU)
    findings = json.loads(run("doctor", "--json"))["findings"]
    assert [one["found"] for one in findings if one["part"] == "表卡"] == ["1 份未能打印"]


def test_with_a_font_that_has_the_character_it_is_printed(
    printed: CampaignRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pypdfium2

    campaign = printed.campaign.public_id
    with pytest.raises(NotAllowedError):
        run("forms", "issue", campaign, "--as", printed.units[0].clerk)
    assert "U+20BB7" in run("forms", "issue", campaign, "--as", BUREAU, code=1)
    monkeypatch.setenv("XUESHI_FONTS", str(rare_font(tmp_path / "fonts")))
    written = Path(run("forms", "issue", campaign, "--as", BUREAU).replace("\n", ""))
    with pypdfium2.PdfDocument(written) as pdf:
        assert NAME in pdf[0].get_textpage().get_text_range()
    assert run("forms", "issue", campaign, "--as", BUREAU).startswith("没有未能打印")
    with reading(printed.engine) as session:
        assert task_rows.open_tasks(session, ENGINE, kinds=("paper",)) == []
    printed.proved()


def test_who_asks_for_a_units_papers_is_told_whose_cannot_be_set(printed: CampaignRig) -> None:
    from xueshi.errors import RenderError

    with pytest.raises(RenderError, match=NAME):
        reprinting.reprint_unit(printed.engine, printed.campaign.id, printed.units[0].id)


def test_the_doctor_names_a_campaign_that_was_closed_long_ago_and_is_not_done(rig: CampaignRig) -> None:
    for unit in rig.units:
        rig.approve(unit)
    rig.close()
    shown = json.loads(run("campaign", "show", rig.campaign.public_id, "--as", BUREAU, "--json"))
    assert "正在封存、打印" in shown["后台办理"]
    assert "年度验证" not in {one["part"] for one in json.loads(run("doctor", "--json"))["findings"]}
    with transaction(rig.engine) as session:
        (closed,) = command_rows.done_on(session, rig.campaign.id, ("close",))
        closed.inserted_at -= timedelta(hours=4)
        session.add(closed)
    (found,) = [one for one in json.loads(run("doctor", "--json"))["findings"] if one["part"] == "年度验证"]
    assert rig.campaign.public_id in found["found"]
