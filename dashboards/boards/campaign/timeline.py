"""Campaign live, the timeline: tasks and calls over time, with what was changed marked."""

from __future__ import annotations

from dashboards.boards.campaign.scope import NO_CAMPAIGN, STEP, Own
from dashboards.vocabulary.annotations import events, marks
from dashboards.vocabulary.colours import ACCENT, FADED, NEUTRAL, TASK_STATES, WARNING
from dashboards.vocabulary.fields import colour, colours
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.queries import CAMPAIGN, selector, total
from dashboards.vocabulary.statements import statement
from dashboards.vocabulary.targets import ask
from dashboards.vocabulary.units import PER_MINUTE, WHOLE

FROM_BELOW = ("in_progress", "pending", "failed", "completed", "cancelled")
"""What moves comes first: a band is read best near the ground."""


def timeline(own: Own) -> Line:
    """Tasks by state, and calls."""
    over = total(own.rate("campaign_calls_total"))
    more = total(own.q.once(f"deriv({selector('campaign_calls_in_progress', campaign=CAMPAIGN)}[{STEP}])"))
    limit = own.last("campaign_dispatch_slots_limit")
    return line(
        graph(
            301, "Tasks by state",
            "All tasks by state, stacked; what moves lies lowest. Vertical marks: changes of state and settings, and "
            "pauses. Pending grows while in progress stays flat: capacity holds it back. Failed grows fast: look at "
            "Pending tasks and Errors before you scale. A step without a mark: tasks came or went elsewhere.",
            *(ask(total(own.last("campaign_tasks", status=status)), status) for status in FROM_BELOW),
            unit=WHOLE, decimals=0, empty=NO_CAMPAIGN, stacked=True, overrides=colours(TASK_STATES),
        ),
        graph(
            302, "Calls started, calls going on and their limit",
            "Calls started a minute (bars, right axis), calls going on, and the tightest limit of calls at once. Going "
            "on at the limit: capacity is used up, see Limits. Far below it while tasks are ready: see the verdict.",
            ask(f"clamp_min(60 * ({over} + {more}), 0)", "started a minute"),
            ask(total(own.last("campaign_calls_in_progress")), "going on"),
            ask(f"min ({limit})", "limit"),
            unit=WHOLE, empty=NO_CAMPAIGN, interval="1m",
            overrides=(
                colour("started a minute", FADED, unit=PER_MINUTE, custom_axisPlacement="right",
                       custom_drawStyle="bars", custom_fillOpacity=40, custom_lineWidth=0, custom_axisSoftMax=2,
                       decimals=1),
                colour("going on", ACCENT, decimals=0),
                colour("limit", NEUTRAL, decimals=0, custom_lineStyle={"fill": "dash", "dash": [8, 6]},
                       custom_fillOpacity=0, custom_lineInterpolation="stepAfter"),
            ),
        ),
    )  # fmt: skip


def changes(own: Own) -> tuple[Json, ...]:
    """Vertical marks: what was done to the campaign, and the time it was paused."""
    paused = own.last("campaign_pause_info")
    return (
        events("Changes", statement("campaign_events"), ACCENT),
        marks("Pauses", paused, "{{reason}}", WARNING, title="Paused", metric="campaign_pause_info"),
    )
