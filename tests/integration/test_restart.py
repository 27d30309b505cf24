"""A restart from a saved state: as if the exporter had only paused; and what does not fit is left alone, and told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from exporter.demo.runtime.server import EmbeddedServer
from exporter.diagnosis.dispatch.verdict import Diagnosis
from exporter.errors import ContractError
from exporter.state import matching
from tests.integration.test_losses import answered, delete, new_call
from tests.integration.test_replaced import REWRITES
from tests.support import contract, platforms
from tests.support.exporting import Exporter, exporting
from tests.support.restarts import restarted
from tests.support.standby import standby

Owner = psycopg.Connection[Any]


@pytest.fixture
def exporter(database_url: str, owner: Owner) -> Any:
    """It audits every campaign at each refresh, and has made two; campaign 1 has ten more answered calls."""
    for number in range(10):
        platforms.call(owner, 1000 + number, 1)
    with exporting(database_url) as made:
        made.refresh(), made.refresh()
        yield made


def loaded(exporter: Exporter) -> float:
    return sum(exporter.own().of("campaign_exporter_campaigns_loaded_total").values())


def test_it_shows_the_same_and_reads_only_what_changed(exporter: Exporter, owner: Owner) -> None:
    now = datetime.fromtimestamp(exporter.seconds, UTC)
    platforms.task(owner, 5000, 1, created_at=now, updated_at=now)
    with restarted(exporter) as after, exporting(exporter.config.database.secret_url()) as cold:
        cold.seconds = after.seconds
        warm, anew = after.refresh().samples, cold.refresh().samples
        seen = {series for series in warm.keys() | anew.keys() if "_at_least_since_" in series[0]}
        assert {s: warm[s] for s in warm.keys() - seen} == {s: anew[s] for s in anew.keys() - seen}
        assert all(warm[s] <= anew[s] for s in seen), "it was seen so before the restart"
        assert after.refresher.warm
        assert loaded(after) == 0
        assert after.counted("rows_read_total", relation="tasks") == 1
        assert exporter.refresher.ledger is not None
        assert after.counted("rows_held", relation="tasks") == len(exporter.refresher.ledger.tasks.held) + 1


def test_what_was_carried_before_it_is_carried_after_it(exporter: Exporter, owner: Owner) -> None:
    delete(owner, "call_id BETWEEN 1000 AND 1003")
    assert answered(exporter) == 12
    with restarted(exporter) as after:
        new_call(owner, after, 2000)
        assert answered(after) == 13
        assert after.counted("counters_carried") > 0


def test_what_was_deleted_meanwhile_is_carried(exporter: Exporter, owner: Owner) -> None:
    with restarted(exporter) as after:
        delete(owner, "call_id BETWEEN 1000 AND 1003")
        assert answered(after) == 12
        new_call(owner, after, 2000)
        assert answered(after) == 13


def test_what_was_corrected_before_it_is_held_after_it(exporter: Exporter, owner: Owner) -> None:
    now = datetime.fromtimestamp(exporter.seconds, UTC)
    owner.execute(
        "UPDATE campaign_monitoring.calls SET outcome = 'busy', updated_at = %s WHERE call_id BETWEEN 1000 AND 1003",
        (now,),
    )
    assert answered(exporter) == 12
    with restarted(exporter) as after:
        assert answered(after) == 12
        new_call(owner, after, 2000)
        assert answered(after) == 12
        assert after.counted("counters_held") > 0


def test_what_a_campaign_showed_that_left_meanwhile_is_remembered(exporter: Exporter, owner: Owner) -> None:
    with restarted(exporter) as after:
        owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'draft' WHERE campaign_id = 1")
        assert not after.refresh().of("campaign_calls_total", campaign="1")
        delete(owner, "call_id BETWEEN 1000 AND 1003")
        with restarted(after) as again:
            again.refresh()
            owner.execute("UPDATE campaign_monitoring.campaigns SET status = 'running' WHERE campaign_id = 1")
            assert answered(again) == 12


def diagnosis(exporter: Exporter) -> Diagnosis:
    exporter.refresh()
    assert exporter.snapshot is not None
    return exporter.snapshot.shown.views["1"].diagnosis


@pytest.mark.parametrize(("pause", "known"), [(60, True), (299, True), (301, False)])
def test_since_when_a_verdict_holds_is_known_as_long_as_figures_may_be_old(
    pause: int, known: bool, exporter: Exporter, owner: Owner
) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET budget = 0.01 WHERE campaign_id = 1")
    before = diagnosis(exporter)
    assert before.since is not None
    exporter.seconds += pause - 1
    with restarted(exporter) as after:
        found = diagnosis(after)
        assert (found.verdict, found.binding) == (before.verdict, before.binding)
        assert found.since == (before.since if known else None)
        assert found.seen_since == (before.seen_since if known else found.at)


@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
def test_a_table_rewritten_meanwhile_is_read_anew(rewrite: str, database_url: str, owner: Owner) -> None:
    with exporting(database_url) as before:
        before.refresh()
        with restarted(before) as after:
            owner.execute(rewrite.encode())
            platforms.assert_intact(after.refresh())
            assert after.counted("campaigns_loaded_total", cause="everything") == 2
            assert after.counted("counters_carried") == 0


def test_a_day_that_ended_meanwhile_is_over(exporter: Exporter, owner: Owner) -> None:
    now = datetime.fromtimestamp(exporter.seconds, UTC)
    platforms.call(owner, 3000, 1, started_at=now, created_at=now, updated_at=now)
    assert exporter.refresh().by("campaign_number_calls_today", "number")["1"] > 0
    exporter.seconds += 86_400
    with restarted(exporter) as after:
        assert not after.refresh().by("campaign_number_calls_today", "number")
        assert after.refresher.warm
        assert after.corrections() == 0


def test_a_clock_set_back_meanwhile_changes_nothing_of_what_is_true(exporter: Exporter) -> None:
    exporter.seconds -= 3 * 3600
    with restarted(exporter) as after, exporting(exporter.config.database.secret_url()) as cold:
        cold.seconds = after.seconds
        found, wanted = after.refresh(), cold.refresh()
        assert {key: v for key, v in found.samples.items() if not key[0].endswith("_total")} == {
            key: v for key, v in wanted.samples.items() if not key[0].endswith("_total")
        }


def test_a_refresh_that_failed_before_it_is_owed_after_it(exporter: Exporter, owner: Owner) -> None:
    now = datetime.fromtimestamp(exporter.seconds, UTC)
    platforms.task(owner, 5000, 1, updated_at=now)
    owner.execute("ALTER TABLE campaign_monitoring.calls RENAME TO away")
    with pytest.raises(psycopg.errors.UndefinedTable):
        exporter.refresh()
    owner.execute("ALTER TABLE campaign_monitoring.away RENAME TO calls")
    with restarted(exporter) as after:
        assert after.refresh().value("campaign_tasks", campaign="1", status="pending") == 4
        assert after.corrections() == 0


def test_what_is_taken_back_is_left_to_the_next_where_no_refresh_succeeds(exporter: Exporter, owner: Owner) -> None:
    owner.execute("UPDATE campaign_monitoring.campaigns SET budget = 0.01 WHERE campaign_id = 1")
    before = diagnosis(exporter)
    delete(owner, "call_id BETWEEN 1000 AND 1003")
    assert answered(exporter) == 12
    with restarted(exporter) as failing:
        owner.execute("ALTER TABLE campaign_monitoring.calls RENAME TO away")
        with pytest.raises(ContractError):
            failing.refresh()
        owner.execute("ALTER TABLE campaign_monitoring.away RENAME TO calls")
        with owner.transaction(force_rollback=True):
            owner.execute("LOCK TABLE campaign_monitoring.calls")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                failing.refresh()
        with restarted(failing) as after:
            assert diagnosis(after).since == before.since
            assert answered(after) == 12


def test_a_replica_that_was_promoted_meanwhile_is_counted_anew_and_its_counters_go_on(
    server: EmbeddedServer, owner: Owner
) -> None:
    for number in range(10):
        platforms.call(owner, 1000 + number, 1)
    name = owner.info.dbname
    with standby(server.url()) as promoted:
        promoted.follow(owner)
        url = promoted.url(name)
        with exporting(url) as before, contract.session(url) as there:
            assert answered(before) == 12
            promoted.promote()
            with restarted(before, url) as after, capture_logs() as logs:
                there.execute("DELETE FROM campaign_monitoring.calls WHERE call_id BETWEEN 1000 AND 1003")
                assert answered(after) == 12
                assert not after.refresher.warm
                assert after.counted("counters_held") > 0
    (told,) = (line for line in logs if "saved state" in line["event"])
    assert told["event"] == "going on from the saved state in part"
    assert "promoted" in told["why"]


def another_database(exporter: Exporter, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    del monkeypatch
    name = owner.info.dbname
    with contract.session(exporter.config.database.secret_url().replace(name, "postgres")) as elsewhere:
        exporter.refresher.end()
        owner.close()
        elsewhere.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}".encode())
    return {"url": exporter.config.database.secret_url().replace(name, f"{name}_copy")}


def another_code(exporter: Exporter, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    del exporter, owner
    names = iter(["the one that saves"])
    monkeypatch.setattr(matching, "_code", lambda: next(names, "the one that reads"))
    return {}


UNFIT: dict[str, tuple[Callable[[Exporter, Owner, pytest.MonkeyPatch], dict[str, Any]], str]] = {
    "another database": (another_database, "it is of another database"),
    "other settings": (lambda *_: {"stale_after": "10m"}, "stale_after was 1800.0 when it was saved, and is 600.0"),
    "other code": (another_code, "counts in another way"),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_does_not_fit_is_left_alone(
    what: str, exporter: Exporter, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(owner, "call_id BETWEEN 1000 AND 1003")
    assert answered(exporter) == 12
    make, why = UNFIT[what]
    with restarted(exporter, **make(exporter, owner, monkeypatch)) as after, capture_logs() as logs:
        assert answered(after) == 8
        assert not after.refresher.warm
    (told,) = (line for line in logs if "saved state" in line["event"])
    assert told["event"] == "the saved state is ignored"
    assert why in told["why"]


def test_other_columns_are_counted_anew_and_counters_go_on(exporter: Exporter, owner: Owner) -> None:
    with restarted(exporter) as after, capture_logs() as logs:
        delete(owner, "call_id BETWEEN 1000 AND 1003")
        owner.execute("ALTER TABLE campaign_monitoring.calls DROP COLUMN sentiment")
        assert answered(after) == 12
        assert not after.refresher.warm
    assert [line["why"] for line in logs if "in part" in line["event"]] == [
        "since it was saved, columns are not the same any more"
    ]


def test_what_cannot_be_understood_is_left_alone(exporter: Exporter, database_url: str) -> None:
    saved = exporter.refresher.saved()
    assert saved is not None
    exporter.refresher.end()
    del saved["parts"]["probe"]
    with exporting(database_url) as after, capture_logs() as logs:
        after.refresher.resume({"signed": matching.signed(after.config), "written": 0.0, **saved})
        assert answered(after) == 12
        assert not after.refresher.warm
        assert after.corrections() == 0
    assert [line["why"] for line in logs if "ignored" in line["event"]] == [
        "it cannot be understood (KeyError: 'probe')"
    ]
