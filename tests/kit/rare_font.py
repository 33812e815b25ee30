"""A made font that has one rare character, under a family name of its own, as a bureau would put it into XUESHI_FONTS."""

from __future__ import annotations

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

from xueshi_templates.fonts import font_folder, font_set

RARE = "𠮷"
"""U+20BB7: in no font that set-up fetches."""


def rare_font(folder: Path) -> Path:
    """Write the font into a folder, which is made; its glyph is that of 吉."""
    source = next(
        file
        for file in font_set([font_folder()]).files
        if file.family == "Noto Serif SC" and file.weight == 400
    )
    font = TTFont(source.path)
    cutter = subset.Subsetter(subset.Options(layout_features=[], name_IDs=["*"]))
    cutter.populate(text="吉")
    cutter.subset(font)
    glyph = font.getBestCmap()[ord("吉")]
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.format, table.language = 3, 10, 12, 0
    table.reserved, table.length, table.nGroups = 0, 0, 0
    table.cmap = {ord(RARE): glyph}
    font["cmap"].tables = [table]
    for record in font["name"].names:
        record.string = (
            record.toUnicode().replace("Noto Serif SC", "Rare Song").replace("NotoSerifSC", "RareSong")
        )
    folder.mkdir(parents=True, exist_ok=True)
    font.save(folder / "rare.ttf")
    return folder
