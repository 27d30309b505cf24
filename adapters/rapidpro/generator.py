"""Rows of RapidPro as it and mailroom write them: one method for each thing that happens. For tests and trials."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from typing import Any

from psycopg import sql

from adapters.dialler import Dialler

BUSY, NO_ANSWER, MACHINE, PROVIDER = "B", "N", "M", "P"
_RETRIES = 3
_THROTTLED = timedelta(minutes=2)


@dataclass(slots=True)
class Rapidpro(Dialler):
    """A RapidPro with one workspace, one voice flow and one channel of four calls, at a time that its user moves."""

    contacts: int = field(default=0)

    def install(self) -> None:
        """Its tables, and what all starts share."""
        self.connection.execute(files("adapters.rapidpro").joinpath("tables.sql").read_bytes())
        self._insert("orgs_org", name="Clinic", timezone="Africa/Kigali")
        self._insert(
            "channels_channel",
            org_id=1, channel_type="T", name="Twilio", address="+250788000000", country="RW", role="SRCA",
            config=json.dumps({"max_concurrent_events": 4}),
        )  # fmt: skip
        self._insert("flows_flow", org_id=1, name="Reminder", flow_type="V", metadata=json.dumps({"ivr_retry": 30}))
        self._insert("flows_flow", org_id=1, name="Survey", flow_type="M", metadata="{}")

    def start(self, contacts: int = 0, status: str = "C", flow: int = 1) -> int:
        """A start of a flow; each contact has its call asked for, or queued where the channel is full."""
        made = self._insert(
            "flows_flowstart",
            org_id=1, flow_id=flow, status=status, contact_count=contacts, created_on=self.now, modified_on=self.now,
        )  # fmt: skip
        for _ in range(contacts):
            self.contacts += 1
            call = self._insert(
                "ivr_call",
                org_id=1, direction="O", status="P", channel_id=1, contact_id=self.contacts, external_id="", duration=0,
                created_on=self.now, modified_on=self.now, error_count=0,
            )  # fmt: skip
            self._insert("flows_flowstart_calls", flowstart_id=made, call_id=call)
            self._request(call)
        return made

    def live(self, start: int) -> list[int]:
        """The calls of a start that are asked for."""
        rows = self.connection.execute(
            """SELECT c.id FROM ivr_call AS c JOIN flows_flowstart_calls AS s ON s.call_id = c.id
               WHERE s.flowstart_id = %s AND c.status = 'W' ORDER BY c.id""",
            (start,),
        )
        return [int(row[0]) for row in rows]

    def answer(self, call: int) -> None:
        """Somebody answers: the flow begins."""
        self._set(call, status="I", started_on=self.now)

    def complete(self, call: int, seconds: int) -> None:
        """The flow is over, and the provider says how long it took."""
        self._set(call, status="D", duration=seconds, ended_on=self.now)

    def err(self, call: int, reason: str) -> None:
        """The call could not be made or was not answered; it is tried again while retries are left."""
        (errors,) = self._one("SELECT error_count FROM ivr_call WHERE id = %s", (call,))
        if errors < _RETRIES:
            again = self.now + timedelta(minutes=30)
            self._set(
                call, status="E", error_reason=reason, ended_on=self.now, error_count=errors + 1, next_attempt=again
            )
        else:
            self._set(call, status="F", error_reason=reason, ended_on=self.now, next_attempt=None)

    def retry(self) -> None:
        """Each minute: calls that are due are asked for again."""
        due = self.connection.execute(
            "SELECT id FROM ivr_call WHERE status IN ('Q', 'E') AND next_attempt < %s ORDER BY next_attempt, id",
            (self.now,),
        )
        for (call,) in due.fetchall():
            self._request(call)

    def _request(self, call: int) -> None:
        (active,) = self._one("SELECT count(*) FROM ivr_call WHERE channel_id = 1 AND status IN ('W', 'I')")
        if active >= 4:
            self._set(call, status="Q", next_attempt=self.now + _THROTTLED)
        else:
            self._set(call, status="W", external_id=f"CA{call}")

    def _set(self, call: int, **values: Any) -> None:
        pairs = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in values.items()]
        self.connection.execute(
            sql.SQL("UPDATE ivr_call SET {}, modified_on = {} WHERE id = {}").format(
                sql.SQL(", ").join(pairs), sql.Literal(self.now), sql.Literal(call)
            )
        )
