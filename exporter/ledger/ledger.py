"""The ledger: running totals of tasks and calls, equal at every refresh to a full GROUP BY at its snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.calendar.closed_times import NEVER_CLOSED, ClosedTimes
from exporter.calendar.days import Day
from exporter.contract.availability import Available
from exporter.ledger.call_fold import CallFold
from exporter.ledger.fold import Fold, Folded
from exporter.ledger.task_fold import TaskFold
from exporter.ledger.time_buckets import first_day, first_hour
from exporter.ledger.totals import Cell, pack_key, unpack_key
from exporter.source.projections import Projection, Vocabulary
from exporter.source.records import Records
from exporter.source.told import TOLD, Told, told_by


class Ledger:
    """Both folds, and which campaigns they are about."""

    def __init__(self, available: Available, stale_after: float) -> None:
        self.available = available
        self.hidden = frozenset(available.hidden)
        """Relations of which a policy hides rows: totals of theirs say nothing."""
        self.vocabulary = Vocabulary()
        self.tasks = TaskFold(available, self.vocabulary, stale_after)
        self.calls = CallFold(available, self.vocabulary)
        self.folds: Mapping[str, Fold] = {"tasks": self.tasks, "calls": self.calls}
        self.projections: Mapping[str, Projection] = {
            projection.name: projection for fold in self.folds.values() for projection in fold.projections
        }
        self._drawn: Mapping[str, Day] | None = None
        self.closed = NEVER_CLOSED
        """When the windows of campaigns are closed."""
        self.scope: NDArray[np.bool_] = np.zeros(0, bool)
        self._left: set[int] = set()
        self.spare = 0
        """How many rows more can be remembered that need not be."""
        self.kept: list[tuple[str, Records]] | None = None
        """The changed rows that were folded, by relation, for whoever must fold them once more; `None`: for nobody."""

    def campaign(self, campaign_id: str) -> int:
        """The number of a campaign; -1 of one that is not exported."""
        return self.vocabulary.campaign.number(campaign_id)

    def set_scope(
        self,
        campaigns: Mapping[str, Day],
        closed: ClosedTimes = NEVER_CLOSED,
        attempts: Mapping[str, int | None] = MappingProxyType({}),
    ) -> set[str]:
        """The campaigns that are exported, with their days; all others leave with everything they had.

        `closed` says when the windows of campaigns are closed, `attempts` how many each allows a task. Returns those
        that must be loaded: new ones, and those whose days were redrawn.
        """
        fresh = self._draw(campaigns, closed)
        self.tasks.set_allowed({self.campaign(campaign_id): attempts.get(campaign_id) for campaign_id in campaigns})
        return fresh

    def _draw(self, campaigns: Mapping[str, Day], closed: ClosedTimes) -> set[str]:
        if campaigns is self._drawn and closed is self.closed:
            return set()
        self._drawn, self.closed = campaigns, closed
        self.vocabulary.campaign.give(campaigns)
        numbers = {self.campaign(campaign_id): day for campaign_id, day in campaigns.items()}
        scope = np.zeros(len(self.vocabulary.campaign.labels), bool)
        scope[list(numbers)] = True
        for gone in np.flatnonzero(self.scope & ~scope[: len(self.scope)]).tolist():
            self.tasks.clear(gone)
            self.calls.leave(gone)
            self._left.add(gone)
        self._left -= numbers.keys()
        before, self.scope = self.scope, scope
        fresh = {number for number in numbers if number >= len(before) or not before[number]}
        labels = self.vocabulary.campaign.labels
        return {labels[number] for number in fresh | self.calls.set_days(numbers, closed)}

    def advance(self, now: float) -> list[str]:
        """Set the clock and move what it moves. Returns the campaigns that must be loaded, as it was set back."""
        hour, before = first_hour(now), first_hour(self.tasks.now)
        self.tasks.advance(now)
        self.calls.now = now
        if hour > before:
            self.tasks.expire("finished_hours", "hour", hour)
            self.calls.expire("call_hours", "hour", hour)
            self.calls.expire("first_hours", "hour", hour)
            if "heard_days" in self.projections:
                self.calls.expire("heard_days", "heard_day", first_day(now))
        return self.exported if hour < before else []

    @property
    def exported(self) -> list[str]:
        """The ids of the campaigns in scope."""
        labels = self.vocabulary.campaign.labels
        return [labels[number] for number in np.flatnonzero(self.scope).tolist()]

    def began(self, relation: str, campaign_id: str) -> float | None:
        """When the first row of a campaign was made that is counted, in seconds since 1970."""
        return self.folds[relation].began.get(self.campaign(campaign_id))

    def rows(self, campaign_id: str) -> dict[str, int]:
        """How many rows of a campaign are counted, by relation."""
        cells = {"tasks": self.cell("task_rows", campaign_id), "calls": self.cell("call_rows", campaign_id)}
        return {relation: cell[0] if cell else 0 for relation, cell in cells.items()}

    def clear(self, campaign_id: str, relations: Iterable[str]) -> None:
        """Drop what is known of an exported campaign, before it is loaded anew."""
        for relation in relations:
            self.folds[relation].clear(self.campaign(campaign_id))

    def apply(self, relation: str, rows: Records, *, loading: bool = False) -> Folded:
        """Fold changed rows of `tasks` or `calls`."""
        if self.kept is not None and not loading:
            self.kept.append((relation, rows))
        return self.folds[relation].apply(rows, self.scope, loading=loading)

    def drain_changed(self) -> dict[str, set[str]]:
        """By projection, the ids of the campaigns whose totals changed since the last call.

        Those that left are named a last time. After that their numbers and labels may be given to others.
        """
        labels = self.vocabulary.campaign.labels
        changed = {
            name: {labels[number] for number in campaigns}
            for fold in self.folds.values()
            for name, campaigns in fold.drain_changed().items()
        }
        left, self._left = self._left, set()
        self.vocabulary.leave(left)
        return changed

    def forget_settled(self, now: float, settle_after: float, room: int = 0) -> None:
        """Stop remembering what has been over for `settle_after` seconds: all but the newest `room` rows."""
        before = now - settle_after
        settled = {"tasks": self.tasks.settled(before), "calls": self.calls.settled(before, now)}
        self.spare = room - sum(map(len, settled.values()))
        if self.spare >= 0:
            return
        stamps = {relation: self.folds[relation].held["updated"][slots] for relation, slots in settled.items()}
        oldest = -self.spare - 1
        last = np.partition(np.concatenate(list(stamps.values())), oldest)[oldest]
        for relation, slots in settled.items():
            self.folds[relation].forget(slots[stamps[relation] <= last])

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; what changed since it was last drained is not in it."""
        folds = {relation: fold.saved() for relation, fold in self.folds.items()}
        return {"vocabulary": self.vocabulary.saved(), "folds": folds, "scope": self.scope, "left": list(self._left)}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from where another process was, with the same columns and settings."""
        self.vocabulary.restore(saved["vocabulary"])
        for relation, fold in self.folds.items():
            fold.restore(saved["folds"][relation])
        self.scope, self._left = saved["scope"], set(saved["left"])

    def told(self, campaign_id: str) -> Told:
        """The optional columns that some row of the campaign fills."""
        bits = dict.fromkeys(TOLD, 0)
        for relation in TOLD:
            for key in self.cells(f"told_{relation}", campaign_id):
                bits[relation] |= unpack_key(key)[0]
        return told_by(tuple(bits.items()))

    def cells(self, projection: str, campaign_id: str) -> Mapping[int, Cell]:
        """The totals of a campaign, by key."""
        return self.folds[self.projections[projection].relation].totals[projection].of(self.campaign(campaign_id))

    def cell(self, projection: str, campaign_id: str, *keys: int) -> Cell | None:
        """One cell, if it exists."""
        return self.cells(projection, campaign_id).get(pack_key(keys))
