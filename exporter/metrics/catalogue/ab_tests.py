"""The families of A/B tests, by arm."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import (
    COUNTER,
    GAUGE,
    HISTOGRAM,
    Attribute,
    Buckets,
    Family,
    Judged,
    Totals,
    mapped,
)
from exporter.source.columns import WORD_BUCKETS

EXPERIMENT = (
    Family(
        "campaign_variant_calls_total",
        COUNTER,
        "Calls by arm (variant) of the A/B test, those going on included.",
        Totals("variants", mapped(variant="variant"), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_answers_total",
        COUNTER,
        "Answered calls by arm (variant) of the A/B test.",
        Totals("variants", mapped(variant="variant"), sums=("answered_micro",), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_first_word_seconds",
        HISTOGRAM,
        "Seconds from the answer of a call to the agent's first word, by arm (variant) of the A/B test.",
        Buckets("variant_words", "word_micro", WORD_BUCKETS, mapped(variant="variant"), "variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_goals_total",
        COUNTER,
        "Tasks that met the goal, by arm (variant) of the A/B test.",
        Totals("goals", mapped(variant="variant"), sums=("goal_micro",), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_cost_total",
        COUNTER,
        "What calls cost, in the currency of the label, by arm (variant) of the A/B test.",
        Totals(
            "variants",
            mapped(variant="variant"),
            sums=("ai_micro", "telephony_micro"),
            budget="variants",
            currency=True,
        ),
        ("variant", "currency"),
    ),
    Family(
        "campaign_variant_weight",
        GAUGE,
        "Share of contacts that an arm (variant) of the A/B test is to get, in per cent.",
        Attribute("variants", "weight", mapped(variant="variant")),
        ("variant",),
    ),
    Family(
        "campaign_variant_best_probability",
        GAUGE,
        "Probability, 0 to 1, that an arm (variant) of the A/B test is the best by a measure: answers to "
        "calls, or goals of finished tasks; absent without enough data.",
        Judged("outlook", "best"),
        ("variant", "measure"),
    ),
    Family(
        "campaign_variant_sample_ratio_p_value",
        GAUGE,
        "Probability, 0 to 1, that chance alone splits contacts among the arms at least as unevenly as they "
        "are; below 0.001 the test is broken and names no winner. Absent without enough data.",
        Judged("outlook", "split"),
    ),
)
