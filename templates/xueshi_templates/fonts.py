"""The fonts that papers are set in: where they lie, which of them has a character, and what their digest is.

Papers never use the fonts of the machine they happen to be printed on: only the folder filled at set-up
(`python -m xueshi_templates.fonts fetch`), LXGW WenKai where the operator installed it, and a bureau's own
licensed fonts in `XUESHI_FONTS`, which come first. The digest of the set is part of a paper's hash: equal bytes
are promised for equal digests only.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import typst
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # ships no types
from platformdirs import user_cache_dir

from xueshi.errors import InputError, ServiceMissingError

Role = Literal["song", "hei", "fill", "head"]
"""What a text is: `song` printed words, `hei` sub-headings, `fill` what is filled in, `head` titles."""

CHAINS: dict[Role, tuple[str, ...]] = {
    "song": ("Noto Serif SC", "Noto Sans SC"),
    "hei": ("Noto Sans SC", "Noto Serif SC"),
    # GB/T 9704 asks for 仿宋; no open font of wide coverage exists, so the licensed ones come first where a
    # bureau has them, then 楷体, then 宋体.
    "fill": (
        "FZFangSong-Z02",
        "方正仿宋_GBK",
        "FangSong_GB2312",
        "仿宋_GB2312",
        "FangSong",
        "仿宋",
        "LXGW WenKai",
        "Noto Serif SC",
        "Noto Sans SC",
    ),
    "head": ("FZXiaoBiaoSong-B05", "FZXiaoBiaoSong-B05S", "方正小标宋_GBK", "Noto Serif SC", "Noto Sans SC"),
}
REGULAR = 400
WENKAI_FOLDER = Path("/usr/share/fonts/truetype/lxgw-wenkai")
REQUIRED_FAMILIES = ("Noto Serif SC", "Noto Sans SC")
FETCH_COMMAND = "python -m xueshi_templates.fonts fetch"


def cache_folder() -> Path:
    """Return the folder for things fetched at set-up: `XUESHI_CACHE`, else the platform's user cache."""
    chosen = os.environ.get("XUESHI_CACHE")
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("xueshi"))


def font_folder() -> Path:
    """Return the folder that `fetch` fills; it may not exist yet."""
    return cache_folder() / "fonts"


def fonts_available() -> bool:
    """Tell whether every file that `fetch` brings is in place (by name; `fetch` itself checks the bytes)."""
    from xueshi_templates.font_packages import missing_files  # noqa: PLC0415 - set-up code, not needed to print

    return not missing_files(font_folder())


@dataclass(frozen=True)
class FontFile:
    """One font file of a set: family as Typst names it, weight (400, 700, …), path, place in a collection."""

    family: str
    weight: int
    path: Path
    index: int

    @cached_property
    def metrics(self) -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
        """Return (glyph name by code point, advance and bearing by glyph name, units per em)."""
        with TTFont(self.path, fontNumber=self.index, lazy=True) as font:
            cmap: dict[int, str] = dict(font.getBestCmap() or {})
            return cmap, dict(font["hmtx"].metrics), int(font["head"].unitsPerEm)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the file."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


class _Table(dict[str, int]):
    """Widths of one family's characters in thousandths of an em, filled as they are asked for."""

    def __init__(self, file: FontFile) -> None:
        super().__init__()
        self._cmap, self._advances, self._units = file.metrics
        self._signs = frozenset(map(chr, self._cmap)) | {"\n", "\t"}

    def __missing__(self, sign: str) -> int:
        glyph = self._cmap.get(ord(sign))
        width = 1000 if glyph is None else -(-self._advances[glyph][0] * 1000 // self._units)
        self[sign] = width
        return width

    def covers(self, text: str) -> bool:
        """Tell whether the family has every character of `text`."""
        return self._signs.issuperset(text)


class _MixedTable(dict[str, int]):
    """Widths of characters that are set each in the first of several families that has it."""

    def __init__(self, tables: Sequence[_Table]) -> None:
        super().__init__()
        self._of = tables

    def __missing__(self, sign: str) -> int:
        table = next((table for table in self._of if table.covers(sign)), self._of[0])
        width = self[sign] = table[sign]
        return width


@dataclass(frozen=True)
class FontSet:
    """An ordered set of font files; the only thing about fonts that a paper depends on."""

    files: tuple[FontFile, ...]
    folders: tuple[Path, ...]
    """Where the files lie; Typst takes whole folders."""
    _tables: dict[str, _Table] = field(default_factory=dict, compare=False, repr=False)
    _mixed: dict[tuple[str, ...], _MixedTable] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """Return the digest of the set: of every file's family, weight and bytes, in a fixed order."""
        lines = sorted(f"{file.family}\t{file.weight}\t{file.index}\t{file.digest}" for file in self.files)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @cached_property
    def families(self) -> frozenset[str]:
        """Return the names of the families in the set."""
        return frozenset(file.family for file in self.files)

    @cached_property
    def typst_fonts(self) -> typst.Fonts:
        """Return the set as Typst loads it: these folders, neither the system's fonts nor Typst's own."""
        return _typst_fonts(self.folders)

    def chain(self, role: Role) -> tuple[str, ...]:
        """Return the families that serve a role, best first: the role's own, then whatever else a bureau put in.

        A font for rare characters has a name of its own (天珩全字库, 全宋体); it serves where the others lack a sign.
        """
        own = tuple(family for family in CHAINS[role] if family in self.families)
        return own + tuple(sorted(self.families.difference(own)))

    def family_for(self, text: str, role: Role) -> str | None:
        """Return the first family of the role's chain that has every character of `text`; None when none has.

        A text is set in one family, whole: a name with one rare character does not change its face midway.
        """
        for family in self.chain(role):
            if not self.lacking(text, family):
                return family
        return None

    def lacking(self, text: str, family: str) -> list[str]:
        """Return the characters of `text` that a family does not have, in order of appearance."""
        table = self._table(family)
        if table.covers(text):
            return []
        return [sign for sign in dict.fromkeys(text) if not table.covers(sign)]

    def faces_for(self, text: str, role: Role) -> tuple[str, ...]:
        """Return the families that `text` is set in: one where one has all of it, else all, each sign in the first that has it."""
        whole = self.family_for(text, role)
        return self.chain(role) if whole is None else (whole,)

    def missing(self, text: str) -> list[str]:
        """Return the characters of `text` that no font for filled-in text has."""
        chain = self.chain("fill")
        if self._table(chain[0]).covers(text):
            return []
        return [sign for sign in dict.fromkeys(text) if all(self.lacking(sign, family) for family in chain)]

    def width(self, text: str, faces: tuple[str, ...]) -> int:
        """Return the set width of `text` in thousandths of an em, in the regular weight and without kerning.

        `faces` are the families it is set in, each sign in the first that has it.
        """
        return sum(map(self._widths(faces).__getitem__, text))

    def _widths(self, faces: tuple[str, ...]) -> dict[str, int]:
        if len(faces) == 1:
            return self._table(faces[0])
        known = self._mixed.get(faces)
        if known is None:
            known = self._mixed[faces] = _MixedTable([self._table(family) for family in faces])
        return known

    def _table(self, family: str) -> _Table:
        known = self._tables.get(family)
        if known is None:
            fitting = [file for file in self.files if file.family == family]
            regular = min(fitting, key=lambda file: (abs(file.weight - REGULAR), str(file.path)))
            known = self._tables[family] = _Table(regular)
        return known


def font_set(folders: Iterable[Path]) -> FontSet:
    """Read a font set from folders; those that do not exist are passed over.

    Raises ServiceMissingError when the fonts that every paper needs are not among them.
    """
    folders = tuple(folders)
    present = tuple(folder for folder in folders if folder.is_dir())
    found = sorted(
        (
            FontFile(font.family, font.weight, Path(font.path), font.index)
            for font in _typst_fonts(present).fonts()
            if font.path and font.style == "normal"
        ),
        key=lambda file: (file.family, file.weight, file.path.name, file.index),
    )
    families = {file.family for file in found}
    lacking = [family for family in REQUIRED_FAMILIES if family not in families]
    if lacking:
        places = "、".join(str(folder) for folder in folders)
        raise ServiceMissingError(
            f"缺少打印表格所需字体：{'、'.join(lacking)}（查找位置：{places}）。"
            f"请运行 make setup，或单独运行 {FETCH_COMMAND}；"
            "也可以把字体文件放入一个文件夹，并用环境变量 XUESHI_FONTS 指向它。"
        )
    return FontSet(tuple(found), present)


def _typst_fonts(folders: Sequence[Path]) -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in folders],
    )


def installed_fonts() -> FontSet:
    """Return the font set of this installation (read once per process and choice of folders).

    Order: `XUESHI_FONTS` (a bureau's licensed fonts), the fetched fonts, LXGW WenKai where it is installed.
    """
    own = os.environ.get("XUESHI_FONTS", "")
    if own and not Path(own).expanduser().is_dir():
        raise InputError(
            f"XUESHI_FONTS 指向的文件夹不存在：{own}。请改为存放字体文件的文件夹，或取消该设置。"
        )
    folders = [Path(own).expanduser()] if own else []
    return _read_once((*folders, font_folder(), WENKAI_FOLDER))


@lru_cache(maxsize=4)
def _read_once(folders: tuple[Path, ...]) -> FontSet:
    return font_set(folders)


def font_digest() -> str:
    """Return the digest of the installed font set."""
    return installed_fonts().digest


def run(arguments: Sequence[str]) -> int:
    """Run `fetch` (idempotent) or `show`; returns the exit code."""
    from rich.console import Console  # noqa: PLC0415 - only for the command

    from xueshi_templates.font_packages import fetch  # noqa: PLC0415 - set-up code, not needed to print

    console = Console(stderr=True)
    if list(arguments) == ["fetch"]:
        try:
            fetch(font_folder(), cache_folder(), console)
        except ServiceMissingError as error:
            console.print(str(error), style="red", markup=False)
            return error.exit_code
        return 0
    if list(arguments) == ["show"]:
        fonts = installed_fonts()
        for file in fonts.files:
            console.print(f"{file.family} {file.weight}  {file.path}", markup=False, highlight=False)
        console.print(f"digest {fonts.digest}", highlight=False)
        return 0
    console.print(f"usage: {FETCH_COMMAND} | show", markup=False)
    return 2


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
