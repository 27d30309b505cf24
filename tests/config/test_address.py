"""The address of a database: libpq's parts of it, and what is refused before libpq could look up a part of a secret."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from exporter.config.address import parameters

HOME = {"user": "me", "host": "h", "dbname": "x"}
ODD = [
    "Xq7vW@kk", "Xq7vW/Zt9pL", "Xq7vW@kk:5433/Zt9pL", "Xq7vW:Zt9pL", "Xq7vW%Zt9pL", "Xq7vW%41", "Xq7vW#Zt9pL",
    "Xq7vW?Zt9pL", "Xq7vW Zt9pL", "Xq7vW&Zt9pL", "Xq7vW=Zt9pL", "Xq7vW[Zt9pL]", "Xq7vW\\Zt9pL", "Xq7vW'Zt9pL",
    'Xq7vW"Zt9pL', "Xq7vWäZt9pL€", "@Xq7vW", "Xq7vW@", "/Xq7vW", "12/Zt9pL", " Xq7vW", "Xq7vW ", "Xq7vW,Zt9pL",
    "Xq7vW?kk=Zt9pL", "Xq7vW/x?kk=Zt9pL", "Xq7vW@kk?sslmode=Zt9pL", "12@kk", "12/@Zt9pL", "Xq7vW\tZt9pL", "$Xq7vW",
    "Xq7vW?kk&Zt9pL=1/", "://Xq7vW", "Xq7vW://kk@Zt9pL/",
]  # fmt: skip
"""Passwords with every sign that means something in an address."""


def refusal(text: str) -> str:
    """Why an address is refused."""
    with pytest.raises(ValueError) as raised:  # noqa: PT011  # each test looks at the words
        parameters(text)
    return str(raised.value)


@pytest.mark.parametrize(
    "shape",
    [
        "postgresql://me:{}@h/x", "postgres://me:{}@h:5432/x", "postgresql://me:{}@h/x?sslmode=require",
        "postgresql://me:{}@h", "postgresql://me:{}@/x?host=/tmp", "postgresql://h/x?user=me&password={}",
        "postgresql://h/x?user=me&password={}&sslmode=require", "host=h dbname=x user=me password={}",
        "host=h user=me password={} dbname=x", "host=h password='{}' user=me", "me:{}@h/x", "postgresql:/me:{}@h/x",
        "postgresql//me:{}@h/x", "jdbc:postgresql://h/x?user=me&password={}", "postgresql+psycopg2://me:{}@h/x",
        "POSTGRESQL://me:{}@h/x", "mysql://me:{}@h/x", "password={}", "pasword={} host=h",
    ],
)  # fmt: skip
def test_a_password_is_taken_whole_or_refused_without_a_part_of_it(shape: str) -> None:
    assert {password: fault for password in ODD if (fault := _fault(shape, password))} == {}


def _fault(shape: str, password: str) -> str:
    """What is wrong with how an address with this password is taken; nothing where it is right."""
    try:
        found = parameters(shape.format(password))
    except ValueError as error:
        told = str(error)
        return told if any(part in told for part in ("Xq7vW", "Zt9pL", "kk")) else ""
    plain = password.replace("%41", "A")
    words = not shape.startswith("postgres")
    whole = (password, plain, password.strip(), password.replace("\\", "") if words else password)
    taken = found.get("password")
    elsewhere = found.get("host", "h") in ("h", "/tmp") and found.get("dbname", "x") == "x"
    return "" if taken in whole and elsewhere else f"taken as {found}"


@pytest.mark.parametrize("password", ODD)
def test_a_password_that_is_encoded_is_taken_as_it_is(password: str) -> None:
    assert parameters(f"postgresql://me:{quote(password, safe='')}@h/x") == {**HOME, "password": password}


@pytest.mark.parametrize("password", ODD)
def test_a_password_between_quotes_is_taken_as_it_is(password: str) -> None:
    written = password.replace("\\", "\\\\").replace("'", "\\'")
    assert parameters(f"host = h dbname=x password='{written}' user=me") == {**HOME, "password": password}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("postgresql:///x", {"dbname": "x"}),
        ("postgres://me@h/x", HOME),
        (" postgresql://me@h/x\n", HOME),
        ("postgresql://me@h", {"user": "me", "host": "h"}),
        ("postgresql://u%40server@h/x", {"user": "u@server", "host": "h", "dbname": "x"}),
        ("postgresql://me@[::1]:5433/x", {**HOME, "host": "::1", "port": "5433"}),
        ("postgresql://me@[fe80::1%25eth0]/x", {**HOME, "host": "fe80::1%eth0"}),
        ("postgresql://me@h1:1,h2:2/x", {**HOME, "host": "h1,h2", "port": "1,2"}),
        ("postgresql://me@%2Frun%2Fpg/x", {**HOME, "host": "/run/pg"}),
        ("postgresql://me@/x?host=/run/pg&port=1", {**HOME, "host": "/run/pg", "port": "1"}),
        ("postgresql://me@h/x?ssl=true", {**HOME, "sslmode": "require"}),
        ("postgresql://me@h?sslrootcert=/etc/ca.pem", {"user": "me", "host": "h", "sslrootcert": "/etc/ca.pem"}),
        ("postgresql://?service=prod", {"service": "prod"}),
        ("service=prod", {"service": "prod"}),
        ("host=h1,h2 port=5432 dbname=x", {"host": "h1,h2", "port": "5432", "dbname": "x"}),
        ("host='h'\n dbname = x", {"host": "h", "dbname": "x"}),
        ("host=h options='-c search_path=x'", {"host": "h", "options": "-c search_path=x"}),
        ("host=h dbname=a\\ b", {"host": "h", "dbname": "a b"}),
    ],
)
def test_the_parts_are_those_of_libpq(text: str, found: dict[str, str]) -> None:
    assert parameters(text) == found


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("schema=public", "schema is no parameter of libpq; remove it; the schema of the views is database.schema"),
        ("pgbouncer=true", "pgbouncer is no parameter of libpq; remove it"),
        ("sslmode=require&connection_limit=5", "connection_limit is no parameter of libpq; remove it"),
        ("currentSchema=x", "currentSchema is no parameter of libpq; remove it; the schema"),
        ("ssl_mode=require", "ssl_mode is no parameter of libpq; did you mean sslmode?"),
        ("ssl=false", "ssl is no parameter of libpq; write sslmode=require"),
        ("colour=red", "colour is no parameter of libpq; remove it"),
        ("connect_timeout=9", "the parameter connect_timeout is not taken from an address; set database."),
        ("application_name=x", "the parameter application_name is not taken from an address; leave it out"),
        ("sslmode=no-verify", "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full; write one"),
        ("target_session_attrs=master", "target_session_attrs is none of any, read-write, "),
        ("sslmode=require&sslmode=disable", "the parameter sslmode stands twice; leave one"),
        ("sslmode", "holds something that is no parameter"),
        ("password=abc&colour=red", "holds something that is no parameter, or a password ends before it"),
    ],
)  # fmt: skip
def test_a_parameter_that_has_no_effect_is_named_with_what_to_do(query: str, told: str) -> None:
    assert refusal(f"postgresql://me@h/x?{query}").startswith(told)
    words = refusal("host=h " + query.replace("&", " "))
    assert words.startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not an address of PostgreSQL; write postgresql://user@host:5432/database"),
        ("dialler", "not an address of PostgreSQL; write"),
        ("db.example.com:5432/dialler", "not an address of PostgreSQL; write"),
        ("postgresql+psycopg2://me@h/x", "postgresql+psycopg2:// is how another program writes it; write postgresql://"),
        ("jdbc:postgresql://h/x", "jdbc:postgresql:// is how another program writes it; write postgresql://user"),
        ("POSTGRESQL://me@h/x", "POSTGRESQL:// is how another program writes it; write postgresql://user"),
        ("mysql://me@h/x", "not an address of PostgreSQL; write"),
        ("postgresql://me@h:99999/x", "the port is no number from 1 to 65535"),
        ("postgresql://me@h:0/x", "the port is no number from 1 to 65535"),
        ("postgresql://me@h:http/x", "the port is no number from 1 to 65535"),
        ("host=h port=5432x", "the port is no number from 1 to 65535"),
        ("postgresql://me@::1/x", "holds a host that cannot be read; write an address of IPv6 as [::1]"),
        ("postgresql://me@[::1/x", "holds a host that cannot be read; write an address of IPv6 as [::1]"),
        ("postgresql://me@[fe80::1%eth0]/x", "holds a % that encodes nothing"),
        ("host=a,b port=1,2,3", "3 ports for 2 hosts; write one port for all, or one for each"),
        ("postgresql://me@h/x%00", "holds a % that encodes nothing"),
        ("postgresql://me:pw%ba@h/x", "holds a % that encodes nothing"),
        ("host=kk@h dbname=x", "the host holds an @"),
        ("postgresql://me@kk%40h/x", "the host holds an @"),
        ("postgresql://server@me@h/x", "holds an @ that could be a part of the password; in a user"),
        ("postgresql://me:pw@h", "holds a password and names no database; write postgresql://user@host:5432/database"),
        ("host='h", "holds something that is no parameter"),
        ("host=h extra", "holds something that is no parameter"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_with_what_to_write(text: str, told: str) -> None:
    assert refusal(text).startswith(told)
