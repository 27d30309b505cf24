"""Holds what people were told against what was done: which incidents were found, how soon, and which pages were false.

An alert is about an incident when it fired from the incident's start until half an hour after its end (of some kinds:
until the end of the run, as what they did stays in the data), and names what was struck: the campaign; else the
tenant, and the number, connection or provider if it names one. An alert without any of these labels is about what
strikes everything, and about kinds whose cause it names. Where several incidents come into
question, an alert that names the cause of one is that one's; else one that is under way goes before one that is over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.alerts.evaluation import Fired
from benchmarks.alerts.incident import Incident, Run
from benchmarks.alerts.telling import Notification

COUNTED_AFTER_SECONDS = 900.0
"""Notifications find an incident, and are counted, up to so long after its end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people learned of one incident."""

    run: str
    incident: Incident
    first: float | None
    """When the first notification about it came; `None`: never."""
    severity: str
    """The gravest in it."""
    names: tuple[str, ...]
    """The alerts in it that are about the incident."""
    named: float | None
    """When the first notification came that names the cause."""
    told: int
    """Notifications that one receiver got, of those who got most."""
    pages: int
    """Notifications that hold something critical about it, however late."""

    @property
    def right(self) -> bool:
        """Whether the first notification names the cause."""
        return self.first is not None and self.first == self.named

    @property
    def minutes(self) -> float | None:
        """From the start to the first notification."""
        return None if self.first is None else (self.first - self.incident.start) / 60


@dataclass(frozen=True, slots=True)
class Stray:
    """A notification that no incident explains."""

    run: str
    at: float
    receiver: str
    severity: str
    alerts: tuple[Fired, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """All of a run."""

    run: Run
    verdicts: tuple[Verdict, ...]
    strays: tuple[Stray, ...]
    resolutions: int
    """Notifications that say only that something is over."""


@dataclass(slots=True)
class _About:
    """Notifications about one incident."""

    first: Notification | None = None
    named: float | None = None
    names: dict[str, None] = field(default_factory=dict)
    severities: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    pages: int = 0


def judge(run: Run, notifications: Sequence[Notification]) -> Judgement:
    """Hold a run's notifications against its incidents."""
    about = {place: _About() for place in range(len(run.incidents))}
    strays: list[Stray] = []
    for each in notifications:
        if not each.counts:
            continue
        explained: dict[int, list[Fired]] = defaultdict(list)
        unexplained: list[Fired] = []
        for alert in each.new or each.firing:
            places = attributed(alert, run.incidents)
            for place in places:
                explained[place].append(alert)
            if not places:
                unexplained.append(alert)
        for place, alerts in explained.items():
            incident, found = run.incidents[place], about[place]
            found.pages += _gravest(alerts) == "critical"
            if each.at <= incident.end + COUNTED_AFTER_SECONDS:  # who is told of it later still has not found it
                found.told[each.receiver] += 1
                for alert in alerts:
                    _note(found, each, alert, incident)
        if unexplained:
            strays.append(Stray(run.name, each.at, each.receiver, _gravest(unexplained), tuple(unexplained)))
    verdicts = tuple(_verdict(run, run.incidents[place], found) for place, found in about.items())
    return Judgement(run, verdicts, tuple(strays), sum(not each.counts for each in notifications))


def _note(found: _About, notification: Notification, alert: Fired, incident: Incident) -> None:
    if found.first is None:
        found.first = notification
    if found.first.at == notification.at:
        found.names[alert.by_name["alertname"]] = None
        found.severities.add(alert.by_name.get("severity", ""))
    if found.named is None and names_cause(alert, incident):
        found.named = notification.at


def _verdict(run: Run, incident: Incident, found: _About) -> Verdict:
    first = None if found.first is None else found.first.at
    severity = next((name for name in _SEVERITIES if name in found.severities), "")
    told = max(found.told.values(), default=0)
    return Verdict(run.name, incident, first, severity, tuple(found.names), found.named, told, found.pages)


_SEVERITIES = ("critical", "warning", "info")


def _gravest(alerts: Sequence[Fired]) -> str:
    found = {each.by_name.get("severity", "") for each in alerts}
    return next((name for name in _SEVERITIES if name in found), "")


def attributed(alert: Fired, incidents: Sequence[Incident]) -> set[int]:
    """The places of the incidents that an alert is about."""
    possible = {
        place for place, each in enumerate(incidents) if each.start <= alert.fired <= each.over and touches(alert, each)
    }
    right = {place for place in possible if names_cause(alert, incidents[place])}
    now = {place for place in possible if alert.fired <= incidents[place].end}
    return right & now or right or now or possible


def touches(alert: Fired, incident: Incident) -> bool:
    """Whether an alert's labels name something that an incident struck."""
    labels, what = alert.by_name, incident.what
    if incident.everything:
        return True
    if "campaign" in labels:
        return labels["campaign"] in incident.campaigns
    if "tenant" in labels and labels["tenant"] not in incident.tenants:
        return False
    narrower = (("number", incident.numbers), ("connection", incident.connections), ("provider", incident.providers))
    named = [labels[name] in struck for name, struck in narrower if name in labels]
    if named or "tenant" in labels:
        return all(named)
    return labels["alertname"] in (*what.right, *what.also)


def names_cause(alert: Fired, incident: Incident) -> bool:
    """Whether an alert names an incident's cause, and not for another number."""
    labels = alert.by_name
    number = labels.get("number")
    return labels["alertname"] in incident.what.right and (number is None or number in incident.numbers)
