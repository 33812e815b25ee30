"""What is wrong in a plugin's files beside the rules: applies, flows, notices, papers; each with file, line and repair.

`regions check` and the contract call it; the checks of rule files are `regulations.check`, those of a flow by itself
`campaigns.flow_check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable

from xueshi.data_jurisdiction import DataJurisdiction
from xueshi.errors import PluginError, RuleFileError
from xueshi.jurisdictions import Jurisdiction, area_contains
from xueshi.plugin_files import FlowFile, PaperFile, read_notice, read_yaml
from xueshi.registry import Registry
from xueshi.regulations import document
from xueshi.regulations.applies import check_applies
from xueshi.regulations.diagnostics import Diagnostic, Findings, did_you_mean, nearest
from xueshi.regulations.floor import LOOSER, MIXED, Difference, against_floor, compared_year
from xueshi.regulations.instrument import read_rule_file
from xueshi.regulations.pack import RulePack
from xueshi.regulations.sources import RegulationSource

UNKNOWN = "待填"
"""What a scaffold writes where the text of the notice does not say it."""
YEARS = 60
"""How many years from its first instrument on a region is asked for its notices."""


def check_files(registry: Registry, code: str) -> list[Diagnostic]:
    """Return the findings of one jurisdiction, in the order applies, flows, notices, papers."""
    return list(_Checked(registry, code).findings())


def floor_of(registry: Registry) -> str:
    """Return the instrument that all others are held against: that of a jurisdiction which applies to no area itself."""
    for code in registry.codes():
        who = registry.ask(code).jurisdiction()
        encoded = [one.id for one in who.instruments if one.file is not None]
        if encoded and not who.applies:
            return encoded[0]
    return ""


def looser_findings(registry: Registry, code: str) -> list[Diagnostic]:
    """Return N301 for every minimum of a jurisdiction that is below the superior text's, in the year they are compared.

    A notice, never an error: the text may say so, and officers shall see that it does. A file that does not load has
    findings of its own.
    """
    floor = floor_of(registry)
    encoded = [one.id for one in registry.ask(code).jurisdiction().instruments if one.file is not None]
    if not floor or floor in encoded:
        return []
    found: list[Diagnostic] = []
    base = registry.pack_of(floor)
    for instrument in encoded:
        with suppress(RuleFileError):
            pack = registry.pack_of(instrument)
            year = compared_year(pack, base)
            found += [
                _looser(registry, pack, base, one, year)
                for one in against_floor(pack, base)
                if one.verdict in (LOOSER, MIXED) and base.serves(year)
            ]
    return found


def _looser(registry: Registry, pack: RulePack, base: RulePack, one: Difference, year: int) -> Diagnostic:
    source = registry.source_of(pack.id)
    written = read_rule_file(source, Findings()).section("requirements")
    names = [entry["id"] for entry in pack.requirements if entry["of"] == one.of and entry["at_least"]]
    line = next((written.line_of(name) for name in names if name in written.entries), 1)
    label = {**base.categories, **pack.labels}.get(one.of, one.of)
    how = "looser than" if one.verdict == LOOSER else "by level stricter and looser than"
    guide = ", there in general" if one.guide else ""
    return Diagnostic(
        "N301",
        "W",
        source.path,
        line,
        one.local_clause,
        f"{label} in {year}: {one.local} ({one.local_clause}) is {how} {base.id}: {one.superior} ({one.superior_clause}{guide})",
        "nothing where the text says so: it is shown to officers; else correct at_least, or add a warning (effect: warn)",
    )


def overdue_laws(registry: Registry, code: str, today: date) -> list[str]:
    """Say of each rule file of a jurisdiction that was to be looked at again (`verified.review`) that the day has passed."""
    found = []
    for one in registry.ask(code).jurisdiction().instruments:
        if one.file is None:
            continue
        source = registry.source_of(one.id)
        if "verified" not in source.text:
            continue  # most name no day: they need not be read for it
        verified = read_rule_file(source, Findings()).header.verified
        if verified is not None and verified.overdue(today.isoformat()):
            found.append(
                f"规则{one.id}由{verified.by}于{verified.on}核对，应在{verified.review}前复核，已过期"
            )
    return found


def cited_places(registry: Registry) -> dict[str, list[str]]:
    """Return what may be cited: the clauses of every encoded instrument and of every notice, of all plugins."""
    found: dict[str, list[str]] = {}
    for code in registry.codes():
        asked = registry.ask(code)
        instruments = asked.jurisdiction().instruments
        for one in instruments:
            if one.file is not None:
                found[one.id] = list(read_rule_file(registry.source_of(one.id), Findings()).clauses)
        first = min((one.years.first for one in instruments), default=0)
        with suppress(PluginError):  # a notice that cannot be read is a finding of its own
            for year in range(first, first + YEARS):
                found |= {
                    notice.id: [clause.rpartition(" ")[2] for clause in notice.clauses]
                    for notice in asked.notices(year)
                }
    return found


class _Checked:
    """One jurisdiction while it is looked at: its files as trees with lines."""

    def __init__(self, registry: Registry, code: str) -> None:
        self.registry = registry
        self.asked = registry.ask(code)
        self.who: Jurisdiction = self.asked.jurisdiction()
        self.package = self.asked.package
        self.cited = cited_places(registry)

    @property
    def _root(self) -> Traversable:
        """The plugin's folder: its own word for it where its files are data."""
        plugin = self.asked.plugin
        return plugin.root if isinstance(plugin, DataJurisdiction) else files(self.package)

    def findings(self) -> Iterator[Diagnostic]:
        yield from self._applies()
        if not isinstance(self.asked.plugin, DataJurisdiction):
            return
        yield from _left_over(_tree(self._root / "jurisdiction.yaml", f"{self.package}/jurisdiction.yaml"))
        for file, where in self._folder("regulations"):
            yield from _left_over(_tree(file, where))
        yield from self._unreadable("flows", lambda file, where: read_yaml(file, FlowFile, where))
        yield from self._unreadable("papers", lambda file, where: read_yaml(file, PaperFile, where))
        for file, where in self._folder("notices"):
            faults = list(_refused(file, where, self._notice))
            yield from faults
            if not faults:
                yield from self._references(file, where)

    def _applies(self) -> Iterator[Diagnostic]:
        where = f"{self.package}/jurisdiction.yaml"
        lines: list[int] = []
        if isinstance(self.asked.plugin, DataJurisdiction):
            listed = _tree(self._root / "jurisdiction.yaml", where).get("applies")
            lines = [item.line for item in listed.items] if isinstance(listed, document.Sequence) else []
        yield from check_applies(self.who, where, self.registry.instruments(), lines=lines, cited=self.cited)

    def _notice(self, file: Traversable, where: str) -> object:
        return read_notice(file, where, self.who.code)

    def _references(self, file: Traversable, where: str) -> Iterator[Diagnostic]:
        """A notice names an own area, and a flow and papers that serve its year."""
        notice = read_notice(file, where, self.who.code)
        tree = _tree(file, where)
        areas = [area.code for area in self.who.areas]
        if not any(area_contains(area, notice.area) for area in areas):
            yield _finding(
                "N201",
                tree,
                "area",
                f'"{notice.area}" is no area of this jurisdiction',
                f"area: {' or '.join(areas)}",
            )
        try:
            flows = [flow.id for flow in self.asked.approval_flows(notice.year) if flow.purpose == "campaign"]
            papers = [paper.id for paper in self.asked.document_templates(notice.year)]
        except PluginError:
            return  # the file that cannot be read is a finding already
        if notice.flow not in flows:
            yield _finding(
                "N202",
                tree,
                "flow",
                f'no flow of a campaign in {notice.year} is called "{notice.flow}"{did_you_mean(notice.flow, flows)}',
                f"flow: {nearest(notice.flow, flows) or ' or '.join(flows) or 'write one in flows/'}",
            )
        for paper in notice.papers:
            if paper not in papers:
                yield _finding(
                    "N203",
                    tree,
                    "papers",
                    f'no paper of {notice.year} is called "{paper}"{did_you_mean(paper, papers)}',
                    f"write {nearest(paper, papers) or 'it in papers/, or papers: []'}",
                )

    def _unreadable(self, folder: str, read: Callable[[Traversable, str], object]) -> Iterator[Diagnostic]:
        for file, where in self._folder(folder):
            yield from _refused(file, where, read)

    def _folder(self, folder: str) -> Iterator[tuple[Traversable, str]]:
        place = self._root / folder
        found = [file for file in place.iterdir() if file.name.endswith(".yaml")] if place.is_dir() else []
        for file in sorted(found, key=lambda one: one.name):
            yield file, f"{self.package}/{folder}/{file.name}"


def _left_over(node: document.Node) -> Iterator[Diagnostic]:
    """Yield N102 for every word that a scaffold left to the author and that nobody has filled in."""
    if isinstance(node, document.Scalar):
        if node.text == UNKNOWN:
            message = f'"{UNKNOWN}" is the scaffold\'s: the notice did not tell it'
            yield Diagnostic("N102", "E", node.file, node.line, "", message, "write what the notice says")
        return
    if isinstance(node, document.Mapping) and "todo" in node.entries:
        return  # a clause without status is a finding already
    for inner in node.items if isinstance(node, document.Sequence) else node.entries.values():
        yield from _left_over(inner)


def _refused(
    file: Traversable, where: str, read: Callable[[Traversable, str], object]
) -> Iterator[Diagnostic]:
    """Turn what a strict reading refuses into findings, one for each line of its message."""
    try:
        read(file, where)
    except PluginError as error:
        for text in str(error).splitlines():
            head, _, rest = text.removeprefix(f"{where}:").partition(":")
            line = int(head) if head.strip().isdigit() else _tree(file, where).line_of(head.strip())
            message, _, repair = (rest if head.strip().isdigit() else f"{head}:{rest}").partition(" Repair: ")
            yield Diagnostic("N101", "E", where, line, "", message.strip(" ."), repair or "correct the value")


def _tree(file: Traversable, where: str) -> document.Mapping:
    return document.read_document(RegulationSource(where, file.read_text(encoding="utf-8")), Findings())


def _finding(code: str, tree: document.Mapping, key: str, message: str, repair: str) -> Diagnostic:
    return Diagnostic(code, "E", tree.file, tree.line_of(key), "", message, repair)
