"""Each scenario changes what its row says, and ending it brings normal behaviour back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from exporter.contract.codes import BLOCKERS
from exporter.demo.dialler.dialler import Dialler
from exporter.demo.dialler.gates import window_open
from exporter.demo.platform.model import Attempt, Campaign, JournalEntry, Lead
from exporter.demo.platform.tables import TABLES
from exporter.demo.platform.world import DEMO
from exporter.demo.scenarios.activation import (
    Activation,
    Board,
    ScenarioError,
    activate,
    check_names,
    parse_scenario,
    revert_saved,
)
from exporter.demo.scenarios.table import SCENARIOS
from tests.demo.conftest import ORIGIN, SMALL
from tests.support.effort import PROVING

Work = Callable[..., Dialler]
END = ORIGIN + timedelta(minutes=30)
# Where the default would show little at the hour of these tests.
ELSEWHERE: dict[str, dict[str, str | float]] = {"timezone_wrong": {"campaign": "reengage"}}
OF_PEOPLE = {name for name, scenario in SCENARIOS.items() if scenario.gate == "agents"}
BLOCKING = sorted(name for name, scenario in SCENARIOS.items() if scenario.blocker)


class Trial:
    """One run: an hour and a half of calm, half an hour of the scenario, and what was seen meanwhile."""

    def __init__(self, dialler: Dialler, *activations: Activation) -> None:
        self.dialler = dialler
        self.board = Board(DEMO, activations)

    def until(self, at: datetime) -> Trial:
        self.board.step(self.dialler, at)
        return self

    def campaign(self, start: str = "Outage") -> Campaign:
        return next(c for c in self.dialler.state.campaigns.values() if c.title.startswith(start))

    def calls(self, start: str = "Outage", since: datetime = ORIGIN) -> list[Attempt]:
        number = self.campaign(start).campaign_id
        every = self.dialler.state.new[Attempt]
        return [call for call in every if call.campaign_id == number and call.dialled_at > since]

    def blockers(self, start: str = "Outage") -> Counter[str | None]:
        number = self.campaign(start).campaign_id
        leads = self.dialler.state.leads.values()
        return Counter(lead.hold_code for lead in leads if lead.campaign_id == number and lead.state_code == "Q")

    def share(self, what: Callable[[Attempt], bool], among: Callable[[Attempt], bool] = bool) -> float:
        calls = [call for call in self.calls() if call.hung_up_at and among(call)]
        assert len(calls) >= 30
        return sum(map(what, calls)) / len(calls)


@pytest.fixture
def trial(dialled: Work) -> Callable[..., Trial]:
    def start(name: str, end: datetime | None = END, **parameters: str | float) -> Trial:
        return Trial(dialled(hours=1.5, seconds=30, spec=SMALL), activate(name, ORIGIN, end, **parameters))

    return start


def answered(call: Attempt) -> bool:
    return call.result_code == "ANS"


def _late(call: Attempt) -> bool:
    spoke, at = call.agent_spoke_at, call.answered_at
    return spoke is None or (at is not None and (spoke - at).total_seconds() > 2)


@pytest.mark.parametrize("name", BLOCKING if PROVING else BLOCKING[::2])
def test_a_blocking_scenario_writes_its_code_and_takes_it_back(trial: Callable[..., Trial], name: str) -> None:
    where = "Large" if name in ELSEWHERE else "Claims desk" if name in OF_PEOPLE else "Outage"
    run, code = trial(name, **ELSEWHERE.get(name, {})), SCENARIOS[name].blocker
    before = run.blockers(where)[code]  # some contacts are on the do-not-call list at all times
    run.until(END - timedelta(seconds=1))
    during = run.blockers(where)[code]
    assert during >= before + 3
    run.until(END + timedelta(minutes=35))
    # What queued up meanwhile may still wait for slots, but less and less.
    assert run.blockers(where)[code] <= max(before + 3, during // 2)
    assert len(run.calls(where, since=END + timedelta(minutes=20))) > (10 if where == "Outage" else 0)


def test_every_blocker_is_of_the_vocabulary_but_the_unknown_one() -> None:
    assert [name for name in BLOCKING if SCENARIOS[name].blocker not in BLOCKERS] == ["unknown_codes"]


def test_ending_a_scenario_puts_back_every_setting(trial: Callable[..., Trial]) -> None:
    kept = {}
    for name in SCENARIOS:
        run = trial(name, ORIGIN + timedelta(minutes=2))
        before = settings(run.dialler)
        run.until(ORIGIN + timedelta(minutes=1))
        run.until(ORIGIN + timedelta(minutes=6))
        after = settings(run.dialler)
        if after != before:
            kept[name] = {
                key: after.get(key) for key in before.keys() | after.keys() if after.get(key) != before.get(key)
            }
    assert kept == {}


def settings(dialler: Dialler) -> dict[tuple[str, object], object]:
    """What scenarios may change; ranges that are switched off do not count."""
    found: dict[tuple[str, object], object] = {}
    for table in TABLES[:5]:
        for item in dialler.state.new[table.kind]:
            for column in table.groups.get("settings", ()):
                found[table.name, getattr(item, table.key_columns()[0]), column] = getattr(item, column)  # type: ignore[index]
    for campaign in dialler.state.campaigns.values():
        found["state", campaign.campaign_id] = campaign.state_code
        found["ranges", campaign.campaign_id] = [each.range_id for each in campaign.ranges if each.enabled]
    return found


def test_a_flagged_number_is_answered_less_than_its_pool(trial: Callable[..., Trial]) -> None:
    run = trial("number_spam").until(END)
    flagged = next(did for did in run.dialler.state.dids.values() if did.nickname == "free-1").did_id
    assert run.share(answered, lambda call: call.did_id == flagged) < 0.2
    assert run.share(answered, lambda call: call.did_id != flagged) > 0.25


def test_a_failing_provider_shows_its_error_code(trial: Callable[..., Trial]) -> None:
    run = trial("provider_errors", connection="nw-tellus").until(END)
    errors = Counter((call.trunk_id, call.fault_code) for call in run.calls() if call.fault_code == "sip_503")
    assert errors[1, "sip_503"] > 20
    assert len([call for call in run.calls() if call.trunk_id == 2 and answered(call)]) > 20


def test_leaked_calls_never_end_until_the_scenario_does(trial: Callable[..., Trial]) -> None:
    run = trial("slot_leak").until(END)
    stuck = [call for call in run.calls() if call.hung_up_at is None]
    assert len(stuck) == run.campaign().max_channels == run.campaign().on_air
    run.until(END + timedelta(minutes=1))
    assert {call.fault_code for call in stuck} == {"lease_expired"}


def test_a_dead_dispatcher_starts_and_stamps_nothing(trial: Callable[..., Trial]) -> None:
    run = trial("dispatcher_dead").until(END)
    assert not [call for call in run.dialler.state.new[Attempt] if call.dialled_at > ORIGIN]
    ready = [entry for entry in run.campaign().queue if entry[0] <= END and entry[2].queued_for == entry[0]]
    assert len(ready) > 20
    assert {lead.hold_code for _, _, lead in ready} <= {None, "dnc", "invalid_number"}
    assert len(run.until(END + timedelta(minutes=10)).calls(since=END)) > 20


def test_calls_leave_their_window(trial: Callable[..., Trial]) -> None:
    run = trial("outside_window").until(END)
    sydney = run.campaign("Sydney")
    assert len(run.calls("Sydney")) > 10
    assert not any(window_open(sydney, call.dialled_at) for call in run.calls("Sydney"))


def test_costs_run_away(trial: Callable[..., Trial]) -> None:
    def cost(run: Trial) -> float:
        paid = [call for call in run.calls() if answered(call) and call.ai_cost is not None]
        return sum(call.ai_cost or 0 for call in paid) / sum(call.talk_seconds or 0 for call in paid)

    calm = trial("cost_runaway", factor=1).until(END)
    assert cost(trial("cost_runaway").until(END)) == pytest.approx(8 * cost(calm), rel=0.1)


@pytest.mark.parametrize(
    ("name", "what", "low", "high"),
    [
        ("silent_agent", lambda call: call.agent_spoke_at is None, 0.6, 1.0),
        ("slow_agent", _late, 0.9, 1.01),
        ("short_calls", lambda call: (call.talk_seconds or 0) <= 6, 0.5, 0.95),
        ("script_mismatch", lambda call: call.mood_code == "NEG", 0.5, 1.0),
    ],
)
def test_conversations_go_wrong(
    trial: Callable[..., Trial], name: str, what: Callable[[Attempt], bool], low: float, high: float
) -> None:
    settled = trial(name).until(END + timedelta(minutes=15))
    during = [call for call in settled.calls() if answered(call) and call.dialled_at < END]
    assert low < sum(map(what, during)) / len(during) < high
    calm = [call for call in settled.dialler.state.new[Attempt] if answered(call) and call.dialled_at < ORIGIN]
    assert sum(map(what, calm)) / len(calm) < low / 2


def test_calls_are_given_up_after_a_few_rings(trial: Callable[..., Trial]) -> None:
    run = trial("short_ring").until(END)
    rang = [
        (call.hung_up_at - call.dialled_at).total_seconds()
        for call in run.calls()
        if call.result_code == "NA" and call.hung_up_at is not None
    ]
    assert len(rang) > 20
    assert max(rang) <= 9


def test_the_answer_rate_drops(trial: Callable[..., Trial]) -> None:
    assert trial("answer_drop").until(END).share(answered) < 0.2


def test_dead_numbers_fail_their_tasks(trial: Callable[..., Trial]) -> None:
    run = trial("failure_burst").until(END)
    assert run.share(lambda call: call.fault_code in ("unallocated_number", "number_changed")) > 0.5
    number = run.campaign().campaign_id
    results = Counter(lead.result_code for lead in run.dialler.state.new[Lead] if lead.campaign_id == number)
    assert results["invalid_number"] > 30


def test_a_failed_import_is_an_upload_with_its_error(trial: Callable[..., Trial]) -> None:
    run = trial("import_failed").until(END)
    newest = run.campaign().newest_list
    assert newest is not None
    assert newest.state_code == "BROKEN"
    assert "phone" in (newest.error_text or "")
    run.until(END + timedelta(minutes=2))
    again = run.campaign().newest_list
    assert again is not None
    assert again is not newest
    assert again.state_code == "LOADED"


def test_a_refused_list_counts_its_rejected_rows(trial: Callable[..., Trial]) -> None:
    newest = trial("import_rejected").until(END).campaign().newest_list
    assert newest is not None
    assert (newest.rows_total, newest.rows_bad) == (200, 90)


def test_unknown_outcomes_appear(trial: Callable[..., Trial]) -> None:
    assert trial("unknown_codes").until(END).share(lambda call: call.result_code == "carrier_divert") > 0.1


def test_a_skewed_experiment_favours_the_first_arm(trial: Callable[..., Trial]) -> None:
    run = trial("variant_skew").until(END)
    number = run.campaign("Solar").campaign_id
    arms = Counter(
        lead.arm for lead in run.dialler.state.new[Lead] if lead.campaign_id == number and lead.created_at > ORIGIN
    )
    assert arms["A"] > 2 * arms["B"] > 0


def test_a_pause_carries_time_reason_and_event(trial: Callable[..., Trial]) -> None:
    run = trial("operator_pause", reason="Too many complaints").until(END - timedelta(seconds=1))
    campaign = run.campaign()
    assert (campaign.state_code, campaign.halted_at) == ("HALTED", ORIGIN)
    assert campaign.halt_reason == "Too many complaints"
    assert campaign.halted_by == "operator"
    kinds = [e.kind for e in run.dialler.state.new[JournalEntry] if e.campaign_id == campaign.campaign_id]
    assert kinds[-1] == "paused"


def test_two_scenarios_end_independently(dialled: Work) -> None:
    middle = ORIGIN + timedelta(minutes=20)
    run = Trial(
        dialled(hours=1.5, seconds=30, spec=SMALL),
        activate("silent_agent", ORIGIN, middle),
        activate("short_calls", ORIGIN, END),
    )
    run.until(middle + timedelta(seconds=1))
    assert not run.dialler.conditions.silence
    assert run.dialler.conditions.short


def test_what_a_killed_run_changed_is_put_back_by_the_next(trial: Callable[..., Trial]) -> None:
    run = trial("credits_out", None)
    before = settings(run.dialler)
    run.until(ORIGIN + timedelta(minutes=5))
    saved = run.board.to_json()
    assert settings(run.dialler) != before
    run.dialler.conditions.clear()
    revert_saved(run.dialler, saved)
    assert settings(run.dialler) == before


def test_a_scenario_is_written_as_name_and_parameters() -> None:
    parsed = parse_scenario("silent_agent:campaign=solar,rate=0.5")
    assert parsed.scenario is SCENARIOS["silent_agent"]
    assert parsed.parameters == {"campaign": "solar", "rate": 0.5}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sharks", ["'sharks'", "choose one of", "slot_leak"]),
        ("silent_agent:speed=1", ["'speed'", "'1'", "campaign, rate"]),
        ("silent_agent:rate=much", ["rate='much'", "not a number", "0.85"]),
        ("silent_agent:rate=1.5", ["rate='1.5'", "from 0 to 1;", "0.85"]),
        ("import_failed:rows=999999999", ["rows='999999999'", "from 0 to 20,000;", "40"]),
        ("cost_runaway:factor=nan", ["factor='nan'", "from 0 to 1,000,000;"]),
        ("silent_agent:rate", ["'rate'", "key=value"]),
    ],
)
def test_a_wrong_scenario_is_explained(text: str, names: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text)
    assert all(name in str(caught.value) for name in names)


@pytest.mark.parametrize("campaign", ["moon", "99999", "outage+moon", ""])
def test_a_scenario_for_a_campaign_that_does_not_exist_is_explained(campaign: str) -> None:
    with pytest.raises(ScenarioError, match=r"'silent_agent': campaign '.*' does not exist: give one of appointments"):
        check_names(parse_scenario(f"silent_agent:campaign={campaign}"), DEMO)


def test_every_scenarios_defaults_exist_in_the_demo() -> None:
    unknown = {}
    for name in SCENARIOS:
        try:
            check_names(activate(name), DEMO)
        except ScenarioError as error:
            unknown[name] = str(error)
    assert unknown == {}
