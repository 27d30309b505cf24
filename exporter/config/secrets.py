"""Secrets in files of their own: one line, taken as it is but for the end of the line."""

from __future__ import annotations

from pathlib import Path

from exporter.config.text_file import UnreadableError, read_text
from exporter.errors import ConfigError

_MOST_BYTES = 65_536


def read_secret(path: Path, key: str) -> str:
    """The secret in the file that this setting names. Spaces are part of it. `ConfigError` says what is wrong."""
    try:
        text = read_text(path, _MOST_BYTES)
    except UnreadableError as error:
        raise ConfigError(f"{key}: cannot read the secret in {path}: {error}; check the path and its rights") from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise ConfigError(f"{key}: {path} is empty; put the secret into it, on one line")
    if any(character in secret for character in "\n\r\0"):
        raise ConfigError(f"{key}: {path} holds more than one line; leave the secret alone in it, on one line")
    return secret
