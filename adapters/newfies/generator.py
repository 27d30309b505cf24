"""Rows of Newfies-Dialer as its tasks write them: one method for each thing that happens. For tests and trials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

from adapters.dialler import Dialler

START, PAUSE, ABORT, END = 1, 2, 3, 4
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DISPOSITIONS = {"NORMAL_CLEARING": "ANSWER", "USER_BUSY": "BUSY", "NO_ANSWER": "NOANSWER",
                 "ORIGINATOR_CANCEL": "CANCEL", "NORMAL_CIRCUIT_CONGESTION": "CONGESTION"}  # fmt: skip
_PENDING, _FAILURE, _SUCCESS, _CALLING = 1, 2, 4, 7
_ALLOW_RETRY, _RETRY_DONE = 1, 3


@dataclass(slots=True)
class Newfies(Dialler):
    """A Newfies-Dialer with one user, at a time that its user moves."""

    def install(self) -> None:
        """Its tables, and who owns campaigns."""
        self.connection.execute(files("adapters.newfies").joinpath("tables.sql").read_bytes())
        self.connection.execute("INSERT INTO auth_user (username) VALUES ('acme')")

    def campaign(
        self, name: str, contacts: int = 0, status: int = START, hours: tuple[str, str] = ("00:00", "23:59:59"),
        started: bool = True, starts: timedelta = timedelta(0),
    ) -> int:  # fmt: skip
        """A campaign whose phonebook was copied to it. Two retries after five minutes."""
        made = self._insert(
            "dialer_campaign",
            name=name, user_id=1, status=status, startingdate=self.now + starts,
            expirationdate=self.now + timedelta(days=1), daily_start_time=hours[0], daily_stop_time=hours[1],
            frequency=10, maxretry=2, intervalretry=300, completion_maxretry=0, completion_intervalretry=900,
            has_been_started=started, created_date=self.now, updated_date=self.now, **dict.fromkeys(_DAYS, True),
        )  # fmt: skip
        for place in range(contacts):
            self._insert(
                "dialer_subscriber",
                contact_id=made * 1000 + place, campaign_id=made, duplicate_contact=f"3460000{place:04}", status=1,
                created_date=self.now, updated_date=self.now,
            )  # fmt: skip
        return made

    def dial(self, campaign: int) -> int:
        """The next subscriber is picked and called: the id of the callrequest."""
        (subscriber,) = self._one(
            """UPDATE dialer_subscriber SET status = 6 WHERE id = (
                   SELECT id FROM dialer_subscriber WHERE campaign_id = %s AND status = 1 ORDER BY id LIMIT 1)
               RETURNING id""",  # in bulk, so that the stamp does not move
            (campaign,),
        )
        return self._call(self._request(campaign, subscriber, 0, None))

    def retry(self, campaign: int) -> int:
        """The oldest retry that waits is called."""
        (request,) = self._one(
            """SELECT id FROM dialer_callrequest WHERE campaign_id = %s AND status = 1 AND parent_callrequest_id > 0
               ORDER BY id LIMIT 1""",
            (campaign,),
        )
        return self._call(request)

    def end(self, request: int, cause: str, seconds: int = 0, machine: bool = False) -> None:
        """The first leg is over: its record, and another callrequest where retries are left."""
        answered = cause == "NORMAL_CLEARING"
        campaign, subscriber, number = self._one(
            """UPDATE dialer_callrequest SET status = %s, hangup_cause = %s, call_type = %s, updated_date = %s
               WHERE id = %s RETURNING campaign_id, subscriber_id, num_attempt""",
            (_SUCCESS if answered else _FAILURE, cause, _ALLOW_RETRY if answered else _RETRY_DONE, self.now, request),
        )
        self.connection.execute(
            "UPDATE dialer_subscriber SET status = %s, updated_date = %s WHERE id = %s",
            (5 if answered else 4, self.now, subscriber),
        )
        self._insert(
            "dialer_cdr",
            callrequest_id=request, starting_date=self.now, duration=seconds + 10, billsec=seconds,
            disposition=_DISPOSITIONS.get(cause, "FAILED"), hangup_cause=cause, leg_type=1,
            amd_status=2 if machine else 1,
        )  # fmt: skip
        (tried,) = self._one("SELECT count_attempt FROM dialer_subscriber WHERE id = %s", (subscriber,))
        if not answered and tried - 1 < 2:
            self._request(campaign, subscriber, number + 1, request)

    def refuse(self, campaign: int) -> None:
        """The next subscriber is on the do-not-call list."""
        self.connection.execute(
            """UPDATE dialer_subscriber SET status = 7, updated_date = %s WHERE id = (
                   SELECT id FROM dialer_subscriber WHERE campaign_id = %s AND status = 1 ORDER BY id LIMIT 1)""",
            (self.now, campaign),
        )

    def bridge(self, request: int) -> None:
        """A second leg of a call is recorded, too."""
        self._insert(
            "dialer_cdr",
            callrequest_id=request, starting_date=self.now, duration=90, billsec=90, disposition="ANSWER",
            hangup_cause="NORMAL_CLEARING", leg_type=2, amd_status=1,
        )  # fmt: skip

    def _request(self, campaign: int, subscriber: int, number: int, parent: int | None) -> int:
        return self._insert(
            "dialer_callrequest",
            created_date=self.now, updated_date=self.now, call_type=_ALLOW_RETRY, status=_PENDING,
            subscriber_id=subscriber, campaign_id=campaign, num_attempt=number, hangup_cause="", alarm_request_id=0,
            parent_callrequest_id=parent,
        )  # fmt: skip

    def _call(self, request: int) -> int:
        (subscriber,) = self._one(
            "UPDATE dialer_callrequest SET status = %s, updated_date = %s WHERE id = %s RETURNING subscriber_id",
            (_CALLING, self.now, request),
        )
        self.connection.execute(
            """UPDATE dialer_subscriber SET count_attempt = coalesce(count_attempt, 0) + 1, last_attempt = %s,
                   updated_date = %s WHERE id = %s""",
            (self.now, self.now, subscriber),
        )
        return request
