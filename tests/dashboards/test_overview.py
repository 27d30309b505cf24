"""The campaigns overview and exporter health, by value: on a Prometheus that saw what the boards are for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest

from dashboards.boards.health import board as health
from dashboards.boards.overview import board as overview
from dashboards.boards.overview.board import BAND_LINES, NAME_LENGTH
from dashboards.settings import Links, Settings
from dashboards.vocabulary.board import every_panel
from dashboards.vocabulary.colours import CAMPAIGN_STATES, VERDICT_STATES, WORST_FIRST
from dashboards.vocabulary.modern_json import Json
from tests.dashboards.asking import interpolated
from tests.support.prometheus import Prometheus, running, write_history

NOW = 1_795_000_000.0
HOUR = 3600.0
LOOKS = (-169 * HOUR, -HOUR, -60.0, 0.0)
"""When Prometheus scraped: what boards compare lies an hour and a week apart."""

REPLICAS = ("a:1", "b:1")
OUTCOMES = ("answered", "no_answer", "failed")
HOSTILE = 'A "quoted" $name | {with} <b>markup</b> \\ 🎯'


HINTS = {
    "stuck": ("1", "blocked", ("Mend the provider.",) * 2),
    "paged": ("1", "blocked", ("Mend the provider.",) * 2),
    "dead": ("nameless", "stalled", ("Call them: 3 wait.", "Call them: 4 wait.")),
    "idle": ("1", "waiting", ("Wait.",) * 2),
}
"""By campaign its tenant, verdict, and the hint as each replica tells it."""


class World:
    """Campaigns as two replicas export them, look by look."""

    def __init__(self) -> None:
        self._lines: dict[str, list[list[str]]] = {}

    def gauge(
        self, metric: str, values: float | Iterable[float | None], replicas: Iterable[str] = REPLICAS, /, **labels: str
    ) -> None:
        """A series on each replica: one value for the last hour, or a value a look."""
        found = [None, *[values] * (len(LOOKS) - 1)] if isinstance(values, int | float) else list(values)
        looks = self._lines.setdefault(metric, [[] for _ in LOOKS])
        for instance in replicas:
            text = ",".join(f'{key}="{_escaped(value)}"' for key, value in {**labels, "instance": instance}.items())
            for look, value in zip(looks, found, strict=True):
                if value is not None:
                    look.append(f'{metric}{{job="campaigns",{text}}} {value}')

    def campaign(
        self,
        campaign: str,
        verdict: str,
        *,
        name: str = "",
        tenant: str = "1",
        calls: Mapping[str, tuple[float, float, float]] | None = None,
    ) -> None:
        """A campaign. `calls`: of each outcome those of a week ago, of an hour ago, of now."""
        ids = {"tenant": tenant, "campaign": campaign}
        self.gauge(
            "campaign_info", 1, name=name or f"Campaign {campaign}", agent="a", timezone="UTC", currency="EUR", **ids
        )
        self.gauge("campaign_dispatch_info", 1, verdict=verdict, gate="none", code="", **ids)
        for state in CAMPAIGN_STATES:
            self.gauge("campaign_status", int(state.code == "running"), status=state.code, **ids)
        for status, count in {
            "pending": 2859,
            "in_progress": 2,
            "completed": 79,
            "failed": 40,
            "cancelled": 20,
        }.items():
            self.gauge("campaign_tasks", count, status=status, **ids)
        for outcome in OUTCOMES:
            week, hour, now = (calls or {}).get(outcome, (0, 0, 0))
            self.gauge("campaign_calls_total", (week, hour, now, now), outcome=outcome, **ids)

    def bodies(self) -> list[tuple[float, bytes]]:
        """What was scraped, and when."""
        return [
            (NOW + at, "".join(f"# TYPE {name} gauge\n" + "\n".join(looks[index]) + "\n"
                               for name, looks in self._lines.items() if looks[index]).encode())
            for index, at in enumerate(LOOKS)
        ]  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


Ask = Callable[..., dict[str, float]]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Campaigns of every verdict and rate, of two replicas."""
    world = World()
    world.gauge("campaign_exporter_up", 1)
    world.gauge("up", (1, 1, 1, 0), ["c:1"])
    world.gauge("campaign_exporter_up", (1, 1, None, None), ["c:1"])
    world.gauge("campaign_exporter_last_success_timestamp_seconds", (NOW - 1e6, NOW - HOUR, NOW - 60, NOW - 5), ["a:1"])
    world.gauge("campaign_exporter_last_success_timestamp_seconds", (0, 0, NOW - 70, NOW - 70), ["b:1"])
    world.gauge("campaign_tenant_info", 1, tenant="1", name=HOSTILE, timezone="UTC")
    world.campaign("idle", "waiting")
    world.campaign("good", "dialing", calls={"answered": (100, 300, 309), "no_answer": (100, 300, 330),
                                                "failed": (0, 10, 200)})  # fmt: skip
    world.campaign("over", "finished", calls={"answered": (0, 10, 19), "no_answer": (0, 0, 10)})
    world.campaign("stuck", "blocked", name=HOSTILE)
    world.campaign("paged", "blocked")
    world.campaign("dead", "stalled", tenant="nameless")
    world.gauge("campaign_dispatch_clears_timestamp_seconds", NOW + 60, tenant="1", campaign="idle")
    world.gauge("campaign_dispatch_clears_timestamp_seconds", NOW - 120, tenant="1", campaign="good")
    for currency, spent in {"EUR": 6, "USD": 100}.items():
        world.gauge("campaign_call_cost_total", (0, 0, spent, spent), tenant="1", campaign="good", component="ai",
                    currency=currency)  # fmt: skip
    for alert, severity in {"CampaignStalled": "critical", "CampaignSlow": "warning", "CampaignNews": "info"}.items():
        labels = {"alertname": alert, "severity": severity, "tenant": "1", "campaign": "paged"}
        world.gauge("ALERTS", 1, alertstate="firing", **labels)
        world.gauge("ALERTS_FOR_STATE", NOW - 600, **labels)
    world.gauge("ALERTS", 1, alertstate="firing", alertname="CampaignExporterDown", severity="critical")
    world.gauge("ALERTS_FOR_STATE", NOW - 60, alertname="CampaignExporterDown", severity="critical")
    for tenant in ("1", "nameless"):
        labels = {"alertname": "CampaignCreditsExhausted", "severity": "critical", "tenant": tenant}
        world.gauge("ALERTS", 1, alertstate="firing", **labels)
        world.gauge("ALERTS_FOR_STATE", NOW - 300, **labels)
    world.gauge("ALERTS", 1, alertstate="pending", alertname="CampaignStalled", severity="critical", tenant="1",
                campaign="good")  # fmt: skip
    world.gauge("ALERTS", 1, alertstate="firing", alertname="DiskFull", severity="critical")
    for number in range(2 * BAND_LINES):
        world.campaign(f"many-{number}", "waiting", tenant="2")
    for campaign, (tenant, verdict, hints) in HINTS.items():
        for replica, hint in zip(REPLICAS, hints, strict=True):
            world.gauge("campaign_dispatch_hint_info", 1, [replica], tenant=tenant, campaign=campaign, verdict=verdict,
                        hint=hint, evidence=f"{replica} says so")  # fmt: skip
    directory = tmp_path_factory.mktemp("overview")
    write_history(directory, world.bodies())
    with running(directory) as server:
        yield server


def panel(board: Json, number: int) -> Json:
    """A panel of a board."""
    return next(found for found in every_panel(board["panels"]) if found["id"] == number)


OVERVIEW = overview.board(Settings()).made(Settings())
HEALTH = health.board(Settings()).made(Settings())


def column(found: Json, title: str) -> str:
    """The expression of a table's column, or of a legend."""
    for step in found.get("transformations", ()):
        for field, name in step["options"].get("renameByName", {}).items():
            if name == title:
                return next(
                    str(each["expr"]) for each in found["targets"] if field in ("Value", f"Value #{each['refId']}")
                )
    return next(str(each["expr"]) for each in found["targets"] if each["legendFormat"] == title)


@pytest.fixture
def ask(prometheus: Prometheus) -> Ask:
    """A column's values by a label, of the chosen tenants."""

    def asked(found: Json, title: str, by: str = "campaign", tenant: str = "1|nameless") -> dict[str, float]:
        expression = interpolated(column(found, title), {"tenant": tenant}, "6h", "5m")
        rows = [(dict(labels), value) for labels, value in prometheus.query(expression, NOW).items()]
        named = {labels.get(by, ""): value for labels, value in rows}
        assert len(named) == len(rows), f"two rows of one {by}: {rows}"
        return named

    return asked


CAMPAIGNS = panel(OVERVIEW, 201)


def test_pages_come_first_and_then_the_worst(ask: Ask) -> None:
    ranks = ask(CAMPAIGNS, "Rank")
    assert sorted(ranks, key=lambda each: ranks[each]) == ["paged", "dead", "stuck", "good", "idle", "over"]
    assert ask(CAMPAIGNS, "Verdict")["dead"] == 1 + WORST_FIRST.index("stalled")


def test_alerts_are_counted_by_kind_once_for_all_replicas(ask: Ask) -> None:
    assert ask(CAMPAIGNS, "Crit.") == {"paged": 1}
    assert ask(CAMPAIGNS, "Warn.") == {"paged": 1}


def test_the_answer_rate_needs_a_sample_and_is_held_against_the_week_before(ask: Ask) -> None:
    assert ask(CAMPAIGNS, "Answers") == {"good": pytest.approx(9 / 39)}
    assert ask(CAMPAIGNS, "Diff.") == {"good": pytest.approx(9 / 39 / 0.5 - 1)}


def test_spending_is_in_the_campaigns_currency(ask: Ask) -> None:
    assert ask(CAMPAIGNS, "Cost /h") == {"good": pytest.approx(6, rel=0.05)}


def test_progress_counts_what_is_over_in_whole_per_cent_rounded_down(ask: Ask) -> None:
    assert ask(CAMPAIGNS, "Done")["idle"] == pytest.approx(0.04), "139 of 3000"
    assert ask(CAMPAIGNS, "Pending")["idle"] == 2859


def test_what_nobody_has_stays_a_column_and_is_not_zero(ask: Ask) -> None:
    assert ask(CAMPAIGNS, "Clears") == {"idle": 60}
    unknown = ask(CAMPAIGNS, "For")
    assert len(unknown) == 1
    assert all(math.isnan(value) for value in unknown.values())


@pytest.mark.parametrize("title", ["Verdict", "Gate", "Rank", "Crit.", "Pending"])
def test_without_campaigns_nothing_is_there(ask: Ask, title: str) -> None:
    assert ask(CAMPAIGNS, title, tenant="nobody") == {}


def test_a_tenant_is_named_or_else_its_id(prometheus: Prometheus) -> None:
    rows = prometheus.query(CAMPAIGNS["targets"][0]["expr"].replace("$tenant", "1|nameless"), NOW)
    found = {dict(row)["campaign"]: (dict(row)["name"], dict(row)["tenant_name"]) for row in rows}
    assert found["stuck"] == (HOSTILE, HOSTILE)
    assert found["dead"] == ("Campaign dead", "nameless")
    assert len(rows) == 6


def test_verdicts_are_counted(ask: Ask) -> None:
    found = {state.words: ask(panel(OVERVIEW, 102), state.words, "")[""] for state in VERDICT_STATES}
    assert {words: count for words, count in found.items() if count} == {
        "dialing": 1, "waiting": 1, "blocked": 2, "stalled": 1, "finished": 1,
    }  # fmt: skip


def test_campaigns_that_need_somebody_are_told_what_to_do_first_once_where_they_are_told_the_same(
    prometheus: Prometheus,
) -> None:
    expression = interpolated(panel(OVERVIEW, 103)["targets"][0]["expr"], {"tenant": "1|nameless"}, "6h", "5m")
    found = {
        dict(labels)["verdict"]: (dict(labels), alike) for labels, alike in prometheus.query(expression, NOW).items()
    }
    assert len(found) == len(prometheus.query(expression, NOW)) == 2
    assert {verdict: alike for verdict, (_, alike) in found.items()} == {"blocked": 2, "stalled": 1}
    assert found["blocked"][0]["hint"] == "Mend the provider."
    assert found["blocked"][0]["campaign"] in ("stuck", "paged")
    assert found["stalled"][0]["name"] == "Campaign dead"


def test_a_days_costs_are_told_by_currency(ask: Ask) -> None:
    spent = ask(panel(OVERVIEW, 104), "{{currency}} in 24 h", "currency")
    assert spent == {"EUR": pytest.approx(6, rel=0.05), "USD": pytest.approx(100, rel=0.05)}


def test_the_band_shows_the_worst_first_and_no_more_than_can_be_read(prometheus: Prometheus) -> None:
    expression = panel(OVERVIEW, 301)["targets"][0]["expr"].replace("$tenant", ".*")
    found = prometheus.api("query_range", query=expression, start=NOW - 60, end=NOW, step=60)["result"]
    assert len(found) == BAND_LINES
    assert [series["metric"]["campaign"] for series in found[:4]] == ["dead", "paged", "stuck", "good"]
    assert found[0]["metric"]["name"] == "Campaign dead"
    assert found[2]["metric"]["name"] == HOSTILE[:NAME_LENGTH] + "…"


def test_a_band_without_campaigns_says_so(prometheus: Prometheus) -> None:
    expression = panel(OVERVIEW, 301)["targets"][0]["expr"].replace("$tenant", "nobody")
    found = prometheus.api("query_range", query=expression, start=NOW - 60, end=NOW, step=60)["result"]
    assert [series["metric"] for series in found] == [{"name": "No campaigns known"}]


def test_firing_alerts_are_ours_and_name_their_campaign_or_tenant(prometheus: Prometheus, ask: Ask) -> None:
    alerts = panel(OVERVIEW, 402)
    expression = alerts["targets"][0]["expr"].replace("$tenant", "1|nameless")
    rows = [dict(row) for row in prometheus.query(expression, NOW)]
    assert sorted((row["alertname"], row.get("name", "")) for row in rows) == [
        ("CampaignCreditsExhausted", f"tenant {HOSTILE}"), ("CampaignCreditsExhausted", "tenant nameless"),
        ("CampaignExporterDown", ""), ("CampaignSlow", "Campaign paged"), ("CampaignStalled", "Campaign paged"),
    ]  # fmt: skip
    assert ask(alerts, "Since", "alertname", "1") == {
        "CampaignCreditsExhausted": (NOW - 300) * 1000,
        "CampaignExporterDown": (NOW - 60) * 1000,
        "CampaignSlow": (NOW - 600) * 1000,
        "CampaignStalled": (NOW - 600) * 1000,
    }


@pytest.mark.parametrize("exporter", ["", "https://exporter.example.com"])
def test_an_alert_leads_to_its_runbook_where_viewers_reach_the_exporter(exporter: str) -> None:
    settings = Settings(links=Links(exporter=exporter))
    address = settings.runbook("${__data.fields.Alert:percentencode}")
    assert address == (exporter and f"{exporter}/runbooks/${{__data.fields.Alert:percentencode}}")
    alerts = panel(overview.board(settings).made(settings), 402)
    links = next(each["properties"][0]["value"] for each in alerts["fieldConfig"]["overrides"]
                 if each["matcher"]["options"] == "Alert")  # fmt: skip
    assert [link["url"] for link in links] == ([address] if exporter else [])


def test_the_worst_replica_speaks_for_the_monitoring(ask: Ask) -> None:
    strip = panel(OVERVIEW, 101)
    assert ask(strip, "exporter", "") == {"": -1}
    assert ask(strip, "data age", "") == {"": 70}
    assert ask(strip, "violations", "") == {"": 0}


def test_each_replica_has_its_row_also_when_it_does_not_answer(ask: Ask) -> None:
    replicas = panel(HEALTH, 101)
    assert ask(replicas, "Refresh", "instance") == {"a:1": 1, "b:1": 1, "c:1": -1}
    assert ask(replicas, "Data age", "instance") == {"a:1": 5, "b:1": 70}
