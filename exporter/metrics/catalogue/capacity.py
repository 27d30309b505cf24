"""The families of tenants and connections: limits and use."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import GAUGE, INFO, Attribute, Family, Info, Scope, Use, mapped

CAPACITY = (
    Family(
        "campaign_tenant_info",
        INFO,
        "A tenant and what people call it.",
        Info("tenants", mapped(name="name", timezone="timezone")),
        ("name", "timezone"),
        Scope.TENANT,
    ),
    Family(
        "campaign_tenant_concurrency_limit",
        GAUGE,
        "Calls at once that a tenant may have.",
        Attribute("tenants", "concurrency_limit"),
        scope=Scope.TENANT,
    ),
    Family(
        "campaign_tenant_calls_in_progress",
        GAUGE,
        "Calls of a tenant going on now, over all exported campaigns.",
        Use("tenant"),
        scope=Scope.TENANT,
    ),
    Family(
        "campaign_tenant_credits",
        GAUGE,
        "Prepaid credits a tenant has left.",
        Attribute("tenants", "credits_remaining"),
        scope=Scope.TENANT,
    ),
    Family(
        "campaign_connection_info",
        INFO,
        "A trunk to a provider.",
        Info("connections", mapped(connection="connection_id", provider="provider")),
        ("connection", "provider"),
        Scope.TENANT,
    ),
    Family(
        "campaign_connection_concurrency_limit",
        GAUGE,
        "Calls at once that a connection may carry.",
        Attribute("connections", "concurrency_limit", mapped(connection="connection_id")),
        ("connection",),
        Scope.TENANT,
    ),
    Family(
        "campaign_connection_calls_per_second_limit",
        GAUGE,
        "Call starts a second that a connection may make.",
        Attribute("connections", "calls_per_second", mapped(connection="connection_id")),
        ("connection",),
        Scope.TENANT,
    ),
    Family(
        "campaign_connection_calls_in_progress",
        GAUGE,
        "Calls of exported campaigns that a connection carries now.",
        Use("connections"),
        ("connection",),
        Scope.TENANT,
    ),
)
