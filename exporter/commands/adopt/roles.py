"""Which table is which relation of the contract: by its name, its columns, and what points where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.links import Link, link
from exporter.commands.adopt.owners import Weighed, with_owners
from exporter.commands.adopt.words import any_of, every, words

LEAST = 7
"""Below this a table is not taken for anything."""

_SHORTLIST = 12

_NAMES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "campaigns": {"campaign": 10, "outbound": 2, "project": 3, "blast": 5},
        "tasks": {
            "contact": 7, "task": 7, "target": 5, "member": 3, "queue": 4, "pending": 3, "entry": 3, "callback": 2,
            "customer": 4, "dial": 3, "run": 3, "item": 2, "phone": 2, "campaign": 2, "call": 2, "outbound": 2,
            "participation": 6, "participant": 5, "enrollment": 6, "enrolment": 6, "membership": 4, "assignment": 4,
        },
        "calls": {
            "call": 8, "attempt": 8, "log": 2, "session": 3, "run": 4, "conversation": 5, "interaction": 3, "dial": 4,
            "event": 2, "detail": 2, "queue": 2,
        },
        "numbers": {"number": 5, "phone": 3, "did": 7, "destination": 5},
        "connections": {"trunk": 8, "connection": 4, "provider": 4, "telephony": 3},
        "tenants": {"tenant": 9, "domain": 5, "customer": 4},
    }
)  # fmt: skip
"""What a word of a table's name says. The last word counts in full, those before it half."""
_ASIDE = every(
    "history config template tag note report archive import upload file export summary stat user"
    " permission transcript rule whitelist group form field migration webhook recording record schedule"
    " exclusion blacklist dnc pause role session audit comment backup old tmp staging metric daily hourly"
    " setting script holiday pin block blocked auth order invoice serial license"
)
"""Words of tables that stand beside the one that is meant."""
_NOT_ASIDE = {"calls": frozenset({"session", "history", "record"})}


@dataclass(frozen=True, slots=True)
class Role:
    """A table that was taken for a relation, why, and what else could have been."""

    table: Table
    score: float
    why: tuple[str, ...]
    others: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Roles:
    """What was taken for what."""

    of: Mapping[str, Role]
    tables: Mapping[int, Table]

    def table(self, relation: str) -> Table | None:
        """The table that stands for a relation, if one does."""
        role = self.of.get(relation)
        return None if role is None else role.table


def roles(tables: Mapping[int, Table]) -> Roles:
    """Find the tables: campaigns first, as what points to them is found by that."""
    pointed: dict[int, int] = {}
    for table in tables.values():
        for reference in table.references:
            pointed[reference.target] = pointed.get(reference.target, 0) + 1
    chosen: dict[str, Role] = {}
    _choose(chosen, "campaigns", _weighed("campaigns", tables, (), pointed))
    if "campaigns" not in chosen:  # some call a campaign a queue
        _choose(chosen, "campaigns", _queues(tables, pointed))
    campaigns = chosen.get("campaigns")
    above = [campaigns.table] if campaigns else []
    called = _weighed("tasks", tables, above, pointed, taken=chosen)
    likely = [table for _, table, _ in called[:3]]
    calls = _weighed("calls", tables, [*above, *likely], pointed, taken=chosen)
    _both(chosen, called, calls)
    for relation in ("connections", "numbers", "tenants"):
        near = [role.table for role in chosen.values()]
        weighed = _weighed(relation, tables, near, pointed, taken=chosen)
        if relation == "tenants" and campaigns:
            away = {role.table.id for role in chosen.values()}
            weighed = with_owners(weighed, campaigns.table, list(tables.values()), away)
        _choose(chosen, relation, weighed)
    return Roles(chosen, tables)


def _queues(tables: Mapping[int, Table], pointed: Mapping[int, int]) -> Weighed:
    """Tables of queues that have a state and that others point to."""
    found = [
        (score, table, ("it is called a queue, and nothing a campaign", *(why for _, why in parts)))
        for table in tables.values()
        if words(table.name)[-1:] == ("queue",) and pointed.get(table.id, 0) >= _MUCH_POINTED
        and (parts := list(_by_columns("campaigns", table, (), pointed, tables)))
        and "status" in fields("campaigns", table)
        and (score := _NAMED_QUEUE + sum(part for part, _ in parts))
    ]  # fmt: skip
    return sorted(found, key=lambda each: -each[0])


_NAMED_QUEUE, _MUCH_POINTED = 4.0, 2


def _choose(chosen: dict[str, Role], relation: str, weighed: Weighed) -> None:
    if weighed and weighed[0][0] >= LEAST:
        score, table, why = weighed[0]
        chosen[relation] = Role(table, score, why, _near(weighed, table))


def _both(chosen: dict[str, Role], tasks: Weighed, calls: Weighed) -> None:
    """Tasks and calls together: the pair of two tables that is best, or the one of them that there is."""
    pairs = [(a[0] + b[0], a, b) for a in tasks for b in calls if a[1] is not b[1] and min(a[0], b[0]) >= LEAST]
    if pairs:
        _, task, call = max(pairs, key=lambda pair: pair[0])
        chosen["tasks"] = Role(task[1], task[0], task[2], _near(tasks, task[1]))
        chosen["calls"] = Role(call[1], call[0], call[2], _near(calls, call[1]))
        return
    best = max((("tasks", tasks), ("calls", calls)), key=lambda each: each[1][0][0] if each[1] else 0)
    _choose(chosen, *best)


def _near(weighed: Weighed, table: Table) -> tuple[Table, ...]:
    return tuple(other for score, other, _ in weighed[:4] if other is not table and score >= LEAST)


def _weighed(
    relation: str,
    tables: Mapping[int, Table],
    near: Sequence[Table],
    pointed: Mapping[int, int],
    taken: Mapping[str, Role] = MappingProxyType({}),
) -> Weighed:
    """The best candidates, by their names first: columns are looked at of a few only."""
    away = {role.table.id for role in taken.values()}
    named = []
    for table in tables.values():
        if table.id in away or (relation == "tenants" and not table.key):
            continue
        score = _by_name(relation, table.name)
        links = [found for other in near if (found := link(table, other)) and relation in ("tasks", "calls")]
        if score > 0 and (score >= 3 or links):
            named.append((score + 3 * any(each.declared for each in links), table))
    named.sort(key=lambda each: (-each[0], -(each[1].rows or 0), each[1].schema, each[1].name))
    weighed = []
    filled = any(table.rows for _, table in named)
    for score, table in named[:_SHORTLIST]:
        parts = [(score, f"its name, {score:g}"), *_by_columns(relation, table, near, pointed, tables)]
        if filled and table.rows == 0:
            parts.append((-3, "it is empty"))
        total = sum(part for part, _ in parts)
        weighed.append((total, table, tuple(why for part, why in parts if part)))
    weighed.sort(key=lambda each: (-each[0], -(each[1].rows or 0), each[1].schema, each[1].name))
    return weighed


def _by_name(relation: str, name: str) -> float:
    said = words(name)
    known = _NAMES[relation]
    score = sum(known.get(word, 0) / 2 for word in said[:-1]) + known.get(said[-1], 0) if said else 0
    aside = _ASIDE - _NOT_ASIDE.get(relation, frozenset())
    score -= 5 * len(aside.intersection(said))
    if relation == "campaigns" and said and said[-1] != "campaign":
        score -= 4
    if relation != "tasks" and "contact" in said[-1:]:
        score -= 3
    if relation in ("tasks", "calls", "campaigns"):
        score -= 8 * any_of(said, "agent fax email mail sms whatsapp")
    return score


_TELLING: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "campaigns": {"name": 2, "status": 2, "started_at": 1, "ended_at": 1, "max_attempts": 1},
        "tasks": {"status": 3, "attempts": 2, "phone": 2, "next_eligible_at": 1, "disposition": 1, "created_at": 1},
        "calls": {"started_at": 3, "outcome": 2, "ended_at": 2, "answered_at": 2, "talk_seconds": 2, "error_code": 1},
        "numbers": {"phone": 3, "status": 1, "daily_cap": 1},
        "connections": {"provider": 3, "concurrency_limit": 2},
        "tenants": {"name": 3, "timezone": 1, "credits_remaining": 1},
    }
)  # fmt: skip


def _by_columns(
    relation: str, table: Table, near: Sequence[Table], pointed: Mapping[int, int], tables: Mapping[int, Table]
) -> Iterator[tuple[float, str]]:
    found = fields(relation, table)
    telling = {name: worth for name, worth in _TELLING[relation].items() if name in found}
    if telling:
        yield sum(telling.values()), f"columns for {', '.join(telling)}"
    if relation in ("tasks", "calls"):
        for target in near[: 1 if relation == "tasks" else None]:
            if points := link(table, target):
                yield 4, f"{'a foreign key to' if points.declared else 'columns named after'} {target.identifier}"
        if relation == "tasks" and near and not _belongs(table, near[0], tables):
            yield -5, f"nothing leads from it to {near[0].identifier}"
        if event_of(table):
            yield -3, "a log of events"
        if relation == "calls" and "started_at" not in found and "outcome" not in found:
            yield -6, "it has neither a time nor an outcome"
    if relation == "campaigns" and pointed.get(table.id):
        yield min(3, pointed[table.id]), f"{pointed[table.id]} foreign keys point to it"
    if relation == "tenants" and any(link(other, table) for other in near):
        yield 3, "what was found points to it"


def event_of(table: Table) -> tuple[Column, Column] | None:
    """Of a log of events, the columns of the call's id and of the event; `None` where rows are no events."""
    texts = [column for column in table.columns.values() if column.type in ("text", "varchar", "bpchar", "enum")]
    events = [column for column in texts if words(column.name)[-1:] == ("event",) or _is_kind_of_event(column)]
    ids = [
        column
        for column in table.columns.values()
        if set(words(column.name)) in ({"call", "id"}, {"unique", "id"}, {"link", "id"}, {"session", "id"})
        and (column.name,) != table.key
        and (column.name,) not in table.unique
    ]
    return (ids[0], events[0]) if events and ids else None


def _is_kind_of_event(column: Column) -> bool:
    return set(words(column.name)) in ({"event", "type"}, {"event", "name"}, {"event", "code"})


@dataclass(frozen=True, slots=True)
class Shared:
    """A list that campaigns and contacts both point to, where contacts point to no campaign."""

    of_campaign: Link
    of_contact: Link
    list: Table


def _belongs(table: Table, campaigns: Table, tables: Mapping[int, Table]) -> bool:
    """Whether a row leads to its campaign: at once, by a third table, or by a list that both have."""
    if link(table, campaigns):
        return True
    between = [tables[each.target] for each in table.references]
    lists = _lists(campaigns, tables)
    return any(link(each, campaigns) for each in between) or any(link(table, each) for each in lists)


def _lists(campaigns: Table, tables: Mapping[int, Table]) -> list[Table]:
    """What campaigns point to and contacts may be in, by their names: not whoever owns both."""
    found = [tables[each.target] for each in campaigns.references]
    return [each for each in found if any_of(words(each.name), "list upload phonebook book pool set file import")]


def shared_list(found: Roles) -> Shared | None:
    """How contacts belong to campaigns through a list of theirs."""
    campaigns, tasks = found.table("campaigns"), found.table("tasks")
    if campaigns is None or tasks is None or link(tasks, campaigns):
        return None
    for target in _lists(campaigns, found.tables):
        if target.id == tasks.id:
            continue
        points = link(tasks, target)
        own = link(campaigns, target)
        if points and own and len(points.columns) == 1 == len(own.columns):
            return Shared(own, points, target)
    return None
