"""What a family shows of one owner: the ledger's totals and the small relations as labelled values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from exporter.contract.codes import EXHAUSTED, NO_CURRENCY, OTHER, READY, RETRY_WAIT, blocker_group
from exporter.contract.error_codes import fault_of
from exporter.ledger.call_fold import Exemplar
from exporter.ledger.ledger import Ledger
from exporter.ledger.totals import earliest, unpack_key
from exporter.metrics.catalogue.kinds import Attribute, Attributes, Buckets, Due, Family, Info, Oldest, States, Totals
from exporter.source.columns import HORIZONS, MICRO
from exporter.source.entities import Entity
from exporter.source.projections import Projection
from exporter.source.told import Told, rests_on

Labels = tuple[str, ...]
Values = dict[Labels, int]
"""Whole numbers by label values; of sums, millionths."""

Entities = Mapping[str, Sequence[Entity]]
"""An owner's entities, by relation."""


def label_text(value: object) -> str:
    """A label's value: nothing for what is not known."""
    return "" if value is None else str(value)


def entity_samples(family: Family, entities: Entities) -> dict[Labels, float]:
    """The values of a family that shows small relations."""
    source = family.source
    samples: dict[Labels, float] = {}
    match source:
        case Attribute():
            for entity in entities.get(source.relation, ()):
                value = getattr(entity, source.name)
                if value is not None:
                    samples[_labels(family, source.labels, entity)] = float(value)
        case Attributes():
            for entity in entities.get(source.relation, ()):
                for label, name in source.names.items():
                    value = getattr(entity, name)
                    if value is not None:
                        samples[(label,)] = float(value)
        case Info():
            for entity in entities.get(source.relation, ()):
                if source.only_if is None or getattr(entity, "status", None) == source.only_if:
                    samples[_labels(family, source.labels, entity)] = 1.0
        case States():
            for entity in entities.get(source.relation, ()):
                current = getattr(entity, source.label)
                states = source.states if current in source.states else (*source.states, OTHER)
                for state in states:
                    labels = (*(label_text(getattr(entity, name)) for name in source.labels.values()), state)
                    samples[labels] = float(current == state)
        case _:
            raise TypeError(f"{family.name} does not show entities")
    return samples


def _labels(family: Family, names: Mapping[str, str], entity: Entity) -> Labels:
    values = (getattr(entity, names[label]) for label in family.labels)
    return tuple(
        (value or NO_CURRENCY) if label == "currency" else label_text(value)
        for label, value in zip(family.labels, values, strict=True)
    )


def total_values(family: Family, ledger: Ledger, campaign_id: str, currency: str | None, told: Told) -> Values:
    """The true values of a family that shows totals, before any budget; nothing of what is not told."""
    source = family.source
    assert isinstance(source, Totals)
    projection = ledger.projections.get(source.projection)
    if projection is None or not told.has(projection.relation, *projection.needs):
        return {}
    parts = _parts(family, source, projection, currency, told)
    named = ledger.vocabulary.named.setdefault(family.name, {})  # most campaigns share their keys
    values: Values = {}
    for key, cell in ledger.cells(source.projection, campaign_id).items():
        own = named[key] if key in named else _named(family, ledger, projection, key)
        if own is None:
            continue
        for rest, first, others in parts:
            labels = own + rest if rest else own
            value = cell[first] + sum(cell[index] for index in others) if others else cell[first]
            values[labels] = values.get(labels, 0) + value
    for labels in _zeros(family, source, parts, ledger):
        values.setdefault(labels, 0)
    return values


_Part = tuple[Labels, int, tuple[int, ...]]


def _parts(family: Family, source: Totals, projection: Projection, currency: str | None, told: Told) -> list[_Part]:
    """What a cell is split into: the labels that follow its own, and the columns of the cell that are added up."""
    columns = {
        name: 1 + index
        for index, name in enumerate(projection.sums)
        if told.has(projection.relation, *rests_on(projection.relation, name))
    }
    suffix = (currency or NO_CURRENCY,) if source.currency else ()
    if source.split is not None:
        rests = {label: family.kept(family.labels[-1 - len(suffix) :], (label, *suffix)) for label in source.split[1]}
        return [(rests[label], columns[name], ()) for label, name in source.split[1].items() if name in columns]
    added = [columns[name] for name in source.sums if name in columns]
    if source.sums and not added:
        return []
    first, *others = added or [0]
    return [(suffix, first, tuple(others))]


DERIVED: Mapping[str, Callable[[str], str]] = MappingProxyType({"group": blocker_group, "fault": fault_of})
"""Labels that say what the code before them means."""


def _named(family: Family, ledger: Ledger, projection: Projection, key: int) -> Labels | None:
    """The labels of a cell with this key, which are remembered; `None` where the family does not show it."""
    named = ledger.vocabulary.named.setdefault(family.name, {})
    if key not in named:
        assert isinstance(family.source, Totals)
        own = _own_labels(family.source, ledger, projection, key)
        full = own and own + tuple(of(own[-1]) for label, of in DERIVED.items() if label in family.labels)
        named[key] = full and family.kept(family.labels[: len(full)], full)
    return named[key]


def _own_labels(source: Totals, ledger: Ledger, projection: Projection, packed: int) -> Labels | None:
    keys = dict(zip(projection.keys, unpack_key(packed), strict=False))
    of = ledger.vocabulary.label
    if any(of(key, keys[key]) in codes for key, codes in source.without.items()):
        return None
    if any(of(key, keys[key]) not in codes for key, codes in source.only.items()):
        return None
    values: list[str] = []
    for key in dict.fromkeys(source.labels.values()):
        value = of(key, keys[key])
        if isinstance(value, tuple):
            values += value
        else:
            values.append(str(value))
    return tuple(values)


def _zeros(family: Family, source: Totals, parts: Sequence[_Part], ledger: Ledger) -> Iterable[Labels]:
    """The label values that are always there: of the codes that nobody can stamp, none is known to be zero."""
    if "group" in family.labels:
        stamped = ledger.available.has("tasks", "blocker")
        told = {READY: True, EXHAUSTED: True, RETRY_WAIT: ledger.available.has("tasks", "next_eligible_at")}
        yield from ((code, blocker_group(code)) for code in source.known if told.get(code, stamped))
    elif source.known:
        known = [family.kept(family.labels[:1], (code,)) for code in source.known]
        yield from ((*code, *rest) for code in known for rest, *_ in parts)
    elif source.always:
        yield from (rest for rest, *_ in parts)


def due_values(family: Family, ledger: Ledger, campaign_id: str) -> Values:
    """Tasks that become due within each horizon."""
    source = family.source
    assert isinstance(source, Due)
    vocabulary = ledger.vocabulary
    by_band = [0] * (len(HORIZONS) + 1)
    for key, cell in ledger.cells(source.projection, campaign_id).items():
        effective, band = unpack_key(key)
        if vocabulary.label("effective", effective) in (READY, RETRY_WAIT):
            by_band[band] += cell[0]
    values: Values = {}
    total = 0
    for (label, _), count in zip(HORIZONS, by_band, strict=False):
        total += count
        values[(label,)] = total
    return values


def oldest(family: Family, ledger: Ledger, campaign_id: str) -> dict[Labels, float]:
    """The earliest minute there is, as seconds since 1970."""
    source = family.source
    assert isinstance(source, Oldest)
    minute = earliest(ledger.cells(source.projection, campaign_id))
    return {} if minute is None else {(): minute * 60.0}


BUCKETS: Sequence[Labels] = tuple((str(index),) for index in range(64))
"""The labels of a histogram's counts, by the index of their bucket."""


SUM = ("sum",)
"""The key of a histogram's sum among its counts."""


def bucket_values(source: Buckets, ledger: Ledger, campaign_id: str, told: Told) -> Values:
    """Counts by bucket index (as text) and the sum of a histogram, both after its labels; nothing of what is not told.

    Without labels there is one from the beginning, as zeros.
    """
    projection = ledger.projections.get(source.projection)
    if projection is None or not told.has(projection.relation, *projection.needs):
        return {}
    parts = (*BUCKETS[: len(source.bounds) + 1], SUM)
    values: Values = {} if source.labels else dict.fromkeys(parts, 0)
    of = ledger.vocabulary.label
    for packed, cell in ledger.cells(source.projection, campaign_id).items():
        *keys, bucket = unpack_key(packed)[: len(projection.keys)]
        own = tuple(str(of(name, key)) for name, key in zip(projection.keys, keys, strict=False))
        if (*own, *SUM) not in values:
            values.update({(*own, *part): 0 for part in parts})
        values[(*own, *BUCKETS[bucket])] += cell[0]
        values[(*own, *SUM)] += cell[1]
    return values


def exemplars(family: Family, ledger: Ledger, campaign_id: str) -> Mapping[Labels, Exemplar]:
    """The newest call of each series, where the ledger keeps one."""
    source = family.source
    if family.name not in EXEMPLIFIED:
        return {}
    assert isinstance(source, Totals | Buckets)
    newest: dict[Labels, Exemplar] = {}
    found: dict[int, Any] = ledger.calls.exemplars.get(source.projection, {}).get(ledger.campaign(campaign_id), {})
    for key, exemplar in found.items():
        if isinstance(source, Buckets):
            labels: Labels | None = BUCKETS[unpack_key(key)[0]]
        else:
            labels = _named(family, ledger, ledger.projections[source.projection], key)
        if labels is not None and (labels not in newest or newest[labels][0] < exemplar[0]):
            newest[labels] = exemplar
    return newest


EXEMPLIFIED = frozenset({"campaign_calls_total", "campaign_call_errors_total", "campaign_call_talk_seconds"})
"""Families whose OpenMetrics samples carry the newest call's task."""


def scaled(family: Family) -> int:
    """What the family's whole numbers are divided by."""
    source = family.source
    return MICRO if isinstance(source, Totals) and (source.sums or source.split) else 1
