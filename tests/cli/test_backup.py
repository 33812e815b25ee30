"""A backup taken in mid-campaign goes on elsewhere; a damaged one is refused; nothing is overwritten."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from campaign_rig import CampaignRig
from typer.testing import CliRunner

from xueshi.access.scope import Scope
from xueshi.audit import repository as audit
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.rows import filing_rows
from xueshi.errors import InputError, ServiceMissingError
from xueshi.register.identity import KeyRing
from xueshi.storage import reading
from xueshi_cli import doctor
from xueshi_cli.main import build
from xueshi_cli.workplace import Workplace

RUN = CliRunner()


def run(*words: str) -> str:
    done = RUN.invoke(build(), list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CampaignRig:
    folder = tmp_path / "data"
    monkeypatch.setenv("XUESHI_DATA", str(folder))
    return CampaignRig(folder, f"sqlite:///{folder / 'xueshi.db'}", units=2, people=4)


def test_a_folder_comes_back_whole_with_its_keys(rig: CampaignRig, tmp_path: Path) -> None:
    rig.approve(rig.units[0])
    run("backup", str(tmp_path / "copy.tar"))
    rig.approve(rig.units[1])
    run("restore", str(tmp_path / "copy.tar"), str(tmp_path / "back"))
    place = Workplace(tmp_path / "back")
    with reading(place.engine) as session:
        stages = [one.stage for one in filing_rows.filings(session, Scope.everything(), rig.campaign.id)]
        assert stages == ["approved", "filing"], "as it was when the backup was made"
        assert reconcile(session).difference == 0
        assert audit.verify(session).broken_at is None
    number = rig.units[0].sample.people[0].identity_number
    assert place.keys.index_of(number) == rig.place.keys.index_of(number)
    place.engine.dispose()
    rig.engine.dispose()


def test_a_backup_without_keys_says_what_is_missing(rig: CampaignRig, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "copy.tar"), "--no-keys")
    assert "不含密钥" in run("restore", str(tmp_path / "copy.tar"), str(tmp_path / "back"))
    rig.engine.dispose()


def test_without_its_keys_a_register_gets_no_new_ones(
    rig: CampaignRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New keys would find nobody again: he would be entered twice, and his number could never be read."""
    rig.approve(rig.units[0])
    run("backup", str(tmp_path / "copy.tar"), "--no-keys")
    back = tmp_path / "back"
    run("restore", str(tmp_path / "copy.tar"), str(back))
    monkeypatch.setenv("XUESHI_DATA", str(back))
    with pytest.raises(ServiceMissingError, match="找不到密钥文件"):
        run("register", "export", "-o", str(tmp_path / "all.zip"), "--with-identity", "--as", "bureau")
    assert not (back / "keys.json").exists()
    assert doctor.keys(Workplace(back).settings).state == "missing"
    KeyRing.create(back / "keys.json")
    with pytest.raises(ServiceMissingError, match="不是本登记所用的"):
        run("register", "export", "-o", str(tmp_path / "all.zip"), "--with-identity", "--as", "bureau")
    assert not (tmp_path / "all.zip").exists()
    assert doctor.keys(Workplace(back).settings).state == "missing"
    shutil.copyfile(rig.place.settings.key_file, back / "keys.json")
    run("register", "export", "-o", str(tmp_path / "all.zip"), "--with-identity", "--as", "bureau")
    assert doctor.keys(Workplace(back).settings).state == "ok"
    rig.engine.dispose()


def test_nothing_is_overwritten(rig: CampaignRig, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "copy.tar"))
    with pytest.raises(InputError, match="已存在"):
        run("backup", str(tmp_path / "copy.tar"))
    with pytest.raises(InputError, match="不是空的"):
        run("restore", str(tmp_path / "copy.tar"), str(rig.place.folder))
    rig.engine.dispose()


def test_a_damaged_backup_is_refused_and_leaves_nothing(rig: CampaignRig, tmp_path: Path) -> None:
    whole, broken = tmp_path / "copy.tar", tmp_path / "broken.tar"
    run("backup", str(whole))
    rig.engine.dispose()
    with tarfile.open(whole) as archive:
        archive.extractall(tmp_path / "open", filter="data")
    with (tmp_path / "open" / "xueshi.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"x")
    with tarfile.open(broken, "w") as archive:
        archive.add(tmp_path / "open", arcname=".")
    with pytest.raises(InputError, match=r"xueshi\.db 等 1 个文件与清单不符"):
        run("restore", str(broken), str(tmp_path / "back"))
    assert not (tmp_path / "back").exists()
    letter = tmp_path / "letter.tar"
    letter.write_text("您好")
    with pytest.raises(InputError, match="不是可读的备份"):
        run("restore", str(letter), str(tmp_path / "back"))


def test_an_empty_folder_has_nothing_to_back_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="没有数据库"):
        run("backup", str(tmp_path / "copy.tar"))


def test_everything_that_a_row_may_name_comes_back(rig: CampaignRig, tmp_path: Path) -> None:
    """Papers, proofs, letters, reports; what is half written, and what can be made again, stays behind."""
    kept = [f"{name}/sub/file.bin" for name in ("papers", "evidence", "messages", "reports")]
    left = ["papers/sub/half.partial", "logs/worker.log", "marks/assess_unit.heartbeat"]
    for name in (*kept, *left):
        file = rig.place.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    run("backup", str(tmp_path / "copy.tar"))
    run("restore", str(tmp_path / "copy.tar"), str(tmp_path / "back"))
    assert [(tmp_path / "back" / name).read_text() for name in kept] == kept
    assert not any((tmp_path / "back" / name).exists() for name in left)
    rig.engine.dispose()
