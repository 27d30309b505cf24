"""What is known of a campaign at one instant: the one input of the diagnosis.

What a platform need not tell is `None` where it does not: whoever judges by it has to say what then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.calendar.call_windows import Schedule
from exporter.contract.codes import EXHAUSTED
from exporter.diagnosis.abandonment import Period
from exporter.source.entities import Agents, Campaign, Number, Tenant, Trunk, Upload
from exporter.source.told import NOTHING_TOLD, Told

FRESH_SECONDS = 90.0
"""Tasks that became ready since are new; of this a minute is the coarseness of `oldest_ready`."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """A campaign's tasks: counts, and times in seconds since 1970 (`None`: there is none)."""

    pending: int = 0
    in_progress: int = 0
    over: int = 0
    untouched: int = 0
    """Pending ones for which nobody was called yet."""
    finished: int = 0
    """Those of `over` that were completed or failed, not cancelled."""
    blocked: Mapping[str, int] = field(default_factory=dict)
    """Pending ones by the blocker they carry, and those that carry none and have used their attempts."""
    waiting: int = 0
    """Pending, with no blocker, not yet eligible."""
    ready: int = 0
    next_due: float | None = field(default=None, compare=False)
    """When the next of those that wait is eligible."""
    oldest_ready: float | None = None
    """Since when the ready one that waits longest could be dialled, to the minute."""
    stale: int = 0
    """In progress for longer than `stale_after`."""
    stamped: Mapping[str, float] = field(default_factory=dict, compare=False)
    """By the blocker they carry, when the newest of them last changed: looked up while nothing is dialled."""
    holds_told: bool = True
    """Whether the platform tells what holds tasks."""
    due_told: bool = True
    """Whether it tells when they are due."""

    @property
    def told(self) -> bool:
        """Whether the `ready` ones are known to be so: else they may be held, or not yet due."""
        return self.holds_told and self.due_told

    @property
    def total(self) -> int:
        """All tasks."""
        return self.pending + self.in_progress + self.over

    @property
    def live(self) -> int:
        """Those that are not over."""
        return self.pending + self.in_progress

    @property
    def exhausted(self) -> int:
        """Pending ones that have used their attempts: nobody will dial them."""
        return self.blocked.get(EXHAUSTED, 0)

    @property
    def held(self) -> Mapping[str, int]:
        """Pending ones by the code that holds them, without those that nobody will dial."""
        return {code: count for code, count in self.blocked.items() if code != EXHAUSTED}


@dataclass(frozen=True, slots=True)
class Calls:
    """A campaign's calls: those going on, and the newest ones that are over (see `recent`)."""

    in_progress: int = 0
    leaked: int = 0
    """In progress for longer than `stale_after`: too old to be real."""
    oldest: float | None = None
    """When the oldest one in progress started."""
    last_start: float | None = None
    """When the newest one started, of those that are remembered."""
    started_last_minute: int = 0
    settled: int = 0
    """How many of the newest calls that are over the errors are counted in."""
    errors: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Those of them that failed, by provider and error code, each an empty text where it is not told."""
    failed_in_a_row: int = 0
    """How many of the newest ones failed for the provider's fault, with no other between them."""
    doubled: int = 0
    """Tasks with more than one call in progress."""


@dataclass(frozen=True, slots=True)
class Lately:
    """What came of the calls that were started within `recent.SPAN` and are over."""

    settled: int = 0
    answered: int = 0
    abandoned: int = 0
    """Answered, and over before a person was there to talk."""
    failed: int = 0
    """Never got through to a line: no sign of how a number or a list is answered."""
    unplaced: int = 0
    """Ended in a way that is none of the contract's: nobody knows how."""
    silent: int | None = None
    """Of `heard`: the agent never spoke."""
    heard: int = 0
    """Answered calls of which it is told whether the agent spoke."""
    short: int | None = None
    """Answered and over within six seconds."""
    unanswered: int = 0
    """Calls that nobody answered of which it is told when they ended."""
    cut: int | None = None
    """Those of `unanswered` that ended within less than `RING_SECONDS`."""
    words: int = 0
    """Answered calls of which it is told when the agent first spoke."""
    late: int | None = None
    """Those of `words` in which it spoke after more than `LATE_SECONDS`."""
    scored: int = 0
    """Calls with a sentiment, of those that were started within `recent.MOOD_SPAN`."""
    negative: int = 0
    """Those of `scored` in which it was negative."""
    cost: float | None = None
    by_number: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By number: calls that got through, and those of them that somebody picked up, whoever was there to talk."""
    failed_by_number: Mapping[str, int] = field(default_factory=dict)

    @property
    def through(self) -> int:
        """Calls that are known to have got through to somebody's line."""
        return self.settled - self.failed - self.unplaced


@dataclass(frozen=True, slots=True)
class Usual:
    """The same of all the campaign's calls that are over."""

    settled: int = 0
    answered: int = 0
    cost: float | None = None
    abandoned: int = 0
    words: int = 0
    late: int = 0
    failed: int = 0
    unplaced: int = 0

    @property
    def through(self) -> int:
        """Calls that are known to have got through to somebody's line."""
        return self.settled - self.failed - self.unplaced


@dataclass(frozen=True, slots=True)
class Line:
    """A number with what it did: calls since the tenant's midnight, calls going on; `None`: nobody tells by number."""

    number: Number
    today: int | None = 0
    in_progress: int | None = 0


@dataclass(frozen=True, slots=True)
class Carrier:
    """A connection with the calls it carries (`None`: nobody tells by number); `leaked` are too old to be real."""

    trunk: Trunk
    in_progress: int | None = 0
    leaked: int = 0


@dataclass(frozen=True, slots=True)
class Rival:
    """A campaign of the same tenant that goes first."""

    campaign: Campaign
    in_progress: int
    ready: int | None
    """`None`: it is not told which tasks are."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the diagnosis judges by. `now` is the database's clock, in seconds since 1970."""

    now: float
    campaign: Campaign
    schedule: Schedule | None
    """`None`: the windows or their zone cannot be read."""
    tasks: Tasks = Tasks()
    calls: Calls = Calls()
    lately: Lately = Lately()
    usual: Usual = Usual()
    tenant: Tenant | None = None
    tenant_in_progress: int = 0
    tenant_leaked: int = 0
    tomorrow: float | None = None
    """The tenant's next midnight, when daily caps start anew."""
    pool: tuple[Line, ...] | None = None
    """The campaign's numbers that have a weight; `None`: the platform does not tell."""
    carriers: Mapping[str, Carrier] = field(default_factory=dict)
    """The tenant's connections, by id."""
    rivals: tuple[Rival, ...] = ()
    agents: Agents | None = None
    """The people who take its calls; `None`: none are told, so a voice agent does."""
    shifts: Schedule | None = None
    """When they are to be there; `None`: it is not told, or cannot be read."""
    away_since: float | None = None
    """Since when all who are logged in are seen to be on a break."""
    upload: Upload | None = None
    spent: float | None = 0.0
    """What its calls cost; `None`: there were some, and nobody tells what they cost."""
    told: Told = NOTHING_TOLD
    """The optional columns that the campaign's own tasks and calls fill."""
    abandonment: Period | None = None
    """Of the calls that a person answered; `None`: nobody tells when the agent spoke, or when the campaign started."""
    outside_window: int | None = 0
    """Calls started today while the campaign's windows were closed; `None`: the platform tells no windows."""
    dated: bool = True
    """Whether rows are as of `now` for sure: else nobody knows that nothing was started since."""
    hidden: frozenset[str] = frozenset()
    """Relations of which a policy of the database hides rows: what is told of them here is not all there is."""

    @property
    def quiet_for(self) -> float:
        """Seconds since a call was started; infinite when none is remembered."""
        return float("inf") if self.calls.last_start is None else self.now - self.calls.last_start

    @property
    def backlog_for(self) -> float:
        """Seconds that the ready task waits that waits longest; 0 when none is ready, as far as is told."""
        known = self.tasks.told and self.tasks.ready
        return 0.0 if self.tasks.oldest_ready is None or not known else self.now - self.tasks.oldest_ready

    @property
    def lasting_ready(self) -> int:
        """Ready tasks, unless all have become so just now: the platform has not looked at those yet."""
        return self.tasks.ready if self.backlog_for >= FRESH_SECONDS else 0

    @property
    def of_people(self) -> bool:
        """Whether people may take its calls: then nothing is said of a voice agent."""
        return self.agents is not None or "agents" in self.hidden

    @property
    def upload_time(self) -> float | None:
        """When the newest audience file came."""
        return self.upload.uploaded_at if self.upload else None
