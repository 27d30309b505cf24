"""The families of forecasts."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import judged

FORECASTS = (
    judged(
        "campaign_forecast_completion_timestamp_seconds",
        "When all tasks will be done at the rate of the latest open hours (Unix time): likely, and early and "
        "late, the ends of an 80 % interval; absent without enough data.",
        "outlook",
        "completion",
        "estimate",
    ),
    judged(
        "campaign_forecast_list_dry_timestamp_seconds",
        "When no contact will be left that was never called, at the rate of the latest open hours (Unix time): likely, "
        "early and late; absent without enough data, and once none is left.",
        "outlook",
        "dry",
        "estimate",
    ),
    judged(
        "campaign_forecast_budget_exhaustion_timestamp_seconds",
        "When the budget will be spent at the rate of the latest open hours (Unix time): likely, early and "
        "late; absent without a budget or enough data.",
        "outlook",
        "exhaustion",
        "estimate",
    ),
)
