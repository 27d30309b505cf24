"""Limits that stand in the platform's own configuration and in none of its tables: those that ours gives instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from exporter.config import Config
from exporter.source.entities import Campaign, Tenant

ALL = "*"
"""The key of all that have none of their own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls at once by tenant and by campaign, and calls a minute by campaign. What a table tells goes before."""

    tenants: Mapping[str, int] = field(default_factory=dict)
    campaigns: Mapping[str, int] = field(default_factory=dict)
    calls_per_minute: Mapping[str, int] = field(default_factory=dict)

    def filled(self, relation: str, row: dict[str, str | None]) -> dict[str, str | None]:
        """A raw row with what it lacks of them."""
        if relation == "tenants":
            _fill(row, "concurrency_limit", self.tenants, row["tenant_id"])
        elif relation == "campaigns":
            _fill(row, "concurrency_limit", self.campaigns, row["campaign_id"])
            _fill(row, "calls_per_minute", self.calls_per_minute, row["campaign_id"])
        return row

    def owners(self, campaigns: Iterable[Campaign]) -> dict[str, Tenant]:
        """The tenants of a platform that shows none, where they have a limit."""
        owners = {campaign.tenant_id for campaign in campaigns}
        given = {owner: self.tenants.get(owner, self.tenants.get(ALL)) for owner in sorted(owners)}
        return {owner: Tenant(owner, owner, None, limit, None) for owner, limit in given.items() if limit is not None}


def limits_of(config: Config) -> Limits:
    """Those of a configuration."""
    return Limits(config.limits.tenants, config.limits.campaigns, config.limits.calls_per_minute)


def _fill(row: dict[str, str | None], column: str, limits: Mapping[str, int], key: str | None) -> None:
    limit = limits.get(key or "", limits.get(ALL))
    if row[column] is None and limit is not None:
        row[column] = str(limit)
