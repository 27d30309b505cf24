"""The kinds of metric families: what a family can be made of, as data. The families themselves lie beside this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType


class Type(Enum):
    """The types of the exposition formats that we use."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


class Scope(Enum):
    """Whose series a family holds; the labels every one of them has."""

    CAMPAIGN = ("tenant", "campaign")
    TENANT = ("tenant",)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One number of each entity of a relation; absent where it is not known."""

    relation: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Several numbers of each entity, told apart by a label: label value to attribute."""

    relation: str
    label: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Info:
    """A 1 for each entity, described by labels: label to attribute."""

    relation: str
    labels: Mapping[str, str]
    only_if: str | None = None


@dataclass(frozen=True, slots=True)
class States:
    """For each entity a 1 at the state it is in and a 0 at all others."""

    relation: str
    label: str
    states: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of a projection, summed over the keys that are not labels.

    `labels` maps a label to a key of the projection. `sums` are the columns added up (none: the rows are
    counted); `split` gives a label whose values each stand for one sum. `known` are label values that are
    always there, as zero if need be; `budget` names the setting of `series` that caps all others.
    """

    projection: str
    labels: Mapping[str, str] = field(default_factory=dict)
    sums: tuple[str, ...] = ()
    split: tuple[str, Mapping[str, str]] | None = None
    known: tuple[str, ...] = ()
    budget: str | None = None
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    currency: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram: the projection's last key is the index of the first bound that is not below the value.

    `labels` and `budget` are as those of `Totals`: of one that has labels, there is a histogram for each value.
    """

    projection: str
    total: str
    bounds: tuple[float, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    budget: str | None = None
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """Tasks that become due within each horizon, nearer ones included."""

    projection: str = "waiting"


@dataclass(frozen=True, slots=True)
class Oldest:
    """The earliest minute of a projection that is keyed by minutes."""

    projection: str


@dataclass(frozen=True, slots=True)
class Use:
    """Calls in progress or of today, by who carries them (see `usage`)."""

    of: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the diagnosis says: `facet` names the part of it that a change is looked for in, `value` what is shown."""

    facet: str
    value: str


@dataclass(frozen=True, slots=True)
class Offset:
    """How far the campaign's own clock is ahead of UTC."""


Source = Attribute | Attributes | Info | States | Totals | Buckets | Due | Oldest | Use | Judged | Offset


@dataclass(frozen=True, slots=True)
class Family:
    """A metric. `name` is as Prometheus shows it; counters end in `_total`, info metrics in `_info`."""

    name: str
    type: Type
    help: str
    source: Source
    labels: tuple[str, ...] = ()
    scope: Scope = Scope.CAMPAIGN
    needs: tuple[str, ...] = ()
    """Optional columns (`relation.column`) without which it would claim what nobody told: then it is not there.

    What its source needs (the columns that a projection counts, the attribute of a relation) is not named again.
    """

    live: bool = False
    """Whether it speaks of now and of what comes: of a campaign that is over it is not there."""

    of_voice: bool = False
    """Whether it speaks of a voice agent: of a campaign whose calls people take it is not there."""

    of_list: bool = False
    """Whether it says how far a list is worked: of a campaign whose list nobody knows it is not there."""

    dropped: tuple[str, ...] = ()
    """Own labels over which it is summed up (`metrics.selection`)."""

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The scope's labels, then the family's own that it is shown with."""
        return (*self.scope.value, *self.kept(self.labels, self.labels))

    def kept(self, names: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
        """The values of some labels, in the order of their names, without those of labels that are dropped."""
        if not self.dropped:
            return values
        return tuple(value for name, value in zip(names, values, strict=True) if name not in self.dropped)


def mapped(**items: str) -> Mapping[str, str]:
    """Labels to what they are made of."""
    return MappingProxyType(items)


def timestamp(name: str, attribute: str, text: str) -> Family:
    """When something happened to a campaign."""
    return Family(name, Type.GAUGE, text, Attribute("campaigns", attribute))


def judged(
    name: str, text: str, facet: str, value: str, *labels: str, kind: Type = Type.GAUGE, needs: tuple[str, ...] = ()
) -> Family:
    """A number of the diagnosis."""
    return Family(name, kind, text, Judged(facet, value), labels, needs=needs)


READINESS = ("tasks.blocker", "tasks.next_eligible_at")
"""What tells whether a pending task could be dialled."""


COUNTER, GAUGE, HISTOGRAM, INFO = Type.COUNTER, Type.GAUGE, Type.HISTOGRAM, Type.INFO
