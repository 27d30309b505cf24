"""Nobody waits for the log: what cannot be written, or is not read, is lost, counted, and told when it goes on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.logs.outlet import Outlet
from tests.support.prometheus import wait_for


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Its reading and its writing end; the smallest there is."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    yield read, write
    for end in (read, write):
        try:
            os.close(end)
        except OSError:
            continue


def read_all(read: int, end: bytes) -> bytes:
    """What comes until this does."""
    found = b""
    while end not in found:
        found += os.read(read, 65_536)
    return found


def test_lines_are_written_in_their_order_and_the_last_ones_at_the_end(tmp_path: Path) -> None:
    file = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    outlet = Outlet(file)
    for number in range(500):
        assert outlet.write(f"line {number}: \udc80 é\n") > 8
    outlet.drain()
    os.close(file)
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines == [f"line {number}: \\udc80 é" for number in range(500)]
    assert outlet.lost == 0


def test_a_pipe_that_nobody_reads_stops_nobody_and_what_was_lost_is_told_when_it_is_read(pipe: tuple[int, int]) -> None:
    read, write = pipe
    told: list[int] = []
    outlet = Outlet(write, room=10)
    outlet.told = told.append
    for number in range(5000):
        outlet.write(f"line {number}\n")
    assert outlet.lost > 4000
    lost = outlet.lost
    read_all(read, b"line 9\n")
    wait_for("the thread to catch up", lambda: sum(told) == lost)
    outlet.write("last\n")
    assert (b"\n" + read_all(read, b"last\n")).endswith(b"\nlast\n")  # after what still waited


def test_an_end_that_does_not_block_is_waited_for(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.set_blocking(write, False)
    outlet = Outlet(write)
    for number in range(900):
        outlet.write(f"line {number}\n")
    assert len(read_all(read, b"line 899\n").splitlines()) == 900
    assert outlet.lost == 0


@pytest.mark.parametrize("how", ["a full disk", "a reader that is gone", "a file that is closed"])
def test_what_cannot_be_written_is_lost_and_counted(pipe: tuple[int, int], how: str) -> None:
    read, write = pipe
    if how == "a full disk":
        write = os.open("/dev/full", os.O_WRONLY)
    elif how == "a reader that is gone":
        os.close(read)
    else:
        os.close(write)
    outlet = Outlet(write)
    for _ in range(3):
        outlet.write("lost\n")
    wait_for("the lines to be lost", lambda: outlet.lost == 3)
    outlet.drain()
    if how == "a full disk":
        os.close(write)


def test_after_a_line_that_was_torn_the_next_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the disk fills up in the middle of one."""
    file = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    written: list[int] = []
    real = os.write

    def write(descriptor: int, data: memoryview) -> int:
        if descriptor != file:
            return real(descriptor, data)
        written.append(1)
        if len(written) == 2:
            raise OSError("no space left")
        return real(descriptor, data[:3] if len(written) == 1 else data)

    monkeypatch.setattr(os, "write", write)
    outlet = Outlet(file)
    outlet.write("torn\n")
    outlet.write("whole\n")
    outlet.drain()
    assert (tmp_path / "log").read_text() == "tor\nwhole\n"
    os.close(file)


def test_at_the_end_a_pipe_that_nobody_reads_is_not_waited_for(pipe: tuple[int, int]) -> None:
    _, write = pipe
    outlet = Outlet(write, room=2)
    for _ in range(1000):
        outlet.write("x" * 100 + "\n")
    outlet.drain(0.05)
    assert outlet.lost > 0
