"""Which alerts and panels rest on a metric, and that none that says whether there is an exporter rests on any."""

from __future__ import annotations

import pytest

from alerts.catalogue import concerns
from alerts.settings import Settings
from exporter.commands.dependents import of_family, of_what_is_left_out
from exporter.config import MetricsConfig
from exporter.metrics.catalogue import BY_NAME


def test_where_nothing_is_left_out_nobody_misses_it() -> None:
    assert of_what_is_left_out(MetricsConfig()) == of_what_is_left_out(MetricsConfig(allow=("*",)))
    assert of_what_is_left_out(MetricsConfig()).alerts == ()


def test_an_alert_rests_on_what_its_recorded_series_are_made_of() -> None:
    assert "CampaignAnswerRateLow" in of_family("campaign_attempt_calls_total").alerts


def test_a_panel_rests_on_the_parts_of_a_histogram() -> None:
    assert "campaign: Delay from due to dialled" in of_family("campaign_call_dispatch_delay_seconds").panels


def test_a_variable_rests_on_what_it_lists() -> None:
    assert "overview: variable tenant" in of_family("campaign_tenant_info").panels


def test_of_a_label_only_who_names_it_misses_it() -> None:
    every = of_family("campaign_call_errors_total")
    code = of_family("campaign_call_errors_total", "code")
    assert set(code.panels) < set(every.panels)
    assert "campaign: Errors" in code.panels
    assert "CampaignProviderFailing" in set(every.alerts) - set(code.alerts)


@pytest.mark.parametrize("name", ["campaign_expires_timestamp_seconds", "campaign_call_score"])
def test_some_are_for_own_boards_only(name: str) -> None:
    assert of_family(name) == of_what_is_left_out(MetricsConfig())


def test_whether_there_is_an_exporter_is_told_whatever_is_left_out() -> None:
    of_it = {alert.name for each in concerns(Settings()) if each.name == "exporter" for alert in each.alerts}
    rest_on_campaigns = {"CampaignExporterReplicasDisagree", "CampaignUnknownCodes"}
    missed = {name for family in BY_NAME for name in of_family(family).alerts}
    assert missed & of_it == rest_on_campaigns
