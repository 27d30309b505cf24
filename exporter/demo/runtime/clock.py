"""The clocks the simulation runs on: real time scaled from an anchor, or a time that somebody sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Whatever can say what time it is in the simulated world (timezone-aware)."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Virtual time that stood at `anchor_virtual` at the real moment `anchor_real` and runs `speed` times as fast.

    Calling it translates a real instant (for example the database's) into a virtual one; `real` goes back.
    Both sides of the demo build it from the same stored anchor and so agree to the microsecond.
    """

    anchor_real: datetime
    anchor_virtual: datetime
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.speed <= 86_400:
            raise ValueError(f"speed {self.speed:g}: give a factor above 0 and up to 86400 (1 is real time)")

    def __call__(self, real: datetime) -> datetime:
        return self.anchor_virtual + (real - self.anchor_real) * self.speed

    def now(self) -> datetime:
        return self(datetime.now(UTC))

    def real(self, virtual: datetime) -> datetime:
        return self.anchor_real + (virtual - self.anchor_virtual) / self.speed


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until its time is set: for history, tests and benchmarks."""

    time: datetime

    def now(self) -> datetime:
        return self.time
