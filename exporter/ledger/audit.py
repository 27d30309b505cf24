"""The rolling audit: a campaign at a time is counted by SQL and compared with the ledger, at the same snapshot."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.calendar.days import Day
from exporter.config import AuditConfig
from exporter.errors import RowError
from exporter.ledger.grouped import cells_of
from exporter.ledger.ledger import Ledger
from exporter.ledger.totals import Cell
from exporter.source.database import Connection, Rows
from exporter.source.moment import Moment
from exporter.source.projections import MARK, Projection
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.totals_reader import Scope

BURST_SECONDS = 5.0
"""Database time that audits may save up, so that deleted contacts are seen in seconds."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is. `whole`: everything is counted, else how many rows there are, and by which stamps."""

    campaign: str
    whole: bool
    beside: bool = False
    """Whether it is counted beside the refreshes."""


class AuditSchedule:
    """Which campaign is next: of those whose rows may have left the most active, then the one that waits longest;
    and each once a period.

    Two kinds take turns, each as much time as the other while both wait: the count of rows by their stamps, which is
    cheap and finds what came, went or was changed; and that of everything, which finds whatever else is wrong. So
    they do among the campaigns that are counted beside the refreshes, and among the others.

    Spread evenly: a campaign's turn within the period follows from its id. `budget` is database time that may be
    spent now; it grows with the time that passes.
    """

    def __init__(self, config: AuditConfig) -> None:
        self._config = config
        self._queues = {whole: _Queue(config.period) for whole in (False, True)}
        self._spent = {(beside, whole): 0.0 for beside in (False, True) for whole in (False, True)}
        self._activity: Counter[str] = Counter()
        self._budget = BURST_SECONDS

    def adopt(self, config: AuditConfig) -> None:
        """Another period and another share; whose turn it was stays."""
        self._config = config
        for queue in self._queues.values():
            queue.period = config.period

    def pass_time(self, seconds: float) -> None:
        """Real time went by: the budget grows."""
        self._budget = min(BURST_SECONDS, self._budget + seconds * self._config.max_share)

    def note_activity(self, changed: Mapping[str, Iterable[str]]) -> None:
        """Campaigns that changed in this refresh."""
        self._activity.update({campaign for campaigns in changed.values() for campaign in campaigns})

    def suspect(self, campaigns: Iterable[str]) -> None:
        """Anything may be wrong with these: audit them early."""
        campaigns = list(campaigns)
        for queue in self._queues.values():
            queue.suspect(campaigns)

    def suspect_rows(self, campaigns: Iterable[str]) -> None:
        """Rows of these may have come or gone: count them early. That tells, and costs a fifth of counting all."""
        self._queues[False].suspect(campaigns)

    def keep(self, campaigns: Iterable[str], now: float) -> None:
        """These are there; to be told before `due` is asked."""
        known = set(campaigns)
        for gone in self._activity.keys() - known:
            del self._activity[gone]
        for queue in self._queues.values():
            queue.keep(known, now)

    def due(self, free: Collection[str], now: float, *, beside: bool = False, whole_only: bool = False) -> Turn | None:
        """Which of these campaigns to audit now, if the budget allows one."""
        if self._budget <= 0 or not free:
            return None
        rows, everything = self._queues.values()
        waiting = {}
        if not whole_only and (found := rows.next(free, now, self._activity, rows.suspects)) is not None:
            waiting[False] = found
        early = {**rows.suspects, **everything.suspects} if whole_only else everything.suspects
        if (found := everything.next(free, now, self._activity, early)) is not None:
            waiting[True] = found
        if not waiting:
            return None
        whole = min(waiting, key=lambda kind: (self._spent[beside, kind], kind))
        if len(waiting) == 1:  # nobody saves up while nobody waits
            self._spent[beside, not whole] = self._spent[beside, whole]
        return Turn(waiting[whole], whole, beside)

    @property
    def affordable(self) -> bool:
        """Whether the budget allows to count something."""
        return self._budget > 0

    @property
    def suspects(self) -> bool:
        """Whether some are to be audited before their turn."""
        return any(queue.suspects for queue in self._queues.values())

    def spend(self, turn: Turn, seconds: float) -> None:
        """So much database time was used for a part of an audit."""
        self._budget -= seconds
        self._spent[turn.beside, turn.whole] += seconds

    def done(self, turn: Turn, now: float) -> None:
        """A campaign had its turn; where everything was counted, its rows were too."""
        for whole, queue in self._queues.items():
            if turn.whole or not whole:
                queue.done(turn.campaign, now)
        if turn.whole:
            self._activity[turn.campaign] = 0

    def loaded(self, campaign: str, now: float) -> None:
        """All of a campaign was read anew: nothing is suspected of it any more."""
        self.done(Turn(campaign, whole=True), now)

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; who is active shows anew."""
        queues = [queue.saved() for queue in self._queues.values()]
        return {"queues": queues, "spent": list(self._spent.values()), "budget": self._budget}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on with the turns of another process."""
        for queue, kept in zip(self._queues.values(), saved["queues"], strict=True):
            queue.restore(kept)
        self._spent = dict(zip(self._spent, saved["spent"], strict=True))
        self._budget = saved["budget"]


class _Queue:
    """The turns of one kind."""

    def __init__(self, period: float) -> None:
        self.period = period
        self._done: dict[str, float] = {}
        self.suspects: dict[str, int] = {}
        self._suspicions = 0
        self._turn = 0

    def suspect(self, campaigns: Iterable[str]) -> None:
        self._suspicions += 1
        for campaign in campaigns:
            self.suspects.setdefault(campaign, self._suspicions)

    def keep(self, known: set[str], now: float) -> None:
        """Forget who left, and give who is new a place in the period."""
        self.suspects = {campaign: since for campaign, since in self.suspects.items() if campaign in known}
        for gone in self._done.keys() - known:
            del self._done[gone]
        for campaign in known - self._done.keys():
            share = zlib.crc32(campaign.encode()) / 2**32
            self._done[campaign] = now - share * self.period

    def next(
        self, free: Collection[str], now: float, activity: Mapping[str, int], early: Mapping[str, int]
    ) -> str | None:
        """Whose turn it is; by turns of those that wait for some reason, so that none waits for ever."""
        choices = []
        if suspects := {campaign: since for campaign, since in early.items() if campaign in free}:
            choices = [
                max(suspects, key=lambda campaign: (activity.get(campaign, 0), campaign)),
                min(suspects, key=lambda campaign: (suspects[campaign], -activity.get(campaign, 0), campaign)),
            ]
        oldest = min(free, key=lambda campaign: (self._done[campaign], campaign))
        if self._done[oldest] <= now - self.period:
            choices.append(oldest)
        return choices[self._turn % len(choices)] if choices else None

    def done(self, campaign: str, now: float) -> None:
        self._done[campaign] = now
        self._turn += 1
        self.suspects.pop(campaign, None)

    def saved(self) -> dict[str, Any]:
        return {
            "done": self._done, "suspects": self.suspects, "suspicions": self._suspicions, "turn": self._turn
        }  # fmt: skip

    def restore(self, saved: Mapping[str, Any]) -> None:
        self._done, self.suspects = dict(saved["done"]), dict(saved["suspects"])
        self._suspicions, self._turn = saved["suspicions"], saved["turn"]


def audited(ledger: Ledger, counted: Collection[str] = (), *, whole: bool = True) -> list[Projection]:
    """The projections that audits compare; or those that tell the rows and their stamps.

    Not of relations that are counted anew anyway.
    """
    return [
        each
        for each in ledger.projections.values()
        if each.audited and (whole or MARK in each.sums) and each.relation not in counted
    ]


def differing(
    connection: Connection,
    reader: Reader,
    ledger: Ledger,
    campaign: str,
    day: Day,
    moment: Moment,
    meter: Meter,
    *,
    whole: bool = True,
) -> set[str] | None:
    """The relations whose totals of a campaign differ from SQL's; `None` where a view cannot show some row."""
    wrong: set[str] = set()
    attempts = ledger.tasks.allowed(ledger.campaign(campaign))
    scope = Scope([campaign], moment, settled=False, day=day, attempts=attempts)
    try:
        with connection.transaction():
            projections = audited(ledger, reader.available.counted, whole=whole)
            for projection, rows in reader.totals.of_each(connection, projections, scope, meter):
                if not same(ledger, projection, campaign, rows, ledger.cells(projection.name, campaign)):
                    wrong.add(projection.relation)
    except RowError:
        return None
    return wrong


def same(ledger: Ledger, projection: Projection, campaign: str, rows: Rows, cells: Mapping[int, Cell]) -> bool:
    """Whether the totals that SQL counted of a campaign are these."""
    counted = cells_of(projection, rows, ledger.vocabulary)
    return counted.get(ledger.campaign(campaign), {}) == cells
