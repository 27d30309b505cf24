"""What campaigns lost or got back when they were loaded anew, and what their counters make of it.

A *purge* (rows deleted) is carried; rows that come back take that back. Anything else is a correction, and held.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.metrics.samples import Values
from exporter.metrics.snapshot import SnapshotBuilder
from exporter.refresh.deletions import KEPT_SECONDS, Evidence
from exporter.refresh.look import Look

Rows = Mapping[str, int]
"""Rows counted of a campaign, by relation."""

Counted = Mapping[str, Mapping[str, Values]]
"""True counters, by relation and family."""


@dataclass(frozen=True, slots=True)
class _Loss:
    """What a campaign lost of a relation, until deletions are seen that explain it."""

    campaign: str
    relation: str
    rows: int
    before: Mapping[str, Values]
    after: Mapping[str, Values]
    at: float


class Losses:
    """Counters of campaigns before they were loaded anew, and losses that nothing explains yet."""

    def __init__(self, builder: SnapshotBuilder, evidence: Evidence) -> None:
        self._builder = builder
        self._evidence = evidence
        self._before: dict[str, tuple[Rows, Counted]] = {}
        self._unexplained: list[_Loss] = []
        self._purged_at: dict[tuple[str, str], float] = {}

    def remember(self, look: Look, campaigns: Iterable[str]) -> None:
        """Note what these say before they are loaded. The first time counts: a load that fails leaves half."""
        for campaign in campaigns:
            if campaign not in self._before:
                self._before[campaign] = (look.ledger.rows(campaign), self._counters(look, campaign))

    def gained(self, look: Look, campaigns: Mapping[str, Rows]) -> bool:
        """Whether one of these came back with more rows than before, and than the so many that are new.

        They may have moved, and count elsewhere still.
        """
        return any(
            look.ledger.rows(campaign)[relation] > count + new.get(relation, 0)
            for campaign, new in campaigns.items()
            if campaign in self._before and campaign in look.days
            for relation, count in self._before[campaign][0].items()
        )

    def settle(self, look: Look, restorable: Iterable[str]) -> None:
        """All was loaded, of one state of the database: see what was lost, and what can be explained.

        `restorable`: campaigns loaded because rows turned up that were made long ago.
        """
        restorable = set(restorable)
        for campaign, (rows, before) in self._before.items():
            if campaign not in look.days:
                continue
            now, after = look.ledger.rows(campaign), self._counters(look, campaign)
            for relation, count in rows.items():
                if now[relation] < count:
                    loss = _Loss(
                        campaign, relation, count - now[relation], before[relation], after[relation], time.monotonic()
                    )
                    self._unexplained.append(loss)
                elif campaign in restorable and (campaign, relation) in self._purged_at:
                    self._builder.restored(campaign, before[relation], after[relation])
        self._explain(look)
        self._purged_at = {key: at for key, at in self._purged_at.items() if key[0] in look.days}
        for (campaign, relation), at in self._purged_at.items():
            # A row made before may be one that comes back: the campaign is loaded anew then.
            look.ledger.folds[relation].note_forgotten(look.ledger.campaign(campaign), at)
        self._before.clear()

    def _explain(self, look: Look) -> None:
        left = []
        for loss in self._unexplained:
            if loss.campaign not in look.days or time.monotonic() - loss.at > KEPT_SECONDS:
                continue
            if self._evidence.explains(loss.relation, loss.rows):
                self._builder.purged(loss.campaign, loss.before, loss.after)
                self._purged_at[(loss.campaign, loss.relation)] = look.moment.now
            else:
                left.append(loss)
        self._unexplained = left
        self._evidence.used()

    def _counters(self, look: Look, campaign: str) -> Counted:
        return {
            relation: self._builder.true_counters(look.ledger, look.platform, campaign, relation)
            for relation in look.ledger.folds
        }

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; ages instead of moments, as clocks of two processes share no beginning."""
        now = time.monotonic()
        return {
            "before": [
                [campaign, rows, {relation: _listed(families) for relation, families in counted.items()}]
                for campaign, (rows, counted) in self._before.items()
            ],
            "unexplained": [
                [loss.campaign, loss.relation, loss.rows, _listed(loss.before), _listed(loss.after), now - loss.at]
                for loss in self._unexplained
            ],
            "purged_at": [[*key, at] for key, at in self._purged_at.items()],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on with what was lost for another process."""
        now = time.monotonic()
        self._before = {
            campaign: (rows, {relation: _values(families) for relation, families in counted.items()})
            for campaign, rows, counted in saved["before"]
        }
        self._unexplained = [
            _Loss(campaign, relation, rows, _values(before), _values(after), now - age)
            for campaign, relation, rows, before, after, age in saved["unexplained"]
        ]
        self._purged_at = {(campaign, relation): at for campaign, relation, at in saved["purged_at"]}


def _listed(families: Mapping[str, Values]) -> dict[str, Any]:
    return {family: list(values.items()) for family, values in families.items()}


def _values(families: Mapping[str, Any]) -> dict[str, Values]:
    return {family: {tuple(labels): value for labels, value in values} for family, values in families.items()}
