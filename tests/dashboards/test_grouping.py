"""Expressions with platforms told apart: what becomes of each form that ours have."""

from __future__ import annotations

import pytest

from dashboards.vocabulary.grouping import Grouping

ONE = Grouping(["cluster"])
TWO = Grouping(["platform", "region"], {"platform": '=~"$platform"', "region": '=~"$region"'})


@pytest.mark.parametrize(
    ("expression", "grouped"),
    [
        ("sum (x)", "sum by (cluster) (x)"),
        ("sum(x)", "sum by (cluster)(x)"),
        ("max by (tenant, campaign) (x)", "max by (cluster, tenant, campaign) (x)"),
        ("topk (10, x > 0)", "topk by (cluster) (10, x > 0)"),
        ('count_values by (a) ("of", x)', 'count_values by (cluster, a) ("of", x)'),
        ("a / on () group_left () b", "a / on (cluster) group_left () b"),
        ("a * on (tenant) group_left (name) b", "a * on (cluster, tenant) group_left (name) b"),
        ("a and on (tenant) b unless on () c", "a and on (cluster, tenant) b unless on (cluster) c"),
        ("max without (instance, job) (x)", "max without (instance, job) (x)"),
        ("a / ignoring (b) c", "a / ignoring (b) c"),
        ("a * on (job, instance) group_left (cluster) b", "a * on (job, instance) group_left (cluster) b"),
        ('label_replace(sum (x), "a", "$1", "b", "")', 'label_replace(sum by (cluster) (x), "a", "$1", "b", "")'),
        ('label_join(x, "row", "\\x1f", "a")', 'label_join(x, "row", "\\x1f", "cluster", "a")'),
        ('max without (a) (label_join(x, "row", "", "a"))',
         'max without (cluster, a) (label_join(x, "row", "", "cluster", "a"))'),
        ('label_join(x, "title", "  ", "a", "b")', 'label_join(x, "title", "  ", "a", "b")'),
        ('x{by="on", sum="sum (x)"}[$__range:30m] offset 1w @ end()', None),
        ("scalar(days_in_month() * 86400 - time() % 86400) * $__range_s", None),
        ("absent(up{job=\"a\"})", None),
    ],
)  # fmt: skip
def test_what_is_summed_or_joined_is_so_within_a_group(expression: str, grouped: str | None) -> None:
    assert ONE.of(expression) == (grouped or expression)
    assert Grouping().of(expression) == expression


def test_each_selector_gets_what_is_chosen() -> None:
    chosen = 'platform=~"$platform", region=~"$region"'
    assert TWO.of('rate(a:b{c="}"}[5m]) + d{} + (e)') == (
        f'rate(a:b{{{chosen}, c="}}"}}[5m]) + d{{{chosen}}} + (e{{{chosen}}})'
    )


def test_an_alert_without_a_group_is_seen_in_each() -> None:
    """It tells that no exporter at all can be scraped."""
    assert TWO.of("ALERTS") == 'ALERTS{platform=~"$platform|", region=~"$region|"}'


def test_what_is_filled_in_later_stands_for_a_value() -> None:
    asked = Grouping(["cluster"], {"cluster": "=%q"}).of('max by (a) (x{tenant=%q,b=~"c"} or ALERTS)')
    assert asked == 'max by (cluster, a) (x{cluster=%q, tenant=%q,b=~"c"} or ALERTS{cluster=%q})'


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("sum(x) by (a)", "write the labels of an aggregation before what is aggregated"),
        ("x > scalar(y)", "scalar has no labels, so groups cannot be told apart"),
        ("x or vector(0)", "vector has no labels, so groups cannot be told apart"),
        ("sum (x", r"\( is never closed"),
        ("x; y", "not PromQL: '; y'"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ONE.of(expression)
    assert Grouping().of(expression) == expression
