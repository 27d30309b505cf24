"""The exporter's own service on virtual time: refreshed once a look, its page as a scrape would get it."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import yaml
from psycopg.conninfo import make_conninfo

from exporter.config import parse
from exporter.demo.platform.install import MONITOR_ROLE
from exporter.metrics.exposition import TEXT_TYPE
from exporter.refresh.service import Service

Now = Callable[[], float]
# Audits compare with SQL, which costs time here and finds nothing: nobody else writes this database.
_SETTINGS = {"audit": {"period": "7d", "max_share": 0.001}}


class Watched:
    """One process of the exporter. Its data age by the virtual clock, not by this host's."""

    def __init__(self, url: str, now: Now) -> None:
        settings = {"database": {"url": make_conninfo(url, user=MONITOR_ROLE), "load_connections": 1}, **_SETTINGS}
        self._now = now
        self._away = False
        self._good: float | None = None
        self._service = Service(parse(yaml.safe_dump(settings), "the benchmark's configuration", {}), self._clock)

    def look(self, away: bool = False) -> bytes:
        """One refresh, and then what `/metrics` serves; with the database `away` the refresh fails."""
        self._away = away
        if self._service._refresh():
            self._good = self._now()
        elif not away:
            raise RuntimeError(f"the exporter does not work: {self._service.page.problem}")
        # as Service.stale, which goes by the host's clock
        stale = self._good is None or self._now() - self._good > self._service.config.max_staleness
        page = self._service.page
        return (page.own if stale else page.full).get(TEXT_TYPE, "identity")

    def stop(self) -> None:
        """Close its connection."""
        self._service._refresher.end()

    def _clock(self, _: float) -> float:
        if self._away:  # read first of all in a refresh: nothing comes back, as from a server that is gone
            raise psycopg.OperationalError("the server closed the connection unexpectedly")
        return self._now()
