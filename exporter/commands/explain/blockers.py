"""When a task that carries a blocker will be dialled, and which gate of its campaign the code speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NEVER = ""
WHEN: Mapping[str, str] = MappingProxyType(
    {
        "campaign_paused": "when the campaign is resumed",
        "not_started": "when the campaign starts",
        "circuit_breaker_open": "when the platform's circuit breaker is closed",
        "audience_not_ready": "when the list is imported",
        "invalid_number": "when the number in the list is fixed",
        "timezone_missing": "when the list tells the contact's time zone",
        "dnc": _NEVER,
        "consent_missing": "when the consent is in the data",
        "contact_frequency_cap": "when the contact may be called again",
        "outside_call_window": "when the window opens",
        "no_window_enabled": "when a call window is enabled",
        "budget_exhausted": "when the budget is raised",
        "credits_exhausted": "when credits are added",
        "no_agent_available": "when a person is free",
        "campaign_concurrency": "when one of the campaign's calls ends",
        "tenant_concurrency": "when one of the tenant's calls ends",
        "pool_exhausted": "when a number of the pool can be used",
        "connection_limit": "when a channel of the connection comes free",
        "higher_priority_campaign": "when the campaign that goes first leaves a slot",
        "number_cooldown": "when a number is rested",
        "number_daily_cap": "when daily caps start anew",
        "number_flagged": "when its number is replaced, or no longer flagged",
        "no_country_match": "when the pool has a number of the contact's country",
        "provider_throttled": "when the provider takes calls again",
        "provider_error": "when the provider takes calls again",
        "provider_auth": "when the provider accepts our credentials",
        "network_blocked": "when the provider can be reached",
        "attempts_exhausted": _NEVER,
        "expired": "when the campaign is extended",
    }
)
"""When a task with this code will be dialled; a code of a gate adds the time at which that opens."""

GATE_OF: Mapping[str, str] = MappingProxyType(
    {
        "campaign_paused": "lifecycle",
        "not_started": "lifecycle",
        "circuit_breaker_open": "lifecycle",
        "audience_not_ready": "audience",
        "outside_call_window": "window",
        "no_window_enabled": "window",
        "budget_exhausted": "money",
        "credits_exhausted": "money",
        "no_agent_available": "agents",
        "campaign_concurrency": "campaign",
        "tenant_concurrency": "tenant",
        "higher_priority_campaign": "priority",
        "connection_limit": "connection",
        "pool_exhausted": "numbers",
        "provider_throttled": "provider",
        "provider_error": "provider",
        "provider_auth": "provider",
        "network_blocked": "provider",
    }
)
"""The gate of the campaign that a code on a task speaks of."""

NUMBER_STATE = {
    "number_daily_cap": "at its daily cap",
    "number_cooldown": "resting",
    "number_flagged": "flagged as spam",
    "pool_exhausted": "released",
}
