"""HTTP: finished bytes and the state of the loop. Nothing here touches the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web

from exporter.metrics.catalogue import SECTIONS
from exporter.metrics.exposition import ENCODINGS, OPENMETRICS_TYPE, TEXT_TYPE
from exporter.refresh.service import Service
from exporter.web.addresses import add_routes
from exporter.web.connections import Connection
from exporter.web.guard.guard import Guard
from exporter.web.negotiation import weights
from exporter.web.pages import Pages
from exporter.web.reloading import Reloading
from exporter.web.rendering import render_landing
from exporter.web.runbooks.library import Library
from exporter.web.runbooks.pages import RunbookPages
from exporter.web.sending import Sending

SERVICE: web.AppKey[Service] = web.AppKey("service", Service)
SENDING: web.AppKey[Sending] = web.AppKey("sending", Sending)
GUARD: web.AppKey[Guard] = web.AppKey("guard", Guard)
_WATCH_SECONDS = 1.0

log = structlog.get_logger()

_PAGES = (
    ("campaigns", "why is it not dialling? All campaigns, the worst first"),
    ("runbooks", "what to do, for each alert and for each blocker code"),
    ("metrics", "for Prometheus"),
    ("-/healthy", "200 while the program works"),
    ("-/ready", "200 once there is data fresh enough to show"),
)
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'",
}


def application(
    service: Service,
    runbooks: Library | None = None,
    guard: Guard | None = None,
    reloading: Reloading | None = None,
) -> web.Application:
    """The routes over a service. `runbooks`: others than those that come with this program. `guard`: who may ask."""
    guard = guard or Guard()
    app = web.Application(middlewares=[_answering, _headers, guard.keep], client_max_size=1024)
    app[GUARD] = guard
    app[SERVICE] = service
    app[SENDING] = Sending()
    pages = Pages(service)
    routes = [
        web.get("/", _landing),
        web.get("/metrics", _metrics),
        web.get("/-/healthy", _healthy),
        web.get("/-/ready", _ready),
        *pages.routes(),
        *RunbookPages(runbooks).routes(),
        *(reloading or Reloading(service)).routes(),
    ]
    add_routes(app, service.config.web.prefix, routes)
    app.cleanup_ctx.append(pages.running)
    app.cleanup_ctx.append(_watching)
    return app


@web.middleware
async def _answering(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer within the connection's deadline, and send what is large piece by piece."""
    connection = request.transport.get_protocol() if request.transport is not None else None
    with connection.answer() if isinstance(connection, Connection) else nullcontext():
        return await request.app[SENDING].send(request, await handler(request))


@web.middleware
async def _headers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    headers = _SECURITY_HEADERS | request.app[GUARD].policy.headers
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(headers)
        raise
    response.headers.update(headers)
    return response


async def _watching(app: web.Application) -> Any:
    async def watch() -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                app[SERVICE].watch()
            except Exception as error:  # without it, nobody would notice a server that hangs
                log.exception("unexpected error", exc_info=error)

    task = asyncio.create_task(watch())
    yield
    task.cancel()


async def _metrics(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    page = service.page
    content_type = OPENMETRICS_TYPE if _wants_openmetrics(request.headers.get("Accept", "")) else TEXT_TYPE
    encoding = choose_encoding(request.headers.get("Accept-Encoding", ""))
    service.note_wanted(content_type, encoding)
    body = page.own if service.stale(page) else page.full
    if body.ready(content_type, encoding):
        data = body.get(content_type, encoding)
    else:  # the first time somebody asks for this format
        data = await asyncio.get_running_loop().run_in_executor(None, body.get, content_type, encoding)
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding", "Cache-Control": "no-store"}
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    return web.Response(body=data, headers=headers)


def _wants_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics 1.0 is accepted and preferred to plain text."""
    found = weights(accept)
    openmetrics = found.get("application/openmetrics-text", 0.0)
    return openmetrics > 0 and openmetrics >= found.get("text/plain", 0.0)


def choose_encoding(accept: str) -> str:
    """The content coding with the highest weight that we have; `identity` when none is wanted."""
    found = weights(accept)
    offered = {coding: found.get(coding, found.get("*", 0.0)) for coding in ENCODINGS}
    best = max(offered, key=lambda coding: offered[coding])
    if offered[best] <= 0 or found.get("identity", 0.0) > offered[best]:
        return "identity"
    return best


async def _healthy(request: web.Request) -> web.Response:
    if request.app[SERVICE].alive:
        return web.Response(text="healthy\n")
    return web.Response(text="the refreshing thread has ended; restart the exporter\n", status=503)


async def _ready(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    page = service.page
    if page.snapshot is None:
        state = page.problem or f"loading, {round(service.progress * 100)} %"
        return web.Response(text=f"not ready: {state}\n", status=503)
    notes = [each.sentence for each in page.promise.caveats]
    if service.stale(page):
        why = page.problem or page.promise.why_old or "the refresh takes too long"
        return web.Response(text=f"not ready: the data are {service.why_withheld(page)}: {why}\n", status=503)
    return web.Response(text="".join(f"{line}\n" for line in ("ready", *notes, *service.notes)))


async def _landing(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    page = service.page
    facts: list[tuple[str, str]] = []
    if page.snapshot is not None:
        snapshot = page.snapshot
        at = datetime.fromtimestamp(snapshot.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        of = f"{at}, {round(page.age)} s ago" if page.promise.dated else "a moment that is not known"
        campaigns = ", ".join(f"{count} {status}" for status, count in sorted(snapshot.campaigns.items()))
        facts = [
            ("Data as of", of),
            *[(each.thing.capitalize(), each.said) for each in page.promise.caveats],
            ("Campaigns", campaigns or "none is scheduled, running, paused or ended lately"),
            ("Series", f"{snapshot.series:,}"),
            *(("Mind", note) for note in service.notes),
        ]
    html = render_landing(
        healthy=page.problem is None and page.snapshot is not None,
        state=service.state,
        problem=page.problem,
        facts=facts,
        pages=_PAGES,
        sections=[(section, len(families)) for section, families in SECTIONS.items()],
    )
    return web.Response(text=html, content_type="text/html")
