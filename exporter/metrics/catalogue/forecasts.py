"""The families of forecasts."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import judged

FORECASTS = (
    judged(
        "campaign_forecast_completion_timestamp_seconds",
        "When the tasks are done at the recent rate an open hour: likely, and the ends of an 80 % interval (early, "
        "late); absent without enough data.",
        "outlook",
        "completion",
        "estimate",
    ),
    judged(
        "campaign_forecast_budget_exhaustion_timestamp_seconds",
        "When the budget is spent at the recent rate an open hour: likely, early, late; absent without enough data.",
        "outlook",
        "exhaustion",
        "estimate",
    ),
)
