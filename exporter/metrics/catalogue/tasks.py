"""The families of tasks: their states, what holds them, what is due."""

from __future__ import annotations

from exporter.contract.codes import BLOCKERS, READY, TASK_STATUSES
from exporter.metrics.catalogue.kinds import COUNTER, GAUGE, READINESS, Due, Family, Oldest, Totals, judged, mapped
from exporter.source.columns import HORIZONS

TASKS = (
    Family(
        "campaign_tasks",
        GAUGE,
        "Tasks (contacts to be called) by status.",
        Totals("tasks", mapped(status="status"), known=TASK_STATUSES),
        ("status",),
        of_list=True,
    ),
    judged(
        "campaign_list_tasks",
        "Tasks by how far the list is worked: untouched (pending, and nobody was called yet), in_circulation (called, "
        "and not over), worked_out (over).",
        "list",
        "list",
        "state",
    ),
    Family(
        "campaign_tasks_blocked",
        GAUGE,
        "Pending tasks by what holds them: the platform's code, else attempts_exhausted, else retry_wait (not"
        " due yet); none: could be dialled now. All of them together are the pending tasks.",
        Totals("waiting", mapped(blocker="effective"), known=(READY, *BLOCKERS), budget="blockers"),
        ("blocker", "group"),
        of_list=True,
    ),
    Family(
        "campaign_tasks_eligible_within",
        GAUGE,
        "Pending tasks that only time holds and that are due within the horizon (now, "
        + ", ".join(label for label, _ in HORIZONS[1:])
        + "); each includes the nearer ones.",
        Due(),
        ("horizon",),
        needs=READINESS,
        live=True,
        of_list=True,
    ),
    Family(
        "campaign_task_oldest_ready_timestamp_seconds",
        GAUGE,
        "Since when the task that waits longest could be dialled (Unix time), to the minute; absent where none could.",
        Oldest("ready"),
        needs=READINESS,
        live=True,
        of_list=True,
    ),
    Family(
        "campaign_task_oldest_in_progress_timestamp_seconds",
        GAUGE,
        "Since when the task that is longest in progress is so (Unix time), to the minute; absent where none is.",
        Oldest("in_progress"),
        live=True,
    ),
    Family(
        "campaign_tasks_in_progress_stale",
        GAUGE,
        "Tasks in progress for longer than stale_after, which is too long to be real.",
        Totals("stale", always=True),
    ),
    judged(
        "campaign_tasks_several_calls_in_progress",
        "Tasks with more than one call going on at once: a contact is called twice, or a call was never closed.",
        "doubled",
        "doubled",
    ),
    Family(
        "campaign_task_system_retries_total",
        COUNTER,
        "Times a task was tried again after a fault of the platform or a provider; these are no attempts on "
        "the contact.",
        Totals("retries", sums=("retries_micro",), always=True),
    ),
    Family(
        "campaign_task_dispositions",
        GAUGE,
        "Tasks by disposition: what came of the contact, in the platform's words.",
        Totals("dispositions", mapped(disposition="disposition"), budget="dispositions"),
        ("disposition",),
    ),
)
