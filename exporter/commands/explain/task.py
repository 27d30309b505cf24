"""One task as its row tells it, without whose it is: neither the contact nor the phone is read."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.commands.explain.ids import as_key, kind_of, quoted
from exporter.commands.explain.reading import Reading
from exporter.commands.explain.rows import Row, seconds
from exporter.contract.codes import EXHAUSTED, OTHER, READY, RETRY_WAIT, TASK_STATUSES, clean_code, clean_label
from exporter.contract.identifiers import identifier
from exporter.diagnosis.dispatch.situation import Line
from exporter.diagnosis.view import View
from exporter.errors import UnknownIdError

_COLUMNS = (
    "task_id", "campaign_id", "number_id", "sticky", "status", "blocker", "disposition", "variant", "attempts",
    "max_attempts", "system_retries", "next_eligible_at", "last_attempted_at", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """A task. Times are seconds since 1970; `None` is what the row does not tell."""

    task_id: str
    campaign_id: str
    status: str
    blocker: str | None
    disposition: str | None = None
    variant: str | None = None
    attempts: int | None = None
    max_attempts: int | None = None
    system_retries: int | None = None
    next_eligible_at: float | None = None
    last_attempted_at: float | None = None
    created_at: float | None = None
    updated_at: float | None = None
    number_id: str | None = None
    sticky: bool | None = None
    line: Line | None = None
    """Its number and what it did today, where the platform tells."""
    pooled: bool = True
    """Whether that number is in the campaign's pool."""
    campaign_attempts: int | None = None
    """What its campaign allows a task that has no maximum of its own."""

    @property
    def allowed(self) -> int | None:
        """How many attempts it may make, of itself or else by its campaign; `None`: nobody says, or any number."""
        return (self.campaign_attempts if self.max_attempts is None else self.max_attempts) or None

    def effective(self, now: float) -> str | None:
        """The one blocker that counts, `none` when it could be dialled; `None` unless it is pending."""
        if self.status != "pending":
            return None
        if self.blocker is not None:
            return self.blocker
        if self.attempts is not None and self.allowed is not None and self.attempts >= self.allowed:
            return EXHAUSTED
        return RETRY_WAIT if (self.next_eligible_at or 0.0) > now else READY


def key_of_task(reading: Reading, task_id: str) -> str:
    """The id as the database writes it; `UnknownIdError` when no task could have it."""
    typname = reading.available.types["tasks"]["task_id"]
    key = as_key(task_id, typname)
    if key is None:
        raise UnknownIdError(
            f"task {quoted(task_id)}: no task can have this id; ids in "
            f"{identifier(reading.available.schema, 'tasks')} are {kind_of(typname)}"
        )
    return key


def owned(reading: Reading, task_id: str, row: Row | None) -> Row:
    """The row, if there is one and it is the campaign's."""
    where = identifier(reading.available.schema, "tasks")
    if row is None and "tasks" in reading.available.hidden:
        raise UnknownIdError(
            f"task {quoted(task_id)}: none with this id can be seen in {where}: {reading.available.hidden['tasks']}; "
            "campaign-exporter check has the remedy"
        )
    if row is None:
        raise UnknownIdError(
            f"task {quoted(task_id)}: there is none with this id in {where}; check the id in that view or in the tasks "
            "table of the boards, and that its row was not purged"
        )
    if row["campaign_id"] != reading.campaign_id:
        raise UnknownIdError(
            f"task {quoted(task_id)} is of campaign {quoted(str(row['campaign_id']))}, not of "
            f"{quoted(reading.campaign_id)}: ask again with --campaign {quoted(str(row['campaign_id']))}"
        )
    return row


def find_task(reading: Reading, task_id: str, view: View) -> Task:
    """The task with this id; `UnknownIdError` when the campaign has none."""
    key = key_of_task(reading, task_id)
    found = reading.read("tasks", "task_id", [key], "updated_at", 1, columns=_COLUMNS).rows
    return task_of(owned(reading, task_id, found[0] if found else None), reading, view)


def task_of(row: Row, reading: Reading, view: View) -> Task:
    """A row as a task, cleaned: what is odd about it gets neither into a terminal nor into a file."""
    number_id = row.get("number_id") or ""
    pool = {line.number.number_id: line for line in view.situation.pool or ()}
    line = pool.get(number_id)
    if line is None and number_id in reading.platform.numbers:
        line = Line(reading.platform.numbers[number_id])
    status = str(row["status"])
    return Task(
        task_id=str(row["task_id"]),
        campaign_id=str(row["campaign_id"]),
        status=status if status in TASK_STATUSES else OTHER,
        blocker=clean_code(str(row["blocker"])) if row.get("blocker") else None,
        disposition=clean_label(str(row["disposition"])) if row.get("disposition") else None,
        variant=clean_label(str(row["variant"])) if row.get("variant") else None,
        attempts=_whole(row.get("attempts")),
        max_attempts=_most(row.get("max_attempts")),
        system_retries=_whole(row.get("system_retries")),
        next_eligible_at=seconds(row.get("next_eligible_at")),
        last_attempted_at=seconds(row.get("last_attempted_at")),
        created_at=seconds(row.get("created_at")),
        updated_at=seconds(row.get("updated_at")),
        number_id=number_id or None,
        sticky=row.get("sticky"),
        line=line,
        pooled=view.situation.pool is None or number_id in pool,
        campaign_attempts=view.situation.campaign.max_attempts,
    )


def _most(value: object) -> int | None:
    """A maximum; one that makes no sense allows any number, as 0 does."""
    return None if value is None else _whole(value) or 0


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**6 else None
