"""The number pool by value: on a Prometheus that saw numbers of every fate, of two tenants and two replicas."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import pytest

from dashboards.boards.numbers import board as numbers
from dashboards.boards.numbers.queries import VERDICTS
from dashboards.settings import Settings
from exporter.contract.codes import NUMBER_STATUSES
from tests.dashboards.asking import interpolated
from tests.dashboards.past import DAY, HOSTILE, HOUR, LOOKS, NOW, Past, Value, column, grown, named, panel
from tests.support.prometheus import Prometheus

BOARD = numbers.board(Settings()).made(Settings())
WORST, FALLS = panel(BOARD, 110), panel(BOARD, 130)
WORDS = {state.number: state.code for state in VERDICTS}


class Numbers(Past):
    """What platforms show of numbers."""

    def __init__(self, looks: Sequence[float] = LOOKS) -> None:
        super().__init__(looks=looks)
        self._sums: dict[tuple[str, str, str], list[Value]] = {}

    def number(
        self, number: str, status: str = "active", *, tenant: str = "a", today: float = 10, cap: float | None = 100,
        connection: str = "c.1",
    ) -> None:  # fmt: skip
        """A number."""
        own = {"tenant": tenant, "number": number}
        self("campaign_number_info", 1, phone="…11", label=HOSTILE, country="DE", connection=connection, **own)
        for code in NUMBER_STATUSES:
            self("campaign_number_status", code == status, status=code, **own)
        self("campaign_number_calls_today", today, **own)
        if cap is not None:
            self("campaign_number_daily_cap", cap, **own)

    def calls(
        self, number: str, calls: tuple[float, float], answered: tuple[float, float], *, campaign: str = "x",
        tenant: str = "a", since: float = LOOKS[0], failed: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        """Calls that got through and answers an hour: until six hours ago, and since; and those that failed."""
        own = {"tenant": tenant, "campaign": campaign, "number": number}
        unanswered = [every - some for every, some in zip(calls, answered, strict=True)]
        counts = {"answered": answered, "no_answer": tuple(unanswered), **({"failed": failed} if failed else {})}
        for outcome, (before, lately) in counts.items():
            count = grown(before, lately, since=since)
            self("campaign_number_calls_total", count, outcome=outcome, **own)
            self._sums.setdefault((tenant, campaign, outcome), []).append(count)
        self("campaign_number_weight", 2, **own)

    def campaigns(self) -> None:
        """What all numbers of a campaign come to."""
        for (tenant, campaign, outcome), counts in self._sums.items():
            labels = {"tenant": tenant, "campaign": campaign, "outcome": outcome}
            self("campaign_calls_total", _summed(counts), **labels)


def _summed(counts: Sequence[Value]) -> Value:
    return lambda at: sum(each(at) or 0 for each in counts)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Numbers named for what becomes of them."""
    world = Numbers()
    for tenant in ("a", "b"):
        world("campaign_tenant_info", 1, tenant=tenant, name=f"Tenant {tenant}", timezone="UTC")
        world("campaign_connection_info", 1, tenant=tenant, connection="c.1", provider=f"provider of {tenant}")
        world("campaign_connection_concurrency_limit", 20, tenant=tenant, connection="c.1")
        world("campaign_connection_calls_in_progress", 5, tenant=tenant, connection="c.1")
    for campaign in ("x", "y"):
        world("campaign_info", 1, tenant="a", campaign=campaign, name=f"Campaign {campaign}", agent="", timezone="UTC",
              currency="EUR")  # fmt: skip
    world.number("same", tenant="a")
    world.number("same", tenant="b", cap=None)
    world.calls("same", (20, 20), (6, 6), tenant="a")
    world.calls("same", (20, 20), (10, 10), tenant="b")
    world.number("fell")
    world.calls("fell", (20, 20), (6, 2), campaign="x")
    world.calls("fell", (20, 20), (6, 6), campaign="y")
    world.number("labelled")
    world.calls("labelled", (20, 20), (6, 1))
    world.number("unlucky")
    world.calls("unlucky", (20, 4), (2, 0.2))
    world.number("quiet")
    world.calls("quiet", (20, 2), (6, 0))
    world.number("young")
    world.calls("young", (20, 20), (4, 4), since=NOW - DAY)
    world.number("flagged", "flagged")
    world.calls("flagged", (20, 20), (6, 1))
    world.number("cut_off", connection="c.2")
    world.calls("cut_off", (20, 20), (6, 6), failed=(0, 200), campaign="y")
    world.number("blocked")
    world.calls("blocked", (20, 20), (6, 6), failed=(0, 20), campaign="y")
    world.number("capped", today=100)
    world.number("cooling")
    world("campaign_number_cooldown_timestamp_seconds", NOW + HOUR, tenant="a", number="cooling")
    world.number("paced")
    world("campaign_number_cooldown_timestamp_seconds", NOW + 20, tenant="a", number="paced")
    world.number("gone", "released")
    world.number("rested", "resting")
    world.calls("other", (20, 20), (6, 0), campaign="y")
    world.calls("unlisted", (400, 400), (120, 120), campaign="z")
    world.campaigns()
    with world.remembered(tmp_path_factory.mktemp("numbers")) as server:
        yield server


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Six hours in which all numbers of a tenant are answered half as often, and one hardly at all."""
    world = Numbers()
    for number, answered in (("first", 20), ("second", 25), ("third", 20), ("spam", 4)):
        world.number(number)
        world.calls(number, (200, 200), (50, answered))
    world.number("alone", tenant="b")
    world.calls("alone", (200, 200), (50, 20), tenant="b")
    world.campaigns()
    with world.remembered(tmp_path_factory.mktemp("night")) as server:
        yield server


MINUTES = [NOW - 60 * minute for minute in range(60, -1, -1)]


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """The connection c.2 began to fail ten minutes ago; of its two numbers one has made no call since."""
    world = Numbers(looks=MINUTES)
    for number, connection in (("sound", "c.1"), ("busy", "c.2"), ("idle", "c.2")):
        world.number(number, connection=connection)
    for number, failing in (("sound", 0), ("busy", 600)):
        lately = grown(0, failing, hours=1 / 6, since=MINUTES[0])
        calls = {"answered": grown(100, since=MINUTES[0]), "failed": lately}
        for outcome, count in calls.items():
            world("campaign_number_calls_total", count, tenant="a", campaign="x", number=number, outcome=outcome)
    world.campaigns()
    with world.remembered(tmp_path_factory.mktemp("outage")) as server:
        yield server


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """An hour of connections: one delivers, one hardly, one never; of another nothing is known."""
    world = Numbers(looks=MINUTES)
    ended = {"one": {"answered": 50, "abandoned": 10, "voicemail": 20, "busy": 5, "no_answer": 10, "failed": 5},
             "two": {"answered": 10, "failed": 90}, "three": {"failed": 100}, "silent": {"answered": 40}}  # fmt: skip
    for number, connection, talk in (
        ("one", "c.1", 4500), ("two", "c.2", 100), ("three", "c.4", None), ("silent", "c.1", None),
    ):  # fmt: skip
        world.number(number, connection=connection)
        own = {"tenant": "a", "campaign": "x", "number": number}
        for outcome, calls in ended[number].items():
            world("campaign_number_calls_total", grown(calls, since=MINUTES[0]), outcome=outcome, **own)
        if talk is not None:
            world("campaign_number_talk_seconds_total", grown(talk, since=MINUTES[0]), **own)
    for connection, more in (("c.1", 0.0), ("c.2", 0.1), ("c.3", 0.0), ("c.4", 0.0)):
        own = {"tenant": "a", "connection": connection}
        world("campaign_connection_info", 1, provider="p", **own)
        if connection != "c.3":
            world("campaign_connection_calls_in_progress", grown(more * HOUR, since=MINUTES[0]), **own)
    world("campaign_connection_calls_per_second_limit", 0.05, tenant="a", connection="c.1")
    world.campaigns()
    with world.remembered(tmp_path_factory.mktemp("routed")) as server:
        yield server


Ask = Callable[..., dict[str, float]]


@pytest.fixture
def ask(prometheus: Prometheus) -> Ask:
    """What a panel or a column of it shows, by row or by labels."""

    def asked(
        number: int,
        title: str = "",
        *by: str,
        tenant: str = ".*",
        chosen: str = ".*",
        span: str = "6h",
        at: float = NOW,
    ) -> dict[str, float]:
        expression = interpolated(column(panel(BOARD, number), title), {"tenant": tenant, "number": chosen}, span)
        return named(prometheus.query(expression, at), *by)

    return asked


def test_each_number_has_one_finding(ask: Ask) -> None:
    found = {row: WORDS[int(value)] for row, value in ask(110, "Finding").items()}
    assert found == {
        "a/same": "fine", "b/same": "fine", "a/fell": "fine", "a/labelled": "fell", "a/unlucky": "fine",
        "a/quiet": "few", "a/young": "fine", "a/flagged": "flagged", "a/capped": "capped", "a/cooling": "resting",
        "a/paced": "few", "a/gone": "released", "a/rested": "resting", "a/cut_off": "failing",
        "a/blocked": "failing",
    }  # fmt: skip


def test_where_all_numbers_fall_together_it_is_not_the_numbers(night: Prometheus) -> None:
    expression = interpolated(column(WORST, "Finding"), {"tenant": ".*", "number": ".*"}, "6h")
    found = {row: WORDS[int(value)] for row, value in named(night.query(expression, NOW)).items()}
    assert found == {
        "a/first": "fine", "a/second": "fine", "a/third": "fine", "a/spam": "fell", "b/alone": "fell",
    }  # fmt: skip
    one = interpolated(column(WORST, "Finding"), {"tenant": ".*", "number": "first"}, "6h")
    assert [WORDS[int(value)] for value in night.query(one, NOW).values()] == ["fine"], "the others are not chosen"


def test_where_a_connection_fails_its_numbers_say_so_and_no_other(outage: Prometheus) -> None:
    expression = interpolated(column(WORST, "Finding"), {"tenant": ".*", "number": ".*"}, "24h")
    found = {row: WORDS[int(value)] for row, value in named(outage.query(expression, NOW)).items()}
    assert found == {"a/sound": "fine", "a/busy": "cut_off", "a/idle": "cut_off"}
    failing = interpolated(column(panel(BOARD, 107)), {"tenant": ".*", "number": ".*"}, "24h")
    assert named(outage.query(failing, NOW)) == {"": 1}
    assert named(outage.query(failing, NOW - 15 * 60)) == {"": 0}, "as none of its calls had failed"


def test_an_outage_stays_in_sight_when_hardly_a_call_is_made(outage: Prometheus) -> None:
    failing = interpolated(column(panel(BOARD, 107)), {"tenant": ".*", "number": ".*"}, "24h")
    for minutes, seen in ((60, {"": 1}), (3 * 60, {})):
        assert named(outage.query(failing, NOW + 60 * minutes)) == seen


def test_the_worst_finding_has_the_highest_number() -> None:
    assert [WORDS[number] for number in sorted(WORDS, reverse=True)][:4] == ["flagged", "failing", "fell", "cut_off"]
    assert WORST["options"]["sortBy"] == [{"displayName": "Finding", "desc": True}]


def test_the_answer_rate_is_of_the_span_over_all_campaigns_of_one_tenant(ask: Ask) -> None:
    found = ask(110, "Answered")
    assert found["a/same"] == pytest.approx(0.3)
    assert found["b/same"] == pytest.approx(0.5)
    assert found["a/fell"] == pytest.approx(0.2), "2 of 20 in one campaign, 6 of 20 in the other"
    assert "a/quiet" not in found, "12 calls are no sample"
    assert ask(110, "Calls")["a/fell"] == pytest.approx(240, rel=0.01)


def test_the_past_is_the_numbers_own_and_ends_where_the_span_begins(ask: Ask) -> None:
    found = ask(161, "7 d before")
    assert found["a/x/labelled"] == pytest.approx(0.3)
    assert found["a/x/young"] == pytest.approx(0.2), "what was not there a week ago began from nothing"
    assert ask(161, "7 d before", span="2h")["a/x/labelled"] < 0.3, "four bad hours are past then"
    assert ask(161, "7 d before", span="7d")["a/x/labelled"] == pytest.approx(0.3), "of the week before last"


def test_calls_that_fail_are_no_unanswered_ones(ask: Ask) -> None:
    assert ask(110, "Answered")["a/cut_off"] == pytest.approx(0.3)
    assert ask(110, "Change")["a/cut_off"] == pytest.approx(0, abs=0.01)
    assert ask(110, "Failed")["a/cut_off"] == pytest.approx(10 / 11)
    assert ask(110, "Failed")["a/same"] == 0


def test_without_a_past_nothing_fell(ask: Ask) -> None:
    early = LOOKS[0] + 4 * HOUR
    assert ask(110, "Answered", at=early)["a/same"] == pytest.approx(0.3)
    assert all(math.isnan(value) for value in ask(110, "Change", at=early).values())
    assert ask(102, at=early) == {"": 0}


def test_a_fall_must_be_large_and_no_chance(ask: Ask) -> None:
    change = ask(110, "Change")
    assert change["a/labelled"] == pytest.approx(0.05 / 0.3 - 1)
    assert change["a/unlucky"] == pytest.approx(-0.5), "large, on 24 calls"
    assert ask(102) == {"": 2}, "labelled, and the one that is flagged already"
    assert ask(102, chosen="same") == {"": 0}


def test_a_fall_is_told_by_campaign(ask: Ask) -> None:
    assert ask(130, "Change") == {
        "a/x/fell": pytest.approx(0.1 / 0.3 - 1), "a/x/labelled": pytest.approx(0.05 / 0.3 - 1),
        "a/x/flagged": pytest.approx(0.05 / 0.3 - 1),
    }  # fmt: skip
    assert set(ask(130, "", "number", "name")) == {"fell/Campaign x", "labelled/Campaign x", "flagged/Campaign x"}


def test_the_strip_counts_numbers_of_the_chosen_tenants(ask: Ask) -> None:
    assert [ask(each)[""] for each in (101, 103, 104, 105)] == [1, 1, 2, 10]
    assert [ask(each, tenant="b")[""] for each in (101, 102, 104, 105)] == [0, 0, 0, 1]
    assert ask(106) == {"": 90 * 10}, "active ones with a cap, of 100; one is at it"
    assert ask(103, tenant="b") == ask(106, tenant="b") == {}, "no cap"
    assert [ask(each, tenant="nobody") for each in (101, 102, 103, 104, 105)] == [{}] * 5


def test_caps_and_rest(ask: Ask) -> None:
    assert ask(110, "Of cap")["a/capped"] == 1
    assert "b/same" not in ask(110, "Of cap")
    assert ask(110, "Rests until") == {"a/cooling": (NOW + HOUR) * 1000, "a/paced": (NOW + 20) * 1000}


def test_a_column_that_nobody_has_stays(ask: Ask) -> None:
    assert [math.isnan(value) for value in ask(110, "Rests until", tenant="b").values()] == [True]
    assert ask(110, "Rests until", tenant="nobody") == {}


def test_names_come_with_the_number_as_they_are(ask: Ask) -> None:
    assert ask(110, "", "tenant", "number", "label", chosen="same") == {f"{each}/same/{HOSTILE}": 1 for each in "ab"}
    providers = panel(BOARD, 110)["targets"][1]["expr"]
    assert "group_left (provider)" in providers


def test_countries_and_connections(ask: Ask) -> None:
    assert ask(141, "Numbers") == {"a/DE": 14, "b/DE": 1}
    assert ask(141, "Usable") == {"a/DE": 9, "b/DE": 1}
    assert ask(152, "Of limit") == {"a/c.1": 0.25, "b/c.1": 0.25}
    assert ask(152, "Numbers") == {"a/c.1": 10, "b/c.1": 1}


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Calls", {"a/c.1": 140, "a/c.2": 100, "a/c.4": 100}),
        ("ASR", {"a/c.1": 120 / 140, "a/c.2": 0.1, "a/c.4": 0}),
        ("NER", {"a/c.1": 135 / 140, "a/c.2": 0.1, "a/c.4": 0}),
        ("ACD", {"a/c.1": 90}),  # of the number that tells how long people talk
        ("Started", {"a/c.1": 140 / 3600, "a/c.2": 100 / 3600 + 0.1, "a/c.4": 100 / 3600}),
        ("Limit/s", {"a/c.1": 0.05}),
        ("Of limit", {"a/c.1": 140 / 3600 / 0.05}),
    ],
)
def test_a_route_is_told_as_carriers_measure_it(routed: Prometheus, title: str, shown: dict[str, float]) -> None:
    expression = interpolated(column(panel(BOARD, 153), title), {"tenant": ".*", "number": ".*"}, "1h")
    assert named(routed.query(expression, NOW)) == pytest.approx(shown, rel=0.02)


def test_a_share_is_of_the_whole_pool_whichever_number_is_chosen(ask: Ask) -> None:
    shares = ask(161, "Share of pool", chosen="fell")
    assert shares == {"a/x/fell": pytest.approx(1 / 7), "a/y/fell": pytest.approx(1 / 4)}


def test_only_numbers_that_were_flagged_or_rested_have_a_band(prometheus: Prometheus) -> None:
    def lines(tenant: str) -> set[str]:
        expression = column(panel(BOARD, 121))
        found = prometheus.query(interpolated(expression, {"tenant": tenant, "number": ".*"}, "6h"), NOW)
        return {dict(labels).get("number", dict(labels)["phone"]) for labels in found}

    assert lines("a") == {"flagged", "rested"}
    assert lines("b") == {"No number"}
