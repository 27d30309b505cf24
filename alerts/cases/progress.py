"""Cases of a queue that grows without anybody serving it."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import Series, info, replicas, series, steady, verdict

GROWS = Subject("CampaignBacklogGrows", "warning")
_BLOCKED = verdict("throttled", "connection", "connection_limit")
_BY_60 = GROWS.told(
    "Spring offer (c1) has 60 more pending tasks than an hour ago, and no more of them are in progress: what comes in "
    "is not dialled. It is throttled by connection (connection_limit)."
)


def _pending(values: str) -> Series:
    return series("campaign_tasks", values, status="pending")


def _busy(values: str = "5x240") -> Series:
    return series("campaign_calls_in_progress", values)


CASES: tuple[Case, ...] = (
    GROWS.fires(
        "a minute more every minute for seventy minutes, while calls in progress stay as they are",
        _pending("100+1x240"), _busy(), _BLOCKED, info(),
        at={"69m": (), "70m": (_BY_60,)},
    ),
    GROWS.edge("29 more an hour, one below the threshold", _pending("100+0.484x240"), _busy(), _BLOCKED, info(),
               at=("70m", "120m", "180m")),
    GROWS.edge("90 more an hour of a thousand: below a tenth of those that wait",
               _pending("1000+1.5x240"), _busy(), _BLOCKED, info(), at=("70m", "80m")),
    GROWS.edge("one file of 500 that was imported at once: a step is no slope",
               _pending("100x60 600x180"), _busy(), _BLOCKED, info(), at=("70m", "90m", "115m", "180m")),
    GROWS.edge("calls in progress grow as well: it is being served",
               _pending("100+1x240"), _busy("5+0.2x240"), _BLOCKED, info(), at=("70m", "120m")),
    GROWS.no_data("tasks are not told", _busy(), _BLOCKED, info(), at=("70m", "120m")),
    GROWS.no_data("what is in progress is not told", _pending("100+1x240"), _BLOCKED, info(), at=("70m", "120m")),
    *(
        GROWS.also(f"a queue that grows while the campaign waits by {gate} is as expected",
                   _pending("100+1x240"), _busy("0x240"), verdict("waiting", gate, code), info(),
                   at={"70m": (), "180m": ()})
        for gate, code in (("lifecycle", "campaign_paused"), ("window", "outside_call_window"), ("retry", "retry_wait"))
    ),
    GROWS.also("twenty minutes after the queue grows no more, it stays for a minute, and is then over",
               _pending("100+1x80 180x160"), _busy(), _BLOCKED, info(),
               at={"80m": (_BY_60,), "100m": (GROWS.told(_BY_60.description.replace("60 more", "41 more")),),
                   "101m": ()}),
    GROWS.also("two replicas see one queue",
               replicas(_pending("100+1x240"), _busy(), _BLOCKED, info()), at={"70m": (_BY_60,)}),
    GROWS.also("one queue of a tenant does not speak for another",
               _pending("100+1x240"), _busy(), verdict("throttled", "tenant", "tenant_concurrency", campaign="c2"),
               series("campaign_tasks", steady(100), status="pending", campaign="c2"), info(),
               at={"70m": ()}),
)  # fmt: skip
