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
        "Calls of a campaign that are over, by number and outcome.",
        Totals(
            "numbers",
            mapped(number="number", outcome="outcome"),
            budget="numbers",
            without={"outcome": ("in_progress",)},
        ),
        ("number", "outcome"),
    ),
    Family(
        "campaign_number_weight",
        GAUGE,
        "How often a number of the pool is picked, relative to the others.",
        Attribute("campaign_numbers", "weight", mapped(number="number_id")),
        ("number",),
    ),
    Family(
        "campaign_number_info",
        INFO,
        "A tenant's own number and what people call it.",
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
        "1 at the status the number is in, 0 at all others.",
        States("numbers", "status", NUMBER_STATUSES, mapped(number="number_id")),
        ("number", "status"),
        Scope.TENANT,
    ),
    Family(
        "campaign_number_calls_today",
        GAUGE,
        "Calls from a number since the tenant's midnight, over all exported campaigns.",
        Use("numbers_today"),
        ("number",),
        Scope.TENANT,
    ),
    Family(
        "campaign_number_daily_cap",
        GAUGE,
        "Calls a day that a number may make.",
        Attribute("numbers", "daily_cap", mapped(number="number_id")),
        ("number",),
        Scope.TENANT,
    ),
    Family(
        "campaign_number_cooldown_timestamp_seconds",
        GAUGE,
        "Until when a number rests.",
        Attribute("numbers", "cooldown_until", mapped(number="number_id")),
        ("number",),
        Scope.TENANT,
    ),
)
