"""The families of calls and retries: outcomes, talk times, scores, errors, costs."""

from __future__ import annotations

from exporter.contract.codes import SENTIMENTS, SETTLED_OUTCOMES
from exporter.metrics.catalogue.kinds import COUNTER, GAUGE, HISTOGRAM, Buckets, Family, Totals, judged, mapped
from exporter.source.columns import DELAY_BUCKETS, RING_BUCKETS, SCORE_BUCKETS, TALK_BUCKETS, WORD_BUCKETS

CALLS = (
    Family(
        "campaign_calls_total",
        COUNTER,
        "Calls that have ended, by outcome.",
        Totals(
            "attempts",
            mapped(outcome="outcome"),
            known=SETTLED_OUTCOMES,
            without={"outcome": ("in_progress",)},
        ),
        ("outcome",),
    ),
    Family(
        "campaign_calls_in_progress",
        GAUGE,
        "Calls that are going on now.",
        Totals("attempts", only={"outcome": ("in_progress",)}, always=True),
    ),
    Family(
        "campaign_call_talk_seconds",
        HISTOGRAM,
        "Talk time of answered calls, in seconds.",
        Buckets("talk", "talk_micro", TALK_BUCKETS),
    ),
    Family(
        "campaign_call_score",
        HISTOGRAM,
        "Scores that calls were given, 0 to 100; they arrive after the call.",
        Buckets("scores", "score_micro", SCORE_BUCKETS),
    ),
    Family(
        "campaign_call_dispatch_delay_seconds",
        HISTOGRAM,
        "Seconds from the moment a task was due to the start of its call.",
        Buckets("delays", "delay_micro", DELAY_BUCKETS),
    ),
    Family(
        "campaign_calls_silent_total",
        COUNTER,
        "Answered calls in which the voice agent never spoke; absent until some call tells when the agent did, and "
        "where people take the calls.",
        Totals("silent", always=True),
        of_voice=True,
    ),
    Family(
        "campaign_call_first_word_seconds",
        HISTOGRAM,
        "Seconds from the answer of a call to the agent's first word; calls in which it never spoke are not in it.",
        Buckets("first_words", "word_micro", WORD_BUCKETS),
    ),
    judged(
        "campaign_abandonment_period_start_timestamp_seconds",
        "When the current 30-day period of the campaign began (Unix time), over which abandoned calls are measured.",
        "abandonment",
        "period_began",
    ),
    judged(
        "campaign_abandonment_period_answered",
        "Calls of the current 30-day period that a person answered, and of which it is told when the agent spoke.",
        "abandonment",
        "period_answered",
    ),
    judged(
        "campaign_abandonment_period_abandoned",
        "Those of them that were abandoned: no agent's word within abandonment.within.",
        "abandonment",
        "period_abandoned",
    ),
    Family(
        "campaign_call_ring_seconds",
        HISTOGRAM,
        "Seconds from the start of a call to its answer, by a person or a machine.",
        Buckets("rings", "ring_micro", RING_BUCKETS),
    ),
    Family(
        "campaign_call_unanswered_ring_seconds",
        HISTOGRAM,
        "Seconds from the start to the end of calls that nobody answered.",
        Buckets("unanswered", "unanswered_micro", RING_BUCKETS),
    ),
    Family(
        "campaign_calls_cut_short_total",
        COUNTER,
        "Calls that nobody answered and that ended within less than 15 seconds: they rang for less than that.",
        Totals("cut_short", always=True),
    ),
    Family(
        "campaign_call_errors_total",
        COUNTER,
        "Calls with an error, by provider, error code, and whose fault that code is.",
        Totals("errors", mapped(provider="error", code="error"), budget="errors"),
        ("provider", "code", "fault"),
    ),
    Family(
        "campaign_call_cost_total",
        COUNTER,
        "What calls cost, in the currency of the label: the agent (ai) and the line (telephony).",
        Totals(
            "attempts",
            split=("component", mapped(ai="ai_micro", telephony="telephony_micro")),
            currency=True,
            always=True,
        ),
        ("component", "currency"),
    ),
    Family(
        "campaign_call_sentiment_total",
        COUNTER,
        "Calls by the sentiment that was found in them; it arrives after the call.",
        Totals("sentiments", mapped(sentiment="sentiment"), known=SENTIMENTS, budget="sentiments"),
        ("sentiment",),
    ),
    Family(
        "campaign_attempt_calls_total",
        COUNTER,
        "Calls that have ended, by which attempt on the contact they were, and by outcome.",
        Totals(
            "attempts",
            mapped(attempt="attempt", outcome="outcome"),
            budget="attempts",
            without={"outcome": ("in_progress",)},
        ),
        ("attempt", "outcome"),
    ),
    Family(
        "campaign_attempt_cost_total",
        COUNTER,
        "What calls cost, in the currency of the label, by which attempt on the contact they were.",
        Totals(
            "attempts",
            mapped(attempt="attempt"),
            sums=("ai_micro", "telephony_micro"),
            budget="attempts",
            currency=True,
        ),
        ("attempt", "currency"),
    ),
)
