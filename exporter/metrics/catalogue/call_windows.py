"""The families of call windows."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import COUNTER, Family, Totals, judged

WINDOWS = (
    judged(
        "campaign_window_open",
        "1 while the call windows are open, 0 while not; absent where they cannot be read.",
        "window",
        "window_open",
        needs=("campaigns.call_windows",),
    ),
    judged(
        "campaign_window_opens_timestamp_seconds",
        "When the windows open next; absent while they are open, and where they never do.",
        "window",
        "opens",
        needs=("campaigns.call_windows",),
    ),
    judged(
        "campaign_window_closes_timestamp_seconds",
        "When the windows close; absent while they are closed, and where they never do.",
        "window",
        "closes",
        needs=("campaigns.call_windows",),
    ),
    Family(
        "campaign_calls_outside_window_total",
        COUNTER,
        "Calls started while the campaign's windows were closed.",
        Totals("outside", always=True),
        needs=("campaigns.call_windows",),
    ),
    judged(
        "campaign_calls_outside_window_today",
        "Calls started since the tenant's midnight while the campaign's windows were closed.",
        "outside",
        "outside",
        needs=("campaigns.call_windows",),
    ),
)
