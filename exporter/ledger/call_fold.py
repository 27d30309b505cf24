"""The fold of calls: which are today's, which left their window, and the newest of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.calendar.closed_times import NEVER_CLOSED, ClosedTimes
from exporter.calendar.days import Day
from exporter.contract.availability import Available
from exporter.ledger.call_days import Calendar
from exporter.ledger.fold import Columns, Fold
from exporter.ledger.remembered_rows import Array, Slots
from exporter.ledger.time_buckets import recent_days, recent_hours
from exporter.ledger.totals import pack, split, unpack_key
from exporter.source.columns import DELAY_BUCKETS, MICRO, RING_BUCKETS, SCORE_BUCKETS, TALK_BUCKETS, WORD_BUCKETS
from exporter.source.interning import NONE
from exporter.source.projections import Projection, Vocabulary, available_projections
from exporter.source.records import Records
from exporter.source.texts import Texts

_CODE, _SMALL, _MICRO, _TIME = np.int32, np.int8, np.int64, np.float64

_CALL_TYPES: Mapping[str, Any] = {
    "campaign": _CODE, "outcome": _SMALL, "attempt": np.int16, "number": _CODE, "variant": _CODE,
    "error": _CODE, "sentiment": _CODE, "talk_bucket": _SMALL, "talk_micro": _MICRO, "score_bucket": _SMALL,
    "score_micro": _MICRO, "delay_bucket": _SMALL, "delay_micro": _MICRO, "silent": _SMALL,
    "word_bucket": _SMALL, "word_micro": _MICRO, "ring_bucket": _SMALL, "ring_micro": _MICRO,
    "unanswered_bucket": _SMALL, "unanswered_micro": _MICRO, "cut_short": _SMALL,
    "first": _SMALL, "heard": _SMALL, "heard_day": _CODE, "abandoned_micro": _CODE,
    "answered_micro": _CODE, "ai_micro": _MICRO, "telephony_micro": _MICRO, "started": _TIME,
    "created": _TIME, "updated": _TIME, "broken": np.int16, "day": np.int32, "hour": _CODE, "outside": _SMALL,
    "told": np.int16, "task_key": np.int64,
}  # fmt: skip

_CALL_UNITS: Mapping[str, int] = {"answered_micro": MICRO, "abandoned_micro": MICRO}

_BUCKETS: Mapping[str, NDArray[np.int64]] = {
    name: np.array([round(bound * MICRO) for bound in bounds], np.int64)
    for name, bounds in (
        ("talk", TALK_BUCKETS), ("score", SCORE_BUCKETS), ("delay", DELAY_BUCKETS), ("word", WORD_BUCKETS),
        ("ring", RING_BUCKETS), ("unanswered", RING_BUCKETS)
    )
}  # fmt: skip

Exemplar = tuple[float, str, float]
"""When the call started (seconds since 1970), its task, and the value observed."""


class CallFold(Fold):
    """Calls: which count as today's depends on the tenant's midnight; the newest of each kind is an exemplar."""

    def __init__(self, available: Available, vocabulary: Vocabulary) -> None:
        projections = [p for p in available_projections(available) if p.relation == "calls"]
        super().__init__(projections, _CALL_TYPES, vocabulary, self._add_day, _CALL_UNITS)
        outcome = vocabulary.of("outcome")
        assert outcome is not None
        self._in_progress = outcome.label_number("in_progress")
        self._days: dict[int, Day] = {}
        self._closed = NEVER_CLOSED
        self._calendar = Calendar({})
        self._tasks = Texts.of(())
        """The tasks of the calls that are being folded."""
        self.now = 0.0
        self._exemplified = {p.name: p for p in projections if p.name in ("attempts", "errors", "talk")}
        self.exemplars: dict[str, dict[int, dict[int, Exemplar]]] = {name: {} for name in self._exemplified}

    def set_days(self, days: Mapping[int, Day], closed: ClosedTimes) -> set[int]:
        """The current day of each campaign, and when its windows are closed.

        When a day ends, its calls count no longer. Returns the campaigns whose days were redrawn (another time
        zone, a clock set back): to be loaded anew.
        """
        if days == self._days and closed is self._closed:
            return set()
        redrawn: set[int] = set()
        for campaign, day in days.items():
            before = self._days.get(campaign)
            if before == day or before is None:
                continue
            if before.zone != day.zone or day.today < before.today:
                redrawn.add(campaign)
            else:
                self._end_days_before(campaign, day.today)
        self._days, self._closed = dict(days), closed
        number = self._vocabulary.campaign.number
        self._calendar = Calendar(self._days, {number(key): place for key, place in closed.places.items()}, closed)
        return redrawn

    def today(self, campaign_id: str) -> int | None:
        """The ordinal of the campaign's current day."""
        day = self.day(campaign_id)
        return day.today if day else None

    def day(self, campaign_id: str) -> Day | None:
        """The campaign's current day."""
        return self._days.get(self._vocabulary.campaign.number(campaign_id))

    def _end_days_before(self, campaign: int, today: int) -> None:
        held = self.held
        slots = held.of_campaign(campaign)
        held["day"][slots[held["day"][slots] < today]] = NONE
        for name in ("today", "outside_today"):
            if name not in self.totals:
                continue
            cells = self.totals[name].of(campaign)
            kept = {key: cell for key, cell in cells.items() if unpack_key(key)[1] >= today}
            if len(kept) != len(cells):
                self.totals[name].replace(campaign, kept)
            self.changed[name].add(campaign)  # calls counted ahead, for what was tomorrow, count now

    def decode(self, rows: Records, campaigns: NDArray[np.int32]) -> Columns:
        """The same, and of calls in progress a key of their task; `task` are the places of tasks in the batch."""
        columns = super().decode(rows, campaigns)
        self._tasks = rows.texts["task"]
        columns["task"] = np.arange(len(rows))
        columns["task_key"] = np.full(len(rows), NONE, np.int64)
        going = np.flatnonzero(columns["outcome"] == self._in_progress)
        tasks = self._tasks.take(going)
        columns["task_key"][going] = np.where(tasks.lengths < 0, NONE, (tasks.numbers() >> np.uint64(1)).view(np.int64))
        return columns

    def _add_day(self, calls: Columns) -> None:
        for name, bounds in _BUCKETS.items():
            micro = calls[f"{name}_micro"]
            calls[f"{name}_bucket"] = np.where(micro >= 0, np.searchsorted(bounds, micro), NONE)
        calls["day"] = self._calendar.days(calls["campaign"], calls["started"])
        calls["hour"] = recent_hours(calls["started"], self.now)
        calls["heard_day"] = np.where(calls["heard"] >= 0, recent_days(calls["started"], self.now), NONE)
        outside = self._calendar.outside(calls["campaign"], calls["started"])
        calls["outside"] = np.where(outside, 1, NONE)

    def judged(self, slots: Slots, fresh: NDArray[np.bool_], new: Columns) -> None:
        """Whether a call left its window is judged when it is first seen: windows may be edited later."""
        known = ~fresh
        for column in ("campaign", "started"):
            known &= self.held[column][slots] == new[column]
        new["outside"][known] = self.held["outside"][slots[known]]

    def going_on(self, columns: Mapping[str, Array]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which rows are in progress; none is pending."""
        in_progress = columns["outcome"] == self._in_progress
        return in_progress, np.zeros(len(in_progress), bool)

    def stored(self, slots: Slots, new: Columns) -> None:
        """Keep the newest settled call of each key as its exemplar."""
        del slots
        if "task" not in new:
            return
        chosen = np.flatnonzero((new["outcome"] != self._in_progress) & ~np.isnan(new["started"]))
        chosen = chosen[np.argsort(-new["started"][chosen], kind="stable")]
        for name, projection in self._exemplified.items():
            counted = np.ones(len(chosen), bool)
            for key in projection.keys:
                counted &= new[key][chosen] >= 0
            self._keep_newest(name, projection, new, chosen[counted])

    def _keep_newest(self, name: str, projection: Projection, new: Columns, rows: Slots) -> None:
        """Of these rows, the newest of which come first, the first of each key."""
        keys = [new[key][rows].astype(np.int64) for key in projection.keys]
        packed, first = np.unique(pack(new["campaign"][rows].astype(np.int64), keys), return_index=True)
        rows = rows[first]
        told = (new[column][rows].tolist() for column in ("started", "talk_micro", "task"))
        kept = self.exemplars[name]
        newer = [
            found
            for found in zip(*split(packed), *told, strict=True)
            # Prometheus takes one exemplar a moment.
            if found[0] not in kept or found[1] not in kept[found[0]] or kept[found[0]][found[1]][0] < found[2]
        ]
        tasks = self._tasks.take(np.array([found[-1] for found in newer], np.int64)).texts()
        for (campaign, key, started, talk, _), task in zip(newer, tasks, strict=True):
            if task is not None:
                kept.setdefault(campaign, {})[key] = (started, task, talk / MICRO if name == "talk" else 1.0)

    def saved(self) -> dict[str, Any]:
        """And the clock, and the days: one that ended meanwhile is to be ended. Exemplars come with the next calls."""
        days = [[campaign, day.zone, day.today, day.midnights] for campaign, day in self._days.items()]
        return {**super().saved(), "now": self.now, "days": days}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """The same; when windows are closed is told anew with the days."""
        super().restore(saved)
        self.now = saved["now"]
        self._days = {campaign: Day(zone, today, tuple(ends)) for campaign, zone, today, ends in saved["days"]}
        self._calendar = Calendar(self._days)

    def leave(self, campaign: int) -> None:
        """A campaign that is exported no longer takes its exemplars with it."""
        self.clear(campaign)
        for newest in self.exemplars.values():
            newest.pop(campaign, None)

    def settled(self, before: float, now: float) -> Slots:
        """Remembered calls that are over and were last stamped before this instant."""
        rows = self.held
        over = rows["outcome"] != self._in_progress
        rests = (rows["updated"] < before) & (rows["created"] <= now)
        return np.flatnonzero((rows["campaign"] >= 0) & over & rests)
