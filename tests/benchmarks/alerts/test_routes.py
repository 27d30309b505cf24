"""The routing tree is walked as amtool walks it, and what is not imitated is refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.alerts.routes import RoutesError, load

ROUTE = {
    "receiver": "nobody", "group_by": ["tenant", "campaign"],
    "routes": [
        {"matchers": ['severity="critical"'], "receiver": "pager", "group_wait": "5s", "routes": [
            {"match_re": {"tenant": "2|3"}, "receiver": "second-pager", "group_by": ["..."]},
        ]},
        {"matchers": ["managers=\"true\", severity!='x'".replace("'", '"')], "receiver": "managers", "continue": True},
        {"matchers": ['{severity=~"warn.*",team!~"a|b"}'], "receiver": "tickets", "repeat_interval": "1d"},
    ],
}  # fmt: skip


def written(directory: Path, route: Any) -> Path:
    path = directory / "alertmanager.yml"
    names = ("nobody", "pager", "second-pager", "managers", "tickets")
    path.write_text(yaml.safe_dump({"route": route, "receivers": [{"name": name} for name in names]}))
    return path


def test_amtool_agrees_for_every_kind_of_alert(tmp_path: Path) -> None:
    routing = load(written(tmp_path, ROUTE))
    seen = set()
    for severity, tenant, managers, team in product(
        ("critical", "warning", ""), ("1", "2"), ("true", ""), ("a", "c")
    ):  # fmt: skip
        labels = {"severity": severity, "tenant": tenant, "managers": managers, "team": team}
        # `of` raises where amtool sees it differently
        seen.add(tuple(each.receiver for each in routing.of({name: text for name, text in labels.items() if text})))
    assert seen == {
        ("pager",), ("second-pager",), ("managers",), ("managers", "tickets"), ("tickets",), ("nobody",)
    }  # fmt: skip


def test_what_a_route_does_not_say_it_has_from_above(tmp_path: Path) -> None:
    routing = load(written(tmp_path, ROUTE))
    (pager,) = routing.of({"severity": "critical", "tenant": "1", "campaign": "5", "alertname": "A"})
    assert (pager.group_by, pager.group_wait, pager.group_interval) == (("tenant", "campaign"), 5, 300)
    assert pager.group({"tenant": "1", "alertname": "A"}) == (("tenant", "1"),)
    (second,) = routing.of({"severity": "critical", "tenant": "2", "alertname": "A"})
    assert (second.group_wait, second.repeat_interval) == (5, 14_400)
    assert second.group({"tenant": "2", "alertname": "A"}) == (("alertname", "A"), ("tenant", "2"))


@pytest.mark.parametrize(
    "route", [{"mute_time_intervals": ["night"]}, {"matchers": ["severity critical"]}, {"active_time_intervals": ["x"]}]
)
def test_what_is_not_imitated_is_refused(tmp_path: Path, route: dict[str, Any]) -> None:
    with pytest.raises(RoutesError):
        load(written(tmp_path, {"receiver": "nobody", "routes": [route]}))


def test_all_receivers_but_nobody_count_whatever_they_are_given(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    hook = [{"url": "http://127.0.0.1:1/"}]
    receivers = [
        {"name": "nobody", "webhook_configs": hook}, {"name": "empty"}, {"name": "mail", "webhook_configs": hook},
        {"name": "quiet", "webhook_configs": [{**hook[0], "send_resolved": False}]},
    ]  # fmt: skip
    path.write_text(yaml.safe_dump({"route": {"receiver": "empty"}, "receivers": receivers}))
    assert load(path).receivers == {"empty": True, "mail": True, "quiet": False}
