"""Below the top of the overview: what to do first, in the exporter's words, what fails, and what was spent."""

from __future__ import annotations

from dashboards.boards.cost.queries import COST
from dashboards.boards.exporters import silence
from dashboards.boards.numbers.connections import FAILURES, KNOWN, failed_share, trunks
from dashboards.vocabulary.colours import VERDICT_STATES, WORST_FIRST
from dashboards.vocabulary.fields import COLOURED, codes, link, organised, override, steps, words
from dashboards.vocabulary.layout import Line, line
from dashboards.vocabulary.links import Way
from dashboards.vocabulary.panels import stat, table
from dashboards.vocabulary.queries import TENANTS, Queries, number_of, total
from dashboards.vocabulary.targets import now, rows
from dashboards.vocabulary.units import AMOUNT, RATIO, WHOLE
from exporter.contract.codes import NO_CURRENCY

_URGENT = WORST_FIRST[: WORST_FIRST.index("unknown") + 1]
"""Verdicts that need somebody."""

_HINT = "campaign_dispatch_hint_info"
_FAILED = "A"


def first_moves(q: Queries, way: Way) -> Line:
    """The hints of the campaigns that need somebody, each once, what fails, and the costs of a day."""
    urgent = q.last(_HINT, tenant=TENANTS, verdict=f"=~{'|'.join(_URGENT)}")
    # One a campaign: replicas renew the figures in it at different moments.
    each = f"topk by (campaign) (1, max by (tenant, campaign, verdict, hint) ({urgent}))"
    one = f"topk by (verdict, hint) (1, {q.named(each)})"
    alike = f"({one}) * on (verdict, hint) group_left () {number_of(each, 'verdict', 'hint')}"
    by = ("tenant", "connection")
    campaign = link("Campaign live", way.to("campaign", campaign="${__data.fields.campaign}"))
    return line(
        table(
            103, "What to do first",
            "The first hint of each campaign that is stalled, blocked or unknown; campaigns that are told the same "
            "share a line, which names one of them. Alike: how many they are. Many on one line have one cause: begin "
            "there. Figures in a hint are up to five minutes old. A name leads to the campaign, with the evidence.",
            rows(f"{alike} or {silence(q.last('campaign_info'))}"),
            empty="No campaign known that needs somebody", width=18, height=8, sort="Alike", descending=True,
            transformations=(
                organised(("verdict", "hint", "name", "Value"),
                          {"verdict": "Verdict", "name": "Campaign", "Value": "Alike", "hint": "What to do first"},
                          ("Time", "tenant")),
            ),
            overrides=(
                override("Verdict", noValue="–", mappings=codes(VERDICT_STATES), custom_width=82, **COLOURED),
                override("What to do first", custom_minWidth=250,
                         custom_cellOptions={"type": "auto", "wrapText": True}),
                override("Campaign", noValue="–", links=[campaign], custom_width=170),
                override("Alike", unit=WHOLE, decimals=0, custom_width=76, mappings=words({"-1": ("–", None)})),
                override("campaign", noValue="", custom_hideFrom_viz=True),
            ),
        ),
        stat(
            104, "Failures and costs",
            f"Failed: share of the calls that failed on the connection where most did, in {KNOWN}; "
            "Connections below names the rest, and the error. At once: reduce concurrency and fail over. "
            "In 24 h: what the calls of the last 24 hours cost, by currency. If it grows faster than answers do, look "
            "at cost and governance: it says which campaign.",
            now(f"topk (1, {failed_share(q, *by)}) * on ({', '.join(by)}) group_left (provider) {trunks(q)}",
                "failed, {{provider}} {{connection}}", ref=_FAILED),
            now(total(q.gained(COST, over="24h", tenant=TENANTS), "currency"), "{{currency}} in 24 h", ref="B"),
            unit=AMOUNT, decimals=0, empty="No calls known", width=6, height=8, text="value_and_name",
            orientation="horizontal",
            overrides=[
                override(_FAILED, by="byFrameRefID", unit=RATIO, thresholds=steps(*FAILURES)),
                override(f"{NO_CURRENCY} in 24 h", displayName="in 24 h, no currency"),
            ],
            links=(
                link("Number pool", way.only("datasource", "tenant").to("numbers")),
                link("Cost and governance", way.only("datasource", "tenant").to("cost")),
            ),
        ),
    )  # fmt: skip
