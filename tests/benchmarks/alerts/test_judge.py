"""Whose an alert is, and what is found, late, wrong or false."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.alerts.evaluation import Fired
from benchmarks.alerts.incident import Evidence, Incident, Run, of_json
from benchmarks.alerts.judge import Judgement, attributed, judge
from benchmarks.alerts.report import Result, goals, text
from benchmarks.alerts.telling import Notification

BUDGET = Incident("budget_out", 1000, 4000, {"campaign": "a"}, "a", ("1",), ("7",), ("70",), size=5)
CREDITS = Incident(
    "credits_out", 1500, 4000, {"tenant": "x"}, "x", ("2",), ("8", "9"), ("80",), ("4",), ("tellus",), 90
)
DECOY = Incident("operator_pause", 1000, 4000, {"campaign": "b"}, "b", ("1",), ("6",))
AWAY = Incident("database_away", 1000, 4000, {}, "exporter", everything=True)
SPAM = Incident("number_spam", 1000, 4000, {"number": "n"}, "n", ("1",), ("7",), ("70",))
SKEW = Incident("variant_skew", 1000, 2000, {}, "s", ("1",), ("7",), ())


def alert(name: str, fired: float, **labels: str) -> Fired:
    return Fired(tuple(sorted({"alertname": name, "severity": "critical", **labels}.items())), fired, None)


def notification(at: float, *alerts: Fired, new: Iterable[Fired] | None = None, to: str = "pager") -> Notification:
    return Notification(at, to, (), alerts, alerts if new is None else tuple(new), repeat=False)


def run(*incidents: Incident) -> Run:
    return Run("seed 1", 0, 0, 9000, 60, incidents, (), {}, {})


def judged(*notifications: Notification, incidents: Iterable[Incident] = (BUDGET, CREDITS, DECOY)) -> Judgement:
    return judge(run(*incidents), notifications)


def test_an_alert_is_about_what_it_names() -> None:
    incidents = (BUDGET, CREDITS, DECOY)
    assert attributed(alert("X", 1600, tenant="1", campaign="7"), incidents) == {0}
    assert attributed(alert("X", 1600, tenant="2"), incidents) == {1}
    assert attributed(alert("X", 1600, tenant="1"), incidents) == {0, 2}
    assert attributed(alert("X", 1600, tenant="1", campaign="5"), incidents) == set()
    assert attributed(alert("X", 1600, tenant="2", provider="tellus"), incidents) == {1}
    assert attributed(alert("X", 1600, tenant="2", provider="other"), incidents) == set()
    assert attributed(alert("X", 1600), incidents) == set(), "nobody knows whom it is about"
    assert attributed(alert("X", 1600, tenant="1", campaign="5"), (AWAY,)) == {0}
    assert attributed(alert("X", 1600), (AWAY,)) == {0}


def test_it_is_about_incidents_from_their_start_to_half_an_hour_after_their_end() -> None:
    for fired, about in ((999, set[int]()), (1000, {0}), (5800, {0}), (5801, set[int]())):
        assert attributed(alert("X", fired, tenant="1", campaign="7"), (BUDGET,)) == about
    assert attributed(alert("X", 8000, tenant="1", campaign="7"), (SKEW,)) == {0}, "it stays in the data"


def test_the_cause_goes_first_then_what_is_under_way() -> None:
    named = alert("CampaignBudgetExhausted", 3000, tenant="1", campaign="7")
    assert attributed(named, (BUDGET, SKEW)) == {0}
    assert attributed(alert("X", 3000, tenant="1", campaign="7"), (BUDGET, SKEW)) == {0}


def test_found_in_time_and_by_name() -> None:
    early = alert("CampaignBlocked", 1200, tenant="1", campaign="7")
    cause = alert("CampaignBudgetExhausted", 1300, tenant="1", campaign="7")
    found = judged(notification(1210, early), notification(1510, early, cause, new=[cause]))
    budget = found.verdicts[0]
    assert (budget.minutes, budget.right, budget.named, budget.told) == (3.5, False, 1510, 2)
    assert found.verdicts[1].first is None
    both = judged(notification(1210, early, cause)).verdicts[0]
    assert (both.right, both.names, both.told) == (True, ("CampaignBlocked", "CampaignBudgetExhausted"), 1)


def test_who_is_told_long_after_the_end_did_not_find_it_but_may_not_be_woken_by_a_decoy() -> None:
    late = alert("CampaignBudgetExhausted", 4800, tenant="1", campaign="7")
    page = alert("CampaignStalled", 4800, tenant="1", campaign="6")
    found = judged(notification(4901, late), notification(4901, page))
    assert found.verdicts[0].first is None
    assert found.verdicts[2].pages == 1
    assert found.strays == ()


def test_another_number_is_not_the_cause() -> None:
    wrong = alert("CampaignNumberBad", 1200, tenant="1", campaign="7", number="71")
    right = alert("CampaignNumberBad", 1200, tenant="1", campaign="7", number="70")
    assert not judged(notification(1210, wrong), incidents=[SPAM]).verdicts[0].right
    assert judged(notification(1210, right), incidents=[SPAM]).verdicts[0].right


def test_two_receivers_are_two_people() -> None:
    one = alert("CampaignBudgetExhausted", 1200, tenant="1", campaign="7")
    found = judged(notification(1210, one), notification(1210, one, to="managers"), notification(2000, one, new=[]))
    assert found.verdicts[0].told == 1
    assert found.resolutions == 1


def test_what_nothing_explains_is_false_and_a_decoy_may_not_page() -> None:
    stray = alert("CampaignStalled", 500, tenant="1", campaign="7")
    page = alert("CampaignStalled", 1200, tenant="1", campaign="6")
    found = judged(notification(510, stray), notification(1210, page))
    assert [(each.at, each.severity) for each in found.strays] == [(510, "critical")]
    result = Result([found], [])
    assert [each.pages for each in result.decoys] == [1]
    held = {name: holds for name, _, _, holds in goals(result)}
    assert not held["decoys that woke somebody"]
    assert not held["pages that no incident explains"]
    assert "CampaignStalled" in text(result)


def test_what_nobody_could_know_is_listed_apart() -> None:
    bare = Incident("answer_drop", 1000, 4000, {}, "a", ("1",), ("7",), (), evidence=Evidence(40, 9, 12))
    result = Result([judged(incidents=[bare])], [])
    assert bare.lacking.startswith("40 calls an hour before, not 100; 9 answered")
    assert result.incidents == []
    assert "Nobody could know (not counted above)" in text(result)


def test_a_run_comes_back_from_its_file_as_it_was() -> None:
    import json
    from dataclasses import asdict

    kept = run(BUDGET, AWAY)
    assert of_json(json.loads(json.dumps(asdict(kept)))) == kept
