"""What must not leak does not: contacts, passwords and connection strings, searched for wherever anybody can look."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner

from exporter.commands.cli import main
from exporter.config import LogConfig, parse
from exporter.contract.relations import RELATIONS
from exporter.errors import ConfigError, DatabaseUnavailableError
from exporter.logs import configure
from exporter.source.database import Database
from exporter.web.app import application
from tests.support import contract, platforms
from tests.support.exporting import NOW, Loop, looping
from tests.support.exporting import config as configured
from tests.support.platforms import call, task

Owner = psycopg.Connection[Any]
PHONE = "+49 151 23456789"
PHONES = (PHONE, "+4915123456789", "0151/234/56789", "(0151) 2345-6789", "0151 – 2345 6789", "٠١٥١٢٣٤٥٦٧٨٩")
CONTACT = "crm-jane-doe-4711"
MAIL = "jane.doe@example.org"
PASSWORD = "correct-horse/battery@staple"
TRACES = (
    "23456789", "2345-6789", "234/56789", "2345 6789", "٢٣٤٥٦٧", "jane", "Jane", "battery", "staple", "correct-horse",
)  # fmt: skip
PATHS = ("/", "/metrics", "/-/ready", "/-/healthy", "/campaigns", "/nothing")
ACCEPTS = ("text/plain", "application/openmetrics-text;version=1.0.0")


def assert_clean(text: str) -> None:
    """Nothing that was planted is there."""
    assert [trace for trace in TRACES if trace in text] == []


def served(loop: Loop) -> str:
    """Everything the exporter serves, headers included."""

    async def fetch() -> str:
        found = []
        async with TestClient(TestServer(application(loop.service))) as client:
            for path in PATHS:
                for accept in ACCEPTS:
                    response = await client.get(path, headers={"Accept": accept})
                    found.append(f"{path} {response.status} {response.headers} {await response.text()}")
        return "\n".join(found)

    return asyncio.run(fetch())


@pytest.fixture(params=["logfmt", "json"])
def logged(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The log as the program writes it."""
    stream = io.StringIO()
    configure(LogConfig(format=request.param, level="debug"), stream)
    yield stream
    structlog.reset_defaults()


def plant(owner: Owner) -> None:
    """Put a contact wherever a platform could by mistake."""
    for number, phone in enumerate((*PHONES, MAIL, CONTACT + " " + PHONE)):
        key = 700 + number
        odd = {"blocker": phone, "disposition": phone, "variant": phone, "contact": CONTACT, "phone": phone}
        task(owner, key, 1, status="pending", **odd, updated_at=NOW, created_at=NOW)
        codes = {"outcome": phone, "error_code": phone, "sentiment": phone, "provider": phone, "variant": phone}
        call(owner, key, 1, **{**codes, "outcome": "failed", "updated_at": NOW, "created_at": NOW})
        contract.insert(owner, "goals", campaign_id=1, goal=phone, target=1, achieved=0)
    contract.insert(
        owner, "audience_uploads", upload_id=1, campaign_id=1, filename="contacts.csv", status="failed",
        error=f"line 7: {CONTACT} {PHONE}", uploaded_at=NOW,
    )  # fmt: skip
    contract.insert(owner, "campaign_events", event_id=1, campaign_id=1, at=NOW, kind="note", actor=MAIL, detail="{}")
    contract.insert(owner, "task_events", event_id=1, task_id=1, at=NOW, kind=PHONE, code=PHONE)


def test_a_contact_in_the_rows_is_in_no_page_and_no_log(owner: Owner, database_url: str, logged: io.StringIO) -> None:
    with looping(database_url) as loop:
        assert loop.step()
        plant(owner)
        assert loop.step()
        assert loop.step()
        everything = served(loop)
        assert "campaign_task_dispositions" in everything
        assert 'disposition="other"' in everything
        assert_clean(everything)
    with looping(database_url) as fresh:
        assert fresh.step()
        assert_clean(served(fresh))
    assert_clean(logged.getvalue())


RAISING = {
    "a failed cast": f"(CASE WHEN task_id = 700 THEN '{CONTACT} {PHONE}' ELSE '1' END)::int",
    "a quote inside": f"(CASE WHEN task_id = 700 THEN 'a\" {CONTACT} {PHONE}' ELSE '1' END)::int",
    "a bad time": f"(CASE WHEN task_id = 700 THEN '{MAIL}' ELSE '2026-01-01' END)::date - current_date",
    "bad JSON": f"((CASE WHEN task_id = 700 THEN '{{\"{CONTACT}\": {PHONE}' ELSE '1' END)::jsonb)::int",
    "its own words": "leak(task_id, 'P0001')",
    "its own words and code": "leak(task_id, 'CR001')",
    "a borrowed code": "leak(task_id, '22023')",
    "a borrowed code of the server": "leak(task_id, '53100')",
    "an assertion": "claim(task_id)",
}


@pytest.mark.parametrize("logged", ["json"], indirect=True)
@pytest.mark.parametrize("expression", RAISING.values(), ids=RAISING.keys())
def test_an_error_that_quotes_a_row_is_passed_on_without_it(
    owner: Owner, database_url: str, logged: io.StringIO, expression: str
) -> None:
    task(owner, 700, 1)
    text = f"contact {CONTACT} <{MAIL}> {PHONE} has no zone"
    owner.execute(
        f"""
        CREATE FUNCTION leak(key bigint, state text) RETURNS int LANGUAGE plpgsql AS $$
        BEGIN IF key = 700 THEN RAISE EXCEPTION '{text}' USING ERRCODE = state, DETAIL = '{text}', HINT = '{text}';
        END IF; RETURN 1; END $$;
        CREATE FUNCTION claim(key bigint) RETURNS int LANGUAGE plpgsql AS $$
        BEGIN ASSERT key <> 700, '{text}'; RETURN 1; END $$;
        ALTER TABLE campaign_monitoring.tasks RENAME TO kept;
        CREATE VIEW campaign_monitoring.tasks AS SELECT * FROM campaign_monitoring.kept WHERE {expression} IS NOT NULL
        """.encode()
    )
    with looping(database_url) as loop:
        assert not loop.step()
        assert len(loop.problem) > 20
        assert_clean(served(loop))
    assert "refresh failed" in logged.getvalue()
    assert_clean(logged.getvalue())


def test_an_error_of_the_program_itself_is_logged_without_what_caused_it(
    database_url: str, owner: Owner, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        try:
            owner.execute(f"SELECT '{CONTACT} {PHONE}'::int".encode())
        except psycopg.Error as error:
            raise ValueError(f"cannot read {CONTACT}") from error

    with looping(database_url) as loop:
        monkeypatch.setattr(loop.service._refresher._builder, "diagnose", broken)
        assert not loop.step()
        assert "ValueError" in loop.problem
        assert_clean(served(loop))
    log = logged.getvalue()
    assert "unexpected error" in log
    assert "in broken" in log
    assert_clean(log)


URLS = {
    "nobody listens": "postgresql://me:{}@127.0.0.1:1/x",
    "no such host": "postgresql://me:{}@nowhere.invalid/x",
    "no such parameter": "postgresql://me:{}@127.0.0.1:1/x?colour=red",
    "as words": "host=127.0.0.1 port=1 user=me password='{}'",
    "as words, unquoted": "host=127.0.0.1 port=1 user=me password={} and more",
    "not a URL": "postgres//me:{}@127.0.0.1/x",
    "in the options": "postgresql://127.0.0.1:1/x?password={}",
}
ENCODED = PASSWORD.replace("/", "%2F").replace("@", "%40")


@pytest.mark.parametrize("password", [PASSWORD, ENCODED, "correct-horse%battery", "#staple"])
@pytest.mark.parametrize("url", URLS.values(), ids=URLS.keys())
def test_a_connection_that_fails_does_not_tell_its_password(logged: io.StringIO, url: str, password: str) -> None:
    try:
        configured(url.format(password))
    except ConfigError as refused:  # before anything is looked up
        assert_clean(str(refused))
        return
    with looping(url.format(password)) as loop:
        assert not loop.step()
        assert_clean(loop.problem)
        assert_clean(served(loop))
    assert "refresh failed" in logged.getvalue()
    assert_clean(logged.getvalue())


def test_the_password_of_a_file_is_used_and_told_to_nobody(tmp_path: Path, logged: io.StringIO) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    settings = {"database": {"password_file": str(secret)}}
    with looping("postgresql://me@127.0.0.1:1/x", **settings) as loop:
        assert loop.service._config.database.secret_password() == PASSWORD
        assert not loop.step()
        assert_clean(served(loop) + repr(loop.service._config))
        secret.unlink()
        assert not loop.step()
        assert "cannot read the secret in" in loop.problem
    assert_clean(logged.getvalue())


@pytest.mark.parametrize(
    "text",
    [
        "database: {{url: 'postgresql://me:{}@h/x'}}",
        "database: 'postgresql://me:{}@h/x'",
        "database: ['postgresql://me:{}@h/x']",
        "database: {{url: ['postgresql://me:{}@h/x']}}",
        "database: {{urll: 'postgresql://me:{}@h/x'}}",
        "database: {{'postgresql://me:{}@h/x': 1}}",
        "database: {{url: 'postgresql://me:{}@h/x', url_file: /x}}",
        "database: {{url: 'postgresql://me:{}@h/x', connect_timeout: soon}}",
        "database: {{url: 'postgresql://me:{}@h/x'}}\nlog: [",
        "'postgresql://me:{}@h/x'",
        "- 'postgresql://me:{}@h/x'",
    ],
)
def test_the_config_command_hides_secrets_in_its_errors(tmp_path: Path, text: str) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text(text.format(PASSWORD))
    result = CliRunner().invoke(main, ["config", "--config.file", str(file)])
    assert result.output
    assert_clean(result.output)
    assert result.exit_code == 1


def test_errors_name_where_and_who_but_no_secret() -> None:
    config = parse(f"database: {{url: 'postgresql://me:{ENCODED}@127.0.0.1:1/x'}}", "x")
    with pytest.raises(DatabaseUnavailableError, match=r"database 'x' on 127\.0\.0\.1 port 1 as 'me'"):
        Database(config).connect()
    with pytest.raises(ConfigError, match="write @ as %40"):
        parse(f"database: {{url: 'postgresql://me:{PASSWORD}@127.0.0.1:1/x'}}", "x")


def test_the_tenants_own_numbers_can_be_masked(owner: Owner, database_url: str) -> None:
    contract.insert(owner, "numbers", number_id=5, tenant_id=1, connection_id=1, phone="+4930901820", status="active")
    with looping(database_url, numbers={"mask_phone": True}) as loop:
        assert loop.step()
        text = served(loop)
    assert 'phone="+********20"' in text
    assert "901820" not in text


def test_the_exporter_never_asks_for_what_only_grafana_shows(owner: Owner, database_url: str) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.tasks RENAME TO kept")
    names = [column.name for column in RELATIONS["tasks"].columns]
    shown = ", ".join(f"(1 / (attempts - attempts))::text AS {n}" if n in ("contact", "phone") else n for n in names)
    owner.execute(f"CREATE VIEW campaign_monitoring.tasks AS SELECT {shown} FROM campaign_monitoring.kept".encode())
    with looping(database_url) as loop:
        assert loop.step()
        platforms.assert_intact(loop.scrape())
        assert loop.scrape().value("campaign_exporter_rows_unreadable_total", relation="tasks") == 0
