"""The campaign board by value: on a Prometheus that saw campaigns of every kind."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dashboards.boards.campaign import board as campaign
from dashboards.boards.campaign.dispatch import MOVES
from dashboards.settings import Links, Settings
from dashboards.vocabulary.board import every_panel
from dashboards.vocabulary.modern_json import Json
from exporter.contract.codes import (
    BLOCKERS,
    CAMPAIGN_STATUSES,
    SETTLED_OUTCOMES,
    TASK_STATUSES,
    blocker_group,
)
from exporter.diagnosis.dispatch.gates import GATES
from exporter.diagnosis.dispatch.verdict import NOTHING, VERDICTS
from tests.dashboards.asking import interpolated
from tests.support.prometheus import Prometheus, running, write_history

NOW = 1_795_000_000.0
LOOKS = (NOW - 600, NOW - 300, NOW)
REPLICAS = ("a:1", "b:1")
MADE = campaign.board(Settings()).made(Settings())
PANELS = {panel["id"]: panel for panel in every_panel(MADE["panels"])}

Asked = Callable[..., dict[str, float]]


class World:
    """What two replicas of the exporter showed at each look."""

    def __init__(self) -> None:
        self._lines: dict[str, list[list[str]]] = {}

    def __call__(self, metric: str, *values: float, **labels: str) -> None:
        """A series: one value, or a value a look."""
        looks = self._lines.setdefault(metric, [[] for _ in LOOKS])
        for instance in REPLICAS:
            text = ",".join(f'{key}="{value}"' for key, value in {**labels, "instance": instance}.items())
            for look, value in zip(looks, values if len(values) > 1 else values * len(LOOKS), strict=True):
                look.append(f"{metric}{{{text}}} {float(value)}")

    def campaign(self, key: str, status: str, verdict: str = "dialing", binding: str = NOTHING, code: str = "") -> None:
        """A campaign of tenant 1, with what every campaign has."""
        own = {"tenant": "1", "campaign": key}
        self("campaign_info", 1, name=f"Campaign {key}", agent="a", timezone="UTC", currency="EUR", **own)
        for label, codes, chosen in (("status", CAMPAIGN_STATUSES, status), ("verdict", VERDICTS, verdict),
                                     ("gate", (*GATES, NOTHING), binding)):  # fmt: skip
            name = {"status": "campaign_status", "verdict": "campaign_dispatch_verdict"}.get(label)
            for each in codes:
                self(name or "campaign_dispatch_binding", each == chosen, **{label: each}, **own)
        self("campaign_dispatch_info", 1, verdict=verdict, gate=binding, code=code, **own)
        if verdict != "finished":
            said = {"hint": f"What to do about {key}.", "evidence": f"It is {verdict} by {binding}."}
            self("campaign_dispatch_hint_info", 1, verdict=verdict, **said, **own)
        for gate in GATES:
            self("campaign_dispatch_gate_open", gate not in (binding, "numbers"), gate=gate, **own)
        for count, code in enumerate(TASK_STATUSES):
            self("campaign_tasks", count, status=code, **own)

    def bodies(self) -> list[tuple[float, bytes]]:
        """What was scraped, and when."""
        return [
            (at, "".join(f"# TYPE {name} gauge\n" + "\n".join(looks[index]) + "\n"
                         for name, looks in self._lines.items()).encode())
            for index, at in enumerate(LOOKS)
        ]  # fmt: skip


def _busy(world: World) -> None:
    """A campaign that has everything."""
    own = {"tenant": "1", "campaign": "busy"}
    world.campaign("busy", "running", "throttled", "campaign")
    world("campaign_started_timestamp_seconds", NOW - 3600, **own)
    for outcome in SETTLED_OUTCOMES:
        world("campaign_calls_total", 0, 0, {"answered": 30, "busy": 70}.get(outcome, 0), outcome=outcome, **own)
    world("campaign_calls_in_progress", 3, **own)
    for component, spent in {"ai": 8, "telephony": 2}.items():
        world("campaign_call_cost_total", spent, component=component, currency="EUR", **own)
    world("campaign_budget", 40, currency="EUR", **own)
    world("campaign_goal_target", 10, goal="sold", **own)
    world("campaign_goal_achieved", 4, goal="sold", **own)
    for blocker, count in {"none": 5, "dnc": 2, "new_code": 1}.items():
        world("campaign_tasks_blocked", count, blocker=blocker, group=blocker_group(blocker), **own)
    for attempt, (calls, answered, cost) in {"1": (50, 10, 4.0), "2": (40, 0, 3.0), "10": (9, 5, 3.0)}.items():
        world("campaign_attempt_calls_total", calls - answered, attempt=attempt, outcome="busy", **own)
        if answered:
            world("campaign_attempt_calls_total", answered, attempt=attempt, outcome="answered", **own)
        world("campaign_attempt_cost_total", cost, attempt=attempt, currency="EUR", **own)
    for variant, (calls, answers, goals) in {"A": (60, 30, 3), "B": (40, 10, 2)}.items():
        arm = {"variant": variant, **own}
        world("campaign_variant_calls_total", calls, **arm)
        world("campaign_variant_answers_total", answers, **arm)
        world("campaign_variant_goals_total", goals, **arm)
        world("campaign_variant_best_probability", 0.97 if variant == "A" else 0.03, measure="answers", **arm)
    world("campaign_variant_sample_ratio_p_value", 0.2, **own)
    world("campaign_dispatch_slots_limit", 3, scope="campaign", **own)
    world("campaign_dispatch_slots_used", 3, scope="campaign", **own)
    world("campaign_dispatch_slots_used", 7, scope="tenant", **own)
    _numbers(world, own)


def _numbers(world: World, own: dict[str, str]) -> None:
    """`fell` answers far less than it did, `fine` as ever, `flagged` is called no more, and `other` is not ours."""
    for number, status in {"fell": "active", "fine": "active", "flagged": "flagged", "other": "active"}.items():
        its = {"tenant": "1", "number": number}
        world("campaign_number_info", 1, phone=f"+49{number}", label="", country="DE", connection="1", **its)
        for code in ("active", "resting", "flagged", "released"):
            world("campaign_number_status", code == status, status=code, **its)
        world("campaign_number_calls_today", 60, **its)
        if number != "other":
            world("campaign_number_weight", 1, number=number, **own)
    world("campaign_number_daily_cap", 80, tenant="1", number="fell")
    for number, answered in {"fell": (0, 60, 65), "fine": (0, 30, 60)}.items():
        world("campaign_number_calls_total", *answered, number=number, outcome="answered", **own)
        world("campaign_number_calls_total", 0, 30, 100, number=number, outcome="busy", **own)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Campaigns of every kind."""
    world = World()
    _busy(world)
    for status in CAMPAIGN_STATUSES:
        world.campaign(status, status, "waiting", "lifecycle")
    world("campaign_pause_info", 1, tenant="1", campaign="paused", reason="Script {under} $review")
    world("campaign_paused_timestamp_seconds", NOW - 60, tenant="1", campaign="paused")
    world.campaign("silent", "paused", "waiting", "lifecycle")
    world("campaign_pause_info", 1, tenant="1", campaign="silent", reason="")
    world.campaign("lost", "unheard of")
    world.campaign("over", "completed", "finished")
    world.campaign("bare", "running")
    world("campaign_calls_total", 0, tenant="1", campaign="bare", outcome="answered")
    world.campaign("fell", "running", "stalled")
    for outcome, calls in {"answered": (50, 50, 60), "busy": (50, 50, 140)}.items():
        world("campaign_calls_total", *calls, tenant="1", campaign="fell", outcome=outcome)
    for what in ("clears", "since"):
        world(f"campaign_dispatch_{what}_timestamp_seconds", NOW - 120, tenant="1", campaign="fell")
        world(f"campaign_dispatch_{what}_timestamp_seconds", NOW - 10, tenant="1", campaign="paused")
    world.campaign("paged", "running")
    page = {"alertname": "CampaignAnswerRateLow", "severity": "critical", "tenant": "1", "campaign": "paged"}
    world("ALERTS", 1, alertstate="firing", **page)
    world("ALERTS_FOR_STATE", NOW - 120, **page)
    for other in ({"severity": "warning", "alertstate": "firing"}, {"severity": "critical", "alertstate": "pending"}):
        world("ALERTS", 1, alertname="CampaignSlotsLeaked", tenant="1", campaign="bare", **other)
    world("ALERTS", 1, alertname="CampaignFailureBurst", alertstate="firing", severity="critical", tenant="1",
          campaign="fell")  # fmt: skip
    world.campaign("planned", "scheduled", "waiting", "lifecycle", code="not_started")
    world.campaign("uneven", "running")
    for variant in ("A", "B"):
        arm = {"tenant": "1", "campaign": "uneven", "variant": variant}
        world("campaign_variant_calls_total", 500, **arm)
        world("campaign_variant_best_probability", 0.99 if variant == "A" else 0.01, measure="answers", **arm)
    world("campaign_variant_sample_ratio_p_value", 0.0001, tenant="1", campaign="uneven")
    world.campaign("young", "running")
    world("campaign_variant_calls_total", 5, tenant="1", campaign="young", variant="A")
    directory = tmp_path_factory.mktemp("campaign")
    write_history(directory, world.bodies())
    with running(directory) as server:
        yield server


@pytest.fixture
def ask(prometheus: Prometheus) -> Asked:
    """What a target of a panel answers, by a label."""

    def asked(panel: int, title: str = "", by: str = "", key: str = "busy", at: float = NOW) -> dict[str, float]:
        expression = interpolated(_expression(PANELS[panel], title), {"campaign": key}, "10m", "10m")
        answer = prometheus.query(expression, at)
        found = {dict(labels).get(by, ""): value for labels, value in answer.items()}
        assert len(found) == len(answer), answer
        return found

    return asked


def _expression(panel: Json, title: str) -> str:
    """That of a table's column, of a legend, of a letter, or the only one."""
    targets: list[Json] = panel["targets"]
    fields = {f"Value #{each['refId']}": each for each in targets}
    for step in panel.get("transformations", ()):
        for field, name in step["options"].get("renameByName", {}).items():
            if name == title and field in fields:
                return str(fields[field]["expr"])
    return next(str(each["expr"]) for each in targets if title in ("", each["refId"], each["legendFormat"]))


@pytest.mark.parametrize(
    ("key", "said", "since"),
    [
        ("paused", "Paused: {{reason}}", (NOW - 60) * 1000),
        ("silent", "Paused, no reason given", 0),
        ("busy", "Running, started", (NOW - 3600) * 1000),
        ("running", "Running, started", 0),
        ("scheduled", "Scheduled to start", 0),
        ("completed", "Completed", 0),
        ("cancelled", "Cancelled", 0),
        ("lost", "In a state that is not known", 0),
    ],
)
def test_one_thing_is_said_of_the_state(ask: Asked, key: str, said: str, since: float) -> None:
    found = {each["legendFormat"]: ask(1, each["refId"], key=key) for each in PANELS[1]["targets"]}
    assert {text: list(value.values()) for text, value in found.items() if value} == {said: [since]}


def test_key_figures_count_replicas_once(ask: Asked) -> None:
    assert ask(101) == {"": pytest.approx((2 + 3 + 4) / 10)}
    assert {title: ask(105, title) for title in ("in progress", "failed")} == {
        "in progress": {"": 1},
        "failed": {"": 3},
    }
    assert ask(106) == {"": pytest.approx(0.3)}
    assert ask(108, by="currency") == {"EUR": 10}
    assert ask(110, "A") == {"": pytest.approx(0.25)}
    assert ask(110, "B", by="goal") == {"sold": pytest.approx(0.4)}


@pytest.mark.parametrize(("panel", "why"), [(106, "Not enough data"), (110, "No budget or goal known")])
def test_what_a_campaign_does_not_have_is_said_in_words(ask: Asked, panel: int, why: str) -> None:
    assert all(ask(panel, each["refId"], key="bare") == {} for each in PANELS[panel]["targets"])
    assert PANELS[panel]["fieldConfig"]["defaults"]["noValue"] == why


def test_an_answer_rate_is_held_against_the_life_before(ask: Asked) -> None:
    assert ask(106, "in this range", key="fell") == {"": pytest.approx(0.1)}
    assert ask(106, "change", key="fell") == {"": pytest.approx(0.1 / 0.5 - 1)}


def test_a_gate_clears_in_time_to_come(ask: Asked) -> None:
    assert ask(203, key="fell") == {"": (NOW - 120) * 1000}
    assert ask(204, key="fell") == {}, "of before a restart of Prometheus"
    assert ask(204, key="paused") == {"": (NOW - 10) * 1000}, "the next scrape tells"
    assert ask(204, key="bare") == {"": 0}, "nothing holds it"


def test_the_board_begins_with_the_cards_sentence_and_its_evidence(ask: Asked) -> None:
    assert list(ask(207, by="hint", key="busy")) == ["What to do about busy."]
    assert list(ask(207, by="evidence", key="busy")) == ["It is throttled by campaign."]
    assert list(ask(207, by="hint", key="over")) == ["Nothing: it is over."]
    first = sorted((panel["gridPos"]["y"], panel["gridPos"]["x"], panel["id"]) for panel in MADE["panels"])[:2]
    assert [number for _, _, number in first] == [201, 207]


def test_what_fires_for_the_campaign_leads_to_its_runbook(ask: Asked) -> None:
    assert list(ask(206, by="alertname", key="paged")) == ["CampaignAnswerRateLow"]
    assert ask(206, by="alertname", key="busy") == {}
    (link,) = _override(206, "Alert", "links")
    assert "/runbooks/${__data.fields.Alert:percentencode}?campaign=${campaign:percentencode}" in link["url"]


def test_the_binding_gate_bears_the_verdict(ask: Asked) -> None:
    throttled, closed, is_open = VERDICTS.index("throttled") + 1, 8, 9
    assert ask(221, "A", by="verdict") == {"": throttled}
    assert ask(221, "B", by="gate") == dict.fromkeys(GATES, is_open) | {"campaign": throttled, "numbers": closed}
    assert ask(221, "B", by="gate", key="bare")["numbers"] == closed


def test_pending_tasks_have_a_first_move_by_group(ask: Asked) -> None:
    assert ask(222, by="blocker") == {"none": 5, "dnc": 2, "new_code": 1}
    moves = {move for mapping in _override(222, "First move", "mappings") for move in mapping["options"]}
    assert set(ask(222, by="move")) <= moves
    assert moves == set(MOVES) == {each.group for each in BLOCKERS.values()} | {"unknown", "ready"}


def _override(panel: int, name: str, identity: str) -> Any:
    found = [each for each in PANELS[panel]["fieldConfig"]["overrides"] if each["matcher"]["options"] == name]
    return next(prop["value"] for each in found for prop in each["properties"] if prop["id"] == identity)


def test_limits_keep_their_columns(ask: Asked) -> None:
    assert set(ask(232, "A", by="scope")) == {"campaign", "tenant"}
    assert ask(232, "Limit", by="scope") == {"campaign": 3}
    leaked = ask(232, "Leaked", by="scope")
    assert len(leaked) == 1
    assert all(math.isnan(value) for value in leaked.values())


def test_retries_say_what_each_attempt_added(ask: Asked) -> None:
    assert ask(501, "Calls", by="attempt") == {"1": 50, "2": 40, "10": 9}
    assert ask(501, "Answers", by="attempt") == {"1": 10, "2": 0, "10": 5}
    assert ask(501, "Answer rate", by="attempt") == {"1": pytest.approx(0.2), "2": 0}
    assert ask(501, "Share of answers", by="attempt")["10"] == pytest.approx(1 / 3)
    assert ask(501, "Per answer", by="attempt") == {"1": pytest.approx(0.4), "10": pytest.approx(0.6)}


def test_arms_are_rated_from_a_sample_on(ask: Asked) -> None:
    assert ask(601, "Answer rate", by="variant") == {"A": pytest.approx(0.5), "B": pytest.approx(0.25)}
    assert ask(601, "Goal rate", by="variant") == {"A": pytest.approx(0.1)}
    assert ask(602, by="variant") == {"A": pytest.approx(0.97)}
    assert ask(603, by="variant") == {}


def test_where_contacts_are_split_unevenly_nobody_wins(ask: Asked) -> None:
    assert ask(602, by="variant", key="uneven") == {}
    assert ask(604, key="uneven") == {"": pytest.approx(0.0001)}
    assert ask(604, key="young") == {"": -1}
    assert ask(604, key="bare") == {}


def test_the_worst_number_comes_first(ask: Asked) -> None:
    assert set(ask(801, "A", by="number")) == {"fell", "fine", "flagged"}
    order = ask(801, "Order", by="number")
    assert sorted(order, key=lambda each: order[each])[0] == "flagged"
    assert ask(801, "Of its cap", by="number") == {"fell": pytest.approx(0.75)}
    assert ask(801, "Calls today", by="number") == dict.fromkeys(("fell", "fine", "flagged"), 60)


def test_a_campaign_that_is_not_there_has_no_figure(ask: Asked) -> None:
    for number, panel in PANELS.items():
        for target in panel.get("targets", ()):
            if "expr" in target:
                assert ask(number, target["refId"], by="any", key="nobody") == {}, (number, target["refId"])


def test_the_platforms_pages_are_linked_where_they_are_told() -> None:
    links = Links(campaign="https://p/c/{campaign}", contact="https://p/{contact}?a=1")
    told = Settings(links=links)
    text = str(campaign.board(told).made(told))
    assert "https://p/c/${campaign:percentencode}" in text
    assert "https://p/${__data.fields.contact:percentencode}?a=1" in text
    assert [link["title"] for link in MADE["links"]] == [
        "Campaigns overview",
        "Number pool",
        "Exporter health",
        "Cost",
        "Hints and evidence",
    ]


@pytest.mark.parametrize("address", ["", "https://example.com/dialler"])
def test_an_address_that_is_set_needs_no_variable(address: str) -> None:
    made = campaign.board(fixed := Settings(links=Links(exporter=address))).made(fixed)
    assert "exporter" not in [each["name"] for each in made["templating"]["list"]]
    (variable,) = [each for each in MADE["templating"]["list"] if each["name"] == "exporter"]
    assert variable["hide"] == 2


def test_without_an_address_of_the_exporter_nothing_leads_there() -> None:
    quiet = Settings(links=Links(exporter=""))
    assert not re.search(r"'url': '/?campaigns/", str(campaign.board(quiet).made(quiet)))
    assert "](" not in str(campaign.board(quiet).made(quiet))
