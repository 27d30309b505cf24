"""Views and what pages are made of, from situations that a test thinks up: no database."""

from __future__ import annotations

from typing import Any

from exporter.diagnosis.dispatch.situation import Lately, Situation
from exporter.diagnosis.dispatch.verdict import diagnose
from exporter.diagnosis.forecast import Forecast
from exporter.diagnosis.view import Outlook, Shown, View
from exporter.source.platform import Platform
from exporter.source.projections import Vocabulary
from exporter.source.told import Told


def view_of(s: Situation) -> View:
    """The view of a campaign in this situation, of which nothing was known before."""
    nothing = Forecast(None, None, None, None, "not enough data")
    return View(s, diagnose(s), Outlook(s.now, nothing, None, None), None, None)


class _AsGiven:
    """The recent calls are those of the situations; numbers of campaigns are given in the order of asking."""

    def __init__(self, views: dict[str, View], vocabulary: Vocabulary) -> None:
        self._by_number = {vocabulary.campaign.number(key): view.situation.lately for key, view in views.items()}

    def lately(self, number: int, _: Told) -> Lately:
        return self._by_number.get(number, Lately())


def shown_of(s: Situation, platform: Platform | None = None, **views: View) -> Shown:
    """What pages are made of, at the time of this situation: these views, by campaign."""
    vocabulary = Vocabulary()
    recent: Any = _AsGiven(views, vocabulary)
    return Shown(s.now, views, platform or Platform(), vocabulary, recent)
