"""Placeholders in the commands of a runbook, and how what an address asks for is written into them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import NamedTuple
from urllib.parse import quote, urlencode

from exporter.contract.codes import BLOCKERS, clean_name
from exporter.source.small_cleaning import ID_LIMIT

NAMES = ("tenant", "campaign", "number")
"""What may be filled in: ids of the labels that alerts carry. Nothing of a contact is among them."""

_PLACEHOLDER = re.compile(r"\{(" + "|".join(NAMES) + r")\}")
# With none of these around it, one between spaces is a word of a shell of its own. Else quotes might not quote.
_NO_WORDS = re.compile(r"['\"`\\#]|<<|\$\(")
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")


class Placeholder(NamedTuple):
    """A place to fill in. `word`: it is a word of a shell's command, so that a quoted value may stand there."""

    name: str
    word: bool = False


QUERY = Placeholder("query")
"""What a link to another runbook ends with, so that the page behind it is filled in too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The ids that a page is asked for; empty where none is, or one that cannot be an id."""

    tenant: str = ""
    campaign: str = ""
    number: str = ""

    @property
    def query(self) -> str:
        """The same as the query of an address."""
        found = {name: value for name in NAMES if (value := getattr(self, name))}
        return f"?{urlencode(found, quote_via=quote)}" if found else ""


def asked(query: Mapping[str, str]) -> Asked:
    """The ids in the query of an address."""
    return Asked(**{name: _id(query.get(name, "")) for name in NAMES})


def _id(raw: str) -> str:
    """The text if it can be an id: printable and not too long."""
    return raw if len(raw) <= ID_LIMIT and clean_name(raw) == raw else ""


def split(code: str) -> list[str | Placeholder]:
    """A text of code, and the placeholders in it."""
    words = not _NO_WORDS.search(code)
    parts: list[str | Placeholder] = []
    end = 0
    for match in _PLACEHOLDER.finditer(code):
        around = code[match.start() - 1 : match.start()] + code[match.end() : match.end() + 1]
        parts += [code[end : match.start()], Placeholder(match[1], words and not around.strip(" \n="))]
        end = match.end()
    return [*parts, code[end:]]


def filled(placeholder: Placeholder, values: Asked) -> str:
    """What stands in its place, as HTML; the name in capitals where there is no value, or none that is safe there."""
    if placeholder == QUERY:
        return escape(values.query)
    value: str = getattr(values, placeholder.name)
    # What begins with a dash would be read as an option; elsewhere than in a word, what is quoted might not stay so.
    if not value or value.startswith("-") or not (placeholder.word or _PLAIN.match(value)):
        return placeholder.name.upper()
    return escape(shlex.quote(value))


def code_page(code: str, group: str = "", campaign: str = "", tenant: str = "") -> str | None:
    """A blocker code's page, as seen from the first one; `None` of a code that is the exporter's own."""
    name = code if code in BLOCKERS else "unknown"
    if name == "unknown" and group != "unknown":
        return None
    return f"runbooks/codes/{name}" + Asked(_id(tenant), _id(campaign)).query
