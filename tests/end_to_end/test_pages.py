"""The pages of a real exporter in a real browser: axe-core finds nothing, nothing scrolls sideways, and it prints."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from exporter.demo.runtime.server import EmbeddedServer
from exporter.web.runbooks.library import shipped
from tests.support import contract, platforms, programs, prometheus, rich
from tests.support.browser import Tab, browsing
from tests.support.effort import PROVING

AXE = Path(__file__).parents[2] / ".venv" / "axe" / "axe.min.js"
LONG = "מבצע חורף <b>bold</b> " + "Donaudampfschifffahrtsgesellschaftskapitän" * 3
WIDE, NARROW = 1280, 360
LOOKS = ((WIDE, False), (NARROW, True), *(((WIDE, True), (NARROW, False)) if PROVING else ()))
"""Widths, and whether it is dark: the two that differ most, and all four when there is time."""
PAGES = (
    "/", "/campaigns", "/campaigns?q=nothing+like+it", "/campaigns/1", "/campaigns/2", "/campaigns/3", "/campaigns/4",
    "/campaigns/long", "/campaigns/nix", "/runbooks", "/runbooks?tenant=1&campaign=1", "/runbooks/nix",
    "/runbooks/codes/higher_priority_campaign", f"/runbooks/codes/dnc?campaign={quote(LONG[:128])}",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an exporter serves a platform with something of everything."""
    server.create_database("pages")
    database_url, tmp_path = server.url("pages"), tmp_path_factory.mktemp("pages")
    with contract.session(database_url) as connection:
        rich.create(connection)
        platforms.campaign(connection, "long", name=LONG, agent=LONG, status="paused", pause_reason=LONG)
    address = f"127.0.0.1:{prometheus.free_port()}"
    config = tmp_path / "config.yaml"
    config.write_text(
        f'database:\n  url: "{database_url}"\nretention: 366d\nweb:\n  grafana_url: "http://127.0.0.1:3000/"\n'
    )
    arguments = ["serve", f"--config.file={config}", f"--web.listen-address={address}"]
    with programs.running(tmp_path, arguments):
        prometheus.wait_for("the exporter", lambda: prometheus.fetch(f"http://{address}/-/ready"))
        yield f"http://{address}"
    server.drop_database("pages")


def browse(act: Callable[[Tab], Awaitable[None]]) -> None:
    """Act in a browser."""

    async def run() -> None:
        async with browsing() as tab:
            await act(tab)

    asyncio.run(run())


async def violations(tab: Tab) -> list[str]:
    """What axe-core objects to on the page that is shown: the rules of WCAG 2.2 A and AA, and its best practices."""
    await tab.run(f"{AXE.read_text(encoding='utf-8')}; 0")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = {"runOnly": {"type": "tag", "values": tags}, "preload": False, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = await tab.run(
        f"axe.run(document, {json.dumps(options)}).then(result => result.violations)"
    )
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]}: {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.timeout(300)
def test_axe_finds_nothing_on_any_page_wide_and_light_or_narrow_and_dark(address: str) -> None:
    assert AXE.exists(), "axe-core is missing: run scripts/axe.sh"

    async def act(tab: Tab) -> None:
        for number, page in enumerate(PAGES):
            for width, dark in LOOKS if PROVING else LOOKS[number % 2 :][:1]:
                await tab.show(address + page, width, dark=dark)
                assert await violations(tab) == [], (page, width, dark)

    browse(act)


@pytest.mark.timeout(120)
def test_axe_would_find_something(address: str) -> None:
    """The test above can fail: a page that is spoilt is objected to."""

    async def act(tab: Tab) -> None:
        await tab.show(f"{address}/campaigns/1")
        await tab.run(
            "document.documentElement.removeAttribute('lang'); document.querySelector('h1').style.color = '#eee';"
        )
        found = " ".join(await violations(tab))
        assert "html-has-lang" in found
        assert "color-contrast" in found

    browse(act)


@pytest.mark.timeout(120)
def test_no_page_scrolls_sideways_and_the_browser_has_nothing_to_say(address: str) -> None:
    async def act(tab: Tab) -> None:
        for page in PAGES:
            for width in (NARROW, 768, WIDE) if PROVING else (NARROW,):
                await tab.show(address + page, width)
                assert await tab.run("document.documentElement.scrollWidth") <= width, (page, width)
        complaints = [text for text in tab.said if "404" not in text]
        assert complaints == [], "errors, or what the content security policy forbade"

    browse(act)


@pytest.mark.timeout(300)
def test_every_runbook_fits_a_phone_and_axe_finds_nothing_on_them(address: str) -> None:
    """One renderer makes them all: some are looked at, and all when there is time."""

    async def act(tab: Tab) -> None:
        pages = [*shipped().alerts, *(f"codes/{code}" for code in shipped().codes)]
        for number, page in enumerate(pages if PROVING else pages[::3]):
            await tab.show(f"{address}/runbooks/{page}?tenant=1&campaign=1", NARROW)
            assert await tab.run("document.documentElement.scrollWidth") <= NARROW, page
            if PROVING or number % 2 == 0:
                assert await violations(tab) == [], page
        assert tab.said == []

    browse(act)


@pytest.mark.timeout(120)
def test_a_code_on_a_card_leads_to_its_page_and_that_back_to_the_card(address: str) -> None:
    async def act(tab: Tab) -> None:
        await tab.show(f"{address}/campaigns/1")
        page = await tab.run("document.querySelector('a[href^=\"../runbooks/codes/\"]').href")
        await tab.show(page)
        assert await tab.run("document.querySelector('pre').innerText.includes('--campaign 1 ')")
        assert await tab.run("document.querySelector('.opened a').pathname") == "/campaigns/1"

    browse(act)


@pytest.mark.timeout(120)
def test_the_style_follows_the_browser_and_names_are_shown_whole(address: str) -> None:
    async def act(tab: Tab) -> None:
        shades = {}
        for dark in (False, True):
            await tab.show(f"{address}/campaigns/long", NARROW, dark=dark)
            shades[dark] = await tab.run("getComputedStyle(document.body).backgroundColor")
            assert await tab.run("document.querySelector('h1').innerText") == LONG
            assert await tab.run("document.querySelector('h1 b') === null")
        assert shades == {False: "rgb(255, 255, 255)", True: "rgb(20, 24, 28)"}

    browse(act)


@pytest.mark.timeout(120)
def test_keyboards_reach_the_content_first(address: str) -> None:
    async def act(tab: Tab) -> None:
        await tab.show(f"{address}/campaigns/1")
        for kind in ("keyDown", "keyUp"):
            await tab.command("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        assert await tab.run("document.activeElement.getAttribute('href')") == "#content"
        assert await tab.run("document.activeElement.getBoundingClientRect().left") >= 0

    browse(act)


@pytest.mark.timeout(120)
def test_a_card_prints_on_a_few_pages_in_ink_on_white(address: str) -> None:
    async def act(tab: Tab) -> None:
        await tab.show(f"{address}/campaigns/1", dark=True)
        pdf = await tab.paper()
        assert pdf.startswith(b"%PDF-")
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 8
        drawn = b"".join(_streams(pdf))
        assert b".07843137" not in drawn, "the page's dark background (#14181c) was printed"

    browse(act)


def _streams(pdf: bytes) -> Iterator[bytes]:
    """The drawing instructions of a PDF, inflated."""
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(match[1])
        except zlib.error:
            continue
