"""The loop that refreshes in a thread of its own, and the finished pages it leaves for the web server."""

from __future__ import annotations

import contextlib
import gc
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from exporter.config import Config
from exporter.errors import EndedError
from exporter.ledger.ledger import Ledger
from exporter.logs import Repeats
from exporter.metrics.exposition import Block, Body, Exposed
from exporter.metrics.self_metrics import Telemetry
from exporter.metrics.snapshot import Snapshot
from exporter.refresh.allocating import Spare
from exporter.refresh.clock import Clock, database_clock
from exporter.refresh.explaining import MORE_THREADS, explain
from exporter.refresh.keeping import Keeper
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database
from exporter.source.promise import LIVE, Promise

_FIRST_DELAY, _LONGEST_DELAY = 1.0, 30.0
_LONGEST_REST = 600.0
_WANTED_SECONDS = 120.0
_GRACE_SECONDS = 5.0
_STOP_SECONDS = 3.0
_LOOK_AGAIN_SECONDS = 0.1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Page:
    """What `/metrics` hands out: everything, or the exporter's own part when the rest is too old."""

    full: Body
    own: Body
    snapshot: Snapshot | None
    data_at: float
    """As of when its figures are, by this host's monotonic clock."""
    problem: str | None
    promise: Promise = LIVE

    @property
    def age(self) -> float:
        """How old the figures are, in seconds."""
        return time.monotonic() - self.data_at


class Service:
    """Owns the refreshing thread. `page` and `progress` may be read from any thread."""

    def __init__(self, config: Config, clock: Clock = database_clock, address: str | None = None) -> None:
        """`address`: where people reach it, if not as the configuration says."""
        self._config = self.configured = config
        """What it runs with, and what it shall run with from the next refresh on."""
        self._database = Database(config)
        self._telemetry = Telemetry(config.labels)
        if (address := address or config.web.address()) is not None:
            self._telemetry.external_url.labels(address).set(1)
        if config.shard is not None:
            self._telemetry.shard.labels(config.shard.index, config.shard.total).set(1)
        self._refresher = Refresher(config, self._database, self._telemetry, clock, self._note_progress)
        directory = config.state.directory
        self._keeper = Keeper(config, directory, self._telemetry) if directory is not None else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refresh", daemon=True)
        self._repeats = Repeats()
        self._spare = Spare()
        self._wanted: dict[tuple[str, str], float] = {}
        self._settled: Ledger | None = None
        self._ended: Callable[[], None] = lambda: None
        self._failures = 0
        self._overworked = False
        self._refreshed_at = time.monotonic()
        self._rests_until = 0.0
        self.progress = 0.0
        self.page = self._page(None, 0.0, None)

    def start(self, ended: Callable[[], None] = lambda: None) -> None:
        """Start refreshing. `ended` is called in the thread when it ends, be it by itself, whatever ends it."""
        self._ended = ended
        try:
            self._thread.start()
        except RuntimeError as error:
            raise EndedError(f"cannot begin to refresh: {error}; {MORE_THREADS}") from None

    def stop(self, timeout: float = _STOP_SECONDS) -> bool:
        """Stop refreshing, whatever is under way; whether the thread has ended within these seconds."""
        self._stop.set()
        deadline = time.monotonic() + timeout
        while True:  # what rested when it was looked at may have begun to work since
            left = deadline - time.monotonic()
            self._database.end(max(0.0, left))
            if not self._thread.is_alive() or left <= 0:
                return not self._thread.is_alive()
            self._thread.join(min(left, _LOOK_AGAIN_SECONDS))

    def adopt(self, config: Config) -> None:
        """Run with this configuration from the next refresh on; from any thread."""
        self.configured = config
        self._telemetry.note_configuration(good=True)

    def refuse(self) -> None:
        """A configuration was read that cannot be taken over; from any thread."""
        self._telemetry.note_configuration(good=False)

    @property
    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    @property
    def ready(self) -> bool:
        """Whether there is something to show that is fresh enough."""
        return not self.stale(self.page)

    @property
    def moved_at(self) -> float:
        """When the loop was last known to go on, by the monotonic clock.

        That is now while it rests as long as it meant to, or waits for the database as long as that may take; failing
        is going on.
        """
        now, watch = time.monotonic(), self._refresher.watch
        waits = 0 < watch.longest() <= self._refresher.limit + _GRACE_SECONDS
        return now if waits or now < self._rests_until else max(self._refreshed_at, watch.moved_at)

    @property
    def config(self) -> Config:
        """The configuration it runs with."""
        return self._config

    @property
    def state(self) -> str:
        """How it goes, in a sentence."""
        page = self.page
        if page.snapshot is None:
            return "No data yet: " + ("it fails." if page.problem else f"loading, {round(self.progress * 100)} %.")
        if self.stale(page):
            how = "Failing" if page.problem or not page.promise.caveats else "The database is read"
            return f"{how}; the data are {self.why_withheld(page)} and are withheld from /metrics."
        return "Failing; the last good data are served." if page.problem else "Works."

    def why_withheld(self, page: Page) -> str:
        """In a word, why a page's campaigns are not shown."""
        return "of no moment that is known" if page.promise.withheld else "too old"

    @property
    def clock_ahead(self) -> float | None:
        """Seconds that this host's clock is ahead of the database's, where they differ by more than networks take."""
        return self._refresher.clock_ahead

    @property
    def notes(self) -> tuple[str, ...]:
        """What readers must know of the data, in a sentence each."""
        return (*self.part, *self._refresher.notes)

    @property
    def part(self) -> tuple[str, ...]:
        """Which part of the platform there is to be seen, in a sentence, where it is not all."""
        if (shard := self._config.shard) is None:
            return ()
        return (f"this is shard {shard}, counted from 0: campaigns of other tenants are with the other shards",)

    def stale(self, page: Page) -> bool:
        """Whether a page's campaigns are too old to be shown."""
        patience = max(self._config.max_staleness, page.promise.silence)
        return page.snapshot is None or page.promise.withheld or page.age > patience

    def note_wanted(self, content_type: str, encoding: str) -> None:
        """Somebody asked for this format: the next pages have it ready."""
        self._wanted[(content_type, encoding)] = time.monotonic()

    def watch(self) -> None:
        """Cut the connections when a statement is long past its timeout: the server hangs, or the network does."""
        if self._refresher.overdue() > _GRACE_SECONDS:
            self._database.abort()

    def _run(self) -> None:
        with contextlib.ExitStack() as last:  # whichever of these fails, the others are done, `ended` as the last
            last.callback(self._ended)
            last.callback(self._refresher.end)
            try:
                if self._keeper is not None:
                    self._refresher.resume(self._keeper.left())
                while not self._stop.is_set():
                    started = time.monotonic()
                    succeeded = self._refresh()
                    if self._keeper is not None and succeeded:
                        self._keeper.keep(self._refresher)
                    self._spare.hand_back()
                    rest = self._rest(succeeded, time.monotonic() - started)
                    self._rests_until = time.monotonic() + rest
                    self._stop.wait(rest)
                if self._keeper is not None:
                    self._keeper.keep_last(self._refresher)
            except BaseException as error:  # a failed refresh does not come here: this is a fault of the loop itself
                last.callback(log.critical, "the refreshing thread has ended", exc_info=error)
                last.callback(self._note_end)

    def _take_over(self, config: Config) -> None:
        if config is self._config:
            return
        self._config = config
        self._database.config = config
        self._refresher.adopt(config)
        if self._keeper is not None:
            self._keeper.config = config

    def _note_end(self) -> None:
        self._telemetry.up.set(0)
        self._fail("the refreshing thread has ended")

    def _rest(self, succeeded: bool, took: float) -> float:
        """How long to rest: to the interval's end, longer where the database's share asks for it or it fails."""
        share = self._config.refresh.max_share
        steady = self._refresher.database_seconds - self._refresher.exempt_seconds
        for_share = steady * (1 - share) / share
        if not succeeded:
            delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(self._failures - 1, 10))
            spread = random.uniform(0.75, 1.25)
            delay = float(delay * spread)  # so that many exporters do not come back as one
            # What was cut off or failed of ours was work; a server that does not answer was none.
            return max(delay, min(for_share, _LONGEST_REST)) if self._overworked else delay
        return max(self._config.refresh.interval - took, for_share)

    def _refresh(self) -> bool:
        self._take_over(self.configured)
        self._database.parting = None
        try:
            try:
                snapshot = self._refresher.refresh()
            finally:
                self._note_share()
        except Exception as error:  # whatever it is, the last snapshot is served on and the loop goes on
            if self._stop.is_set():
                return False
            kind, message = explain(error, self._database.parting)
            self._failures += 1
            self._overworked = kind in ("timeout", "other")
            self._telemetry.up.set(0)
            self._telemetry.refreshes.labels("failure").inc()
            self._telemetry.errors.labels(kind).inc()
            self._repeats.problem(log, kind, message)
            self._fail(message)
            return False
        self._failures = 0
        self._telemetry.up.set(1)
        self._telemetry.refreshes.labels("success").inc()
        self._repeats.over(log)
        first = self.page.snapshot is None
        if self._keeper is not None and first:
            self._keeper.note(self._refresher)
        self.page = self._page(snapshot, self._refresher.data_at, None, self._refresher.promise)
        if self._settled is not self._refresher.ledger:  # at the start, and when it started over
            settle()
            self._settled = self._refresher.ledger
        if first:
            shard = self._config.shard
            mine = {} if shard is None else {"shard": str(shard), "tenants": len(self._refresher.platform.owners)}
            log.info("ready", **mine, campaigns=sum(snapshot.campaigns.values()), series=snapshot.series)
        return True

    def _note_share(self) -> None:
        """How much of the time since the last refresh statements took."""
        before, self._refreshed_at = self._refreshed_at, time.monotonic()
        elapsed = max(self._refreshed_at - before, 1e-9)
        self._telemetry.database_share.set(min(1.0, self._refresher.database_seconds / elapsed))

    def _fail(self, problem: str) -> None:
        """Go on showing the last page, and why there is no newer one."""
        self.page = self._page(self.page.snapshot, self.page.data_at, problem, self.page.promise)

    def _page(self, snapshot: Snapshot | None, data_at: float, problem: str | None, promise: Promise = LIVE) -> Page:
        text, openmetrics = self._telemetry.encode()
        mine = Block([Exposed(text, openmetrics, 0)])
        own = Body([mine])
        full = own if snapshot is None else Body([*snapshot.blocks, mine])
        now = time.monotonic()
        for (content_type, encoding), asked in list(self._wanted.items()):
            if now - asked < _WANTED_SECONDS:
                full.get(content_type, encoding)
        return Page(full, own, snapshot, data_at, problem, promise)

    def _note_progress(self, share: float) -> None:
        if int(share * 10) > int(self.progress * 10) and self.page.snapshot is None:
            log.info("loading", percent=round(share * 100))
        self.progress = share


def settle() -> None:
    """Take what was loaded out of the garbage collector's sight, and have it look less often.

    The totals live as long as their ledger; to look through them again and again would cost a refresh a third of its
    time.
    """
    gc.unfreeze()  # what another ledger left behind
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
