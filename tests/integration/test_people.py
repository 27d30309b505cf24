"""Campaigns whose calls people take: what is told of them, and that nothing is said of a voice agent's silence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from exporter.web.cards.card import card
from exporter.web.cards.values import Json
from exporter.web.rendering import render_card
from tests.support import contract, platforms
from tests.support.exporting import NOW, Exporter, exporting

PEOPLE, VOICE = "7", "8"
DAY_SHIFT = '[{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00", "end": "17:00"}]'


@pytest.fixture
def exporter(database_url: str) -> Iterator[Exporter]:
    """A campaign of people and one of a voice agent, with the same calls: silent in half of those that are answered."""
    with contract.session(database_url) as owner:
        contract.create(owner, "text")
        contract.insert(owner, "tenants", tenant_id="1", name="Tenant")
        for key in (PEOPLE, VOICE):
            platforms.campaign(owner, key)
            platforms.task(owner, f"{key}-0", key)
            for index in range(60):
                at = NOW - timedelta(minutes=10) + index * timedelta(seconds=9)
                outcome = "abandoned" if index < 15 else "answered"
                platforms.call(
                    owner, f"{key}:{index}", key, outcome=outcome, started_at=at, created_at=at, updated_at=at,
                    agent_spoke_at=at if index % 2 else None,
                )  # fmt: skip
        contract.insert(
            owner, "agents", campaign_id=PEOPLE, logged_in=6, free=2, on_call=3, paused=1, shifts=DAY_SHIFT,
            dial_ratio=1.5,
        )  # fmt: skip
        with exporting(database_url) as found:
            found.refresh()
            yield found


def series(exporter: Exporter, campaign: str, prefix: str) -> dict[str, float]:
    """Series of a campaign whose names begin so, with their own labels behind the name."""
    found = {}
    for (name, labels), value in exporter.refresh().samples.items():
        known = dict(labels)
        own = ",".join(f"{key}={text}" for key, text in known.items() if key not in ("tenant", "campaign"))
        if name.startswith(prefix) and known.get("campaign") == campaign:
            found[f"{name}{{{own}}}"] = value
    return found


def shown(exporter: Exporter, campaign: str) -> Json:
    """The campaign's card."""
    exporter.refresh()
    assert exporter.snapshot is not None
    return card(exporter.snapshot.shown, campaign)


def test_who_is_there_and_whether_somebody_should_be_is_exported(exporter: Exporter) -> None:
    assert series(exporter, PEOPLE, "campaign_agents") == {
        "campaign_agents_logged_in{}": 6,
        "campaign_agents{state=free}": 2,
        "campaign_agents{state=on_call}": 3,
        "campaign_agents{state=paused}": 1,
        "campaign_agents_dial_ratio{}": 1.5,
        "campaign_agents_expected{}": 1,
    }


def test_of_a_campaign_without_people_nothing_is_told_of_them(exporter: Exporter) -> None:
    assert series(exporter, VOICE, "campaign_agents") == {}
    assert shown(exporter, VOICE)["agents"] is None


def test_the_calls_that_people_can_take_are_a_limit(exporter: Exporter) -> None:
    assert series(exporter, PEOPLE, "campaign_dispatch_slots_limit")["campaign_dispatch_slots_limit{scope=agents}"] == 6
    assert series(exporter, PEOPLE, "campaign_dispatch_slots_available") == {"campaign_dispatch_slots_available{}": 3}


def test_abandoned_calls_are_an_outcome(exporter: Exporter) -> None:
    assert series(exporter, PEOPLE, "campaign_calls_total")["campaign_calls_total{outcome=abandoned}"] == 15


def test_nothing_is_said_of_a_voice_agents_silence_where_people_take_the_calls(exporter: Exporter) -> None:
    assert series(exporter, VOICE, "campaign_calls_silent_total") == {"campaign_calls_silent_total{}": 22}
    assert series(exporter, PEOPLE, "campaign_calls_silent_total") == {}
    assert shown(exporter, PEOPLE)["kpis"]["lately"]["silent"] is None
    said = " ".join(shown(exporter, PEOPLE)["verdict"]["hints"])
    assert "never spoke" not in said
    assert "nobody was free to talk" in said
    assert "never spoke" in " ".join(shown(exporter, VOICE)["verdict"]["hints"])


def test_people_who_come_and_go_are_seen_at_the_next_refresh(exporter: Exporter, database_url: str) -> None:
    with contract.session(database_url) as owner:
        owner.execute("UPDATE campaign_monitoring.agents SET logged_in = 0, free = 0, on_call = 0, paused = 0")
        exporter.seconds += 600
        assert series(exporter, PEOPLE, "campaign_dispatch_info") == {
            "campaign_dispatch_info{code=no_agent_available,gate=agents,verdict=blocked}": 1
        }
        owner.execute("UPDATE campaign_monitoring.agents SET logged_in = 5, free = 5")
    assert series(exporter, PEOPLE, "campaign_agents_logged_in") == {"campaign_agents_logged_in{}": 5}


def test_a_view_that_loses_the_row_of_who_went_home_makes_it_neither_a_voice_agents_nor_a_dead_dispatchers(
    database_url: str, exporter: Exporter
) -> None:
    exporter.refresh()
    with contract.session(database_url) as owner:
        owner.execute("DELETE FROM campaign_monitoring.agents")
    exporter.seconds += 2 * 3600
    exporter.refresh()
    exporter.seconds += 3600
    assert series(exporter, PEOPLE, "campaign_agents") == {}
    assert series(exporter, PEOPLE, "campaign_calls_silent_total") == {}
    found = {key: shown(exporter, key)["verdict"] for key in (PEOPLE, VOICE)}
    assert [each["name"] for each in found.values()] == ["unknown", "stalled"]
    assert found[PEOPLE]["hints"][0].startswith("Have the view of agents keep a row")
    assert shown(exporter, PEOPLE)["agents"]["not_readable"] == []
    page = render_card(shown(exporter, PEOPLE))
    assert "people took its calls, and no row of agents tells of any now" in page
    assert "Nobody is logged in" not in page


def test_the_platforms_own_word_that_nobody_is_free_holds_where_no_row_tells_of_people(
    database_url: str, exporter: Exporter
) -> None:
    with contract.session(database_url) as owner:
        owner.execute("DELETE FROM campaign_monitoring.agents")
        owner.execute("UPDATE campaign_monitoring.tasks SET blocker = 'no_agent_available', updated_at = %s", [NOW])
    exporter.seconds += 3600
    gates = {each["name"]: each for each in shown(exporter, PEOPLE)["gates"]}
    assert gates["agents"]["state"] == "closed"
    assert "Nobody is logged in" not in gates["agents"]["evidence"]
