"""The dispatch health card: everything that is known of one campaign, as plain data under a documented shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from exporter import __version__
from exporter.calendar.days import zone
from exporter.contract.codes import ENDED_STATUSES
from exporter.diagnosis.ab_test import Arm, Comparison, Experiment
from exporter.diagnosis.dispatch.people import wanted
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.forecast import Forecast
from exporter.diagnosis.view import Outlook, Shown
from exporter.source.entities import Upload, Variant
from exporter.source.told import Told
from exporter.web.cards import dispatch
from exporter.web.cards.figures import attempts, dispositions, errors, figures
from exporter.web.cards.pool import connections, numbers
from exporter.web.cards.values import NEW, Freshness, Json, amount, head, iso, rate
from exporter.web.cards.withheld import withhold


def card(
    shown: Shown,
    campaign_id: str,
    freshness: Freshness = NEW,
    *,
    mask: bool = False,
    links: Sequence[tuple[str, str]] = (),
) -> Json:
    """The card of a campaign, in the shape of docs/pages.md; a `KeyError` when there is none of this id.

    `mask`: of the tenant's own phone numbers only the last two digits. `links`: titles and addresses of other pages
    about the campaign.
    """
    view = shown.views[campaign_id]
    s = dispatch.judged(shown, view)
    d = view.diagnosis
    platform = shown.platform
    whole = {
        **head(shown.at, freshness, __version__),
        "withheld": sorted(shown.hidden),
        "campaign": _campaign(s, shown.at),
        "verdict": dispatch.verdict(s, view),
        "kpis": figures(s, shown, view, platform.goals.get(campaign_id, ())),
        "agents": _agents(s),
        "gates": dispatch.gates(s, d),
        "waterfall": dispatch.waterfall(s, d),
        "holders": dispatch.holders(s, shown),
        "recent_errors": errors(s),
        "numbers": numbers(s, shown, view, mask),
        "connections": connections(s),
        "attempts": attempts(shown, view),
        "dispositions": dispositions(shown, view),
        "experiment": _experiment(view.outlook.experiment, platform.variants.get(campaign_id, ()), s.told),
        "outlook": _outlook(view.outlook),
        "audience": _audience(s.upload),
        "links": [{"title": title, "url": url} for title, url in links],
    }
    return withhold(whole, shown.hidden)


def _campaign(s: Situation, at: float) -> Json:
    c = s.campaign
    where = zone(c.timezone) if c.timezone is not None else None
    local = datetime.fromtimestamp(at, where).isoformat(timespec="seconds") if where is not None else None
    return {
        "id": c.campaign_id,
        "name": c.name,
        "tenant": {"id": c.tenant_id, "name": s.tenant.name if s.tenant else None},
        "status": c.status,
        "agent": c.agent,
        "priority": c.priority,
        "timezone": c.timezone,
        "local_time": local,
        "window": _window(s, at),
        "scheduled_at": iso(c.scheduled_at),
        "started_at": iso(c.started_at),
        "paused_at": iso(c.paused_at) if c.status == "paused" else None,
        "pause_reason": c.pause_reason if c.status == "paused" else None,
        "paused_by_itself": c.paused_by_itself,
        "expires_at": iso(c.expires_at),
        "ended_at": iso(c.ended_at),
        "concurrency_limit": c.concurrency_limit,
        "calls_per_minute": c.calls_per_minute,
        "max_attempts": c.max_attempts,
        "country_match": c.country_match,
        "list_known": c.list_known,
        "not_readable": sorted(c.broken),
    }


def _agents(s: Situation) -> Json | None:
    """The people who take the calls; nothing where none are told."""
    people = s.agents
    if people is None:
        return None
    return {
        "logged_in": people.logged_in,
        "free": people.free,
        "on_call": people.on_call,
        "paused": people.paused,
        "pause_reason": people.pause_reason if people.paused else None,
        "break_ends_at": iso(people.break_ends_at),
        "expected": wanted(s),
        "dial_ratio": people.dial_ratio,
        "not_readable": sorted(people.broken),
    }


def _window(s: Situation, at: float) -> Json:
    """Whether the call windows are open, and when that changes; nothing of a campaign that is over."""
    if s.schedule is None or s.campaign.status in ENDED_STATUSES:
        return {"open": None, "opens_at": None, "closes_at": None}
    is_open, change = s.schedule.open_at(at), iso(s.schedule.next_change(at))
    return {"open": is_open, "opens_at": None if is_open else change, "closes_at": change if is_open else None}


def _experiment(experiment: Experiment | None, variants: Sequence[Variant], told: Told) -> Json | None:
    if experiment is None:
        return None
    agents = {variant.variant: variant.agent for variant in variants}
    return {
        "arms": [_arm(arm, agents.get(arm.name), told) for arm in experiment.arms],
        "split": {
            "p_value": experiment.p_value,
            "mismatch": None if experiment.p_value is None else experiment.mismatch,
        },
        "answers": _comparison(experiment.answers, told.has("calls", "variant")),
        "goals": _comparison(experiment.goals, told.has("tasks", "variant", "goal_met")),
    }


def _arm(arm: Arm, agent: str | None, told: Told) -> Json:
    called, met = told.has("calls", "variant"), told.has("tasks", "variant", "goal_met")
    cost = arm.cost if called and told.cost else None
    return {
        "variant": arm.name,
        "agent": agent,
        "weight": arm.weight,
        "contacts": arm.contacts if told.has("tasks", "variant") else None,
        "calls": arm.calls if called else None,
        "answered": arm.answers if called else None,
        "answer_rate": rate(arm.answers, arm.calls),
        "finished": arm.finished if met else None,
        "goals": arm.goals if met else None,
        "goal_rate": rate(arm.goals, arm.finished) if met else None,
        "cost": amount(cost),
        "cost_per_goal": amount(cost / arm.goals) if arm.goals and cost is not None else None,
    }


def _comparison(compared: Comparison, told: bool) -> Json:
    return {
        "best_probability": {name: round(chance, 6) for name, chance in compared.best.items()},
        "leader": compared.leader,
        "difference": [round(end, 6) for end in compared.difference] if compared.difference else None,
        "winner": compared.winner,
        "reason": compared.reason if told else f"{compared.measure} are not told by arm",
    }


def _outlook(outlook: Outlook) -> Json:
    return {
        "at": iso(outlook.at),
        "completion": _forecast(outlook.completion),
        "list": _forecast(outlook.untouched) if outlook.untouched is not None else None,
        "budget": _forecast(outlook.budget) if outlook.budget is not None else None,
    }


def _forecast(forecast: Forecast) -> Json:
    return {
        "likely": iso(forecast.at),
        "early": iso(forecast.low),
        "late": iso(forecast.high),
        "per_open_hour": None if forecast.per_hour is None else round(forecast.per_hour, 4),
        "reason": forecast.reason,
    }


def _audience(upload: Upload | None) -> Json | None:
    if upload is None:
        return None
    return {
        "id": upload.upload_id,
        "filename": upload.filename,
        "size_bytes": upload.size_bytes,
        "rows_total": upload.rows_total,
        "rows_accepted": upload.rows_accepted,
        "rows_rejected": upload.rows_rejected,
        "status": upload.status,
        "uploaded_at": iso(upload.uploaded_at),
    }
