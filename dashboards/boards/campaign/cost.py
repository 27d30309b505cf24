"""Campaign live, cost: what it costs, on what, how fast, and where it ends."""

from __future__ import annotations

from dashboards.boards.campaign.scope import PER_HOUR, UNSURE, Own
from dashboards.vocabulary.colours import ACCENT, CALM, NEUTRAL
from dashboards.vocabulary.fields import colour
from dashboards.vocabulary.figures import figure, figures, label
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Folded, folded, line
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import stat
from dashboards.vocabulary.queries import MINIMUM_CALLS, total
from dashboards.vocabulary.targets import ask, now
from dashboards.vocabulary.units import CURRENCY_UNIT

NO_COST = "No costs known"
PARTS = {"ai": ("AI", "dark-blue"), "telephony": ("telephony", CALM)}


def cost(own: Own) -> Folded:
    """Everything about money."""
    answered = total(own.last("campaign_calls_total", outcome="answered"))
    goals = own.last("campaign_goal_achieved")
    by_goal = f"{own.spent('tenant', 'campaign', 'currency')}"
    per_goal = f"({by_goal}) / on (tenant, campaign) group_right () ({goals} > 0)"
    components = total(own.last("campaign_call_cost_total"), "component", "currency")
    rate = total(own.rate("campaign_call_cost_total"), "component", "currency")
    names = [colour(f"/^{code}/", shade, by="byRegexp", displayName=f"{text} ${{__field.labels.currency}}")
             for code, (text, shade) in PARTS.items()]  # fmt: skip
    return folded(
        heading(700, "Cost"),
        line(
            stat(701, "Parts of the cost",
                 "What has been spent so far on the agent and on the line, in the campaign's currency. The agent's "
                 "part grows with talk time, the line's with calls that nobody answers.",
                 now(components, "{{component}}"), unit=CURRENCY_UNIT, decimals=2, empty=NO_COST, width=6, height=6,
                 text="value_and_name", overrides=names),
            stat(702, "Per answer",
                 f"All that was spent so far for each answered call; with fewer than {MINIMUM_CALLS} it says nothing. "
                 "It rises: fewer answers for the same calls, look at Numbers, and at Retries.",
                 now(f"{own.spent()} / on () group_left () ({answered} >= {MINIMUM_CALLS})", "{{currency}}"),
                 unit=CURRENCY_UNIT, decimals=3, empty="Not enough data", width=4, height=6, text="value_and_name"),
            stat(703, "Per goal",
                 "All that was spent so far for each goal that was met. Compare it with what a goal is worth before "
                 "the campaign may grow.",
                 now(per_goal, "{{goal}}"), unit=CURRENCY_UNIT, decimals=2, empty="No goals known",
                 width=5, height=6, text="value_and_name"),
            _forecast(own),
        ),
        line(
            graph(704, "Spend rate",
                  "What is spent an hour, on the agent and on the line. It jumps while calls do not: a price or the "
                  "length of calls changed. Reduce concurrency to slow it down.",
                  ask(f"3600 * ({rate})", "{{component}}"), unit=PER_HOUR, decimals=2, empty=NO_COST, stacked=True,
                  interval="5m", overrides=names),
            graph(705, "Spend against budget",
                  "What has been spent since the beginning, and the budget. At the budget nothing is dialled until "
                  "its owner decides; see the forecast for when that is.",
                  ask(own.spent(), "spent {{currency}}"),
                  ask(f"max by (currency) ({own.last('campaign_budget')})", "budget {{currency}}"),
                  unit=CURRENCY_UNIT, decimals=2, empty=NO_COST,
                  overrides=(colour("/^budget/", NEUTRAL, by="byRegexp", custom_fillOpacity=0,
                                    custom_lineStyle={"fill": "dash", "dash": [8, 6]}),
                             colour("/^spent/", ACCENT, by="byRegexp"))),
        ),
    )  # fmt: skip


def _forecast(own: Own) -> Panel:
    done, spent = (
        f"max by (estimate) ({own.last(f'campaign_forecast_{what}_timestamp_seconds')}) * 1000"
        for what in ("completion", "budget_exhaustion")
    )
    both = f"{done} or {spent}"
    return figures(
        706, "Forecast",
        "When the tasks are done, and when the budget is spent, at the rate of the last eight open hours: the likely "
        "time, and the ends of an 80 % interval. Budget before tasks: decide now which gives way.",
        both,
        base=both,
        key="estimate",
        columns=(
            label("estimate", "Estimate", 0, custom_minWidth=90),
            figure("Tasks done", done, 150, unit="time:YYYY-MM-DD HH:mm", empty=UNSURE),
            figure("Budget spent", spent, 150, unit="time:YYYY-MM-DD HH:mm", empty="no forecast"),
        ),
        empty="Not enough data for a forecast", sort="Tasks done", width=9, height=6, pages=False,
    )  # fmt: skip
