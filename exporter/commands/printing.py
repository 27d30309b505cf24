"""What commands print, on terminals that are not UTF-8 too: an escape stands for a character that cannot be shown."""

from __future__ import annotations

import json
import sys
from typing import IO, Any

import click

_ELLIPSIS = "…"
"""The only character of ours that is not ASCII; all others are of the database's texts."""


def say(text: str, *, err: bool = False, nl: bool = True, color: bool | None = None) -> None:
    """Print a text for a person."""
    stream = sys.stderr if err else sys.stdout
    click.echo(plain(text, stream), err=err, nl=nl, color=color)


def say_json(text: str) -> None:
    """Print JSON for a program: escapes are JSON's own, so nothing is lost."""
    if not _takes(sys.stdout, text):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=True)
    click.echo(text)


def plain(text: str, stream: IO[Any]) -> str:
    """The text as the stream can take it."""
    if _takes(stream, text):
        return text
    encoding = _encoding(stream)
    return text.replace(_ELLIPSIS, "...").encode(encoding, "backslashreplace").decode(encoding)


def _takes(stream: IO[Any], text: str) -> bool:
    try:
        text.encode(_encoding(stream))
    except UnicodeEncodeError:
        return False
    return True


def _encoding(stream: IO[Any]) -> str:
    """click writes UTF-8 to a stream that says it is ASCII: it is taken at its word here."""
    return getattr(stream, "encoding", None) or "utf-8"
