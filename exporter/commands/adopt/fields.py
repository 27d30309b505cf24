"""Which column of a table is which of the contract, by its words and its type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.words import NOISE, every, meaning, words
from exporter.contract.relations import RELATIONS
from exporter.contract.types import Kind

_WANTED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "tenants": {
            "name": "name domain+name slug label code",
            "timezone": "timezone",
            "concurrency_limit": "concurrency+limit max+concurrency max+call",
            "credits_remaining": "credit credit+balance balance remaining+credit",
        },
        "campaigns": {
            "name": "name description code",
            "status": "status stage phase active status+id",
            "agent": "agent agent+name script workflow agent+id workflow+id script+id",
            "priority": "priority weight",
            "expires_at": "expire schedule+end",
            "scheduled_at": "schedule schedule+start",
            "started_at": "start",
            "paused_at": "pause",
            "pause_reason": "pause+cause",
            "ended_at": "complete end",
            "timezone": "timezone",
            "concurrency_limit": "concurrency+limit max+concurrency concurrency max+call call+limit max+limit max+line",
            "calls_per_minute": "call+per+minute dial+per+minute cpm",
            "max_attempts": "max+attempt attempt+limit max+retry attempt+max",
            "currency": "currency",
            "budget": "budget budget+limit max+cost",
        },
        "numbers": {
            "phone": "phone number phone+number did+number e164 did address destination+number",
            "label": "label name description",
            "country": "country country+code",
            "status": "status active",
            "daily_cap": "daily+cap daily+limit max+daily+call",
            "cooldown_until": "cooldown+until cooldown",
        },
        "connections": {
            "provider": "provider vendor trunk type name",
            "concurrency_limit": "concurrency+limit max+call limit max+limit max+concurrency call+limit",
            "calls_per_second": "call+per+second cps",
        },
        "tasks": {
            "phone": "phone number phone+number contact+phone",
            "contact": "external+id external+ref reference external+reference",
            "status": "status stage phase status+id",
            "blocker": "blocker block+cause hold+cause hold+code",
            "disposition": "disposition outcome last+disposition last+outcome",
            "attempts": "attempt attempt+count retry+count count+attempt attempt+made call+count count+call retry",
            "max_attempts": "max+attempt attempt+limit max+retry attempt+max",
            "next_eligible_at": "next+attempt next+call next next+retry retry retry+after schedule schedule+for"
            " dial+after callback due+call due+dial due+attempt due+retry",
            "score": "score",
            "last_attempted_at": "last+attempt last+call last+called last+dial last+phoned last+tried last+contacted"
            " dial start",
            "created_at": "create",
            "updated_at": "update last+update",
        },
        "calls": {
            "attempt": "attempt attempt+number number+attempt retry+number",
            "started_at": "start dial called executed attempted placed ejecutada initiated call call+start place"
            " create",
            "answered_at": "answer talk connect connect+time call+connect bridged picked+up",
            "ended_at": "end hangup disconnect complete",
            "outcome": "outcome status outcome+id status+id disposition disposition+id hangup+cause end+cause"
            " cause event response",
            "provider": "provider trunk",
            "error_code": "error+code error sip+code sip+status failure+cause fail+cause hangup+cause+code hangup+code"
            " hangup+provider+code provider+code hangup+cause error+message",
            "talk_seconds": "talk+second talk+time talk+duration talk connect+duration duration+second duration",
            "ai_cost": "ai+cost agent+cost llm+cost",
            "telephony_cost": "telephony+cost carrier+cost cost call+cost count+cost",
            "sentiment": "sentiment",
            "score": "score",
            "created_at": "create insert start",
            "updated_at": "update last+update",
        },
    }
)
"""By relation and column, what it may be called: words in any order, the best first."""

_ALSO: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.TIME: frozenset({"timestamp", "date"}),
        Kind.INTEGER: frozenset({"float4", "float8"}),
        Kind.NUMBER: frozenset({"interval", "money"}),
        Kind.ID: frozenset(),
        Kind.TEXT: frozenset({"char", "bool"}),
    }
)
"""Types that are no less likely for having to be made another by an expression."""

_CODED = frozenset({("campaigns", "status"), ("tasks", "status"), ("calls", "outcome"), ("numbers", "status")})
SHARED = frozenset({("calls", "created_at"), ("calls", "error_code")})
"""Columns that may be shown twice."""


def fields(relation: str, table: Table) -> dict[str, Column]:
    """The columns of a table that stand for the relation's, but for ids."""
    own = _own(relation, table)
    taken: set[str] = set()
    found: dict[str, Column] = {}
    for name in _WANTED[relation]:
        column = _best(relation, name, table, own, () if (relation, name) in SHARED else taken)
        if column is not None:
            found[name] = column
            taken.add(column.name)
    return found


def _best(relation: str, name: str, table: Table, own: frozenset[str], taken: Iterable[str]) -> Column | None:
    return next(iter(_ranked(relation, name, table, own, taken)), None)


def candidates(relation: str, name: str, table: Table) -> list[Column]:
    """All columns that may be the relation's, the likeliest first."""
    return _ranked(relation, name, table, _own(relation, table), ())


def _own(relation: str, table: Table) -> frozenset[str]:
    """Words that a column need not have, as its table has them."""
    return frozenset(words(table.name)) | {relation[:-1], "contact" if relation == "tasks" else relation[:-1]}


def _ranked(relation: str, name: str, table: Table, own: frozenset[str], taken: Iterable[str]) -> list[Column]:
    wanted = _WANTED[relation][name].split()
    ranked = [
        (
            rank,
            relation in ("campaigns", "tasks") and is_plan(column.name),
            column.name.lower() not in wanted,
            place,
            column,
        )
        for place, column in enumerate(table.columns.values())
        if column.name not in taken
        and fits(relation, name, column)
        and not (name == "last_attempted_at" and is_plan(column.name))
        and (rank := _rank(column.name, wanted, own)) is not None
    ]
    return [each[-1] for each in sorted(ranked, key=lambda each: each[:-1])]


_PLAN = re.compile(r"(?:start|begin|end|finish)s?_?(?:date|at|time|on)?|(?:fecha_?)(?:inicio|fin)", re.IGNORECASE)
"""`start_date`, `endsAt`: when something is to be. `started_at` is when it was."""


def is_plan(name: str) -> bool:
    """Whether the name of a time speaks of a plan."""
    return _PLAN.fullmatch(name) is not None


def fits(relation: str, name: str, column: Column) -> bool:
    """Whether a column's type can be shown as the contract's."""
    kind = RELATIONS[relation].column(name).kind
    if kind is Kind.TIME and kind_of_epoch(column):
        return True
    if kind is Kind.TEXT and column.type == "bool":
        return (relation, name) in _CODED and relation != "calls"
    if kind is Kind.TEXT and column.type in ("int2", "int4", "int8"):
        return (relation, name) in _CODED or name in ("agent", "error_code", "disposition", "variant")
    return kind.accepts(column.type) or column.type in _ALSO.get(kind, ())


def kind_of_epoch(column: Column) -> bool:
    """Whether whole numbers are seconds or milliseconds since 1970, by their name."""
    said = words(column.name)
    if column.type in ("int8", "numeric", "float8"):  # what fits four bytes may be the time of a day, or a duration
        return "epoch" in said or any(each in _MOMENT for each in said[-1:])
    return column.type == "int4" and "epoch" in said


_MOMENT = every("at time timestamp ts datetime utc unix ms")


def _rank(name: str, patterns: list[str], own: frozenset[str]) -> int | None:
    """How well a name fits: by the place of the pattern, exact ones before those with a word more."""
    found = meaning(name)
    ways = {found, found - own or found}
    if not found <= {"id"} and "id" in found and not any("id" in pattern.split("+") for pattern in patterns):
        ways = {way - {"id"} for way in ways} if len(found) > 1 and "external" in found else set()
    best: int | None = None
    for place, pattern in enumerate(patterns):
        wanted = frozenset(pattern.split("+")) - NOISE or frozenset(pattern.split("+"))
        for way in ways:
            further = way - wanted
            if way == wanted or (way > wanted and len(further) == 1 and not further & _OTHERWISE):
                rank = 2 * place + (0 if way == wanted else 30 if further <= _NEAR else 40)
                best = rank if best is None else min(best, rank)
    return best


_OTHERWISE = every(
    "by user max min next last first limit count previous old total daily per id not no parent file path"
    " url json transfer recording config type retry schedule expire pause error status response message sentiment"
    " payment pedido order invoice sync delivery email mail sms billing subscription verification approval"
    " pin serial license pending attempt duration out length ratio rate size cost"
    " record due visit review renewal appointment bill connect"
)
"""A further word that makes it another thing."""

_NEAR = every("call dial contact customer task")
"""A further word that makes it the more certain."""
