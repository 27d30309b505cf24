"""The families of what a campaign is, and what state it is in."""

from __future__ import annotations

from exporter.contract.codes import CAMPAIGN_STATUSES
from exporter.metrics.catalogue.kinds import GAUGE, INFO, Attribute, Family, Info, States, mapped, timestamp

LIFECYCLE = (
    Family(
        "campaign_info",
        INFO,
        "A campaign and what people call it.",
        Info("campaigns", mapped(name="name", agent="agent", timezone="timezone", currency="currency")),
        ("name", "agent", "timezone", "currency"),
    ),
    Family(
        "campaign_status",
        GAUGE,
        "1 at the status the campaign is in, 0 at all others.",
        States("campaigns", "status", CAMPAIGN_STATUSES),
        ("status",),
    ),
    Family(
        "campaign_pause_info",
        INFO,
        "Why the campaign is paused; only while it is.",
        Info("campaigns", mapped(reason="pause_reason"), only_if="paused"),
        ("reason",),
    ),
    timestamp("campaign_scheduled_timestamp_seconds", "scheduled_at", "When the campaign is due to start."),
    timestamp("campaign_started_timestamp_seconds", "started_at", "When the campaign started."),
    timestamp("campaign_paused_timestamp_seconds", "paused_at", "When the campaign was paused."),
    timestamp("campaign_ended_timestamp_seconds", "ended_at", "When the campaign was completed or cancelled."),
    timestamp("campaign_expires_timestamp_seconds", "expires_at", "When the campaign gives up."),
    Family(
        "campaign_priority",
        GAUGE,
        "Priority; the higher goes first.",
        Attribute("campaigns", "priority"),
    ),
)
