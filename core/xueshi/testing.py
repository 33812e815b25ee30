"""The contract that every jurisdiction must pass, ours or foreign. A plugin's test says::

from xueshi.testing import JurisdictionContract

class TestExample(JurisdictionContract):
    code = "example"
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from xueshi.documents.statistics import table_columns, table_groups
from xueshi.errors import XueshiError
from xueshi.jurisdictions import Instrument, Jurisdiction, area_contains
from xueshi.plugin_check import check_files
from xueshi.registry import Ask, Registry, load
from xueshi.regulations.applies import overlaps
from xueshi.regulations.check import check

FRONT_DOOR = "xueshi"
PURE_LIBRARIES = (
    "__future__", "collections", "dataclasses", "enum", "fractions", "functools", "itertools", "math", "re", "typing",
)  # fmt: skip
"""What a plugin's own Python may use of the standard library, with the modules below: values and pure computation."""


def may_import(module: str, package: str) -> bool:
    """Tell whether a plugin's Python may import a module: the engine's front door, its own package, pure libraries."""
    root = module.split(".", maxsplit=1)[0]
    return module == FRONT_DOOR or root == package or root in PURE_LIBRARIES


@cache
def _registry() -> Registry:
    return load(strict=False)


class JurisdictionContract:
    """Subclass it, name the jurisdiction in `code`, and pytest runs every check below on it."""

    code: str

    @property
    def ask(self) -> Ask:
        """The jurisdiction under test."""
        problems = [
            problem for problem in _registry().problems if problem.entry_point.startswith(f"{self.code} ")
        ]
        assert not problems, str(problems[0])
        return _registry().ask(self.code)

    @property
    def who(self) -> Jurisdiction:
        """Who it says it is."""
        return self.ask.jurisdiction()

    def test_it_identifies_itself(self) -> None:
        """Code, Chinese name, and at least one instrument with its years."""
        who = self.who
        assert who.code == self.code
        assert who.name
        assert who.instruments

    def test_areas_are_codes_of_the_national_standard(self) -> None:
        """Six digits each, none twice, with a name."""
        codes = [area.code for area in self.who.areas]
        assert len(codes) == len(set(codes))
        assert all(len(code) == 6 and code.isdigit() for code in codes)
        assert all(area.name for area in self.who.areas)

    def test_exactly_one_instrument_applies(self) -> None:
        """No two lines for the same area and sector meet in a year; each names a known instrument and an own area."""
        who = self.who
        assert not overlaps(who)
        known = _registry().instruments()
        for line in who.applies:
            assert line.use in known, f"applies names unknown instrument {line.use}"
            assert any(area_contains(area.code, line.area) for area in who.areas), line.area

    def test_encoded_instruments_have_no_error(self) -> None:
        """Every rule file passes the one list of checks without an E."""
        for instrument in self._encoded():
            found = check(
                instrument.id, _registry().source_of, functions=self.ask.hour_functions(instrument.id)
            )
            errors = [str(finding) for finding in found if finding.severity == "E"]
            assert not errors, "\n".join(errors)

    def test_what_is_not_encoded_is_refused_by_name(self) -> None:
        """Asking for the rules of a listed but unencoded instrument names it; it never gives an empty rule set."""
        for instrument in self.who.instruments:
            if instrument.file is None:
                try:
                    self.ask.credit_rules(instrument.id)
                except XueshiError as error:
                    assert instrument.id in str(error)
                else:
                    raise AssertionError(f"{instrument.id} is not encoded, yet rules came back")

    def test_flows_can_be_walked(self) -> None:
        """No check of flows finds an E: levels that are reached, signers enough, clauses, every channel that rules name."""
        found = _registry().flow_findings(self.code)
        errors = [str(finding) for finding in found if finding.severity == "E"]
        assert not errors, "\n".join(errors)

    def test_files_beside_the_rules_have_no_error(self) -> None:
        """`applies`, flows, notices and papers are readable, cite clauses that exist and name what is there."""
        errors = [str(finding) for finding in check_files(_registry(), self.code) if finding.severity == "E"]
        assert not errors, "\n".join(errors)

    def test_notices_can_be_opened(self) -> None:
        """Every notice names an own area, a window in order, a flow and papers that exist."""
        for year in self._years():
            flows = {flow.id for flow in self.ask.approval_flows(year)}
            papers = {paper.id for paper in self.ask.document_templates(year)}
            for notice in self.ask.notices(year):
                assert notice.opens <= notice.closes, f"{notice.id}: the window ends before it opens"
                assert notice.flow in flows, f"{notice.id}: no flow {notice.flow}"
                assert set(notice.papers) <= papers, f"{notice.id}: papers without template"
                assert any(area_contains(area.code, notice.area) for area in self.who.areas), notice.area

    def test_papers_have_their_templates(self) -> None:
        """The entry template of every paper is the plugin's own or a shared one."""
        for year in self._years():
            for paper in self.ask.document_templates(year):
                own = not paper.template or paper.template in paper.closure or "/" in paper.template
                assert own, f"{paper.id}: no template {paper.template}"

    def test_yearly_tables_can_be_counted(self) -> None:
        """Every column of a yearly table has a key that is counted and a definition, and every level has a row."""
        for year in self._years():
            for paper in self.ask.document_templates(year):
                if paper.data == "year_table":
                    keys = [column.key for column in table_columns(paper)]
                    assert len(keys) == len(set(keys)), f"{paper.id}: a column stands twice"
                    assert keys[0] == "group", f"{paper.id}: the first column names the rows"
                    assert table_groups(paper), f"{paper.id}: no rows (fields.groups)"

    def test_it_enters_by_the_front_door(self) -> None:
        """Its Python imports `xueshi` itself and a few pure libraries, no inner module, no clock, no I/O."""
        for name, tree in _modules(files(self.ask.package)):
            for node in ast.walk(tree):
                for module in _imported(node):
                    allowed = may_import(module, self.ask.package)
                    assert allowed, f"{name} imports {module}; a plugin may import from `xueshi` only"

    def _encoded(self) -> list[Instrument]:
        return [instrument for instrument in self.who.instruments if instrument.file is not None]

    def _years(self) -> range:
        firsts = [instrument.years.first for instrument in self.who.instruments]
        return range(min(firsts), max(firsts) + 20)


def _modules(folder: Traversable) -> Iterator[tuple[str, ast.Module]]:
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        if item.is_file() and item.name.endswith(".py"):
            yield item.name, ast.parse(item.read_text(encoding="utf-8"))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
        return [node.module]
    return []
