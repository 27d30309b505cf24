"""The small relations of one refresh, put together: who owns what, which campaigns are exported."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from exporter.calendar.call_windows import Ranges, Schedule
from exporter.calendar.days import zone
from exporter.contract.codes import ENDED_STATUSES
from exporter.source.entities import (
    Agents,
    Campaign,
    Entity,
    Goal,
    Number,
    PoolEntry,
    Tenant,
    Trunk,
    Upload,
    Variant,
    gone,
)
from exporter.source.limits import Limits
from exporter.source.small_cleaning import parse_row

RawRow = tuple[str | None, ...]
T = TypeVar("T")
NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything but tasks and calls, at one instant. Ids are text; mappings by campaign hold tuples."""

    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    goals: Mapping[str, tuple[Goal, ...]] = field(default_factory=dict)
    variants: Mapping[str, tuple[Variant, ...]] = field(default_factory=dict)
    connections: Mapping[str, Trunk] = field(default_factory=dict)
    numbers: Mapping[str, Number] = field(default_factory=dict)
    pools: Mapping[str, tuple[PoolEntry, ...]] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    agents: Mapping[str, Agents] = field(default_factory=dict)
    """Of the campaigns that people take the calls of."""
    schedules: Mapping[str, Schedule | None] = field(default_factory=dict)
    """The call windows of each campaign; `None` where they, or their zone, cannot be read."""
    shifts: Mapping[str, Schedule | None] = field(default_factory=dict)
    """In the same way when people are to be there, of the campaigns that tell it."""
    has_pools: bool = False
    """Whether the platform tells which numbers campaigns dial from, and what they are: of no campaign, it does not."""
    violations: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    @property
    def attempts(self) -> Mapping[str, int | None]:
        """By campaign, how many attempts it allows a task that has no maximum of its own."""
        return {key: campaign.max_attempts for key, campaign in self.campaigns.items()}

    @property
    def owners(self) -> frozenset[str]:
        """The tenants there are, and those that campaigns name."""
        return frozenset(self.tenants).union(campaign.tenant_id for campaign in self.campaigns.values())

    def zone_of(self, campaign: Campaign) -> str | None:
        """Whose midnight resets the caps of a campaign's numbers."""
        tenant = self.tenants.get(campaign.tenant_id)
        return tenant.timezone if tenant else None


class PlatformReader:
    """Makes a `Platform` of raw rows; a row that did not change is not parsed again.

    As long as nothing changed it is the same object, so that whoever worked something out of it can tell.
    """

    def __init__(self, limits: Limits = NO_LIMITS) -> None:
        self._limits = limits
        self._last: tuple[Mapping[str, Sequence[RawRow]], Platform] | None = None
        self._holds: tuple[float, float] = (math.inf, -math.inf)
        self._parsed: dict[str, dict[RawRow, tuple[Entity | None, tuple[tuple[str, str, str], ...]]]] = {}
        self._schedules: dict[tuple[Ranges | None, str | None], Schedule | None] = {}
        self._staffed: set[str] = set()

    def build(
        self, names: Mapping[str, Sequence[str]], raw: Mapping[str, Sequence[RawRow]], now: float, retention: float
    ) -> Platform:
        """The platform as it is at `now`. `names` gives the columns of each relation's rows, in order."""
        if self._last is not None and self._holds[0] <= now < self._holds[1] and raw == self._last[0]:
            return self._last[1]
        platform = self._build(names, raw, now, retention)
        ends = (
            campaign.ended_at + retention
            for campaign in platform.campaigns.values()
            if campaign.status in ENDED_STATUSES and campaign.ended_at is not None
        )
        self._holds = now, min(ends, default=math.inf)
        self._last = raw, platform
        return platform

    def _build(
        self, names: Mapping[str, Sequence[str]], raw: Mapping[str, Sequence[RawRow]], now: float, retention: float
    ) -> Platform:
        violations: Counter[tuple[str, str, str]] = Counter()
        found = {relation: self._parse(relation, names[relation], rows, violations) for relation, rows in raw.items()}

        def keyed(relation: str, *fields: str) -> dict[Any, Any]:
            return _keyed(relation, found.get(relation, ()), fields, violations)

        tenants = keyed("tenants", "tenant_id")
        campaigns = {
            key: campaign
            for key, campaign in keyed("campaigns", "campaign_id").items()
            if exported(campaign, now, retention)
        }
        if "tenants" not in raw:
            tenants = self._limits.owners(campaigns.values())
        else:
            orphans = sum(campaign.tenant_id not in tenants for campaign in campaigns.values())
            if orphans:
                violations[("campaigns", "tenant_id", "unknown_reference")] += orphans
        numbers = keyed("numbers", "number_id")
        pools = _by_campaign(keyed("campaign_numbers", "campaign_id", "number_id").values(), campaigns)
        agents = {key: each for key, each in keyed("agents", "campaign_id").items() if key in campaigns}
        self._staffed = {key for key in (*self._staffed, *agents) if key in campaigns}
        if "agents" in raw:  # a view of logins loses the row of a campaign when the last one goes home
            agents |= {key: gone(key) for key in self._staffed if key not in agents}
        return Platform(
            tenants,
            campaigns,
            _by_campaign(keyed("goals", "campaign_id", "goal").values(), campaigns),
            _by_campaign(keyed("variants", "campaign_id", "variant").values(), campaigns),
            keyed("connections", "connection_id"),
            numbers,
            pools,
            _latest(keyed("audience_uploads", "upload_id").values(), campaigns),
            agents,
            self._scheduled(campaigns),
            _shifts(agents, campaigns),
            bool(numbers and pools),
            dict(violations),
        )

    def _scheduled(self, campaigns: Mapping[str, Campaign]) -> dict[str, Schedule | None]:
        before, self._schedules = self._schedules, {}
        schedules: dict[str, Schedule | None] = {}
        for key, campaign in campaigns.items():
            if "call_windows" in campaign.broken:
                schedules[key] = None
                continue
            kind = (campaign.call_windows, campaign.timezone)
            if kind not in self._schedules:
                self._schedules[kind] = before[kind] if kind in before else schedule_of(*kind)
            schedules[key] = self._schedules[kind]
        return schedules

    def _parse(
        self, relation: str, names: Sequence[str], rows: Sequence[RawRow], violations: Counter[tuple[str, str, str]]
    ) -> list[Any]:
        before = self._parsed.get(relation, {})
        after: dict[RawRow, tuple[Entity | None, tuple[tuple[str, str, str], ...]]] = {}
        entities = []
        for row in rows:
            parsed = before.get(row) or after.get(row)
            if parsed is None:
                parsed = parse_row(relation, self._limits.filled(relation, dict(zip(names, row, strict=True))))
            after[row] = parsed
            entity, broken = parsed
            violations.update(broken)
            if entity is not None:
                entities.append(entity)
        self._parsed[relation] = after
        return entities


def _shifts(agents: Mapping[str, Agents], campaigns: Mapping[str, Campaign]) -> dict[str, Schedule | None]:
    """When people are to be there; nothing of a campaign that does not tell it."""
    return {
        key: None if "shifts" in each.broken else schedule_of(each.shifts, campaigns[key].timezone)
        for key, each in agents.items()
        if each.shifts is not None or "shifts" in each.broken
    }


def schedule_of(ranges: Ranges | None, timezone: str | None) -> Schedule | None:
    """The schedule of some windows in a zone; without a zone only what is the same in all."""
    where = zone(timezone) if timezone is not None or not ranges else None
    return None if where is None else Schedule(ranges, where)


def exported(campaign: Campaign, now: float, retention: float) -> bool:
    """Drafts never; ended ones for `retention` seconds; one whose end is not known stays."""
    if campaign.status == "draft":
        return False
    if campaign.status in ENDED_STATUSES and campaign.ended_at is not None:
        return campaign.ended_at >= now - retention
    return True


def _keyed(
    relation: str, entities: Sequence[T], fields: Sequence[str], violations: Counter[tuple[str, str, str]]
) -> dict[Any, T]:
    """Entities by identity; a second one of the same identity is a violation and left out."""
    keyed: dict[Any, T] = {}
    for entity in entities:
        values = tuple(getattr(entity, name) for name in fields)
        key = values[0] if len(values) == 1 else values
        if key in keyed:
            violations[(relation, fields[-1], "duplicate")] += 1
        else:
            keyed[key] = entity
    return keyed


def _by_campaign(entities: Any, campaigns: Mapping[str, Campaign]) -> dict[str, tuple[Any, ...]]:
    grouped: dict[str, list[Any]] = {}
    for entity in entities:
        if entity.campaign_id in campaigns:
            grouped.setdefault(entity.campaign_id, []).append(entity)
    return {campaign: tuple(members) for campaign, members in grouped.items()}


def _latest(uploads: Any, campaigns: Mapping[str, Campaign]) -> dict[str, Upload]:
    """The newest upload of each campaign."""
    latest: dict[str, Upload] = {}
    for upload in uploads:
        if upload.campaign_id in campaigns:
            known = latest.get(upload.campaign_id)
            if known is None or (upload.uploaded_at or 0.0, upload.upload_id) > (
                known.uploaded_at or 0.0,
                known.upload_id,
            ):
                latest[upload.campaign_id] = upload
    return latest
