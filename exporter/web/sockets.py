"""The sockets on which clients are awaited: how many clients the open files allow, and where to listen."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from exporter.config.listening import format_address, parse_listening
from exporter.errors import ConfigError

_MOST_CONNECTIONS = 512
_FILES_WANTED = 1024
_BACKLOG = 128

_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.EADDRINUSE: "stop what uses it or name another with --web.listen-address",
        errno.EADDRNOTAVAIL: "this host has no such address: name one of its own, or :PORT for all",
        errno.EACCES: "ports below 1024 are for root: name a higher one",
    }
)
_UNIX_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.EADDRINUSE: "stop what uses it, or remove it if it is no socket",
        errno.ENOENT: "make its directory",
        errno.EACCES: "let it be in a directory that this user may write to",
    }
)


def within_files() -> int:
    """How many connections there may be, by the limit of open files: half of it stays for the database.

    Where the limit is low, it is raised as far as it may be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    files = _FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    return max(8, min(_MOST_CONNECTIONS, files // 2))


def listen(host: str | None, port: int) -> list[socket.socket]:
    """Sockets on all addresses of a name, or of this host; `OSError` says why there are none.

    Port 0 is one port that is free, the same on all. `::` is every address, those of IPv4 too.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    both = host == "::" and socket.has_dualstack_ipv6()
    made: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, _, _, _, (name, _, *scope) in dict.fromkeys(found):
            address = (name, port or (made[0].getsockname()[1] if made else 0), *scope)
            try:
                made.append(socket.create_server(address, family=family, backlog=_BACKLOG, dualstack_ipv6=both))
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    raise
                missing = error  # this host has no IPv6, or no IPv4
        if missing is not None and not made:
            raise missing
    except OSError:
        for each in made:
            each.close()
        raise
    return made


def listen_unix(path: Path) -> socket.socket:
    """A socket of this name, in place of one that a process left behind; `OSError` says why there is none."""
    made = socket.socket(socket.AF_UNIX)
    try:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode) and _is_dead(path):
                path.unlink()
        made.bind(str(path))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _is_dead(path: Path) -> bool:
    """Whether nobody listens there."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.setblocking(False)  # a queue that is full is somebody's
        return asking.connect_ex(str(path)) == errno.ECONNREFUSED


def listen_on(addresses: Sequence[str], option: str) -> list[socket.socket]:
    """Sockets on all of these. `ConfigError` names the option, the address and the remedy, and nothing is left open."""
    made: list[socket.socket] = []
    try:
        for each in addresses:
            made += _listen_on(each, option)
    except ConfigError:
        close(made)
        raise
    return made


def _listen_on(address: str, option: str) -> list[socket.socket]:
    try:
        found = parse_listening(address)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
    try:
        return [listen_unix(found)] if isinstance(found, Path) else listen(*found)
    except UnicodeError:  # by the rules of names
        raise ConfigError(f"{option}: no host can be called so; name another address") from None
    except OSError as error:
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        if isinstance(found, Path):
            remedies, where = _UNIX_REMEDIES, str(found)
        else:
            remedies, where = _REMEDIES, format_address(found[0] or "*", found[1])
        remedy = remedies.get(error.errno or 0, f"name another address with {option}")
        raise ConfigError(f"{option}: cannot listen on {where}: {why}; {remedy}") from None


def close(listening: Sequence[socket.socket]) -> None:
    """Listen no more. A socket that has a name loses it."""
    for each in listening:
        if each.family == socket.AF_UNIX:
            Path(each.getsockname()).unlink(missing_ok=True)
        each.close()


def shown(listening: socket.socket) -> str:
    """Where it listens, with the port that was given to it if it asked for any."""
    if listening.family == socket.AF_UNIX:
        return f"unix:{listening.getsockname()}"
    host, port, *_ = listening.getsockname()
    return format_address(host, port)
