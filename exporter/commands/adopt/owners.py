"""Whose campaigns are, where no table is called a tenant: what they must point to and what has limits, or a balance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.links import link
from exporter.commands.adopt.words import any_of, every, words

_OWNERS = "user tenant customer team project domain brand department site owner"
_NO_OWNERS = (
    "agent trunk provider list number did calendar schedule script flow workflow queue campaign contact hour pool"
)
"""Words of what campaigns use: it may have limits, too."""
_TELLING = ("concurrency_limit", "credits_remaining", "timezone")

_CREATED = {"create", "by"}

Weighed = list[tuple[float, Table, tuple[str, ...]]]


def with_owners(named: Weighed, campaigns: Table, tables: Sequence[Table], away: set[int]) -> Weighed:
    """What might be the tenants: by their names, and by what campaigns point to."""
    found = {table.id: (score, table, why) for score, table, why in _owners(campaigns, tables) if table.id not in away}
    if not found:
        return named
    own = [each for each in named if link(campaigns, each[1])]  # else it is of something other than campaigns
    for each in own:
        if each[1].id not in found or found[each[1].id][0] < each[0]:
            found[each[1].id] = each
    return sorted(found.values(), key=lambda each: -each[0])


def _owners(campaigns: Table, tables: Sequence[Table]) -> Iterator[tuple[float, Table, tuple[str, ...]]]:
    by_id = {table.id: table for table in tables}
    for reference in campaigns.references:
        target = by_id[reference.target]
        must = not any(campaigns.columns[name].nullable for name in reference.columns)
        if not must or target is campaigns or _by_whom(reference.columns[0]) or any_of(words(target.name), _NO_OWNERS):
            continue
        has = [name for name in _TELLING if name in fields("tenants", target)]
        # A zone may be anybody's: a person has one, too.
        enough = (
            has and any_of(words(target.name), _OWNERS) and (has != ["timezone"] or "user" not in words(target.name))
        )
        if enough or len(has) > 1:
            why = f"each campaign points to one by {', '.join(reference.columns)}", f"columns for {', '.join(has)}"
            yield 4 + 3 * len(has), target, why


def _by_whom(name: str) -> bool:
    """Whether a column says who did something, as `created_by` does."""
    return "by" in words(name)


def doubtful(campaigns: Table) -> list[str]:
    """Columns of campaigns that may say whose they are."""
    return [column.name for column in campaigns.columns.values() if _perhaps(column)][:3]


def _perhaps(column: Column) -> bool:
    said = set(words(column.name)) - {"id"}
    return bool(said) and (said <= every(_OWNERS) or said >= _CREATED) and column.type != "bool"
