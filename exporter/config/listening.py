"""Where to listen: `HOST:PORT` or `unix:/PATH` taken apart, and written."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

_SHAPE = "write HOST:PORT, such as 127.0.0.1:10517, [::]:10517, or :10517 for all interfaces"
_UNIX = "unix:"
_LONGEST_PATH = 107
"""In bytes, on Linux."""


def parse_address(text: str) -> tuple[str | None, int]:
    """Host and port; no host: all interfaces. `ValueError` says what is wrong and what to write."""
    host, separator, port = text.strip().rpartition(":")
    if not separator or not (port.isascii() and port.isdigit()):
        raise ValueError(f"not an address; {_SHAPE}")
    if int(port[:9]) > 65_535:
        raise ValueError("there is no such port; write one up to 65535")
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(host[1:-1])), int(port)
        except ValueError:
            raise ValueError(f"no address of IPv6 between the brackets; {_SHAPE}") from None
    if any(character in host for character in ":/[]@ \t"):
        raise ValueError(f"not an address; {_SHAPE}")
    return host or None, int(port)


def parse_listening(text: str) -> tuple[str | None, int] | Path:
    """The same, or the path of a Unix socket."""
    if not text.strip().startswith(_UNIX):
        return parse_address(text)
    path = Path(text.strip().removeprefix(_UNIX))
    if not path.is_absolute() or len(os.fsencode(path)) > _LONGEST_PATH or "\0" in str(path):
        raise ValueError(
            f"not the whole path of a socket, of up to {_LONGEST_PATH} bytes; write such as "
            "unix:/run/campaign-exporter/web.sock"
        )
    return path


def format_address(host: str | None, port: int) -> str:
    """The same as text."""
    return f"[{host}]:{port}" if host and ":" in host else f"{host or ''}:{port}"
