"""The web file while it serves: who may see a page, and what happens when the file or a certificate changes."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from aiohttp import web

from exporter.config.web_file import WebFile, load_web_file
from exporter.errors import ConfigError
from exporter.web.guard.certificates import context_of, files_of, objection
from exporter.web.guard.passwords import Passwords

_LOOK_SECONDS = 1.0

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Policy:
    """What stands before every page, as one reading of the web file found it."""

    tls: ssl.SSLContext | None = None
    passwords: Passwords | None = None
    names: frozenset[str] = frozenset()
    """Of which a client's certificate must have one; empty: any is good."""
    headers: dict[str, str] = field(default_factory=dict)
    guards: tuple[str, ...] = ()
    """What guards, in words: while it serves, none of it changes."""
    remarks: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The same in a line."""
        return ", ".join(self.guards) or "none"

    async def let_in(self, request: web.Request) -> None:
        """Raise the answer for whoever may not see a page."""
        if self.names and not self.names & _names(request):
            raise web.HTTPForbidden(text="none of the names in your certificate is in client_allowed_sans\n")
        if self.passwords is None:
            return
        header = request.headers.get("Authorization", "")
        if not await self.passwords.admit(header, waits=lambda: request.transport is not None):
            ask = {"WWW-Authenticate": 'Basic realm="campaign-exporter", charset="UTF-8"'}
            raise web.HTTPUnauthorized(text="a user and a password are needed\n", headers=ask)


class Guard:
    """The policy of a web file, read at once; without a file, none.

    `ConfigError` says what is wrong with the file, or with one that it names.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._stamps: dict[Path, object] = {}
        self._moving: dict[Path, object] | None = None
        self.policy = Policy() if path is None else self._read(path)

    @web.middleware
    async def keep(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Before every page, be there one or not."""
        await self.policy.let_in(request)
        return await handler(request)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Meanwhile, follow what changes."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                try:
                    await asyncio.to_thread(self.look)
                except Exception as error:  # whatever it is, the policy stays
                    log.exception("unexpected error", exc_info=error)

        for remark in self.policy.remarks:
            log.warning(remark)
        task = asyncio.create_task(watch()) if self._path is not None else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()

    def look(self) -> None:
        """Read the files anew if one changed, and was at rest since the last look: it may be half written.

        What is wrong is told once, and changes nothing.
        """
        assert self._path is not None, "else nobody looks"
        seen = _stamps(self._stamps)
        if seen == self._stamps:
            self._moving = None
        elif seen != self._moving:
            self._moving = seen
        else:
            self._take_over(self._path)

    def _take_over(self, path: Path) -> None:
        self._moving = None
        try:
            policy = self._read(path)
        except ConfigError as error:
            self._refuse(str(error))
            return
        if policy.guards != self.policy.guards:  # be it that somebody is still writing the rest
            self._refuse(
                f"{path}: guards by {policy.said}, and not by {self.policy.said}; restart the exporter for that"
            )
            return
        self.policy = policy
        log.info("the web file and its certificates were read anew", file=str(path))
        for remark in policy.remarks:
            log.warning(remark)

    def _refuse(self, problem: str) -> None:
        log.error("the web file is not taken over", problem=problem, effect="none: all is guarded as before")

    def _read(self, path: Path) -> Policy:
        """Stamps are taken before the files are read: what changes meanwhile is seen at the next look."""
        self._stamps = _stamps({path, *self._stamps})
        found = load_web_file(path)
        tls = found.tls_server_config
        files = files_of(tls, path)
        self._stamps = {**_stamps(files.values()), path: self._stamps[path]}
        context = context_of(tls, path) if tls is not None else None
        return Policy(
            tls=context,
            passwords=Passwords(found.hashes) if found.hashes else None,
            names=frozenset(map(_name, tls.client_allowed_sans or ())) if tls is not None else frozenset(),
            headers=found.http_server_config.headers.model_dump(by_alias=True, exclude_none=True),
            guards=tuple(_guards(found)),
            remarks=tuple(_remarks(found, context, files)),
        )


def _guards(found: WebFile) -> Iterable[str]:
    if (tls := found.tls_server_config) is not None:
        yield "TLS"
        if tls.client_auth_type != "NoClientCert":
            yield f"client certificates ({tls.client_auth_type})"
        if tls.client_allowed_sans:
            yield "their names"
    if found.basic_auth_users:
        yield "passwords"


def _remarks(found: WebFile, context: ssl.SSLContext | None, files: Mapping[str, Path]) -> Iterable[str]:
    if context is not None and (why := objection(context, files["cert_file"])):
        yield f"clients will refuse the certificate in {files['cert_file']}: {why}"
    if context is None and found.basic_auth_users:
        yield "passwords are sent in plain text: add tls_server_config to the web file"
    if not any(_guards(found)):
        yield "nothing in the web file guards: add tls_server_config or basic_auth_users"
    if found.http_server_config.http2:
        yield "http_server_config.http2 has no effect: HTTP/1.1 is spoken to all clients"


def _stamps(files: Iterable[Path]) -> dict[Path, object]:
    """What differs once a file is another."""
    found: dict[Path, object] = {}
    for path in files:
        try:
            state = path.stat()
            found[path] = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        except OSError as error:
            found[path] = error.errno
    return found


def _names(request: web.Request) -> frozenset[str]:
    """The names in a client's certificate: of hosts, addresses, mail and URIs."""
    certificate = request.get_extra_info("peercert") or {}
    return frozenset(_name(value) for _, value in certificate.get("subjectAltName", ()) if isinstance(value, str))


def _name(text: str) -> str:
    """Addresses of IPv6 are written in several ways."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(text))
    return text
