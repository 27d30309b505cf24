"""Campaign live, results: what calls come to, how good they are, and what goes wrong with them."""

from __future__ import annotations

from dashboards.boards.campaign.scope import NO_CALLS, STEP, Own
from dashboards.vocabulary.colours import ACCENT, BAD, CALM, NEUTRAL, OUTCOME_STATES, SENTIMENT_STATES
from dashboards.vocabulary.fields import colour, colours, organised, override
from dashboards.vocabulary.graphs import graph
from dashboards.vocabulary.layout import Folded, Line, folded, line
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import bars, stat, table
from dashboards.vocabulary.queries import MINIMUM_CALLS, quantile, ratio, total
from dashboards.vocabulary.targets import ask, now, rows
from dashboards.vocabulary.units import RATIO, SECONDS, WHOLE

CARRIER_LIMIT = 0.15
"""Of short calls: above, carriers surcharge or block (domain.md)."""

SHORT = "6(\\\\.0)?"
"""The bound of calls that count as short with carriers, as `le` has it."""

_PARTS = ("answered", "abandoned")
ABANDONED_LIMIT = 0.03
"""The share of answered calls that the FTC's safe harbour lets be abandoned in a period (docs/metrics.md)."""

RING_SECONDS = 15
"""The least time that an unanswered call must ring by the FTC's safe harbour (docs/metrics.md)."""

LATE_SECONDS = 2
"""Of silence after the person's greeting: from there on the FTC takes a call for abandoned (docs/metrics.md)."""

WIDE = "30m"
"""The narrowest step of graphs that need a sample: forty answers an hour are enough for a line."""


def results(own: Own) -> Line:
    """What calls and tasks come to."""
    sentiment = own.last("campaign_call_sentiment_total")
    return line(
        bars(
            401, "Dispositions",
            "Finished tasks so far by the outcome that was noted for them, the most frequent first. Many `wrong "
            "person`, `invalid number` or the like: the audience does not fit. Many refusals and hang-ups: the script "
            "does not. Reduce concurrency before you change the script.",
            now(f"topk (12, {total(own.last('campaign_task_dispositions'), 'disposition')})"),
            unit=WHOLE, decimals=0, empty="No dispositions known", name="${__field.labels.disposition}",
        ),
        graph(
            402, "Outcomes of calls",
            "Calls that ended, by outcome, as shares of each interval; the lowest band is the answer rate. It drops: "
            "look at Numbers and at the country match. failed grows: see Errors.",
            ask(f"{total(own.increase('campaign_calls_total', over=STEP), 'outcome')} > 0", "{{outcome}}",
                exemplar=True),
            unit=WHOLE, empty=NO_CALLS, width=8, stacked=True, bars=True, interval="5m",
            overrides=[*colours(OUTCOME_STATES),
                       override("/.*/", by="byRegexp", custom_stacking={"mode": "percent", "group": "A"})],
        ),
        bars(
            403, "Sentiment",
            "Calls by the sentiment that was noted so far, and how many have one at all. Use it as a pointer to calls "
            "that are worth listening to, not as a measure: it is a machine's guess, and it comes after the call.",
            now(total(sentiment, "sentiment"), "{{sentiment}}", ref="A"),
            now(f"{total(sentiment)} > 0", "in all", ref="B"),
            unit=WHOLE, decimals=0, empty="No sentiments known", by_series=True,
            overrides=[*colours(SENTIMENT_STATES),
                       override("B", by="byFrameRefID", displayName="in all",
                                color={"mode": "fixed", "fixedColor": NEUTRAL})],
        ),
    )  # fmt: skip


def calls(own: Own) -> Folded:
    """How calls are, and what goes wrong."""
    return folded(
        heading(410, "Calls"),
        line(
            _carriers(own),
            table(
                414, "Errors",
                "Calls with an error in the time range, by provider and code, the most frequent first. One provider "
                "only: contain, back off, fail over. One code at all providers: look at the numbers dialled and at "
                "the agent.",
                rows(f"{total(own.gained('campaign_call_errors_total'), 'provider', 'code')} > 0"),
                empty="No error codes known in this range", unit="string", width=12, pages=True, sort="Calls",
                descending=True,
                transformations=(
                    organised(("provider", "code", "Value"),
                              {"provider": "Provider", "code": "Code", "Value": "Calls"}, ("Time",)),
                ),
                overrides=(
                    override("Provider", custom_width=200, noValue="not told"),
                    override("Calls", custom_width=100, unit=WHOLE, decimals=0),
                ),
            ),
        ),
        line(
            _quantiles(own, 411, "Talk time", "campaign_call_talk_seconds",
                       "Talk time of answered calls: half are shorter than the middle line, one in ten than the "
                       "lowest. It falls while answers do not: people hang up, look at the script and at silent "
                       "calls."),
            _quantiles(own, 412, "Delay from due to dialled", "campaign_call_dispatch_delay_seconds",
                       "From the moment a task was due to the moment it was dialled; tasks that are not due do not "
                       "count. It grows: less is dialled than becomes due, see Limits. Windows that open in the "
                       "morning show as hours."),
        ),
        line(_first_word(own), _ring(own)),
        line(_abandoned(own), *_period(own)),
    )  # fmt: skip


def _quantiles(own: Own, number: int, title: str, name: str, text: str) -> Panel:
    buckets = own.increase(f"{name}_bucket", over=STEP)
    enough = f"{total(own.increase(f'{name}_count', over=STEP))} >= {MINIMUM_CALLS}"
    shares = {0.9: "90 % within", 0.5: "half within", 0.1: "10 % within"}
    return graph(
        number, title, f"{text} Intervals with fewer than {MINIMUM_CALLS} calls are left out.",
        *(ask(f"{quantile(share, buckets)} and {enough}", legend) for share, legend in shares.items()),
        unit=SECONDS, empty="Not enough data in this range", interval=WIDE,
        overrides=[colour(legend, shade) for legend, shade in zip(shares.values(), (CALM, ACCENT, CALM), strict=True)],
    )  # fmt: skip


def _first_word(own: Own) -> Panel:
    name = "campaign_call_first_word_seconds"
    buckets = own.increase(f"{name}_bucket", over=STEP)
    enough = f"{total(own.increase(f'{name}_count', over=STEP))} >= {MINIMUM_CALLS}"
    arm = "campaign_variant_first_word_seconds"
    tested = f"{total(own.increase(f'{arm}_count', over=STEP), 'variant')} >= {MINIMUM_CALLS}"
    of_arm = quantile(0.5, own.increase(f"{arm}_bucket", over=STEP), "variant")
    return graph(
        415, "First word",
        "How long people hear nothing after they answer, until the agent's first word: half of them no longer than the "
        "lower line, 95 % no longer than the upper one; each arm of an A/B test with its half. Calls in which the "
        "agent never spoke are left out. "
        f"After {LATE_SECONDS} seconds (dashed) the FTC counts a call as abandoned, from the end of the person's "
        "greeting on. It grows: the agent has too little room, or its speech service is slow; reduce concurrency. "
        f"Intervals with fewer than {MINIMUM_CALLS} calls are left out.",
        ask(f"{quantile(0.95, buckets)} and {enough}", "95 % within"),
        ask(f"{quantile(0.5, buckets)} and {enough}", "half within"),
        ask(f"{of_arm} and on (variant) {tested}", "half within, arm {{variant}}"),
        unit=SECONDS, decimals=1, empty="Not enough data in this range", interval=WIDE,
        thresholds=((None, NEUTRAL), (LATE_SECONDS, BAD)), soft_high=3.0,
        overrides=(colour("95 % within", CALM), colour("half within", ACCENT)),
    )  # fmt: skip


def _ring(own: Own) -> Panel:
    def seconds(share: float, name: str) -> str:
        enough = f"{total(own.increase(f'{name}_count', over=STEP))} >= {MINIMUM_CALLS}"
        return f"{quantile(share, own.increase(f'{name}_bucket', over=STEP))} and {enough}"

    answered, in_vain = "campaign_call_ring_seconds", "campaign_call_unanswered_ring_seconds"
    return graph(
        416, "Ring time",
        "From the start of a call to its answer, or, where nobody answered, to when it was given up: the quickest 5 % "
        f"of those are below the last line. Under {RING_SECONDS} seconds (dashed) that is less than the FTC's safe "
        "harbour asks for: have the ring time set. The time until a phone rings is in it. Longer than people take to "
        f"answer, waiting brings little. Intervals with fewer than {MINIMUM_CALLS} calls are left out.",
        ask(seconds(0.95, answered), "answered: 95 % within"),
        ask(seconds(0.5, answered), "answered: half within"),
        ask(seconds(0.05, in_vain), "given up: 5 % within"),
        unit=SECONDS, decimals=0, empty="Not enough data in this range", interval=WIDE,
        thresholds=((None, NEUTRAL), (RING_SECONDS, BAD)), soft_high=30.0,
        overrides=(colour("answered: 95 % within", CALM), colour("answered: half within", ACCENT),
                   colour("given up: 5 % within", "purple")),
    )  # fmt: skip


def _abandoned(own: Own) -> Panel:
    answered, abandoned = (f"max ({own.last(f'campaign_abandonment_period_{name}')})" for name in _PARTS)
    return graph(
        417, "Abandoned by the law's measure",
        "Of the calls that people answered in the current 30-day period of the campaign, the share in which no agent "
        "spoke within two seconds (`abandonment.within`). It begins anew with each period and does not roll. The FTC's "
        f"safe harbour ends at {ABANDONED_LIMIT:.0%} (dashed): reduce concurrency until no call waits for the agent. "
        f"Below {MINIMUM_CALLS} answered calls it is left out.",
        ask(ratio(abandoned, answered, at_least=MINIMUM_CALLS), "abandoned in the period"),
        unit=RATIO, decimals=2, empty="Not enough data in this range", interval=WIDE,
        thresholds=((None, NEUTRAL), (ABANDONED_LIMIT, BAD)), soft_high=0.04,
        overrides=(colour("abandoned in the period", ACCENT),),
    )  # fmt: skip


def _period(own: Own) -> tuple[Panel, ...]:
    answered, abandoned = (f"max ({own.last(f'campaign_abandonment_period_{name}')})" for name in _PARTS)
    began = f"max ({own.moment('campaign_abandonment_period_start_timestamp_seconds')})"
    left = f"floor ({ABANDONED_LIMIT:g} * {answered}) - {abandoned}"
    empty = "No period known"
    return (
        stat(418, "Period began", "When the current 30-day period of the campaign began: with the day (UTC) of its "
             "start, and every 30 days after that.",
             now(began), unit="time:YYYY-MM-DD", empty=empty, width=4, height=8),
        stat(419, "This period", "Calls of the period that people answered, and those of them that were "
             "abandoned.",
             now(answered, "answered", ref="A"), now(abandoned, "abandoned", ref="B"), unit=WHOLE, decimals=0,
             empty=empty, width=4, height=8, text="value_and_name"),
        stat(420, "Still allowed", "So many more of the calls that were answered so far might have been "
             "abandoned within the limit; each hundred answered calls add three. Below zero: so many are too many.",
             now(left), unit=WHOLE, decimals=0, empty=empty, width=4, height=8,
             thresholds=((None, NEUTRAL), (-1e9, BAD), (0, NEUTRAL))),
    )  # fmt: skip


def _carriers(own: Own) -> Panel:
    answered = total(own.increase("campaign_call_talk_seconds_count", over=STEP))
    short = total(own.increase("campaign_call_talk_seconds_bucket", over=STEP, le=f"=~{SHORT}"))
    silent = total(own.increase("campaign_calls_silent_total", over=STEP))
    return graph(
        413, "Short and silent calls",
        f"Shares of answered calls: of 6 seconds or less, and those in which the agent never spoke. Short ones above "
        f"{CARRIER_LIMIT:.0%} (dashed) make carriers surcharge or block: reduce concurrency, then look at the "
        "greeting and at voicemail detection. Silent ones are the voice agent's form of an abandoned call: look at "
        "the agent's capacity, and pause if it does not speak.",
        ask(ratio(short, answered, at_least=MINIMUM_CALLS), "6 seconds or less"),
        ask(ratio(silent, answered, at_least=MINIMUM_CALLS), "agent never spoke"),
        unit=RATIO, decimals=1, empty="Not enough data in this range", interval=WIDE,
        thresholds=((None, NEUTRAL), (CARRIER_LIMIT, BAD)), soft_high=0.2,
        overrides=(colour("6 seconds or less", ACCENT), colour("agent never spoke", "purple")),
    )  # fmt: skip
