"""The simulated dialler and an exporter on one virtual clock: what the exporter says, look by look.

The clock moves only by `Trial.until` and `Trial.wait`. A world is prepared once and copied for each trial.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from exporter.demo.dialler.creation import campaign_ids, create
from exporter.demo.dialler.dialler import Dialler
from exporter.demo.platform.install import install
from exporter.demo.platform.store import flush
from exporter.demo.platform.world import DEMO, CampaignSpec, WorldSpec
from exporter.demo.runtime.server import EmbeddedServer
from exporter.demo.scenarios.activation import Activation, Board
from exporter.diagnosis.advice import advice
from exporter.metrics.self_metrics import Telemetry
from exporter.refresh.refresher import Refresher
from exporter.source.database import Database
from exporter.web.cards.dispatch import judged
from tests.support.exporting import config, parse_text

ORIGIN = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
"""When trials begin: a Wednesday, 10:00 in New York, 16:00 in Berlin, two in the morning in Sydney."""

TICK = timedelta(seconds=5)
NO_AUDITS = {"period": "7d", "max_share": 0.001}


def _short(campaign: CampaignSpec) -> CampaignSpec:
    lists = tuple(replace(file, rows=file.rows // 6 + 5) for file in campaign.lists)
    traits = campaign.traits
    if campaign.key == "solar":  # else it has nothing left to dial before the next list
        traits = replace(traits, contacts_per_hour=90.0)
    return replace(campaign, lists=lists, traits=traits)


WORLD = replace(DEMO, campaigns=tuple(map(_short, DEMO.campaigns)))
"""The demo's world with short lists: quick to copy, and as busy."""

_TOLD = re.compile(
    rb'^campaign_dispatch_(?:verdict|binding){campaign="(\d+)",(?:gate="(\w+)",)?tenant="\d+"(?:,verdict="(\w+)")?} 1',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A world at `ORIGIN`: a database to copy, and the dialler that filled it."""

    server: EmbeddedServer
    template: str
    spec: WorldSpec
    dialler: bytes
    """Its statements, compiled once for all trials."""


def prepare(server: EmbeddedServer, name: str, spec: WorldSpec = WORLD, hours: float = 1.5) -> Prepared:
    """Let a new world dial for some hours up to `ORIGIN`, and write it into a database of that name."""
    server.create_database(name)
    with psycopg.connect(server.url(name)) as connection:
        install(connection)
        dialler = create(spec, ORIGIN, ORIGIN - timedelta(hours=hours), "1", 3 * TICK)
        dialler.state.log_since = ORIGIN
        dialler.step(ORIGIN)
        flush(connection, dialler.state)
    dialler.state.saved()
    dialler.tick = TICK
    return Prepared(server, name, spec, pickle.dumps(dialler))


@dataclass(frozen=True, slots=True)
class Look:
    """What was said of a campaign at one moment."""

    at: datetime
    verdict: str
    gate: str
    hint: str
    """The first one of the card."""
    board: str
    """As the campaign's board shows it."""

    @property
    def said(self) -> tuple[str, str]:
        """Verdict and binding gate."""
        return self.verdict, self.gate


class Trial:
    """One run from `ORIGIN` on, with a refresh after each step of the clock."""

    def __init__(
        self, connection: psycopg.Connection[Any], url: str, made: Prepared, activation: Activation | None
    ) -> None:
        self.dialler: Dialler = pickle.loads(made.dialler)
        self.looks: dict[str, list[Look]] = {key: [] for key in campaign_ids(made.spec)}
        self.scrapes: list[tuple[float, bytes]] = []
        """When, and what `/metrics` said, of each look."""
        self._ids = campaign_ids(made.spec)
        self._board = Board(made.spec, [] if activation is None else [activation])
        self._connection = connection
        self._telemetry = Telemetry()
        settings = config(url, audit=NO_AUDITS)
        self.refresher = Refresher(
            settings,
            Database(settings),
            self._telemetry,
            clock=lambda _: self.dialler.time.timestamp(),
        )
        self.look()

    def until(self, at: datetime, step: float = 10.0) -> None:
        """Move on to `at`, looking every `step` seconds."""
        while self.dialler.time < at:
            self._board.step(self.dialler, min(at, self.dialler.time + timedelta(seconds=step)))
            self.look()

    def wait(self, key: str, so: Callable[[Look], bool], seconds: float, step: float = 10.0) -> Look | None:
        """Move on until it is `so` for a campaign; the look that showed it, `None` if that takes too long."""
        limit = self.dialler.time + timedelta(seconds=seconds)
        while self.dialler.time < limit:
            self.until(min(limit, self.dialler.time + timedelta(seconds=step)), step)
            if so(self.looks[key][-1]):
                return self.looks[key][-1]
        return None

    def stop(self) -> None:
        """End the scenario now."""
        self._board.activations = [replace(each, end=self.dialler.time) for each in self._board.activations]

    def look(self) -> None:
        """Write what the dialler did, refresh, and note what is said of every campaign."""
        with self._connection.transaction():
            flush(self._connection, self.dialler.state, self.dialler.time)
        self.dialler.state.saved()
        made = self.refresher.refresh()
        self._telemetry.up.set(1)
        self.scrapes.append((self.dialler.time.timestamp(), made.text + self._telemetry.encode()[0]))
        found = [(key.decode(), gate.decode(), verdict.decode()) for key, gate, verdict in _TOLD.findall(made.text)]
        diagnoses = {key: view.diagnosis for key, view in made.shown.views.items()}
        gates = [(key, d.binding, "") for key, d in diagnoses.items()]
        verdicts = [(key, "", d.verdict) for key, d in diagnoses.items()]
        assert sorted(found) == sorted(gates + verdicts), "the metrics say what the diagnosis says"
        for key, number in self._ids.items():
            if view := made.shown.views.get(str(number)):
                hint = advice(judged(made.shown, view), view.diagnosis, view.outlook.experiment)[0]
                board = view.advice.hint if view.advice is not None else hint
                self.looks[key].append(
                    Look(self.dialler.time, view.diagnosis.verdict, view.diagnosis.binding, hint, board)
                )

    def corrections(self) -> float:
        """Audits that found the ledger to differ from SQL."""
        own = parse_text(self._telemetry.encode()[0])
        return sum(own.of("campaign_exporter_audit_corrections_total").values())


@contextmanager
def trial(made: Prepared, activation: Activation | None = None) -> Iterator[Trial]:
    """A run on a copy of the prepared world."""
    name = f"{made.template}_copy"
    with psycopg.connect(made.server.url(), autocommit=True) as connection:
        names = sql.Identifier(name), sql.Identifier(made.template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*names))
    try:
        with psycopg.connect(made.server.url(name), autocommit=True) as connection:
            run = Trial(connection, made.server.url(name), made, activation)
            try:
                yield run
            finally:
                run.refresher.end()
    finally:
        made.server.drop_database(name)
