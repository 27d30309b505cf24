"""Totals and small relations at one instant, as finished bytes; only what changed is encoded again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.config import Config
from exporter.diagnosis.diagnoser import Diagnoser, Input
from exporter.diagnosis.view import Shown
from exporter.ledger.ledger import Ledger
from exporter.metrics.catalogue.kinds import Scope
from exporter.metrics.counters import Counters
from exporter.metrics.encoding import Encoder, Work, counted_by
from exporter.metrics.exposition import Block, FamilyEncoder
from exporter.metrics.family_lines import FamilyLines
from exporter.metrics.owners import Owner, owner_of
from exporter.metrics.samples import Values
from exporter.metrics.selection import selected
from exporter.metrics.stale import Changed, campaigns_touched, depends_on, tenants_touched
from exporter.source.platform import Platform


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is served: the exposition of all campaigns at `at` (seconds since 1970)."""

    at: float
    blocks: Sequence[Block]
    series: int
    campaigns: Mapping[str, int]
    folded: Mapping[str, int]
    held: int
    carried: int
    shown: Shown

    @property
    def text(self) -> bytes:
        """All of it in Prometheus's text format, put together when it is asked for."""
        return b"".join(block.text for block in self.blocks)

    @property
    def openmetrics(self) -> bytes:
        """The same in OpenMetrics, without its end."""
        return b"".join(block.openmetrics for block in self.blocks)


class SnapshotBuilder:
    """Turns the ledger and the platform into snapshots, one after the other."""

    def __init__(self, config: Config, diagnoser: Diagnoser | None = None) -> None:
        self._families = {
            family.name: FamilyLines(FamilyEncoder(family, config.labels)) for family in selected(config.metrics)
        }
        self._counters = Counters()
        self._encoder = Encoder(config, self._counters)
        self._changed = Changed()
        self._diagnoser = diagnoser or Diagnoser(config)
        self._ledger: Ledger | None = None
        self._restored = False

    def adopt(self, config: Config) -> None:
        """Judge by another configuration from now on."""
        self._diagnoser.adopt(config)

    def build(self, ledger: Ledger, platform: Platform, changed: Mapping[str, Iterable[str]], at: float) -> Snapshot:
        """The snapshot at `at`. `changed` names, by projection, the campaigns whose totals changed."""
        return self.encode(self.diagnose(ledger, platform, changed, at))

    def diagnose(
        self,
        ledger: Ledger,
        platform: Platform,
        changed: Mapping[str, Iterable[str]],
        at: float,
        *,
        dated: bool = True,
    ) -> Work:
        """Find out what must be encoded again, and judge what changed.

        `dated`: whether rows are as of `at` for sure.
        """
        anew = ledger is not self._ledger  # nothing that another one said holds, nor what was not finished
        self._ledger = None
        stale = self._changed.relations(platform, anew)
        for scope, owner in self._changed.owners.left:
            self._leave(scope, owner)
        if self._restored:  # nobody has seen those leave who left meanwhile
            self._counters.leave_all_but(self._changed.owners.entities[Scope.CAMPAIGN])
            self._restored = False
        campaigns, tenants = campaigns_touched(stale), tenants_touched(stale)
        self._changed.note_totals(stale, ledger, platform, changed)
        self._changed.note_clocks(stale, platform, at)
        by_tenant = self._changed.owners.entities[Scope.TENANT]
        fresh = self._diagnoser.update(
            Input(
                ledger,
                platform,
                self._changed.usage,
                at,
                owned={owner[0]: owned for owner, owned in by_tenant.items()},
                changed=changed,
                campaigns=campaigns,
                tenants=tenants,
                using={owner[0] for owner in stale["use"]},
                anew=anew,
                dated=dated,
            )
        )
        self._changed.note_views(stale, platform, fresh)
        return Work(ledger, platform, at, stale, self._changed, self._diagnoser.views)

    def encode(self, work: Work) -> Snapshot:
        """The snapshot, of which only what changed is encoded again."""
        for family in self._families.values():
            self._update(family, work)
        self._ledger = work.ledger
        folded = {name: sum(family.folded.values()) for name, family in self._families.items()}
        return Snapshot(
            work.at,
            [block for family in self._families.values() for block in family.blocks],
            sum(family.series for family in self._families.values()),
            Counter(campaign.status for campaign in work.platform.campaigns.values()),
            {name: count for name, count in folded.items() if count},
            self._counters.held,
            self._counters.carried,
            self._diagnoser.shown(work.ledger, work.platform, work.at),
        )

    def true_counters(self, ledger: Ledger, platform: Platform, campaign_id: str, relation: str) -> dict[str, Values]:
        """The true values of a campaign's counters that count rows of a relation, by family."""
        if campaign_id not in platform.campaigns:
            return {}
        owner = owner_of(platform, campaign_id)
        truths = {
            name: self._encoder.truth(family, ledger, platform, owner)
            for name, family in self._families.items()
            if counted_by(family.encoder.family, ledger) == relation
        }
        return {name: values for name, values in truths.items() if values is not None}

    def purged(self, campaign_id: str, before: Mapping[str, Values], after: Mapping[str, Values]) -> None:
        """Carry what the counters of a campaign lost because rows were deleted."""
        for name in before:
            self._counters.purged(name, campaign_id, before[name], after.get(name, {}))

    def restored(self, campaign_id: str, before: Mapping[str, Values], after: Mapping[str, Values]) -> None:
        """Carry no longer what came back."""
        for name in after:
            self._counters.restored(name, campaign_id, before.get(name, {}), after[name])

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        return {
            "counters": self._counters.saved(),
            "told": self._changed.saved(),
            "judged": self._diagnoser.saved(),
        }

    def restore(self, saved: Mapping[str, Any], ledger: Ledger | None, until: float) -> None:
        """Show at least what another process showed, and what its `ledger` told, if that goes on.

        What it saw of campaigns counts `until` this moment.
        """
        self._counters.restore(saved["counters"])
        self._changed.restore(saved["told"])
        self._diagnoser.restore(saved["judged"], until)
        self._ledger = ledger
        self._restored = True

    def _leave(self, scope: Scope, owner: Owner) -> None:
        for family in self._families.values():
            if family.encoder.family.scope is scope:
                family.leave(owner)
        if scope is Scope.CAMPAIGN:
            self._counters.leave(owner)

    def _update(self, family: FamilyLines, work: Work) -> None:
        declared = family.encoder.family
        names = (*depends_on(declared), *self._encoder.rests_on(declared, work.ledger))
        owners = {owner for name in names for owner in work.stale.get(name, ())}
        owners &= work.changed.owners.entities[declared.scope].keys()
        for owner in owners:
            family.lines[owner] = self._encoder.encode(family, work, owner)
        family.join(owners)
