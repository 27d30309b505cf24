"""What a refresh must encode again: which owners changed, by what their families are made of."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from exporter.diagnosis.usage import Usage
from exporter.diagnosis.view import View
from exporter.ledger.ledger import Ledger
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
    Use,
)
from exporter.metrics.clocks import Clocks
from exporter.metrics.diagnosis_samples import changed_facets, facets
from exporter.metrics.owners import Owner, Owners, owner_of
from exporter.source.platform import Platform
from exporter.source.told import Told

Stale = dict[str, set[Owner]]
"""By relation, projection, facet of a diagnosis, or scope (for those that are new): the owners it changed for."""

TOLD = "told"
"""The owners for whom it changed what their rows tell."""

CLOCK = "clock"
"""The owners whose clock was put forward or back."""


class Changed:
    """Compares each refresh with the one before: owners and their relations, use, and diagnoses."""

    def __init__(self) -> None:
        self.owners = Owners()
        self.usage = Usage()
        self.clocks = Clocks()
        self.told: dict[str, Told] = {}
        """What the rows of each campaign told since the ledger began: what was told once stays so."""
        self.facets: dict[str, dict[str, Hashable]] = {}
        """Of each campaign, what its diagnosis said, by facet."""

    def relations(self, platform: Platform, anew: bool) -> Stale:
        """What small relations changed, and who is new; `owners.left` names who is gone."""
        if anew:
            self.usage, self.told = Usage(), {}
        stale = self.owners.update(platform, anew)
        for scope, owner in self.owners.left:
            if scope is Scope.CAMPAIGN:
                self.facets.pop(owner[-1], None)
                self.told.pop(owner[-1], None)
        return stale

    def note_totals(
        self, stale: Stale, ledger: Ledger, platform: Platform, changed: Mapping[str, Iterable[str]]
    ) -> None:
        """Add the campaigns whose totals changed, by projection, and the tenants whose use of numbers did."""
        for projection, moved in changed.items():  # some have the name of a relation: both are stale then
            owners = {owner_of(platform, key) for key in moved if key in platform.campaigns}
            stale.setdefault(projection, set()).update(owners)
        new = {owner[-1] for owner in stale.get(Scope.CAMPAIGN.name, ())}
        for key in {key for name in ("told_tasks", "told_calls") for key in changed.get(name, ())} | new:
            if key not in platform.campaigns:
                continue
            told = ledger.told(key)
            before = self.told.get(key)
            self.told[key] = told if before is None else Told(before.columns | told.columns)
            if self.told[key] != before:
                stale.setdefault(TOLD, set()).add(owner_of(platform, key))
        stale["use"] = self._use(ledger, platform, {**changed, "moved": new})

    def note_clocks(self, stale: Stale, platform: Platform, at: float) -> None:
        """Add the campaigns whose clock is another than before."""
        stale[CLOCK] = self.clocks.update(platform, at)

    def _use(self, ledger: Ledger, platform: Platform, changed: Mapping[str, Iterable[str]]) -> set[Owner]:
        touched = {campaign for name in ("attempts", "numbers", "today", "moved") for campaign in changed.get(name, ())}
        tenants: set[str] = set()
        for campaign in touched:
            tenants |= self.usage.update(ledger, platform, campaign)
        return {(tenant,) for tenant in tenants}

    def saved(self) -> list[Any]:
        """All that `restore` needs; the rest is told anew with the owners, who are new to another process."""
        return [[key, sorted(told.columns)] for key, told in self.told.items()]

    def restore(self, saved: Iterable[Any]) -> None:
        """Know what the rows of each campaign told another process."""
        self.told = {key: Told(frozenset(map(tuple, columns))) for key, columns in saved}

    def note_views(self, stale: Stale, platform: Platform, fresh: Mapping[str, View]) -> None:
        """Add what these diagnoses say otherwise than before."""
        for key, view in fresh.items():
            before, self.facets[key] = self.facets.get(key, {}), facets(view)
            for facet in changed_facets(before, self.facets[key]):
                stale.setdefault(facet, set()).add(owner_of(platform, key))


def campaigns_touched(stale: Stale) -> set[str]:
    """The campaigns of which a small relation changed; to be asked before totals are added, some share its name."""
    return {owner[-1] for name in _OF_CAMPAIGNS for owner in stale.get(name, ())}


def tenants_touched(stale: Stale) -> set[str]:
    """The tenants of which a relation changed that their campaigns share; to be asked before totals are added."""
    return {owner[0] for name in _OF_TENANTS for owner in stale.get(name, ())}


_OF_CAMPAIGNS = (Scope.CAMPAIGN.name, "campaigns", "campaign_numbers", "audience_uploads", "variants", "agents")
_OF_TENANTS = (Scope.TENANT.name, "tenants", "numbers", "connections")
"""Relations that a campaign's diagnosis rests on: its own, and those that all campaigns of a tenant share."""


def depends_on(family: Family) -> tuple[str, ...]:
    """Names of the projections and relations a family is made of; of its scope, for a new owner."""
    scope = family.scope.name
    match family.source:
        case Totals() as source:
            settings = ("campaigns",) if source.currency or family.of_list else ()
            return (scope, source.projection, TOLD, *settings, *(("agents",) if family.of_voice else ()))
        case Buckets(projection=name):
            return (scope, name, TOLD)
        case Due(projection=name) | Oldest(projection=name):
            return (scope, name, "campaigns") if family.live or family.of_list else (scope, name)
        case Offset():
            return (scope, CLOCK, "campaigns")
        case Use():
            return (scope, "use", "numbers", "connections")
        case Judged(facet=facet):
            return (scope, facet)
        case Attribute(relation=name) | Attributes(relation=name) | Info(relation=name) | States(relation=name):
            return (scope, name)
