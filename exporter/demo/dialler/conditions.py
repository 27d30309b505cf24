"""What is wrong with the world just now: rates and switches that scenarios set and the dialler obeys."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class Conditions:
    """Empty when all is well. Keys are campaign ids unless said otherwise; rates are between 0 and 1."""

    trunk_faults: dict[int, tuple[float, str]] = field(default_factory=dict)  # trunk: rate, error code
    number_factor: dict[int, float] = field(default_factory=dict)  # number: factor on its answer rate
    answer_factor: dict[int, float] = field(default_factory=dict)
    silence: dict[int, float] = field(default_factory=dict)  # answered, but the agent never speaks
    lateness: dict[int, float] = field(default_factory=dict)  # seconds by which the agent speaks later
    abandonment: dict[int, float] = field(default_factory=dict)  # answered, and the agent speaks seconds later
    ring_limit: dict[int, float] = field(default_factory=dict)  # seconds after which a call is given up
    short: dict[int, float] = field(default_factory=dict)  # hung up within six seconds
    mismatch: dict[int, float] = field(default_factory=dict)  # wrong people, bad mood, few goals
    dead_numbers: dict[int, float] = field(default_factory=dict)
    cost_factor: dict[int, float] = field(default_factory=dict)
    leak: dict[int, float] = field(default_factory=dict)  # calls that never give their slot back
    unknown_outcome: dict[int, tuple[float, str]] = field(default_factory=dict)
    lead_holds: dict[int, tuple[float, str]] = field(default_factory=dict)  # share of leads, blocker
    campaign_hold: dict[int, str] = field(default_factory=dict)  # the whole campaign, blocker
    ignores_window: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)  # the dispatcher does not look at it at all
    no_show: set[int] = field(default_factory=set)  # nobody logs in to take its calls
    breaks: dict[int, str] = field(default_factory=dict)  # all its people are on a break, and why
    arm_skew: dict[int, float] = field(default_factory=dict)  # share of contacts that all get the first arm
    rejected_rows: dict[int, float] = field(default_factory=dict)  # share of a list file that is refused
    bursting: set[int] = field(default_factory=set)  # a flood of contacts is added

    def clear(self) -> None:
        """Back to normal, in place: everybody holds the same object."""
        for each in fields(self):
            getattr(self, each.name).clear()
