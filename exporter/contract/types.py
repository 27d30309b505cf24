"""Which PostgreSQL types a column may have, and the expression that makes one of any other type fit."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from exporter.contract.identifiers import identifier, literal


class Kind(Enum):
    """What a column may hold. The value lists the PostgreSQL types that are taken, by `pg_type.typname`."""

    ID = ("int2", "int4", "int8", "uuid", "text", "varchar", "bpchar", "name")
    TEXT = ("text", "varchar", "bpchar", "name", "citext", "uuid", "int2", "int4", "int8", "enum")
    TIME = ("timestamptz",)
    INTEGER = ("int2", "int4", "int8", "numeric")
    NUMBER = ("int2", "int4", "int8", "numeric", "float4", "float8")
    BOOLEAN = ("bool",)
    JSON = ("jsonb", "json")

    def accepts(self, typname: str) -> bool:
        """Whether a column of this PostgreSQL type (`enum` for any enumerated type) can be read."""
        return typname in self.value


ANY_OTHER = ""
"""In `CASTS`, the types that are not named."""

_CHARACTERS = ("text", "varchar", "bpchar", "name", "citext", "char")
_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
_SCALAR_OF_JSON = "{column} #>> '{{}}'"

_AS_NUMBER: Mapping[str, str] = {
    **dict.fromkeys(_CHARACTERS, "nullif(trim({column}::text), '')::numeric"),
    **dict.fromkeys(("json", "jsonb"), f"({_SCALAR_OF_JSON})::numeric"),
    **dict.fromkeys(("float4", "float8"), "{column}::numeric"),
    **dict.fromkeys(("interval", "time"), "extract(epoch FROM {column})"),
    "timetz": "extract(epoch FROM {column}::time)",
    "money": "{column}::numeric",
    "oid": "{column}::bigint",
    "bool": "{column}::integer",
    "bit": "{column}::bigint",
    "enum": "{column}::text::numeric",
}

CASTS: Mapping[Kind, Mapping[str, str]] = {
    Kind.ID: {
        ANY_OTHER: "{column}::text",
        # To the platform two spellings are one id.
        "citext": "lower({column}::text)",
        "numeric": "trim_scale({column})::text",
        **dict.fromkeys(("float4", "float8"), "{column}::numeric::text"),
        **dict.fromkeys(("json", "jsonb"), _SCALAR_OF_JSON),
        "oid": "{column}::bigint",
        "bytea": "encode({column}, 'hex')",
    },
    Kind.TEXT: {
        ANY_OTHER: "{column}::text",
        **dict.fromkeys(("json", "jsonb"), _SCALAR_OF_JSON),
        "bytea": "encode({column}, 'escape')",
    },
    Kind.TIME: {
        "timestamp": "{column} AT TIME ZONE {zone}",
        "date": "{column}::timestamp AT TIME ZONE {zone}",
        **dict.fromkeys(_NUMBERS, "to_timestamp({column})"),
        **dict.fromkeys(_CHARACTERS, "nullif(trim({column}::text), '')::timestamptz"),
        **dict.fromkeys(("json", "jsonb"), f"({_SCALAR_OF_JSON})::timestamptz"),
    },
    Kind.INTEGER: _AS_NUMBER,
    Kind.NUMBER: _AS_NUMBER,
    Kind.BOOLEAN: {
        **dict.fromkeys(_NUMBERS, "{column} <> 0"),
        **dict.fromkeys((*_CHARACTERS, "enum"), "nullif(trim({column}::text), '')::boolean"),
        **dict.fromkeys(("json", "jsonb"), f"({_SCALAR_OF_JSON})::boolean"),
        **dict.fromkeys(("timestamptz", "timestamp", "date"), "{column} IS NOT NULL"),
        "bit": "{column}::integer <> 0",
    },
    Kind.JSON: {
        ANY_OTHER: "to_jsonb({column})",
        **dict.fromkeys(_CHARACTERS, "{column}::text::jsonb"),
    },
}
"""By kind, the expression for a column of each type that is not taken."""
"""By kind, the expression for a column of each type that is not taken."""

# What must be so for the expression to be right: only the platform's people can tell.
_CLOCK = "if it is written by a clock that shows {zone}, which is what PostgreSQL takes here: the setting TimeZone"
_PROVIDED: Mapping[Kind, Mapping[str, str]] = {
    Kind.ID: {"citext": "in every relation that has this id"},
    Kind.TIME: {
        "timestamp": _CLOCK,
        "date": _CLOCK,
        **dict.fromkeys(_NUMBERS, "if it counts seconds since 1970; milliseconds: to_timestamp({column} / 1000.0)"),
        **dict.fromkeys((*_CHARACTERS, "json", "jsonb"), "if every value names its zone"),
    },
    Kind.NUMBER: {"money": "read by lc_monetary"},
    Kind.INTEGER: {"money": "read by lc_monetary"},
    Kind.BOOLEAN: {
        **dict.fromkeys(("timestamptz", "timestamp", "date"), "if a time means yes"),
    },
}


def cast(kind: Kind, column: str, typname: str, zone: str) -> str | None:
    """The expression that makes a column of this type one of the kind; `None` where there is none.

    `zone` is what PostgreSQL takes for a time without one.
    """
    return cast_of(kind, identifier(column), typname, zone)


def cast_of(kind: Kind, expression: str, typname: str, zone: str) -> str | None:
    """The same of what is SQL already, such as the column of a table that has an alias."""
    found = CASTS[kind].get(typname, CASTS[kind].get(ANY_OTHER))
    return found and found.format(column=expression, zone=literal(zone))


def provided(kind: Kind, column: str, typname: str, zone: str) -> str:
    """What must hold for `cast` to be right; nothing where it always is."""
    found = _PROVIDED.get(kind, {}).get(typname, "")
    return found.format(column=identifier(column), zone=zone)
