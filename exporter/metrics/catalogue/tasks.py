"""The families of tasks: their states, what holds them, what is due."""

from __future__ import annotations

from exporter.contract.codes import BLOCKERS, READY, TASK_STATUSES
from exporter.metrics.catalogue.kinds import COUNTER, GAUGE, READINESS, Due, Family, Oldest, Totals, judged, mapped
from exporter.source.columns import HORIZONS

TASKS = (
    Family(
        "campaign_tasks",
        GAUGE,
        "Tasks by status.",
        Totals("tasks", mapped(status="status"), known=TASK_STATUSES),
        ("status",),
    ),
    Family(
        "campaign_tasks_blocked",
        GAUGE,
        "Pending tasks by effective blocker (the code they carry, else attempts_exhausted, else retry_wait); none: "
        "could be dialled now. Sums to the pending tasks.",
        Totals("waiting", mapped(blocker="effective"), known=(READY, *BLOCKERS), budget="blockers"),
        ("blocker", "group"),
    ),
    Family(
        "campaign_tasks_eligible_within",
        GAUGE,
        "Pending tasks that nothing but time holds and that are due within the horizon (now, "
        + ", ".join(label for label, _ in HORIZONS[1:])
        + "); nearer ones included.",
        Due(),
        ("horizon",),
        needs=READINESS,
        live=True,
    ),
    Family(
        "campaign_task_oldest_ready_timestamp_seconds",
        GAUGE,
        "Since when the ready task that waits longest could be dialled, to the minute.",
        Oldest("ready"),
        needs=READINESS,
        live=True,
    ),
    Family(
        "campaign_task_oldest_in_progress_timestamp_seconds",
        GAUGE,
        "Since when the task that is longest in progress is so, to the minute.",
        Oldest("in_progress"),
        live=True,
    ),
    Family(
        "campaign_tasks_in_progress_stale",
        GAUGE,
        "Tasks in progress for longer than stale_after.",
        Totals("stale", always=True),
    ),
    judged(
        "campaign_tasks_several_calls_in_progress",
        "Tasks with more than one call in progress at once: a contact is called twice, or a slot was not given back.",
        "doubled",
        "doubled",
    ),
    Family(
        "campaign_task_system_retries_total",
        COUNTER,
        "Retries after the platform's or a provider's fault; not attempts on the contact.",
        Totals("retries", sums=("retries_micro",), always=True),
    ),
    Family(
        "campaign_task_dispositions",
        GAUGE,
        "Tasks by disposition.",
        Totals("dispositions", mapped(disposition="disposition"), budget="dispositions"),
        ("disposition",),
    ),
)
