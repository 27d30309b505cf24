"""What each family shows of one owner, as lines: true values, within their budgets, counters held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.config import Config
from exporter.contract.codes import ENDED_STATUSES, NO_CURRENCY
from exporter.diagnosis.view import View
from exporter.ledger.fold import began
from exporter.ledger.ledger import Ledger
from exporter.metrics.budgets import entities_within_budget, largest, within_budget
from exporter.metrics.catalogue.kinds import (
    Attribute,
    Attributes,
    Buckets,
    Due,
    Family,
    Info,
    Judged,
    Offset,
    Oldest,
    Scope,
    States,
    Totals,
    Type,
    Use,
)
from exporter.metrics.counters import Counters
from exporter.metrics.diagnosis_samples import SAMPLES
from exporter.metrics.exposition import EMPTY, Exposed, joined
from exporter.metrics.family_lines import FamilyLines
from exporter.metrics.hidden_rows import withheld
from exporter.metrics.masking import mask_phones
from exporter.metrics.owners import Owner
from exporter.metrics.samples import (
    BUCKETS,
    SUM,
    Labels,
    Values,
    bucket_values,
    due_values,
    entity_samples,
    exemplars,
    oldest,
    scaled,
    total_values,
)
from exporter.metrics.stale import Changed, Stale
from exporter.source.entities import Number
from exporter.source.platform import Platform


@dataclass(frozen=True, slots=True)
class Work:
    """What one refresh has to encode, and of what."""

    ledger: Ledger
    platform: Platform
    at: float
    stale: Stale
    changed: Changed
    views: Mapping[str, View]


class Encoder:
    """Lines of one family of one owner. Counters never fall, so what they showed before decides too."""

    def __init__(self, config: Config, counters: Counters) -> None:
        self._series = config.series
        self._masks = config.numbers.mask_phone
        self._dates = config.openmetrics.created
        self._counters = counters

    def encode(self, family: FamilyLines, work: Work, owner: Owner) -> Exposed:
        """The lines of an owner: (tenant, campaign), or (tenant,) for a family of tenants."""
        declared, encoder = family.encoder.family, family.encoder
        if withheld(declared, work.ledger.hidden):
            return EMPTY
        if not all(work.ledger.available.has(*need.split(".")) for need in declared.needs):
            return EMPTY
        if declared.live and work.platform.campaigns[owner[-1]].status in ENDED_STATUSES:
            return EMPTY
        if declared.of_voice and (owner[-1] in work.platform.agents or "agents" in work.ledger.hidden):
            return EMPTY
        if declared.of_list and not work.platform.campaigns[owner[-1]].listed:
            return EMPTY
        match declared.source:
            case Totals() as source:
                return self._totals(family, source, work, owner)
            case Buckets() as source:
                return self._buckets(family, source, work, owner)
            case Due():
                return encoder.samples(owner, due_values(declared, work.ledger, owner[-1]))
            case Oldest():
                return encoder.samples(owner, oldest(declared, work.ledger, owner[-1]))
            case Offset():
                ahead = work.changed.clocks.ahead.get(owner)
                return EMPTY if ahead is None else encoder.samples(owner, {(): ahead})
            case Use() as source:
                return encoder.samples(owner, self._used(source, work, owner[0]))
            case Judged(facet=facet) if work.changed.facets[owner[-1]][facet] is None:
                return EMPTY
            case Judged(value=value):
                return encoder.samples(owner, SAMPLES[value](work.views[owner[-1]]))
            case Attribute() | Attributes() | Info() | States() as source:
                entities = work.changed.owners.entities[declared.scope][owner]
                shown, family.folded[owner] = entities_within_budget(source.relation, entities, self._series)
                samples: Mapping[Labels, float] = entity_samples(declared, shown)
                return encoder.samples(owner, mask_phones(declared, samples) if self._masks else samples)

    def truth(self, family: FamilyLines, ledger: Ledger, platform: Platform, owner: Owner) -> Values | None:
        """The true values of a family of counters, as `Counters` is shown them; `None` of any other family."""
        declared = family.encoder.family
        match declared.source:
            case Buckets() as source:
                values = bucket_values(source, ledger, owner[-1], ledger.told(owner[-1]))
                return self._within(declared, source, values, self._counters.had(declared.name, owner))[0]
            case Totals() as source if declared.type is Type.COUNTER:
                currency = platform.campaigns[owner[-1]].currency
                values = total_values(declared, ledger, owner[-1], currency, ledger.told(owner[-1]))
                return self._within(declared, source, values, self._counters.had(declared.name, owner))[0]
            case _:
                return None

    def _totals(self, family: FamilyLines, source: Totals, work: Work, owner: Owner) -> Exposed:
        if source.projection not in work.ledger.projections:
            return EMPTY
        declared = family.encoder.family
        currency = work.platform.campaigns[owner[-1]].currency
        told = work.changed.told[owner[-1]]
        values = total_values(declared, work.ledger, owner[-1], currency, told)
        if source.budget is not None:
            kept = self._counters.kept(declared.name, owner)
            values, family.folded[owner] = self._within(declared, source, values, kept)
        if declared.type is Type.COUNTER:
            # Another currency makes other series, as another tenant does.
            suffix = (currency or NO_CURRENCY) if source.currency else ""
            values = self._counters.show(declared.name, owner, values, suffix)
        start = self._began(declared, work, owner, suffix) if declared.type is Type.COUNTER else None
        newest = exemplars(declared, work.ledger, owner[-1])
        return family.encoder.samples(owner, values, newest, start, divisor=scaled(declared))

    def _buckets(self, family: FamilyLines, source: Buckets, work: Work, owner: Owner) -> Exposed:
        truth = bucket_values(source, work.ledger, owner[-1], work.changed.told[owner[-1]])
        if not truth:
            return EMPTY
        declared = family.encoder.family
        if source.budget is not None:
            kept = self._counters.kept(declared.name, owner)
            truth, family.folded[owner] = self._within(declared, source, truth, kept)
        shown = self._counters.show(declared.name, owner, truth)
        newest = exemplars(declared, work.ledger, owner[-1])
        start = self._began(declared, work, owner)
        made: list[Exposed] = []
        for own in sorted({labels[:-1] for labels in shown}):
            counts = [shown[(*own, *bucket)] for bucket in BUCKETS[: len(source.bounds) + 1]]
            seconds = shown[(*own, *SUM)] / 1_000_000
            made.append(family.encoder.histogram(owner, counts, source.bounds, seconds, newest, start, own))
        return joined(made)

    def rests_on(self, family: Family, ledger: Ledger) -> tuple[str, ...]:
        """What else than its values a family shows: names of what changed, as `depends_on` has them."""
        if not self._dates or (relation := counted_by(family, ledger)) is None:
            return ()
        return ("campaigns", began(relation))

    def _began(self, family: Family, work: Work, owner: Owner, currency: str = "") -> float | None:
        """When the counters of an owner began: with the campaign, or with a row that was counted before that."""
        if not self._dates or (relation := counted_by(family, work.ledger)) is None:
            return None
        told = (work.platform.campaigns[owner[-1]].started_at, work.ledger.began(relation, owner[-1]))
        truth = min((at for at in told if at is not None and at <= work.at), default=None)
        return self._counters.began(family.name, owner, truth, currency)

    def _within(
        self, family: Family, source: Totals | Buckets, values: Values, kept: set[Labels]
    ) -> tuple[Values, int]:
        if source.budget is None:
            return values, 0
        return within_budget(family, source, values, getattr(self._series, source.budget), kept)

    def _used(self, use: Use, work: Work, tenant: str) -> dict[Labels, float]:
        usage = work.changed.usage
        if use.of == "tenant":
            return {(): float(usage.in_progress[tenant])}
        if not usage.tells_numbers(tenant) or not work.platform.numbers:
            return {}
        if use.of == "connections":
            counts = usage.by_connection(work.platform, tenant)
        else:
            own = work.changed.owners.entities[Scope.TENANT][(tenant,)]["numbers"]
            counts = Counter({number.number_id: 0 for number in own if isinstance(number, Number)})
            counts.update(usage.today.get(tenant, {}))
        return largest({(name,): float(count) for name, count in counts.items()}, self._series.numbers)


def counted_by(family: Family, ledger: Ledger) -> str | None:
    """The relation whose rows a family of counters counts; `None` of any other family."""
    source = family.source
    if not isinstance(source, Totals | Buckets) or not (family.type is Type.COUNTER or isinstance(source, Buckets)):
        return None
    projection = ledger.projections.get(source.projection)
    return None if projection is None else projection.relation
