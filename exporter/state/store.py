"""The file of a directory: one process writes it, any may read it. It is replaced as a whole, or stays as it was."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from exporter.errors import StateError
from exporter.state.form import Tree, read, write

NAME, NEW, LOCK = "campaign-exporter.state", "campaign-exporter.state.new", "campaign-exporter.lock"
_MODE = 0o600


class Store:
    """One thread uses it. What the disk takes its time for goes on in another one: see `begin` and `ended`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock: int | None = None
        self._ending: threading.Thread | None = None
        self._failure: OSError | None = None

    @property
    def path(self) -> Path:
        """Where the state is."""
        return self._directory / NAME

    def claim(self) -> bool:
        """Whether this process is the one that writes here. `StateError`: nobody can."""
        if self._lock is not None:
            return True
        with _told(self._directory):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        except OSError as error:
            os.close(lock)
            raise StateError(f"{self._directory / LOCK} cannot be locked: {error.strerror}") from None
        self._lock = lock
        return True

    def read(self) -> tuple[Tree, int] | None:
        """What was saved last and its size, if anything was. `StateError`: it cannot be used."""
        with _told(self.path):
            try:
                file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            except FileNotFoundError:
                return None
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                os.close(file)
                raise StateError(f"{self.path} is no file")
            with os.fdopen(file, "rb") as opened:
                if found.st_mode & stat.S_IWOTH:
                    raise StateError(f"everybody may write it; chmod o-w {self.path}")
                return read(opened, found.st_size), found.st_size

    def begin(self, tree: Mapping[str, Any]) -> int:
        """Write a state, and how many bytes it has; it replaces the one before once `ended` says so."""
        path = self._directory / NEW
        with _told(path):
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
            try:
                with os.fdopen(file, "wb", closefd=False) as out:
                    os.fchmod(file, _MODE)
                    size = write(out, tree)
            except BaseException:
                os.close(file)
                self._drop()
                raise
        self._ending = threading.Thread(target=self._end, args=(file,), name="state", daemon=True)
        self._ending.start()
        return size

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether nothing is being written any more, waiting so long for it. `StateError`: it could not be."""
        if self._ending is None:
            return True
        self._ending.join(seconds)
        if self._ending.is_alive():
            return False
        self._ending = None
        failure, self._failure = self._failure, None
        if failure is not None:
            with _told(self.path):
                raise failure
        return True

    def _end(self, file: int) -> None:
        """Only what has reached the disk gets the name."""
        try:
            with contextlib.ExitStack() as last:
                last.callback(os.close, file)
                os.fsync(file)
            (self._directory / NEW).replace(self.path)
            directory = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
            with contextlib.ExitStack() as last:
                last.callback(os.close, directory)
                os.fsync(directory)
        except OSError as error:
            self._failure = error
            self._drop()

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            (self._directory / NEW).unlink()


_REMEDIES: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: "make room there",
        errno.EDQUOT: "make room there",
        errno.EACCES: "let the user of the exporter read and write there",
        errno.EPERM: "let the user of the exporter read and write there",
        errno.EROFS: "name a directory that can be written",
        errno.ENOENT: "make the directory anew",
        errno.ENOTDIR: "name a directory",
        errno.EEXIST: "name a directory",
        errno.ELOOP: "put a file there, not a link",
    }
)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors as sentences, with the remedy."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0)
        raise StateError(f"{path}: {error.strerror}" + (f"; {remedy}" if remedy else "")) from None
