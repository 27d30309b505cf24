"""Debian's PgBouncer before the tests' server: a pool that others share."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.support import contract
from tests.support.prometheus import free_port, wait_for

_BINARY = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
NAME = "pooled"


@dataclass
class PgBouncer:
    """A pooler, running or not. `database` is what a client calls `pooled`; settings are those of pgbouncer.ini."""

    directory: Path
    port: int
    user: int | None
    database: str
    settings: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)

    def url(self, user: str = "postgres") -> str:
        """The address of the pool."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{NAME}?sslmode=disable&gssencmode=disable"

    def start(self) -> None:
        """Start it and wait until it takes clients."""
        self.configure()
        command = [_BINARY, "-q", str(self.directory / "pgbouncer.ini")]
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(command, user=self.user, cwd="/", stdin=null, stdout=null, stderr=null)
        wait_for("PgBouncer", self._answers)

    def stop(self) -> None:
        """End it at once, and all its clients' connections."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def configure(self) -> None:
        """Write its files."""
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": str(self.directory / "users.txt"),
            "admin_users": "admin",
            "logfile": str(self.directory / "log"),
            **self.settings,
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        text = f"[databases]\n{NAME} = {self.database}\n[pgbouncer]\n" + "\n".join(lines) + "\n"
        (self.directory / "pgbouncer.ini").write_text(text)
        users = self.directory / "users.txt"
        if not users.exists():
            users.write_text("".join(f'"{user}" ""\n' for user in ("postgres", "app", "reader", "admin")))

    def tell(self, command: str) -> None:
        """A command of its console: PAUSE, RESUME, RELOAD."""
        with contract.session(f"postgresql://admin@127.0.0.1:{self.port}/pgbouncer?sslmode=disable") as console:
            console.execute(command.encode())

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            self.tell("SHOW VERSION")
            return True
        return False


@contextmanager
def pooling(url: str, **settings: str) -> Iterator[PgBouncer]:
    """A pooler before the server of this address; `pool_mode` and others are settings of its file."""
    known = conninfo_to_dict(url)
    host = str(known["host"])
    with tempfile.TemporaryDirectory(prefix="campaign-exporter-pool-", ignore_cleanup_errors=True) as directory:
        owner = None
        if os.geteuid() == 0:  # it refuses to run as root
            owner = Path(host).stat().st_uid
            os.chown(directory, owner, -1)
        database = f"host={host} port={known.get('port', 5432)} dbname={known['dbname']}"
        made = PgBouncer(Path(directory), free_port(), owner, database, settings)
        try:
            made.start()
            yield made
        finally:
            made.stop()
