"""Campaign live, comparisons: do retries help, and which arm of the A/B test is better?"""

from __future__ import annotations

from dashboards.boards.campaign.scope import UNSURE, Own
from dashboards.vocabulary.colours import ACCENT, BAD, GOOD, NEUTRAL
from dashboards.vocabulary.fields import steps
from dashboards.vocabulary.figures import GAUGE, figure, figures, label
from dashboards.vocabulary.layout import Folded, beside, folded, line
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import stat
from dashboards.vocabulary.queries import MINIMUM_CALLS, ratio, total
from dashboards.vocabulary.targets import now, rows
from dashboards.vocabulary.units import CURRENCY_UNIT, RATIO, WHOLE

UNEVEN = 0.001
"""Below this probability of such a split no arm may be called the winner (domain.md)."""

SURE = 0.95

BAR = {**GAUGE, "thresholds": steps((None, ACCENT))}


def retries(own: Own) -> Folded:
    """What the first, second, … call to a contact brought."""
    calls = total(own.last("campaign_attempt_calls_total"), "attempt")
    answers = f"{total(own.last('campaign_attempt_calls_total', outcome='answered'), 'attempt')} or {calls} * 0"
    cost = total(own.last("campaign_attempt_cost_total"), "attempt")
    every = f"sum ({own.last('campaign_attempt_calls_total', outcome='answered')})"
    return folded(
        heading(500, "Retries"),
        line(
            figures(
                501, "Retry effectiveness",
                "All calls so far by attempt number. Share of answers: what this attempt added to all there are. Cost "
                "an answer, from the second attempt on: what one more answer costs. A late attempt that adds little "
                "and costs a multiple raises only the risk of spam labels: allow fewer attempts. Five contacts with "
                "three retries can be twenty calls.",
                f"max by (attempt, currency) ({own.last('campaign_attempt_cost_total')})",
                base=calls,
                key="attempt",
                columns=(
                    label("attempt", "Attempt", 0, custom_minWidth=90),
                    figure("Calls", calls, 110, unit=WHOLE, decimals=0),
                    figure("Answers", answers, 110, unit=WHOLE, decimals=0),
                    figure("Answer rate", ratio(f"({answers})", calls, at_least=MINIMUM_CALLS), 180, unit=RATIO,
                           decimals=1, empty=UNSURE, **BAR),
                    figure("Share of answers", f"({answers}) / on () group_left () ({every} > 0)", 190, unit=RATIO,
                           decimals=1, **BAR),
                    figure("Cost", cost, 110, unit=CURRENCY_UNIT, decimals=2),
                    figure("Per answer", f"{cost} / (({answers}) > 0)", 110, unit=CURRENCY_UNIT, decimals=3,
                           empty="no answer"),
                    label("currency", "In", 60),
                ),
                empty="No ended calls known", sort="Attempt", pages=False,
            ),
        ),
    )  # fmt: skip


def experiment(own: Own) -> Folded:
    """The arms of the A/B test."""
    return folded(
        heading(600, "A/B test"),
        beside((_winner(own, 602, "answers"), _winner(own, 603, "goals"), _split(own)), (_arms(own),)),
    )


def _arms(own: Own) -> Panel:
    def each(name: str) -> str:
        return total(own.last(f"campaign_variant_{name}"), "variant")

    calls, answers, goals, cost = (each(f"{name}_total") for name in ("calls", "answers", "goals", "cost"))
    arms = f"group by (variant) ({calls} or {each('weight')})"

    def best(measure: str) -> str:
        return f"max by (variant) ({own.last('campaign_variant_best_probability', measure=measure)})"

    def share(part: str, whole: str) -> str:
        return ratio(part, whole, at_least=MINIMUM_CALLS)

    return figures(
        601, "Arms",
        "Each arm of the A/B test so far. Goal rate: goals an answered call. Best by …: the probability that the arm "
        "is the best of all, by answers a call and by goals a finished task, from 100 tries an arm on. People peek: "
        "decide the sample beforehand, and do not stop at the first look above 95 %.",
        arms,
        base=arms,
        key="variant",
        columns=(
            label("variant", "Arm", 0, custom_minWidth=90),
            figure("Share", each("weight"), 66, unit="percent", decimals=0, empty="not told"),
            figure("Calls", calls, 70, unit=WHOLE, decimals=0),
            figure("Answers", answers, 76, unit=WHOLE, decimals=0),
            figure("Answer rate", share(answers, calls), 100, unit=RATIO, decimals=1, empty=UNSURE),
            figure("Goals", goals, 78, unit=WHOLE, decimals=0, empty="none told"),
            figure("Goal rate", share(goals, answers), 90, unit=RATIO, decimals=1, empty=UNSURE),
            figure("Cost", cost, 84, unit=CURRENCY_UNIT, decimals=2),
            figure("Best by answers", best("answers"), 128, unit=RATIO, decimals=0, empty=UNSURE, **BAR),
            figure("Best by goals", best("goals"), 116, unit=RATIO, decimals=0, empty=UNSURE, **BAR),
        ),
        empty="No A/B test known", sort="Arm", width=20, height=9, pages=False,
    )  # fmt: skip


def _winner(own: Own, number: int, measure: str) -> Panel:
    even = f"{own.last('campaign_variant_sample_ratio_p_value')} >= {UNEVEN}"
    best = own.last("campaign_variant_best_probability", measure=measure)
    return stat(
        number, f"Best: {measure}",
        f"The arm that is the best by {measure} with a probability of {SURE:.0%} or more, where contacts were split as "
        "configured. It may still change: let the test run to the sample that was decided beforehand.",
        rows(f"{best} >= {SURE} and on (tenant, campaign) ({even})"),
        unit="string", empty="No winner known", width=4, height=3, fields="/^variant$/",
    )  # fmt: skip


def _split(own: Own) -> Panel:
    p_value = f"max ({own.last('campaign_variant_sample_ratio_p_value')})"
    arms = f"max ({own.last('campaign_variant_calls_total')}) * 0 - 1"
    text = {"index": 0, "text": "uneven: no winner", "color": BAD}
    return stat(
        604, "Split",
        f"Whether contacts were split as configured. Uneven (p below {UNEVEN:g}): whatever the arms' figures say, they "
        "cannot be compared; find out why before you go on.",
        now(f"{p_value} or {arms}"), unit="none", empty="No A/B test known", width=4, height=3,
        mappings=[
            {"type": "range", "options": {"from": 0, "to": UNEVEN, "result": text}},
            {"type": "range", "options": {"from": UNEVEN, "to": 1,
                                          "result": {"index": 1, "text": "as configured", "color": GOOD}}},
            {"type": "value", "options": {"-1": {"index": 2, "text": "not enough data", "color": NEUTRAL}}},
        ],
    )  # fmt: skip
