"""Overlays hold in the years and the area that they name, and in no other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

import pytest

from xueshi.errors import RuleFileError
from xueshi.registry import GROUP, Registry, load
from xueshi.regulations.check import check
from xueshi.regulations.loading import resolve_pack
from xueshi.regulations.sources import RegulationSource

FIRST = """\
overlay: {of: EX2020, by: 示例区人社局, document: 示例〔2021〕1号, decided: 2021-03-01, years: 2021 to open}
set: {exam_part: 12, Q2: first}
"""
SECOND = """\
overlay: {of: EX2020, by: 示例区人社局, document: 示例〔2023〕1号, decided: 2023-03-01, years: 2023 to 2024}
set: {exam_part: 20}
"""


def sources(*texts: str) -> list[RegulationSource]:
    return [RegulationSource(f"overlay{place}.yaml", text) for place, text in enumerate(texts)]


def chosen(example: str, year: int | None, area: str = "", *texts: str) -> tuple[str, object]:
    pack = resolve_pack(
        "EX2020",
        lambda name: RegulationSource(f"{name.lower()}.yaml", example),
        overlays=sources(*(texts or (FIRST, SECOND))),
        year=year,
        area=area,
    )
    [part] = [one["at_least"] for one in pack.requirements if one["id"] == "R3"]
    return pack.readings["EX2020-Q2"]["option"], part


@pytest.mark.parametrize(
    ("year", "option", "part"),
    [
        (2020, "each", None),
        (2021, "first", "12"),
        (2022, "first", "12"),
        (2023, "first", "20"),
        (2024, "first", "20"),
        (2025, "first", "12"),
        (None, "first", "20"),
    ],
)
def test_an_overlay_holds_in_its_years_only(
    example: str, year: int | None, option: str, part: str | None
) -> None:
    held, at_least = chosen(example, year)
    assert held == option
    assert at_least == (["unset", "exam_part"] if part is None else ["fixed", part])


def test_an_overlay_of_an_area_holds_there_and_in_what_lies_in_it(example: str) -> None:
    there = FIRST.replace("years:", "area: 990100, years:")
    assert chosen(example, 2021, "990102", there)[0] == "first"
    assert chosen(example, 2021, "990100", there)[0] == "first"
    assert chosen(example, 2021, "990200", there)[0] == "each"
    assert chosen(example, 2021, "", there)[0] == "each"


def test_an_overlay_of_other_years_is_looked_at_all_the_same(example: str) -> None:
    wrong = SECOND.replace("exam_part: 20", "Q9: each")
    with pytest.raises(RuleFileError, match="E302"):
        chosen(example, 2020, "", wrong)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("years: 2021 to open", "years: 2021年起", "E103"),
        ("years: 2021 to open", "years: 2023 to 2021", "E103"),
        ("years:", "area: 示例区, years:", "E103"),
        (", years: 2021 to open", "", "E101"),
    ],
)
def test_years_and_area_that_cannot_be_read_are_said(
    example: str, before: str, after: str, code: str
) -> None:
    found = check(
        "EX2020",
        lambda name: RegulationSource(f"{name.lower()}.yaml", example),
        overlays=sources(FIRST.replace(before, after)),
    )
    assert code in {one.code for one in found if one.file == "overlay0.yaml"}


def copied(
    region: str, tmp_path: Path, overlays: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Registry:
    """Load a copy of a shipped region, of another package, with overlays of its own."""
    spec = find_spec(f"xueshi_{region}")
    assert spec is not None
    assert spec.origin is not None
    package = f"copied_{region}_{tmp_path.name.replace('-', '_')}"
    shutil.copytree(Path(spec.origin).parent, tmp_path / package)
    folder = tmp_path / package / "overlays"
    folder.mkdir()
    for name, text in overlays.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    installed = EntryPoint(region, f"{package}:jurisdiction", GROUP)
    others = [one for one in load_points() if one.name != region]
    return load(found=[*others, installed])


def load_points() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return list(entry_points(group=GROUP))


@pytest.fixture
def wenzhou(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    head = "overlay: {of: WZ2017, by: 示例局, document: 示例〔%s〕0号, decided: %s-03-01, years: %s to open}\nset: {exam_sourced_min: %s}\n"
    return copied(
        "wenzhou",
        tmp_path,
        {"b.yaml": head % (2021, 2021, 2021, 12), "a.yaml": head % (2023, 2023, 2023, 20)},
        monkeypatch,
    )


@pytest.mark.parametrize(("year", "hours"), [(2020, None), (2021, "12"), (2022, "12"), (2023, "20")])
def test_a_region_asks_for_what_holds_in_the_year(wenzhou: Registry, year: int, hours: str | None) -> None:
    """The later decision counts, whatever its file is called."""
    pack = wenzhou.pack_for("330300", year)
    [asked] = [one["at_least"] for one in pack.requirements if one["id"] == "R5"]
    assert asked == (["unset", "exam_sourced_min"] if hours is None else ["fixed", hours])


def test_an_overlay_of_one_instrument_leaves_the_other_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = "overlay: {of: CZ2011, by: 示例局, document: 示例〔2012〕0号, decided: 2012-03-01, years: 2012 to 2023}\nset: {Q5: first}\n"
    above = "overlay: {of: JS2023, by: 示例局, document: 示例〔2024〕0号, decided: 2024-03-01, years: 2024 to open}\nset: {Q5: higher}\n"
    registry = copied("changzhou", tmp_path, {"old.yaml": old, "above.yaml": above}, monkeypatch)
    assert registry.pack_for("320400", 2012).readings["CZ2011-Q5"]["option"] == "first"
    newer = registry.pack_for("320400", 2024)
    assert newer.readings["JS2023-Q5"]["option"] == "higher"
    assert newer.readings["JS2023-Q5"]["chosen_by"] == "示例〔2024〕0号"


def test_an_overlay_of_no_instrument_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = "overlay: {of: WZ2071, by: 示例局, document: 示例〔2021〕0号, decided: 2021-03-01, years: 2021 to open}\nset: {exam_sourced_min: 12}\n"
    registry = copied("wenzhou", tmp_path, {"lost.yaml": lost}, monkeypatch)
    with pytest.raises(RuleFileError, match="E302 the overlay is of WZ2071"):
        registry.pack_for("330300", 2021)
