"""The archive is written whole or not at all, and replaces nothing but a file."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.commands.capture.archive import check_target, write
from exporter.errors import ConfigError


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """No file may become larger, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("force", [False, True])
def test_a_disk_that_fills_up_leaves_what_was_there_and_no_half_archive(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "evidence.zip"
    if force:
        path.write_text("of before")
    with little_room(1000), pytest.raises(ConfigError, match=r"evidence.zip: cannot be written: .*; is the disk full"):
        write(path, b"x" * 5000, force)
    assert [each.read_text() for each in tmp_path.iterdir()] == (["of before"] if force else [])


def test_a_device_or_a_pipe_is_not_replaced_even_if_forced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="is a device or a pipe, which --force would replace; name a file"):
        check_target(path, force=True)
    assert path.is_fifo()
