"""The families of numbers: how they answer, and whether they may call."""

from __future__ import annotations

from exporter.contract.codes import NUMBER_STATUSES
from exporter.metrics.catalogue.kinds import (
    COUNTER,
    GAUGE,
    INFO,
    Attribute,
    Family,
    Info,
    Scope,
    States,
    Totals,
    Use,
    mapped,
)

NUMBERS = (
    Family(
        "campaign_number_calls_total",
        COUNTER,
        "Calls of a campaign that have ended, by the number they were made from and by outcome.",
        Totals(
            "numbers",
            mapped(number="number", outcome="outcome"),
            budget="numbers",
            without={"outcome": ("in_progress",)},
        ),
        ("number", "outcome"),
    ),
    Family(
        "campaign_number_talk_seconds_total",
        COUNTER,
        "Talk time of answered calls of a campaign, by the number they were made from, in seconds.",
        Totals("numbers", mapped(number="number"), sums=("talk_micro",), budget="numbers"),
        ("number",),
    ),
    Family(
        "campaign_number_weight",
        GAUGE,
        "How often a number of the campaign's pool is picked, relative to the others; 0: never.",
        Attribute("campaign_numbers", "weight", mapped(number="number_id")),
        ("number",),
    ),
    Family(
        "campaign_number_info",
        INFO,
        "Always 1: one of the tenant's own numbers, with its phone, label, country and connection.",
        Info(
            "numbers",
            mapped(number="number_id", phone="phone", label="label", country="country", connection="connection_id"),
        ),
        ("number", "phone", "label", "country", "connection"),
        Scope.TENANT,
    ),
    Family(
        "campaign_number_status",
        GAUGE,
        "1 at the status the number is in, 0 at all others; other: one that the contract does not know.",
        States("numbers", "status", NUMBER_STATUSES, mapped(number="number_id")),
        ("number", "status"),
        Scope.TENANT,
    ),
    Family(
        "campaign_number_calls_today",
        GAUGE,
        "Calls that all exported campaigns made from a number since the tenant's midnight.",
        Use("numbers_today"),
        ("number",),
        Scope.TENANT,
    ),
    Family(
        "campaign_number_daily_cap",
        GAUGE,
        "Calls that may be made from a number a day; absent where it has no cap.",
        Attribute("numbers", "daily_cap", mapped(number="number_id")),
        ("number",),
        Scope.TENANT,
    ),
    Family(
        "campaign_number_cooldown_timestamp_seconds",
        GAUGE,
        "Until when a number is not to be used (Unix time); absent where it does not rest.",
        Attribute("numbers", "cooldown_until", mapped(number="number_id")),
        ("number",),
        Scope.TENANT,
    ),
)
