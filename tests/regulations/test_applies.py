"""Which instrument applies: exactly one, the district's before the city's, and a refusal that names the nearest year."""

from __future__ import annotations

import pytest

from xueshi.errors import NotEncodedError
from xueshi.jurisdictions import AppliesLine, Area, Instrument, Jurisdiction, YearSpan
from xueshi.regulations.applies import check_applies, choose


def place(*lines: AppliesLine) -> Jurisdiction:
    instruments = tuple(
        Instrument(name, "示例", "none", YearSpan(2010)) for name in ("EX2010", "EX2020", "EXD", "EXM")
    )
    return Jurisdiction(
        "example", "示例市", (Area("990100", "示例市"), Area("990102", "示例区")), instruments, lines
    )


OLD = AppliesLine("990100", YearSpan(2011, 2019), "EX2010", "EX2020 九")
NEW = AppliesLine("990100", YearSpan(2020), "EX2020", "EX2020 九")


def test_the_year_decides() -> None:
    who = place(OLD, NEW)
    assert choose(who, "990100", 2019).use == "EX2010"
    assert choose(who, "990100", 2020).use == "EX2020"


def test_a_district_is_under_its_city_unless_it_has_its_own() -> None:
    own = AppliesLine("990102", YearSpan(2020), "EXD", "EXD 一")
    assert choose(place(NEW), "990102", 2021).use == "EX2020"
    assert choose(place(NEW, own), "990102", 2021).use == "EXD"
    assert choose(place(NEW, own), "990100", 2021).use == "EX2020"


def test_a_line_with_the_persons_sector_goes_first() -> None:
    sector = AppliesLine("990100", YearSpan(2020), "EXM", "EXM 一", sector="medical")
    who = place(NEW, sector)
    assert choose(who, "990100", 2021, "medical").use == "EXM"
    assert choose(who, "990100", 2021, "teaching").use == "EX2020"
    assert choose(who, "990100", 2021).use == "EX2020"


def test_before_the_first_year_the_nearest_is_named() -> None:
    with pytest.raises(NotEncodedError, match="EX2010") as refused:
        choose(place(OLD, NEW), "990100", 2010)
    assert "2010" in str(refused.value)
    assert "2011" in str(refused.value)


def test_a_place_without_any_instrument_is_refused() -> None:
    with pytest.raises(NotEncodedError, match="110000"):
        choose(place(NEW), "110000", 2021)


def test_two_lines_for_one_year_are_an_error() -> None:
    longer = AppliesLine("990100", YearSpan(2011, 2021), "EX2010", "EX2020 九")
    [found] = check_applies(place(longer, NEW), "jurisdiction.yaml")
    assert found.code == "E406"
    assert "990100 in 2020 to 2021: EX2010 and EX2020" in found.message
    assert check_applies(place(OLD, NEW), "jurisdiction.yaml") == []


def test_a_line_names_an_instrument_that_is_there() -> None:
    wrong = AppliesLine("990100", YearSpan(2020), "EX2O20", "EX2020 九")
    [found] = check_applies(place(wrong), "jurisdiction.yaml")
    assert (found.code, found.severity) == ("E504", "E")
    assert 'did you mean "EX2020"?' in found.message
