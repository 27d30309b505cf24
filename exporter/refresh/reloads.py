"""Which campaigns must be loaded anew and why, until a refresh succeeds; what they lost by it is carried."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from exporter.metrics.samples import Values
from exporter.metrics.self_metrics import Telemetry
from exporter.metrics.snapshot import SnapshotBuilder
from exporter.refresh.look import Look
from exporter.source.database import Database


class Reloads:
    """Campaigns to load, by id, and what their counters said before."""

    def __init__(self, builder: SnapshotBuilder, telemetry: Telemetry) -> None:
        self._builder = builder
        self._telemetry = telemetry
        self._causes: dict[str, str] = {}
        self._before: dict[str, tuple[tuple[int, int], dict[str, Values]]] = {}

    def want(self, campaigns: Iterable[str], cause: str) -> None:
        """Load these, if nobody asked for it before. `cause` is one of `self_metrics.CAUSES`."""
        for campaign in campaigns:
            self._causes.setdefault(campaign, cause)

    def want_all(self, campaigns: Iterable[str]) -> None:
        """Load these because everything may have changed, whatever was the cause before."""
        self._causes.update(dict.fromkeys(campaigns, "everything"))

    def covers(self, campaigns: Iterable[str]) -> bool:
        """Whether all of these are loaded anyway."""
        return self._causes.keys() >= set(campaigns)

    def load(self, look: Look) -> None:
        """Load what is wanted, on the look's own connection."""
        with self._wanted(look) as wanted:
            if wanted:
                look.loader.load(look.connection, {campaign: look.days[campaign] for campaign in wanted})

    def load_in_parallel(
        self, look: Look, database: Database, helpers: int, progress: Callable[[float], None]
    ) -> float:
        """The same for a start, with `helpers` further connections; seconds of database time that it took."""
        before = look.meter.seconds
        with self._wanted(look) as wanted:
            if wanted:
                days = {campaign: look.days[campaign] for campaign in wanted}
                look.loader.load_in_parallel(look.connection, days, database, helpers, progress)
        return look.meter.seconds - before

    def load_audited(self, look: Look, campaign: str) -> None:
        """Load one in which an audit found a difference, and again if this refresh fails: it leaves half."""
        self._causes[campaign] = "audit"
        self._telemetry.loaded.labels("audit").inc()
        with self._minding_purges(look, [campaign]):
            look.loader.load(look.connection, {campaign: look.days[campaign]})

    def done(self) -> None:
        """The refresh succeeded: all that was wanted was loaded."""
        self._causes.clear()
        self._before.clear()

    @contextlib.contextmanager
    def _wanted(self, look: Look) -> Iterator[list[str]]:
        wanted = [campaign for campaign in self._causes if campaign in look.days]
        for campaign in wanted:
            self._telemetry.loaded.labels(self._causes[campaign]).inc()
        with self._minding_purges(look, wanted):
            yield wanted

    @contextlib.contextmanager
    def _minding_purges(self, look: Look, campaigns: Iterable[str]) -> Iterator[None]:
        """Where a campaign comes back with fewer rows, rows were deleted: its counters carry what was lost."""
        ledger, before = look.ledger, self._before  # kept if the loading fails: what is left is not what there was
        for campaign in campaigns:
            if campaign not in before and any(ledger.rows(campaign)):
                counters = self._builder.true_counters(ledger, look.platform, campaign)
                before[campaign] = (ledger.rows(campaign), counters)
        yield
        for campaign in campaigns:
            if campaign not in before:
                continue
            rows, counters = before.pop(campaign)
            if any(now < then for now, then in zip(ledger.rows(campaign), rows, strict=True)):
                after = self._builder.true_counters(ledger, look.platform, campaign)
                self._builder.purged(campaign, counters, after)
