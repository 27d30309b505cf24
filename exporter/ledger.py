"""The ledger: running totals of tasks and calls, equal at every refresh to a full GROUP BY at its snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.agenda import Agenda
from exporter.available import Available
from exporter.codes import LIVE_TASK_STATUSES, READY, RETRY_WAIT
from exporter.days import Day
from exporter.fold import Columns, Fold, Folded, Row
from exporter.held import Slots
from exporter.interning import NONE
from exporter.projections import Projection, Vocabulary, available_projections
from exporter.rows import HORIZONS, MICRO
from exporter.totals import Cell, pack, pack_key, unpack_key

_CODE, _SMALL, _MICRO, _TIME = np.int32, np.int8, np.int64, np.float64

_TASK_TYPES: Mapping[str, Any] = {
    "campaign": _CODE, "status": _SMALL, "blocker": _CODE, "disposition": _CODE, "variant": _CODE,
    "retries_micro": _MICRO, "goal_micro": _CODE, "broken": np.int16, "eligible": _TIME, "since": _TIME,
    "created": _TIME, "updated": _TIME, "effective": _CODE, "band": _SMALL, "ready_minute": _CODE,
    "since_minute": _CODE, "stale": _SMALL, "due": _TIME,
}  # fmt: skip
_CALL_TYPES: Mapping[str, Any] = {
    "campaign": _CODE, "outcome": _SMALL, "attempt": np.int16, "number": _CODE, "variant": _CODE,
    "error": _CODE, "sentiment": _CODE, "talk_bucket": _SMALL, "talk_micro": _MICRO, "score_bucket": _SMALL,
    "score_micro": _MICRO, "delay_bucket": _SMALL, "delay_micro": _MICRO, "silent": _SMALL,
    "answered_micro": _CODE, "ai_micro": _MICRO, "telephony_micro": _MICRO, "started": _TIME,
    "created": _TIME, "updated": _TIME, "broken": np.int16, "day": np.int32,
}  # fmt: skip

Exemplar = tuple[float, str, float]
"""When the call started (seconds since 1970), its task, and the value observed."""


class TaskFold(Fold):
    """Tasks: what they wait for depends on the clock."""

    def __init__(
        self, available: Available, fetched: Sequence[str], vocabulary: Vocabulary, stale_after: float
    ) -> None:
        projections = [p for p in available_projections(available) if p.relation == "tasks"]
        super().__init__(projections, fetched, _TASK_TYPES, vocabulary, self._add_waiting)
        status, effective = vocabulary.of("status"), vocabulary.of("effective")
        assert status is not None
        assert effective is not None
        self._pending, self._in_progress = (status.label_number(code) for code in LIVE_TASK_STATUSES)
        self._ready, self._retry = effective.label_number(READY), effective.label_number(RETRY_WAIT)
        self._horizons = np.array([seconds for _, seconds in HORIZONS], np.float64)
        self._stale_after = stale_after
        self._agenda = Agenda()
        self.now = 0.0

    def _add_waiting(self, tasks: Columns) -> None:
        """What a task waits for at `now`, and `due`: when time alone changes that (infinity: never)."""
        now = self.now
        pending = tasks["status"] == self._pending
        running = tasks["status"] == self._in_progress
        due_in = np.nan_to_num(tasks["eligible"], nan=0.0) - now
        coded = tasks["blocker"] >= 0
        uncoded = np.where(due_in > 0, self._retry, self._ready)
        tasks["effective"] = np.where(pending, np.where(coded, tasks["blocker"], uncoded), NONE)
        band = np.searchsorted(self._horizons, due_in, side="left")
        tasks["band"] = np.where(pending, band, NONE)
        ready_since = np.where(np.isnan(tasks["eligible"]), tasks["created"], tasks["eligible"])
        ready = pending & ~coded & (due_in <= 0)
        tasks["ready_minute"] = np.where(ready, _minute(ready_since), NONE)
        tasks["since_minute"] = np.where(running, _minute(tasks["since"]), NONE)
        stale = running & (tasks["since"] <= now - self._stale_after)
        tasks["stale"] = np.where(stale, 1, NONE)
        due = np.full(len(pending), np.inf)
        waits = pending & (band > 0)
        due[waits] = tasks["eligible"][waits] - self._horizons[band[waits] - 1]
        fresh = running & ~stale & ~np.isnan(tasks["since"])
        due[fresh] = tasks["since"][fresh] + self._stale_after
        tasks["due"] = due

    def stored(self, slots: Slots, new: Columns) -> None:
        """Note when each row must be looked at again; a time that did not move is noted already."""
        moved = self.held["due"][slots] != new["due"]
        self._agenda.put(slots[moved], new["due"][moved])

    def advance(self, now: float) -> int:
        """Set the clock and move what it moves; how many rows were looked at."""
        back = now < self.now
        self.now = now
        if back:  # a clock that was set back: everything that depends on it is worked out anew
            slots = np.flatnonzero(self.held["campaign"] >= 0)
        else:
            slots = self._agenda.pop(now)
            slots = slots[self.held["campaign"][slots] >= 0]
            self._agenda.put_back(slots, self.held["due"][slots], now)
            slots = slots[self.held["due"][slots] <= now]
        if slots.size:
            self._put(slots, self.held.take(slots), np.zeros(len(slots), bool))
        return len(slots)

    def settled(self, before: float) -> Slots:
        """Remembered tasks that are over and were last stamped before this instant."""
        rows = self.held
        over = (rows["status"] != self._pending) & (rows["status"] != self._in_progress)
        rests = (rows["updated"] < before) & (rows["created"] <= self.now)
        return np.flatnonzero((rows["campaign"] >= 0) & over & rests)


class CallFold(Fold):
    """Calls: which count as today's depends on the tenant's midnight; the newest of each kind is an exemplar."""

    def __init__(self, available: Available, fetched: Sequence[str], vocabulary: Vocabulary) -> None:
        projections = [p for p in available_projections(available) if p.relation == "calls"]
        super().__init__(projections, fetched, _CALL_TYPES, vocabulary, self._add_day)
        outcome = vocabulary.of("outcome")
        assert outcome is not None
        self._in_progress = outcome.label_number("in_progress")
        self._days: dict[int, Day] = {}
        self._exemplified = {p.name: p for p in projections if p.name in ("attempts", "errors", "talk")}
        self.exemplars: dict[str, dict[int, dict[int, Exemplar]]] = {name: {} for name in self._exemplified}

    def set_days(self, days: Mapping[int, Day]) -> set[int]:
        """The current day of each campaign. When one ends, its calls count no longer.

        Returns the campaigns whose days were redrawn (another time zone, a clock set back): to be loaded anew.
        """
        redrawn: set[int] = set()
        for campaign, day in days.items():
            before = self._days.get(campaign)
            if before == day:
                continue
            self._days[campaign] = day
            if before is None:
                continue
            if before.zone != day.zone or day.today < before.today:
                redrawn.add(campaign)
            elif "today" in self.totals:
                self._end_days_before(campaign, day.today)
                self.changed["today"].add(campaign)  # calls counted ahead, for what was tomorrow, count now
        for campaign in self._days.keys() - days.keys():
            del self._days[campaign]
        return redrawn

    def today(self, campaign_id: str) -> int | None:
        """The ordinal of the campaign's current day."""
        day = self._days.get(self._vocabulary.campaign.number(campaign_id))
        return day.today if day else None

    def _end_days_before(self, campaign: int, today: int) -> None:
        held = self.held
        slots = held.of_campaign(campaign)
        held["day"][slots[held["day"][slots] < today]] = NONE
        cells = self.totals["today"].of(campaign)
        kept = {key: cell for key, cell in cells.items() if unpack_key(key)[1] >= today}
        if len(kept) != len(cells):
            self.totals["today"].replace(campaign, kept)

    def _add_day(self, calls: Columns) -> None:
        day = np.full(len(calls["campaign"]), NONE, np.int64)
        for campaign in np.unique(calls["campaign"]).tolist():
            current = self._days.get(campaign)
            if current is None:
                continue
            mine = calls["campaign"] == campaign
            first, second, third = current.midnights
            started = calls["started"]
            day[mine & (started >= first) & (started < second)] = current.today
            day[mine & (started >= second) & (started < third)] = current.today + 1
        calls["day"] = day

    def stored(self, slots: Slots, new: Columns) -> None:
        """Keep the newest settled call of each key as its exemplar."""
        del slots
        if "task" not in new:
            return
        chosen = (new["outcome"] != self._in_progress) & ~np.isnan(new["started"])
        for name, projection in self._exemplified.items():
            counted = chosen.copy()
            for key in projection.keys:
                counted &= new[key] >= 0
            self._keep_newest(name, projection, new, np.flatnonzero(counted))

    def _keep_newest(self, name: str, projection: Projection, new: Columns, rows: Slots) -> None:
        rows = rows[np.argsort(-new["started"][rows], kind="stable")]
        keys = [new[key][rows].astype(np.int64) for key in projection.keys]
        _, first = np.unique(pack(new["campaign"][rows].astype(np.int64), keys), return_index=True)
        for place in first.tolist():
            row = rows[place]
            task = new["task"][row]
            if task is None:
                continue
            started = float(new["started"][row])
            value = float(new["talk_micro"][row]) / MICRO if name == "talk" else 1.0
            key = pack_key([int(column[place]) for column in keys])
            newest = self.exemplars[name].setdefault(int(new["campaign"][row]), {})
            if key not in newest or newest[key][0] <= started:
                newest[key] = (started, task, value)

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


class Ledger:
    """Both folds, and which campaigns they are about."""

    def __init__(
        self,
        available: Available,
        task_columns: Sequence[str],
        call_columns: Sequence[str],
        stale_after: float,
    ) -> None:
        self.vocabulary = Vocabulary()
        self.tasks = TaskFold(available, task_columns, self.vocabulary, stale_after)
        self.calls = CallFold(available, call_columns, self.vocabulary)
        self.folds: Mapping[str, Fold] = {"tasks": self.tasks, "calls": self.calls}
        self.projections: Mapping[str, Projection] = {
            projection.name: projection for fold in self.folds.values() for projection in fold.projections
        }
        self.scope: NDArray[np.bool_] = np.zeros(0, bool)

    def campaign(self, campaign_id: str) -> int:
        """The number of a campaign."""
        return self.vocabulary.campaign.number(campaign_id)

    def set_scope(self, campaigns: Mapping[str, Day]) -> set[str]:
        """The campaigns that are exported, with their days; all others leave with everything they had.

        Returns those that must be loaded: new ones, and those whose days were redrawn.
        """
        numbers = {self.campaign(campaign_id): day for campaign_id, day in campaigns.items()}
        scope = np.zeros(len(self.vocabulary.campaign.labels), bool)
        scope[list(numbers)] = True
        for gone in np.flatnonzero(self.scope & ~scope[: len(self.scope)]).tolist():
            self.tasks.clear(gone)
            self.calls.leave(gone)
        before, self.scope = self.scope, scope
        fresh = {number for number in numbers if number >= len(before) or not before[number]}
        labels = self.vocabulary.campaign.labels
        return {labels[number] for number in fresh | self.calls.set_days(numbers)}

    @property
    def exported(self) -> list[str]:
        """The ids of the campaigns in scope."""
        labels = self.vocabulary.campaign.labels
        return [labels[number] for number in np.flatnonzero(self.scope).tolist()]

    def rows(self, campaign_id: str) -> tuple[int, int]:
        """How many tasks and calls of a campaign are counted."""
        tasks, calls = (self.cell(name, campaign_id) for name in ("task_rows", "call_rows"))
        return (tasks[0] if tasks else 0, calls[0] if calls else 0)

    def clear(self, campaign_id: str) -> None:
        """Drop what is known of a campaign, before it is loaded anew."""
        number = self.campaign(campaign_id)
        for fold in self.folds.values():
            fold.clear(number)

    def apply(self, relation: str, rows: Sequence[Row], *, loading: bool = False) -> Folded:
        """Fold changed rows of `tasks` or `calls`."""
        return self.folds[relation].apply(rows, self.scope, loading=loading)

    def drain_changed(self) -> dict[str, set[str]]:
        """By projection, the ids of the campaigns whose totals changed since the last call."""
        labels = self.vocabulary.campaign.labels
        return {
            name: {labels[number] for number in campaigns}
            for fold in self.folds.values()
            for name, campaigns in fold.drain_changed().items()
        }

    def forget_settled(self, now: float, settle_after: float) -> None:
        """Stop remembering what has been over for `settle_after` seconds."""
        before = now - settle_after
        self.tasks.forget(self.tasks.settled(before))
        self.calls.forget(self.calls.settled(before, now))

    def cells(self, projection: str, campaign_id: str) -> Mapping[int, Cell]:
        """The totals of a campaign, by key."""
        return self.folds[self.projections[projection].relation].totals[projection].of(self.campaign(campaign_id))

    def cell(self, projection: str, campaign_id: str, *keys: int) -> Cell | None:
        """One cell, if it exists."""
        return self.cells(projection, campaign_id).get(pack_key(keys))


def _minute(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    minutes = np.floor(np.nan_to_num(seconds, nan=0.0) / 60.0).astype(np.int64)
    return np.where(np.isnan(seconds), NONE, minutes)
