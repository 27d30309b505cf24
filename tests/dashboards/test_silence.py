"""The boards by value while an exporter answers, while one of two is silent, and while both are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboards.boards.exporters import SILENT, STATES
from dashboards.vocabulary.colours import WORST_FIRST, State
from dashboards.vocabulary.queries import Queries
from tests.dashboards.asking import interpolated
from tests.dashboards.boards import expressions
from tests.support.prometheus import Prometheus, running, write_history

NOW = 1_795_000_000.0
ONE_SILENT, BOTH_SILENT = NOW - 1800, NOW - 900
"""Since when."""

QUESTIONS = dict(expressions())
OWN = 'tenant="1",campaign="7"'
CALLS = {"failed": 2.0, "answered": 1.0}
ERRORS = {"sip_404": 0.5, "sip_503": 1.5}
"""By minute."""


def shown(at: float) -> Iterator[tuple[str, str, float]]:
    """What an exporter shows: name, labels, value."""
    minutes = (at - NOW) / 60 + 1000
    yield "campaign_exporter_up", "", 1
    yield "campaign_exporter_data_timestamp_seconds", "", at - 2
    yield "campaign_info", f'{OWN},name="Renewals",currency="EUR"', 1
    yield "campaign_dispatch_hint_info", f'{OWN},verdict="blocked",hint="Fail over.",evidence="Most fail."', 1
    for verdict in ("blocked", "dialing"):
        yield "campaign_dispatch_verdict", f'{OWN},verdict="{verdict}"', verdict == "blocked"
    yield "campaign_dispatch_info", f'{OWN},verdict="blocked",gate="provider",code=""', 1
    yield "campaign_tenant_info", 'tenant="1",name="Northwind"', 1
    for connection in ("a", "b"):
        yield "campaign_connection_info", f'tenant="1",connection="{connection}",provider="p{connection}"', 1
    yield "campaign_number_info", 'tenant="1",number="n",connection="a",phone="+49"', 1
    for outcome, rate in CALLS.items():
        yield "campaign_number_calls_total", f'{OWN},number="n",outcome="{outcome}"', rate * minutes
    for outcome in ("answered", "busy"):
        yield "campaign_calls_total", f'{OWN},attempt="1",outcome="{outcome}"', 10 * minutes
    for code, rate in ERRORS.items():
        yield "campaign_call_errors_total", f'{OWN},provider="pa",code="{code}",fault="provider"', rate * minutes


def scraped(at: float) -> bytes:
    """What Prometheus saw of both."""
    families: dict[str, list[str]] = {}
    for instance, silent in {"one:1": ONE_SILENT, "two:1": BOTH_SILENT}.items():
        own = f'job="exporter",instance="{instance}"'
        families.setdefault("up", []).append(f"up{{{own}}} {int(at < silent)}")
        for name, labels, value in shown(at) if at < silent else ():
            families.setdefault(name, []).append(f"{name}{{{','.join(filter(None, (own, labels)))}}} {float(value)}")
    for name, labels in {"CampaignBlocked": OWN, "CampaignProviderFailing": 'tenant="1"'}.items():
        alert = f'alertname="{name}",severity="critical",{labels}'
        families.setdefault("ALERTS", []).append(f'ALERTS{{alertstate="firing",{alert}}} 1')
        families.setdefault("ALERTS_FOR_STATE", []).append(f"ALERTS_FOR_STATE{{{alert}}} {ONE_SILENT}")
    return "".join(f"# TYPE {name} gauge\n" + "\n".join(lines) + "\n" for name, lines in families.items()).encode()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    directory = tmp_path_factory.mktemp("silence")
    write_history(directory, [(at, scraped(at)) for at in (NOW - 60 * minutes for minutes in range(60, -1, -1))])
    with running(directory) as server:
        yield server


def labels(server: Prometheus, where: str, at: float, campaign: str = "7") -> list[dict[str, str]]:
    values = {"tenant": ".*", "campaign": campaign}
    return [dict(found) for found in server.query(interpolated(QUESTIONS[where], values, "1h"), at)]


def test_the_sentence_is_the_cards_as_long_as_one_exporter_answers(prometheus: Prometheus) -> None:
    for at in (ONE_SILENT - 60, BOTH_SILENT - 60):
        assert [each["hint"] for each in labels(prometheus, "campaign-207-A", at)] == ["Fail over."]
        assert labels(prometheus, "campaign-207-A", at, campaign="nobody") == []


def test_where_none_answers_the_sentence_says_so(prometheus: Prometheus) -> None:
    for question in ("campaign-207-A", "overview-103-A"):
        assert [each["hint"] for each in labels(prometheus, question, NOW)] == [SILENT]


@pytest.mark.parametrize("where", ["campaign-1", "overview-101", "numbers-101", "cost-106"])
def test_a_board_says_as_of_when_its_last_figures_are(prometheus: Prometheus, where: str) -> None:
    question = interpolated(QUESTIONS[f"{where}-OLD"], {"tenant": ".*", "campaign": "7"}, "1h")
    assert prometheus.query(question, BOTH_SILENT - 60) == {}
    (at,) = prometheus.query(question, NOW).values()
    assert at == (BOTH_SILENT - 60 - 2) * 1000


def test_the_last_names_are_kept(prometheus: Prometheus) -> None:
    assert [each["name"] for each in labels(prometheus, "overview-201-A", NOW)] == ["Renewals"]
    known = Queries(("instance", "job", "pod")).known("campaign_tenant_info")
    assert [dict(found)["name"] for found in prometheus.query(known, NOW)] == ["Northwind"]


def test_no_rate_of_now_is_shown_by_an_exporter_that_is_silent(prometheus: Prometheus) -> None:
    values = {"tenant": ".*", "campaign": "7"}
    rates = [QUESTIONS["campaign-106-A"]]
    rates += [
        each for where, each in QUESTIONS.items()
        if where.startswith("overview-201-") and 'outcome=~"answered|abandoned"' in each and "169h" not in each
    ]  # fmt: skip
    assert len(rates) == 2
    for rate in (interpolated(each, values, "1h") for each in rates):
        (share,) = (each for each in prometheus.query(rate, BOTH_SILENT - 60).values() if each == each)
        assert share == pytest.approx(0.5)
        assert [each for each in prometheus.query(rate, NOW).values() if each == each] == []


def test_the_last_verdict_is_kept_and_said_to_be_of_the_past(prometheus: Prometheus) -> None:
    assert [each["verdict"] for each in labels(prometheus, "campaign-201-A", BOTH_SILENT - 60)] == ["blocked"]
    assert [each["verdict"] for each in labels(prometheus, "campaign-201-A", NOW)] == ["was blocked"]
    assert labels(prometheus, "campaign-201-A", NOW, campaign="nobody") == []
    blocked = WORST_FIRST.index("blocked") + 1
    question = interpolated(QUESTIONS["overview-201-B"], {"tenant": ".*"}, "1h")
    for at, number in ((BOTH_SILENT - 60, blocked), (NOW, 100 + blocked)):
        assert {dict(found)["campaign"]: each for found, each in prometheus.query(question, at).items()} == {
            "7": number
        }


def test_an_alert_is_still_about_a_campaign_by_name_and_since_when_it_fires(prometheus: Prometheus) -> None:
    found = prometheus.query(interpolated(QUESTIONS["overview-402-A"], {"tenant": ".*"}, "1h"), NOW)
    about = {dict(each)["alertname"]: (dict(each)["name"], since) for each, since in found.items()}
    assert about == {
        "CampaignBlocked": ("Renewals", ONE_SILENT * 1000),
        "CampaignProviderFailing": ("tenant Northwind", ONE_SILENT * 1000),
    }


def test_a_failing_connection_is_shown_with_its_share_and_its_top_error(prometheus: Prometheus) -> None:
    at = BOTH_SILENT - 60
    rows = {each["connection"]: each.get("code") for each in labels(prometheus, "overview-502-A", at)}
    assert rows == {"a": "sip_503", "b": None}
    failed = {
        dict(found)["connection"]: share
        for where, question in QUESTIONS.items()
        if where.startswith("overview-502-") and 'outcome="failed"' in question
        for found, share in prometheus.query(interpolated(question, {"tenant": ".*"}, "1h"), at).items()
        if share == share  # no number stands for a row without one
    }
    assert failed == {"a": pytest.approx(2 / 3)}


def test_the_connection_that_fails_most_is_told_at_the_top_of_the_overview(prometheus: Prometheus) -> None:
    question = interpolated(QUESTIONS["overview-104-A"], {"tenant": ".*"}, "1h")
    found = prometheus.query(question, BOTH_SILENT - 60)
    assert {dict(labels)["connection"]: share for labels, share in found.items()} == {"a": pytest.approx(2 / 3)}
    assert prometheus.query(question, NOW) == {}, "of a silent exporter nothing is known"


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.code)
def test_a_state_of_the_exporter_is_one_short_word(state: State) -> None:
    """Grafana makes all figures of a tile as small as the widest needs."""
    assert len(state.words) <= len("failing")
