"""All that the exporter says of a platform at one instant, as flat pairs: series, cards, terminal and page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exporter.commands.explain.terminal import as_text
from exporter.config import Config
from exporter.diagnosis.diagnoser import Diagnoser
from exporter.ledger.closed_hours import closed_of, days_of
from exporter.ledger.ledger import Ledger
from exporter.ledger.loading import Loader
from exporter.metrics.snapshot import SnapshotBuilder
from exporter.source.database import Connection, Database
from exporter.source.moment import Moment
from exporter.source.platform import PlatformReader
from exporter.source.query_time import Meter
from exporter.source.reader import Reader
from exporter.source.small_reader import SMALL
from exporter.web.cards.card import card
from exporter.web.rendering import render_card
from tests.support.exporting import NOW, parse_text
from tests.support.exposition import Series

Leaf = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claims:
    """What is said of a platform."""

    series: dict[Series, float]
    leaves: dict[Leaf, Any]
    """The cards' values that are not null, by campaign and path; what stands in lists goes by what it is called."""
    texts: dict[str, str]
    """By campaign, what a terminal and a page show."""

    @property
    def sentences(self) -> dict[Leaf, str]:
        """Evidence, hints and reasons: what is said in words."""
        return {leaf: value for leaf, value in self.leaves.items() if isinstance(value, str) and " " in value}


def claims(database: Database, config: Config, connection: Connection) -> Claims:
    """What is said of what this connection's transaction sees."""
    available = database.discover(connection)
    reader, meter = Reader(available), Meter()
    raw = reader.small.platform(connection, NOW.timestamp() - config.retention, meter)
    now = NOW.timestamp()
    platform = PlatformReader().build(SMALL, raw, now, config.retention)
    moment = Moment(now, config.settle_after, config.stale_after, config.abandonment.spans)
    days = days_of(platform, now)
    ledger = Ledger(available, stale_after=config.stale_after)
    ledger.set_scope(days, closed_of(platform, days), platform.attempts)
    ledger.advance(now)
    Loader(reader, ledger, moment, meter, 60.0).load(connection, days)
    builder = SnapshotBuilder(config, Diagnoser(config, dict.fromkeys(platform.campaigns, ())))  # as explain does
    work = builder.diagnose(ledger, platform, {name: set(days) for name in ledger.projections}, now)
    snapshot = builder.encode(work)
    cards = {key: card(snapshot.shown, key) for key in platform.campaigns}
    return Claims(
        parse_text(snapshot.text).samples,
        {(key, *leaf): value for key, told in cards.items() for leaf, value in _leaves(told)},
        {key: as_text(told) + render_card(told) for key, told in cards.items()},
    )


_NAMES = ("name", "id", "code", "error_code", "variant", "attempt", "disposition", "goal")


def _leaves(value: Any, path: Leaf = ()) -> Iterator[tuple[Leaf, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            named = item if isinstance(item, str) else next((str(item[name]) for name in _NAMES if item.get(name)), "?")
            yield from _leaves(item, (*path, f"[{named}]"))
    elif value is not None:
        yield path, value
