"""What one exporter leaves for the next, as the bytes of its file."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from exporter.config import Config
from exporter.refresh.refresher import Refresher
from exporter.state import form
from exporter.state.matching import signed
from tests.support.exporting import Exporter, exporting


def bequest(refresher: Refresher, config: Config) -> bytes | None:
    """The state as it would be written; `None` while there is none."""
    saved = refresher.saved()
    if saved is None:
        return None
    file = io.BytesIO()
    form.write(file, {"signed": signed(config), "written": time.time(), **saved})
    return file.getvalue()


def inherited(state: bytes | None) -> dict[str, Any] | None:
    """The state as it would be read."""
    return None if state is None else form.read(io.BytesIO(state), len(state))


@contextmanager
def restarted(before: Exporter, url: str | None = None, **settings: Any) -> Iterator[Exporter]:
    """Another exporter, at the moment at which that one ends, that goes on from its state."""
    state = bequest(before.refresher, before.config)
    before.refresher.end()
    with exporting(url or before.config.database.secret_url(), **settings) as exporter:
        exporter.seconds = before.seconds
        exporter.refresher.resume(inherited(state))
        yield exporter
