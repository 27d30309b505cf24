"""How often an exporter refreshes, and what else it says of itself, as seen on `/metrics`."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from benchmarks import process
from benchmarks.database import say
from benchmarks.process import PLAIN

_LOOK = 0.2
_PATIENCE = 900.0
_REFRESHES = re.compile(rb'^campaign_exporter_refreshes_total\{result="success"\} (\S+)$', re.MULTILINE)
_PENDING = re.compile(rb"^campaign_exporter_campaigns_pending\{[^}]*\} (\S+)$", re.MULTILINE)
_AUDITS = re.compile(rb"^campaign_exporter_audits_total (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Watched:
    """Refreshes a second over a while, and how many audits ended in it."""

    pace: float
    audits: int


def watch(exporter: process.Exporter, seconds: float) -> Watched:
    """From the end of one refresh to that of the first one after `seconds`; at most three times as long."""
    client = exporter.client()
    try:
        started, first, audits = _next(client, time.monotonic() + _PATIENCE)
        due, end = started + seconds, started + 3 * seconds
        while True:
            now, last, latest = _next(client, end)
            if now >= due:
                return Watched((last - first) / (now - started), latest - audits)
    finally:
        client.close()


def wait(exporter: process.Exporter, refreshes: int = 3) -> None:
    """Until it has refreshed so many times more."""
    client = exporter.client()
    try:
        for _ in range(refreshes):
            _next(client, time.monotonic() + _PATIENCE)
    finally:
        client.close()


def wait_until_done(exporter: process.Exporter) -> None:
    """Until no campaign waits to be loaded, whatever changed before; what is left after a while is told."""
    wait(exporter)
    client = exporter.client()
    deadline = time.monotonic() + _PATIENCE
    try:
        while waiting := sum(int(float(number)) for number in _PENDING.findall(client.get("/metrics", PLAIN)[1])):
            if time.monotonic() > deadline:
                say(f"{waiting} campaigns still wait to be loaded after {_PATIENCE:g} s")
                return
            time.sleep(_LOOK)
    finally:
        client.close()


def audits(exporter: process.Exporter) -> int:
    """How many audits have ended."""
    client = exporter.client()
    try:
        return _look(client)[1]
    finally:
        client.close()


def _next(client: process.Client, deadline: float) -> tuple[float, int, int]:
    """When the next refresh was seen to have ended (or the deadline), with how many there were, and how many audits."""
    before, _ = _look(client)
    while True:
        time.sleep(_LOOK)
        refreshes, done = _look(client)
        now = time.monotonic()
        if refreshes != before or now >= deadline:
            return now, refreshes, done


def _look(client: process.Client) -> tuple[int, int]:
    _, body = client.get("/metrics", PLAIN)
    return _number(_REFRESHES, body), _number(_AUDITS, body)


def _number(pattern: re.Pattern[bytes], body: bytes) -> int:
    found = pattern.search(body)
    if found is None:
        raise RuntimeError(f"/metrics has no line like {pattern.pattern.decode()}")
    return int(float(found[1]))
