"""The campaign that is read beside the refreshes, to be loaded anew.

What is read is as of the refresh that lent its snapshot. So the rows that refreshes read since are kept, and folded
once more when it is taken in.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from exporter.calendar.days import Day
from exporter.ledger.closed_hours import days_of
from exporter.ledger.loading import Loaded, Loader
from exporter.ledger.time_buckets import first_hour
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.beside import Beside, Piece, reason
from exporter.refresh.look import Look
from exporter.source.records import Records

_MOST_KEPT = 500_000
"""Rows kept while one campaign is read; past them it is read again later."""

_AFTER_ERROR_SECONDS = 10.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Reading:
    """A campaign that is read."""

    campaign: str
    cause: str
    day: Day
    hour: float
    relations: Collection[str]
    piece: Piece[Loaded]
    stale: bool = False
    """Whether something happened that makes what is read useless."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a campaign, and the changed rows that were folded since, by relation."""

    campaign: str
    relations: Collection[str]
    loaded: Loaded
    since: Sequence[tuple[str, Records]]


class ReadingBeside:
    """One campaign at a time, with rests between them so that their share of the database's time is kept."""

    def __init__(self, beside: Beside, telemetry: Telemetry, share: float) -> None:
        self._beside = beside
        self._telemetry = telemetry
        self.share = share
        self._reading: _Reading | None = None
        self._rests_until = 0.0
        self.unreadable = False
        """Whether some row of the campaign that was taken last could not be read."""

    @property
    def free(self) -> bool:
        """Whether another campaign may be read now."""
        return self._reading is None and time.monotonic() >= self._rests_until

    @property
    def campaign(self) -> str | None:
        """Who is being read."""
        return None if self._reading is None else self._reading.campaign

    @property
    def cause(self) -> str | None:
        """Why."""
        return None if self._reading is None else self._reading.cause

    @property
    def ready(self) -> str | None:
        """Whose reading has ended well, and is of use."""
        reading = self._reading
        if reading is None or reading.stale or not reading.piece.done or reading.piece.error is not None:
            return None
        return reading.campaign

    def spoil(self) -> None:
        """What is being read is of no use any more."""
        if self._reading is not None:
            self._reading.stale = True

    def rest_for(self, seconds: float) -> None:
        """Rest for so much of the database's time."""
        self._rests_until = max(self._rests_until, time.monotonic()) + seconds * (1 - self.share) / self.share

    def begin(self, look: Look, loader: Loader, campaign: str, cause: str, relations: Collection[str]) -> None:
        """Begin to read a campaign at this look's snapshot, if there is a connection."""
        day = look.days.get(campaign) or days_of(look.everybody, look.moment.now)[campaign]
        piece = self._beside.begin(look, lambda connection, meter: loader.fetch(connection, meter, campaign, day))
        if piece is not None:
            self._reading = _Reading(campaign, cause, day, first_hour(look.moment.now), relations, piece)
            look.ledger.kept = []

    def take(self, look: Look) -> Read | None:
        """What was read, if that has ended and is of use."""
        reading, kept = self._reading, look.ledger.kept or []
        if reading is None:
            return None
        reading.stale |= sum(len(rows) for _, rows in kept) > _MOST_KEPT
        if reading.stale:
            look.ledger.kept = None
        if not reading.piece.done:
            return None
        self._reading = look.ledger.kept = None
        meter = reading.piece.meter
        self._telemetry.note_meter(meter)
        self.unreadable = any(meter.unreadable.values())
        if reading.cause != "new":
            self.rest_for(meter.seconds)
        if reading.piece.error is not None:
            self._rests_until = max(self._rests_until, time.monotonic() + _AFTER_ERROR_SECONDS)
            if not reading.stale:
                log.warning(
                    "a campaign could not be loaded beside the refreshes",
                    campaign=reading.campaign,
                    cause=reading.cause,
                    why=reason(reading.piece),
                    action="tried again",
                )
            return None
        same_day = look.days.get(reading.campaign) == reading.day and first_hour(look.moment.now) == reading.hour
        if reading.stale or not same_day:
            return None
        return Read(reading.campaign, reading.relations, reading.piece.future.result(), kept)
