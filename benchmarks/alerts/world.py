"""The worlds that incidents befall: three tenants around the globe, so that it is always day for one of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from benchmarks.alerts.kinds import Role
from exporter.demo.platform.model import BUSY, NO_ANSWER, REJECTED, VOICEMAIL
from exporter.demo.platform.traits import Break, Traits
from exporter.demo.platform.world import (
    WEEK,
    WORKDAYS,
    AccountSpec,
    CampaignSpec,
    CrewSpec,
    DidSpec,
    Hours,
    ListSpec,
    TrunkSpec,
    WorldSpec,
)

LARGEST = 50_000
_OFFICE = (Hours(WORKDAYS, time(9), time(18)), Hours(("sat",), time(10), time(14)))
_SHIFT = Hours(WEEK, time(9), time(18))
_BREAKS = (Break(time(10, 30), 15, "coffee"), Break(time(12, 30), 45, "lunch"), Break(time(15, 30), 15, "coffee"))
_QUICK = {NO_ANSWER: 25.0, BUSY: 6.0, VOICEMAIL: 45.0, REJECTED: 60.0}
_CHANNELS = 40


@dataclass(frozen=True, slots=True)
class Tenant:
    """Where a tenant is; `awake` are the hours there in which most of its contacts may be called."""

    key: str
    name: str
    tz: str
    country: str
    phone: str
    awake: tuple[int, int]


TENANTS = (
    Tenant("east", "East Energy", "America/New_York", "US", "+1202555{:04d}", (11, 21)),
    Tenant("west", "West Insurance", "Europe/Berlin", "DE", "+493023125{:03d}", (8, 21)),
    Tenant("south", "South Retail", "Australia/Sydney", "AU", "+6125550{:04d}", (8, 21)),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign of the world, and what it is good for."""

    role: Role
    tenant: Tenant
    spec: CampaignSpec

    @property
    def size(self) -> int:
        """Contacts of its first list."""
        return self.spec.lists[0].rows

    def open(self, start: datetime, end: datetime) -> bool | None:
        """Whether its windows are open all the time, or closed all the time; `None` where they change."""
        if self.spec.hours is None:
            return True
        zone, found = ZoneInfo(self.spec.tz), set()
        while start <= end:
            local = start.astimezone(zone)
            day, now = local.strftime("%a").lower(), local.time()
            found.add(any(day in each.days and each.opens <= now < each.closes for each in self.spec.hours))
            start += timedelta(minutes=10)
        return found.pop() if len(found) == 1 else None

    def awake(self, start: datetime, end: datetime) -> bool:
        """Whether people may be expected to answer from `start` to `end`."""
        first, last = self.tenant.awake
        zone = ZoneInfo(self.tenant.tz)
        return all(first <= each.astimezone(zone).hour < last for each in (start, start + (end - start) / 2, end))


def standing(rng: random.Random, history: timedelta) -> list[Standing]:
    """The campaigns that are there all the time; the world begins `history` before its origin."""
    made: list[Standing] = []
    split = rng.choice(TENANTS)
    large = rng.choice(TENANTS)
    weak = rng.choice([tenant for tenant in TENANTS if tenant is not large])
    for tenant in TENANTS:
        made.append(_clock(rng, tenant, -history))
        rows = LARGEST if tenant is large and rng.random() < 0.4 else round(6000 * (5 ** rng.random()))
        made.append(_list(rng, tenant, -history, rows, weak=tenant is weak))
        made.append(_office(rng, tenant, -history))
        if tenant is split:
            made.append(_split(rng, tenant, -history))
        made.append(_desk(tenant, -history))
        late = timedelta(minutes=rng.uniform(30, 900))
        made.append(small(rng, tenant, f"pilot-{tenant.key}", 5, late))
    return made


def _campaign(
    rng: random.Random, tenant: Tenant, key: str, title: str, start: timedelta, traits: Traits, rows: int, pool: int,
    channels: int, priority: int, **settings: object,
) -> CampaignSpec:  # fmt: skip
    weights = {1: (1.0,), 2: (2.0, 1.0), 3: (4.0, 1.0, 1.0)}[pool]
    return CampaignSpec(
        key, tenant.key, title, f"agent-{key}", tenant.tz, start, traits,
        tuple((f"{key}-{place}", weight) for place, weight in enumerate(weights, start=1)),
        lists=(ListSpec(start - timedelta(minutes=3), rows, f"{key}.csv"),), channels=channels, priority=priority,
        tries=rng.choice((3, 3, 4)), **settings,  # type: ignore[arg-type]
    )  # fmt: skip


def _clock(rng: random.Random, tenant: Tenant, start: timedelta) -> Standing:
    traits = Traits(
        answer_rate=rng.uniform(0.36, 0.5), talk_seconds=rng.uniform(55, 100), contacts_per_hour=rng.uniform(65, 90),
        countries={tenant.country: 1.0}, retry_minutes=_QUICK,
    )  # fmt: skip
    channels = rng.randint(7, 11)
    spec = _campaign(
        rng, tenant, f"clock-{tenant.key}", "Notices round the clock", start, traits, 90, 3, channels, rng.randint(7, 9)
    )
    return Standing(Role.CLOCK, tenant, spec)


def _list(rng: random.Random, tenant: Tenant, start: timedelta, rows: int, weak: bool) -> Standing:
    rate = rng.uniform(0.09, 0.14) if weak else rng.uniform(0.38, 0.5)
    traits = Traits(answer_rate=rate, talk_seconds=rng.uniform(45, 75), countries={tenant.country: 1.0})
    spec = _campaign(
        rng, tenant, f"list-{tenant.key}", f"A list of {rows}", start, traits, rows, 3, rng.randint(6, 8), 3,
        per_minute=rng.randint(2, 3), budget=round(rng.uniform(20_000, 60_000), 2),
    )  # fmt: skip
    return Standing(Role.LIST, tenant, spec)


def _office(rng: random.Random, tenant: Tenant, start: timedelta) -> Standing:
    traits = Traits(
        answer_rate=rng.uniform(0.25, 0.4), contacts_per_day=rng.randint(120, 250), countries={tenant.country: 1.0}
    )
    spec = _campaign(
        rng, tenant, f"office-{tenant.key}", "Office hours", start, traits, rng.randint(3500, 5000), 2,
        rng.randint(3, 5), 5, per_minute=2, hours=_OFFICE, match_country=True,
    )  # fmt: skip
    return Standing(Role.OFFICE, tenant, spec)


def _desk(tenant: Tenant, start: timedelta) -> Standing:
    rng = random.Random(f"desk {tenant.key} {start}")
    traits = Traits(
        answer_rate=rng.uniform(0.3, 0.45), talk_seconds=rng.uniform(90, 150), contacts_per_hour=rng.uniform(25, 40),
        countries={tenant.country: 1.0}, silent_rate=0.0, ai_per_minute=0.0, breaks=_BREAKS,
    )  # fmt: skip
    spec = _campaign(
        rng, tenant, f"desk-{tenant.key}", "People call back", start, traits, 300, 1, 8, 6, hours=(_SHIFT,),
        crew=CrewSpec(rng.randint(3, 6), rng.choice((1.0, 1.2)), _SHIFT),
    )  # fmt: skip
    return Standing(Role.DESK, tenant, spec)


def _split(rng: random.Random, tenant: Tenant, start: timedelta) -> Standing:
    traits = Traits(
        answer_rate=rng.uniform(0.25, 0.4), contacts_per_hour=rng.uniform(30, 45), arm_lift={"B": 1.25},
        countries={tenant.country: 1.0},
    )  # fmt: skip
    key = f"split-{tenant.key}"
    arms = (("A", f"agent-{key}", 50.0), ("B", f"agent-{key}-b", 50.0))
    spec = _campaign(
        rng, tenant, key, "Script A against B", start, traits, rng.randint(600, 1200), 2, 6, 5, arms=arms,
        goal=("goal_met", 900),
    )  # fmt: skip
    return Standing(Role.SPLIT, tenant, spec)


def small(rng: random.Random, tenant: Tenant, key: str, contacts: int, start: timedelta) -> Standing:
    """A campaign of a few contacts, one call at a time."""
    traits = Traits(answer_rate=rng.uniform(0.15, 0.5), countries={tenant.country: 1.0}, retry_minutes=_QUICK)
    title = f"Pilot: {contacts} contacts"
    return Standing(Role.SMALL, tenant, _campaign(rng, tenant, key, title, start, traits, contacts, 1, 1, 6))


def trunk_of(each: Standing, place: int) -> str:
    """The connection of the number at this place (from 1 on) of a campaign's pool."""
    if each.role is Role.CLOCK:
        return f"{each.tenant.key}-1"
    return f"{each.tenant.key}-2" if each.role is Role.LIST and place < 3 else f"{each.tenant.key}-3"


def spec_of(campaigns: Sequence[Standing]) -> WorldSpec:
    """The world of these campaigns."""
    counts = {tenant.key: 99 for tenant in TENANTS}
    dids: list[DidSpec] = []
    for each in campaigns:
        for place, (key, _) in enumerate(each.spec.pool, start=1):
            counts[each.tenant.key] += 1
            phone = each.tenant.phone.format(counts[each.tenant.key])
            dids.append(DidSpec(key, trunk_of(each, place), phone, each.tenant.country, None, spacing=0))
    trunks = [
        TrunkSpec(f"{tenant.key}-{place}", tenant.key, provider, channels, 8)
        for tenant in TENANTS
        for place, provider, channels in ((1, "tellus", 16), (2, "carrierone", 12), (3, "rheinvoice", 18))
    ]
    accounts = tuple(AccountSpec(each.key, each.name, each.tz, _CHANNELS, 8000.0) for each in TENANTS)
    return WorldSpec(accounts, tuple(trunks), tuple(dids), tuple(each.spec for each in campaigns))
