"""What a refresh must read follows from the transactions that were open: every clause of the module's promise."""

from __future__ import annotations

import math
from typing import Any

import psycopg

from exporter.source.watermark import BAND_SECONDS, Arrivals, Horizon, Observation, Overlap, Plan, Session
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, exporting


def session(start: float, xid: int | None = None, query: float | None = None, pid: int = 1) -> Session:
    """A transaction that began at `start`."""
    return Session(pid, start, start if query is None else query, xid)


def observe(horizon: Horizon, at: float, *sessions: Session, prepared: tuple[int, ...] = ()) -> Plan:
    """One refresh's look."""
    return horizon.observe(Observation(at, sessions, prepared))


def band(*stamps: float) -> tuple[tuple[float, float], ...]:
    """The bands around these stamps."""
    return tuple((stamp - BAND_SECONDS, stamp + BAND_SECONDS) for stamp in stamps)


def test_the_first_refresh_reads_everything() -> None:
    assert observe(Horizon(2.0), 100.0) == Plan(-math.inf)


def test_with_nothing_open_the_next_reads_from_the_last_look_less_the_allowance() -> None:
    horizon = Horizon(2.0)
    observe(horizon, 100.0)
    assert horizon.low == 98.0
    assert observe(horizon, 110.0) == Plan(98.0)
    assert horizon.watched == 0


def test_what_a_transaction_wrote_since_its_start_is_read_once_when_it_has_ended() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(60.0, xid=7))
    assert horizon.watched == 1
    assert observe(horizon, 110.0, session(60.0, xid=7)) == Plan(100.0)
    assert observe(horizon, 120.0) == Plan(110.0, ((60.0 - BAND_SECONDS, 110.0),))
    assert observe(horizon, 130.0) == Plan(120.0)


def test_one_that_ended_between_the_look_and_the_snapshot_is_read_at_that_snapshot() -> None:
    horizon = Horizon(1.0)
    observe(horizon, 100.0, session(60.0, xid=7), session(70.0, pid=2))
    observe(horizon, 110.0, session(60.0, xid=7), session(70.0, pid=2))
    assert horizon.ended_by(lambda _: False) == ()
    assert horizon.ended_by(lambda xid: xid == 7) == ((59.0, 99.0),)
    assert observe(horizon, 120.0, session(70.0, pid=2)).bands == ((59.0, 109.0),)


def test_of_one_that_got_its_xid_later_what_was_stamped_since_the_look_before_that_is_read() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(10.0))
    assert observe(horizon, 110.0, session(10.0, xid=7)) == Plan(100.0)
    assert observe(horizon, 120.0, session(10.0, xid=7)) == Plan(110.0)
    assert observe(horizon, 130.0) == Plan(120.0, (*band(10.0), (100.0, 120.0)))


def test_a_long_reader_holds_nothing() -> None:
    horizon = Horizon(0.0)
    for at in range(100, 200, 10):
        observe(horizon, float(at), session(10.0, query=20.0))
        assert horizon.low == at
        assert horizon.watched == 0


def test_when_a_reader_is_gone_its_two_stamps_are_read_once() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(10.0, query=20.0))
    assert observe(horizon, 110.0) == Plan(100.0, band(10.0, 20.0))
    assert observe(horizon, 120.0) == Plan(110.0)


def test_the_statement_a_reader_was_in_at_the_last_look_counts() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(10.0, query=20.0))
    observe(horizon, 110.0, session(10.0, query=105.0))
    assert observe(horizon, 120.0).bands == band(10.0, 105.0)


def test_stamps_that_are_read_anyway_make_no_band() -> None:
    horizon = Horizon(5.0)
    observe(horizon, 100.0, session(99.0, query=99.5))
    assert observe(horizon, 110.0) == Plan(95.0)


def test_bands_that_touch_are_one() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(10.0, query=10.0015), session(10.003, pid=2))
    (one,) = observe(horizon, 110.0).bands
    assert one == (10.0 - BAND_SECONDS, 10.003 + BAND_SECONDS)


def test_a_backend_that_began_anew_is_another_transaction() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(10.0))
    again = observe(horizon, 110.0, session(105.0, xid=8))
    assert again.bands == band(10.0)
    assert observe(horizon, 120.0).bands == ((105.0 - BAND_SECONDS, 110.0),)


def test_each_of_several_transactions_is_read_from_its_own_start() -> None:
    horizon = Horizon(1.0)
    observe(horizon, 100.0, session(80.0, xid=1, pid=1), session(70.0, xid=2, pid=2), session(5.0, pid=3))
    assert horizon.watched == 2
    assert observe(horizon, 110.0, session(80.0, xid=1, pid=1), session(5.0, pid=3)).bands == ((69.0, 99.0),)
    assert observe(horizon, 120.0, session(5.0, pid=3)).bands == ((79.0, 109.0),)


def test_a_prepared_transaction_keeps_what_its_session_had() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(60.0, xid=7))
    assert observe(horizon, 110.0, prepared=(7,)) == Plan(100.0)
    assert observe(horizon, 120.0, session(119.0, xid=9), prepared=(7,)) == Plan(110.0)
    assert observe(horizon, 130.0).bands == ((60.0 - BAND_SECONDS, 120.0),)


def test_of_one_prepared_between_two_looks_what_was_stamped_since_the_first_of_them_is_read() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, session(10.0, query=20.0))
    assert observe(horizon, 110.0, prepared=(7,)) == Plan(100.0, band(10.0, 20.0))
    assert observe(horizon, 120.0) == Plan(110.0, (*band(10.0, 20.0), (100.0, 110.0)))


def test_one_that_was_prepared_before_the_first_look_makes_everything_be_read_when_it_ends() -> None:
    horizon = Horizon(0.0)
    observe(horizon, 100.0, prepared=(7,))
    assert horizon.low == 100.0
    assert not observe(horizon, 110.0, prepared=(7,)).everything
    assert observe(horizon, 120.0).everything
    assert not observe(horizon, 130.0).everything


def test_sessions_that_do_not_say_what_they_do_make_an_overlap_be_read_again() -> None:
    horizon = Horizon(1.0, overlap=60.0)
    horizon.observe(Observation(100.0, hidden=1))
    assert horizon.observe(Observation(110.0, prepared=(7,), hidden=1)).low == 40.0
    assert horizon.observe(Observation(120.0)) == Plan(50.0, ((39.0, 50.0),))
    assert horizon.observe(Observation(130.0)) == Plan(119.0)


def test_without_sight_of_transactions_an_overlap_is_read_again() -> None:
    overlap = Overlap(300.0)
    assert overlap.observe(Observation(1000.0)) == Plan(-math.inf, everything=True)
    assert overlap.observe(Observation(1010.0)) == Plan(700.0)
    assert overlap.low == 710.0
    assert overlap.watched == 0


def test_on_a_replica_the_overlap_counts_from_the_commit_replayed_last() -> None:
    overlap = Overlap(300.0)
    overlap.observe(Observation(1000.0, replica=True, replayed="0/1"))
    assert overlap.observe(Observation(1000.0, replica=True, replayed="0/1")) == Plan(math.inf)
    assert overlap.observe(Observation(2000.0, replica=True, replayed="0/2")) == Plan(700.0)


def test_a_replica_that_has_not_replayed_a_commit_is_read_whole_when_it_does() -> None:
    overlap = Overlap(300.0)
    overlap.observe(Observation(-math.inf, replica=True, replayed="0/1"))
    assert overlap.observe(Observation(-math.inf, replica=True, replayed="0/1")) == Plan(math.inf)
    assert overlap.observe(Observation(1000.0, replica=True, replayed="0/2")).everything


def _owing(exporter: Exporter, owner: psycopg.Connection[Any], failures: int) -> None:
    """Let refreshes fail after they have looked, while a table is locked."""
    with owner.transaction():
        owner.execute("LOCK TABLE campaign_monitoring.calls IN ACCESS EXCLUSIVE MODE")
        for _ in range(failures):
            try:
                exporter.refresh()
            except psycopg.errors.LockNotAvailable:
                continue
            raise AssertionError("the table was not locked")


def test_what_failed_refreshes_should_have_read_is_read_by_the_next(database_url: str) -> None:
    with contract.session(database_url) as owner, exporting(database_url) as exporter:
        platforms.create(owner)
        exporter.refresh()
        platforms.call(owner, 77, 1, outcome="voicemail", updated_at=NOW, created_at=NOW)
        exporter.seconds += 3600
        _owing(exporter, owner, failures=3)
        exporter.seconds += 3600
        scrape = exporter.refresh()
        assert scrape.by("campaign_calls_total", "outcome") == {"answered": 2, "busy": 1, "voicemail": 1}
        assert exporter.corrections() == 0


def test_what_arrives_late_is_read_from_before_all_was_known_to_be_here() -> None:
    arrivals = Arrivals(10.0)
    assert arrivals.observe(100.0, elsewhere=True) == (math.inf, False)
    assert arrivals.observe(100.0, elsewhere=True) == (90.0, False)
    assert arrivals.observe(200.0, elsewhere=True) == (90.0, False)
    assert arrivals.observe(201.0, elsewhere=True) == (190.0, False)


def test_while_nothing_can_have_arrived_nothing_is_read_again() -> None:
    arrivals = Arrivals(10.0)
    arrivals.observe(100.0, elsewhere=True)
    assert arrivals.observe(100.0, elsewhere=True, news=False) == (math.inf, False)
    assert arrivals.observe(200.0, elsewhere=True) == (90.0, False)


def test_when_it_becomes_known_up_to_when_all_is_here_everything_is_loaded() -> None:
    arrivals = Arrivals(10.0)
    assert arrivals.observe(None, elsewhere=True) == (math.inf, False)
    assert arrivals.observe(100.0, elsewhere=True) == (math.inf, True)


def test_when_nothing_is_written_elsewhere_any_more_what_came_until_then_is_read() -> None:
    arrivals = Arrivals(10.0)
    arrivals.observe(100.0, elsewhere=True)
    assert arrivals.observe(None, elsewhere=False) == (90.0, False)
    assert arrivals.observe(None, elsewhere=False) == (math.inf, False)
