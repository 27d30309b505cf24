"""`campaign-exporter explain`: the diagnosis of one campaign, or of one task, straight from the database."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from exporter.commands.explain.as_json import told
from exporter.commands.explain.reading import open_reading
from exporter.commands.explain.task import find_task
from exporter.config import Config
from exporter.refresh.clock import Clock, database_clock
from exporter.web.addresses import links_of
from exporter.web.cards.card import card
from exporter.web.cards.dispatch import judged
from exporter.web.cards.values import Json

NO_EVENTS = (
    "No change of the campaign is told (campaign_events): if it was resumed or changed a moment ago, it is too early "
    "to call it stalled."
)


@dataclass(frozen=True, slots=True)
class Explained:
    """A card as the page shows it, and the task that was asked for."""

    card: Json
    task: Json | None


def explain(config: Config, campaign_id: str, task_id: str | None, clock: Clock = database_clock) -> Explained:
    """Read and judge. `UnknownIdError` and `DatabaseUnavailableError` say what to check."""
    with open_reading(config, campaign_id, clock) as reading:
        shown = reading.judge().shown
        view = shown.views[reading.campaign_id]
        task = find_task(reading, task_id, view) if task_id is not None else None
        freshness = reading.freshness
        if view.diagnosis.verdict == "stalled" and reading.last_event() is None:
            freshness = replace(freshness, notes=(*freshness.notes, NO_EVENTS))
    links = links_of(config.web, reading.campaign_id)
    made = card(shown, reading.campaign_id, freshness, mask=config.numbers.mask_phone, links=links)
    if task is None:
        return Explained(made, None)
    return Explained(made, told(task, judged(shown, view), view.diagnosis, config.stale_after))


def as_json(explained: Explained) -> str:
    """The card in the shape of docs/pages.md, with `task` where one was asked for."""
    whole = explained.card if explained.task is None else {**explained.card, "task": explained.task}
    return printable(json.dumps(whole, indent=2, ensure_ascii=False))


def printable(text: str) -> str:
    """Without what a SQL_ASCII database may hold and no terminal can show."""
    return text.encode("utf-8", "replace").decode("utf-8")
