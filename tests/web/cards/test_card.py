"""The card and the list as data: their documented shape, what they say of numbers, order, and whom they never name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from exporter.contract.codes import BLOCKERS
from exporter.diagnosis.dispatch.gates import GATES
from exporter.diagnosis.dispatch.situation import Lately, Line
from exporter.diagnosis.dispatch.verdict import VERDICTS, diagnose
from exporter.diagnosis.view import Shown
from exporter.source.entities import PoolEntry
from exporter.source.platform import Platform
from exporter.web.cards.card import card
from exporter.web.cards.dispatch import MEANINGS, QUESTIONS, described, waterfall
from exporter.web.cards.pool import numbers
from exporter.web.cards.summary import ALL, SORTS, Wanted, listing, summary
from exporter.web.cards.values import Freshness, Json, iso, rate
from scripts.generate_docs import ROOT
from tests.diagnosis.dispatch import situations as at
from tests.support import contract, rich
from tests.support.cards import shown_of, view_of
from tests.support.exporting import NOW, exporting

PAGE = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
MAPS = {"counts", "experiment.answers.best_probability", "experiment.goals.best_probability"}
"""Objects whose keys are data."""


@pytest.fixture
def shown(database_url: str) -> Iterator[Shown]:
    with contract.session(database_url) as connection:
        rich.create(connection)
        rich.change(connection, "calls", answered_at=NOW, agent_spoke_at=NOW)
    with exporting(database_url) as exporter:
        exporter.refresh()
        assert exporter.snapshot is not None
        yield exporter.snapshot.shown


# -- the shape ------------------------------------------------------------------------------------------------


def documented(heading: str) -> list[str]:
    """The keys in the table under a heading of the page, in order."""
    text = PAGE.split(f"\n### {heading}\n")[1].split("\n### ")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    return [key for cell in cells for key in re.findall(r"`([^`]+)`", cell)]


def keys(value: Json, before: str = "") -> list[str]:
    """The keys of an object and all within it, in order; of a list those of its first item."""
    found = []
    for name, item in value.items():
        path = before + name
        found.append(path)
        if isinstance(item, list) and item and isinstance(item[0], dict):
            found += keys(item[0], f"{path}[].")
        elif isinstance(item, dict) and path not in MAPS:
            found += keys(item, f"{path}.")
    return found


def full_card(shown: Shown) -> Json:
    return card(shown, "1", links=[("Grafana", "https://grafana.example/")])


def test_every_key_of_the_card_is_documented_and_the_other_way_round(shown: Shown) -> None:
    assert sorted(set(keys(full_card(shown))) - set(documented("The card")) - CONTAINERS) == []
    assert sorted(set(documented("The card")) - set(keys(full_card(shown)))) == []


def test_every_key_of_the_list_is_documented_and_the_other_way_round(shown: Shown) -> None:
    data = listing(shown, summary(shown))
    assert sorted(set(keys(data)) - set(documented("The list")) - CONTAINERS) == []
    assert sorted(set(documented("The list")) - set(keys(data))) == []


CONTAINERS = {
    "campaign", "campaign.tenant", "campaign.window", "verdict", "kpis", "kpis.tasks", "kpis.list", "kpis.talk",
    "kpis.lately", "kpis.cost", "waterfall", "holders", "holders.leaked", "recent_errors", "numbers[].lately",
    "experiment.split", "experiment.answers", "experiment.goals", "outlook", "outlook.completion",
    "campaigns[].tenant",
}  # fmt: skip
"""Objects that are always there: their keys say all."""


def test_the_keys_keep_the_documented_order(shown: Shown) -> None:
    order = [key for key in documented("The card") if key in set(keys(full_card(shown)))]
    top = list(dict.fromkeys(re.split(r"[.\[]", key)[0] for key in order))
    assert top == list(full_card(shown))


def test_all_cards_have_the_same_keys_in_the_same_order(shown: Shown) -> None:
    kinds = {tuple(card(shown, key)) for key in shown.views}
    assert len(kinds) == 1


def test_a_card_is_json_without_loss(shown: Shown) -> None:
    for key in shown.views:
        data = card(shown, key)
        assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_the_page_lists_the_verdicts_in_the_order_of_the_list() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [a-z]", PAGE.split("## Use them")[1].split("The list is")[0], re.MULTILINE)
    assert rows == list(MEANINGS)
    assert sorted(rows) == sorted(VERDICTS)


def test_every_gate_has_its_question() -> None:
    assert list(QUESTIONS) == list(GATES)


@pytest.mark.parametrize("code", [*BLOCKERS, "pacing", "expired", "quota_hold_v2", "other", "unknown"])
def test_every_code_has_a_group_a_meaning_and_a_first_move(code: str) -> None:
    said = described(code)
    assert list(said) == ["code", "group", "meaning", "first_move"]
    assert all(said.values())


# -- what a card says -----------------------------------------------------------------------------------------


def test_a_card_says_what_was_inserted(shown: Shown) -> None:
    data = full_card(shown)
    assert data["version"] == 1
    assert data["at"] == "2026-03-04T12:00:00Z"
    assert data["campaign"]["local_time"] == "2026-03-04T13:00:00+01:00"
    assert data["campaign"]["tenant"] == {"id": "1", "name": "Tenant"}
    assert data["kpis"]["tasks"] == {
        "total": 12, "pending": 5, "in_progress": 2, "completed": 4, "failed": 1, "cancelled": 0, "other": 0,
    }  # fmt: skip
    assert sum(data["kpis"]["list"].values()) == 12
    assert data["kpis"]["progress"] == pytest.approx(5 / 12, abs=1e-6)
    assert (data["kpis"]["answered"], data["kpis"]["calls"]) == (2, 6)
    assert data["kpis"]["talk"] == {"average_seconds": 10.0, "calls": 2}
    assert data["kpis"]["cost"]["total"] == 5.25
    assert data["kpis"]["budget"]["left"] == 94.75
    assert data["kpis"]["goals"] == [{"goal": "sale", "target": 10.0, "achieved": 4.0, "share": 0.4}]
    assert data["recent_errors"]["errors"][0] == {
        "provider": "acme", "error_code": "sip_503", "fault": "provider_error", "calls": 3,
    }  # fmt: skip
    assert data["dispositions"]["top"] == [{"disposition": "agreed", "tasks": 10, "share": 1.0}]
    assert data["audience"]["filename"] == "march.csv"
    assert data["attempts"][0]["calls"] == 6
    assert [arm["agent"] for arm in data["experiment"]["arms"]] == ["ava-A", "ava-B"]


def test_the_steps_of_the_waterfall_sum_to_what_is_pending(shown: Shown) -> None:
    for key in shown.views:
        steps = card(shown, key)["waterfall"]
        assert sum(step["tasks"] for step in steps["steps"]) + steps["dialable"] == steps["pending"]
        assert steps["pending"] == card(shown, key)["kpis"]["tasks"]["pending"]
        assert all(0 <= step["stamped"] <= step["tasks"] for step in steps["steps"])
        if steps["steps"]:
            assert steps["steps"][-1]["left"] == steps["dialable"]


@pytest.mark.parametrize(
    ("in_progress", "says"),
    [(3, "The campaign's own limit of calls at once is reached."), (1, "The limit is not reached, but has no room")],
    ids=["full", "room for two"],
)
def test_a_limit_is_said_to_be_reached_only_where_it_is(in_progress: int, says: str) -> None:
    limited = at.campaign(concurrency_limit=3)
    s = at.situation(
        campaign=limited, calls=at.calls(20, in_progress=in_progress), tasks=at.tasks(in_progress=in_progress)
    )
    step = waterfall(s, diagnose(s))["steps"][-1]
    assert step["code"] == "campaign_concurrency"
    assert step["meaning"].startswith(says)


def test_a_number_cap_that_leaves_too_little_is_waited_for_until_midnight() -> None:
    s = at.situation(pool=(at.line("n1", today=9, daily_cap=10), at.line("n2", today=8, daily_cap=10)))
    step = waterfall(s, diagnose(s))["steps"][-1]
    assert (step["code"], step["tasks"]) == ("number_daily_cap", 17)
    assert step["meaning"].startswith("The limit is not reached")
    assert "midnight" in step["first_move"]


def test_who_holds_the_slots_is_named(shown: Shown) -> None:
    held = card(shown, "1")["holders"]
    assert [(other["name"], other["goes_first"], other["calling"]) for other in held["campaigns"]] == [
        ("Solar", True, 1)
    ]
    assert held["leaked"]["calls"] == 1
    assert held["leaked"]["oldest_since"] == "2026-03-04T10:00:00Z"
    assert card(shown, "2")["holders"]["campaigns"][0]["goes_first"] is False


def test_pause_time_and_reason_are_told_only_while_paused(shown: Shown) -> None:
    paused, running = card(shown, "3")["campaign"], card(shown, "1")["campaign"]
    assert paused["paused_at"] == "2026-03-03T12:00:00Z"
    assert "complained" in paused["pause_reason"]
    assert running["paused_at"] is running["pause_reason"] is None
    assert paused["paused_by_itself"] is running["paused_by_itself"] is False


def test_age_staleness_and_notes_are_carried(shown: Shown) -> None:
    data = card(shown, "1", Freshness(754.321, True, ("The last refresh failed.",)))
    assert (data["age_seconds"], data["stale"], data["notes"]) == (754.3, True, ["The last refresh failed."])


def test_phones_of_numbers_are_masked_on_request(shown: Shown) -> None:
    assert {number["phone"] for number in card(shown, "1")["numbers"]} == {"+4930", "+4930200", "+4930300", None}
    masked = card(shown, "1", mask=True)["numbers"]
    assert {number["phone"] for number in masked} == {"+**30", "+*****00", None}


def test_nobody_is_named_by_any_card_or_list(shown: Shown) -> None:
    everything = json.dumps([[card(shown, key) for key in shown.views], summary(shown)], ensure_ascii=False)
    for secret in (rich.PERSON, "Mustermann", rich.PHONE, "12345678", "151 1234", rich.MAIL, "erika"):
        assert secret not in everything


def test_an_unknown_campaign_is_a_key_error(shown: Shown) -> None:
    with pytest.raises(KeyError):
        card(shown, "nix")


# -- the numbers ----------------------------------------------------------------------------------------------


def pool(*lines: Line, weights: dict[str, float | None] | None = None, **parts: Any) -> list[Json]:
    """The numbers of a card, of a pool of these lines."""
    s = at.situation(pool=tuple(each for each in lines if (weights or {}).get(each.number.number_id) != 0), **parts)
    names = [line.number.number_id for line in lines]
    entries = tuple(PoolEntry("7", name, (weights or {}).get(name, 1.0)) for name in names)
    platform = Platform(pools={"7": entries}, numbers={line.number.number_id: line.number for line in lines})
    found = numbers(s, shown_of(s, platform), view_of(s), mask=False)
    assert found is not None
    return found


def unusual(found: list[Json]) -> dict[str, list[str]]:
    return {number["id"]: number["unusual"] for number in found}


def test_a_number_that_is_answered_far_less_comes_first_and_says_so() -> None:
    calls = {"n1": (100, 40), "n2": (100, 5), "n3": (100, 42)}
    found = pool(at.line("n1"), at.line("n2"), at.line("n3"), lately=Lately(300, 87, by_number=calls))
    assert found[0]["id"] == "n2"
    assert found[0]["unusual"] == [
        "answered in 5 % of 100 calls that got through in the last 15 min; the rest of the pool in 41 %",
    ]
    assert found[1]["unusual"] == found[2]["unusual"] == []


def test_a_second_bad_number_is_not_hidden_by_the_first() -> None:
    calls = {"n1": (200, 80), "n2": (200, 2), "n3": (200, 20)}
    found = pool(at.line("n1"), at.line("n2"), at.line("n3"), lately=Lately(600, 102, by_number=calls))
    assert [number["id"] for number in found if number["unusual"]] == ["n2", "n3"]


def test_small_samples_say_nothing() -> None:
    calls = {"n1": (20, 10), "n2": (20, 0)}
    assert unusual(pool(at.line("n1"), at.line("n2"), lately=Lately(40, 10, by_number=calls))) == {"n1": [], "n2": []}


def test_states_are_named_with_when_they_end() -> None:
    found = pool(
        at.line("spam", status="flagged"),
        at.line("gone", status="released"),
        at.line("capped", daily_cap=100, today=100),
        at.line("cooling", cooldown_until=at.NOW + 1800),
        at.line("pacing", cooldown_until=at.NOW + 5),
        at.line("resting", status="resting"),
        at.line("odd", status="other"),
        at.line("good"),
    )
    assert unusual(found) == {
        "gone": ["released, yet in the pool"],
        "odd": ["in a state that is not known"],
        "spam": ["flagged as spam"],
        "capped": ["at its daily cap of 100 until Thu 2026-03-05 00:00 UTC"],
        "cooling": ["resting until 12:30 UTC"],
        "resting": ["resting, nobody said until when"],
        "good": [],
        "pacing": [],
    }
    assert [number["id"] for number in found] == [
        "gone", "odd", "spam", "capped", "cooling", "resting", "good", "pacing",
    ]  # fmt: skip
    assert [number["id"] for number in found if number["usable"]] == ["good"]


def test_a_weight_far_from_the_others_is_named() -> None:
    weights: dict[str, float | None] = {"n1": 10, "n2": 10, "n3": 100, "n4": 0, "n5": None}
    found = pool(*(at.line(name) for name in weights), weights=weights)
    assert unusual(found) == {
        "n3": ["its weight 100 is far above the pool's middle, 10"],
        "n4": ["out of the pool: its weight is 0"],
        "n1": [], "n2": [], "n5": [],
    }  # fmt: skip


def test_a_number_that_is_never_picked_is_named() -> None:
    calls = {"n1": (30, 10), "n2": (30, 10)}
    found = pool(at.line("n1"), at.line("n2"), at.line("n3"), lately=Lately(60, 20, by_number=calls))
    assert found[0]["id"] == "n3"
    assert found[0]["unusual"] == ["no call in the last 15 min though it can be used; about 20 were to be expected"]


def test_a_number_of_the_pool_that_nobody_owns_is_named(shown: Shown) -> None:
    gone = next(number for number in full_card(shown)["numbers"] if number["id"] == "gone")
    assert gone["unusual"] == ["not among the tenant's numbers"]
    assert gone["usable"] is False


def test_a_pool_that_is_not_told_is_null_and_one_that_is_empty_is_empty() -> None:
    s = at.situation(pool=None)
    assert numbers(s, shown_of(s), view_of(s), mask=False) is None
    assert pool() == []


# -- the list -------------------------------------------------------------------------------------------------


def views() -> Shown:
    """Campaigns in all kinds of trouble, by name."""
    idle = at.silence(600.0)
    stuck = at.tasks(20, ready_for=900.0)
    made = {
        "dials": at.situation(),
        "dials much": at.situation(tasks=at.tasks(5000)),
        "spent": at.situation(campaign=at.campaign(budget=10.0), spent=12.0),
        "spent long ago": at.situation(campaign=at.campaign(budget=10.0), spent=12.0),
        "paused": at.situation(campaign=at.campaign(status="paused", paused_at=at.NOW - 60)),
        "unreadable": at.situation(schedule=None, calls=idle, tasks=stuck),
        "over": at.situation(campaign=at.campaign(status="completed", ended_at=at.NOW - 60)),
        "over long ago": at.situation(campaign=at.campaign(status="completed", ended_at=at.NOW - 6000)),
    }
    found = {}
    for name, s in made.items():
        s = replace(s, campaign=replace(s.campaign, campaign_id=name.replace(" ", "/"), name=name.upper()))
        view = view_of(s)
        if name == "spent long ago":
            view = replace(view, diagnosis=replace(view.diagnosis, since=None, seen_since=at.NOW - 600))
        found[s.campaign.campaign_id] = view
    stalled = at.situation(campaign=at.campaign(campaign_id="stalled", name="STALLED"), calls=idle, tasks=stuck)
    before = diagnose(replace(stalled, now=stalled.now - 300))
    found["stalled"] = replace(view_of(stalled), diagnosis=diagnose(stalled, before))
    return shown_of(at.situation(), None, **found)


def names(data: Json) -> list[str]:
    return [line["name"].lower() for line in data["campaigns"]]


def test_the_worst_comes_first_and_within_it_what_is_so_for_the_longest_or_has_more_queued() -> None:
    shown = views()
    assert names(listing(shown, summary(shown))) == [
        "stalled", "spent long ago", "spent", "unreadable", "paused", "dials much", "dials", "over", "over long ago",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(state="blocked"), ["spent long ago", "spent"]),
        (Wanted(state="paused"), ["paused"]),
        (Wanted(state="completed"), ["over", "over long ago"]),
        (Wanted(text="LONG"), ["spent long ago", "over long ago"]),
        (Wanted(text="over/"), ["over long ago"]),
        (Wanted(text="northwind", state="stalled"), ["stalled"]),
        (Wanted(tenant="1", text="much"), ["dials much"]),
        (Wanted(tenant="2"), []),
        (Wanted(state="nonsense"), []),
        (Wanted(state="paused", sort="nonsense"), ["paused"]),
        (Wanted(text="spent", sort="name"), ["spent", "spent long ago"]),
        (Wanted(state="dialing", sort="queued"), ["dials much", "dials"]),
        (Wanted(state="dialing", sort="progress"), ["dials much", "dials"]),
    ],
)
def test_the_list_is_cut_down_and_sorted(wanted: Wanted, found: list[str]) -> None:
    shown = views()
    data = listing(shown, summary(shown), wanted)
    assert names(data) == found
    assert (data["total"], data["matching"]) == (9, len(found))


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_shows_all(sort: str) -> None:
    shown = views()
    assert sorted(names(listing(shown, summary(shown), Wanted(sort=sort)))) == sorted(
        names(listing(shown, summary(shown), ALL))
    )


def test_verdicts_are_counted_without_the_wish_for_a_state() -> None:
    shown = views()
    counts = listing(shown, summary(shown), Wanted(state="paused", text="over"))["counts"]
    assert list(counts) == list(MEANINGS)
    assert counts["blocked"] == 0
    assert counts["finished"] == 2


def test_values_that_are_not_known_are_null() -> None:
    assert iso(None) is None
    assert rate(0, 0) is None
    assert iso(at.NOW + 0.9) == "2026-03-04T12:00:00Z"
