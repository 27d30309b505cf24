"""The families of the verdict: why is it not dialling, by gate and slot."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import READINESS, Type, judged

DISPATCH = (
    judged(
        "campaign_dispatch_verdict",
        "1 at the verdict on dialling, 0 at all others. dialing: calls are started; throttled: fewer than are"
        " ready; waiting: idle as expected; blocked: a person must act; stalled: nothing is started though "
        "nothing is in the way; unknown: it cannot be judged; finished: the campaign is over.",
        "verdict",
        "verdict",
        "verdict",
    ),
    judged(
        "campaign_dispatch_binding",
        "1 at the gate (a check that each call must pass) that explains the verdict, 0 at all others; none: "
        "no gate does.",
        "verdict",
        "binding",
        "gate",
    ),
    judged(
        "campaign_dispatch_info",
        "Always 1: the verdict, the gate that explains it (none: no gate does), and the code that says why "
        "that gate is closed. Alerts rest on it.",
        "reason",
        "reason",
        "verdict",
        "gate",
        "code",
        kind=Type.INFO,
    ),
    judged(
        "campaign_dispatch_hint_info",
        "Always 1: what to do first, and what the gate that explains the verdict rests on, in words; figures "
        "in them are renewed every five minutes. Absent once the campaign is over.",
        "advice",
        "advice",
        "verdict",
        "hint",
        "evidence",
        kind=Type.INFO,
    ),
    judged(
        "campaign_dispatch_since_timestamp_seconds",
        "Since when verdict and gate are as they are (Unix time), as the platform told or the exporter saw; "
        "absent where neither knows.",
        "verdict",
        "since",
    ),
    judged(
        "campaign_dispatch_at_least_since_timestamp_seconds",
        "When the exporter first saw verdict and gate as they are (Unix time), though they may be so for "
        "longer; absent where it is known since when.",
        "verdict",
        "at_least_since",
    ),
    judged(
        "campaign_dispatch_clears_timestamp_seconds",
        "When the gate that explains the verdict opens by itself (Unix time); absent where that is not known "
        "or takes a person.",
        "clears",
        "clears",
    ),
    judged(
        "campaign_dispatch_gate_open",
        "1 where a gate (a check that each call must pass) lets calls through, 0 where not; absent where that"
        " is not known.",
        "gates",
        "gates",
        "gate",
    ),
    judged(
        "campaign_dispatch_slots_available",
        "Calls that could be started now within every limit that is told: an estimate; absent where none is.",
        "slots",
        "slots",
    ),
    judged(
        "campaign_dispatch_slots_limit",
        "Calls at once that are allowed, by scope: the tenant, the campaign, its connections, its agents (the calls "
        "that people can take); absent where no limit is told.",
        "limits",
        "limits",
        "scope",
    ),
    judged(
        "campaign_dispatch_slots_used",
        "Calls at once that count against the limit of a scope now; absent where that is not known.",
        "used",
        "used",
        "scope",
    ),
    judged(
        "campaign_dispatch_starts_per_minute_limit",
        "Calls that the campaign may start a minute (its pacing); absent where no limit is told.",
        "limits",
        "starts_limit",
    ),
    judged(
        "campaign_dispatch_starts_per_minute",
        "Calls that the campaign started within the last minute; absent where that is not known.",
        "used",
        "starts",
    ),
    judged(
        "campaign_dispatch_slots_leaked",
        "Calls at once that still count, by scope, though they last longer than stale_after and cannot be "
        "real: slots that were not given back.",
        "leaked",
        "leaked",
        "scope",
    ),
    judged(
        "campaign_dispatch_tasks_dialable",
        "Pending tasks for which a call could be started now; absent where the platform does not tell what "
        "holds tasks.",
        "slots",
        "dialable",
        needs=READINESS,
    ),
)
