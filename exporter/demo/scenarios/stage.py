"""What a scenario may do to the world, with everything it set put back when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from exporter.demo.dialler.creation import account_ids, campaign_ids, number_ids, trunk_ids
from exporter.demo.dialler.dialler import Dialler
from exporter.demo.platform import model
from exporter.demo.platform.model import Account, Campaign, Did, Trunk
from exporter.demo.platform.world import WorldSpec

Value = str | float
EVERY = "*"


class UnknownNameError(LookupError):
    """A scenario names something that this world does not have."""


class Names:
    """Finds campaigns, numbers, connections and tenants by their key in the specification, or by id."""

    def __init__(self, spec: WorldSpec) -> None:
        self._ids: Mapping[str, Mapping[str, int]] = {
            "campaign": campaign_ids(spec),
            "number": number_ids(spec),
            "connection": trunk_ids(spec),
            "tenant": account_ids(spec),
        }

    def find(self, what: str, value: Value) -> list[int]:
        """The ids that `value` means: one key or id, several joined by "+", or "*" for all there are."""
        known = self._ids[what]
        if value == EVERY:
            return list(known.values())
        return [self._one(what, known, part) for part in str(value).split("+")]

    @staticmethod
    def _one(what: str, known: Mapping[str, int], text: str) -> int:
        if text in known:
            return known[text]
        if text.isdecimal() and int(text) in known.values():
            return int(text)
        raise UnknownNameError(f"{what} {text!r} does not exist: give one of {', '.join(known)}, an id, or *")


@dataclass(slots=True)
class Undo:
    """One attribute that a scenario changed, and what it was."""

    kind: str
    key: int
    group: str
    attribute: str
    value: Any


@dataclass
class Stage:
    """Hands a scenario its parameters and the world. `undo` collects what has to be put back."""

    dialler: Dialler
    names: Names
    parameters: Mapping[str, Value]
    at: datetime
    undo: list[Undo] = field(default_factory=list)

    def text(self, name: str) -> str:
        return str(self.parameters[name])

    def number(self, name: str) -> float:
        return float(self.parameters[name])

    def campaign_ids(self, name: str = "campaign") -> list[int]:
        return self.names.find("campaign", self.parameters[name])

    def campaigns(self, name: str = "campaign") -> list[Campaign]:
        found = (self.dialler.state.campaigns.get(number) for number in self.campaign_ids(name))
        return [campaign for campaign in found if campaign is not None]

    def crews(self) -> list[model.Crew]:
        """The people of the campaigns meant by `campaign`; none of one that a voice agent serves."""
        found = (self.dialler.state.crews.get(number) for number in self.campaign_ids())
        return [crew for crew in found if crew is not None]

    def trunks(self) -> list[Trunk]:
        known = self.dialler.state.trunks
        return [known[number] for number in self.names.find("connection", self.parameters["connection"])]

    def accounts(self) -> list[Account]:
        known = self.dialler.state.accounts
        return [known[number] for number in self.names.find("tenant", self.parameters["tenant"])]

    def dids(self) -> list[Did]:
        """The numbers meant by `number`."""
        return [self.dialler.state.dids[number] for number in self.names.find("number", self.parameters["number"])]

    def pool(self) -> list[Did]:
        """The numbers of the campaigns meant by `campaign`."""
        dids = self.dialler.state.dids
        members = (member.did_id for campaign in self.campaigns() for member in campaign.pool)
        return [dids[number] for number in dict.fromkeys(members)]

    def change(self, items: Iterable[Any], group: str, attribute: str, value: Any) -> None:
        """Set an attribute of some objects until the scenario ends."""
        for item in items:
            key = getattr(item, _KEYS[type(item)][1])
            self.undo.append(Undo(type(item).__name__, key, group, attribute, getattr(item, attribute)))
            if isinstance(item, Campaign) and group == "settings":
                self.dialler.lifecycle.set(item, self.at, "operator", **{attribute: value})
            else:
                put(self.dialler, item, group, attribute, value)


def put(dialler: Dialler, item: Any, group: str, attribute: str, value: Any) -> None:
    """Set an attribute and have it written."""
    setattr(item, attribute, value)
    dialler.state.touch(item, group)
    if isinstance(item, model.Range):
        dialler.state.campaigns[item.campaign_id].open_minute = None
    elif isinstance(item, Campaign):
        item.open_minute = None


def revert(dialler: Dialler, records: Iterable[Undo]) -> None:
    """Put back what a scenario changed, the last change first; what is gone meanwhile is left alone."""
    for record in reversed(list(records)):
        item = _find(dialler, record.kind, record.key)
        if item is not None:
            put(dialler, item, record.group, record.attribute, record.value)


_KEYS: Mapping[type, tuple[str, str]] = {
    Account: ("accounts", "account_id"),
    Trunk: ("trunks", "trunk_id"),
    Did: ("dids", "did_id"),
    Campaign: ("campaigns", "campaign_id"),
    model.Range: ("", "range_id"),
    model.Crew: ("crews", "campaign_id"),
}


def _find(dialler: Dialler, kind: str, key: int) -> Any:
    if kind == model.Range.__name__:
        ranges = (each for campaign in dialler.state.campaigns.values() for each in campaign.ranges)
        return next((each for each in ranges if each.range_id == key), None)
    place = next(place for cls, (place, _) in _KEYS.items() if cls.__name__ == kind)
    return getattr(dialler.state, place).get(key)
