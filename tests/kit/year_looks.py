"""What a scripted year looks at: results of people, stages, records, tasks, flags, statistics, the report upward."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner
from year_player import ENGINE, YearPlayer
from year_script import Event

from xueshi.access import repository as access
from xueshi.access.repository import NewAccount
from xueshi.audit import repository as audit
from xueshi.campaigns.figures.papers import papers_of
from xueshi.campaigns.figures.reconcile import reconcile
from xueshi.campaigns.figures.statistics import year_table_of
from xueshi.campaigns.rows import campaign_rows, task_rows
from xueshi.campaigns.year_round.record_flags import flags_of_year
from xueshi.documents import repository as issued_papers
from xueshi.results import repository as results
from xueshi.results.rows import seal_rows
from xueshi.results.tables import YearResult
from xueshi.settings import Settings
from xueshi.storage import reading, transaction
from xueshi_cli.main import build
from xueshi_cli.workplace import Workplace


class YearLooks:
    """Looks of a player; each is an act of the script, and what it sees is compared like any outcome."""

    def __init__(self, player: YearPlayer, use_folder: Callable[[Path], None]) -> None:
        self.player = player
        self.use_folder = use_folder
        self.above = player.folder.parent / "above"
        player.acts |= {
            "results": self._results,
            "sealed": self._sealed,
            "stages": self._stages,
            "records": self._records,
            "tasks": self._tasks,
            "flags": self._flags,
            "statistics": self._statistics,
            "papers": self._papers,
            "report": self._report,
        }

    # ------------------------------------------------------------ people

    def _results(self, event: Event) -> Mapping[str, Any]:
        """The latest result of everybody whom the event names, in a unit."""
        player = self.player
        with reading(player.engine) as session:
            latest = results.latest_of_unit(
                session, ENGINE, player.campaign().id, player.units[event.words["unit"]]
            )
            ledgers = results.ledgers(session, [one.id for one in latest.values()])
            session.expunge_all()
        return {
            player.person_of(person): self._year(event.expect, result, ledgers[result.id])
            for person, result in latest.items()
        }

    def _year(self, wanted: Mapping[str, Any], result: YearResult, ledger: list[Any]) -> dict[str, Any]:
        """A year as the script writes it: only what it asks for of this person, hours as hours."""
        asked = wanted.get(self.player.person_of(result.person_id), {})
        hours: dict[str, list[Any]] = {}
        for line in ledger:
            label = "?" if line.record_id is None else self.player.label_of(line.record_id)
            before = hours.get(label, [0, ""])
            own = [rule.removeprefix(f"{line.regulation}-") for rule in line.rules.split("+")]
            rules = "+".join(filter(None, (before[1], *(own if line.hours else ()))))
            hours[label] = [_hours(line.hours + round(before[0] * 100)), rules]
        year = {
            "verdict": result.verdict,
            "level": result.level,
            "short": {of: _hours(value) for of, value in result.shortfalls.items()},
            "warnings": sorted(result.warnings),
            "records": hours,
            **{name: _hours(value) for name, value in result.totals.items()},
        }
        return {key: year.get(key) for key in asked}

    def _sealed(self, event: Event) -> Mapping[str, Any]:
        """Verdict and total of the sealed result that counts, of everybody."""
        player = self.player
        with reading(player.engine) as session:
            sealed = seal_rows.sealed_results(session, player.campaign().id)
        return {
            player.person_of(result.person_id): f"{result.verdict} {_hours(result.totals.get('total', 0))}"
            for _, result in sealed
        } | {"people": len(sealed)}

    # ------------------------------------------------------------ stages and tasks

    def _stages(self, event: Event) -> Mapping[str, Any]:
        player = self.player
        with reading(player.engine) as session:
            counted = campaign_rows.counters(session, ENGINE, player.campaign().id)
        return {"filings": {stage: number for stage, number in counted.items() if number}}

    def _records(self, event: Event) -> Mapping[str, Any]:
        return {label: self.player.record(label).stage for label in event.expect}

    def _tasks(self, event: Event) -> Mapping[str, Any]:
        with reading(self.player.engine) as session:
            return {"open": dict(Counter(one.role for one in task_rows.open_tasks(session, ENGINE)))}

    def _flags(self, event: Event) -> Mapping[str, Any]:
        """What looks odd to an officer: kind and the records, by the script's names."""
        player = self.player
        with reading(player.engine) as session:
            scope = player.actor(session, event.who).scope
            shown = flags_of_year(session, scope, player.year)
        return {
            "odd": sorted(
                [one.flag.kind, *sorted(player.label_of(record) for record in one.flag.records)]
                for one in shown
            )
        }

    # ------------------------------------------------------------ figures and papers

    def _statistics(self, event: Event) -> Mapping[str, Any]:
        """The figures of the year's table: `total` and one entry a row, hours as hours, yuan as yuan."""
        player = self.player
        with reading(player.engine) as session:
            campaign = player.campaign()
            [paper] = [one for one in papers_of(session, campaign).values() if one.data == "year_table"]
            table = year_table_of(session, campaign, paper)
        units = {column.key: column.unit for column in table.columns}
        keys = {key for figures in event.expect.values() for key in figures}

        def shown(row: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
            return {
                key: _hours(row[key])
                if units.get(key) in ("学时", "元") and isinstance(row[key], int)
                else row[key]
                for key in asked
                if key in keys
            }

        rows = {str(row["group"]): row for row in table.rows} | {"total": table.totals}
        return {name: shown(rows[name], asked) for name, asked in event.expect.items()}

    def _papers(self, event: Event) -> Mapping[str, Any]:
        with reading(self.player.engine) as session:
            issued = issued_papers.issued(session, self.player.campaign().id)
        return {"issued": dict(Counter(one.paper for one in issued))}

    # ------------------------------------------------------------ upward

    def _report(self, event: Event) -> Mapping[str, Any]:
        """The year's report: built, sent, received above, acknowledged, its receipt taken in."""
        player = self.player
        below, above = player.folder, self.above
        area, upper = player.script.area, str(event.words["to"])
        place = Workplace(settings=Settings(data=above, database_url=""))
        with transaction(place.engine) as session:
            access.add_accounts(session, ENGINE, [NewAccount("bureau", "上级", "bureau", upper)])
        place.engine.dispose()
        for one, other, name in ((below, above, area), (above, below, upper)):
            key = player.folder / f"key-{name}.json"
            self._run(one, "report", "key", "-o", str(key))
            self._run(other, "report", "trust", name, str(key))
        region = player.place.registry.region_for(area)
        package, receipt = player.folder / "report.zip", player.folder / "receipt.json"
        self._run(below, "report", "build", region, str(player.year))
        self._run(below, "report", "send", self._newest(below), "-o", str(package))
        self._run(above, "report", "receive", str(package))
        self._run(above, "report", "acknowledge", self._newest(above, "--received"), "-o", str(receipt))
        self._run(below, "report", "receipt", str(receipt))
        [sent] = json.loads(self._run(below, "report", "list", "--json"))
        [taken] = json.loads(self._run(above, "report", "list", "--received", "--json"))
        (shown,) = json.loads(self._run(above, "report", "show", self._newest(above, "--received"), "--json"))
        [counted] = json.loads(self._run(below, "statistics", region, str(player.year), "--json"))
        place = Workplace(settings=Settings(data=above, database_url=""))
        with reading(place.engine) as session:
            whole = audit.verify(session).broken_at is None
        place.engine.dispose()
        return {
            "below": sent["状态"],
            "above": taken["状态"],
            "revision": sent["次数"],
            "same_figures": shown["rows"] == counted["rows"],
            "audit_above_whole": whole,
        }

    def _newest(self, folder: Path, *options: str) -> str:
        rows = json.loads(self._run(folder, "report", "list", *options, "--json"))
        return str(rows[0]["编号"])

    def _run(self, folder: Path, *words: str) -> str:
        self.use_folder(folder)
        done = CliRunner().invoke(build(), [*words, "--as", "bureau"])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    # ------------------------------------------------------------ the proof at the end

    def proof(self) -> dict[str, Any]:
        """What must hold after every year: nothing lost or done twice, nothing altered, nothing waiting unnamed."""
        with reading(self.player.engine) as session:
            told = reconcile(session)
            waiting = Counter(one.role for one in task_rows.open_tasks(session, ENGINE))
            return {
                "difference": told.difference,
                "pending": told.pending,
                "broken_at": audit.verify(session).broken_at,
                "waiting": dict(waiting),
            }


def _hours(value: int) -> int | float:
    """Hundredths as a number of the script: whole where they are."""
    return value // 100 if value % 100 == 0 else value / 100
