"""Debian's PostgreSQL, which has the extensions that the embedded one lacks: a server of its own for a test."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from tests.support import clusters, contract

_DEBIAN = Path("/usr/lib/postgresql")


class Cluster:
    """A running server."""

    def __init__(self, address: str) -> None:
        self._address = address

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The libpq address of a database of it."""
        return self._address.format(user).replace("/postgres?", f"/{database}?")

    def create_database(self, name: str) -> None:
        """Create an empty database."""
        with contract.session(self.url()) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def binaries() -> Path | None:
    """Where the newest of Debian's servers has its programs; `None`: there is none."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server that waits for no disk, stopped at the end."""
    programs = binaries()
    assert programs is not None, "scripts/debian-packages.sh postgresql installs it"
    with clusters.cluster(programs, pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None) as address:
        yield Cluster(address)
