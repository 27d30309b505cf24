"""Batches are read ahead of whoever folds them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from exporter.ledger.loading import ahead


def test_the_next_batch_is_read_while_one_is_folded() -> None:
    read = [threading.Event() for _ in range(3)]

    def batches() -> Iterator[int]:
        for number, event in enumerate(read):
            event.set()
            yield number

    for number in ahead(batches()):
        assert all(event.wait(10) for event in read[: number + 2])


def test_what_fails_while_it_reads_fails_where_it_is_folded() -> None:
    def batches() -> Iterator[int]:
        yield 1
        raise ConnectionError("the server is gone")

    with pytest.raises(ConnectionError, match="the server is gone"):
        list(ahead(batches()))


def test_without_a_thread_to_be_had_batches_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(ahead(iter([1, 2, 3]))) == [1, 2, 3]
