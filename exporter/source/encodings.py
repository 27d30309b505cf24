"""Texts of a database in any encoding: UTF-8, or bytes of which nobody says what they are (SQL_ASCII)."""

from __future__ import annotations

from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format
from psycopg.types.string import StrDumper

from exporter.source.connecting import Connection


class _AnyBytes(Loader):
    """Text of a SQL_ASCII database, which may hold any bytes: what is not UTF-8 becomes lone surrogates.

    So two ids that differ stay different and go back to the server as they came; `codes` takes them for odd.
    """

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "surrogateescape")


class _AnyBytesBinary(_AnyBytes):
    format = Format.BINARY


class _AnyBytesBack(StrDumper):
    """The way back."""

    def dump(self, obj: str) -> bytes:
        return obj.encode("utf-8", "surrogateescape")


_UNKNOWN_OID = 705


def encoding_for(connection: Connection) -> str:
    """The `client_encoding` in which no text fails to arrive."""
    return "SQL_ASCII" if _says_nothing(connection) else "UTF8"


def set_adapters(connection: Connection) -> None:
    """Have texts come and go so that two that differ stay different."""
    if not _says_nothing(connection):
        return
    for name in ("text", "varchar", "bpchar", "name", _UNKNOWN_OID):
        connection.adapters.register_loader(name, _AnyBytes)
        connection.adapters.register_loader(name, _AnyBytesBinary)
    connection.adapters.register_dumper(str, _AnyBytesBack)


def _says_nothing(connection: Connection) -> bool:
    return connection.info.parameter_status("server_encoding") == "SQL_ASCII"
