"""The board of one task: the answer in words for every case, and what stands on its time axis."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.types.json import Jsonb

from dashboards.boards.task import board
from dashboards.settings import Links, Settings
from dashboards.vocabulary import statements
from dashboards.vocabulary.board import every_panel
from dashboards.vocabulary.statements import statement
from exporter.commands.cli import main
from exporter.commands.explain.blockers import WHEN
from exporter.contract.codes import BLOCKERS, RETRY_WAIT
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, platforms
from tests.support.grafana import admit, answered, interpolated, viewer

Connection = psycopg.Connection[Any]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = 12 * MINUTE + timedelta(seconds=20)
"""Spans before and after the moment at which a test writes them: the statements go by the database's clock."""


def moments_of(values: dict[str, Any]) -> dict[str, Any]:
    """The same with spans as moments."""
    now = datetime.now(UTC)
    return {name: now + value if isinstance(value, timedelta) else value for name, value in values.items()}


@pytest.fixture(scope="module")
def platform(server: EmbeddedServer) -> Iterator[Connection]:
    """Grafana's role may read it."""
    server.create_database("task_board")
    with contract.session(server.url("task_board")) as connection:
        contract.create(connection)
        admit(connection, server.url("task_board"))
        yield connection
    server.drop_database("task_board")


@pytest.fixture
def owner(platform: Connection) -> Connection:
    """A platform with running campaign 1 and its number 5."""
    contract.empty(platform)
    contract.insert(
        platform, "numbers", number_id=5, tenant_id=1, connection_id=1, phone="+4930", label="Berlin", status="active"
    )
    contract.insert(platform, "campaign_numbers", campaign_id=1, number_id=5, weight=1)
    platforms.campaign(platform, "1")
    return platform


@pytest.fixture(scope="module")
def session(server: EmbeddedServer, platform: Connection) -> Iterator[Connection]:
    """What a viewer has."""
    with viewer(server, platform) as connection:
        yield connection


def asked(session: Connection, name: str, campaign: str = "1", task: str = "7") -> list[dict[str, Any]]:
    values, now = {"campaign": campaign, "task": task}, datetime.now(UTC)
    return answered(session, interpolated(statement(f"task_{name}"), values, now - 6 * HOUR, now + HOUR))


def told(session: Connection, campaign: str = "1", task: str = "7") -> dict[str, str]:
    """The answer by what its lines are about."""
    return {row["About"]: row["Answer"] for row in asked(session, "answer", campaign, task)}


def pending(owner: Connection, key: int = 7, **values: Any) -> None:
    """A task that has been pending for three hours."""
    row = {"created_at": -3 * HOUR, "updated_at": -HOUR, "attempts": 1, "system_retries": 0}
    platforms.task(owner, key, 1, **moments_of({**row, **values}))


def call(owner: Connection, key: int, **values: Any) -> None:
    """A call of task 7."""
    platforms.call(owner, key, 1, **moments_of({"task_id": 7, **values}))


def log(owner: Connection, relation: str, **values: Any) -> None:
    """An entry of a log."""
    contract.insert(owner, relation, **moments_of(values))


def change(owner: Connection, relation: str, **values: Any) -> None:
    """Set columns of all rows of a relation."""
    for column, value in moments_of(values).items():
        owner.execute(f"UPDATE campaign_monitoring.{relation} SET {column} = %s".encode(), [value])


# -- the answer -----------------------------------------------------------------------------------------------


def test_each_code_that_it_carries_is_explained(owner: Connection, session: Connection) -> None:
    expected, found = {}, {}
    for key, blocker in enumerate(BLOCKERS.values()):
        pending(owner, key, blocker=blocker.code)
        when = "when that is due" if blocker.code == RETRY_WAIT else WHEN[blocker.code]
        then = f"It will be dialled {when}." if when else "It will not be dialled."
        expected[blocker.code] = (f"It carries {blocker.code}. {blocker.meaning} {then}", blocker.first_move)
        said = told(session, task=str(key))
        found[blocker.code] = (said["Why"], said["First move"])
    assert found == expected


READY = (
    "It is ready for 3 h and nothing of its own holds it: it is dialled in its turn, as soon as its campaign may dial."
)
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "ready": ({}, READY, "See the verdict of its campaign, beside this."),
    "an empty code": ({"blocker": ""}, READY, "See the verdict of its campaign, beside this."),
    "was due": (
        {"next_eligible_at": -10 * MINUTE},
        READY.replace("3 h", "10 min"),
        "See the verdict of its campaign, beside this.",
    ),
    "waits": (
        {"next_eligible_at": SOON},
        "Waits for its next attempt at {due:%H:%M} UTC (in 12 min).",
        "Wait for the time of the next attempt.",
    ),
    "waits for days": (
        {"next_eligible_at": 3 * DAY},
        "Waits for its next attempt at {due:%Y-%m-%d %H:%M} UTC (in 3 days).",
        "Wait for the time of the next attempt.",
    ),
    "has used its attempts": (
        {"attempts": 3, "next_eligible_at": SOON},
        "It has used its attempts, 3, and the platform leaves it pending. It will not be dialled.",
        "Close it; raise max_attempts only if it is to be called again.",
    ),
    "any number of attempts": (
        {"attempts": 9, "max_attempts": 0},
        READY,
        "See the verdict of its campaign, beside this.",
    ),
    "waits for ever": ({"next_eligible_at": "infinity"}, READY, "See the verdict of its campaign, beside this."),
    "unknown code": (
        {"blocker": "moon_phase"},
        "It carries moon_phase, a code that nobody announced.",
        "Tell the platform's owners.",
    ),
    "completed": (
        {"status": "completed", "disposition": "sale", "last_attempted_at": -2 * HOUR},
        "It is over: it was completed as sale, last dialled 2 h ago. It will not be dialled again.",
        "None; import the contact again to call anew.",
    ),
    "failed": (
        {"status": "failed", "updated_at": -3 * DAY},
        "It is over: it failed, last dialled 3 days ago. It will not be dialled again.",
        "None; import the contact again to call anew.",
    ),
    "in progress": (
        {"status": "in_progress", "last_attempted_at": -3 * MINUTE},
        "It is being dialled now, for 3 min.",
        "None: let the call end.",
    ),
    "in progress for too long": (
        {"status": "in_progress", "last_attempted_at": -5 * HOUR},
        "It is in progress for 5 h, too long for a real call: its slot was not given back.",
        "Ask the platform's owners to close it: it holds a slot meanwhile.",
    ),
    "odd status": (
        {"status": "parked"},
        "Its status parked is none that the contract knows.",
        "Translate the status in the view of tasks.",
    ),
}


@pytest.mark.parametrize(("row", "why", "move"), CASES.values(), ids=CASES.keys())
def test_its_row_decides(owner: Connection, session: Connection, row: dict[str, Any], why: str, move: str) -> None:
    pending(owner, **row)
    found = told(session)
    if "{due" in why:
        due = owner.execute("SELECT next_eligible_at AT TIME ZONE 'UTC' FROM campaign_monitoring.tasks").fetchall()[0][
            0
        ]
        why = why.format(due=due)
    assert found["Why"] == why
    assert found["First move"] == move
    assert "Also" not in found


@pytest.mark.parametrize(
    ("campaign", "held"),
    [
        ({"status": "paused", "paused_at": -3 * HOUR, "pause_reason": "Lunch"}, "is paused for 3 h (Lunch)"),
        ({"status": "paused"}, "is paused"),
        ({"status": "scheduled"}, "has not started"),
        ({"status": "cancelled"}, "is over: it was cancelled"),
        ({"status": "running", "expires_at": -HOUR}, "has expired"),
    ],
)
def test_its_campaign_may_stand_in_the_way(
    owner: Connection, session: Connection, campaign: dict[str, Any], held: str
) -> None:
    change(owner, "campaigns", **campaign)
    pending(owner)
    pending(owner, 8, blocker="dnc")
    pending(owner, 9, status="completed")
    assert told(session)["Why"] == f"Nothing of its own holds it, but its campaign {held}."
    assert told(session, task="8")["Also"] == f"Its campaign {held}."
    assert "Also" not in told(session, task="9")


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ({"status": "flagged"}, "is flagged"),
        ({"status": "released"}, "is released"),
        ({"status": "resting"}, "rests"),
        ({"status": "resting", "cooldown_until": 3 * HOUR}, "rests for another 3 h"),
        ({"number_id": 6}, "is not in the pool of its campaign any more"),
    ],
)
def test_its_number_may_stand_in_the_way(
    owner: Connection, session: Connection, number: dict[str, Any], fault: str
) -> None:
    change(owner, "campaign_numbers" if "number_id" in number else "numbers", **number)
    pending(owner, number_id=5, sticky=True)
    pending(owner, 8, number_id=5, sticky=False)
    pending(owner, 9, number_id=5, sticky=True, blocker="dnc")
    assert told(session)["Why"] == f"It keeps its number Berlin, which {fault}."
    assert told(session, task="8")["Why"] == READY
    assert told(session, task="9")["Also"] == f"It keeps its number Berlin, which {fault}."


def test_what_else_is_to_be_known(owner: Connection, session: Connection) -> None:
    pending(owner, blocker="campaign_paused", next_eligible_at=SOON, attempts=3, system_retries=2)
    assert told(session)["Also"] == (
        "Its campaign is running: the code was stamped 60 min ago and is out of date. "
        "It waits for its next attempt, too: that is due in 12 min. "
        "It has used all of its 3 attempts: the platform should close it. "
        "Faults of the platform or the provider made it retry 2 times."
    )


@pytest.mark.parametrize(
    ("campaign", "task", "why"),
    [
        ("1", "8", "No such task in this campaign."),
        ("2", "7", "No such task in this campaign."),
        ("1", "no id", "No such task in this campaign."),
        ("3", "7", "No such campaign."),
        ("", "7", "No such campaign."),
        ("1", "", "No task is chosen: come here from the tasks table of a campaign, or enter a task's id above."),
    ],
)
def test_without_a_task_it_says_so(owner: Connection, session: Connection, campaign: str, task: str, why: str) -> None:
    platforms.campaign(owner, "2")
    pending(owner)
    log(owner, "task_events", event_id=1, task_id=7, at=-HOUR, kind="held", code="dnc")
    log(owner, "dispatch_snapshots", snapshot_id=1, campaign_id=1, at=-HOUR, capacity=Jsonb({}))
    assert told(session, campaign, task) == {"Why": why}
    others = [path.stem.removeprefix("task_") for path in Path(statements.__file__).parents[1].glob("sql/task_*.sql")]
    assert {name: asked(session, name, campaign, task) for name in others if name != "answer"} == {
        name: [] for name in others if name != "answer"
    }


@pytest.mark.parametrize("key", ["7", "a'b; rm -rf ~", '$(id) `id` "', "it's", "-x", "a\nb", "😀", "--task"])
def test_its_commands_may_be_pasted_into_a_shell(server: EmbeddedServer, database_url: str, key: str) -> None:
    with contract.session(database_url) as owner:
        contract.create(owner, "text")
        platforms.campaign(owner, key)
        platforms.task(owner, key, key)
        admit(owner, database_url)
        with viewer(server, owner) as session:
            found = told(session, key, key)
    for command in ("Explain", "Capture"):
        words = shlex.split(found[command])
        assert words[0] == "campaign-exporter"
        assert [f"--campaign={key}", f"--task={key}"] == words[4:6]
        assert CliRunner().invoke(main, [words[1], "--help"]).exit_code == 0
        options = set(re.findall(r"(?:^|\s)(--[a-z.]+|-o)", " ".join(words[2:4] + words[6:])))
        assert options <= {"--config.file", "-o"}


# -- the rest -------------------------------------------------------------------------------------------------


def test_the_state_at_a_glance(owner: Connection, session: Connection) -> None:
    pending(owner, blocker="dnc", contact="crm-1")
    for key in range(20, 25):
        pending(owner, key, blocker="dnc")
    pending(owner, 30)
    pending(owner, 31, next_eligible_at=SOON)
    pending(owner, 32, status="completed", blocker="dnc")
    assert asked(session, "state") == [
        {"Status": "pending", "Held by": "dnc", "Attempts": "1 of 3", "Others": "5", "Contact": "crm-1"}
    ]
    held = {
        task: [asked(session, "state", task=task)[0][name] for name in ("Held by", "Others")]
        for task in ("30", "31", "32")
    }
    assert held == {"30": ["none", "0"], "31": ["retry_wait", "0"], "32": [None, None]}
    assert sorted(row["Task"] for row in asked(session, "neighbours")) == ["20", "21", "22", "23", "24"]
    assert asked(session, "neighbours", task="32") == []


def test_a_thousand_others_are_enough(owner: Connection, session: Connection) -> None:
    pending(owner)
    owner.execute(
        "INSERT INTO campaign_monitoring.tasks "
        "(task_id, campaign_id, status, attempts, max_attempts, created_at, updated_at) "
        "SELECT n, 1, 'pending', 0, 3, now(), now() FROM generate_series(100, 1200) AS n"
    )
    assert asked(session, "state")[0]["Others"] == "1,000+"
    assert len(asked(session, "neighbours")) == 50


def test_its_row_and_calls(owner: Connection, session: Connection) -> None:
    pending(owner, number_id=5, sticky=True, phone="+4915123456789", contact="crm-1", score=50, goal_met=False)
    row = {each["Column"]: each["Value"] or each["When"] for each in asked(session, "row")}
    assert row["From"] == "Berlin, +4930 (kept)"
    assert row["Phone"] == "+49*****89"
    assert row["Goal"] == "not met"
    assert "Disposition" not in row
    assert "Next attempt" not in row
    for key, cost in enumerate((0.5, None)):
        call(owner, key, number_id=5 + key, started_at=(key - 3) * HOUR, ai_cost=cost, telephony_cost=None)
    platforms.call(owner, 9, 2, task_id=7)
    newest, oldest = asked(session, "calls")
    assert [newest[name] for name in ("From", "Cost", "Currency")] == ["6", None, None]
    assert [oldest[name] for name in ("From", "Cost", "Currency", "Outcome")] == ["Berlin", 0.5, "EUR", "answered"]


def moments(session: Connection, lane: str) -> list[tuple[float, Any]]:
    """A lane as minutes before now, and what holds from there on."""
    found = [list(row.values()) for row in asked(session, f"lane_{lane}")]
    now = datetime.now(UTC)
    return [(round((now - datetime.fromisoformat(at)) / MINUTE), value) for at, value in found]


def test_calls_hold_from_start_to_end(owner: Connection, session: Connection) -> None:
    pending(owner)
    call(owner, 1, started_at=-90 * MINUTE, ended_at=-80 * MINUTE, outcome="busy")
    call(owner, 2, started_at=-70 * MINUTE, ended_at=None, talk_seconds=120)
    call(owner, 3, started_at=-5 * MINUTE, ended_at=None, outcome="in_progress")
    assert moments(session, "calls") == [
        (90, "busy"), (80, None), (70, "answered"), (68, None), (5, "in_progress"), (0, None)
    ]  # fmt: skip


def test_codes_hold_from_their_event_to_the_next(owner: Connection, session: Connection) -> None:
    pending(owner, blocker="dnc", updated_at=-20 * MINUTE)
    story = (
        (300, "held", "outside_call_window"), (240, "released", None), (200, "dialled", None),
        (190, "ended", "sip_503"), (100, "held", "number_cooldown"), (20, "held", "dnc"),
    )  # fmt: skip
    for key, (minutes, kind, code) in enumerate(story):
        log(owner, "task_events", event_id=key, task_id=7, at=-minutes * MINUTE, kind=kind, code=code)
    assert moments(session, "held") == [
        (300, "outside_call_window"), (240, None), (200, None), (190, None), (100, "number_cooldown"), (20, "dnc")
    ]  # fmt: skip
    assert moments(session, "events") == [(minutes, kind) for minutes, kind, _ in story]
    owner.execute("UPDATE campaign_monitoring.tasks SET status = 'completed', updated_at = now() - interval '1 minute'")
    assert moments(session, "held")[-1] == (1, None)


def test_the_dispatcher_speaks_when_its_reason_changes(owner: Connection, session: Connection) -> None:
    pending(owner)
    seen = (
        (600, 7, {"reason": "too long ago"}), (300, None, {"reason": "outside_call_window"}),
        (299, 7, {"reason": "outside_call_window", "a": 1}), (200, None, {"reason": None}),
        (199, None, {"reason": None}), (150, 8, {"reason": "of another task"}),
        (100, None, {"free": 3}), (50, None, [1]),
    )  # fmt: skip
    for key, (minutes, task, capacity) in enumerate(seen):
        at, body = -minutes * MINUTE, Jsonb(capacity)
        log(owner, "dispatch_snapshots", snapshot_id=key, campaign_id=1, task_id=task, at=at, capacity=body)
    assert moments(session, "dispatcher") == [
        (300, "outside_call_window"),
        (200, "nothing in the way"),
        (100, "looked"),
    ]
    shown = asked(session, "snapshots")
    assert [row["Looked at"] for row in shown] == ["campaign"] * 4 + ["task", "campaign"]
    assert shown[4]["Capacity"] == '{"a": 1}'


# -- the board ------------------------------------------------------------------------------------------------


def test_the_vocabulary_in_the_statements_is_the_contracts() -> None:
    def literal(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    answer, held = (statement(name) for name in ("task_answer", "task_lane_held"))
    for blocker in BLOCKERS.values():
        when = "when that is due" if blocker.code == RETRY_WAIT else WHEN[blocker.code]
        row = ", ".join(map(literal, (blocker.code, blocker.meaning, when, blocker.first_move)))
        assert f"({row})," in re.sub(r"\s+", " ", answer), (
            "stale: see exporter.contract.codes and exporter.commands.explain.blockers"
        )
        assert literal(blocker.code) in held
    assert len(re.findall(r"^\s+\('[a-z_]+', '[A-Z]", answer, re.MULTILINE)) == len(BLOCKERS)


def test_links_lead_on_and_keep_what_was_chosen() -> None:
    settings = Settings(links=Links(contact="https://calls.example/c/{contact}", exporter="https://exporter.example/"))
    made = board(settings).made(settings)
    urls = [link["url"] for link in made["links"]]
    assert urls[0].startswith("/d/campaigns-campaign?")
    assert "var-campaign=${campaign:percentencode}" in urls[0]
    assert urls[1].startswith("/d/campaigns-overview?")
    assert urls[2] == "https://exporter.example/campaigns/${campaign:percentencode}"
    text = str(list(every_panel(made["panels"])))
    assert "https://calls.example/c/${__data.fields.Contact:percentencode}" in text
    assert "var-task=${__data.fields.Task:percentencode}" in text
    assert [variable["name"] for variable in made["templating"]["list"]] == [
        "datasource",
        "database",
        "campaign",
        "task",
    ]
