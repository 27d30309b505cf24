"""Figure 7: what the diagnosis of many campaigns adds to a refresh, in a platform that is made up in memory."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.database import say
from benchmarks.figure import Figure
from exporter.calendar.days import day_at, zone
from exporter.config import Config
from exporter.contract.availability import Available, compare
from exporter.contract.relations import RELATIONS, Kind
from exporter.diagnosis.diagnoser import Diagnoser, Input
from exporter.diagnosis.view import View
from exporter.ledger.ledger import Ledger
from exporter.metrics.catalogue import FAMILIES
from exporter.metrics.catalogue.kinds import Judged
from exporter.metrics.encoding import Work
from exporter.metrics.snapshot import SnapshotBuilder
from exporter.refresh.service import settle
from exporter.source.platform import Platform, PlatformReader
from exporter.source.reader import Reader
from exporter.source.small_reader import SMALL
from exporter.source.told import TOLD

CAMPAIGNS, TENANTS, NUMBERS, TRUNKS, POOL = 500, 20, 40, 4, 10
TASKS, CALLS = 600, 200
"""Of each campaign: live tasks, and calls within the last hour."""

ROUNDS = 20
LIMIT_SECONDS = 0.050
NOW = 1_772_625_600.0
_TYPES = {
    Kind.ID: "int8", Kind.TEXT: "text", Kind.TIME: "timestamptz", Kind.INTEGER: "int8", Kind.NUMBER: "numeric",
    Kind.BOOLEAN: "bool", Kind.JSON: "jsonb",
}  # fmt: skip
_FACETS = {family.source.facet for family in FAMILIES if isinstance(family.source, Judged)}
"""Only families made of a diagnosis depend on these."""

_EVERYTHING = {relation: (1 << len(columns)) - 1 for relation, columns in TOLD.items()}
"""Each row fills every optional column."""

_ZONES = ("America/New_York", "Europe/Berlin", "Australia/Sydney", "America/Chicago")
_WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def measure() -> list[Figure]:
    """The median time of a refresh's diagnosis while every campaign changes, and where none does."""
    world = World(random.Random(1))
    world.refresh()
    settle()  # as the service does after its first snapshot
    busy = statistics.median(world.refresh(range(CAMPAIGNS)) for _ in range(ROUNDS))
    few = statistics.median(world.refresh(range(5)) for _ in range(ROUNDS))
    idle = statistics.median(world.refresh() for _ in range(ROUNDS))
    say(
        f"diagnosis where 5 of {CAMPAIGNS} campaigns change: {few * 1000:.1f} ms; where none does: {idle * 1000:.1f} ms"
    )
    return [Figure(f"diagnosis of {CAMPAIGNS} campaigns", busy, None, LIMIT_SECONDS)]


class _Timed(Diagnoser):
    """A diagnoser that tells how long the last update took."""

    took = 0.0

    def update(self, given: Input) -> dict[str, View]:
        start = time.perf_counter()
        fresh = super().update(given)
        self.took = time.perf_counter() - start
        return fresh


class World:
    """A platform and its totals; `refresh` lets calls start and end, and times what is judged and shown of it."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._now = NOW
        self._serial = 0
        self._going: dict[int, list[tuple[int, int, float]]] = {number: [] for number in range(CAMPAIGNS)}
        columns = {name: {c.name: _TYPES[c.kind] for c in each.columns} for name, each in RELATIONS.items()}
        self._available: Available = compare("campaign_monitoring", columns)
        self._reader = Reader(self._available)
        config = Config.model_validate({"database": {"url": "postgresql://nobody"}})
        self._ledger = Ledger(self._available, config.stale_after)
        self._platforms = PlatformReader()
        self._raw = _relations(luck)
        self._diagnoser = _Timed(config)
        self._builder = SnapshotBuilder(config, self._diagnoser)
        platform = self._platform()
        self._ledger.advance(self._now)
        self._fill(platform)

    def refresh(self, changing: Sequence[int] = ()) -> float:
        """One refresh a second later; the seconds that diagnosis and its metrics took."""
        self._now += 1.0
        platform = self._platform()
        self._ledger.advance(self._now)
        for number in changing:
            self._dial(number)
        changed = self._ledger.drain_changed()
        work = self._builder.diagnose(self._ledger, platform, changed, self._now)
        judged = {name: owners for name, owners in work.stale.items() if name in _FACETS}
        others = {name: owners for name, owners in work.stale.items() if name not in _FACETS}
        self._encode(replace(work, stale=others))
        joining = self._encode(replace(work, stale={}))
        return self._diagnoser.took + self._encode(replace(work, stale=judged)) - joining

    def _encode(self, work: Work) -> float:
        start = time.perf_counter()
        self._builder.encode(work)
        return time.perf_counter() - start

    def _platform(self) -> Platform:
        platform = self._platforms.build(SMALL, self._raw, self._now, 604_800.0)
        where = {key: zone(platform.zone_of(campaign)) for key, campaign in platform.campaigns.items()}
        self._ledger.set_scope({key: day_at(self._now, each) for key, each in where.items() if each is not None})
        return platform

    def _fill(self, platform: Platform) -> None:
        for key in platform.campaigns:
            tasks = [self._task(int(key)) for _ in range(TASKS)]
            calls = [self._call(int(key), self._now - self._luck.uniform(0, 3600)) for _ in range(CALLS)]
            self._ledger.apply("tasks", self._reader.layout("tasks").of(tasks), loading=True)
            self._ledger.apply("calls", self._reader.layout("calls").of(calls), loading=True)

    def _dial(self, number: int) -> None:
        """Two calls start, those before end, and their tasks move along."""
        over, self._going[number] = self._going[number], []
        rows = [self._call(number, started, call=call, task=task) for call, task, started in over]
        for _ in range(2):
            row = self._call(number, self._now, "in_progress")
            self._going[number].append((row["id"], int(row["task"]), self._now))
            rows.append(row)
        tasks = [self._task(number, "in_progress"), self._task(number, "completed")]
        self._ledger.apply("calls", self._reader.layout("calls").of(rows))
        self._ledger.apply("tasks", self._reader.layout("tasks").of(tasks))

    def _task(self, number: int, status: str = "pending") -> dict[str, Any]:
        self._serial += 1
        luck = self._luck.random()
        due = self._now + 3600 * (luck - 0.3)
        blocker = "campaign_concurrency" if luck < 0.1 else None
        return {
            "id": self._serial, "campaign": str(number), "status": status,
            "blocker": blocker if status == "pending" else None, "eligible": due if status == "pending" else None,
            "attempts": 1 if status == "pending" else None, "most": 3 if status == "pending" else None,
            "since": None if status == "pending" else self._now, "retries_micro": 0, "disposition": None,
            "variant": "AB"[self._serial % 2], "goal_micro": 0, "finished_micro": 0, "created": self._now - 7200,
            "updated": self._now, "broken": 0, "told": _EVERYTHING["tasks"],
        }  # fmt: skip

    def _call(
        self, number: int, started: float, outcome: str | None = None, call: int | None = None, task: int | None = None
    ) -> dict[str, Any]:
        self._serial += 1
        luck = self._luck.random()
        over = outcome is None
        answered = over and luck < 0.3
        tenant = number % TENANTS
        return {
            "id": call or self._serial, "campaign": str(number), "task": str(task or self._serial),
            "outcome": outcome or ("answered" if answered else "no_answer" if luck < 0.97 else "failed"),
            "attempt": 1 + self._serial % 3, "number": str(tenant * NUMBERS + self._serial % POOL),
            "variant": "AB"[self._serial % 2], "provider": "carrier" if luck >= 0.97 else None,
            "error": "sip_503" if over and luck >= 0.97 else None, "sentiment": None,
            "talk_micro": 60_000_000 if answered else None,
            "score_micro": None, "delay_micro": 3_000_000, "silent": None,
            "answered_micro": 1_000_000 if answered else 0, "ai_micro": 50_000, "telephony_micro": 10_000,
            "started": started, "created": started, "updated": self._now, "broken": 0,
            "told": _EVERYTHING["calls"],
        }  # fmt: skip


def _relations(luck: random.Random) -> dict[str, list[tuple[str | None, ...]]]:
    """The small relations as texts, as the database sends them."""
    found: dict[str, list[tuple[str | None, ...]]] = {name: [] for name in SMALL}

    def add(relation: str, **values: object) -> None:
        texts = {name: None if value is None else str(value) for name, value in values.items()}
        found[relation].append(tuple(texts.get(name) for name in SMALL[relation]))

    for tenant in range(TENANTS):
        zone_name = _ZONES[tenant % len(_ZONES)]
        add("tenants", tenant_id=tenant, name=f"Tenant {tenant}", timezone=zone_name, concurrency_limit=200,
            credits_remaining=1000)  # fmt: skip
        for trunk in range(TRUNKS):
            add("connections", connection_id=tenant * TRUNKS + trunk, tenant_id=tenant, provider="carrier",
                concurrency_limit=60)  # fmt: skip
        for number in range(NUMBERS):
            add("numbers", number_id=tenant * NUMBERS + number, tenant_id=tenant,
                connection_id=tenant * TRUNKS + number % TRUNKS, phone=f"+1202555{number:04}", status="active",
                daily_cap=5000)  # fmt: skip
    for number in range(CAMPAIGNS):
        tenant = number % TENANTS
        windows = json.dumps([{"days": _WEEK, "start": "00:30", "end": f"{luck.randrange(18, 24)}:00"}])
        add("campaigns", campaign_id=number, tenant_id=tenant, name=f"Campaign {number}", status="running",
            priority=number % 7, started_at="2026-02-20 00:00:00+00", timezone=_ZONES[tenant % len(_ZONES)],
            call_windows=windows, concurrency_limit=20, calls_per_minute=120, budget=5000, currency="USD")  # fmt: skip
        for arm in "AB":
            add("variants", campaign_id=number, variant=arm, weight=50)
        for place in range(POOL):
            add("campaign_numbers", campaign_id=number, number_id=tenant * NUMBERS + place, weight=1)
    return found
