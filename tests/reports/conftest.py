"""Two bureaus, each with a data folder of its own: the district that reports, and the authority above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bureau_folder import Bureau
from campaign_rig import BUREAU, ENGINE, CampaignRig

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.campaigns.judging import sealing
from xueshi.settings import Settings
from xueshi.storage import transaction
from xueshi_cli.workplace import Workplace
from xueshi_workflows import printing


@dataclass
class Sides:
    """Both bureaus; `rig` is the campaign of the one below."""

    below: Bureau
    above: Bureau
    rig: CampaignRig
    tmp: Path

    @property
    def region(self) -> str:
        return self.rig.notice.region

    @property
    def year(self) -> str:
        return str(self.rig.notice.year)

    @property
    def upper_area(self) -> str:
        return f"{self.rig.notice.area[:2]}0000"

    def trust_each_other(self) -> None:
        """Exchange the public keys, as the two officers do once."""
        for one, other, area in (
            (self.below, self.above, self.rig.notice.area),
            (self.above, self.below, self.upper_area),
        ):
            file = self.tmp / f"key-{area}.json"
            one.run("report", "key", "-o", str(file))
            other.run("report", "trust", area, str(file))

    def built(self, *options: str) -> str:
        """Build the report below; returns the newest one's id."""
        self.below.run("report", "build", self.region, self.year, *options)
        return str(self.below.rows("report", "list")[0]["编号"])

    def sent(self, name: str = "report.zip", *options: str) -> Path:
        """Build and send; returns the file."""
        target = self.tmp / name
        self.below.run("report", "send", self.built(*options), "-o", str(target))
        return target

    def received(self, file: Path) -> str:
        """Hand a file in above; returns the newest received report's id."""
        self.above.run("report", "receive", str(file))
        return str(self.above.rows("report", "list", "--received")[0]["编号"])


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sides]:
    below, above = tmp_path / "below", tmp_path / "above"

    def use(folder: Path) -> None:
        monkeypatch.setenv("XUESHI_DATA", str(folder))

    use(below)
    rig = CampaignRig(below, f"sqlite:///{below / 'xueshi.db'}")
    place = Workplace(settings=Settings(data=above))
    made = Sides(Bureau(below, use), Bureau(above, use), rig, tmp_path)
    with transaction(place.engine) as session:
        access.add_accounts(session, ENGINE, [NewAccount(BUREAU, "上级局", "bureau", made.upper_area)])
    yield made
    rig.engine.dispose()
    place.engine.dispose()


def finish(rig: CampaignRig) -> None:
    """Approve all but the last unit, close, seal and print the table, as the workflow would."""
    for unit in rig.units[:-1]:
        rig.approve(unit)
    rig.close()
    sealing.seal_page(rig.engine, rig.campaign.id, 0, 50, lambda *_: None)
    printing.print_year_table(rig.engine, rig.place.papers, rig.campaign.id)


@pytest.fixture
def closed(sides: Sides) -> Sides:
    """Both sides, the campaign below being closed and its statistics made."""
    finish(sides.rig)
    return sides
