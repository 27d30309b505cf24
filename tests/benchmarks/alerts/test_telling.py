"""Who is told when: groups, waits, repeats and what is kept back are as in a real Alertmanager."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml

from benchmarks.alerts.evaluation import Fired
from benchmarks.alerts.routes import load
from benchmarks.alerts.telling import Notification, tell
from tests.support.alertmanager import Receiver, running
from tests.support.prometheus import fetch, wait_for

ROUTE = {
    "receiver": "nobody", "group_by": ["tenant"], "group_wait": "30s", "group_interval": "5m", "repeat_interval": "1h",
    "routes": [{"receiver": "pager", "matchers": ['severity="critical"'], "group_wait": "10s"}],
}  # fmt: skip
RECEIVERS = [{"name": "nobody"}, {"name": "pager", "webhook_configs": [{"url": "http://127.0.0.1:1/"}]}]
INHIBIT = [
    {"source_matchers": ["cause=~'yes|maybe'".replace("'", '"')], "target_matchers": ['symptom="yes"'],
     "equal": ["tenant", "campaign"]},
    {"source_matchers": ['alertname="Blind"'], "target_matchers": ['alertname!="Blind"'], "equal": []},
]  # fmt: skip


def alert(name: str, fired: float, resolved: float | None = None, **labels: str) -> Fired:
    everything = {"alertname": name, "severity": "critical", "tenant": "1", **labels}
    return Fired(tuple(sorted(everything.items())), fired, resolved)


def told(directory: Path, *alerts: Fired, end: float = 10_000, **more: Any) -> list[Notification]:
    path = directory / "alertmanager.yml"
    path.write_text(yaml.safe_dump({"route": ROUTE, "receivers": RECEIVERS, **more}))
    return tell(alerts, load(path), end)


def names(found: list[Notification]) -> list[tuple[float, list[str]]]:
    """When, and which alerts are new."""
    return [(each.at, [one.by_name["alertname"] for one in each.new]) for each in found if each.counts]


def test_what_comes_within_the_wait_is_one_notification(tmp_path: Path) -> None:
    found = told(tmp_path, alert("A", 0, 400), alert("B", 8, 400), alert("C", 60, 400))
    assert names(found) == [(10, ["A", "B"]), (310, ["C"])]
    assert [each.receiver for each in found] == ["pager"] * 3
    assert not found[2].counts, "that all is over tells of nothing that is wrong"


def test_groups_are_apart_and_a_group_that_is_over_begins_anew(tmp_path: Path) -> None:
    found = told(tmp_path, alert("A", 0, 60), alert("B", 5, 60, tenant="2"), alert("A", 1000, 1060))
    assert names(found) == [(10, ["A"]), (15, ["B"]), (1010, ["A"])]


def test_what_is_gone_before_it_could_be_told_is_not_told(tmp_path: Path) -> None:
    assert told(tmp_path, alert("A", 0, 9)) == []


def test_what_comes_back_between_two_notifications_is_not_new(tmp_path: Path) -> None:
    assert names(told(tmp_path, alert("A", 0, 100), alert("A", 200, 3000))) == [(10, ["A"])]


def test_what_lasts_is_repeated(tmp_path: Path) -> None:
    found = told(tmp_path, alert("A", 0), end=8000)
    assert [(each.at, each.repeat) for each in found] == [(10, False), (3910, True), (7810, True)]


def test_nobody_is_told_what_is_no_page(tmp_path: Path) -> None:
    assert told(tmp_path, alert("A", 0, severity="warning")) == []


def test_the_cause_keeps_its_symptoms_back_until_it_is_over(tmp_path: Path) -> None:
    found = told(
        tmp_path, alert("A", 0, 500, cause="yes", campaign="7"), alert("B", 0, 900, symptom="yes", campaign="7"),
        alert("C", 0, 900, symptom="yes", campaign="8"), inhibit_rules=INHIBIT,
    )  # fmt: skip
    assert names(found) == [(10, ["A", "C"]), (610, ["B"])]


def test_an_alert_does_not_keep_itself_back(tmp_path: Path) -> None:
    assert names(told(tmp_path, alert("A", 0, cause="yes", symptom="yes"), inhibit_rules=INHIBIT, end=99)) == [
        (10, ["A"])
    ]


def test_a_real_alertmanager_keeps_back_the_same_alerts(tmp_path: Path) -> None:
    rng = random.Random(3)
    labels: list[Mapping[str, str]] = []
    for number in range(80):
        possible = {
            "alertname": f"N{number}", "cause": rng.choice(("yes", "maybe", "no", "")),
            "symptom": rng.choice(("yes", "")), "tenant": rng.choice(("1", "2", "")),
            "campaign": rng.choice(("7", "8", "9", "10", "11", "12", "")),
        }  # fmt: skip
        labels.append({name: value for name, value in possible.items() if value})
    config = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}], "inhibit_rules": INHIBIT}
    path = tmp_path / "routing.yml"
    path.write_text(yaml.safe_dump(config))
    routing = load(path)
    with running(tmp_path, path) as address:
        post(address, labels)
        wait_for("alerts", lambda: len(known(address)) == len(labels))
        wait_for("inhibition", lambda: any(each["status"]["inhibitedBy"] for each in known(address)))
        seen = known(address)
    real = {each["labels"]["alertname"]: bool(each["status"]["inhibitedBy"]) for each in seen}
    ours = {each["alertname"]: routing.inhibited(each, labels) for each in labels}
    assert ours == real
    assert 10 < sum(ours.values()) < 70


def test_a_real_alertmanager_tells_the_same_in_the_same_order(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    receiver = Receiver()
    heard = receiver.told
    config: dict[str, Any] = {
        "route": {"receiver": "hook", "group_by": ["tenant"], "group_wait": "300ms", "group_interval": "700ms"},
        "receivers": [{"name": "hook", "webhook_configs": [{"url": receiver.url}]}], "inhibit_rules": INHIBIT,
    }  # fmt: skip
    path.write_text(yaml.safe_dump(config))
    a, b, c, d = ({"alertname": name, "tenant": "1"} for name in "ABCD")
    a["cause"], d["symptom"] = "yes", "yes"
    with receiver.running(), running(tmp_path, path) as address:
        post(address, [a, b])
        wait_for("the first notification", lambda: len(heard) == 1)
        post(address, [c, d])
        wait_for("the second one", lambda: len(heard) == 2)
        post(address, [a], over=True)
        wait_for("the third one", lambda: "D" in _firing(heard[-1]))
        post(address, [b, c, d], over=True)
        wait_for("the last one", lambda: heard[-1]["status"] == "resolved")
    # the same in whole seconds of virtual time: the group's wait is 3, its interval 7
    config["route"] = {**config["route"], "group_wait": "3s", "group_interval": "7s"}
    path.write_text(yaml.safe_dump(config))
    fired = [(a, 0, 11), (b, 0, 18), (c, 4, 18), (d, 4, 18)]
    ours = tell([Fired(tuple(sorted(each.items())), start, end) for each, start, end in fired], load(path), 100)
    assert [sorted(one.by_name["alertname"] for one in each.firing) for each in ours] == [
        ["A", "B"], ["A", "B", "C"], ["B", "C", "D"], []
    ]  # fmt: skip
    assert [_firing(each) for each in heard] == [
        sorted(one.by_name["alertname"] for one in each.firing) for each in ours
    ]


def _firing(heard: Mapping[str, Any]) -> list[str]:
    return sorted(each["labels"]["alertname"] for each in heard["alerts"] if each["status"] == "firing")


def post(address: str, alerts: Sequence[Mapping[str, str]], over: bool = False) -> None:
    """Tell an Alertmanager that these alerts fire, or that they are resolved."""
    now = datetime.now(UTC)
    start, end = (now - timedelta(seconds=5), now) if over else (now, now + timedelta(hours=1))
    times = {"startsAt": start.isoformat(), "endsAt": end.isoformat()}
    body = json.dumps([{"labels": dict(labels), **times} for labels in alerts]).encode()
    request = Request(f"http://{address}/api/v2/alerts", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=5) as response:
        assert response.status == 200


def known(address: str) -> list[dict[str, Any]]:
    """All alerts that it knows."""
    found: list[dict[str, Any]] = json.loads(fetch(f"http://{address}/api/v2/alerts") or b"[]")
    return found
