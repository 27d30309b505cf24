"""Numbers and switches in a file of settings: what is written is what is taken, and what could mean two things is not.

YAML readers take `010` for eight, `1:30` for ninety and `on` for true; pydantic takes `true` for one. Each setting of
these kinds is one of the types below.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def is_whole(text: str) -> bool:
    """Whether this reads as a whole number, for whatever reads it."""
    return _WHOLE.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether this reads as a number, for whatever reads it."""
    return _NUMBER.fullmatch(text) is not None


def _whole(value: object) -> object:
    if isinstance(value, str) and is_whole(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("not a whole number; write one without leading zeros, such as 10")


def number(value: object) -> object:
    """A number as it is written. `ValueError`: it is none."""
    if isinstance(value, str) and is_number(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ValueError("not a number; write one without leading zeros, such as 0.05")


def _switch(value: object) -> object:
    if isinstance(value, str):
        value = _SWITCHES.get(value.lower(), value)
    if isinstance(value, bool):
        return value
    raise ValueError("neither true nor false; write one of these")


Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(number)]
Switch = Annotated[bool, BeforeValidator(_switch)]

Share = Annotated[Number, Field(gt=0, le=1)]
Count = Annotated[Whole, Field(ge=0, le=1_000_000)]
