"""The small relations' rows as values: tenants, campaigns, connections, numbers and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.calendar.call_windows import Ranges

Violation = tuple[str, str, str]
"""Relation, column and rule."""

PLATFORM = "platform"
"""Who paused a campaign that no person did."""

NONE_BROKEN: frozenset[str] = frozenset()
"""Of an entity: the columns whose values could not be taken. What they say is not known, which is not "nothing"."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer of the platform. Times are seconds since 1970, here and below."""

    tenant_id: str
    name: str
    timezone: str | None
    concurrency_limit: int | None
    credits_remaining: float | None
    broken: frozenset[str] = NONE_BROKEN


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign's settings and state."""

    campaign_id: str
    tenant_id: str
    name: str
    status: str
    agent: str | None
    priority: int | None
    scheduled_at: float | None
    started_at: float | None
    paused_at: float | None
    pause_reason: str | None
    paused_by: str | None
    ended_at: float | None
    timezone: str | None
    call_windows: Ranges | None
    expires_at: float | None
    concurrency_limit: int | None
    calls_per_minute: float | None
    max_attempts: int | None
    country_match: bool | None
    currency: str | None
    budget: float | None
    list_known: bool | None = None
    broken: frozenset[str] = NONE_BROKEN

    @property
    def listed(self) -> bool:
        """Whether its tasks are everybody who is to be called, and not only who was."""
        return self.list_known is not False

    @property
    def paused_by_itself(self) -> bool:
        """Whether the platform paused it, and no person."""
        return self.status == "paused" and self.paused_by == PLATFORM


@dataclass(frozen=True, slots=True)
class Goal:
    """What a campaign is to achieve."""

    campaign_id: str
    goal: str
    target: float | None
    achieved: float | None


@dataclass(frozen=True, slots=True)
class Variant:
    """An arm of an A/B test and its share of contacts, in per cent."""

    campaign_id: str
    variant: str
    agent: str | None
    weight: float | None


@dataclass(frozen=True, slots=True)
class Agents:
    """The people who take a campaign's calls: how many, and when they are to be there."""

    campaign_id: str
    logged_in: int | None
    free: int | None
    on_call: int | None
    paused: int | None
    pause_reason: str | None
    break_ends_at: float | None
    shifts: Ranges | None
    dial_ratio: float | None
    broken: frozenset[str] = NONE_BROKEN
    gone: bool = False
    """Whether people took its calls, and no row tells of any now: that they do is known, and nothing else."""

    @property
    def away(self) -> bool:
        """Whether somebody is logged in, and everybody who is is on a break."""
        return bool(self.logged_in) and self.paused is not None and self.paused >= (self.logged_in or 0)


def gone(campaign_id: str) -> Agents:
    """Of a campaign that people took the calls of, and whose row is gone."""
    return Agents(campaign_id, None, None, None, None, None, None, None, None, gone=True)


@dataclass(frozen=True, slots=True)
class Trunk:
    """A connection to a provider."""

    connection_id: str
    tenant_id: str
    provider: str
    concurrency_limit: int | None
    calls_per_second: float | None
    broken: frozenset[str] = NONE_BROKEN


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number of a tenant."""

    number_id: str
    tenant_id: str
    connection_id: str | None
    phone: str
    label: str | None
    country: str | None
    status: str
    daily_cap: int | None
    cooldown_until: float | None


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """A number of a campaign's pool."""

    campaign_id: str
    number_id: str
    weight: float | None


@dataclass(frozen=True, slots=True)
class Upload:
    """A staged audience file."""

    upload_id: str
    campaign_id: str
    filename: str
    size_bytes: int | None
    rows_total: int | None
    rows_accepted: int | None
    rows_rejected: int | None
    status: str
    uploaded_at: float | None


Entity = Tenant | Campaign | Goal | Variant | Agents | Trunk | Number | PoolEntry | Upload
