"""What can go wrong in the benchmark: one row a kind, with the alerts that name its cause and what it needs.

A kind can be told only where there is something to see, so each says what that is, and incidents are drawn so that it
is there. Whether it was is counted from the dialler itself, not from metrics: an incident without it is listed as one
that nobody could know, with its figures, and never left out silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from alerts.catalogue import alerts
from alerts.settings import Settings
from alerts.vocabulary.rule import Severity

Sizes = Mapping[str, tuple[float, float] | tuple[str, ...]]


class Strikes(Enum):
    """What an incident is aimed at; it decides which alerts can be about it."""

    CAMPAIGN = "a campaign"
    NUMBER = "a number"
    CONNECTION = "one or more connections"
    TENANT = "a tenant"
    PLATFORM = "a campaign, or all"
    EXPORTER = "the exporter"


class Role(Enum):
    """What a campaign of the world is like (world.py)."""

    CLOCK = "round the clock, fed all day, numbers and a connection of its own"
    LIST = "round the clock, a list of 6,000 to 50,000, so many calls a minute"
    SPLIT = "round the clock, an A/B test"
    OFFICE = "office hours, a list every morning"
    DESK = "people take the calls, in a shift with breaks"
    SMALL = "5 to 40 contacts, started for the occasion"


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be there for a kind to be known. Rates are those of the hour before the incident."""

    calls: int = 0
    """Calls an hour of the target."""
    answers: int = 0
    """Answered calls an hour of the target."""
    due: bool = False
    """While it lasts a task of the target is due at most looks: else nothing is held up."""
    during: int = 0
    """Calls of the target while it lasts."""

    @property
    def words(self) -> str:
        """For people."""
        parts = [
            f"{self.calls} calls an hour before" if self.calls else "",
            f"{self.answers} answered calls an hour before" if self.answers else "",
            f"{self.during} calls meanwhile" if self.during else "",
            "tasks that are due" if self.due else "",
        ]
        return ", ".join(filter(None, parts)) or "nothing"


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that goes wrong. The name is that of the scenario (exporter/demo/scenarios/table.py), but for two."""

    name: str
    right: tuple[str, ...]
    """The alerts that name the cause; a decoy has none."""
    strikes: Strikes = Strikes.CAMPAIGN
    roles: tuple[Role, ...] = ()
    sizes: Sizes = field(default_factory=dict)
    """Parameters that are drawn: between two numbers, or one of some words."""
    minutes: tuple[int, int] = (40, 70)
    needs: Needs = Needs(due=True)
    awake: bool = False
    """Only by day where the contacts live: else hardly anybody answers."""
    also: tuple[str, ...] = ()
    """Alerts without a tenant that may come of it, too, but do not name the cause."""
    lasting: bool = False
    """What was done stays in the data, so that the alert is right for the rest of the day."""

    @property
    def urgent(self) -> bool:
        """Whether a person must act now: the alert that names the cause is a page."""
        return bool(self.right) and SEVERITIES[self.right[0]] is Severity.CRITICAL

    @property
    def decoy(self) -> bool:
        """Nobody may be woken."""
        return not self.right


SEVERITIES: Mapping[str, Severity] = {alert.name: alert.severity for alert in alerts(Settings())}
_ANY = (Role.CLOCK, Role.LIST, Role.SPLIT, Role.OFFICE, Role.SMALL)
_STEADY = (Role.CLOCK, Role.LIST)
_BUSY = (Role.CLOCK, Role.LIST, Role.SPLIT)
_FLOW = Needs(calls=60, during=30)
_SHARE = Needs(calls=60)
_TALK = Needs(calls=100, answers=35, during=30)
_HELD = {"share": (0.5, 0.9)}
_FAILING = ("CampaignProviderFailing",)
_HOLDS = ("CampaignComplianceHolds",)

_TABLE = (
    Kind("dispatcher_dead", ("CampaignDispatcherDead", "CampaignStalled"), Strikes.PLATFORM, _ANY),
    Kind("credits_out", ("CampaignCreditsExhausted",), Strikes.TENANT, sizes={"left": (0.0, 0.5)}),
    Kind("budget_out", ("CampaignBudgetExhausted",), roles=_ANY, sizes={"left": (0.01, 0.3)}),
    Kind("numbers_flagged", ("CampaignNumbersUnusable",), roles=_ANY),
    Kind("numbers_released", ("CampaignNumbersUnusable",), roles=_ANY),
    Kind("country_mismatch", ("CampaignNumbersUnusable",), roles=_ANY),
    Kind(
        "number_spam", ("CampaignNumberBad", "CampaignAnswerRateLow"), Strikes.NUMBER, (Role.CLOCK,),
        {"factor": (0.05, 0.2)}, (80, 110),
        Needs(calls=60, answers=20, during=50), awake=True,
    ),
    Kind(
        "provider_errors", _FAILING, Strikes.CONNECTION,
        sizes={"rate": (0.9, 1.0), "code": ("sip_503", "sip_408")}, needs=Needs(calls=60),
    ),
    Kind("provider_auth", _FAILING, Strikes.CONNECTION, sizes={"rate": (1.0, 1.0)}, needs=Needs(calls=60)),
    Kind("network_blocked", _FAILING, Strikes.CONNECTION, sizes={"rate": (1.0, 1.0)}, needs=Needs(calls=60)),
    Kind(
        "provider_throttled", ("CampaignProviderThrottling", "CampaignProviderFailing"), Strikes.CONNECTION,
        sizes={"rate": (0.8, 1.0)}, needs=Needs(calls=60),
    ),
    Kind("connection_limit", ("CampaignConnectionLimitBlocks",), Strikes.CONNECTION, sizes={"limit": (0.0, 0.0)}),
    Kind("tenant_limit", ("CampaignTenantLimitBlocks",), Strikes.TENANT, sizes={"limit": (0.0, 0.0)}),
    Kind(
        "slot_leak", ("CampaignSlotsLeaked",), roles=_STEADY, sizes={"rate": (0.3, 0.7)}, minutes=(75, 100),
        needs=Needs(calls=60, due=True),
    ),
    Kind("circuit_breaker", ("CampaignCircuitBreakerOpen",), roles=_ANY),
    Kind("no_window", ("CampaignNoWindow",), roles=_ANY),
    Kind(
        "outside_window", ("CampaignCallsOutsideWindow",), roles=(Role.OFFICE,), needs=Needs(during=5), lasting=True,
    ),
    Kind(
        "cost_runaway", ("CampaignCostPerCallHigh",), roles=_STEADY, sizes={"factor": (4.0, 10.0)}, minutes=(60, 90),
        needs=_TALK, awake=True,
    ),
    Kind(
        "silent_agent", ("CampaignAgentSilent",), roles=_STEADY, sizes={"rate": (0.6, 0.95)}, minutes=(50, 80),
        needs=_TALK, awake=True,
    ),
    Kind(
        "slow_agent", ("CampaignFirstWordSlow",), roles=_STEADY, sizes={"seconds": (3.0, 8.0)}, minutes=(50, 80),
        needs=_TALK, awake=True,
    ),
    Kind(
        "abandonment", ("CampaignAbandonmentOverLimit", "CampaignAbandonmentNearLimit", "CampaignFirstWordSlow"),
        roles=_STEADY, sizes={"rate": (0.5, 0.9)}, minutes=(80, 110), needs=_TALK, awake=True, lasting=True,
    ),
    Kind(
        "short_ring", ("CampaignRingTooShort", "CampaignAnswerRateLow"), roles=_STEADY, sizes={"seconds": (6.0, 13.0)},
        minutes=(50, 80), needs=_FLOW,
    ),
    Kind(
        "short_calls", ("CampaignShortCalls",), roles=_STEADY, sizes={"rate": (0.5, 0.9)}, minutes=(50, 80),
        needs=_TALK, awake=True,
    ),
    Kind(
        "answer_drop", ("CampaignAnswerRateLow",), roles=_STEADY, sizes={"factor": (0.1, 0.3)}, minutes=(60, 90),
        needs=_TALK, awake=True,
    ),
    Kind(
        "failure_burst", ("CampaignFailureBurst",), roles=_BUSY, sizes={"rate": (0.5, 0.9)}, minutes=(45, 75),
        needs=_FLOW,
    ),
    Kind(
        "starvation", ("CampaignStarved",), Strikes.TENANT, (Role.CLOCK,), {"slots": (4.0, 6.0)}, (70, 100),
        awake=True,
    ),
    Kind("import_failed", ("CampaignAudienceImportFailed",), roles=_ANY, sizes={"rows": (10.0, 60.0)}),
    Kind(
        "import_rejected", ("CampaignAudienceRowsRejected",), roles=_BUSY,
        sizes={"rows": (100.0, 400.0), "share": (0.3, 0.6)}, needs=Needs(), lasting=True,
    ),
    Kind("timezone_missing", ("CampaignListUnusable",), roles=_STEADY, sizes=_HELD, minutes=(50, 80), needs=_SHARE),
    Kind("invalid_numbers", ("CampaignListUnusable",), roles=_STEADY, sizes=_HELD, minutes=(50, 80), needs=_SHARE),
    Kind("dnc", _HOLDS, roles=_STEADY, sizes=_HELD, minutes=(50, 80), needs=_SHARE),
    Kind("consent_missing", _HOLDS, roles=_STEADY, sizes=_HELD, minutes=(50, 80), needs=_SHARE),
    Kind("frequency_cap", _HOLDS, roles=_STEADY, sizes=_HELD, minutes=(50, 80), needs=_SHARE),
    Kind(
        "unknown_codes", ("CampaignUnknownCodes",), roles=_STEADY, sizes={"share": (0.3, 0.6)}, minutes=(50, 80),
        needs=_SHARE, also=("CampaignContractViolated",),
    ),
    Kind(
        "variant_skew", ("CampaignSampleRatioMismatch",), roles=(Role.SPLIT,),
        sizes={"share": (0.5, 0.8), "rows": (400.0, 700.0)}, needs=Needs(), lasting=True,
    ),
    Kind("database_away", ("CampaignExporterDatabaseAway",), Strikes.EXPORTER, minutes=(12, 40), needs=Needs()),
    Kind(
        "exporter_down", ("CampaignExporterDown",), Strikes.EXPORTER, minutes=(12, 30), needs=Needs(),
        sizes={"back": ("the same", "restarted")},
    ),
    Kind("nobody_there", ("CampaignWithoutAgents",), roles=(Role.DESK,)),
    Kind("coffee_break", (), roles=(Role.DESK,), sizes={"reason": ("coffee", "lunch", "training")}, needs=Needs()),
    Kind("shift_end", (), roles=(Role.DESK,), needs=Needs()),
    Kind("operator_pause", (), roles=_ANY, needs=Needs()),
    Kind("number_caps", (), roles=_BUSY, needs=Needs()),
    Kind("number_cooldown", (), roles=_BUSY, sizes={"minutes": (45.0, 60.0)}, needs=Needs()),
    Kind("window_wrong", (), roles=_BUSY, sizes={"hours": (4.0, 8.0)}, needs=Needs()),
    Kind("timezone_wrong", (), roles=(Role.OFFICE,), needs=Needs()),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}
HARNESS = frozenset({"database_away", "exporter_down"})
"""Kinds that befall the exporter: the benchmark makes them itself, the dialler goes on."""
