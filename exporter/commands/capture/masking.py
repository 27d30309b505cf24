"""What must not leave the house: contacts, phones, addresses in free text; and passwords, wherever they may be."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import html
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from exporter.commands.explain.rows import Row
from exporter.config import Config
from exporter.config.address import SECRETS, parameters
from exporter.contract.relations import RELATIONS, Kind
from exporter.errors import CampaignExporterError
from exporter.source.small_cleaning import ID_LIMIT

MASKED = "…"
_SEPARATORS = r"[\s()/._|:,\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\u2066-\u2069\ufeff-]"
# What is left alone: UUIDs, dates and times. Then: addresses, and seven digits or more, however they are set apart.
_UUID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_CLOCK = r"[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
_TIME = rf"(?<![\d-])(?:19|20)\d\d-[01]\d-[0-3]\d(?:{_CLOCK})?(?!\d)"
# Bounded before the @: else a long text without any would be looked through from each of its characters.
_ADDRESS = r"[^\s\"'<>,;:(){}\[\]=@]{1,128}@[^\s\"'<>,;(){}\[\]]+"
_PHONE = rf"\+?(?:\d{_SEPARATORS}{{0,6}}){{6,}}\d"
_PERSONAL = re.compile(rf"(?P<kept>{_UUID}|{_TIME})|(?P<address>{_ADDRESS})|(?P<phone>{_PHONE})")
_ODD_ID = re.compile(rf"@|^\+|\d{_SEPARATORS}+\d.*\d{_SEPARATORS}+\d|\s")
_SHORTEST_NAME = 4
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""Pseudonyms are letters: digits in a row would be taken for a phone."""

_PHONES = frozenset({("tasks", "phone"), ("numbers", "phone")})


class Mask:
    """Masks values for one archive; with `wanted` false it leaves all as it is.

    A contact's pseudonym is the same throughout the archive and another one in the next: its key is thrown away.
    """

    def __init__(self, wanted: bool = True) -> None:
        self.wanted = wanted
        self._key = secrets.token_bytes(32)
        self._ids: set[str] = set()
        self._names: dict[str, str] = {}
        self._named: re.Pattern[str] | None = None

    def learn(self, relation: str, rows: Iterable[Row]) -> None:
        """Note the ids and contacts of rows: ids stay what they are, contacts are found in texts, too."""
        for row in rows:
            for column, value in row.items():
                kind = RELATIONS[relation].column(column).kind
                if kind is Kind.ID and value is not None:
                    self.know(str(value))
                elif column == "contact" and value is not None and len(str(value)) >= _SHORTEST_NAME:
                    self._names[str(value)] = self.contact(str(value))
                elif column == "phone" and relation == "tasks" and value is not None and len(str(value)) > 2:
                    self._names[str(value)] = self.phone(str(value))
        longest_first = sorted(self._names, key=len, reverse=True)
        self._named = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def know(self, *ids: str) -> None:
        """Ids stay what they are, unless they look like a person's number or address themselves."""
        self._ids.update(text for text in ids if not _odd(text))

    def contact(self, reference: str) -> str:
        """A stable pseudonym."""
        if not self.wanted:
            return reference
        digest = hmac.new(self._key, reference.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
        return f"contact-{digest[:12].translate(_LETTERS)}"

    def phone(self, number: str) -> str:
        """The last two digits."""
        if not self.wanted or "*" in number:  # masked already, by the configuration
            return number
        digits = re.sub(r"\D", "", number)
        return MASKED + (digits[-2:] if len(digits) > 5 else "")

    def id(self, text: str) -> str:
        """An id as it is; a pseudonym for one that is a phone number or an address with a sign of it."""
        if not self.wanted or text in self._ids or not _odd(text):
            return text
        return f"id-{self.contact(text).removeprefix('contact-')}"

    def text(self, text: str) -> str:
        """Free text without contacts, phone-like runs of digits and addresses; a known id as a whole stays."""
        if not self.wanted or text in self._ids:
            return text
        if self._named is not None:
            text = self._named.sub(lambda found: self._names[found[0]], text)
        return _PERSONAL.sub(self._masked, text)

    def _masked(self, found: re.Match[str]) -> str:
        if found["kept"] is not None or found[0] in self._ids:
            return found[0]
        return f"{MASKED}@{MASKED}" if found["address"] is not None else self.phone(found[0])

    def value(self, value: Any) -> Any:
        """JSON with the texts in it masked, its keys too. Whole numbers of seven digits or more may be phones."""
        if not self.wanted:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return self._keys({self.text(key): self.value(item) for key, item in value.items()}, value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if whole and abs(value) >= 10**6 and str(value) not in self._ids:
            return self.text(f"{value:.0f}")
        return value

    def _keys(self, masked: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        if len(masked) == len(before):
            return masked
        # Two keys became one: number them, so that none is lost.
        return {f"{self.text(key)}#{place}": self.value(item) for place, (key, item) in enumerate(before.items(), 1)}

    def shown(self, card: Any) -> Any:
        """A card: its texts are masked, its figures are ours and stay."""
        if not self.wanted:
            return card
        if isinstance(card, str):
            return self.text(card)
        if isinstance(card, dict):
            return {self.text(key): self._of_card(key, item) for key, item in card.items()}
        return [self.shown(item) for item in card] if isinstance(card, list) else card

    def _of_card(self, key: str, item: Any) -> Any:
        if isinstance(item, str) and key in ("phone", "id"):
            return self.phone(item) if key == "phone" else self.id(item)
        return self.shown(item)

    def label(self, name: str, value: str) -> str:
        """The value of a metric's label."""
        if name in ("campaign", "tenant", "number", "connection"):
            return self.id(value)
        return self.phone(value) if name == "phone" else self.text(value)

    def row(self, relation: str, row: Row) -> Row:
        """A row of the contract."""
        return {column: self._cell(relation, column, value) for column, value in row.items()} if self.wanted else row

    def _cell(self, relation: str, column: str, value: Any) -> Any:
        if value is None:
            return None
        if (relation, column) in _PHONES:
            return self.phone(str(value))
        if column == "contact":
            return self.contact(str(value))
        match RELATIONS[relation].column(column).kind:
            case Kind.ID:
                return self.id(str(value))
            case Kind.TEXT:
                return self.text(str(value))
            case Kind.JSON:
                return self.value(value)
        return self.text(value) if isinstance(value, str) else value


def _odd(text: str) -> bool:
    """Whether an id carries a sign of an address or a phone, or is no id at all."""
    return len(text) > ID_LIMIT or (_ODD_ID.search(text) is not None and re.fullmatch(_UUID, text) is None)


_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|CREDENTIAL|API_?KEY", re.IGNORECASE)
_SHORTEST_SECRET = 6
_LOGIN = re.compile(rb"://[^/@\s\"'<>]+@")


class Secrets:
    """The passwords of this process: the last net under every file, though none should hold one."""

    def __init__(self, config: Config, url: str | None, environment: Mapping[str, str] = os.environ) -> None:
        found = {value for name, value in environment.items() if _SECRET_NAME.search(name)}
        found |= _of_database(config)
        if url is not None and (password := urlsplit(url).password):
            found |= {password, unquote(password)}
        variants = {
            variant
            for text in found
            if len(text) >= _SHORTEST_SECRET and not text.isalpha()  # a word: it would be found where it is none
            for variant in (text, quote(text, safe=""), json.dumps(text)[1:-1], html.escape(text))
        }
        self._found = [variant.encode("utf-8", "replace") for variant in sorted(variants, key=len, reverse=True)]

    def without(self, data: bytes) -> bytes:
        """The same bytes without any of them, and without logins in addresses."""
        data = _LOGIN.sub(b"://" + MASKED.encode() + b"@", data)
        for secret in self._found:
            data = data.replace(secret, MASKED.encode())
        return data


def _of_database(config: Config) -> set[str]:
    found: set[str] = set()
    with contextlib.suppress(CampaignExporterError, ValueError):  # what cannot be read is named elsewhere
        found.add(url := config.database.secret_url())
        found |= {value for name, value in parameters(url).items() if name in SECRETS}
    with contextlib.suppress(CampaignExporterError):
        found.add(config.database.secret_password() or "")
    return found
