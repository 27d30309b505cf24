"""The runbooks there are: one of each alert and of each blocker code, read and written as HTML once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from exporter.web.runbooks.markdown import Document, document
from exporter.web.runbooks.placeholders import Asked, Placeholder, filled

_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\.md\Z")


@dataclass(frozen=True, slots=True)
class Library:
    """Runbooks by name; names are looked up here and nowhere else, so none can lead to another file."""

    alerts: Mapping[str, Document]
    codes: Mapping[str, Document]


def load(folder: Traversable) -> Library:
    """The runbooks of a folder: those of alerts in it, those of codes in `codes`."""
    return Library(_documents(folder), _documents(folder / "codes"))


@cache
def shipped() -> Library:
    """The runbooks that come with this program."""
    return load(files("alerts") / "runbooks")


def _documents(folder: Traversable) -> Mapping[str, Document]:
    if not folder.is_dir():
        return {}
    found = {match[1]: file for file in folder.iterdir() if (match := _NAME.match(file.name))}
    return MappingProxyType({name: document(found[name].read_text(encoding="utf-8")) for name in sorted(found)})


def body(page: Document, values: Asked) -> str:
    """The HTML of a document with its placeholders filled in."""
    return "".join(filled(part, values) if isinstance(part, Placeholder) else part for part in page.parts)
