"""What the database says: the judged card, the task with all that belongs to it, and its neighbours. Bounded reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg

from exporter.commands.explain.as_json import told
from exporter.commands.explain.reading import Reading
from exporter.commands.explain.rows import Row, Rows
from exporter.commands.explain.task import key_of_task, owned, task_of
from exporter.config import Config
from exporter.config.durations import format_duration
from exporter.contract.identifiers import identifier
from exporter.errors import CampaignExporterError, UnknownIdError
from exporter.metrics.snapshot import Snapshot
from exporter.source.database import reason
from exporter.web.cards.dispatch import judged
from exporter.web.cards.values import Json

STATEMENT_SECONDS = 10.0
"""No statement of the evidence may take longer, nor than database.statement_timeout; judging has the latter."""

CALLS_OF_TASK, EVENTS_OF_TASK, SNAPSHOTS_OF_TASK = 500, 1000, 200
OF_CAMPAIGN, NEIGHBOURS = 500, 300


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is not in the archive, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Extract:
    """Rows that become a file."""

    name: str
    about: str
    rows: Rows


@dataclass(slots=True)
class Findings:
    """What could be read, and what not."""

    missing: list[Missing] = field(default_factory=list)
    absent: list[Missing] = field(default_factory=list)
    extracts: list[Extract] = field(default_factory=list)
    snapshot: Snapshot | None = None
    task_row: Row | None = None
    task: Json | None = None


class Collector:
    """Reads at one look; whatever fails is noted, and the rest goes on."""

    def __init__(self, config: Config, reading: Reading, since: float) -> None:
        self._config = config
        self._read = reading
        self._since = since
        self.found = Findings()

    def collect(self, task_id: str | None) -> Findings:
        """Everything. `UnknownIdError` when there is no such task."""
        reading, found = self._read, self.found
        row = self._task_row(task_id) if task_id is not None else None
        with self._noting("the verdict: card.html, card.json"):
            found.snapshot = reading.judge()
        self._limit()
        if row is not None:
            found.task_row = row
            self._of_task(str(row["task_id"]))
            if found.snapshot is not None:
                view = found.snapshot.shown.views[reading.campaign_id]
                task = task_of(row, reading, view)
                s = judged(found.snapshot.shown, view)
                found.task = told(task, s, view.diagnosis, self._config.stale_after)
        self._of_campaign()
        if row is not None:
            self._neighbours(row)
        return found

    def _task_row(self, task_id: str) -> Row | None:
        key = key_of_task(self._read, task_id)
        rows = None
        with self._noting("task.json: the task's row"):
            rows = self._read.read("tasks", "task_id", [key], "updated_at", 1).rows
        return None if rows is None else owned(self._read, task_id, rows[0] if rows else None)

    def _of_task(self, key: str) -> None:
        self._extract("task/calls.csv", "the task's calls", "calls", "task_id", [key], "started_at", CALLS_OF_TASK)
        self._extract("task/events.csv", "the task's events", "task_events", "task_id", [key], "at", EVENTS_OF_TASK)
        what = "what the dispatcher saw when it looked at the task"
        name = "task/dispatch-snapshots.csv"
        self._extract(name, what, "dispatch_snapshots", "task_id", [key], "at", SNAPSHOTS_OF_TASK)

    def _of_campaign(self) -> None:
        key, since = [self._read.campaign_id], self._since
        what = "changes of the campaign's state and settings, whenever they were"
        self._extract("campaign/events.csv", what, "campaign_events", "campaign_id", key, "at", OF_CAMPAIGN)
        what = "what the dispatcher saw of the campaign since then"
        name = "campaign/dispatch-snapshots.csv"
        self._extract(name, what, "dispatch_snapshots", "campaign_id", key, "at", OF_CAMPAIGN, since)
        what = "the campaign's calls that changed since then: they share its call windows"
        self._extract("campaign/calls.csv", what, "calls", "campaign_id", key, "updated_at", OF_CAMPAIGN, since)
        what = "the campaign's tasks that changed since then: they share its call windows"
        self._extract("campaign/tasks.csv", what, "tasks", "campaign_id", key, "updated_at", OF_CAMPAIGN, since)
        what = "files of contacts staged for the campaign"
        self._extract("campaign/uploads.csv", what, "audience_uploads", "campaign_id", key, "uploaded_at", 50)

    def _neighbours(self, row: Row) -> None:
        reading, since = self._read, self._since
        calls = next((each.rows.rows for each in self.found.extracts if each.name == "task/calls.csv"), ())
        number = row.get("number_id") or next((call["number_id"] for call in calls if call.get("number_id")), None)
        if number is None:
            why = "the task has no number yet, nor a call that tells one"
            self.found.absent.append(Missing("neighbours that share its number and connection", why))
            return
        name = "neighbours/number-calls.csv"
        self._extract(
            name,
            "calls from the task's number since then",
            "calls",
            "number_id",
            [number],
            "updated_at",
            NEIGHBOURS,
            since,
        )
        name, what = "neighbours/number-tasks.csv", "tasks with the task's number that changed since then"
        self._extract(name, what, "tasks", "number_id", [number], "updated_at", NEIGHBOURS, since)
        known = reading.platform.numbers.get(number)
        if known is None or known.connection_id is None:
            why = "the platform does not tell which connection its number belongs to"
            self.found.absent.append(Missing("neighbours/connection-calls.csv", why))
            return
        same = [
            each.number_id for each in reading.platform.numbers.values() if each.connection_id == known.connection_id
        ]
        name, what = "neighbours/connection-calls.csv", "calls over the connection of the task's number since then"
        self._extract(name, what, "calls", "number_id", same, "updated_at", NEIGHBOURS, since)

    def _extract(
        self,
        name: str,
        about: str,
        relation: str,
        column: str,
        keys: Sequence[str],
        newest_by: str,
        limit: int,
        since: float | None = None,
    ) -> None:
        available = self._read.available
        if not available.has(relation, column):
            thing = relation if relation not in available.types else f"{relation}.{column}"
            why = f"the schema {identifier(available.schema)} has no {thing} that this role may read"
            self.found.absent.append(Missing(name, why))
            return
        with self._noting(name):
            rows = self._read.read(relation, column, keys, newest_by, limit, since=since)
            self.found.extracts.append(Extract(name, about, rows))

    @contextlib.contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        """Whatever goes wrong with this leaves the rest of the evidence."""
        with noting(self.found.missing, what, self._config):
            yield

    def _limit(self) -> None:
        seconds = min(STATEMENT_SECONDS, self._config.database.statement_timeout)
        with self._noting("a shorter limit for statements"):
            self._read.connection.execute(
                "SELECT pg_catalog.set_config('statement_timeout', %s, true)", (f"{round(seconds * 1000)}ms",)
            )


@contextlib.contextmanager
def noting(missing: list[Missing], what: str, config: Config) -> Iterator[None]:
    """Note what goes wrong as missing; an id that does not exist is no such thing."""
    try:
        yield
    except UnknownIdError:
        raise
    except psycopg.errors.QueryCanceled:
        limit = format_duration(config.database.statement_timeout)
        why = f"reading took longer than allowed (database.statement_timeout is {limit}): see check.txt for indexes"
        missing.append(Missing(what, why))
    except psycopg.Error as error:
        missing.append(Missing(what, reason(error)))
    except CampaignExporterError as error:
        missing.append(Missing(what, str(error)))
