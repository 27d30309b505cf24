"""Keeps the diagnosis of every campaign: judged again when something about it changed, or when its clock runs out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exporter.config import Config
from exporter.diagnosis import advice
from exporter.diagnosis.dispatch.gate import QUIET_SECONDS
from exporter.diagnosis.dispatch.hindsight import in_hindsight, watched_from
from exporter.diagnosis.dispatch.situation import Rival, Situation, Tasks
from exporter.diagnosis.dispatch.verdict import Diagnosis, Policy, diagnose, remembered
from exporter.diagnosis.outlook import outlook_of
from exporter.diagnosis.recent_calls import Recent
from exporter.diagnosis.situations import Assembler, TenantState, tasks_of
from exporter.diagnosis.usage import Usage
from exporter.diagnosis.view import Outlook, Shown, View
from exporter.ledger.ledger import Ledger
from exporter.source.platform import Platform

OUTLOOK_SECONDS = 60.0
"""Forecasts and A/B tests are worked out again at most this often."""

OUTLOOKS_AT_ONCE = 10
"""And for so many campaigns in one refresh, the oldest first: a few milliseconds."""

JUDGED_AT_ONCE = 200
"""Campaigns that are judged in one refresh because of counts alone, the longest unjudged first. So a refresh takes no
longer however many campaigns there are; what somebody changed, or the clock, is judged at once all the same."""

TASKS = ("tasks", "waiting", "ready", "in_progress", "stale", "untouched")
CALLS = ("attempts", "outside_today", "errors", "heard_days")
"""Projections that a diagnosis rests on."""

SHOWN = ("tasks", "attempts", "numbers", "talk", "dispositions")
"""Projections of which cards show more than the diagnosis knows."""


@dataclass(frozen=True, slots=True)
class Input:
    """What one refresh brings: the totals and relations, and which of them changed."""

    ledger: Ledger
    platform: Platform
    usage: Usage
    now: float
    owned: Mapping[str, Mapping[str, Sequence[object]]]
    """By tenant, its numbers and connections."""
    changed: Mapping[str, Iterable[str]]
    """By projection, the campaigns whose totals changed."""
    campaigns: Iterable[str]
    """Those of which a small relation changed."""
    tenants: Iterable[str]
    """Those of which a relation changed that their campaigns share: limits, numbers, connections."""
    using: Iterable[str]
    """Those of which only the use changed: calls in progress, calls of today."""
    anew: bool = False
    """Whether all is to be judged again: the totals are another ledger's."""
    dated: bool = True
    """Whether the rows are as of `now` for sure."""


class Diagnoser:
    """The views of all campaigns, kept up to date.

    `moments`: by campaign, when something opened it or a call was started, for who looks once and watches nothing.
    """

    def __init__(self, config: Config, moments: Mapping[str, Iterable[float | None]] | None = None) -> None:
        self.adopt(config)
        self._moments = moments or {}
        self._assembler = Assembler()
        self._tasks: dict[str, Tasks] = {}
        self._owed: set[str] = set()
        self._now = 0.0
        self._watching = False
        self._dated = True
        self.views: dict[str, View] = {}
        self._recent: Recent | None = None
        self._before: dict[str, Diagnosis] = {}
        self._until = 0.0

    def adopt(self, config: Config) -> None:
        """Judge by this configuration whatever is looked at from now on."""
        self._policy = Policy(config.stale_after, config.dispatch.stalled_after, config.dispatch.starved_after)
        self._remembered = config.settle_after

    def update(self, given: Input) -> dict[str, View]:
        """The views that are new or changed, by campaign."""
        if given.dated != self._dated:  # what was judged rests on it
            given = replace(given, anew=True)
        platform = given.platform
        for gone in self.views.keys() - platform.campaigns.keys():
            del self.views[gone], self._tasks[gone]
        due = self._due(given, self._count(given))
        if not due:
            self._watching = True
            return {}
        self._recent = Recent(given.ledger, given.now, self._policy.stale_after)
        self._note_next_due(given, due)
        self._note_stamped(given, due)
        if given.now > self._until:
            self._before = {}
        self._watching |= bool(self._before)  # another process did
        states = self._tenants(given, due)
        aging = self._aging(due, given.now)
        advised = advice.aging(((key, self.views[key].advice) for key in due if key in self.views), given.now)
        fresh = {}
        for key in due:
            view = self._view(key, given, states[platform.campaigns[key].tenant_id], key in aging)
            fresh[key] = self._advised(key, given, view, key in advised)
        self.views.update(fresh)
        self._before = {}
        self._now, self._dated, self._watching = given.now, given.dated, True
        return fresh

    def saved(self) -> list[Any]:
        """All that `restore` needs of what only time can tell."""
        known = self._before | {key: view.diagnosis for key, view in self.views.items()}
        return [[key, *diagnosis.saved()] for key, diagnosis in known.items()]

    def restore(self, saved: Iterable[Any], until: float) -> None:
        """Judge on from where another process was, if it is not later than `until`: what was not seen is not told."""
        self._before = {key: remembered(diagnosis) for key, *diagnosis in saved}
        self._until = until

    def shown(self, ledger: Ledger, platform: Platform, now: float) -> Shown:
        """What pages are made of, as it is now."""
        recent = self._recent or Recent(ledger, now, self._policy.stale_after)
        return Shown(now, dict(self.views), platform, ledger.vocabulary.as_now(recent.campaigns), recent, ledger.hidden)

    def _count(self, given: Input) -> set[str]:
        """Count tasks anew where they may have changed; the campaigns in which something did that is judged by."""
        campaigns = given.platform.campaigns
        moved = _any_of(given.changed, (*CALLS, *SHOWN)).intersection(campaigns)
        counted = (
            campaigns.keys()
            if given.anew
            else _any_of(given.changed, TASKS).union(campaigns.keys() - self._tasks.keys())
        )
        for key in counted:
            if key not in campaigns:
                continue
            tasks = tasks_of(given.ledger, key)
            # A task whose time comes nearer changes nothing, but where its time is what all wait for.
            if tasks != self._tasks.get(key) or (tasks.waiting and not tasks.ready):
                self._tasks[key] = tasks
                moved.add(key)
        return moved

    def _due(self, given: Input, moved: set[str]) -> list[str]:
        """The campaigns that must be judged again."""
        campaigns = given.platform.campaigns
        if given.anew or given.now < self._now:  # or a clock that was set back
            return list(campaigns)
        touched, tenants, using = set(given.campaigns), set(given.tenants), set(given.using)
        owed, self._owed = self._owed & campaigns.keys() | moved, set()
        due: list[str] = []
        counted: list[tuple[float, str]] = []
        for key, campaign in campaigns.items():
            view = self.views.get(key)
            if view is None or key in touched or view.diagnosis.next_look <= given.now or campaign.tenant_id in tenants:
                due.append(key)
            elif key in owed or (campaign.tenant_id in using and view.diagnosis.verdict != "finished"):
                counted.append((view.diagnosis.at, key))
        if len(counted) > JUDGED_AT_ONCE:
            counted.sort()
            self._owed = {key for _, key in counted[JUDGED_AT_ONCE:]}
        return due + [key for _, key in counted[:JUDGED_AT_ONCE]]

    def _note_next_due(self, given: Input, due: Sequence[str]) -> None:
        """When the next task is due: looked up only where nothing else could be dialled."""
        wanted = [key for key in due if (tasks := self._tasks[key]).waiting and not tasks.ready]
        if wanted:
            for key, moment in given.ledger.tasks.next_due(wanted).items():
                self._tasks[key] = replace(self._tasks[key], next_due=moment)

    def _note_stamped(self, given: Input, due: Sequence[str]) -> None:
        """How old the platform's stamps are: looked up only where nothing is dialled, as they explain nothing else."""
        assert self._recent is not None, "made before"
        wanted = []
        for key in due:
            last = self._recent.last_start(given.ledger.campaign(key))
            if self._tasks[key].held and (last is None or given.now - last >= QUIET_SECONDS):
                wanted.append(key)
        if wanted:
            for key, moments in given.ledger.tasks.stamped(wanted).items():
                self._tasks[key] = replace(self._tasks[key], stamped=moments)

    def _tenants(self, given: Input, due: Sequence[str]) -> dict[str, TenantState]:
        campaigns = given.platform.campaigns
        wanted = {campaigns[key].tenant_id for key in due}
        members: dict[str, list[str]] = {tenant: [] for tenant in wanted}
        for key, campaign in campaigns.items():
            if campaign.tenant_id in wanted:
                members[campaign.tenant_id].append(key)
        assert self._recent is not None, "made before"
        states = {}
        for tenant in wanted:
            owned = given.owned.get(tenant, {})
            state = self._assembler.tenant(
                tenant, given.platform, owned, given.usage, self._recent, given.ledger, members[tenant]
            )
            for key in members[tenant]:
                campaign, tasks = campaigns[key], self._tasks[key]
                going = given.usage.of(key)
                if campaign.status == "running" and campaign.priority is not None and (going or tasks.ready):
                    state.rivals.append(Rival(campaign, going, tasks.ready if tasks.told else None))
            states[tenant] = state
        return states

    def _aging(self, due: Sequence[str], now: float) -> set[str]:
        """The campaigns whose outlook is worked out again in this refresh."""
        old = [
            (view.outlook.at, key)
            for key in due
            if (view := self.views.get(key)) is not None and not 0 <= now - view.outlook.at < OUTLOOK_SECONDS
        ]
        return {key for _, key in sorted(old)[:OUTLOOKS_AT_ONCE]}

    def _view(self, key: str, given: Input, state: TenantState, aging: bool) -> View:
        assert self._recent is not None, "made before"
        day = given.ledger.calls.day(key)
        situation = self._assembler.situation(
            key,
            given.ledger,
            given.platform,
            state,
            self._recent,
            self._tasks[key],
            given.now,
            day.midnights[1] if day else None,
            dated=given.dated,
        )
        before = self.views.get(key)
        last = before.diagnosis if before else self._before.get(key)
        diagnosis = diagnose(situation, last, self._policy)
        if last is None and not self._watching:  # nobody watched; who comes later was watched from when it came
            diagnosis = self._in_hindsight(situation, diagnosis, day.midnights[0] if day else None)
        outlook: Outlook
        if before is None or aging or given.anew or before.situation.campaign is not situation.campaign:
            outlook = outlook_of(situation, given.ledger, given.platform.variants.get(key, ()))
        else:
            outlook = before.outlook
        opens = closes = None
        schedule = situation.schedule
        if schedule is not None and not schedule.always:
            change = schedule.next_change(given.now)
            opens, closes = (None, change) if schedule.open_at(given.now) else (change, None)
        cells = {name: dict(given.ledger.cells(name, key)) for name in SHOWN if name in given.ledger.projections}
        return View(situation, diagnosis, outlook, opens, closes, cells=cells)

    def _in_hindsight(self, s: Situation, first: Diagnosis, midnight: float | None) -> Diagnosis:
        told = self._moments.get(s.campaign.campaign_id)
        capped = midnight if s.pool else None
        if told is not None:
            return in_hindsight(s, first, (*told, capped), self._policy)
        forgotten = s.now - self._remembered if s.calls.last_start is None else None
        return watched_from(s, first, (forgotten, capped), self._policy)

    def _advised(self, key: str, given: Input, view: View, again: bool) -> View:
        """The view with what to do first: as before, unless something else is said of it, or it is time again."""
        if view.diagnosis.verdict == "finished":
            return view
        before = self.views.get(key)
        known = before.advice if before is not None else None
        if before is not None and known is not None and not again and _reason(before) == _reason(view):
            return replace(view, advice=known)
        assert self._recent is not None, "made before"
        s = advice.in_full(view.situation, self._recent, given.ledger.campaign(key))
        return replace(view, advice=advice.first(s, view.diagnosis, view.outlook.experiment, known))


def _reason(view: View) -> tuple[str, str, str]:
    """What alone makes other words of it: verdict, binding gate, and the code of that."""
    return view.diagnosis.verdict, view.diagnosis.binding, view.diagnosis.code


def _any_of(changed: Mapping[str, Iterable[str]], projections: Iterable[str]) -> set[str]:
    return {campaign for name in projections for campaign in changed.get(name, ())}
