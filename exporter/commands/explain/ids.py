"""Ids as people type them: what a column of that type could hold, else nothing at all is asked of the database."""

from __future__ import annotations

import re
import uuid

from exporter.contract.codes import clean_name
from exporter.source.small_cleaning import ID_LIMIT

_WHOLE = re.compile(r"-?[0-9]{1,19}\Z")
_BITS = {"int2": 15, "int4": 31, "int8": 63}
_KINDS = {"int2": "whole numbers", "int4": "whole numbers", "int8": "whole numbers", "uuid": "UUIDs"}


def as_key(text: str, typname: str) -> str | None:
    """The id as PostgreSQL writes it in a column of this type; `None` where that cannot hold it."""
    if typname in _BITS:
        if not _WHOLE.match(text):
            return None
        number, bound = int(text), 1 << _BITS[typname]
        return str(number) if -bound <= number < bound else None
    if not text or len(text) > ID_LIMIT or not text.isprintable():
        return None
    if typname == "uuid":
        try:
            return str(uuid.UUID(text))
        except ValueError:
            return None
    return text


def quoted(text: str) -> str:
    """An id as an error may show it: on one line, without what a terminal would obey."""
    return repr(clean_name(text, 60))


def kind_of(typname: str) -> str:
    """What the ids of such a column are, in words."""
    return _KINDS.get(typname, f"texts of up to {ID_LIMIT} characters")
