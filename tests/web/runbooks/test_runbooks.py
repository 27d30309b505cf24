"""Runbooks: what Markdown becomes, what is filled into commands, how they are served, and what the codes' pages say."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from exporter.contract.codes import BLOCKERS
from exporter.diagnosis.dispatch.gates import GATES
from exporter.web.addresses import page_of
from exporter.web.app import application
from exporter.web.cards.card import card
from exporter.web.rendering import render_card
from exporter.web.runbooks.library import Library, body, load, shipped
from exporter.web.runbooks.markdown import document
from exporter.web.runbooks.placeholders import NAMES, Asked, asked, code_page
from tests.diagnosis.dispatch import situations as at
from tests.support.cards import shown_of, view_of
from tests.support.exporting import looping
from tests.web.test_pages import HTML, read

ROOT = Path(__file__).parents[3]
RUNBOOKS = ROOT / "alerts" / "runbooks"
CODES = {file.stem: file.read_text(encoding="utf-8") for file in sorted((RUNBOOKS / "codes").glob("*.md"))}
CAPTURE = "campaign-exporter capture --config.file FILE --campaign {campaign} -o evidence.zip"

ALERT = f"""# CampaignBlocked

## Meaning

Nothing is dialled until a *person* acts. The label `gate` names the gate.

## What to do

1. See [credits](codes/credits_exhausted.md#what-to-do), [another](CampaignStalled.md) or [the meaning](#meaning).

## Capture

```sh
{CAPTURE}
```

In prose {{campaign}} is a word.
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two alerts, and two codes."""
    (tmp_path / "codes").mkdir()
    (tmp_path / "CampaignBlocked.md").write_text(ALERT)
    (tmp_path / "CampaignStalled.md").write_text("# CampaignStalled\n\n## Meaning\n\nThe dispatcher is dead.\n")
    for code in ("credits_exhausted", "unknown"):
        (tmp_path / "codes" / f"{code}.md").write_text(CODES[code])
    (tmp_path / "secret.txt").write_text("a secret")
    return load(tmp_path)


def ask(library: Library, address: str, method: str = "GET", **headers: str) -> tuple[ClientResponse, str]:
    """What an exporter without data answers. The address is sent as it is."""

    async def run(application_of: TestServer) -> tuple[ClientResponse, str]:
        async with TestClient(application_of) as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            response = await client.request(method, URL(address, encoded=True), headers=named, allow_redirects=False)
            return response, (await response.read()).decode()

    async def served() -> tuple[ClientResponse, str]:
        with looping("postgresql://127.0.0.1:1/nowhere") as loop:
            return await run(TestServer(application(loop.service, library)))

    return asyncio.run(served())


def html(text: str, **values: str) -> str:
    """Markdown as HTML, with placeholders filled in."""
    return body(document(text), Asked(**values))


def copied(page: str) -> str:
    """The one block of code of a page, as a person would copy it."""
    [found] = re.findall(r"<pre><code>(.*?)\n</code></pre>", page, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", found))


def command(text: str, **values: str) -> str:
    """The one block of code of a text of Markdown, as a person would copy it."""
    return copied(html(text, **values))


# -- what Markdown becomes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", ["<script>alert(1)</script>", "a <b onclick=x>b</b>", "<!-- hidden -->", "<img src=x>"])
def test_html_in_markdown_is_shown_as_text(raw: str) -> None:
    found = read(html(raw).encode())
    assert found.seen == ["p"]
    assert "".join(found.words).strip() == raw


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "mailto:a@b.c", "file:///etc/passwd",
        "//evil.example", "&#9;javascript:alert(1)", "x:y", "http:evil",
    ],
)  # fmt: skip
def test_links_to_anything_but_the_web_and_other_pages_are_text(url: str) -> None:
    assert "href" not in html(f"[text]({url})")
    assert "href" not in html(f"[text][1]\n\n[1]: {url}")


@pytest.mark.parametrize("url", ["https://grafana.example/d/x?a=1", "http://a.example/", "../campaigns", "#meaning"])
def test_links_to_the_web_and_within_the_exporter_lead_there(url: str) -> None:
    assert html(f"[text]({url})") == f'<p><a href="{url}">text</a></p>\n'


def test_a_link_to_a_file_of_markdown_leads_to_its_page_and_takes_the_ids_along() -> None:
    text = "[text](../codes/dnc.md#first-look)"
    assert 'href="../codes/dnc#first-look"' in html(text)
    assert 'href="../codes/dnc?tenant=1&amp;campaign=a%26b#first-look"' in html(text, campaign="a&b", tenant="1")


def test_images_are_not_shown() -> None:
    assert "<img" not in html("![alt](https://example.com/x.png)")


def test_tables_have_headers_and_no_styles_and_their_cells_name_their_column() -> None:
    found = html("| Code | Calls |\n| --- | ---: |\n| `dnc` and so on | 2 |\n")
    read(found.encode())
    assert '<th role="columnheader" scope="col">Code</th>' in found
    assert '<td role="cell" data-label="Code"><div><code>dnc</code> and so on</div></td>' in found
    assert '<td role="cell" class="number" data-label="Calls"><div>2</div></td>' in found


def test_headings_can_be_linked_to_and_no_id_is_there_twice() -> None:
    page = document("# Title\n\n## First look\n\n## First look\n\n## Content\n")
    assert page.title == "Title"
    assert page.anchors == {"first-look", "first-look-1", "content-1"}
    assert "Title" not in body(page, Asked())


def test_the_lead_is_the_first_sentence_of_the_meaning() -> None:
    assert document(ALERT).lead == "Nothing is dialled until a person acts."
    assert document("# Title\n\nWhat it is. And more.\n").lead == "What it is."
    assert document("").lead == ""


# -- what is filled into commands -----------------------------------------------------------------------------


def test_blanks_in_code_have_the_ids_that_were_asked_for() -> None:
    assert command(f"```sh\n{CAPTURE}\n```", campaign="7").split()[-3:] == ["7", "-o", "evidence.zip"]
    assert "<code>/campaigns/7</code>" in html("`/campaigns/{campaign}`", campaign="7")
    assert command("    {tenant} {campaign} {number} {contact}", tenant="t", campaign="7", number="n") == (
        "t 7 n {contact}"
    )


def test_blanks_that_nobody_fills_show_their_name_in_capitals() -> None:
    assert command("```\n{tenant} {campaign} {number}\n```") == "TENANT CAMPAIGN NUMBER"


def test_blanks_in_prose_are_prose() -> None:
    assert "{campaign}" in html("a {campaign}", campaign="7")


def test_nothing_in_a_text_can_pose_as_a_blank() -> None:
    assert "7" not in html("a \0campaign True\0 b &#0;campaign True&#0; `\0campaign True\0`", campaign="7")


HOSTILE = (
    "a b", "$(touch /tmp/x)", "`touch /tmp/x`", "'; touch /tmp/x; '", '"; touch /tmp/x; "', "a\\", "!!", "*", "~", "&",
    "</code></pre><script>alert(1)</script>", '" onmouseover="alert(1)', "מבצע", "a;b", "{tenant}", "#", "x" * 128,
)  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_id_is_one_word_of_the_command_and_nothing_else(value: str) -> None:
    shown = command(f"```sh\n{CAPTURE}\n```", **{"campaign": value, "tenant": "5"})
    assert shlex.split(shown) == [value if word == "{campaign}" else word for word in CAPTURE.split()]
    assert read(html(f"```sh\n{CAPTURE}\n```", campaign=value).encode()).seen.count("script") == 0


@pytest.mark.parametrize(
    "around", ['curl "x{{campaign="{}"}}"', "echo '{}'", "echo ' {} '", "a `x {} `", "# {}", "x{}", "cat <<E\n {} \nE"]
)
def test_where_quotes_might_not_quote_only_a_plain_id_is_filled_in(around: str) -> None:
    block = f"```sh\n{around.format('{campaign}')}\n```"
    odd = [value for value in HOSTILE if value != "x" * 128]
    assert [value for value in odd if command(block, campaign=value) != around.format("CAMPAIGN")] == []
    assert command(block, campaign="a-1:b") == around.format("a-1:b")


def test_an_id_that_reads_as_an_option_is_not_filled_in() -> None:
    assert command("```\nx {campaign}\n```", campaign="--force") == "x CAMPAIGN"


@pytest.mark.parametrize(
    "value", ["", "x" * 129, "a\nb", "a\tb", "\x00", "\x1b[31m", "a\u2028b", "\u202ea", " ", "\ud800"]
)
def test_what_cannot_be_an_id_is_as_if_it_were_not_given(value: str) -> None:
    assert asked({"campaign": value}) == Asked()
    assert asked({"campaign": value}).query == ""


def test_nothing_but_the_ids_of_labels_is_taken_from_an_address() -> None:
    assert NAMES == ("tenant", "campaign", "number")
    assert asked({"contact": "c", "phone": "1", "campaign": "7"}).query == "?campaign=7"


# -- how they are served --------------------------------------------------------------------------------------


def test_the_index_lists_alerts_by_name_and_codes_by_group(library: Library) -> None:
    response, page = ask(library, "/runbooks")
    assert (response.status, response.headers["Content-Type"]) == (200, HTML)
    words = " ".join(" ".join(read(page.encode()).words).split())
    assert re.search(r"Campaign Blocked Nothing is dialled until a person acts\. Campaign Stalled", words)
    assert "Money First move: A governance decision: ask who owns the budget." in words
    for address in ("CampaignBlocked", "CampaignStalled", "codes/credits_exhausted", "codes/unknown"):
        assert f'href="./runbooks/{address}"' in page


def test_the_index_says_so_where_no_alert_has_a_runbook(tmp_path: Path) -> None:
    assert "No alert has a runbook in this version." in ask(load(tmp_path), "/runbooks")[1]


def test_the_landing_page_leads_to_the_index(library: Library) -> None:
    assert 'href="./runbooks"' in ask(library, "/")[1]


@pytest.mark.parametrize("address", ["CampaignBlocked", "codes/credits_exhausted"])
def test_a_runbook_has_its_title_and_the_ways_out_of_it(library: Library, address: str) -> None:
    response, page = ask(library, f"/runbooks/{address}")
    assert (response.status, response.headers["Content-Type"]) == (200, HTML)
    found = read(page.encode())
    assert found.seen.count("h1") == 1
    name = address.removeprefix("codes/")
    assert f"<title>{name} · Runbook · campaign-exporter</title>" in page
    assert f"<h1>{name}</h1>" in page.replace("<wbr>", "")
    up = "../" * (address.count("/") + 1)
    assert {f'href="{up}runbooks"', f'href="{up}campaigns"'} <= set(re.findall(r'href="[^"]*"', page))
    assert "CAMPAIGN" in page
    assert "Opened for" not in page


def test_a_runbook_opened_for_a_campaign_leads_to_its_card_and_keeps_the_ids(library: Library) -> None:
    _, page = ask(library, "/runbooks/CampaignBlocked?campaign=a%2Fb%20c&tenant=1")
    assert f'href="../{page_of("a/b c")}"' in page
    assert copied(page) == CAPTURE.replace("{campaign}", "'a/b c'")
    for address in ("../runbooks", "codes/credits_exhausted", "CampaignStalled"):
        assert f'href="{address}?tenant=1&amp;campaign=a%2Fb%20c' in page


def test_the_index_keeps_the_ids_too(library: Library) -> None:
    _, page = ask(library, "/runbooks?campaign=7")
    assert 'href="./runbooks/CampaignBlocked?campaign=7"' in page
    assert 'href="./runbooks/codes/credits_exhausted?campaign=7"' in page


@pytest.mark.parametrize("value", [*HOSTILE, "x" * 6000, "a\nb", "\x00", "\u202ea"])
def test_hostile_ids_in_an_address_do_nothing(library: Library, value: str) -> None:
    plain = read(ask(library, "/runbooks/CampaignBlocked")[1].encode())
    for name in NAMES:
        response, page = ask(library, str(URL("/runbooks/CampaignBlocked").with_query({name: value})))
        assert response.status == 200, name
        assert set(read(page.encode()).seen) <= {*plain.seen, "bdi", "div"}, name


@pytest.mark.parametrize("query", ["?campaign=%ff", "?campaign=%", "?&&=&", "?campaign=1&campaign=2", "?campaign[]=1"])
def test_odd_queries_harm_nobody(library: Library, query: str) -> None:
    response, page = ask(library, "/runbooks/CampaignBlocked" + query)
    assert response.status == 200
    read(page.encode())


@pytest.mark.parametrize(
    "name",
    [
        "Nix", "campaignblocked", "CampaignBlocked.md", "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "..%2Fsecret.txt", "%2e%2e%2fsecret", "secret.txt", "secret", "codes%2Funknown", "codes/nix",
        "codes/%2e%2e/CampaignBlocked", "/etc/passwd", "%2Fetc%2Fpasswd", "%00", "CampaignBlocked%00", "%ff", "%22%27",
        "codes/..%2Fsecret", "codes/codes/unknown", "x" * 4000, "%E2%80%AEevil",
    ],
)  # fmt: skip
def test_an_unknown_name_is_404_with_the_way_on(library: Library, name: str) -> None:
    response, page = ask(library, f"/runbooks/{name}?campaign=7")
    assert (response.status, response.headers["Content-Type"]) == (404, HTML)
    assert response.headers["Cache-Control"] == "no-store"
    assert f'href="{"../" * (name.count("/") + 1)}runbooks"' in page
    assert "No such runbook" in page
    assert "a secret" not in page
    assert "\u202e" not in page
    assert len(page) < 3000
    read(page.encode())


def test_an_unknown_code_leads_to_the_page_of_unknown_codes(library: Library) -> None:
    assert 'href="../../runbooks/codes/unknown"' in ask(library, "/runbooks/codes/nix")[1]
    assert "runbooks/codes/unknown" not in ask(library, "/runbooks/Nix")[1]


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/runbooks/", "../runbooks"),
        ("/runbooks/codes", "../runbooks#codes"),
        ("/runbooks/codes/", "../../runbooks#codes"),
        ("/runbooks/CampaignBlocked/?campaign=a%2Fb", "../../runbooks/CampaignBlocked?campaign=a%2Fb"),
        ("/runbooks/codes/unknown/", "../../../runbooks/codes/unknown"),
    ],
)
def test_folders_and_slashes_at_the_end_lead_to_the_page(library: Library, address: str, leads_to: str) -> None:
    response, _ = ask(library, address)
    assert (response.status, response.headers["Location"]) == (308, leads_to)


@pytest.mark.parametrize(
    "address", ["/runbooks", "/runbooks/CampaignBlocked", "/runbooks/codes/unknown", "/runbooks/Nix"]
)
def test_head_is_get_without_a_body(library: Library, address: str) -> None:
    full, _ = ask(library, address)
    head, nothing = ask(library, address, "HEAD")
    assert (head.status, nothing) == (full.status, "")
    for name in ("Content-Type", "Cache-Control", "ETag", "Vary"):
        assert head.headers.get(name) == full.headers.get(name)


@pytest.mark.parametrize("address", ["/runbooks", "/runbooks/CampaignBlocked", "/runbooks/Nix"])
def test_the_security_headers_hold(library: Library, address: str) -> None:
    response, page = ask(library, address)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "style=" not in page


def test_browsers_ask_whether_a_page_changed(library: Library) -> None:
    response, _ = ask(library, "/runbooks/CampaignBlocked")
    assert response.headers["Cache-Control"] == "no-cache"
    again, nothing = ask(library, "/runbooks/CampaignBlocked", If_None_Match=response.headers["ETag"])
    assert (again.status, nothing) == (304, "")
    assert again.headers["ETag"] == response.headers["ETag"]
    other, page = ask(library, "/runbooks/CampaignBlocked?campaign=7", If_None_Match=response.headers["ETag"])
    assert other.status == 200
    assert page


def test_pages_are_compressed_for_who_takes_it(library: Library) -> None:
    assert ask(library, "/runbooks", Accept_Encoding="gzip")[0].headers["Content-Encoding"] == "gzip"


# -- the links on cards ---------------------------------------------------------------------------------------


def links(text: str) -> set[str]:
    return set(re.findall(r'href="(\.\./runbooks/[^"]*)"', text))


def test_codes_on_a_card_lead_to_their_pages() -> None:
    s = at.situation(tasks=at.held("dnc", 40, ready=0))
    shown = shown_of(s, None, **{"7": view_of(s)})
    tenant = card(shown, "7")["campaign"]["tenant"]["id"]
    key = card(shown, "7")["campaign"]["id"]
    assert f"../runbooks/codes/dnc?tenant={tenant}&amp;campaign={key}" in links(render_card(card(shown, "7")))


def test_unknown_codes_on_a_card_lead_to_the_page_of_unknown_codes() -> None:
    s = at.situation(tasks=at.held("solar_flare", 40, ready=0))
    text = render_card(card(shown_of(s, None, **{"7": view_of(s)}), "7"))
    assert {link.partition("?")[0] for link in links(text)} == {"../runbooks/codes/unknown"}


def test_the_exporters_own_codes_have_no_page_to_lead_to() -> None:
    assert code_page("pacing", "capacity") is None
    assert code_page("status") is None


def test_a_card_that_needs_no_server_leads_nowhere() -> None:
    s = at.situation(tasks=at.held("dnc", 40, ready=0))
    assert links(render_card(card(shown_of(s, None, **{"7": view_of(s)}), "7"), self_contained=True)) == set()


# -- what the codes' pages say --------------------------------------------------------------------------------


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert CODES.keys() == {*BLOCKERS, "unknown"}
    assert shipped().codes.keys() == CODES.keys()


def test_a_page_begins_with_its_code_meaning_group_and_first_move() -> None:
    assert {code: text.splitlines()[:6] for code, text in CODES.items()
            if text.splitlines()[:6] != _beginning(code)} == {}  # fmt: skip


def _beginning(code: str) -> list[str]:
    known = BLOCKERS.get(code)
    meaning = known.meaning if known else "A blocker code outside the vocabulary: nobody announced it."
    group, move = (known.group, known.first_move) if known else ("unknown", "Tell the platform's owners.")
    return [f"# {code}", "", meaning, "", f"- **Group:** {group}", f"- **First move:** {move}"]


def test_a_page_says_in_few_lines_what_to_know_look_at_do_and_capture() -> None:
    assert {code: faults for code, text in CODES.items() if (faults := list(_faults(text)))} == {}


def _faults(text: str) -> Iterator[str]:
    """What a page lacks, or has too much of."""
    yield from (f"not {words}" for words in ("- **Expected?** ", "- **Who decides:** ") if words not in text)
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    if sections != ["First look", "What to do", "Never", "Capture"]:
        yield f"the sections {sections}"
    lines = text.splitlines()
    if not 15 <= sum(map(bool, lines)) <= 30:
        yield f"{sum(map(bool, lines))} lines"
    yield from (f"too long: {line}" for line in lines if len(line) > 120)
    capture = command(text, campaign="7")
    if not re.fullmatch(
        r"campaign-exporter capture --config.file FILE --campaign 7 (--task TASK )?-o evidence.zip", capture
    ):
        yield capture


def test_compliance_is_never_overridden_and_the_evidence_is_kept() -> None:
    for code in (each.code for each in BLOCKERS.values() if each.group == "compliance"):
        never = CODES[code].partition("## Never")[2].partition("## Capture")[0]
        assert "Never override it" in never, code
        assert "evidence" in never, code
        assert "compliance" in CODES[code].partition("- **Who decides:** ")[2].splitlines()[0].lower(), code


def test_the_gates_that_a_page_names_are_on_the_card() -> None:
    named = {code: set(re.findall(r"`(\w+)` gate", text)) for code, text in CODES.items()}
    assert {code: gates - GATES.keys() for code, gates in named.items() if gates - GATES.keys()} == {}


def _panels() -> set[str]:
    """`Board: Panel` of each panel in the page of the dashboards."""
    found, board = set(), ""
    for line in (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            board = line.removeprefix("### ")
        elif match := re.match(r"\| \d+ \| ([^|*]+) \|", line):
            found.add(f"{board}: {match[1]}")
    return found


def test_the_panels_that_a_page_names_are_on_the_boards() -> None:
    there, italic = _panels(), r"(?<!\*)\*([A-Z][^*]*: [^*]+)\*(?!\*)"
    named = {code: {" ".join(name.split()) for name in re.findall(italic, text)} for code, text in CODES.items()}
    assert [code for code, panels in named.items() if not panels] == [], "they name none"
    assert {code: panels - there for code, panels in named.items() if panels - there} == {}


def _internal(library: Library) -> Iterator[tuple[str, str]]:
    """The file that each relative link is in, and where it leads."""
    for folder, pages in (("", library.alerts), ("codes/", library.codes)):
        for name, page in pages.items():
            yield from ((f"{folder}{name}.md", link) for link in page.links if not re.match("https?:", link))


def test_every_link_between_runbooks_leads_somewhere() -> None:
    library = shipped()
    pages = {f"{name}.md": page for name, page in library.alerts.items()}
    pages |= {f"codes/{name}.md": page for name, page in library.codes.items()}
    for source, link in _internal(library):
        name, _, anchor = link.partition("#")
        target = normpath(join(dirname(source), name)) if name else source
        if target in ("../runbooks", "../campaigns"):
            continue
        assert target in pages, f"{source}: {link}"
        assert not anchor or anchor in pages[target].anchors, f"{source}: {link}"


def test_the_wheel_holds_the_runbooks(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    found = load(zipfile.Path(wheel) / "campaign_exporter" / "alerts" / "runbooks")
    assert found.codes.keys() == CODES.keys()
    assert found.alerts.keys() == {file.stem for file in RUNBOOKS.glob("*.md")}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    generated = {file.relative_to(ROOT).as_posix() for file in (ROOT / "alerts" / "generated").rglob("*.yml")}
    expected = {"exporter/web/templates/runbook.html", "exporter/web/runbooks/pages.py", *generated}
    assert {f"campaign_exporter/{name}" for name in expected} <= names
