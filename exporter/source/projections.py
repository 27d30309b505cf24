"""The projections: by what tasks and calls are counted and summed. The ledger folds them, SQL groups by them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from exporter.contract.availability import Available
from exporter.contract.codes import (
    BLOCKERS,
    OTHER,
    OUTCOMES,
    READY,
    RETRY_WAIT,
    SENTIMENTS,
    TASK_STATUSES,
    clean_code,
    clean_label,
)
from exporter.contract.error_codes import clean_error_code
from exporter.source.campaign_numbers import CampaignNumbers
from exporter.source.clean_rows import CleanRows
from exporter.source.cleaning import Expression
from exporter.source.interning import Interning
from exporter.source.told import rests_on

Columns = Mapping[str, Expression]
"""Cleaned columns, by name."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Totals of a relation by campaign and up to two keys.

    `keys` and `sums` name columns of the cleaned rows. A row counts where every key and every column of `given` is not
    null; of what is summed nothing is below zero, and null adds nothing. `audited`: SQL can tell at any time what the
    totals are; else only when they are loaded.
    """

    name: str
    relation: str
    keys: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    audited: bool = True

    @property
    def by_windows(self) -> bool:
        """Whether the windows of the campaigns decide what counts."""
        return "outside" in (*self.keys, *self.given)

    @property
    def needs(self) -> tuple[str, ...]:
        """Optional columns of the contract without which the counts mean nothing."""
        asked = (rests_on(self.relation, name) for name in (*self.keys, *self.given))
        return tuple(dict.fromkeys(column for columns in asked for column in columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """The cleaned columns that a row is counted by."""
        asked = (name for key in (*self.keys, *self.given) for name in KEY_COLUMNS.get(key, (key,)))
        return (*asked, *self.sums, *(("created",) if self.dated else ()))

    @property
    def dated(self) -> bool:
        """Whether it is told when the first row and the last were made: when counting began, and up to when rows were
        made that the ledger forgot.
        """
        return self.name.endswith("_rows")

    def keys_of(self, clean: Columns) -> list[Expression]:
        """The keys of a row."""
        return [clean[name] for key in self.keys for name in KEY_COLUMNS.get(key, (key,))]

    def totals_of(self, clean: Columns) -> list[Expression]:
        """The count, the sums, and when the first row and the last were made where that is told."""
        totals: list[Expression] = [
            sa.func.count(),
            *(sa.func.coalesce(sa.func.sum(clean[name]), 0) for name in self.sums),
        ]
        return [*totals, sa.func.min(clean["created"]), sa.func.max(clean["created"])] if self.dated else totals

    def counts(self, clean: Columns) -> list[Expression]:
        """Whether a row counts."""
        needed = (KEY_COLUMNS.get(name, (name,))[-1] for name in (*self.keys, *self.given))
        counted: list[Expression] = [clean[name].is_not(None) for name in needed]
        return [*counted, clean["broken"] != 0] if "broken" in self.keys else counted

    def grouped(self, rows: CleanRows, *where: Expression) -> sa.Select[Any]:
        """`campaign, key…, count, sum…` of the rows that satisfy `where`."""
        keys = [rows.columns["campaign"], *self.keys_of(rows.columns)]
        return (
            sa.select(*keys, *self.totals_of(rows.columns))
            .select_from(rows.beside_windows if self.by_windows else rows.table)
            .where(rows.id_column.is_not(None), *self.counts(rows.columns), *where)
            # By the column itself: PostgreSQL knows how many distinct values it has, and compares it faster than text.
            .group_by(rows.campaign_column, *(sa.literal_column(str(n + 1)) for n in range(1, len(keys))))
        )


MARK = "mark"
"""A number made of the stamp of a row: where the sum over rows is the same, and their count, they are the same rows."""

KEY_COLUMNS: Mapping[str, tuple[str, ...]] = {"error": ("provider", "error")}
"""Keys that take more than one column; the last one decides whether the row counts."""


PROJECTIONS: tuple[Projection, ...] = (
    Projection("task_rows", "tasks", sums=(MARK,)),
    Projection("tasks", "tasks", ("status",)),
    Projection("waiting", "tasks", ("effective", "band")),
    Projection("ready", "tasks", ("ready_minute",)),
    Projection("in_progress", "tasks", ("since_minute",)),
    Projection("stale", "tasks", given=("stale",)),
    Projection("retries", "tasks", sums=("retries_micro",)),
    Projection("dispositions", "tasks", ("disposition",)),
    Projection("goals", "tasks", ("variant",), ("goal_micro", "finished_micro")),
    Projection("untouched", "tasks", given=("untouched",)),
    Projection("finished_hours", "tasks", ("hour",)),
    Projection("broken_tasks", "tasks", ("broken",)),
    Projection("told_tasks", "tasks", ("told",)),
    Projection("call_rows", "calls", sums=(MARK,)),
    Projection("attempts", "calls", ("attempt", "outcome"), ("ai_micro", "telephony_micro")),
    Projection("numbers", "calls", ("number", "outcome"), ("talk_micro",)),
    Projection("call_hours", "calls", ("hour",), ("ai_micro", "telephony_micro")),
    Projection("first_hours", "calls", ("hour",), given=("first",)),
    Projection("today", "calls", ("number", "day")),
    # By the windows of the moment a call was first seen; loaded, by those of now.
    Projection("outside", "calls", given=("outside",), audited=False),
    Projection("outside_today", "calls", ("outside", "day"), audited=False),
    Projection(
        "variants",
        "calls",
        ("variant",),
        ("answered_micro", "ai_micro", "telephony_micro"),
    ),
    Projection("errors", "calls", ("error",)),
    Projection("talk", "calls", ("talk_bucket",), ("talk_micro",)),
    Projection("scores", "calls", ("score_bucket",), ("score_micro",)),
    Projection("delays", "calls", ("delay_bucket",), ("delay_micro",)),
    Projection("silent", "calls", given=("silent",)),
    Projection("first_words", "calls", ("word_bucket",), ("word_micro",)),
    Projection("heard_days", "calls", ("heard_day",), ("abandoned_micro",)),
    Projection("rings", "calls", ("ring_bucket",), ("ring_micro",)),
    Projection("unanswered", "calls", ("unanswered_bucket",), ("unanswered_micro",)),
    Projection("cut_short", "calls", given=("cut_short",)),
    Projection("variant_words", "calls", ("variant", "word_bucket"), ("word_micro",)),
    Projection("sentiments", "calls", ("sentiment",)),
    Projection("broken_calls", "calls", ("broken",)),
    Projection("told_calls", "calls", ("told",)),
)

ERROR_OTHER = (OTHER, OTHER)


def _clean_error(raw: tuple[str | None, str]) -> tuple[str, str]:
    provider, code = raw
    return (clean_label(provider) if provider else "", clean_error_code(code))


def _clean_id(raw: str) -> str:
    return raw if len(raw) <= 128 and raw.isprintable() else OTHER


class Vocabulary:
    """The interned values of one ledger: a number for each exported campaign, and each code, label and id of theirs."""

    def __init__(self) -> None:
        self.campaign = CampaignNumbers()
        self.named: dict[str, dict[int, tuple[str, ...] | None]] = {}
        """By metric, the labels of a packed key: worked out once for all campaigns. `None`: not shown."""
        self._by_key: dict[str, Interning[Any, Any]] = {
            "status": Interning(_member(TASK_STATUSES), OTHER, known=TASK_STATUSES),
            "effective": Interning(clean_code, OTHER, known=(READY, RETRY_WAIT, *BLOCKERS)),
            "outcome": Interning(_member(OUTCOMES), OTHER, known=OUTCOMES),
            "disposition": Interning(clean_label, OTHER),
            "variant": Interning(clean_label, OTHER),
            # Of numbers every one matters, as its calls of the day count against its cap.
            "number": Interning(_clean_id, OTHER, shared=1 << 16, own=1 << 16, most=1 << 24),
            "sentiment": Interning(clean_label, OTHER, known=SENTIMENTS),
            "error": Interning(_clean_error, ERROR_OTHER),
        }

    def of(self, key: str) -> Interning[Any, Any] | None:
        """The interning of a key; `None` for a key that is a whole number already."""
        return self._by_key.get(key)

    def label(self, key: str, number: int) -> Any:
        """What a number of this key stands for."""
        interning = self._by_key.get(key)
        return interning.labels[number] if interning else number

    def leave(self, campaigns: Collection[int]) -> None:
        """Take back what campaigns had, of which no row and no total is left: their numbers, their labels."""
        freed = [interning.leave(campaigns) for interning in self._by_key.values()]
        if any(freed):
            self.named.clear()
        if campaigns:
            self.campaign.free(campaigns)

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs."""
        by_key = {key: interning.saved() for key, interning in self._by_key.items()}
        return {"campaign": self.campaign.saved(), "by_key": by_key}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Give the numbers that another process gave."""
        self.campaign.restore(saved["campaign"])
        for key, interning in self._by_key.items():
            interning.restore(saved["by_key"][key])
        self.named.clear()

    def as_now(self, campaign: CampaignNumbers | None = None) -> Vocabulary:
        """For readers of any thread: what the numbers stand for now, or those of campaigns at another time."""
        frozen = copy.copy(self)
        frozen.campaign = campaign or self.campaign.as_now()
        frozen._by_key = {key: interning.as_now() for key, interning in self._by_key.items()}
        return frozen


def _member(known: Sequence[str]) -> Any:
    allowed = frozenset(known)

    def clean(raw: str) -> str:
        return raw if raw in allowed else OTHER

    return clean


def available_projections(available: Available) -> tuple[Projection, ...]:
    """The projections whose columns the database has."""
    return tuple(projection for projection in PROJECTIONS if available.has(projection.relation, *projection.needs))
