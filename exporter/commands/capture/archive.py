"""The archive itself: its files with their hashes, the manifest, and writing it at once, for the owner alone."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from exporter.errors import ConfigError
from exporter.web.cards.values import Json

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive. `cut`: there were more rows than are in it."""

    name: str
    about: str
    data: bytes
    rows: int | None = None
    cut: bool = False

    def listed(self) -> Json:
        """Its line of the manifest."""
        return {
            "name": self.name,
            "about": self.about,
            "size": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(),
            "rows": self.rows,
            "cut": self.cut,
        }


def zipped(files: list[File], at: datetime) -> bytes:
    """All files in this order, stamped with the moment of the capture."""
    target = io.BytesIO()
    stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # the rights below are those of Unix
            info.external_attr = 0o600 << 16
            archive.writestr(info, file.data)
    return target.getvalue()


def check_target(path: Path, force: bool) -> None:
    """Find out before the work is done whether the archive could be written."""
    if path.is_dir():
        raise ConfigError(f"-o {path}: is a directory; name a file, such as {path / 'evidence.zip'}")
    if os.path.lexists(path) and not force:
        raise ConfigError(f"-o {path}: exists already; name another file, or overwrite it with --force")
    if path.exists() and not path.is_file():
        raise ConfigError(f"-o {path}: is a device or a pipe, which --force would replace; name a file")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"-o {path}: cannot write to {path.parent}; name a directory that exists and is yours")


def write(path: Path, data: bytes, force: bool) -> None:
    """The whole file or nothing, readable by its owner alone."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600 from the start
    except OSError as error:
        raise ConfigError(f"-o {path}: cannot be written: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if force:
            temporary.replace(path)
        else:
            _move(temporary, path)
    except OSError as error:
        raise ConfigError(f"-o {path}: cannot be written: {error.strerror}; is the disk full?") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _move(temporary: Path, path: Path) -> None:
    """Give the file its name, unless somebody took that meanwhile."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise ConfigError(f"-o {path}: was made by somebody else meanwhile; name another file") from None
    except OSError:  # a file system without links
        temporary.replace(path)
