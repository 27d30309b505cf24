"""What is promised of what a look finds: as of when figures are, and when they may not be shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.source.origin import Origin, Replay, Subscription
from exporter.source.promise import Promise, Promises

STREAMS = Replay(replayed_at=40.0, streamed=True, receiver=7, status="streaming", heard=98.0, sent=98.0, caught_up=True)
GONE = replace(STREAMS, receiver=None, status=None, heard=None, sent=None)
APPLIES = Subscription("dialler", worker=7, idle=True, kept_alive=True, ended="0/100", ended_at=98.0, heard=98, sent=98)
GONE_WORKER = Subscription("dialler")


def after(*looks: Origin) -> Promise:
    """The promise of the last of these looks."""
    promises = Promises()
    return [promises.look(each) for each in looks][-1]


def replica(at: float, replay: Replay, *, may_see: bool = True, timeout: float = 60.0) -> Origin:
    return Origin(at, may_see, timeout, replay)


def subscriber(at: float, *subscriptions: Subscription) -> Origin:
    return Origin(at, subscriptions=subscriptions)


def test_a_primary_is_as_of_its_snapshot() -> None:
    promise = after(Origin(100.0))
    assert (promise.as_of(101.0), promise.state, promise.dated, promise.caveats) == (101.0, "current", True, ())


def test_a_replica_that_has_replayed_all_is_as_of_when_its_primary_was_last_heard_of() -> None:
    promise = after(replica(100.0, STREAMS))
    assert (promise.as_of(101.0), promise.state) == (98.0, "current")
    assert [each.grave for each in promise.caveats] == [False]


@pytest.mark.parametrize("silence", [30.0, 34.0])
def test_a_replica_may_hear_nothing_for_half_of_its_receivers_timeout(silence: float) -> None:
    assert after(replica(98.0 + silence, STREAMS)).silence >= silence


def test_a_replica_that_lags_is_as_of_its_last_replayed_commit() -> None:
    behind = replace(STREAMS, replayed_at=90.0, caught_up=False)
    promise = after(replica(100.0, behind))
    assert (promise.as_of(100.0), promise.silence, promise.state) == (90.0, 0.0, "current")
    assert after(replica(200.0, behind)).state == "behind"


def test_a_paused_replica_stays_as_of_when_it_was_last_up_to_date() -> None:
    paused = replace(STREAMS, paused=True, caught_up=False, heard=199.0, sent=199.0)
    promise = after(replica(100.0, STREAMS), replica(200.0, paused))
    assert (promise.as_of(200.0), promise.state) == (98.0, "paused")
    assert promise.caveats[0].remedy == "SELECT pg_wal_replay_resume();  -- on the replica"


def test_a_replica_that_is_paused_when_nothing_was_written_since_is_up_to_date() -> None:
    assert after(replica(100.0, replace(STREAMS, paused=True))).state == "current"


def test_a_replica_without_its_primary_gets_older() -> None:
    promise = after(replica(100.0, STREAMS), replica(130.0, STREAMS), replica(500.0, GONE))
    assert (promise.as_of(500.0), promise.silence, promise.state) == (98.0, 0.0, "disconnected")


def test_a_replica_that_hears_nothing_for_longer_than_its_receiver_asks_is_cut_off() -> None:
    promise = after(replica(140.0, STREAMS))
    assert (promise.as_of(140.0), promise.state) == (98.0, "disconnected")
    assert "network" in promise.caveats[0].said


@pytest.mark.parametrize("timeout", [0.0, 3600.0])
def test_where_nobody_asks_an_idle_primary_it_is_said_that_it_looks_cut_off(timeout: float) -> None:
    promise = after(replica(140.0, STREAMS, timeout=timeout))
    assert (promise.state, promise.silence) == ("current", 0.0)
    assert "wal_receiver_timeout" in [each.thing for each in promise.caveats]
    promise = after(replica(200.0, STREAMS, timeout=timeout))
    assert promise.state == "disconnected"
    assert "it is idle, or the network is cut" in promise.caveats[0].said


def test_a_receiver_that_has_heard_nothing_yet_says_nothing_of_the_primary() -> None:
    started = replace(STREAMS, heard=499.0, sent=499.0, told=False)
    assert after(replica(100.0, STREAMS), replica(499.5, started)).as_of(499.5) == 98.0


def test_a_primary_that_sends_nothing_when_a_receiver_begins_has_nothing_to_send() -> None:
    started = replace(STREAMS, heard=499.0, sent=499.0, told=False)
    promise = after(replica(100.0, STREAMS), replica(505.0, started))
    assert (promise.as_of(505.0), promise.state) == (499.0, "current")


def test_a_replica_that_replays_an_archive_is_as_of_its_last_commit() -> None:
    promise = after(replica(100.0, Replay(replayed_at=95.0)))
    assert (promise.server, promise.as_of(100.0), promise.state) == ("archive_replica", 95.0, "current")
    assert after(replica(200.0, Replay(replayed_at=95.0))).state == "behind"


def test_a_replica_that_is_late_by_intent_says_so() -> None:
    delayed = replace(STREAMS, replayed_at=90.0, delay=3600.0, caught_up=False)
    promise = after(replica(4000.0, delayed))
    assert (promise.as_of(4000.0), promise.state, promise.caveats[0].grave) == (90.0, "delayed", False)
    assert "1 h" in promise.caveats[0].said


def test_a_replica_that_has_replayed_nothing_and_heard_nothing_is_withheld() -> None:
    promise = after(replica(100.0, Replay()), replica(300.0, Replay()))
    assert (promise.withheld, promise.dated, promise.as_of(300.0)) == (True, False, 100.0)


def test_without_pg_monitor_a_replica_is_as_old_as_a_receiver_may_be_silent() -> None:
    hidden = replace(STREAMS, status=None, heard=None, sent=None)
    assert after(replica(200.0, hidden, may_see=False)).as_of(200.0) == 40.0
    promise = after(replica(140.0, hidden, may_see=False), replica(200.0, hidden, may_see=False))
    assert promise.as_of(200.0) == 200.0 - 65.0
    assert promise.silence >= 65.0
    assert "pg_monitor" in promise.caveats[0].said


def test_without_pg_monitor_a_receiver_that_is_started_again_and_again_says_nothing() -> None:
    hidden = replace(STREAMS, status=None, heard=None, sent=None)
    looks = [replica(140.0 + pid, replace(hidden, receiver=pid), may_see=False) for pid in range(100)]
    assert after(*looks).as_of(240.0) == 40.0


def test_without_pg_monitor_and_without_a_timeout_nothing_is_known_but_commits() -> None:
    hidden = replace(STREAMS, status=None, heard=None, sent=None)
    assert after(replica(200.0, hidden, may_see=False, timeout=0.0)).as_of(200.0) == 40.0


def test_a_primary_whose_clock_is_ahead_does_not_make_its_replica_look_newer() -> None:
    ahead = replace(STREAMS, sent=398.0, replayed_at=340.0)
    promise = after(replica(100.0, ahead))
    assert (promise.as_of(100.0), promise.judged_at(100.0)) == (98.0, 398.0)
    lagging = replace(ahead, heard=200.0, sent=500.0, replayed_at=405.0, caught_up=False)
    promise = after(replica(100.0, ahead), replica(200.0, lagging))
    assert (promise.as_of(200.0), promise.judged_at(200.0)) == (105.0, 405.0)


def test_as_of_never_goes_back() -> None:
    late = replace(STREAMS, heard=150.0, sent=150.0, replayed_at=60.0, caught_up=False)
    assert after(replica(100.0, STREAMS), replica(151.0, late)).as_of(151.0) == 98.0


def watched(*later: Origin) -> Promise:
    """The promise after a subscription was seen to have caught up as of 98, and then these looks."""
    return after(subscriber(99.0, APPLIES), subscriber(104.0, APPLIES), *later)


def test_a_subscriber_that_has_applied_all_and_hears_nothing_more_is_as_of_the_keepalive() -> None:
    promise = watched()
    assert (promise.as_of(104.0), promise.arrived, promise.state) == (98.0, 98.0, "current")


def test_a_keepalive_that_was_just_sent_does_not_say_that_nothing_follows() -> None:
    assert after(subscriber(99.0, APPLIES)).withheld
    assert after(subscriber(99.0, APPLIES), subscriber(103.0, APPLIES)).withheld


def test_a_keepalive_confirms_the_one_before_it() -> None:
    second = replace(APPLIES, ended="0/200", ended_at=100.0, heard=100.0)
    assert after(subscriber(99.0, APPLIES), subscriber(100.0, second)).arrived == 98.0
    third = replace(APPLIES, ended="0/300", ended_at=101.0, heard=101.0)
    assert after(subscriber(99.0, APPLIES), subscriber(100.0, second), subscriber(101.0, third)).arrived == 100.0


def test_of_a_keepalive_that_nothing_follows_for_a_second_is_all_here() -> None:
    second = replace(APPLIES, ended="0/200", ended_at=105.0, heard=105.0)
    assert watched(subscriber(105.0, second), subscriber(106.0, second)).arrived == 105.0


def test_a_keepalive_of_an_idle_publisher_confirms_itself() -> None:
    again = replace(APPLIES, ended_at=128.0, heard=128.0)
    assert watched(subscriber(128.0, again)).arrived == 128.0


def test_the_first_keepalive_of_another_worker_confirms_nothing() -> None:
    other = replace(APPLIES, worker=8, ended_at=200.0, heard=200.0)
    assert watched(subscriber(200.0, other), subscriber(204.0, other)).arrived == 98.0
    assert watched(subscriber(200.0, other), subscriber(205.0, other)).arrived == 200.0


def test_an_idle_publisher_does_not_make_its_subscriber_look_old() -> None:
    promise = watched(subscriber(127.0, APPLIES))
    assert (promise.state, promise.silence >= 29.0) == ("current", True)


def test_what_comes_is_read_when_it_is_committed_and_once() -> None:
    busy = replace(APPLIES, idle=False, kept_alive=False, heard=101.0, sent=101.0)
    done = replace(busy, idle=True)
    assert after(subscriber(99.0, APPLIES)).news
    assert not watched(subscriber(101.0, busy)).news
    assert watched(subscriber(101.0, busy), subscriber(102.0, done)).news
    assert not watched(subscriber(101.0, busy), subscriber(102.0, done), subscriber(103.0, done)).news
    assert watched(subscriber(102.0, done), subscriber(103.0, done)).news  # at first sight it may not be at rest yet
    assert not watched(subscriber(102.0, done), subscriber(103.0, done), subscriber(104.0, done)).news
    assert not watched(subscriber(200.0, GONE_WORKER)).news


def test_a_subscriber_that_is_behind_stays_as_of_when_it_had_caught_up() -> None:
    behind = replace(APPLIES, idle=False, kept_alive=False, heard=199.0, sent=199.0)
    promise = watched(subscriber(200.0, behind), subscriber(202.0, behind))
    assert (promise.as_of(200.0), promise.arrived, promise.silence, promise.state) == (98.0, 98.0, 0.0, "behind")


@pytest.mark.parametrize("enabled", [True, False])
def test_a_subscription_that_does_not_work_is_named_and_its_figures_get_older(enabled: bool) -> None:
    promise = watched(subscriber(400.0, replace(GONE_WORKER, enabled=enabled)))
    assert (promise.as_of(400.0), promise.state, promise.withheld) == (98.0, "disconnected", False)
    assert promise.caveats[0].thing == "subscription dialler"


def test_a_subscription_that_was_never_seen_to_have_caught_up_is_withheld() -> None:
    promise = after(subscriber(100.0, GONE_WORKER), subscriber(300.0, GONE_WORKER))
    assert (promise.withheld, promise.arrived, promise.as_of(300.0)) == (True, None, 100.0)


def test_while_a_table_is_copied_for_the_first_time_figures_are_withheld() -> None:
    copying = replace(APPLIES, ended_at=199.0, heard=199.0, copying=("dialler.lead",))
    promise = watched(subscriber(200.0, copying))
    assert (promise.withheld, promise.arrived, promise.state) == (True, None, "copying")
    assert "dialler.lead" in promise.caveats[0].said


def test_of_several_subscriptions_the_oldest_counts() -> None:
    costs = replace(APPLIES, name="costs", ended_at=90.0, heard=90.0, sent=90.0)
    promise = after(subscriber(95.0, APPLIES, costs), subscriber(100.0, APPLIES, costs))
    assert (promise.as_of(100.0), promise.arrived) == (90.0, 90.0)


def test_what_waited_for_somebodys_lock_before_it_was_heard_is_no_newer_for_it() -> None:
    waited = replace(APPLIES, ended="0/200", ended_at=103.0, heard=199.0, sent=103.0)
    last = replace(waited, ended="0/300", ended_at=104.0, sent=104.0, heard=200.0)
    assert watched(subscriber(199.0, waited), subscriber(200.0, last)).as_of(200.0) == 103.0


def test_a_publisher_whose_clock_is_ahead_does_not_make_its_subscriber_look_newer() -> None:
    ahead = replace(APPLIES, ended_at=398.0, sent=398.0)
    promise = after(subscriber(95.0, ahead), subscriber(100.0, ahead))
    assert (promise.as_of(100.0), promise.arrived, promise.judged_at(100.0)) == (98.0, 398.0, 398.0)


def test_a_replica_of_a_subscriber_cannot_tell() -> None:
    below = Origin(100.0, replay=STREAMS, subscriptions=(GONE_WORKER,))
    promise = after(below)
    assert (promise.withheld, promise.state) == (True, "disconnected")


def test_foreign_tables_are_as_of_the_snapshot_but_arrive_when_they_may() -> None:
    promise = after(Origin(100.0, foreign_tables=["lead"]))
    assert (promise.as_of(101.0), promise.arrived, promise.elsewhere, promise.dated) == (101.0, 100.0, True, True)
    assert "lead" in promise.caveats[0].said


def test_nobody_knows_as_of_when_a_materialized_view_is() -> None:
    promise = after(Origin(100.0, materialized=["lead"]))
    assert (promise.dated, promise.withheld, promise.state) == (False, False, "undated")
