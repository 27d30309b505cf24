"""Under any path of a reverse proxy: every link of every page leads to a page of ours, whatever the proxy does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

import pytest
from yarl import URL

from exporter.demo.runtime.server import EmbeddedServer
from exporter.web.addresses import links_of, page_of, way_up
from tests.support import contract, platforms
from tests.support.exporting import Loop, config, looping
from tests.support.http import Client, get, serving

ODD = ("a/b", "a//b", "/", "x/", "..", "a?b#c", "100%", "a b", "ü", "a.json", '"<>&', "c:d")
"""Ids that could lead elsewhere."""

OUTSIDE = "https://outside.example"
NOWHERE = "postgresql:///x"


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found |= {value for name, value in attrs if name in ("href", "src", "action") and value is not None}


@pytest.fixture(scope="module")
def url(server: EmbeddedServer) -> Iterator[str]:
    """A platform that is only looked at."""
    server.create_database("addresses")
    with contract.session(server.url("addresses")) as connection:
        contract.create(connection, "text")
        contract.insert(connection, "tenants", tenant_id="1", name="Tenant", concurrency_limit=1)
        for number, key in enumerate(ODD):
            platforms.campaign(connection, key, name=f"The campaign {number}")
            platforms.task(connection, f"t{number}", key, status="pending", blocker="dnc")
    yield server.url("addresses")
    server.drop_database("addresses")


@pytest.fixture(scope="module")
def loop(url: str) -> Iterator[Loop]:
    with looping(url) as made:
        assert made.step()
        yield made


def _decoding(path: str) -> str:
    """As nginx hands on a path where `proxy_pass` has one of its own: decoded, and only what must be encoded again."""
    head, mark, query = path.partition("?")
    return quote(unquote(head), safe="/:@!$&'()*+,;=-._~\"<>|") + mark + query


def crawl(loop: Loop, prefix: str, handed_on: Callable[[str], str]) -> dict[str, int]:
    """The status of each page that can be reached from the first by links, by its path outside the proxy."""
    reached: dict[str, int] = {}

    async def act(client: Client) -> None:
        todo = [f"{prefix}/", f"{prefix}/campaigns/nix", f"{prefix}/runbooks/Nix", f"{prefix}/runbooks/codes/nix/"]
        while todo:
            page = todo.pop()
            if page.partition("?")[0] in {each.partition("?")[0] for each in reached}:
                continue
            assert page.startswith(f"{prefix}/"), page
            response = await client.get(
                URL(handed_on(page), encoded=True), headers={"Accept-Encoding": ""}, allow_redirects=False
            )
            reached[page] = response.status
            parser = _Links()
            if response.content_type == "text/html":
                parser.feed(await response.text())
            parser.found |= {response.headers["Location"]} if "Location" in response.headers else set()
            for link in parser.found:
                target = urlsplit(urldefrag(urljoin(OUTSIDE + page, link))[0])
                if f"{target.scheme}://{target.netloc}" == OUTSIDE:
                    todo.append(target.path + (f"?{target.query}" if target.query else ""))

    serving(loop, act)
    return reached


@pytest.mark.parametrize("prefix", ["", "/dialler", "/a/b/c"])
@pytest.mark.parametrize("decodes", [False, True], ids=["as it came", "decoded"])
def test_behind_a_proxy_that_takes_its_path_off_every_link_holds_without_a_setting(
    loop: Loop, prefix: str, decodes: bool
) -> None:
    def handed_on(path: str) -> str:
        inner = path.removeprefix(prefix)
        return _decoding(inner) if decodes else inner

    assert_whole(crawl(loop, prefix, handed_on), prefix, ODD if not decodes else set(ODD) - {"a//b", "/", "x/", ".."})


@pytest.mark.parametrize("prefix", ["/dialler", "/a/b/c"])
def test_behind_a_proxy_that_leaves_its_path_on_the_external_url_is_enough(url: str, prefix: str) -> None:
    with looping(url, web={"external_url": f"{OUTSIDE}{prefix}/"}) as loop:
        assert loop.step()
        assert_whole(crawl(loop, prefix, lambda path: path), prefix)
        assert_whole(crawl(loop, "", lambda path: path), "")  # Prometheus, probes and who asks directly
        response, _ = get(loop, prefix)
        assert (response.status, urljoin(OUTSIDE + prefix, response.headers["Location"])) == (
            308,
            f"{OUTSIDE}{prefix}/",
        )


def assert_whole(reached: dict[str, int], prefix: str, ids: object = ODD) -> None:
    """Nothing that a page leads to is missing, and all pages were reached."""
    unknown = {f"{prefix}/{page}" for page in ("campaigns/nix", "runbooks/Nix", "runbooks/codes/nix")}
    reached = {page: status for page, status in reached.items() if not page.endswith("/-/healthy")}  # no thread runs
    broken = {page: status for page, status in reached.items() if status >= 400 and page not in unknown}
    assert not {page for page in broken if page.partition("?")[0] not in unknown}, broken
    plain = {page.partition("?")[0].removeprefix(prefix) for page in reached}
    assert {"/", "/campaigns", "/campaigns.json", "/metrics", "/runbooks", "/static/style.css"} <= plain
    assert {"/runbooks/CampaignStalled", "/runbooks/codes/dnc", "/runbooks/codes/unknown"} <= plain
    assert {f"/{page_of(key)}" for key in ids} <= plain  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/campaigns/", "/campaigns"), ("/campaigns/1/", "/campaigns/1"),
        ("/campaigns/a%2Fb/", "/campaigns/a%2Fb"), ("/runbooks/codes/dnc/", "/runbooks/codes/dnc"),
    ],
)  # fmt: skip
def test_a_slash_at_the_end_leads_to_the_page_without(loop: Loop, asked: str, leads_to: str) -> None:
    response, _ = get(loop, asked)
    assert response.status in (302, 308)
    assert urljoin(f"{OUTSIDE}/x{asked}", response.headers["Location"]) == f"{OUTSIDE}/x{leads_to}"


def test_a_path_that_begins_like_a_page_of_ours_is_left_to_the_proxy(url: str) -> None:
    with looping(url, web={"external_url": f"{OUTSIDE}/campaigns"}) as loop:
        assert loop.step()
        assert get(loop, "/campaigns")[0].status == 200
        assert_whole(crawl(loop, "/campaigns", lambda path: path.removeprefix("/campaigns")), "/campaigns")


@pytest.mark.parametrize(
    ("path", "up"), [("/", "./"), ("/a", "./"), ("/a/", "../"), ("/a/b", "../"), ("/a/b/c", "../../")]
)
def test_the_way_up_has_a_step_for_each_folder(path: str, up: str) -> None:
    assert way_up(path) == up
    assert urljoin(f"{OUTSIDE}/x{path}", up) == f"{OUTSIDE}/x/"


def test_cards_give_the_whole_address_to_others_where_it_is_known() -> None:
    given = config(NOWHERE, web={"external_url": f"{OUTSIDE}/dialler/", "grafana_url": "https://grafana.example"}).web
    assert links_of(given, "a/b") == [
        ("Link to this page", f"{OUTSIDE}/dialler/campaigns/a%2Fb"), ("Grafana", "https://grafana.example")
    ]  # fmt: skip
    assert links_of(config(NOWHERE).web, "a/b") == []


@pytest.mark.parametrize(
    ("web", "told"),
    [
        ({"external_url": f"{OUTSIDE}/dialler/"}, f"{OUTSIDE}/dialler"),
        ({"listen_address": "127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ({"listen_address": "[::1]:8080"}, "http://[::1]:8080"),
        ({"listen_address": ":8080"}, None),
        ({"listen_address": "[::]:8080"}, None),
        ({"listen_address": "unix:/run/web.sock"}, None),
    ],
)
def test_boards_are_told_where_the_exporter_is_unless_nobody_knows(web: dict[str, str], told: str | None) -> None:
    with looping(NOWHERE, web=web) as loop:
        found = loop.scrape().of("campaign_exporter_external_url_info")
    assert [dict(labels)["url"] for _, labels in found] == ([] if told is None else [told])


@pytest.mark.parametrize(
    ("listening", "told"),
    [
        (["127.0.0.1:8080"], "https://127.0.0.1:8080"),
        (["unix:/run/web.sock", ":8080", "[::1]:8081", "127.0.0.1:8082"], "https://[::1]:8081"),
        (["unix:/run/web.sock"], None),
    ],
)
def test_it_is_where_the_command_line_lets_it_listen(listening: list[str], told: str | None) -> None:
    assert config(NOWHERE).web.address(listening, "https") == told
    given = config(NOWHERE, web={"external_url": OUTSIDE}).web
    assert given.address(listening, "https") == OUTSIDE
