"""Costs by value: on a Prometheus that saw campaigns of two currencies, two tenants and two replicas."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from dashboards.boards.cost import board as cost
from dashboards.boards.cost import shared as shared_cost
from dashboards.boards.cost.queries import BUDGETS
from dashboards.build import boards
from dashboards.settings import Settings, SharedBoard
from dashboards.vocabulary.board import every_panel
from dashboards.vocabulary.queries import exact
from exporter.errors import ConfigError
from tests.dashboards.asking import interpolated
from tests.dashboards.past import DAY, HOSTILE, HOUR, LOOKS, NOW, Past, Value, column, grown, named, panel
from tests.support.prometheus import Prometheus

SETTINGS = Settings()
BOARD = cost.board(SETTINGS).made(SETTINGS)
WORDS = {state.number: state.code for state in BUDGETS}
ODD = 'a"} or vector(1) or x{y="\\ $__range [[tenant]] .* ñ\n'
"""An id of a tenant that nobody should have."""

LEFT = NOW - 2 * DAY
_MONTH_ENDS = datetime.fromtimestamp(NOW, UTC).replace(day=1, month=12, hour=0, minute=0, second=0).timestamp()


class Costs(Past):
    """What platforms show of money. Amounts are an hour's."""

    def campaign(
        self, campaign: str, spent: Value, *, tenant: str = "a", currency: str = "EUR", agent: str = "ada",
        budget: float | None = None, status: str = "running", until: float = NOW, since: float = 0,
    ) -> None:  # fmt: skip
        """A campaign that was exported in that time; three quarters of its costs are the agent's."""

        def shown(value: float | Value) -> Value:
            return lambda at: None if not since <= at <= until else value(at) if callable(value) else value

        own = {"tenant": tenant, "campaign": campaign}
        self("campaign_info", shown(1), name=f"{campaign} {HOSTILE}", agent=agent, timezone="UTC", currency=currency,
             **own)  # fmt: skip
        for component, share in {"ai": 0.75, "telephony": 0.25}.items():
            self("campaign_call_cost_total", shown(_times(share, spent)), component=component, currency=currency, **own)
        self("campaign_calls_total", shown(grown(10)), outcome="answered", **own)
        self("campaign_calls_total", shown(grown(30)), outcome="no_answer", **own)
        for code in ("running", "completed"):
            self("campaign_status", shown(code == status), status=code, **own)
        if budget is not None:
            self("campaign_budget", shown(budget), currency=currency, **own)

    def forecast(self, campaign: str, runs_out: tuple[float, float, float], done: tuple[float, float, float]) -> None:
        """Hours from now: early, likely, late."""
        for what, hours in {"budget_exhaustion": runs_out, "completion": done}.items():
            for estimate, hour in zip(("early", "likely", "late"), hours, strict=True):
                self(f"campaign_forecast_{what}_timestamp_seconds", NOW + hour * HOUR, tenant="a", campaign=campaign,
                     estimate=estimate)  # fmt: skip


def _times(share: float, value: Value) -> Value:
    def at(moment: float) -> float | None:
        found = value(moment)
        return None if found is None else share * found

    return at


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Campaigns named for how their budgets end."""
    world = Costs()
    week = 7 * 24
    world.campaign("plain", grown(1, 2, hours=week))
    world.campaign("dollars", grown(4), currency="USD", agent="bob")
    world.campaign("left", grown(1), until=LEFT)
    end = grown(1)(NOW)
    assert end is not None
    for name, budget in {"lasts": end + 500, "close": end + 50, "short": end + 5, "spent": end, "unknown": end * 4,
                         "ended": end * 2, "over": end}.items():  # fmt: skip
        world.campaign(name, grown(1), budget=budget, status="completed" if name in ("ended", "over") else "running")
    world.forecast("lasts", (400, 500, 600), (10, 20, 30))
    world.forecast("close", (25, 50, 75), (10, 20, 30))
    world.forecast("short", (4, 5, 6), (10, 20, 30))
    world.forecast("spent", (0, 0, 0), (10, 20, 30))
    for status, tasks in {"pending": 200, "in_progress": 100, "completed": 90, "failed": 10, "cancelled": 999}.items():
        world("campaign_tasks", tasks, tenant="a", campaign="lasts", status=status)
    world.campaign("done", grown(1), budget=end * 9)
    for status, tasks in {"pending": 15, "completed": 85}.items():
        world("campaign_tasks", tasks, tenant="a", campaign="done", status=status)
    world.campaign("new", grown(1, since=NOW - 4 * HOUR), budget=100, since=NOW - 4 * HOUR)
    world("campaign_goal_achieved", grown(0.25), tenant="a", campaign="plain", goal="met")
    world("campaign_goal_achieved", grown(0.25), tenant="a", campaign="plain", goal="sold")
    world("campaign_goal_achieved", 3, tenant="a", campaign="lasts", goal="never again")
    for attempt, (price, calls, answers) in {"1": (1, 20, 8), "2": (1, 10, 2), "3": (0.5, 1, 0.1)}.items():
        own = {"tenant": "a", "campaign": "plain", "attempt": attempt}
        world("campaign_attempt_cost_total", grown(price), currency="EUR", **own)
        world("campaign_attempt_calls_total", grown(answers), outcome="answered", **own)
        world("campaign_attempt_calls_total", grown(calls - answers), outcome="busy", **own)
        world("campaign_attempt_calls_total", grown(calls), outcome="other", **own)
    for variant, answers in {"A": 100, "B": 10}.items():
        own = {"tenant": "a", "campaign": "plain", "variant": variant}
        for what, value in {"calls": 400, "answers": answers, "goals": 5}.items():
            world(f"campaign_variant_{what}_total", value, **own)
        world("campaign_variant_cost_total", 50, currency="EUR", **own)
    world("campaign_number_calls_total", grown(8), tenant="a", campaign="plain", number="1", outcome="answered")
    world("campaign_number_calls_total", grown(32), tenant="a", campaign="plain", number="1", outcome="busy")
    world("campaign_number_info", 1, tenant="a", number="1", phone="+1", label="", country="", connection="c")
    world("campaign_connection_info", 1, tenant="a", connection="c", provider="tellus")
    world("campaign_call_errors_total", grown(2), tenant="a", campaign="plain", provider="tellus", code="sip_503")
    world("campaign_call_errors_total", grown(2), tenant="a", campaign="plain", provider="gone", code="sip_503")
    world.campaign("theirs", grown(9), tenant=ODD.replace("\n", ""))
    with world.remembered(tmp_path_factory.mktemp("cost")) as server:
        yield server


Ask = Callable[..., dict[str, float]]


@pytest.fixture
def ask(prometheus: Prometheus) -> Ask:
    """What a panel or a column of it shows to who looks at tenant a, by row or by labels."""

    def asked(
        number: int, title: str = "", *by: str, campaign: str = ".*", currency: str = ".*", span: str = "7d",
        at: float = NOW,
    ) -> dict[str, float]:  # fmt: skip
        values = {"tenant": "a", "campaign": campaign, "currency": currency}
        expression = interpolated(column(panel(BOARD, number), title), values, span)
        return named(prometheus.query(expression, at), *by)

    return asked


def _near(**values: float) -> object:
    return pytest.approx(values, rel=0.01)


def _known(values: Mapping[str, float]) -> dict[str, float]:
    return {row: value for row, value in values.items() if not math.isnan(value)}


_SUM_OF_COSTS = r"sum(?: by \(([^)]*)\))? \(+(?:clamp_min\()?max without \([^)]*\) \(campaign_\w*cost_total"


def test_costs_of_two_currencies_are_never_one(ask: Ask) -> None:
    every = (2 + 8) * 168 + 1 * 120 + 4  # plain and eight others; what left two days ago, what began four hours ago
    assert _known(ask(101, "Spent")) == _near(EUR=every, USD=4 * 168)
    assert _known(ask(101, "Spent", currency="USD")) == _near(USD=4 * 168)
    assert ask(150, "AI", campaign="dollars") == _near(USD=3 * 168)
    for found in every_panel(BOARD["panels"]):
        for target in found.get("targets", ()):
            for by in re.findall(_SUM_OF_COSTS, target["expr"]):
                assert "currency" in by, f"panel {found['id']}"


def test_a_week_is_compared_with_the_one_before(ask: Ask) -> None:
    assert ask(130, "Change", campaign="plain|dollars") == {
        "a/plain/EUR": pytest.approx(1, rel=0.02), "a/dollars/USD": pytest.approx(0, abs=0.02),
    }  # fmt: skip
    assert _known(ask(101, "Change", campaign="plain")) == {"EUR": pytest.approx(1, rel=0.02)}
    assert ask(140, "Change", campaign="plain") == {"a/ada/EUR": pytest.approx(1, rel=0.02)}


@pytest.mark.parametrize(("days", "there"), [(15, True), (13.5, True), (12, False), (8, False), (3, False)])
def test_without_most_of_last_week_there_is_nothing_to_compare_with(ask: Ask, days: float, there: bool) -> None:
    assert bool(_known(ask(101, "Change", at=LOOKS[0] + days * DAY))) == there


def test_an_answer_bears_the_calls_that_nobody_answered(ask: Ask) -> None:
    assert _known(ask(101, "Per answer", campaign="plain")) == _near(EUR=0.2)
    assert _known(ask(101, "Per answer", campaign="plain", span="1h")) == {}, "ten answers are no sample"


def test_an_answer_is_held_against_what_it_had_cost_before(ask: Ask) -> None:
    before = 1192 / 2920
    assert ask(130, "Dearer", campaign="plain") == {"a/plain/EUR": pytest.approx(0.2 / before - 1, rel=0.02)}


def test_goals_are_counted_where_campaigns_have_them(ask: Ask) -> None:
    """Costs of `lasts` count too: it has a goal, and met none."""
    assert _known(ask(101, "Per goal")) == _near(EUR=(2 + 1) * 168 / (0.5 * 168))
    assert ask(130, "Per goal", campaign="plain") == {"a/plain/EUR": pytest.approx(4, rel=0.01)}
    assert ask(130, "Goals", campaign="plain|lasts") == {
        "a/plain/EUR": pytest.approx(84, rel=0.01), "a/lasts/EUR": pytest.approx(0),
    }  # fmt: skip


def test_every_budget_ends_in_one_way(ask: Ask) -> None:
    found = {row.split("/")[1]: WORDS[int(value)] for row, value in ask(110, "The budget").items()}
    told = {name: name for name in ("lasts", "close", "short", "spent", "unknown", "ended")}
    assert found == told | {"over": "ended", "done": "unknown", "new": "unknown"}
    assert ask(106) == {"": 2}
    assert ask(106, campaign="plain") == {}
    assert ask(110, "Of budget", campaign="spent") == {"a/spent/EUR": pytest.approx(1)}


def test_where_a_campaign_ends_up_goes_by_its_finished_tasks(ask: Ask) -> None:
    spent = ask(130, "Spent in all", campaign="lasts")["a/lasts/EUR"]
    assert ask(110, "When done", campaign="lasts") == {"a/lasts/EUR": pytest.approx(4 * spent)}
    assert ask(110, "Runs out", campaign="lasts") == {"a/lasts/EUR": (NOW + 500 * HOUR) * 1000}


def test_at_the_months_end_campaigns_that_run_have_gone_on_at_their_pace(ask: Ask) -> None:
    spent, left = grown(1)(NOW), (_MONTH_ENDS - NOW) / HOUR
    assert spent is not None
    assert ask(101, "Month's end", campaign="close") == _near(EUR=spent + left)
    assert ask(101, "Of budgets", campaign="close") == _near(EUR=spent + 50)
    assert ask(101, "Month's end", campaign="ended") == _near(EUR=spent)
    assert ask(101, "Month's end", campaign="close|ended") == _near(EUR=2 * spent + left)
    assert ask(101, "Of budgets", campaign="close|ended") == _near(EUR=3 * spent + 50)


def test_it_costs_no_more_than_all_tasks_do(ask: Ask) -> None:
    """Of the tasks of `done` 85 % are over: what the others will cost is less than what it spends until then."""
    spent = grown(1)(NOW)
    assert spent is not None
    assert ask(101, "Month's end", campaign="done") == _near(EUR=spent / 0.85)


def test_of_a_campaign_that_began_just_now_no_months_end_is_told(ask: Ask) -> None:
    for title in ("Month's end", "Of budgets"):
        assert _known(ask(101, title, campaign="new")) == _known(ask(101, title, campaign="plain")) == {}


def test_what_left_had_a_part_in_the_span(ask: Ask) -> None:
    assert ask(130, "Spent", campaign="left") == {"a/left/EUR": pytest.approx(120, rel=0.01)}
    assert ask(130, "Per answer", campaign="left") == {"a/left/EUR": pytest.approx(0.1, rel=0.01)}
    assert ask(130, "", "name", campaign="left") == {f"left {HOSTILE}": 1}


def test_a_days_costs_stand_at_its_beginning(prometheus: Prometheus) -> None:
    """The last bar is today so far: half a day of twice the costs, and half a look more, which Prometheus adds."""
    expression = column(panel(BOARD, 120))
    values = {"tenant": "a", "campaign": "plain", "currency": ".*"}
    start, step = NOW - 8.5 * DAY, DAY
    found = prometheus.api(
        "query_range", query=interpolated(expression, values, "1h"), start=start, end=NOW - DAY / 2, step=step
    )["result"]
    (series,) = found
    costs = [float(value) for _, value in series["values"]]
    assert costs == [pytest.approx(each, abs=2.1) for each in (24, 36, 48, 48, 48, 48, 48, 48, 24)]


def test_attempts(ask: Ask) -> None:
    assert ask(161, "Spent") == {f"{each}/EUR": pytest.approx(cost, rel=0.01)
                                 for each, cost in {"1": 168, "2": 168, "3": 84}.items()}  # fmt: skip
    assert ask(161, "Calls")["1/EUR"] == pytest.approx(40 * 7 * 24, rel=0.01)
    assert ask(161, "Answered")["1/EUR"] == pytest.approx(8 / 20, rel=0.01), (
        "of calls of which one knows how they ended"
    )
    assert ask(161, "Share of answers")["1/EUR"] == pytest.approx(8 / 10.1, rel=0.01)
    assert ask(162, "", "attempt") == {"1": pytest.approx(1 / 8, rel=0.01), "2": pytest.approx(0.5, rel=0.01)}


def test_arms_and_agents_and_providers(ask: Ask) -> None:
    assert ask(171, "Per answer") == {"a/plain/EUR/A": pytest.approx(0.5)}, "ten answers are no sample"
    assert ask(171, "Per goal") == {f"a/plain/EUR/{arm}": pytest.approx(10) for arm in "AB"}
    assert ask(140, "Spent")["a/bob/USD"] == pytest.approx(4 * 168, rel=0.01)
    assert ask(181, "Calls", "provider") == {"tellus": pytest.approx(40 * 168, rel=0.01)}
    assert ask(181, "Answered", "provider") == {"tellus": pytest.approx(0.2)}
    assert ask(181, "Errors a call", "provider") == {"tellus": pytest.approx(0.05)}
    assert set(ask(181, "Errors", "provider")) == {"tellus", "gone"}


# -- shared ---------------------------------------------------------------------------------------------------


def _shared(tenant: str, **settings: str) -> dict[str, object]:
    made = Settings(shared_cost=(SharedBoard(tenant=tenant),), **settings)
    (found,) = (board for board in boards(made) if board.shared)
    return found.made(made)


def test_a_shared_board_has_the_same_panels_and_nothing_to_choose_or_follow() -> None:
    found = _shared("a")
    assert found["templating"] == {"list": []}
    assert found["links"] == []
    assert [each["name"] for each in found["annotations"]["list"]] == ["Annotations & Alerts"]  # type: ignore[index]
    assert [panel["id"] for panel in every_panel(found["panels"])] == [  # type: ignore[arg-type]
        panel["id"] for panel in every_panel(BOARD["panels"])
    ]
    text = json.dumps(found)
    assert "/d/" not in text
    assert "rawSql" not in text
    assert set(re.findall(r"\$\{?([^\W\d]\w*)", text)) == {"__range", "__range_s"}, "$1 is a group of a pattern"
    assert set(re.findall(r'"uid": "([^"]+)"', text)) == {"prometheus", "campaigns-cost-shared-a", "-- Grafana --"}


def test_a_shared_board_shows_its_tenant_only(prometheus: Prometheus) -> None:
    for tenant, spent in {ODD.replace("\n", ""): 9 * 168, "b": None, ".*": None, "=~.*": None, "a|b": None}.items():
        found = _shared(tenant)
        expression = interpolated(column(panel(found, 101)), {}, "7d")
        assert list(prometheus.query(expression, NOW).values()) == ([pytest.approx(spent, rel=0.01)] if spent else [])


@pytest.mark.parametrize("text", [ODD, "plain-id_1", "=~.*", "!=x", "${tenant}", "[[tenant]]", "\U0001f3af \\", "\x00"])
def test_an_exact_value_means_itself_to_promql_and_nothing_to_grafana(text: str) -> None:
    written = exact(text)
    assert not re.search(r'[$\[{}"\n=!~]', written)
    assert re.sub(r"\\U([0-9a-f]{8})", lambda found: chr(int(found[1], 16)), written) == text


@pytest.mark.parametrize("tenant", ["1", "9b2d7c1e-0f0c-4c65-9f6e-2f5a7d1c0b3a", "Ä/ö", ODD])
@pytest.mark.parametrize("prefix", ["c", "a-prefix-of-twenty-ch"[:20]])
def test_the_uid_of_a_shared_board_fits_grafana(tenant: str, prefix: str) -> None:
    settings = Settings(uid_prefix=prefix)
    uid = settings.uid(shared_cost.name(settings, tenant))
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid)
    assert uid == settings.uid(shared_cost.name(settings, tenant)), "a link that was given away stays"
    assert uid != settings.uid(shared_cost.name(settings, tenant + "2"))


def test_two_boards_that_grafana_could_not_tell_apart_are_refused() -> None:
    twice = Settings(shared_cost=(SharedBoard(tenant="1", title="A"), SharedBoard(tenant="1", title="B")))
    with pytest.raises(ConfigError, match="the name 'cost-shared-1'"):
        boards(twice)
    with pytest.raises(ConfigError, match="the title 'Number pool'"):
        boards(Settings(shared_cost=(SharedBoard(tenant="1", title="Number pool"),)))
