"""Campaign live, number pool health: which number is bad?"""

from __future__ import annotations

from dashboards.boards.campaign.scope import UNSURE, Own
from dashboards.vocabulary.colours import ACCENT, NUMBER_STATES, WARNING
from dashboards.vocabulary.fields import COLOURED, below, link, steps
from dashboards.vocabulary.figures import GAUGE, figure, figures, label, state
from dashboards.vocabulary.layout import Folded, folded, line
from dashboards.vocabulary.links import Way
from dashboards.vocabulary.panel import heading
from dashboards.vocabulary.queries import MINIMUM_CALLS, PICKED_UP, RANGE, THROUGH, ratio, total
from dashboards.vocabulary.units import AGE, RATIO, WHOLE

DROP = 0.6
"""A rate below so much of the number's own is an early sign of a spam label: 20 % to 12 % (domain.md)."""


def pool(own: Own) -> str:
    """The numbers of the campaign's pool; those that it called from, where the platform does not tell its pool."""
    told = f"max by (number) ({own.last('campaign_number_weight')})"
    called = f"max by (number) ({own.last('campaign_number_calls_total')})"
    return f"({told} or ({called} unless on () {told})) * 0"


def _answer_rate(own: Own, over: str) -> str:
    """Of calls that got through: where a connection fails, its numbers are not to blame."""
    picked_up, through = (
        total(own.gained("campaign_number_calls_total", over=over, **only), "number") for only in (PICKED_UP, THROUGH)
    )
    return ratio(picked_up, through, at_least=MINIMUM_CALLS)


def numbers(own: Own, way: Way) -> Folded:
    """The pool, the worst number first."""
    mine, q = pool(own), own.q
    lately, usually = (f"({_answer_rate(own, over)})" for over in (RANGE, "7d"))
    against = f"{lately} / ({usually} > 0)"

    def of(metric: str, **matchers: str) -> str:
        return f"max by (number) ({q.last(metric, **matchers)}) and on (number) ({mine})"

    every = f"max by (tenant, number, phone, label, country, connection) ({q.last('campaign_number_info')})"
    about = f"topk by (tenant, number) (1, {every})"
    status = q.band("campaign_number_status", "status", [each.code for each in NUMBER_STATES], "number")
    today, cap = of("campaign_number_calls_today"), of("campaign_number_daily_cap")
    rests = f"({of('campaign_number_cooldown_timestamp_seconds')}) > time()"
    unusable = total(q.last("campaign_number_status", status="=~flagged|released"), "number")
    worst = f"(({against}) or on (number) ({mine}) + 1) - on (number) (({unusable}) * 10 or on (number) ({mine}))"
    return folded(
        heading(800, "Number pool"),
        line(
            figures(
                801, "Numbers of the pool",
                "The numbers of the campaign's pool, the worst first: flagged and released ones, then those that are "
                "answered least of their own past. Change: the answer rate in the time range against that of "
                f"the last seven days; {DROP - 1:.0%} and worse is an early sign of a spam label. First move: take the "
                "worst number out of the pool, then reduce concurrency. More than 100 calls a day from one number "
                "invite a label.",
                f"({about} and on (number) ({mine})) or on (number) ({mine})",
                base=mine,
                key="number",
                columns=(
                    label("phone", "Number", 124,
                          links=[link("Number pool", way.to("numbers", tenant="${__data.fields.tenant}"))]),
                    label("label", "Label", 0, custom_minWidth=90),
                    label("country", "Country", 69),
                    state("Status", f"({status}) and on (number) ({mine})", 78, NUMBER_STATES, empty="unknown"),
                    figure("Answer rate", lately, 98, unit=RATIO, decimals=1, empty=UNSURE),
                    figure("In 7 days", usually, 84, unit=RATIO, decimals=1, empty=UNSURE),
                    figure("Change", f"{against} - 1", 76, unit=RATIO, decimals=0, empty=UNSURE,
                           thresholds=steps(*below(DROP - 1, WARNING)), **COLOURED),
                    figure("Weight", f"max by (number) ({own.last('campaign_number_weight')})", 66, unit="none"),
                    figure("Calls today", today, 92, unit=WHOLE, decimals=0),
                    figure("Of its cap", f"({today}) / (({cap}) > 0)", 96, unit=RATIO, decimals=0, empty="no cap",
                           thresholds=steps((None, ACCENT), (1, WARNING)), **GAUGE),
                    figure("Rests until", f"({rests}) * 1000", 122, unit=AGE, empty="does not rest"),
                    label("connection", "Connection", 93),
                    figure("Order", worst, 60, unit="none", custom_hideFrom_viz=True),
                ),
                kept=("tenant", "number"), empty="No numbers known", then_by="Order",
                height=9,
            ),
        ),
    )  # fmt: skip
