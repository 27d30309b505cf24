"""The families of call windows."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import COUNTER, GAUGE, Family, Offset, Totals, judged

WINDOWS = (
    judged(
        "campaign_window_open",
        "1 while the call windows (the hours at which the campaign may dial) are open, 0 while not; absent "
        "where they cannot be read.",
        "window",
        "window_open",
        needs=("campaigns.call_windows",),
    ),
    judged(
        "campaign_window_opens_timestamp_seconds",
        "When the call windows open next (Unix time); absent while they are open, and where they never do.",
        "window",
        "opens",
        needs=("campaigns.call_windows",),
    ),
    judged(
        "campaign_window_closes_timestamp_seconds",
        "When the call windows close (Unix time); absent while they are closed, and where they never do.",
        "window",
        "closes",
        needs=("campaigns.call_windows",),
    ),
    Family(
        "campaign_utc_offset_seconds",
        GAUGE,
        "Seconds that the campaign's own clock (the time zone of its call windows) is ahead of UTC now.",
        Offset(),
        live=True,
    ),
    Family(
        "campaign_calls_outside_window_total",
        COUNTER,
        "Calls that were started while the call windows were closed.",
        Totals("outside", always=True),
        needs=("campaigns.call_windows",),
    ),
    judged(
        "campaign_calls_outside_window_today",
        "Calls that were started while the call windows were closed, since the tenant's midnight.",
        "outside",
        "outside",
        needs=("campaigns.call_windows",),
    ),
)
