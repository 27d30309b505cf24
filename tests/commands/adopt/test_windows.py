"""Call windows are drafted from columns of hours, and where they may be elsewhere it is said so."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.commands.adopt.draft import draft
from tests.commands.adopt.conftest import ROLE, configured
from tests.commands.adopt.test_draft import CAMPAIGN, SMALL, drafted
from tests.support.contract import session

DAYS = (
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"),
)
HOURS = "CREATE TABLE {} (id int PRIMARY KEY {}, {}, stop time DEFAULT '17:30', hora_desde time DEFAULT '09:00')"


@pytest.mark.parametrize(("days", "beside"), [(DAYS[0], False), (DAYS[1], True)])
def test_a_column_for_each_day_of_the_week_makes_call_windows(
    database_url: str, days: tuple[str, ...], beside: bool
) -> None:
    columns = ", ".join(f"{day} boolean DEFAULT {day not in days[5:]}" for day in days)
    with session(database_url) as connection:
        if beside:
            connection.execute(SMALL)
            connection.execute(HOURS.format("hours", ", campaign_id int REFERENCES campaign", columns).encode())
            connection.execute("INSERT INTO hours (id, campaign_id) VALUES (1, 1)")
        else:
            connection.execute(HOURS.format("campaign", ", name text, status text", columns).encode())
            connection.execute("INSERT INTO campaign (id, name, status) VALUES (1, 'Spring', 'live')")
        connection.execute(draft(configured(database_url), ROLE).encode())
        found = connection.execute("SELECT call_windows FROM campaign_monitoring.campaigns").fetchall()
    assert found == [([{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00:00", "end": "17:30:00"}],)]


@pytest.mark.parametrize(
    ("columns", "days"),
    [
        ("calling_hours_start time, calling_hours_end time", "on which days? No column says it."),
        ("first_call_time time, last_call_time time, calling_days text", "does calling_days say on which days?"),
    ],
)
def test_hours_without_days_are_those_of_every_day_and_asked_about(database_url: str, columns: str, days: str) -> None:
    rows = "INSERT INTO campaign VALUES (1, 'a', 'x', '09:00', '17:30'), (2, 'b', 'x', '09:00', NULL)"
    with session(database_url) as connection:
        connection.execute((CAMPAIGN.format(f", {columns}") + rows).encode())
        text = draft(configured(database_url), ROLE)
        connection.execute(text.encode())
        query = "SELECT call_windows FROM campaign_monitoring.campaigns ORDER BY campaign_id"
        found = [row[0] for row in connection.execute(query)]
    every: list[Any] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert found == [[{"days": every, "start": "09:00:00", "end": "17:30:00"}], None]
    assert f"TODO: {days} Taken for every day." in text


@pytest.mark.parametrize(
    ("columns", "beside", "named"),
    [
        (", hours_of_operation jsonb", "", "hours_of_operation"),
        ("", "CREATE TABLE campaign_hours (campaign_id bigint REFERENCES campaign, day int, open_at text);",
         "public.campaign_hours"),
        (", retry_schedule jsonb, retry_at time", "", None),
    ],
)  # fmt: skip
def test_where_windows_may_be_elsewhere_it_is_named(
    database_url: str, columns: str, beside: str, named: str | None
) -> None:
    text = drafted(database_url, CAMPAIGN.format(columns) + beside)
    assert (f"TODO: its call windows may be in {named}: without call_windows" in text) == (named is not None)
    assert "call windows (taken as always open)" in text
