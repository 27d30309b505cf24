"""Markdown as HTML that does nothing: no raw HTML, no images, links to the web and to other pages only."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from exporter.web.runbooks.placeholders import QUERY, Placeholder, split

Env = MutableMapping[str, Any]

_EDGE = "\0"
"""Around a placeholder while Markdown is written; the parser lets none through from the text (CommonMark 2.3)."""

_WEB = re.compile(r"https?://[^/]", re.IGNORECASE)
_RELATIVE = re.compile(r"(?!/)[^:\\?#]*(?:[?#]|\Z)")
_PAGE = re.compile(r"(?P<page>[^?#:]+)\.md(?P<anchor>#.*)?\Z")
_TAKEN = frozenset({"content"})
"""Ids that the pages themselves use."""

_SENTENCE = re.compile(r".+?[.!?](?=\s|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its parts are HTML, and placeholders between them."""

    title: str
    lead: str
    """The first sentence of its meaning: of the section of that name, else of the whole."""
    parts: tuple[str | Placeholder, ...]
    links: tuple[str, ...]
    """Where it leads, as written."""
    anchors: frozenset[str]


def document(text: str) -> Document:
    """A document of Markdown. A heading of the first level that begins it is its title, and no part of the rest."""
    env: Env = {}
    tokens = _PARSER.parse(text, env)
    title = ""
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        title = _words(tokens[1])
        tokens = tokens[3:]
    anchors = _name_headings(tokens)
    _dress_tables(tokens)
    links = [
        str(child.attrs["href"]) for token in tokens for child in token.children or () if child.type == "link_open"
    ]
    html = _PARSER.renderer.render(tokens, _PARSER.options, env)
    return Document(title, _lead(tokens), tuple(_parts(html)), tuple(links), anchors)


def _words(inline: Token) -> str:
    """The words of an inline token, without what marks them."""
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content for child in inline.children or ()
    ).strip()


def _lead(tokens: Sequence[Token]) -> str:
    starts = [
        i for i, token in enumerate(tokens) if token.type == "heading_open" and _words(tokens[i + 1]) == "Meaning"
    ]
    after = tokens[starts[0] :] if starts else tokens
    paragraphs = (after[i + 1] for i, token in enumerate(after) if token.type == "paragraph_open")
    text = next((_words(paragraph) for paragraph in paragraphs), "")
    first = _SENTENCE.match(text)
    return first[0] if first else text


def _name_headings(tokens: Sequence[Token]) -> frozenset[str]:
    """Give each heading an id, as GitHub does."""
    found: set[str] = set(_TAKEN)
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            name = re.sub(r"[^\w\- ]", "", _words(tokens[i + 1]).lower()).replace(" ", "-") or "section"
            numbered = (f"{name}-{n}" if n else name for n in range(len(found) + 1))
            token.attrs["id"] = next(each for each in numbered if each not in found)
            found.add(str(token.attrs["id"]))
    return frozenset(found - _TAKEN)


def _dress_tables(tokens: Sequence[Token]) -> None:
    """Tables as all pages have them: on a narrow screen each row is a list, and each cell says its column."""
    columns: list[str] = []
    column = 0
    for i, token in enumerate(tokens):
        if token.type not in _ROLES:
            continue
        token.attrs["role"] = _ROLES[token.type]
        # Alignment is a class, as the pages allow no style in the text.
        if "right" in str(token.attrs.pop("style", "")):
            token.attrs["class"] = "number"
        match token.type:
            case "table_open":
                columns = []
                token.attrs["class"] = "stack"
            case "tr_open":
                column = 0
            case "th_open":
                token.attrs["scope"] = "col"
                columns.append(_words(tokens[i + 1]))
            case "td_open":
                token.attrs["data-label"] = columns[column]
                column += 1


_ROLES = {
    "table_open": "table",
    "thead_open": "rowgroup",
    "tbody_open": "rowgroup",
    "tr_open": "row",
    "th_open": "columnheader",
    "td_open": "cell",
}


def _parts(html: str) -> list[str | Placeholder]:
    parts: list[str | Placeholder] = []
    for i, part in enumerate(html.split(_EDGE)):
        if i % 2:
            name, word = part.split()
            parts.append(Placeholder(name, word == "True"))
        elif part:
            parts.append(part)
    return parts


def _edged(placeholder: Placeholder) -> str:
    return f"{_EDGE}{placeholder.name} {placeholder.word}{_EDGE}"


# -- how tokens are written -----------------------------------------------------------------------------------


_OPTION = re.compile(r"(?<![^\s])--?[\w.-]+")


def _code(text: str) -> str:
    """An option stays whole where a line is wrapped, or one would read `--` and the rest on the next line."""
    parts = (
        _edged(part)
        if isinstance(part, Placeholder)
        else _OPTION.sub(r'<span class="nowrap">\g<0></span>', escape(part))
        for part in split(text)
    )
    return "".join(parts)


def _block(renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Env) -> str:
    del renderer, options, env
    return f"<pre><code>{_code(tokens[i].content)}</code></pre>\n"


def _inline(renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Env) -> str:
    del renderer, options, env
    return f"<code>{_code(tokens[i].content)}</code>"


def _link(renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Env) -> str:
    """A file of Markdown is served as a page without that ending."""
    if match := _PAGE.match(str(tokens[i].attrs["href"])):
        tokens[i].attrs["href"] = match["page"] + _edged(QUERY) + (match["anchor"] or "")
    return renderer.renderToken(tokens, i, options, env)


def _cell(renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Env) -> str:
    """What is in a cell is one box, as its label stands beside it on a narrow screen."""
    del env
    tag = renderer.renderToken(tokens, i, options, {})
    return f"{tag}<div>" if tokens[i].nesting == 1 else f"</div>{tag}"


def _harmless(url: str) -> bool:
    """Whether a link may lead there. Colons before the first `?` or `#` would make another scheme of it.

    From the root it would leave the path under which a reverse proxy serves the pages.
    """
    return bool(_WEB.match(url) or _RELATIVE.match(url))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.validateLink = _harmless  # type: ignore[method-assign]
    for name, rule in (
        ("fence", _block),
        ("code_block", _block),
        ("code_inline", _inline),
        ("link_open", _link),
        ("td_open", _cell),
        ("td_close", _cell),
    ):
        parser.add_render_rule(name, rule)
    return parser


_PARSER = _parser()
