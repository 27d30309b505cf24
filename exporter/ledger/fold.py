"""The fold of one relation: a changed row's old contribution goes out of the totals, its new one comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.ledger.batches import in_scope, last_of_each
from exporter.ledger.grouped import Row, cells_of
from exporter.ledger.id_table import keys_of
from exporter.ledger.marks import held_as, marks
from exporter.ledger.remembered_rows import Array, HeldRows, Slots
from exporter.ledger.totals import Ints, Totals, pack, unpack_key
from exporter.ledger.witnesses import Witnesses
from exporter.source.interning import NONE, OWN
from exporter.source.projections import MARK, Projection, Vocabulary
from exporter.source.records import Records
from exporter.source.texts import Texts

Columns = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch of rows did: how many were taken, left out, told something new, were not known before.

    `dirty` campaigns must be loaded anew, for so many rows each.
    `old` rows are new to their campaign, which need not be exported, but as old as what others forgot: they may have
    moved, and be counted where they came from.
    """

    rows: int = 0
    ignored: int = 0
    altered: int = 0
    new: int = 0
    old: int = 0
    dirty: Mapping[int, int] = field(default_factory=dict)


def began(relation: str) -> str:
    """What changed, beside the projections, where the first row of a campaign is another."""
    return f"{relation}_began"


class Fold:
    """Totals of a relation by projection, and the rows that can still change.

    `derive` adds the columns that only the ledger knows (what depends on the clock or on the tenant's day).
    """

    def __init__(
        self,
        projections: Iterable[Projection],
        types: Mapping[str, Any],
        vocabulary: Vocabulary,
        derive: Callable[[Columns], None],
        units: Mapping[str, int],
    ) -> None:
        self.projections = tuple(projections)
        self.totals = {projection.name: Totals(1 + len(projection.sums)) for projection in self.projections}
        self.held = HeldRows(types, units)
        self.witnesses = Witnesses()
        self.changed: dict[str, set[int]] = {projection.name: set() for projection in self.projections}
        self._vocabulary = vocabulary
        self._derive = derive
        self._began_name = began(self.projections[0].relation)
        self.began: dict[int, float] = {}
        """When the first row of each campaign was made that was counted since it was loaded."""
        self.changed[self._began_name] = set()
        self._forgotten: dict[int, float] = {}
        self._newest_forgotten = -np.inf

    @property
    def vocabulary(self) -> Vocabulary:
        """What the numbers in columns stand for."""
        return self._vocabulary

    @property
    def newest_forgotten(self) -> float:
        """When the newest row was made that may be counted without being remembered."""
        return float(self._newest_forgotten)

    # -- rows in ------------------------------------------------------------------------------------------

    def decode(self, rows: Records, campaigns: NDArray[np.int32]) -> Columns:
        """Each column as an array: interned texts, whole numbers (-1 for null), seconds (NaN)."""
        columns: Columns = {"campaign": campaigns, **rows.numbers}
        for name, texts in rows.texts.items():
            if name == "error":
                columns[name] = self._errors(rows.texts["provider"], texts, campaigns)
            elif (interning := self._vocabulary.of("effective" if name == "blocker" else name)) is not None:
                columns[name] = interning.numbers(*texts.distinct(), campaigns)
        columns["broken"] = np.where(rows.numbers["broken"] == 0, NONE, rows.numbers["broken"])
        return columns

    def _errors(self, providers: Texts, codes: Texts, campaigns: NDArray[np.int32]) -> NDArray[np.int32]:
        interning = self._vocabulary.of("error")
        assert interning is not None
        provider_of, provider = providers.distinct()
        code_of, code = codes.distinct()
        pairs, which = np.unique(provider << 32 | code, return_inverse=True)
        both = [(provider_of[pair >> 32], code_of[pair & 0xFFFFFFFF]) for pair in pairs.tolist()]
        return interning.numbers([None if each[1] is None else each for each in both], which, campaigns)

    def apply(self, rows: Records, scope: NDArray[np.bool_], *, loading: bool = False) -> Folded:
        """Fold changed rows. `scope` says by campaign number which are exported; of other rows nothing is kept.

        A row that is not remembered although rows as old as it were forgotten may have been counted before:
        its campaign is dirty, and the row is left to the loading of the campaign (which sets `loading`).
        """
        given, keys = len(rows), keys_of(rows.kind, rows.ids)
        if (last := last_of_each(rows.ids, keys)) is not None:
            rows, keys = rows.take(last), keys[last]
        campaigns = self._vocabulary.campaign.numbers(rows.texts["campaign"])
        slots = self.held.find(keys)
        inside, known = in_scope(campaigns, scope), slots >= 0
        self.remove(slots[known & ~inside])
        ignored, unknown = int((~inside & ~known).sum()) + given - len(rows), int((~known).sum())
        old = 0
        if not inside.all():
            strangers = rows.numbers["created"][~inside & ~known]
            old = 0 if loading else self._as_old_as_any_forgotten(strangers)
            rows, keys = rows.take(inside), keys[inside]
            campaigns, slots, known = campaigns[inside], slots[inside], known[inside]
        if not campaigns.size:
            return Folded(ignored=ignored, new=unknown, old=old)
        columns = self.decode(rows, campaigns)
        suspect = np.zeros(len(slots), bool) if loading else ~known & self._as_old_as_forgotten(columns)
        numbers, rows_of = np.unique(campaigns[suspect], return_counts=True)
        dirty = dict(zip(numbers.tolist(), rows_of.tolist(), strict=True))
        fresh, take = ~known & ~suspect, ~suspect
        slots[fresh] = self.held.allocate(keys[fresh])
        self._note_witnesses(rows, columns, take)
        if suspect.any():
            columns = {name: column[take] for name, column in columns.items()}
        altered = self._put(slots[take], columns, fresh[take])
        old = 0 if loading else old + self._as_old_as_any_forgotten(columns["created"][fresh[take]])
        return Folded(int(take.sum()), ignored, altered, unknown, old, dirty)

    def going_on(self, columns: Mapping[str, Array]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which rows are in progress, and which are pending; by relation."""
        raise NotImplementedError

    def _note_witnesses(self, rows: Records, columns: Columns, take: NDArray[np.bool_]) -> None:
        for kind, these in enumerate(self.going_on(columns)):
            self.witnesses.note(kind, rows, np.flatnonzero(these & take))

    def _as_old_as_any_forgotten(self, created: NDArray[np.float64]) -> int:
        return int((created <= self._newest_forgotten).sum())

    def _as_old_as_forgotten(self, columns: Columns) -> NDArray[np.bool_]:
        campaigns, place = np.unique(columns["campaign"], return_inverse=True)
        forgotten = np.array([self._forgotten.get(number, -np.inf) for number in campaigns.tolist()], np.float64)
        old: NDArray[np.bool_] = columns["created"] <= forgotten[place]
        return old

    def _put(self, slots: Slots, new: Columns, fresh: NDArray[np.bool_]) -> int:
        """Store rows and count them; how many are new or other than before."""
        self._note_began(new)
        self._derive(new)
        self.judged(slots, fresh, new)
        if fresh.all():  # as while loading
            old, moved = dict[str, Array](), dict.fromkeys(new, fresh)
        else:
            old = self.held.take(slots)
            moved = {name: differing(column, new[name]) | fresh for name, column in old.items()}
            touched = np.logical_or.reduce(list(moved.values()))
            if not touched.all():
                slots, fresh = slots[touched], fresh[touched]
                old, new, moved = (
                    {name: column[touched] for name, column in each.items()} for each in (old, new, moved)
                )
        if slots.size:
            self.stored(slots, new)
            self.held.put(slots, new)
            self._count(old, new, moved, fresh)
        return len(slots)

    def _note_began(self, rows: Columns) -> None:
        campaigns, place = np.unique(rows["campaign"], return_inverse=True)
        first = np.full(len(campaigns), np.inf)
        np.fmin.at(first, place, rows["created"])
        for campaign, created in zip(campaigns.tolist(), first.tolist(), strict=True):
            self._begins(campaign, created)

    def _begins(self, campaign: int, created: float) -> None:
        if created < self.began.get(campaign, np.inf):
            self.began[campaign] = created
            self.changed[self._began_name].add(campaign)

    def judged(self, slots: Slots, fresh: NDArray[np.bool_], new: Columns) -> None:
        """Called before rows are compared with what is held: the hook for what is judged once and for all."""

    def stored(self, slots: Slots, new: Columns) -> None:
        """Called with what is about to be stored: the hook for a relation's own bookkeeping."""

    def _count(
        self, old: Columns, new: Columns | None, moved: Mapping[str, NDArray[np.bool_]], fresh: NDArray[np.bool_]
    ) -> None:
        """Take old contributions out of the totals, and put new ones in, where a column moved that they are made of.

        What `fresh` rows held before is nothing.
        """
        for projection in self.projections:
            made_of = (*projection.keys, *projection.given, *map(held_as, projection.sums))
            rows = np.flatnonzero(np.logical_or.reduce([moved[name] for name in ("campaign", *made_of)]))
            parts = [(old, rows[~fresh[rows]], -1), (new, rows, 1)]
            packed: list[Ints] = []
            signs: list[Ints] = []
            sums: list[list[Ints]] = [[] for _ in projection.sums]
            for columns, places, sign in parts:
                if columns is None or not places.size:
                    continue
                for name in (*projection.keys, *projection.given):
                    places = places[columns[name][places] >= 0]
                keys = [columns[name][places].astype(np.int64) for name in projection.keys]
                packed.append(pack(columns["campaign"][places].astype(np.int64), keys))
                signs.append(np.full(len(places), sign, np.int64))
                for values, name in zip(sums, projection.sums, strict=True):
                    found = columns[held_as(name)][places]
                    values.append(marks(found) if name == MARK else np.maximum(found, 0))  # null adds nothing
            if packed:
                self.changed[projection.name] |= self.totals[projection.name].add(
                    np.concatenate(packed), np.concatenate(signs), [np.concatenate(values) for values in sums]
                )

    # -- rows out -----------------------------------------------------------------------------------------

    def remove(self, slots: Slots) -> None:
        """Take remembered rows and their contributions out."""
        if slots.size:
            old, every = self.held.take(slots), np.ones(len(slots), bool)
            self._count(old, None, dict.fromkeys(old, every), ~every)
            self.held.drop(slots)

    def forget(self, settled: Slots) -> None:
        """Stop remembering rows; their contributions stay."""
        if not settled.size:
            return
        rows = self.held.take(settled)
        campaigns, place = np.unique(rows["campaign"], return_inverse=True)
        newest = np.full(len(campaigns), -np.inf)
        np.fmax.at(newest, place, rows["created"])
        for campaign, created in zip(campaigns.tolist(), newest.tolist(), strict=True):
            self.note_forgotten(campaign, created)
        self.held.drop(settled)

    def note_forgotten(self, campaign: int, created: float) -> None:
        """Rows of this campaign made up to `created` may be counted without being remembered."""
        if created > self._forgotten.get(campaign, -np.inf):
            self._forgotten[campaign] = created
            self._newest_forgotten = max(self._newest_forgotten, created)

    def expire(self, name: str, column: str, before: int) -> None:
        """Count no longer, in a projection, rows whose first key is below `before`."""
        held = self.held[column]
        held[held < before] = NONE
        for campaign, cells in list(self.totals[name]):
            kept = {key: cell for key, cell in cells.items() if unpack_key(key)[0] >= before}
            if len(kept) != len(cells):
                self.totals[name].replace(campaign, kept)
                self.changed[name].add(campaign)

    def clear(self, campaign: int) -> None:
        """Drop everything of a campaign: rows, totals and what was forgotten."""
        self.held.drop(self.held.of_campaign(campaign))
        self._forgotten.pop(campaign, None)
        self.began.pop(campaign, None)
        for name, totals in self.totals.items():
            if totals.of(campaign):
                self.changed[name].add(campaign)
                totals.replace(campaign, {})

    # -- totals by GROUP BY -------------------------------------------------------------------------------

    def add_settled(self, projection: Projection, rows: Iterable[Row]) -> None:
        """Add the totals of settled rows, which are counted but not remembered."""
        rows = list(rows)
        if len(rows) > OWN:  # where a campaign has more labels than room, its largest have one
            count = -1 - len(projection.sums) - 2 * projection.name.endswith("_rows")
            rows.sort(key=lambda row: row[count], reverse=True)
        totals = self.totals[projection.name]
        for campaign, cells in cells_of(projection, rows, self._vocabulary).items():
            merged = {key: list(cell) for key, cell in totals.of(campaign).items()}
            for key, cell in cells.items():
                merged[key] = [a + b for a, b in zip(merged.get(key, [0] * len(cell)), cell, strict=True)]
            totals.replace(campaign, merged)
            self.changed[projection.name].add(campaign)
        if projection.name.endswith("_rows"):
            for row in rows:
                campaign = self._vocabulary.campaign.number(row[0])
                self._begins(campaign, row[-2])
                self.note_forgotten(campaign, row[-1])

    # -- from one process to the next ---------------------------------------------------------------------

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; what changed since it was last drained is not in it."""
        return {
            "totals": {name: totals.saved() for name, totals in self.totals.items()},
            "held": self.held.saved(),
            "witnesses": self.witnesses.saved(),
            "forgotten": [list(self._forgotten), list(self._forgotten.values())],
            "newest_forgotten": float(self._newest_forgotten),
            "began": [list(self.began), list(self.began.values())],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on from where another process was."""
        for name, totals in self.totals.items():
            totals.restore(saved["totals"][name])
        self.held.restore(saved["held"])
        self.witnesses.restore(saved["witnesses"])
        self._forgotten = dict(zip(*saved["forgotten"], strict=True))
        self._newest_forgotten = saved["newest_forgotten"]
        self.began = dict(zip(*saved["began"], strict=True))

    def drain_changed(self) -> dict[str, set[int]]:
        """By projection, the campaigns whose totals changed since the last call."""
        changed = {name: campaigns for name, campaigns in self.changed.items() if campaigns}
        for name in changed:
            self.changed[name] = set()
        return changed


def differing(then: Array, now: Array) -> NDArray[np.bool_]:
    """Where two columns differ; NaN is NaN."""
    other: NDArray[np.bool_] = then != now
    return other & ((then == then) | (now == now)) if then.dtype.kind == "f" else other
