"""What a platform may lack, how it is taken away, and what the contract says of one without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from exporter.contract.relations import RELATIONS
from exporter.demo.runtime.server import EmbeddedServer
from exporter.source.database import Connection, Database
from tests.support import alarming, contract
from tests.support.claims import Claims, claims
from tests.support.exporting import config

Look = Callable[..., Claims]
"""What is said after some statements."""

FOR_PEOPLE = {
    "tasks": ("contact", "phone", "number_id", "sticky", "duration_seconds", "score"),
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
    boards: Sequence[str] = ()
    """Questions of boards, written board-panel-ref, or the families that they read."""


_VERDICT = ("campaign_dispatch_(verdict|binding|info|(at_least_)?since_timestamp_seconds)",)
_TOLD_VERDICT = (
    r"verdict\.(name|meaning|binding_gate|since|at_least_since|clears_at)", r"gates\.\S+\.binding",
)  # fmt: skip
_NEXT_HINT = (r"verdict\.hints.*",)
"""Where another gate binds than did, its hint is said."""

_ROOM = ("campaign_dispatch_(slots_available|slots_limit|starts_per_minute_limit|tasks_dialable|gate_open)",)
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
_PEOPLE = (r"gates\.\[agents\]\.(used|left|limit|state|expected|passing)",)
_DAY = (r"numbers\..*\.(usable_at|unusual.*)",)

INSTEAD: Mapping[str, Instead] = {
    "tenants.timezone": Instead("the day is UTC's", ("campaign_tenant_info",), _DAY),
    "tenants.concurrency_limit": Instead(_NO_LIMIT, _ROOM, _TOLD_ROOM),
    "tenants.credits_remaining": Instead("it is not prepaid", leaves=(r"gates\.\[money\]\.evidence",)),
    "campaigns.agent": Instead("a label is empty", ("campaign_info",)),
    "campaigns.priority": Instead("none goes first"),
    "campaigns.scheduled_at": Instead(
        "it may be late or not", _VERDICT, (*_TOLD_VERDICT, *_NEXT_HINT, *_LIFECYCLE), boards=("campaign-1-C",)
    ),
    "campaigns.started_at": Instead(
        "forecasts look back further, and it runs since a time unknown",
        ("campaign_forecast_.*",), (r"outlook\..*",), boards=("campaign-1-D",),
    ),
    "campaigns.paused_at": Instead("since the first look", _VERDICT, _SINCE, boards=("campaign-1-A",)),
    "campaigns.pause_reason": Instead("a label is empty", ("campaign_pause_info",)),
    "campaigns.ended_at": Instead("since the first look", _VERDICT, _SINCE, boards=("campaign-1-E",)),
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
    "campaigns.list_known": Instead(
        "its list is whole",
        (*_VERDICT, *_ROOM, "campaign_(list_)?tasks", "campaign_tasks_(blocked|eligible_within)",
         "campaign_task_oldest_ready_timestamp_seconds"),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_COUNTS, r"verdict\.queued", r"gates\.\[(tasks|audience)\]\..*",
         r"waterfall\..*", r"kpis\.(progress|list.*|tasks\.pending)", r"outlook\..*"),
    ),
    "connections.concurrency_limit": Instead(
        _NO_LIMIT, (*_VERDICT, *_ROOM), (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM)
    ),
    "agents.free": Instead(
        "those who neither talk nor are on a break are free", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, *_PEOPLE),
    ),
    "agents.on_call": Instead(
        "those who are neither free nor on a break talk", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, *_PEOPLE),
    ),
    "agents.paused": Instead(
        "nobody is known to be on a break", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, *_PEOPLE),
    ),
    "agents.pause_reason": Instead("a break goes without its reason", leaves=(r"gates\.\[agents\]\.evidence",)),
    "agents.break_ends_at": Instead("it is a break all the same", leaves=_PEOPLE),
    "agents.shifts": Instead(
        "people are to be there while the windows are open", ("campaign_agents_expected", *_VERDICT),
        (*_TOLD_VERDICT, *_PEOPLE, *_NEXT_HINT, r"agents\.expected"),
    ),
    "agents.dial_ratio": Instead("one call a free person", _ROOM, (*_TOLD_ROOM, *_PEOPLE)),
    "agents": Instead(
        "a voice agent takes the calls, and its silence counts",
        (*_VERDICT, *_ROOM, "campaign_calls_silent_total"),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, r"gates\.\[agents\]\..*", r"kpis\.lately\.silent"),
    ),
    "numbers.label": Instead("a label is empty", ("campaign_number_info",)),
    "numbers.country": Instead("a label is empty", ("campaign_number_info",)),
    "numbers.daily_cap": Instead(
        _NO_LIMIT, (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, r"numbers\..*\.(usable|unusual.*)"),
        boards=("numbers-105-A", "numbers-110-E", "numbers-141-C"),
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
    "tasks.variant": Instead("whether contacts were split as configured: not enough data", boards=("campaign-604-A",)),
    "calls.number_id": Instead(
        "no number and no connection is known to be full", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM), boards=("numbers-110-E",),
    ),
    "calls.agent_spoke_at": Instead(
        "short calls are the next thing to say", leaves=(r"verdict\.hints\..*six seconds.*",)
    ),
    "calls.ended_at": Instead(
        "who hung up at once counts as abandoned", ("campaign_abandonment_period_abandoned",),
        (r"kpis\.abandonment\.(abandoned|share|left)", r"verdict\.hints\..*abandoned.*"),
    ),
    "calls.provider": Instead(
        "a label is empty", ("campaign_call_errors_total",),
        (r"verdict\.hints\..*sip_503.*", r"gates\.\[provider\]\.evidence"),
    ),
    "calls.error_code": Instead(
        "calls that failed count, whatever they failed for", (*_VERDICT, *_ROOM),
        (*_TOLD_VERDICT, *_TOLD_ROOM, r"gates\.\[provider\]\.(state|used|left|code)", r"recent_errors\..*\.calls"),
        boards=("overview-502-A", "numbers-152-A"),  # connections without their top error
    ),
    "calls.ai_cost": Instead(
        "the other part counts alone", (*_VERDICT, *_ROOM, *_PARTS),
        (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM, *_TOLD_PARTS), but_for="calls.telephony_cost",
        boards=("campaign_call_cost_total",),
    ),
    "calls.telephony_cost": Instead(
        "the other part counts alone", _PARTS, (*_NEXT_HINT, *_TOLD_PARTS), but_for="calls.ai_cost",
        boards=("campaign_call_cost_total",),
    ),
    "no costs": Instead(
        "a budget may be spent, of which there is not enough data",
        (*_VERDICT, *_ROOM), (*_TOLD_VERDICT, *_NEXT_HINT, *_TOLD_ROOM), boards=("cost-110-B",),
    ),
    "variants": Instead("whether contacts were split as configured: not enough data", boards=("campaign-604-A",)),
    "tenants": Instead(
        "a tenant has no limit, no credits and UTC's days, and goes by its id",
        _ROOM, (*_DAY, r"gates\.\[money\]\.evidence"),
        boards=("overview-201-A", "overview-502-A", "numbers-110-C", "numbers-141-A", "numbers-152-B", "numbers-153-B"),
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

STAMPS = {"tasks.updated_at", "calls.updated_at"}
"""Columns without which all is as exact, but counted anew each time."""

NULL_SAYS = {
    **dict.fromkeys(STAMPS, "somebody forgot the stamp, which breaks a rule"),
    "tasks.blocker": "nothing holds it",
    "tasks.next_eligible_at": "it is due since it was made",
    "campaigns.call_windows": "always open",
}
"""Columns whose nulls mean something: a platform that has them tells by a null."""

EMPTY = {"agents", "connections", "numbers", "campaign_numbers", "goals", "variants", "audience_uploads"}
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


@contextmanager
def looking(server: EmbeddedServer, name: str) -> Iterator[Look]:
    """What is said of the alarming platform after some statements, which are undone."""
    server.create_database(name)
    url = server.url(name)
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
    server.drop_database(name)
