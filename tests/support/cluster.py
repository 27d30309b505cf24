"""Debian's PostgreSQL, which has the extensions that the embedded one lacks: a server of its own for a test."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support import contract, memory

_DEBIAN = Path("/usr/lib/postgresql")


class Cluster:
    """A running server."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The libpq address of a database of it."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.directory), safe='/')}"

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
    with tempfile.TemporaryDirectory(
        prefix="campaign-exporter-debian-", dir=memory.parent(), ignore_cleanup_errors=True
    ) as directory:
        user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
        if user is not None:
            os.chown(directory, user, -1)
        data = f"{directory}/data"

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", data, *arguments]
            null = subprocess.DEVNULL
            subprocess.run(command, check=True, stdout=null, stderr=null, cwd="/", user=user)

        run("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={directory} -c fsync=off -c timezone=UTC"
        run("pg_ctl", "-w", "-l", f"{directory}/log", "-o", options, "start")
        try:
            made = Cluster(Path(directory))
            with psycopg.connect(made.url()):
                yield made
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
