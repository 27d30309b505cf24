"""Files of settings and of secrets: what is in them, and in a few words why nothing can be had of one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.config import text_file
from exporter.config.secrets import read_secret
from exporter.config.text_file import UnreadableError, read_text
from exporter.errors import ConfigError


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _: None, "No such file or directory"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.write_bytes(b"a: 1\nb: \xff"), "not UTF-8 text in line 2; save it as UTF-8"),
        (lambda path: path.write_text("a: 1", encoding="utf-16"), "UTF-16, not UTF-8 text; save it as UTF-8"),
        (lambda path: path.write_bytes(b"x" * 101), "longer than 100 bytes"),
        (lambda path: path.symlink_to("/dev/zero"), "longer than 100 bytes"),
    ],
)  # fmt: skip
def test_why_a_file_has_no_text_is_told(tmp_path: Path, make: Callable[[Path], object], why: str) -> None:
    path = tmp_path / "file"
    make(path)
    with pytest.raises(UnreadableError) as raised:
        read_text(path, 100)
    assert str(raised.value) == why


def test_the_mark_before_utf_8_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a: ü", encoding="utf-8-sig")
    assert read_text(path) == "a: ü"


def test_a_pipe_is_read_to_its_end_though_it_comes_in_pieces() -> None:
    reader, writer = os.pipe()

    def write() -> None:
        for _ in range(3):
            os.write(writer, b"piece ")
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert read_text(Path(f"/dev/fd/{reader}")) == "piece piece piece "
    finally:
        thread.join()
        os.close(reader)


def test_a_pipe_that_nobody_opens_or_writes_to_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(text_file, "_PATIENCE_SECONDS", 0.01)
    with pytest.raises(UnreadableError, match="a pipe into which nobody writes"):
        read_text(path)
    handle = os.open(path, os.O_RDWR)
    try:
        with pytest.raises(UnreadableError, match="a pipe into which nobody writes"):
            read_text(path)
    finally:
        os.close(handle)


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"pw", "pw"), (b"pw\n", "pw"), (b"pw\r\n", "pw"), (b" pw \n", " pw "), (b"\tpw\t", "\tpw\t"),
        ("pä€\n".encode(), "pä€"), (b" ", " "), (b"'pw'", "'pw'"), (b"\xef\xbb\xbfpw\n", "pw"),
    ],
)  # fmt: skip
def test_of_a_secret_the_end_of_the_line_is_cut_and_nothing_else(tmp_path: Path, content: bytes, secret: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert read_secret(path, "key") == secret


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty; put the secret into it, on one line"),
        (b"\n", "is empty; put"),
        (b"hunter2\n\n", "holds more than one line; leave the secret alone in it"),
        (b"hunter2\nsecond", "holds more than one line"),
        (b"hunter2\rsecond", "holds more than one line"),
        (b"hunter2\0", "holds more than one line"),
        (b"hunter2\xff", "not UTF-8 text in line 1"),
        (b"hunter2" * 10_000, "longer than 65,536 bytes; check the path"),
    ],
)
def test_what_is_no_secret_is_refused_with_the_setting_and_the_file(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        read_secret(path, "database.password_file")
    assert str(raised.value).startswith("database.password_file: ")
    assert why in str(raised.value)
    assert str(path) in str(raised.value)
    assert "hunter2" not in str(raised.value)
