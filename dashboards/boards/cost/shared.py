"""Cost, shared: a tenant's costs for people outside, without variables, links and anything of a person.

It is fit for Grafana's "share externally": whoever has the link sees this tenant's figures and nothing else.
"""

from __future__ import annotations

import re
from hashlib import sha256

from dashboards.boards.cost.board import sections
from dashboards.boards.cost.queries import Spending
from dashboards.settings import Settings, SharedBoard
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.queries import Queries, exact

_UID_LENGTH = 40
_PLAIN = re.compile(r"[A-Za-z0-9_-]+\Z")


def board(settings: Settings, shared: SharedBoard) -> Board:
    """The board of one tenant."""
    return Board(
        name=name(settings, "-".join((*shared.group.values(), shared.tenant))),
        title=shared.title or f"Cost: {', '.join((*shared.group.values(), shared.tenant))}",
        question="What was spent, on what, against which budget, and where does it end up?",
        tags=("cost", "shared"),
        span="now-7d",
        refresh="5m",
        shared=True,
        group=shared.group,
        parts=sections(Spending(Queries(settings.replica_labels), {"tenant": exact(shared.tenant)}, {})),
    )


def name(settings: Settings, tenant: str) -> str:
    """The board's name: with the tenant's id where a uid can hold it, else with a digest of it."""
    stem = "cost-shared-"
    room = _UID_LENGTH - len(settings.uid(stem))
    plain = _PLAIN.match(tenant) and len(tenant) <= room
    return stem + (tenant if plain else sha256(tenant.encode()).hexdigest()[: min(room, 12)])
