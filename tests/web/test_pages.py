"""The pages over HTTP: formats, addresses, status codes, hostile names, and that they hold nobody up."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from aiohttp import ClientResponse

from exporter.demo.runtime.server import EmbeddedServer
from exporter.diagnosis.ab_test import Arm, judge
from exporter.diagnosis.forecast import Forecast
from exporter.web import pages
from exporter.web.addresses import page_of
from exporter.web.cards.card import card
from exporter.web.cards.values import Json
from exporter.web.negotiation import prefers_json
from exporter.web.rendering import STYLE_URL, render_card
from tests.diagnosis.dispatch import situations as at
from tests.diagnosis.dispatch.test_cases import CASES, Case
from tests.support import contract, platforms, rich
from tests.support.cards import shown_of, view_of
from tests.support.exporting import Loop, looping
from tests.support.http import Client, get, serving

Owner = psycopg.Connection[Any]
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    with contract.session(database_url) as connection:
        rich.create(connection)
        yield connection


@pytest.fixture
def changing(owner: Owner, database_url: str) -> Iterator[Loop]:
    """An exporter whose platform its owner changes."""
    del owner
    with looping(database_url) as made:
        assert made.step()
        yield made


@contextmanager
def _kept(server: EmbeddedServer, name: str) -> Iterator[tuple[Owner, Loop]]:
    server.create_database(name)
    with contract.session(server.url(name)) as connection, looping(server.url(name)) as made:
        rich.create(connection)
        assert made.step()
        yield connection, made
    server.drop_database(name)


@pytest.fixture(scope="module")
def loop(server: EmbeddedServer) -> Iterator[Loop]:
    """An exporter that is only looked at."""
    with _kept(server, "looked_at") as (_, made):
        yield made


@pytest.fixture(scope="module")
def renamed(server: EmbeddedServer) -> Iterator[tuple[Owner, Loop]]:
    """A platform whose names change, and its exporter."""
    with _kept(server, "renamed") as kept:
        yield kept


@pytest.fixture
def idle() -> Iterator[Loop]:
    """A service that never asked its database."""
    with looping("postgresql://127.0.0.1:1/nowhere") as made:
        yield made


def data(found: tuple[ClientResponse, bytes]) -> Json:
    response, body = found
    assert response.headers["Content-Type"] == JSON
    value: Json = json.loads(body)
    return value


class _Text(HTMLParser):
    """The elements and the words of a page; an element that is not closed is an error."""

    VOID = frozenset({"meta", "link", "br", "input", "rect", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(body: bytes) -> _Text:
    parser = _Text()
    parser.feed(body.decode())
    parser.close()
    assert [tag for tag in parser.open if tag not in ("p", "li", "option")] == []
    assert "script" not in parser.seen
    return parser


# -- formats --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        (BROWSER, False),
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("application/json, */*;q=0.5", True),
        ("application/json, */*", True),
        ("application/json;q=0.5, text/html", False),
        ("application/json;q=0.9, text/html;q=0.9", False),
        ("application/json;q=0", False),
        ("application/json, text/html;q=0.1", True),
        ("text/html;q=0, application/*", True),
        ("application/json;q=lots", False),
        ("image/png", False),
    ],
)
def test_json_is_for_who_prefers_it(accept: str, wanted: bool) -> None:
    assert prefers_json(accept) == wanted


@pytest.mark.parametrize("base", ["/campaigns", "/campaigns/1"])
def test_the_ending_wins_over_the_header(loop: Loop, base: str) -> None:
    for ending, accept, kind in (
        ("", "", HTML),
        ("", BROWSER, HTML),
        ("", "application/json", JSON),
        (".json", BROWSER, JSON),
        (".html", "application/json", HTML),
    ):
        response, _ = get(loop, base + ending, Accept=accept)
        assert (response.status, response.headers["Content-Type"]) == (200, kind), (ending, accept)
        assert response.headers["Vary"] == "Accept, Accept-Encoding"
        assert response.headers["Cache-Control"] == "no-store"


def test_json_is_the_card_itself(loop: Loop) -> None:
    snapshot = loop.service.page.snapshot
    assert snapshot is not None
    found = data(get(loop, "/campaigns/1.json"))
    assert found.pop("age_seconds") < 60
    expected = card(snapshot.shown, "1")
    del expected["age_seconds"]
    assert found == expected


@pytest.mark.parametrize(
    "base", ["/campaigns", "/campaigns/1", "/campaigns/1.json", "/campaigns/nix", "/static/style.css"]
)
def test_head_is_get_without_a_body(loop: Loop, base: str) -> None:
    asked, body = get(loop, base, "HEAD")
    full, _ = get(loop, base)
    assert (asked.status, body) == (full.status, b"")
    assert asked.headers["Content-Type"] == full.headers["Content-Type"]


def test_pages_are_compressed_for_who_takes_it(loop: Loop) -> None:
    response, body = get(loop, "/campaigns/1", Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(body) < len(get(loop, "/campaigns/1")[1]) / 3


def test_the_style_is_kept_by_browsers_as_long_as_it_is_the_same(loop: Loop) -> None:
    response, body = get(loop, "/" + STYLE_URL)
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in response.headers["Cache-Control"]
    assert b"@media print" in body
    assert get(loop, "/static/style.css")[0].headers["Cache-Control"] == "no-cache"
    for page in ("/", "/campaigns", "/campaigns/1"):
        assert STYLE_URL.encode() in get(loop, page)[1]


def test_the_landing_page_leads_to_the_list_and_the_list_to_the_cards(loop: Loop) -> None:
    assert b'href="./campaigns"' in get(loop, "/")[1]
    assert b'href="./campaigns/1"' in get(loop, "/campaigns")[1]


# -- what is shown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["1", "2", "3", "4"])
def test_every_card_is_well_formed_and_carries_its_time_version_and_age(loop: Loop, key: str) -> None:
    text = " ".join(read(get(loop, f"/campaigns/{key}")[1]).words)
    assert "2026-03-04 12:00:00 UTC" in text
    assert "campaign-exporter 0.1.0" in text
    assert "old when this page was made" in text


def test_the_paused_banner_has_time_and_reason_and_is_there_only_while_paused(loop: Loop) -> None:
    paused = " ".join(read(get(loop, "/campaigns/3")[1]).words)
    assert "Paused since" in paused
    assert "Tue 2026-03-03 12:00 UTC" in paused
    assert "complained" in paused
    assert "by the platform" not in paused
    assert "Paused since" not in " ".join(read(get(loop, "/campaigns/1")[1]).words)


def test_a_pause_that_no_person_made_says_so(changing: Loop, owner: Owner) -> None:
    rich.change(owner, "campaigns", paused_by="platform")
    assert changing.step()
    assert "Paused by the platform itself since" in " ".join(read(get(changing, "/campaigns/3")[1]).words)
    told = {key: data(get(changing, f"/campaigns/{key}.json")) for key in ("1", "3")}
    assert [told[key]["campaign"]["paused_by_itself"] for key in ("1", "3")] == [False, True]
    assert told["3"]["verdict"]["name"] == "blocked"


def test_filters_are_kept_in_the_form_and_in_the_links(loop: Loop) -> None:
    body = get(loop, "/campaigns?q=Camp&tenant=1&state=paused&sort=name")[1].decode()
    assert 'value="Camp"' in body
    assert '<option value="1" selected>' in body
    assert "<option selected>paused</option>" in body
    assert '<option value="name" selected>' in body
    assert "./campaigns.json?q=Camp&amp;tenant=1&amp;state=paused&amp;sort=name" in body
    assert "1 of 4 campaigns" in body


def test_it_says_so_when_nothing_matches_or_nothing_is_there(changing: Loop, owner: Owner) -> None:
    body = get(changing, "/campaigns?q=nothing+like+it")[1]
    assert b"No campaign matches." in body
    assert data(get(changing, "/campaigns.json?q=nothing+like+it"))["campaigns"] == []
    owner.execute("TRUNCATE campaign_monitoring.campaigns")
    assert changing.step()
    assert b"No campaign is scheduled" in get(changing, "/campaigns")[1]


@pytest.mark.parametrize("query", ["?state=%00", "?q=%ff", "?sort=../..", "?q=" + "x" * 5000, "?&&&===", "?q=a&q=b"])
def test_odd_filters_harm_nobody(loop: Loop, query: str) -> None:
    response, body = get(loop, "/campaigns" + query)
    assert response.status == 200
    read(body)


def test_nobody_is_named_on_any_page(loop: Loop) -> None:
    for page in (
        "/campaigns",
        "/campaigns.json",
        *(f"/campaigns/{key}{end}" for key in "1234" for end in ("", ".json")),
    ):
        body = get(loop, page)[1].decode()
        for secret in (rich.PERSON, "Mustermann", rich.PHONE, "12345678", "151 1234", rich.MAIL):
            assert secret not in body, page


def test_the_grafana_link_is_there_when_it_is_set(owner: Owner, database_url: str) -> None:
    del owner
    with looping(database_url, web={"grafana_url": "https://grafana.example/?a=1&b=2"}) as loop:
        assert loop.step()
        assert b'href="https://grafana.example/?a=1&amp;b=2"' in get(loop, "/campaigns/1")[1]


def test_phones_are_masked_when_that_is_set(owner: Owner, database_url: str) -> None:
    del owner
    with looping(database_url, numbers={"mask_phone": True}) as loop:
        assert loop.step()
        assert b"+4930" not in get(loop, "/campaigns/1")[1]
        assert "+4930" not in json.dumps(data(get(loop, "/campaigns/1.json")))


def test_every_case_of_the_diagnosis_has_a_page() -> None:
    assert {name: faults for name, case in CASES if (faults := list(_faults(case)))} == {}


def _faults(case: Case) -> Iterator[str]:
    """What is wrong with the card of a case."""
    shown = shown_of(case.given, None, **{"7": view_of(case.given)})
    try:
        text = " ".join(read(render_card(card(shown, "7")).encode()).words)
    except AssertionError as fault:
        yield f"malformed: {fault}"
        return
    yield from (f"not {words!r}" for words in (f" {case.verdict}", case.hint) if words not in text)
    if "None" in text.replace("None: the task is done.", ""):
        yield "a value that nobody put into words"


def test_a_mismatch_of_the_split_is_a_hint_and_a_banner_and_a_winner_is_named_without() -> None:
    s = at.situation()
    for contacts, said in ((600, "not split as configured"), (1000, "is better")):
        arms = [
            Arm("A", 50.0, contacts, 2000, 800, 1000, 300, 20.0), Arm("B", 50.0, 1010, 2000, 400, 1000, 100, 20.0),
        ]  # fmt: skip
        view = view_of(s)
        view = replace(view, outlook=replace(view.outlook, experiment=judge(arms)))
        shown = shown_of(s, None, **{"7": view})
        assert said in " ".join(read(render_card(card(shown, "7")).encode()).words)


def test_a_card_says_when_nobody_new_is_left() -> None:
    s = at.situation(tasks=replace(at.tasks(), untouched=30))
    view = view_of(s)
    for forecast, said in (
        (Forecast(s.now + 7200, s.now + 3600, None, 12.0, None), "12 first calls an open hour 30 never called"),
        (Forecast(None, None, None, None, "too few calls"), "The list runs dry Not known: too few calls"),
    ):
        shown = shown_of(s, None, **{"7": replace(view, outlook=replace(view.outlook, untouched=forecast))})
        assert said in " ".join(read(render_card(card(shown, "7")).encode()).words)
    none = shown_of(s, None, **{"7": view_of(at.situation(tasks=replace(at.tasks(), untouched=0)))})
    assert "Nobody is left who was never called." in " ".join(read(render_card(card(none, "7")).encode()).words)


def test_a_card_can_be_a_file_that_needs_no_server(loop: Loop) -> None:
    snapshot = loop.service.page.snapshot
    assert snapshot is not None
    text = render_card(card(snapshot.shown, "1"), self_contained=True)
    assert "<style>" in text
    assert "href=" not in text.replace('href="#gate', "")
    assert "src=" not in text


# -- names and ids --------------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "מבצע חורף ‏(2026)",
    "</title></style><b>",
    "x" * 180,
    "",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_whole_and_does_nothing(renamed: tuple[Owner, Loop], name: str) -> None:
    owner, loop = renamed
    owner.execute("UPDATE campaign_monitoring.campaigns SET name = %s, agent = %s, pause_reason = %s", [name] * 3)
    for relation, column in (("tenants", "name"), ("numbers", "label"), ("audience_uploads", "filename")):
        rich.change(owner, relation, **{column: name})
    assert loop.step()
    for page in ("/campaigns", "/campaigns/1", "/campaigns/3"):
        found = read(get(loop, page)[1])
        assert not {"img", "b"} & set(found.seen)
        if name:
            assert name in found.words, page
    assert data(get(loop, "/campaigns/1.json"))["campaign"]["name"] == name


def test_hostile_codes_are_escaped_though_they_may_be_broken(changing: Loop, owner: Owner) -> None:
    rich.change(owner, "goals", goal="<b>_</b>")
    assert changing.step()
    body = get(changing, "/campaigns/1")[1]
    assert b"&lt;b&gt;_<wbr>&lt;/b&gt;" in body
    assert "b" not in read(body).seen


ODD_IDS = (
    "plain", "a/b", "a//b", "/", "../1", "..", ".", "%2F", "%", "100%", "a b", " ", "a?b#c", "a&b=c", "a.json", ".json",
    "a.html", "a.html.json", "ünï-çødé", "名前", "a;b,c", '"<>&\'', "+", "\\", "~", "{rest}", "x" * 128,
)  # fmt: skip


def test_any_id_has_an_address_of_its_own(database_url: str) -> None:
    with contract.session(database_url) as connection:
        contract.create(connection, "text")
        contract.insert(connection, "tenants", tenant_id="1", name="Tenant")
        for key in ODD_IDS:
            platforms.campaign(connection, key, name=f"The campaign {key}")
    with looping(database_url) as loop:
        assert loop.step()
        listed = get(loop, "/campaigns")[1].decode()
        for key in ODD_IDS:
            assert f'href="./{page_of(key)}"' in listed
            response, body = get(loop, "/" + page_of(key), Accept=BROWSER)
            assert (response.status, response.headers["Content-Type"]) == (200, HTML), key
            assert f"The campaign {key}".strip() in [words.strip() for words in read(body).words]
            assert data(get(loop, "/" + page_of(key, ".json")))["campaign"]["id"] == key
        assert len({page_of(key) for key in ODD_IDS}) == len(ODD_IDS)


@pytest.mark.parametrize("id_type", ["uuid", "bigint"])
def test_ids_of_other_types_have_addresses_too(database_url: str, id_type: str) -> None:
    key = str(uuid.uuid4()) if id_type == "uuid" else "9223372036854775807"
    tenant = str(uuid.uuid4()) if id_type == "uuid" else "1"
    with contract.session(database_url) as connection:
        contract.create(connection, id_type)
        contract.insert(connection, "tenants", tenant_id=tenant, name="Tenant")
        platforms.campaign(connection, key, tenant_id=tenant)
    with looping(database_url) as loop:
        assert loop.step()
        assert data(get(loop, f"/campaigns/{key}.json"))["campaign"]["id"] == key
        assert f'href="./campaigns/{key}"' in get(loop, f"/campaigns?tenant={tenant}")[1].decode()


# -- when there is nothing, or only something old, to show ----------------------------------------------------


def test_a_shard_says_that_campaigns_of_other_tenants_are_with_the_others(owner: Owner, database_url: str) -> None:
    """Tenant 1 is in the first of two."""
    del owner
    with looping(database_url, shard={"index": 1, "total": 2}) as second:
        assert second.step()
        response, body = get(second, "/campaigns/1")
    assert response.status == 404
    assert b"This is shard 1 of 2, counted from 0: campaigns of other tenants are with the other shards." in body


@pytest.mark.parametrize("name", ["nix", "1x", "<b>nix</b>", "%FF", "1%2F", "1%00"])
def test_an_unknown_campaign_is_404_with_the_way_on(loop: Loop, name: str) -> None:
    quoted = name if "%" in name else quote(name, safe="")
    response, body = get(loop, f"/campaigns/{quoted}")
    assert (response.status, response.headers["Content-Type"]) == (404, HTML)
    assert b'href="../campaigns"' in body
    assert "b" not in read(body).seen
    missing, _ = found = get(loop, f"/campaigns/{quoted}.json")
    assert missing.status == 404
    error = data(found)
    assert error["version"] == 1
    assert error["error"]["status"] == 404
    assert "No campaign has the id" in error["error"]["message"]


def test_the_list_with_a_slash_leads_to_the_list(loop: Loop) -> None:
    response, _ = get(loop, "/campaigns/")
    assert (response.status, response.headers["Location"]) == (308, "../campaigns")


def test_before_there_are_data_it_is_503_and_says_why(idle: Loop) -> None:
    for base in ("/campaigns", "/campaigns/1"):
        response, body = get(idle, base)
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
        assert b"loading, 0 %" in body
        assert data(get(idle, base + ".json"))["error"]["status"] == 503


def test_when_the_database_is_away_the_last_data_are_shown_with_the_reason(changing: Loop, owner: Owner) -> None:
    owner.execute("DROP SCHEMA campaign_monitoring CASCADE")
    assert not changing.step()
    response, body = get(changing, "/campaigns/1")
    assert response.status == 200
    assert "The last refresh failed" in " ".join(read(body).words)
    found = data(get(changing, "/campaigns/1.json"))
    assert found["stale"] is False
    assert found["notes"][0].startswith("The last refresh failed: ")


def test_old_data_are_shown_with_a_warning(owner: Owner, database_url: str) -> None:
    del owner
    with looping(database_url, max_staleness="1ms") as loop:
        assert loop.step()
        for base in ("/campaigns", "/campaigns/1"):
            response, body = get(loop, base)
            assert response.status == 200
            assert "Old data" in " ".join(read(body).words)
            assert data(get(loop, base + ".json"))["stale"] is True


@pytest.mark.parametrize(("ahead", "said"), [(3600.0, "1 h ahead of"), (-90.0, "1 min 30 s behind")])
def test_clocks_that_differ_are_told(changing: Loop, ahead: float, said: str) -> None:
    assert data(get(changing, "/campaigns/1.json"))["notes"] == []
    changing.service._refresher._notices.clock_ahead = ahead
    for base in ("/campaigns", "/campaigns/1"):
        assert f"The exporter's clock is {said} the database's." in " ".join(read(get(changing, base)[1]).words)


def test_pages_do_not_wait_for_a_database_that_hangs(changing: Loop, owner: Owner) -> None:
    refreshing = threading.Thread(target=changing.step)
    with owner.transaction():
        owner.execute("LOCK TABLE campaign_monitoring.calls IN ACCESS EXCLUSIVE MODE")
        refreshing.start()
        for base in ("/campaigns", "/campaigns/1.json"):
            assert get(changing, base)[0].status == 200
    refreshing.join()


def test_many_pages_at_once_do_not_hold_up_a_scrape(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are made one by one in their own thread; here the first never ends until a scrape was answered."""
    scraped = threading.Event()

    def slow(*arguments: Any, **named: Any) -> Json:
        assert scraped.wait(30)
        return card(*arguments, **named)

    monkeypatch.setattr(pages, "card", slow)

    async def act(client: Client) -> None:
        waiting = [asyncio.create_task(client.get(f"/campaigns/{key}?{n}")) for n in range(20) for key in "1234"]
        await asyncio.sleep(0)
        scrape = await client.get("/metrics")
        assert scrape.status == 200
        scraped.set()
        assert {response.status for response in await asyncio.gather(*waiting)} == {200}

    serving(loop, act)


def test_a_flood_of_different_pages_is_told_to_come_back(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_AT_ONCE", 2)
    flooded = threading.Event()

    def slow(*arguments: Any, **named: Any) -> Json:
        assert flooded.wait(30)
        return card(*arguments, **named)

    monkeypatch.setattr(pages, "card", slow)

    async def act(client: Client) -> None:
        asked = [asyncio.create_task(client.get(f"/campaigns/{key}")) for key in "1234"]
        refused = []
        for answer in asyncio.as_completed(asked):
            refused.append(await answer)
            if len(refused) == 2:
                break
        assert {(response.status, response.headers["Retry-After"]) for response in refused} == {(503, "2")}
        flooded.set()
        assert sorted(response.status for response in await asyncio.gather(*asked)) == [200, 200, 503, 503]

    serving(loop, act)


def test_who_asks_for_the_same_at_once_shares_it(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(*arguments: Any, **named: Any) -> Json:
        made.append(arguments[1])
        return card(*arguments, **named)

    monkeypatch.setattr(pages, "card", counted)

    async def act(client: Client) -> None:
        answers = await asyncio.gather(*(client.get("/campaigns/1") for _ in range(30)))
        assert {response.status for response in answers} == {200}

    serving(loop, act)
    assert len(made) < 30
