"""Which campaigns must be loaded anew and why: small ones within a refresh, large ones beside the refreshes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from exporter.ledger.ledger import Ledger
from exporter.metrics.self_metrics import CAUSES, Telemetry
from exporter.refresh.beside import Beside
from exporter.refresh.look import Look
from exporter.refresh.losses import Losses
from exporter.refresh.reading_beside import ReadingBeside
from exporter.refresh.wanted import Wanted
from exporter.source.database import Database
from exporter.source.platform import Platform

_LATE_SECONDS = 1.0
_NAMED = 5
_FIRST = {cause: place for place, cause in enumerate(("new", "bulk", "audit", "dirty"))}
_OLD_ROWS = frozenset({"dirty", "audit", "bulk"})
"""Causes for which rows may turn up that were there before."""


class Reloads:
    """Campaigns to load, by id, until a refresh that loaded them succeeds."""

    def __init__(self, losses: Losses, telemetry: Telemetry, beside: Beside, share: float) -> None:
        self._losses = losses
        self._telemetry = telemetry
        self._beside = beside
        self._reading = ReadingBeside(beside, telemetry, share)
        self._wanted = Wanted()
        self._loaded: set[str] = set()
        self._turned_up: set[str] = set()
        self._left_out: set[str] = set()
        """Of which this refresh left rows out: what could be read beside now would lack none, but be spoilt soon."""
        self._half: set[str] = set()
        """Loaded by a refresh that failed: what is known of them may be half."""
        self._behind: dict[str, float] = {}
        """Of which rows were left out, with the time (seconds since 1970) before which their figures are."""
        self._held_back: set[str] = set()
        self._looked_at: Platform | None = None
        self.once_seconds = 0.0
        """Database time of what this refresh loaded for good: all rows of a campaign are remembered from then on."""
        self.unreadable = False  # whether this refresh took in a campaign of which some row could not be read

    def adopt(self, share: float) -> None:
        """Take so much of the database's time for what is read beside."""
        self._reading.share = share

    def want(self, campaigns: Iterable[str], cause: str, relation: str | None = None) -> None:
        """Load these, if nobody asked for it before: all of them, or one relation of theirs.

        `cause` is one of `self_metrics.CAUSES`.
        """
        campaigns = list(campaigns)
        self._wanted.add(campaigns, cause, relation)
        if self._reading.campaign in campaigns and cause not in ("dirty", self._reading.cause):
            self._reading.spoil()

    def leave_out(self, campaigns: Collection[str], look: Look, relation: str, seconds: float) -> None:
        """This refresh leaves rows of these out: those that are exported are counted anew, beside the refreshes.

        `seconds` of database time went by until that was known. They are the past's, so the past rests for them.
        """
        mine = set(campaigns).intersection(look.days)
        self._left_out |= mine
        for campaign in mine:
            if self._wanted.cause(campaign) not in ("new", "everything"):
                known = self._wanted.relations(campaign) if campaign in self._wanted else ()
                self._wanted.put([campaign], "bulk", {relation, *known})
                self._behind.setdefault(campaign, look.moment.now)
        if self._reading.campaign in campaigns:
            self._reading.spoil()
        self._reading.rest_for(seconds)

    def want_all(self, campaigns: Collection[str]) -> None:
        """Load these because everything may have changed, whatever was the cause before."""
        if campaigns:
            self._wanted.put(campaigns, "everything")
            self._reading.spoil()

    def count_anew(self, campaigns: Iterable[str], relations: Collection[str]) -> None:
        """Load these relations of all of them within this refresh: no stamp tells which rows changed."""
        for campaign in campaigns:
            if self._wanted.cause(campaign) not in ("new", "everything"):
                others = self._wanted.relations(campaign) if campaign in self._wanted else ()
                self._wanted.put([campaign], "unstamped", {*relations, *others})

    def begin_anew(self) -> None:
        """Another ledger: everything is loaded, as new."""
        self._reading.spoil()
        self._wanted.clear()
        self._left_out.clear()
        self._behind.clear()
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
        behind = self.behind
        self._behind = {campaign: at for campaign, at in self._behind.items() if campaign in behind}

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
        """The campaigns loaded because of rows that may have been there before: changed late, moved, or come back."""
        return sorted(self._turned_up)

    @property
    def behind(self) -> set[str]:
        """The campaigns of which rows were left out, and are not counted yet: what is remembered is of before."""
        return {campaign for campaign, cause in self.pending.items() if cause == "bulk"}

    @property
    def notes(self) -> tuple[str, ...]:
        """What readers must know of campaigns that are loaded beside, in a sentence each."""
        coming, behind = sorted(self._held_back), sorted(self.behind)
        others = sorted(self.pending.keys() - {*coming, *behind})
        notes = [f"{_named(coming)} being loaded, and not shown until then"] if coming else []
        if behind:
            at = datetime.fromtimestamp(min(self._behind[each] for each in behind), UTC)
            notes.append(
                f"{_named(behind)} being counted anew: very many of the rows changed at once, and figures are as of "
                f"before {at:%H:%M:%S} UTC"
            )
        if others:
            notes.append(f"{_named(others)} being counted anew: what changed in old rows is not shown yet")
        return tuple(notes)

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
        if (ready := self._reading.ready) is not None:
            self._held_back.discard(ready)
        if not self._held_back:
            return platform
        shown = {key: each for key, each in platform.campaigns.items() if key not in self._held_back}
        return replace(platform, campaigns=shown)

    def saved(self) -> dict[str, Any]:
        """What is wanted still, for `restore`; what is being read beside is among it, and read once more."""
        return {"wanted": self._wanted.saved(), "half": list(self._half), "behind": self._behind}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Want what another process wanted."""
        self._wanted.restore(saved["wanted"])
        self._half, self._behind = set(saved["half"]), dict(saved["behind"])

    # -- loading ------------------------------------------------------------------------------------------

    def load(self, look: Look) -> None:
        """Load what is small, take in what was read beside, and begin to read the next."""
        self.once_seconds, self.unreadable = 0.0, False
        self._turned_up.clear()
        for gone in [each for each in self._wanted if each not in look.days and each not in self._held_back]:
            self._wanted.remove(gone)
        self._take(look)
        large = [each for each in self._wanted if each not in self._loaded and self._is_large(look.ledger, each)]
        self._load_small(
            look, [each for each in self._wanted if each in look.days and each not in {*large, *self._loaded}]
        )
        if (next_ones := [each for each in large if each not in self._left_out]) and self._reading.free:
            self._read_next(look, next_ones)
        self._left_out.clear()
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

    def load_audited(self, look: Look, campaign: str, wrong: Collection[str]) -> None:
        """Load one in which an audit found a difference, and again if this refresh fails: it leaves half.

        `wrong`: the relations that differ, as far as that is known.
        """
        self._wanted.put([campaign], "audit", wrong)
        if not self._is_large(look.ledger, campaign):
            before = look.meter.seconds
            self._note(look, [campaign])
            loader = look.loader.of(self._wanted.relations(campaign))
            loader.load(look.connection, {campaign: look.days[campaign]})
            self._reading.rest_for(look.meter.seconds - before)  # the present does not pay for the past

    def _note(self, look: Look, campaigns: Iterable[str]) -> None:
        """These are about to be loaded."""
        for campaign in campaigns:
            self._loaded.add(campaign)
            cause = self._wanted.cause(campaign)
            self._telemetry.loaded.labels(cause).inc()
            if cause in _OLD_ROWS:
                self._turned_up.add(campaign)
            if campaign == self._reading.campaign:
                self._reading.spoil()
        self._losses.remember(look, campaigns)

    def _is_large(self, ledger: Ledger, campaign: str) -> bool:
        """Whether it is read beside; what is wrong altogether, or half loaded, must not be shown meanwhile."""
        if campaign in self._held_back:
            return True
        if campaign in self._half or self._wanted.cause(campaign) in ("new", "everything", "unstamped"):
            return False
        if self._wanted.cause(campaign) == "bulk":  # it is about to have as many rows, whatever it has now
            return self._beside.possible
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
        relations = self._wanted.relations(campaign)
        loader = look.loader.of(relations)
        loader = loader.remembering() if self._fits(look.ledger, campaign) else loader
        self._reading.begin(look, loader, campaign, self._wanted.cause(campaign) or "", relations)

    def _take(self, look: Look) -> None:
        """Take in what was read beside, if it is of use; else it stays wanted."""
        read = self._reading.take(look)
        if read is None:
            return
        self.unreadable = self._reading.unreadable
        left = set(self._wanted.relations(read.campaign)).difference(read.relations)
        self._note(look, [read.campaign])
        look.loader.take(read.campaign, read.loaded)
        labels = look.ledger.vocabulary.campaign.labels
        for relation, rows in read.since:
            dirty = {labels[number] for number in look.ledger.apply(relation, rows).dirty}
            if read.campaign in dirty:  # once more: it changed after it was read
                left.add(relation)
            self.want(dirty, "dirty", relation)
        if left:
            self._loaded.discard(read.campaign)
            self._wanted.put([read.campaign], "dirty", left)


def _named(campaigns: Sequence[str]) -> str:
    """`campaign 7 is`, `campaigns 7, 8 and 12 more are`."""
    if len(campaigns) == 1:
        return f"campaign {campaigns[0]} is"
    more = f" and {len(campaigns) - _NAMED:,} more" if len(campaigns) > _NAMED else ""
    return f"campaigns {', '.join(campaigns[:_NAMED])}{more} are"
