"""Row-level security that hides rows from the exporter: which policy of which table, and what shows it all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from exporter.commands.check.commands import Command
from exporter.commands.check.report import Finding, Level
from exporter.contract.availability import Available
from exporter.contract.relations import RELATIONS
from exporter.source.database import Connection
from exporter.source.policies import Secured

THING = "row-level security"
OWNER = "campaign_views"
"""The role that the remedy makes where a view's owner is one that the platform itself logs in as."""

_SAME = "the same as for {relation}"


def policies(
    connection: Connection, found: Sequence[Secured], available: Available, read: Set[str]
) -> Iterator[Finding]:
    """A finding for each relation of which rows are hidden. `read`: what the exporter cannot do without."""
    there = connection.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", (OWNER,)).fetchone() is not None
    mended: dict[str, str] = {}
    for relation in (name for name in RELATIONS if name in available.hidden):
        lines: list[str] = []
        for each in found:
            if each.relation == relation and each.hides:
                lines += [line for line in _remedy(each, there) if line not in lines]
        fresh = [line for line in lines if line not in mended]
        first = next((mended[line] for line in lines if line in mended), relation)
        mended |= dict.fromkeys(fresh, relation)
        effect = next(p.effect for p in available.problems if p.relation == relation and p.column is None)
        yield Finding(
            relation,
            Level.PROBLEM if relation in read else Level.ADVICE,
            THING,
            f"{available.hidden[relation]}: {effect}",
            "\n".join(fresh) or _SAME.format(relation=first),
        )


def _remedy(each: Secured, there: bool) -> list[str]:
    """As little as lets all rows be seen: a policy for our own role, unless a restrictive one stands against it."""
    if each.own and each.restricted:
        return [Command.BYPASS.of(role=each.reader)]
    if each.own:
        return [Command.CREATE_POLICY.of(policy=_policy_name(each.reader), table=each.table, role=each.reader)]
    kind, _, name = (each.view or "").rpartition("VIEW ")
    kind += "VIEW"
    stored = (each.view or "").startswith("MATERIALIZED")
    filled = [Command.REFRESH.of(view=each.view)] if stored else []
    if not each.logs_in:
        return [Command.BYPASS.of(role=each.reader), *filled]
    # The platform may log in as the view's owner: what is opened to that one is opened to the platform.
    return [
        (Command.BYPASS if there else Command.CREATE_OWNER).of(role=OWNER),
        *(Command.GRANT_USAGE.of(schema=schema, role=OWNER) for schema in each.beside_schemas),
        *(Command.GRANT_SELECT.of(relation=table, role=OWNER) for table in each.beside),
        Command.CHANGE_OWNER.of(kind=kind, name=name, owner=OWNER),
        *filled,
    ]


def _policy_name(reader: str) -> str:
    """A name for the policy after the role's, quoted where that is."""
    return f'"{reader[1:-1]}_sees_all"' if reader.startswith('"') else f"{reader}_sees_all"
