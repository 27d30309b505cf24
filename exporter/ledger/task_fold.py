"""The fold of tasks: what they wait for depends on the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.contract.availability import Available
from exporter.contract.codes import EXHAUSTED, FINISHED_TASK_STATUSES, LIVE_TASK_STATUSES, READY, RETRY_WAIT
from exporter.ledger.fold import Columns, Fold
from exporter.ledger.remembered_rows import Array, Slots
from exporter.ledger.time_buckets import minutes, recent_hours
from exporter.ledger.timers import Agenda
from exporter.source.columns import HORIZONS, MICRO
from exporter.source.interning import NONE
from exporter.source.projections import Vocabulary, available_projections

_CODE, _SMALL, _MICRO, _TIME = np.int32, np.int8, np.int64, np.float64

_TASK_TYPES: Mapping[str, Any] = {
    "campaign": _CODE, "status": _SMALL, "blocker": _CODE, "disposition": _CODE, "variant": _CODE,
    "retries_micro": _MICRO, "goal_micro": _CODE, "broken": np.int16, "eligible": _TIME, "since": _TIME,
    "created": _TIME, "updated": _TIME, "effective": _CODE, "band": _SMALL, "ready_minute": _CODE,
    "since_minute": _CODE, "stale": _SMALL, "finished_micro": _CODE, "hour": _CODE,
    "attempts": _CODE, "most": _CODE, "told": _SMALL, "untouched": _SMALL,
}  # fmt: skip

_TASK_UNITS: Mapping[str, int] = {"retries_micro": MICRO, "goal_micro": MICRO, "finished_micro": MICRO}
"""Sums of ones, in the unit of all sums."""

_AGENDA_SLACK = 10_000
"""Entries of the agenda beyond two a row, before it is made anew."""


class TaskFold(Fold):
    """Tasks: what they wait for depends on the clock."""

    def __init__(self, available: Available, vocabulary: Vocabulary, stale_after: float) -> None:
        projections = [p for p in available_projections(available) if p.relation == "tasks"]
        super().__init__(projections, _TASK_TYPES, vocabulary, self._add_waiting, _TASK_UNITS)
        status, effective = vocabulary.of("status"), vocabulary.of("effective")
        assert status is not None
        assert effective is not None
        self._pending, self._in_progress = (status.label_number(code) for code in LIVE_TASK_STATUSES)
        self._finished = [status.label_number(code) for code in FINISHED_TASK_STATUSES]
        self._ready, self._retry = effective.label_number(READY), effective.label_number(RETRY_WAIT)
        self._exhausted = effective.label_number(EXHAUSTED)
        self._allowed = np.zeros(0, _CODE)
        self._horizons = np.array([seconds for _, seconds in HORIZONS], np.float64)
        self._stale_after = stale_after
        self._agenda = Agenda()
        self.now = 0.0

    def allowed(self, campaign: int) -> int | None:
        """How many attempts the campaign of this number allows a task that has no maximum of its own."""
        told = int(self._allowed[campaign]) if 0 <= campaign < len(self._allowed) else 0
        return told or None

    def set_allowed(self, attempts: Mapping[int, int | None]) -> None:
        """By campaign, how many attempts it allows; its tasks are looked at again where that changed."""
        size = 1 + max(attempts, default=-1)
        allowed = np.zeros(max(size, len(self._allowed)), _CODE)
        for campaign, most in attempts.items():
            allowed[campaign] = most if most is not None and 0 < most <= MICRO else 0
        before, self._allowed = self._allowed, allowed
        moved = allowed.copy()
        moved[: len(before)] -= before
        if moved.any():
            of = self.held["campaign"]
            slots = np.flatnonzero(of >= 0)
            slots = slots[moved[of[slots]] != 0]
            if slots.size:
                self._put(slots, self.held.take(slots), np.zeros(len(slots), bool))

    def _used_up(self, tasks: Columns) -> NDArray[np.bool_]:
        """Tasks that have made all the attempts that they, or else their campaigns, allow; 0 allows any number."""
        of = tasks["campaign"]
        told = np.zeros(len(of), _CODE)
        known = (of >= 0) & (of < len(self._allowed))
        told[known] = self._allowed[of[known]]
        allowed = np.where(tasks["most"] >= 0, tasks["most"], told)
        used: NDArray[np.bool_] = (allowed > 0) & (tasks["attempts"] >= allowed)
        return used

    def _add_waiting(self, tasks: Columns) -> None:
        """What a task waits for at `now`."""
        now = self.now
        pending = tasks["status"] == self._pending
        running = tasks["status"] == self._in_progress
        due_in = np.nan_to_num(tasks["eligible"], nan=0.0) - now
        coded = tasks["blocker"] >= 0
        used_up = ~coded & self._used_up(tasks)
        uncoded = np.where(used_up, self._exhausted, np.where(due_in > 0, self._retry, self._ready))
        tasks["effective"] = np.where(pending, np.where(coded, tasks["blocker"], uncoded), NONE)
        band = np.searchsorted(self._horizons, due_in, side="left")
        tasks["band"] = np.where(pending, band, NONE)
        ready_since = np.where(np.isnan(tasks["eligible"]), tasks["created"], tasks["eligible"])
        ready = pending & ~coded & ~used_up & (due_in <= 0)
        tasks["ready_minute"] = np.where(ready, minutes(ready_since), NONE)
        tasks["since_minute"] = np.where(running, minutes(tasks["since"]), NONE)
        tasks["hour"] = np.where(np.isin(tasks["status"], self._finished), recent_hours(tasks["since"], now), NONE)
        stale = running & (tasks["since"] <= now - self._stale_after)
        tasks["stale"] = np.where(stale, 1, NONE)

    def _due(self, tasks: Mapping[str, Array]) -> NDArray[np.float64]:
        """When time alone changes what each of these tasks waits for, as it was worked out last (infinity: never)."""
        band = tasks["band"]
        due = np.full(len(band), np.inf)
        waits = band > 0
        due[waits] = tasks["eligible"][waits] - self._horizons[band[waits] - 1]
        fresh = (tasks["status"] == self._in_progress) & (tasks["stale"] < 0) & ~np.isnan(tasks["since"])
        due[fresh] = tasks["since"][fresh] + self._stale_after
        return due

    def _held_due(self, slots: Slots) -> NDArray[np.float64]:
        """The same of tasks that are remembered."""
        return self._due(self.held.take(slots, ("status", "band", "eligible", "stale", "since")))

    def going_on(self, columns: Mapping[str, Array]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which rows are in progress, and which are pending."""
        return columns["status"] == self._in_progress, columns["status"] == self._pending

    def stored(self, slots: Slots, new: Columns) -> None:
        """Note when each row must be looked at again; a time that did not move is noted already.

        Not so in a slot that was free: what it last had may have been noted no longer.
        """
        due = self._due(new)
        moved = (self._held_due(slots) != due) | (self.held["campaign"][slots] < 0)
        self._agenda.put(slots[moved], due[moved])
        put_off = moved & (new["effective"] == self._retry)  # within its band no total tells, but the wait is another
        self.changed["waiting"].update(np.unique(new["campaign"][put_off]).tolist())

    def advance(self, now: float) -> int:
        """Set the clock and move what it moves; how many rows were looked at."""
        back = now < self.now
        self.now = now
        if back:  # a clock that was set back: everything that depends on it is worked out anew
            slots = np.flatnonzero(self.held["campaign"] >= 0)
        else:
            slots = self._agenda.pop(now)
            slots = slots[self.held["campaign"][slots] >= 0]
            due = self._held_due(slots)
            self._agenda.put_back(slots, due, now)
            slots = slots[due <= now]
        if slots.size:
            self._put(slots, self.held.take(slots), np.zeros(len(slots), bool))
        if self._agenda.size > 2 * len(self.held) + _AGENDA_SLACK:  # it follows rows, not how often they change
            held = np.flatnonzero(self.held["campaign"] >= 0)
            self._agenda.renew(held, self._held_due(held))
        return len(slots)

    def next_due(self, campaigns: Sequence[str]) -> dict[str, float]:
        """When the next task of each campaign becomes eligible that waits for nothing else."""
        numbers = [self._vocabulary.campaign.number(campaign) for campaign in campaigns]
        wanted = np.zeros(len(self._vocabulary.campaign.labels), bool)
        wanted[numbers] = True
        held = self.held
        waits = (held["effective"] == self._retry) & (held["campaign"] >= 0) & (held["eligible"] > self.now)
        rows = np.flatnonzero(waits)
        rows = rows[wanted[held["campaign"][rows]]]
        soonest = np.full(len(wanted), np.inf)
        np.minimum.at(soonest, held["campaign"][rows], held["eligible"][rows])
        return {
            campaign: float(soonest[number])
            for campaign, number in zip(campaigns, numbers, strict=True)
            if np.isfinite(soonest[number])
        }

    def stamped(self, campaigns: Sequence[str]) -> dict[str, dict[str, float]]:
        """By campaign and blocker, when the newest of the pending tasks that carry it last changed."""
        numbers = {self._vocabulary.campaign.number(campaign): campaign for campaign in campaigns}
        wanted = np.zeros(len(self._vocabulary.campaign.labels), bool)
        wanted[list(numbers)] = True
        held = self.held
        rows = np.flatnonzero((held["campaign"] >= 0) & (held["blocker"] >= 0))
        rows = rows[wanted[held["campaign"][rows]]]
        order = rows[np.argsort(held["updated"][rows], kind="stable")]
        pairs, last = np.unique((held["campaign"][order].astype(np.int64) << 32 | held["blocker"][order])[::-1],
                                return_index=True)  # fmt: skip
        newest = held["updated"][order][::-1][last]
        found: dict[str, dict[str, float]] = {}
        for pair, moment in zip(pairs.tolist(), newest.tolist(), strict=True):
            if np.isfinite(moment):
                code = self._vocabulary.label("effective", pair & 0xFFFFFFFF)
                found.setdefault(numbers[pair >> 32], {})[code] = moment
        return found

    def saved(self) -> dict[str, Any]:
        """And the clock, and what campaigns allow."""
        return {**super().saved(), "now": self.now, "allowed": self._allowed}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """The same, with what time alone changes noted anew."""
        super().restore(saved)
        self.now, self._allowed = saved["now"], saved["allowed"]
        held = np.flatnonzero(self.held["campaign"] >= 0)
        self._agenda.renew(held, self._held_due(held))

    def settled(self, before: float) -> Slots:
        """Remembered tasks that are over and were last stamped before this instant."""
        rows = self.held
        over = (rows["status"] != self._pending) & (rows["status"] != self._in_progress)
        rests = (rows["updated"] < before) & (rows["created"] <= self.now)
        return np.flatnonzero((rows["campaign"] >= 0) & over & rests)
