"""Which panels show which scenario of the demo, by value: not so before it, and so while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from exporter.demo.scenarios.table import Scenario
from tests.dashboards.asking import Series, interpolated
from tests.dashboards.boards import expressions
from tests.support.prometheus import Prometheus

SPAN = "12m"
"""What the viewer looks at: since the scenario began."""

QUESTIONS = dict(expressions())
_MANY = 8
"""Tasks: a few bear a code of their own on any day."""


@dataclass(frozen=True)
class Shown:
    """A target, written board-panel-ref, that has a value like this in a row with these labels."""

    where: str
    like: Callable[[float], bool]
    labels: Mapping[str, str] = field(default_factory=dict)

    def holds(self, server: Prometheus, campaign: str, at: float) -> bool:
        """Whether it is shown at that moment."""
        values = {"tenant": ".*", "campaign": campaign, "number": ".*", "currency": ".*"}
        if self.where.split("-")[0] in ("overview", "cost"):
            values["campaign"] = ".*"
        found: Series = server.query(interpolated(QUESTIONS[self.where], values, SPAN, SPAN), at)
        wanted = self.labels.items()
        return any(self.like(value) for labels, value in found.items() if wanted <= dict(labels).items())


def _there(value: float) -> bool:
    return value > 0


def _blocked(code: str) -> Shown:
    return Shown("campaign-222-A", lambda tasks: tasks >= _MANY, {"blocker": code})


def _error(code: str) -> tuple[Shown, ...]:
    return tuple(
        Shown(where, lambda calls: calls >= 5, {"code": code}) for where in ("campaign-414-A", "numbers-151-A")
    )


SHOWN: Mapping[str, tuple[Shown, ...]] = {
    "number_spam": (Shown("numbers-110-F", lambda rate: rate < 0.15),),
    "numbers_flagged": (Shown("numbers-101-A", lambda flagged: flagged > 1), _blocked("number_flagged")),
    "numbers_released": (_blocked("pool_exhausted"),),
    "number_caps": (_blocked("number_daily_cap"),),
    "number_cooldown": (Shown("numbers-104-A", lambda resting: resting > 1), _blocked("number_cooldown")),
    "country_mismatch": (_blocked("no_country_match"),),
    "provider_errors": _error("sip_503"),
    "provider_throttled": _error("sip_429"),
    "provider_auth": _error("sip_403"),
    "network_blocked": _error("network_unreachable"),
    "connection_limit": (Shown("campaign-232-B", lambda limit: limit == 0, {"scope": "connection"}),),
    "slot_leak": (Shown("campaign-232-D", _there),),
    "circuit_breaker": (_blocked("circuit_breaker_open"),),
    "automatic_pause": (Shown("campaign-1-A", _there, {"reason": "Too many complaints within an hour"}),),
    "operator_pause": (Shown("campaign-1-A", _there, {"reason": "Complaints about the script"}),),
    "no_window": (Shown("campaign-205-D", lambda _: True),),
    "window_wrong": (_blocked("outside_call_window"),),
    "outside_window": (Shown("campaign-215-A", _there),),
    "credits_out": (Shown("campaign-216-A", lambda credits_left: credits_left < 1),),
    "budget_out": (_blocked("budget_exhausted"),),
    "cost_runaway": (Shown("cost-101-D", lambda cost: cost > 0.6, {"row": "USD"}),),
    "silent_agent": (Shown("campaign-413-B", lambda share: share > 0.2),),
    "slow_agent": (Shown("campaign-415-B", lambda seconds: seconds > 3),),
    "abandonment": (Shown("campaign-417-A", lambda share: share > 0.03),),
    "short_ring": (Shown("campaign-416-C", lambda seconds: seconds < 15),),
    "short_calls": (Shown("campaign-413-A", lambda share: share > 0.15),),
    "answer_drop": (Shown("campaign-106-A", lambda rate: rate < 0.2),),
    "failure_burst": (Shown("campaign-414-A", lambda calls: calls >= 5, {"code": "unallocated_number"}),),
    "tenant_limit": (Shown("campaign-232-B", lambda limit: limit == 0, {"scope": "tenant"}),),
    "import_failed": (Shown("campaign-901-A", _there, {"status": "failed"}),),
    "import_rejected": (Shown("campaign-901-F", lambda share: share > 0.2),),
    "timezone_missing": (_blocked("timezone_missing"),),
    "invalid_numbers": (_blocked("invalid_number"),),
    "dnc": (_blocked("dnc"),),
    "consent_missing": (_blocked("consent_missing"),),
    "frequency_cap": (_blocked("contact_frequency_cap"),),
    "unknown_codes": (
        Shown("campaign-222-A", _there, {"blocker": "quota_hold_v2", "group": "unknown"}),
        Shown("exporter-health-301-A", _there, {"relation": "tasks"}),
    ),
    "nobody_there": (Shown("campaign-235-B", lambda people: people == 0), _blocked("no_agent_available")),
    "coffee_break": (Shown("campaign-235-A", lambda people: people >= 3, {"state": "paused"}),),
    "shift_end": (Shown("campaign-235-C", lambda expected: expected == 0),),
    "over_dialled": (Shown("campaign-235-D", lambda share: share > 0.1),),
    "variant_skew": (Shown("campaign-604-A", lambda p: 0 <= p < 0.001),),
}
"""Beside verdict and gate, which every scenario that has them shows."""

AS_BEFORE = {"outside_window"}
"""Scenarios that leave verdict and gate as they were."""


def panels_of(scenario: Scenario) -> tuple[Shown, ...]:
    """What must be shown of a scenario."""
    said: tuple[Shown, ...] = ()
    if scenario.verdict is not None and scenario.name not in AS_BEFORE:
        said = (Shown("campaign-201-A", _there, {"verdict": scenario.verdict}),)
        if scenario.gate is not None and scenario.gate != "none":
            said += (Shown("campaign-201-A", _there, {"gate": scenario.gate}),)
    return (*said, *SHOWN.get(scenario.name, ()))
