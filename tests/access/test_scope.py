"""No query shows a row outside its scope, whatever the areas, sectors and units look like."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlmodel import Session, SQLModel

from xueshi.access.scope import Scope
from xueshi.migrations import schema
from xueshi.register.rows import unit_rows
from xueshi.register.tables import Unit
from xueshi.storage import new_id

schema.metadata()
AREAS = st.sampled_from(
    ["110000", "110100", "110102", "110103", "110200", "110201", "120000", "120100", "120102", "119900"]
)
SECTORS = st.sampled_from([None, "health", "education", "water"])
TREES = st.lists(st.tuples(AREAS, SECTORS), min_size=1, max_size=12)
SCOPES = st.tuples(
    st.lists(AREAS, max_size=3),
    st.one_of(st.none(), st.lists(st.sampled_from(["health", "education"]), max_size=2)),
    st.one_of(st.none(), st.sets(st.integers(0, 11), max_size=4)),
)


def inside(outer: str, area: str) -> bool:
    """The truth by itself, written another way than the engine's: strip trailing pairs of zeros."""
    stem = outer
    while stem.endswith("00"):
        stem = stem[:-2]
    return area.startswith(stem)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, SCOPES)
def test_units_outside_a_scope_are_never_found(
    tree: list[tuple[str, str | None]],
    wanted: tuple[list[str], list[str] | None, set[int] | None],
) -> None:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    areas, sectors, numbers = wanted
    with Session(engine) as session:
        rows = [
            Unit(id=new_id(), credit_code=f"{number:018d}", name="某", area=area, sector=sector)
            for number, (area, sector) in enumerate(tree)
        ]
        session.add_all(rows)
        session.flush()
        ids = None if numbers is None else tuple(rows[one].id for one in numbers if one < len(rows))
        scope = Scope(tuple(areas), None if sectors is None else tuple(sectors), ids)
        expected = {
            row.credit_code
            for row in rows
            if any(inside(outer, row.area) for outer in areas)
            and (sectors is None or row.sector in sectors)
            and (ids is None or row.id in ids)
        }
        assert {unit.credit_code for unit in unit_rows.units(session, scope)} == expected
        for row in rows:
            assert scope.allows(row.area, row.sector, row.id) is (row.credit_code in expected)
            seen = unit_rows.unit_by_code(session, scope, row.credit_code)
            assert (seen is not None) is (row.credit_code in expected)
    engine.dispose()


def test_the_verifier_of_a_unit_decides_records_as_well_as_the_year() -> None:
    """The regions' flows name this role at the levels of both."""
    from xueshi.access.roles import verbs_of

    assert {"record.decide", "filing.decide"} <= verbs_of("unit_verifier", of_unit=True)
    assert "record.file" not in verbs_of("unit_verifier", of_unit=True)
