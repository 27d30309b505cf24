"""The scenarios: named things that go wrong, one row each, with their parameters and what one should see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import effects as e
from .effects import Effect
from .stage import Value


@dataclass(frozen=True)
class Scenario:
    """One thing that goes wrong.

    `wrong` sets conditions and is applied as long as the scenario lasts; `begin` happens once, and what it
    changes through the stage is put back at the end; `end` does what remains. `blocker` is the code that
    appears on pending tasks, or None where nothing is blocked.
    """

    name: str
    summary: str
    shows: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    blocker: str | None = None
    wrong: Effect | None = None
    begin: Effect | None = None
    end: Effect | None = None


# Of the world in world.py: a campaign that dials at every hour of the day, and the connections it uses.
_ON: Mapping[str, Value] = {"campaign": "outage"}
_TRUNKS: Mapping[str, Value] = {"connection": "nw-tellus+nw-carrierone"}

_TABLE = (
    Scenario(
        "number_spam",
        "Carriers label a number as spam; the platform does not know.",
        "The number's answer rate falls far below that of its pool, and the campaign's with it.",
        {"number": "free-1", "factor": 0.15},
        wrong=e.spam,
    ),
    Scenario(
        "numbers_flagged",
        "The platform flags every number of a campaign as spam.",
        "Blocked: number_flagged. Rest, replace or add numbers.",
        _ON,
        blocker="number_flagged",
        begin=e.pool_state("S"),
    ),
    Scenario(
        "numbers_released",
        "Every number of a campaign is released.",
        "Blocked: pool_exhausted.",
        _ON,
        blocker="pool_exhausted",
        begin=e.pool_state("X"),
    ),
    Scenario(
        "number_caps",
        "All numbers of a campaign are at their daily cap.",
        "Waiting until the tenant's midnight: number_daily_cap.",
        _ON,
        blocker="number_daily_cap",
        begin=e.pool_capped,
    ),
    Scenario(
        "number_cooldown",
        "All numbers of a campaign must cool down.",
        "Waiting until the first number is rested: number_cooldown.",
        {**_ON, "minutes": 60},
        blocker="number_cooldown",
        begin=e.pool_cooling,
    ),
    Scenario(
        "country_mismatch",
        "Numbers and contacts are of different countries, and the campaign insists on a match.",
        "Blocked: no_country_match.",
        {**_ON, "country": "CA"},
        blocker="no_country_match",
        begin=e.abroad,
    ),
    Scenario(
        "provider_errors",
        "A provider fails.",
        "Failed calls with its error code, system retries; provider_error where no other connection is left.",
        {**_TRUNKS, "rate": 0.97, "code": "sip_503"},
        blocker="provider_error",
        wrong=e.fail_trunk,
        end=e.recover_trunk,
    ),
    Scenario(
        "provider_throttled",
        "A provider throttles.",
        "Failed calls with 429; the dispatcher backs off: provider_throttled.",
        {**_TRUNKS, "rate": 0.9, "code": "sip_429"},
        blocker="provider_throttled",
        wrong=e.fail_trunk,
        end=e.recover_trunk,
    ),
    Scenario(
        "provider_auth",
        "A provider refuses our credentials.",
        "Every call fails with 403; blocked: provider_auth.",
        {**_TRUNKS, "rate": 1.0, "code": "sip_403"},
        blocker="provider_auth",
        wrong=e.fail_trunk,
        end=e.recover_trunk,
    ),
    Scenario(
        "network_blocked",
        "A provider cannot be reached.",
        "Every call fails; blocked: network_blocked.",
        {**_TRUNKS, "rate": 1.0, "code": "network_unreachable"},
        blocker="network_blocked",
        wrong=e.fail_trunk,
        end=e.recover_trunk,
    ),
    Scenario(
        "connection_limit",
        "Connections are cut to a few channels.",
        "Throttled or blocked by connection_limit.",
        {**_TRUNKS, "limit": 0},
        blocker="connection_limit",
        begin=e.channels,
    ),
    Scenario(
        "slot_leak",
        "Calls never give their slot back.",
        "Calls in progress rise to the limit and stay, the oldest ages; then campaign_concurrency.",
        {**_ON, "rate": 0.5},
        blocker="campaign_concurrency",
        wrong=e.rate("leak"),
        end=e.release_slots,
    ),
    Scenario(
        "dispatcher_dead",
        "The dispatcher dies: nothing is started and nothing is stamped.",
        "Stalled: every gate open, tasks ready, no call started.",
        {"campaign": "*"},
        wrong=e.mark("dead"),
    ),
    Scenario(
        "circuit_breaker",
        "The platform's circuit breaker opens.",
        "Blocked: circuit_breaker_open, with an event.",
        _ON,
        blocker="circuit_breaker_open",
        wrong=e.hold_campaign("circuit_breaker_open"),
        begin=e.breaker_opens,
        end=e.breaker_closes,
    ),
    Scenario(
        "operator_pause",
        "An operator pauses a campaign.",
        "Waiting: paused, with time and reason in the banner; campaign_paused.",
        {**_ON, "reason": "Complaints about the script"},
        blocker="campaign_paused",
        begin=e.pause,
        end=e.resume,
    ),
    Scenario(
        "no_window",
        "Every call window of a campaign is switched off.",
        "Blocked: no_window_enabled.",
        _ON,
        blocker="no_window_enabled",
        begin=e.windows_off,
    ),
    Scenario(
        "window_wrong",
        "A campaign's windows become one hour, some hours from now.",
        "Waiting: outside_call_window, until that hour.",
        {**_ON, "hours": 8},
        blocker="outside_call_window",
        begin=e.window_moved,
    ),
    Scenario(
        "timezone_wrong",
        "A campaign gets the wrong time zone: there it is the middle of the night.",
        "Waiting: outside_call_window, while its contacts are awake (a campaign with windows only).",
        {"campaign": "solar"},
        blocker="outside_call_window",
        begin=e.wrong_zone,
    ),
    Scenario(
        "outside_window",
        "Calls leave their window: the dispatcher ignores it.",
        "Calls started outside the campaign's windows.",
        {"campaign": "sydney+nightshift+solar+renewals"},
        wrong=e.mark("ignores_window"),
    ),
    Scenario(
        "credits_out",
        "A tenant's credits run out and are not topped up.",
        "Blocked: credits_exhausted on all its campaigns.",
        {"tenant": "northwind", "left": 0.2},
        blocker="credits_exhausted",
        begin=e.no_credits,
    ),
    Scenario(
        "budget_out",
        "A campaign's budget runs out.",
        "Blocked: budget_exhausted.",
        {**_ON, "left": 0.2},
        blocker="budget_exhausted",
        begin=e.no_budget,
    ),
    Scenario(
        "cost_runaway",
        "Calls cost a multiple of what they did.",
        "Cost per call and per answered call jump; the forecasts come near.",
        {**_ON, "factor": 8.0},
        wrong=e.rate("cost_factor", "factor"),
    ),
    Scenario(
        "silent_agent",
        "The voice agent answers and says nothing.",
        "Answered calls without agent_spoke_at, a few seconds long.",
        {**_ON, "rate": 0.85},
        wrong=e.rate("silence"),
    ),
    Scenario(
        "short_calls",
        "Most people hang up within six seconds.",
        "Calls of six seconds or less far above 15 % of the answered.",
        {**_ON, "rate": 0.7},
        wrong=e.rate("short"),
    ),
    Scenario(
        "answer_drop",
        "Fewer people answer, on every number.",
        "Answer rate far below the campaign's own for that hour.",
        {**_ON, "factor": 0.25},
        wrong=e.rate("answer_factor", "factor"),
    ),
    Scenario(
        "script_mismatch",
        "The script does not fit the audience.",
        "wrong_person dispositions, negative sentiment, low scores, few goals.",
        {**_ON, "share": 0.8},
        wrong=e.rate("mismatch", "share"),
    ),
    Scenario(
        "failure_burst",
        "A list of dead numbers: calls fail for the contact's number.",
        "Failed tasks grow with unallocated_number; tasks end as invalid_number.",
        {**_ON, "rate": 0.7},
        wrong=e.rate("dead_numbers"),
    ),
    Scenario(
        "starvation",
        "A higher-priority campaign floods the tenant and takes its slots.",
        "Blocked: higher_priority_campaign on the tenant's other campaigns.",
        {"by": "solar", "slots": 6},
        blocker="higher_priority_campaign",
        wrong=e.flood,
        begin=e.starve,
    ),
    Scenario(
        "tenant_limit",
        "A tenant's concurrency cap is lowered.",
        "Throttled or blocked: tenant_concurrency.",
        {"tenant": "northwind", "limit": 0},
        blocker="tenant_concurrency",
        begin=e.tenant_channels,
    ),
    Scenario(
        "import_failed",
        "A list file cannot be imported.",
        "Blocked: audience_not_ready; the upload is failed, with its error. At the end the file is loaded.",
        {**_ON, "rows": 40, "error": "row 12: column 'phone' is missing"},
        blocker="audience_not_ready",
        begin=e.import_fails,
        end=e.import_again,
    ),
    Scenario(
        "import_rejected",
        "A list file is loaded, but many of its rows are refused.",
        "An imported upload with a large share of rejected rows.",
        {**_ON, "rows": 200, "share": 0.45},
        wrong=e.rate("rejected_rows", "share"),
        begin=e.import_again,
    ),
    Scenario(
        "timezone_missing",
        "Contacts lack a time zone.",
        "Blocked tasks: timezone_missing.",
        {**_ON, "share": 0.7},
        blocker="timezone_missing",
        wrong=e.hold_leads("timezone_missing"),
    ),
    Scenario(
        "invalid_numbers",
        "Contacts' phone numbers are not valid.",
        "Blocked tasks: invalid_number.",
        {**_ON, "share": 0.7},
        blocker="invalid_number",
        wrong=e.hold_leads("invalid_number"),
    ),
    Scenario(
        "dnc",
        "Contacts are on a do-not-call list.",
        "Blocked tasks: dnc. Never override.",
        {**_ON, "share": 0.7},
        blocker="dnc",
        wrong=e.hold_leads("dnc"),
    ),
    Scenario(
        "consent_missing",
        "Contacts have not consented.",
        "Blocked tasks: consent_missing.",
        {**_ON, "share": 0.7},
        blocker="consent_missing",
        wrong=e.hold_leads("consent_missing"),
    ),
    Scenario(
        "frequency_cap",
        "Contacts were called too often lately.",
        "Blocked tasks: contact_frequency_cap.",
        {**_ON, "share": 0.7},
        blocker="contact_frequency_cap",
        wrong=e.hold_leads("contact_frequency_cap"),
    ),
    Scenario(
        "unknown_codes",
        "The platform starts to use a blocker and an outcome that nobody announced.",
        "Group unknown, counted as contract violations.",
        {**_ON, "share": 0.5, "blocker": "quota_hold_v2", "outcome": "carrier_divert"},
        blocker="quota_hold_v2",
        wrong=e.unknown,
    ),
    Scenario(
        "variant_skew",
        "An A/B test sends most contacts to its first arm.",
        "Sample-ratio mismatch (contacts added from now on).",
        {"campaign": "solar", "share": 0.6, "rows": 400},
        wrong=e.rate("arm_skew", "share"),
        begin=e.import_again,
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _TABLE}
