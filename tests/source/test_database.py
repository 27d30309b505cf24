"""Connecting: by whatever form of address libpq knows, and an error that says where it went, without a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from exporter.config import parse
from exporter.errors import ConfigError, DatabaseUnavailableError
from exporter.source.database import Database
from tests.support.exporting import config
from tests.support.prometheus import wait_for

PASSWORD = " pä%20@ss/wo:rd "


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSERVICE", "PGSERVICEFILE", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def parts(database_url: str) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo_to_dict(database_url).items()}


def reached(url: str, **database: str) -> str:
    """The name of the database that is reached."""
    client = Database(config(url, database=database))
    connection = client.connect()
    try:
        (row,) = connection.execute("SELECT current_database()").fetchall()
        return str(row[0])
    finally:
        client.close(connection)


def problem(url: str, **database: str) -> str:
    with pytest.raises(DatabaseUnavailableError) as raised:
        reached(url, **database)
    return str(raised.value)


def _words(parts: dict[str, str]) -> str:
    return " ".join(f"{name}='{value}'" for name, value in parts.items())


FORMS: dict[str, Callable[[dict[str, str]], str]] = {
    "words": _words,
    "a socket in the host": lambda p: (
        f"postgresql://{p['user']}@{quote(p['host'], safe='')}:{p.get('port', '5432')}/{p['dbname']}"
    ),
    "a socket as a parameter": lambda p: (
        f"postgres:///{p['dbname']}?host={quote(p['host'], safe='')}&port={p.get('port', '5432')}&user={p['user']}"
    ),
    "several hosts, the first one dead": lambda p: _words(
        {**p, "host": f"127.0.0.1,{p['host']}", "port": f"1,{p.get('port', '5432')}"}
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_an_address_leads_to_the_database(parts: dict[str, str], form: str) -> None:
    assert reached(FORMS[form](parts)) == parts["dbname"]


def test_a_service_and_the_environment_lead_there_too(
    parts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "services"
    services.write_text("[prod]\n" + "".join(f"{name}={value}\n" for name, value in parts.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    assert reached("service=prod") == parts["dbname"]
    assert reached("postgresql://?service=prod") == parts["dbname"]
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "nowhere"))
    assert problem("service=prod").startswith("cannot connect to the database of the service 'prod': ")
    for name in ("host", "port", "user"):
        monkeypatch.setenv(f"PG{name.upper()}", parts.get(name, "5432"))
    assert reached(f"postgresql:///{parts['dbname']}") == parts["dbname"]


def test_an_error_names_what_libpq_takes_where_the_address_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", "1")
    assert problem("postgresql://me@").startswith(
        "cannot connect to database 'me' (none is named, so libpq takes the user's name) on 127.0.0.1 port 1 as 'me': "
    )


def test_a_process_whose_user_has_no_name_is_told_to_write_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in containers that run under any user id."""
    defaults = [each for each in pq.Conninfo.get_defaults() if each.keyword != b"user"]
    monkeypatch.setattr(pq.Conninfo, "get_defaults", lambda: defaults)
    told = problem("postgresql://127.0.0.1:1/x")
    assert "as nobody (this process has no user name: write one into database.url): " in told


def test_a_secret_in_the_variable_of_the_host_is_neither_told_nor_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "postgresql://me:hunter2@h/x")
    with pytest.raises(ConfigError, match=r"^PGHOST holds an @, so it is no host [^@]*$"):
        reached("postgresql:///x")


@pytest.fixture
def guarded(database_url: str) -> Iterator[dict[str, str]]:
    """A role of which the server wants a password."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        (row,) = owner.execute("SHOW hba_file").fetchall()
        rules = Path(row[0])
        before = rules.read_text()
        rules.write_text("local all guarded scram-sha-256\n" + before)
        owner.execute(psycopg.sql.SQL("CREATE ROLE guarded LOGIN PASSWORD {}").format(PASSWORD))
        owner.execute("SELECT pg_reload_conf()")
        parts = {name: str(value) for name, value in conninfo_to_dict(database_url).items()}
        yield {**parts, "user": "guarded"}
        owner.execute("DROP ROLE guarded")
        rules.write_text(before)
        owner.execute("SELECT pg_reload_conf()")


def test_a_password_of_any_signs_leads_there_encoded_in_quotes_in_a_file_or_in_the_environment(
    guarded: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, without = guarded["dbname"], _words(guarded)
    asks = "as 'guarded': no password supplied; put it into a file and name that in database.password_file"
    wait_for("the server to ask for passwords", lambda: asks in problem(without))
    url = f"postgresql://guarded:{quote(PASSWORD, safe='')}@/{name}?host={quote(guarded['host'], safe='')}"
    assert reached(url + (f"&port={guarded['port']}" if "port" in guarded else "")) == name
    assert reached(_words({**guarded, "password": PASSWORD})) == name
    secret = tmp_path / "secret"
    for end in ("", "\n", "\r\n"):
        secret.write_bytes((PASSWORD + end).encode())
        assert reached(without, password_file=str(secret)) == name
        assert reached(_words({**guarded, "password": "another"}), password_file=str(secret)) == name
    secret.write_text(f"{without} password='{PASSWORD}'\n")
    assert reached_by_file(secret) == name
    passwords = tmp_path / "passwords"
    passwords.write_text(f"*:*:*:guarded:{PASSWORD.replace(':', chr(92) + ':')}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    assert reached(without) == name
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert reached(without) == name


def reached_by_file(path: Path) -> str:
    client = Database(parse(f"database: {{url_file: '{path}'}}", "x", {}))
    connection = client.connect()
    try:
        return str(connection.execute("SELECT current_database()").fetchall()[0][0])
    finally:
        client.close(connection)


def test_an_address_in_a_file_is_judged_as_one_in_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text("postgresql://me:hunter2@word@h/x\n")
    with pytest.raises(ConfigError) as raised:
        reached_by_file(path)
    assert str(raised.value).startswith(f"database.url_file: {path}: holds an @ that could be a part of the password")
    assert "hunter2" not in str(raised.value)
    assert "word@" not in str(raised.value)
