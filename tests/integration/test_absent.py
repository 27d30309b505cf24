"""What is absent claims nothing: each optional column and relation is taken away, and what is said then is compared.

The rule needs no list of what rests on what: **what differs must have gone**. A series that shows another value, a card
that names another figure, a sentence that does not say that something is not told: each is a claim that rests on
something that is not there. What has a meaning without the column too, by the contract, stands in `INSTEAD`, with the
reason. So a new rule, family or tile that forgets this fails here; nobody has to remember a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pytest
import sqlalchemy as sa
from sqlalchemy.sql import visitors

from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source.call_columns import call_rows
from exporter.source.database import Connection, Database
from exporter.source.task_columns import task_rows
from exporter.source.told import MAKES_DO, RESTS_ON
from tests.support import alarming, contract
from tests.support.claims import Claims, Leaf, claims
from tests.support.effort import PROVING
from tests.support.exporting import config

Look = Callable[..., Claims]
"""What is said after some statements."""

UNSAID = re.compile(
    r"not told|not known|nobody|is told|are told|no error code|only .* is told|without an error code", re.IGNORECASE
)
"""What a sentence may say of something that is not there."""

FOR_PEOPLE = {
    "tasks": ("contact", "phone", "number_id", "sticky", "duration_seconds", "score"),
    "calls": ("answered_at", "ended_at"),
    "audience_uploads": ("error",),
}
"""Columns that nothing here rests on: the task's own view, Grafana and the evidence show them."""

LOGS = ("campaign_events", "task_events", "dispatch_snapshots")


@dataclass(frozen=True, slots=True)
class Instead:
    """What may be said without something: series and paths in cards, and why."""

    why: str
    series: Sequence[str] = ()
    leaves: Sequence[str] = ()
    but_for: str = ""
    """Something that must not lack as well."""


_VERDICT = ("campaign_dispatch_(verdict|binding|info|since_timestamp_seconds)",)
_TOLD_VERDICT = (
    r"verdict\.(name|meaning|binding_gate|since|at_least_since|clears_at)", r"gates\.\S+\.binding",
)  # fmt: skip
_NEXT_HINT = (r"verdict\.hints.*",)
"""Where another gate binds than did, its hint is said."""

_ROOM = ("campaign_dispatch_(slots_available|slots_limit|tasks_dialable|gate_open)",)
_TOLD_ROOM = (r"verdict\.slots_available", r"waterfall\..*", r"gates\.\[(connection|numbers)\]\..*")
_NO_LIMIT = "a limit that nobody tells limits nothing, and the smallest of those that are told is the room"
_COUNTS = (r"gates\.\[(tasks|retry|priority)\]\.(used|left|limit)",)
_LIFECYCLE = (r"gates\.\[lifecycle\]\..*",)
_SINCE = (r"verdict\..*since", r"gates\.\[lifecycle\]\.evidence")
_PARTS = ("campaign_forecast_budget.*", "campaign_(attempt|variant)_cost_total")
_TOLD_PARTS = (
    r"gates\.\[money\]\.(state|used|left)", r"kpis\.(budget|lately\.cost|cost\.(total|per_answered_call)).*",
    r"outlook\.budget.*", r"attempts\..*\.cost", r"experiment\..*cost.*",
)  # fmt: skip
_DAY = (r"numbers\..*\.(usable_at|unusual.*)",)

INSTEAD: Mapping[str, Instead] = {
    "tenants.timezone": Instead("the day is UTC's", ("campaign_tenant_info",), _DAY),
    "tenants.concurrency_limit": Instead(_NO_LIMIT, _ROOM, _TOLD_ROOM),
    "tenants.credits_remaining": Instead("it is not prepaid", leaves=(r"gates\.\[money\]\.evidence",)),
    "campaigns.agent": Instead("a label is empty", ("campaign_info",)),
    "campaigns.priority": Instead("none goes first"),
    "campaigns.scheduled_at": Instead("it may be late or not", _VERDICT, (*_TOLD_VERDICT, *_NEXT_HINT, *_LIFECYCLE)),
    "campaigns.started_at": Instead("forecasts look back further", ("campaign_forecast_.*",), (r"outlook\..*",)),
    "campaigns.paused_at": Instead("since the first look", _VERDICT, _SINCE),
    "campaigns.pause_reason": Instead("a label is empty", ("campaign_pause_info",)),
    "campaigns.ended_at": Instead("since the first look", _VERDICT, _SINCE),
    "campaigns.call_windows": Instead("it is always open", ("campaign_forecast_.*",), (r"outlook\..*",)),
    "campaigns.concurrency_limit": Instead(_NO_LIMIT, _ROOM, _TOLD_ROOM),
    "campaigns.calls_per_minute": Instead(_NO_LIMIT, _ROOM, _TOLD_ROOM),
    "campaigns.max_attempts": Instead(
        "a task without a maximum of its own may be dialled again",
        ("campaign_forecast_.*", "campaign_tasks_(blocked|eligible_within)", "campaign_dispatch_tasks_dialable"),
        (r"verdict\.queued", *_NEXT_HINT, r"gates\.\[(tasks|priority)\]\..*", r"waterfall\..*", r"holders\..*\.ready",
         r"outlook\..*"),
    ),
    "campaigns.currency": Instead(
        "amounts are of no currency",
        ("campaign_(attempt_cost|call_cost|variant_cost)_total", "campaign_(budget|info)"),
        (r"gates\.\[money\]\.evidence", r"verdict\.hints\.\[A call costs.*"),
    ),
    "campaigns.budget": Instead(
        "no budget can be spent", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, r"gates\.\[money\]\..*"),
    ),
    "campaigns.paused_by": Instead(
        "a person paused it", _VERDICT,
        (*_TOLD_VERDICT, *_NEXT_HINT, *_LIFECYCLE, r"campaign\.paused_by_itself"),
    ),
    "connections.concurrency_limit": Instead(
        _NO_LIMIT, (*_VERDICT, *_ROOM), (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM)
    ),
    "numbers.label": Instead("a label is empty", ("campaign_number_info",)),
    "numbers.country": Instead("a label is empty", ("campaign_number_info",)),
    "numbers.daily_cap": Instead(
        _NO_LIMIT, (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, r"numbers\..*\.(usable|unusual.*)"),
    ),
    "tasks.blocker": Instead(
        "a pending task may be held", (*_VERDICT, *_ROOM, "campaign_tasks_blocked"),
        (*_TOLD_VERDICT, *_TOLD_ROOM, *_COUNTS, r"gates\.\[priority\]\.evidence"),
    ),
    "tasks.next_eligible_at": Instead(
        "a pending task may not be due", (*_VERDICT, *_ROOM, "campaign_tasks_blocked"),
        (*_TOLD_VERDICT, *_TOLD_ROOM, *_COUNTS, r"gates\.\[priority\]\.evidence"),
    ),
    "tasks.last_attempted_at": Instead("it is so since the row changed", ("campaign_task_oldest_in_progress.*",)),
    "calls.number_id": Instead(
        "no number and no connection is known to be full", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM),
    ),
    "calls.agent_spoke_at": Instead(
        "short calls are the next thing to say", leaves=(r"verdict\.hints\..*six seconds.*",)
    ),
    "calls.provider": Instead(
        "a label is empty", ("campaign_call_errors_total",),
        (r"verdict\.hints\..*sip_503.*", r"gates\.\[provider\]\.evidence"),
    ),
    "calls.error_code": Instead(
        "calls that failed count, whatever they failed for", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_TOLD_ROOM, r"gates\.\[provider\]\.(state|used|left|code)", r"recent_errors\..*\.calls"),
    ),
    "calls.ai_cost": Instead(
        "the other part counts alone", (*_VERDICT, *_ROOM, *_PARTS),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, *_TOLD_PARTS), but_for="calls.telephony_cost",
    ),
    "calls.telephony_cost": Instead(
        "the other part counts alone", _PARTS, (*_NEXT_HINT, *_TOLD_PARTS), but_for="calls.ai_cost"
    ),
    "no costs": Instead(
        "a budget may be spent", (*_VERDICT, *_ROOM), (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM)
    ),
    "tenants": Instead(
        "a tenant has no limit, no credits and UTC's days", _ROOM, (*_DAY, r"gates\.\[money\]\.evidence")
    ),
    "connections": Instead(_NO_LIMIT, (*_VERDICT, *_ROOM), (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM)),
    "numbers": Instead(
        "any number may be dialled from", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, r"connections\..*"),
    ),
    "campaign_numbers": Instead(
        "any number may be dialled from", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, r"connections\..*"),
    ),
}  # fmt: skip
"""By column, relation or platform, what the contract says of one without it."""

OPTIONAL = {
    f"{relation.name}.{column.name}": (relation.name, column.name)
    for relation in RELATIONS.values()
    for column in relation.columns
    if column.optional and relation.name not in LOGS and column.name not in FOR_PEOPLE.get(relation.name, ())
}
DROPPED: Mapping[str, tuple[str, ...]] = {
    **{name: (f"ALTER TABLE {contract.SCHEMA}.{pair[0]} DROP COLUMN {pair[1]}",) for name, pair in OPTIONAL.items()},
    **{
        relation.name: (f"DROP TABLE {contract.SCHEMA}.{relation.name}",)
        for relation in RELATIONS.values()
        if relation.optional and relation.name not in LOGS
    },
}
"""By column or relation, how it is taken away."""

NULL_SAYS = {
    "tasks.blocker": "nothing holds it",
    "tasks.next_eligible_at": "it is due since it was made",
    "campaigns.call_windows": "always open",
}
"""Columns whose nulls mean something: a platform that has them tells by a null."""

EMPTY = {"connections", "numbers", "campaign_numbers", "goals", "variants", "audience_uploads"}
"""Relations that are as good as none when they have no row."""

PLATFORMS: Mapping[str, Sequence[str]] = {
    "no times of calls": ("calls.eligible_at", "calls.agent_spoke_at", "calls.talk_seconds", "tasks.last_attempted_at"),
    "no costs": ("calls.ai_cost", "calls.telephony_cost"),
    "no costs and no currency": ("calls.ai_cost", "calls.telephony_cost", "campaigns.currency", "campaigns.budget"),
    "no providers and no error codes": ("calls.provider", "calls.error_code", "connections"),
    "no tenants": ("tenants",),
    "no pools": ("connections", "numbers", "campaign_numbers", "calls.number_id"),
    "no tests": ("variants", "calls.variant", "tasks.variant", "tasks.goal_met", "goals"),
    "only what is required": tuple(name for name in DROPPED if name not in OPTIONAL or OPTIONAL[name][0] in
                                   ("campaigns", "tasks", "calls")),
}  # fmt: skip
"""What real platforms lack together."""


@pytest.fixture(scope="module")
def look(server: EmbeddedServer) -> Iterator[Look]:
    """What is said of the alarming platform after some statements, which are undone."""
    server.create_database("absent")
    url = server.url("absent")
    with contract.session(url) as owner:
        alarming.create(owner)
    settings = config(url)
    database = Database(settings)
    connection: Connection = database.connect()

    @cache
    def look(*statements: str) -> Claims:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE")
        try:
            for each in statements:
                connection.execute(each.encode())
            return claims(database, settings, connection)
        finally:
            connection.execute("ROLLBACK")

    yield look
    database.close(connection)
    server.drop_database("absent")


@pytest.fixture(scope="module")
def whole(look: Look) -> Claims:
    """What is said with everything there."""
    return look()


def unfounded(whole: Claims, found: Claims, *lacking: str) -> dict[str, object]:
    """What is said otherwise than with everything there, by no right."""
    rights = [INSTEAD[name] for name in lacking if name in INSTEAD and INSTEAD[name].but_for not in lacking]
    series = re.compile("|".join(each for right in rights for each in right.series) or "$^")
    leaves = re.compile("|".join(each for right in rights for each in right.leaves) or "$^")
    wrong: dict[str, object] = {}
    for (name, labels), value in found.series.items():
        if whole.series.get((name, labels)) != value and not series.fullmatch(name):
            wrong[f"{name} {dict(labels)}"] = (whole.series.get((name, labels)), value)
    for leaf, value in found.leaves.items():
        if whole.leaves.get(leaf) != value and not _fits(leaf, value, leaves):
            wrong[".".join(leaf)] = (whole.leaves.get(leaf), value)
    for campaign, text in found.texts.items():
        if odd := re.search(r"\b(None|nan)\b|0\.00 XXX", text):
            wrong[f"text of {campaign}"] = text[max(0, odd.start() - 80) : odd.end() + 20]
    return wrong


def _fits(leaf: Leaf, value: object, allowed: re.Pattern[str]) -> bool:
    path = ".".join(leaf[1:])
    unknown = (value == "unknown" and leaf[-1] == "state") or str(value).endswith("_not_told")
    return unknown or bool(allowed.fullmatch(path)) or (isinstance(value, str) and bool(UNSAID.search(value)))


def test_everything_is_wrong_with_the_platform(whole: Claims) -> None:
    """Else there would be nothing to see when something is taken away."""
    hints = " ".join(whole.sentences.values())
    for words in (
        "the agent never spoke", "were negative", "A call costs", "were rejected", "windows were closed",
        "after the campaign was paused", "used their attempts", "more than one call in progress", "not split",
        "most with sip_503 of acme", "most with sip_404", "Number n2 was answered", "Ask who owns the budget",
        "could be dialled, every gate", "paused it by itself", "its time has passed",
    ):  # fmt: skip
        assert words in hints, words


@pytest.mark.parametrize("name", DROPPED)
def test_what_is_absent_claims_nothing(look: Look, whole: Claims, name: str) -> None:
    found = look(*DROPPED[name])
    assert unfounded(whole, found, name) == {}
    assert (found.series, found.leaves) != (whole.series, whole.leaves), "nothing rests on it: is it FOR_PEOPLE?"


@pytest.mark.parametrize("name", [each for each in OPTIONAL if each not in NULL_SAYS])
def test_a_column_that_is_always_null_is_as_good_as_none(look: Look, name: str) -> None:
    relation, column = OPTIONAL[name]
    if not PROVING and relation not in ("tasks", "calls"):
        pytest.skip("a null of a small relation is read as its absence is: make prove")
    nulls = look(f"UPDATE {contract.SCHEMA}.{relation} SET {column} = NULL")
    absent = look(*DROPPED[name])
    assert nulls.series == absent.series
    assert nulls.leaves == absent.leaves


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_a_relation_without_rows_is_as_good_as_none(look: Look, name: str) -> None:
    empty = look(f"DELETE FROM {contract.SCHEMA}.{name}")
    absent = look(*DROPPED[name])
    assert empty.series == absent.series
    assert empty.leaves == absent.leaves


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_that_lacks_several_things_claims_none_of_them(look: Look, whole: Claims, name: str) -> None:
    lacking = PLATFORMS[name]
    found = look(*(statement for each in lacking for statement in DROPPED[each]))
    assert unfounded(whole, found, name, *lacking) == {}


def test_columns_for_people_change_nothing(look: Look, whole: Claims) -> None:
    found = look(*(
        f"ALTER TABLE {contract.SCHEMA}.{relation} DROP COLUMN {column}"
        for relation, columns in FOR_PEOPLE.items() for column in columns
    ))  # fmt: skip
    assert found.series == whole.series
    assert found.leaves == whole.leaves


def test_each_cleaned_column_says_what_it_rests_on() -> None:
    """A new one that reads an optional column must stand in `RESTS_ON`, or in `MAKES_DO` with what is taken instead."""
    available = Available(contract.SCHEMA, {
        relation: {column.name: column.kind.value[0] for column in RELATIONS[relation].columns}
        for relation in ("campaigns", "tasks", "calls")
    })  # fmt: skip
    for rows in (task_rows(available), call_rows(available)):
        optional = {column.name for column in RELATIONS[rows.relation].columns if column.optional}
        undeclared = {}
        for name, expression in rows.columns.items():
            used = optional.intersection(_columns(expression))
            said = {RESTS_ON[rows.relation].get(name)} - {None}
            if used - said and name not in MAKES_DO[rows.relation]:
                undeclared[name] = used
        assert undeclared == {}, rows.relation


def _columns(expression: sa.ClauseElement) -> Iterator[str]:
    for element in visitors.iterate(expression):
        if isinstance(element, sa.Column):
            yield element.name
