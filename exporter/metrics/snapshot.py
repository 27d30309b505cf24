"""Totals and small relations at one instant, as finished bytes; only what changed is encoded again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from exporter.config import Config
from exporter.contract.codes import NO_CURRENCY, OTHER
from exporter.contract.relations import RELATIONS
from exporter.diagnosis.diagnoser import Diagnoser, Input
from exporter.diagnosis.dispatch.verdict import Diagnosis
from exporter.diagnosis.usage import Usage
from exporter.diagnosis.view import Shown, View
from exporter.ledger.ledger import Ledger
from exporter.metrics.catalogue import FAMILIES
from exporter.metrics.catalogue.kinds import (
    Attribute,
    Attributes,
    Buckets,
    Due,
    Family,
    Info,
    Judged,
    Oldest,
    Scope,
    States,
    Totals,
    Type,
    Use,
)
from exporter.metrics.counters import Counters
from exporter.metrics.diagnosis_samples import SAMPLES, changed_facets, facets
from exporter.metrics.exposition import EMPTY, Exposed, FamilyEncoder
from exporter.metrics.owners import Owner, Owners, owner_of
from exporter.metrics.samples import (
    Entities,
    Labels,
    Values,
    bucket_values,
    due_values,
    entity_samples,
    exemplars,
    oldest,
    scaled,
    total_values,
    within_budget,
)
from exporter.source.entities import Number
from exporter.source.platform import Platform


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is served: the exposition of all campaigns at `at` (seconds since 1970)."""

    at: float
    text: bytes
    openmetrics: bytes
    series: int
    campaigns: Mapping[str, int]
    folded: Mapping[str, int]
    held: int
    carried: int
    shown: Shown


@dataclass(frozen=True, slots=True)
class Work:
    """What one refresh has to encode: by relation, projection or facet, the owners it is stale for."""

    ledger: Ledger
    platform: Platform
    at: float
    stale: Mapping[str, set[Owner]]


@dataclass(slots=True)
class _Part:
    """One family: its lines by owner, and all of them together."""

    encoder: FamilyEncoder
    lines: dict[Owner, Exposed] = field(default_factory=dict)
    folded: dict[Owner, int] = field(default_factory=dict)
    kept: dict[Owner, set[Labels]] = field(default_factory=dict)
    together: Exposed = EMPTY


class SnapshotBuilder:
    """Turns the ledger and the platform into snapshots, one after the other."""

    def __init__(self, config: Config, diagnoser: Diagnoser | None = None) -> None:
        self._config = config
        self._parts = {family.name: _Part(FamilyEncoder(family)) for family in FAMILIES}
        self._counters = Counters()
        self._usage = Usage()
        self._ledger: Ledger | None = None
        self._owners = Owners()
        self._diagnoser = diagnoser or Diagnoser(config)
        self._facets: dict[str, dict[str, Hashable]] = {}

    def build(self, ledger: Ledger, platform: Platform, changed: Mapping[str, Iterable[str]], at: float) -> Snapshot:
        """The snapshot at `at`. `changed` names, by projection, the campaigns whose totals changed."""
        return self.encode(self.diagnose(ledger, platform, changed, at))

    def diagnose(self, ledger: Ledger, platform: Platform, changed: Mapping[str, Iterable[str]], at: float) -> Work:
        """Find out what must be encoded again, and judge what changed."""
        anew = ledger is not self._ledger  # nothing that another one said holds, nor what was not finished
        self._ledger = None
        if anew:
            self._usage = Usage()
        stale = self._owners.update(platform, anew)
        for scope, owner in self._owners.left:
            self._leave(scope, owner)
        campaigns = {owner[-1] for name in _OF_CAMPAIGNS for owner in stale.get(name, ())}
        tenants = {owner[0] for name in _OF_TENANTS for owner in stale.get(name, ())}
        for projection, moved in changed.items():  # some have the name of a relation: both are stale then
            owners = {owner_of(platform, key) for key in moved if key in platform.campaigns}
            stale.setdefault(projection, set()).update(owners)
        new = {owner[-1] for owner in stale.get(Scope.CAMPAIGN.name, ())}
        stale["use"] = self._stale_use(ledger, platform, {**changed, "moved": new})
        fresh = self._diagnoser.update(
            Input(
                ledger,
                platform,
                self._usage,
                at,
                {owner[0]: owned for owner, owned in self._owners.entities[Scope.TENANT].items()},
                changed,
                campaigns,
                tenants,
                {owner[0] for owner in stale["use"]},
                anew,
            )
        )
        for key, view in fresh.items():
            before, self._facets[key] = self._facets.get(key, {}), facets(view)
            for facet in changed_facets(before, self._facets[key]):
                stale.setdefault(facet, set()).add(owner_of(platform, key))
        return Work(ledger, platform, at, stale)

    def encode(self, work: Work) -> Snapshot:
        """The snapshot, of which only what changed is encoded again."""
        for part in self._parts.values():
            self._update(part, work.ledger, work.platform, work.stale)
        self._ledger = work.ledger
        blocks = [part.together for part in self._parts.values()]
        return Snapshot(
            work.at,
            b"".join(block.text for block in blocks),
            b"".join(block.openmetrics for block in blocks),
            sum(block.series for block in blocks),
            Counter(campaign.status for campaign in work.platform.campaigns.values()),
            {name: sum(part.folded.values()) for name, part in self._parts.items() if any(part.folded.values())},
            self._counters.held,
            self._counters.carried,
            self._diagnoser.shown(work.ledger, work.platform, work.at),
        )

    def view(self, campaign_id: str) -> View:
        """What was found out about a campaign by the last `diagnose`."""
        return self._diagnoser.views[campaign_id]

    def revise(self, campaign_id: str, diagnosis: Diagnosis) -> None:
        """Show another diagnosis of a campaign: that of one who knows more than the rows of one look tell."""
        self._diagnoser.views[campaign_id] = replace(self.view(campaign_id), diagnosis=diagnosis)

    def true_counters(self, ledger: Ledger, platform: Platform, campaign_id: str) -> dict[str, Values]:
        """The true values of all counters of a campaign, by family: taken before and after rows vanished."""
        if campaign_id not in platform.campaigns:
            return {}
        owner = owner_of(platform, campaign_id)
        return {
            name: values
            for name, part in self._parts.items()
            if (values := self._counter_values(part, ledger, platform.campaigns[campaign_id].currency, owner))
            is not None
        }

    def purged(self, campaign_id: str, before: Mapping[str, Values], after: Mapping[str, Values]) -> None:
        """Carry what the counters of a campaign lost because rows were deleted."""
        for name in before:
            self._counters.purged((name, campaign_id), before[name], after.get(name, {}))

    # -- what must be encoded again -----------------------------------------------------------------------

    def _stale_use(self, ledger: Ledger, platform: Platform, changed: Mapping[str, Iterable[str]]) -> set[Owner]:
        touched = {campaign for name in ("attempts", "numbers", "today", "moved") for campaign in changed.get(name, ())}
        tenants: set[str] = set()
        for campaign in touched:
            tenants |= self._usage.update(ledger, platform, campaign)
        return {(tenant,) for tenant in tenants}

    def _leave(self, scope: Scope, owner: Owner) -> None:
        for part in self._parts.values():
            if part.encoder.family.scope is scope and part.lines.pop(owner, None) is not None:
                part.folded.pop(owner, None)
                part.kept.pop(owner, None)
                part.encoder.forget(owner)
                part.together = EMPTY
        if scope is Scope.CAMPAIGN:
            self._counters.leave(owner[-1])
            self._facets.pop(owner[-1], None)

    # -- encoding -----------------------------------------------------------------------------------------

    def _update(self, part: _Part, ledger: Ledger, platform: Platform, stale: Mapping[str, set[Owner]]) -> None:
        family = part.encoder.family
        owners = {owner for name in _depends_on(family) for owner in stale.get(name, ())}
        owners &= self._owners.entities[family.scope].keys()
        for owner in owners:
            part.lines[owner] = self._encode(part, ledger, platform, owner)
        if not owners and part.together.series == sum(lines.series for lines in part.lines.values()):
            return
        blocks = [part.lines[owner] for owner in sorted(part.lines)]
        series = sum(block.series for block in blocks)
        if not series:
            part.together = EMPTY
            return
        blocks.insert(0, part.encoder.header())
        text = b"".join(block.text for block in blocks)
        same = all(block.text is block.openmetrics for block in blocks[1:]) and blocks[0].text == blocks[0].openmetrics
        openmetrics = text if same else b"".join(block.openmetrics for block in blocks)
        part.together = Exposed(text, openmetrics, series)

    def _encode(self, part: _Part, ledger: Ledger, platform: Platform, owner: Owner) -> Exposed:
        family = part.encoder.family
        match family.source:
            case Totals():
                return self._encode_totals(part, ledger, platform, owner)
            case Buckets() as source:
                counts, total = bucket_values(source, ledger, owner[-1])
                if not counts:
                    return EMPTY
                group = (family.name, owner[-1])
                shown = self._counters.show(group, {**counts, ("sum",): total[()]})
                micro = shown.pop(("sum",))
                by_bucket = [shown[(str(index),)] for index in range(len(source.bounds) + 1)]
                newest = exemplars(family, ledger, owner[-1])
                return part.encoder.histogram(owner, by_bucket, source.bounds, micro / 1_000_000, newest)
            case Due():
                return part.encoder.samples(owner, due_values(family, ledger, owner[-1]))
            case Oldest():
                return part.encoder.samples(owner, oldest(family, ledger, owner[-1]))
            case Use() as use:
                return part.encoder.samples(owner, self._used(use, platform, owner[0]))
            case Judged(facet=facet) if self._facets[owner[-1]][facet] is None:
                return EMPTY
            case Judged(value=value):
                return part.encoder.samples(owner, SAMPLES[value](self._diagnoser.views[owner[-1]]))
        entities, part.folded[owner] = self._within_budgets(
            self._owners.entities[family.scope][owner], family.source.relation
        )
        samples = entity_samples(family, entities)
        if family.type is Type.INFO and "phone" in family.labels and self._config.numbers.mask_phone:
            samples = _masked(family, samples)
        return part.encoder.samples(owner, samples)

    def _encode_totals(self, part: _Part, ledger: Ledger, platform: Platform, owner: Owner) -> Exposed:
        family = part.encoder.family
        source = family.source
        assert isinstance(source, Totals)
        currency = platform.campaigns[owner[-1]].currency
        values = total_values(family, ledger, owner[-1], currency)
        if source.projection not in ledger.projections:
            return EMPTY
        if source.budget is not None:
            budget = getattr(self._config.series, source.budget)
            values, part.folded[owner] = within_budget(source, values, budget, part.kept.setdefault(owner, set()))
        if family.type is Type.COUNTER:
            if source.currency:  # another currency makes other series, as another tenant does
                self._counters.only((family.name, owner[-1]), currency or NO_CURRENCY)
            values = self._counters.show((family.name, owner[-1]), values)
        divisor = scaled(family)
        floats = {labels: value / divisor for labels, value in values.items()} if divisor > 1 else values
        return part.encoder.samples(owner, floats, exemplars(family, ledger, owner[-1]))

    def _counter_values(self, part: _Part, ledger: Ledger, currency: str | None, owner: Owner) -> Values | None:
        """What `Counters` is shown for a family, without showing it."""
        family = part.encoder.family
        source = family.source
        if isinstance(source, Buckets):
            counts, total = bucket_values(source, ledger, owner[-1])
            return {**counts, ("sum",): total[()]} if counts else {}
        if family.type is not Type.COUNTER or not isinstance(source, Totals):
            return None
        values = total_values(family, ledger, owner[-1], currency)
        if source.budget is not None:
            kept = set(part.kept.get(owner, ()))
            values, _ = within_budget(source, values, getattr(self._config.series, source.budget), kept)
        return values

    def _within_budgets(self, entities: Entities, relation: str) -> tuple[Entities, int]:
        """The entities of a relation that have a series, and how many have none."""
        setting = _ENTITY_BUDGETS.get(relation)
        members = entities.get(relation, ())
        budget = getattr(self._config.series, setting) if setting else len(members)
        if len(members) > budget:  # by identity, as rows move about in their tables
            members = sorted(members, key=lambda member: [getattr(member, name) for name in RELATIONS[relation].key])
        return {relation: members[:budget]}, max(0, len(members) - budget)

    def _used(self, use: Use, platform: Platform, tenant: str) -> dict[Labels, float]:
        if use.of == "tenant":
            return {(): float(self._usage.in_progress[tenant])}
        if use.of == "connections":
            counts = self._usage.by_connection(platform, tenant)
        else:
            own = self._owners.entities[Scope.TENANT][(tenant,)]["numbers"]
            counts = Counter({number.number_id: 0 for number in own if isinstance(number, Number)})
            counts.update(self._usage.today.get(tenant, {}))
        return _cut({(name,): float(count) for name, count in counts.items()}, self._config.series.numbers)


def _cut(values: dict[Labels, float], budget: int) -> dict[Labels, float]:
    """The largest values, and the sum of the others as `other`."""
    if len(values) <= budget:
        return values
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ordered[:budget])
    kept[(OTHER,)] = kept.get((OTHER,), 0.0) + sum(value for _, value in ordered[budget:])
    return kept


def _masked(family: Family, samples: Mapping[Labels, float]) -> dict[Labels, float]:
    place = family.labels.index("phone")
    return {
        (*labels[:place], mask_phone(labels[place]), *labels[place + 1 :]): value for labels, value in samples.items()
    }


def mask_phone(phone: str) -> str:
    """A phone number of which the last two digits are left."""
    return "".join("*" if character.isdigit() else character for character in phone[:-2]) + phone[-2:]


def _depends_on(family: Family) -> tuple[str, ...]:
    """Names of the projections and relations a family is made of; of its scope, for a new owner."""
    scope = family.scope.name
    match family.source:
        case Totals() as source:
            return (scope, source.projection, "campaigns") if source.currency else (scope, source.projection)
        case Buckets(projection=name) | Due(projection=name) | Oldest(projection=name):
            return (scope, name)
        case Use():
            return (scope, "use", "numbers", "connections")
        case Judged(facet=facet):
            return (scope, facet)
        case Attribute(relation=name) | Attributes(relation=name) | Info(relation=name) | States(relation=name):
            return (scope, name)


_OF_CAMPAIGNS = (Scope.CAMPAIGN.name, "campaigns", "campaign_numbers", "audience_uploads", "variants")
_OF_TENANTS = (Scope.TENANT.name, "tenants", "numbers", "connections")
"""Relations that a campaign's diagnosis rests on: its own, and those that all campaigns of a tenant share."""

_ENTITY_BUDGETS = {"numbers": "numbers", "campaign_numbers": "numbers", "goals": "goals", "variants": "variants"}
"""Relations of which a campaign or tenant may have many: the setting of `series` that caps them."""
