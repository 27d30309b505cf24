"""Campaign live: one campaign. Is it going well, and if it does not dial, why?"""

from __future__ import annotations

from dashboards import campaign_dispatch as dispatch
from dashboards.board import Board, Way, campaigns, line, menu, postgres, prometheus, tenants
from dashboards.campaign_compare import experiment, retries
from dashboards.campaign_cost import cost
from dashboards.campaign_kpi import banner, strip
from dashboards.campaign_numbers import numbers
from dashboards.campaign_results import calls, results
from dashboards.campaign_scope import Own
from dashboards.campaign_tasks import audience, filters, tasks
from dashboards.campaign_timeline import changes, timeline
from dashboards.modern import Json
from dashboards.queries import Queries
from dashboards.settings import Settings


def board(settings: Settings) -> Board:
    """The board."""
    own, way = Own(Queries(settings.replica_labels)), Way(settings)
    return Board(
        name="campaign",
        title="Campaign live",
        question="Is this campaign going well, and if it does not dial, why?",
        variables=(
            prometheus(settings),
            postgres(settings),
            _tenant(own),
            campaigns(own.q, several=False),
            *filters(own),
        ),
        links=_links(settings, way),
        annotations=changes(own),
        parts=(
            line(banner(own)),
            dispatch.answer(own, settings),  # first, as on a phone the strip alone is two screens long
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
        ),
    )


def _tenant(own: Own) -> Json:
    """One tenant or all, so that a link need not know the tenant of its campaign."""
    every = {"current": {"selected": True, "text": "All", "value": "$__all"}, "includeAll": True, "allValue": ".*"}
    return tenants(own.q, several=False) | every


def _links(settings: Settings, way: Way) -> tuple[Json, ...]:
    ours, chosen = way.only("datasource"), way.only("datasource", "tenant")
    card = dispatch.card(settings)
    page = settings.links.campaign.replace("{campaign}", "${campaign:percentencode}")
    return (
        menu("Campaigns overview", ours.to("overview")),
        menu("Number pool", chosen.to("numbers")),
        menu("Cost", chosen.to("cost", campaign="${campaign}")),
        *([menu("Hints and evidence", card, elsewhere=True, tooltip="The exporter's card")] if card else []),
        *([menu("Campaign in the platform", page, elsewhere=True)] if page else []),
    )
