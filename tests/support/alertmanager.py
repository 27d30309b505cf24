"""Debian's Alertmanager, run for a test, and a receiver that keeps what it is told."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.prometheus import fetch, free_port, wait_for

Alert = dict[str, Any]


class Receiver:
    """A webhook: every notification, as Alertmanager sent it, by receiver."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing: pytest shows what was received."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    @contextmanager
    def running(self) -> Iterator[Receiver]:
        """Listen meanwhile."""
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def notifications(self, status: str, name: str) -> list[dict[str, Any]]:
        """Those that hold an alert of this name in this status."""
        return [
            each
            for each in self.told
            if any(alert["status"] == status and alert["labels"]["alertname"] == name for alert in each["alerts"])
        ]

    def wait(self, status: str, name: str) -> Alert:
        """The first alert of this name in this status, when somebody was told of it."""

        def look() -> Alert | None:
            found = self.notifications(status, name)
            return next((a for a in found[0]["alerts"] if a["labels"]["alertname"] == name), None) if found else None

        return wait_for(f"{name} {status}", look)


@contextmanager
def running(directory: Path, config: Path) -> Iterator[str]:
    """Alertmanager with a configuration; gives its HOST:PORT."""
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus-alertmanager", f"--config.file={config}", f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address={address}", "--cluster.listen-address=", "--log.level=error",
    ]  # fmt: skip
    process = subprocess.Popen(command)
    try:
        wait_for("Alertmanager", lambda: fetch(f"http://{address}/-/ready"))
        yield address
    finally:
        process.terminate()
        process.wait()
