"""The state is saved in its time and at the end; whatever hinders that costs no refresh and is told once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.refresh.keeping import Keeper
from exporter.state.store import NAME, Store
from tests.support import contract, platforms
from tests.support.exporting import Exporter, exporting


@pytest.fixture
def exporter(database_url: str, tmp_path: Path) -> Iterator[Exporter]:
    """One that has refreshed once."""
    with contract.session(database_url) as owner:
        platforms.create(owner)
    with exporting(database_url, state={"directory": str(tmp_path / "state"), "period": "60s"}) as made:
        made.refresh()
        yield made


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moment that keepers take for now."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def directory(exporter: Exporter) -> Path:
    found = exporter.config.state.directory
    assert found is not None
    return found


def keeper(exporter: Exporter) -> Keeper:
    return Keeper(exporter.config, directory(exporter), exporter.telemetry)


def keep(keeper: Keeper, exporter: Exporter) -> None:
    keeper.keep(exporter.refresher)
    assert keeper._store.ended(30)


def saves(exporter: Exporter) -> float:
    return exporter.counted("state_save_seconds_count")


def test_it_is_saved_after_the_first_refresh_and_then_once_a_period(exporter: Exporter, monotonic: list[float]) -> None:
    ours = keeper(exporter)
    for moment, expected in ((0, 1), (59, 1), (60, 2), (61, 2), (120, 3)):
        monotonic[0] = 1000.0 + moment
        keep(ours, exporter)
        assert saves(exporter) == expected


def test_what_takes_long_is_done_less_often(
    exporter: Exporter, monotonic: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = exporter.refresher.saved()

    def slowly() -> object:
        monotonic[0] += 2.0
        return saved

    monkeypatch.setattr(exporter.refresher, "saved", slowly)
    ours = keeper(exporter)
    for moment, expected in ((0, 1), (199, 1), (200, 2)):
        monotonic[0] = 1000.0 + moment
        keep(ours, exporter)
        assert saves(exporter) == expected


def test_its_metrics_tell_of_what_is_on_the_disk(exporter: Exporter) -> None:
    ours = keeper(exporter)
    assert ours.left() is None
    assert exporter.counted("state_timestamp_seconds") == 0
    exporter.refresh()
    ours.keep_last(exporter.refresher)
    assert exporter.counted("state_bytes") == ours._store.path.stat().st_size
    assert exporter.counted("state_timestamp_seconds") == exporter.seconds - 1
    with exporting(exporter.config.database.secret_url(), state={"directory": str(ours._store.path.parent)}) as other:
        theirs = keeper(other)
        other.refresher.resume(theirs.left())
        other.refresh()
        theirs.note(other.refresher)
        assert other.counted("warm_start") == 1
        assert other.counted("state_timestamp_seconds") == exporter.seconds - 1


def test_who_has_no_room_says_so_once_and_saves_when_there_is(exporter: Exporter, monotonic: list[float]) -> None:
    place = directory(exporter)
    place.touch()
    ours = keeper(exporter)
    with capture_logs() as logs:
        for _ in range(3):
            monotonic[0] += 60
            keep(ours, exporter)
    assert [line["why"] for line in logs] == [f"{place}: File exists; name a directory"]
    assert exporter.counted("state_save_failures_total") == 3
    place.unlink()
    monotonic[0] += 60
    keep(ours, exporter)
    assert (place / NAME).exists()


def test_of_two_exporters_on_one_directory_one_saves_and_the_other_says_so(
    exporter: Exporter, monotonic: list[float]
) -> None:
    first, second = keeper(exporter), Keeper(exporter.config, directory(exporter), Exporter("postgresql:///").telemetry)
    keep(first, exporter)
    with capture_logs() as logs:
        keep(second, exporter)
        monotonic[0] += 60
        keep(second, exporter)
    assert [line["why"] for line in logs] == [
        "another exporter saves its own there; this one begins when that one has ended"
    ]
    assert second.left() is not None


def test_a_fault_of_ours_costs_no_more_than_the_state(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter.refresher, "saved", lambda: {"at": 1.0, "epoch": {1, 2}})
    ours = keeper(exporter)
    with capture_logs() as logs:
        keep(ours, exporter)
    assert [line["why"] for line in logs] == ["TypeError"]
    assert [path.name for path in directory(exporter).iterdir()] == ["campaign-exporter.lock"]


def test_a_damaged_state_is_told_and_left_alone(exporter: Exporter) -> None:
    ours = keeper(exporter)
    keep(ours, exporter)
    path = directory(exporter) / NAME
    path.write_bytes(path.read_bytes()[:-1])
    with capture_logs() as logs:
        assert Keeper(exporter.config, directory(exporter), Exporter("postgresql:///").telemetry).left() is None
    assert [line["event"] for line in logs] == ["the saved state is ignored"]
    assert Store(directory(exporter)).path.exists()
