"""Addresses of our pages, each as seen from the page that leads there: so they hold under any path of a reverse proxy.

A proxy that serves us under a path may take that off a request or leave it on; where it leaves it on, the path is that
of `web.external_url`. Pages need not know. What is given to others (cards as JSON, `explain`) needs the whole address.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from aiohttp import web

from exporter.config import WebConfig

OWN = frozenset({"campaigns", "runbooks", "metrics", "static", "-"})
"""What paths of ours begin with."""

_PREFIX: web.AppKey[str] = web.AppKey("prefix", str)


def page_of(campaign_id: str, ending: str = "") -> str:
    """A campaign's page, as seen from the first one. Ids may hold anything that can be printed.

    An id that reads as an ending, or as a step up (which clients take out of an address), gets an ending of its own.
    """
    if not ending and (campaign_id.endswith((".json", ".html")) or campaign_id in (".", "..")):
        ending = ".html"
    return f"campaigns/{quote(campaign_id, safe='')}{ending}"


def way_up(path: str) -> str:
    """The way from a page to the first one: `./` or `../`, once for each slash in its path after the first."""
    return "../" * (path.count("/") - 1) or "./"


def links_of(config: WebConfig, campaign_id: str) -> list[tuple[str, str]]:
    """Whole addresses that a campaign's card gives to whoever reads it, with their titles."""
    found = []
    if config.external_url:
        found.append(("Link to this page", f"{config.external_url}/{page_of(campaign_id)}"))
    if config.grafana_url:
        found.append(("Grafana", config.grafana_url))
    return found


# -- a path before ours ---------------------------------------------------------------------------------------


def add_routes(app: web.Application, prefix: str, routes: Sequence[web.RouteDef]) -> None:
    """Add routes, and the same under a path. Not where it begins like one of ours: there a proxy must take it off."""
    app[_PREFIX] = prefix if prefix and prefix.split("/")[1] not in OWN else ""
    app.add_routes(routes)
    if prefix := app[_PREFIX]:
        same = (web.RouteDef(each.method, prefix + each.path, each.handler, each.kwargs) for each in routes)
        app.add_routes([web.get(prefix, _with_slash), *same])


async def _with_slash(request: web.Request) -> web.StreamResponse:
    raise web.HTTPPermanentRedirect(f"./{request.rel_url.raw_path.rpartition('/')[2]}/")


def path_of(request: web.Request) -> str:
    """The path that was asked for, as it came, without what a proxy left before it."""
    prefix, path = request.app[_PREFIX], request.rel_url.raw_path
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path
