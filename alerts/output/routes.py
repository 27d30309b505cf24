"""Who is told of which alert, and what is told together: Alertmanager's routes and Grafana's policies, as data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerts.settings import Routing
from alerts.vocabulary.rule import Alert, Severity
from exporter.errors import ConfigError

PAGER, TICKETS, MANAGERS, NOBODY = "pager", "tickets", "managers", "nobody"
KINDS = (PAGER, TICKETS, MANAGERS)
"""Receivers of everybody; a team's have its name before them."""

TOGETHER: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("CampaignDispatcherDead", "CampaignProviderFailing", "CampaignProviderThrottling"), ("alertname",)),
)
"""Alerts of causes that strike many tenants at once, and by which labels they are told together."""

SPREADS_SECONDS = 900.0
"""An outage is seen at one provider, or tenant, after the other: how long who knows of it is left in peace."""

_BY_CAMPAIGN, _BY_JOB = ("tenant", "campaign"), ("job",)
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on a label: `operator` is `=` or `=~`, whose pattern must match the whole value."""

    label: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts that match go to `receiver`; what is empty is as in the route around it.

    `goes_on`: later routes get the alert as well. `silent`: it is told to nobody.
    """

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] = ()
    interval: float | None = None
    repeat: float | None = None
    goes_on: bool = False
    silent: bool = False
    routes: tuple[Route, ...] = ()


def tree(alerts: Sequence[Alert], routing: Routing, groups: tuple[str, ...] = ()) -> Route:
    """The routes of these alerts. What nobody foresaw goes to `tickets`; groups are told apart."""
    _check_teams(routing, groups)
    info = Route(NOBODY, (Matcher("severity", "=", Severity.INFO.value),), silent=True)
    teams = [
        Route(
            receiver(TICKETS, team.name),
            (*(one_of(label, (value,)) for label, value in team.group.items()), one_of("tenant", team.tenants)),
            routes=_by_severity([alert for alert in alerts if "tenant" in alert.about], routing, team.name),
        )
        for team in routing.teams
    ]
    everybody = Route(
        TICKETS,
        group_by=_BY_CAMPAIGN,
        repeat=routing.repeat_warning,
        routes=(info, *teams, *_by_severity(alerts, routing, "")),
    )
    return _within(everybody, groups)


def _within(route: Route, groups: tuple[str, ...]) -> Route:
    """The same, and what is told together is of one group."""
    return replace(
        route,
        group_by=(*groups, *route.group_by) if route.group_by else (),
        routes=tuple(_within(each, groups) for each in route.routes),
    )


def receiver(kind: str, team: str = "") -> str:
    """The name of a receiver of a team, or of everybody."""
    return f"{team}-{kind}" if team else kind


def receivers(routing: Routing) -> dict[str, str]:
    """The names of all receivers, with that of everybody's which stands in where a team has set none."""
    return {receiver(kind, team): kind for team in ("", *(each.name for each in routing.teams)) for kind in KINDS}


def one_of(label: str, values: Sequence[str]) -> Matcher:
    """A label that is one of these, whatever they hold. RE2 has a meaning for fewer signs than Python escapes."""
    if len(values) == 1:
        return Matcher(label, "=", values[0])
    return Matcher(label, "=~", "|".join(_META.sub(r"\\\g<0>", value) for value in values))


def _by_severity(alerts: Sequence[Alert], routing: Routing, team: str) -> tuple[Route, ...]:
    found = [_told(alerts, MANAGERS, team, Matcher("managers", "=", "true"), None, goes_on=True)]
    for kind, severity, repeat in (
        (PAGER, Severity.CRITICAL, routing.repeat_critical),
        (TICKETS, Severity.WARNING, None),
    ):
        matcher = Matcher("severity", "=", severity.value)
        found.append(_told([each for each in alerts if each.severity is severity], kind, team, matcher, repeat))
    return tuple(found)


def _told(
    alerts: Sequence[Alert], kind: str, team: str, matcher: Matcher, repeat: float | None, goes_on: bool = False
) -> Route:
    """One kind of receiver, with what it is told together: by campaign, and otherwise where a cause is not one's."""
    name = receiver(kind, team)
    if kind == MANAGERS:
        alerts = [alert for alert in alerts if alert.managers]
    names = [alert.name for alert in alerts]
    inner = [
        Route(name, (one_of("alertname", told),), group_by, interval=SPREADS_SECONDS)
        for causes, group_by in TOGETHER
        if (told := [each for each in causes if each in names])
    ]
    if any("tenant" not in alert.about for alert in alerts):
        inner.append(Route(name, (Matcher("tenant", "=", ""),), _BY_JOB))
    return Route(name, (matcher,), repeat=repeat, goes_on=goes_on, routes=tuple(inner))


def _check_teams(routing: Routing, groups: tuple[str, ...]) -> None:
    for team in routing.teams:
        for label, value in team.group.items():
            if label not in groups:
                known = f"there are {', '.join(groups)}" if groups else "there are none"
                raise ConfigError(
                    f"routing.teams: team {team.name!r}: {label}: {value!r}: no such group label; {known}"
                )
    tenants = ((tenant, sorted(team.group.items())) for team in routing.teams for tenant in team.tenants)
    for what, values in (
        ("team", [repr(team.name) for team in routing.teams]),
        ("tenant", [f"{tenant!r}{f' of {dict(group)}' if group else ''}" for tenant, group in tenants]),
    ):
        for value, times in Counter(values).items():
            if times > 1:
                raise ConfigError(f"routing.teams: {what} {value} is listed {times} times; each belongs in once")
