"""The boards with two group labels, and what an answer says of one group alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dashboards.build import boards
from dashboards.settings import Settings, SharedBoard
from tests.dashboards.asking import Series
from tests.dashboards.boards import expressions

LABELS = ("platform", "region")
HERE, THERE = ({"platform": "eu", "region": region} for region in ("west", "east"))
"""They differ in the last label only: none may be forgotten."""

SETTINGS = Settings(
    group_labels=LABELS, shared_cost=(SharedBoard(tenant="1", title="Northwind costs", group=HERE),)
)  # fmt: skip
ONE_GROUP = frozenset({"campaign", "task"})
"""Boards of one thing, which is of one group."""

MADE: dict[str, dict[str, Any]] = {
    board.name.replace("shared-eu-west-", "shared-"): board.made(SETTINGS) for board in boards(SETTINGS)
}
GROUPED = {where: text for where, text in expressions(MADE) if where.rpartition("-")[2] not in LABELS}
"""Every question by where it is asked, but for the choice of the group."""


def alone(found: Series, group: Mapping[str, str]) -> Series:
    """What is said of this group, without saying that it is; of a choice, which names none, all."""

    def bare(labels: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        # the table of campaigns has the exporter of each for its links
        left_out = {*group, *(("url",) if "campaign" in dict(labels) else ())}
        return tuple((name, _unnamed(value, group)) for name, value in labels if name not in left_out)

    row = "\x1f".join(group.values()) + "\x1f"
    return {
        bare(labels): value
        for labels, value in found.items()
        if all(dict(labels).get(label, each) == each for label, each in group.items())
        and dict(labels).get("row", row).startswith(row)
    }


def _unnamed(value: str, group: Mapping[str, str]) -> str:
    """A value that names a row or a bar, without its group."""
    row = "\x1f".join(group.values()) + "\x1f"
    bar = " · " + " · ".join(group.values())
    return value.removeprefix(row).removesuffix(bar)


def labelled(text: bytes, group: Mapping[str, str]) -> bytes:
    """What an exporter shows that gives these labels itself."""
    labels = ",".join(f'{name}="{value}"' for name, value in group.items()).encode()
    return re.sub(
        rb"^(\w+)(\{?)",
        lambda found: found[1] + b"{" + labels + (b"," if found[2] else b"}"),
        text,
        flags=re.MULTILINE,
    )
