"""Why is it not dialling? The verdicts that need a person, by the gate that binds."""

from __future__ import annotations

from alerts.rules.compliance import held
from alerts.settings import Compliance, Settings
from alerts.vocabulary.expressions import Rules, any_of
from alerts.vocabulary.rule import CAMPAIGN, CONNECTION, TENANT, Alert, Concern, Record, Severity
from alerts.vocabulary.verdicts import blocked, by_gate, which
from alerts.vocabulary.wording import Ask, of_campaign
from exporter.contract.codes import EXHAUSTED
from exporter.diagnosis.dispatch.gates import UNTOLD_COST, UNTOLD_HOLDS, UNTOLD_LIST
from exporter.diagnosis.dispatch.people import UNTOLD_FREE

TENANT_SLOTS, CONNECTION_SLOTS = "tenant:slots_used:ratio", "tenant_connection:slots_used:ratio"
_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_BOARD = ("campaign", 221)

_REASON = Ask(
    f'topk(1, max by (reason) ({of_campaign("campaign_pause_info")}))',
    ("tenant", "campaign"), "{{ with .Labels.reason }}{{ . }}{{ else }}none is told{{ end }}", " Reason: ", ".",
)  # fmt: skip

OWN_ALERT = "audience|money|window|agents|priority|tenant|campaign|pacing|connection|numbers"
"""Gates whose closing has an alert of its own, whatever the code."""


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    alerts = (*_standing(q), *_lifecycle(q), *_slots(q), *_at_limit(q, s), *_rest(q, s.compliance))
    return Concern("dispatch", "Dispatch", alerts, _records(q))


def _standing(q: Rules) -> tuple[Alert, ...]:
    stalled, dialling = q.told(verdict="stalled"), q.told(verdict="=~dialing|throttled")
    return (
        Alert(
            "CampaignDispatcherDead",
            _CRITICAL,
            TENANT,
            "The dispatcher starts no call of this tenant, though every gate is open and tasks are ready.",
            "Tenant {tenant} dials nothing, and campaigns are stalled: {value}. {which}",
            "Check that the platform's dispatcher runs, and restart it; change no setting of a campaign.",
            f"count by (tenant) ({stalled}) >= 2 unless on (tenant) {dialling}",
            ("overview", 301),
            keep=120,
            labels={"verdict": "stalled", "gate": "none"},
            asks={"which": which(verdict="stalled")},
            needs=("tasks.blocker", "tasks.next_eligible_at"),
        ),
        Alert(
            "CampaignStalled",
            _CRITICAL,
            CAMPAIGN,
            "Every gate is open and tasks are ready, but no call is started.",
            "{campaign} is stalled{since}: nothing that the platform tells explains it.",
            "Check that the platform's dispatcher runs and sees this campaign; change no setting.",
            stalled,
            _BOARD,
            wait=60,  # where a dispatcher dies, campaigns stall one after the other: then one page tells it
            keep=120,
            labels={"verdict": "stalled", "gate": "none"},
            needs=("tasks.blocker", "tasks.next_eligible_at"),
        ),
    )


def _lifecycle(q: Rules) -> tuple[Alert, ...]:
    return (
        Alert(
            "CampaignCircuitBreakerOpen",
            _CRITICAL,
            CAMPAIGN,
            "The platform stopped the campaign by itself after too many failures.",
            "{campaign} is blocked by the platform's circuit breaker{since}.",
            "Read why it opened (errors, by provider and code) and mend that before anybody resumes the campaign.",
            blocked(q, "lifecycle", code="circuit_breaker_open"),
            ("campaign", 414),
            keep=120,
            labels={"verdict": "blocked", "gate": "lifecycle"},
        ),
        Alert(
            "CampaignPausedByPlatform",
            _CRITICAL,
            CAMPAIGN,
            "The platform paused the campaign by itself.",
            "{campaign} was paused by the platform itself{since}.{reason}",
            "Read the reason and settle what it names; only then resume, with fewer calls at once than before.",
            blocked(q, "lifecycle", code="campaign_paused"),
            ("campaign", 301),
            keep=120,
            labels={"verdict": "blocked", "gate": "lifecycle"},
            asks={"reason": _REASON},
            needs=("campaigns.paused_by",),
        ),
        Alert(
            "CampaignNotStarted",
            _CRITICAL,
            CAMPAIGN,
            "The time at which the campaign should have started has passed.",
            "{campaign} should be running and is still scheduled{since}.",
            "Start it by hand if its owner agrees and list and windows are there; then find out why it did not.",
            blocked(q, "lifecycle", code="not_started"),
            _BOARD,
            wait=60,
            keep=120,
            labels={"verdict": "blocked", "gate": "lifecycle"},
        ),
        Alert(
            "CampaignNoWindow",
            _WARNING,
            CAMPAIGN,
            "The campaign has no call window that will ever open.",
            "{campaign} is blocked by its schedule{since}: no window is enabled, or none comes before it expires.",
            "Enable a call window with its owner; mind the contacts' zone.",
            blocked(q, "window"),
            _BOARD,
            wait=60,
            keep=120,
            needs=("campaigns.call_windows",),
            labels={"verdict": "blocked", "gate": "window"},
        ),
        Alert(
            "CampaignWithoutAgents",
            _CRITICAL,
            CAMPAIGN,
            "Nobody is there to take the campaign's calls, though somebody should be.",
            "{campaign} dials nothing{since}: nobody is logged in to take its calls, or all are on a break.",
            "Call whoever leads the shift; if nobody will come, pause the campaign with a reason.",
            blocked(q, "agents"),
            ("campaign", 235),
            wait=180,
            keep=120,
            needs=("agents",),
            labels={"verdict": "blocked", "gate": "agents"},
        ),
    )


def _slots(q: Rules) -> tuple[Alert, ...]:
    leaked = f"max by (tenant, campaign) ({q.last('campaign_dispatch_slots_leaked', scope='campaign')})"
    holders = Ask(
        "topk(3, max by (campaign) (campaign_calls_in_progress{tenant=%q}) > 0)", ("tenant",),
        "{{ .Labels.campaign }} ({{ .Value }})", "Slots are held by: ", ".",
    )  # fmt: skip
    return (
        Alert(
            "CampaignSlotsLeaked",
            _WARNING,
            CAMPAIGN,
            "Slots are held for longer than any real call lasts.",
            "{value} slots of {campaign} are held by calls or tasks too old to be real. It is {state}.",
            "Ask the platform's owners to give the slots back; raising the limit only hides it.",
            f"{leaked} >= 1",
            ("campaign", 232),
            wait=120,
            keep=300,
        ),
        Alert(
            "CampaignLimitBlocks",
            _CRITICAL,
            CAMPAIGN,
            "The campaign's own limit of calls at once leaves no room, and nothing frees any.",
            "{campaign} is blocked by its own limit{since}: the limit is 0, or leaked slots fill it.",
            "Compare calls in progress with slots held: have leaked ones given back; ask who set a limit of 0.",
            by_gate(q, gate="=~campaign|pacing"),
            ("campaign", 232),
            wait=60,
            keep=120,
            labels={"verdict": "blocked"},
        ),
        Alert(
            "CampaignTenantLimitBlocks",
            _CRITICAL,
            TENANT,
            "The tenant's limit of calls at once leaves no room, and campaigns stand still.",
            "Campaigns of tenant {tenant} that are blocked by its limit of calls at once: {value}. {which} {holders}",
            "Find who holds the slots and whether they are real; a limit of 0 is a governance decision.",
            f"count by (tenant) ({blocked(q, 'tenant')})",
            ("overview", 501),
            wait=60,
            keep=120,
            labels={"verdict": "blocked", "gate": "tenant"},
            asks={"which": which(verdict="blocked", gate="tenant"), "holders": holders},
            needs=("tenants", "tenants.concurrency_limit"),
        ),
        Alert(
            "CampaignConnectionLimitBlocks",
            _CRITICAL,
            TENANT,
            "The connections of the campaigns' numbers leave no room, and campaigns stand still.",
            "Campaigns of tenant {tenant} that are blocked by their connections' limits: {value}. {which}",
            "Compare each connection's limit with its calls: raise one that was cut, or have leaked slots given back.",
            f"count by (tenant) ({blocked(q, 'connection')})",
            ("numbers", 150),
            wait=60,
            keep=120,
            labels={"verdict": "blocked", "gate": "connection"},
            asks={"which": which(verdict="blocked", gate="connection")},
            needs=("connections", "connections.concurrency_limit", "numbers", "campaign_numbers"),
        ),
        Alert(
            "CampaignStarved",
            _WARNING,
            TENANT,
            "Campaigns of higher priority take all slots of the tenant, and others wait for long.",
            "Campaigns of tenant {tenant} that are blocked by others of higher priority: {value}. {which} {holders}",
            "Reduce the concurrency of the campaign that holds the slots; then agree on priorities with the owners.",
            f"count by (tenant) ({blocked(q, 'priority')})",
            ("campaign", 234),
            wait=120,
            keep=300,
            labels={"verdict": "blocked", "gate": "priority"},
            asks={"which": which(verdict="blocked", gate="priority"), "holders": holders},
            needs=("tenants",),
        ),
    )


def _records(q: Rules) -> tuple[Record, ...]:
    def share(scope: str, by: str) -> str:
        used, limit = (
            f"max by ({by}) ({q.last(f'campaign_{scope}_{name}')})"
            for name in ("calls_in_progress", "concurrency_limit")
        )
        return f"{used} / ({limit} > 0)"

    return (
        Record(TENANT_SLOTS, share("tenant", "tenant")),
        Record(CONNECTION_SLOTS, share("connection", "tenant, connection")),
    )


def _at_limit(q: Rules, s: Settings) -> tuple[Alert, ...]:
    waiting = q.told(verdict="=~throttled|blocked", gate="=~priority|tenant|connection")
    minutes, full = s.dispatch.full_for / 60, s.dispatch.full_share

    def _long(share: str) -> str:
        # of an hour of which only minutes were seen, nothing can be said: a look a minute, with some missed
        seen = f"count_over_time({share}[{minutes:g}m:1m]) >= {0.8 * minutes:g}"
        return f"avg_over_time({share}[{minutes:g}m]) >= {full:g} and {seen}"

    return (
        Alert(
            "CampaignTenantAtLimit",
            _WARNING,
            TENANT,
            "The tenant has been at its limit of calls at once for long, while tasks wait.",
            "Tenant {tenant} used {percent} of its calls at once on average, and campaigns wait for slots.",
            "Find who holds the slots; then move work to other hours, or ask for a higher limit.",
            f"({_long(TENANT_SLOTS)}) and on (tenant) {waiting}",
            ("overview", 501),
            wait=900,
            keep=60,
            needs=("tenants", "tenants.concurrency_limit"),
            rests_on=("dispatch.full_share", "dispatch.full_for"),
        ),
        Alert(
            "CampaignConnectionAtLimit",
            _WARNING,
            CONNECTION,
            "A connection has been at its limit of calls at once for long, while tasks wait.",
            "Connection {connection} of tenant {tenant} was used to {percent} on average, and campaigns wait.",
            "Spread the numbers of its campaigns over other connections, or ask the provider for more channels.",
            f"({_long(CONNECTION_SLOTS)}) and on (tenant) {waiting}",
            ("numbers", 150),
            wait=900,
            keep=60,
            needs=("connections", "connections.concurrency_limit", "numbers"),
            rests_on=("dispatch.full_share", "dispatch.full_for"),
        ),
    )


def _rest(q: Rules, s: Compliance) -> tuple[Alert, ...]:
    used_up = blocked(q, "tasks", code=EXHAUSTED)
    elsewhere = [
        blocked(q, f"=~{OWN_ALERT}"),
        used_up,
        blocked(q, "lifecycle", code="=~circuit_breaker_open|campaign_paused|not_started"),
        # tasks that are held for what the list holds are tickets, not pages: calling them would be wrong
        *(f"({blocked(q, 'tasks')}) and ({held(q, group, s)})" for group in ("compliance", "audience")),
    ]
    told_elsewhere = f"({any_of(elsewhere)})"
    return (
        Alert(
            "CampaignBlocked",
            _CRITICAL,
            CAMPAIGN,
            "The campaign dials nothing until a person does something.",
            "{campaign} is {state}{since}.",
            "Open its card: the first hint says what to do, with the evidence.",
            f"{by_gate(q)} unless on (tenant, campaign) {told_elsewhere}",
            _BOARD,
            wait=300,
            keep=300,
            labels={"verdict": "blocked"},
            rests_on=("compliance.held_share", "compliance.held_tasks"),
        ),
        Alert(
            "CampaignAttemptsUsedUp",
            _WARNING,
            CAMPAIGN,
            "Only tasks that have used all their attempts are left pending: the campaign never ends by itself.",
            "{campaign} has nothing left to dial{since}: its pending tasks have used their attempts.",
            "Have the platform close these tasks and complete the campaign, or import more contacts.",
            used_up,
            _BOARD,
            wait=300,
            keep=300,
            labels={"verdict": "blocked", "gate": "tasks"},
        ),
        Alert(
            "CampaignStateUnknown",
            _WARNING,
            CAMPAIGN,
            "The campaign dials nothing, and what decides whether that is right cannot be read.",
            "{campaign} is {state}{since}.",
            "Mend the value that the card names as unreadable.",
            # What the platform does not tell at all, nobody can mend in the night: the card says what is not known.
            q.told(verdict="unknown", code=f"!~{UNTOLD_COST}|{UNTOLD_HOLDS}|{UNTOLD_LIST}|{UNTOLD_FREE}"),
            _BOARD,
            wait=900,
            keep=300,
            labels={"verdict": "unknown"},
        ),
    )
