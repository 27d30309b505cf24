"""The families of budgets and goals."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import GAUGE, Attribute, Family, mapped

TARGETS = (
    Family(
        "campaign_budget",
        GAUGE,
        "What the campaign may cost in all, in the currency of the label; absent where it has no budget.",
        Attribute("campaigns", "budget", mapped(currency="currency")),
        ("currency",),
    ),
    Family(
        "campaign_goal_target",
        GAUGE,
        "How often a goal of the campaign is to be met.",
        Attribute("goals", "target", mapped(goal="goal")),
        ("goal",),
    ),
    Family(
        "campaign_goal_achieved",
        GAUGE,
        "How often a goal of the campaign was met, as the platform says.",
        Attribute("goals", "achieved", mapped(goal="goal")),
        ("goal",),
    ),
)
