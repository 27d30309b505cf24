"""The diagnosis in the exporter: from rows on a real PostgreSQL to the samples of /metrics."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.diagnosis import diagnoser
from exporter.diagnosis.dispatch import verdict as verdict_module
from exporter.diagnosis.dispatch.signs import signs
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import Diagnosis
from exporter.web.cards.dispatch import judged
from exporter.web.cards.summary import summary
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, Scrape, exporting

Owner = psycopg.Connection[Any]
NINE_TO_FIVE = [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}]


def windows(owner: Owner, value: Any) -> None:
    owner.execute(
        "UPDATE campaign_monitoring.campaigns SET call_windows = %s WHERE campaign_id = 1", [json.dumps(value)]
    )


def dialled(owner: Owner, key: int, at: datetime, **values: Any) -> None:
    times = {"started_at": at, "created_at": at, "updated_at": at, "eligible_at": at}
    platforms.call(owner, key, 1, **{**times, **values})


def verdict(scrape: Scrape, campaign: str = "1") -> tuple[str, str]:
    """Verdict and binding gate: each must be exactly one."""
    (verdict,) = scrape.by("campaign_dispatch_verdict", "verdict", campaign=campaign)
    (gate,) = scrape.by("campaign_dispatch_binding", "gate", campaign=campaign)
    return verdict, gate


def shown(scrape: Scrape, name: str, **labels: str) -> float | None:
    """A sample's value, or that it is not there."""
    found = [value for (sample, _), value in scrape.of(name, **labels).items() if sample == name]
    assert len(found) <= 1
    return found[0] if found else None


# -- verdict and gates ----------------------------------------------------------------------------------------


def test_every_campaign_has_one_verdict_and_one_binding_gate(exporter: Exporter, owner: Owner) -> None:
    platforms.campaign(owner, "3", status="completed", ended_at=NOW)
    scrape = exporter.refresh()
    assert verdict(scrape, "3") == ("finished", "none")
    for campaign in ("1", "2", "3"):
        assert len(scrape.of("campaign_dispatch_verdict", campaign=campaign)) == 7
        assert len(scrape.of("campaign_dispatch_binding", campaign=campaign)) == 15


def test_of_a_campaign_that_is_over_no_gate_and_no_room_is_told(exporter: Exporter, owner: Owner) -> None:
    windows(owner, NINE_TO_FIVE)
    assert exporter.refresh().of("campaign_dispatch_gate_open", campaign="1")
    owner.execute(
        "UPDATE campaign_monitoring.campaigns SET status = 'completed', ended_at = %s WHERE campaign_id = 1", [NOW]
    )
    scrape = exporter.refresh()
    assert verdict(scrape) == ("finished", "none")
    for name in (
        "gate_open",
        "slots_available",
        "slots_used",
        "slots_limit",
        "slots_leaked",
        "starts_per_minute",
        "tasks_dialable",
    ):
        assert not scrape.of(f"campaign_dispatch_{name}", campaign="1")
    assert not scrape.of("campaign_window_open", campaign="1")


def test_starts_a_minute_are_no_calls_at_once(exporter: Exporter, owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET calls_per_minute = 90 WHERE campaign_id = 1")
    for call in (501, 502, 503):
        dialled(owner, call, NOW - timedelta(seconds=20))
    scrape = exporter.refresh()
    assert scrape.value("campaign_dispatch_starts_per_minute_limit", campaign="1") == 90
    assert scrape.value("campaign_dispatch_starts_per_minute", campaign="1") == 3
    assert not scrape.of("campaign_dispatch_slots", scope="pacing")


def test_an_absurd_pacing_has_no_time_at_which_it_clears(exporter: Exporter, owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET calls_per_minute = 1e-300 WHERE campaign_id = 1")
    dialled(owner, 500, NOW - timedelta(minutes=5))
    pooled(owner, 1)
    scrape = exporter.refresh()
    assert scrape.value("campaign_dispatch_gate_open", campaign="1", gate="pacing") == 0
    assert shown(scrape, "campaign_dispatch_clears_timestamp_seconds", campaign="1") is None
    assert exporter.snapshot is not None
    assert len(summary(exporter.snapshot.shown)) == 2


def test_a_pause_is_told_with_its_time(exporter: Exporter, owner: Owner) -> None:
    paused = NOW - timedelta(hours=3)
    owner.execute(
        "UPDATE campaign_monitoring.campaigns SET status = 'paused', paused_at = %s WHERE campaign_id = 1", [paused]
    )
    scrape = exporter.refresh()
    assert verdict(scrape) == ("waiting", "lifecycle")
    assert scrape.value("campaign_dispatch_since_timestamp_seconds", campaign="1") == paused.timestamp()
    assert scrape.value("campaign_dispatch_gate_open", campaign="1", gate="lifecycle") == 0
    assert scrape.value("campaign_dispatch_gate_open", campaign="1", gate="money") == 1
    assert scrape.value("campaign_dispatch_slots_available", campaign="1") == 0


def test_verdict_gate_and_code_are_told_in_one_series(exporter: Exporter, owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET budget = 1 WHERE campaign_id = 1")
    told = exporter.refresh().of("campaign_dispatch_info", campaign="1")
    ((_, labels),) = told
    assert dict(labels).items() >= {"verdict": "blocked", "gate": "money", "code": "budget_exhausted"}.items()


def test_since_when_is_not_claimed_of_what_began_before_it_was_seen(exporter: Exporter, owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET budget = 1 WHERE campaign_id = 1")
    scrape = exporter.refresh()
    assert verdict(scrape) == ("blocked", "money")
    assert shown(scrape, "campaign_dispatch_since_timestamp_seconds", campaign="1") is None
    began = scrape.value("campaign_dispatch_at_least_since_timestamp_seconds", campaign="1")
    assert began == NOW.timestamp()
    assert exporter.refresh().value("campaign_dispatch_at_least_since_timestamp_seconds", campaign="1") == began


def test_what_began_while_it_was_watched_is_told_with_its_time(exporter: Exporter, owner: Owner) -> None:
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.campaigns SET budget = 1 WHERE campaign_id = 1")
    scrape = exporter.refresh()
    assert verdict(scrape) == ("blocked", "money")
    began = NOW.timestamp() + 1
    assert scrape.value("campaign_dispatch_since_timestamp_seconds", campaign="1") == began
    assert shown(scrape, "campaign_dispatch_at_least_since_timestamp_seconds", campaign="1") is None
    assert exporter.refresh().value("campaign_dispatch_since_timestamp_seconds", campaign="1") == began


def pooled(owner: Owner, *campaigns: int) -> None:
    for campaign in campaigns:
        contract.insert(owner, "campaign_numbers", campaign_id=campaign, number_id=1, weight=1)


def test_silence_with_every_gate_open_becomes_stalled_by_the_clock_alone(owner: Owner, database_url: str) -> None:
    pooled(owner, 1, 2)
    owner.execute("UPDATE campaign_monitoring.campaigns SET started_at = %s WHERE campaign_id = 2", [NOW])
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        seen = []
        for _ in range(22):
            seen.append(verdict(exporter.refresh(), "2")[0])
            exporter.seconds += 9
    assert seen[0] == "dialing"
    assert seen[-1] == "stalled"
    assert seen.index("stalled") * 10 == pytest.approx(180, abs=10)
    assert len(set(seen)) == 2


@pytest.mark.parametrize(("going", "seconds"), [(False, 60), (True, 180)], ids=["nothing goes on", "a call goes on"])
def test_what_stood_still_before_anybody_watched_is_watched_for_a_minute_only(
    owner: Owner, database_url: str, going: bool, seconds: float
) -> None:
    pooled(owner, 1, 2)
    long_ago = NOW - timedelta(days=1)
    platforms.campaign(owner, "3", started_at=long_ago)
    platforms.task(owner, 3000, 3, created_at=long_ago, updated_at=long_ago)
    pooled(owner, 3)
    if going:
        platforms.call(owner, 3000, 3, outcome="in_progress", started_at=NOW - timedelta(minutes=10), ended_at=None)
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        begun = exporter.seconds
        while verdict(exporter.refresh(), "3")[0] == "dialing":
            exporter.seconds += 9
        assert exporter.seconds - begun == pytest.approx(seconds, abs=20)
        assert verdict(exporter.refresh(), "3") == ("stalled", "none")


@pytest.mark.parametrize("empty", [True, False], ids=["the first of all", "one more"])
def test_who_comes_into_scope_later_is_watched_from_then_on(exporter: Exporter, owner: Owner, empty: bool) -> None:
    if empty:
        owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'draft'")
    exporter.refresh()
    platforms.campaign(owner, "3", started_at=None)
    platforms.task(owner, 3000, 3, created_at=NOW - timedelta(days=1), updated_at=NOW)
    pooled(owner, 3)
    exporter.refresh()
    exporter.seconds += 120
    assert verdict(exporter.refresh(), "3") == ("dialing", "none")


def test_a_retry_that_is_put_off_puts_off_the_end_of_the_wait(exporter: Exporter, owner: Owner) -> None:
    waits = "UPDATE campaign_monitoring.tasks SET {} next_eligible_at = %s, updated_at = %s WHERE campaign_id = 1 {}"
    alone = ("status = 'pending', blocker = NULL,", "")
    owner.execute(waits.format(*alone), [NOW + timedelta(minutes=20), NOW])
    scrape = exporter.refresh()
    assert verdict(scrape) == ("waiting", "retry")
    assert scrape.value("campaign_dispatch_clears_timestamp_seconds", campaign="1") == NOW.timestamp() + 1200
    owner.execute(waits.format(*alone), [NOW + timedelta(minutes=40), NOW + timedelta(seconds=1)])
    scrape = exporter.refresh()
    assert scrape.value("campaign_dispatch_clears_timestamp_seconds", campaign="1") == NOW.timestamp() + 2400


def test_slots_are_the_room_of_the_tightest_limit(exporter: Exporter, owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET concurrency_limit = 30 WHERE campaign_id = 1")
    pooled(owner, 1)
    owner.execute("UPDATE campaign_monitoring.calls SET started_at = %s WHERE outcome = 'in_progress'", [NOW])
    scrape = exporter.refresh()
    assert scrape.value("campaign_dispatch_slots_limit", campaign="1", scope="tenant") == 5
    assert scrape.value("campaign_dispatch_slots_used", campaign="1", scope="tenant") == 1
    assert scrape.value("campaign_dispatch_slots_limit", campaign="1", scope="campaign") == 30
    assert scrape.value("campaign_dispatch_slots_used", campaign="1", scope="campaign") == 2
    assert scrape.value("campaign_dispatch_slots_available", campaign="1") == 4
    assert scrape.value("campaign_dispatch_tasks_dialable", campaign="1") == 3


@pytest.mark.usefixtures("owner")
def test_a_call_too_old_to_be_real_is_a_leaked_slot(exporter: Exporter) -> None:
    scrape = exporter.refresh()  # its one call in progress started two hours ago; so did two tasks
    assert scrape.by("campaign_dispatch_slots_leaked", "scope", campaign="1") == {"campaign": 2, "tenant": 1}


def test_a_provider_is_judged_by_the_newest_calls_so_that_its_recovery_is_seen(owner: Owner, database_url: str) -> None:
    pooled(owner, 1)
    owner.execute("DELETE FROM campaign_monitoring.calls WHERE outcome = 'in_progress'")
    for index in range(12):
        dialled(owner, 500 + index, NOW - timedelta(seconds=200 - index), outcome="failed", error_code="sip_503")
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        assert verdict(exporter.refresh()) == ("blocked", "provider")
        for index in range(30):
            at = NOW + timedelta(seconds=1 + index / 10)
            dialled(owner, 600 + index, at, outcome="answered")
        exporter.seconds += 40
        exporter.refresh()
        exporter.seconds += 65
        scrape = exporter.refresh()
    assert scrape.value("campaign_dispatch_gate_open", campaign="1", gate="provider") == 1
    assert verdict(scrape) == ("throttled", "none")  # three tasks wait for two hours already


def test_numbers_of_a_connection_that_fails_are_not_accused(exporter: Exporter, owner: Owner) -> None:
    for index in range(60):
        at = NOW - timedelta(seconds=600 - index)
        sound = "answered" if index % 2 else "no_answer"
        dialled(owner, 500 + index, at, outcome=sound, number_id="1")
        through = sound if index >= 28 else "failed"
        dialled(owner, 600 + index, at, outcome=through, number_id="2", error_code="sip_503" if index < 28 else None)
    exporter.refresh()
    assert exporter.snapshot is not None
    shown = exporter.snapshot.shown
    late = judged(shown, shown.views["1"]).lately
    assert (late.by_number, late.failed_by_number) == ({"1": (60, 30), "2": (32, 16)}, {"2": 28})
    assert not [sign for sign in signs(judged(shown, shown.views["1"])) if sign.name in ("number_bad", "answer_drop")]


def test_how_a_call_that_was_taken_ended_is_no_error(exporter: Exporter, owner: Owner) -> None:
    """A PBX writes the cause of the end into every row."""
    for number, outcome in enumerate(["answered"] * 20 + ["voicemail"] * 10 + ["abandoned"] * 10 + ["failed"]):
        at = NOW - timedelta(seconds=10 * number)
        dialled(owner, 100 + number, at, outcome=outcome, error_code="RECOVERY_ON_TIMER_EXPIRE", provider="acme")
    scrape = exporter.refresh()
    assert verdict(scrape)[0] != "blocked"
    assert list(scrape.of("campaign_call_errors_total", campaign="1").values()) == [1]


@pytest.mark.parametrize("code", ["NORMAL_CLEARING", "16", "Q.850;cause=16", "Success", "200"])
def test_a_normal_end_names_no_error(exporter: Exporter, owner: Owner, code: str) -> None:
    for number in range(20):
        at = NOW - timedelta(seconds=10 * number)
        dialled(owner, 100 + number, at, outcome="no_answer", error_code=code)
    scrape = exporter.refresh()
    assert verdict(scrape)[0] != "blocked"
    assert not any(scrape.of("campaign_call_errors_total", campaign="1").values())


def test_who_is_busy_or_does_not_answer_is_no_dead_number(exporter: Exporter, owner: Owner) -> None:
    for number in range(30):
        busy = number % 2
        dialled(
            owner, 100 + number, NOW - timedelta(seconds=10 * number), outcome="busy" if busy else "no_answer",
            error_code="USER_BUSY" if busy else "NO_ANSWER",
        )  # fmt: skip
    exporter.refresh()
    assert exporter.snapshot is not None
    shown = exporter.snapshot.shown
    assert "dead_numbers" not in [sign.name for sign in signs(judged(shown, shown.views["1"]))]


def test_calls_whose_outcome_nobody_knows_are_no_fall_of_answers(exporter: Exporter, owner: Owner) -> None:
    for number in range(400):
        at = NOW - timedelta(hours=2, seconds=10 * number)
        dialled(owner, 1000 + number, at, outcome="answered" if number % 2 else "no_answer")
    for number in range(40):
        dialled(owner, 100 + number, NOW - timedelta(seconds=10 * number), outcome="new_code", number_id="2")
    exporter.refresh()
    assert exporter.snapshot is not None
    shown = exporter.snapshot.shown
    found = [sign.name for sign in signs(judged(shown, shown.views["1"]))]
    assert "outcomes_unknown" in found
    assert "answer_drop" not in found
    assert "number_bad" not in found


@pytest.mark.parametrize("status", ["completed", None])
def test_of_a_list_that_nobody_knows_nothing_is_said(exporter: Exporter, owner: Owner, status: str | None) -> None:
    """Neither that the campaign has no contacts, nor that all are called, nor when they will be."""
    owner.execute("DELETE FROM campaign_monitoring.calls; DELETE FROM campaign_monitoring.tasks")
    owner.execute("UPDATE campaign_monitoring.campaigns SET list_known = false WHERE campaign_id = 1")
    if status is not None:
        platforms.task(owner, 900, 1, status=status, created_at=NOW, updated_at=NOW)
    scrape = exporter.refresh()
    assert verdict(scrape) == ("unknown", "tasks")
    for name in ("campaign_tasks", "campaign_list_tasks", "campaign_tasks_blocked", "campaign_tasks_eligible_within"):
        assert not [each for each, _ in scrape.of(name, campaign="1") if each == name], name
    assert not scrape.of("campaign_forecast_completion_timestamp_seconds", campaign="1")
    assert not scrape.of("campaign_dispatch_tasks_dialable", campaign="1")
    assert exporter.snapshot is not None
    shown = exporter.snapshot.shown
    line = next(line for line in summary(shown) if line["id"] == "1")
    assert (line["progress"], line["queued"]) == (None, None)


def test_what_is_wrong_with_calls_is_said_though_nobody_knows_the_list(exporter: Exporter, owner: Owner) -> None:
    owner.execute("DELETE FROM campaign_monitoring.tasks")
    owner.execute("UPDATE campaign_monitoring.campaigns SET list_known = false WHERE campaign_id = 1")
    for index in range(30):
        dialled(owner, 500 + index, NOW - timedelta(seconds=200 - index), outcome="failed", error_code="sip_503")
    assert verdict(exporter.refresh()) == ("blocked", "provider")


def test_nine_failed_calls_say_nothing_about_a_provider(exporter: Exporter, owner: Owner) -> None:
    for index in range(9):
        dialled(owner, 500 + index, NOW - timedelta(seconds=200 - index), outcome="failed", error_code="sip_503")
    scrape = exporter.refresh()
    assert scrape.value("campaign_dispatch_gate_open", campaign="1", gate="provider") == 1


def test_a_mood_that_is_told_late_counts_for_half_an_hour(exporter: Exporter, owner: Owner) -> None:
    for index in range(24):  # what comes of calls is told within minutes of them, their mood is not
        at = NOW - timedelta(minutes=16 + index / 2)
        dialled(owner, 500 + index, at, outcome="answered", sentiment="negative" if index < 18 else "positive")
    dialled(owner, 600, NOW - timedelta(minutes=31), outcome="answered", sentiment="negative")
    exporter.refresh()
    assert exporter.snapshot is not None
    shown = exporter.snapshot.shown
    late = judged(shown, shown.views["1"]).lately
    assert (late.scored, late.negative) == (24, 18)
    assert late.answered == 0


def test_a_bad_limit_of_a_tenant_does_not_cost_another_its_verdict(exporter: Exporter, owner: Owner) -> None:
    contract.insert(owner, "tenants", tenant_id=2, name="Other", concurrency_limit=-5)
    platforms.campaign(owner, "3", tenant_id="2")
    platforms.task(owner, 77, 3)
    scrape = exporter.refresh()
    assert shown(scrape, "campaign_dispatch_gate_open", campaign="3", gate="tenant") is None
    assert scrape.value("campaign_dispatch_gate_open", campaign="1", gate="tenant") == 1


def test_only_what_changed_is_judged_again(owner: Owner, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contract.insert(owner, "tenants", tenant_id=2, name="Other")
    platforms.campaign(owner, "3", tenant_id="2")
    judged: list[str] = []
    judge = verdict_module.diagnose

    def noting(s: Situation, before: Diagnosis | None, *rest: Any) -> Diagnosis:
        judged.append(s.campaign.campaign_id)
        return judge(s, before, *rest)

    monkeypatch.setattr(diagnoser, "diagnose", noting)
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        exporter.refresh()
        assert sorted(judged) == ["1", "2", "3"]
        judged.clear()
        exporter.refresh()
        assert judged == []
        owner.execute("UPDATE campaign_monitoring.campaigns SET budget = 50 WHERE campaign_id = 3")
        exporter.refresh()
        assert judged == ["3"]
        judged.clear()
        exporter.seconds += 61
        exporter.refresh()
        assert sorted(judged) == ["1", "2", "3"]


def test_a_clock_an_hour_off_is_said_once_and_all_goes_by_the_databases(
    exporter: Exporter, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooled(owner, 1, 2)
    expected = [verdict(exporter.refresh(), campaign) for campaign in ("1", "2")]
    assert abs(exporter.counted("clock_difference_seconds")) < 5
    ahead = time.time
    monkeypatch.setattr("exporter.refresh.notices.time.time", lambda: ahead() + 3600)
    with capture_logs() as logs:
        shown = [[verdict(scrape, campaign) for campaign in ("1", "2")] for scrape in (exporter.refresh(),) * 2]
        exporter.refresh()
    assert shown == [expected, expected]
    assert exporter.counted("clock_difference_seconds") == pytest.approx(3600, abs=5)
    said = [entry for entry in logs if entry["event"] == "the clocks differ"]
    assert [entry["ahead_seconds"] for entry in said] == [pytest.approx(3600, abs=5)]


# -- call windows ---------------------------------------------------------------------------------------------


def test_windows_are_told_with_their_next_change(exporter: Exporter, owner: Owner) -> None:
    windows(owner, NINE_TO_FIVE)
    scrape = exporter.refresh()
    assert scrape.value("campaign_window_open", campaign="1") == 1
    closes = NOW.replace(hour=17).timestamp()
    assert scrape.value("campaign_window_closes_timestamp_seconds", campaign="1") == closes
    assert shown(scrape, "campaign_window_opens_timestamp_seconds", campaign="1") is None
    exporter.seconds = closes
    scrape = exporter.refresh()
    assert verdict(scrape) == ("waiting", "window")
    assert scrape.value("campaign_window_open", campaign="1") == 0
    opens = (NOW.replace(hour=9) + timedelta(days=1)).timestamp()
    assert scrape.value("campaign_window_opens_timestamp_seconds", campaign="1") == opens
    assert scrape.value("campaign_dispatch_clears_timestamp_seconds", campaign="1") == opens


def test_windows_that_cannot_be_read_are_not_told_and_not_guessed(exporter: Exporter, owner: Owner) -> None:
    pooled(owner, 1, 2)
    windows(owner, "closed")
    scrape = exporter.refresh()
    assert shown(scrape, "campaign_window_open", campaign="1") is None
    assert shown(scrape, "campaign_dispatch_gate_open", campaign="1", gate="window") is None
    assert exporter.violations()[("campaigns", "call_windows", "wrong_shape")] == 1
    assert verdict(scrape) == ("unknown", "window")
    assert verdict(scrape, "2") == ("dialing", "none")


def test_calls_outside_their_windows_are_counted(exporter: Exporter, owner: Owner) -> None:
    windows(owner, NINE_TO_FIVE)
    dialled(owner, 500, NOW.replace(hour=8, minute=59))
    dialled(owner, 501, NOW.replace(hour=9))
    scrape = exporter.refresh()
    for name in ("campaign_calls_outside_window_today", "campaign_calls_outside_window_total"):
        assert scrape.value(name, campaign="1") == 1
        assert scrape.value(name, campaign="2") == 0


def test_settled_calls_outside_their_windows_are_counted_at_the_start(exporter: Exporter, owner: Owner) -> None:
    windows(owner, NINE_TO_FIVE)
    for index in range(3):
        dialled(owner, 500 + index, NOW.replace(hour=index + 6))
    dialled(owner, 510, NOW.replace(hour=6) - timedelta(days=1))
    scrape = exporter.refresh()
    assert scrape.value("campaign_calls_outside_window_today", campaign="1") == 3
    assert scrape.value("campaign_calls_outside_window_total", campaign="1") == 4
    assert exporter.corrections() == 0


def test_a_change_of_the_windows_accuses_no_call_of_before(owner: Owner, database_url: str) -> None:
    windows(owner, NINE_TO_FIVE)
    dialled(owner, 500, NOW - timedelta(minutes=5), outcome="in_progress")
    with exporting(database_url, audit={"period": "7d"}) as exporter:
        exporter.refresh()
        windows(owner, [{**NINE_TO_FIVE[0], "start": "13:00"}])
        now = NOW + timedelta(seconds=1)
        change = "UPDATE campaign_monitoring.calls SET outcome = 'busy', updated_at = %s WHERE call_id = 500"
        owner.execute(change, [now])
        assert exporter.refresh().value("campaign_calls_outside_window_today", campaign="1") == 0
        dialled(owner, 501, now)
        scrape = exporter.refresh()
        assert scrape.value("campaign_calls_outside_window_today", campaign="1") == 1
        assert scrape.value("campaign_calls_outside_window_total", campaign="1") == 1


def test_calls_outside_their_windows_are_of_today_only(exporter: Exporter, owner: Owner) -> None:
    windows(owner, NINE_TO_FIVE)
    dialled(owner, 500, NOW.replace(hour=8))
    exporter.refresh()
    exporter.seconds = (NOW + timedelta(hours=12)).timestamp()
    scrape = exporter.refresh()
    assert scrape.value("campaign_calls_outside_window_today", campaign="1") == 0
    assert scrape.value("campaign_calls_outside_window_total", campaign="1") == 1
    assert exporter.corrections() == 0


def test_a_call_that_moves_is_judged_by_the_windows_of_where_it_is(exporter: Exporter, owner: Owner) -> None:
    windows(owner, NINE_TO_FIVE)
    dialled(owner, 500, NOW.replace(hour=8), outcome="in_progress")
    exporter.refresh()
    owner.execute("UPDATE campaign_monitoring.calls SET campaign_id = 2, updated_at = %s WHERE call_id = 500", [NOW])
    assert exporter.refresh().value("campaign_calls_outside_window_total", campaign="2") == 0


# -- forecasts and A/B ----------------------------------------------------------------------------------------


def started(owner: Owner, hours: float) -> None:
    at = NOW - timedelta(hours=hours)
    owner.execute("UPDATE campaign_monitoring.campaigns SET started_at = %s WHERE campaign_id = 1", [at])


def finished(owner: Owner, count: int, hours: float = 4.0) -> None:
    """Tasks that were finished evenly over the last hours."""
    for index in range(count):
        at = NOW - timedelta(hours=hours * (index + 1) / count)
        platforms.task(owner, 1000 + index, 1, status="completed", last_attempted_at=at, created_at=at, updated_at=at)


def test_completion_is_forecast_from_the_recent_rate(exporter: Exporter, owner: Owner) -> None:
    started(owner, 4)
    finished(owner, 40)  # ten an hour; five are left
    scrape = exporter.refresh()
    ends = scrape.by("campaign_forecast_completion_timestamp_seconds", "estimate", campaign="1")
    assert ends["early"] <= ends["likely"] <= ends["late"]
    assert ends["likely"] - NOW.timestamp() == pytest.approx(1800, rel=0.25)
    assert exporter.corrections() == 0


def test_without_enough_data_there_is_no_forecast(exporter: Exporter, owner: Owner) -> None:
    finished(owner, 10)
    assert not exporter.refresh().of("campaign_forecast_completion_timestamp_seconds", campaign="1")


def test_when_the_list_runs_dry_is_forecast_from_the_rate_of_first_calls(exporter: Exporter, owner: Owner) -> None:
    started(owner, 4)
    for index in range(80):  # ten first calls an hour, and as many retries
        dialled(owner, 1000 + index, NOW - timedelta(hours=4 * (index + 1) / 80), attempt=1 + index % 2)
    for key in range(2000, 2020):
        platforms.task(owner, key, 1, status="pending", attempts=0, created_at=NOW, updated_at=NOW)
    scrape = exporter.refresh()
    untouched = scrape.value("campaign_list_tasks", campaign="1", state="untouched")
    assert untouched >= 20
    likely = scrape.by("campaign_forecast_list_dry_timestamp_seconds", "estimate", campaign="1")["likely"]
    assert likely - NOW.timestamp() == pytest.approx(untouched / 10 * 3600, rel=0.25)


def test_budget_exhaustion_is_forecast_where_there_is_a_budget(exporter: Exporter, owner: Owner) -> None:
    started(owner, 4)
    for index in range(40):  # 7.50 an hour; 67 of the hundred are left
        dialled(owner, 1000 + index, NOW - timedelta(hours=4 * (index + 1) / 40))
    scrape = exporter.refresh()
    likely = scrape.by("campaign_forecast_budget_exhaustion_timestamp_seconds", "estimate", campaign="1")["likely"]
    assert likely - NOW.timestamp() == pytest.approx(67 / 7.5 * 3600, rel=0.25)
    assert not scrape.of("campaign_forecast_budget_exhaustion_timestamp_seconds", campaign="2")


def test_hours_that_are_long_past_count_no_longer_and_the_audit_agrees(exporter: Exporter, owner: Owner) -> None:
    finished(owner, 40)
    exporter.refresh()
    for hours in (1, 70, 73):
        exporter.seconds = (NOW + timedelta(hours=hours)).timestamp()
        exporter.refresh()
    assert exporter.corrections() == 0
    assert exporter.refresher.ledger is not None
    assert exporter.refresher.ledger.cells("finished_hours", "1") == {}


def test_a_clock_that_is_set_back_by_hours_loses_no_hour(exporter: Exporter, owner: Owner) -> None:
    finished(owner, 40)
    exporter.seconds = (NOW + timedelta(hours=71)).timestamp()
    exporter.refresh()
    exporter.seconds = NOW.timestamp()
    scrape = exporter.refresh()
    assert exporter.corrections() == 0
    assert exporter.refresher.ledger is not None
    assert sum(cell[0] for cell in exporter.refresher.ledger.cells("finished_hours", "1").values()) == 45
    assert verdict(scrape)[0] != "stalled"


def test_arms_are_compared_once_there_is_enough_data(exporter: Exporter, owner: Owner) -> None:
    for arm, answered in (("A", 30), ("B", 90)):
        contract.insert(owner, "variants", campaign_id=2, variant=arm, weight=50)
        for index in range(150):
            outcome = "answered" if index < answered else "busy"
            platforms.call(owner, f"7{index}{ord(arm)}", 2, variant=arm, outcome=outcome)
            platforms.task(owner, f"7{index}{ord(arm)}", 2, variant=arm, status="completed", goal_met=False)
    scrape = exporter.refresh()
    best = scrape.by("campaign_variant_best_probability", "variant", campaign="2", measure="answers")
    assert best["B"] == pytest.approx(1.0, abs=1e-3)
    assert scrape.value("campaign_variant_sample_ratio_p_value", campaign="2") == pytest.approx(1.0)
    assert not scrape.of("campaign_variant_best_probability", campaign="1")
