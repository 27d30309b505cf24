"""The pages for people, over HTTP: the list of campaigns and their cards, as HTML and JSON, from the snapshot alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from yarl import URL

from exporter.contract.wording import duration
from exporter.diagnosis.view import Shown
from exporter.refresh.service import Page, Service
from exporter.web.addresses import links_of, path_of, way_up
from exporter.web.cards.card import card
from exporter.web.cards.summary import SORTS, Wanted, listing, summary
from exporter.web.cards.values import VERSION, Freshness, Json
from exporter.web.negotiation import HTML_TYPE, JSON_TYPE, prefers_json
from exporter.web.rendering import (
    SHOWN_CAMPAIGNS,
    STYLE,
    STYLE_VERSION,
    render_campaigns,
    render_card,
    render_message,
)

Maker = Callable[[], tuple[int, str]]
"""Makes a status and a text, in the thread of the pages."""

_PREFIX = "/campaigns/"
MOST_AT_ONCE = 32
"""Pages that may wait to be made; each holds on to the snapshot it is made of."""

_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Encoding"}
_LIST = (("All campaigns", "campaigns"), ("This exporter", ""))
_TEXT_LIMIT = 200


class Pages:
    """Makes pages in one thread of their own: however many are asked for, scrapes get their turn."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages")
        self._making: dict[tuple[object, ...], asyncio.Future[tuple[int, str]]] = {}
        self._summed: tuple[Shown, list[Json]] | None = None

    def routes(self) -> list[web.RouteDef]:
        """What the pages answer to."""
        return [
            web.get("/campaigns", self._campaigns),
            web.get("/campaigns.json", self._campaigns),
            web.get("/campaigns.html", self._campaigns),
            web.get(_PREFIX + "{rest:.*}", self._campaign),
            web.get("/static/style.css", self._style),
        ]

    async def running(self, _: web.Application) -> Any:
        """For as long as the application runs."""
        yield
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _campaigns(self, request: web.Request) -> web.Response:
        wanted = _wanted(request.query)
        ending = path_of(request).removeprefix("/campaigns")
        page = self._service.page

        def make(shown: Shown, freshness: Freshness, as_json: bool) -> tuple[int, str]:
            most = None if as_json else SHOWN_CAMPAIGNS
            data = listing(shown, self._summary(shown), wanted, freshness, most)
            return 200, _dumped(data) if as_json else render_campaigns(data, wanted, _tenants(shown))

        return await self._answer(request, page, ending, wanted, make)

    async def _campaign(self, request: web.Request) -> web.StreamResponse:
        raw = path_of(request)
        name, ending = _split(raw.removeprefix(_PREFIX))
        if not name and not ending:
            raise web.HTTPPermanentRedirect("../campaigns")
        root = way_up(raw)
        snapshot = self._service.page.snapshot
        if raw.endswith("/") and (snapshot is None or name not in snapshot.shown.views):
            raise web.HTTPFound(URL(root + raw.strip("/"), encoded=True))
        config = self._service.config

        def make(shown: Shown, freshness: Freshness, as_json: bool) -> tuple[int, str]:
            if name not in shown.views:
                why = (
                    f"No campaign has the id {name!r}, or it is a draft, or it ended longer than "
                    "the setting retention ago."
                )
                if "campaigns" in shown.hidden:
                    why = "No campaign that can be seen has this id: row-level security hides some of them."
                more = _sentences(self._service.part)
                return 404, _message("No such campaign", [why, *more], as_json, 404, root)
            data = card(shown, name, freshness, mask=config.numbers.mask_phone, links=links_of(config.web, name))
            return 200, _dumped(data) if as_json else render_card(data)

        return await self._answer(request, self._service.page, ending, (name, root), make)

    async def _style(self, request: web.Request) -> web.Response:
        """Kept by browsers, as another style has another address."""
        lasting = request.query_string == STYLE_VERSION
        headers = {"Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache"}
        return web.Response(text=STYLE, content_type="text/css", headers=headers)

    async def _answer(
        self,
        request: web.Request,
        page: Page,
        ending: str,
        what: object,
        make: Callable[[Shown, Freshness, bool], tuple[int, str]],
    ) -> web.Response:
        as_json = ending == ".json" or (ending != ".html" and prefers_json(request.headers.get("Accept", "")))
        headers = dict(_HEADERS)
        if page.snapshot is None:
            headers["Retry-After"] = "5"
            status, text = 503, _message("No data yet", [self._service.state], as_json, 503, way_up(path_of(request)))
        else:
            shown, freshness = page.snapshot.shown, self._freshness(page)
            key = (id(page), int(freshness.age_seconds), as_json, what)
            status, text = await self._made(key, lambda: make(shown, freshness, as_json))
        response = web.Response(
            status=status, text=text, content_type=JSON_TYPE if as_json else HTML_TYPE, headers=headers
        )
        if request.method != "HEAD":
            response.enable_compression()
        return response

    async def _made(self, key: tuple[object, ...], make: Maker) -> tuple[int, str]:
        """Made once for all who ask for the same at the same time."""
        making = self._making.get(key)
        if making is None and len(self._making) >= MOST_AT_ONCE:  # else a loop of requests would pile up snapshots
            raise web.HTTPServiceUnavailable(
                text="too many pages are asked for at once\n", headers={"Retry-After": "2"}
            )
        if making is None:
            making = asyncio.get_running_loop().run_in_executor(self._thread, make)
            self._making[key] = making
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)  # who goes away does not take it from the others

    def _freshness(self, page: Page) -> Freshness:
        notes = [] if page.problem is None else [f"The last refresh failed: {page.problem}."]
        notes += _sentences(self._service.notes)
        if (ahead := self._service.clock_ahead) is not None:
            where = "ahead of" if ahead > 0 else "behind"
            notes.append(
                f"The exporter's clock is {duration(abs(ahead))} {where} the database's. All times here are the "
                "database's."
            )
        notes += [each.sentence for each in page.promise.caveats if each.grave]
        return Freshness(page.age, self._service.stale(page), tuple(notes), page.promise.dated)

    def _summary(self, shown: Shown) -> list[Json]:
        """All lines of the list; only the thread of the pages asks."""
        if self._summed is None or self._summed[0] is not shown:
            self._summed = (shown, summary(shown))
        return self._summed[1]


def _sentences(notes: Sequence[str]) -> list[str]:
    return [f"{note[0].upper()}{note[1:]}." for note in notes]


def _wanted(query: Mapping[str, str]) -> Wanted:
    sort = query.get("sort", "")
    text = query.get("q", "").strip()[:_TEXT_LIMIT]
    return Wanted(query.get("tenant", ""), query.get("state", ""), text, sort if sort in SORTS else "worst")


def _split(quoted: str) -> tuple[str, str]:
    """The id and the ending of the last part of an address; an id that is no UTF-8 is nobody's."""
    ending = next((each for each in (".json", ".html") if quoted.endswith(each)), "")
    return unquote(quoted.removesuffix(ending), errors="replace"), ending


def _tenants(shown: Shown) -> list[tuple[str, str]]:
    """The tenants that have a campaign, by name."""
    found = {view.situation.campaign.tenant_id: view.situation.tenant for view in shown.views.values()}
    named = [(key, tenant.name if tenant and tenant.name else key) for key, tenant in found.items()]
    return sorted(named, key=lambda each: (each[1].casefold(), each[0]))


def _message(title: str, texts: list[str], as_json: bool, status: int, root: str) -> str:
    if as_json:
        return _dumped({"version": VERSION, "error": {"status": status, "title": title, "message": " ".join(texts)}})
    return render_message(title, texts, root, _LIST)


def _dumped(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
