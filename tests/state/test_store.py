"""A state is replaced as a whole or stays as it was, one process writes it, and what hinders that is a sentence."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from exporter.errors import StateError
from exporter.state.store import LOCK, NAME, NEW, Store
from tests.support.effort import PROVING

KILLS = 1000 if PROVING else 40
PATIENCE_SECONDS = 30.0


def save(store: Store, number: int) -> None:
    store.begin({"number": number, "filled": np.full(1000, number)})
    assert store.ended(PATIENCE_SECONDS)


def number(store: Store) -> int:
    found = store.read()
    assert found is not None
    assert (found[0]["filled"] == found[0]["number"]).all()
    return int(found[0]["number"])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """One that this process writes."""
    made = Store(tmp_path / "state")
    assert made.claim()
    return made


def test_the_directory_is_made_and_holds_nothing_at_first(store: Store) -> None:
    assert store.read() is None
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_the_last_state_is_there_for_its_own_user_alone(store: Store) -> None:
    for each in (1, 2):
        save(store, each)
        assert number(store) == each
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.path.parent.iterdir()} == {
        NAME: 0o600, LOCK: 0o600,
    }  # fmt: skip


def test_one_process_writes_and_the_other_reads_until_that_one_ends(store: Store) -> None:
    save(store, 1)
    other = Store(store.path.parent)
    assert not other.claim()
    assert number(other) == 1
    assert store._lock is not None
    os.close(store._lock)  # as the end of its process does
    assert other.claim()


def test_a_state_that_anybody_may_write_is_not_believed(store: Store) -> None:
    save(store, 1)
    store.path.chmod(0o606)
    with pytest.raises(StateError, match="everybody may write it; chmod o-w "):
        store.read()


def link(path: Path) -> None:
    path.symlink_to("moved")


@pytest.mark.parametrize("make", [link, Path.mkdir, os.mkfifo])
def test_only_a_file_is_read(make: Callable[[Path], object], store: Store) -> None:
    save(store, 1)
    store.path.rename(store.path.parent / "moved")
    make(store.path)
    with pytest.raises(StateError, match=r"is no file|not a link"):
        store.read()


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_a_path_that_is_no_directory_is_named(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"file.*; name a directory"):
        Store(tmp_path / where).claim()


def test_a_directory_that_went_away_is_named(store: Store) -> None:
    (store.path.parent / LOCK).unlink()
    store.path.parent.rmdir()
    with pytest.raises(StateError, match="No such file or directory; make the directory anew"):
        save(store, 1)


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file of this process may grow beyond 100 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_finds_no_room_leaves_the_state_before_and_nothing_else(
    store: Store, request: pytest.FixtureRequest
) -> None:
    save(store, 1)
    request.getfixturevalue("no_room")
    with pytest.raises(StateError, match=f"{NEW}: File too large"):
        save(store, 2)
    assert number(store) == 1
    assert sorted(path.name for path in store.path.parent.iterdir()) == [LOCK, NAME]


_KILLED = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np
from exporter.state.store import Store

directory, kills = Path(sys.argv[1]), int(sys.argv[2])
draw, last = random.Random(7), 0
told, saved = os.pipe()
parent = os.getpid()
for _ in range(kills):
    if not (child := os.fork()):
        store, number = Store(directory), last
        assert store.claim()
        while os.getppid() == parent:
            number += 1
            store.begin({"number": number, "filled": np.full(200_000, number)})
            assert store.ended(30)
            os.write(saved, b".")
        os._exit(0)
    os.read(told, 1 << 16)  # it has saved, and saves on
    time.sleep(draw.uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    tree, _ = Store(directory).read()
    assert tree["number"] >= last and (tree["filled"] == tree["number"]).all()
    last = tree["number"]
print(last)
"""


@pytest.mark.timeout(600)
def test_a_crash_at_any_moment_of_writing_leaves_a_whole_state(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path), str(KILLS)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > KILLS / 2
