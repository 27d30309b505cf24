"""How many series an owner may have of a family: what is over a budget is summed into `other`, or left out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exporter.config import SeriesConfig
from exporter.contract.codes import OTHER, blocker_group
from exporter.contract.relations import RELATIONS
from exporter.metrics.catalogue.kinds import Buckets, Family, Totals
from exporter.metrics.samples import Entities, Labels, Values


def within_budget(
    family: Family, source: Totals | Buckets, values: Values, budget: int, kept: set[Labels]
) -> tuple[Values, int]:
    """The values with what is over the budget folded into `other`, and how many label values were folded.

    `kept` remembers who has a series: the largest at first, then whoever comes while there is room, so that
    no series ever moves into `other` or out of it.
    """
    first = next(iter(source.labels.values()))
    width = sum(1 for label, key in source.labels.items() if key == first and label not in family.dropped)
    if not width or all(_has_series(source, labels[:width], kept) for labels in values):  # as nearly always
        return values, 0
    folded: set[Labels] = set()
    result: Values = {}
    for labels, value in sorted(values.items(), key=lambda item: (-item[1], item[0])):
        own = labels[:width]
        if not _has_series(source, own, kept):
            if _has_room(source, own, budget, kept):
                kept.add(own)
            else:
                folded.add(own)
                labels = ((OTHER,) * width) + labels[width:]
                if "effective" in source.labels.values():
                    labels = (OTHER, blocker_group(OTHER))
        result[labels] = result.get(labels, 0) + value
    return result, len(folded)


def _has_series(source: Totals | Buckets, own: Labels, kept: set[Labels]) -> bool:
    return own in kept or own[0] in source.known or own[0] == OTHER


def _has_room(source: Totals | Buckets, own: Labels, budget: int, kept: set[Labels]) -> bool:
    if "attempt" in source.labels.values():
        return 1 <= int(own[0]) <= budget
    return len(kept) < budget


def entities_within_budget(relation: str, entities: Entities, series: SeriesConfig) -> tuple[Entities, int]:
    """The entities of a relation that have a series, and how many have none."""
    setting = _SETTINGS.get(relation)
    members = entities.get(relation, ())
    budget = getattr(series, setting) if setting else len(members)
    if len(members) > budget:  # by identity, as rows move about in their tables
        members = sorted(members, key=lambda member: [getattr(member, name) for name in RELATIONS[relation].key])
    return {relation: members[:budget]}, max(0, len(members) - budget)


_SETTINGS: Mapping[str, str] = MappingProxyType(
    {"numbers": "numbers", "campaign_numbers": "numbers", "goals": "goals", "variants": "variants"}
)
"""Relations of which a campaign or tenant may have many: the setting of `series` that caps them."""


def largest(values: dict[Labels, float], budget: int) -> dict[Labels, float]:
    """The largest values, and the sum of the others as `other`."""
    if len(values) <= budget:
        return values
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ordered[:budget])
    kept[(OTHER,)] = kept.get((OTHER,), 0.0) + sum(value for _, value in ordered[budget:])
    return kept
