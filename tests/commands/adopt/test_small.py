"""Trunks that are off, numbers that lack, codes before words, and what a table of calls says beside them."""

from __future__ import annotations

import pytest

from tests.commands.adopt.test_draft import CALL, CAMPAIGN, CONTACT, drafted

TRUNK = "CREATE TABLE trunk (id int PRIMARY KEY, name text, max_channels int{});"


@pytest.mark.parametrize(
    ("column", "condition"),
    [("is_enabled boolean NOT NULL", "k.is_enabled"), ("disabled boolean", "coalesce(NOT k.disabled, true)")],
)
def test_trunks_that_are_switched_off_are_left_out(database_url: str, column: str, condition: str) -> None:
    text = drafted(database_url, CAMPAIGN.format("") + TRUNK.format(f", {column}"))
    assert f"Not those that are switched off. WHERE {condition};" in text


def test_connections_without_numbers_say_that_they_are_idle(database_url: str) -> None:
    idle = "It is idle until there is a view of numbers"
    assert idle in drafted(database_url, CAMPAIGN.format("") + TRUNK.format(""))
    number = "CREATE TABLE phone_number (id int PRIMARY KEY, phone_number text, status text)"
    assert idle not in drafted(database_url, number)


@pytest.mark.parametrize("code", ["hangup_cause_code int", "hangup_provider_code int", "sip_status int"])
def test_the_code_of_an_error_goes_before_its_words(database_url: str, code: str) -> None:
    columns = f", error_message text, hangup_reason text, {code}, status text"
    text = drafted(database_url, CAMPAIGN.format("") + CONTACT.format("") + CALL.format(columns))
    assert f"a.{code.split()[0]} AS error_code" in text


def test_records_of_calls_and_their_agents_are_asked_about(database_url: str) -> None:
    cdrs = "CREATE TABLE cdrs (id int PRIMARY KEY, campaign_id bigint REFERENCES campaign, agent_id text, started_at"
    text = drafted(database_url, CAMPAIGN.format("") + f"{cdrs} timestamptz, status text)")
    assert "TODO: is a row of public.cdrs written only when the call is over?" in text
    assert "TODO: does agent_id say which person took a call?" in text


def test_an_agent_that_campaigns_have_too_is_no_person(database_url: str) -> None:
    text = drafted(database_url, CAMPAIGN.format(", agent_id int") + CONTACT.format("") + CALL.format(", agent_id int"))
    assert "which person took a call" not in text
    assert "written only when the call is over" not in text
