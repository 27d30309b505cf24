"""What the web file says holds for every page and every address, and follows the files while it serves."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from structlog.testing import capture_logs

from exporter.errors import ConfigError
from exporter.web.connections import HEAD_SECONDS
from exporter.web.guard.guard import Guard
from tests.support.certificates import PASSWORD, Authority, hashed, login, tls, web_file
from tests.support.exporting import Loop
from tests.support.sites import ASK, Site, on_site, read, until

USERS = {"alice": hashed(PASSWORD)}
CLIENTS = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}
LOGIN = login("alice", PASSWORD)
PAGES = [
    "/", "/metrics", "/campaigns", "/campaigns/1", "/campaigns/1.json", "/runbooks", "/static/style.css", "/-/healthy",
    "/-/ready", "/nowhere", "/metrics/", "//metrics", "/static/../metrics",
]  # fmt: skip


class Asked:
    """An answer that came whole."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


async def ask(
    site: Site, context: ssl.SSLContext | None, path: str = "/metrics", sent: str | None = None, **options: Any
) -> Asked:
    """One answer, on a connection of its own; `sent`: a login. An error of `aiohttp` when there is none."""
    headers = {} if sent is None else {"Authorization": sent}
    scheme = "http" if context is None else "https"
    url = f"{scheme}://127.0.0.1:{site.port}{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, ssl=context or True, headers=headers, **options) as response,
    ):
        return Asked(response.status, response.headers, await response.read())


def served(idle: Loop, file: Path, act: Callable[[Site], Awaitable[None]], most: int = 8) -> None:
    on_site(idle, act, most, file)


def look(site: Site) -> None:
    """Two looks: the second one finds the files at rest."""
    site.guard.look()
    site.guard.look()


# -- every page ---------------------------------------------------------------------------------------------------


def test_without_a_password_no_page_is_shown_and_nobody_learns_which_there_are(
    idle: Loop, authority: Authority
) -> None:
    file = web_file(authority.directory, {"tls_server_config": tls(), "basic_auth_users": USERS})

    async def act(site: Site) -> None:
        for path in PAGES:
            for sent in (None, login("alice", "wrong")):
                answer = await ask(site, authority.trusting(), path, sent, allow_redirects=False)
                assert (answer.status, answer.body) == (401, b"a user and a password are needed\n"), path
                assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert (await ask(site, authority.trusting(), sent=LOGIN)).body.startswith(b"# HELP")
        assert (await ask(site, authority.trusting(), "/nowhere", sent=LOGIN)).status == 404

    served(idle, file, act)


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND"])
def test_no_method_goes_past_the_password(idle: Loop, tmp_path: Path, method: str) -> None:
    async def act(site: Site) -> None:
        with await site.client(b"%s /metrics HTTP/1.1\r\nHost: x\r\n\r\n" % method.encode()) as client:
            assert (await read(client)).startswith((b"HTTP/1.1 401", b"HTTP/1.1 400"))

    served(idle, web_file(tmp_path, {"basic_auth_users": USERS}), act)


def test_plain_http_gets_nothing_where_tls_is_asked_for(idle: Loop, authority: Authority) -> None:
    async def act(site: Site) -> None:
        with capture_logs() as logs:
            with await site.client(ASK % b"/metrics") as client:
                assert b"HTTP/1.1" not in await read(client)
            await until(lambda: len(site.connections) == 0)
        assert [entry["why"] for entry in logs] == ["http request"]

    served(idle, web_file(authority.directory, {"tls_server_config": tls()}), act)


@pytest.mark.parametrize(
    ("settings", "version", "taken"),
    [
        ({}, ssl.TLSVersion.TLSv1_2, True), ({}, ssl.TLSVersion.TLSv1_3, True),
        ({"min_version": "TLS13"}, ssl.TLSVersion.TLSv1_2, False),
        ({"max_version": "TLS12"}, ssl.TLSVersion.TLSv1_3, False),
    ],
)  # fmt: skip
def test_versions_of_tls_are_those_of_the_file(
    idle: Loop, authority: Authority, settings: dict[str, str], version: ssl.TLSVersion, taken: bool
) -> None:
    client = authority.trusting()
    client.minimum_version = client.maximum_version = version

    async def act(site: Site) -> None:
        with contextlib.nullcontext() if taken else pytest.raises(aiohttp.ClientError):
            assert (await ask(site, client)).status == 200

    served(idle, web_file(authority.directory, {"tls_server_config": tls(**settings)}), act)


def test_headers_of_the_file_go_before_our_own_on_every_answer(idle: Loop, tmp_path: Path) -> None:
    headers = {"X-Frame-Options": "sameorigin", "Strict-Transport-Security": "max-age=60", "X-XSS-Protection": 0}
    content = {"http_server_config": {"headers": headers}, "basic_auth_users": USERS}

    async def act(site: Site) -> None:
        for sent, path in ((LOGIN, "/"), (LOGIN, "/nowhere"), (None, "/")):
            answer = await ask(site, None, path, sent)
            assert {name: answer.headers[name] for name in headers} == {k: str(v) for k, v in headers.items()}
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    served(idle, web_file(tmp_path, content), act)


# -- client certificates ------------------------------------------------------------------------------------------


def test_only_clients_whose_certificate_the_authority_signed_are_taken(
    idle: Loop, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Authority(tmp_path_factory.mktemp("other"))
    for made in (authority, other):
        made.issue("client", "prometheus.example.com")
    authority.issue("expired", days=-1)
    stranger = authority.trusting()
    stranger.load_cert_chain(other.directory / "client.pem", other.directory / "client.key")

    async def act(site: Site) -> None:
        assert (await ask(site, authority.trusting("client"))).status == 200
        for refused in (authority.trusting(), stranger, authority.trusting("expired")):
            with pytest.raises(aiohttp.ClientError):
                await ask(site, refused)

    served(idle, web_file(authority.directory, {"tls_server_config": tls(**CLIENTS)}), act)


def test_an_authority_below_another_may_be_the_one_that_counts(idle: Loop, authority: Authority) -> None:
    below = authority.ca.create_child_ca()
    authority.issue("client", authority=below)
    authority.issue("sibling", authority=authority.ca.create_child_ca())
    (authority.directory / "below.pem").write_bytes(below.cert_pem.bytes())

    async def act(site: Site) -> None:
        assert (await ask(site, authority.trusting("client"))).status == 200
        with pytest.raises(aiohttp.ClientError):
            await ask(site, authority.trusting("sibling"))

    served(
        idle,
        web_file(authority.directory, {"tls_server_config": tls(**{**CLIENTS, "client_ca_file": "below.pem"})}),
        act,
    )


def test_a_certificate_may_be_left_out_where_it_is_verified_if_given(idle: Loop, authority: Authority) -> None:
    authority.issue("expired", days=-1)

    async def act(site: Site) -> None:
        assert (await ask(site, authority.trusting())).status == 200
        with pytest.raises(aiohttp.ClientError):
            await ask(site, authority.trusting("expired"))

    content = tls(client_auth_type="VerifyClientCertIfGiven", client_ca_file="ca.pem")
    served(idle, web_file(authority.directory, {"tls_server_config": content}), act)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("prometheus.example.com", 200), ("2001:db8::1", 200), ("me@example.com", 200),
        ("prometheus.example.com.evil.com", 403), ("2001:db8::2", 403),
    ],
)  # fmt: skip
def test_only_clients_with_an_allowed_name_are_taken(idle: Loop, authority: Authority, name: str, status: int) -> None:
    authority.issue("client", name)
    allowed = ["prometheus.example.com", "2001:DB8:0:0::1", "me@example.com"]

    async def act(site: Site) -> None:
        for path in PAGES:
            answer = await ask(site, authority.trusting("client"), path)
            assert (answer.status == 403) == (status == 403)

    served(idle, web_file(authority.directory, {"tls_server_config": tls(**CLIENTS, client_allowed_sans=allowed)}), act)


# -- bounds -------------------------------------------------------------------------------------------------------


def hello(context: ssl.SSLContext) -> bytes:
    """What a client sends first."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(into, out, server_hostname="127.0.0.1").do_handshake()
    return out.read()


@pytest.mark.parametrize("part", ["nothing", "half", "whole"])
def test_a_handshake_that_does_not_go_on_is_cut_off_in_the_time_of_a_request(
    idle: Loop, authority: Authority, part: str
) -> None:
    first = hello(authority.trusting())
    says = {"nothing": b"", "half": first[: len(first) // 2], "whole": first}[part]

    async def act(site: Site) -> None:
        with await site.client(says) as client:
            await until(lambda: len(site.connections) == 1)
            site.pass_time(HEAD_SECONDS - 1)
            assert len(site.connections) == 1
            site.pass_time(1)
            assert len(site.connections) == 0
            while await read(client):
                pass

    served(idle, web_file(authority.directory, {"tls_server_config": tls()}), act)


def test_the_time_of_a_handshake_is_part_of_the_time_for_the_request(idle: Loop, authority: Authority) -> None:
    async def act(site: Site) -> None:
        with await site.client() as client:
            site.pass_time(HEAD_SECONDS - 1)
            reader, writer = await asyncio.open_connection(
                sock=client, ssl=authority.trusting(), server_hostname="127.0.0.1"
            )
            writer.write(b"GET /metr")
            await writer.drain()
            site.pass_time(1)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            assert len(site.connections) == 0
            writer.close()

    served(idle, web_file(authority.directory, {"tls_server_config": tls()}), act)


def test_others_are_served_while_handshakes_that_do_not_go_on_take_all_places(idle: Loop, authority: Authority) -> None:
    async def act(site: Site) -> None:
        for _ in range(site.connections.most):
            await site.client()
        asking = asyncio.create_task(ask(site, authority.trusting()))
        await asyncio.sleep(0)
        site.now += 1
        assert (await asking).status == 200
        assert len(site.connections) <= site.connections.most

    served(idle, web_file(authority.directory, {"tls_server_config": tls()}), act, most=4)


def test_a_hundred_clients_at_once_are_all_served_whole(idle: Loop, authority: Authority) -> None:
    file = web_file(authority.directory, {"tls_server_config": tls(), "basic_auth_users": USERS})

    async def act(site: Site) -> None:
        site.show(b"a", 500_000)
        context = authority.trusting()
        answers = await asyncio.gather(*(ask(site, context, sent=LOGIN) for _ in range(100)))
        assert {(answer.status, len(answer.body)) for answer in answers} == {(200, 500_000)}

    served(idle, file, act, most=16)


# -- what changes while it serves ---------------------------------------------------------------------------------


async def expiry(site: Site, authority: Authority) -> datetime:
    """Until when the certificate is good that a new client sees."""
    _, writer = await asyncio.open_connection("127.0.0.1", site.port, ssl=authority.trusting())
    certificate = writer.get_extra_info("peercert")
    writer.close()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()
    return datetime.strptime(certificate["notAfter"], "%b %d %H:%M:%S %Y %Z")  # noqa: DTZ007  # compared only


def test_a_certificate_is_swapped_while_it_serves(idle: Loop, authority: Authority) -> None:
    async def act(site: Site) -> None:
        before = await expiry(site, authority)
        async with aiohttp.ClientSession() as session:
            url = f"https://127.0.0.1:{site.port}/metrics"
            async with session.get(url, ssl=authority.trusting()) as response:
                assert response.status == 200
            authority.issue("server", days=30)
            with capture_logs() as logs:
                look(site)
                look(site)
            async with session.get(url, ssl=authority.trusting()) as response:
                assert response.status == 200
        assert [entry["event"] for entry in logs] == ["the web file and its certificates were read anew"]
        assert (await expiry(site, authority) - before).days == 29

    served(idle, web_file(authority.directory, {"tls_server_config": tls()}), act)


def test_a_certificate_whose_key_is_written_later_is_waited_for(idle: Loop, authority: Authority) -> None:
    async def act(site: Site) -> None:
        old = (authority.directory / "server.key").read_bytes()
        authority.issue("server", days=30)
        new = (authority.directory / "server.key").read_bytes()
        (authority.directory / "server.key").write_bytes(old)
        with capture_logs() as logs:
            site.guard.look()
            (authority.directory / "server.key").write_bytes(new)
            look(site)
        assert [entry["log_level"] for entry in logs] == ["info"]
        assert (await expiry(site, authority)).year

    served(idle, web_file(authority.directory, {"tls_server_config": tls()}), act)


def test_a_broken_certificate_changes_nothing_and_is_told_once_until_it_is_mended(
    idle: Loop, authority: Authority
) -> None:
    async def act(site: Site) -> None:
        before = await expiry(site, authority)
        (authority.directory / "server.pem").write_text("broken")
        with capture_logs() as logs:
            for _ in range(5):
                site.guard.look()
        (told,) = logs
        assert told["problem"].endswith("server.pem: holds no certificate; name a file in PEM form that does")
        assert await expiry(site, authority) == before
        authority.issue("server", days=30)
        look(site)
        assert await expiry(site, authority) > before

    served(idle, web_file(authority.directory, {"tls_server_config": tls()}), act)


def test_users_and_headers_follow_the_file_at_the_next_request(idle: Loop, tmp_path: Path) -> None:
    file = web_file(tmp_path, {"basic_auth_users": USERS})

    async def act(site: Site) -> None:
        async with aiohttp.ClientSession() as session:

            async def status(user: str) -> tuple[int, str]:
                headers = {"Authorization": login(user, PASSWORD)}
                async with session.get(f"http://127.0.0.1:{site.port}/metrics", headers=headers) as response:
                    return response.status, response.headers["X-Frame-Options"]

            assert [await status("alice"), await status("bob")] == [(200, "DENY"), (401, "DENY")]
            headers = {"headers": {"X-Frame-Options": "deny"}}
            web_file(tmp_path, {"basic_auth_users": {"bob": USERS["alice"]}, "http_server_config": headers})
            look(site)
            assert [await status("alice"), await status("bob")] == [(401, "deny"), (200, "deny")]

    served(idle, file, act)


@pytest.mark.parametrize(
    "content",
    [
        {"tls_server_config": tls(**CLIENTS)}, {"basic_auth_users": USERS}, {"http_server_config": {"http2": False}},
        {"tls_server_config": tls(), "basic_auth_users": USERS}, {}, None, "basic_auth_users: [",
    ],
)  # fmt: skip
def test_a_file_that_would_guard_less_or_is_wrong_or_gone_changes_nothing(
    idle: Loop, authority: Authority, content: Any
) -> None:
    authority.issue("client")
    file = web_file(authority.directory, {"tls_server_config": tls(**CLIENTS), "basic_auth_users": USERS})

    async def act(site: Site) -> None:
        if content is None:
            file.unlink()
        else:
            file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        with capture_logs() as logs:
            for _ in range(5):
                site.guard.look()
        assert [entry["event"] for entry in logs] == ["the web file is not taken over"]
        assert (await ask(site, authority.trusting("client"))).status == 401
        assert (await ask(site, authority.trusting("client"), sent=LOGIN)).status == 200
        with pytest.raises(aiohttp.ClientError):
            await ask(site, authority.trusting(), sent=LOGIN)

    served(idle, file, act)


def test_a_file_that_a_wrong_web_file_names_is_waited_for(idle: Loop, authority: Authority) -> None:
    file = web_file(authority.directory, {"tls_server_config": tls()})

    async def act(site: Site) -> None:
        web_file(authority.directory, {"tls_server_config": tls("other")})
        look(site)
        before = await expiry(site, authority)
        authority.issue("other", days=30)
        look(site)
        assert await expiry(site, authority) > before

    served(idle, file, act)


def test_a_link_that_is_turned_as_kubernetes_does_is_a_change(idle: Loop, authority: Authority) -> None:
    directory = authority.directory
    for name, days in (("old", 1), ("new", 30)):
        (directory / name).mkdir()
        authority.issue("server", days=days)
        for ending in ("pem", "key"):
            (directory / f"server.{ending}").rename(directory / name / f"server.{ending}")
    (directory / "data").symlink_to("old")
    for ending in ("pem", "key"):
        (directory / f"server.{ending}").symlink_to(f"data/server.{ending}")

    async def act(site: Site) -> None:
        before = await expiry(site, authority)
        (directory / "next").symlink_to("new")
        (directory / "next").rename(directory / "data")
        look(site)
        assert await expiry(site, authority) > before

    served(idle, web_file(directory, {"tls_server_config": tls()}), act)


# -- at the start -------------------------------------------------------------------------------------------------


def test_what_a_file_leaves_to_be_desired_is_told(authority: Authority) -> None:
    authority.issue("server", days=-1)
    for content, told in (
        ({"tls_server_config": tls()}, "clients will refuse the certificate in .*server.pem: certificate has expired"),
        ({"basic_auth_users": USERS}, "passwords are sent in plain text: add tls_server_config to the web file"),
        ({"http_server_config": {"headers": {}}}, "nothing in the web file guards: add tls_server_config or basic"),
        ({"tls_server_config": tls(), "http_server_config": {"http2": True}}, ".*http2 has no effect: HTTP/1.1"),
    ):
        remarks = Guard(web_file(authority.directory, content)).policy.remarks
        assert any(re.match(told, remark) for remark in remarks), remarks


def test_a_file_that_nobody_may_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(ConfigError, match=r"cannot be read: .*; name a readable file with --web\.config\.file"):
            Guard(path)
