"""Task debug: why does this one task not go? Its row, calls, events and the dispatcher's snapshots, from SQL."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.boards.campaign.scope import Own
from dashboards.settings import Settings
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.colours import (
    CALM,
    GOOD,
    GROUP_COLOURS,
    OUTCOME_STATES,
    SENTIMENT_STATES,
    TASK_STATES,
    VERDICT_STATES,
)
from dashboards.vocabulary.fields import COLOURED, codes, colour, link, mapping, organised, override, words
from dashboards.vocabulary.graphs import band
from dashboards.vocabulary.layout import Folded, beside, folded, line
from dashboards.vocabulary.links import Way, menu
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import stat, table
from dashboards.vocabulary.queries import CAMPAIGN, Queries, milliseconds
from dashboards.vocabulary.statements import statement
from dashboards.vocabulary.targets import Target, ask, rows, sql
from dashboards.vocabulary.units import AGE, COUNT, CURRENCY_UNIT, SECONDS
from dashboards.vocabulary.variables import campaigns, entered, exporter, postgres, prometheus
from exporter.contract.codes import BLOCKERS, READY
from exporter.diagnosis.dispatch.verdict import VERDICTS

CLOCK = "time:YYYY-MM-DD HH:mm:ss"
NO_TASK = "No such task known"
BLANK = override("/.*/", by="byRegexp", noValue="")
"""Of an empty cell: else it would say why the whole table is empty."""

WRAPPED: Json = {"type": "auto", "wrapText": True}
STRIP: Json = {"wideLayout": False}
"""Of a strip of short words: a name above each."""

CLEAR = "nothing in the way"
"""Of a snapshot without a reason; see `sql/task_lane_dispatcher.sql`."""

HELD: Mapping[str, tuple[str, str | None]] = {
    **{blocker.code: (blocker.code, GROUP_COLOURS[blocker.group]) for blocker in BLOCKERS.values()},
    READY: ("ready", GROUP_COLOURS["ready"]),
}
"""Effective blockers in the colours of their groups."""

CALLS: Mapping[str, tuple[str, str | None]] = {
    "in_progress": ("in progress", "dark-blue"),
    **{state.code: (state.words, state.colour) for state in OUTCOME_STATES},
}


def board(settings: Settings) -> Board:
    """The board."""
    q = Queries(settings.replica_labels)
    way = Way(settings, one=True)
    card = f"{settings.pages}/campaigns/${{campaign:percentencode}}"
    return Board(
        name="task",
        title="Task debug",
        one=True,
        question="Why does this one task not go?",
        tags=("task",),
        span="now-24h",
        variables=(
            prometheus(settings, told=True),
            postgres(settings),
            *exporter(settings),
            campaigns(q, several=False, tenant=False),
            entered("task", "Task", "The task's id. Links from the campaign's table of tasks fill it in."),
        ),
        links=(
            menu("Campaign", way.to("campaign", campaign="${campaign}")),
            menu("Campaigns overview", way.to("overview")),
            *([menu("Dispatch card", card, elsewhere=True)] if settings.pages else ()),
        ),
        parts=(
            beside([_answer()], [_state(settings), _campaign(q, way)]),
            line(_axis(q)),
            line(_calls()),
            line(_row(), _events()),
            line(_snapshots()),
            _neighbours(way),
        ),
    )  # fmt: skip


def _told(name: str) -> Target:
    return sql(statement(f"task_{name}"))


def _answer() -> Panel:
    return table(
        101, "Answer",
        "Why this task is not dialled, what to do first, and what else stands in its way: from its row, its campaign "
        "and its number. The exporter knows more of the campaign: see its verdict beside, and the dispatch card. "
        "Explain prints all of it in a terminal; Capture makes the archive to attach when you escalate.",
        _told("answer"), empty="No answer from the database", width=12, height=8, header=False,
        overrides=(
            override("About", custom_width=95),
            override("Answer", custom_cellOptions=WRAPPED, custom_inspect=True),
        ),
    )  # fmt: skip


def _state(settings: Settings) -> Panel:
    contact = settings.of_group(settings.links.contact).replace("{contact}", "${__data.fields.Contact:percentencode}")
    return table(
        102, "State",
        "The task's status; what holds it while it is pending: the code it carries, else retry_wait until its next "
        "attempt is due, else nothing (ready); attempts used; how many other pending tasks of the campaign the same "
        "code holds; and whom it calls. Many others: it is no matter of this task, see the campaign.",
        _told("state"), empty=NO_TASK, width=12, height=4,
        overrides=(
            BLANK,
            override("Status", custom_width=92, mappings=codes(TASK_STATES), **COLOURED),
            override("Held by", custom_width=184, mappings=words(HELD), **COLOURED),
            override("Attempts", custom_width=80),
            override("Others", custom_width=62),
            override("Contact", links=[link("Open the contact", contact, elsewhere=True)] if contact else []),
        ),
    )  # fmt: skip


def _campaign(q: Queries, way: Way) -> Panel:
    named = f"max by (verdict, gate) ({Own(q).told()})"
    clears = milliseconds(f"max ({q.last('campaign_dispatch_clears_timestamp_seconds', campaign=CAMPAIGN)})")
    return stat(
        103, "Campaign",
        "What the exporter says of the campaign as a whole: its verdict, the gate that explains it (none: nothing is "
        "in the way), and when that clears by itself, where that is known. Blocked or stalled: mend that first, no "
        "task of it is dialled meanwhile.",
        rows(named), rows(clears), unit="none", empty="No such campaign known", width=12, height=4,
        fields="/.*/", text="value_and_name", options=STRIP,
        transformations=(
            {"id": "merge", "options": {}},
            organised(("verdict", "gate", "Value #B"), {"verdict": "Verdict", "gate": "Gate", "Value #B": "Clears"},
                      ("Time", "Value #A")),
        ),
        overrides=(
            override("Verdict", displayName="Verdict", mappings=codes(VERDICT_STATES),
                     links=[link("The campaign", way.to("campaign", campaign="${campaign}"))]),
            override("Gate", displayName="Gate"),
            override("Clears", displayName="Clears", unit=AGE, noValue="not known"),
        ),
    )  # fmt: skip


def _axis(q: Queries) -> Panel:
    verdicts = q.band("campaign_dispatch_verdict", "verdict", VERDICTS, "campaign", campaign=CAMPAIGN)
    return band(
        201, "What happened when",
        "The task's calls from start to end; what held it; its last event; what the dispatcher said when it last "
        "looked at the task or its campaign; and the campaign's verdict: on one axis. Read downwards at a moment: a "
        "gap between calls is explained by what stands below it. Nothing to see: widen the time range.",
        *(_told(f"lane_{each}") for each in ("calls", "held", "events", "dispatcher")), ask(verdicts, "Campaign"),
        mappings=[*words({**HELD, **CALLS, CLEAR: (CLEAR, GOOD)}), *mapping(*VERDICT_STATES)],
        empty=NO_TASK, height=8, legend=False,
        overrides=(
            *(override(each, custom_spanNulls=False) for each in ("Call", "Held by")),  # their nulls are ends, not gaps
            colour("Last event", CALM, custom_lineWidth=1),  # else neighbours run together
        ),
    )  # fmt: skip


def _calls() -> Panel:
    return table(
        301, "Calls",
        "Every call of the task, the newest first. Ended at once with an error: the provider's or the platform's "
        "fault. The same number each time and never answered: try another number of the pool. No call at all: the "
        "task never passed the gates, see the answer.",
        _told("calls"), empty="No calls of this task known", height=7, pages=True,
        overrides=(
            BLANK,
            override("Started", unit=CLOCK, custom_width=160),
            *(override(each, unit="time:HH:mm:ss", custom_width=88) for each in ("Answered", "Ended")),
            override("Attempt", custom_width=75),
            override("From", custom_width=84),
            override("Provider", custom_width=96),
            override("Outcome", custom_width=100, mappings=words(CALLS), **COLOURED),
            override("Talk", unit=SECONDS, decimals=0, custom_width=80),
            override("Cost", unit=CURRENCY_UNIT, decimals=4, custom_width=80),
            override("Currency", custom_width=78),
            override("Sentiment", custom_width=90, mappings=codes(SENTIMENT_STATES), **COLOURED),
            override("Score", unit=COUNT, decimals=0, custom_width=65),
        ),
    )  # fmt: skip


def _row() -> Panel:
    return table(
        401, "Row",
        "The task as the platform's view shows it; what it does not tell is left out. Copy it into an escalation, or "
        "run Capture.",
        _told("row"), empty=NO_TASK, width=9, height=13,
        overrides=(BLANK, override("Column", custom_width=109), override("Value", custom_cellOptions=WRAPPED),
                   override("When", unit="time:MM-DD HH:mm:ss", custom_width=126)),
    )  # fmt: skip


def _events() -> Panel:
    return table(
        402, "Events",
        "What the platform wrote down about the task, the newest first, in its own words. Details are masked where "
        "they may hold a phone or an address. The last event is old and nothing holds the task: the dispatcher has "
        "lost it, tell the platform's owners.",
        _told("events"), empty="No events of this task known",
        width=15, height=13, pages=True,
        overrides=(
            BLANK,
            override("When", unit=CLOCK, custom_width=160),
            override("Event", custom_width=150),
            override("Code", custom_width=184, mappings=words(HELD)),
            override("Detail", custom_inspect=True),
        ),
    )  # fmt: skip


def _snapshots() -> Panel:
    return table(
        501, "Dispatcher's snapshots",
        "What the dispatcher saw when it looked at the task, or at its campaign as a whole: the newest 200 of the time "
        "range. The reason is why it started nothing; capacity are the limits and their use at that moment. None in "
        "the last minutes: the dispatcher does not run.",
        _told("snapshots"),
        empty="No snapshots known in this range",
        height=9, pages=True,
        overrides=(
            BLANK,
            override("When", unit=CLOCK, custom_width=160),
            override("Looked at", custom_width=95),
            override("Reason", custom_width=184, mappings=words(HELD)),
            override("Capacity", custom_inspect=True),
        ),
    )  # fmt: skip


def _neighbours(way: Way) -> Folded:
    return folded(
        heading(600, "Others held the same way"),
        line(
            table(
                601, "Tasks held by the same code",
                "Up to 50 other pending tasks of the campaign that the same code holds. If there are many, the cause "
                "is not in this task: see the campaign's dispatch health.",
                _told("neighbours"), empty="No tasks like it known",
                height=10, pages=True,
                overrides=(
                    BLANK,
                    override("Task", links=[link("Debug this task", way.to("task", campaign="${campaign}",
                                                                           task="${__data.fields.Task}"))]),
                    override("Held by", mappings=words(HELD), **COLOURED),
                    *(override(each, unit=CLOCK) for each in ("Next attempt", "Last attempted", "Changed")),
                ),
            ),
        ),
    )  # fmt: skip
