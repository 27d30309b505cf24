"""How campaigns start, stop and end: by their schedule, by people, or because nobody is left to call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from exporter.demo.dialler.behaviour import Behaviour
from exporter.demo.dialler.calls import Calls
from exporter.demo.platform.model import (
    ABORTED,
    CANCELLED,
    DONE,
    HALTED,
    LIVE,
    PLANNED,
    QUEUED,
    Campaign,
)
from exporter.demo.platform.state import State


@dataclass(frozen=True)
class Move:
    """What a person does to a campaign at a moment: `kind` is one of MOVES."""

    at: datetime
    campaign_id: int
    kind: str
    actor: str = "operator"
    detail: dict[str, Any] = field(default_factory=dict)


class Lifecycle:
    """Changes the state of campaigns and journals every change with who did it and why."""

    def __init__(self, state: State, behaviour: Behaviour, calls: Calls) -> None:
        self._state, self._behaviour, self._calls = state, behaviour, calls

    def tick(self, campaign: Campaign, at: datetime) -> None:
        """What the calendar or an empty queue does."""
        if campaign.state_code == PLANNED and campaign.planned_start_at and campaign.planned_start_at <= at:
            campaign.state_code, campaign.launched_at = LIVE, at
            self._changed(campaign, at, "started", "scheduler")
        elif campaign.state_code in (LIVE, HALTED) and campaign.expires_at and campaign.expires_at <= at:
            self._drop_queue(campaign, at, "expired")
            self._finish(campaign, at, DONE, "completed", "scheduler", reason="expired")
        elif campaign.state_code == LIVE and not campaign.open_leads and self._nobody_comes(campaign):
            self._finish(campaign, at, DONE, "completed", "dispatcher")

    def _nobody_comes(self, campaign: Campaign) -> bool:
        traits = self._behaviour.of(campaign.campaign_id)
        if traits.contacts_per_hour or traits.contacts_per_day:
            return False
        return campaign.newest_list is not None and campaign.newest_list.state_code == "LOADED"

    def pause(self, campaign: Campaign, at: datetime, actor: str, reason: str = "paused by operator") -> None:
        if campaign.state_code == LIVE:
            campaign.state_code, campaign.halted_at = HALTED, at
            campaign.halt_reason, campaign.halted_by = reason, actor
            self._changed(campaign, at, "paused", actor, reason=reason)

    def resume(self, campaign: Campaign, at: datetime, actor: str) -> None:
        if campaign.state_code == HALTED:
            campaign.state_code, campaign.halted_at = LIVE, None
            campaign.halt_reason = campaign.halted_by = None
            self._changed(campaign, at, "resumed", actor)

    def cancel(self, campaign: Campaign, at: datetime, actor: str, reason: str = "") -> None:
        if campaign.state_code not in (DONE, ABORTED):
            self._drop_queue(campaign, at, "campaign_cancelled")
            self._finish(campaign, at, ABORTED, "cancelled", actor, reason=reason)

    def set(self, campaign: Campaign, at: datetime, actor: str, **settings: Any) -> None:
        """Change settings of the campaign itself (attributes of model.Campaign that are columns)."""
        for name, value in settings.items():
            old = getattr(campaign, name)
            setattr(campaign, name, value)
            self._state.touch(campaign, "settings")
            self._state.journal(
                campaign, at, "setting_changed", actor, setting=name, old=_plain(old), new=_plain(value)
            )

    def weigh(self, campaign: Campaign, at: datetime, actor: str, did_id: int, weight: float) -> None:
        """Give a number of the pool another weight; 0 takes it out of rotation."""
        for member in campaign.pool:
            if member.did_id == did_id:
                detail = {"number": did_id, "old": member.weight, "new": weight}
                member.weight = weight
                self._state.touch(member, "settings")
                self._state.journal(campaign, at, "number_weight_changed", actor, **detail)

    def perform(self, at: datetime, move: Move) -> None:
        """Carry out what a person planned to do."""
        campaign = self._state.campaigns.get(move.campaign_id)
        if campaign is not None:
            MOVES[move.kind](self)(campaign, at, move.actor, **move.detail)

    def tidy(self, campaign: Campaign, at: datetime) -> None:
        """After somebody ended a campaign by SQL: nobody in its queue will be called any more."""
        if campaign.state_code in (DONE, ABORTED) and campaign.queue:
            self._drop_queue(campaign, at, "campaign_cancelled")

    def _drop_queue(self, campaign: Campaign, at: datetime, result: str) -> None:
        for _, _, lead in campaign.queue:
            if lead.state_code == QUEUED and lead.queued_for is not None:
                self._calls.close(at, campaign, lead, CANCELLED, result)
        campaign.queue.clear()

    def _finish(
        self, campaign: Campaign, at: datetime, state_code: str, kind: str, actor: str, reason: str = ""
    ) -> None:
        campaign.state_code, campaign.finished_at, campaign.halted_at = state_code, at, None
        self._changed(campaign, at, kind, actor, **({"reason": reason} if reason else {}))

    def _changed(self, campaign: Campaign, at: datetime, kind: str, actor: str, **detail: Any) -> None:
        self._state.touch(campaign, "state")
        self._state.journal(campaign, at, kind, actor, **detail)


MOVES: dict[str, Callable[[Lifecycle], Callable[..., None]]] = {
    "pause": lambda lifecycle: lifecycle.pause,
    "resume": lambda lifecycle: lifecycle.resume,
    "cancel": lambda lifecycle: lifecycle.cancel,
    "set": lambda lifecycle: lifecycle.set,
    "weigh": lambda lifecycle: lifecycle.weigh,
}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
