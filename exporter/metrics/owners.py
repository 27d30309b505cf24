"""Whose series there are, what belongs to whom, and whose small relations changed since the last refresh."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import Scope
from exporter.source.entities import Entity
from exporter.source.platform import Platform

Owner = tuple[str, ...]
"""Values of a scope's labels: (tenant,) or (tenant, campaign)."""

EntitiesOf = dict[Owner, dict[str, tuple[Entity, ...]]]


class Owners:
    """The entities of each campaign and tenant, as the last refresh saw them."""

    def __init__(self) -> None:
        self.entities: dict[Scope, EntitiesOf] = {Scope.CAMPAIGN: {}, Scope.TENANT: {}}
        self.left: list[tuple[Scope, Owner]] = []
        self._platform: Platform | None = None

    def update(self, platform: Platform, anew: bool) -> dict[str, set[Owner]]:
        """By relation, the owners whose entities changed; by scope, those that are new. `left` names who is gone."""
        stale: dict[str, set[Owner]] = {}
        self.left = []
        if platform is self._platform and not anew:
            return stale
        self._platform = platform
        for scope, entities in ((Scope.CAMPAIGN, _by_campaign(platform)), (Scope.TENANT, _by_tenant(platform))):
            known = self.entities[scope]
            self.left += [(scope, owner) for owner in known.keys() - entities.keys()]
            for owner, relations in entities.items():
                before = known.get(owner)
                for relation, members in relations.items():
                    if before is None or before[relation] != members:
                        stale.setdefault(relation, set()).add(owner)
                if before is None or anew:
                    stale.setdefault(scope.name, set()).add(owner)
            self.entities[scope] = entities
        return stale


def owner_of(platform: Platform, campaign_id: str) -> Owner:
    """The owner of a campaign's series."""
    return (platform.campaigns[campaign_id].tenant_id, campaign_id)


def _by_campaign(platform: Platform) -> EntitiesOf:
    return {
        (campaign.tenant_id, key): {
            "campaigns": (campaign,),
            "goals": platform.goals.get(key, ()),
            "variants": platform.variants.get(key, ()),
            "agents": (platform.agents[key],) if key in platform.agents else (),
            "campaign_numbers": platform.pools.get(key, ()),
            "audience_uploads": (platform.uploads[key],) if key in platform.uploads else (),
        }
        for key, campaign in platform.campaigns.items()
    }


def _by_tenant(platform: Platform) -> EntitiesOf:
    owners = dict.fromkeys([*platform.tenants, *(campaign.tenant_id for campaign in platform.campaigns.values())])
    connections: dict[str, list[Entity]] = {}
    for trunk in platform.connections.values():
        connections.setdefault(trunk.tenant_id, []).append(trunk)
    numbers: dict[str, list[Entity]] = {}
    for number in platform.numbers.values():
        numbers.setdefault(number.tenant_id, []).append(number)
    return {
        (tenant,): {
            "tenants": (platform.tenants[tenant],) if tenant in platform.tenants else (),
            "connections": tuple(connections.get(tenant, ())),
            "numbers": tuple(numbers.get(tenant, ())),
        }
        for tenant in owners
    }
