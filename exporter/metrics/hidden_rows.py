"""Which families rest on a relation of which a policy hides rows: they show nothing, as a zero would be believed."""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType

from exporter.metrics.catalogue.kinds import Buckets, Due, Family, Judged, Oldest, Totals, Use
from exporter.source.projections import PROJECTIONS

_RELATIONS = {projection.name: projection.relation for projection in PROJECTIONS}

_JUDGED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "slots": frozenset({"tasks", "calls"}),
        "leaked": frozenset({"tasks", "calls"}),
        "used": frozenset({"calls"}),
        "outside": frozenset({"calls"}),
        "abandonment": frozenset({"calls"}),
        "list": frozenset({"tasks"}),
        "doubled": frozenset({"calls"}),
        "outlook": frozenset({"tasks", "calls"}),
        **dict.fromkeys(
            ("verdict", "reason", "advice", "clears", "expected", "gates", "limits", "window"), frozenset[str]()
        ),
    }
)
"""By facet of the diagnosis; a verdict and its gates say themselves that they are not known."""


def withheld(family: Family, hidden: Set[str]) -> bool:
    """Whether nothing of a family may be shown while rows of these relations are hidden."""
    return bool(hidden) and not hidden.isdisjoint(_rests_on(family))


def _rests_on(family: Family) -> Set[str]:
    match family.source:
        case Totals(projection=name) | Buckets(projection=name) | Due(projection=name) | Oldest(projection=name):
            return {_RELATIONS[name]}
        case Use():  # the calls of all campaigns of a tenant
            return {"calls", "campaigns"}
        case Judged(facet=facet):
            return _JUDGED[facet]
        case _:  # an optional relation that is hidden counts as absent
            return frozenset()
