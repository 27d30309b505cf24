"""Campaign live, the list: how much of it is untouched, how fast that goes, and when nobody new is left."""

from __future__ import annotations

from dashboards.boards.campaign.scope import Own
from dashboards.vocabulary.colours import ACCENT, CALM, FADED
from dashboards.vocabulary.fields import colour, override
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Folded, folded, line
from dashboards.vocabulary.panel import heading
from dashboards.vocabulary.panels import stat
from dashboards.vocabulary.queries import milliseconds, ratio, total
from dashboards.vocabulary.targets import ask, now
from dashboards.vocabulary.units import AGE, RATIO, WHOLE

PARTS = {"untouched": ("never called", ACCENT), "in_circulation": ("in circulation", CALM),
         "worked_out": ("worked out", FADED)}  # fmt: skip
"""The parts of a list, with their words and colours."""


def contacts(own: Own) -> Folded:
    """How far the list is worked."""

    def part(name: str) -> str:
        return f"max ({own.last('campaign_list_tasks', state=name)})"

    every = total(own.last("campaign_list_tasks"))
    first = total(own.gained("campaign_attempt_calls_total", over="1h", attempt="1"))
    dry = own.last("campaign_forecast_list_dry_timestamp_seconds", estimate="likely")
    return folded(
        heading(910, "List"),
        line(
            graph(
                911, "Contacts",
                "Contacts by how far they are worked. Never called: what is left of the list. In circulation: called, "
                "and called again until they are reached or their attempts are used. Worked out: over. Little is left "
                "and much circulates: most calls are retries, see Retries for what they bring.",
                *(ask(part(name), words) for name, (words, _) in PARTS.items()),
                unit=WHOLE, decimals=0, empty="No tasks known", stacked=True,
                overrides=[colour(words, shade) for words, shade in PARTS.values()],
            ),
            stat(912, "Called so far",
                 "The share of the list that was called at least once, and how many were called for the first time in "
                 "the last hour. None while it dials: only retries are left, stage another list.",
                 now(f"1 - {ratio(part('untouched'), every)}", "of the list"), now(first, "new in an hour"), unit=RATIO,
                 decimals=1, empty="No tasks known", width=6, height=8, text="value_and_name",
                 overrides=[override("new in an hour", unit=WHOLE, decimals=0)]),
            stat(914, "List runs dry",
                 "When nobody is left who was never called, at the pace of the last open hours. Stage another list "
                 "before, or let the campaign end.",
                 now(f"max ({milliseconds(dry)})"), unit=AGE, empty="Not enough data", width=6, height=8),
        ),
    )  # fmt: skip
