"""The runbooks' pages over HTTP: an index, and a page for each alert and each blocker code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from aiohttp import ETag, web
from markupsafe import Markup, escape
from yarl import URL

from exporter.contract.codes import BLOCKERS, clean_name
from exporter.web.addresses import page_of, path_of, way_up
from exporter.web.negotiation import HTML_TYPE
from exporter.web.rendering import render, render_message
from exporter.web.runbooks.library import Library, body, shipped
from exporter.web.runbooks.markdown import Document
from exporter.web.runbooks.placeholders import Asked, asked

_PREFIX, _CODES = "/runbooks/", "codes/"
_SHOWN_NAME = 80

# Browsers ask whether a page has changed, which it does only with another version of this program.
_HEADERS: Mapping[str, str] = MappingProxyType({"Cache-Control": "no-cache", "Vary": "Accept-Encoding"})
_WAYS = (("All runbooks", "runbooks"), ("All campaigns", "campaigns"))
_UNKNOWN = "unknown"


class RunbookPages:
    """Answers from what was written once; a request fills in no more than the ids it brings."""

    def __init__(self, library: Library | None = None) -> None:
        self._library = shipped() if library is None else library

    def routes(self) -> list[web.RouteDef]:
        """What the runbooks answer to."""
        return [web.get("/runbooks", self._index), web.get(_PREFIX + "{rest:.*}", self._runbook)]

    async def _index(self, request: web.Request) -> web.Response:
        values = asked(request.query)
        alerts = [(name, breakable(name), page.lead) for name, page in self._library.alerts.items()]
        return _answer(
            request,
            _rendered("runbooks.html", values, alerts=alerts, groups=_groups(self._library.codes)),
        )

    async def _runbook(self, request: web.Request) -> web.Response:
        # As it came, so that a `/` in a name stays in it: what is no name of a page is nobody's.
        path = path_of(request)
        raw, root = path.removeprefix(_PREFIX), way_up(path)
        if raw in ("", "codes", _CODES):
            raise web.HTTPPermanentRedirect(root + ("runbooks#codes" if raw else "runbooks"))
        if raw.endswith("/"):
            query = f"?{request.rel_url.raw_query_string}".removesuffix("?")
            raise web.HTTPPermanentRedirect(URL(root + path.strip("/") + query, encoded=True))
        of_code = raw.startswith(_CODES)
        name = unquote(raw.removeprefix(_CODES), errors="replace")
        page = (self._library.codes if of_code else self._library.alerts).get(name)
        if page is None:
            return _missing(request, name, of_code and _UNKNOWN in self._library.codes, root)
        values = asked(request.query)
        html = _rendered(
            "runbook.html",
            values,
            root=root,
            title=page.title or name,
            heading=breakable(page.title or name),
            of_code=of_code,
            body=body(page, values),
        )
        return _answer(request, html)


def _rendered(template: str, values: Asked, **more: Any) -> str:
    card = page_of(values.campaign) if values.campaign else None
    return render(template, asked=values, card=card, **more)


def _groups(codes: Mapping[str, Document]) -> list[tuple[str, str, list[tuple[str, Markup, str]]]]:
    """The codes that have a page, by group: the group, its first move, and code, how it is written, meaning."""
    found = []
    known = (blocker for blocker in BLOCKERS.values() if blocker.code in codes)
    for (group, move), blockers in groupby(known, lambda blocker: (blocker.group, blocker.first_move)):
        found.append((group, move, [(each.code, breakable(each.code), each.meaning) for each in blockers]))
    if _UNKNOWN in codes:
        line = (_UNKNOWN, breakable("any other code"), codes[_UNKNOWN].lead)
        found.append((_UNKNOWN, "Tell the platform's owners.", [line]))
    return found


def breakable(name: str) -> Markup:
    """A name that may be broken at its joints, rather than anywhere."""
    parts = re.split(r"(?<=_)|(?<=[a-z0-9])(?=[A-Z])", name)
    return Markup("<wbr>").join(escape(part) for part in parts)


def _missing(request: web.Request, name: str, of_code: bool, root: str) -> web.Response:
    shown = clean_name(name, _SHOWN_NAME)
    texts = [f"There is no runbook of the name “{shown}” in this version."]
    ways = list(_WAYS)
    if of_code:
        texts.append("A blocker code without a page is outside the vocabulary.")
        ways.insert(0, ("What to do about an unknown code", f"runbooks/{_CODES}{_UNKNOWN}"))
    return _answer(request, render_message("No such runbook", texts, root, ways), 404)


def _answer(request: web.Request, html: str, status: int = 200) -> web.Response:
    headers = dict(_HEADERS)
    etag = ETag(hashlib.sha256(html.encode()).hexdigest()[:32], is_weak=True)  # the same however it is compressed
    if status == 200 and request.if_none_match and {"*", etag.value} & {each.value for each in request.if_none_match}:
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(status=status, text=html, content_type=HTML_TYPE, headers=headers)
        if request.method != "HEAD":
            response.enable_compression()
    if status == 200:
        response.etag = etag
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
