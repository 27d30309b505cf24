"""How long it has been so, worked out at the first look instead of watched."""

from __future__ import annotations

from dataclasses import replace

from exporter.diagnosis.dispatch.hindsight import in_hindsight
from exporter.diagnosis.dispatch.hints import hints
from exporter.diagnosis.dispatch.verdict import DEFAULT, diagnose
from tests.diagnosis.dispatch import situations


def test_what_opened_a_moment_ago_is_not_stalled_yet() -> None:
    s = situations.situation(
        tasks=situations.tasks(ready_for=situations.HOUR, in_progress=0), calls=situations.calls(None, in_progress=0)
    )
    late = {
        "the window": replace(s, schedule=situations.schedule(situations.window("11:59", "17:00"))),
        "the start": replace(s, campaign=replace(s.campaign, started_at=s.now - 20)),
        "the list": replace(s, upload=situations.upload(age=20)),
        "a number": replace(s, pool=(situations.line("n1", cooldown_until=s.now - 20),)),
        "a break": replace(s, agents=situations.people(on_call=0, break_ends_at=s.now - 20)),
        "a shift": replace(
            s, agents=situations.people(on_call=0), shifts=situations.schedule(situations.window("11:59", "17:00"))
        ),
    }
    assert in_hindsight(s, diagnose(s), (), DEFAULT).verdict == "stalled"
    assert in_hindsight(s, diagnose(s), (s.now - 30,), DEFAULT).verdict == "dialing"
    for what, opened in late.items():
        assert in_hindsight(opened, diagnose(opened), (), DEFAULT).verdict == "dialing", what


def test_a_closed_window_tells_since_when() -> None:
    s = situations.situation(schedule=situations.schedule(situations.window("08:00", "11:00")))
    s = replace(s, calls=situations.calls(None, in_progress=0))
    found = in_hindsight(s, diagnose(s), (), DEFAULT)
    assert (found.verdict, found.since) == ("waiting", s.now - situations.HOUR)


def test_a_wait_for_slots_counts_from_when_it_would_have_been_seen() -> None:
    s = situations.situation(
        tenant_in_progress=40,
        tasks=situations.tasks(ready_for=situations.HOUR, in_progress=0),
        calls=replace(situations.silence(905), in_progress=0),
    )
    assert in_hindsight(s, diagnose(s), (), DEFAULT).verdict == "throttled"
    longer = replace(s, calls=replace(s.calls, last_start=s.now - 1025))
    assert in_hindsight(longer, diagnose(longer), (), DEFAULT).verdict == "blocked"


def test_of_rows_whose_age_is_not_known_the_dispatcher_is_not_blamed() -> None:
    s = situations.situation(
        tasks=situations.tasks(ready_for=situations.HOUR, in_progress=0),
        calls=situations.calls(None, in_progress=0),
        dated=False,
    )
    found = in_hindsight(s, diagnose(s), (), DEFAULT)
    assert found.verdict == "unknown"
    assert hints(s, found)[0].startswith("Look at the platform itself, or connect to the primary")
