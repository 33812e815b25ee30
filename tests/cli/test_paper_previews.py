"""`xueshi forms preview`: a paper as it would be, marked 预览 on every page; nothing is issued, numbered or kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from campaign_rig import BUREAU, CampaignRig, RigUnit
from command_line import run
from sqlalchemy import func
from sqlmodel import select

from xueshi.audit.tables import AuditEntry
from xueshi.campaigns.figures.dump import canonical_dump
from xueshi.documents import repository as issued_papers
from xueshi.errors import InputError, NotAllowedError, NotFoundError
from xueshi.registry import load
from xueshi.storage import reading

pytestmark = pytest.mark.fonts


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CampaignRig]:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=2, people=6)
    yield rig
    rig.engine.dispose()


def texts(file: Path) -> list[str]:
    """The words of each page, without the breaks that cells and set lines make."""
    with pypdfium2.PdfDocument(file) as pdf:
        return ["".join(page.get_textpage().get_text_range().split()) for page in pdf]


def words(rig: CampaignRig, unit: RigUnit, *more: str) -> tuple[str, ...]:
    return ("forms", "preview", rig.campaign.public_id, "--unit", unit.sample.unit.credit_code, *more)


def kept(rig: CampaignRig) -> tuple[object, int, int]:
    """All that a preview must not touch: the campaign's results and papers, the audit chain."""
    with reading(rig.engine) as session:
        entries = session.exec(select(func.count()).select_from(AuditEntry)).one()
        papers = len(issued_papers.issued(session, rig.campaign.id))
        return canonical_dump(session, rig.campaign.id), entries, papers


def test_a_card_is_seen_before_anybody_signed(rig: CampaignRig, tmp_path: Path) -> None:
    unit = rig.units[0]
    rig.hand_in(unit)
    before = kept(rig)
    file = tmp_path / "card.pdf"
    person = next(one for one in unit.sample.people if one.records)
    said = run(*words(rig, unit, "--person", person.identity_number, "-o", str(file), "--as", unit.clerk))
    assert str(file) in said.replace("\n", "")
    assert "没有出具" in said
    pages = texts(file)
    assert all("预览" in page.replace("预览（未出具，不作凭证）", "", 1) for page in pages), (
        "the mark lies over each page"
    )
    assert person.name in pages[0]
    assert "编号" not in pages[0], "it has no number"
    assert kept(rig) == before
    assert "不是本系统出具的原件" in run("forms", "verify", str(file), code=1)


def test_a_picture_a_page_of_a_units_people(rig: CampaignRig, tmp_path: Path) -> None:
    unit = rig.units[0]
    rig.approve(unit)
    before = kept(rig)
    card = next(paper for paper in rig.notice.papers if "card" in paper)
    run(*words(rig, unit, "--paper", card, "-o", str(tmp_path / "all.png"), "--as", BUREAU))
    pictures = sorted(tmp_path.glob("all-*.png"))
    assert len(pictures) >= len(unit.sample.people)
    assert all(one.read_bytes().startswith(b"\x89PNG") for one in pictures)
    assert kept(rig) == before


def test_the_application_of_a_unit_says_what_came_out_once_it_was_judged(
    rig: CampaignRig, tmp_path: Path
) -> None:
    unit, other = rig.units
    rig.approve(unit)
    rig.hand_in(other)
    for number, one in enumerate((unit, other)):
        run(*words(rig, one, "-o", str(tmp_path / f"{number}.pdf"), "--as", BUREAU))
    judged, waiting = (texts(tmp_path / f"{number}.pdf")[0] for number in range(2))
    assert unit.sample.unit.name in judged
    assert str(len(other.sample.people)) in waiting
    assert rig.campaign.title not in judged
    with reading(rig.engine) as session:
        assert issued_papers.issued(session, rig.campaign.id) == []


def test_who_may_not_look_and_what_cannot_be_looked_at(rig: CampaignRig, tmp_path: Path) -> None:
    unit, other = rig.units
    rig.hand_in(unit)
    rig.hand_in(other)
    out = ("-o", str(tmp_path / "x.png"))
    with pytest.raises(NotFoundError, match="不在您的管理范围"):
        run(*words(rig, unit, *out, "--as", other.clerk))
    with pytest.raises(NotAllowedError):
        run(*words(rig, unit, *out, "--as", rig.verifier))
    theirs = other.sample.people[0].identity_number
    with pytest.raises(NotFoundError, match="没有登记此人"):
        run(*words(rig, unit, "--person", theirs, *out, "--as", BUREAU))
    with pytest.raises(InputError, match="没有表卡“nothing”"):
        run(*words(rig, unit, "--paper", "nothing", *out, "--as", BUREAU))
    with pytest.raises(InputError, match=r"\.png 或 \.pdf"):
        run(*words(rig, unit, "-o", str(tmp_path / "x.docx"), "--as", BUREAU))
    with pytest.raises(InputError, match="--region 和 --year"):
        run("forms", "preview", rig.campaign.public_id, *out)
    assert list(tmp_path.glob("x*")) == []


def test_every_form_of_every_region_is_seen_with_made_up_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "data"))
    registry = load()
    seen = 0
    for code in registry.codes():
        asked = registry.ask(code)
        years = [line.years for line in asked.jurisdiction().applies if asked.jurisdiction().areas]
        last = max((one.last or 2026 for one in years), default=0)
        papers = asked.document_templates(last) if last else []
        for paper in papers:
            file = tmp_path / f"{code}-{paper.id}.pdf"
            given = (
                "forms",
                "preview",
                "--region",
                code,
                "--year",
                str(last),
                "--paper",
                paper.id,
                "-o",
                str(file),
            )
            if paper.data not in ("person_year", "unit_filing"):
                with pytest.raises(InputError, match="xueshi statistics"):
                    run(*given)
                continue
            run(*given)
            assert all(page.count("预览") == 2 and "示例" in page for page in texts(file)), paper.id
            seen += 1
    assert seen >= 5
    assert not (tmp_path / "data").exists() or not list((tmp_path / "data").glob("*.db"))
