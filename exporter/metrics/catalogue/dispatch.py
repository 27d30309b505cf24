"""The families of the verdict: why is it not dialling, by gate and slot."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import READINESS, Type, judged

DISPATCH = (
    judged(
        "campaign_dispatch_verdict",
        "1 at the verdict, 0 at all others: dialing; throttled (less than is ready); waiting (idle as expected); "
        "blocked (a person must act); stalled (every gate open, nothing started); unknown; finished.",
        "verdict",
        "verdict",
        "verdict",
    ),
    judged(
        "campaign_dispatch_binding",
        "1 at the gate that explains the verdict, 0 at all others; none: none does.",
        "verdict",
        "binding",
        "gate",
    ),
    judged(
        "campaign_dispatch_info",
        "The verdict, the binding gate, and the code that says why that gate is closed; what alerts rest on.",
        "reason",
        "reason",
        "verdict",
        "gate",
        "code",
        kind=Type.INFO,
    ),
    judged(
        "campaign_dispatch_hint_info",
        "What to do first, in the card's words, and what the binding gate rests on. Figures in it are renewed every "
        "five minutes. Absent where it is over.",
        "advice",
        "advice",
        "verdict",
        "hint",
        "evidence",
        kind=Type.INFO,
    ),
    judged(
        "campaign_dispatch_since_timestamp_seconds",
        "Since when verdict and binding gate are so, as far as was told or seen.",
        "verdict",
        "since",
    ),
    judged(
        "campaign_dispatch_at_least_since_timestamp_seconds",
        "Since when the exporter has seen verdict and binding gate so, where nobody knows when they became so.",
        "verdict",
        "at_least_since",
    ),
    judged(
        "campaign_dispatch_clears_timestamp_seconds",
        "When the binding gate opens by itself; absent where that is not known.",
        "clears",
        "clears",
    ),
    judged(
        "campaign_dispatch_gate_open",
        "1 where a gate lets calls through, 0 where not; absent where that is not known.",
        "gates",
        "gates",
        "gate",
    ),
    judged(
        "campaign_dispatch_slots_available",
        "Calls that could be started now: an estimate; absent where no limit is told.",
        "slots",
        "slots",
    ),
    judged(
        "campaign_dispatch_slots_limit",
        "Calls at once that the scope allows; absent where no limit is told.",
        "limits",
        "limits",
        "scope",
    ),
    judged(
        "campaign_dispatch_slots_used",
        "Calls at once that the scope has.",
        "used",
        "used",
        "scope",
    ),
    judged(
        "campaign_dispatch_starts_per_minute_limit",
        "Calls that may be started a minute; absent where no limit is told.",
        "limits",
        "starts_limit",
    ),
    judged(
        "campaign_dispatch_starts_per_minute",
        "Calls that were started in the last minute.",
        "used",
        "starts",
    ),
    judged(
        "campaign_dispatch_slots_leaked",
        "Slots held for longer than stale_after, which is too long for a real call, by scope.",
        "leaked",
        "leaked",
        "scope",
    ),
    judged(
        "campaign_dispatch_tasks_dialable",
        "Ready tasks that a call could be started for now.",
        "slots",
        "dialable",
        needs=READINESS,
    ),
)
