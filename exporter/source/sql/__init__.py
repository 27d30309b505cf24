"""SQL that stands in files beside this one, so that a DBA can read it as it runs."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def statement(name: str, package: str = __name__) -> str:
    """The text of `NAME.sql` in a package."""
    return resources.files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")
