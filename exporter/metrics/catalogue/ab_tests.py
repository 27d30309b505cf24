"""The families of A/B tests, by arm."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import COUNTER, GAUGE, Attribute, Family, Judged, Totals, mapped

EXPERIMENT = (
    Family(
        "campaign_variant_calls_total",
        COUNTER,
        "Calls by arm of the A/B test, those in progress included.",
        Totals("variants", mapped(variant="variant"), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_answers_total",
        COUNTER,
        "Answered calls by arm of the A/B test.",
        Totals("variants", mapped(variant="variant"), sums=("answered_micro",), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_goals_total",
        COUNTER,
        "Tasks that met their goal, by arm of the A/B test.",
        Totals("goals", mapped(variant="variant"), sums=("goal_micro",), budget="variants"),
        ("variant",),
    ),
    Family(
        "campaign_variant_cost_total",
        COUNTER,
        "Cost of calls by arm of the A/B test.",
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
        "Share of contacts of an arm of the A/B test, in per cent as configured.",
        Attribute("variants", "weight", mapped(variant="variant")),
        ("variant",),
    ),
    Family(
        "campaign_variant_best_probability",
        GAUGE,
        "Probability that an arm is the best by a measure (answers a call, goals a finished task), 0 to 1; absent "
        "without enough data.",
        Judged("outlook", "best"),
        ("variant", "measure"),
    ),
    Family(
        "campaign_variant_sample_ratio_p_value",
        GAUGE,
        "Probability of a split of contacts at least as uneven as this, if the arms got their shares; below 0.001 "
        "no winner may be named.",
        Judged("outlook", "split"),
    ),
)
