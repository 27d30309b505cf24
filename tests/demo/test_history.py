"""The history that the demo begins with; `make prove` looks at the whole of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.demo.conftest import DAYS, ORIGIN, assert_consistent, value
from tests.support.effort import PROVING

pytestmark = pytest.mark.xdist_group("history")  # written once for all of them
Connection = psycopg.Connection[Any]


def test_history_lies_between_its_first_day_and_the_start(owner: Connection) -> None:
    first = value(owner, "SELECT min(started_at) FROM campaign_monitoring.calls")
    last = value(owner, "SELECT max(started_at) FROM campaign_monitoring.calls")
    changed = value(owner, "SELECT max(updated_at) FROM campaign_monitoring.calls")
    assert ORIGIN - timedelta(days=DAYS) <= first < ORIGIN - timedelta(days=DAYS - 0.2)
    assert ORIGIN - timedelta(minutes=5) < last <= ORIGIN
    assert changed <= ORIGIN


@pytest.mark.skipif(not PROVING, reason="needs the whole history: make prove")
def test_history_has_every_situation_of_the_demo(owner: Connection) -> None:
    query = """
        SELECT c.name, c.status, (SELECT mode() WITHIN GROUP (ORDER BY t.blocker) FROM campaign_monitoring.tasks AS t
                                  WHERE t.campaign_id = c.campaign_id AND t.status = 'pending')
        FROM campaign_monitoring.campaigns AS c"""
    found = {name: (status, blocker) for name, status, blocker in owner.execute(query)}
    assert found["Holiday greetings (draft)"] == ("draft", None)
    assert found["Early bird tariff"] == ("scheduled", "not_started")
    assert found["Outage notices, round the clock"][0] == "running"
    assert found["Sydney desk: supply contracts"] == ("running", "outside_call_window")
    assert found["Customer satisfaction survey"] == ("running", "budget_exhausted")
    assert found["Motor cross-sell"] == ("running", "audience_not_ready")
    assert found["Pilot: five contacts"][0] == "running"
    assert found["Winter win-back"] == ("paused", "campaign_paused")
    assert found["Autumn onboarding calls"] == ("completed", None)
    assert found["Old tariff notice"] == ("cancelled", None)
    assert 20_000 < value(owner, "SELECT count(*) FROM campaign_monitoring.tasks") < 45_000
    assert 50_000 < value(owner, "SELECT count(*) FROM campaign_monitoring.calls") < 90_000


def test_history_is_consistent(owner: Connection) -> None:
    assert_consistent(owner)
