"""Whose campaigns are is found by what they point to, and asked where it is doubtful."""

from __future__ import annotations

import pytest

from tests.commands.adopt.test_draft import drafted

LIMITS = ", name text, timezone text, concurrent_calls_limit int, credits numeric"
CAMPAIGN = "CREATE TABLE campaign (id int PRIMARY KEY, name text, status text, {});"


@pytest.mark.parametrize("owner", ["users", "teams", "projects", "customers", "practices"])
def test_what_each_campaign_points_to_and_has_limits_is_the_tenant(database_url: str, owner: str) -> None:
    text = drafted(
        database_url,
        f"CREATE TABLE {owner} (id int PRIMARY KEY{LIMITS});"
        + CAMPAIGN.format(f"made_by int NOT NULL REFERENCES {owner}, whose int NOT NULL REFERENCES {owner}"),
    )
    assert "c.whose AS tenant_id" in text
    assert "w.concurrent_calls_limit AS concurrency_limit, w.credits AS credits_remaining" in text
    assert "coalesce(owner.timezone, 'UTC') AS timezone" in text


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("CREATE TABLE users (id int PRIMARY KEY, name text, timezone text)", "user_id int NOT NULL REFERENCES users"),
        (f"CREATE TABLE users (id int PRIMARY KEY{LIMITS})", "created_by int NOT NULL REFERENCES users"),
        (f"CREATE TABLE users (id int PRIMARY KEY{LIMITS})", "owner_id int REFERENCES users"),
    ],
)
def test_who_may_be_the_tenant_or_a_person_is_asked(database_url: str, table: str, column: str) -> None:
    text = drafted(database_url, f"{table};" + CAMPAIGN.format(column))
    assert f"TODO: does {column.split()[0]} say whose it is? All is of one tenant here. 'default'::text" in text


@pytest.mark.parametrize("used", ["trunk", "agent", "calendar", "contact_list"])
def test_what_a_campaign_uses_is_no_tenant(database_url: str, used: str) -> None:
    text = drafted(
        database_url,
        f"CREATE TABLE {used} (id int PRIMARY KEY{LIMITS});"
        + CAMPAIGN.format(f"{used}_id int NOT NULL REFERENCES {used}"),
    )
    assert "'default'::text AS tenant_id" in text


def test_a_table_of_companies_that_no_campaign_points_to_is_not_the_tenant(database_url: str) -> None:
    text = drafted(
        database_url,
        f"CREATE TABLE users (id int PRIMARY KEY{LIMITS}); CREATE TABLE companies (id int PRIMARY KEY, name text);"
        + CAMPAIGN.format("user_id int NOT NULL REFERENCES users")
        + "CREATE TABLE contact (id int PRIMARY KEY, campaign_id int REFERENCES campaign, phone text, status text,"
        " company_id int REFERENCES companies)",
    )
    assert "c.user_id AS tenant_id" in text
