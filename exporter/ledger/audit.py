"""The rolling audit: a campaign at a time is counted by SQL and compared with the ledger, at the same snapshot."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from exporter.calendar.days import Day
from exporter.config import AuditConfig
from exporter.errors import RowError
from exporter.ledger.ledger import Ledger
from exporter.ledger.totals import Cell
from exporter.source.database import Connection
from exporter.source.projections import Projection
from exporter.source.query_time import Meter
from exporter.source.reader import Moment, Reader, Rows

BURST_SECONDS = 5.0
"""Database time that audits may save up, so that deleted contacts are seen in seconds."""


class AuditSchedule:
    """Which campaign is next: of those whose rows may have left the most active, then the one that waits longest;
    and each once a period.

    Spread evenly: a campaign's turn within the period follows from its id. `budget` is database time that may be
    spent now; it grows with the time that passes.
    """

    def __init__(self, config: AuditConfig) -> None:
        self._config = config
        self._audited: dict[str, float] = {}
        self._suspects: dict[str, int] = {}
        self._suspicions = 0
        self._activity: Counter[str] = Counter()
        self._budget = BURST_SECONDS
        self._turn = 0

    def pass_time(self, seconds: float) -> None:
        """Real time went by: the budget grows."""
        self._budget = min(BURST_SECONDS, self._budget + seconds * self._config.max_share)

    def note_activity(self, changed: Mapping[str, Iterable[str]]) -> None:
        """Campaigns that changed in this refresh."""
        self._activity.update({campaign for campaigns in changed.values() for campaign in campaigns})

    def suspect(self, campaigns: Iterable[str]) -> None:
        """Rows were deleted under the views: audit these early."""
        self._suspicions += 1
        for campaign in campaigns:
            self._suspects.setdefault(campaign, self._suspicions)

    def due(self, campaigns: Iterable[str], now: float, busy: Collection[str] = ()) -> str | None:
        """The campaign to audit now, if the budget allows one; `busy` ones have to wait."""
        known = set(campaigns)
        self._suspects = {campaign: since for campaign, since in self._suspects.items() if campaign in known}
        for gone in self._audited.keys() - known:
            del self._audited[gone]
            self._activity.pop(gone, None)
        for campaign in known - self._audited.keys():
            share = zlib.crc32(campaign.encode()) / 2**32
            self._audited[campaign] = now - share * self._config.period
        known.difference_update(busy)
        if self._budget <= 0 or not known:
            return None
        choices = []  # by turns, so that none waits for ever while rows are deleted all the time
        if suspects := {campaign: since for campaign, since in self._suspects.items() if campaign in known}:
            choices = [
                max(suspects, key=lambda campaign: (self._activity[campaign], campaign)),
                min(suspects.items(), key=lambda item: (item[1], -self._activity[item[0]], item[0]))[0],
            ]
        oldest = min(known, key=lambda campaign: (self._audited[campaign], campaign))
        if self._audited[oldest] <= now - self._config.period:
            choices.append(oldest)
        return choices[self._turn % len(choices)] if choices else None

    @property
    def affordable(self) -> bool:
        """Whether the budget allows to count something."""
        return self._budget > 0

    @property
    def suspects(self) -> bool:
        """Whether some are to be audited before their turn."""
        return bool(self._suspects)

    def spend(self, seconds: float) -> None:
        """So much database time was used for a part of an audit."""
        self._budget -= seconds

    def done(self, campaign: str, now: float, seconds: float) -> None:
        """A campaign was audited, which took this much database time."""
        self._audited[campaign] = now
        self._turn += 1
        self._suspects.pop(campaign, None)
        self._activity[campaign] = 0
        self.spend(seconds)

    def saved(self) -> dict[str, Any]:
        """All that `restore` needs; who is active shows anew."""
        return {
            "audited": self._audited,
            "suspects": self._suspects,
            "suspicions": self._suspicions,
            "budget": self._budget,
            "turn": self._turn,
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on with the turns of another process."""
        self._audited, self._suspects = dict(saved["audited"]), dict(saved["suspects"])
        self._suspicions, self._budget, self._turn = saved["suspicions"], saved["budget"], saved["turn"]


def audited(ledger: Ledger) -> list[Projection]:
    """The projections that audits compare."""
    return [projection for projection in ledger.projections.values() if projection.audited]


def differing(
    connection: Connection, reader: Reader, ledger: Ledger, campaign: str, day: Day, moment: Moment, meter: Meter
) -> set[str] | None:
    """The relations whose totals of a campaign differ from SQL's; `None` where a view cannot show some row."""
    wrong: set[str] = set()
    attempts = ledger.tasks.allowed(ledger.campaign(campaign))
    try:
        with connection.transaction():
            for projection in audited(ledger):
                rows = reader.totals(
                    connection, projection, [campaign], moment, meter, settled=False, day=day, attempts=attempts
                )
                if not same(ledger, projection, campaign, rows, ledger.cells(projection.name, campaign)):
                    wrong.add(projection.relation)
    except RowError:
        return None
    return wrong


def same(ledger: Ledger, projection: Projection, campaign: str, rows: Rows, cells: Mapping[int, Cell]) -> bool:
    """Whether the totals that SQL counted of a campaign are these."""
    counted = ledger.folds[projection.relation].cells(projection, rows)
    return counted.get(ledger.campaign(campaign), {}) == cells
