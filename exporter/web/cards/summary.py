"""The list of all campaigns, the worst first: a line each, with the verdict and what to do first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exporter import __version__
from exporter.diagnosis.advice import advice
from exporter.diagnosis.dispatch.verdict import NOTHING
from exporter.diagnosis.view import Shown, View
from exporter.web.cards.dispatch import MEANINGS, judged, queued, spell
from exporter.web.cards.values import NEW, Freshness, Json, head, iso, rate, whole
from exporter.web.cards.withheld import figures

RANK = {verdict: place for place, verdict in enumerate(MEANINGS)}
"""The verdicts in the order of the list."""

_TROUBLE = ("stalled", "blocked", "unknown", "throttled")


def summary(shown: Shown) -> list[Json]:
    """A line for each campaign: in trouble, the longest first; else by how much is queued; the last ended first.

    What to do first is not yet in it: to find that takes ten times as long as all the rest, and few lines are shown.
    """
    lines = [(_order(view), _line(shown, view)) for view in shown.views.values()]
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def _order(view: View) -> tuple[int, float, int, str, str]:
    d, s = view.diagnosis, view.situation
    if d.verdict in _TROUBLE:
        first = d.seen_since if d.since is None else d.since
    else:
        first = -(s.campaign.ended_at or 0.0) if d.verdict == "finished" else 0.0
    return (RANK[d.verdict], first, -(queued(s) or 0), s.campaign.name, s.campaign.campaign_id)


def _line(shown: Shown, view: View) -> Json:
    s, d = view.situation, view.diagnosis
    c = s.campaign
    line = {
        "id": c.campaign_id,
        "name": c.name,
        "tenant": {"id": c.tenant_id, "name": s.tenant.name if s.tenant else None},
        "status": c.status,
        "verdict": d.verdict,
        "binding_gate": None if d.binding == NOTHING else d.binding,
        **spell(d),
        "clears_at": iso(d.clears_at),
        "progress": rate(s.tasks.over, s.tasks.total) if s.campaign.listed else None,
        "tasks": s.tasks.total,
        "queued": queued(s),
        "calling": s.calls.in_progress,
        "slots_available": whole(d.slots),
    }
    return figures(line, shown.hidden)


def _advised(shown: Shown, line: Json) -> Json:
    """A line with what to do first."""
    view = shown.views[line["id"]]
    return {**line, "hint": next(iter(advice(judged(shown, view), view.diagnosis, view.outlook.experiment)), None)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which campaigns of the list, in which order; an empty text asks for nothing."""

    tenant: str = ""
    """A tenant's id."""
    state: str = ""
    """A verdict, or a campaign's status."""
    text: str = ""
    """Part of a name, of an id or of the tenant's name; case does not matter."""
    sort: str = "worst"


ALL = Wanted()

SORTS: Mapping[str, Callable[[Json], Any] | None] = MappingProxyType(
    {
        "worst": None,
        "name": lambda line: (line["name"].casefold(), line["id"]),
        "tenant": lambda line: ((line["tenant"]["name"] or line["tenant"]["id"]).casefold(), RANK[line["verdict"]]),
        "since": lambda line: line["since"] or line["at_least_since"],
        "progress": lambda line: 2.0 if line["progress"] is None else line["progress"],
        "queued": lambda line: -(line["queued"] or 0),
        "calling": lambda line: -(line["calling"] or 0),
    }
)
"""By name: what the list is sorted by; `None` is its own order. Equal lines stay in that order."""


def listing(
    shown: Shown,
    lines: Sequence[Json],
    wanted: Wanted = ALL,
    freshness: Freshness = NEW,
    most: int | None = None,
) -> Json:
    """The wanted lines of `summary`, in the shape of docs/pages.md. `counts` are without the wish for a state.

    `most`: only so many of the lines, the first ones.
    """
    text = wanted.text.casefold()
    fitting = [
        line
        for line in lines
        if wanted.tenant in ("", line["tenant"]["id"])
        and (not text or any(text in (word or "").casefold() for word in _words(line)))
    ]
    found = [line for line in fitting if wanted.state in ("", line["verdict"], line["status"])]
    by = SORTS.get(wanted.sort)
    counts = Counter(line["verdict"] for line in fitting)
    ordered = sorted(found, key=by) if by else found
    return {
        **head(shown.at, freshness, __version__),
        "total": len(lines),
        "matching": len(found),
        "counts": {verdict: counts[verdict] for verdict in MEANINGS},
        "campaigns": [_advised(shown, line) for line in ordered[:most]],
    }


def _words(line: Json) -> tuple[str | None, ...]:
    return (line["name"], line["id"], line["tenant"]["name"], line["tenant"]["id"])
