"""Which campaigns must be loaded anew and why: small ones within a refresh, large ones beside the refreshes.

What is read beside is as of the refresh that lent its snapshot. So the rows that refreshes read since are kept, and
folded once more when it is taken in.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from exporter.calendar.days import Day
from exporter.ledger.closed_hours import days_of
from exporter.ledger.ledger import Ledger
from exporter.ledger.loading import Loaded
from exporter.ledger.time_buckets import first_hour
from exporter.metrics.self_metrics import CAUSES, Telemetry
from exporter.refresh.beside import Beside, Piece, reason
from exporter.refresh.look import Look
from exporter.refresh.losses import Losses
from exporter.refresh.wanted import Wanted
from exporter.source.database import Database
from exporter.source.platform import Platform

_MOST_KEPT = 500_000
"""Rows kept while one campaign is read; past them it is read again later."""

_AFTER_ERROR_SECONDS = 10.0
_LATE_SECONDS = 1.0
_NAMED = 5
_FIRST = {cause: place for place, cause in enumerate(("new", "audit", "dirty"))}

log = structlog.get_logger()


@dataclass(slots=True)
class _Reading:
    """A campaign that is read beside."""

    campaign: str
    cause: str
    day: Day
    hour: float
    relations: Collection[str]
    piece: Piece[Loaded]
    stale: bool = False
    """Whether something happened that makes what is read useless."""


class Reloads:
    """Campaigns to load, by id, until a refresh that loaded them succeeds."""

    def __init__(self, losses: Losses, telemetry: Telemetry, beside: Beside, share: float) -> None:
        self._losses = losses
        self._telemetry = telemetry
        self._beside = beside
        self.share = share
        self._wanted = Wanted()
        self._loaded: set[str] = set()
        self._half: set[str] = set()
        """Loaded by a refresh that failed: what is known of them may be half."""
        self._held_back: set[str] = set()
        self._reading: _Reading | None = None
        self._looked_at: Platform | None = None
        self._rests_until = 0.0
        self.once_seconds = 0.0
        """Database time of what this refresh loaded for good: all rows of a campaign are remembered from then on."""
        self.unreadable = False  # whether this refresh took in a campaign of which some row could not be read

    def want(self, campaigns: Iterable[str], cause: str, relation: str | None = None) -> None:
        """Load these, if nobody asked for it before: all of them, or one relation of theirs.

        `cause` is one of `self_metrics.CAUSES`.
        """
        campaigns = list(campaigns)
        self._wanted.add(campaigns, cause, relation)
        if self._reading is not None and self._reading.campaign in campaigns:
            self._reading.stale |= cause not in ("dirty", self._reading.cause)

    def want_all(self, campaigns: Collection[str]) -> None:
        """Load these because everything may have changed, whatever was the cause before."""
        if campaigns:
            self._wanted.put(campaigns, "everything")
            self._forget()

    def count_anew(self, campaigns: Iterable[str], relations: Collection[str]) -> None:
        """Load these relations of all of them within this refresh: no stamp tells which rows changed."""
        for campaign in campaigns:
            if self._wanted.cause(campaign) not in ("new", "everything"):
                others = self._wanted.relations(campaign) if campaign in self._wanted else ()
                self._wanted.put([campaign], "unstamped", {*relations, *others})

    def begin_anew(self) -> None:
        """Another ledger: everything is loaded, as new."""
        self._forget()
        self._wanted.clear()
        self._held_back.clear()
        self._half.clear()
        self._looked_at = None

    def covers(self, campaigns: Iterable[str], ledger: Ledger) -> bool:
        """Whether all of these are loaded within this refresh."""
        return all(
            self._wanted.cause(campaign) not in (None, "dirty")
            and not self._is_large(ledger, campaign)
            and ledger.folds.keys() == set(self._wanted.relations(campaign))
            for campaign in campaigns
        )

    def done(self) -> None:
        """The refresh succeeded: what it loaded is loaded."""
        for campaign in self._loaded:
            self._wanted.remove(campaign)
        self._half -= self._loaded
        self._loaded.clear()

    def failed(self) -> None:
        """The refresh failed: what it loaded is loaded again."""
        self._half |= self._loaded
        self._loaded.clear()

    @property
    def pending(self) -> Mapping[str, str]:
        """By campaign that is still to be loaded, the cause; what is shown of it may lack what changed."""
        return self._wanted.but(self._loaded)

    @property
    def turned_up(self) -> list[str]:
        """The campaigns loaded because of rows that were there before: changed long after, moved, or come back."""
        return [campaign for campaign in self._loaded if self._wanted.cause(campaign) in ("dirty", "audit")]

    @property
    def notes(self) -> tuple[str, ...]:
        """What readers must know of campaigns that are loaded beside, in a sentence each."""
        coming = sorted(self._held_back)
        others = sorted(self.pending.keys() - self._held_back)
        return (
            *([f"{_named(coming)} being loaded, and not shown until then"] if coming else ()),
            *([f"{_named(others)} being counted anew: what changed in old rows is not shown yet"] if others else ()),
        )

    def without_coming(self, platform: Platform, ledger: Ledger, small: Callable[[str], bool]) -> Platform:
        """The platform without large campaigns that are new, until they are read: nothing is claimed of them."""
        if not self._beside.possible:
            self._held_back.clear()
            return platform
        if platform is not self._looked_at:
            known = set(ledger.exported)
            self._held_back &= platform.campaigns.keys()
            for campaign in platform.campaigns.keys() - known - self._held_back:
                if not small(campaign):
                    self._held_back.add(campaign)
                    self._wanted.put([campaign], "new")
            self._looked_at = platform
        reading = self._reading
        if reading is not None and reading.piece.done and not reading.stale and reading.piece.error is None:
            self._held_back.discard(reading.campaign)
        if not self._held_back:
            return platform
        shown = {key: each for key, each in platform.campaigns.items() if key not in self._held_back}
        return replace(platform, campaigns=shown)

    def saved(self) -> dict[str, Any]:
        """What is wanted still, for `restore`; what is being read beside is among it, and read once more."""
        return {"wanted": self._wanted.saved(), "half": list(self._half)}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Want what another process wanted."""
        self._wanted.restore(saved["wanted"])
        self._half = set(saved["half"])

    # -- loading ------------------------------------------------------------------------------------------

    def load(self, look: Look) -> None:
        """Load what is small, take in what was read beside, and begin to read the next."""
        self.once_seconds, self.unreadable = 0.0, False
        for gone in [each for each in self._wanted if each not in look.days and each not in self._held_back]:
            self._wanted.remove(gone)
        self._take(look)
        large = [each for each in self._wanted if each not in self._loaded and self._is_large(look.ledger, each)]
        self._load_small(
            look, [each for each in self._wanted if each in look.days and each not in {*large, *self._loaded}]
        )
        if large and self._reading is None and time.monotonic() >= self._rests_until:
            self._read_next(look, large)
        waiting = Counter(self.pending.values())
        for cause in CAUSES:
            self._telemetry.pending.labels(cause).set(waiting[cause])

    def _load_small(self, look: Look, wanted: Sequence[str]) -> None:
        """Load these, those with late changes for as long as a refresh may take: the others wait for the next."""
        late = [each for each in wanted if self._wanted.cause(each) == "dirty"]
        together: dict[frozenset[str], list[str]] = {}
        for campaign in wanted:
            if self._wanted.cause(campaign) != "dirty":
                together.setdefault(frozenset(self._wanted.relations(campaign)), []).append(campaign)
        for relations, campaigns in together.items():
            self._note(look, campaigns)
            loader = look.loader.of(relations)
            loader.load(look.connection, {campaign: look.days[campaign] for campaign in campaigns})
        start = look.meter.seconds
        for campaign in late:
            before = look.meter.seconds
            if before - start > _LATE_SECONDS:
                return
            self._note(look, [campaign])
            fits = self._fits(look.ledger, campaign)
            loader = look.loader.of(self._wanted.relations(campaign))
            loader = loader.remembering() if fits else loader
            loader.load(look.connection, {campaign: look.days[campaign]})
            if fits:
                self.once_seconds += look.meter.seconds - before

    def load_in_parallel(
        self, look: Look, database: Database, helpers: int, progress: Callable[[float], None]
    ) -> float:
        """The same for a start, with `helpers` further connections; seconds of database time that it took."""
        before = look.meter.seconds
        if wanted := [campaign for campaign in self._wanted if campaign in look.days]:
            self._note(look, wanted)
            days = {campaign: look.days[campaign] for campaign in wanted}
            look.loader.load_in_parallel(look.connection, days, database, helpers, progress)
        return look.meter.seconds - before

    def load_audited(self, look: Look, campaign: str) -> None:
        """Load one in which an audit found a difference, and again if this refresh fails: it leaves half."""
        self._wanted.put([campaign], "audit")
        if not self._is_large(look.ledger, campaign):
            self._note(look, [campaign])
            look.loader.load(look.connection, {campaign: look.days[campaign]})

    def _forget(self) -> None:
        """What is read beside is of no use any more."""
        if self._reading is not None:
            self._reading.stale = True

    def _note(self, look: Look, campaigns: Iterable[str]) -> None:
        """These are about to be loaded."""
        for campaign in campaigns:
            self._loaded.add(campaign)
            self._telemetry.loaded.labels(self._wanted.cause(campaign)).inc()
            if self._reading is not None and campaign == self._reading.campaign:
                self._reading.stale = True
        self._losses.remember(look, campaigns)

    def _is_large(self, ledger: Ledger, campaign: str) -> bool:
        """Whether it is read beside; what is wrong altogether, or half loaded, must not be shown meanwhile."""
        if campaign in self._held_back:
            return True
        if campaign in self._half or self._wanted.cause(campaign) in ("new", "everything", "unstamped"):
            return False
        return self._beside.takes(ledger.rows(campaign))

    def _fits(self, ledger: Ledger, campaign: str) -> bool:
        """Whether all its rows are to be remembered: old ones change, and there is room."""
        rows = sum(ledger.rows(campaign)[relation] for relation in self._wanted.relations(campaign))
        if self._wanted.cause(campaign) != "dirty" or rows > ledger.spare:
            return False
        ledger.spare -= rows
        return True

    def _read_next(self, look: Look, large: Iterable[str]) -> None:
        campaign = min(large, key=lambda each: _FIRST.get(self._wanted.cause(each) or "", len(_FIRST)))
        day = look.days.get(campaign) or days_of(look.everybody, look.moment.now)[campaign]
        relations = self._wanted.relations(campaign)
        loader = look.loader.of(relations)
        loader = loader.remembering() if self._fits(look.ledger, campaign) else loader
        piece = self._beside.begin(look, lambda connection, meter: loader.fetch(connection, meter, campaign, day))
        if piece is not None:
            hour = first_hour(look.moment.now)
            self._reading = _Reading(campaign, self._wanted.cause(campaign) or "", day, hour, relations, piece)
            look.ledger.kept = []

    def _take(self, look: Look) -> None:
        """Take in what was read beside, if it is of use; else it stays wanted."""
        reading, kept = self._reading, look.ledger.kept or []
        if reading is None:
            return
        reading.stale |= sum(len(rows) for _, rows in kept) > _MOST_KEPT
        if reading.stale:
            look.ledger.kept = None
        if not reading.piece.done:
            return
        self._reading = look.ledger.kept = None
        meter = reading.piece.meter
        self._telemetry.note_meter(meter)
        self.unreadable = any(meter.unreadable.values())
        if reading.cause != "new":
            self._rests_until = time.monotonic() + meter.seconds * (1 - self.share) / self.share
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
            return
        day = look.days.get(reading.campaign)
        if reading.stale or day != reading.day or first_hour(look.moment.now) != reading.hour:
            return
        left = set(self._wanted.relations(reading.campaign)).difference(reading.relations)
        self._note(look, [reading.campaign])
        look.loader.take(reading.campaign, reading.piece.future.result())
        labels = look.ledger.vocabulary.campaign.labels
        for relation, rows in kept:
            dirty = {labels[number] for number in look.ledger.apply(relation, rows).dirty}
            if reading.campaign in dirty:  # once more: it changed after it was read
                left.add(relation)
            self.want(dirty, "dirty", relation)
        if left:
            self._loaded.discard(reading.campaign)
            self._wanted.put([reading.campaign], "dirty", left)


def _named(campaigns: Sequence[str]) -> str:
    """`campaign 7 is`, `campaigns 7, 8 and 12 more are`."""
    if len(campaigns) == 1:
        return f"campaign {campaigns[0]} is"
    more = f" and {len(campaigns) - _NAMED:,} more" if len(campaigns) > _NAMED else ""
    return f"campaigns {', '.join(campaigns[:_NAMED])}{more} are"
