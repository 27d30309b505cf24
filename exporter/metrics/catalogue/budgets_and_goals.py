"""The families of budgets and goals."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import GAUGE, Attribute, Family, mapped

TARGETS = (
    Family(
        "campaign_budget",
        GAUGE,
        "What the campaign may cost.",
        Attribute("campaigns", "budget", mapped(currency="currency")),
        ("currency",),
    ),
    Family(
        "campaign_goal_target",
        GAUGE,
        "How many are wanted.",
        Attribute("goals", "target", mapped(goal="goal")),
        ("goal",),
    ),
    Family(
        "campaign_goal_achieved",
        GAUGE,
        "How many there are.",
        Attribute("goals", "achieved", mapped(goal="goal")),
        ("goal",),
    ),
)
