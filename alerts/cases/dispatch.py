"""Cases of campaigns that do not dial, by the gate that binds."""

from __future__ import annotations

from alerts.cases.case import Case, Subject
from alerts.cases.compliance import held, tasks
from alerts.cases.series import Series, gone, info, replicas, series, since, status, steady, verdict
from alerts.cases.verdicts import NAMED, SINCE, of_verdict

_TENANT = ("tenant",)
_IDLE = (
    ("lifecycle", "campaign_paused"), ("window", "outside_call_window"), ("retry", "retry_wait"),
    ("tasks", "no_contacts"), ("lifecycle", "not_started"), ("numbers", "number_daily_cap"),
)  # fmt: skip
"""Gates at which a campaign waits as expected."""

DEAD = Subject("CampaignDispatcherDead", "critical", _TENANT, verdict="stalled", gate="none")
STALLED = Subject("CampaignStalled", "critical", verdict="stalled", gate="none")
HOSTILE = 'Q4 "sale" {{ .Value }} {{ query "up" }} $labels \\ %s ⚡'
HOSTILE_ID = 'a+b|c.* "d" \\e'


def _told(verdict_: str, *campaigns: str) -> tuple[Series, ...]:
    return tuple(verdict(verdict_, campaign=each) for each in campaigns)


_DEAD_TWO = DEAD.told("Tenant t1 dials nothing, and campaigns are stalled: 2. Campaigns: c1, c2.")
_STALLED = STALLED.told(f"Spring offer (c1) is stalled {SINCE}: nothing that the platform tells explains it.")

_STANDSTILL = (
    DEAD.fires("two campaigns are stalled and a third waits", _told("stalled", "c1", "c2"), _told("waiting", "c3"),
               at={"1m": (_DEAD_TWO,)}),
    DEAD.fires("tenant and campaigns are called by their names where these are told", _told("stalled", "c1", "c2"),
               replicas([info(campaign="c2"), series("campaign_tenant_info", "1x60", name="Harbour", timezone="UTC")]),
               at={"1m": (DEAD.told(
                   "Tenant Harbour (t1) dials nothing, and campaigns are stalled: 2. Campaigns: c1, Spring offer (c2).",
                   more={"about": "tenant Harbour (t1)"}),)}),
    DEAD.edge("one campaign alone is stalled", _told("stalled", "c1"), _told("waiting", "c2"), at=("1m", "9m")),
    DEAD.edge("two are stalled, and a third of the tenant dials", _told("stalled", "c1", "c2"),
              _told("dialing", "c3"), at=("1m", "9m")),
    DEAD.edge("one campaign of each of two tenants", verdict("stalled"), verdict("stalled", tenant="t2"),
              at=("1m", "9m")),
    DEAD.no_data("no verdict is told", info(), at=("1m", "9m")),
    DEAD.also("it stays for two minutes after they dial again, and is then over",
              *(verdict("stalled", values=gone("1x10"), campaign=each) for each in ("c1", "c2")),
              *(verdict("dialing", values="_x11 1x60", campaign=each) for each in ("c1", "c2")),
              at={"10m": (_DEAD_TWO,), "12m": (DEAD.told(
                  "Tenant t1 dials nothing, and campaigns are stalled: 2. Campaigns: c1, c2."),), "13m": ()}),
    DEAD.also("two replicas count each campaign once", replicas(_told("stalled", "c1", "c2")),
              at={"1m": (_DEAD_TWO,)}),
    STALLED.fires("the verdict is stalled for a minute", verdict("stalled"), NAMED, at={"0m": (), "1m": (_STALLED,)}),
    STALLED.fires("names that are templates, ids that are patterns: they are shown as they are",
                  verdict("stalled", campaign=HOSTILE_ID), info(HOSTILE, campaign=HOSTILE_ID),
                  since(600, campaign=HOSTILE_ID),
                  at={"1m": (STALLED.told(
                      f"{HOSTILE} ({HOSTILE_ID}) is stalled {SINCE}: nothing that the platform tells explains it.",
                      campaign=HOSTILE_ID),)}),
    STALLED.edge("it throttles, and dials less than is ready", verdict("throttled", "connection", "connection_limit"),
                 NAMED, at=("1m", "9m")),
    STALLED.no_data("no verdict is told", NAMED, at=("1m", "9m")),
    *(STALLED.also(f"a campaign that waits by {gate} ({code}) is not stalled", verdict("waiting", gate, code), NAMED,
                   at={"1m": (), "9m": ()}) for gate, code in _IDLE),
    STALLED.also("finished campaigns are not stalled", verdict("finished", "lifecycle", "completed"), NAMED,
                 at={"1m": (), "9m": ()}),
    STALLED.also("a campaign of which only the id is told", verdict("stalled"), at={"1m": (STALLED.told(
        "c1 is stalled: nothing that the platform tells explains it."),)}),
    STALLED.also("a campaign that is deleted while it fires: the alert ends with it",
                 verdict("stalled", values=gone("1x10")), at={"10m": (STALLED.told(
                     "c1 is stalled: nothing that the platform tells explains it."),), "13m": (), "30m": ()}),
    STALLED.also("two replicas are one alert", replicas(verdict("stalled"), NAMED), at={"1m": (_STALLED,)}),
)  # fmt: skip


BREAKER = Subject("CampaignCircuitBreakerOpen", "critical", verdict="blocked", gate="lifecycle")
BY_ITSELF = Subject("CampaignPausedByPlatform", "critical", verdict="blocked", gate="lifecycle")
LATE = Subject("CampaignNotStarted", "critical", verdict="blocked", gate="lifecycle")
NO_WINDOW = Subject("CampaignNoWindow", "warning", verdict="blocked", gate="window")
NO_AGENTS = Subject("CampaignWithoutAgents", "critical", verdict="blocked", gate="agents")
OWN_LIMIT = Subject("CampaignLimitBlocks", "critical", verdict="blocked", gate="campaign")
REST = Subject("CampaignBlocked", "critical", verdict="blocked", gate="provider")
USED_UP = Subject("CampaignAttemptsUsedUp", "warning", verdict="blocked", gate="tasks")
UNKNOWN = Subject("CampaignStateUnknown", "warning", verdict="unknown")

_SINGLE = (
    *of_verdict(BREAKER, "lifecycle", "circuit_breaker_open", 0,
             f"Spring offer (c1) is blocked by the platform's circuit breaker {SINCE}.",
             ("waiting", "lifecycle", "campaign_paused"), "a person paused it"),
    *of_verdict(BY_ITSELF, "lifecycle", "campaign_paused", 0,
             f"Spring offer (c1) was paused by the platform itself {SINCE}.",
             ("waiting", "lifecycle", "campaign_paused"), "a person paused it"),
    *(BY_ITSELF.also(f"the reason of the pause is told: {what}", verdict("blocked", "lifecycle", "campaign_paused"),
                     NAMED, replicas(series("campaign_pause_info", steady(1), reason=reason)),
                     at={"1m": (BY_ITSELF.told(f"Spring offer (c1) was paused by the platform itself {SINCE}. "
                                               f"Reason: {told}."),)})
      for what, reason, told in (("as it is", "Too many complaints", "Too many complaints"),
                                 ("without one", "", "none is told"),
                                 ("and never taken for a template", '{{ $value }} "50 %"', '{{ $value }} "50 %"'))),
    *of_verdict(LATE, "lifecycle", "not_started", 1,
             f"Spring offer (c1) should be running and is still scheduled {SINCE}.",
             ("waiting", "lifecycle", "not_started"), "its time has not come"),
    *of_verdict(NO_WINDOW, "window", "no_window_enabled", 1,
             f"Spring offer (c1) is blocked by its schedule {SINCE}: no window is enabled, or none comes before it "
             "expires.", ("waiting", "window", "outside_call_window"), "a window opens later"),
    *of_verdict(NO_AGENTS, "agents", "no_agent_available", 3,
             f"Spring offer (c1) dials nothing {SINCE}: nobody is logged in to take its calls, or all are on a break.",
             ("waiting", "agents", "no_agent_available"), "a break, or no shift goes on"),
    *of_verdict(OWN_LIMIT, "campaign", "campaign_concurrency", 1,
             f"Spring offer (c1) is blocked by its own limit {SINCE}: the limit is 0, or leaked slots fill it.",
             ("throttled", "campaign", "campaign_concurrency"), "it dials as fast as its limit allows"),
    *of_verdict(REST, "provider", "provider_auth", 5,
             f"Spring offer (c1) is blocked by provider (provider_auth) {SINCE}.",
             ("throttled", "provider", "provider_throttled"), "throttled is not blocked"),
    *of_verdict(USED_UP, "tasks", "attempts_exhausted", 5,
             f"Spring offer (c1) has nothing left to dial {SINCE}: its pending tasks have used their attempts.",
             ("finished", "tasks", "attempts_exhausted"), "it is over"),
    OWN_LIMIT.also("calls a minute of 0 are a limit of its own too", verdict("blocked", "pacing", "pacing"), NAMED,
                   at={"1m": (OWN_LIMIT.told(f"Spring offer (c1) is blocked by its own limit {SINCE}: the limit is "
                                             "0, or leaked slots fill it.", gate="pacing"),)}),
    REST.edge("blocked for four minutes: one under its time",
              verdict("blocked", "provider", "provider_auth", values=gone("1x4")), NAMED, at=("4m", "5m", "9m")),
    *(REST.also(f"blocked by {gate} ({code}) has an alert of its own", verdict("blocked", gate, code), NAMED,
                at={"6m": (), "9m": ()})
      for gate, code in (("money", "credits_exhausted"), ("window", "no_window_enabled"),
                         ("tenant", "tenant_concurrency"), ("numbers", "number_flagged"),
                         ("lifecycle", "circuit_breaker_open"), ("lifecycle", "campaign_paused"),
                         ("priority", "higher_priority_campaign"))),
    REST.also("tasks that have used their attempts are a ticket", verdict("blocked", "tasks", "attempts_exhausted"),
              NAMED, at={"5m": (), "9m": ()}),
    *(REST.also(f"blocked by tasks ({code}) has none of its own", verdict("blocked", "tasks", code), NAMED,
                at={"5m": (REST.told(f"Spring offer (c1) is blocked by tasks ({code}) {SINCE}.", gate="tasks"),)})
      for code in ("no_contacts", "stale_in_progress")),
    *(REST.also(f"all its tasks are held for what the list holds ({group}): a ticket tells that, as long as it runs",
                verdict("blocked", "tasks", code), tuple(held(group, **{code: 5})), tasks(5), NAMED, status("running"),
                at={"5m": (), "9m": ()})
      for group, code in (("compliance", "dnc"), ("audience", "invalid_number"))),
    REST.also("half of its tasks are held for what the list holds, which no ticket tells: then the page does",
              verdict("blocked", "tasks", "dnc"), held("compliance", dnc=5), tasks(10), NAMED, status("running"),
              at={"5m": (REST.told(f"Spring offer (c1) is blocked by tasks (dnc) {SINCE}.", gate="tasks"),)}),
    REST.also("all its tasks are held, and it does not run, so that no ticket tells that",
              verdict("blocked", "tasks", "dnc"), held("compliance", dnc=5), tasks(5), NAMED, status("paused"),
              at={"5m": (REST.told(f"Spring offer (c1) is blocked by tasks (dnc) {SINCE}.", gate="tasks"),)}),
    REST.also("tasks that are held are a ticket only where the gate is theirs", verdict("blocked", "provider",
              "provider_auth"), held("compliance", dnc=5), tasks(5), NAMED, status("running"),
              at={"5m": (REST.told(f"Spring offer (c1) is blocked by provider (provider_auth) {SINCE}."),)}),
    UNKNOWN.fires("unreadable for a quarter of an hour", verdict("unknown", "window", "call_windows"), NAMED,
                  at={"15m": (UNKNOWN.told(f"Spring offer (c1) is unknown by window (call_windows) {SINCE}."),)}),
    UNKNOWN.edge("unreadable for fourteen minutes", verdict("unknown", "window", "call_windows", values=gone("1x14")),
                 NAMED, at=("14m", "15m", "30m")),
    UNKNOWN.no_data("no verdict is told", NAMED, at=("15m", "30m")),
)  # fmt: skip

LEAKED = Subject("CampaignSlotsLeaked", "warning")
_LEAKED = LEAKED.told(
    "3 slots of Spring offer (c1) are held by calls or tasks too old to be real. It is throttled by campaign "
    "(campaign_concurrency)."
)
_FULL = verdict("throttled", "campaign", "campaign_concurrency")


def _leaks(values: str, scope: str = "campaign") -> Series:
    return series("campaign_dispatch_slots_leaked", values, scope=scope)


_LEAKS = (
    LEAKED.fires("three slots for two minutes", _leaks("3x120"), _FULL, info(), at={"1m": (), "2m": (_LEAKED,)}),
    LEAKED.edge("no slot is leaked", _leaks("0x120"), _FULL, info(), at=("2m", "9m")),
    LEAKED.edge("three slots for one minute", _leaks("3 3 0x120"), _FULL, info(), at=("1m", "2m", "9m")),
    LEAKED.edge("a tenant's leaked slots are told once, of the campaign that holds them", _leaks("3x120", "tenant"),
                _FULL, info(), at=("2m", "9m")),
    LEAKED.no_data("leaks are not told", _FULL, info(), at=("2m", "9m")),
    LEAKED.also("two replicas see the same slots", replicas(_leaks("3x120"), _FULL, info()), at={"2m": (_LEAKED,)}),
)  # fmt: skip

_HELD = "Slots are held by: c9 (8)."
TENANT_LIMIT = Subject("CampaignTenantLimitBlocks", "critical", _TENANT, verdict="blocked", gate="tenant")
LINES_LIMIT = Subject("CampaignConnectionLimitBlocks", "critical", _TENANT, verdict="blocked", gate="connection")
STARVED = Subject("CampaignStarved", "warning", _TENANT, verdict="blocked", gate="priority")


def _shared(subject: Subject, gate: str, code: str, wait: int, words: str, holders: str) -> tuple[Case, ...]:
    """An alert of a tenant that names its campaigns."""

    def shut(*campaigns: str) -> tuple[Series, ...]:
        return tuple(verdict("blocked", gate, code, campaign=each) for each in campaigns)

    holder = series("campaign_calls_in_progress", "8x120", campaign="c9")
    idle = series("campaign_calls_in_progress", "0x120")
    two = (subject.told(f"Campaigns of tenant t1 that are {words}: 2. Campaigns: c1, c2.{holders}"),)
    return (
        subject.fires(f"two campaigns are blocked by {gate}", shut("c1", "c2"), holder, idle,
                      at={f"{wait - 1}m": (), f"{wait}m": two}),
        subject.edge("it is throttled: calls go out, if slowly", verdict("throttled", gate, code), holder, idle,
                     at=("5m", "9m")),
        subject.no_data("no verdict is told", holder, idle, at=("5m", "9m")),
        subject.also("two replicas count each campaign once", replicas(shut("c1", "c2"), holder, idle),
                     at={"9m": two}),
    )  # fmt: skip


_SHARED = (
    *_shared(TENANT_LIMIT, "tenant", "tenant_concurrency", 1, "blocked by its limit of calls at once", " " + _HELD),
    *_shared(LINES_LIMIT, "connection", "connection_limit", 1, "blocked by their connections' limits", ""),
    *_shared(STARVED, "priority", "higher_priority_campaign", 2, "blocked by others of higher priority", " " + _HELD),
)

AT_LIMIT = Subject("CampaignTenantAtLimit", "warning", _TENANT)
LINE_AT_LIMIT = Subject("CampaignConnectionAtLimit", "warning", ("tenant", "connection"), connection="trunk-1")
_WAITING = verdict("throttled", "tenant", "tenant_concurrency")
_LINE_WAITING = verdict("throttled", "connection", "connection_limit")


def _tenant(used: str, limit: float = 20) -> tuple[Series, ...]:
    return (
        series("campaign_tenant_calls_in_progress", used),
        series("campaign_tenant_concurrency_limit", steady(limit, 240)),
    )


def _line(used: str, limit: float = 20) -> tuple[Series, ...]:
    return (
        series("campaign_connection_calls_in_progress", used, connection="trunk-1"),
        series("campaign_connection_concurrency_limit", steady(limit, 240), connection="trunk-1"),
    )


_FULL_TENANT = (AT_LIMIT.told("Tenant t1 used 100% of its calls at once on average, and campaigns wait for slots."),)
_FULL_LINE = (LINE_AT_LIMIT.told("Connection trunk-1 of tenant t1 was used to 97.5% on average, and campaigns wait."),)

_LIMITS = (
    AT_LIMIT.fires("all its slots for an hour and a quarter, after quieter times, while a campaign is throttled",
                   _tenant("0x60 20x180"), _WAITING, at={"120m": (), "150m": _FULL_TENANT}),
    AT_LIMIT.edge("94 of 100 slots: just below a limit that is reached", _tenant("94x240", 100), _WAITING,
                  at=("90m", "240m")),
    AT_LIMIT.edge("all slots, and nobody waits", _tenant("20x240"), verdict("dialing"),
                  at=("90m", "240m")),
    AT_LIMIT.edge("a limit of 0 is no limit that is reached", _tenant("0x240", 0), _WAITING, at=("90m", "240m")),
    AT_LIMIT.edge("of the hour before only 45 minutes were seen, and after Prometheus was down for an hour only 47",
                  _tenant("20x40 _x60 20x100"), _WAITING, at=("62m", "100m", "120m", "161m")),
    AT_LIMIT.no_data("the tenant's limit is not told", _tenant("20x240")[0], _WAITING, at=("90m", "240m")),
    AT_LIMIT.also("two replicas see one tenant", replicas(_tenant("20x240"), _WAITING), at={"150m": _FULL_TENANT}),
    AT_LIMIT.also("it stays for a minute after nobody waits any more, and is then over", _tenant("20x240"),
                  verdict("throttled", "tenant", "tenant_concurrency", values=gone("1x100")),
                  at={"61m": (), "62m": _FULL_TENANT, "101m": _FULL_TENANT, "102m": ()}),
    LINE_AT_LIMIT.fires("39 of 40 channels on average, while a campaign is throttled", _line("0x60 39x180", 40),
                        _LINE_WAITING, at={"110m": (), "150m": _FULL_LINE}),
    LINE_AT_LIMIT.edge("94 of 100 channels", _line("94x240", 100), _LINE_WAITING, at=("90m", "240m")),
    LINE_AT_LIMIT.edge("all channels, and nobody waits", _line("20x240"), verdict("dialing"),
                       at=("90m", "240m")),
    LINE_AT_LIMIT.edge("of the hour before only 45 minutes were seen", _line("20x40 _x100"), _LINE_WAITING,
                       at=("40m", "62m", "100m")),
    LINE_AT_LIMIT.also("it stays for a minute after nobody waits any more, and is then over", _line("39x240", 40),
                       verdict("throttled", "connection", "connection_limit", values=gone("1x100")),
                       at={"61m": (), "62m": _FULL_LINE, "101m": _FULL_LINE, "102m": ()}),
    LINE_AT_LIMIT.also("two replicas see one connection", replicas(_line("39x240", 40), _LINE_WAITING),
                       at={"62m": _FULL_LINE}),
    LINE_AT_LIMIT.no_data("the connection's limit is not told", _line("20x240")[0], _LINE_WAITING,
                          at=("90m", "240m")),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_STANDSTILL, *_SINGLE, *_LEAKS, *_SHARED, *_LIMITS)
