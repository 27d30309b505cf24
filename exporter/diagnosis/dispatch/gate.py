"""A gate that a call must pass, and what the platform itself says of it."""

from __future__ import annotations

from typing import NamedTuple

from exporter.diagnosis.dispatch.situation import Situation

OPEN, CLOSED, UNKNOWN = "open", "closed", "unknown"

QUIET_SECONDS = 120.0
"""With no call started for this long nothing is being dialled: diallers look at their queue every few seconds."""

REPORT_SECONDS = 15.0
"""What the platform stamps on tasks is believed of the whole campaign when no call was started for this long."""


OLD_SECONDS = 900.0
"""Stamps that are older say how old they are: the dispatcher that set them may be dead."""

MUCH_SHARE, MUCH_TASKS, MUCH_OF_FEW = 0.05, 20, 0.5
"""Tasks that somebody must mend hold up a campaign from this share and number on, or from half of a small list."""


class Gate(NamedTuple):
    """One gate. `limit` and `used` count calls at once, but where `GATES` says otherwise; `None`: no limit is known.

    `code` names why it is closed. `expected`: closed as planned, nobody has to act. `passing`: it opens by itself
    as calls end, so calls that were started a moment ago speak against a standstill.
    """

    name: str
    state: str = OPEN
    code: str = ""
    expected: bool = False
    passing: bool = False
    limit: float | None = None
    used: float | None = None
    clears_at: float | None = None
    told: bool = True
    """Whether the platform tells anything of it: if not, it is taken as open, as a limit that nobody sets."""

    @property
    def left(self) -> float | None:
        """What is left of the limit."""
        return None if self.limit is None or self.used is None else max(0.0, self.limit - self.used)

    @property
    def closed(self) -> bool:
        """Whether nothing gets through."""
        return self.state == CLOSED


def reported(s: Situation, *codes: str) -> str | None:
    """Which of these codes the platform stamps on tasks, while it starts nothing: its word on the whole campaign.

    It is believed soon where most of what is due bears it; a few old stamps only once nothing is dialled at all.
    """
    if not s.tasks.blocked or s.quiet_for < REPORT_SECONDS:
        return None
    due = s.tasks.ready + sum(s.tasks.held.values())
    for code in codes:
        stamped = s.tasks.blocked.get(code, 0)
        if stamped and (2 * stamped >= due or s.quiet_for >= QUIET_SECONDS):
            return code
    return None


def stamp_age(s: Situation, code: str) -> float | None:
    """Seconds since the platform last stamped this code, where that is known and long ago."""
    moment = s.tasks.stamped.get(code)
    return None if moment is None or s.now - moment < OLD_SECONDS else s.now - moment


def ahead(s: Situation, moment: float | None) -> float | None:
    """The moment if it is still to come."""
    return moment if moment is not None and moment > s.now else None


def age(s: Situation, moment: float | None) -> float:
    """Seconds since a moment; infinite when it is not known."""
    return float("inf") if moment is None else s.now - moment


def is_much(tasks: int, total: int) -> bool:
    """Whether so many tasks of a campaign are more than the flaws that every list has."""
    return (tasks >= MUCH_TASKS and tasks >= MUCH_SHARE * total) or tasks > MUCH_OF_FEW * total
