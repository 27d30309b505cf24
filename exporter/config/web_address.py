"""Addresses of the web to which links are made."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/*")


def web_address(text: str) -> str:
    """The address without a slash at its end. `ValueError` says what is wrong and what to write."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or re.search(r"[\s\\<>\"]", text):
        raise ValueError("not an address; write it with http:// or https://, such as https://example.com/dialler")
    if "@" in parts.netloc:
        raise ValueError("holds a user or a password, which every link would show; leave it out")
    if parts.query or parts.fragment:
        raise ValueError("ends with ? or #, to which no path can be added; leave that out")
    if not _PATH.fullmatch(parts.path):
        raise ValueError("holds a path that programs write in several ways; leave / . _ ~ - and plain letters in it")
    return text.rstrip("/")
