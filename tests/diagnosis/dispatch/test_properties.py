"""What holds of every diagnosis, whatever is known of a campaign."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exporter.contract.codes import ENDED_STATUSES
from exporter.diagnosis.dispatch.evidence import evidence
from exporter.diagnosis.dispatch.gate import QUIET_SECONDS, UNKNOWN
from exporter.diagnosis.dispatch.gates import GATES, INNERMOST, NO_CONTACTS, SURE
from exporter.diagnosis.dispatch.hints import hints
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import NOTHING, VERDICTS, Diagnosis, diagnose
from tests.diagnosis.dispatch.generated import OPENED, SITUATIONS
from tests.diagnosis.dispatch.situations import HOUR, NOW, calls, campaign, situation, tasks
from tests.support.effort import examples

MANY = settings(max_examples=examples(30))
SOME = settings(max_examples=examples(10))
STEPS = st.lists(st.tuples(st.sampled_from([-HOUR, 0.0, 1.0, 16.0, 61.0, 200.0, 1000.0]), SITUATIONS), max_size=4)


def watched(steps: list[tuple[float, Situation]]) -> list[tuple[Situation, Diagnosis]]:
    """Each situation so long after the one before it, judged with what was remembered; clocks may go back."""
    now, last, seen = NOW, None, []
    for seconds, s in steps:
        now += seconds
        at = replace(s, now=now)
        last = diagnose(at, last)
        seen.append((at, last))
    return seen


def at_rest(s: Situation) -> bool:
    return s.quiet_for >= QUIET_SECONDS and s.calls.in_progress <= s.calls.leaked


@MANY
@given(SITUATIONS)
def test_there_is_one_verdict_and_one_binding_gate(s: Situation) -> None:
    d = diagnose(s)
    assert d.verdict in VERDICTS
    assert d.binding in {*GATES, NOTHING}
    assert [gate.name for gate in d.gates] == list(GATES)


@MANY
@given(SITUATIONS)
def test_finished_is_what_has_ended_and_nothing_else(s: Situation) -> None:
    assert (diagnose(s).verdict == "finished") == (s.campaign.status in ENDED_STATUSES)


@MANY
@given(SITUATIONS)
def test_nobody_is_called_while_an_outer_gate_is_closed_as_planned(s: Situation) -> None:
    d = diagnose(s)
    planned = [gate for gate in d.gates if gate.closed and gate.expected and gate.name not in INNERMOST]
    assert not (planned and d.verdict in ("blocked", "stalled"))


@MANY
@given(SITUATIONS)
def test_nobody_is_called_while_all_wait_for_their_next_attempt(s: Situation) -> None:
    d = diagnose(s)
    assert not (d.gate("retry").closed and at_rest(s) and d.verdict in ("blocked", "stalled"))


@MANY
@given(SITUATIONS)
def test_once_every_task_is_over_only_a_missing_list_calls_somebody(s: Situation) -> None:
    d = diagnose(s)
    if d.gate("tasks").code == NO_CONTACTS and s.tasks.total and at_rest(s):
        assert d.verdict not in ("blocked", "stalled") or d.gate("audience").closed


@MANY
@given(SITUATIONS)
def test_a_first_look_is_never_stalled(s: Situation) -> None:
    assert diagnose(s).verdict != "stalled"


@MANY
@given(SITUATIONS)
def test_what_blocks_is_a_closed_gate_that_nobody_planned(s: Situation) -> None:
    d = diagnose(s)
    if d.verdict == "blocked":
        gate = d.gate(d.binding)
        assert gate.closed
        assert not gate.expected


@MANY
@given(SITUATIONS)
def test_what_waits_waits_for_a_gate_that_is_closed_as_planned(s: Situation) -> None:
    d = diagnose(s)
    if d.verdict == "waiting":
        gate = d.gate(d.binding)
        assert gate.closed
        assert gate.expected


@MANY
@given(SITUATIONS)
def test_unknown_is_said_only_where_something_cannot_be_read_or_is_not_told(s: Situation) -> None:
    d = diagnose(s)
    if d.verdict == "unknown":
        assert d.gate(d.binding).state == UNKNOWN
        assert (
            s.schedule is None
            or s.campaign.broken
            or s.campaign.status == "other"
            or (s.tenant is not None and s.tenant.broken)
            or any(carrier.trunk.broken for carrier in s.carriers.values())
            or any(line.number.status == "other" for line in s.pool or ())
            or (s.pool == () and s.calls.last_start is not None)
            or not (s.tasks.holds_told and s.tasks.due_told)
            or (s.campaign.budget is not None and s.spent is None)
            or (s.agents is not None and (s.agents.logged_in is None or s.agents.free is None))
        )


@MANY
@given(SITUATIONS)
def test_a_status_that_nobody_announced_is_unknown_to_its_gate(s: Situation) -> None:
    s = replace(s, campaign=replace(s.campaign, status="other"))
    assert diagnose(s).gate("lifecycle").state == UNKNOWN


@MANY
@given(SITUATIONS)
def test_the_steps_and_what_can_be_dialled_sum_to_pending(s: Situation) -> None:
    d = diagnose(s)
    assert sum(step.tasks for step in d.waterfall) + d.dialable == s.tasks.pending
    assert all(step.tasks > 0 for step in d.waterfall)
    assert all(step.code for step in d.waterfall)
    assert d.dialable >= 0


@MANY
@given(SITUATIONS)
def test_slots_are_whole_and_never_negative_and_bound_what_can_be_dialled(s: Situation) -> None:
    d = diagnose(s)
    if d.slots is not None:
        assert d.slots >= 0
        assert d.slots == int(d.slots)
        assert d.dialable <= d.slots


@MANY
@given(SITUATIONS)
def test_what_is_left_of_a_limit_is_never_negative(s: Situation) -> None:
    assert all(gate.left is None or gate.left >= 0 for gate in diagnose(s).gates)


@MANY
@given(SITUATIONS)
def test_what_clears_clears_in_the_future(s: Situation) -> None:
    assert all(gate.clears_at is None or gate.clears_at > s.now for gate in diagnose(s).gates)


@MANY
@given(SITUATIONS)
def test_opening_the_gate_that_binds_makes_nothing_worse(s: Situation) -> None:
    before = diagnose(s)
    assume(before.binding != NOTHING)
    after = diagnose(OPENED[before.binding](s))
    assert after.dialable >= before.dialable
    undecided = any(gate.state == UNKNOWN and gate.name in SURE for gate in before.gates)
    if not undecided:  # else no number was given before
        assert unlimited(after.slots) >= unlimited(before.slots)


def unlimited(slots: float | None) -> float:
    return float("inf") if slots is None else slots


@MANY
@given(SITUATIONS)
def test_opening_a_closed_gate_opens_it(s: Situation) -> None:
    for gate in diagnose(s).gates:
        if gate.closed and gate.name not in INNERMOST:
            assert not GATES[gate.name](OPENED[gate.name](s)).closed


@MANY
@given(SITUATIONS)
def test_the_same_is_judged_the_same(s: Situation) -> None:
    assert diagnose(s) == diagnose(s)


@MANY
@given(STEPS)
def test_over_time_every_look_names_a_verdict_and_a_later_look(steps: list[tuple[float, Situation]]) -> None:
    for s, d in watched(steps):
        assert d.verdict in VERDICTS
        assert d.binding in {*GATES, NOTHING}
        assert d.next_look > s.now
        assert d.since is None or d.since <= s.now
        assert d.seen_since <= s.now


@MANY
@given(STEPS)
def test_over_time_nobody_is_called_while_an_outer_gate_is_closed_as_planned(
    steps: list[tuple[float, Situation]],
) -> None:
    for _, d in watched(steps):
        planned = [gate for gate in d.gates if gate.closed and gate.expected and gate.name not in INNERMOST]
        assert not (planned and d.verdict in ("blocked", "stalled"))


@MANY
@given(STEPS)
def test_over_time_finished_is_what_has_ended_and_nothing_else(steps: list[tuple[float, Situation]]) -> None:
    for s, d in watched(steps):
        assert (d.verdict == "finished") == (s.campaign.status in ENDED_STATUSES)


@MANY
@given(STEPS)
def test_stalled_is_said_only_after_three_quiet_minutes_with_every_outer_gate_open(
    steps: list[tuple[float, Situation]],
) -> None:
    for s, d in watched(steps):
        if d.verdict == "stalled":
            assert s.quiet_for >= 180
            assert not any(gate.closed and gate.name not in INNERMOST for gate in d.gates)
            assert d.memory.open_since is not None
            assert s.now - d.memory.open_since >= 180


@MANY
@given(STEPS)
def test_there_is_always_evidence_and_a_hint(steps: list[tuple[float, Situation]]) -> None:
    for s, d in watched(steps):
        assert all(evidence(gate, s).endswith((".", "!")) for gate in d.gates)
        said = hints(s, d)
        assert said
        assert all(said)
        assert len(set(said)) == len(said)


@MANY
@given(SITUATIONS)
def test_a_number_is_never_named_by_its_phone(s: Situation) -> None:
    d = diagnose(s)
    assert "+49 30" not in " ".join([*hints(s, d), *(evidence(gate, s) for gate in d.gates)])


def flickering(
    on: bool, second: float, waits: float, limit: int | None, errors: dict[tuple[str, str], int]
) -> Situation:
    """A campaign that dials, with or without what throttles it."""
    return situation(
        now=NOW + second,
        campaign=campaign(concurrency_limit=limit if on else 10),
        calls=replace(calls(), last_start=NOW + second - 5, errors=errors if on else {}),
        tasks=replace(tasks(), oldest_ready=NOW + second - (waits if on else 30)),
    )


@SOME
@given(
    st.lists(st.booleans(), min_size=240, max_size=240),
    st.sampled_from([119.0, 121.0, 600.0]),
    st.sampled_from([3, 4, 10]),
    st.sampled_from([{}, {("tellus", "sip_429"): 15}]),
)
def test_dialing_and_throttled_change_at_most_once_a_minute(
    flips: list[bool], waits: float, limit: int, errors: dict[tuple[str, str], int]
) -> None:
    last, changes = None, []
    for second, on in enumerate(flips):
        seen = diagnose(flickering(on, second, waits, limit, errors), last)
        assert seen.verdict in ("dialing", "throttled")
        if last is not None and seen.verdict != last.verdict:
            changes.append(second)
        last = seen
    assert all(second - first >= 60 for first, second in pairwise(changes))


def test_what_alternates_every_second_changes_nothing() -> None:
    last = None
    for second in range(600):
        last = diagnose(flickering(second % 2 == 1, second, 600.0, 3, {}), last)
        assert last.verdict == "dialing"
