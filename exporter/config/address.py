"""The address of a database: taken apart as libpq does, and refused where its parts could be others than were meant.

libpq reads what follows an unencoded `@` in a password as a host's name and looks it up, and quotes an address that it
cannot read. So everything is checked before libpq sees it, and no message here holds a part of the address but for
names of parameters and what can be no secret.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

SECRETS = frozenset({"password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"})
"""Parameters of libpq that nobody may see."""

SHAPE = "postgresql://user@host:5432/database"
_NONE = "not an address of PostgreSQL"
_ENCODE = (
    "in a user or a password write @ as %40, / as %2F, : as %3A and % as %25, "
    "or put the password into a file and name it in database.password_file"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,40}")
_SSL = "the way to encrypt is sslmode=require, or verify-full with sslrootcert"

_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "schema": "remove it; the schema of the views is database.schema",
        "currentschema": "remove it; the schema of the views is database.schema",
        "search_path": "remove it; the schema of the views is database.schema",
        "pgbouncer": "remove it (it is Prisma's); a pooler is recognised",
        "connection_limit": "remove it (it is Prisma's); see database.load_connections",
        "pool_timeout": "remove it (it is Prisma's)",
        "socket_timeout": "remove it; see database.statement_timeout",
        "sockettimeout": "remove it; see database.statement_timeout",
        "logintimeout": "remove it; see database.connect_timeout",
        "timeout": "remove it; see database.connect_timeout",
        "statement_timeout": "remove it; see database.statement_timeout",
        "lock_timeout": "remove it; see database.lock_timeout",
        "applicationname": "remove it; sessions are called campaign-exporter",
        "targetservertype": "write target_session_attrs",
        "sslaccept": f"remove it; {_SSL}",
        "tls": f"remove it; {_SSL}",
        "ssl": f"write sslmode=require; {_SSL}",
        "charset": "remove it; texts come as UTF-8",
        "encoding": "remove it; texts come as UTF-8",
        "database": "write dbname, or the name after the host: " + SHAPE,
        "username": "write user",
        "passwd": "write password, or use database.password_file",
    }
)
"""What to do about parameters of other drivers, by their names in small letters."""

_SET_HERE: Mapping[str, str] = MappingProxyType(
    {
        "connect_timeout": "set database.connect_timeout instead",
        "application_name": "leave it out: sessions are called campaign-exporter",
        "client_encoding": "leave it out: texts come as UTF-8",
        "replication": "leave it out: this program reads by SQL",
    }
)
"""Parameters of libpq that this program sets itself."""

_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
        "gssencmode": ("disable", "prefer", "require"),
        "channel_binding": ("disable", "prefer", "require"),
        "load_balance_hosts": ("disable", "random"),
    }
)


def parameters(text: str) -> dict[str, str]:
    """libpq's parameters of an address. `ValueError` says what is wrong and what to write, without any secret."""
    text = text.strip()
    scheme = _SCHEME.match(text)
    _check_names(_of_url(text, scheme) if scheme else _of_words(text))
    try:
        found = {name: str(value) for name, value in conninfo_to_dict(text).items()}
    except psycopg.ProgrammingError:
        raise ValueError(f"{_NONE}; write {SHAPE}") from None
    _check_values(found)
    return found


@cache
def known() -> frozenset[str]:
    """The parameters of this libpq."""
    return frozenset(each.keyword.decode() for each in pq.Conninfo.get_defaults())


# -- as a URL -------------------------------------------------------------------------------------------------


def _of_url(text: str, scheme: re.Match[str]) -> Iterator[str]:
    """Names of the parameters after the `?`, once the part before it is seen to be what it looks like."""
    if scheme[1] not in ("postgresql", "postgres"):
        what = f"{scheme[1]}:// is how another program writes it" if _DIALECT.fullmatch(scheme[1]) else _NONE
        raise ValueError(f"{what}; write {SHAPE}")
    rest = text[scheme.end() :]
    login, hosts, after = _split(rest)
    if "@" in login or "@" in after:
        raise ValueError(f"holds an @ that could be a part of the password; {_ENCODE}")
    if not _encodes(rest):
        raise ValueError(f"holds a % that encodes nothing; {_ENCODE}")
    if re.search(r"[\s\x00-\x1f\x7f]", rest):
        raise ValueError(f"holds a space; write it as %20; {_ENCODE}")
    if ":" in login and "/" not in after and "dbname=" not in after:  # me:pass@word, where a host should follow
        raise ValueError(f"holds a password and names no database; write {SHAPE}; {_ENCODE}")
    for host in hosts.split(","):
        match = _HOST.fullmatch(host)
        if match is None:
            raise ValueError("holds a host that cannot be read; write an address of IPv6 as [::1]")
        if match[1] and not login and not _is_digits(match[1]):  # user:password, cut at a slash
            raise ValueError(f"holds a port that is no number, and could be a part of the password; {_ENCODE}")
    for pair in filter(None, after.partition("?")[2].split("&")):
        name, equals, value = pair.partition("=")
        if not equals or "=" in value:
            yield _NAMELESS
        else:
            yield "sslmode" if (name, value) == ("ssl", "true") else name


def _encodes(rest: str) -> bool:
    """Whether each % is one of an encoded text."""
    try:
        unquote_to_bytes(rest).decode()
    except UnicodeDecodeError:
        return False
    return re.search(r"%(?![0-9A-Fa-f]{2})|%00", rest) is None


_DIALECT = re.compile(r"(?:jdbc:)?postgres(?:ql)?(?:\+[a-z0-9_]+)?", re.IGNORECASE)
_HOST = re.compile(r"(?:\[[^\[\]]*\]|[^:\[\]]*)(?::([^:]*))?")


def _split(rest: str) -> tuple[str, str, str]:
    """Login, hosts, and what follows them, where libpq sees each: a login ends at the last `@` before any `/`."""
    head, slash, tail = rest.partition("/")
    login, at, hosts = head.rpartition("@")
    hosts, question, query = hosts.partition("?")
    return login or at, hosts, question + query + slash + tail


# -- as words -------------------------------------------------------------------------------------------------

_WORD = re.compile(r"\s*([^\s='\\]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*|)(?:\s+|\Z)", re.DOTALL)


def _of_words(text: str) -> Iterator[str]:
    """Names in `name=value …`, where a value may stand in single quotes, as libpq reads it."""
    if "=" not in text:
        raise ValueError(f"{_NONE}; write {SHAPE}")
    place = 0
    while place < len(text):
        match = _WORD.match(text, place)
        yield match[1] if match else _NAMELESS
        place = match.end() if match else len(text)


# -- what is in it --------------------------------------------------------------------------------------------

_NAMELESS = ""
"""Something that is no name and value."""


def _check_names(names: Iterable[str]) -> None:
    """Unknown parameters are named, unless they could be a part of a password before them."""
    seen: set[str] = set()
    for name in names:
        if name in _SET_HERE:
            raise ValueError(f"the parameter {name} is not taken from an address; {_SET_HERE[name]}")
        if name in seen:
            raise ValueError(f"the parameter {name} stands twice; leave one")
        if name in known():
            seen.add(name)
            continue
        if seen & SECRETS or not _NAME.fullmatch(name):
            raise ValueError(
                "holds something that is no parameter, or a password ends before it; write name=value, and put a "
                "password that has spaces, quotes, & or = in it into a file named in database.password_file"
            )
        close = difflib.get_close_matches(name.lower(), known(), n=1, cutoff=0.8)
        advice = _INSTEAD.get(name.lower()) or (f"did you mean {close[0]}?" if close else "remove it")
        raise ValueError(f"{name} is no parameter of libpq; {advice}")


def _check_values(found: Mapping[str, str]) -> None:
    for name, values in _VALUES.items():
        if found.get(name, values[0]) not in values:
            raise ValueError(f"{name} is none of {', '.join(values)}; write one of these")
    if "@" in found.get("host", ""):
        raise ValueError(f"the host holds an @, which could be a part of the password; {_ENCODE}")
    hosts, ports = (found.get(name, "").split(",") for name in ("host", "port"))
    for port in filter(None, ports):
        if not _is_digits(port) or not 1 <= int(port[:9]) <= 65_535:
            raise ValueError("the port is no number from 1 to 65535; write one, and an address of IPv6 as [::1]")
    if len(ports) > 1 and len(ports) != max(len(hosts), len(found.get("hostaddr", "").split(","))):
        raise ValueError(f"{len(ports)} ports for {len(hosts)} hosts; write one port for all, or one for each")


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
