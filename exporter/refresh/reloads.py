"""Which campaigns must be loaded anew and why, until a refresh succeeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.look import Look
from exporter.refresh.losses import Losses
from exporter.source.database import Database


class Reloads:
    """Campaigns to load, by id."""

    def __init__(self, losses: Losses, telemetry: Telemetry) -> None:
        self._losses = losses
        self._telemetry = telemetry
        self._causes: dict[str, str] = {}

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
        if wanted := self._wanted(look):
            look.loader.load(look.connection, {campaign: look.days[campaign] for campaign in wanted})

    def load_in_parallel(
        self, look: Look, database: Database, helpers: int, progress: Callable[[float], None]
    ) -> float:
        """The same for a start, with `helpers` further connections; seconds of database time that it took."""
        before = look.meter.seconds
        if wanted := self._wanted(look):
            days = {campaign: look.days[campaign] for campaign in wanted}
            look.loader.load_in_parallel(look.connection, days, database, helpers, progress)
        return look.meter.seconds - before

    def load_audited(self, look: Look, campaign: str) -> None:
        """Load one in which an audit found a difference, and again if this refresh fails: it leaves half."""
        self._causes[campaign] = "audit"
        self._telemetry.loaded.labels("audit").inc()
        self._losses.remember(look, [campaign])
        look.loader.load(look.connection, {campaign: look.days[campaign]})

    @property
    def turned_up(self) -> list[str]:
        """The campaigns loaded because of rows that were there before: changed long after, moved, or come back."""
        return [campaign for campaign, cause in self._causes.items() if cause in ("dirty", "audit")]

    def done(self) -> None:
        """The refresh succeeded: all that was wanted was loaded."""
        self._causes.clear()

    def _wanted(self, look: Look) -> list[str]:
        wanted = [campaign for campaign in self._causes if campaign in look.days]
        for campaign in wanted:
            self._telemetry.loaded.labels(self._causes[campaign]).inc()
        self._losses.remember(look, wanted)
        return wanted
