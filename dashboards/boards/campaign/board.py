"""Campaign live: one campaign. Is it going well, and if it does not dial, why?"""

from __future__ import annotations

from dashboards.boards.campaign import dispatch
from dashboards.boards.campaign.comparisons import experiment, retries
from dashboards.boards.campaign.contacts import contacts
from dashboards.boards.campaign.cost import cost
from dashboards.boards.campaign.key_figures import state, strip
from dashboards.boards.campaign.numbers import numbers
from dashboards.boards.campaign.results import calls, results
from dashboards.boards.campaign.scope import Own
from dashboards.boards.campaign.tasks import audience, filters, tasks
from dashboards.boards.campaign.timeline import changes, timeline
from dashboards.settings import Settings
from dashboards.vocabulary.board import Board
from dashboards.vocabulary.layout import line
from dashboards.vocabulary.links import Way, menu
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.queries import Queries
from dashboards.vocabulary.variables import campaigns, exporter, postgres, prometheus, tenants


def board(settings: Settings) -> Board:
    """The board."""
    own, way = Own(Queries(settings.replica_labels)), Way(settings, one=True)
    return Board(
        name="campaign",
        title="Campaign live",
        one=True,
        question="Is this campaign going well, and if it does not dial, why?",
        variables=(
            prometheus(settings, told=True),
            postgres(settings),
            *exporter(settings),
            _tenant(own),
            campaigns(own.q, several=False),
            *filters(own),
        ),
        links=_links(settings, way),
        annotations=changes(own),
        parts=(
            dispatch.answer(own, settings),
            dispatch.standing(own, state(own), settings),
            strip(own),
            *dispatch.reasons(own, settings),
            timeline(own),
            results(own),
            line(tasks(way, settings)),
            dispatch.detail(own, way),
            calls(own),
            retries(own),
            experiment(own),
            cost(own),
            numbers(own, way.only("datasource")),
            audience(own),
            contacts(own),
        ),
    )


def _tenant(own: Own) -> Json:
    """One tenant or all, so that a link need not know the tenant of its campaign."""
    every = {"current": {"selected": True, "text": "All", "value": "$__all"}, "includeAll": True, "allValue": ".*"}
    return tenants(own.q, several=False) | every


def _links(settings: Settings, way: Way) -> tuple[Json, ...]:
    ours, chosen = way.only("datasource"), way.only("datasource", "tenant")
    card = dispatch.card(settings)
    page = settings.of_group(settings.links.campaign).replace("{campaign}", "${campaign:percentencode}")
    return (
        menu("Campaigns overview", ours.to("overview")),
        menu("Number pool", chosen.to("numbers")),
        menu("Exporter health", way.only("datasource").to("exporter-health")),
        menu("Cost", chosen.to("cost", campaign="${campaign}")),
        *([menu("Hints and evidence", card, elsewhere=True, tooltip="The exporter's card")] if card else []),
        *([menu("Campaign in the platform", page, elsewhere=True)] if page else []),
    )
