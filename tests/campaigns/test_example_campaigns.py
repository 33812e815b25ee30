"""A whole closing of a year in every region, by a made-up notice: open, hand in, decide, close, seal, finish."""

from __future__ import annotations

from pathlib import Path

import pytest
from notice_rig import EXAMPLES, Made, NoticeRig
from sqlalchemy import Engine

from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.judging import sealing
from xueshi.results.rows import seal_rows
from xueshi.storage import reading
from xueshi_workflows import printing

NOTICES = sorted((EXAMPLES / "notices").glob("*.yaml"))
UNITS = (Made(sector="教育"), Made(), Made(kind="hr_agency"), Made(kind="base", sector="卫生"))


@pytest.mark.parametrize("notice", NOTICES, ids=lambda file: file.stem)
def test_a_year_is_closed_from_notice_to_sealed_results(
    empty_database: Engine, tmp_path: Path, notice: Path
) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    rig = NoticeRig(tmp_path / "data", url, notice, UNITS)
    for unit in rig.units:
        assert rig.walk(unit) == rig.levels(unit)
        assert rig.filing(unit).stage == "approved"
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    printing.print_page(rig.engine, rig.place.papers, rig.campaign.id, 0, 50, lambda *_: None)
    printing.print_year_table(rig.engine, rig.place.papers, rig.campaign.id)
    assert rig.fresh().stage == "finished"
    with reading(rig.engine) as session:
        sealed = seal_rows.sealed_results(session, rig.campaign.id)
        assert [result.verdict for _, result in sealed] == ["not_met"] * len(UNITS)
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None
    rig.engine.dispose()


@pytest.mark.parametrize(("area", "name"), [("320000", "江苏省"), ("320100", "320100")])
def test_a_campaign_is_not_headed_by_the_name_of_the_area_around_it(
    tmp_path: Path, area: str, name: str
) -> None:
    notice = tmp_path / "notice.yaml"
    text = (EXAMPLES / "notices" / "jiangsu-2024.yaml").read_text(encoding="utf-8")
    notice.write_text(text.replace("area: 320000", f"area: {area}"), encoding="utf-8")
    rig = NoticeRig(tmp_path / "data", f"sqlite:///{tmp_path / 'x.db'}", notice, UNITS[:1])
    assert rig.campaign.area_name == name
    rig.engine.dispose()
