"""Writes on queued leads why they cannot be dialled: for a whole campaign in batches, or for one lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from heapq import nsmallest

from exporter.demo.dialler.audience import enqueue
from exporter.demo.platform.model import QUEUED, Campaign, Lead
from exporter.demo.platform.state import State

# A reason must last this long before it is written: slots come and go every second.
SETTLE = timedelta(seconds=5)
# Only the head of a queue is stamped, some leads a pass: fifty thousand rows are not rewritten every evening.
HEAD = 300
BATCH = 60
STAMP_AGAIN_AFTER = timedelta(minutes=2)


class Holds:
    """Keeps `hold_code` of queued leads in step with what the dispatcher found."""

    def __init__(self, state: State) -> None:
        self._state = state

    def refresh(self, campaign: Campaign, code: str | None, at: datetime) -> None:
        """The dispatcher's reason for the due part of this campaign's queue; None when it flows."""
        code = code or None
        if code != campaign.hold:
            if campaign.hold_candidate_since is None or campaign.hold_candidate != code:
                campaign.hold_candidate, campaign.hold_candidate_since = code, at
            if at - campaign.hold_candidate_since < SETTLE:
                return
            campaign.hold = code
            campaign.to_restamp = list(campaign.stamped)
            campaign.stamp_again_at = None
        campaign.hold_candidate_since = None
        if campaign.to_restamp:
            self._restamp(campaign, at)
        if code is not None and (campaign.stamp_again_at is None or at >= campaign.stamp_again_at):
            self._stamp_head(campaign, code, at)

    def _restamp(self, campaign: Campaign, at: datetime) -> None:
        batch, campaign.to_restamp = campaign.to_restamp[:BATCH], campaign.to_restamp[BATCH:]
        for lead in batch:
            if lead not in campaign.stamped:
                continue  # dialled or closed in the meantime
            if campaign.hold is None:
                del campaign.stamped[lead]
            self._write(lead, campaign.hold, at)

    def _stamp_head(self, campaign: Campaign, code: str, at: datetime) -> None:
        room = min(BATCH, HEAD - len(campaign.stamped))
        if room > 0:
            for when, _, lead in nsmallest(HEAD, campaign.queue):
                if room <= 0 or when > at:
                    break
                if lead.queued_for == when and lead.state_code == QUEUED and lead not in campaign.stamped:
                    campaign.stamped[lead] = None
                    self._write(lead, code, at)
                    room -= 1
        # A full batch means there may be more; otherwise look again when more may have become due.
        campaign.stamp_again_at = None if room <= 0 < HEAD - len(campaign.stamped) else at + STAMP_AGAIN_AFTER

    def single(self, campaign: Campaign, lead: Lead, code: str, at: datetime, again: datetime) -> None:
        """This lead alone cannot be dialled; look at it again at `again`."""
        campaign.stamped.pop(lead, None)
        self._write(lead, code, at)
        enqueue(campaign, lead, again)

    def release(self, campaign: Campaign, lead: Lead) -> None:
        """The lead is dialled or closed: it carries no reason any more. The caller marks it changed."""
        campaign.stamped.pop(lead, None)
        lead.hold_code = None

    def _write(self, lead: Lead, code: str | None, at: datetime) -> None:
        if lead.hold_code == code:
            return
        lead.hold_code = code
        self._state.touch_at(lead, at)
        self._state.log(lead, at, "held" if code else "released", code)
