"""Grafana's role sees masked views and nothing else, whatever SQL a viewer sends; made by SQL that a DBA can repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql
from psycopg.types.json import Jsonb

from dashboards.columns import SCHEMA
from dashboards.grants import ROLE
from exporter.commands.cli import main
from exporter.contract.relations import RELATIONS
from exporter.demo.platform import install as platform
from exporter.demo.runtime.server import EmbeddedServer
from tests.support import contract, platforms
from tests.support.grafana import admit, made, viewer
from tests.support.platforms import SETTLED

Connection = psycopg.Connection[Any]
PHONE = "+4915123456789"
TRACES = ("23456789", "2345 6789", "jane")

WRITES = [
    "INSERT INTO campaign_grafana.goals VALUES (1, 'x', 1, 1)",
    "UPDATE campaign_grafana.campaigns SET status = 'running'",
    "DELETE FROM campaign_grafana.calls",
    "UPDATE campaign_monitoring.campaigns SET status = 'running'",
    "TRUNCATE campaign_monitoring.calls",
    "CREATE TABLE campaign_grafana.mine (a int)",
    "CREATE TABLE public.mine (a int)",
    "CREATE TEMPORARY TABLE mine (a int)",
    "SELECT 1 INTO TEMPORARY mine",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION campaign_grafana.mine(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION pg_temp.mine(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE VIEW campaign_grafana.tasks AS SELECT 1",
    "DROP VIEW campaign_grafana.tasks",
    "ALTER VIEW campaign_grafana.tasks RENAME TO mine",
    "COPY campaign_monitoring.goals FROM STDIN",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "SELECT * FROM campaign_grafana.calls FOR UPDATE",
    "DO $$ BEGIN LOCK TABLE campaign_grafana.tasks IN ACCESS EXCLUSIVE MODE; END $$",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_logical_emit_message(false, 'x', 'y')",
    "SELECT pg_logical_emit_message(true, 'x', 'y'::bytea)",
    "SELECT lo_import('/etc/passwd')",
    "CREATE ROLE mine",
    "ALTER ROLE campaign_grafana SUPERUSER",
    "SET SESSION AUTHORIZATION postgres",
    "SET ROLE postgres",
    "DROP EXTENSION plpgsql",
]
READS = [
    "SELECT * FROM campaign_monitoring.tasks",
    "SELECT phone FROM campaign_monitoring.tasks",
    "TABLE campaign_monitoring.campaigns",
    "SELECT * FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_statistic",
    "SET temp_file_limit = -1",
]


@pytest.fixture(scope="module")
def database(server: EmbeddedServer) -> Iterator[str]:
    """A platform with a contact in it, and Grafana's role; nothing that it tries changes them."""
    server.create_database("viewed")
    url = server.url("viewed")
    with contract.session(url) as owner:
        platforms.create(owner)
        platforms.task(owner, 7, 1, contact="crm-4711", phone=PHONE)
        contract.insert(
            owner, "task_events", event_id=1, task_id=7, at=SETTLED, kind="note", detail=Jsonb({"to": "jane@x.org"})
        )
        admit(owner, url)
        owner.execute("ANALYZE")
    yield url
    server.drop_database("viewed")


@pytest.fixture
def owner(database_url: str) -> Iterator[Connection]:
    """The owner of a fresh database."""
    with contract.session(database_url) as connection:
        yield connection


@pytest.fixture
def session(server: EmbeddedServer, database: str) -> Iterator[Connection]:
    """What a viewer has."""
    del database
    with psycopg.connect(server.url("viewed", ROLE), autocommit=True) as connection:
        yield connection


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return connection.execute(statement.encode()).fetchall()


# -- what it may not do ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", WRITES + READS)
def test_it_is_refused(session: Connection, statement: str) -> None:
    with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
        session.execute(statement.encode())


@pytest.mark.parametrize(
    "before",
    [
        "SET default_transaction_read_only = off",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "BEGIN READ WRITE",
    ],
)
def test_it_is_refused_by_its_grants_when_the_session_says_it_may_write(session: Connection, before: str) -> None:
    """These settings are anybody's to change, so that nothing may rest on them."""
    for statement in WRITES:
        session.execute(before.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement.encode())
        session.execute("ROLLBACK")


def test_a_transaction_that_has_begun_reading_cannot_turn_to_writing(session: Connection) -> None:
    session.execute("BEGIN")
    session.execute("SELECT 1")
    with pytest.raises(psycopg.errors.ActiveSqlTransaction):
        session.execute("SET TRANSACTION READ WRITE")


def test_its_settings_guard_against_accidents(session: Connection) -> None:
    names = ("default_transaction_read_only", "statement_timeout", "lock_timeout", "temp_file_limit", "jit",
             "idle_in_transaction_session_timeout", "search_path")  # fmt: skip
    found = [rows(session, f"SHOW {name}")[0][0] for name in names]
    assert found == ["on", "15s", "2s", "1GB", "off", "30s", "campaign_grafana"]
    (role,) = rows(
        session,
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin, rolconnlimit, "
        "rolpassword IS NULL OR rolpassword = '********' FROM pg_roles WHERE rolname = current_user",
    )
    assert role == (False, False, False, False, False, True, 20, True)


def test_what_takes_too_long_is_cut_off(server: EmbeddedServer, database: str) -> None:
    with contract.session(database) as owner:
        owner.execute("ALTER ROLE campaign_grafana IN DATABASE viewed SET statement_timeout = '200ms'")
        with viewer(server, owner) as short, pytest.raises(psycopg.errors.QueryCanceled):
            short.execute("SELECT pg_sleep(10)")
        owner.execute("ALTER ROLE campaign_grafana IN DATABASE viewed RESET statement_timeout")


PEEKS = [
    "SELECT * FROM tasks",
    "SELECT tasks FROM campaign_grafana.tasks",
    "SELECT to_jsonb(t) FROM campaign_grafana.tasks AS t",
    "SELECT phone::bigint FROM tasks WHERE task_id = 7",
    "SELECT 1 / (CASE WHEN phone LIKE '%456%' THEN 0 ELSE 1 END) FROM tasks",
    f"SELECT * FROM tasks WHERE phone = '{PHONE}'",
    "SELECT * FROM tasks WHERE campaign_grafana.masked_text(phone) ~ '[0-9]{4}'",
    "EXPLAIN (ANALYZE, VERBOSE) SELECT phone FROM tasks WHERE phone > '+' AND contact > 'a'",
    "SELECT * FROM pg_stats WHERE tablename IN ('tasks', 'task_events')",
    "SELECT most_common_vals FROM pg_stats",
    "SELECT min(phone), max(phone) FROM tasks",
    "SELECT string_agg(phone, ',') FROM tasks",
    "SELECT * FROM task_events",
    "SELECT detail::text::int FROM task_events",
    "SELECT detail -> 'to' FROM task_events WHERE detail ->> 'to' LIKE 'jane%'",
    "SELECT query_to_xml('SELECT * FROM campaign_grafana.tasks', true, false, '')",
    "SELECT database_to_xml(true, false, '')",
    "SELECT query_to_xml('SELECT * FROM campaign_monitoring.tasks', true, false, '')",
    "SELECT table_to_xml('campaign_monitoring.tasks', true, false, '')",
    "SELECT * FROM ts_stat('SELECT to_tsvector(phone) FROM campaign_monitoring.tasks')",
    "SELECT heap FROM campaign_monitoring.tasks AS heap",
    "SELECT pg_get_viewdef('campaign_grafana.tasks'::regclass)",
    "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM tasks",
]


@pytest.mark.parametrize("statement", PEEKS)
def test_no_statement_shows_what_is_masked(session: Connection, statement: str) -> None:
    """Neither in rows, nor in the words of an error."""
    found: list[str] = []
    session.add_notice_handler(lambda notice: found.append(f"{notice.message_primary} {notice.message_detail}"))
    try:
        found += map(str, session.execute(statement.encode()).fetchall())
    except psycopg.Error as error:
        diag = error.diag
        found += map(str, (error, diag.message_detail, diag.message_hint, diag.context))
    shown = " ".join(found).replace(PHONE, "") if PHONE in statement else " ".join(found)
    assert [trace for trace in TRACES if trace in shown] == []


# -- what it sees ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        (PHONE, "+49*****89"),
        ("0151 234-567 89", "015*****89"),
        ("123456789", "123*****89"),
        ("12345678", "*****"),
        ("+4930", "*****"),
        ("1", "*****"),
        ("", None),
        (None, None),
        ("☎" * 40, "☎☎☎*****☎☎"),
        ("9" * 10_000, "999*****99"),
    ],
)
def test_a_phone_shows_its_country_and_two_digits(
    owner: Connection, database_url: str, server: EmbeddedServer, phone: str | None, shown: str | None
) -> None:
    contract.create(owner)
    platforms.task(owner, 1, 1, phone=phone)
    admit(owner, database_url)
    with viewer(server, owner) as session:
        assert rows(session, "SELECT phone FROM tasks") == [(shown,)]


TEXTS = {
    "call 0151-2345 6789 now": "call *** now",
    "+49 (151) 23456789": "***",
    "(0151) 2345/6789, ext 12": "(***, ext 12",
    "tel-01512345678 lead_4915123456789": "tel-*** lead_***",
    "phone4915112345678, be-4915112345678, f4915112345678": "phone***, be-***, f***",
    "+49 151\u20132345\u20136789, +49\u00a0151\u00a02345\u00a06789": "***, ***",
    "+49\u202f151\u20112345\u20116789": "***",
    "15551234-5678-90": "***",
    "2019-12-1234567": "***",
    "+49 2019-11-22 33": "***",
    "8b012345-1234-4e64-8234-12345678901f 4915112345678": "8b012345-1234-4e64-8234-12345678901f ***",
    "12345678-1234-4234-8234-1234567890123": "***",
    "2026-11-22T20:11:02+4915112345678": "2026-11-22T20:11:02***",
    "2026-11-22 015112345678": "2026-11-22 ***",
    "\x01+49\x02 151 12345678\x02, \x0215112345678\x03": "***, ***",
    "SIP 486, 1724.71 EUR of 1,234,567.89": "SIP 486, 1724.71 EUR of 1,234,567.89",
    "507f1f77bcf86cd799439011": "507f1f77bcf86cd799439011",
    "CAde49151123456780abcdef0123456789": "CAde49151123456780abcdef0123456789",
    "lane 2 2026-11-22T20:11:02.123456+00:00": "lane 2 2026-11-22T20:11:02.123456+00:00",
    "2026-11-22 - 2026-11-30": "2026-11-22 - 2026-11-30",
    "from jane.doe@example.org, twice": "from ***@*** twice",
    "at 2026-11-22T20:11:02.123+00:00": "at 2026-11-22T20:11:02.123+00:00",
    "on 2026-11-22 20:11:02": "on 2026-11-22 20:11:02",
    "0007810d-2be2-40c4-8e6c-15f046542572": "0007810d-2be2-40c4-8e6c-15f046542572",
    "12345678-1234-4234-8234-123456789012": "12345678-1234-4234-8234-123456789012",
    "row 1367 of 20000: 'phone' is missing": "row 1367 of 20000: 'phone' is missing",
    "": "",
}
JSONS: list[tuple[Any, Any]] = [
    ({"to": "0151 2345 6789"}, {"to": "***"}),
    ({"+4915123456789": [1, "4915123456789"]}, {"***": [1, "***"]}),
    ({"phone": 4915123456789}, {"phone": "***"}),
    ({"a": {"b": [{"c": "jane@x.org"}]}}, {"a": {"b": [{"c": "***@***"}]}}),
    ({"words": "015\n1234\n5678"}, {"words": "***"}),
    ({"words": "\b4915123456789"}, {"words": "\b***"}),
    ({"c": "phone4915112345678", "d": "+49 151\u20132345\u20136789"}, {"c": "phone***", "d": "***"}),
    ({"limit": 48, "credits": 1724.71, "budget": 1500000, "open": None, "yes": True}, None),
    ({"next_eligible_at": "2026-11-21T20:43:55+00:00", "call": "0561446a-79eb-498d-8b98-69dab4d47520"}, None),
    ({"id": 1234567890123456789, "small": 1e-7}, None),
    ([], None),
    ({}, None),
    ("", None),
    (0, None),
    ("4915123456789", "***"),
]


def test_free_text_is_masked(session: Connection) -> None:
    for text, masked in TEXTS.items():
        assert session.execute("SELECT campaign_grafana.masked_text(%s)", [text]).fetchone() == (masked,)


def masked_texts(session: Connection, texts: Sequence[str]) -> list[str]:
    found = session.execute(
        "SELECT campaign_grafana.masked_text(each) FROM unnest(%s::text[]) WITH ORDINALITY AS of (each, place) "
        "ORDER BY place",
        [list(texts)],
    )
    return [row[0] for row in found]


def test_uuids_and_times_are_left_wherever_they_stand(session: Connection) -> None:
    chance = Random(4)
    frames = ("{0}", "call {0} ended", "12 {0} 486", "{0} {1}", "{0}/{1}", "[{0}], {1}", '{{"id": "{0}"}}', "task_{0}")
    uuids = [str(UUID(int=chance.getrandbits(128))) for _ in range(3000)]
    digits = [str(UUID("".join(chance.choice("0123456789a") for _ in range(32)))) for _ in range(3000)]
    times = []
    for _ in range(1000):
        time = datetime.fromtimestamp(chance.randrange(1_000_000_000, 4_000_000_000), UTC)
        time += timedelta(microseconds=chance.randrange(10**6))
        east = time.astimezone(timezone(timedelta(hours=5, minutes=30)))
        times += [time.isoformat(), east.isoformat(" "), time.isoformat(timespec="milliseconds")[:-6] + "Z"]
    texts = [chance.choice(frames).format(each, chance.choice(uuids)) for each in [*uuids, *digits, *times]]
    assert [pair for pair in zip(texts, masked_texts(session, texts), strict=True) if pair[0] != pair[1]] == []


def test_a_phone_is_masked_whatever_stands_around_it(session: Connection) -> None:
    chance = Random(5)
    gaps = ("", "", "", " ", "-", ".", "/", " - ", ") (", "_", "\u00a0", "\u2011", "\u2013", "\u202f", "\u2212")
    before = ("", "phone", "be-", "deadbeef-dead-", "8b012345-1234-", "f", "0x", "tel:+", "lane ", "\x01", "\x02",
              "\x03", "8b012345-1234-4e64-8234-abcdefabcdef ", "2026-11-22T20:11:02+00:00 ", "2026-11-22 ")  # fmt: skip
    after = ("", "e", "f8", "-", ".", " now", "\x01", "\x02", " 8b012345-1234-4e64-8234-abcdefabcdef")
    texts = []
    for _ in range(5000):
        digits = [chance.choice("0123456789") for _ in range(chance.randrange(7, 15))]
        number = digits[0] + "".join(chance.choice(gaps) + each for each in digits[1:])
        texts.append(chance.choice(before) + number + chance.choice(after))
    left = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|2026-11-22(T20:11:02([+]00:00)?)?")
    shown = [left.sub("", each) for each in masked_texts(session, texts)]
    phone = re.compile(r"[0-9]([^0-9a-z*]{0,3}[0-9]){6}")
    assert [pair for pair in zip(texts, shown, strict=True) if phone.search(pair[1])] == []


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP"])
def test_texts_of_any_encoding_are_masked(server: EmbeddedServer, encoding: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE encoded ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0".encode())
    try:
        with contract.session(server.url("encoded")) as owner:
            platforms.create(owner)
            admit(owner, server.url("encoded"))
            space = "chr(160)" if encoding == "LATIN1" else "' '"
            text = f"'be-4915112345678, 0151' || {space} || '2345678 8b012345-1234-4e64-8234-12345678901f'"
            # as bytes: without an encoding psycopg makes no text of it
            shown = rows(owner, f"SELECT convert_to(campaign_grafana.masked_text({text}), getdatabaseencoding())")
        assert shown == [(b"be-***, *** 8b012345-1234-4e64-8234-12345678901f",)]
    finally:
        server.drop_database("encoded")


@pytest.mark.parametrize(("value", "masked"), JSONS)
def test_json_is_masked(session: Connection, value: Any, masked: Any) -> None:
    found = session.execute("SELECT campaign_grafana.masked_json(%s)", [Jsonb(value)]).fetchone()
    assert found == (value if masked is None else masked,)


def test_json_of_any_depth_and_size_is_masked_in_time(session: Connection) -> None:
    session.execute("SET statement_timeout = '2s'")
    for text in (
        '["0151 2345 6789", ' * 300 + "1" + "]" * 300, f'"{"1 a@" * 50_000}"', '"' + "a" * 10**6 + '@"',
        f'"{"9" * 10**6}"', f'"{"abcdef12" * 10**5}"', f'"{"2026-11-22 " * 10**4}"', f'"{"1   " * 10**5}1234567"',
        f'"{"8b012346-1234-4e64-8234-abcdefabcdef, 2026-11-22T20:11:02.654321, " * 2000}"',
    ):  # fmt: skip
        found = session.execute("SELECT campaign_grafana.masked_json(%s::jsonb)::text", [text]).fetchone()
        assert found is not None
        assert "2345" not in found[0]


ROW = "+49 151 1234 5678"
CONTACTS: list[tuple[str | None, str | None, str | None]] = [
    # the reference, the phone beside it, what is shown
    ("crm-4711", ROW, "crm-4711"),
    ("10482231", ROW, "10482231"),
    ("1234567", None, "1234567"),
    ("1790311112222333344", ROW, "1790311112222333344"),
    ("8b012345-1234-4e64-8234-12345678901f", "+4930", "8b012345-1234-4e64-8234-12345678901f"),
    ("12345678-1234-4234-8234-123456789012", None, "12345678-1234-4234-8234-123456789012"),
    (None, ROW, None),
    ("", ROW, ""),
    ("Tel. 2", "12", "Tel. 2"),
    (" +4915123456789", None, "*****89"),
    ("jane@x.org", ROW, "*****rg"),
    ("4915112345678", ROW, "*****78"),
    ("4915112345678", None, "*****78"),
    ("004915112345678", ROW, "*****78"),
    ("0151 1234 5678", None, "*****78"),
    ("0151\u20111234\u00a05678", None, "*****78"),
    ("(555) 123-4567", None, "*****67"),
    ("tel:+4915112345678", None, "*****78"),
    ("WhatsApp:+15551234567", None, "*****67"),
    ("sip:jane", None, "*****ne"),
    ("lead 15112345678/2", ROW, "*****/2"),
    ("12345678", ROW, "*****78"),
]


def test_a_reference_is_kept_unless_it_is_a_phone_or_an_address(
    owner: Connection, database_url: str, server: EmbeddedServer
) -> None:
    contract.create(owner)
    for key, (contact, phone, _) in enumerate(CONTACTS):
        platforms.task(owner, key, 1, contact=contact, phone=phone)
    admit(owner, database_url)
    with viewer(server, owner) as session:
        shown = [row[0] for row in rows(session, "SELECT contact FROM tasks ORDER BY task_id")]
    assert shown == [shown for _, _, shown in CONTACTS]


def test_a_reference_is_masked_where_the_platform_has_no_phones(
    owner: Connection, database_url: str, server: EmbeddedServer
) -> None:
    contract.create(owner, without={"tasks": {"phone"}})
    platforms.task(owner, 1, 1, contact="4915112345678")
    platforms.task(owner, 2, 1, contact="1234567")
    admit(owner, database_url)
    with viewer(server, owner) as session:
        shown = rows(session, "SELECT contact, phone FROM tasks ORDER BY task_id")
    assert shown == [("*****78", None), ("1234567", None)]


def test_the_owner_may_choose_otherwise(owner: Connection, database_url: str, server: EmbeddedServer) -> None:
    contract.create(owner)
    platforms.task(owner, 7, 1, phone=PHONE)
    contract.insert(owner, "task_events", event_id=1, task_id=7, at=SETTLED, kind="x", detail=Jsonb({"to": PHONE}))
    for masked, phone in ((True, "+49*****89"), (False, PHONE), (True, "+49*****89")):
        admit(owner, database_url, masked=masked)
        with viewer(server, owner) as session:
            assert rows(session, "SELECT phone FROM tasks") == [(phone,)]
            assert rows(session, "SELECT detail ->> 'to' FROM task_events") == [("***" if masked else PHONE,)]


def test_the_tenants_own_numbers_are_masked_where_the_exporter_masks_them(
    owner: Connection, database_url: str, server: EmbeddedServer
) -> None:
    platforms.create(owner)
    for choice, phone in (({}, "+4930"), ({"own_masked": True}, "*****30")):
        admit(owner, database_url, **choice)
        with viewer(server, owner) as session:
            assert rows(session, "SELECT phone FROM numbers") == [(phone,)]


# -- what the platform lacks ----------------------------------------------------------------------------------


def shape(connection: Connection) -> dict[str, list[str]]:
    """The columns of each view."""
    found: dict[str, list[str]] = {}
    for relation, column in rows(
        connection,
        f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '{SCHEMA}' "
        "ORDER BY table_name, ordinal_position",
    ):
        found.setdefault(relation, []).append(column)
    return found


WHOLE = {relation.name: [column.name for column in relation.columns] for relation in RELATIONS.values()}
WHOLE["tasks"].append("held_by")


def test_what_is_optional_may_be_missing(owner: Connection, database_url: str, server: EmbeddedServer) -> None:
    lacking: dict[str, set[str]] = {
        relation.name: set() if relation.optional else {column.name for column in relation.columns if column.optional}
        for relation in RELATIONS.values()
    }
    contract.create(owner, "uuid", lacking)
    admit(owner, database_url)
    with viewer(server, owner) as session:
        assert shape(session) == WHOLE
        for name in RELATIONS:
            assert rows(session, f"SELECT * FROM {name}") == []
        types = dict(
            rows(session, "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'tasks'")
        )
    assert [types[name] for name in ("number_id", "phone", "sticky", "score", "next_eligible_at")] == [
        "text", "text", "boolean", "numeric", "timestamp with time zone"
    ]  # fmt: skip


def test_types_of_a_platforms_own_are_evened_out(owner: Connection, database_url: str, server: EmbeddedServer) -> None:
    contract.create(owner)
    owner.execute(
        """
        CREATE TYPE state AS ENUM ('pending', 'in_progress', 'completed', 'failed', 'cancelled');
        ALTER TABLE campaign_monitoring.tasks ALTER status TYPE state USING status::state,
            ALTER phone TYPE bigint USING phone::bigint, ALTER contact TYPE uuid USING contact::uuid,
            ALTER blocker TYPE char(20), ALTER next_eligible_at TYPE text;
        ALTER TABLE campaign_monitoring.calls ALTER task_id TYPE text;
        ALTER TABLE campaign_monitoring.numbers ALTER number_id TYPE smallint;
        ALTER TABLE campaign_monitoring.task_events ALTER detail TYPE json;
        ALTER TABLE campaign_monitoring.campaigns ALTER call_windows TYPE text;
        CREATE DOMAIN label AS varchar(20); CREATE DOMAIN name AS label;
        ALTER TABLE campaign_monitoring.campaigns ALTER name TYPE public.name;
        """
    )
    contact = "0007810d-2be2-40c4-8e6c-15f046542572"
    platforms.task(owner, 7, 1, phone=4915123456789, contact=contact, blocker="dnc", number_id=3)
    platforms.call(owner, 1, 1, task_id="7")
    contract.insert(owner, "numbers", number_id=3, tenant_id=1, connection_id=1, phone="+4930", status="active")
    for key, detail in enumerate(('{"to": "4915123456789"}', '{"a": "\\u0000"}', '{"a": 1, "a": 2}')):
        contract.insert(owner, "task_events", event_id=key, task_id=7, at=SETTLED, kind="x", detail=detail)
    admit(owner, database_url)
    with viewer(server, owner) as session:
        found = rows(
            session,
            "SELECT t.status, t.phone, t.contact, t.next_eligible_at, n.phone FROM tasks AS t "
            "JOIN calls AS c ON c.task_id = t.task_id JOIN numbers AS n ON n.number_id = t.number_id "
            "WHERE t.task_id = task_key('7') AND t.status = ANY (array['pending', 'odd']) AND t.blocker = 'dnc'",
        )
        assert found == [("pending", "491*****89", contact, None, "+4930")]
        assert rows(session, "SELECT detail FROM task_events ORDER BY event_id") == [
            ({"to": "***"},),
            (None,),
            ({"a": 2},),
        ]


@pytest.mark.parametrize(
    ("id_type", "good", "same", "bad"),
    [
        ("bigint", "17", "017", ("", "x", "1.5", "9" * 19, "9" * 10_000, "1e3", "0x1", "1 ", "'", "--", "-")),
        ("smallint", "17", "17", ("99999", "x")),
        (
            "uuid",
            "0007810d-2be2-40c4-8e6c-15f046542572",
            "0007810D2BE240C48E6C15F046542572",
            ("", "17", "0007810d", "{}"),
        ),
        ("text", "it's \\ a $1 {{", "it's \\ a $1 {{", ("", "x")),
        ("varchar", "17", "17", ("", "x")),
    ],
)
def test_a_text_is_an_id_of_the_platform_or_nothing(
    owner: Connection, database_url: str, server: EmbeddedServer, id_type: str, good: str, same: str, bad: Sequence[str]
) -> None:
    contract.create(owner, id_type)
    owner.execute("CREATE UNIQUE INDEX task_id ON campaign_monitoring.tasks (task_id)")
    platforms.task(owner, good, good)
    admit(owner, database_url)
    statement = (
        "SELECT count(*) FROM campaign_grafana.tasks WHERE task_id = task_key({0}) AND campaign_id = campaign_key({0})"
    )
    with viewer(server, owner) as session:
        session.execute("SET enable_seqscan = off")
        for text, count in ((good, 1), (same, 1), *((each, 0) for each in bad)):
            query = sql.SQL(statement).format(sql.Literal(text))
            assert session.execute(query).fetchone() == (count,), text
            plan = "\n".join(row[0] for row in session.execute(sql.SQL("EXPLAIN ") + query).fetchall())
            assert "Index" in plan or "One-Time Filter: false" in plan or "rows=0" in plan
        assert rows(session, "SELECT task_key(), task_key('', 'x')")[0][0] is None


# -- the SQL itself -------------------------------------------------------------------------------------------


def everything(owner: Connection, role: str = ROLE) -> list[Any]:
    """All that the SQL decides, as PostgreSQL shows it."""
    return [
        rows(owner, f"SELECT viewname, viewowner, definition FROM pg_views WHERE schemaname = '{SCHEMA}' ORDER BY 1"),
        rows(owner, f"SELECT relname, relacl FROM pg_class WHERE relnamespace = '{SCHEMA}'::regnamespace ORDER BY 1"),
        rows(
            owner,
            "SELECT proname, proacl, pg_get_functiondef(oid) FROM pg_proc "
            f"WHERE pronamespace = '{SCHEMA}'::regnamespace ORDER BY 1",
        ),
        rows(owner, f"SELECT nspacl FROM pg_namespace WHERE nspname IN ('{SCHEMA}', 'public') ORDER BY nspname"),
        rows(owner, "SELECT datacl FROM pg_database WHERE datname = current_database()"),
        rows(
            owner,
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin, rolconnlimit, "
            f"rolconfig FROM pg_roles WHERE rolname = '{role}'",
        ),
    ]


def test_it_may_be_run_again(owner: Connection, database_url: str, server: EmbeddedServer) -> None:
    platforms.create(owner)
    admit(owner, database_url)
    first = everything(owner)
    admit(owner, database_url)
    assert everything(owner) == first
    owner.execute("ALTER TABLE campaign_monitoring.tasks DROP COLUMN score CASCADE, ADD COLUMN score real")
    owner.execute("DROP TABLE campaign_monitoring.goals CASCADE")
    admit(owner, database_url)
    with viewer(server, owner) as session:
        assert shape(session) == WHOLE
        assert rows(session, "SELECT count(*) FROM goals") == [(0,)]


def test_views_of_others_that_rest_on_these_are_not_dropped(owner: Connection, database_url: str) -> None:
    platforms.create(owner)
    admit(owner, database_url)
    owner.execute("CREATE VIEW public.mine AS SELECT * FROM campaign_grafana.tasks")
    before = everything(owner)
    with pytest.raises(psycopg.errors.DependentObjectsStillExist, match=r"view mine|other objects depend"):
        admit(owner, database_url)
    assert everything(owner) == before


@contextmanager
def role_of(owner: Connection, name: str, attributes: str = "") -> Iterator[str]:
    """A role that is there already."""
    owner.execute(f"CREATE ROLE {name} LOGIN {attributes}".encode())
    yield name
    owner.execute(f"DROP OWNED BY {name} CASCADE".encode())
    owner.execute(f"DROP ROLE {name}".encode())


def test_a_role_of_before_loses_all_it_had(owner: Connection, database_url: str, server: EmbeddedServer) -> None:
    platforms.create(owner)
    with role_of(owner, "elder", "CREATEDB CREATEROLE BYPASSRLS"), role_of(owner, "group_of_elders"):
        owner.execute(
            """
            CREATE TABLE public.own (a int, b int);
            CREATE SEQUENCE public.numbers;
            CREATE FUNCTION public.f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE PROCEDURE public.p() LANGUAGE sql AS 'SELECT 1';
            CREATE TYPE public.t AS (a int);
            GRANT pg_read_all_data, group_of_elders TO elder;
            GRANT SELECT, UPDATE ON campaign_monitoring.tasks TO elder;
            GRANT SELECT (a) ON public.own TO elder;
            GRANT USAGE ON SEQUENCE public.numbers TO elder;
            GRANT EXECUTE ON FUNCTION public.f(int) TO elder;
            GRANT EXECUTE ON PROCEDURE public.p() TO elder;
            GRANT USAGE ON TYPE public.t TO elder;
            GRANT ALL ON SCHEMA campaign_monitoring TO elder;
            GRANT USAGE ON LANGUAGE plpgsql TO elder;
            ALTER ROLE elder SET statement_timeout = 0;
            SELECT lo_create(4711);
            GRANT SELECT ON LARGE OBJECT 4711 TO elder;
            """
        )
        owner.execute(sql.SQL("GRANT ALL ON DATABASE {} TO elder").format(sql.Identifier(owner.info.dbname)))
        owner.execute(
            sql.SQL("ALTER ROLE elder IN DATABASE {} SET search_path = public").format(
                sql.Identifier(owner.info.dbname)
            )
        )
        warnings: list[str] = []
        owner.add_notice_handler(lambda notice: warnings.append(str(notice.message_primary)))
        with owner.transaction():
            owner.execute(made(database_url, role="elder").encode())
        assert [each for each in warnings if each.startswith("the role") and "prepared" not in each] == []
        with viewer(server, owner, "elder") as session:
            assert rows(session, "SELECT count(*) FROM campaign_grafana.tasks") == [(10,)]
            for statement in (
                "SELECT * FROM campaign_monitoring.tasks", "SELECT a FROM public.own", "SELECT lo_get(4711)",
                "SELECT nextval('public.numbers')", "CREATE DATABASE mine", "SET ROLE group_of_elders",
            ):  # fmt: skip
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
                    session.execute(statement.encode())
            assert rows(session, "SHOW search_path") == [("campaign_grafana",)]
            assert rows(session, "SHOW statement_timeout") == [("15s",)]
        held = rows(
            owner,
            "SELECT count(*) FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.member WHERE rolname = 'elder'",
        )
        assert held == [(0,)]


def test_a_role_that_owns_something_is_not_taken(owner: Connection, database_url: str) -> None:
    platforms.create(owner)
    with role_of(owner, "landlord"):
        owner.execute("CREATE TABLE public.land (a int)")
        owner.execute("ALTER TABLE public.land OWNER TO landlord")
        with pytest.raises(psycopg.errors.RaiseException, match="the role landlord owns something: it could write"):
            admit(owner, database_url, role="landlord")
        assert rows(owner, f"SELECT count(*) FROM pg_namespace WHERE nspname = '{SCHEMA}'") == [(0,)]


def test_what_it_may_still_do_is_a_warning(owner: Connection, database_url: str) -> None:
    platforms.create(owner)
    found: list[str] = []
    owner.add_notice_handler(lambda notice: found.append(str(notice.message_primary)))
    owner.execute("SET client_min_messages = warning")
    script = made(database_url).encode()
    owner.execute(script)
    # the tests' server allows them; the demo's does not
    prepared = (
        "the role campaign_grafana may leave prepared transactions behind: max_prepared_transactions is 10, not 0"
    )
    assert found == [prepared]
    found.clear()
    owner.execute(
        """
        CREATE FUNCTION public.stop_everything() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
        CREATE FUNCTION public.dblink_of_mine() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE public.shown (a int);
        GRANT SELECT (a) ON public.shown TO PUBLIC;
        CREATE SCHEMA open_to_all;
        GRANT CREATE ON SCHEMA open_to_all TO PUBLIC;
        """
    )
    owner.execute(script)
    assert sorted(found) == [
        "the role campaign_grafana may call public.dblink_of_mine",
        "the role campaign_grafana may call public.stop_everything",
        "the role campaign_grafana may create in the schema open_to_all",
        prepared,
        "the role campaign_grafana may use public.shown",
    ]


def test_an_owner_who_is_no_superuser_can_run_it(server: EmbeddedServer, owner: Connection) -> None:
    with role_of(owner, "dba", "CREATEROLE"):
        owner.execute(sql.SQL("ALTER DATABASE {} OWNER TO dba").format(sql.Identifier(owner.info.dbname)))
        script = ""
        with viewer(server, owner, "dba") as session:
            platforms.create(session)
            script = made(server.url(owner.info.dbname, "dba"), role="dbas_grafana")
            for _ in range(2):
                with session.transaction():
                    session.execute(script.encode())
        with viewer(server, owner, "dbas_grafana") as session:
            assert rows(session, "SELECT count(*) FROM tasks") == [(10,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("SELECT * FROM campaign_monitoring.tasks")
        owner.execute(sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(sql.Identifier(owner.info.dbname)))
        owner.execute("DROP OWNED BY dbas_grafana")
        owner.execute("DROP ROLE dbas_grafana")


def test_whoever_may_write_wal_is_a_warning(owner: Connection, database_url: str) -> None:
    """As where an owner who is no superuser ran it, who cannot take that away."""
    platforms.create(owner)
    admit(owner, database_url)
    found: list[str] = []
    owner.add_notice_handler(lambda notice: found.append(str(notice.message_primary)))
    owner.execute("GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) TO PUBLIC")
    owner.execute(made(database_url).partition("-- 7.")[2].partition("\n")[2].encode())
    assert "the role campaign_grafana may write: pg_logical_emit_message(boolean,text,text,boolean)" in found
    admit(owner, database_url)


def test_the_demo_has_what_is_printed_for_it(owner: Connection, database_url: str) -> None:
    platform.install(owner)
    before = everything(owner)
    admit(owner, database_url)
    assert everything(owner) == before


# -- the command ----------------------------------------------------------------------------------------------


def printed(tmp_path: Path, url: str, *options: str, more: str = "") -> Result:
    file = tmp_path / "exporter.yml"
    file.write_text(f"database: {{url: '{url}'}}\n{more}")
    return CliRunner().invoke(main, ["dashboards", "sql", "--config.file", str(file), *options])


def test_the_command_prints_a_transaction_for_psql(owner: Connection, server: EmbeddedServer, tmp_path: Path) -> None:
    """The exporter's own role need not be allowed to see whom a task calls."""
    platforms.create(owner)
    platforms.task(owner, 7, 1, phone=PHONE)
    with role_of(owner, "blind"):
        owner.execute("GRANT USAGE ON SCHEMA campaign_monitoring TO blind")
        owner.execute("GRANT SELECT (task_id) ON campaign_monitoring.tasks TO blind")
        result = printed(tmp_path, server.url(owner.info.dbname, "blind"))
        assert result.exit_code == 0, result.output
        assert "\nBEGIN;\n" in result.stdout
        assert result.stdout.endswith("\nCOMMIT;\n")
        assert "PASSWORD" not in result.stdout.upper().replace("\\PASSWORD", "").replace("IT GETS NO PASSWORD", "")
        assert re.search(r"[^\x00-\x7f]", result.stdout) is None, "a database may have any encoding"
        assert max(map(len, result.stdout.splitlines())) <= 120
        owner.execute(result.stdout.encode())
    with viewer(server, owner) as session:
        assert rows(session, "SELECT phone FROM tasks WHERE task_id = 7") == [("+49*****89",)]


def test_the_options_of_the_command(owner: Connection, database_url: str, tmp_path: Path) -> None:
    platforms.create(owner)
    owner.execute('ALTER SCHEMA campaign_monitoring RENAME TO "the views"')
    result = printed(tmp_path, database_url, "--schema", "the views", "--role", "viewers-of-acme", "--unmasked",
                     more="numbers: {mask_phone: true}\n")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert 'FROM "the views"."tasks";' in result.stdout
    assert 'ALTER ROLE "viewers-of-acme" SET' in result.stdout
    assert "UNMASKED" in result.stdout
    assert "masked_json" not in result.stdout.replace("DROP FUNCTION", "").partition("-- 5.")[2]
    assert "'*****' || right(phone, 2) AS phone" in result.stdout
    owner.execute(result.stdout.encode())
    owner.execute('DROP OWNED BY "viewers-of-acme"; DROP ROLE "viewers-of-acme"')


@pytest.mark.parametrize("role", ["", "a b", "x'; DROP", "$$", "pg_" + "x" * 90, "1st"])
def test_an_odd_role_is_refused(tmp_path: Path, role: str) -> None:
    result = printed(tmp_path, "postgresql:///x", "--role", role)
    assert result.exit_code == 1
    assert "--role" in result.output


def test_without_the_contract_the_command_says_what_is_missing(
    owner: Connection, database_url: str, tmp_path: Path
) -> None:
    del owner
    result = printed(tmp_path, database_url)
    assert result.exit_code == 1
    assert "tasks: the schema 'campaign_monitoring' has no such relation" in result.output
    assert result.stdout == ""


def test_columns_are_found_as_the_exporter_finds_them_but_for_the_right_to_read_them() -> None:
    """Boards know nothing of the exporter's reading, so the statement stands twice."""

    def lines(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.strip() and not line.startswith("--")]

    theirs = lines((files("exporter.source.sql") / "discover.sql").read_text(encoding="utf-8"))
    mine = lines((files("dashboards") / "sql" / "grants" / "exists.sql").read_text(encoding="utf-8"))
    assert mine == [line for line in theirs if "_privilege(" not in line]
