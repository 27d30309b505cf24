"""Long spans by value, on a Prometheus that saw the exporter become another pod, and campaigns come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from dashboards.boards.campaign import board as campaign
from dashboards.boards.cost import board as cost
from dashboards.boards.exporters import OLD
from dashboards.boards.health import board as health
from dashboards.boards.numbers import board as numbers
from dashboards.boards.overview import board as overview
from dashboards.settings import Settings
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.queries import Queries
from tests.dashboards.asking import interpolated
from tests.dashboards.past import DAY, NOW, Past, Value, column, named, panel
from tests.support.prometheus import Prometheus, running, write_history

SETTINGS = Settings()
BOARDS = {each.board(SETTINGS).name: each.board(SETTINGS).made(SETTINGS)
          for each in (campaign, cost, health, numbers, overview)}  # fmt: skip
ROLLOUT = NOW - 3.5 * DAY
NODES = {"one": lambda at: at < ROLLOUT, "two": lambda at: at >= ROLLOUT}
CAME, LEFT = NOW - 6 * DAY, NOW - DAY
BURST = NOW - 2 * DAY
SWEEP = NOW - 5 * DAY
"""When rows were deleted and the exporter restarted, in the same place."""


def total(each_day: float, *, since: float = NOW - 20 * DAY, until: float = NOW) -> Value:
    """A total of so much a day, from when a campaign began, or came, to when it left."""
    return lambda at: (at - since) / DAY * each_day if since <= at <= until else None


class Calls(Past):
    """Campaigns that differ in when they are."""

    def campaign(self, key: str, began: float, *, seen: float = 0.0, left: float = NOW, told: bool = True) -> None:
        """100 EUR, 70 calls that were answered and 30 that were not, and 5 goals a day; one number makes the calls."""
        own = {"tenant": "t", "campaign": key}

        def shown(value: Value) -> Value:
            return lambda at: value(at) if max(seen, began) <= at <= left else None

        def grows(metric: str, each_day: float, **labels: str) -> None:
            self(metric, shown(total(each_day, since=began, until=left)), **own, **labels)

        self("campaign_info", shown(lambda _: 1), name=key, agent="ada", timezone="UTC", currency="EUR", **own)
        if told:
            self("campaign_started_timestamp_seconds", shown(lambda _: began), **own)
        grows("campaign_call_cost_total", 75, component="ai", currency="EUR")
        grows("campaign_call_cost_total", 25, component="telephony", currency="EUR")
        grows("campaign_attempt_cost_total", 100, attempt="1", currency="EUR")
        grows("campaign_goal_achieved", 5, goal="sold")
        grows("campaign_call_talk_seconds_sum", 700)
        grows("campaign_call_talk_seconds_count", 70)
        for outcome, calls in {"answered": 70, "busy": 30}.items():
            grows("campaign_calls_total", calls, outcome=outcome)
            grows("campaign_attempt_calls_total", calls, attempt="1", outcome=outcome)
            grows("campaign_number_calls_total", calls, number=key, outcome=outcome)
        grows("campaign_number_talk_seconds_total", 700, number=key)
        self("campaign_number_info", 1, tenant="t", number=key, phone="+1", label="", country="DE", connection="c")
        self("campaign_number_weight", shown(lambda _: 1), number=key, **own)
        grows("campaign_call_errors_total", 10, provider="p", code="busy", fault="line")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    world = Calls(NODES)
    world.campaign("old", NOW - 20 * DAY)
    world.campaign("came", CAME, left=LEFT)
    world.campaign("new", NOW - 2 * DAY)
    world.campaign("late", NOW - 20 * DAY, seen=NOW - 4 * DAY)
    world.campaign("silent", NOW - 20 * DAY, seen=NOW - 4 * DAY, told=False)
    burst = {"tenant": "t", "campaign": "old", "provider": "p", "code": "sip_503", "fault": "provider"}
    world("campaign_call_errors_total", lambda at: 60 if at >= BURST else None, **burst)
    swept = {"tenant": "t", "campaign": "swept"}
    world("campaign_info", 1, name="swept", agent="bob", timezone="UTC", currency="EUR", **swept)
    spent = total(100)
    world("campaign_call_cost_total", lambda at: (spent(at) or 0) - 300 * (at >= SWEEP), component="ai", currency="EUR",
          **swept)  # fmt: skip
    world("campaign_connection_info", 1, tenant="t", connection="c", provider="p")
    world("campaign_exporter_last_success_timestamp_seconds", NOW - 90)
    with world.remembered(tmp_path_factory.mktemp("rollouts")) as found:
        yield found


Ask = Callable[..., dict[str, float]]


@pytest.fixture
def ask(server: Prometheus) -> Ask:
    """What a panel, or a column of it, shows of some campaigns."""

    def asked(where: str, title: str = "", *by: str, chosen: str = "old", span: str = "7d", step: str = "1h",
              at: float = NOW) -> dict[str, float]:  # fmt: skip
        board, number = where.rsplit("-", 1)
        found: Json = panel(BOARDS[board], int(number))
        expression = next((each["expr"] for each in found["targets"] if title in (each["legendFormat"], each["refId"])),
                          None) or column(found, title)  # fmt: skip
        values = {"tenant": ".*", "campaign": chosen, "number": chosen, "currency": ".*"}
        return named(server.query(interpolated(expression, values, span, step), at), *by)

    return asked


@pytest.mark.parametrize(
    ("where", "title", "shown"),
    [
        ("cost-101", "Spent", 700),
        ("cost-101", "Change", 0),
        ("cost-101", "Per answer", 100 / 70),
        ("cost-101", "Per goal", 20),
        ("cost-130", "Spent", 700),
        ("cost-130", "Answered", 490),
        ("cost-130", "Goals", 35),
        ("cost-140", "Spent", 700),
        ("cost-150", "A", 700),
        ("cost-161", "Calls", 700),
        ("cost-161", "Spent", 700),
        ("cost-162", "", 100 / 70),
        ("cost-181", "Calls", 700),
        ("numbers-110", "Calls", 700),
        ("numbers-110", "Answered", 0.7),
        ("numbers-141", "Answered", 0.7),
        ("numbers-153", "Calls", 700),
        ("numbers-153", "ACD", 10),
        ("numbers-161", "Calls", 700),
        ("campaign-106", "in this range", 0.7),
        ("campaign-107", "", 10),
        ("campaign-801", "Answer rate", 0.7),
    ],
)
def test_a_rollout_within_the_span_takes_nothing_away(ask: Ask, where: str, title: str, shown: float) -> None:
    (value,) = ask(where, title).values()
    assert value == pytest.approx(shown, rel=0.005, abs=0.005)


def test_a_day_with_a_rollout_is_as_dear_as_any(server: Prometheus) -> None:
    values = {"tenant": ".*", "campaign": "old", "currency": ".*"}
    expression = interpolated(column(panel(BOARDS["cost"], 120)), values, "1h")
    found = server.api("query_range", query=expression, start=NOW - 6.5 * DAY, end=NOW - DAY / 2, step=DAY)["result"]
    (days,) = ([float(value) for _, value in series["values"]] for series in found)
    assert days == [pytest.approx(100)] * 6 + [pytest.approx(50)]


@pytest.mark.parametrize("title", ["Spent", "Answered", "Goals", "Per answer", "Per goal"])
def test_what_came_and_left_within_the_span_has_a_row_and_all_its_figures(ask: Ask, title: str) -> None:
    assert ask("cost-130", "", "name", chosen="came") == {"came": 1}
    shown = {"Spent": 500, "Answered": 350, "Goals": 25, "Per answer": 100 / 70, "Per goal": 20}
    assert ask("cost-130", title, chosen="came") == {"t/came/EUR": pytest.approx(shown[title], rel=0.02)}


def test_a_campaign_that_began_within_the_span_counts_from_nothing(ask: Ask) -> None:
    assert ask("cost-130", "Spent", chosen="new") == {"t/new/EUR": pytest.approx(200)}


@pytest.mark.parametrize("campaign", ["late", "silent"])
def test_what_was_counted_before_anybody_looked_is_not_of_the_span(ask: Ask, campaign: str) -> None:
    """The exporter, or Prometheus, came four days ago; the campaign is older, whether that is told or not."""
    assert ask("cost-130", "Spent", chosen=campaign) == {f"t/{campaign}/EUR": pytest.approx(400, rel=0.02)}
    assert ask("numbers-110", "Calls", chosen=campaign) == {f"t/{campaign}": pytest.approx(400, rel=0.02)}


def test_a_burst_of_a_new_code_is_seen(ask: Ask) -> None:
    assert ask("campaign-414", "", "code") == {"busy": pytest.approx(70), "sip_503": 60}
    assert ask("numbers-151", "", "code", step="2h", at=BURST)["sip_503"] == 60
    assert ask("cost-181", "Errors", "provider") == {"p": pytest.approx(130)}


def test_of_deleted_rows_no_more_is_missing_than_they_had_counted(ask: Ask) -> None:
    assert ask("cost-101", "Spent", chosen="swept") == {"EUR": pytest.approx(700 - 300)}
    assert ask("cost-101", "Spent", chosen="swept", span="4d") == {"EUR": pytest.approx(400)}


@pytest.mark.parametrize("where", ["campaign-1", "numbers-101", "cost-106"])
def test_figures_that_nobody_has_read_for_a_minute_are_called_old(ask: Ask, where: str) -> None:
    assert ask(where, OLD) == {"": (NOW - 90) * 1000}
    assert ask(where, OLD, at=NOW - DAY) == {}


def test_an_exporters_own_counters_begin_anew_with_each_process(tmp_path: Path) -> None:
    """Three corrections of one process, two of the next; another replica found one of them too."""
    counts: Mapping[str, Callable[[int], int | None]] = {
        "a": lambda at: (30 + 3 * (at >= 40)) if at < 60 else None,
        "b": lambda at: 2 * (at >= 80) if at >= 60 else None,
        "c": lambda at: 7 + (at >= 40),
    }
    names = ("audit_corrections_total", "audits_total", "rows_unreadable_total", "campaigns_loaded_total")
    looks = []
    for minute in range(100):
        seen = {pod: count for pod, found in counts.items() if (count := found(minute)) is not None}
        lines = ["# TYPE campaign_exporter_up gauge", *(f'campaign_exporter_up{{pod="{pod}"}} 1' for pod in seen)]
        for name in names:
            lines.append(f"# TYPE campaign_exporter_{name} counter")
            lines += [
                f'campaign_exporter_{name}{{pod="{pod}",relation="calls"}} {count}' for pod, count in seen.items()
            ]
        looks.append((NOW + 60 * (minute - 99), "\n".join(lines).encode()))
    write_history(tmp_path, looks)
    with running(tmp_path) as server:
        for board, number in (("overview", 101), ("exporter-health", 102), ("exporter-health", 104),
                              ("exporter-health", 404), ("exporter-health", 405)):  # fmt: skip
            asked = [each["expr"] for each in panel(BOARDS[board], number)["targets"]]
            asked = asked[2:3] if board == "overview" else asked
            assert [list(server.query(each, NOW).values()) for each in asked] == [[5]] * len(asked), (board, number)
        each = server.query(Queries(()).counted("campaign_exporter_audits_total", over="1h"), NOW)
        assert sorted(each.values()) == [1, 2, 3], "without labels of replicas each speaks for itself"
