"""What the diagnosis says, as samples."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType

from exporter.diagnosis.dispatch.capacity import SLOT_GATES
from exporter.diagnosis.dispatch.gate import OPEN, UNKNOWN, Gate
from exporter.diagnosis.dispatch.gates import GATES
from exporter.diagnosis.dispatch.people import wanted
from exporter.diagnosis.dispatch.verdict import NOTHING, VERDICTS
from exporter.diagnosis.forecast import Forecast
from exporter.diagnosis.view import View
from exporter.metrics.samples import Labels

Samples = dict[Labels, float]


def facets(view: View) -> dict[str, Hashable]:
    """The parts of a view that metrics are made of: where one did not change, its samples did not."""
    d, s = view.diagnosis, view.situation
    slots = [gate for gate in d.gates if gate.name in SLOT_GATES]
    told: dict[str, Hashable] = {
        "verdict": (d.verdict, d.binding, d.since, d.seen_since),
        "reason": (d.verdict, d.binding, d.code),
        "advice": view.advice and (d.verdict, view.advice.hint, view.advice.evidence),
        "outside": s.outside_window,
        "abandonment": s.abandonment,
        "list": (s.campaign.listed, s.tasks.untouched, s.tasks.live, s.tasks.over),
        "doubled": s.calls.doubled,
        "outlook": view.outlook.at,
    }
    if d.verdict == "finished":  # nothing of it is looked at again: what was free or open is no news
        return told | dict.fromkeys(("clears", "expected", "gates", "slots", "limits", "used", "leaked", "window"))
    return told | {
        "clears": d.clears_at,
        "expected": (wanted(s),),
        "gates": tuple((gate.state, gate.told) for gate in d.gates),
        "slots": (d.slots, d.dialable),
        "limits": tuple(gate.limit for gate in slots),
        "used": tuple(gate.used for gate in slots),
        "leaked": (s.calls.leaked, s.tasks.stale, s.tenant_leaked),
        "window": (view.opens_at, view.closes_at, s.schedule),
    }


def changed_facets(before: Mapping[str, Hashable], after: Mapping[str, Hashable]) -> list[str]:
    """Names of the facets in which two views of a campaign differ."""
    return [name for name, facet in after.items() if before.get(name, _UNSEEN) != facet]


_UNSEEN = object()
_SCOPES = tuple(gate for gate in SLOT_GATES if gate != "pacing")
"""Of calls at once; pacing is of starts a minute."""


def _list(view: View) -> Samples:
    t = view.situation.tasks
    if not view.situation.campaign.listed:
        return {}
    parts = {"untouched": t.untouched, "in_circulation": t.live - t.untouched, "worked_out": t.over}
    return {(part,): float(count) for part, count in parts.items()}


def _of_period(view: View, name: str) -> Samples:
    period = view.situation.abandonment
    return {} if period is None else _one(float(getattr(period, name)))


def _verdict(view: View) -> Samples:
    return {(name,): float(name == view.diagnosis.verdict) for name in VERDICTS}


def _binding(view: View) -> Samples:
    return {(name,): float(name == view.diagnosis.binding) for name in (*GATES, NOTHING)}


def _reason(view: View) -> Samples:
    return {(view.diagnosis.verdict, view.diagnosis.binding, view.diagnosis.code): 1.0}


def _advice(view: View) -> Samples:
    return {} if view.advice is None else {(view.diagnosis.verdict, view.advice.hint, view.advice.evidence): 1.0}


def _gates(view: View) -> Samples:
    known = [gate for gate in view.diagnosis.gates if gate.state != UNKNOWN and gate.told]
    return {(gate.name,): float(gate.state == OPEN) for gate in known}


def _limits(view: View) -> Samples:
    gates = view.diagnosis.gates
    return {(gate.name,): gate.limit for gate in gates if gate.name in _SCOPES and gate.limit is not None}


def _used(view: View) -> Samples:
    gates = view.diagnosis.gates
    return {(gate.name,): gate.used for gate in gates if gate.name in _SCOPES and gate.used is not None}


def _pacing(view: View) -> Gate | None:
    return next((gate for gate in view.diagnosis.gates if gate.name == "pacing"), None)


def _leaked(view: View) -> Samples:
    s = view.situation
    return {("campaign",): float(max(s.calls.leaked, s.tasks.stale)), ("tenant",): float(s.tenant_leaked)}


def _window(view: View) -> Samples:
    schedule = view.situation.schedule
    if schedule is None:
        return {}
    return {(): float(schedule.always or view.closes_at is not None or schedule.open_at(view.diagnosis.at))}


def _forecast(forecast: Forecast | None) -> Samples:
    if forecast is None:
        return {}
    ends = {"likely": forecast.at, "early": forecast.low, "late": forecast.high}
    return {(name,): float(round(at)) for name, at in ends.items() if at is not None}


def _best(view: View) -> Samples:
    experiment = view.outlook.experiment
    if experiment is None:
        return {}
    compared = (experiment.answers, experiment.goals)
    return {(arm, by.measure): share for by in compared for arm, share in by.best.items()}


def _split(view: View) -> Samples:
    experiment = view.outlook.experiment
    return _one(experiment.p_value if experiment else None)


def _one(value: float | None) -> Samples:
    return {} if value is None else {(): float(value)}


SAMPLES: Mapping[str, Callable[[View], Samples]] = MappingProxyType(
    {
        "verdict": _verdict,
        "binding": _binding,
        "reason": _reason,
        "advice": _advice,
        "since": lambda view: _one(view.diagnosis.since),
        "at_least_since": lambda view: _one(view.diagnosis.seen_since if view.diagnosis.since is None else None),
        "expected": lambda view: _one(wanted(view.situation)),
        "clears": lambda view: _one(view.diagnosis.clears_at),
        "gates": _gates,
        "slots": lambda view: _one(view.diagnosis.slots),
        "limits": _limits,
        "used": _used,
        "starts_limit": lambda view: _one(None if (gate := _pacing(view)) is None else gate.limit),
        "starts": lambda view: _one(None if (gate := _pacing(view)) is None else gate.used),
        "leaked": _leaked,
        "dialable": lambda view: _one(view.diagnosis.dialable if view.situation.campaign.listed else None),
        "window_open": _window,
        "opens": lambda view: _one(view.opens_at),
        "closes": lambda view: _one(view.closes_at),
        "doubled": lambda view: _one(view.situation.calls.doubled),
        "outside": lambda view: _one(view.situation.outside_window),
        "period_began": lambda view: _of_period(view, "began"),
        "period_answered": lambda view: _of_period(view, "answered"),
        "period_abandoned": lambda view: _of_period(view, "abandoned"),
        "list": _list,
        "dry": lambda view: _forecast(view.outlook.untouched),
        "completion": lambda view: _forecast(view.outlook.completion),
        "exhaustion": lambda view: _forecast(view.outlook.budget),
        "best": _best,
        "split": _split,
    }
)
"""By the `value` of a family's source."""
