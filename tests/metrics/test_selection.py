"""What is exported as the settings choose, and what is refused, with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.config import MetricsConfig
from exporter.errors import ConfigError
from exporter.metrics.catalogue import BY_NAME
from exporter.metrics.selection import left_out, selected


def names(**settings: Any) -> set[str]:
    return {family.name for family in selected(MetricsConfig(**settings))}


def test_without_lists_all_are_exported() -> None:
    assert names() == set(BY_NAME)
    assert left_out(MetricsConfig()) == ()


def test_only_what_is_allowed_is_exported() -> None:
    assert names(allow=("campaign_calls_*", "campaign_info")) == {
        "campaign_info", "campaign_calls_total", "campaign_calls_in_progress", "campaign_calls_silent_total",
        "campaign_calls_outside_window_today", "campaign_calls_outside_window_total", "campaign_calls_cut_short_total",
    }  # fmt: skip


def test_what_is_denied_is_not_exported_though_it_is_allowed() -> None:
    assert names(allow=("campaign_number_*",), deny=("campaign_number_c*", "*_info")) == {
        "campaign_number_weight", "campaign_number_status", "campaign_number_daily_cap",
        "campaign_number_talk_seconds_total",
    }  # fmt: skip
    assert "campaign_number_info" in left_out(MetricsConfig(deny=("*_info",)))


def test_a_dropped_label_is_shown_no_more() -> None:
    (family,) = selected(
        MetricsConfig(
            allow=("campaign_call_errors_total",), drop_labels={"campaign_call_errors_total": ("code", "provider")}
        )
    )
    assert family.all_labels == ("tenant", "campaign", "fault")


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ({"deny": ["campaign_cals_*"]}, "metrics.deny: 'campaign_cals_*': no metric is called so; did you mean "
                                        "campaign_calls_total?"),
        ({"allow": ["campaign_calls"]}, "metrics.allow: 'campaign_calls': no metric is called so; did you mean "
                                        "campaign_calls_total?"),
        ({"deny": ["node_load1"]}, "metrics.deny: 'node_load1': no metric is called so; they are listed in "
                                   "docs/metrics.md"),
        ({"deny": ["campaign_.*"]}, "metrics.deny: 'campaign_.*': no name of a metric; write letters, digits and _, "
                                    "and * for any of them"),
        ({"deny": ["campaign_exporter_up"]}, "metrics.deny: 'campaign_exporter_up': the exporter's own metrics are "
                                             "always there, as alerts rest on them; leave it out"),
        ({"deny": ["campaign_exporter_*"]}, "metrics.deny: 'campaign_exporter_*': the exporter's own metrics are "
                                            "always there, as alerts rest on them; leave it out"),
        ({"deny": ["campaign_call_score_bucket"]}, "metrics.deny: 'campaign_call_score_bucket': is a part of the "
         "histogram campaign_call_score, which is exported whole or not; name that"),
        ({"deny": ["*"]}, "metrics: allow and deny leave no metric of campaigns; take a name out of deny"),
        ({"drop_labels": {"campaign_cals_total": ["outcome"]}}, "metrics.drop_labels.campaign_cals_total: no metric "
         "is called so; did you mean campaign_calls_total?"),
        ({"deny": ["campaign_calls_total"], "drop_labels": {"campaign_calls_total": ["outcome"]}},
         "metrics.drop_labels.campaign_calls_total: is not exported, as allow and deny have it; leave it out here"),
        ({"drop_labels": {"campaign_calls_total": ["status"]}}, "metrics.drop_labels.campaign_calls_total: 'status': "
         "campaign_calls_total has no such label; it has tenant, campaign, outcome"),
        ({"drop_labels": {"campaign_calls_total": ["campaign"]}}, "metrics.drop_labels.campaign_calls_total: "
         "'campaign': a sum over campaigns falls when one leaves, which Prometheus takes for a reset; sum it in a "
         "query"),
        ({"drop_labels": {"campaign_call_cost_total": ["currency"]}}, "metrics.drop_labels.campaign_call_cost_total: "
         "'currency': amounts in several currencies are no sum; keep it"),
        ({"drop_labels": {"campaign_tasks": ["status"]}}, "metrics.drop_labels.campaign_tasks: 'status': "
         "campaign_tasks is no counter, and only counters add up; keep the label, or deny the metric"),
        ({"drop_labels": {"campaign_call_score": ["le"]}}, "metrics.drop_labels.campaign_call_score: 'le': "
         "campaign_call_score is no counter, and only counters add up; keep the label, or deny the metric"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence_with_the_remedy(settings: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ConfigError) as raised:
        selected(MetricsConfig.model_validate(settings))
    assert str(raised.value) == refusal


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        selected(MetricsConfig(allow=("nothing",), deny=("campaign_exporter_up", "campaign_cals_*")))
    assert len(str(raised.value).splitlines()) == 3
