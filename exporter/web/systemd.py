"""Tells systemd how the exporter does (`Type=notify`): when it is ready, that refreshes go on, that it stops.

The protocol is sd_notify(3): lines of NAME=VALUE in a datagram to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping

import structlog

from exporter.refresh.service import Service

EXTENSION_SECONDS = 300
"""So long a start may take from one sign of life to the next; whatever the unit's `TimeoutStartSec` is, once told."""

_TELL_SECONDS = 1.0

log = structlog.get_logger()


class Systemd:
    """What systemd is told of one service. Without NOTIFY_SOCKET nothing is sent."""

    def __init__(self, service: Service, environment: Mapping[str, str] = os.environ) -> None:
        self._service = service
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._ready = False
        self._moved_at = 0.0
        self._failed = False

    async def telling(self) -> None:
        """Tell again and again, until it is cancelled."""
        while self._address is not None:
            try:
                self.tell()
            except Exception as error:  # without a line, nobody would know why the watchdog struck
                log.exception("unexpected error", exc_info=error)
            await asyncio.sleep(_TELL_SECONDS)

    def tell(self) -> None:
        """How it goes now."""
        told = {"STATUS": self._service.state}
        moved_at = self._service.moved_at
        if moved_at > self._moved_at:  # a loop that hangs gives no sign, so that the watchdog ends the process
            told["WATCHDOG"] = "1"
            if not self._ready:  # the watchdog sleeps until then, and loading may take long
                told["EXTEND_TIMEOUT_USEC"] = str(EXTENSION_SECONDS * 1_000_000)
        ready = self._ready or self._service.ready
        if ready and not self._ready:
            told["READY"] = "1"
        if self._send(told):
            self._ready, self._moved_at = ready, moved_at

    def stopping(self) -> None:
        """It has begun to end."""
        self._send({"STOPPING": "1", "STATUS": "Stops."})

    def _send(self, told: Mapping[str, str]) -> bool:
        """Whether it arrived. It neither waits nor fails: what is lost is told again by the next."""
        if self._address is None:
            return False
        message = "\n".join(f"{name}={value}" for name, value in told.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            if not self._failed:
                effect = "a unit of Type=notify is ended when its time to start, or its watchdog, runs out"
                log.warning("systemd cannot be told how it goes", reason=error.strerror, effect=effect)
            self._failed = True
            return False
        self._failed = False
        return True


def _address(text: str) -> str | None:
    """The socket as Python takes it: a leading @ stands for the abstract names of Linux. Others are none of ours."""
    return text.replace("@", "\0", 1) if text.startswith("@") else text if text.startswith("/") else None
