"""The families of tenants and connections: limits and use."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import GAUGE, INFO, Attribute, Family, Info, Scope, Use, mapped

CAPACITY = (
    Family(
        "campaign_tenant_info",
        INFO,
        "Always 1: a tenant's name and time zone, to be joined to its other series.",
        Info("tenants", mapped(name="name", timezone="timezone")),
        ("name", "timezone"),
        Scope.TENANT,
    ),
    Family(
        "campaign_tenant_concurrency_limit",
        GAUGE,
        "Calls at once that all campaigns of a tenant may have; absent where there is no limit.",
        Attribute("tenants", "concurrency_limit"),
        scope=Scope.TENANT,
    ),
    Family(
        "campaign_tenant_calls_in_progress",
        GAUGE,
        "Calls of a tenant that are going on now, of all exported campaigns.",
        Use("tenant"),
        scope=Scope.TENANT,
    ),
    Family(
        "campaign_tenant_credits",
        GAUGE,
        "Prepaid credits that a tenant has left, in the platform's unit; absent where it does not say.",
        Attribute("tenants", "credits_remaining"),
        scope=Scope.TENANT,
    ),
    Family(
        "campaign_connection_info",
        INFO,
        "Always 1: a connection (trunk) over which calls go out, and its provider.",
        Info("connections", mapped(connection="connection_id", provider="provider")),
        ("connection", "provider"),
        Scope.TENANT,
    ),
    Family(
        "campaign_connection_concurrency_limit",
        GAUGE,
        "Calls at once that a connection (trunk) may carry; absent where there is no limit.",
        Attribute("connections", "concurrency_limit", mapped(connection="connection_id")),
        ("connection",),
        Scope.TENANT,
    ),
    Family(
        "campaign_connection_calls_per_second_limit",
        GAUGE,
        "Calls that may be started over a connection (trunk) a second; absent where there is no limit.",
        Attribute("connections", "calls_per_second", mapped(connection="connection_id")),
        ("connection",),
        Scope.TENANT,
    ),
    Family(
        "campaign_connection_calls_in_progress",
        GAUGE,
        "Calls that a connection (trunk) carries now, of all exported campaigns.",
        Use("connections"),
        ("connection",),
        Scope.TENANT,
    ),
)
