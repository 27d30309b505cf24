"""SQL of the benchmarks, in files beside this one that hold one statement or several with a name each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\S+)$", re.MULTILINE)


@cache
def script(name: str) -> str:
    """The whole text of `NAME.sql`."""
    return resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


@cache
def statements(name: str) -> Mapping[str, str]:
    """The statements of `NAME.sql` by their names, in order."""
    _, *parts = _NAME.split(script(name))
    return {key: text.strip() for key, text in zip(parts[::2], parts[1::2], strict=True)}
