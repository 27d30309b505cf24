"""The families of what a campaign is, and what state it is in."""

from __future__ import annotations

from exporter.contract.codes import CAMPAIGN_STATUSES
from exporter.metrics.catalogue.kinds import GAUGE, INFO, Attribute, Family, Info, States, mapped, timestamp

LIFECYCLE = (
    Family(
        "campaign_info",
        INFO,
        "Always 1: a campaign's name, agent, time zone and currency, to be joined to its other series.",
        Info("campaigns", mapped(name="name", agent="agent", timezone="timezone", currency="currency")),
        ("name", "agent", "timezone", "currency"),
    ),
    Family(
        "campaign_status",
        GAUGE,
        "1 at the status the campaign is in, 0 at all others; other: one that the contract does not know.",
        States("campaigns", "status", CAMPAIGN_STATUSES),
        ("status",),
    ),
    Family(
        "campaign_pause_info",
        INFO,
        "Always 1: why the campaign is paused; absent while it is not.",
        Info("campaigns", mapped(reason="pause_reason"), only_if="paused"),
        ("reason",),
    ),
    timestamp(
        "campaign_scheduled_timestamp_seconds",
        "scheduled_at",
        "When the campaign is due to start (Unix time); absent where it is not scheduled.",
    ),
    timestamp(
        "campaign_started_timestamp_seconds", "started_at", "When the campaign started (Unix time); absent before."
    ),
    timestamp(
        "campaign_paused_timestamp_seconds",
        "paused_at",
        "When the campaign was paused (Unix time), as the platform says; absent where it does not.",
    ),
    timestamp(
        "campaign_ended_timestamp_seconds",
        "ended_at",
        "When the campaign was completed or cancelled (Unix time); absent before.",
    ),
    timestamp(
        "campaign_expires_timestamp_seconds",
        "expires_at",
        "When the campaign stops dialling, finished or not (Unix time); absent where it never does.",
    ),
    Family(
        "campaign_priority",
        GAUGE,
        "Which campaign of a tenant is dialled first where they share a limit: the higher; absent where it has none.",
        Attribute("campaigns", "priority"),
    ),
)
