"""Records a folder with a campaign in mid-course, as an older engine left it: run it *in that engine's own checkout*.

    git worktree add --detach /tmp/old REVISION
    .venv/bin/python tests/kit/record_folder.py /tmp/old tests/upgrades/SCHEMA

It writes the database as SQL with the keys of its made-up people, and how that very engine finished the campaign
(`finished.json`): whoever upgrades must come to the same. Never record a folder anew to make a failing upgrade pass.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path


def record(folder: Path, target: Path) -> None:
    """Play a campaign in `folder` to its middle, write it to `target`, and finish it."""
    from campaign_rig import CampaignRig
    from temporalio.testing import ActivityEnvironment

    from xueshi.campaigns.figures.dump import canonical_dump
    from xueshi.storage import reading
    from xueshi_workflows.activities import CampaignActivities
    from xueshi_workflows.messages import Page

    rig = CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=4, people=16)
    approved, deciding, handed_in, _ = rig.units
    rig.approve(approved)
    rig.hand_in(deciding)
    rig.sign(deciding)
    rig.hand_in(handed_in)
    target.mkdir(parents=True, exist_ok=True)
    stored = sqlite3.connect(folder / "xueshi.db")
    (target / "xueshi.sql").write_text("\n".join(stored.iterdump()) + "\n")
    stored.close()
    shutil.copyfile(folder / "keys.json", target / "keys.json")
    for unit in (deciding, handed_in):
        if unit is handed_in:
            rig.sign(unit)
        rig.settle(unit)
        assert rig.decide(rig.verifier, unit).state == "done"
    rig.close()
    run = ActivityEnvironment().run
    activities = CampaignActivities(rig.engine, folder / "papers", None)  # type: ignore[arg-type]
    page = Page(str(rig.campaign.id), 0, 50)
    run(activities.seal_results, page)
    run(activities.render_forms, page)
    run(activities.aggregate_statistics, page.campaign_id)
    with reading(rig.engine) as session:
        finished = canonical_dump(session, rig.campaign.id)
    (target / "finished.json").write_text(json.dumps(finished, ensure_ascii=False, indent=1) + "\n")


def main(checkout: Path, target: Path) -> None:
    """Put the old checkout before everything that is installed, and record."""
    plugins = [folder for folder in (checkout / "plugins").iterdir() if folder.is_dir()]
    rooms = [checkout / room for room in ("core", "templates", "workflows", "cli", "tests/kit")]
    sys.path[:0] = [str(path) for path in (*rooms, *plugins)]
    import xueshi

    assert Path(xueshi.__file__).is_relative_to(checkout), "another engine came first"
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder) / "data", target)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
