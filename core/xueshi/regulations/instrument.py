"""One rule file by itself: header and sections, before inheritance (rule language 2)."""

from __future__ import annotations

from dataclasses import dataclass

from xueshi.regulations import schema, words
from xueshi.regulations.diagnostics import Findings
from xueshi.regulations.document import Mapping, Node, Scalar, Sequence, empty_mapping, read_document
from xueshi.regulations.sources import RegulationSource


@dataclass(frozen=True)
class Verified:
    """Who compared the file with the text, on which day, and by which day it is to be looked at again (ISO, or empty)."""

    on: str
    by: str
    review: str
    line: int

    def overdue(self, today: str) -> bool:
        """Tell whether the day of the next look has passed; `today` is an ISO date."""
        return bool(self.review) and self.review < today


@dataclass(frozen=True)
class Header:
    """The header of an instrument: who issued what, when, for which years and area."""

    id: str
    title: str
    number: str
    issuer: str
    issued: str
    effective: str
    first_year: int
    last_year: int | None
    area: str
    parent: str | None
    replaces: str | None
    sector: str | None
    source_sha256: str | None
    verified: Verified | None


@dataclass(frozen=True)
class Clause:
    """One clause of the text: number, status (encoded, procedural, discretionary, out_of_scope, same), gist, line.

    `printed` is its number in the published text, where rules cite it by another name.
    """

    number: str
    status: str
    gist: str
    line: int
    printed: str = ""


@dataclass(frozen=True, eq=False)
class RuleFile:
    """One rule file: its header, clause map and sections as they are written."""

    path: str
    header: Header
    clauses: dict[str, Clause]
    root: Mapping

    @property
    def printed(self) -> dict[str, str]:
        """The clauses that stand in the published text under another number: as cited → as printed."""
        return {name: one.printed for name, one in self.clauses.items() if one.printed}

    def section(self, name: str) -> Mapping:
        """Return a section, an empty one when it is not written."""
        node = self.root.get(name)
        return node if isinstance(node, Mapping) else empty_mapping(self.path)


def text_of(node: Node | None) -> str | None:
    """Return the text of a scalar, None for anything else."""
    return node.text if isinstance(node, Scalar) else None


def texts_of(node: Node | None) -> list[str]:
    """Return the words of a scalar (`a, b`) or of a list; empty when not written."""
    if isinstance(node, Scalar):
        return words.split(node.text)
    if isinstance(node, Sequence):
        return [item.text for item in node.items if isinstance(item, Scalar)]
    return []


def read_rule_file(source: RegulationSource | Mapping, findings: Findings) -> RuleFile:
    """Read one rule file (a text, or a tree already read); faults go to `findings`, the best possible file comes back."""
    root = source if isinstance(source, Mapping) else read_document(source, findings)
    path = root.file
    language = text_of(root.get("xueshi"))
    if language is None:
        findings.add(
            "E101", path, 1, "the file does not begin with xueshi: 1", "write xueshi: 1 in the first line"
        )
    elif language != str(schema.LANGUAGE):
        findings.add(
            "E103",
            path,
            root.line_of("xueshi"),
            f"this engine reads language {schema.LANGUAGE}, the file is written in {language}",
            "use a newer engine, or write xueshi: 1",
        )
    schema.check_keys(root, schema.SECTIONS, "the file", findings)
    for name, node in root:
        if name in schema.SECTIONS and name != "xueshi" and not isinstance(node, Mapping):
            findings.add(
                "E103",
                path,
                root.line_of(name),
                f"section {name} must hold keys and values",
                f"{name}: {{…}}",
            )
    return RuleFile(path, _header(root, findings), _clauses(root, findings), root)


def _header(root: Mapping, findings: Findings) -> Header:
    node = root.get("regulation")
    written = isinstance(node, Mapping)
    if not isinstance(node, Mapping):
        findings.add(
            "E101", root.file, 1, "there is no section regulation", "write regulation: {id: …, title: …}"
        )
        node = empty_mapping(root.file)
    else:
        schema.check_keys(node, schema.HEADER, "regulation", findings)
    values = {key: text for key, value in node if (text := text_of(value)) is not None}
    for key in schema.REQUIRED_HEADER:
        if key not in values and written:
            findings.add(
                "E101",
                root.file,
                node.line,
                f'regulation has no "{key}"',
                f"write {key}: … (none where the text has none)",
            )
    for key in ("issued", "effective"):
        if key in values and not (words.is_date(values[key]) or values[key] == "none"):
            findings.add(
                "E103",
                root.file,
                node.line_of(key),
                f'"{values[key]}" is no date ({key})',
                f"{key}: 2013-03-12, or none",
            )
    span = words.years(values.get("years", "1 to open"))
    if span is None:
        if "years" in values:
            findings.add(
                "E103",
                root.file,
                node.line_of("years"),
                f'"{values["years"]}" is no span of years',
                "years: 2013 to open",
            )
        span = (1, None)
    if "area" in values and not (values["area"].isdigit() and len(values["area"]) == 6):
        findings.add(
            "E103",
            root.file,
            node.line_of("area"),
            f'"{values["area"]}" is no area code',
            "six digits of GB/T 2260, as 990100",
        )
    source = node.get("source")
    sha = text_of(source.get("sha256")) if isinstance(source, Mapping) else None
    return Header(
        values.get("id", "?"), values.get("title", "?"), values.get("number", "none"), values.get("issuer", "?"),
        values.get("issued", "none"), values.get("effective", "none"), span[0], span[1], values.get("area", "000000"),
        values.get("parent"), values.get("replaces"), values.get("sector"), sha, _verified(node, findings),
    )  # fmt: skip


def _verified(header: Mapping, findings: Findings) -> Verified | None:
    node = header.get("verified")
    if node is None:
        return None
    example = "verified: {on: 2024-02-01, by: 张三, review: 2025-02-01}"
    line = header.line_of("verified")
    if not isinstance(node, Mapping):
        findings.add(
            "E103", header.file, line, "verified says who compared the file with the text, and when", example
        )
        return None
    schema.check_keys(node, schema.VERIFIED, "verified", findings)
    said = {key: text_of(value) or "" for key, value in node}
    for key in ("on", "by"):
        if not said.get(key):
            findings.add("E101", header.file, line, f'verified has no "{key}"', example)
    for key in ("on", "review"):
        if said.get(key) and not words.is_date(said[key]):
            findings.add("E103", header.file, node.line_of(key), f'"{said[key]}" is no date ({key})', example)
            said[key] = ""
    return Verified(said.get("on", ""), said.get("by", ""), said.get("review", ""), line)


def _clauses(root: Mapping, findings: Findings) -> dict[str, Clause]:
    node = root.get("clauses")
    if not isinstance(node, Mapping):
        return {}
    child = isinstance(header := root.get("regulation"), Mapping) and header.get("parent") is not None
    allowed = (*schema.STATUSES, "same") if child else schema.STATUSES
    clauses: dict[str, Clause] = {}
    for key, body in node:
        line = node.line_of(key)
        status, gist, printed = "", "", ""
        if isinstance(body, Mapping):
            printed = text_of(body.get("printed")) or ""
            said = [(word, text_of(value) or "") for word, value in body if word != "printed"]
            if len(said) == 1:
                [(status, gist)] = said
        if "printed" in getattr(body, "entries", ()) and (not printed or len(words.split(key)) > 1):
            findings.add(
                "E203",
                root.file,
                line,
                f"printed of {key} does not say where one clause stands in the text",
                f"write each clause on its own line: {words.split(key)[0]}: {{…: …, printed: 附件1一1}}",
                key,
            )
        for number in words.split(key):
            if status in allowed and not gist:
                findings.add(
                    "E203",
                    root.file,
                    line,
                    f"clause {number} has no gist",
                    f"{number}: {{{status}: in own words}}",
                    number,
                )
            if status not in allowed:
                findings.add(
                    "E203",
                    root.file,
                    line,
                    f"clause {number} has no status yet (todo): read it and say what carries it"
                    if status == "todo"
                    else f"clause {number} has no status"
                    if status == ""
                    else f'"{status}" is no status of clause {number}',
                    f"{number}: {{encoded: …}}, the gist in your own words, when a rule cites it; else {', '.join(allowed[1:])}",
                    number,
                )
            if number in clauses:
                findings.add(
                    "E102",
                    root.file,
                    line,
                    f"clause {number} is written twice, first at line {clauses[number].line}",
                    "delete one",
                    number,
                )
            clauses[number] = Clause(number, status, gist, line, printed)
    return clauses
