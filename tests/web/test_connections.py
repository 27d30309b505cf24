"""Clients that say nothing, half of it, or do not read are cut off; others are served meanwhile."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import Iterator

import pytest

from exporter.metrics.exposition import TEXT_TYPE
from exporter.web.connections import (
    ANSWER_SECONDS,
    HEAD_SECONDS,
    IDLE_SECONDS,
)
from exporter.web.sending import PIECE_BYTES
from tests.support.exporting import Loop, looping
from tests.support.sites import ASK, LARGE, Site, on_site, read, read_all, until


@pytest.fixture
def idle() -> Iterator[Loop]:
    """A service that never asked its database."""
    with looping("postgresql://127.0.0.1:1/nowhere") as made:
        yield made


@pytest.mark.parametrize(
    "says", [b"", b"GET /metr", b"GET /metrics HTTP/1.1\r\nX-a: "], ids=["nothing", "a line", "a head"]
)
def test_who_does_not_finish_a_request_is_cut_off(idle: Loop, says: bytes) -> None:
    async def act(site: Site) -> None:
        with await site.client(says) as client:
            site.pass_time(HEAD_SECONDS - 1)
            assert len(site.connections) == 1
            site.pass_time(1)
            assert await read(client) == b""
            assert len(site.connections) == 0

    on_site(idle, act)


def test_a_byte_now_and_then_does_not_put_it_off(idle: Loop) -> None:
    async def act(site: Site) -> None:
        with await site.client() as client:
            for byte in b"GET /metrics":
                await asyncio.get_running_loop().sock_sendall(client, bytes([byte]))
                site.pass_time(1)
            assert await read(client) == b""

    on_site(idle, act)


def test_a_second_request_has_as_long_as_the_first(idle: Loop) -> None:
    async def act(site: Site) -> None:
        with await site.client(ASK % b"/-/healthy") as client:
            assert await read(client)
            site.pass_time(IDLE_SECONDS - HEAD_SECONDS - 1)
            await asyncio.get_running_loop().sock_sendall(client, b"GET /metr")
            (connection,) = site.connections
            await until(lambda: connection.deadline == site.now + HEAD_SECONDS)
            site.pass_time(HEAD_SECONDS)
            assert await read(client) == b""

    on_site(idle, act)


def test_a_connection_is_kept_between_two_scrapes(idle: Loop) -> None:
    async def act(site: Site) -> None:
        with await site.client() as client:
            for _ in range(3):
                await asyncio.get_running_loop().sock_sendall(client, ASK % b"/-/healthy")
                assert (await read(client)).startswith(b"HTTP/1.1 503")
                site.pass_time(60)
            site.pass_time(IDLE_SECONDS - 60)
            assert await read(client) == b""

    on_site(idle, act)


def test_an_answer_that_is_not_read_is_cut_off_and_its_page_let_go(idle: Loop) -> None:
    async def act(site: Site) -> None:
        site.show(b"a")
        with await site.client(ASK % b"/metrics") as client:
            await until(lambda: site.sending.held == LARGE)
            site.pass_time(ANSWER_SECONDS)
            await until(lambda: site.sending.held == 0)
            assert len(await read_all(client)) < LARGE

    on_site(idle, act)


def test_an_answer_arrives_whole(idle: Loop) -> None:
    async def act(site: Site) -> None:
        for size in (PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES + 7):
            site.show(b"a", size)
            with await site.client(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as client:
                head, _, body = (await read_all(client)).partition(b"\r\n\r\n")
            assert f"Content-Length: {size}".encode() in head
            assert b"X-Content-Type-Options: nosniff" in head
            assert body == b"a" * size

    on_site(idle, act)


def test_requests_sent_at_once_are_answered_in_their_order(idle: Loop) -> None:
    async def act(site: Site) -> None:
        site.show(b"a", 2 * PIECE_BYTES)
        ends = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with await site.client(ASK % b"/metrics" + ASK % b"/-/healthy" + ends) as client:
            answers = await read_all(client)
        assert answers.count(b"HTTP/1.1 ") == 3
        assert answers.index(b"aaaa") < answers.index(b"the refreshing thread") < answers.index(b"<html")

    on_site(idle, act)


def test_a_flood_of_requests_that_nobody_reads_the_answers_of_is_cut_off(idle: Loop) -> None:
    async def act(site: Site) -> None:
        site.show(b"a")
        with await site.client() as client:
            flood = asyncio.create_task(asyncio.get_running_loop().sock_sendall(client, ASK % b"/metrics" * 500_000))
            done, _ = await asyncio.wait([flood], timeout=5)
            if not done:  # it was told to wait: the server reads no more
                site.pass_time(ANSWER_SECONDS)
            with pytest.raises(ConnectionError):
                await flood
            await until(lambda: len(site.connections) == 0 and site.sending.held == 0)

    on_site(idle, act)


def test_readers_of_old_pages_are_cut_off_before_they_hold_too_much(idle: Loop) -> None:
    async def act(site: Site) -> None:
        for letter in (b"a", b"b", b"c", b"d"):
            site.show(letter)
            for _ in range(2):
                await site.client(ASK % b"/metrics")
                await until(lambda: all(each.answering for each in site.connections))
        await until(lambda: len(site.connections) == 4)
        assert site.sending.held == 2 * LARGE
        first, newest = site.clients[0], site.clients[-1]
        assert (await read(newest)).startswith(b"HTTP/1.1 200")
        assert len(await read_all(first)) < LARGE

    on_site(idle, act)


@pytest.mark.parametrize("says", [b"", b"GET /metr", ASK % b"/metrics"], ids=["nothing", "half", "not reading"])
def test_others_are_served_while_some_take_all_places(idle: Loop, says: bytes) -> None:
    async def act(site: Site) -> None:
        site.show(b"a")
        for _ in range(site.connections.most):
            await site.client(says)
        await until(lambda: all(each.answering for each in site.connections) or says != ASK % b"/metrics")
        asking = asyncio.create_task(site.get())
        await asyncio.sleep(0)
        site.now += 5
        assert (await asking).startswith(b"HTTP/1.1 503")
        assert len(site.connections) <= site.connections.most

    on_site(idle, act, most=4)


def test_many_at_once_are_all_answered(idle: Loop) -> None:
    async def act(site: Site) -> None:
        site.show(b"a", 3 * PIECE_BYTES)
        clients = [socket.socket() for _ in range(100)]
        site.clients += clients
        answers = []
        for client in clients:
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", site.port))
        for client in clients:
            closing = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            await asyncio.get_running_loop().sock_sendall(client, closing)
            answers.append(asyncio.create_task(read_all(client)))
        assert [len(answer) > 3 * PIECE_BYTES for answer in await asyncio.gather(*answers)] == [True] * 100

    on_site(idle, act, most=4)


@pytest.mark.parametrize("why", ["late", "left", "too many pages"])
def test_nothing_holds_a_page_whose_reader_is_gone(idle: Loop, why: str) -> None:
    """The collector, which would find it at last, comes by rarely."""

    async def act(site: Site) -> None:
        site.show(b"a")
        kept = site.loop.service.page
        body = site.loop.service.page.own.get(TEXT_TYPE, "identity")
        before = sys.getrefcount(body)
        client = await site.client(ASK % b"/metrics")
        await until(lambda: site.sending.held == LARGE)
        places = 0
        if why == "late":
            site.pass_time(ANSWER_SECONDS)
        elif why == "left":
            client.close()
        else:
            for letter in (b"b", b"c"):
                site.show(letter)
                await site.client(ASK % b"/metrics")
                await until(lambda: all(each.answering for each in site.connections))
            places = 2
        await until(lambda: len(site.connections) == places and site.sending.held == places * LARGE)
        await asyncio.sleep(0)
        assert sys.getrefcount(body) == before
        assert kept.own.ready(TEXT_TYPE, "identity")

    gc.disable()
    try:
        on_site(idle, act)
    finally:
        gc.enable()
