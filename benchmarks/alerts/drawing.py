"""Draws from a seed what goes wrong: which kinds, when, how badly, and for whom. The world is made to fit.

Five seeds in a row (1 to 5, 6 to 10, …) share out all kinds once, so that any twenty hold each kind four times. An
incident is put where it can be known: what it is aimed at has been quiet for an hour and a half, its windows are as
the kind asks, and where people must answer it is day for them. Every third begins while another one lasts, aimed at
other campaigns, of the same tenant or another.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.alerts.incident import RECOVERY_SECONDS, Incident
from benchmarks.alerts.kinds import KINDS, Kind, Role, Strikes
from benchmarks.alerts.world import TENANTS, Standing, Tenant, small, spec_of, standing, trunk_of
from exporter.demo.dialler.creation import account_ids, campaign_ids, number_ids, trunk_ids
from exporter.demo.platform.world import WorldSpec
from exporter.demo.scenarios.stage import Value

HISTORY = timedelta(hours=36)
FIRST_AFTER = timedelta(minutes=80)
QUIET = timedelta(minutes=90)
RECOVERY = timedelta(seconds=RECOVERY_SECONDS)
PATIENCE = timedelta(hours=34)
AFTER = timedelta(minutes=50)
SEEDS_A_DECK = 5
_STEP = timedelta(minutes=10)
_ENOUGH = {"budget_out": 15, "import_failed": 8}
"""Fewest contacts where a campaign must have called some before it is struck."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A world and what will go wrong in it. It begins at `start`; looks are dense from `dense` to `end`."""

    start: datetime
    dense: datetime
    end: datetime
    spec: WorldSpec
    incidents: tuple[Incident, ...]
    skipped: tuple[str, ...]
    origin: datetime
    """From which the times of the specification count."""


@dataclass(slots=True)
class _Target:
    """Something that an incident may be aimed at."""

    name: str
    parameters: dict[str, Value]
    campaigns: list[Standing]
    pool: list[str] | None = None
    """Numbers, where it is not all of the campaigns'."""
    tenant: Tenant | None = None
    """Where a small campaign is to be made of it."""


@dataclass(slots=True)
class _Drawn:
    kind: Kind
    target: _Target
    start: datetime
    end: datetime
    overlaps: bool
    parameters: dict[str, Value]


def kinds_of(seed: int) -> list[Kind]:
    """This seed's share of the deck, in an order of its own."""
    deck, place = divmod(seed - 1, SEEDS_A_DECK)
    kinds = list(KINDS.values())
    random.Random(f"deck {deck}").shuffle(kinds)
    mine = kinds[place::SEEDS_A_DECK]
    random.Random(f"order {seed}").shuffle(mine)
    return mine


def draw(seed: int, kinds: Iterable[Kind] | None = None) -> Plan:
    """What this seed means; `kinds` instead of its share of the deck."""
    rng = random.Random(f"world {seed}")
    start = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=rng.randrange(56), minutes=rng.randrange(1440))
    return _Drawing(rng, start + HISTORY).plan(start, list(kinds_of(seed) if kinds is None else kinds))


@dataclass
class _Drawing:
    rng: random.Random
    dense: datetime
    campaigns: list[Standing] = field(default_factory=list)
    drawn: list[_Drawn] = field(default_factory=list)

    def plan(self, start: datetime, wanted: list[Kind]) -> Plan:
        self.campaigns = standing(self.rng, HISTORY)
        cursor = self.dense + FIRST_AFTER
        while wanted and cursor < self.dense + PATIENCE:
            made = next(filter(None, (self._try(kind, cursor) for kind in wanted)), None)
            if made is None:
                cursor += _STEP
                continue
            wanted.remove(made.kind)
            self.drawn.append(made)
            if self.rng.random() < 1 / 3 and not _alone(made):
                cursor = made.start + timedelta(minutes=self.rng.uniform(5, 25))
            else:
                cursor = max(each.end for each in self.drawn) + timedelta(minutes=self.rng.uniform(15, 45))
        spec = spec_of(self.campaigns)
        incidents = tuple(_incident(each, spec, self._begun(each.end)) for each in self.drawn)
        end = max((each.end for each in self.drawn), default=cursor) + AFTER
        return Plan(start, self.dense, end, spec, incidents, tuple(kind.name for kind in wanted), self.dense)

    def _begun(self, by: datetime) -> list[Standing]:
        """The campaigns that have begun by then: one made for a later incident is not struck by an earlier one."""
        return [each for each in self.campaigns if self.dense + (each.spec.start or timedelta()) < by]

    def _try(self, kind: Kind, cursor: datetime) -> _Drawn | None:
        """The kind at about this moment, if there is somebody to strike."""
        rng = self.rng
        start = cursor + timedelta(seconds=rng.randrange(300))
        end = start + timedelta(minutes=rng.uniform(*kind.minutes))
        targets = [each for each in self._targets(kind, start) if self._fits(kind, each, start, end)]
        if not targets:
            return None
        target = rng.choice(targets)
        if target.tenant is not None:
            target = self._small(kind, target.tenant, start)
        parameters = {**target.parameters, **{name: _size(rng, *size) for name, size in kind.sizes.items()}}
        if target.campaigns and target.campaigns[0].role is Role.SMALL and kind.name == "budget_out":
            parameters["left"] = 0.01
        overlaps = any(each.end > start for each in self.drawn)
        return _Drawn(kind, target, start, end, overlaps, parameters)

    def _targets(self, kind: Kind, start: datetime) -> list[_Target]:
        """Everything this kind may be aimed at; a small campaign as often as the others together."""
        if kind.strikes is Strikes.EXPORTER:
            return [_Target("exporter", {}, [])]
        if kind.strikes is Strikes.TENANT:
            return self._tenants(kind)
        if kind.strikes is Strikes.CONNECTION:
            return self._connections(kind)
        ready = [each for each in self.campaigns if each.role in kind.roles and each.role is not Role.SMALL]
        if kind.strikes is Strikes.NUMBER:
            return [_Target(key, {"number": key}, [each], [key]) for each in ready for key in [each.spec.pool[0][0]]]
        found = [_Target(each.spec.key, {"campaign": each.spec.key}, [each]) for each in ready]
        if kind.strikes is Strikes.PLATFORM:
            everybody = [each for each in self.campaigns if each.role is not Role.SMALL]
            found += [_Target("*", {"campaign": "*"}, list(self.campaigns))] * 3
            for tenant in TENANTS:
                mine = [each for each in everybody if each.tenant is tenant]
                found.append(_Target(tenant.key, {"campaign": "+".join(each.spec.key for each in mine)}, mine))
        if Role.SMALL in kind.roles and start > self.dense:
            found += [_Target("small", {}, [], tenant=self.rng.choice(TENANTS)) for _ in range(len(found) * 2 // 3)]
        return found

    def _tenants(self, kind: Kind) -> list[_Target]:
        found = []
        for tenant in TENANTS:
            mine = [each for each in self.campaigns if each.tenant is tenant]
            if kind.name == "starvation":
                by = next(each for each in mine if each.role is Role.CLOCK)
                victims = [each for each in mine if each is not by]
                found.append(_Target(f"by {by.spec.key}", {"by": by.spec.key}, [by, *victims], _pool(victims)))
            else:
                found.append(_Target(tenant.key, {"tenant": tenant.key}, mine))
        return found

    def _connections(self, kind: Kind) -> list[_Target]:
        found = []
        for tenant in TENANTS:
            sets = [("1",), ("2", "3"), ("1", "2", "3")]
            if kind.name != "connection_limit":  # the list's campaign has another one, to which it fails over
                sets.append(("2",))
            for chosen in sets:
                keys = [f"{tenant.key}-{each}" for each in chosen]
                pool = [
                    key
                    for each in self.campaigns
                    for place, (key, _) in enumerate(each.spec.pool, start=1)
                    if trunk_of(each, place) in keys
                ]
                mine = [each for each in self.campaigns if any(key in pool for key, _ in each.spec.pool)]
                found.append(_Target("+".join(keys), {"connection": "+".join(keys)}, mine, pool))
        return found

    def _fits(self, kind: Kind, target: _Target, start: datetime, end: datetime) -> bool:
        lasting = [each for each in self.drawn if each.end + timedelta(minutes=15) > start]
        if any(_alone(each) for each in lasting) or (lasting and _is_alone(kind, target)):
            return False
        busy = {one.spec.key for each in self.drawn if each.end + QUIET > start for one in each.target.campaigns}
        if busy & {one.spec.key for one in target.campaigns}:
            return False
        if target.tenant is not None:  # a campaign that is still to be made must not begin in somebody else's incident
            wide = [
                each for each in self.drawn if each.end + RECOVERY > start and each.kind.strikes is not Strikes.CAMPAIGN
            ]
            return not any(one.tenant is target.tenant for each in wide for one in each.target.campaigns)
        if not target.campaigns:
            return True
        one = target.campaigns[0]
        if kind.awake and not one.awake(start - timedelta(hours=1), end):
            return False
        if one.role in (Role.OFFICE, Role.DESK) and len(target.campaigns) == 1:
            return one.open(start - timedelta(minutes=70), end) is (kind.name != "outside_window")
        if kind.needs.answers and one.spec.traits.answer_rate < 0.2:
            return False
        # at night the feed brings half as much
        return not (one.role is Role.CLOCK and kind.needs.calls >= 100 and not one.awake(start, end))

    def _small(self, kind: Kind, tenant: Tenant, start: datetime) -> _Target:
        """A campaign made for the incident, dialling since a minute or two."""
        contacts = max(round(5 * 8 ** self.rng.random()), _ENOUGH.get(kind.name, 5))
        began = start - self.dense - timedelta(seconds=30 + 3 * contacts)
        key = f"small-{len(self.campaigns)}"
        made = small(self.rng, tenant, key, contacts, began)
        self.campaigns.append(made)
        return _Target(key, {"campaign": key}, [made])


def _is_alone(kind: Kind, target: _Target) -> bool:
    return kind.strikes is Strikes.EXPORTER or target.name == "*"


def _alone(drawn: _Drawn) -> bool:
    """Nothing else can be told while it lasts."""
    return _is_alone(drawn.kind, drawn.target)


def _size(rng: random.Random, low: float | str, high: float | str, *more: str) -> Value:
    if isinstance(low, str) or isinstance(high, str):
        return str(rng.choice((low, high, *more)))
    value = rng.uniform(low, high)
    return float(round(value)) if high > 1 and high == round(high) and low == round(low) else round(value, 3)


def _pool(campaigns: Sequence[Standing]) -> list[str]:
    return [key for each in campaigns for key, _ in each.spec.pool]


def _incident(drawn: _Drawn, spec: WorldSpec, campaigns: Sequence[Standing]) -> Incident:
    """With the ids of this world; `campaigns` made since it was drawn may share what is struck."""
    everything = drawn.target.name == "*"
    struck = list(campaigns) if everything else drawn.target.campaigns
    if drawn.kind.strikes in (Strikes.TENANT, Strikes.CONNECTION):
        tenants = {each.tenant.key for each in struck}
        others = [each for each in campaigns if each.tenant.key in tenants and each not in struck]
        if drawn.kind.strikes is Strikes.CONNECTION:
            keys = str(drawn.parameters["connection"]).split("+")
            others = [each for each in others if trunk_of(each, 1) in keys]
        struck = [*struck, *others]
    ids, numbers, accounts, trunks = campaign_ids(spec), number_ids(spec), account_ids(spec), trunk_ids(spec)
    pool = _pool(struck) if drawn.target.pool is None else drawn.target.pool
    if drawn.kind.strikes is Strikes.CONNECTION:
        keys = str(drawn.parameters["connection"]).split("+")
    else:
        keys = sorted({did.trunk for did in spec.dids if did.key in pool})
    return Incident(
        kind=drawn.kind.name,
        start=drawn.start.timestamp(),
        end=drawn.end.timestamp(),
        parameters=drawn.parameters,
        target=drawn.target.name,
        tenants=tuple(sorted({str(accounts[each.tenant.key]) for each in struck})),
        campaigns=tuple(str(ids[each.spec.key]) for each in struck),
        numbers=tuple(str(numbers[key]) for key in pool),
        connections=tuple(str(trunks[key]) for key in keys),
        providers=tuple(sorted({trunk.provider for trunk in spec.trunks if trunk.key in keys})),
        size=min((each.size for each in drawn.target.campaigns), default=0),
        everything=everything or drawn.kind.strikes is Strikes.EXPORTER,
        overlaps=drawn.overlaps,
    )
