"""The evidence archive, opened as its receiver opens it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from exporter.commands.capture.command import Captured, Request, capture
from exporter.commands.options import span_of
from exporter.config import Config
from exporter.errors import ConfigError, UnknownIdError
from exporter.web.rendering import STYLE
from tests.support import contract, platforms
from tests.support.exporting import NOW, config

Owner = psycopg.Connection[Any]
PHONE, OWN_PHONE = "+49 151 23456789", "+4930901820"
MAIL, CONTACT = "jane.doe@example.org", "crm-jane-doe-4711"
PASSWORD = "correct-horse/battery@staple"
TRACES = ("23456789", "2345 6789", "jane", "Jane", "crm-", "battery", "staple", "correct-horse", "0901820", "tok-9876")
NOBODY = "http://127.0.0.1:1"
LATELY = NOW - timedelta(minutes=5)


@pytest.fixture
def owner(database_url: str) -> Iterator[Owner]:
    """Campaign 7 with task 5, and a contact's traces wherever a platform could leave them."""
    with contract.session(database_url) as connection:
        contract.create(connection)
        fill(connection)
        yield connection


def fill(owner: Owner, key: Any = 7, task: Any = 5) -> None:
    tenant, trunk, number = "1", "2", "3"
    contract.insert(owner, "tenants", tenant_id=tenant, name="Northwind", timezone="UTC", concurrency_limit=40)
    contract.insert(owner, "connections", connection_id=trunk, tenant_id=tenant, provider="tellus")
    contract.insert(
        owner, "numbers", number_id=number, tenant_id=tenant, connection_id=trunk, phone=OWN_PHONE, status="active"
    )
    contract.insert(owner, "campaign_numbers", campaign_id=key, number_id=number, weight=1)
    reason = f"Complaint of {MAIL}, {PHONE}"
    platforms.campaign(
        owner, key, name="Renewals", status="paused", paused_at=LATELY, pause_reason=reason, tenant_id=tenant
    )
    traces = {"contact": CONTACT, "phone": PHONE, "disposition": f"mail {MAIL}", "variant": f"for {CONTACT}"}
    when = {"created_at": LATELY, "updated_at": LATELY}
    platforms.task(owner, task, key, number_id=number, sticky=True, blocker="=cmd()", **traces, **when)
    platforms.task(owner, 6 if task == 5 else f"{str(task)[:-1]}6", key, number_id=number, **traces, **when)
    odd = {"error_code": f"to {PHONE}", "sentiment": MAIL, "variant": CONTACT}
    call_id = 900 if task == 5 else f"{str(task)[:-1]}9"
    platforms.call(
        owner, call_id, key, task_id=task, number_id=number, outcome="failed", **{**odd, **when}, started_at=LATELY
    )
    detail = json.dumps({"to": PHONE, PHONE: {"mail": MAIL, "number": 4915123456789}, "who": CONTACT, "at": str(NOW)})
    event = {"event_id": 1 if task == 5 else task, "at": LATELY, "detail": detail}
    contract.insert(owner, "campaign_events", campaign_id=key, kind="paused", actor=MAIL, **event)
    contract.insert(owner, "task_events", task_id=task, kind=f"dialled {PHONE}", code=PHONE, **event)
    for of in (task, None):
        contract.insert(
            owner, "dispatch_snapshots", snapshot_id=event["event_id"], campaign_id=key, task_id=of, at=LATELY,
            capacity=detail,
        )  # fmt: skip
    contract.insert(
        owner, "audience_uploads", upload_id=event["event_id"], campaign_id=key, filename=f"for {MAIL}.csv",
        status="failed", error=f"line 7: {CONTACT} {PHONE}", uploaded_at=LATELY,
    )  # fmt: skip


class Evidence:
    """An archive as its receiver finds it; every file is held against the manifest."""

    def __init__(self, path: Path, captured: Captured) -> None:
        self.captured = captured
        self.raw = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            self.infos = archive.infolist()
            self.files = {info.filename: archive.read(info) for info in self.infos}
        self.manifest: dict[str, Any] = json.loads(self.files["manifest.json"])
        listed = {file["name"]: file for file in self.manifest["files"]}
        assert listed.keys() == self.files.keys() - {"manifest.json"}
        for name, file in listed.items():
            data = self.files[name]
            assert (file["size"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest()), name
            assert file["about"], name
            if name.endswith(".csv"):
                assert file["rows"] == len(self.rows(name)), name
            if name.endswith(".json"):
                json.loads(data)

    def text(self, name: str) -> str:
        return self.files[name].decode()

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def rows(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.text(name), newline="")))

    def listed(self, name: str) -> dict[str, Any]:
        return next(file for file in self.manifest["files"] if file["name"] == name)

    def everything(self) -> str:
        """Every byte, names and metadata too, as text."""
        parts = [*self.files, *(data.decode("utf-8", "replace") for data in self.files.values())]
        return "\n".join([*parts, self.raw.decode("latin-1"), *(str(info.comment + info.extra) for info in self.infos)])


class Case:
    """Captures of one database."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url, self.directory = url, directory

    def take(
        self, task: str | None = "5", campaign: str = "7", *, of: Config | None = None, **changes: Any
    ) -> Evidence:
        path = self.directory / "evidence.zip"
        request = Request(Path("config.yaml"), campaign, task, 7200.0, path, url=NOBODY, force=True)
        captured = capture(of or config(self.url), replace(request, **changes), lambda _: NOW.timestamp())
        return Evidence(path, captured)


@pytest.fixture
def case(owner: Owner, database_url: str, tmp_path: Path) -> Case:
    del owner
    return Case(database_url, tmp_path)


def test_everything_that_an_escalation_needs_is_there(case: Case) -> None:
    evidence = case.take()
    assert evidence.captured.status == 0
    assert set(evidence.files) == {
        "README.txt", "manifest.json", "card.html", "card.json", "task.json", "metrics.txt", "config.yaml",
        "versions.json", "check.txt", "check.json", "task/calls.csv", "task/events.csv", "task/dispatch-snapshots.csv",
        "campaign/events.csv", "campaign/dispatch-snapshots.csv", "campaign/calls.csv", "campaign/tasks.csv",
        "campaign/uploads.csv", "neighbours/number-calls.csv", "neighbours/number-tasks.csv",
        "neighbours/connection-calls.csv",
    }  # fmt: skip
    assert next(iter(evidence.files)) == "README.txt"
    assert evidence.json("card.json")["verdict"]["name"] == "waiting"
    assert evidence.json("task.json")["row"]["status"] == "pending"
    assert 'campaign_tasks{campaign="7"' in evidence.text("metrics.txt")
    assert [row["task_id"] for row in evidence.rows("campaign/tasks.csv")] == ["5", "6"]
    assert [row["call_id"] for row in evidence.rows("neighbours/connection-calls.csv")] == ["900"]
    assert evidence.json("versions.json")["contract"]["relations"]["tasks"] == {"readable": True, "lacking": []}
    assert evidence.text("check.txt").endswith(".\n")


def test_the_readme_says_in_ten_lines_what_it_shows(case: Case) -> None:
    lines = case.take().text("README.txt").splitlines()
    assert len(lines) <= 10
    assert lines[0] == "Evidence on campaign '7' (Renewals, of Northwind), task '5', taken at 2026-03-04 12:00:00 UTC."
    assert lines[1].startswith("Task: This task is not dialled because it carries other, a code that nobody announced")
    assert lines[2].startswith("Verdict: WAITING at the lifecycle gate (campaign_paused) since 2026-03-04 11:55:00 UTC")
    assert lines[3].startswith("Do first: Read the reason of the pause")
    assert "no exporter answers at http://127.0.0.1:1" in lines[4]
    assert "Nothing that was to be captured is missing." in lines


def test_the_card_opens_alone(case: Case) -> None:
    html = case.take().text("card.html")
    assert STYLE in html  # as it is: what is escaped in a style is another style
    for link in ('href="/', 'src="', "url(", "<script", "<link"):
        assert link not in html


def test_nothing_planted_is_in_any_byte_of_it(case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("DEMO_TOKEN", "tok-9876543")
    settings = {"database": {"password_file": str(secret)}, "web": {"grafana_url": "https://me:tok-9876543@grafana/"}}
    evidence = case.take(of=config(case.url, **settings), url=f"http://me:{PASSWORD.replace('/', '%2F')}@127.0.0.1:1")
    found = evidence.everything()
    assert [trace for trace in TRACES if trace in found] == []
    assert evidence.manifest["masked"] is True
    assert "contact-" in evidence.text("task.json")


def test_one_contact_has_one_pseudonym_in_the_whole_archive(case: Case) -> None:
    evidence = case.take()
    who = {
        row["contact"] for name in ("campaign/tasks.csv", "neighbours/number-tasks.csv") for row in evidence.rows(name)
    }
    assert who == {evidence.json("task.json")["row"]["contact"]}
    assert json.loads(evidence.rows("task/events.csv")[0]["detail"])["who"] in who
    assert case.take().json("task.json")["row"]["contact"] not in who


def test_unmasked_is_recorded_where_it_is_read_and_still_holds_no_password(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    evidence = case.take(masked=False)
    assert evidence.manifest["masked"] is False
    assert "--unmasked" in evidence.manifest["command"]
    assert "UNMASKED" in evidence.text("README.txt")
    assert evidence.json("task.json")["row"]["phone"] == PHONE
    assert json.loads(evidence.rows("task/events.csv")[0]["detail"])["to"] == PHONE
    assert PASSWORD not in evidence.everything()


def test_a_formula_in_a_row_is_text_for_a_spreadsheet(case: Case) -> None:
    assert {row["blocker"] for row in case.take().rows("campaign/tasks.csv")} == {"'=cmd()", ""}


def test_without_a_task_it_is_about_the_campaign(case: Case) -> None:
    evidence = case.take(task=None)
    assert not [name for name in evidence.files if name.startswith(("task", "neighbours"))]
    assert evidence.captured.status == 0
    assert evidence.manifest["task"] is None


def test_since_bounds_what_is_the_campaigns(owner: Owner, case: Case) -> None:
    platforms.task(owner, 8, 7, updated_at=NOW - timedelta(hours=3))
    assert [row["task_id"] for row in case.take().rows("campaign/tasks.csv")] == ["5", "6"]
    assert len(case.take(since=4 * 3600.0).rows("campaign/tasks.csv")) == 3


def test_more_rows_than_are_needed_are_cut_and_that_is_said(owner: Owner, case: Case) -> None:
    owner.execute(
        "INSERT INTO campaign_monitoring.calls (call_id, task_id, campaign_id, number_id, attempt, started_at, "
        "outcome, created_at, updated_at) SELECT n, 5, 7, 3, 1, %(at)s, 'busy', %(at)s, %(at)s "
        "FROM generate_series(1, 2000) AS n",
        {"at": NOW - timedelta(minutes=9)},
    )
    evidence = case.take()
    sizes = {"task/calls.csv": 500, "campaign/calls.csv": 500, "neighbours/number-calls.csv": 300}
    for name, size in sizes.items():
        assert (evidence.listed(name)["rows"], evidence.listed(name)["cut"]) == (size, True)
        assert evidence.rows(name)[0]["call_id"] == "900"
    assert evidence.captured.status == 0


def test_with_the_database_away_it_says_what_could_not_be_captured(case: Case) -> None:
    away = config(f"postgresql://me:{PASSWORD.replace('/', '%2F').replace('@', '%40')}@127.0.0.1:1/x")
    evidence = case.take(of=away)
    assert set(evidence.files) == {"README.txt", "manifest.json", "config.yaml", "versions.json"}
    assert evidence.captured.status == 3
    assert evidence.manifest["complete"] is False
    missing = {each["what"]: each["why"] for each in evidence.manifest["not_captured"]}
    assert "cannot connect to database 'x'" in missing["everything that is read from the database"]
    assert "no exporter answers" in missing["card and metrics from the running exporter"]
    assert "Not captured: everything that is read from the database" in evidence.text("README.txt")
    assert PASSWORD not in evidence.everything()


def test_what_a_platform_does_not_have_is_absent_not_missing(database_url: str, tmp_path: Path) -> None:
    lacking: dict[str, set[str]] = {
        name: set() for name in ("campaign_events", "task_events", "dispatch_snapshots", "numbers", "tenants")
    }
    lacking["tasks"] = {"contact", "phone", "number_id", "sticky", "blocker"}
    lacking["calls"] = {"number_id"}
    with contract.session(database_url) as connection:
        contract.create(connection, without=lacking)
        platforms.campaign(connection, "7")
        platforms.task(connection, 5, 7)
    evidence = Case(database_url, tmp_path).take()
    absent = {each["what"]: each["why"] for each in evidence.manifest["absent"]}
    assert "no task_events that this role may read" in absent["task/events.csv"]
    assert "neighbours that share its number and connection" in absent
    assert "campaign/events.csv" not in evidence.files
    assert evidence.captured.status == 0


def test_a_view_that_fails_costs_only_its_own_file(owner: Owner, case: Case) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.task_events RENAME TO kept")
    columns = f"event_id, task_id, at, kind, ('{PHONE}' || task_id)::int::text AS code, detail"
    owner.execute(
        f"CREATE VIEW campaign_monitoring.task_events AS SELECT {columns} FROM campaign_monitoring.kept".encode()
    )
    evidence = case.take()
    assert evidence.captured.status == 3
    assert [each["what"] for each in evidence.manifest["not_captured"]] == ["task/events.csv"]
    assert "card.html" in evidence.files
    assert "23456789" not in evidence.everything()


def test_a_statement_that_takes_too_long_is_cut_off_and_named(owner: Owner, case: Case) -> None:
    owner.execute("ALTER TABLE campaign_monitoring.campaign_events RENAME TO kept")
    owner.execute(
        "CREATE VIEW campaign_monitoring.campaign_events AS SELECT k.* FROM campaign_monitoring.kept AS k, pg_sleep(9)"
    )
    evidence = case.take(of=config(case.url, database={"statement_timeout": "1s"}))
    assert [each["what"] for each in evidence.manifest["not_captured"]] == ["campaign/events.csv"]
    assert "longer than allowed" in evidence.manifest["not_captured"][0]["why"]
    assert evidence.json("card.json")["verdict"]["name"] == "waiting"


@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_ids_of_any_type_stay_readable(database_url: str, tmp_path: Path, id_type: str) -> None:
    key, task = "6e7b8a5c-1234-4567-8901-123456789017", "6e7b8a5c-1234-4567-8901-123456789015"
    if id_type == "text":
        key, task = "spring/1234567890123", "t'5"
    with contract.session(database_url) as connection:
        contract.create(connection, id_type)
        ids = {"1": "6e7b8a5c-1234-4567-8901-000000000001"} if id_type == "uuid" else {"1": "1"}
        platforms.campaign(connection, key, tenant_id=ids["1"], name="Renewals")
        platforms.task(connection, task, key, updated_at=LATELY, phone=PHONE)
    evidence = Case(database_url, tmp_path).take(task, key)
    assert evidence.captured.status == 0
    assert evidence.json("task.json")["row"]["task_id"] == task
    assert evidence.rows("campaign/tasks.csv")[0]["campaign_id"] == key
    assert f'campaign="{key}"' in evidence.text("metrics.txt")


@pytest.mark.parametrize(
    ("campaign", "task"), [("99", None), ("7", "99"), ("x' --", None), ("7", "1); DROP"), ("", "")]
)
def test_an_unknown_or_hostile_id_leaves_no_file(case: Case, campaign: str, task: str | None) -> None:
    with pytest.raises(UnknownIdError):
        case.take(task, campaign)
    assert list(case.directory.iterdir()) == []


def test_the_file_is_the_owners_alone_and_never_overwritten_unasked(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    case.take(task=None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="exists already"):
        case.take(task=None, force=False)
    assert path.read_bytes() == before
    with pytest.raises(ConfigError, match="cannot write to"):
        case.take(output=tmp_path / "nowhere" / "evidence.zip")
    with pytest.raises(ConfigError, match="is a directory"):
        case.take(output=tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["evidence.zip"]


def test_files_are_stamped_with_the_moment_of_the_capture(case: Case) -> None:
    evidence = case.take(task=None)
    stamps = {info.date_time for info in evidence.infos}
    created = evidence.manifest["created_at"]
    even = int(created[17:19]) // 2 * 2  # a zip file counts in steps of two seconds
    assert stamps == {(*(int(created[at:to]) for at, to in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16))), even)}


@pytest.mark.parametrize("text", ["soon", "0s", "-1h", "40d", "2", "\x1b[31m"])
def test_a_span_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match="--since"):
        span_of(text)
