"""Only deletions that were seen explain what was lost, and each explains it once."""

from __future__ import annotations

import time

import pytest

from exporter.refresh.deletions import KEPT_SECONDS, Evidence
from exporter.source.structure import Under


def under(deleted: int = 0, definition: str = "v1", files: str | None = "f1") -> dict[str, Under]:
    """The structure of one relation."""
    return {"calls": Under(definition, files, deleted)}


@pytest.fixture
def seen() -> Evidence:
    made = Evidence()
    made.note(under(deleted=100))
    return made


def test_deleted_rows_explain_as_many_lost_rows_once(seen: Evidence) -> None:
    assert seen.note(under(deleted=110)) == (set(), {"calls"})
    assert seen.explains("calls", 7)
    assert not seen.explains("calls", 4)
    assert seen.explains("calls", 3)
    assert not seen.explains("calls", 1)


def test_without_a_deletion_nothing_explains_a_loss(seen: Evidence) -> None:
    assert seen.note(under(deleted=100)) == (set(), set())
    assert not seen.explains("calls", 1)
    assert not seen.explains("tasks", 1)


def test_another_file_may_have_been_emptied_so_it_explains_any_loss(seen: Evidence) -> None:
    assert seen.note(under(deleted=100, files="f2")) == ({"calls"}, set())
    assert seen.explains("calls", 1_000_000)


def test_an_emptied_file_explains_nothing_that_is_lost_later(seen: Evidence) -> None:
    seen.note(under(deleted=100, files="f2"))
    seen.used()
    seen.note(under(deleted=100, files="f2"))
    assert not seen.explains("calls", 1)


def test_a_count_that_started_anew_may_hide_deletions(seen: Evidence) -> None:
    seen.note(under(deleted=3))
    assert seen.explains("calls", 1_000_000)


def test_the_first_look_explains_nothing() -> None:
    made = Evidence()
    assert made.note(under(deleted=100)) == (set(), set())
    assert not made.explains("calls", 1)


def test_a_deletion_is_evidence_for_two_minutes(seen: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    seen.note(under(deleted=110))
    later = time.monotonic() + KEPT_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not seen.explains("calls", 1)
