"""Cases of a queue that grows without anybody serving it."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.series import HOUR, Series, info, replicas, series, status, steady, verdict

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


DRY = Subject("CampaignListRunsDry", "info")


def _dry(seconds: float, closes: float | None = None, minutes: int = 4 * HOUR) -> tuple[Series, ...]:
    """The list runs dry at that moment, and the window closes at another."""
    dry = series("campaign_forecast_list_dry_timestamp_seconds", steady(seconds, minutes), estimate="likely")
    shut = [] if closes is None else [series("campaign_window_closes_timestamp_seconds", steady(closes, minutes))]
    return (dry, *shut, *status("running"), info())


_LASTS = (DRY.told("The contacts of Spring offer (c1) who were never called last for about 1h 30m 0s."),)

_DRY = (
    DRY.fires("the list runs dry in two hours, and the window closes in three", _dry(7200, 10800),
              at={"14m": (), "30m": _LASTS}),
    DRY.fires("no window closes, and it runs dry within four hours", _dry(7200), at={"14m": (), "30m": _LASTS}),
    DRY.edge("the window closes first", _dry(7200, 7200), at=("30m", "60m")),
    DRY.edge("no window closes, and it lasts for more than four hours", _dry(4 * 3600 + 3600), at=("30m", "45m")),
    DRY.edge("a forecast that is over", _dry(60), at=("30m", "60m")),
    DRY.no_data("there is no forecast: not enough data, or nobody is left", *status("running"), info(),
                at=("30m", "60m")),
    DRY.also("two replicas are one alert", replicas(_dry(7200, 10800)), at={"30m": _LASTS}),
)  # fmt: skip

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
    *_DRY,
)  # fmt: skip
