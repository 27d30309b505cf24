"""A hot standby of the tests' own server: it follows, can be paused, and can be promoted."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.support import contract, memory

_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Standby:
    """A running standby."""

    directory: Path
    binaries: Path
    user: int | None

    def url(self, database: str, user: str = "postgres") -> str:
        """The libpq address of a database of it."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.directory), safe='/')}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user who owns the directory."""
        subprocess.run(
            [self.binaries / program, *arguments],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", user=self.user,
        )  # fmt: skip

    def promote(self) -> None:
        """Make it a primary."""
        self.run("pg_ctl", "-D", str(self.directory / "data"), "-w", "promote")

    def follow(self, primary: psycopg.Connection[Any]) -> None:
        """Wait until it has replayed all that the primary has written."""
        (written,) = primary.execute("SELECT pg_current_wal_insert_lsn()::text").fetchall()[0]
        with contract.session(self.url("postgres")) as here:
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while not here.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (written,)).fetchall()[0][0]:
                assert time.monotonic() < deadline, "the standby does not follow"


@contextmanager
def standby(primary_url: str) -> Iterator[Standby]:
    """A standby of the server at this address, which has all its databases."""
    host = str(conninfo_to_dict(primary_url)["host"])
    with tempfile.TemporaryDirectory(
        prefix="campaign-exporter-standby-", dir=memory.parent(), ignore_cleanup_errors=True
    ) as directory:
        owner = Path(host).stat().st_uid if os.geteuid() == 0 else None
        if owner is not None:
            os.chown(directory, owner, -1)
        with contract.session(primary_url) as primary:
            (binaries,) = primary.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchall()[0]
        made = Standby(Path(directory), Path(binaries), owner)
        data = str(made.directory / "data")
        made.run("pg_basebackup", "-h", host, "-U", "postgres", "-D", data, "-R", "-X", "stream", "-c", "fast")
        options = f"-c listen_addresses='' -c unix_socket_directories={directory} -c hot_standby=on"
        made.run("pg_ctl", "-D", data, "-w", "-l", str(made.directory / "log"), "-o", options, "start")
        try:
            yield made
        finally:
            made.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
